/* SPDX-License-Identifier: GPL-2.0-only */
/* Assignment, interrupts, one fault: all of edu (see xen_bench.h). */

#include "xen_bench.h"

#include <xen/guest_access.h>
#include <xen/lib.h>
#include <xen/pci.h>
#include <xen/pci_regs.h>
#include <xen/softirq.h>
#include <xen/vmap.h>
#include <asm/msi.h>

#define EDU 0x20                /* 0000:00:04.0; the others come after it */

/* By the hypercall that the toolstack uses. */
static int hypercall(unsigned int cmd, unsigned int nr)
{
    XEN_GUEST_HANDLE_PARAM(xen_domctl_t) none =
        guest_handle_from_ptr(NULL, xen_domctl_t);
    struct xen_domctl op = {
        .cmd = cmd,
        .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
        .domain = bench_dom->domain_id,
    };

    op.u.assign_device.dev = XEN_DOMCTL_DEV_PCI;
    op.u.assign_device.u.pci.machine_sbdf = EDU + 8 * nr;
    return iommu_do_domctl(&op, bench_dom, none);
}

void bench_assign(void)
{
    unsigned int rep;

    for ( rep = 0; rep < 4; rep++ )
    {
        MEASURE("assign", "device", 1, hypercall(XEN_DOMCTL_assign_device, 0));
        MEASURE("de-assign", "device", 1,
                hypercall(XEN_DOMCTL_deassign_device, 0));
    }
}

void bench_give(unsigned int n)
{
    int rc = 0;

    while ( !rc && bench_devices < n )
        rc = hypercall(XEN_DOMCTL_assign_device, bench_devices++);
    while ( !rc && bench_devices > n )
        rc = hypercall(XEN_DOMCTL_deassign_device, --bench_devices);
    if ( rc )
        printk("bench: a device did not change hands: %d\n", rc);
}

static int msi(struct msi_desc *desc, unsigned int vector)
{
    struct msi_msg msg = {
        .address_lo = 0xfee00000,
        .data = vector,
    };

    desc->msg = msg;
    return iommu_update_ire_from_msi(desc, &msg);
}

void bench_interrupt(void)
{
    struct msi_desc desc = {
        .msi_attrib.type = PCI_CAP_ID_MSI,
        .msi.nvec = 1,
        .remap_index = -1,
        .irq = -1,
    };
    unsigned int rep;

    pcidevs_lock();
    desc.dev = pci_get_pdev(NULL, (pci_sbdf_t){ .sbdf = EDU });
    if ( !desc.dev )
        printk("bench: no edu\n");
    local_irq_disable();
    for ( rep = 0; rep < 4 && desc.dev; rep++ )
    {
        MEASURE("interrupt", "set-up", 1, msi(&desc, 0x51));
        MEASURE("interrupt", "change", 1, msi(&desc, 0x61));
        MEASURE("interrupt", "free", 1,
                iommu_update_ire_from_msi(&desc, NULL));
    }
    local_irq_enable();
    pcidevs_unlock();
}

/*
 * One fault: from the moment it may interrupt to the end of what it started,
 * its message included. edu's transfer is due 100 ms after the command.
 */
#define EDU_SRC 0x80
#define EDU_DST 0x88
#define EDU_CNT 0x90
#define EDU_CMD 0x98
#define EDU_BUFFER 0x40000
#define EDU_MS 1000000UL        /* of instructions, one a nanosecond */

static int take_interrupts(void)
{
    local_irq_enable();
    process_pending_softirqs();
    local_irq_disable();
    return 0;
}

static void wait_ticks(uint64_t ticks)
{
    uint64_t start = rdtsc();

    while ( rdtsc() - start < ticks )
        cpu_relax();
}

static void one_fault(void __iomem *edu)
{
    uint64_t start = rdtsc();

    writeq(0xdead000, edu + EDU_SRC);
    writeq(EDU_BUFFER, edu + EDU_DST);
    writeq(16, edu + EDU_CNT);
    writeq(1, edu + EDU_CMD);
    while ( rdtsc() - start < 99 * EDU_MS )
        process_pending_softirqs();
    local_irq_disable();
    take_interrupts();
    wait_ticks(2 * EDU_MS);
    MEASURE("fault", "one", 1, take_interrupts());
    local_irq_enable();
}

void bench_fault(void)
{
    pci_sbdf_t sbdf = { .sbdf = EDU };
    uint32_t bar = pci_conf_read32(sbdf, PCI_BASE_ADDRESS_0) & ~0xfU;
    void __iomem *edu;
    unsigned int rep;

    pci_conf_write16(sbdf, PCI_COMMAND,
                     PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    edu = ioremap(bar, PAGE_SIZE);
    for ( rep = 0; rep < 2 && edu; rep++ )
        one_fault(edu);
    iounmap(edu);
}

