/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests that never come to the IOMMU: PCI Express Base specification 6.12
 * (access control services).
 *
 *   functions of one device     may reach each other inside it
 *   devices below one switch    a downstream port may pass requests on to
 *                               its neighbours
 *
 * unless the function, or the port, sends such requests up to the root
 * complex. What is integrated there, virtual functions among themselves (whose
 * device has to have these services if it could do otherwise) and root ports
 * (where it is the chipset's to tell) are not counted.
 */
#include "rid.h"

/* The next bridge up from *@bus, which becomes the bridge's own; NULL: none,
 * or no tree. */
static const struct rid_node *climb(const struct rid_topo *topo,
                                    uint16_t segment, uint8_t *bus)
{
    const struct rid_node *up = rid_upstream(topo, segment, *bus);

    if ( !up || MOAT_SBDF_BUS(up->dev) >= *bus )
        return NULL;
    *bus = MOAT_SBDF_BUS(up->dev);
    return up;
}

static bool leads_to(const struct rid_node *bridge, uint8_t bus)
{
    return bridge->secondary && bridge->secondary <= bus &&
           bus <= bridge->subordinate;
}

/* By way of a downstream port above @from that does not send requests up. */
static bool past_switch(const struct rid_topo *topo, moat_sbdf_t from,
                        moat_sbdf_t to, moat_sbdf_t *via)
{
    const struct rid_node *port, *up;
    uint16_t segment = MOAT_SBDF_SEG(from);
    uint8_t bus = MOAT_SBDF_BUS(from), above;

    while ( (port = climb(topo, segment, &bus)) != NULL )
    {
        above = bus;
        if ( !port->switch_down || port->redirects ||
             leads_to(port, MOAT_SBDF_BUS(to)) )
            continue;
        up = climb(topo, segment, &above);
        if ( up && leads_to(up, MOAT_SBDF_BUS(to)) )
        {
            *via = port->dev;
            return true;
        }
    }
    return false;
}

enum rid_peer rid_peer(const struct rid_topo *topo, moat_sbdf_t a,
                       moat_sbdf_t b, moat_sbdf_t *via)
{
    const struct rid_node *x = rid_find(topo, a), *y = rid_find(topo, b);

    *via = 0;
    if ( x && x->is_virtfn )
        x = rid_find(topo, x->physfn);
    if ( y && y->is_virtfn )
        y = rid_find(topo, y->physfn);
    if ( !x || !y || x == y || MOAT_SBDF_SEG(x->dev) != MOAT_SBDF_SEG(y->dev) )
        return RID_PEER_NONE;

    if ( (x->dev ^ y->dev) <= 7 )
        return x->kind == RID_ENDPOINT && y->kind == RID_ENDPOINT &&
               !x->integrated && !y->integrated &&
               x->dev == a && y->dev == b &&
               !(x->redirects && y->redirects) &&
               rid_upstream(topo, MOAT_SBDF_SEG(a), MOAT_SBDF_BUS(a))
               ? RID_PEER_FUNCTION : RID_PEER_NONE;
    /* On one link: whatever is above, neither goes there for the other. */
    if ( MOAT_SBDF_BUS(x->dev) == MOAT_SBDF_BUS(y->dev) )
        return RID_PEER_NONE;
    return past_switch(topo, x->dev, y->dev, via) ||
           past_switch(topo, y->dev, x->dev, via)
           ? RID_PEER_SWITCH : RID_PEER_NONE;
}

bool rid_peer_buses(const struct rid_topo *topo, moat_sbdf_t dev,
                    uint8_t *first, uint8_t *last)
{
    const struct rid_node *node = rid_find(topo, dev), *port, *up;
    uint8_t bus, above;
    bool any = false;

    if ( node && node->is_virtfn )
        node = rid_find(topo, node->physfn);
    if ( !node )
        return false;
    bus = MOAT_SBDF_BUS(node->dev);
    *first = *last = bus;
    while ( (port = climb(topo, MOAT_SBDF_SEG(dev), &bus)) != NULL )
    {
        any = true;
        above = bus;
        up = port->switch_down ? climb(topo, MOAT_SBDF_SEG(dev), &above)
                               : NULL;
        if ( !up )
            continue;
        *first = up->secondary;
        *last = up->subordinate;
    }
    return any;
}
