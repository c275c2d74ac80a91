/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requester ids: PCI Express to PCI/PCI-X Bridge specification 1.0, 2.3;
 * PCI Express Base specification 2.2.6.2 and 6.28 (phantom functions);
 * VT-d specification 4.1, 3.4.1 and 5.1.
 *
 * What a bridge does to the ids of requests from below, and what is added to
 * a device's set for it on the way up:
 *
 *   PCIe port               passes them on                     nothing
 *   PCIe to PCI             its own or secondary:00.0; keeps   both
 *                           them only if PCI-X comes in
 *   PCI to PCI              on a root bus: its own             its own (and
 *                           the other, where that is known)    both)
 *                           elsewhere: as PCIe to PCI          both
 *   PCI to PCIe (reverse)   its own                            its own
 *
 * An id too many costs an entry that no request uses; one too few lets
 * requests through under another owner. Where bridges differ, all are taken.
 */
#include "rid.h"

/* Index of the first node not below @dev. */
static unsigned int lower_bound(const struct rid_topo *topo, moat_sbdf_t dev)
{
    unsigned int lo = 0, hi = topo->n_nodes;

    while ( lo < hi )
    {
        unsigned int mid = lo + (hi - lo) / 2;

        if ( topo->nodes[mid].dev < dev )
            lo = mid + 1;
        else
            hi = mid;
    }

    return lo;
}

const struct rid_node *rid_find(const struct rid_topo *topo,
                                moat_sbdf_t dev)
{
    unsigned int i = lower_bound(topo, dev);

    return i < topo->n_nodes && topo->nodes[i].dev == dev ? &topo->nodes[i]
                                                          : NULL;
}

/* Secondary bus 0 is what a bridge has before anybody set it up. */
static bool holds(const struct rid_node *n, uint8_t bus)
{
    switch ( n->kind )
    {
    case RID_PCIE_BRIDGE:
    case RID_PCIE_TO_PCI:
    case RID_PCI_TO_PCIE:
    case RID_LEGACY_BRIDGE:
        return n->secondary && n->secondary <= bus && bus <= n->subordinate;
    default:
        return false;
    }
}

const struct rid_node *rid_upstream(const struct rid_topo *topo,
                                    uint16_t segment, uint8_t bus)
{
    const struct rid_node *n, *best = NULL;
    unsigned int i = lower_bound(topo, MOAT_SBDF(segment, 0, 0, 0));

    for ( ; i < topo->n_nodes; i++ )
    {
        n = &topo->nodes[i];
        if ( MOAT_SBDF_SEG(n->dev) != segment )
            break;
        if ( !holds(n, bus) )
            continue;
        if ( !best || n->secondary > best->secondary ||
             (n->secondary == best->secondary &&
              n->subordinate < best->subordinate) )
            best = n;
    }

    return best;
}

/*
 * Is @bridge the one way up from @bus? It must sit on a lower bus than those
 * it leads to, and whichever other bridge claims @bus must be above it.
 */
static bool is_tree(const struct rid_topo *topo,
                    const struct rid_node *bridge, uint8_t bus)
{
    uint16_t segment = MOAT_SBDF_SEG(bridge->dev);
    uint8_t above = MOAT_SBDF_BUS(bridge->dev);
    unsigned int i = lower_bound(topo, MOAT_SBDF(segment, 0, 0, 0));

    if ( above >= bridge->secondary )
        return false;

    for ( ; i < topo->n_nodes; i++ )
    {
        const struct rid_node *n = &topo->nodes[i];

        if ( MOAT_SBDF_SEG(n->dev) != segment )
            break;
        if ( n != bridge && holds(n, bus) && !holds(n, above) )
            return false;
    }

    return true;
}

static int add(struct rid_set *set, moat_sbdf_t id, enum rid_why why)
{
    unsigned int i;

    for ( i = 0; i < set->n; i++ )
        if ( set->ids[i].id == id )
            return 0;

    if ( set->n == RID_SET_MAX )
        return -E2BIG;

    set->ids[set->n].id = id;
    set->ids[set->n].why = why;
    set->n++;

    return 0;
}

/*
 * The device and its phantom functions. These take over the high bits of the
 * function number, so a function that uses those bits itself has none.
 */
static int add_functions(const struct rid_node *node, struct rid_set *set)
{
    unsigned int stride = node->phantom_stride;
    unsigned int fn = MOAT_SBDF_FN(node->dev), f;
    int rc = add(set, node->dev, RID_SELF);

    if ( stride && stride != 1 && stride != 2 && stride != 4 )
        return -EINVAL;
    if ( !stride || fn >= stride )
        return rc;

    for ( f = fn + stride; !rc && f < 8; f += stride )
        rc = add(set, node->dev - fn + f, RID_PHANTOM);

    set->msi_fn_ignore = 8 - stride;
    return rc;
}

/* What a bridge adds to the set of a device below; @up is above it, or NULL. */
static int add_bridge(const struct rid_node *bridge,
                      const struct rid_node *up, struct rid_set *set)
{
    moat_sbdf_t first = MOAT_SBDF(MOAT_SBDF_SEG(bridge->dev),
                                  bridge->secondary, 0, 0);
    int rc;

    if ( bridge->kind == RID_PCIE_BRIDGE )
        return 0;

    rc = add(set, bridge->dev, RID_BRIDGE);
    if ( !rc && (bridge->kind == RID_PCIE_TO_PCI ||
                 (bridge->kind == RID_LEGACY_BRIDGE &&
                  (up || bridge->both_ids))) )
        rc = add(set, first, RID_SECONDARY_BUS);

    return rc;
}

/*
 * Message interrupts are memory writes: they carry the ids that the topmost
 * bridge between conventional PCI and the root complex gives them (XSA-33),
 * and always some check applies (XSA-49).
 */
static void set_msi_source(const struct rid_node *owner,
                           const struct rid_node *up, struct rid_set *set)
{
    set->msi_fn_ignore = 0;

    if ( owner->kind == RID_PCIE_TO_PCI )
    {
        set->msi_bus_range = true;
        set->msi_bus_first = owner->secondary;
        set->msi_bus_last = owner->subordinate;
    }
    else if ( owner->kind == RID_LEGACY_BRIDGE && up &&
              up->kind == RID_PCIE_BRIDGE )
    {
        /*
         * Below a PCIe port it is a PCIe to PCI bridge that does not say
         * so. Which of the two ids it uses is not to be known; its own bus
         * is a link that leads to nothing else.
         */
        set->msi_bus_range = true;
        set->msi_bus_first = MOAT_SBDF_BUS(owner->dev);
        set->msi_bus_last = owner->subordinate;
    }
    else
        set->msi_sid = MOAT_SBDF_RID(owner->dev);
}

/* All that the bridges above @bus add. */
static int climb(const struct rid_topo *topo, uint16_t segment, uint8_t bus,
                 struct rid_set *set)
{
    const struct rid_node *bridge, *up, *owner = NULL, *owner_up = NULL;
    int rc = 0;

    /* Ends: is_tree() makes every step lead to a lower bus. */
    for ( bridge = rid_upstream(topo, segment, bus); bridge && !rc;
          bridge = up )
    {
        if ( !is_tree(topo, bridge, bus) )
            return -ELOOP;

        bus = MOAT_SBDF_BUS(bridge->dev);
        up = rid_upstream(topo, segment, bus);
        rc = add_bridge(bridge, up, set);

        if ( bridge->kind != RID_PCIE_BRIDGE )
        {
            owner = bridge;
            owner_up = up;
        }
    }

    if ( owner )
        set_msi_source(owner, owner_up, set);

    return rc;
}

/* Index of the first alias of @dev, if it has any. */
static unsigned int first_alias(const struct rid_topo *topo, moat_sbdf_t dev)
{
    unsigned int lo = 0, hi = topo->n_aliases;

    while ( lo < hi )
    {
        unsigned int mid = lo + (hi - lo) / 2;

        if ( topo->aliases[mid].dev < dev )
            lo = mid + 1;
        else
            hi = mid;
    }

    return lo;
}

/*
 * Aliases of whatever really emits: the device, its phantom functions, the
 * bridges above. Secondary:00.0 may be a neighbour, whose aliases are its own.
 */
static int add_aliases(const struct rid_topo *topo, struct rid_set *set)
{
    unsigned int n = set->n, i, j;
    int rc = 0;

    for ( i = 0; i < n; i++ )
    {
        if ( set->ids[i].why == RID_SECONDARY_BUS )
            continue;
        for ( j = first_alias(topo, set->ids[i].id);
              !rc && j < topo->n_aliases &&
              topo->aliases[j].dev == set->ids[i].id; j++ )
            rc = add(set, topo->aliases[j].alias, RID_ALIAS);
    }

    return rc;
}

int rid_resolve(const struct rid_topo *topo, moat_sbdf_t dev,
                struct rid_set *set)
{
    const struct rid_node *node = rid_find(topo, dev), *place = node;
    int rc;

    memset(set, 0, sizeof(*set));

    /* A virtual function's bus need not be any bridge's: it is on the link
     * of its physical function. */
    if ( node && node->is_virtfn )
        place = rid_find(topo, node->physfn);
    if ( !place )
        return -ENODEV;

    set->msi_sid = MOAT_SBDF_RID(dev);
    rc = add_functions(node, set);
    if ( !rc )
        rc = climb(topo, MOAT_SBDF_SEG(place->dev),
                   MOAT_SBDF_BUS(place->dev), set);
    if ( !rc )
        rc = add_aliases(topo, set);
    if ( rc )
        memset(set, 0, sizeof(*set));

    return rc;
}

bool rid_sets_overlap(const struct rid_set *a, const struct rid_set *b)
{
    unsigned int i, j;

    for ( i = 0; i < a->n; i++ )
        for ( j = 0; j < b->n; j++ )
            if ( a->ids[i].id == b->ids[j].id )
                return true;

    return false;
}
