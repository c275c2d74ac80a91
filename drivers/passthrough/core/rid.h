/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requester ids: every id that a device's DMA can carry.
 *
 *   root complex -- root port -- PCIe-to-PCI bridge (b:d.f) -- bus s -- dev
 *                                  requests of dev arrive as s:00.0, or as
 *                                  b:d.f, or as dev's own id
 *
 * A pure function over a snapshot of the topology: nothing here reads
 * configuration space. All ids of a set move together (XSA-449).
 */
#ifndef MOAT_CORE_RID_H
#define MOAT_CORE_RID_H

#include <moat/types.h>

enum rid_kind
{
    RID_ENDPOINT,           /* PCIe function, or integrated */
    RID_PCI,                /* conventional PCI function */
    RID_HOST_BRIDGE,
    RID_PCIE_BRIDGE,        /* root port, switch port: ids pass unchanged */
    RID_PCIE_TO_PCI,        /* takes ownership of what is below */
    RID_PCI_TO_PCIE,
    RID_LEGACY_BRIDGE,      /* conventional PCI-to-PCI */
};

struct rid_node
{
    moat_sbdf_t dev;
    enum rid_kind kind;
    uint8_t phantom_stride;         /* 1, 2, 4; 0: none */
    uint8_t secondary, subordinate; /* bridges; secondary 0: not set up */
    bool is_virtfn;
    moat_sbdf_t physfn;
    bool both_ids;                  /* LEGACY: known to use secondary:0.0 */
    /* Of requests to other devices, for rid_peer(). */
    bool integrated;                /* into the root complex */
    bool switch_down;               /* downstream port of a switch */
    bool redirects;                 /* sends them up (ACS) */
};

struct rid_alias                    /* dev's DMA also arrives as alias */
{
    moat_sbdf_t dev, alias;
};

struct rid_topo
{
    const struct rid_node *nodes;   /* ascending by dev */
    unsigned int n_nodes;
    const struct rid_alias *aliases;    /* ascending by dev */
    unsigned int n_aliases;
};

enum rid_why
{
    RID_SELF, RID_PHANTOM, RID_ALIAS, RID_BRIDGE, RID_SECONDARY_BUS,
};

#define RID_SET_MAX 24

struct rid_set
{
    unsigned int n;                 /* ids[0] is the device's own */
    struct { moat_sbdf_t id; enum rid_why why; } ids[RID_SET_MAX];
    /* How interrupts are checked: exactly @msi_sid, or by bus range. */
    bool msi_bus_range;
    uint16_t msi_sid;
    /* Exactly, but for these bits of the function number: a device with
     * phantom functions may use them for interrupts, too (VT-d: SQ). */
    uint8_t msi_fn_ignore;          /* 0, 4, 6 or 7 */
    uint8_t msi_bus_first, msi_bus_last;
};

/*
 * All ids of @dev. Any context; reads nothing but its arguments.
 * 0, or with @set empty: -ENODEV: @dev, or the physical function of a virtual
 * one, is not in the snapshot; -ELOOP: the bridges above do not form a tree;
 * -E2BIG: more ids than a set holds; -EINVAL: a phantom stride that is none
 * of 0, 1, 2, 4. A device without a set is to be blocked (and said).
 *
 * A bridge's own set holds its id, which is in the sets of the devices below
 * it, too: a bridge that passes requests on makes none of its own, so it is
 * not to be counted as a member of a group that must be handed over whole.
 */
int rid_resolve(const struct rid_topo *topo, moat_sbdf_t dev,
                struct rid_set *set);
/* What is known of @dev; NULL: nothing. */
const struct rid_node *rid_find(const struct rid_topo *topo, moat_sbdf_t dev);
/* The bridge whose secondary..subordinate holds @bus most closely; NULL: none,
 * @bus is a root bus. */
const struct rid_node *rid_upstream(const struct rid_topo *topo,
                                    uint16_t segment, uint8_t bus);

/* ---- rid_peer.c ---- */

enum rid_peer
{
    RID_PEER_NONE,
    RID_PEER_FUNCTION,              /* of the same device */
    RID_PEER_SWITCH,                /* below the same switch */
};

/*
 * May one of @a and @b reach the other without passing the IOMMU? *@via: the
 * switch port that lets it. Any context; reads nothing but its arguments.
 */
enum rid_peer rid_peer(const struct rid_topo *topo, moat_sbdf_t a,
                       moat_sbdf_t b, moat_sbdf_t *via);
/* The buses on which rid_peer() may find anything for @dev; false: none. */
bool rid_peer_buses(const struct rid_topo *topo, moat_sbdf_t dev,
                    uint8_t *first, uint8_t *last);

/* Do the sets share an id (then the devices are one group)? */
bool rid_sets_overlap(const struct rid_set *a, const struct rid_set *b);

#endif /* MOAT_CORE_RID_H */
