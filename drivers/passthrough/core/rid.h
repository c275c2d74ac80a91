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
    uint8_t phantom_stride;         /* 0: none */
    uint8_t secondary, subordinate; /* bridges */
    bool is_virtfn;
    moat_sbdf_t physfn;
};

struct rid_alias                    /* dev's DMA also arrives as alias */
{
    moat_sbdf_t dev, alias;
};

struct rid_topo
{
    const struct rid_node *nodes;   /* ascending by dev */
    unsigned int n_nodes;
    const struct rid_alias *aliases;
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
    uint8_t msi_bus_first, msi_bus_last;
};

/*
 * -ENODEV: @dev is not in the snapshot; -ELOOP: the bridges above do not
 * form a tree; -E2BIG: more ids than a set holds (said by the caller).
 */
int rid_resolve(const struct rid_topo *topo, moat_sbdf_t dev,
                struct rid_set *set);
/* The bridge whose secondary..subordinate holds @bus most closely; NULL. */
const struct rid_node *rid_upstream(const struct rid_topo *topo,
                                    uint16_t segment, uint8_t bus);
/* Do the sets share an id (then the devices are one group)? */
bool rid_sets_overlap(const struct rid_set *a, const struct rid_set *b);

#endif /* MOAT_CORE_RID_H */
