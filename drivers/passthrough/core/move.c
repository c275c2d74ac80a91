/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes of owner.
 *
 *          +---------- dom0 <--------+
 *          |                         |
 *          v                         |
 *      quarantine  <----------->  guest A, guest B, ...
 *
 * Between dom0 or a guest and another guest both hops are made. Each hop:
 * references in the target (ids, tables, regions), entries swapped in one
 * store each, the old owner flushed, its references dropped. At every instant
 * a device that can issue DMA is behind tables with its reserved regions.
 */

#include "device.h"
#include "flush.h"

/* What a move is at, for move_say(): "failed when ...". */
#define STEP_ALLOWED    "asked whether it may change hands"
#define STEP_GROUP      "asked who uses the same requester ids"
#define STEP_SHARED     "asked who uses the same reserved memory"
#define STEP_QUARANTINE "its quarantine was built"
#define STEP_REFS       "ids, tables and reserved regions were taken"
#define STEP_SWAP       "its entries were swapped"
#define STEP_FLUSH      "the old owner's translations were flushed"

static void set_owner(struct moat_device *dev, struct moat_domain *d)
{
    struct moat_domain *old = dev->owner;
    unsigned long flags;

    if ( d )
        d->n_refs++;
    flags = host_lock_irqsave(&dev->platform->reg_lock);
    dev->owner = d;
    host_unlock_irqrestore(&dev->platform->reg_lock, flags);
    if ( old )
        old->n_refs--;
}

/* Steps 3 and 4: the entries have left @from, where they said @old. */
static int leave(struct dev_group *g, struct moat_domain *from,
                 const struct hw_entry *old)
{
    struct did_drain drain = { .last = false };
    struct moat_device *dev;
    int rc;

    g->step = STEP_FLUSH;
    /* The flush below is by this very id: if it drains, this drains it. */
    if ( from != g->quar )
        did_put(g->unit, from, &drain);
    rc = group_flush(g, old, from);
    if ( from == g->quar )
        return rc;
    did_drained(&drain, unit_state(g->unit) != UNIT_DEAD);
    for ( dev = g->devs; dev; dev = dev->group_next )
        if ( dev->resv_held )
            device_resv_put(dev, from);
    from->n_refs--;
    return rc;
}

/* One hop. */
static int hop(struct dev_group *g, struct moat_domain *to)
{
    struct moat_domain *from = g->cur;
    const struct hw_entry old = g->now;
    struct hw_entry e;
    int rc;

    g->step = STEP_REFS;
    rc = group_refs_get(g, to, &e);
    if ( rc )
        return rc;
    g->step = STEP_SWAP;
    rc = group_swap(g, &e, to);
    if ( rc )
    {
        group_refs_put(g, to);
        return rc;
    }
    return leave(g, from, &old);
}

/*
 * Two hops, from dom0 or a guest through quarantine to a guest. All that can
 * run out is taken first; dom0's or the first guest's references are kept to
 * the end, so that there is always a way back.
 */
static int hop_via(struct dev_group *g, struct moat_domain *to)
{
    struct moat_domain *from = g->cur;
    const struct hw_entry old = g->now;
    struct hw_entry e, q;
    int rc;

    g->step = STEP_REFS;
    rc = group_refs_get(g, to, &e);
    if ( rc )
        return rc;
    rc = group_refs_get(g, g->quar, &q);
    g->step = STEP_SWAP;
    if ( !rc )
        rc = group_swap(g, &q, g->quar);
    if ( rc )
        goto undo;
    g->step = STEP_FLUSH;
    rc = group_flush(g, &old, from);
    if ( rc )
        goto failed;

    g->step = STEP_SWAP;
    rc = group_swap(g, &e, to);
    if ( rc && rc != -EIO )
    {
        if ( !group_swap(g, &old, from) && !group_flush(g, &q, g->quar) )
            goto undo;
        rc = -EIO;
    }
    if ( !rc )
    {
        g->step = STEP_FLUSH;
        rc = group_flush(g, &q, g->quar);
    }
    if ( !rc )
    {
        group_refs_put(g, from);
        return 0;
    }

 failed:
    /* group_fail() puts what the entries point to now. */
    if ( g->cur != to )
        group_refs_put(g, to);
    if ( g->cur != from )
        group_refs_put(g, from);
    return rc;

 undo:
    group_refs_put(g, to);
    return rc;
}

static int group_switch(struct dev_group *g, struct moat_domain *to)
{
    int rc;

    g->moving = true;
    if ( domain_is_guest(to) && g->cur != g->quar )
        rc = hop_via(g, to);
    else
        rc = hop(g, to);
    g->moving = false;
    if ( rc == -EIO )
        group_fail(g);
    return rc;
}

/* Nothing to put them behind: non-present. */
static void block_all(struct dev_group *g)
{
    static const struct hw_entry none;
    struct moat_domain *from = g->cur;
    const struct hw_entry old = g->now;
    struct rid_entry *e;

    for ( e = g->entries; e; e = e->next )
        if ( e->now.kind != HW_ENTRY_NONE && entry_set(e, &none, NULL) )
            host_log_err(MOAT_PRI_SBDF ": could not be blocked",
                         MOAT_SBDF_ARG(e->id));
    group_set_cur(g, NULL, NULL);
    leave(g, from, &old);
}

void group_cut(struct dev_group *g)
{
    struct moat_device *dev;
    unsigned long flags;
    bool fresh;

    for ( dev = g->devs; dev; dev = dev->group_next )
    {
        if ( !bus_master_off(dev->dev) )
            host_bug(MOAT_PRI_SBDF ": failed, and its bus mastering cannot "
                     "be switched off", MOAT_SBDF_ARG(dev->dev));
        flags = host_lock_irqsave(&g->platform->reg_lock);
        fresh = !dev->cut_reported;
        HOST_WRITE_ONCE(dev->cut, true);
        dev->cut_reported = dev->failed = true;
        host_unlock_irqrestore(&g->platform->reg_lock, flags);
        device_hold(dev, true);
        ats_disable(dev);
        if ( fresh )
        {
            host_log_err(MOAT_PRI_SBDF ": failed: bus mastering is off, "
                         "blocked for good", MOAT_SBDF_ARG(dev->dev));
            host_device_failed(dev->dev);
        }
    }
}

void group_fail(struct dev_group *g)
{
    const char *step = g->step;         /* where it was that it failed */

    group_cut(g);
    if ( g->attached && (!g->quar || g->cur != g->quar) )
    {
        g->moving = true;
        if ( quar_build(g) || (hop(g, g->quar) && g->cur != g->quar) )
            block_all(g);
        g->moving = false;
    }
    g->step = step;
    shared_settle(g);
}

int group_settle(struct dev_group *g)
{
    const struct moat_device *dev;
    int rc;

    if ( !g->attached || (g->quar && g->cur == g->quar) )
        return 0;
    for ( dev = g->devs; dev; dev = dev->group_next )
        if ( dev->owner )
            return 0;
    rc = quar_build(g);
    return rc ? rc : group_switch(g, g->quar);
}

/* ---- What hypervisors call ---- */

static int to_quarantine(struct moat_device *dev)
{
    struct moat_domain *old = dev->owner;
    int rc;

    dev->group->step = STEP_QUARANTINE;
    rc = quar_build(dev->group);
    if ( rc )
        return rc;
    old->n_refs++;              /* on its way from it */
    set_owner(dev, NULL);
    rc = group_settle(dev->group);
    if ( rc && rc != -EIO )
        set_owner(dev, old);
    else if ( domain_is_guest(old) )
        dev->tainted = true;
    old->n_refs--;
    return rc;
}

static int to_home(struct moat_device *dev, struct moat_domain *home)
{
    struct dev_group *g = dev->group;
    const struct moat_device *other;
    int rc;

    g->step = STEP_GROUP;
    rc = group_check(dev, home);
    if ( !rc && g->cur != home )
        rc = group_switch(g, home);
    if ( rc && rc != -EIO )
        return rc;
    if ( rc )
    {
        set_owner(dev, NULL);
        return rc;
    }
    set_owner(dev, home);
    dev->tainted = false;
    for ( other = g->devs; other; other = other->group_next )
        if ( !other->owner )
            return 0;           /* it may need quarantine again */
    if ( g->quar )
        quar_drop(g);
    return 0;
}

static int to_guest(struct moat_device *dev, struct moat_domain *to,
                    unsigned int flags)
{
    struct dev_group *g = dev->group;
    int rc;

    g->step = STEP_GROUP;
    rc = group_check(dev, to);
    if ( !rc )
    {
        g->step = STEP_SHARED;
        rc = shared_check(dev, to, flags & MOAT_MOVE_RELAXED);
    }
    if ( !rc )
    {
        g->step = STEP_QUARANTINE;
        rc = quar_build(g);
    }
    if ( !rc && g->cur != to )
        rc = group_switch(g, to);
    if ( !rc )
        set_owner(dev, to);
    else if ( rc == -EIO && dev->owner )
        set_owner(dev, NULL);
    return rc;
}

int move_allowed(const struct moat_device *dev,
                 const struct moat_domain *to)
{
    if ( dev->hidden )
    {
        host_log_warn(MOAT_PRI_SBDF ": used by the hypervisor itself: not "
                      "assignable", MOAT_SBDF_ARG(dev->dev));
        return -EPERM;
    }
    /* It may have been given away before that was known: let it back. */
    if ( dev->denied &&
         (domain_is_guest(to) || dev->owner == dev->platform->home) )
    {
        host_log_warn(MOAT_PRI_SBDF ": not assignable: %s",
                      MOAT_SBDF_ARG(dev->dev), dev->denied);
        return -EPERM;
    }
    if ( !dev->unit )
    {
        host_log_warn(MOAT_PRI_SBDF ": not assignable: in no unit's scope",
                      MOAT_SBDF_ARG(dev->dev));
        return -ENODEV;
    }
    if ( !unit_usable(dev->unit) || !dev->group->attached )
    {
        host_log_warn(MOAT_PRI_SBDF ": not assignable: unit %u %s",
                      MOAT_SBDF_ARG(dev->dev), dev->unit->index,
                      dev->unit->ignored ? "was left off by an option"
                                         : "is not in use");
        return -ENODEV;
    }
    return 0;
}

/* A bridge, or a failed device: no entry to change. */
static int move_on_paper(struct moat_device *dev, struct moat_domain *to)
{
    if ( domain_is_guest(to) || (dev->failed && to) )
    {
        host_log_warn(MOAT_PRI_SBDF ": not assignable: %s",
                      MOAT_SBDF_ARG(dev->dev),
                      dev->failed ? "it failed" : "a bridge");
        return -EPERM;
    }
    set_owner(dev, to);
    return 0;
}

static int move_group(struct moat_device *dev, struct moat_domain *to,
                      unsigned int flags)
{
    int rc;

    dev->group->step = STEP_ALLOWED;
    rc = move_allowed(dev, to);
    if ( rc )
        return rc;
    if ( !to )
        rc = to_quarantine(dev);
    else if ( !domain_is_guest(to) )
        rc = to_home(dev, to);
    else
        rc = to_guest(dev, to, flags);
    /* A flush on the way failed that was not the move's own. */
    if ( rc != -EIO && device_is_cut(dev) )
    {
        group_fail(dev->group);
        set_owner(dev, NULL);
        rc = -EIO;
    }
    return rc;
}

int moat_device_move(struct moat_device *dev, struct moat_domain *to,
                     unsigned int flags)
{
    struct moat_domain *from = dev->owner;
    int rc;

    host_devices_assert_locked();
    if ( dev->group->moving )
        return -EBUSY;
    /* Cut off by a failed flush whose report is still under way. */
    if ( device_is_cut(dev) && !dev->failed && !dev->hidden )
        group_fail(dev->group);
    if ( to == from && !dev->failed )
        return 0;
    if ( dev->passive || dev->failed )
    {
        dev->group->step = STEP_ALLOWED;
        rc = move_on_paper(dev, to);
    }
    else
        rc = move_group(dev, to, flags);
    shared_settle(dev->group);
    if ( to == dev->platform->home )
        group_retry_late(dev->platform);
    /* A bridge has no DMA to be moved, and a line for it would be noise. */
    if ( rc || (!dev->passive && to != from) )
        move_say(dev, from, to, rc);
    if ( !rc && domain_is_guest(to) )
        peer_warn(dev);
    return rc;
}
