/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Groups that change while their members live: a bridge that is found after
 * the devices below it gives them more ids, and the member that tied two
 * halves together may go. Both only while all concerned are dom0's, behind
 * its tables: then no entry that is in use changes.
 */

#include "device.h"
#include "intr.h"

static const char late_why[] = "the bridge above it was found after it, and "
                               "not all below are dom0's";

static bool set_has(const struct rid_set *set, moat_sbdf_t id)
{
    unsigned int i;

    for ( i = 0; i < set->n; i++ )
        if ( set->ids[i].id == id )
            return true;
    return false;
}

static bool group_is_home(const struct dev_group *g)
{
    const struct moat_device *m;

    if ( g->moving || (g->attached && g->cur != g->platform->home) )
        return false;
    for ( m = g->devs; m; m = m->group_next )
        if ( m->owner != g->platform->home || device_is_cut(m) )
            return false;
    return true;
}

/* ---- More ids ---- */

static bool grows(const struct moat_device *dev, const struct rid_set *now)
{
    unsigned int i;

    for ( i = 0; i < now->n; i++ )
        if ( !set_has(&dev->ids, now->ids[i].id) )
            return true;
    return false;
}

/* Can @dev have the ids of @now as well? Why not; NULL: yes. */
static const char *grow_conflict(const struct moat_device *dev,
                                 const struct rid_set *now)
{
    const struct rid_entry *e;
    unsigned int i, n = dev->ids.n;

    if ( !grows(dev, now) )
        return NULL;
    if ( !group_is_home(dev->group) )
        return late_why;
    for ( i = 0; i < now->n; i++ )
    {
        if ( set_has(&dev->ids, now->ids[i].id) )
            continue;
        e = registry_find_rid(dev->platform, now->ids[i].id);
        if ( e && (e->group->unit != dev->unit || e->ats_dev ||
                   !group_is_home(e->group)) )
            return late_why;
        n++;
    }
    if ( n > RID_SET_MAX )
        return "it has too many requester ids";
    return dev->ats_on ? "it caches addresses, and shares its ids since"
                       : NULL;
}

/* The regions of @id, in the tables before its requests are let through. */
static int grow_resv(struct moat_device *dev, moat_sbdf_t id)
{
    struct resv_ref *ref, **link;
    struct resv_region *r;
    int rc;

    for ( r = dev->platform->regions; r; r = r->next )
    {
        for ( link = &dev->resv; *link && (*link)->region != r; )
            link = &(*link)->next;
        if ( *link || !resv_region_has(r, id) )
            continue;
        ref = host_alloc(sizeof(*ref));
        if ( !ref )
            return -ENOMEM;
        ref->region = r;
        rc = dev->resv_held ? resv_get(dev->group->cur, r) : 0;
        if ( rc )
        {
            host_free(ref);
            return rc;
        }
        *link = ref;
    }
    return 0;
}

/* On failure its new ids are blocked, or not there, and it says so. */
static int grow(struct moat_device *dev, const struct rid_set *now)
{
    unsigned int i, n = dev->ids.n;
    int rc = 0;

    for ( i = 0; i < now->n && !rc; i++ )
    {
        if ( set_has(&dev->ids, now->ids[i].id) )
            continue;
        rc = registry_prepare(dev->platform, now->ids[i].id);
        if ( !rc )
            rc = grow_resv(dev, now->ids[i].id);
        if ( !rc )
            rc = group_add_id(dev, now->ids[i].id);
        if ( !rc )
            dev->ids.ids[dev->ids.n++] = now->ids[i];
    }
    dev->ids.msi_bus_range = now->msi_bus_range;
    dev->ids.msi_sid = now->msi_sid;
    dev->ids.msi_fn_ignore = now->msi_fn_ignore;
    dev->ids.msi_bus_first = now->msi_bus_first;
    dev->ids.msi_bus_last = now->msi_bus_last;
    if ( dev->group->attached && dev->ids.n != n )
        rc = rc ? rc : group_go_live(dev->group);
    if ( rc )
    {
        dev->denied = "ids that a bridge gave it later cannot be set up";
        host_log_err(MOAT_PRI_SBDF ": not assignable: %s (%d)",
                     MOAT_SBDF_ARG(dev->dev), dev->denied, rc);
    }
    if ( dev->ids.n != n )
        host_log_info(MOAT_PRI_SBDF ": %u more requester ids by a bridge "
                      "that was found after it, in group %u",
                      MOAT_SBDF_ARG(dev->dev), dev->ids.n - n,
                      dev->group->number);
    intr_device_prepare(dev);
    return rc;
}

/*
 * @dev is below a bridge that was added later. @act: take what that brings;
 * else only ask whether it can. True: it cannot.
 */
static bool below_one(struct moat_device *dev, bool act)
{
    struct rid_topo topo;
    struct rid_set now;
    const char *why;

    topo_get(dev->platform, &topo);
    if ( rid_resolve(&topo, dev->dev, &now) )
        why = "its requester ids cannot be told any more";
    else if ( dev->passive || !dev->group->entries )
    {
        if ( act && dev->passive )
            dev->ids = now;
        return false;
    }
    else
        why = grow_conflict(dev, &now);
    if ( !act )
        return why;

    if ( why )
    {
        if ( !dev->denied )
            host_log_err(MOAT_PRI_SBDF ": not assignable: %s",
                         MOAT_SBDF_ARG(dev->dev), why);
        dev->denied = why;
        return true;
    }
    if ( dev->denied == late_why )
        dev->denied = NULL;
    return grow(dev, &now);
}

/* All that is below a bridge: does any of it fail below_one()? */
static bool below_all(const struct moat_device *bridge, bool act)
{
    const struct rid_node *n = &bridge->node;
    const struct bus_table *table;
    unsigned int bus, devfn;
    bool bad = false;

    for ( bus = n->secondary; bus && bus <= n->subordinate; bus++ )
    {
        table = registry_bus(bridge->platform,
                             MOAT_SBDF(MOAT_SBDF_SEG(bridge->dev), bus, 0, 0));
        for ( devfn = 0; table && devfn < 256; devfn++ )
            if ( table->dev[devfn] && table->dev[devfn] != bridge )
                bad |= below_one(table->dev[devfn], act);
    }
    return bad;
}

static void deny_below(const struct moat_device *bridge)
{
    const struct rid_node *n = &bridge->node;
    struct moat_device *dev;

    for ( dev = bridge->platform->devices; dev; dev = dev->next )
    {
        if ( dev->passive || dev->denied || !dev->group->entries ||
             MOAT_SBDF_SEG(dev->dev) != MOAT_SBDF_SEG(bridge->dev) ||
             MOAT_SBDF_BUS(dev->dev) < n->secondary ||
             MOAT_SBDF_BUS(dev->dev) > n->subordinate )
            continue;
        dev->denied = late_why;
        host_log_err(MOAT_PRI_SBDF ": not assignable: %s",
                     MOAT_SBDF_ARG(dev->dev), dev->denied);
    }
}

void group_bridge_found(struct moat_device *bridge)
{
    bool late;

    if ( !bridge->passive || bridge->node.kind == RID_HOST_BRIDGE )
        return;
    /*
     * All or none: the bridge's id must not become dom0's while a guest's
     * device below sends under it.
     */
    late = below_all(bridge, false);
    if ( late )
        deny_below(bridge);
    else
        below_all(bridge, true);
    bridge->platform->n_late += late;
    bridge->platform->n_late -= bridge->late;
    bridge->late = late;
}

void group_retry_late(struct moat_platform *p)
{
    struct moat_device *dev;

    for ( dev = p->n_late ? p->devices : NULL; dev; dev = dev->next )
        if ( dev->late )
            group_bridge_found(dev);
}

/* ---- A member less ---- */

/* Mark who hangs together with the first; is there anyone who does not? */
static bool mark_connected(struct dev_group *g)
{
    struct moat_device *a, *b;
    bool grown = true, rest = false;

    for ( a = g->devs; a; a = a->group_next )
        a->mark = a == g->devs;
    while ( grown )
    {
        grown = rest = false;
        for ( a = g->devs; a; a = a->group_next )
        {
            for ( b = g->devs; b && !a->mark; b = b->group_next )
                if ( b->mark && rid_sets_overlap(&a->ids, &b->ids) )
                    a->mark = grown = true;
            rest |= !a->mark;
        }
    }
    return rest;
}

void group_split(struct dev_group *g)
{
    struct dev_group *rest;
    bool flush = false;

    if ( !g->attached || !group_is_home(g) )
        return;
    while ( mark_connected(g) )
    {
        rest = group_take_unmarked(g);
        if ( !rest )
            break;              /* they stay one, which is always safe */
        flush = true;
        if ( group_drain(g) )
            break;
        g = rest;
    }
    if ( flush )
        group_drain(g);
}
