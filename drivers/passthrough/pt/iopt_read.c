/* SPDX-License-Identifier: GPL-2.0-only */
/* The page-table engine: looking. */
#include "iopt_priv.h"

static unsigned int leaf_prot(const struct iopt_fmt *fmt, uint64_t e)
{
    return (e & fmt->rights[MOAT_READ] ? MOAT_READ : 0) |
           (e & fmt->rights[MOAT_WRITE] ? MOAT_WRITE : 0);
}

int iopt_lookup(const struct iopt *t, moat_iova_t iova, moat_paddr_t *pa,
                unsigned int *prot, unsigned int *level)
{
    const uint64_t *table = t->root;
    unsigned int l = t->levels;
    uint64_t e;

    if ( level )
        *level = 1;
    if ( iova > t->iova_max )
        return -ENOENT;
    while ( iopt_is_table(t->fmt, e = table[iopt_index(iova, l)], l) )
    {
        table = iopt_table(t, e);
        l--;
    }
    if ( level )
        *level = l;
    if ( !e )
        return -ENOENT;
    if ( pa )
        *pa = (e & t->fmt->pa_mask) | (iova & (IOPT_LEVEL_SIZE(l) - 1));
    if ( prot )
        *prot = leaf_prot(t->fmt, e);
    return 0;
}

struct walk
{
    const struct iopt *t;
    int (*fn)(void *arg, moat_iova_t iova, moat_paddr_t pa,
              unsigned int order, unsigned int prot);
    void *arg;
};

static int walk_table(const struct walk *w, const uint64_t *table,
                      unsigned int level, moat_iova_t iova)
{
    const struct iopt_fmt *fmt = w->t->fmt;
    moat_iova_t max = w->t->iova_max;
    unsigned int i;
    int rc = 0;

    for ( i = 0; !rc && i < IOPT_ENTRIES; i++ )
    {
        uint64_t e = table[i];
        moat_iova_t at = iova + ((uint64_t)i << IOPT_LEVEL_SHIFT(level));

        /* A root of 6 levels has more entries than there are addresses. */
        if ( i > (max - iova) >> IOPT_LEVEL_SHIFT(level) )
            break;
        if ( !e || (level == 1 && e == w->t->fill_leaf) ||
             iopt_is_shared(fmt, e, level) )
            continue;
        if ( iopt_is_table(fmt, e, level) )
            rc = walk_table(w, iopt_table(w->t, e), level - 1, at);
        else
            rc = w->fn(w->arg, at, e & fmt->pa_mask, 9 * (level - 1),
                       leaf_prot(fmt, e));
    }
    return rc;
}

int iopt_walk(const struct iopt *t,
              int (*fn)(void *arg, moat_iova_t iova, moat_paddr_t pa,
                        unsigned int order, unsigned int prot),
              void *arg)
{
    struct walk w = { .t = t, .fn = fn, .arg = arg };

    return walk_table(&w, t->root, t->levels, 0);
}
