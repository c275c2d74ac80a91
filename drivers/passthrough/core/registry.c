/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is where: devices and requester ids by number, and the snapshot of the
 * topology that rid_resolve() works on.
 */

#include "device.h"

static struct bus_table *find_bus(const struct moat_platform *p,
                                  moat_sbdf_t id)
{
    const struct seg_table *s;

    for ( s = p->segs[MOAT_SBDF_SEG(id) % SEG_HASH]; s; s = s->next )
        if ( s->segment == MOAT_SBDF_SEG(id) )
            return s->bus[MOAT_SBDF_BUS(id)];
    return NULL;
}

const struct bus_table *registry_bus(const struct moat_platform *p,
                                     moat_sbdf_t id)
{
    return find_bus(p, id);
}

struct moat_device *registry_find(struct moat_platform *p, moat_sbdf_t dev)
{
    const struct bus_table *b = find_bus(p, dev);

    return b ? b->dev[MOAT_SBDF_DEVFN(dev)] : NULL;
}

struct rid_entry *registry_find_rid(struct moat_platform *p, moat_sbdf_t id)
{
    const struct bus_table *b = find_bus(p, id);

    return b ? b->rid[MOAT_SBDF_DEVFN(id)] : NULL;
}

struct moat_device *moat_device_find(struct moat_platform *p,
                                     moat_sbdf_t dev)
{
    return registry_find(p, dev);
}

int registry_prepare(struct moat_platform *p, moat_sbdf_t id)
{
    struct seg_table **list = &p->segs[MOAT_SBDF_SEG(id) % SEG_HASH];
    struct seg_table *s, *fresh = NULL;
    struct bus_table *b;
    unsigned long flags;

    for ( s = *list; s && s->segment != MOAT_SBDF_SEG(id); s = s->next )
        continue;
    if ( s && s->bus[MOAT_SBDF_BUS(id)] )
        return 0;
    b = host_alloc(sizeof(*b));
    if ( !s )
    {
        s = fresh = host_alloc(sizeof(*s));
        if ( fresh )
            fresh->segment = MOAT_SBDF_SEG(id);
    }
    if ( !b || !s )
    {
        host_free(b);
        host_free(fresh);
        return -ENOMEM;
    }

    flags = host_lock_irqsave(&p->reg_lock);
    s->bus[MOAT_SBDF_BUS(id)] = b;
    if ( fresh )
    {
        fresh->next = *list;
        *list = fresh;
    }
    host_unlock_irqrestore(&p->reg_lock, flags);
    return 0;
}

void registry_set_dev(struct moat_platform *p, moat_sbdf_t id,
                      struct moat_device *dev)
{
    struct bus_table *b = find_bus(p, id);
    unsigned long flags = host_lock_irqsave(&p->reg_lock);
    struct moat_device *old = b->dev[MOAT_SBDF_DEVFN(id)];

    if ( old )
    {
        *old->link = old->next;
        if ( old->next )
            old->next->link = old->link;
        else
            p->devices_end = old->link;
    }
    if ( dev )
    {
        dev->next = NULL;
        dev->link = p->devices_end ? p->devices_end : &p->devices;
        *dev->link = dev;
        p->devices_end = &dev->next;
    }
    b->dev[MOAT_SBDF_DEVFN(id)] = dev;
    host_unlock_irqrestore(&p->reg_lock, flags);
}

void registry_set_rid(struct moat_platform *p, moat_sbdf_t id,
                      struct rid_entry *e)
{
    struct bus_table *b = find_bus(p, id);
    unsigned long flags = host_lock_irqsave(&p->reg_lock);

    if ( b )
        b->rid[MOAT_SBDF_DEVFN(id)] = e;
    host_unlock_irqrestore(&p->reg_lock, flags);
}

/* The units are off: nothing below is in use by hardware. */
void registry_free(struct moat_platform *p)
{
    struct moat_device *dev;
    struct seg_table *s;
    struct resv_ref *ref;
    unsigned int i, n;

    host_devices_lock();
    while ( (dev = p->devices) != NULL )
    {
        group_forget_hw(dev->group);
        group_leave(dev);
        registry_set_dev(p, dev->dev, NULL);
        while ( (ref = dev->resv) != NULL )
        {
            dev->resv = ref->next;
            host_free(ref);
        }
        if ( dev->owner )
            dev->owner->n_refs--;
        device_hold(dev, false);
        host_free(dev);
    }
    host_devices_unlock();
    for ( n = 0; n < SEG_HASH; n++ )
        while ( (s = p->segs[n]) != NULL )
        {
            p->segs[n] = s->next;
            for ( i = 0; i < ARRAY_SIZE(s->bus); i++ )
                host_free(s->bus[i]);
            host_free(s);
        }
    host_free(p->nodes);
    host_free(p->aliases);
    p->nodes = NULL;
    p->aliases = NULL;
    p->n_nodes = p->n_aliases = p->cap_nodes = p->cap_aliases = 0;
}

/* ---- Topology ---- */

int topo_insert(struct moat_platform *p, const struct rid_node *node)
{
    struct rid_node *bigger;
    unsigned int i;

    if ( p->n_nodes == p->cap_nodes )
    {
        bigger = host_alloc((p->cap_nodes * 2 + 32) * sizeof(*bigger));
        if ( !bigger )
            return -ENOMEM;
        if ( p->n_nodes )
            memcpy(bigger, p->nodes, p->n_nodes * sizeof(*bigger));
        host_free(p->nodes);
        p->nodes = bigger;
        p->cap_nodes = p->cap_nodes * 2 + 32;
    }
    for ( i = p->n_nodes; i && p->nodes[i - 1].dev > node->dev; i-- )
        p->nodes[i] = p->nodes[i - 1];
    p->nodes[i] = *node;
    p->n_nodes++;
    return 0;
}

void topo_update(struct moat_platform *p, const struct rid_node *node)
{
    unsigned int i;

    for ( i = 0; i < p->n_nodes; i++ )
        if ( p->nodes[i].dev == node->dev )
            p->nodes[i] = *node;
}

void topo_remove(struct moat_platform *p, moat_sbdf_t dev)
{
    unsigned int i, to = 0;

    for ( i = 0; i < p->n_nodes; i++ )
        if ( p->nodes[i].dev != dev )
            p->nodes[to++] = p->nodes[i];
    p->n_nodes = to;
    for ( i = to = 0; i < p->n_aliases; i++ )
        if ( p->aliases[i].dev != dev )
            p->aliases[to++] = p->aliases[i];
    p->n_aliases = to;
}

int topo_add_alias(struct moat_platform *p, moat_sbdf_t dev,
                   moat_sbdf_t alias)
{
    struct rid_alias *bigger;
    unsigned int i;

    if ( p->n_aliases == p->cap_aliases )
    {
        bigger = host_alloc((p->cap_aliases * 2 + 8) * sizeof(*bigger));
        if ( !bigger )
            return -ENOMEM;
        if ( p->n_aliases )
            memcpy(bigger, p->aliases, p->n_aliases * sizeof(*bigger));
        host_free(p->aliases);
        p->aliases = bigger;
        p->cap_aliases = p->cap_aliases * 2 + 8;
    }
    for ( i = p->n_aliases; i && p->aliases[i - 1].dev > dev; i-- )
        p->aliases[i] = p->aliases[i - 1];
    p->aliases[i].dev = dev;
    p->aliases[i].alias = alias;
    p->n_aliases++;
    return 0;
}

void topo_get(const struct moat_platform *p, struct rid_topo *topo)
{
    topo->nodes = p->nodes;
    topo->n_nodes = p->n_nodes;
    topo->aliases = p->aliases;
    topo->n_aliases = p->n_aliases;
}
