/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who else is concerned by a move: devices that share reserved memory, and
 * members of the group.
 *
 * A region that several devices use is reached by one guest at a time. A
 * sharer that a guest has programmed and that is in quarantine now could
 * still write there for that guest: its bus mastering is off while another
 * guest holds the region.
 */

#include "device.h"

static void say_owner(const struct moat_device *dev,
                      const struct moat_device *other, const char *what)
{
    char name[DOMAIN_LABEL];

    host_log_err(MOAT_PRI_SBDF ": not assigned: %s " MOAT_PRI_SBDF
                 ", which belongs to %s", MOAT_SBDF_ARG(dev->dev), what,
                 MOAT_SBDF_ARG(other->dev),
                 domain_label(other->owner, name, sizeof(name)));
}

static int sharer_check(struct moat_device *dev, moat_sbdf_t id,
                        const struct moat_domain *to)
{
    struct moat_device *other = registry_find(dev->platform, id);

    if ( !other || other == dev || other->passive ||
         other->group == dev->group )
        return 0;
    if ( other->owner && other->owner != to )
    {
        say_owner(dev, other, "shares reserved memory with");
        return -EBUSY;
    }
    if ( !other->owner && other->tainted && !bus_master_off(other->dev) )
    {
        host_log_err(MOAT_PRI_SBDF ": not assigned: shares reserved memory "
                     "with " MOAT_PRI_SBDF ", whose bus mastering cannot be "
                     "switched off", MOAT_SBDF_ARG(dev->dev),
                     MOAT_SBDF_ARG(other->dev));
        return -EBUSY;
    }
    return 0;
}

int shared_check(struct moat_device *dev, const struct moat_domain *to)
{
    const struct resv_ref *ref;
    const struct resv_dev *rd;
    int rc, ret = 0;

    for ( ref = dev->resv; ref; ref = ref->next )
        for ( rd = ref->region->devs; rd; rd = rd->next )
        {
            rc = sharer_check(dev, rd->dev, to);
            if ( rc )
                ret = rc;       /* go on: name them all */
        }
    return ret;
}

int group_check(struct moat_device *dev, const struct moat_domain *to)
{
    const struct moat_device *other;
    int ret = 0;

    for ( other = dev->group->devs; other; other = other->group_next )
    {
        if ( other == dev || !other->owner || other->owner == to )
            continue;
        /* A return to dom0 is only in the way of guests. */
        if ( !domain_is_guest(to) && !domain_is_guest(other->owner) )
            continue;
        say_owner(dev, other, "cannot be told apart by the IOMMU from");
        ret = -EBUSY;
    }
    return ret;
}
