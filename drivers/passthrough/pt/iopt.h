/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page-table engine: radix tables of 512 entries a level, for any format
 * that struct iopt_fmt can describe.
 *
 *   level 5   level 4   level 3   level 2   level 1
 *   256 TiB   512 GiB   1 GiB     2 MiB     4 KiB     covered by one entry
 *
 * Not locked: the caller serialises everything that changes a table; lookups
 * and walks run under the same lock. Hardware walks concurrently at all times:
 * an entry is one 8-byte store, a new table page is complete (and written
 * back, where units do not snoop) before the entry that points to it
 * (XSA-321, 347).
 */
#ifndef MOAT_PT_IOPT_H
#define MOAT_PT_IOPT_H

#include <moat/host.h>
#include <moat/moat.h>
#include <moat/types.h>

#define IOPT_MAX_LEVELS     6
#define IOPT_ENTRIES        512u
#define IOPT_LEVEL_SHIFT(l) (MOAT_PAGE_SHIFT + 9u * ((l) - 1u))
#define IOPT_LEVEL_SIZE(l)  ((uint64_t)1 << IOPT_LEVEL_SHIFT(l))
#define IOPT_HOT            16u

/*
 * A table format, as data. An entry is absent if and only if it is 0; a
 * present one is a table entry at level l > 1 if
 * (entry & table_mask) == table_bits[l], else a leaf.
 *
 * Table entries carry two things of the engine's own, in bits that hardware
 * ignores there:
 *   count   how many entries of the table it points to are present, modulo
 *           what the field can hold. It says at once that a table is neither
 *           empty nor full; when it says that a table may be, the entries
 *           themselves are looked at, unless the count is exact.
 *   shared  the table belongs to the chain of iopt_fill() and must be copied
 *           before it is changed. Part of table_mask, so that such an entry
 *           does not look like one that can be followed and changed.
 */
struct iopt_fmt
{
    const char *name;
    unsigned int min_levels, max_levels, max_leaf_level;
    uint64_t pa_mask;           /* output address / next table */
    uint64_t rights[4];         /* leaf: by MOAT_READ | MOAT_WRITE */
    uint64_t snoop;             /* leaf: force coherent; 0 if none */
    /* What an entry of level l holds besides address (and leaf: rights). */
    uint64_t leaf_bits[IOPT_MAX_LEVELS + 1];
    uint64_t table_bits[IOPT_MAX_LEVELS + 1];   /* points to level l - 1 */
    uint64_t table_mask;
    uint64_t shared;
    uint64_t count_mask;        /* adjacent bits */
    uint64_t count_unit;        /* the lowest of them */
    uint64_t count_full;        /* 512 in this field; 0: not exact */
};
extern const struct iopt_fmt iopt_fmt_vtd;      /* VT-d 9.8, second stage */
extern const struct iopt_fmt iopt_fmt_amdvi;    /* AMD 2.2.3, v1 */

struct iopt
{
    const struct iopt_fmt *fmt;
    uint64_t *root;
    moat_paddr_t root_pa;
    unsigned int levels;        /* of root */
    unsigned int leaf_levels;   /* bit l set: leaves at level l are used */
    unsigned int max_leaf;      /* the highest of them */
    /* Tables of this level and above that hold iova 0 are never unlinked. */
    unsigned int pinned;
    unsigned int iova_bits, pa_bits;
    moat_iova_t iova_max;       /* last valid byte */
    moat_paddr_t pa_max;
    bool coherent;              /* false: write back what hardware reads */
    uint64_t attr[4];           /* leaf: rights and snoop, by MOAT_RW */
    unsigned int node;
    void *owner;                /* cookie for host_table_alloc() */
    unsigned long pages;        /* table pages linked, root included */
    uint64_t root_link;         /* shaped like a table entry: root's count */
    /* Tables of level 2 used last, one for each remainder of their GiB. */
    struct
    {
        uint64_t gib;           /* which; IOPT_NO_GIB: none */
        uint64_t *table;
    } hot[IOPT_HOT];
    /*
     * Where a table was left that had become empty; it may have been filled
     * or unlinked since. IOPT_NO_IOVA: nowhere.
     */
    moat_iova_t emptied;
    uint64_t *fill;             /* highest table of the shared chain */
    uint64_t fill_leaf;         /* what all entries of its lowest hold */
    struct host_tables dying;   /* by iopt_free_some() */
};

struct iopt_cfg
{
    const struct iopt_fmt *fmt;
    unsigned int levels, leaf_levels, iova_bits, pa_bits, node;
    bool coherent, snoop;
    void *owner;
};

/*
 * Allocate the root. A level counts in @leaf_levels only if all below it do
 * too, so that a split never needs more than one page a level. @iova_bits: at
 * least 21; 64 is taken as 63, so that no sum of addresses wraps. -EINVAL:
 * geometry that the format does not have; -ENOMEM.
 */
int iopt_init(struct iopt *t, const struct iopt_cfg *cfg);
/*
 * Take the table apart; frees at most @max (>= 1) pages a call. Only when no
 * unit can reach it any more. Returns true when all is gone (root included).
 */
bool iopt_free_some(struct iopt *t, unsigned long max);
/*
 * The table a unit of fewer levels must be given (XSA-390): descends through
 * entry 0, creating what is missing. Those pages then stay for good: unmap
 * and re-joining never unlink them, not even when this fails half-way.
 * Translations do not change; but after iopt_fill(), or where a leaf is
 * larger than a unit of @levels can reach, entries are replaced by tables: if
 * a unit walks the table by then, the caller flushes the whole domain.
 * @levels <= t->levels. -EINVAL, -ENOMEM.
 */
int iopt_root_at(struct iopt *t, unsigned int levels, moat_paddr_t *pa);

/*
 * Map [iova, iova+len) to [pa, pa+len) with rights @prot, replacing what is
 * there; uses the largest leaves allowed by alignment and leaf_levels;
 * re-joins neighbours when a run completes a larger page of equal rights and
 * contiguous addresses. All memory is found before the first leaf is stored:
 * on error every address translates as before. @f is complete either way.
 * -EINVAL alignment, rights or @len 0; -ERANGE; -ENOMEM.
 */
int iopt_map(struct iopt *t, moat_iova_t iova, moat_paddr_t pa, uint64_t len,
             unsigned int prot, struct moat_flush *f);
/*
 * Unmap; a superpage partly covered is split first (-ENOMEM leaves it whole,
 * and what precedes it unmapped). Table pages that become empty are unlinked
 * and go to f->tables, the last of them when another has become empty. Holes
 * are fine. -EINVAL, -ERANGE as for iopt_map().
 */
int iopt_unmap(struct iopt *t, moat_iova_t iova, uint64_t len,
               struct moat_flush *f);
/* Unlink the table that iopt_unmap() left, if there is one. */
void iopt_trim(struct iopt *t, struct moat_flush *f);
/*
 * -ENOENT. @level: of the leaf found, or of the entry that is empty. Each
 * out-parameter may be NULL.
 */
int iopt_lookup(const struct iopt *t, moat_iova_t iova, moat_paddr_t *pa,
                unsigned int *prot, unsigned int *level);
/*
 * Call fn for every leaf, in address order (@order: pages, log2); stops at
 * non-zero, returned. What iopt_fill() put in is left out.
 */
int iopt_walk(const struct iopt *t,
              int (*fn)(void *arg, moat_iova_t iova, moat_paddr_t pa,
                        unsigned int order, unsigned int prot),
              void *arg);
/*
 * Point every address of the table's width that is not mapped yet at one
 * page (the scratch page of a quarantine domain), by sharing one chain of
 * tables: one page per level. Only on a table nothing walks yet, and once.
 * Single regions can still be mapped afterwards: the chain is copied where
 * needed. What is unmapped later is absent, it does not fall back to @pa.
 * -EINVAL, -ENOMEM (nothing changed).
 */
int iopt_fill(struct iopt *t, moat_paddr_t pa, unsigned int prot);

#endif /* MOAT_PT_IOPT_H */
