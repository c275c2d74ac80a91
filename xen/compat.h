/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One face for the Xens of 4.17 to 4.22. What differs between them, as far as
 * this port is concerned, is here and nowhere else. XEN_HAS_* says what the
 * tree has that this layer is laid over: xen/probe.py found it out and wrote
 * xen_has.h.
 *
 * All are inlines that do what the name says; locks and contexts are those of
 * Xen's own function.
 */
#ifndef MOAT_XEN_COMPAT_H
#define MOAT_XEN_COMPAT_H

#include <xen/iocap.h>
#include <xen/iommu.h>
#include <xen/pci.h>
#include <xen/rangeset.h>
#include <xen/sched.h>
#include <xen/vpci.h>
#include <asm/apic.h>
#include <asm/e820.h>
#include <asm/hvm/io.h>
#include <asm/hvm/vioapic.h>
#include <asm/io_apic.h>
#include <asm/msr.h>
#include <asm/setup.h>
#include <xsm/xsm.h>

#include "xen_has.h"

#if XEN_HAS_VENDOR_CONFIG && \
    !(defined(CONFIG_INTEL_IOMMU) && defined(CONFIG_AMD_IOMMU))
#error "this layer drives both vendors' units: set INTEL_IOMMU and AMD_IOMMU"
#endif

/* ---- What newer Xens want of this layer, declared for older ones ---- */

#if !XEN_HAS_QUIESCE
void iommu_quiesce(void);
#endif
#if !XEN_HAS_PCI_ITERATE
int pci_iterate_devices(int (*handler)(struct pci_dev *pdev, void *arg),
                        void *arg);
#endif
#if !XEN_HAS_SEG_ITERATE
int pci_segment_iterate(unsigned int segment,
                        int (*handler)(struct pci_dev *pdev, void *arg),
                        void *arg);
#endif
#if !XEN_HAS_EXT_CFG
void pci_check_extcfg(struct pci_dev *pdev);
#endif
#if !XEN_HAS_SEGMENTS_INIT
void pci_segments_init(void);
#endif
#if !XEN_HAS_PCI_TRYLOCK
bool pcidevs_trylock_unsafe(void);
#endif
/* Until 4.17.3 there is no barrier against speculation around it (XSA-453). */
#if !XEN_HAS_LOCK_UNSAFE
#define pcidevs_lock_unsafe pcidevs_lock
#endif

#if XEN_HAS_EXTRA_NAME
#define COMPAT_EXTRA_NAME , const char *name
#define COMPAT_EXTRA_NAMED name
#else
#define COMPAT_EXTRA_NAME
#define COMPAT_EXTRA_NAMED "Xen itself"
#endif

#if XEN_HAS_DETECT_SBDF
#define COMPAT_DETECT_ARGS pci_sbdf_t sbdf
#define COMPAT_DETECT_SBDF sbdf
#else
#define COMPAT_DETECT_ARGS u16 seg, u8 bus, u8 dev, u8 func
#define COMPAT_DETECT_SBDF PCI_SBDF(seg, bus, dev, func)
#endif

#if XEN_HAS_IRQ_REGS
#define COMPAT_IRQ_ARGS int irq, void *dev_id, struct cpu_user_regs *regs
#else
#define COMPAT_IRQ_ARGS int irq, void *dev_id
#endif

/*
 * Of update_ire_from_msi: 1 tells newer Xens that the message is another one
 * than before, and has to be written to the device; older ones always write.
 */
#define COMPAT_MSI_CHANGED XEN_HAS_MSI_CHANGED

/* ---- Recursive locks ---- */

#if XEN_HAS_RSPIN
#define COMPAT_RSPINLOCK(l) DEFINE_RSPINLOCK(l)
#define compat_rspin_lock       _rspin_lock
#define compat_rspin_trylock    _rspin_trylock
#define compat_rspin_unlock     rspin_unlock
#define compat_rspin_is_locked  rspin_is_locked
#else
#define COMPAT_RSPINLOCK(l) DEFINE_SPINLOCK(l)
#define compat_rspin_lock       _spin_lock_recursive
#define compat_rspin_trylock    spin_trylock_recursive
#define compat_rspin_unlock     spin_unlock_recursive
#define compat_rspin_is_locked  spin_is_locked
#endif

/* ---- Permission (XSA-492) ---- */

/*
 * To assign and de-assign. Where there is no hook any more, do_domctl() has
 * asked xsm_domctl() before this layer is called, Flask's rules included.
 */
static inline int compat_xsm_assign(struct domain *d, pci_sbdf_t sbdf)
{
#if XEN_HAS_XSM_ASSIGN
    return xsm_assign_device(XSM_HOOK, d, sbdf.sbdf);
#else
    return 0;
#endif
}

static inline int compat_xsm_deassign(struct domain *d, pci_sbdf_t sbdf)
{
#if XEN_HAS_XSM_ASSIGN
    return xsm_deassign_device(XSM_HOOK, d, sbdf.sbdf);
#else
    return 0;
#endif
}

/*
 * To know of a device. Nobody has asked before, where this hook is for the
 * privileged: do_domctl() leaves it to this layer, without its lock.
 */
static inline int compat_xsm_know(pci_sbdf_t sbdf)
{
#if XEN_HAS_XSM_GROUP_PRIV
    return xsm_get_device_group(XSM_PRIV, sbdf.sbdf);
#else
    return xsm_get_device_group(XSM_HOOK, sbdf.sbdf);
#endif
}

/* ---- Capabilities of functions ---- */

static inline unsigned int compat_cap(pci_sbdf_t sbdf, unsigned int id)
{
#if XEN_HAS_CAP_SBDF
    return pci_find_cap_offset(sbdf, id);
#else
    return pci_find_cap_offset(sbdf.seg, sbdf.bus, sbdf.dev, sbdf.fn, id);
#endif
}

static inline unsigned int compat_ext_cap(const struct pci_dev *pdev,
                                          unsigned int id)
{
#if XEN_HAS_EXTCAP_PDEV
    return pci_find_ext_capability(pdev, id);
#elif XEN_HAS_EXTCAP_SBDF
    return pci_find_ext_capability(pdev->sbdf, id);
#else
    return pci_find_ext_capability(pdev->seg, pdev->bus, pdev->devfn, id);
#endif
}

/* Older Xens do not keep what they would find there. */
static inline void compat_set_ext_cfg(struct pci_dev *pdev, bool there)
{
#if XEN_HAS_EXT_CFG
    pdev->ext_cfg = there;
#endif
}

/* ---- Physical and virtual functions ---- */

#if XEN_HAS_VF_LIST
#define compat_vf_rlen(pdev) ((pdev)->physfn.vf_rlen)
#else
#define compat_vf_rlen(pdev) ((pdev)->vf_rlen)
#endif

static inline void compat_vf_init(struct pci_dev *pdev)
{
#if XEN_HAS_VF_LIST
    INIT_LIST_HEAD(&pdev->vf_list);
#endif
}

/* A physical function that has virtual ones, or one of these. Device lock. */
static inline bool compat_vf_linked(const struct pci_dev *pdev)
{
#if XEN_HAS_VF_LIST
    return !list_empty(&pdev->vf_list);
#else
    return false;
#endif
}

/* Xen's MSI code goes from @vf to @pf by this link. Device lock. */
static inline void compat_vf_link(struct pci_dev *vf, struct pci_dev *pf)
{
#if XEN_HAS_VF_LIST
    vf->pf_pdev = pf;
    list_add(&vf->vf_list, &pf->vf_list);
#endif
}

static inline void compat_vf_unlink(struct pci_dev *vf)
{
#if XEN_HAS_VF_LIST
    if ( vf->info.is_virtfn )
        list_del_init(&vf->vf_list);
#endif
}

/* Neither @pf nor any of its virtual functions is to be used again. */
static inline void compat_vf_break(struct pci_dev *pf)
{
#if XEN_HAS_VF_LIST
    struct pci_dev *vf;

    list_for_each_entry ( vf, &pf->vf_list, vf_list )
        vf->broken = true;
    pf->broken = true;
#endif
}

/* ---- A domain's list of devices ---- */

static inline void compat_list_lock(struct domain *d)
{
#if XEN_HAS_PCI_LOCK
    write_lock(&d->pci_lock);
#endif
}

static inline void compat_list_unlock(struct domain *d)
{
#if XEN_HAS_PCI_LOCK
    write_unlock(&d->pci_lock);
#endif
}

/* ---- vPCI: device lock held ---- */

static inline int compat_vpci_add(struct pci_dev *pdev)
{
#if XEN_HAS_VPCI_ASSIGN
    struct domain *d = pdev->domain;
    int rc;

    write_lock(&d->pci_lock);
    rc = vpci_assign_device(pdev);
    write_unlock(&d->pci_lock);

    return rc;
#else
    return vpci_add_handlers(pdev);
#endif
}

/*
 * The handlers are the owner's; of a hidden device, and in older Xens of all,
 * they are dom0's.
 */
static inline void compat_vpci_remove(struct pci_dev *pdev)
{
    struct domain *owner = pdev->domain;

    if ( !pdev->vpci )
        return;

#if XEN_HAS_VPCI_ASSIGN
    if ( owner == dom_xen )
        pdev->domain = hardware_domain;
    write_lock(&pdev->domain->pci_lock);
    vpci_deassign_device(pdev);
    write_unlock(&pdev->domain->pci_lock);
#else
    pdev->domain = hardware_domain;
    vpci_remove_device(pdev);
#endif
    pdev->domain = owner;
}

/*
 * Around a change of owner: the handlers go with the old one, and the new one
 * gets its own, if its configuration space is emulated.
 */
static inline void compat_vpci_leave(struct pci_dev *pdev)
{
#if XEN_HAS_VPCI_ASSIGN
    compat_vpci_remove(pdev);
#endif
}

static inline int compat_vpci_enter(struct pci_dev *pdev)
{
#if XEN_HAS_VPCI_ASSIGN
    return pdev->vpci ? 0 : compat_vpci_add(pdev);
#else
    return 0;
#endif
}

/* ---- Memory ---- */

/*
 * Make firmware's memory map say that these frames are no ordinary RAM.
 * False: they are not RAM. Older Xens leave the map alone.
 */
static inline bool compat_reserve_ram(uint64_t first, uint64_t end)
{
#if XEN_HAS_EXTRA_NAME
    return reserve_e820_ram(&e820, first, end);
#else
    return true;
#endif
}

/*
 * The frames that dom0 may have mapped one to one as far as Xen's own memory
 * is concerned, for compat_is_xen(); NULL where Xen tells of single frames.
 */
static always_inline struct rangeset *compat_not_xen(const struct domain *d)
{
#if XEN_HAS_XEN_RANGES
    struct rangeset *r = rangeset_new(NULL, NULL, 0);
    int rc = r ? rangeset_add_range(r, 0, ~0UL >> PAGE_SHIFT) : -ENOMEM;

    if ( !rc )
        rc = remove_xen_ranges(r);
#if XEN_HAS_MMCFG_SUBTRACT
    if ( !rc && has_vpci(d) )
        rc = vpci_subtract_mmcfg(d, r);
#endif
    if ( rc )
        panic("moat: no list of Xen's own memory (%d)\n", rc);

    return r;
#else
    return NULL;
#endif
}

static always_inline bool compat_is_xen(struct rangeset *not_xen,
                                        unsigned long pfn)
{
#if XEN_HAS_XEN_RANGES
    return !rangeset_contains_singleton(not_xen, pfn);
#else
    return xen_in_range(pfn);
#endif
}

/*
 * Whether @pfn is kept from dom0's devices because Xen emulates what is there
 * (interrupt controllers, configuration space). Newer Xens deny dom0 these
 * frames, and its devices follow.
 */
static inline bool compat_is_emulated(const struct domain *d,
                                      unsigned long pfn)
{
#if XEN_HAS_MMCFG_DENY
    return !iomem_access_permitted(d, pfn, pfn);
#else
    unsigned int i;

    if ( !is_hvm_domain(d) )
        return false;

    if ( has_vioapic(d) )
        for ( i = 0; i < d->arch.hvm.nr_vioapics; i++ )
            if ( pfn == PFN_DOWN(domain_vioapic(d, i)->base_address) )
                return true;

#if XEN_HAS_MMCFG_SUBTRACT
    return false;
#else
    return has_vpci(d) && vpci_is_mmcfg_address(d, pfn_to_paddr(pfn));
#endif
#endif
}

/* Whether that is the same for all of first..last; of a PVH dom0: of RAM. */
static inline bool compat_emulated_alike(const struct domain *d,
                                         unsigned long first,
                                         unsigned long last)
{
#if XEN_HAS_MMCFG_DENY
    return iomem_access_permitted(d, first, last) ||
           !rangeset_overlaps_range(d->iomem_caps, first, last);
#else
    return true;
#endif
}

/* ---- The rest ---- */

#if XEN_HAS_DOM_SHUT
#define compat_shutting_down(d) ((d)->is_shutting_down)
#else
#define compat_shutting_down(d) domain_shutting_down(d)
#endif

#if XEN_HAS_RDMSR_PTR
#define compat_rdmsr(msr, p) rdmsr_safe(msr, p)
#else
#define compat_rdmsr(msr, p) rdmsr_safe(msr, *(p))
#endif

/*
 * On processors with directed EOI (suppressed broadcasts) Xen itself ends a
 * level-triggered interrupt at the IO-APIC, older Xens by the vector of the
 * processor. AMD's units take that field of the IO-APIC for their index, and
 * the end would never arrive. So they are kept from it: they believe that
 * ioapic_ack=new was given. Before local APICs are set up. Returns whether
 * that was necessary.
 */
static always_inline bool compat_keep_broadcast_eoi(void)
{
#if XEN_HAS_PIN_EOI
    return false;
#else
    if ( !(apic_read(APIC_LVR) & APIC_LVR_DIRECTED_EOI) )
        return false;
    ioapic_ack_new = ioapic_ack_forced = true;

    return true;
#endif
}

#endif /* MOAT_XEN_COMPAT_H */
