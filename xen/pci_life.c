/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions that come and go, and those that Xen keeps for itself.
 *
 *   dom_xen   used by Xen: dom0's tables, never handed out
 *   dom0      from the start, or when it announces them
 *   dom_io    in quarantine
 *   a guest
 */

#include "port_pci.h"

#include <xen/event.h>
#include <xen/init.h>
#include <xen/irq.h>
#include <xen/msi.h>
#include <xen/pci_regs.h>
#include <xen/softirq.h>
#include <xen/vpci.h>
#include <xsm/xsm.h>

/* ---- For Xen's own use ---- */

static int __init hide(pci_sbdf_t sbdf, bool read_only)
{
    struct port_dev *p;

    pcidevs_lock();
    p = port_dev_get(sbdf, NULL);
    if ( p && read_only )
        port_dev_make_read_only(p);
    if ( p && !p->pdev.domain )
    {
        p->hidden = true;
        port_dev_account(p, dom_xen);
    }
    pcidevs_unlock();

    return p ? 0 : -ENOMEM;
}

/* Never handed out; dom0 may use it. Nothing to do if dom0 has it already. */
int __init pci_hide_device(unsigned int seg, unsigned int bus,
                           unsigned int devfn)
{
    return hide(PCI_SBDF(seg, bus, devfn), false);
}

/* Dom0 may only look at it. */
int __init pci_ro_device(int seg, int bus, int devfn)
{
    return hide(PCI_SBDF(seg, bus, devfn), true);
}

/* ---- At boot ---- */

/* vPCI looks at the domain; a hidden device's BARs are dom0's to map, too. */
static void __hwdom_init give_to_hwdom(struct port_dev *p, struct domain *d)
{
    int rc;

    if ( p->hidden )
        p->pdev.domain = d;
    else
        port_dev_account(p, d);

    rc = port_dev_attach(p);
    if ( !rc )
    {
        rc = compat_vpci_add(&p->pdev);
        if ( rc )
            host_log_err("%pp: no vPCI for %pd (%d)", &p->pdev.sbdf, d, rc);
    }

    if ( p->hidden )
        p->pdev.domain = dom_xen;
}

void __hwdom_init port_hwdom_devices(struct domain *d)
{
    struct port_dev *p;
    unsigned int bus = ~0u;
    uint64_t next = 0;

    pcidevs_lock();
    while ( (p = port_dev_from(next)) != NULL )
    {
        next = (uint64_t)p->pdev.sbdf.sbdf + 1;
        if ( !p->pdev.domain || p->hidden )
            give_to_hwdom(p, d);
        else if ( p->pdev.domain != d )
            host_log_warn("%pp: stays with %pd", &p->pdev.sbdf,
                          p->pdev.domain);

        if ( bus != p->pdev.bus || iommu_verbose )
        {
            bus = p->pdev.bus;
            pcidevs_unlock();
            process_pending_softirqs();
            pcidevs_lock();
        }
    }
    pcidevs_unlock();
}

/* ---- Announced by dom0 ---- */

static int adopt(struct port_dev *p)
{
    int rc;

    port_dev_account(p, hardware_domain);
    rc = compat_vpci_add(&p->pdev);
    if ( rc )
        host_log_err("%pp: no vPCI (%d)", &p->pdev.sbdf, rc);
    else
    {
        rc = port_dev_attach(p);
        if ( rc )
            compat_vpci_remove(&p->pdev);
    }
    if ( rc )
        port_dev_account(p, NULL);

    return rc;
}

static void show_added(const struct port_dev *p, const char *what)
{
    pci_sbdf_t sbdf = p->pdev.sbdf;
    unsigned int fn;

    host_log_debug("%pp: %s added", &sbdf, what);
    for ( fn = sbdf.fn + p->pdev.phantom_stride;
          p->pdev.phantom_stride && fn < 8; fn += p->pdev.phantom_stride )
        host_log_debug("%pp: also uses the number of function %u", &sbdf, fn);
}

/*
 * The physical function comes before its virtual ones, which find their BARs
 * through it. 0, with *@pf NULL for a physical one; -ENODEV.
 */
static int find_physfn(pci_sbdf_t sbdf, const struct pci_dev_info *info,
                       struct port_dev **pf)
{
    pci_sbdf_t at = PCI_SBDF(sbdf.seg, info->physfn.bus, info->physfn.devfn);

    *pf = NULL;
    if ( !info->is_virtfn )
        return 0;

    *pf = port_dev_find(at);
    if ( *pf && !(*pf)->pdev.info.is_virtfn && at.sbdf != sbdf.sbdf )
        return 0;

    host_log_warn("%pp: no virtual function of %pp, which is not a known "
                  "physical one", &sbdf, &at);

    return -ENODEV;
}

/*
 * What dom0 says of a device that is known may be new, but not that it is a
 * virtual function all of a sudden: other ids would be behind its tables.
 */
static int update_info(struct port_dev *p, const struct pci_dev_info *info)
{
    struct pci_dev_info *old = &p->pdev.info;
    bool linked = compat_vf_linked(&p->pdev);
    struct port_dev *pf;
    int rc;

    if ( !info )
        return 0;

    if ( (p->moat || linked) &&
         (old->is_virtfn != info->is_virtfn ||
          (info->is_virtfn && (old->physfn.bus != info->physfn.bus ||
                               old->physfn.devfn != info->physfn.devfn))) )
    {
        host_log_warn("%pp: known as %s function: dom0 must remove it first",
                      &p->pdev.sbdf, old->is_virtfn ? "another's virtual"
                                                    : "a physical");
        return -EBUSY;
    }

    rc = find_physfn(p->pdev.sbdf, info, &pf);
    if ( rc )
        return rc;

    *old = *info;
    if ( pf )
    {
        /* Of a virtual function: is its physical one? */
        old->is_extfn = pf->pdev.info.is_extfn;
        if ( !linked )
            compat_vf_link(&p->pdev, &pf->pdev);
    }

    return 0;
}

static int add_locked(pci_sbdf_t sbdf, const struct pci_dev_info *info,
                      nodeid_t node)
{
    bool known = port_dev_find(sbdf);
    struct port_dev *p = port_dev_get(sbdf, info);
    int rc;

    if ( !p )
        return -ENOMEM;

    rc = update_info(p, info);
    if ( rc )
    {
        if ( !known )
            port_dev_delete(p);
        return rc;
    }
    p->pdev.node = node;

    /* Once a guest has had it, what it says of itself means nothing. */
    if ( !p->pdev.domain || p->pdev.domain == hardware_domain )
    {
        port_dev_size_vfs(p);
        port_dev_check_errors(p);
        port_dev_enable_acs(p);
    }

    if ( p->pdev.domain )
        port_dev_reattach(p);
    else
        rc = adopt(p);

    /* Xen takes for granted that what it finds has an owner. */
    if ( rc )
        port_dev_delete(p);
    else
        show_added(p, p->pdev.info.is_virtfn ? "virtual function" :
                      p->pdev.info.is_extfn ? "extended function" : "device");

    return rc;
}

/* Older Xens add a physical function that is there, and dom0 forgot. */
static int add_physfn(u16 seg, const struct pci_dev_info *info, nodeid_t node)
{
    pci_sbdf_t sbdf = PCI_SBDF(seg, info->physfn.bus, info->physfn.devfn);
    bool known;

    pcidevs_lock();
    known = port_dev_find(sbdf);
    pcidevs_unlock();

    if ( known || pci_conf_read16(sbdf, PCI_VENDOR_ID) == 0xffff )
        return 0;

    return pci_add_device(seg, info->physfn.bus, info->physfn.devfn, NULL,
                          node);
}

int pci_add_device(u16 seg, u8 bus, u8 devfn,
                   const struct pci_dev_info *info, nodeid_t node)
{
    pci_sbdf_t sbdf = PCI_SBDF(seg, bus, devfn);
    int rc = xsm_resource_plug_pci(XSM_PRIV, sbdf.sbdf);

    if ( !rc && !XEN_HAS_VF_LIST && info && info->is_virtfn )
        rc = add_physfn(seg, info, node);
    if ( rc )
        return rc;

    pcidevs_lock();
    rc = add_locked(sbdf, info, node);
    pcidevs_unlock();

    return rc;
}

/*
 * Its interrupts, whoever has them: the owner may still have them mapped,
 * when a device is pulled out while it is in use.
 */
static void drop_interrupts(struct pci_dev *pdev)
{
    struct domain *d = pdev->domain;

    if ( d && !is_system_domain(d) )
    {
        write_lock(&d->event_lock);
        while ( !list_empty(&pdev->msi_list) )
        {
            const struct msi_desc *msi = list_first_entry(
                &pdev->msi_list, struct msi_desc, list);
            int pirq = domain_irq_to_pirq(d, msi->irq);

            if ( pirq <= 0 || unmap_domain_pirq(d, pirq) )
                break;
        }
        write_unlock(&d->event_lock);
    }

    pci_cleanup_msi(pdev);
}

/*
 * What a guest has told the device to do must not go on behind dom0's tables
 * when the device is announced again.
 */
static void silence(pci_sbdf_t sbdf)
{
    uint16_t command = pci_conf_read16(sbdf, PCI_COMMAND);

    pci_conf_write16(sbdf, PCI_COMMAND, command & ~PCI_COMMAND_MASTER);
}

static int remove_locked(struct port_dev *p)
{
    const struct domain *owner = p->pdev.domain;
    int rc;

    if ( !p->pdev.info.is_virtfn && compat_vf_linked(&p->pdev) )
    {
        /* Linux goes on all the same: none of them is to be used again. */
        compat_vf_break(&p->pdev);
        host_log_warn("%pp: its virtual functions must be removed first",
                      &p->pdev.sbdf);
        return -EBUSY;
    }

    if ( owner && owner != hardware_domain && !p->hidden )
        silence(p->pdev.sbdf);

    compat_vpci_remove(&p->pdev);
    drop_interrupts(&p->pdev);
    rc = port_dev_detach(p);
    if ( rc )
        return rc;

    port_dev_account(p, NULL);
    port_dev_delete(p);

    return 0;
}

int pci_remove_device(u16 seg, u8 bus, u8 devfn)
{
    pci_sbdf_t sbdf = PCI_SBDF(seg, bus, devfn);
    struct port_dev *p;
    int rc = xsm_resource_unplug_pci(XSM_PRIV, sbdf.sbdf);

    if ( rc )
        return rc;

    pcidevs_lock();
    p = port_dev_find(sbdf);
    rc = p ? remove_locked(p) : -ENODEV;
    pcidevs_unlock();

    return rc;
}
