/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bring-up, power and x2APIC: when Xen calls what.
 *
 *   acpi_iommu_init()     tables parsed, units mapped; hardware not touched
 *   iommu_enable_x2apic() queues and interrupt remapping, if x2APIC needs it;
 *                         no clock, no interrupts yet
 *   iommu_setup()         the same if it was not done yet, then root tables
 *                         and fault interrupts
 *   iommu_hwdom_init()    devices, dom0's tables, translation on (hwdom.c)
 *
 * iommu_ops must be final when iommu_setup() returns: its calls are patched
 * into direct ones soon after.
 */

#include "port_pci.h"

#include <xen/acpi.h>
#include <xen/init.h>
#include <xen/irq.h>
#include <xen/softirq.h>
#include <asm/apic.h>
#include <asm/hvm/vmx/vmcs.h>
#include <asm/io_apic.h>
#include <asm/msr.h>
#include <asm/p2m.h>

const struct iommu_init_ops *__initdata iommu_init_ops;
struct iommu_ops __ro_after_init iommu_ops;
bool __read_mostly untrusted_msi;
DEFINE_PER_CPU(bool, iommu_dont_flush_iotlb);

struct moat_platform *__read_mostly port_platform;

/* Why there is no IOMMU: for the message at the end of bring-up. */
static const char *__initdata off_reason = "switched off by option";
static bool __read_mostly resumed;

/*
 * Only what Xen itself calls through the structure, or patches. The table is
 * not to be used for any other indirect call: its functions lose their
 * landing pads.
 */
static const struct iommu_ops __initconst_cf_clobber port_ops = {
    .page_sizes = PAGE_SIZE_4K,
    .adjust_irq_affinities = port_adjust_irq_affinities,
    .update_ire_from_msi = port_msi_update,
};

bool port_ioapics_known(void)
{
    unsigned int i;

    for ( i = 0; i < nr_ioapics; i++ )
        if ( !moat_intr_ioapic_known(port_platform, IO_APIC_ID(i)) )
        {
            host_log_warn("IO-APIC %u (id %#x) is in no unit's scope: "
                          "no interrupt remapping", i, IO_APIC_ID(i));
            return false;
        }

    return true;
}

static bool __init cf_check port_supports_x2apic(void)
{
    return port_platform && iommu_enable && iommu_intremap && iommu_qinval &&
           moat_platform_x2apic_capable(port_platform) &&
           port_ioapics_known();
}

static const struct iommu_init_ops __initconstrel port_init_ops = {
    .ops = &port_ops,
    .supports_x2apic = port_supports_x2apic,
};

void __init acpi_iommu_init(void)
{
    struct moat_options opts = { };
    int rc;

    port_params_report();

    if ( !iommu_enable && !iommu_intremap )
        return;

    rc = port_params_options(&opts);
    if ( rc )
        off_reason = "no memory for the options";
    else if ( acpi_disabled )
    {
        rc = -ENODEV;
        off_reason = "ACPI is off";
    }
    else if ( !cpu_has_cx16 )
    {
        rc = -ENODEV;
        off_reason = "the processor lacks CMPXCHG16B";
    }
    else
    {
        rc = moat_platform_create(&opts, &port_platform);
        if ( rc )
            off_reason = rc == -ENODEV ? "no usable IOMMU"
                         : "the firmware's tables cannot be used";
        acpi_dmar_zap();
    }
    port_params_done();

    if ( !rc )
    {
        iommu_init_ops = &port_init_ops;
        return;
    }

    port_platform = NULL;
    if ( iommu_enable )
        host_log_info("no IOMMU: %s (%d)", off_reason, rc);
    iommu_enable = false;
    iommu_intremap = iommu_intremap_off;
}

/*
 * At boot, before Xen's clock runs, and on resume. Resume of the units is
 * done here then, because lapic_resume() comes before iommu_resume().
 */
int iommu_enable_x2apic(void)
{
    int rc;

    if ( system_state >= SYS_STATE_active )
    {
        if ( !x2apic_enabled || !port_platform )
            return -EOPNOTSUPP;
        rc = moat_platform_resume(port_platform);
        resumed = !rc;
        return rc;
    }

    if ( !iommu_supports_x2apic() )
        return -EOPNOTSUPP;

    iommu_ops = port_ops;

    /* What apic.c knows as "upon firmware request". */
    if ( moat_platform_x2apic_optout(port_platform) )
        return -ENXIO;

    return moat_platform_enable_intremap(port_platform, true);
}

/* ---- iommu_setup() ---- */

#ifdef CONFIG_HVM
/*
 * The processor's tables may be walked by the units only if they are EPT
 * (never AMD's nested tables, whatever the unit), of a depth that the units
 * take, and with no leaf larger than they take.
 */
static void __init decide_sharing(const struct moat_caps *caps)
{
    uint64_t ept;

    if ( !cpu_has_vmx || !caps->ept_compatible ||
         !(caps->ept_levels & (1u << 4)) ||
         compat_rdmsr(MSR_IA32_VMX_EPT_VPID_CAP, &ept) ||
         ((ept & VMX_EPT_SUPERPAGE_2MB) && opt_hap_2mb &&
          !caps->superpage_2m) ||
         ((ept & VMX_EPT_SUPERPAGE_1GB) && opt_hap_1gb &&
          !caps->superpage_1g) )
        clear_iommu_hap_pt_share();
}
#endif

static void __init apply_caps(void)
{
    const struct moat_caps *caps = moat_platform_caps(port_platform);

    iommu_snoop = iommu_snoop && caps->snoop_control;
    iommu_non_coherent = !caps->coherent;
    iommu_hwdom_passthrough = iommu_hwdom_passthrough && caps->passthrough;
#ifdef CONFIG_HVM
    iommu_intpost = iommu_intpost && caps->posted_interrupts &&
                    iommu_intremap;
    decide_sharing(caps);
#endif

    if ( iommu_intremap && !caps->rte_vector && compat_keep_broadcast_eoi() )
        host_log_info("IO-APIC entries hold no vectors: ioapic_ack=new, no "
                      "directed EOI");

    host_log_info("snoop control %s, dom0 pass-through %s, "
                  "posted interrupts %s, processor's tables %s",
                  iommu_snoop ? "on" : "off",
                  iommu_hwdom_passthrough ? "on" : "off",
                  iommu_intpost ? "on" : "off",
                  iommu_hap_pt_share ? "shared" : "not shared");
}

/* Optional: without it x2APIC ids above 255 and safe MSIs are lost. */
static void __init setup_intremap(void)
{
    int rc;

    if ( !iommu_intremap || moat_platform_intremap_enabled(port_platform) )
        return;

    if ( !port_ioapics_known() )
        rc = -ENODEV;
    else
        rc = moat_platform_enable_intremap(port_platform, x2apic_enabled);

    if ( rc )
    {
        host_log_warn("interrupt remapping stays off (%d)", rc);
        iommu_intremap = iommu_intremap_off;
    }
}

static int __init setup_units(void)
{
    struct IO_APIC_route_entry **saved = NULL;
    bool remap;
    int rc;

    /*
     * When remapping was switched on for x2APIC, the IO-APICs have been
     * translated already.
     */
    if ( iommu_intremap && !moat_platform_intremap_enabled(port_platform) )
    {
        saved = alloc_ioapic_entries();
        if ( !saved )
            return -ENOMEM;
        rc = save_IO_APIC_setup(saved);
        if ( rc )
        {
            free_ioapic_entries(saved);
            return rc;
        }
        mask_8259A();
        mask_IO_APIC_setup(saved);
    }

    setup_intremap();
    rc = moat_platform_setup(port_platform);
    if ( rc )
    {
        moat_platform_destroy(port_platform);
        port_platform = NULL;
        iommu_intremap = iommu_intremap_off;
    }

    if ( saved )
    {
        remap = port_platform && iommu_intremap;
        restore_IO_APIC_setup(saved, !remap);
        unmask_8259A();
        free_ioapic_entries(saved);
    }

    return rc;
}

static int __init bring_up(void)
{
    int rc;

    if ( !port_platform )
        return -ENODEV;

    if ( acpi_gbl_FADT.boot_flags & ACPI_FADT_NO_MSI )
    {
        off_reason = "firmware forbids MSIs";
        return -EPERM;
    }

    rc = scan_pci_devices();
    if ( rc )
    {
        off_reason = "PCI devices cannot be listed";
        return rc;
    }
    port_note_mmcfg();

    iommu_ops = port_ops;
    port_reserve_refill();

    rc = setup_units();
    if ( rc )
    {
        off_reason = "the units cannot be set up";
        return rc;
    }

    apply_caps();
    port_dump_register();

    return 0;
}

static void __init stay_off(int rc)
{
    if ( port_platform )
    {
        moat_platform_destroy(port_platform);
        port_platform = NULL;
    }

    iommu_intremap = iommu_intremap_off;
    iommu_snoop = false;
    iommu_non_coherent = false;
    iommu_hwdom_passthrough = false;
    iommu_hwdom_strict = false;
    clear_iommu_hap_pt_share();
#ifdef CONFIG_HVM
    iommu_intpost = false;
#endif

    if ( force_iommu )
        panic("moat: iommu=force, but no IOMMU: %s (%d)\n", off_reason, rc);

    printk("I/O virtualisation disabled: %s (%d)\n", off_reason, rc);
}

int __init iommu_setup(void)
{
    bool force_intremap = force_iommu && iommu_intremap;
    int rc;

    if ( iommu_hwdom_strict )
        iommu_hwdom_passthrough = false;

    rc = iommu_enable ? bring_up() : -ENODEV;
    iommu_enabled = !rc;
    if ( rc )
    {
        stay_off(rc);
        return rc;
    }

    if ( force_intremap && !iommu_intremap )
        panic("moat: iommu=force, but no interrupt remapping\n");

    /* Devices in quarantine belong to dom_io in Xen's books. */
    dom_io->options |= XEN_DOMCTL_CDF_iommu;
    if ( iommu_domain_init(dom_io, 0) )
        panic("moat: quarantine cannot be set up\n");

    printk("I/O virtualisation enabled\n");
    printk(" - Dom0 mode: %s\n",
           iommu_hwdom_passthrough ? "Passthrough" :
           iommu_hwdom_strict ? "Strict" : "Relaxed");
    printk("Interrupt remapping %sabled\n", iommu_intremap ? "en" : "dis");

    return 0;
}

/* Once all processors are up: the units' interrupts to their nodes. */
static int __init cf_check settle_irqs(void)
{
    if ( port_platform )
        port_adjust_irq_affinities();

    return 0;
}
__initcall(settle_irqs);

/* ---- Power and crash ---- */

int iommu_suspend(void)
{
    resumed = false;

    return port_platform ? moat_platform_suspend(port_platform) : 0;
}

void iommu_resume(void)
{
    int rc;

    if ( !port_platform || resumed )
        return;

    rc = moat_platform_resume(port_platform);
    if ( rc )
        panic("moat: no unit could be resumed (%d): devices would be free "
              "to access all memory\n", rc);
}

void iommu_crash_shutdown(void)
{
    if ( !port_crash_disable )
        return;

    if ( port_platform )
        moat_platform_crash(port_platform);

    iommu_enabled = false;
    iommu_intremap = iommu_intremap_off;
#ifdef CONFIG_HVM
    iommu_intpost = false;
#endif
}

/*
 * The machine is about to be shut down, or a crash image takes over: no unit
 * may interrupt any more. This processor is the last that runs, and another
 * may have been stopped with any lock held.
 */
void iommu_quiesce(void)
{
    if ( iommu_enabled && port_platform )
        moat_platform_quiesce(port_platform);
}
