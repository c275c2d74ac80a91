/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Host services: locks, time, configuration space, firmware, deferred work
 * and upcalls.
 */

#include "port.h"

#include <xen/acpi.h>
#include <xen/mm.h>
#include <xen/softirq.h>
#include <xen/tasklet.h>
#include <asm/e820.h>
#include <asm/msr.h>
#include <asm/p2m.h>
#include <asm/time.h>

bool __read_mostly host_log_debug_on;

/* ---- Locks: ranks are asserted in the userspace hosts only ---- */

void host_lock_init(struct host_lock *l, unsigned int rank)
{
    spin_lock_init(&l->lock);
}

void host_devices_lock(void)
{
    pcidevs_lock();
}

void host_devices_unlock(void)
{
    pcidevs_unlock();
}

void host_devices_assert_locked(void)
{
    ASSERT(pcidevs_locked());
}

/* ---- Time ---- */

/*
 * Straight from the TSC, because Xen's clock is not there when interrupt
 * remapping is switched on for x2APIC, nor on resume. Until Xen has measured
 * the TSC it is taken to run at a rate no processor exceeds: time then
 * passes too slowly, deadlines come late (two or three times as late on
 * common machines) but never early, and it never steps back when the true
 * rate becomes known. Values of different processors are compared only
 * loosely (rates of faults).
 */
#define TSC_KHZ_MAX 5000000UL

uint64_t host_now_ns(void)
{
    uint64_t tsc = rdtsc_ordered();
    unsigned long khz = cpu_khz ?: TSC_KHZ_MAX;

    return tsc / khz * 1000000 + tsc % khz * 1000000 / khz;
}

/* ---- Configuration space ---- */

static pci_sbdf_t sbdf(moat_sbdf_t dev)
{
    return (pci_sbdf_t){ .sbdf = dev };
}

uint8_t host_pci_read8(moat_sbdf_t dev, unsigned int reg)
{
    return pci_conf_read8(sbdf(dev), reg);
}

uint16_t host_pci_read16(moat_sbdf_t dev, unsigned int reg)
{
    return pci_conf_read16(sbdf(dev), reg);
}

uint32_t host_pci_read32(moat_sbdf_t dev, unsigned int reg)
{
    return pci_conf_read32(sbdf(dev), reg);
}

void host_pci_write16(moat_sbdf_t dev, unsigned int reg, uint16_t v)
{
    pci_conf_write16(sbdf(dev), reg, v);
}

void host_pci_write32(moat_sbdf_t dev, unsigned int reg, uint32_t v)
{
    pci_conf_write32(sbdf(dev), reg, v);
}

/* ---- Identity maps ---- */

static p2m_access_t access(unsigned int prot)
{
    switch ( prot & MOAT_RW )
    {
    case MOAT_READ:
        return p2m_access_r;

    case MOAT_WRITE:
        return p2m_access_w;
    }

    return p2m_access_rw;
}

/*
 * Pages go in one by one, since that is what Xen's p2m offers, with one
 * flush at the end. XEN_DOMCTL_DEV_RDM_RELAXED is never passed on: it would
 * let the p2m report success for a page that is not mapped.
 */
int host_identity_map(void *cookie, moat_iova_t first, moat_iova_t last,
                      unsigned int prot, unsigned int flags)
{
    struct domain *d = cookie;
    unsigned long gfn, start = PFN_DOWN(first), end = PFN_DOWN(last);
    bool saved = this_cpu(iommu_dont_flush_iotlb);
    int rc = 0;

    this_cpu(iommu_dont_flush_iotlb) = true;
    for ( gfn = start; gfn <= end && !rc; gfn++ )
        rc = set_identity_p2m_entry(d, gfn, access(prot), 0);
    if ( rc )
        for ( gfn--; gfn-- > start; )
            if ( clear_identity_p2m_entry(d, gfn) )
                host_log_err("%pd: reserved page %lx stays mapped", d, gfn);
    this_cpu(iommu_dont_flush_iotlb) = saved;

    if ( iommu_iotlb_flush(d, _dfn(start), end - start + 1,
                           IOMMU_FLUSHF_added | IOMMU_FLUSHF_modified) && !rc )
        rc = -EIO;

    return rc;
}

int host_identity_unmap(void *cookie, moat_iova_t first, moat_iova_t last)
{
    struct domain *d = cookie;
    unsigned long gfn, start = PFN_DOWN(first), end = PFN_DOWN(last);
    bool saved = this_cpu(iommu_dont_flush_iotlb);
    int rc = 0;

    this_cpu(iommu_dont_flush_iotlb) = true;
    for ( gfn = start; gfn <= end; gfn++ )
    {
        int err = clear_identity_p2m_entry(d, gfn);

        rc = rc ?: err;
    }
    this_cpu(iommu_dont_flush_iotlb) = saved;

    if ( iommu_iotlb_flush(d, _dfn(start), end - start + 1,
                           IOMMU_FLUSHF_modified) && !rc )
        rc = -EIO;

    return rc;
}

/* ---- Deferred work and long loops ---- */

static struct tasklet *tasklet(struct host_work *w)
{
    BUILD_BUG_ON(sizeof(struct tasklet) > sizeof(struct host_work));

    return (struct tasklet *)w;
}

void host_work_init(struct host_work *w, void (*fn)(void *arg), void *arg)
{
    softirq_tasklet_init(tasklet(w), fn, arg);
}

void host_work_schedule(struct host_work *w)
{
    tasklet_schedule(tasklet(w));
}

void host_work_kill(struct host_work *w)
{
    tasklet_kill(tasklet(w));
}

void host_process_softirqs(void)
{
    if ( system_state >= SYS_STATE_smp_boot && local_irq_is_enabled() &&
         !in_irq() )
        process_pending_softirqs();
}

/* ---- Firmware ---- */

/* The DMAR is hidden from dom0, by its signature, and shown again. */
static char *__read_mostly dmar_signature;

const void *host_acpi_table(const char *sig, size_t *len)
{
    acpi_physical_address pa;
    acpi_native_uint size;
    void *table;

    /* The look-up is Xen's boot-time code. */
    if ( system_state >= SYS_STATE_active || acpi_disabled ||
         ACPI_FAILURE(acpi_get_table_phys((char *)sig, 0, &pa, &size)) )
        return NULL;

    table = acpi_os_map_memory(pa, size);
    if ( !table )
    {
        host_log_err("ACPI table %s at %#"PRIx64": cannot be mapped", sig,
                     (uint64_t)pa);
        return NULL;
    }

    if ( !memcmp(sig, ACPI_SIG_DMAR, 4) )
        dmar_signature = table;
    *len = size;

    return table;
}

static void set_signature(const char *sig)
{
    if ( dmar_signature )
        write_atomic((uint32_t *)dmar_signature, *(const uint32_t *)sig);
}

void acpi_dmar_reinstate(void)
{
    set_signature(ACPI_SIG_DMAR);
}

/* The same letters: the checksum stays right. */
void acpi_dmar_zap(void)
{
    set_signature("RMAD");
}

enum host_mem host_mem_type(moat_paddr_t first, moat_paddr_t last)
{
    unsigned int i;

    if ( last >> paddr_bits )
        return HOST_MEM_NO_SUCH;

    for ( i = 0; i < e820.nr_map; i++ )
        if ( e820.map[i].type == E820_RAM && e820.map[i].size &&
             first < e820.map[i].addr + e820.map[i].size &&
             last >= e820.map[i].addr )
            return HOST_MEM_PARTLY_RAM;

    return HOST_MEM_RESERVED;
}

/* ---- Upcalls ---- */

const char *host_domain_name(void *cookie, char *buf, size_t size)
{
    const struct domain *d = cookie;

    if ( is_hardware_domain(d) )
        strlcpy(buf, "dom0", size);
    else
        snprintf(buf, size, "d%u", d->domain_id);

    return buf;
}

void host_domain_crash(void *cookie)
{
    struct domain *d = cookie;

    if ( !is_hardware_domain(d) && !compat_shutting_down(d) )
        domain_crash(d);
}

/*
 * Reports of failed devices arrive from flushes, too, under p2m locks, where
 * the device lock must not be taken: marking them is put off. The core
 * refuses such devices itself; what may be lost here when more than
 * FAILED_MAX come at once is Xen's own mark.
 */
#define FAILED_MAX 64
static moat_sbdf_t failed[FAILED_MAX];
static unsigned int nr_failed;
static DEFINE_SPINLOCK(failed_lock);

static void cf_check mark_failed(void *unused)
{
    unsigned int i, n;
    moat_sbdf_t list[FAILED_MAX];
    unsigned long flags;

    spin_lock_irqsave(&failed_lock, flags);
    n = nr_failed;
    memcpy(list, failed, n * sizeof(*list));
    nr_failed = 0;
    spin_unlock_irqrestore(&failed_lock, flags);

    pcidevs_lock();
    for ( i = 0; i < n; i++ )
    {
        struct pci_dev *pdev = pci_get_pdev(NULL, sbdf(list[i]));

        if ( pdev )
            pdev->broken = true;
    }
    pcidevs_unlock();
}

static DECLARE_TASKLET(failed_tasklet, mark_failed, NULL);

void host_device_failed(moat_sbdf_t dev)
{
    unsigned long flags;

    spin_lock_irqsave(&failed_lock, flags);
    if ( nr_failed < FAILED_MAX )
        failed[nr_failed++] = dev;
    spin_unlock_irqrestore(&failed_lock, flags);

    tasklet_schedule(&failed_tasklet);
}

bool host_log_ratelimit(void)
{
    return printk_ratelimit();
}

void host_bug(const char *fmt, ...)
{
    static char buf[160];
    va_list args;

    va_start(args, fmt);
    vsnprintf(buf, sizeof(buf), fmt, args);
    va_end(args);

    panic("moat: %s\n", buf);
}
