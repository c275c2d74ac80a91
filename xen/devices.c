/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices: from Xen's books to the core and back. Always under the device
 * lock.
 *
 * The core moves all the ids a device can use as one, phantom functions
 * among them. In Xen's books a device in quarantine is dom_io's.
 */

#include "port_pci.h"

#include <asm/hvm/vmx/vmx.h>

int port_dev_attach(struct port_dev *p)
{
    const struct pci_dev *pdev = &p->pdev;
    struct moat_device_info info = {
        .dev = pdev->sbdf.sbdf,
        .phantom_stride = pdev->phantom_stride,
        .is_virtfn = pdev->info.is_virtfn,
        .physfn = PCI_SBDF(pdev->seg, pdev->info.physfn.bus,
                           pdev->info.physfn.devfn).sbdf,
        .hidden = p->hidden,
    };

    if ( !is_iommu_enabled(pdev->domain) )
        return 0;
    if ( !port_domain(pdev->domain) )
        return -EINVAL;

    return moat_device_add(port_platform, &info, port_domain(pdev->domain),
                           &p->moat);
}

void port_dev_reattach(struct port_dev *p)
{
    int rc = p->moat ? moat_device_reenable(p->moat) : 0;

    if ( rc )
        host_log_warn("%pp: announced again, not used again (%d)",
                      &p->pdev.sbdf, rc);
}

int port_dev_detach(struct port_dev *p)
{
    int rc = p->moat ? moat_device_remove(p->moat) : 0;

    if ( !rc )
        p->moat = NULL;

    return rc;
}

/* ---- Moves ---- */

void port_dev_account(struct port_dev *p, struct domain *to)
{
    struct pci_dev *pdev = &p->pdev;
    struct domain *from = pdev->domain;

    if ( from == to )
        return;

    if ( from )
    {
        compat_list_lock(from);
        list_del_init(&pdev->domain_list);
        compat_list_unlock(from);
    }
    write_atomic(&pdev->domain, to);
    if ( to )
    {
        compat_list_lock(to);
        list_add(&pdev->domain_list, &to->pdev_list);
        compat_list_unlock(to);
    }

    if ( from && !has_arch_pdevs(from) )
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

static void enter(struct pci_dev *pdev)
{
    int rc = compat_vpci_enter(pdev);

    if ( rc )
        host_log_err("%pp: no vPCI for %pd (%d)", &pdev->sbdf, pdev->domain,
                     rc);
}

int port_dev_move(struct port_dev *p, struct domain *to, unsigned int flags)
{
    bool first = !has_arch_pdevs(to);
    int rc;

    ASSERT(pcidevs_locked());

    if ( !p->moat )
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
    if ( to != p->pdev.domain )
        compat_vpci_leave(&p->pdev);

    rc = moat_device_move(p->moat, to == dom_io ? NULL : port_domain(to),
                          flags);
    if ( !rc )
    {
        port_dev_account(p, to);
        port_domain_note_root(to);
        enter(&p->pdev);
        return 0;
    }

    if ( first && to != p->pdev.domain )
        vmx_pi_hooks_deassign(to);

    /*
     * Cut off, behind quarantine tables, and never to be assigned again:
     * wherever it was to go, quarantine is where it is. A domain that dies
     * has got rid of it.
     */
    if ( rc == -EIO )
    {
        p->pdev.broken = true;
        port_dev_account(p, dom_io);
        if ( to == dom_io )
            return 0;
    }
    enter(&p->pdev);

    return rc;
}

/* ---- Reserved memory, for the toolstack ---- */

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
