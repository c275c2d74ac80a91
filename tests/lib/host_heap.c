/* SPDX-License-Identifier: GPL-2.0-only */
/* The userspace host's counted heap, and failure of allocations on request. */
#include <stdlib.h>

#include "sim.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
struct sim_alloc_stats sim_stats[SIM_ALLOC_KINDS];
static bool leaks_allowed;

/* ---- Failure on request ---- */

static unsigned long fail_any, fail_of[SIM_ALLOC_KINDS];
static bool fail_fired;

void sim_fail_nth(unsigned long n)
{
    fail_any = n;
    fail_fired = false;
}

void sim_fail_nth_of(enum sim_alloc kind, unsigned long n)
{
    fail_of[kind] = n;
    fail_fired = false;
}

bool sim_fail_fired(void)
{
    return fail_fired;
}

bool sim_count_call(enum sim_alloc kind)
{
    bool fail;

    pthread_mutex_lock(&mutex);
    fail = fail_any && !--fail_any;
    if ( fail_of[kind] && !--fail_of[kind] )
        fail = true;
    sim_stats[kind].calls++;
    if ( fail )
    {
        sim_stats[kind].failed++;
        fail_fired = true;
    }
    pthread_mutex_unlock(&mutex);
    return fail;
}

const struct sim_alloc_stats *sim_alloc_stats(enum sim_alloc kind)
{
    return &sim_stats[kind];
}

/* ---- Heap ---- */

#define HEAP_MAGIC 0x48454150u
struct heap_head
{
    struct heap_head *next, *prev;
    size_t size;
    uint32_t magic, pad;
};
static struct heap_head heap = { .next = &heap, .prev = &heap };

void *host_alloc(size_t size)
{
    struct heap_head *h;

    sim_lock_check_alloc("host_alloc()");
    h = sim_count_call(SIM_HEAP) ? NULL : calloc(1, sizeof(*h) + size);
    if ( h )
    {
        pthread_mutex_lock(&mutex);
        h->size = size;
        h->magic = HEAP_MAGIC;
        h->next = &heap;
        h->prev = heap.prev;
        h->prev->next = h->next->prev = h;
        sim_stats[SIM_HEAP].live++;
        pthread_mutex_unlock(&mutex);
    }
    return h ? h + 1 : NULL;
}

void host_free(void *p)
{
    struct heap_head *h = p;

    sim_lock_check_alloc("host_free()");
    if ( !p )
        return;
    h--;
    if ( h->magic != HEAP_MAGIC )
        host_bug("host_free() of %p, which host_alloc() did not return", p);
    pthread_mutex_lock(&mutex);
    h->magic = 0;
    h->prev->next = h->next;
    h->next->prev = h->prev;
    sim_stats[SIM_HEAP].live--;
    pthread_mutex_unlock(&mutex);
    free(h);
}

/* ---- Leaks ---- */

void sim_leaks_allow(void)
{
    leaks_allowed = true;
}

unsigned long sim_leaks(void)
{
    struct heap_head *h;
    unsigned long n = sim_stats[SIM_HEAP].live + sim_stats[SIM_DMA].live +
                      sim_stats[SIM_TABLE].live;
    unsigned int shown = 0;

    if ( leaks_allowed || !n )
        return 0;
    for ( h = heap.next; h != &heap && shown < 10; h = h->next, shown++ )
        test_log(0, "left on the heap: %zu bytes at %p", h->size,
                 (void *)(h + 1));
    test_log(0, "left: %lu heap objects, %lu DMA blocks, %lu table pages",
             sim_stats[SIM_HEAP].live, sim_stats[SIM_DMA].live,
             sim_stats[SIM_TABLE].live);
    return n;
}

void sim_mem_reset(void)
{
    while ( heap.next != &heap )
    {
        struct heap_head *h = heap.next;

        heap.next = h->next;
        free(h);
    }
    heap.prev = &heap;
    memset(sim_stats, 0, sizeof(sim_stats));
    memset(fail_of, 0, sizeof(fail_of));
    fail_any = 0;
    fail_fired = leaks_allowed = false;
    sim_arena_reset();
}
