/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The toolstack's calls: who gets which device. And the end of a domain.
 *
 * libxl makes a device assignable by giving it to DOMID_IO, and takes that
 * back by de-assigning it from there. Permissions are looked at before any
 * lock is taken (XSA-492).
 *
 *   -EINVAL  not a request that makes sense     -ENODEV  no such device
 *   -EBUSY   another guest's, Xen's own, or     -EXDEV   the guest's memory
 *            shared with one who is in the way           comes and goes
 *   -EBADF   it failed                          other    moat_device_move()
 */

#include "port_pci.h"

#include <xen/event.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/msi.h>
#include <xen/pci_regs.h>
#include <asm/msi.h>
#include <xsm/xsm.h>

/* Said for calls that never get as far as the core. */
#define refuse(fmt, args...) \
    printk(XENLOG_G_WARNING "moat: " fmt "\n", ## args)

/* Whether a device is there and may be given to somebody. Device lock. */
static int check_free(pci_sbdf_t sbdf)
{
    const struct port_dev *p = port_dev_find(sbdf);
    const struct domain *owner = p ? p->pdev.domain : NULL;

    if ( !p )
    {
        refuse("%pp: no such device", &sbdf);
        return -ENODEV;
    }

    if ( owner != hardware_domain && owner != dom_io )
    {
        if ( p->hidden )
            refuse("%pp: used by Xen itself", &sbdf);
        else if ( owner )
            refuse("%pp: %pd has it", &sbdf, owner);
        else
            refuse("%pp: could not be set up", &sbdf);
        return -EBUSY;
    }

    return 0;
}

/* ---- Assign ---- */

/*
 * Xen masks a device's MSI-X as a whole when it is to mask one interrupt
 * while the device decodes no memory: an interrupt of a guest that is being
 * destroyed, say, on another processor than that which resets the device.
 * Nobody takes it back, and pdev_msix_assign() would refuse the device for
 * ever as one that was not reset. Where the mask is Xen's own, MSI-X is off
 * and no interrupt is left, it has nothing to keep from anybody.
 */
static void drop_own_mask(const struct pci_dev *pdev)
{
    unsigned int pos, reg;
    uint16_t control;

    if ( !pdev->msix || !pdev->msix->host_maskall ||
         !list_empty(&pdev->msi_list) )
        return;

    pos = compat_cap(pdev->sbdf, PCI_CAP_ID_MSIX);
    if ( !pos )
        return;

    reg = msix_control_reg(pos);
    control = pci_conf_read16(pdev->sbdf, reg);
    if ( (control & PCI_MSIX_FLAGS_MASKALL) &&
         !(control & PCI_MSIX_FLAGS_ENABLE) )
        pci_conf_write16(pdev->sbdf, reg, control & ~PCI_MSIX_FLAGS_MASKALL);
}

static int assign(struct domain *d, pci_sbdf_t sbdf, uint32_t flags)
{
    struct port_dev *p = port_dev_find(sbdf);
    int rc;

    if ( !arch_iommu_use_permitted(d) )
    {
        refuse("%pp: not for %pd, whose memory is populated on demand, "
               "paged, shared or logged", &sbdf, d);
        return -EXDEV;
    }

    if ( p->pdev.broken && d != dom_io )
    {
        refuse("%pp: not for %pd: it failed, and stays in quarantine", &sbdf,
               d);
        return -EBADF;
    }

    drop_own_mask(&p->pdev);
    rc = pdev_msix_assign(d, &p->pdev);
    if ( rc )
    {
        refuse("%pp: not for %pd: its MSI-X is masked as a whole (%d): reset "
               "it first", &sbdf, d, rc);
        return rc;
    }

    rc = port_dev_move(p, d, flags & XEN_DOMCTL_DEV_RDM_RELAXED
                             ? MOAT_MOVE_RELAXED : 0);
    /* Asked for by name: with iommu=no-quarantine, too. */
    if ( !rc && d == dom_io )
        p->pdev.quarantine = true;

    return rc;
}

/* @d: NULL when nobody is going to have it yet (test). */
static int assign_op(const struct xen_domctl_assign_device *op,
                     struct domain *d, bool test)
{
    pci_sbdf_t sbdf = { .sbdf = op->u.pci.machine_sbdf };
    int rc;

    if ( d == current->domain )
        return -EINVAL;
    if ( op->dev != XEN_DOMCTL_DEV_PCI )
        return -ENODEV;
    if ( test ? op->flags
              : d->is_dying || (op->flags & ~XEN_DOMCTL_DEV_RDM_RELAXED) )
        return -EINVAL;

    rc = compat_xsm_assign(d, sbdf);
    if ( rc )
        return rc;

    pcidevs_lock();
    rc = check_free(sbdf);
    if ( test && rc )
        rc = -EINVAL;
    else if ( !test && !rc )
        /* Again: the lock orders this with the release of its devices. */
        rc = d->is_dying ? -EINVAL : assign(d, sbdf, op->flags);
    pcidevs_unlock();

    return rc;
}

/* ---- De-assign ---- */

/*
 * From a guest to quarantine; from there, or where there is none, to dom0.
 * Device lock.
 */
static int deassign(struct port_dev *p)
{
    struct domain *from = p->pdev.domain, *to = hardware_domain;
    int rc;

    if ( (p->pdev.quarantine || iommu_quarantine) && from != dom_io )
        to = dom_io;

    rc = port_dev_move(p, to, 0);
    if ( !rc && p->pdev.domain == hardware_domain )
        p->pdev.quarantine = false;

    return rc;
}

static int deassign_op(const struct xen_domctl_assign_device *op,
                       struct domain *d)
{
    pci_sbdf_t sbdf = { .sbdf = op->u.pci.machine_sbdf };
    struct pci_dev *pdev;
    int rc;

    if ( d == current->domain )
        return -EINVAL;
    if ( op->dev != XEN_DOMCTL_DEV_PCI )
        return -ENODEV;
    if ( op->flags )
        return -EINVAL;

    rc = compat_xsm_deassign(d, sbdf);
    if ( rc )
        return rc;

    pcidevs_lock();
    pdev = pci_get_pdev(d, sbdf);
    rc = pdev ? deassign(port_dev(pdev)) : -ENODEV;
    pcidevs_unlock();

    return rc;
}

/*
 * A dying domain's devices go to quarantine or dom0. One that cannot go to
 * dom0 yet, because other members of its group are still here, waits in
 * quarantine.
 */
static int release(struct port_dev *p)
{
    int rc = deassign(p);

    if ( rc && rc != -EIO && p->pdev.domain != dom_io )
        rc = port_dev_move(p, dom_io, 0);

    return p->pdev.domain == dom_io || p->pdev.domain == hardware_domain
           ? 0 : rc == -EBUSY ? -ERESTART : rc;
}

/* One at a time: each may have to wait for hardware. */
int pci_release_devices(struct domain *d)
{
    struct pci_dev *pdev;
    int rc;

    pcidevs_lock();
    rc = arch_pci_clean_pirqs(d);
    pcidevs_unlock();

    while ( !rc )
    {
        pcidevs_lock();
        pdev = list_first_entry_or_null(&d->pdev_list, struct pci_dev,
                                        domain_list);
        rc = pdev ? release(port_dev(pdev)) : 0;
        pcidevs_unlock();

        if ( !pdev )
            break;
        if ( !rc && general_preempt_check() )
            rc = -ERESTART;
    }

    return rc;
}

/* ---- Groups ---- */

#define MEMBERS 32

/*
 * Some other members of the group of @sbdf, numbered *@next or higher, that
 * the caller may know of. Returns how many, and how far it got.
 */
static int group_members(pci_sbdf_t sbdf, uint32_t *list, uint64_t *next)
{
    const struct port_dev *p, *of;
    unsigned int n = 0;

    pcidevs_lock();
    of = port_dev_find(sbdf);
    if ( !of || !of->moat )
    {
        pcidevs_unlock();
        return -ENODEV;
    }

    while ( n < MEMBERS && (p = port_dev_from(*next)) != NULL &&
            p->pdev.seg == sbdf.seg )
    {
        *next = (uint64_t)p->pdev.sbdf.sbdf + 1;
        if ( p != of && p->moat && moat_device_same_group(p->moat, of->moat) &&
             !compat_xsm_know(p->pdev.sbdf) )
            list[n++] = (p->pdev.bus << 16) | (p->pdev.devfn << 8);
    }
    pcidevs_unlock();

    return n;
}

/* All members, whoever has them: the caller wants to know who is missing. */
static int group_op(struct xen_domctl_get_device_group *op)
{
    pci_sbdf_t sbdf = { .sbdf = op->machine_sbdf };
    uint64_t next = sbdf.sbdf & ~0xffffu;
    uint32_t list[MEMBERS];
    int n;

    op->num_sdevs = 0;
    do {
        unsigned int room = op->max_sdevs - op->num_sdevs;

        n = group_members(sbdf, list, &next);
        if ( n < 0 )
            return n;
        n = min_t(unsigned int, n, room);
        if ( n && copy_to_guest_offset(op->sdev_array, op->num_sdevs, list,
                                       n) )
            return -EFAULT;
        op->num_sdevs += n;
    } while ( n == MEMBERS );

    return 0;
}

/* ---- The way in ---- */

/*
 * @d may be NULL for a test. The domctl lock is held, but for
 * get_device_group in Xens with XSA-492 mended: who may not know of a device
 * learns nothing else, and nothing is written to its memory.
 */
int iommu_do_domctl(struct xen_domctl *domctl, struct domain *d,
                    XEN_GUEST_HANDLE_PARAM(xen_domctl_t) u_domctl)
{
    pci_sbdf_t of = { .sbdf = domctl->u.get_device_group.machine_sbdf };
    int rc = domctl->cmd == XEN_DOMCTL_get_device_group
             ? compat_xsm_know(of) : 0;

    if ( rc )
        return rc;

    if ( !iommu_enabled || (d && !is_iommu_enabled(d)) )
        return -EOPNOTSUPP;

    switch ( domctl->cmd )
    {
    case XEN_DOMCTL_assign_device:
        rc = assign_op(&domctl->u.assign_device, d, false);
        break;

    case XEN_DOMCTL_test_assign_device:
        rc = assign_op(&domctl->u.assign_device, d, true);
        break;

    case XEN_DOMCTL_deassign_device:
        rc = deassign_op(&domctl->u.assign_device, d);
        break;

    case XEN_DOMCTL_get_device_group:
        rc = group_op(&domctl->u.get_device_group);
        if ( __copy_field_to_guest(u_domctl, domctl, u.get_device_group) )
            rc = -EFAULT;
        break;

    default:
        rc = -ENOSYS;
        break;
    }

    return rc != -ERESTART ? rc
           : hypercall_create_continuation(__HYPERVISOR_domctl, "h", u_domctl);
}
