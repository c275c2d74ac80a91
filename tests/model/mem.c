/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of a run, and who accessed it when: two accesses to a byte, one of
 * them a write, must be ordered by locks or atomic accesses (a race fails the
 * schedule); nothing may be used that is free.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mem.h"
#include "mx_priv.h"

#define GRANULE 16u
#define POISON  0xdb

/*
 * Time stamps of the last accesses to a byte, and where they stood. A word
 * that was only ever accessed whole has one, its first byte's.
 */
struct shadow
{
    uint32_t run;
    bool split;                     /* first byte of a word: not whole */
    uint16_t wrote[MX_PROCS], read[MX_PROCS];
    uint8_t atomic;                 /* bit p: the write, p + 4: the read */
    uint32_t wrote_pc[MX_PROCS], read_pc[MX_PROCS];
};

static uint8_t states[MEM_SIZE / GRANULE];
static size_t heap_used[MEM_CPUS], pages_used[MEM_CPUS];
static struct shadow *shadow;
static uint32_t run;

static uint16_t now[MX_PROCS][MX_PROCS];

#define SYNCS 512u
static struct { uint64_t obj; uint16_t t[MX_PROCS]; } syncs[SYNCS];
static unsigned int n_syncs;

void model_barrier(void);
void (*mem_stored)(void *p, uint64_t old);
uint64_t (*mem_tables_of)(const void *p);
void (*mem_seen)(unsigned int cpu, unsigned int stamp);

/* ---- Allocation ---- */

static void *anon(void *at, size_t size, int more)
{
    void *p = mmap(at, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | more, -1, 0);

    if ( p == MAP_FAILED )
    {
        perror("mmap");
        exit(1);
    }
    return p;
}

void mem_start(void)
{
    unsigned int i;
    uintptr_t at;

    if ( !shadow )
    {
        anon((void *)MEM_BASE, MEM_SIZE, MAP_FIXED_NOREPLACE);
        shadow = anon(NULL, MEM_SIZE * sizeof(*shadow), 0);
    }
    for ( i = 0; i < MEM_CPUS; i++ )
    {
        at = MEM_BASE + i * MEM_HEAP_SIZE;
        memset((void *)at, 0, heap_used[i]);
        memset(&states[(at - MEM_BASE) / GRANULE], 0,
               heap_used[i] / GRANULE);
        at = MEM_PAGES + i * MEM_PAGES_SIZE;
        memset((void *)at, 0, pages_used[i]);
        memset(&states[(at - MEM_BASE) / GRANULE], 0,
               pages_used[i] / GRANULE);
        heap_used[i] = pages_used[i] = 0;
    }
    mx_mem_reset();
}

static void *take(uintptr_t base, size_t *used, size_t size, size_t max)
{
    void *p = (void *)(base + *used);

    if ( *used + size > max )
        mx_fail("the explorer's memory is too small");
    *used += size;
    memset(&states[((uintptr_t)p - MEM_BASE) / GRANULE], MEM_USED,
           size / GRANULE);
    return p;
}

void *mem_heap(size_t size)
{
    unsigned int cpu = mx_cpu();
    void *p = take(MEM_BASE + cpu * MEM_HEAP_SIZE, &heap_used[cpu],
                   (size + GRANULE - 1) & ~(size_t)(GRANULE - 1),
                   MEM_HEAP_SIZE - GRANULE);

    heap_used[cpu] += GRANULE;      /* a gap: overruns hit nothing */
    return p;
}

void *mem_pages(size_t n)
{
    unsigned int cpu = mx_cpu();
    size_t *used = &pages_used[cpu], align = n * 4096;

    *used = (*used + align - 1) / align * align;
    return take(MEM_PAGES + cpu * MEM_PAGES_SIZE, used, n * 4096,
                MEM_PAGES_SIZE);
}

void mem_release(void *p, size_t size)
{
    size_t n = (size + GRANULE - 1) / GRANULE;

    memset(p, POISON, size);
    memset(&states[((uintptr_t)p - MEM_BASE) / GRANULE], MEM_FREED, n);
}

enum mem_state mem_state(const void *p)
{
    if ( (uintptr_t)p < MEM_BASE || (uintptr_t)p >= MEM_END )
        return MEM_NONE;
    return (enum mem_state)states[((uintptr_t)p - MEM_BASE) / GRANULE];
}

/* ---- Order ---- */

void mx_mem_reset(void)
{
    unsigned int i;

    run++;
    n_syncs = 0;
    memset(now, 0, sizeof(now));
    for ( i = 0; i < MX_PROCS; i++ )
        now[i][i] = 1;
}

static uint16_t *sync_of(uint64_t obj)
{
    unsigned int i;

    for ( i = 0; i < n_syncs && syncs[i].obj != obj; i++ )
        continue;
    if ( i == SYNCS )
        mx_fail("the explorer knows too few locks and words");
    if ( i == n_syncs )
    {
        n_syncs++;
        syncs[i].obj = obj;
        memset(syncs[i].t, 0, sizeof(syncs[i].t));
    }
    return syncs[i].t;
}

static void join(uint16_t *to, const uint16_t *from)
{
    unsigned int i;

    for ( i = 0; i < MX_PROCS; i++ )
        if ( from[i] > to[i] )
            to[i] = from[i];
}

void mx_mem_acquire(unsigned int cpu, uint64_t obj)
{
    unsigned int q;

    join(now[cpu], sync_of(obj));
    for ( q = 0; q < MX_PROCS && mem_seen; q++ )
        if ( q != cpu )
            mem_seen(q, now[cpu][q]);
}

unsigned int mem_stamp(void)
{
    unsigned int cpu = mx_cpu();

    return cpu < MX_PROCS ? now[cpu][cpu] : 0;
}

void mx_mem_release(unsigned int cpu, uint64_t obj)
{
    join(sync_of(obj), now[cpu]);
    if ( !++now[cpu][cpu] )
        mx_fail("the schedule has no end (time stamps)");
}

/* ---- Accesses ---- */

static void race(uintptr_t at, unsigned int cpu, const void *pc, bool write,
                 unsigned int other, uint32_t other_pc, bool other_wrote)
{
    mx_fail("race: cpu%u %s %#lx at @%#lx@ while cpu%u %s it at @%#x@: "
            "neither a lock nor atomic accesses order them", cpu,
            write ? "writes" : "reads", (unsigned long)at, (unsigned long)pc,
            other, other_wrote ? "writes" : "reads", other_pc);
}

static void check_one(uintptr_t at, struct shadow *s, unsigned int p,
                      bool write, bool atomic, const void *pc)
{
    unsigned int q;

    for ( q = 0; q < MX_PROCS; q++ )
    {
        if ( q == p )
            continue;
        if ( s->wrote[q] > now[p][q] && !(atomic && (s->atomic >> q & 1)) )
            race(at, p, pc, write, q, s->wrote_pc[q], true);
        if ( write && s->read[q] > now[p][q] &&
             !(atomic && (s->atomic >> (q + 4) & 1)) )
            race(at, p, pc, write, q, s->read_pc[q], false);
    }
    if ( write )
    {
        s->wrote[p] = now[p][p];
        s->wrote_pc[p] = (uint32_t)(uintptr_t)pc;
        s->atomic = (uint8_t)((s->atomic & ~(1u << p)) |
                              (unsigned int)atomic << p);
    }
    else
    {
        s->read[p] = now[p][p];
        s->read_pc[p] = (uint32_t)(uintptr_t)pc;
        s->atomic = (uint8_t)((s->atomic & ~(16u << p)) |
                              (unsigned int)atomic << (p + 4));
    }
}

/* Bytes @at up to @end, within one word. */
static void check_word(uintptr_t at, uintptr_t end, bool write, bool atomic,
                       const void *pc)
{
    struct shadow *s = &shadow[(at & ~(uintptr_t)7) - MEM_BASE];
    unsigned int i;

    if ( s->run != run )
    {
        memset(s, 0, sizeof(*s));
        s->run = run;
    }
    if ( !s->split && end - at == 8 )
    {
        check_one(at, s, mx_cpu(), write, atomic, pc);
        return;
    }
    if ( !s->split )
    {
        s->split = true;
        for ( i = 1; i < 8; i++ )
            s[i] = s[0];
    }
    for ( ; at < end; at++ )
        check_one(at, &shadow[at - MEM_BASE], mx_cpu(), write, atomic, pc);
}

void mem_checked(const void *ptr, size_t size, bool write, bool atomic,
                 const void *pc)
{
    uintptr_t at = (uintptr_t)ptr;
    uintptr_t end = at + size, next;
    enum mem_state state;

    if ( at - MEM_BASE >= MEM_SIZE )
        return;
    state = mem_state(ptr);
    if ( state != MEM_USED )
        mx_fail("@%#lx@ %s %#lx, which is %s", (unsigned long)pc,
                write ? "writes" : "reads", (unsigned long)at,
                state == MEM_FREED ? "freed" : "not allocated");
    if ( !mx_running() )
        return;
    for ( ; at < end; at = next )
    {
        next = (at | 7) + 1;
        check_word(at, next < end ? next : end, write, atomic, pc);
    }
}

void mem_access(const void *p, size_t size, bool write, const void *pc)
{
    mem_checked(p, size, write, false, pc);
}

/*
 * Before an atomic access: others may run first. Returns where it may order
 * others; stacks are a processor's own.
 */
bool mem_atomic(const void *p, size_t size, bool write, const char *what,
                const void *pc)
{
    uint64_t obj = MX_OBJ(MX_WORD, (uintptr_t)p & ~(uintptr_t)7);
    uint64_t tables = 0;

    if ( (uintptr_t)p - MEM_BASE >= MEM_SIZE )
        return false;
    if ( write && mem_is_page(p) && mem_tables_of )
        tables = mem_tables_of(p);
    if ( mx_running() )
    {
        mx_point(tables ? "stores in a table" : what, tables ? tables : obj,
                 pc);
        mx_access(obj, write);
        if ( tables )
            mx_access(tables, true);
        mx_mem_acquire(mx_cpu(), obj);
    }
    mem_checked(p, size, write, true, pc);
    return true;
}

/* After one that wrote, where @old was; @barrier: and is one. */
void mem_atomic_done(void *p, uint64_t old, bool barrier)
{
    uint64_t obj = MX_OBJ(MX_WORD, (uintptr_t)p & ~(uintptr_t)7);

    if ( mx_running() )
        mx_mem_release(mx_cpu(), obj);
    if ( mem_is_page(p) && mem_stored )
        mem_stored(p, old);
    if ( barrier )
        model_barrier();
}
