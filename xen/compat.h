/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One face for several Xens: what differs between them and is small enough to
 * be an inline function. xen_has.h is made by xen/probe.sh from the tree that
 * this layer is laid over.
 */
#ifndef MOAT_XEN_COMPAT_H
#define MOAT_XEN_COMPAT_H

#include <xen/iommu.h>
#include <xen/pci.h>
#include <xen/rangeset.h>
#include <xen/sched.h>
#include <xen/vpci.h>
#include <asm/setup.h>

#include "xen_has.h"

/* ---- Capabilities ---- */

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

/* ---- The domain's own lock around its list of devices ---- */

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

/* ---- vPCI ---- */

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

static inline void compat_vpci_remove(struct pci_dev *pdev)
{
#if XEN_HAS_VPCI_ASSIGN
    struct domain *d = pdev->domain;

    write_lock(&d->pci_lock);
    vpci_deassign_device(pdev);
    write_unlock(&d->pci_lock);
#else
    vpci_remove_device(pdev);
#endif
}

/*
 * A device that changes hands: its handlers go with the old owner, and the new
 * one gets its own. Once they stayed dom0's, whoever had the device.
 */
static inline void compat_vpci_leave(struct pci_dev *pdev)
{
#if XEN_HAS_VPCI_ASSIGN
    compat_vpci_remove(pdev);
#endif
}

static inline void compat_vpci_enter(struct pci_dev *pdev)
{
#if XEN_HAS_VPCI_ASSIGN
    if ( !pdev->vpci && compat_vpci_add(pdev) )
        printk(XENLOG_ERR "moat: %pp: no vPCI for %pd\n", &pdev->sbdf,
               pdev->domain);
#endif
}

/* ---- Domains ---- */

#if XEN_HAS_DOM_SHUT
#define compat_shutting_down(d) ((d)->is_shutting_down)
#else
#define compat_shutting_down(d) domain_shutting_down(d)
#endif

/* ---- Virtual functions ---- */

#if XEN_HAS_VF_LIST
#define compat_vf_rlen(pdev) ((pdev)->physfn.vf_rlen)
#else
#define compat_vf_rlen(pdev) ((pdev)->vf_rlen)
#endif

/* ---- Xen's own memory, in frames ---- */

#if XEN_HAS_XEN_RANGES
bool compat_in_xen(unsigned long pfn);
#else
#define compat_in_xen(pfn) xen_in_range(pfn)
#endif

/* ---- Registers ---- */

#if XEN_HAS_RDMSR_PTR
#define compat_rdmsr(msr, p) rdmsr_safe(msr, p)
#else
#define compat_rdmsr(msr, p) rdmsr_safe(msr, *(p))
#endif

/* ---- Interrupts ---- */

#if XEN_HAS_IRQ_REGS
#define COMPAT_IRQ_ARGS int irq, void *dev_id, struct cpu_user_regs *regs
#else
#define COMPAT_IRQ_ARGS int irq, void *dev_id
#endif

#endif /* MOAT_XEN_COMPAT_H */
