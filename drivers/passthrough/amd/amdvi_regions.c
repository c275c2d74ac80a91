/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IVMD -> reserved regions: AMD IOMMU specification (48882, rev. 3.07) 5.2.3.
 *
 * Unity ranges keep the rights the table gives. Exclusion ranges become
 * regions that are mapped one-to-one with all rights: to the device that is
 * the same, and it holds for that device only, which the one exclusion
 * register of a unit cannot do.
 */
#include "amdvi_scan.h"

#define PCI_HEADER_TYPE     0x0eu
#define PCI_MULTI_FUNCTION  0x80u

bool amdvi_ids_next(struct amdvi_ids *it, moat_sbdf_t *dev)
{
    while ( it->next <= it->last )
    {
        moat_sbdf_t at = ((moat_sbdf_t)it->segment << 16) |
                         (uint16_t)it->next;
        moat_sbdf_t fn0 = at & ~(moat_sbdf_t)7;

        /* Of a device without function 0, or with no other, skip the rest. */
        if ( host_pci_read16(fn0, 0) == 0xffff ||
             (at != fn0 && !(host_pci_read8(fn0, PCI_HEADER_TYPE) &
                             PCI_MULTI_FUNCTION)) )
        {
            it->next = (it->next | 7u) + 1;
            continue;
        }
        it->next++;
        if ( at == fn0 || host_pci_read16(at, 0) != 0xffff )
        {
            *dev = at;
            return true;
        }
    }
    return false;
}

static bool is_served(const struct amdvi_scan *s, moat_sbdf_t dev)
{
    unsigned int i;

    for ( i = 0; i < s->n_units; i++ )
    {
        const struct amdvi_unit *a = s->units[i];

        if ( a->unit.segment == MOAT_SBDF_SEG(dev) && a->dev != dev &&
             amdvi_serves(&a->unit, MOAT_SBDF_RID(dev)) )
            return true;
    }
    return false;
}

static int add_region(struct amdvi_scan *s, const struct ivrs_block *b,
                      moat_sbdf_t dev)
{
    int rc = resv_add(s->p, b->u.ivmd.first, b->u.ivmd.last, b->u.ivmd.prot,
                      dev, b->offset);

    /* -EEXIST: it has it; -EINVAL: refused, said, the device denied. */
    return rc == -ENOMEM ? rc : 0;
}

/*
 * One device: whether it is there or not. Many: those that are there and
 * that a unit serves; what else the range may cover is said once.
 */
static int add_ivmd(struct amdvi_scan *s, const struct ivrs_block *b)
{
    struct amdvi_ids it = amdvi_ids(b->u.ivmd.segment, b->u.ivmd.dev_first,
                                    b->u.ivmd.dev_last);
    unsigned int used = 0, unserved = 0;
    moat_sbdf_t dev = ((moat_sbdf_t)it.segment << 16) | b->u.ivmd.dev_first;
    int rc = 0;

    if ( b->type == IVRS_IVMD_ONE )
    {
        if ( is_served(s, dev) )
            return add_region(s, b, dev);
        unserved = 1;
    }
    else
        while ( !rc && amdvi_ids_next(&it, &dev) )
        {
            if ( !is_served(s, dev) )
            {
                unserved++;
                continue;
            }
            rc = add_region(s, b, dev);
            used++;
        }

    if ( !rc && (unserved || !used) )
        host_log_info("IVRS offset %#lx: memory %#" PRIx64 "-%#" PRIx64
                      " for ids %#x to %#x: used for %u devices, %u are "
                      "behind no unit", (unsigned long)b->offset,
                      b->u.ivmd.first, b->u.ivmd.last, b->u.ivmd.dev_first,
                      b->u.ivmd.dev_last, used, unserved);
    return rc;
}

int amdvi_regions(struct amdvi_scan *s)
{
    struct ivrs it = s->ivrs;
    struct ivrs_block b;
    struct fw_error err;
    int rc, ret = 0;

    while ( !ret && ((rc = ivrs_next(&it, &b, &err)) == 1 ||
                     rc == -EBADMSG) )
        if ( rc == 1 && !ivrs_is_ivhd(b.type) )
            ret = add_ivmd(s, &b);
    return ret;
}
