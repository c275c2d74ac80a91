/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI functions as the port sees them.
 *
 *   pci.c         who is where; the device lock; read-only functions
 *   pci_scan.c    functions looked at for the first time; options about them
 *   pci_life.c    added, hidden, removed
 *   pci_cap.c     BAR sizes, SR-IOV, ACS
 *   pci_domctl.c  the toolstack's calls; domain death
 *   pci_aer.c     whose errors firmware handles
 *   pci_dump.c    debug key Q
 *   devices.c     the way to the core: added, moved, forgotten
 */
#ifndef MOAT_XEN_PORT_PCI_H
#define MOAT_XEN_PORT_PCI_H

#include <xen/rcupdate.h>

#include "port.h"

struct port_dev
{
    struct pci_dev pdev;            /* all that Xen knows of it */
    struct moat_device *moat;       /* NULL: not known to the core */
    /*
     * The buses below a bridge that puts its own id on requests: as read
     * when it was found, never again. 0: no such bridge.
     */
    uint8_t secondary, subordinate;
    bool hidden;                    /* used by Xen itself */
    bool read_only;                 /* its configuration space, for good */
    bool held;                      /* the same, until host_pci_hold() ends */
    struct rcu_head rcu;
};

static inline struct port_dev *port_dev(const struct pci_dev *pdev)
{
    return container_of((struct pci_dev *)pdev, struct port_dev, pdev);
}

/* ---- pci.c ---- */

/* The function at @sbdf; NULL. Lock-free; see pci_get_pdev(). */
struct port_dev *port_dev_find(pci_sbdf_t sbdf);
/* The first known function numbered @from or higher; NULL. Device lock. */
struct port_dev *port_dev_from(uint64_t from);
#define for_each_port_dev(p) \
    for ( (p) = port_dev_from(0); (p); \
          (p) = port_dev_from((uint64_t)(p)->pdev.sbdf.sbdf + 1) )
/* The first known segment numbered @from or higher; -1. Device lock. */
int port_segment_from(unsigned int from);
/* Device lock. -ENOMEM. The place must be free. */
int port_dev_insert(struct port_dev *p);
/* Device lock. No new look-up finds it; freed when no old one can use it. */
void port_dev_delete(struct port_dev *p);
/* Nobody writes to its configuration space but Xen. Device lock. */
void port_dev_make_read_only(struct port_dev *p);
/* Note, before dom0 runs, where its writes can be seen: host_pci_hold(). */
void port_note_mmcfg(void);

/* ---- pci_scan.c ---- */

/* The known function at @sbdf, or a new one without owner; NULL: -ENOMEM. */
struct port_dev *port_dev_get(pci_sbdf_t sbdf, const struct pci_dev_info *info);
/*
 * May its extended configuration space be looked at? PCI Express and PCI-X 2
 * have one, and it may be out of reach.
 */
bool port_has_ext_cfg(const struct pci_dev *pdev);
/* pci=: error reporting of a function that no guest has. */
void port_dev_check_errors(const struct port_dev *p);

/* ---- pci_life.c ---- */

/* All devices found so far become the hardware domain's. */
void port_hwdom_devices(struct domain *d);

/* ---- pci_cap.c ---- */

/* Note the sizes of its virtual functions' BARs, unless they are in use. */
void port_dev_size_vfs(struct port_dev *p);
/* Have switches and functions pass all requests up to the IOMMU. */
void port_dev_enable_acs(const struct port_dev *p);

/* ---- devices.c: device lock held ---- */

/* Tell the core of a device; its domain is set. */
int port_dev_attach(struct port_dev *p);
/* dom0 announces a device that is known: it may have been reset. */
void port_dev_reattach(struct port_dev *p);
/* The core forgets it. -ERESTART: later. */
int port_dev_detach(struct port_dev *p);
/*
 * The one way in which a device changes hands. @to: dom_io is quarantine.
 * MOAT_MOVE_*. Errors as moat_device_move(); after -EIO it is dom_io's.
 */
int port_dev_move(struct port_dev *p, struct domain *to, unsigned int flags);
/* Change the books alone: @to NULL, nobody's. */
void port_dev_account(struct port_dev *p, struct domain *to);

#endif /* MOAT_XEN_PORT_PCI_H */
