/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the table says of a requester id: AMD IOMMU specification (48882, rev.
 * 3.07) 5.2.2.2. Entries may name an id more than once; the last one that
 * does counts. An alias is kept even where a later entry names the id without
 * one: such tables mean that the device uses both ids.
 *
 * Where an entry could not be read, any id may be one it named: such devices
 * work for dom0, behind this unit unless another one names them, and are
 * never handed out, as nobody knows what their requests look like.
 */
#include "amdvi_unit.h"

const struct amdvi_range *amdvi_range_find(const struct amdvi_unit *a,
                                           uint16_t rid)
{
    unsigned int i;

    for ( i = a->n_ranges; i-- > 0; )
        if ( rid >= a->ranges[i].first && rid <= a->ranges[i].last )
            return &a->ranges[i];
    return NULL;
}

/*
 * An id on its own is named most closely, a range the less the larger it is;
 * then what its devices' requests may be seen as.
 */
unsigned int cf_check amdvi_serves(const struct moat_unit *u, uint16_t rid)
{
    const struct amdvi_unit *a = to_amdvi_const(u);
    const struct amdvi_range *r = amdvi_range_find(a, rid);
    uint16_t fn0 = rid & (uint16_t)~7u, self = MOAT_SBDF_RID(a->dev);
    unsigned int i;

    if ( r && r->first == r->last )
        return 512;
    if ( r )
        return 256 - log2_floor((unsigned int)(r->last - r->first));
    for ( i = 0; i < a->n_ranges; i++ )
        if ( a->ranges[i].has_alias && a->ranges[i].alias == rid )
            return 128;
    /*
     * Some tables name function 0 and forget the others. The unit's own
     * function stays outside: it issues no translated DMA.
     */
    if ( rid != self && fn0 != self && rid != fn0 && amdvi_range_find(a, fn0) )
        return 2;
    return rid != self && a->rest_unknown ? 1 : 0;
}

uint8_t amdvi_settings(const struct amdvi_unit *a, uint16_t rid)
{
    const struct amdvi_range *r = amdvi_range_find(a, rid);

    return r ? r->settings : 0;
}

bool amdvi_ats_allowed(const struct amdvi_unit *a, uint16_t rid)
{
    const struct amdvi_range *r = amdvi_range_find(a, rid);

    return a->unit.caps.devtlb && !(r && r->no_ats);
}

bool cf_check amdvi_devtlb_allowed(const struct moat_unit *u,
                                   moat_sbdf_t dev)
{
    return amdvi_ats_allowed(to_amdvi_const(u), MOAT_SBDF_RID(dev));
}

/* The id that requests of @rid carry as well. 0; -ENOENT; -EIO: unknown. */
int cf_check amdvi_rid_alias(const struct moat_unit *u, uint16_t rid,
                             uint16_t *alias)
{
    const struct amdvi_unit *a = to_amdvi_const(u);
    unsigned int i;

    for ( i = a->n_ranges; i-- > 0; )
    {
        const struct amdvi_range *r = &a->ranges[i];

        if ( !r->has_alias || rid < r->first || rid > r->last ||
             r->alias == rid )
            continue;
        *alias = r->alias;
        return 0;
    }
    return amdvi_serves(u, rid) == 1 ? -EIO : -ENOENT;
}
