/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page-table engine: radix tables of 512 entries a level, for any format
 * that struct iopt_fmt can describe.
 *
 *   level 5   level 4   level 3   level 2   level 1
 *   256 TiB   512 GiB   1 GiB     2 MiB     4 KiB     covered by one entry
 *
 * Not locked: the caller serialises everything that changes a table; lookups and walks
 * run under the same lock. Hardware walks concurrently at all times: an entry
 * is one 8-byte store, a new table page is complete (and written back, where
 * units do not snoop) before the entry that points to it (XSA-321, 347).
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

/* A table format, as data. All masks are of an 8-byte entry. */
struct iopt_fmt
{
    const char *name;
    uint64_t pa_mask;           /* output address / next table */
    uint64_t read, write;       /* rights */
    uint64_t present;           /* an entry with none of these is absent */
    uint64_t snoop;             /* leaf: force coherent; 0 if none */
    /* Bits set in an entry of level l, besides address and rights: */
    uint64_t leaf_bits[IOPT_MAX_LEVELS + 1];    /* a leaf at that level */
    uint64_t table_bits[IOPT_MAX_LEVELS + 1];   /* a pointer to level l-1 */
    /* (entry & leaf_mask) == leaf_bits & leaf_mask: leaf, at levels > 1. */
    uint64_t leaf_mask;
    unsigned int max_leaf_level;
};
extern const struct iopt_fmt iopt_fmt_vtd;      /* VT-d 9.8, second stage */
extern const struct iopt_fmt iopt_fmt_amdvi;    /* AMD 2.2.3, v1 */

struct iopt
{
    const struct iopt_fmt *fmt;
    uint64_t *root;
    moat_paddr_t root_pa;
    unsigned int levels;        /* of root: 3..6 (AMD: 1..6) */
    unsigned int leaf_levels;   /* bit l set: leaves at level l allowed */
    unsigned int iova_bits, pa_bits;
    bool coherent;              /* false: write back what hardware reads */
    bool snoop;                 /* set fmt->snoop in leaves */
    unsigned int node;
    void *owner;                /* cookie for host_table_alloc() */
    unsigned long pages;        /* table pages linked, root included */
    struct host_tables dying;   /* by iopt_free_some() */
};

struct iopt_cfg
{
    const struct iopt_fmt *fmt;
    unsigned int levels, leaf_levels, iova_bits, pa_bits, node;
    bool coherent, snoop;
    void *owner;
};
/* Allocate the root. -ENOMEM, -EINVAL. */
int iopt_init(struct iopt *t, const struct iopt_cfg *cfg);
/*
 * Take the table apart; frees at most @max pages a call. Only when no unit
 * can reach it any more. Returns true when all is gone (root included).
 */
bool iopt_free_some(struct iopt *t, unsigned long max);
/*
 * The table a unit of fewer levels must be given (XSA-390): descends through
 * entry 0, creating what is missing. Those pages then stay for good: unmap
 * and re-joining never unlink them. @levels <= t->levels. -ENOMEM.
 */
int iopt_root_at(struct iopt *t, unsigned int levels, moat_paddr_t *pa);

/*
 * Map [iova, iova+len) to [pa, pa+len) with rights @prot, replacing what is
 * there; uses the largest leaves allowed by alignment and leaf_levels;
 * re-joins neighbours when a run completes a larger page of equal rights and
 * contiguous addresses. One walk, then one store per entry. On error entries
 * this call created are removed again, and @f is complete either way.
 * -EINVAL alignment or rights 0, -ERANGE, -ENOMEM.
 */
int iopt_map(struct iopt *t, moat_iova_t iova, moat_paddr_t pa, uint64_t len,
             unsigned int prot, struct moat_flush *f);
/*
 * Unmap; a superpage partly covered is split first (-ENOMEM leaves it whole).
 * Table pages that become empty are unlinked and go to f->tables.
 */
int iopt_unmap(struct iopt *t, moat_iova_t iova, uint64_t len,
               struct moat_flush *f);
/* -ENOENT. @level of the leaf found. */
int iopt_lookup(const struct iopt *t, moat_iova_t iova, moat_paddr_t *pa,
                unsigned int *prot, unsigned int *level);
int iopt_walk(const struct iopt *t,
              int (*fn)(void *arg, moat_iova_t iova, moat_paddr_t pa,
                        unsigned int order, unsigned int prot),
              void *arg);
/*
 * Point every address of the table's width that is not mapped yet at one page (the
 * scratch page of a quarantine domain), by sharing one chain of tables:
 * one page per level. Only on a table nothing walks yet. After it, mapping of single
 * regions into the table must still work (copying the shared chain as needed).
 * @pa of the scratch page.
 */
int iopt_fill(struct iopt *t, moat_paddr_t pa, unsigned int prot);

#endif /* MOAT_PT_IOPT_H */
