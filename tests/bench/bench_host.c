/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>

#include <moat/host.h>

#include "bench_host.h"

#define PAGE    4096u
#define PAGES   8192u               /* of the arena */
#define WORDS   (PAGE / sizeof(uint64_t))

uint8_t *bench_arena;
static size_t next_page;
static uint64_t *free_list;

/* As a hypervisor clears a page: four stores a turn. */
static void clear(uint64_t *p)
{
    uint64_t *end = p + WORDS;

    for ( ; p != end; p += 4 )
    {
        host_store64(p, 0);
        host_store64(p + 1, 0);
        host_store64(p + 2, 0);
        host_store64(p + 3, 0);
    }
}

void *host_table_alloc(void *owner, unsigned int node, moat_paddr_t *pa)
{
    uint64_t *p = free_list;

    (void)owner;
    (void)node;
    if ( p )
        free_list = (uint64_t *)(uintptr_t)p[0];
    else if ( next_page < PAGES )
        p = (uint64_t *)(bench_arena + PAGE * next_page++);
    else
        return NULL;
    clear(p);
    *pa = (moat_paddr_t)((uint8_t *)p - bench_arena);
    return p;
}

/* Pages on a list keep their contents: the list is apart. */
static void *listed[PAGES];
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

/* With the one instruction for it that every x86-64 processor has. */
void host_cache_writeback(const void *p, size_t size)
{
    const char *line = (const char *)((uintptr_t)p & ~(uintptr_t)63);

    for ( ; line < (const char *)p + size; line += 64 )
        __asm__ __volatile__ ( "clflush %0" :: "m" (*line) : "memory" );
}

void bench_arena_init(void)
{
    void *arena;

    /* Touched once: no page fault is measured. */
    if ( posix_memalign(&arena, PAGE, PAGES * PAGE) )
        abort();
    memset(arena, 1, PAGES * PAGE);
    bench_arena = arena;
}

void bench_forget_pages(void)
{
    next_page = 0;
    free_list = NULL;
}
