/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page-table engine: mapping and unmapping ranges.
 *
 * A range is done in runs. A run is as many entries of one table as the range
 * covers, at the highest level that alignment and length allow; so a range
 * climbs to large leaves and comes down again:
 *
 *      4K 4K 4K | 2M 2M 2M | 1G 1G | 2M | 4K 4K
 *
 * Each run costs one descent from the root; inside it there is one store per
 * entry. Whatever is rare (a table is missing, a leaf must be split, a table
 * became empty or one large page) is done out of line, in iopt_tree.c, after
 * which the descent is simply made again.
 */
#include "iopt_priv.h"

struct run
{
    uint64_t *slot, *link;
    unsigned int level, n;
};

/*
 * Store leaves v, v + 4 KiB, ... Returns how many entries were absent.
 * Three loops, so that each has one reason to end: what is absent, what is
 * there already, what is replaced.
 */
static unsigned long set_pages(uint64_t *p, unsigned int n, uint64_t v,
                               bool *modified)
{
    uint64_t *const end = p + n, *from;
    unsigned long added = 0;

    for ( ; ; )
    {
        for ( from = p; p != end && !*p; p++, v += MOAT_PAGE_SIZE )
            host_store64(p, v);
        added += (unsigned long)(p - from);

        while ( p != end && *p == v )
        {
            p++;
            v += MOAT_PAGE_SIZE;
        }

        for ( from = p; p != end && *p; p++, v += MOAT_PAGE_SIZE )
            host_store64(p, v);
        *modified |= p != from;
        if ( p == end )
            return added;
    }
}

/* The same at a higher level, where entries may be tables. */
static unsigned long set_large(struct iopt *t, const struct run *r,
                               uint64_t v, bool *modified,
                               struct moat_flush *f)
{
    unsigned long added = 0;
    unsigned int i;

    for ( i = 0; i < r->n; i++, v += IOPT_LEVEL_SIZE(r->level) )
    {
        uint64_t old = r->slot[i];

        if ( old == v )
            continue;
        host_store64(&r->slot[i], v);
        if ( !old )
        {
            added++;
            continue;
        }
        *modified = true;
        f->big_leaf = true;
        if ( iopt_is_link(t->fmt, old, r->level) )
        {
            f->added = true;            /* the table may have had holes */
            iopt_unlink(t, iopt_table(t, old), r->level - 1, f);
        }
    }
    return added;
}

/*
 * After stores in the table of @level at @link: say what to flush, count, and
 * see whether the table became one large page.
 */
static inline void map_done(struct iopt *t, uint64_t *link,
                            unsigned int level, moat_iova_t iova,
                            moat_iova_t last, moat_paddr_t pa,
                            unsigned long added, struct moat_flush *f)
{
    uint64_t count = *link;

    iopt_note(f, iova, last);
    if ( added )
    {
        f->added = true;
        count = iopt_count_add(t->fmt, link, added);
    }
    /* Only if the addresses go together. */
    if ( iopt_maybe_full(t->fmt, count) && level < t->max_leaf &&
         !((iova ^ pa) & (IOPT_LEVEL_SIZE(level + 1) - 1)) )
        iopt_tidy(t, iova, level, f);
}

static void map_run(struct iopt *t, const struct run *r,
                    const struct iopt_leaf *w, struct moat_flush *f)
{
    uint64_t v = w->pa | w->attr | t->fmt->leaf_bits[r->level];
    unsigned long added;
    bool modified = false;

    if ( r->level == 1 )
        added = set_pages(r->slot, r->n, v, &modified);
    else
        added = set_large(t, r, v, &modified, f);
    if ( !added && !modified )
        return;

    iopt_writeback(t, r->slot, r->n * sizeof(*r->slot));
    f->modified |= modified;
    map_done(t, r->link, r->level, w->iova, w->iova - 1 +
             ((uint64_t)r->n << IOPT_LEVEL_SHIFT(r->level)), w->pa, added, f);
}

/*
 * Carry out, or (@dry) only make way for, all runs of [w->iova, +len).
 * *@done: bytes that need no more memory.
 */
static int map_runs(struct iopt *t, struct iopt_leaf w, uint64_t len,
                    bool dry, uint64_t *done, struct moat_flush *f)
{
    struct run r;
    uint64_t bytes;

    for ( *done = 0; len; *done += bytes, len -= bytes )
    {
        unsigned int level = iopt_level_for(t, w.iova, w.iova | w.pa, len,
                                            t->max_leaf);

        r.slot = iopt_down(t, w.iova, level, &r.level, &r.link);
        if ( r.level > level )
        {
            unsigned int same = 0;
            int rc = iopt_open(t, w.iova, level, &w, &same, f);

            if ( rc )
                return rc;
            r.slot = iopt_down(t, w.iova, same ? same : level, &r.level,
                               &r.link);
        }
        r.n = IOPT_ENTRIES - iopt_index(w.iova, r.level);
        if ( r.level == level )
        {
            r.n = (unsigned int)min_u64(r.n, len >> IOPT_LEVEL_SHIFT(level));
            bytes = (uint64_t)r.n << IOPT_LEVEL_SHIFT(level);
            if ( !dry )
                map_run(t, &r, &w, f);
        }
        else        /* inside a larger leaf that maps the same */
            bytes = min_u64(len, IOPT_LEVEL_SIZE(r.level) -
                            (w.iova & (IOPT_LEVEL_SIZE(r.level) - 1)));
        w.iova += bytes;
        w.pa += bytes;
    }
    return 0;
}

/* Take back what a dry run made before it failed after @done bytes. */
static void map_undo(struct iopt *t, const struct iopt_leaf *w, uint64_t len,
                     uint64_t done, struct moat_flush *f)
{
    uint64_t at = 0, bytes;

    do {
        moat_iova_t iova = w->iova + at;
        unsigned int level = iopt_level_for(t, iova, iova | (w->pa + at),
                                            len - at, t->max_leaf);

        iopt_tidy(t, iova, level, f);
        bytes = IOPT_LEVEL_SIZE(level) *
                (IOPT_ENTRIES - iopt_index(iova, level));
        at += min_u64(bytes, (len - at) & ~(IOPT_LEVEL_SIZE(level) - 1));
    } while ( at <= done && at < len );
}

/* All but the plain case: see iopt_map(). */
static int __attribute__((__noinline__)) map_any(struct iopt *t,
                                                 moat_iova_t iova,
                                                 moat_paddr_t pa,
                                                 uint64_t len,
                                                 unsigned int prot,
                                                 struct moat_flush *f)
{
    struct iopt_leaf w = { .iova = iova, .pa = pa };
    unsigned int level;
    uint64_t done;
    int rc = 0;

    if ( ((iova | pa | len) & (MOAT_PAGE_SIZE - 1)) || !len ||
         prot - 1 >= MOAT_RW )
        return -EINVAL;
    if ( iova > t->iova_max || len - 1 > t->iova_max - iova ||
         pa > t->pa_max || len - 1 > t->pa_max - pa )
        return -ERANGE;
    w.attr = t->attr[prot];
    level = iopt_level_for(t, iova, iova | pa, len, t->max_leaf);
    /*
     * One run needs no rehearsal: it stores nothing before it has its tables.
     * Of several, an earlier one must not be stored if a later one fails.
     */
    if ( (len & (IOPT_LEVEL_SIZE(level) - 1)) ||
         iopt_index(iova, level) + (len >> IOPT_LEVEL_SHIFT(level)) >
         IOPT_ENTRIES )
        rc = map_runs(t, w, len, true, &done, f);
    if ( !rc )
        rc = map_runs(t, w, len, false, &done, f);
    if ( rc )
        map_undo(t, &w, len, done, f);
    return rc;
}

int iopt_map(struct iopt *t, moat_iova_t iova, moat_paddr_t pa, uint64_t len,
             unsigned int prot, struct moat_flush *f)
{
    uint64_t *slot, v, old;

    /* One sound page: most often that, and most often near the last one. */
    if ( len != MOAT_PAGE_SIZE || ((iova | pa) & (MOAT_PAGE_SIZE - 1)) ||
         prot - 1 >= MOAT_RW || pa > t->pa_max ||
         !(slot = iopt_page_slot(t, iova)) )
        return map_any(t, iova, pa, len, prot, f);
    v = pa | t->attr[prot] | t->fmt->leaf_bits[1];
    old = *slot;
    if ( old == v )
        return 0;
    host_store64(slot, v);
    iopt_writeback(t, slot, sizeof(v));
    f->modified |= old != 0;
    map_done(t, t->hot_link, 1, iova, iova + MOAT_PAGE_SIZE - 1, pa, !old, f);
    return 0;
}

/* ---- Unmapping ---- */

/* Clear @n entries; returns how many were present. */
static unsigned long clear_pages(uint64_t *p, unsigned int n)
{
    uint64_t *const end = p + n, *from;
    unsigned long removed = 0;

    for ( ; ; )
    {
        while ( p != end && !*p )
            p++;
        for ( from = p; p != end && *p; p++ )
            host_store64(p, 0);
        removed += (unsigned long)(p - from);
        if ( p == end )
            return removed;
    }
}

/* The same at a higher level: tables below go as a whole. */
static unsigned long clear_large(struct iopt *t, const struct run *r,
                                 struct moat_flush *f)
{
    unsigned long removed = 0;
    unsigned int i;

    for ( i = 0; i < r->n; i++ )
    {
        uint64_t old = r->slot[i];

        if ( !old )
            continue;
        host_store64(&r->slot[i], 0);
        removed++;
        if ( iopt_is_link(t->fmt, old, r->level) )
            iopt_unlink(t, iopt_table(t, old), r->level - 1, f);
    }
    return removed;
}

static inline void unmap_done(struct iopt *t, uint64_t *link,
                              unsigned int level, moat_iova_t iova,
                              moat_iova_t last, unsigned long removed,
                              struct moat_flush *f)
{
    f->modified = true;
    iopt_note(f, iova, last);
    if ( iopt_maybe_empty(t->fmt, iopt_count_add(t->fmt, link, -removed)) )
        iopt_tidy(t, iova, level, f);
}

static void unmap_run(struct iopt *t, const struct run *r, moat_iova_t iova,
                      struct moat_flush *f)
{
    unsigned long removed;

    if ( r->level == 1 )
        removed = clear_pages(r->slot, r->n);
    else
        removed = clear_large(t, r, f);
    if ( !removed )
        return;

    iopt_writeback(t, r->slot, r->n * sizeof(*r->slot));
    f->big_leaf |= r->level > 1;
    unmap_done(t, r->link, r->level, iova, iova - 1 +
               ((uint64_t)r->n << IOPT_LEVEL_SHIFT(r->level)), removed, f);
}

static int __attribute__((__noinline__)) unmap_any(struct iopt *t,
                                                   moat_iova_t iova,
                                                   uint64_t len,
                                                   struct moat_flush *f)
{
    struct run r;
    uint64_t bytes;
    int rc;

    if ( ((iova | len) & (MOAT_PAGE_SIZE - 1)) || !len )
        return -EINVAL;
    if ( iova > t->iova_max || len - 1 > t->iova_max - iova )
        return -ERANGE;
    for ( ; len; iova += bytes, len -= bytes )
    {
        unsigned int level = iopt_level_for(t, iova, iova, len, t->levels);

        r.slot = iopt_down(t, iova, level, &r.level, &r.link);
        if ( r.level > level )
        {
            uint64_t size = IOPT_LEVEL_SIZE(r.level);

            bytes = min_u64(len, size - (iova & (size - 1)));
            if ( !*r.slot )
                continue;
            /* Part of a leaf, or of what is shared. */
            rc = iopt_open(t, iova, level, NULL, NULL, f);
            if ( rc )
            {
                iopt_tidy(t, iova, level, f);
                return rc;
            }
            r.slot = iopt_down(t, iova, level, &r.level, &r.link);
        }
        r.n = (unsigned int)min_u64(IOPT_ENTRIES - iopt_index(iova, level),
                                    len >> IOPT_LEVEL_SHIFT(level));
        bytes = (uint64_t)r.n << IOPT_LEVEL_SHIFT(level);
        unmap_run(t, &r, iova, f);
    }
    return 0;
}

int iopt_unmap(struct iopt *t, moat_iova_t iova, uint64_t len,
               struct moat_flush *f)
{
    uint64_t *slot;

    /* One page, as in iopt_map(). */
    if ( len != MOAT_PAGE_SIZE || (iova & (MOAT_PAGE_SIZE - 1)) ||
         !(slot = iopt_page_slot(t, iova)) )
        return unmap_any(t, iova, len, f);
    if ( !*slot )
        return 0;
    host_store64(slot, 0);
    iopt_writeback(t, slot, sizeof(*slot));
    unmap_done(t, t->hot_link, 1, iova, iova + MOAT_PAGE_SIZE - 1, 1, f);
    return 0;
}
