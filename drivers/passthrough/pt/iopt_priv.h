/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the page-table engine.
 *
 *      link (entry of level l+1) --> table of level l
 *                                     [ slot ] --> table of level l-1, or
 *                                                  a leaf, or 0
 *
 * The present entries of a table are counted in its link (struct iopt_fmt).
 * The count is for the engine alone: it is never written back for hardware's
 * sake and never flushed.
 *
 * Entries are read with plain loads: only the caller, under its lock, ever
 * changes them. (Accessed and dirty bits are off in both formats.)
 */
#ifndef MOAT_PT_IOPT_PRIV_H
#define MOAT_PT_IOPT_PRIV_H

#include "../core/bits.h"
#include "iopt.h"

#define IOPT_NO_GIB     (~(uint64_t)0)
#define IOPT_NO_IOVA    (~(moat_iova_t)0)

static inline unsigned int iopt_index(moat_iova_t iova, unsigned int level)
{
    return (unsigned int)(iova >> IOPT_LEVEL_SHIFT(level)) &
           (IOPT_ENTRIES - 1);
}

/* The mapping of the table that a table entry points to. */
static inline uint64_t *iopt_table(const struct iopt *t, uint64_t e)
{
    return host_table_va(e & t->fmt->pa_mask);
}

/* A table entry that can be followed and whose table may be changed. */
static inline bool iopt_is_link(const struct iopt_fmt *fmt, uint64_t e,
                                unsigned int level)
{
    return (e & fmt->table_mask) == fmt->table_bits[level];
}

/* A table entry, shared or not. */
static inline bool iopt_is_table(const struct iopt_fmt *fmt, uint64_t e,
                                 unsigned int level)
{
    return level > 1 && iopt_is_link(fmt, e & ~fmt->shared, level);
}

static inline bool iopt_is_shared(const struct iopt_fmt *fmt, uint64_t e,
                                  unsigned int level)
{
    return (e & fmt->shared) && iopt_is_table(fmt, e, level);
}

/*
 * The tables of level 2 used last are hot: a page in the GiB of one is found
 * in one step. Level 2 and not 1, because 16 of these cover 16 GiB, so that
 * it does not matter which page comes next.
 */
static inline bool iopt_is_hot(const struct iopt *t, moat_iova_t iova)
{
    uint64_t gib = iova >> IOPT_LEVEL_SHIFT(3);

    return t->hot[gib % IOPT_HOT].gib == gib;
}

/* Make it so; false: @iova out of range, or there is no such table. */
bool iopt_heat(struct iopt *t, moat_iova_t iova);

/*
 * The slot of a page in a hot table's GiB. *@link: the entry that points to
 * its table. False: there is no table that can be changed.
 */
static inline bool iopt_hot_slot(const struct iopt *t, moat_iova_t iova,
                                 uint64_t **slot, uint64_t **link)
{
    uint64_t gib = iova >> IOPT_LEVEL_SHIFT(3), e;

    *link = t->hot[gib % IOPT_HOT].table + iopt_index(iova, 2);
    /* The bits of a link cancel out, those of all else do not. */
    e = **link ^ t->fmt->table_bits[2];
    if ( e & t->fmt->table_mask )
        return false;
    *slot = iopt_table(t, e) + iopt_index(iova, 1);
    return true;
}

/* The table of level 2 that holds @iova is unlinked, with all below it. */
static inline void iopt_forget(struct iopt *t, moat_iova_t iova)
{
    t->hot[(iova >> IOPT_LEVEL_SHIFT(3)) % IOPT_HOT].gib = IOPT_NO_GIB;
}

/*
 * Go down from the root while there are links, at most to the table of level
 * @target. Returns the slot for @iova; *@level: of its table; *@link: the
 * entry that points to this table.
 */
static inline uint64_t *iopt_down(struct iopt *t, moat_iova_t iova,
                                  unsigned int target, unsigned int *level,
                                  uint64_t **link)
{
    const struct iopt_fmt *fmt = t->fmt;
    unsigned int l = t->levels;
    uint64_t *slot;

    if ( target == 1 && (iopt_is_hot(t, iova) || iopt_heat(t, iova)) &&
         iopt_hot_slot(t, iova, &slot, link) )
    {
        *level = 1;
        return slot;
    }
    slot = t->root + iopt_index(iova, l);
    *link = &t->root_link;
    while ( l > target && iopt_is_link(fmt, *slot, l) )
    {
        *link = slot;
        slot = iopt_table(t, *slot) + iopt_index(iova, --l);
    }
    *level = l;
    return slot;
}

/* @n more (or, negated, fewer) present entries in the table at @link. */
static inline void iopt_count_add(const struct iopt_fmt *fmt, uint64_t *link,
                                  unsigned long n)
{
    uint64_t e = *link, m = fmt->count_mask;

    host_store64(link, (e & ~m) | ((e + n * fmt->count_unit) & m));
}

static inline bool iopt_maybe_empty(const struct iopt_fmt *fmt, uint64_t link)
{
    return !(link & fmt->count_mask);
}

static inline bool iopt_maybe_full(const struct iopt_fmt *fmt, uint64_t link)
{
    return (link & fmt->count_mask) == fmt->count_full;
}

/*
 * The highest level whose entries can hold what starts at @iova, is @len
 * bytes long and has the alignment of @align (addresses or'ed together).
 */
static inline unsigned int iopt_level_for(const struct iopt *t,
                                          moat_iova_t iova, uint64_t align,
                                          uint64_t len, unsigned int max)
{
    unsigned int l = 1;

    while ( l < max && len >= IOPT_LEVEL_SIZE(l + 1) &&
            !(align & (IOPT_LEVEL_SIZE(l + 1) - 1)) )
        l++;
    /* No leaf where a pinned table hangs, nor is that taken away. */
    if ( l > t->pinned && !iova )
        l = t->pinned;
    return l;
}

static inline void iopt_writeback(const struct iopt *t, const void *p,
                                  size_t size)
{
    if ( !t->coherent )
        host_cache_writeback(p, size);
}

/* [first, last] changed. */
static inline void iopt_note(struct moat_flush *f, moat_iova_t first,
                             moat_iova_t last)
{
    if ( first < f->first )
        f->first = first;
    if ( last > f->last )
        f->last = last;
}

/* What a request puts into leaves. */
struct iopt_leaf
{
    moat_iova_t iova;
    moat_paddr_t pa;            /* of @iova; both move together */
    uint64_t attr;              /* rights and snoop */
};

/*
 * Make way for a change at @iova in a table of level @target: create tables,
 * copy shared ones, split leaves. If a larger leaf already does what @want
 * (NULL: unmapping) asks for, *@same is its level and nothing is changed.
 * -ENOMEM: some of it may have been done; translations are as before, and
 * iopt_tidy() of the same place removes it again.
 */
int iopt_open(struct iopt *t, moat_iova_t iova, unsigned int target,
              const struct iopt_leaf *want, unsigned int *same,
              struct moat_flush *f);
/*
 * After a change in the table of level >= @level that holds @iova: unlink it
 * if it is empty, replace it by a leaf if its entries are one; then look at
 * the table above.
 */
void iopt_tidy(struct iopt *t, moat_iova_t iova, unsigned int level,
               struct moat_flush *f);
/*
 * A table that holds @iova, not the root, may be empty. It stays, as the next
 * page is often mapped where the last one was; the one before it goes.
 */
void iopt_emptied(struct iopt *t, moat_iova_t iova, struct moat_flush *f);

/*
 * The table of @level (not the root) that holds @iova may be empty: is what
 * was left in the same place? Then it is that one, or was one below it.
 */
static inline bool iopt_is_emptied(const struct iopt *t, moat_iova_t iova,
                                   unsigned int level)
{
    return !((t->emptied ^ iova) >> IOPT_LEVEL_SHIFT(level + 1));
}

/*
 * Unlinked table @table of @level, whose first address is @iova, and all below
 * go to f->tables.
 */
void iopt_unlink(struct iopt *t, uint64_t *table, unsigned int level,
                 moat_iova_t iova, struct moat_flush *f);

#endif /* MOAT_PT_IOPT_PRIV_H */
