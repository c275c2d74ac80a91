/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions of the page-table engine. Each scenario is one call or a loop
 * of calls inside a function of its own, which callgrind counts with all it
 * calls (tests/bench/iopt.sh); table pages come from a trivial allocator, so
 * that the figures are the engine's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "pt/iopt.h"

#define K4      0x1000ULL
#define M2      0x200000ULL
#define G1      0x40000000ULL
#define PAGES   65536u          /* of a long run: 256 MiB */
#define TABLES  4096u

uint8_t *bench_arena;
static size_t next_page;
static uint64_t *free_list;

void *host_table_alloc(void *owner, unsigned int node, moat_paddr_t *pa)
{
    uint64_t *p = free_list;

    (void)owner;
    (void)node;
    if ( p )
        free_list = (uint64_t *)(uintptr_t)p[0];
    else if ( next_page < TABLES )
        p = (uint64_t *)(bench_arena + K4 * next_page++);
    else
        return NULL;
    memset(p, 0, K4);
    *pa = (moat_paddr_t)((uint8_t *)p - bench_arena);
    return p;
}

/* Pages on a list keep their contents: the list is apart. */
static void *listed[TABLES];
static unsigned long n_listed;

void host_tables_init(struct host_tables *list)
{
    list->n = 0;
}

void host_tables_add(struct host_tables *list, void *page)
{
    listed[n_listed++] = page;
    list->n++;
}

unsigned long host_tables_free_some(struct host_tables *list,
                                    unsigned long max)
{
    (void)max;
    while ( n_listed )
    {
        uint64_t *p = listed[--n_listed];

        p[0] = (uintptr_t)free_list;
        free_list = p;
    }
    list->n = 0;
    return 0;
}

unsigned long host_tables_free(struct host_tables *list)
{
    return host_tables_free_some(list, ~0UL);
}

void host_cache_writeback(const void *p, size_t size)
{
    (void)p;
    (void)size;
}

static struct iopt t;
static struct moat_flush f;

static void begin(void)
{
    f.first = ~0ULL;
    f.last = 0;
    f.added = f.modified = f.big_leaf = false;
    host_tables_init(&f.tables);
}

static void init(const struct iopt_fmt *fmt, unsigned int leaves)
{
    struct iopt_cfg cfg = {
        .fmt = fmt, .levels = 4, .leaf_levels = leaves, .iova_bits = 48,
        .pa_bits = 46, .coherent = true,
    };

    if ( iopt_init(&t, &cfg) )
        abort();
    begin();
}

static void must(int rc)
{
    if ( rc )
        abort();
}

#define SCENARIO __attribute__((__noinline__)) void

SCENARIO bench_map_run(void)            /* 65536 pages, tables there */
{
    must(iopt_map(&t, G1, K4, PAGES * K4, MOAT_RW, &f));
}

SCENARIO bench_remap_run(void)          /* the same again, other address */
{
    must(iopt_map(&t, G1, 3 * K4, PAGES * K4, MOAT_RW, &f));
}

SCENARIO bench_unmap_run(void)          /* all of it */
{
    must(iopt_unmap(&t, G1, PAGES * K4, &f));
}

SCENARIO bench_unmap_most(void)         /* 511 pages of each table */
{
    unsigned int i;

    for ( i = 0; i < PAGES / 512; i++ )
        must(iopt_unmap(&t, G1 + i * M2, 511 * K4, &f));
}

SCENARIO bench_map_one(void)            /* one page, its table there */
{
    must(iopt_map(&t, G1 + 7 * K4, 7 * M2, K4, MOAT_RW, &f));
}

SCENARIO bench_unmap_one(void)
{
    must(iopt_unmap(&t, G1 + 7 * K4, K4, &f));
}

SCENARIO bench_map_far(void)            /* one page, in another table */
{
    must(iopt_map(&t, G1 + 8 * M2 + 7 * K4, 7 * M2, K4, MOAT_RW, &f));
}

SCENARIO bench_unmap_far(void)
{
    must(iopt_unmap(&t, G1 + 9 * M2 + 8 * K4, K4, &f));
}

SCENARIO bench_map_each(void)           /* 512 pages, one by one: re-joined */
{
    unsigned int i;

    for ( i = 0; i < 512; i++ )
        must(iopt_map(&t, 4 * G1 + i * K4, i * K4, K4, MOAT_RW, &f));
}

SCENARIO bench_unmap_each(void)         /* and back: split, then emptied */
{
    unsigned int i;

    for ( i = 0; i < 512; i++ )
        must(iopt_unmap(&t, 4 * G1 + i * K4, K4, &f));
}

SCENARIO bench_map_1g(void)             /* 64 leaves of 1 GiB */
{
    must(iopt_map(&t, 64 * G1, 64 * G1, 64 * G1, MOAT_RW, &f));
}

SCENARIO bench_lookup(void)
{
    moat_paddr_t pa;
    unsigned int prot, level;

    must(iopt_lookup(&t, G1 + 7 * K4, &pa, &prot, &level));
}

static void run(const struct iopt_fmt *fmt)
{
    unsigned int i;

    init(fmt, 0xe);
    /* Tables there: one entry in each, then the run around it. */
    for ( i = 0; i < PAGES / 512; i++ )
        must(iopt_map(&t, G1 + i * M2 + 511 * K4, 2 * G1, K4, MOAT_RW, &f));
    begin();
    bench_map_run();
    bench_remap_run();
    bench_unmap_most();
    must(iopt_map(&t, G1 + 9 * M2 + 8 * K4, 7 * M2, K4, MOAT_RW, &f));
    must(iopt_map(&t, G1 + 8 * K4, 7 * M2, K4, MOAT_RW, &f));
    bench_map_one();
    bench_lookup();
    bench_unmap_one();
    bench_map_far();
    bench_unmap_far();
    must(iopt_map(&t, G1, K4, PAGES * K4, MOAT_RW, &f));
    bench_unmap_run();
    host_tables_free(&f.tables);
    must(iopt_map(&t, 4 * G1 + M2, 0, K4, MOAT_RW, &f));
    bench_map_each();
    bench_unmap_each();
    bench_map_1g();
    while ( !iopt_free_some(&t, 1000) )
        continue;
}

/* The arena starts on a page, as table pages do. */
int main(int argc, char **argv)
{
    bool amd = argc > 1 && !strcmp(argv[1], "amd");

    bench_arena = (uint8_t *)(((uintptr_t)malloc((TABLES + 1) * K4) + K4 - 1) &
                              ~(uintptr_t)(K4 - 1));
    run(amd ? &iopt_fmt_amdvi : &iopt_fmt_vtd);
    return 0;
}
