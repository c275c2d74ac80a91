/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mapping: what Xen's memory management calls when a domain's memory
 * changes.
 *
 * Two habits of the callers decide the shape of this file. They free the
 * page whatever an unmap or flush returns, so that neither may fail while a
 * device can still reach it. And they tell, by iommu_dont_flush_iotlb or by
 * the choice of function, that they will flush later: the flush is then
 * handed to the domain, which knows what it has to wait for.
 */

#include "port.h"

#include <xen/event.h>
#include <xen/mm.h>
#include <xen/softirq.h>

/* Pages between two looks at whether something else wants to run: 1 GiB. */
#define CHUNK_PAGES (1UL << 18)

static unsigned int prot_of(unsigned int flags)
{
    return (flags & IOMMUF_readable ? MOAT_READ : 0) |
           (flags & IOMMUF_writable ? MOAT_WRITE : 0);
}

/* Chunks end on a multiple of their size, so as not to cut large leaves. */
static unsigned long chunk(unsigned long frame, unsigned long left)
{
    return min(left, CHUNK_PAGES - (frame & (CHUNK_PAGES - 1)));
}

static void complain(const struct domain *d, const char *what, dfn_t dfn,
                     unsigned long nr, int rc)
{
    if ( !compat_shutting_down(d) && printk_ratelimit() )
        host_log_err("%pd: %s of dfn %"PRI_dfn" (%lu pages) failed: %d",
                     d, what, dfn_x(dfn), nr, rc);
}

static inline bool has_own_table(const struct domain *d)
{
    return is_iommu_enabled(d) && port_domain(d) && !iommu_use_hap_pt(d);
}

/*
 * Unmap without memory to split superpages. The reserve makes failure next to
 * impossible; should it be empty, too, what cannot be split goes as a whole:
 * a device that loses memory it should have does no harm to others.
 */
static int noinline unmap_hard(struct domain *d, dfn_t dfn, unsigned long nr,
                               struct moat_flush *f)
{
    static const unsigned int orders[] = { 0, 9, 18 };
    unsigned int i;
    int rc = -ENOMEM;

    port_reserve_begin();
    for ( i = 0; rc == -ENOMEM && i < ARRAY_SIZE(orders); i++ )
    {
        unsigned long mask = (1UL << orders[i]) - 1;
        unsigned long first = dfn_x(dfn) & ~mask;
        unsigned long last = (dfn_x(dfn) + nr - 1) | mask;

        rc = moat_unmap(port_domain(d), pfn_to_paddr(first),
                        pfn_to_paddr(last - first + 1), f);
    }
    port_reserve_end();

    /* Gone, but with more than was asked for. */
    return rc ?: (i > 1 ? -ENOMEM : 0);
}

static inline void flush_or_defer(struct domain *d, struct moat_flush *f,
                                  bool defer)
{
    if ( defer )
        moat_flush_defer(port_domain(d), f);
    else
        moat_flush_end(port_domain(d), f);
}

static void note_flags(const struct moat_flush *f, unsigned int *flags)
{
    *flags |= (f->added ? IOMMU_FLUSHF_added : 0) |
              (f->modified ? IOMMU_FLUSHF_modified : 0);
}

/*
 * One chunk. After an error nothing new of it is mapped and, unless @defer,
 * nothing of what was there before is cached.
 */
static int map_chunk(struct domain *d, dfn_t dfn, mfn_t mfn, unsigned long nr,
                     unsigned int flags, bool defer, unsigned int *flush_flags)
{
    struct moat_flush f;
    int rc;

    moat_flush_begin(&f);
    rc = moat_map(port_domain(d), pfn_to_paddr(dfn_x(dfn)), mfn_to_maddr(mfn),
                  pfn_to_paddr(nr), prot_of(flags), &f);
    note_flags(&f, flush_flags);
    flush_or_defer(d, &f, defer && !rc);
    port_domain_note_root(d);

    return rc;
}

static always_inline int unmap_chunk(struct domain *d, dfn_t dfn,
                                     unsigned long nr, bool defer,
                                     unsigned int *flush_flags)
{
    struct moat_flush f;
    int rc;

    moat_flush_begin(&f);
    rc = moat_unmap(port_domain(d), pfn_to_paddr(dfn_x(dfn)),
                    pfn_to_paddr(nr), &f);
    if ( unlikely(rc == -ENOMEM) )
        rc = unmap_hard(d, dfn, nr, &f);
    note_flags(&f, flush_flags);
    flush_or_defer(d, &f, defer && !rc);
    port_reserve_refill();

    return rc;
}

static long map_pages(struct domain *d, dfn_t dfn, mfn_t mfn,
                      unsigned long nr, unsigned int flags, bool defer,
                      unsigned int *flush_flags)
{
    unsigned long done, n;

    /* A dying domain's tables are being taken down: nothing may be added. */
    if ( !has_own_table(d) || d->is_dying )
        return 0;

    for ( done = 0; done < nr; done += n )
    {
        int rc;

        if ( done && (flags & IOMMUF_preempt) && general_preempt_check() )
            return done;

        n = chunk(dfn_x(dfn) + done, nr - done);
        rc = map_chunk(d, dfn_add(dfn, done), mfn_add(mfn, done), n, flags,
                       defer, flush_flags);
        if ( likely(!rc) )
            continue;

        complain(d, "mapping", dfn, nr, rc);
        if ( done && unmap_chunk(d, dfn, done, false, flush_flags) )
            complain(d, "undoing the mapping", dfn, done, -ENOMEM);
        if ( !is_hardware_domain(d) )
            domain_crash(d);
        return rc;
    }

    return 0;
}

static always_inline long unmap_pages(struct domain *d, dfn_t dfn,
                                      unsigned long nr, unsigned int flags,
                                      bool defer, unsigned int *flush_flags)
{
    unsigned long done, n;
    int rc = 0;

    /* A dying domain's tables go first, and then its pages one by one. */
    if ( !has_own_table(d) ||
         (d->is_dying && !moat_domain_table_pages(port_domain(d))) )
        return 0;

    for ( done = 0; done < nr; done += n )
    {
        int err;

        if ( done && (flags & IOMMUF_preempt) && general_preempt_check() )
            return done;

        n = chunk(dfn_x(dfn) + done, nr - done);
        err = unmap_chunk(d, dfn_add(dfn, done), n, defer, flush_flags);
        if ( likely(!err) )
            continue;

        /* Go on: the caller is going to free all of it. */
        complain(d, "unmapping", dfn, nr, err);
        if ( !is_hardware_domain(d) )
            domain_crash(d);
        rc = rc ?: err;
    }

    return rc;
}

/* For the builder of a PV dom0: the flush comes at the end, in one go. */
long iommu_map(struct domain *d, dfn_t dfn, mfn_t mfn,
               unsigned long page_count, unsigned int flags,
               unsigned int *flush_flags)
{
    return map_pages(d, dfn, mfn, page_count, flags, true, flush_flags);
}

long iommu_unmap(struct domain *d, dfn_t dfn, unsigned long page_count,
                 unsigned int flags, unsigned int *flush_flags)
{
    return unmap_pages(d, dfn, page_count, flags, true, flush_flags);
}

/*
 * Changes of a PV domain's page types must not be told of a failure: Xen
 * 4.17's way back from there (_get_page_type() to _put_page_type()) ends in
 * a BUG(). The domain has been crashed, and what its devices cannot reach
 * does no harm.
 */
static inline int outcome(const struct domain *d, int rc)
{
    return rc && is_pv_domain(d) ? 0 : rc;
}

int iommu_legacy_map(struct domain *d, dfn_t dfn, mfn_t mfn,
                     unsigned long page_count, unsigned int flags)
{
    unsigned int flush_flags = 0;

    ASSERT(!(flags & IOMMUF_preempt));

    return outcome(d, map_pages(d, dfn, mfn, page_count, flags,
                                this_cpu(iommu_dont_flush_iotlb),
                                &flush_flags));
}

int iommu_legacy_unmap(struct domain *d, dfn_t dfn, unsigned long page_count)
{
    unsigned int flush_flags = 0;

    return outcome(d, unmap_pages(d, dfn, page_count, 0,
                                  this_cpu(iommu_dont_flush_iotlb),
                                  &flush_flags));
}

/*
 * Return 0 always: a unit that did not answer has been dealt with by the
 * time the flush returns.
 */
int iommu_iotlb_flush(struct domain *d, dfn_t dfn, unsigned long page_count,
                      unsigned int flush_flags)
{
    if ( !is_iommu_enabled(d) || !port_domain(d) || !page_count ||
         !flush_flags )
        return 0;

    if ( dfn_eq(dfn, INVALID_DFN) )
        return -EINVAL;

    moat_flush_range(port_domain(d), pfn_to_paddr(dfn_x(dfn)),
                     pfn_to_paddr(dfn_x(dfn) + page_count) - 1,
                     flush_flags & IOMMU_FLUSHF_added,
                     flush_flags & IOMMU_FLUSHF_modified);

    return 0;
}

int iommu_iotlb_flush_all(struct domain *d, unsigned int flush_flags)
{
    if ( is_iommu_enabled(d) && port_domain(d) && flush_flags )
        moat_flush_all(port_domain(d));

    return 0;
}
