/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is said of a change of owner: one line when it is done, one when it
 * is not. Why others were in the way has been said before, line by line.
 */

#include "device.h"

static const char *error_words(int rc)
{
    switch ( rc )
    {
    case -ENOMEM:
        return "out of memory";

    case -ENOSPC:
        return "no domain id left";

    case -EBUSY:
        return "in use";

    case -EPERM:
        return "not allowed";

    case -ENODEV:
        return "no unit serves it";

    case -EINVAL:
        return "does not fit the new owner's memory";

    case -EOPNOTSUPP:
        return "a unit cannot do it";

    case -EILSEQ:
        return "an entry is not what it was set to";

    case -EIO:
        return "hardware does not answer";

    default:
        return "refused by the hypervisor";
    }
}

/* The first other member that keeps the group where it is, and how many. */
static const struct moat_device *waits_for(const struct moat_device *dev,
                                           unsigned int *more)
{
    const struct moat_device *other, *first = NULL;

    *more = 0;
    for ( other = dev->group->devs; other; other = other->group_next )
    {
        if ( other == dev || !other->owner )
            continue;
        if ( first )
            ++*more;
        else
            first = other;
    }
    return first;
}

static void say_done(const struct moat_device *dev, const char *from,
                     const char *to)
{
    char name[DOMAIN_LABEL];
    const struct moat_device *other = NULL;
    unsigned int more = 0;

    if ( !dev->owner && dev->group->cur && dev->group->cur != dev->group->quar )
        other = waits_for(dev, &more);
    if ( !other )
        host_log_info(MOAT_PRI_SBDF ": %s -> %s", MOAT_SBDF_ARG(dev->dev),
                      from, to);
    else
        host_log_info(MOAT_PRI_SBDF ": %s -> %s, pending: behind the tables "
                      "of %s until " MOAT_PRI_SBDF " (and %u more) leaves it",
                      MOAT_SBDF_ARG(dev->dev), from, to,
                      domain_label(dev->group->cur, name, sizeof(name)),
                      MOAT_SBDF_ARG(other->dev), more);
}

void move_say(const struct moat_device *dev, const struct moat_domain *from,
              const struct moat_domain *to, int rc)
{
    const struct dev_group *g = dev->group;
    char src[DOMAIN_LABEL], dst[DOMAIN_LABEL], now[DOMAIN_LABEL];
    const char *state = "stays with";

    domain_label(from, src, sizeof(src));
    domain_label(to, dst, sizeof(dst));
    if ( !rc )
    {
        say_done(dev, src, dst);
        return;
    }
    if ( dev->failed )
        state = !g->attached ? "bus mastering is off, all blocked, with"
                             : "bus mastering is off, behind the tables of";
    domain_label(dev->failed ? g->cur : dev->owner, now, sizeof(now));
    host_log_err(MOAT_PRI_SBDF ": %s -> %s failed when %s: %s (%d): %s %s",
                 MOAT_SBDF_ARG(dev->dev), src, dst, g->step, error_words(rc),
                 rc, state, now);
}
