/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who else is concerned by a move: devices that share reserved memory, and
 * members of the group.
 *
 * A region that several devices use is reached by one guest at a time. A
 * sharer that a guest has programmed and that is in quarantine now could
 * still write there for that guest: while a guest holds the region, its bus
 * mastering is off and its configuration space is held, so that nobody
 * switches it on again. What is true of a device is true of its group: the
 * region is in the tables of all its members.
 */

#include "device.h"

/* What visit() finds: @other uses @r as @dev's group does. */
typedef int (*sharer_fn)(const struct moat_device *dev,
                         struct moat_device *other,
                         const struct resv_region *r,
                         const struct moat_domain *to);

static int visit_group(struct dev_group *g, const struct moat_device *dev,
                       const struct resv_region *r, sharer_fn fn,
                       const struct moat_domain *to, unsigned int seen)
{
    struct moat_device *other;
    int rc, ret = 0;

    /* Several of its ids may be named for the region. */
    if ( g == dev->group || g->seen == seen )
        return 0;
    g->seen = seen;
    for ( other = g->devs; other; other = other->group_next )
    {
        rc = other->passive ? 0 : fn(dev, other, r, to);
        if ( rc )
            ret = rc;           /* go on: name them all */
    }
    return ret;
}

/* Every device of another group that uses @r: under its name or another. */
static int visit_region(const struct moat_device *dev,
                        const struct resv_region *r, sharer_fn fn,
                        const struct moat_domain *to)
{
    struct moat_platform *p = dev->platform;
    unsigned int seen = ++p->seen;
    const struct resv_dev *rd;
    const struct moat_device *named;
    const struct rid_entry *e;
    int rc, ret = 0;

    for ( rd = r->devs; rd; rd = rd->next )
    {
        named = registry_find(p, rd->dev);
        rc = named ? visit_group(named->group, dev, r, fn, to, seen) : 0;
        ret = rc ? rc : ret;
        e = registry_find_rid(p, rd->dev);
        rc = e ? visit_group(e->group, dev, r, fn, to, seen) : 0;
        ret = rc ? rc : ret;
    }
    return ret;
}

/* Has a member before @dev this region as well? Then it has been looked at. */
static bool seen_before(const struct moat_device *dev,
                        const struct resv_region *r)
{
    const struct moat_device *m;
    const struct resv_ref *ref;

    for ( m = dev->group->devs; m != dev; m = m->group_next )
        for ( ref = m->resv; ref; ref = ref->next )
            if ( ref->region == r )
                return true;
    return false;
}

/* Over all regions of all members. */
static int visit_sharers(const struct moat_device *dev, sharer_fn fn,
                         const struct moat_domain *to)
{
    const struct moat_device *m;
    const struct resv_ref *ref;
    int rc, ret = 0;

    for ( m = dev->group->devs; m; m = m->group_next )
        for ( ref = m->resv; ref; ref = ref->next )
        {
            if ( seen_before(m, ref->region) )
                continue;
            rc = visit_region(dev, ref->region, fn, to);
            ret = rc ? rc : ret;
        }
    return ret;
}

/* ---- Silence ---- */

void device_hold(struct moat_device *dev, bool hold)
{
    int rc;

    if ( !hold )
        dev->hold_said = false;
    /* The hypervisor's own are held by it already. */
    if ( dev->held == hold || dev->hidden )
        return;
    rc = host_pci_hold(dev->dev, hold);
    if ( !rc )
    {
        dev->held = hold;
        return;
    }
    if ( hold && !dev->hold_said )
        host_log_warn(MOAT_PRI_SBDF ": its configuration space cannot be "
                      "held (%d): its bus mastering must be left off",
                      MOAT_SBDF_ARG(dev->dev), rc);
    dev->hold_said = hold;
}

static int quiet(struct moat_device *dev)
{
    device_hold(dev, true);
    if ( bus_master_off(dev->dev) )
        return 0;
    host_log_err(MOAT_PRI_SBDF ": a guest has programmed it, it shares "
                 "reserved memory with another guest's device, and its bus "
                 "mastering cannot be switched off",
                 MOAT_SBDF_ARG(dev->dev));
    return -EBUSY;
}

static int cf_check with_guest(const struct moat_device *dev,
                               struct moat_device *other,
                               const struct resv_region *r,
                               const struct moat_domain *to)
{
    (void)dev;
    (void)r;
    (void)to;
    return domain_is_guest(other->group->cur) ? -EBUSY : 0;
}

static int cf_check settle_one(const struct moat_device *dev,
                               struct moat_device *other,
                               const struct resv_region *r,
                               const struct moat_domain *to)
{
    (void)dev;
    (void)r;
    (void)to;
    if ( other->failed )
        return 0;               /* held for good */
    if ( other->tainted && !other->owner &&
         visit_sharers(other, with_guest, NULL) )
        return quiet(other);
    device_hold(other, false);
    return 0;
}

void shared_settle(struct dev_group *g)
{
    struct moat_device *m;

    for ( m = g->devs; m; m = m->group_next )
        settle_one(m, m, NULL, NULL);
    if ( g->devs )
        visit_sharers(g->devs, settle_one, NULL);
}

void shared_left(const struct moat_device *dev)
{
    const struct resv_ref *ref;

    for ( ref = dev->resv; ref; ref = ref->next )
        visit_region(dev, ref->region, settle_one, NULL);
}

/* ---- The rules ---- */

static int cf_check quiet_tainted(const struct moat_device *dev,
                                  struct moat_device *other,
                                  const struct resv_region *r,
                                  const struct moat_domain *to)
{
    (void)dev;
    (void)r;
    (void)to;
    return other->tainted && !other->owner && !other->failed ? quiet(other)
                                                             : 0;
}

static int cf_check refuse_sharer(const struct moat_device *dev,
                                  struct moat_device *other,
                                  const struct resv_region *r,
                                  const struct moat_domain *to)
{
    char name[DOMAIN_LABEL];

    if ( !other->owner || other->owner == to )
        return 0;
    host_log_err(MOAT_PRI_SBDF ": not assigned: shares reserved memory with "
                 MOAT_PRI_SBDF ", which belongs to %s: 0x%" PRIx64 "-0x%"
                 PRIx64, MOAT_SBDF_ARG(dev->dev), MOAT_SBDF_ARG(other->dev),
                 domain_label(other->owner, name, sizeof(name)), r->first,
                 r->last);
    return -EBUSY;
}

int shared_check(struct moat_device *dev, const struct moat_domain *to,
                 bool relaxed)
{
    int rc = relaxed ? 0 : visit_sharers(dev, refuse_sharer, to);

    if ( rc )
    {
        host_log_err(MOAT_PRI_SBDF ": give all of these to the same domain, "
                     "or xl pci-assignable-add the others first; "
                     "rdm_policy=relaxed lifts this",
                     MOAT_SBDF_ARG(dev->dev));
        return rc;
    }
    rc = visit_sharers(dev, quiet_tainted, to);
    return relaxed ? 0 : rc;
}

int group_check(struct moat_device *dev, const struct moat_domain *to)
{
    char name[DOMAIN_LABEL];
    const struct moat_device *other;
    int ret = 0;

    for ( other = dev->group->devs; other; other = other->group_next )
    {
        if ( other == dev || !other->owner || other->owner == to )
            continue;
        /* A return to dom0 is only in the way of guests. */
        if ( !domain_is_guest(to) && !domain_is_guest(other->owner) )
            continue;
        host_log_err(MOAT_PRI_SBDF ": not assigned: cannot be told apart by "
                     "the IOMMU from " MOAT_PRI_SBDF ", which belongs to %s",
                     MOAT_SBDF_ARG(dev->dev), MOAT_SBDF_ARG(other->dev),
                     domain_label(other->owner, name, sizeof(name)));
        ret = -EBUSY;
    }
    if ( ret )
        host_log_err(MOAT_PRI_SBDF ": these go together: %s",
                     MOAT_SBDF_ARG(dev->dev), domain_is_guest(to)
                     ? "xl pci-assignable-add all of them first"
                     : "detach all of them from the guest first");
    return ret;
}
