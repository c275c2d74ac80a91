/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An arena with machine addresses for the userspace host's DMA memory and
 * table pages.
 *
 * Allocation from the arena goes round, so that a freed page is used again
 * as late as possible and whoever still points to it reads poison.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "sim.h"

#if defined(__SANITIZE_ADDRESS__)
# include <sanitizer/asan_interface.h>
# define GUARD(p, n)    ASAN_POISON_MEMORY_REGION(p, n)
# define UNGUARD(p, n)  ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
# define GUARD(p, n)    ((void)(p), (void)(n))
# define UNGUARD(p, n)  ((void)(p), (void)(n))
#endif

#define PAGE    ((size_t)MOAT_PAGE_SIZE)
#define LINE    64u

static pthread_mutex_t mem_mutex = PTHREAD_MUTEX_INITIALIZER;

/* ---- The arena ---- */

struct host_table_node
{
    enum sim_page state;
    uint32_t block;             /* DMA: pages of the block, in its first */
    void *owner;
    struct host_table_node *next;
};

static struct
{
    uint8_t *base;
    size_t pages, next;
    moat_paddr_t pa;
    bool own;
    struct host_table_node *meta;
    uint8_t *shadow;            /* what non-snooping hardware sees */
} arena;

static unsigned long writebacks, writeback_lines;

static void arena_drop(void)
{
    if ( arena.own )
    {
        UNGUARD(arena.base, arena.pages * PAGE);
        munmap(arena.base, arena.pages * PAGE);
    }
    if ( arena.shadow )
        munmap(arena.shadow, arena.pages * PAGE);
    free(arena.meta);
    memset(&arena, 0, sizeof(arena));
}

static void *anon(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if ( p == MAP_FAILED )
    {
        perror("mmap");
        abort();
    }
    return p;
}

void sim_arena_set(void *base, size_t size, moat_paddr_t pa)
{
    if ( sim_stats[SIM_DMA].live || sim_stats[SIM_TABLE].live )
        host_bug("sim_arena_set(): the previous arena is in use");
    arena_drop();
    arena.own = !base;
    arena.pages = (base ? size : SIM_ARENA_SIZE) / PAGE;
    arena.base = base ? base : anon(arena.pages * PAGE);
    arena.pa = base ? pa : SIM_ARENA_PA;
    arena.meta = calloc(arena.pages, sizeof(*arena.meta));
    if ( arena.own )
        GUARD(arena.base, arena.pages * PAGE);
}

static void arena_need(void)
{
    if ( !arena.base )
        sim_arena_set(NULL, 0, 0);
}

static struct host_table_node *node_of(const void *p)
{
    size_t off = (size_t)((const uint8_t *)p - arena.base);

    if ( !arena.base || (const uint8_t *)p < arena.base ||
         off >= arena.pages * PAGE )
        host_bug("%p is not in the arena", p);
    return &arena.meta[off / PAGE];
}

static void *page_of(const struct host_table_node *n)
{
    return arena.base + (size_t)(n - arena.meta) * PAGE;
}

/* First index of @n free pages, aligned to @align pages by address. */
static size_t arena_find(size_t n, size_t align)
{
    size_t tries, i = arena.next, run = 0;
    size_t first = (size_t)(arena.pa / PAGE);

    for ( tries = 0; tries < 2 * arena.pages; tries++, i++ )
    {
        if ( i >= arena.pages )
        {
            i = 0;
            run = 0;
        }
        if ( !run && ((first + i) & (align - 1)) )
            continue;
        run = arena.meta[i].state == SIM_PAGE_FREE ? run + 1 : 0;
        if ( run == n )
            return i + 1 - n;
    }
    return arena.pages;
}

static void *arena_take(size_t n, size_t align, enum sim_page state,
                        moat_paddr_t *pa)
{
    size_t i, at = arena_find(n, align);
    uint8_t *p;

    if ( at == arena.pages )
        return NULL;
    for ( i = at; i < at + n; i++ )
        arena.meta[i].state = state;
    arena.meta[at].block = (uint32_t)n;
    /* One page is left free behind a block: overruns hit the guard. */
    arena.next = at + n + (state == SIM_PAGE_DMA);
    p = arena.base + at * PAGE;
    UNGUARD(p, n * PAGE);
    memset(p, 0, n * PAGE);
    if ( arena.shadow )
        memset(arena.shadow + at * PAGE, SIM_POISON, n * PAGE);
    *pa = arena.pa + at * PAGE;
    return p;
}

static void arena_give(void *p, size_t n)
{
    struct host_table_node *node = node_of(p);
    size_t i;

    for ( i = 0; i < n; i++ )
        memset(&node[i], 0, sizeof(*node));
    memset(p, SIM_POISON, n * PAGE);
    if ( arena.own )
        GUARD(p, n * PAGE);
    if ( arena.shadow )
        memset(arena.shadow + ((uint8_t *)p - arena.base), SIM_POISON,
               n * PAGE);
}

void *sim_pa_to_va(moat_paddr_t pa, size_t size)
{
    size_t i;

    if ( !arena.base || pa < arena.pa || size > arena.pages * PAGE ||
         pa - arena.pa > arena.pages * PAGE - size )
        return NULL;
    for ( i = (pa - arena.pa) / PAGE;
          i < (pa - arena.pa + size + PAGE - 1) / PAGE; i++ )
        if ( arena.meta[i].state == SIM_PAGE_FREE )
            return NULL;
    return arena.base + (pa - arena.pa);
}

moat_paddr_t sim_va_to_pa(const void *p)
{
    (void)node_of(p);
    return arena.pa + (moat_paddr_t)((const uint8_t *)p - arena.base);
}

enum sim_page sim_page_state(moat_paddr_t pa)
{
    if ( !arena.base || pa < arena.pa || pa - arena.pa >= arena.pages * PAGE )
        return SIM_PAGE_FREE;
    /* Simulated hardware looks while a page is unlinked. */
    return __atomic_load_n(&arena.meta[(pa - arena.pa) / PAGE].state,
                           __ATOMIC_RELAXED);
}

/* ---- DMA memory ---- */

void *host_dma_alloc(size_t size, unsigned int node, moat_paddr_t *pa)
{
    size_t n = (size + PAGE - 1) / PAGE, align = 1;
    void *p = NULL;

    (void)node;
    sim_lock_check_alloc("host_dma_alloc()");
    if ( !size )
        host_bug("host_dma_alloc() of nothing");
    while ( align < n )
        align *= 2;
    pthread_mutex_lock(&mem_mutex);
    arena_need();
    if ( !sim_count_call(SIM_DMA) &&
         (p = arena_take(n, align, SIM_PAGE_DMA, pa)) )
        sim_stats[SIM_DMA].live++;
    pthread_mutex_unlock(&mem_mutex);
    return p;
}

void host_dma_free(void *p, size_t size)
{
    struct host_table_node *node;

    sim_lock_check_alloc("host_dma_free()");
    if ( !p )
        return;
    node = node_of(p);
    if ( node->state != SIM_PAGE_DMA || page_of(node) != p ||
         node->block != (size + PAGE - 1) / PAGE )
        host_bug("host_dma_free(%p, %zu): no such block", p, size);
    pthread_mutex_lock(&mem_mutex);
    arena_give(p, node->block);
    sim_stats[SIM_DMA].live--;
    pthread_mutex_unlock(&mem_mutex);
}

/* ---- Table pages ---- */

void *host_table_alloc(void *owner, unsigned int node, moat_paddr_t *pa)
{
    void *p = NULL;

    (void)node;
    sim_lock_check_alloc("host_table_alloc()");
    pthread_mutex_lock(&mem_mutex);
    arena_need();
    if ( !sim_count_call(SIM_TABLE) &&
         (p = arena_take(1, 1, SIM_PAGE_TABLE, pa)) )
    {
        node_of(p)->owner = owner;
        sim_stats[SIM_TABLE].live++;
    }
    pthread_mutex_unlock(&mem_mutex);
    return p;
}

#ifndef host_table_va
void *host_table_va(moat_paddr_t pa)
{
    enum sim_page state = sim_page_state(pa);

    if ( state != SIM_PAGE_TABLE && state != SIM_PAGE_LISTED )
        host_bug("host_table_va(%#" PRIx64 "): not a table page", pa);
    return arena.base + (pa - arena.pa);
}
#endif

void host_tables_init(struct host_tables *list)
{
    list->head = NULL;
    list->n = 0;
}

bool host_tables_empty(const struct host_tables *list)
{
    return !list->head;
}

void host_tables_add(struct host_tables *list, void *page)
{
    struct host_table_node *n = node_of(page);

    if ( n->state != SIM_PAGE_TABLE )
        host_bug("host_tables_add(%p): %s", page,
                 n->state == SIM_PAGE_LISTED ? "on a list already"
                                             : "not a table page");
    __atomic_store_n(&n->state, SIM_PAGE_LISTED, __ATOMIC_RELAXED);
    n->next = list->head;
    list->head = n;
    list->n++;
}

void host_tables_splice(struct host_tables *to, struct host_tables *from)
{
    struct host_table_node **p = &to->head;

    while ( *p )
        p = &(*p)->next;
    *p = from->head;
    to->n += from->n;
    host_tables_init(from);
}

unsigned long host_tables_free_some(struct host_tables *list,
                                    unsigned long max)
{
    unsigned long n = 0;

    sim_lock_check_alloc("host_tables_free()");
    pthread_mutex_lock(&mem_mutex);
    while ( list->head && n < max )
    {
        struct host_table_node *node = list->head;

        list->head = node->next;
        list->n--;
        arena_give(page_of(node), 1);
        sim_stats[SIM_TABLE].live--;
        n++;
    }
    pthread_mutex_unlock(&mem_mutex);
    return n;
}

unsigned long host_tables_free(struct host_tables *list)
{
    return host_tables_free_some(list, ~0UL);
}

/* ---- Caches ---- */

void sim_shadow_enable(void)
{
    arena_need();
    if ( !arena.own )
        host_bug("sim_shadow_enable(): private arena only");
    if ( arena.shadow )
        return;
    if ( sim_stats[SIM_DMA].live || sim_stats[SIM_TABLE].live )
        host_bug("sim_shadow_enable(): the arena is in use");
    arena.shadow = anon(arena.pages * PAGE);
}

void host_cache_writeback(const void *p, size_t size)
{
    uintptr_t first = (uintptr_t)p & ~(uintptr_t)(LINE - 1);
    uintptr_t end = ((uintptr_t)p + size + LINE - 1) & ~(uintptr_t)(LINE - 1);

    if ( !size )
        return;
    __atomic_fetch_add(&writebacks, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&writeback_lines, (end - first) / LINE,
                       __ATOMIC_RELAXED);
    /* Only arena memory is seen by hardware. */
    (void)node_of(p);
    (void)node_of((const uint8_t *)p + size - 1);
    if ( arena.shadow )
        memcpy(arena.shadow + (first - (uintptr_t)arena.base),
               (const void *)first, end - first);
    test_step(TEST_STEP_WRITEBACK, p);
}

uint64_t sim_hw_read64(moat_paddr_t pa)
{
    const uint8_t *p = sim_pa_to_va(pa, 8);
    uint64_t v;

    if ( !p || (pa & 7) )
        host_bug("hardware reads %#" PRIx64 ", which is not live memory", pa);
    if ( arena.shadow )
    {
        memcpy(&v, arena.shadow + (p - arena.base), 8);
        return v;
    }
    return __atomic_load_n((const uint64_t *)p, __ATOMIC_ACQUIRE);
}

unsigned long sim_writebacks(void)
{
    return writebacks;
}

unsigned long sim_writeback_lines(void)
{
    return writeback_lines;
}

void sim_arena_reset(void)
{
    writebacks = writeback_lines = 0;
    arena_drop();
}
