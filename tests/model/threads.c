/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The same scenarios with real threads, on the userspace host of tests/lib,
 * for the thread sanitizer: it sees pthread mutexes, which all locks are, and
 * the atomic builtins behind HOST_READ_ONCE and its like. It does not see
 * write barriers; of read barriers tests/lib/host_order.c tells it.
 *
 *     model-threads [ROUNDS [SECONDS]]
 */
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <sim.h>

#include "pci.h"
#include "scenarios.h"

#define ARENA_SIZE  (8u << 20)

static pthread_mutex_t hw_mutex;
static pthread_barrier_t barrier;
static uint8_t arena[ARENA_SIZE] __attribute__((__aligned__(4096)));
static const struct mx_scenario *scenario;
static void (*relax_fn)(void);
static unsigned long rounds, choices, reports;
static __thread uint64_t seed = 1;

/* The sanitizer calls this for each report. */
void __tsan_on_report(void *report);
void __tsan_on_report(void *report)
{
    (void)report;
    __atomic_fetch_add(&reports, 1, __ATOMIC_RELAXED);
}

static unsigned int rnd(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned int)((seed * 0x2545f4914f6cdd1dULL) >> 40);
}

/* ---- port.h ---- */

void port_hw_lock(void)
{
    pthread_mutex_lock(&hw_mutex);
}

void port_hw_unlock(void)
{
    pthread_mutex_unlock(&hw_mutex);
}

void port_step(const char *what, unsigned int kind, uint64_t id)
{
    (void)what;
    (void)kind;
    (void)id;
    if ( !(rnd() & 7) )
        sched_yield();
}

void port_barrier(void)
{
}

void port_touch(unsigned int kind, uint64_t id, bool write)
{
    (void)kind;
    (void)id;
    (void)write;
}

/* Choices take their turn, as far as rounds go. */
unsigned int port_choose(unsigned int n, const char *what)
{
    (void)what;
    return (unsigned int)(rounds + __atomic_fetch_add(&choices, 1,
                                                      __ATOMIC_RELAXED)) % n;
}

void port_note(const char *fmt, ...)
{
    (void)fmt;
}

void port_fail(const char *fmt, ...)
{
    va_list ap;

    printf("FAIL %s with threads, round %lu: ", scenario->name, rounds);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n%s0 passed, 1 failed\n", sim_log_text());
    fflush(stdout);
    _exit(1);
}

void hwu_broken(const char *fmt, ...)
{
    char line[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    port_fail("%s", line);
}

void hwu_touch(enum hwu_thing thing, unsigned int unit, uint64_t id,
               bool write)
{
    (void)thing;
    (void)unit;
    (void)id;
    (void)write;
}

void *port_memory(moat_paddr_t pa)
{
    return pa >= SIM_ARENA_PA && pa - SIM_ARENA_PA < ARENA_SIZE
           ? arena + (pa - SIM_ARENA_PA) : NULL;
}

bool port_memory_freed(moat_paddr_t pa)
{
    return sim_page_state(pa) == SIM_PAGE_FREE;
}

void port_work_run(void)
{
    while ( sim_work_run() )
        continue;
}

bool port_log_has(const char *text)
{
    return sim_log_has(text);
}

unsigned int port_log_count(const char *text)
{
    return sim_log_count(text);
}

unsigned int port_crashes(void *cookie)
{
    return (unsigned int)sim_domain_crashes(cookie);
}

unsigned int port_failures(moat_sbdf_t dev)
{
    return (unsigned int)sim_device_failures(dev);
}

unsigned long port_live(void)
{
    return sim_leaks();
}

void port_table_fail(unsigned int nth)
{
    sim_fail_nth_of(SIM_TABLE, nth);
}

void port_relax_set(void (*fn)(void))
{
    relax_fn = fn;
}

void port_status_write(uint64_t *p, uint64_t v)
{
    __atomic_store_n(p, v, __ATOMIC_RELEASE);
}

/* ---- The host's hooks ---- */

static void on_step(void *arg, enum test_step kind,
                    const volatile void *where)
{
    const volatile uint8_t *p = where;

    (void)arg;
    if ( kind == TEST_STEP_STORE && p >= arena && p < arena + ARENA_SIZE )
    {
        port_hw_lock();
        hwu_stored(SIM_ARENA_PA + (uint64_t)(p - arena), 0, 0, 0);
        port_hw_unlock();
    }
    else if ( kind == TEST_STEP_SYNC && !(rnd() & 15) )
        sched_yield();
}

static void on_relax(void *arg)
{
    (void)arg;
    sched_yield();
    if ( relax_fn )
        relax_fn();
}

static uint32_t on_pci_read(void *ctx, moat_sbdf_t dev, unsigned int reg,
                            unsigned int bytes)
{
    (void)ctx;
    return pci_get(dev, reg, bytes);
}

static void on_pci_write(void *ctx, moat_sbdf_t dev, unsigned int reg,
                         unsigned int bytes, uint32_t v)
{
    (void)ctx;
    pci_put(dev, reg, bytes, v);
}

void port_reset(void)
{
    static const struct sim_hooks hooks = {
        .step = on_step, .relax = on_relax,
    };
    static const struct sim_backend backend = {
        .pci_read = on_pci_read, .pci_write = on_pci_write,
    };

    sim_reset();
    sim_arena_set(arena, sizeof(arena), SIM_ARENA_PA);
    sim_hooks_set(&hooks);
    sim_backend_set(&backend);
    sim_acpi_set("MODL", "MODL", 4);
    relax_fn = NULL;
    pci_reset();
    hwu_reset();
}

/* The table from the inside is the explorer's to look at. */
void did_view_reset(void)
{
}

bool did_view_live(const struct moat_unit *u, unsigned int did,
                   const struct moat_domain *d)
{
    (void)u;
    (void)did;
    (void)d;
    return true;
}

const struct hw_vendor *const hw_vendors[] = { &drv_vendor, NULL };

/* ---- Rounds ---- */

static void *thread(void *arg)
{
    unsigned int n = (unsigned int)(uintptr_t)arg, i;

    seed = rounds * MX_PROCS + n + 1;
    pthread_barrier_wait(&barrier);
    for ( i = rnd() & 3; i; i-- )
        sched_yield();
    scenario->cpu[n]();
    return NULL;
}

static void one_round(const struct mx_scenario *s)
{
    pthread_t t[MX_PROCS];
    unsigned int i;

    scenario = s;
    s->setup();
    pthread_barrier_init(&barrier, NULL, s->procs);
    for ( i = 0; i < s->procs; i++ )
        if ( pthread_create(&t[i], NULL, thread, (void *)(uintptr_t)i) )
            port_fail("no thread");
    for ( i = 0; i < s->procs; i++ )
        pthread_join(t[i], NULL);
    pthread_barrier_destroy(&barrier);
    s->end();
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    unsigned long max = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
    double end = seconds() + (argc > 2 ? atof(argv[2]) : 3600.0);
    unsigned int i, n = 0, failed = 0;
    unsigned long before, runs = 0;
    pthread_mutexattr_t attr;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&hw_mutex, &attr);
    while ( scenarios[n] )
        n++;
    for ( rounds = 0; rounds < max && seconds() < end && !failed; rounds++ )
        for ( i = 0; i < n; i++, runs++ )
        {
            before = reports;
            one_round(scenarios[i]);
            if ( reports == before )
                continue;
            printf("FAIL %s with threads: see the sanitizer's report\n",
                   scenarios[i]->name);
            failed++;
        }
    sim_reset();
    printf("threads: %lu rounds of %u scenarios, %lu runs\n", rounds, n,
           runs);
    printf("%u passed, %u failed\n", n - failed, failed);
    return failed || !rounds;
}
