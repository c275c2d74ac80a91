/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reserved regions in domains.
 *
 * In a table of our own (MOAT_DOMAIN_OWN) a page of an installed region is
 * mapped to itself with the rights of the region and of whatever the host has
 * mapped there itself: dom0's maps of reserved memory, by its options. The
 * host's part is kept apart (resv_inst.host), so that neither side's removal
 * tears a hole into the other's: unmapping leaves the region, and the last
 * user's departure leaves what the host had mapped. A table that follows the
 * host's p2m is filled by the host (host_identity_map), which does the same
 * book-keeping in its p2m.
 */

#include "domain.h"
#include "flush.h"
#include "resv.h"

static unsigned int host_prot(const struct resv_inst *in, uint64_t page)
{
    return (in->host[page / 4] >> (2 * (page % 4))) & MOAT_RW;
}

static void set_host_prot(struct resv_inst *in, uint64_t page,
                          unsigned int prot)
{
    unsigned int shift = 2 * (unsigned int)(page % 4);

    in->host[page / 4] = (uint8_t)((in->host[page / 4] & ~(MOAT_RW << shift)) |
                                   (prot << shift));
}

/* Note, for [iova, last] within @in, what the host has mapped there now. */
static void note_range(struct resv_inst *in, moat_iova_t iova,
                       moat_iova_t last, unsigned int prot)
{
    for ( ; iova < last; iova += MOAT_PAGE_SIZE )
        set_host_prot(in, (iova - in->region->first) >> MOAT_PAGE_SHIFT,
                      prot);
}

static uint64_t region_pages(const struct resv_region *r)
{
    return ((r->last - r->first) >> MOAT_PAGE_SHIFT) + 1;
}

static struct resv_inst *inst_find(const struct moat_domain *d,
                                   const struct resv_region *r)
{
    struct resv_inst *in;

    for ( in = d->resv; in && in->region != r; in = in->next )
        continue;
    return in;
}

static struct resv_inst *inst_new(struct moat_domain *d,
                                  struct resv_region *r)
{
    struct resv_inst *in = host_alloc(sizeof(*in));

    if ( !in )
        return NULL;
    in->region = r;
    in->refs = 1;
    if ( d->kind == MOAT_DOMAIN_OWN )
    {
        in->host = host_alloc((region_pages(r) + 3) / 4);
        if ( !in->host )
        {
            host_free(in);
            return NULL;
        }
    }
    return in;
}

static void inst_free(struct resv_inst *in)
{
    host_free(in->host);
    host_free(in);
}

static void inst_link(struct moat_domain *d, struct resv_inst *in)
{
    struct resv_inst **link = &d->resv;

    while ( *link && (*link)->region->first < in->region->first )
        link = &(*link)->next;
    in->next = *link;
    *link = in;
}

static void inst_unlink(struct moat_domain *d, struct resv_inst *in)
{
    struct resv_inst **link = &d->resv;

    while ( *link != in )
        link = &(*link)->next;
    *link = in->next;
}

/* ---- Tables of our own; map lock held ---- */

/*
 * What is mapped of the region already? Only itself will do: then it is the
 * host's and is noted. In quarantine everything reaches the scratch page,
 * which gives way.
 */
static int note_host_maps(struct moat_domain *d, struct resv_inst *in)
{
    moat_iova_t iova = in->region->first, last;
    moat_paddr_t pa;
    unsigned int prot, level;

    if ( d->quarantine )
        return 0;
    /* By entries, whatever they are the size of; the last one is cut. */
    for ( ; iova - 1 != in->region->last; iova = last + 1 )
    {
        bool none = iopt_lookup(&d->pt, iova, &pa, &prot, &level);

        last = min_u64(iova | (IOPT_LEVEL_SIZE(level) - 1), in->region->last);
        if ( none )
            continue;
        if ( pa != iova )
        {
            host_log_err("reserved region 0x%" PRIx64 "-0x%" PRIx64
                         ": address 0x%" PRIx64 " is in use for 0x%" PRIx64
                         ": cannot be installed", in->region->first,
                         in->region->last, iova, pa);
            return -EINVAL;
        }
        note_range(in, iova, last, prot & MOAT_RW);
    }
    return 0;
}

/* How many pages from @page on have the same part of the host's. */
static uint64_t same_run(const struct resv_inst *in, uint64_t page, uint64_t n)
{
    uint64_t end = page + 1;
    unsigned int prot = host_prot(in, page);

    while ( end < n && host_prot(in, end) == prot )
        if ( !(end % 4) && end + 4 <= n && in->host[end / 4] == 0x55 * prot )
            end += 4;
        else
            end++;
    return end - page;
}

/*
 * Give every page of the region its rights: the host's part, and with
 * @installed the region's. Runs of equal rights go in one call. Where the
 * page has them already nothing changes, at no instant.
 */
static int apply(struct moat_domain *d, struct resv_inst *in, bool installed,
                 struct moat_flush *f)
{
    const struct resv_region *r = in->region;
    uint64_t page, run, n = region_pages(r);
    unsigned int prot;
    moat_iova_t iova;
    int rc, ret = 0;

    for ( page = 0; page < n; page += run )
    {
        prot = host_prot(in, page);
        run = same_run(in, page, n);
        iova = r->first + (page << MOAT_PAGE_SHIFT);
        if ( installed )
        {
            /* The host's own rights suffice: leave its mapping alone. */
            if ( (prot & r->prot) == r->prot )
                continue;
            prot |= r->prot;
        }
        else if ( (prot & r->prot) == r->prot )
            continue;
        rc = prot ? iopt_map(&d->pt, iova, iova, run << MOAT_PAGE_SHIFT,
                             prot, f)
                  : iopt_unmap(&d->pt, iova, run << MOAT_PAGE_SHIFT, f);
        if ( rc && !ret )
            ret = rc;
        if ( rc && installed )
            break;
    }
    /* A device that came and went leaves no table behind. */
    if ( !installed )
        iopt_trim(&d->pt, f);
    return ret;
}

static int own_install(struct moat_domain *d, struct resv_inst *in)
{
    struct moat_flush f;
    int rc;

    moat_flush_begin(&f);
    host_lock(&d->map_lock);
    rc = domain_table_locked(d);
    if ( !rc && (in->region->last >> d->platform->caps.iova_bits) )
    {
        host_log_err("reserved region 0x%" PRIx64 "-0x%" PRIx64 ": beyond "
                     "the %u address bits of the units", in->region->first,
                     in->region->last, d->platform->caps.iova_bits);
        rc = -EINVAL;
    }
    if ( !rc )
        rc = note_host_maps(d, in);
    if ( !rc )
    {
        rc = apply(d, in, true, &f);
        if ( rc )
            apply(d, in, false, &f);
        else
            inst_link(d, in);
    }
    host_unlock(&d->map_lock);
    moat_flush_end(d, &f);
    return rc;
}

static int own_remove(struct moat_domain *d, struct resv_inst *in)
{
    struct moat_flush f;
    int rc;

    moat_flush_begin(&f);
    host_lock(&d->map_lock);
    inst_unlink(d, in);
    rc = apply(d, in, false, &f);
    host_unlock(&d->map_lock);
    moat_flush_end(d, &f);
    return rc;
}

/* ---- Both kinds ---- */

int resv_get(struct moat_domain *d, struct resv_region *r)
{
    struct resv_inst *in;
    int rc;

    host_devices_assert_locked();
    if ( d->kind == MOAT_DOMAIN_PASSTHROUGH )
        return 0;
    in = inst_find(d, r);
    if ( in )
    {
        in->refs++;
        return 0;
    }
    in = inst_new(d, r);
    if ( !in )
        return -ENOMEM;

    if ( d->kind == MOAT_DOMAIN_OWN )
        rc = own_install(d, in);
    else
    {
        /* On record before it is mapped (XSA-460); re-enters moat_map(). */
        host_lock(&d->map_lock);
        inst_link(d, in);
        host_unlock(&d->map_lock);
        rc = host_identity_map(d->cookie, r->first, r->last, r->prot, 0);
        if ( rc )
        {
            host_lock(&d->map_lock);
            inst_unlink(d, in);
            host_unlock(&d->map_lock);
        }
    }
    if ( rc )
        inst_free(in);
    return rc;
}

/*
 * Taking a mapping away can fail for want of a page to split a superpage
 * with. The device is gone by then; a guest that would keep reserved memory
 * within reach of its other devices is not left running with it (XSA-386:
 * the sequence goes on either way).
 */
void resv_put(struct moat_domain *d, struct resv_region *r)
{
    struct resv_inst *in = inst_find(d, r);
    char name[DOMAIN_LABEL];
    int rc;

    host_devices_assert_locked();
    if ( d->kind == MOAT_DOMAIN_PASSTHROUGH )
        return;
    if ( !in || !in->refs )
        host_bug("reserved region 0x%" PRIx64 " is dropped more often than "
                 "it was taken", r->first);
    if ( --in->refs )
        return;

    if ( d->kind == MOAT_DOMAIN_OWN )
        rc = own_remove(d, in);
    else
    {
        rc = host_identity_unmap(d->cookie, r->first, r->last);
        host_lock(&d->map_lock);
        inst_unlink(d, in);
        host_unlock(&d->map_lock);
    }
    inst_free(in);
    if ( rc )
    {
        host_log_err("reserved region 0x%" PRIx64 "-0x%" PRIx64 " could not "
                     "be taken from %s (%d)", r->first, r->last,
                     domain_label(d, name, sizeof(name)), rc);
        if ( domain_is_guest(d) )
            host_domain_crash(d->cookie);
    }
}

void resv_drop_all(struct moat_domain *d)
{
    struct resv_inst *in;

    while ( (in = d->resv) != NULL )
    {
        d->resv = in->next;
        inst_free(in);
    }
}

/* ---- The host's own requests, around installed regions ---- */

/* The first region of @d that ends at or after @iova, in ascending order. */
static struct resv_inst *inst_from(const struct moat_domain *d,
                                   moat_iova_t iova)
{
    struct resv_inst *in;

    for ( in = d->resv; in && in->region->last < iova; in = in->next )
        continue;
    return in;
}

int resv_map_locked(struct moat_domain *d, moat_iova_t iova, moat_paddr_t pa,
                    uint64_t len, unsigned int prot, struct moat_flush *f)
{
    moat_iova_t last = iova + len - 1, from, to;
    struct resv_inst *in;
    int rc;

    host_lock_assert(&d->map_lock);
    in = inst_from(d, iova);
    if ( !in || in->region->first > last || d->kind != MOAT_DOMAIN_OWN ||
         !len )
        return iopt_map(&d->pt, iova, pa, len, prot, f);
    if ( iova != pa )
    {
        if ( host_log_ratelimit() )
            host_log_err("refused to map 0x%" PRIx64 "-0x%" PRIx64 " over "
                         "the reserved region 0x%" PRIx64 "-0x%" PRIx64,
                         iova, last, in->region->first, in->region->last);
        return -EBUSY;
    }

    /*
     * The part before the region, then the region with both sides' rights,
     * and so on. What fails leaves the parts done mapped one-to-one: undoing
     * them could not tell what had been there before.
     */
    for ( from = iova; in && in->region->first <= last; in = in->next )
    {
        if ( from < in->region->first )
        {
            rc = iopt_map(&d->pt, from, from, in->region->first - from, prot,
                          f);
            if ( rc )
                return rc;
        }
        from = max_u64(from, in->region->first);
        to = min_u64(last, in->region->last);
        rc = iopt_map(&d->pt, from, from, to - from + 1,
                      prot | in->region->prot, f);
        if ( rc )
            return rc;
        note_range(in, from, to, prot);
        from = to + 1;
    }
    return from > last ? 0
           : iopt_map(&d->pt, from, from, last - from + 1, prot, f);
}

int resv_unmap_locked(struct moat_domain *d, moat_iova_t iova, uint64_t len,
                      struct moat_flush *f)
{
    moat_iova_t last = iova + len - 1, from, to;
    struct resv_inst *in;
    int rc;

    host_lock_assert(&d->map_lock);
    in = inst_from(d, iova);
    if ( !in || in->region->first > last || d->kind != MOAT_DOMAIN_OWN ||
         !len )
        return iopt_unmap(&d->pt, iova, len, f);

    for ( from = iova; in && in->region->first <= last; in = in->next )
    {
        if ( from < in->region->first )
        {
            rc = iopt_unmap(&d->pt, from, in->region->first - from, f);
            if ( rc )
                return rc;
        }
        from = max_u64(from, in->region->first);
        to = min_u64(last, in->region->last);
        /* Back to the region's own, exact rights. */
        rc = iopt_map(&d->pt, from, from, to - from + 1, in->region->prot, f);
        if ( rc )
            return rc;
        note_range(in, from, to, 0);
        from = to + 1;
    }
    return from > last ? 0 : iopt_unmap(&d->pt, from, last - from + 1, f);
}
