/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A word of warning: a guest's device that can reach another owner's past
 * the IOMMU. People do give single functions away, and most get away with
 * it: nothing is refused.
 */

#include "device.h"

/* The first that @dev can reach so, and how many more. */
struct peers
{
    const struct moat_device *first;
    enum rid_peer how;
    moat_sbdf_t via;
    unsigned int more;
};

static void look_at(const struct moat_device *dev,
                    const struct moat_device *other,
                    const struct rid_topo *topo, struct peers *found)
{
    enum rid_peer how;
    moat_sbdf_t via;

    if ( !other || other == dev || other->passive || !other->owner ||
         other->owner == dev->owner || other->group == dev->group )
        return;
    how = rid_peer(topo, dev->dev, other->dev, &via);
    if ( how == RID_PEER_NONE )
        return;
    if ( found->first )
    {
        found->more++;
        return;
    }
    found->first = other;
    found->how = how;
    found->via = via;
}

void peer_warn(const struct moat_device *dev)
{
    struct peers found = { .more = 0 };
    const struct bus_table *table;
    char mine[DOMAIN_LABEL], theirs[DOMAIN_LABEL];
    struct rid_topo topo;
    unsigned int bus, devfn;
    uint8_t first, last;

    topo_get(dev->platform, &topo);
    if ( !rid_peer_buses(&topo, dev->dev, &first, &last) )
        return;
    for ( bus = first; bus <= last; bus++ )
    {
        table = registry_bus(dev->platform,
                             MOAT_SBDF(MOAT_SBDF_SEG(dev->dev), bus, 0, 0));
        for ( devfn = 0; table && devfn < 256; devfn++ )
            look_at(dev, table->dev[devfn], &topo, &found);
    }
    if ( !found.first )
        return;
    domain_label(dev->owner, mine, sizeof(mine));
    domain_label(found.first->owner, theirs, sizeof(theirs));
    if ( found.how == RID_PEER_FUNCTION )
        host_log_warn(MOAT_PRI_SBDF ": %s's, and " MOAT_PRI_SBDF " (and %u "
                      "more) %s's: functions of one device without access "
                      "control (ACS) may reach each other past the IOMMU",
                      MOAT_SBDF_ARG(dev->dev), mine,
                      MOAT_SBDF_ARG(found.first->dev), found.more, theirs);
    else
        host_log_warn(MOAT_PRI_SBDF ": %s's, and " MOAT_PRI_SBDF " (and %u "
                      "more) %s's: may reach each other past the IOMMU, as "
                      "the switch port " MOAT_PRI_SBDF " has no access "
                      "control (ACS)", MOAT_SBDF_ARG(dev->dev), mine,
                      MOAT_SBDF_ARG(found.first->dev), found.more, theirs,
                      MOAT_SBDF_ARG(found.via));
}
