/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Groups: devices that share a requester id. A group forms when its members
 * are added. If the member that tied two halves together is removed, they
 * part if both are dom0's then (group_late.c), else they stay one.
 */

#include "device.h"
#include "flush.h"

static struct rid_entry *entry_of(const struct moat_device *dev,
                                  unsigned int i)
{
    return registry_find_rid(dev->platform, dev->ids.ids[i].id);
}

static struct dev_group *group_new(struct moat_device *dev)
{
    struct dev_group *g = host_alloc(sizeof(*g));

    if ( !g )
        return NULL;
    g->platform = dev->platform;
    g->unit = dev->unit;
    g->number = dev->platform->next_group++ & 0x7fffffff;
    return g;
}

static void group_add_dev(struct dev_group *g, struct moat_device *dev)
{
    unsigned long flags = host_lock_irqsave(&g->platform->reg_lock);
    struct moat_device **link = &g->devs;

    while ( *link )
        link = &(*link)->group_next;
    dev->group_next = NULL;
    *link = dev;
    dev->group = g;
    host_unlock_irqrestore(&g->platform->reg_lock, flags);
}

static void group_del_dev(struct moat_device *dev)
{
    unsigned long flags = host_lock_irqsave(&dev->platform->reg_lock);
    struct moat_device **link = &dev->group->devs;

    while ( *link && *link != dev )
        link = &(*link)->group_next;
    if ( *link )
        *link = dev->group_next;
    dev->group_next = NULL;
    host_unlock_irqrestore(&dev->platform->reg_lock, flags);
}

static void group_free(struct dev_group *g)
{
    if ( g->quar )
        quar_drop(g);
    host_free(g);
}

/*
 * Can @dev join the group of @e? Only one that its owner-to-be holds as a
 * whole: else the newcomer would be behind another owner's tables at once.
 */
static const char *join_conflict(const struct moat_device *dev,
                                 const struct rid_entry *e)
{
    const struct dev_group *g = e->group;

    if ( g->unit != dev->unit )
        return "shares a requester id with a device of another unit";
    if ( g->moving || (g->attached && g->cur != dev->owner) )
        return "shares a requester id with a device that was given away: "
               "blocked until it is added again";
    if ( e->ats_dev )
        return "shares a requester id with a device that caches addresses";
    return NULL;
}

/* Requests under a bridge's id are blocked while a guest's may be among. */
static const char *under_late_bridge(const struct moat_device *dev,
                                     unsigned int i)
{
    const struct moat_device *bridge = registry_find(dev->platform,
                                                     dev->ids.ids[i].id);

    return bridge && bridge->late
           ? "is below a bridge that was found after a guest's device: "
             "blocked until it is added again" : NULL;
}

/* Two groups of one owner become one. */
static void group_merge(struct dev_group *to, struct dev_group *from)
{
    struct did_drain drain;
    struct moat_device *dev;
    struct rid_entry **link, *e;
    unsigned long flags;

    if ( from->quar )
        quar_drop(from);
    if ( to->quar )
        quar_drop(to);
    while ( (dev = from->devs) != NULL )
    {
        group_del_dev(dev);
        group_add_dev(to, dev);
    }
    flags = host_lock_irqsave(&to->platform->reg_lock);
    for ( e = from->entries; e; e = e->next )
        e->group = to;
    host_unlock_irqrestore(&to->platform->reg_lock, flags);
    for ( link = &to->entries; *link; link = &(*link)->next )
        continue;
    *link = from->entries;
    from->entries = NULL;

    if ( from->attached && to->attached )
    {
        /* One of two references: never the last. */
        did_put(to->unit, to->cur, &drain);
        to->cur->n_refs--;
    }
    else if ( from->attached )
    {
        group_set_cur(to, from->cur, &from->now);
    }
    if ( from->number < to->number )
        to->number = from->number;
    group_free(from);
}

/* Blocked, alone in a group without entries. */
static int enter_alone(struct moat_device *dev, const char *why)
{
    struct dev_group *g = group_new(dev);

    if ( !g )
        return -ENOMEM;
    if ( why )
    {
        host_log_err(MOAT_PRI_SBDF ": %s", MOAT_SBDF_ARG(dev->dev), why);
        if ( !dev->denied )
            dev->denied = why;
    }
    group_add_dev(g, dev);
    return 0;
}

static int add_entry(struct moat_device *dev, struct dev_group *g,
                     moat_sbdf_t id)
{
    struct rid_entry *e = registry_find_rid(dev->platform, id), **link;

    if ( e )
    {
        e->users++;
        return 0;
    }
    e = host_alloc(sizeof(*e));
    if ( !e )
        return -ENOMEM;
    e->id = id;
    e->group = g;
    e->users = 1;
    /* A TLB of its own only where no other device can be meant. */
    if ( dev->ats_pos && dev->unit->caps.devtlb && dev->unit->queue_on &&
         dev->ids.n == 1 &&
         (!dev->unit->ops->devtlb_allowed ||
          dev->unit->ops->devtlb_allowed(dev->unit, dev->dev)) )
    {
        e->ats_dev = dev;
        dev->ats_on = true;
    }
    for ( link = &g->entries; *link; link = &(*link)->next )
        continue;
    *link = e;
    registry_set_rid(dev->platform, id, e);
    return 0;
}

static void drop_entry(struct moat_device *dev, moat_sbdf_t id)
{
    struct rid_entry *e = registry_find_rid(dev->platform, id), **link;

    if ( !e || e->group != dev->group || --e->users )
        return;
    link = &e->group->entries;
    while ( *link != e )
        link = &(*link)->next;
    *link = e->next;
    registry_set_rid(dev->platform, id, NULL);
    host_free(e);
}

int group_add_id(struct moat_device *dev, moat_sbdf_t id)
{
    const struct rid_entry *e = registry_find_rid(dev->platform, id);

    if ( e && e->group != dev->group )
        group_merge(dev->group, e->group);
    else if ( dev->group->quar )
        quar_drop(dev->group);
    return add_entry(dev, dev->group, id);
}

/* Entries that say they are another group's go there. */
static void sort_entries(struct dev_group *from, struct dev_group *g)
{
    struct rid_entry **link = &from->entries, **tail = &g->entries, *e;

    while ( (e = *link) != NULL )
    {
        if ( e->group == from )
        {
            link = &e->next;
            continue;
        }
        *link = e->next;
        e->next = NULL;
        *tail = e;
        tail = &e->next;
    }
}

struct dev_group *group_take_unmarked(struct dev_group *from)
{
    struct moat_device *dev = from->devs, *next;
    struct dev_group *g;
    struct hw_entry same = from->now;
    unsigned long flags;
    unsigned int i;

    while ( dev->mark )
        dev = dev->group_next;
    g = group_new(dev);
    if ( !g || did_get(from->unit, from->cur, &same.did) )
    {
        host_free(g);
        return NULL;
    }
    from->cur->n_refs++;
    group_set_cur(g, from->cur, &same);
    if ( from->quar )
        quar_drop(from);
    for ( ; dev; dev = next )
    {
        next = dev->group_next;
        if ( dev->mark )
            continue;
        group_del_dev(dev);
        group_add_dev(g, dev);
        flags = host_lock_irqsave(&g->platform->reg_lock);
        for ( i = 0; i < dev->ids.n; i++ )
            entry_of(dev, i)->group = g;
        host_unlock_irqrestore(&g->platform->reg_lock, flags);
    }
    sort_entries(from, g);
    return g;
}

int group_enter(struct moat_device *dev)
{
    struct dev_group *g = NULL;
    const struct rid_entry *e;
    const char *why = NULL;
    unsigned int i;
    int rc = 0;

    if ( dev->passive || !dev->unit || dev->unit->ignored ||
         unit_state(dev->unit) == UNIT_DEAD || !dev->ids.n )
        return enter_alone(dev, NULL);

    for ( i = 0; i < dev->ids.n && !why; i++ )
    {
        e = entry_of(dev, i);
        why = e ? join_conflict(dev, e) : under_late_bridge(dev, i);
        rc = rc ? rc : registry_prepare(dev->platform, dev->ids.ids[i].id);
    }
    if ( rc )
        return rc;
    if ( why )
        return enter_alone(dev, why);

    for ( i = 0; i < dev->ids.n; i++ )
    {
        e = entry_of(dev, i);
        if ( !e || e->group == g )
            continue;
        if ( g )
            group_merge(g, e->group);
        else
            g = e->group;
    }
    /* What quarantine of the group needs has changed. */
    if ( g && g->quar )
        quar_drop(g);
    if ( !g )
        g = group_new(dev);
    if ( !g )
        return -ENOMEM;
    group_add_dev(g, dev);

    for ( i = 0; i < dev->ids.n && !rc; i++ )
        rc = add_entry(dev, g, dev->ids.ids[i].id);
    if ( rc )
    {
        /* The last one tried was not added. */
        for ( i--; i-- > 0; )
            drop_entry(dev, dev->ids.ids[i].id);
        group_del_dev(dev);
        if ( !g->devs )
            group_free(g);
        dev->group = NULL;
    }
    return rc;
}

void group_leave(struct moat_device *dev)
{
    struct dev_group *g = dev->group;
    unsigned int i;

    for ( i = 0; g->entries && i < dev->ids.n; i++ )
        drop_entry(dev, dev->ids.ids[i].id);
    group_del_dev(dev);
    dev->group = NULL;
    if ( !g->devs )
        group_free(g);
}

/* ---- Behind the tables, and out again ---- */

/* The group's first member: references for all, entries follow. */
static int attach_first(struct dev_group *g, struct moat_domain *d)
{
    struct hw_entry e;
    int rc = domain_entry(d, g->unit, &e);

    if ( !rc )
        rc = did_get(g->unit, d, &e.did);
    if ( rc )
        return rc;
    group_set_cur(g, d, &e);
    d->n_refs++;
    return 0;
}

static void detach_last(struct dev_group *g)
{
    struct moat_domain *d = g->cur;

    group_set_cur(g, NULL, NULL);
    group_refs_put(g, d);
}

int group_go_live(struct dev_group *g)
{
    static const struct hw_entry none;
    struct rid_entry *e;
    int rc = 0;

    for ( e = g->entries; e && !rc; e = e->next )
    {
        if ( e->now.kind != HW_ENTRY_NONE )
            continue;
        rc = g->unit->ops->entry_prepare(g->unit, MOAT_SBDF_RID(e->id));
        if ( !rc )
            rc = entry_set(e, &g->now, g->cur);
    }
    return rc ? rc : group_flush(g, &none, NULL);
}

int group_drain(struct dev_group *g)
{
    const struct hw_entry now = g->now;

    return group_flush(g, &now, NULL);
}

int group_attach(struct moat_device *dev)
{
    struct dev_group *g = dev->group;
    bool first = !g->attached;
    int rc = first ? attach_first(g, dev->owner) : 0;

    if ( rc )
        return rc;
    rc = device_resv_get(dev, g->cur);
    if ( rc )
        goto undo;
    dev->resv_held = true;

    rc = group_go_live(g);
    if ( !rc )
    {
        ats_enable(dev);
        return 0;
    }
    /* Its unit died, and knows nothing of this device yet. */
    if ( rc == -EIO && !bus_master_off(dev->dev) )
        host_bug(MOAT_PRI_SBDF ": its bus mastering cannot be switched off",
                 MOAT_SBDF_ARG(dev->dev));
    group_detach(dev);
    return rc;

 undo:
    if ( first )
        detach_last(g);
    return rc;
}

/* Is @e an id that nobody but @dev can send? */
static bool only_of(const struct moat_device *dev, const struct rid_entry *e)
{
    unsigned int i;

    if ( e->users != 1 )
        return false;
    for ( i = 0; i < dev->ids.n; i++ )
        if ( dev->ids.ids[i].id == e->id )
            return true;
    return false;
}

void group_detach(struct moat_device *dev)
{
    static const struct hw_entry none;
    struct dev_group *g = dev->group;
    struct moat_domain *d = g->cur;
    struct hw_entry old = g->now;
    struct rid_entry *e;
    bool any = false;

    if ( !g->attached )
        return;
    ats_disable(dev);
    for ( e = g->entries; e; e = e->next )
    {
        if ( e->now.kind == HW_ENTRY_NONE || !only_of(dev, e) )
            continue;
        /* Not what we left there: nothing of ours is behind it. */
        if ( entry_set(e, &none, NULL) )
            memset(&e->now, 0, sizeof(e->now));
        any = true;
    }
    /* A failure has cut the device off, and is reported. */
    if ( any && group_flush(g, &old, d) )
        host_log_err(MOAT_PRI_SBDF ": removed from a unit that does not "
                     "answer", MOAT_SBDF_ARG(dev->dev));

    if ( dev->resv_held && d != g->quar )
        device_resv_put(dev, d);
    if ( g->quar )
        device_resv_put(dev, g->quar);
    dev->resv_held = false;
    if ( g->devs == dev && !dev->group_next )
        detach_last(g);
}

void group_forget_hw(struct dev_group *g)
{
    static const struct hw_entry none;
    struct did_drain drain;
    struct moat_device *dev;
    struct rid_entry *e;

    if ( !g->attached )
        return;
    for ( e = g->entries; e; e = e->next )
    {
        entry_ats_forget(e, g->cur);
        e->now = none;
    }
    for ( dev = g->devs; dev; dev = dev->group_next )
    {
        if ( dev->resv_held && g->cur != g->quar )
            device_resv_put(dev, g->cur);
        dev->resv_held = false;
    }
    if ( g->cur != g->quar )
    {
        did_put(g->unit, g->cur, &drain);
        did_drained(&drain, true);
        g->cur->n_refs--;
    }
    group_set_cur(g, NULL, NULL);
}
