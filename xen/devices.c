/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices: what Xen's pci.c asks of the IOMMU when devices come, go, or
 * change hands. Always under the device lock.
 *
 * pci.c makes each of its calls for a device's own function and again for
 * each phantom function. The core moves all the ids a device can use as one,
 * with the call for the own function; the others have nothing left to do.
 *
 * pci.c's books say that a device is dom_io's when it is in quarantine.
 */

#include "port.h"

#include <xen/pci_regs.h>
#include <asm/hvm/vmx/vmx.h>

void arch_pci_init_pdev(struct pci_dev *pdev)
{
    /* Shown by the debug key 'Q' for devices in quarantine. */
    pdev->arch.pseudo_domid = DOMID_INVALID;
}

/*
 * Xen uses the device itself: it is on dom_xen's list, although at boot
 * pci.c calls it dom0's for as long as it is set up.
 */
static bool is_hidden(const struct pci_dev *pdev)
{
    const struct pci_dev *p;

    for_each_pdev ( dom_xen, p )
        if ( p == pdev )
            return true;

    return false;
}

int cf_check port_add_device(uint8_t devfn, struct pci_dev *pdev)
{
    struct moat_device_info info = { };
    struct moat_device *dev;

    if ( devfn != pdev->devfn )
        return 0;
    if ( !pdev->domain || !port_domain(pdev->domain) )
        return -EINVAL;

    info.dev = pdev->sbdf.sbdf;
    info.phantom_stride = pdev->phantom_stride;
    info.is_virtfn = pdev->info.is_virtfn;
    info.physfn = MOAT_SBDF(pdev->seg, pdev->info.physfn.bus,
                            PCI_SLOT(pdev->info.physfn.devfn),
                            PCI_FUNC(pdev->info.physfn.devfn));
    info.hidden = is_hidden(pdev);

    return moat_device_add(port_platform, &info, port_domain(pdev->domain),
                           &dev);
}

/* dom0 announces a device that is known: it may have been reset. */
int cf_check port_enable_device(struct pci_dev *pdev)
{
    struct moat_device *dev = port_device(pdev);

    return dev ? moat_device_reenable(dev) : -ENODEV;
}

int cf_check port_remove_device(uint8_t devfn, struct pci_dev *pdev)
{
    struct moat_device *dev;

    if ( devfn != pdev->devfn )
        return 0;
    if ( !pdev->domain )
        return -EINVAL;

    dev = port_device(pdev);

    return dev ? moat_device_remove(dev) : 0;
}

/* ---- Moves ---- */

static void account(struct pci_dev *pdev, struct domain *to)
{
    struct domain *from = pdev->domain;

    if ( from == to )
        return;

    list_move(&pdev->domain_list, &to->pdev_list);
    pdev->domain = to;
    if ( !has_arch_pdevs(from) )
        vmx_pi_hooks_deassign(from);
}

/*
 * A device of a guest can send any message it likes to the interrupt
 * address range; without remapping, Xen's entry code has to be on guard.
 */
static void note_trust(const struct domain *to)
{
    if ( !iommu_intremap && !is_hardware_domain(to) && !is_system_domain(to) )
        untrusted_msi = true;
}

static int move(struct pci_dev *pdev, struct domain *to, unsigned int flags)
{
    struct moat_device *dev = port_device(pdev);
    bool first = !has_arch_pdevs(to);
    int rc;

    if ( !dev )
        return -ENODEV;

    if ( to != dom_io )
    {
        if ( !port_domain(to) )
            return -EINVAL;
        rc = port_domain_prepare(to);
        if ( rc )
            return rc;
    }

    if ( first )
        vmx_pi_hooks_assign(to);
    note_trust(to);

    rc = moat_device_move(dev, to == dom_io ? NULL : port_domain(to), flags);
    if ( !rc )
    {
        account(pdev, to);
        port_domain_note_root(to);
        return 0;
    }

    if ( first && to != pdev->domain )
        vmx_pi_hooks_deassign(to);

    /*
     * Cut off, behind quarantine tables, and never to be assigned again:
     * wherever it was to go, quarantine is where it is. A domain that dies
     * has got rid of it.
     */
    if ( rc == -EIO )
    {
        pdev->broken = true;
        account(pdev, dom_io);
        if ( to == dom_io )
            return 0;
    }

    return rc;
}

int cf_check port_assign_device(struct domain *d, uint8_t devfn,
                                struct pci_dev *pdev, uint32_t flag)
{
    if ( devfn != pdev->devfn )
        return 0;

    return move(pdev, d, flag & XEN_DOMCTL_DEV_RDM_RELAXED
                         ? MOAT_MOVE_RELAXED : 0);
}

int cf_check port_reassign_device(struct domain *source,
                                  struct domain *target, uint8_t devfn,
                                  struct pci_dev *pdev)
{
    if ( devfn != pdev->devfn )
        return 0;

    return move(pdev, target, 0);
}

/* pci.c is about to take a device from dom0 or a guest. */
int iommu_quarantine_dev_init(device_t *dev)
{
    struct moat_device *m = port_device(dev);

    if ( !iommu_quarantine )
        return 0;

    return m ? moat_device_quarantine_prepare(m) : -ENODEV;
}

/* ---- Questions ---- */

int cf_check port_device_group(uint16_t seg, uint8_t bus, uint8_t devfn)
{
    struct moat_device *dev;
    int rc = -ENODEV;

    /* The first of pci.c's calls comes without the lock. */
    pcidevs_lock();
    dev = moat_device_find(port_platform, PCI_SBDF(seg, bus, devfn).sbdf);
    if ( dev )
        rc = moat_device_group(dev);
    pcidevs_unlock();

    return rc;
}

struct resv_query
{
    iommu_grdm_t *func;
    void *ctxt;
    bool any;                   /* a region has been taken: */
    moat_paddr_t first, last;
};

static int cf_check report_region(void *arg, moat_paddr_t first,
                                  moat_paddr_t last, unsigned int prot,
                                  moat_sbdf_t dev)
{
    struct resv_query *q = arg;
    int rc;

    /* Once per region, even where several devices share it. */
    if ( q->any && q->first == first && q->last == last )
        return 0;

    rc = q->func(PFN_DOWN(first), PFN_DOWN(last) - PFN_DOWN(first) + 1, dev,
                 q->ctxt);
    if ( rc <= 0 )
        return rc;

    q->any = true;
    q->first = first;
    q->last = last;

    return 0;
}

int iommu_get_reserved_device_memory(iommu_grdm_t *func, void *ctxt)
{
    struct resv_query q = { .func = func, .ctxt = ctxt };
    int rc;

    if ( !iommu_enabled )
        return 0;

    pcidevs_lock();
    rc = moat_resv_walk(port_platform, report_region, &q);
    pcidevs_unlock();

    return rc;
}

/* The toolstack's assign, de-assign and group calls; domctl lock held. */
int iommu_do_domctl(struct xen_domctl *domctl, struct domain *d,
                    XEN_GUEST_HANDLE_PARAM(xen_domctl_t) u_domctl)
{
    if ( !iommu_enabled || (d && !is_iommu_enabled(d)) )
        return -EOPNOTSUPP;

    return iommu_do_pci_domctl(domctl, d, u_domctl);
}
