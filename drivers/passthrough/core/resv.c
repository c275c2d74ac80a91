/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The platform's list of reserved regions.
 *
 * Regions that overlap with equal rights are cut at each other's ends, so
 * that the list is disjoint and each piece names all its users; what overlaps
 * with other rights is refused (XSA-378). A device whose region cannot be had
 * is never handed out: without the region it would not be safe to.
 */

#include "platform.h"
#include "resv.h"

bool resv_region_has(const struct resv_region *r, moat_sbdf_t dev)
{
    const struct resv_dev *d;

    for ( d = r->devs; d; d = d->next )
        if ( d->dev == dev )
            return true;
    return false;
}

const struct resv_region *resv_at(const struct moat_platform *p,
                                  uint64_t addr)
{
    const struct resv_region *r;

    for ( r = p->regions; r && r->first <= addr; r = r->next )
        if ( addr <= r->last )
            return r;
    return NULL;
}

/* Put @dev at *@link, before what is there. */
static int dev_insert(struct resv_dev **link, moat_sbdf_t dev)
{
    struct resv_dev *d = host_alloc(sizeof(*d));

    if ( !d )
        return -ENOMEM;
    d->dev = dev;
    d->next = *link;
    *link = d;
    return 0;
}

/* In order of ids. *@fresh: it was not there. */
static int region_add_dev(struct resv_region *r, moat_sbdf_t dev, bool *fresh)
{
    struct resv_dev **link = &r->devs;

    while ( *link && (*link)->dev < dev )
        link = &(*link)->next;
    if ( *link && (*link)->dev == dev )
        return 0;
    *fresh = true;
    return dev_insert(link, dev);
}

static struct resv_region *region_new(moat_paddr_t first, moat_paddr_t last,
                                      unsigned int prot, size_t fw_offset)
{
    struct resv_region *r = host_alloc(sizeof(*r));

    if ( r )
    {
        r->first = first;
        r->last = last;
        r->prot = prot;
        r->fw_offset = fw_offset;
    }
    return r;
}

static void region_free(struct resv_region *r)
{
    struct resv_dev *d, *next;

    for ( d = r->devs; d; d = next )
    {
        next = d->next;
        host_free(d);
    }
    host_free(r);
}

/* Cut @r in two: it keeps what lies below @at. */
static int region_split(struct resv_region *r, moat_paddr_t at)
{
    struct resv_region *hi = region_new(at, r->last, r->prot, r->fw_offset);
    struct resv_dev **link = hi ? &hi->devs : NULL;
    const struct resv_dev *d;
    int rc = hi ? 0 : -ENOMEM;

    for ( d = r->devs; d && !rc; d = d->next )
    {
        rc = dev_insert(link, d->dev);
        if ( !rc )
            link = &(*link)->next;
    }
    if ( rc )
    {
        if ( hi )
            region_free(hi);
        return rc;
    }
    hi->next = r->next;
    r->next = hi;
    r->last = at - 1;
    return 0;
}

/*
 * Enter [first, last] for @dev, whose overlaps are known to have the same
 * rights. *@fresh: some page of it is new to the device.
 */
static int list_add(struct moat_platform *p, moat_paddr_t first,
                    moat_paddr_t last, unsigned int prot, moat_sbdf_t dev,
                    size_t fw_offset, bool *fresh)
{
    struct resv_region **link = &p->regions, *r;
    moat_paddr_t end;
    int rc;

    for ( ; ; )
    {
        while ( *link && (*link)->last < first )
            link = &(*link)->next;
        r = *link;
        if ( !r || r->first > first )       /* a gap */
        {
            end = r ? min_u64(last, r->first - 1) : last;
            r = region_new(first, end, prot, fw_offset);
            if ( !r )
                return -ENOMEM;
            r->next = *link;
            *link = r;
        }
        else if ( r->first < first )
        {
            rc = region_split(r, first);
            if ( rc )
                return rc;
            continue;
        }
        else if ( r->last > last )
        {
            rc = region_split(r, last + 1);
            if ( rc )
                return rc;
        }

        rc = region_add_dev(r, dev, fresh);
        if ( rc )
            return rc;
        if ( r->last >= last )
            return 0;
        first = r->last + 1;
    }
}

/* Why this cannot be a reserved region; NULL if it can. */
static const char *region_bad(const struct moat_platform *p,
                              moat_paddr_t first, moat_paddr_t last,
                              unsigned int prot, bool may_be_ram)
{
    const struct resv_region *r;

    if ( first > last || (first & ~MOAT_PAGE_MASK) ||
         ((last + 1) & ~MOAT_PAGE_MASK) || !last )
        return "not a range of whole pages";
    if ( !prot || (prot & ~MOAT_RW) )
        return "no rights, or unknown ones";
    switch ( host_mem_type(first, last) )
    {
    case HOST_MEM_PARTLY_RAM:
        if ( !may_be_ram && !p->opts.allow_ram_regions )
            return "lies in ordinary RAM";
        break;

    case HOST_MEM_NO_SUCH:
        return "lies beyond the processor's addresses";

    default:
        break;
    }
    for ( r = p->regions; r; r = r->next )
        if ( r->first <= last && first <= r->last && r->prot != prot )
            return "overlaps another region of other rights";
    return NULL;
}

int resv_add_checked(struct moat_platform *p, moat_paddr_t first,
                     moat_paddr_t last, unsigned int prot, moat_sbdf_t dev,
                     size_t fw_offset, bool may_be_ram)
{
    const char *why = region_bad(p, first, last, prot, may_be_ram);
    bool fresh = false;
    int rc;

    if ( why )
    {
        host_log_err("reserved region 0x%" PRIx64 "-0x%" PRIx64 " of "
                     MOAT_PRI_SBDF " (table offset 0x%lx) %s: the region is "
                     "not used, the device cannot be assigned", first, last,
                     MOAT_SBDF_ARG(dev), (unsigned long)fw_offset, why);
        rc = device_deny(p, dev, "a reserved region of it cannot be used");
        return rc ? rc : -EINVAL;
    }

    rc = list_add(p, first, last, prot, dev, fw_offset, &fresh);
    if ( rc )
    {
        host_log_err("no memory for the reserved region 0x%" PRIx64 "-0x%"
                     PRIx64 " of " MOAT_PRI_SBDF, first, last,
                     MOAT_SBDF_ARG(dev));
        if ( device_deny(p, dev, "no memory for its reserved region") )
            return -ENOMEM;
        return rc;
    }
    return fresh ? 0 : -EEXIST;
}

int resv_add(struct moat_platform *p, moat_paddr_t first, moat_paddr_t last,
             unsigned int prot, moat_sbdf_t dev, size_t fw_offset)
{
    return resv_add_checked(p, first, last, prot, dev, fw_offset, false);
}

void resv_free_all(struct moat_platform *p)
{
    struct resv_region *r, *next;

    for ( r = p->regions; r; r = next )
    {
        next = r->next;
        region_free(r);
    }
    p->regions = NULL;
}

int moat_resv_walk(struct moat_platform *p,
                   int (*fn)(void *arg, moat_paddr_t first,
                             moat_paddr_t last, unsigned int prot,
                             moat_sbdf_t dev),
                   void *arg)
{
    const struct resv_region *r;
    const struct resv_dev *d;
    int rc;

    for ( r = p->regions; r; r = r->next )
        for ( d = r->devs; d; d = d->next )
        {
            rc = fn(arg, r->first, r->last, r->prot, d->dev);
            if ( rc )
                return rc;
        }
    return 0;
}
