/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page-table engine: what changes the shape of the tree. Creating tables,
 * splitting and re-joining leaves, the shared chain, the beginning and end.
 *
 * Hardware may walk what is linked at any time, so each change of shape is
 * prepared in a page nobody sees, written back where units do not snoop, and
 * then made by one store; that page is filled with plain stores. A page that
 * was unlinked is not touched again: hardware may be in it until the flush.
 */
#include "iopt_priv.h"

static unsigned int usable_leaf_level(const struct iopt_cfg *cfg)
{
    unsigned int l = 1;

    while ( l < cfg->levels && l < cfg->fmt->max_leaf_level &&
            (cfg->leaf_levels & (1u << (l + 1))) )
        l++;
    return l;
}

int iopt_init(struct iopt *t, const struct iopt_cfg *cfg)
{
    const struct iopt_fmt *fmt = cfg->fmt;
    unsigned int l;

    if ( cfg->levels < fmt->min_levels || cfg->levels > fmt->max_levels ||
         !(cfg->leaf_levels & (1u << 1)) ||
         cfg->iova_bits < IOPT_LEVEL_SHIFT(2) || cfg->iova_bits > 64 ||
         cfg->iova_bits > MOAT_PAGE_SHIFT + 9 * cfg->levels ||
         cfg->pa_bits < MOAT_PAGE_SHIFT || cfg->pa_bits > 52 )
        return -EINVAL;

    memset(t, 0, sizeof(*t));
    t->fmt = fmt;
    t->levels = t->pinned = cfg->levels;
    t->max_leaf = usable_leaf_level(cfg);
    t->leaf_levels = (2u << t->max_leaf) - 2;
    t->iova_bits = (unsigned int)min_u64(cfg->iova_bits, 63);
    t->iova_max = ~(uint64_t)0 >> (64 - t->iova_bits);
    t->pa_bits = cfg->pa_bits;
    t->pa_max = ~(uint64_t)0 >> (64 - cfg->pa_bits);
    t->coherent = cfg->coherent;
    t->emptied = IOPT_NO_IOVA;
    for ( l = 0; l < IOPT_HOT; l++ )
        t->hot[l].gib = IOPT_NO_GIB;
    for ( l = 1; l < ARRAY_SIZE(t->attr); l++ )
        t->attr[l] = fmt->rights[l] | (cfg->snoop ? fmt->snoop : 0);
    t->node = cfg->node;
    t->owner = cfg->owner;
    host_tables_init(&t->dying);

    t->root = host_table_alloc(t->owner, t->node, &t->root_pa);
    if ( !t->root )
        return -ENOMEM;
    iopt_writeback(t, t->root, MOAT_PAGE_SIZE);
    t->pages = 1;
    return 0;
}

/*
 * The table of level 2 for @iova becomes a hot one. Not in a table so narrow
 * that a GiB is not all valid: its addresses would have to be checked again.
 */
bool iopt_heat(struct iopt *t, moat_iova_t iova)
{
    uint64_t gib = iova >> IOPT_LEVEL_SHIFT(3), *link;
    unsigned int level;

    if ( iova > t->iova_max || t->iova_max < IOPT_LEVEL_SIZE(3) - 1 )
        return false;
    (void)iopt_down(t, iova, 2, &level, &link);
    if ( level > 2 )
        return false;
    t->hot[gib % IOPT_HOT].gib = gib;
    t->hot[gib % IOPT_HOT].table = t->levels == 2 ? t->root
                                                  : iopt_table(t, *link);
    return true;
}

/* ---- Making way ---- */

/* Fill @table (level @level - 1) with what leaf @e of @level covers. */
static void split_into(const struct iopt_fmt *fmt, uint64_t *table, uint64_t e,
                       unsigned int level)
{
    const uint64_t size = IOPT_LEVEL_SIZE(level - 1);
    uint64_t *const end = table + IOPT_ENTRIES;

    e = (e & ~fmt->leaf_bits[level]) | fmt->leaf_bits[level - 1];
    for ( ; table != end; table += 4, e += 4 * size )
    {
        table[0] = e;
        table[1] = e + size;
        table[2] = e + 2 * size;
        table[3] = e + 3 * size;
    }
}

/*
 * Hang a new table below @slot (of @level), translating as @slot does now.
 * @link: of the table @slot is in.
 */
static int grow(struct iopt *t, uint64_t *slot, uint64_t *link,
                moat_iova_t iova, unsigned int level, struct moat_flush *f)
{
    const struct iopt_fmt *fmt = t->fmt;
    uint64_t old = *slot;
    moat_paddr_t pa;
    uint64_t *table = host_table_alloc(t->owner, t->node, &pa);

    if ( !table )
        return -ENOMEM;
    if ( iopt_is_shared(fmt, old, level) )
        memcpy(table, iopt_table(t, old), MOAT_PAGE_SIZE);
    else if ( old )
        split_into(fmt, table, old, level);
    iopt_writeback(t, table, MOAT_PAGE_SIZE);
    host_wmb();             /* whoever sees the pointer sees the page */

    host_store64(slot, pa | fmt->table_bits[level] |
                       (old ? fmt->count_full : 0));
    iopt_writeback(t, slot, sizeof(*slot));
    t->pages++;
    if ( !old )
        iopt_count_add(fmt, link, 1);
    else
    {
        moat_iova_t first = iova & ~(IOPT_LEVEL_SIZE(level) - 1);

        f->modified = f->big_leaf = true;
        iopt_note(f, first, first + IOPT_LEVEL_SIZE(level) - 1);
    }
    return 0;
}

int iopt_open(struct iopt *t, moat_iova_t iova, unsigned int target,
              const struct iopt_leaf *want, unsigned int *same,
              struct moat_flush *f)
{
    uint64_t *slot, *link;
    unsigned int level;
    int rc = 0;

    for ( ; ; )
    {
        slot = iopt_down(t, iova, target, &level, &link);
        if ( level == target )
            return 0;
        if ( want )
        {
            uint64_t off = iova & (IOPT_LEVEL_SIZE(level) - 1);

            /* Only the leaf that maps the same can be equal to this. */
            if ( *slot == ((want->pa - off) | want->attr |
                           t->fmt->leaf_bits[level]) )
            {
                *same = level;
                return 0;
            }
        }
        rc = grow(t, slot, link, iova, level, f);
        if ( rc )
            return rc;
    }
}

/* ---- Tidying up ---- */

static bool is_empty(const uint64_t *table)
{
    const uint64_t *p, *const end = table + IOPT_ENTRIES;

    for ( p = table; p != end; p += 16 )
        if ( p[0] | p[1] | p[2] | p[3] | p[4] | p[5] | p[6] | p[7] |
             p[8] | p[9] | p[10] | p[11] | p[12] | p[13] | p[14] | p[15] )
            return false;
    return true;
}

/*
 * The leaf of @level + 1 that does what all entries of @table (level @level)
 * do; 0 if there is none. Proof, not inference (XSA-275): every entry is
 * compared whole with what it must be. The ends first: they differ whenever
 * the table is not one run.
 */
static uint64_t joined(const struct iopt *t, const uint64_t *table,
                       unsigned int level)
{
    const struct iopt_fmt *fmt = t->fmt;
    uint64_t size = IOPT_LEVEL_SIZE(level), e = table[0], v = e;
    const uint64_t *p, *const end = table + IOPT_ENTRIES;

    if ( level >= t->max_leaf || !e || iopt_is_table(fmt, e, level) ||
         (e & fmt->pa_mask & (IOPT_LEVEL_SIZE(level + 1) - 1)) ||
         table[IOPT_ENTRIES - 1] != e + (IOPT_ENTRIES - 1) * size )
        return 0;
    for ( p = table; p != end; p += 4, v += 4 * size )
        if ( p[0] != v || p[1] != v + size || p[2] != v + 2 * size ||
             p[3] != v + 3 * size )
            return 0;
    return (e & ~fmt->leaf_bits[level]) | fmt->leaf_bits[level + 1];
}

static bool is_pinned(const struct iopt *t, moat_iova_t iova,
                      unsigned int level)
{
    return level == t->levels ||
           (level >= t->pinned && iova < IOPT_LEVEL_SIZE(level + 1));
}

void iopt_tidy(struct iopt *t, moat_iova_t iova, unsigned int level,
               struct moat_flush *f)
{
    const struct iopt_fmt *fmt = t->fmt;
    uint64_t *link[IOPT_MAX_LEVELS + 1], *slot = t->root;
    unsigned int l = t->levels;

    link[l] = &t->root_link;
    for ( slot += iopt_index(iova, l);
          l > level && iopt_is_link(fmt, *slot, l);
          slot = iopt_table(t, *link[l]) + iopt_index(iova, l) )
        link[--l] = slot;

    for ( ; !is_pinned(t, iova, l); l++ )
    {
        uint64_t old = *link[l], new = 0;
        uint64_t *table = iopt_table(t, old);
        moat_iova_t first = iova & ~(IOPT_LEVEL_SIZE(l + 1) - 1);

        if ( !iopt_maybe_empty(fmt, old) ||
             (!fmt->count_full && !is_empty(table)) )
        {
            if ( !iopt_maybe_full(fmt, old) )
                break;
            new = joined(t, table, l);
            if ( !new )
                break;
        }
        host_store64(link[l], new);
        iopt_writeback(t, link[l], sizeof(new));
        host_tables_add(&f->tables, table);
        if ( l == 2 )
            iopt_forget(t, iova);
        t->pages--;
        f->modified = f->big_leaf = true;
        iopt_note(f, first, first + IOPT_LEVEL_SIZE(l + 1) - 1);
        if ( !new )
            iopt_count_add(fmt, link[l + 1], -1UL);
    }
}

void iopt_emptied(struct iopt *t, moat_iova_t iova, struct moat_flush *f)
{
    iopt_trim(t, f);
    t->emptied = iova;
}

void iopt_trim(struct iopt *t, struct moat_flush *f)
{
    if ( t->emptied != IOPT_NO_IOVA )
        iopt_tidy(t, t->emptied, 1, f);
    t->emptied = IOPT_NO_IOVA;
}

void iopt_unlink(struct iopt *t, uint64_t *table, unsigned int level,
                 moat_iova_t iova, struct moat_flush *f)
{
    unsigned int i;

    /* Tables of level 1 hold leaves only: they need not be read. */
    for ( i = 0; level > 1 && i < IOPT_ENTRIES; i++ )
        if ( iopt_is_link(t->fmt, table[i], level) )
            iopt_unlink(t, iopt_table(t, table[i]), level - 1,
                        iova + i * IOPT_LEVEL_SIZE(level), f);
    host_tables_add(&f->tables, table);
    if ( level == 2 )
        iopt_forget(t, iova);
    t->pages--;
}

/* ---- Units of fewer levels ---- */

int iopt_root_at(struct iopt *t, unsigned int levels, moat_paddr_t *pa)
{
    uint64_t *slot, *link;
    unsigned int level;
    struct moat_flush unused;
    int rc;

    if ( levels < t->fmt->min_levels || levels > t->levels )
        return -EINVAL;

    moat_flush_begin(&unused);
    rc = iopt_open(t, 0, levels, NULL, NULL, &unused);
    slot = iopt_down(t, 0, levels, &level, &link);
    (void)slot;
    if ( level < t->pinned )
        t->pinned = level;
    if ( !rc )
        *pa = level == t->levels ? t->root_pa : *link & t->fmt->pa_mask;
    return rc;
}

/* ---- The shared chain ---- */

static void fill_table(struct iopt *t, uint64_t *table, uint64_t *link,
                       unsigned int level, const uint64_t *entry)
{
    const struct iopt_fmt *fmt = t->fmt;
    unsigned int i;

    for ( i = 0; i < IOPT_ENTRIES; i++ )
    {
        if ( !table[i] )
            host_store64(&table[i], entry[level]);
        else if ( level > 1 && iopt_is_link(fmt, table[i], level) )
            fill_table(t, iopt_table(t, table[i]), &table[i], level - 1,
                       entry);
    }
    host_store64(link, (*link & ~fmt->count_mask) | fmt->count_full);
    iopt_writeback(t, table, MOAT_PAGE_SIZE);
}

int iopt_fill(struct iopt *t, moat_paddr_t pa, unsigned int prot)
{
    const struct iopt_fmt *fmt = t->fmt;
    uint64_t entry[IOPT_MAX_LEVELS + 1], *table = NULL;
    struct host_tables chain;
    unsigned int l, i;
    moat_paddr_t table_pa;

    if ( t->fill_leaf || !prot || (prot & ~MOAT_RW) ||
         (pa & (MOAT_PAGE_SIZE - 1)) || pa > t->pa_max )
        return -EINVAL;

    host_tables_init(&chain);
    entry[1] = pa | t->attr[prot] | fmt->leaf_bits[1];
    for ( l = 1; l < t->levels; l++ )
    {
        table = host_table_alloc(t->owner, t->node, &table_pa);
        if ( !table )
            break;
        for ( i = 0; i < IOPT_ENTRIES; i++ )
            table[i] = entry[l];
        iopt_writeback(t, table, MOAT_PAGE_SIZE);
        entry[l + 1] = table_pa | fmt->table_bits[l + 1] | fmt->shared |
                       fmt->count_full;
    }
    if ( l < t->levels )
    {
        /* Nobody has seen these: they can go at once. */
        while ( --l )
            host_tables_add(&chain, iopt_table(t, entry[l + 1]));
        host_tables_free(&chain);
        return -ENOMEM;
    }

    t->fill = table;
    t->fill_leaf = entry[1];
    t->pages += t->levels - 1;
    host_wmb();
    fill_table(t, t->root, &t->root_link, t->levels, entry);
    return 0;
}

/* ---- The end ---- */

/* Unlink all below @table, at most *@budget pages; true when done. */
static bool take_apart(struct iopt *t, uint64_t *table, unsigned int level,
                       unsigned long *budget)
{
    unsigned int i;

    for ( i = 0; i < IOPT_ENTRIES; i++ )
    {
        uint64_t e = table[i];

        if ( level == 1 || !iopt_is_link(t->fmt, e, level) )
            continue;
        if ( level > 2 &&
             !take_apart(t, iopt_table(t, e), level - 1, budget) )
            return false;
        if ( !*budget )
            return false;
        --*budget;
        /* Nothing walks this any more; the next call starts behind it. */
        table[i] = 0;
        host_tables_add(&t->dying, iopt_table(t, e));
        t->pages--;
    }
    return true;
}

bool iopt_free_some(struct iopt *t, unsigned long max)
{
    unsigned long budget = max;
    bool done;

    if ( !t->root )
        return true;

    done = take_apart(t, t->root, t->levels, &budget);
    while ( done && budget && t->fill )
    {
        uint64_t *table = t->fill;

        /* Down the chain: every table but the lowest holds one pointer. */
        t->fill = table[0] == t->fill_leaf ? NULL : iopt_table(t, table[0]);
        host_tables_add(&t->dying, table);
        t->pages--;
        budget--;
    }
    done = done && !t->fill && budget;
    if ( done )
    {
        host_tables_add(&t->dying, t->root);
        t->root = NULL;
        t->pages--;
    }
    host_tables_free_some(&t->dying, max);
    return done;
}
