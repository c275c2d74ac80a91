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
 * Each run costs one descent; inside it there is one store per entry. Single
 * pages, which are what most requests are, have a short way of their own
 * through the hot tables (iopt_priv.h). Whatever is rare (a table is missing,
 * a leaf must be split, a table became empty or one large page) is done out
 * of line, in iopt_tree.c, after which the descent is simply made again.
 */
#include "iopt_priv.h"

struct run
{
    uint64_t *slot, *link;
    unsigned int level, n;
};

/* The last byte of a run that starts at @iova. */
static inline moat_iova_t run_last(const struct run *r, moat_iova_t iova)
{
    return iova - 1 + ((uint64_t)r->n << IOPT_LEVEL_SHIFT(r->level));
}

/*
 * Four entries a turn: that is what long runs cost. What does not come in
 * fours is done one by one.
 */
static inline bool absent4(const uint64_t *p)
{
    return !(p[0] | p[1] | p[2] | p[3]);
}

static inline bool present4(const uint64_t *p)
{
    return p[0] && p[1] && p[2] && p[3];
}

static inline void store4(uint64_t *p, uint64_t v, uint64_t step)
{
    host_store64(p, v);
    host_store64(p + 1, v + step);
    host_store64(p + 2, v + 2 * step);
    host_store64(p + 3, v + 3 * step);
}

/* Store leaves v, v + 4 KiB, ... Returns how many entries were absent. */
static unsigned long set_pages(uint64_t *p, unsigned int n, uint64_t v,
                               bool *modified)
{
    uint64_t *const end = p + n, *from;
    unsigned long added = 0;

    for ( ; ; )
    {
        for ( from = p; p + 4 <= end && absent4(p);
              p += 4, v += 4 * MOAT_PAGE_SIZE )
            store4(p, v, MOAT_PAGE_SIZE);
        added += (unsigned long)(p - from);

        for ( ; p != end && *p == v; v += MOAT_PAGE_SIZE )
            p++;

        for ( from = p; p + 4 <= end && present4(p);
              p += 4, v += 4 * MOAT_PAGE_SIZE )
            store4(p, v, MOAT_PAGE_SIZE);
        *modified |= p != from;

        if ( p == end )
            return added;
        if ( *p )
            *modified = true;
        else
            added++;
        host_store64(p++, v);
        v += MOAT_PAGE_SIZE;
    }
}

/* The same at a higher level, where entries may be tables. */
static unsigned long set_large(struct iopt *t, const struct run *r,
                               moat_iova_t iova, uint64_t v, bool *modified,
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
            iopt_unlink(t, iopt_table(t, old), r->level - 1,
                        iova + i * IOPT_LEVEL_SIZE(r->level), f);
        }
    }
    return added;
}

/* Tables are pages. */
static inline const uint64_t *table_of(const uint64_t *slot)
{
    return (const uint64_t *)((uintptr_t)slot &
                              ~(uintptr_t)(MOAT_PAGE_SIZE - 1));
}

/*
 * May the table at @link be one large page, now that an entry of @level, at
 * @slot, was stored? Only if it is full, the addresses go together (@differ:
 * exclusive or of the two), and its ends do: what fills a table page by page
 * stores one of them last.
 */
static inline bool may_join(const struct iopt *t, uint64_t link,
                            const uint64_t *slot, unsigned int level,
                            uint64_t differ)
{
    return iopt_maybe_full(t->fmt, link) && level < t->max_leaf &&
           !(differ & (IOPT_LEVEL_SIZE(level + 1) - 1)) &&
           table_of(slot)[IOPT_ENTRIES - 1] - table_of(slot)[0] ==
           (IOPT_ENTRIES - 1) * IOPT_LEVEL_SIZE(level);
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
        added = set_large(t, r, w->iova, v, &modified, f);
    if ( !added && !modified )
        return;

    iopt_writeback(t, r->slot, r->n * sizeof(*r->slot));
    f->modified |= modified;
    iopt_note(f, w->iova, run_last(r, w->iova));
    if ( added )
    {
        f->added = true;
        iopt_count_add(t->fmt, r->link, added);
    }
    if ( may_join(t, *r->link, r->slot, r->level, w->iova ^ w->pa) )
        iopt_tidy(t, w->iova, r->level, f);
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

/*
 * What is left to do after one page was mapped and is not always needed. Out
 * of line, and called last, so that the way to it saves no registers.
 */
static int __attribute__((__noinline__)) map_settle(struct iopt *t,
                                                    moat_iova_t iova,
                                                    const uint64_t *slot,
                                                    bool join,
                                                    struct moat_flush *f)
{
    iopt_writeback(t, slot, sizeof(*slot));
    if ( join )
        iopt_tidy(t, iova, 1, f);
    return 0;
}

/* The same again with a hot table, if there can be one. */
static int __attribute__((__noinline__)) map_cold(struct iopt *t,
                                                  moat_iova_t iova,
                                                  moat_paddr_t pa,
                                                  uint64_t len,
                                                  unsigned int prot,
                                                  struct moat_flush *f)
{
    return iopt_heat(t, iova) ? iopt_map(t, iova, pa, len, prot, f)
                              : map_any(t, iova, pa, len, prot, f);
}

int iopt_map(struct iopt *t, moat_iova_t iova, moat_paddr_t pa, uint64_t len,
             unsigned int prot, struct moat_flush *f)
{
    uint64_t *slot, *link, v, old;
    bool join;

    /* One sound page: most often that, and most often near the last one. */
    if ( len != MOAT_PAGE_SIZE || ((iova | pa) & (MOAT_PAGE_SIZE - 1)) ||
         prot - 1 >= MOAT_RW || pa > t->pa_max )
        return map_any(t, iova, pa, len, prot, f);
    if ( !iopt_is_hot(t, iova) )
        return map_cold(t, iova, pa, len, prot, f);
    if ( !iopt_hot_slot(t, iova, &slot, &link) )
        return map_any(t, iova, pa, len, prot, f);
    v = pa | t->attr[prot] | t->fmt->leaf_bits[1];
    old = *slot;
    if ( old == v )
        return 0;
    host_store64(slot, v);
    iopt_note(f, iova, iova + MOAT_PAGE_SIZE - 1);
    if ( old )
        f->modified = true;
    else
    {
        f->added = true;
        iopt_count_add(t->fmt, link, 1);
    }
    join = may_join(t, *link, slot, 1, iova ^ pa);
    return join || !t->coherent ? map_settle(t, iova, slot, join, f) : 0;
}

/* ---- Unmapping ---- */

/*
 * May the table of @level at @link have become empty, now that @slot, of
 * @iova, was cleared? Not if there is something behind it: what empties a
 * table goes mostly upwards.
 */
static inline bool may_be_emptied(const struct iopt *t, uint64_t link,
                                  const uint64_t *slot, moat_iova_t iova,
                                  unsigned int level)
{
    return iopt_maybe_empty(t->fmt, link) &&
           !iopt_is_emptied(t, iova, level) &&
           !table_of(slot)[(unsigned int)(slot - table_of(slot) + 1) %
                           IOPT_ENTRIES];
}

/* Clear @n entries; returns how many were present. */
static unsigned long clear_pages(uint64_t *p, unsigned int n)
{
    uint64_t *const end = p + n, *from;
    unsigned long removed = 0;

    for ( ; ; )
    {
        for ( from = p; p + 4 <= end && present4(p); p += 4 )
            store4(p, 0, 0);
        removed += (unsigned long)(p - from);

        while ( p != end && !*p )
            p++;
        if ( p == end )
            return removed;
        host_store64(p++, 0);
        removed++;
    }
}

/* The same at a higher level: tables below go as a whole. */
static unsigned long clear_large(struct iopt *t, const struct run *r,
                                 moat_iova_t iova, struct moat_flush *f)
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
            iopt_unlink(t, iopt_table(t, old), r->level - 1,
                        iova + i * IOPT_LEVEL_SIZE(r->level), f);
    }
    return removed;
}

static void unmap_run(struct iopt *t, const struct run *r, moat_iova_t iova,
                      struct moat_flush *f)
{
    unsigned long removed;

    if ( r->level == 1 )
        removed = clear_pages(r->slot, r->n);
    else
        removed = clear_large(t, r, iova, f);
    if ( !removed )
        return;

    iopt_writeback(t, r->slot, r->n * sizeof(*r->slot));
    f->big_leaf |= r->level > 1;
    f->modified = true;
    iopt_note(f, iova, run_last(r, iova));
    iopt_count_add(t->fmt, r->link, -removed);
    if ( r->level < t->levels &&
         may_be_emptied(t, *r->link, r->slot + r->n - 1, iova, r->level) )
        iopt_emptied(t, iova, f);
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

/* As map_settle(). */
static int __attribute__((__noinline__)) unmap_settle(struct iopt *t,
                                                      moat_iova_t iova,
                                                      const uint64_t *slot,
                                                      bool emptied,
                                                      struct moat_flush *f)
{
    iopt_writeback(t, slot, sizeof(*slot));
    if ( emptied )
        iopt_emptied(t, iova, f);
    return 0;
}

static int __attribute__((__noinline__)) unmap_cold(struct iopt *t,
                                                    moat_iova_t iova,
                                                    uint64_t len,
                                                    struct moat_flush *f)
{
    return iopt_heat(t, iova) ? iopt_unmap(t, iova, len, f)
                              : unmap_any(t, iova, len, f);
}

int iopt_unmap(struct iopt *t, moat_iova_t iova, uint64_t len,
               struct moat_flush *f)
{
    uint64_t *slot, *link;
    bool emptied;

    /* One page, as in iopt_map(). */
    if ( len != MOAT_PAGE_SIZE || (iova & (MOAT_PAGE_SIZE - 1)) )
        return unmap_any(t, iova, len, f);
    if ( !iopt_is_hot(t, iova) )
        return unmap_cold(t, iova, len, f);
    if ( !iopt_hot_slot(t, iova, &slot, &link) )
        return unmap_any(t, iova, len, f);
    if ( !*slot )
        return 0;
    host_store64(slot, 0);
    f->modified = true;
    iopt_note(f, iova, iova + MOAT_PAGE_SIZE - 1);
    iopt_count_add(t->fmt, link, -1UL);
    emptied = may_be_emptied(t, *link, slot, iova, 1);
    return emptied || !t->coherent
           ? unmap_settle(t, iova, slot, emptied, f) : 0;
}
