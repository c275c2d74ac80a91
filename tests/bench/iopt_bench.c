/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page-table engine alone: time and instructions of each operation, beside
 * a plain loop of stores into the same memory. tests/bench/iopt.sh runs this
 * and makes the table.
 *
 * Usage: iopt_bench vtd|amd. One line for each measurement:
 *
 *     operation pages units calls nanoseconds instructions
 *
 * Units are what the figures are to be divided by. Instructions are those of
 * the processor's counter where there is one. Under callgrind all is done
 * once, and callgrind dumps the count of each measurement under its name.
 */
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#include "bench_host.h"
#include "pt/iopt.h"

#define K4      0x1000ULL
#define M2      0x200000ULL
#define G1      0x40000000ULL
#define BASE    (4 * G1)
#define OTHER   (BASE + 5 * K4)     /* can never be joined with BASE */
#define HALF    256u                /* pages of a table that short runs use */
#define SCATTER 2048u               /* tables: 4 GiB */

/* ---- What is measured ---- */

static struct iopt t;
static struct moat_flush f;

static void must(int rc)
{
    if ( rc )
        abort();
}

static void map(uint64_t iova, uint64_t pa, uint64_t pages)
{
    must(iopt_map(&t, iova, pa, pages * K4, MOAT_RW, &f));
}

static void unmap(uint64_t iova, uint64_t pages)
{
    must(iopt_unmap(&t, iova, pages * K4, &f));
}

/*
 * Short runs are repeated, next to each other in the first half of each of
 * 16 tables, which have an entry at their end and so always stay.
 */
static unsigned long calls(unsigned long n)
{
    return n > HALF ? 1 : 16 * HALF / n;
}

static uint64_t off(unsigned long i, unsigned long n)
{
    return i * n / HALF * M2 + i * n % HALF * K4;
}

static void with_tables(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < (n > HALF ? (n + 511) / 512 : 16); i++ )
        map(BASE + i * M2 + 511 * K4, K4, 1);
}

static void no_tables(unsigned long n)
{
    (void)n;
}

/* What the loops around calls cost is subtracted. */
static void run_nothing(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < calls(n); i++ )
    {
        uint64_t at = off(i, n);

        __asm__ __volatile__ ( "" :: "r" (at) );
    }
}

/* Tables of level 1 are the arena's pages 3, 4, ... */
static uint64_t *raw(unsigned long i, unsigned long n)
{
    return (uint64_t *)(bench_arena + 3 * K4) + off(i, n) / M2 * 512 +
           off(i, n) % M2 / K4;
}

static void run_store(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < calls(n); i++ )
    {
        uint64_t *p = raw(i, n), *end = p + n, v = i;

        for ( ; p != end; p++, v += K4 )
            host_store64(p, v);
    }
}

static void run_map(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < calls(n); i++ )
        map(BASE + off(i, n), OTHER + off(i, n), n);
}

static void with_pages(unsigned long n)
{
    with_tables(n);
    run_map(n);
}

static void run_unmap(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < calls(n); i++ )
        unmap(BASE + off(i, n), n);
}

static void run_remap(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < calls(n); i++ )
        map(BASE + off(i, n), OTHER + 2 * K4 + off(i, n), n);
}

/* Each call in a table of its own, which is not there yet. */
static void run_new(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < (n > HALF ? 1 : 16); i++ )
        map(BASE + i * M2, OTHER, n);
}

static unsigned long new_units(unsigned long n)
{
    return n > HALF ? n : 16 * n;
}

/* Runs of 256 pages, one in each of n / 256 tables. */
static void with_tables_256(unsigned long n)
{
    with_tables(2 * n);
}

static void run_map_256(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < n / HALF; i++ )
        map(BASE + i * M2, OTHER + i * M2, HALF);
}

static void with_pages_256(unsigned long n)
{
    with_tables_256(n);
    run_map_256(n);
}

static void run_unmap_256(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < n / HALF; i++ )
        unmap(BASE + i * M2, HALF);
}

/* Page by page: addresses that can, and that cannot, be joined. */
static void run_each(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < n; i++ )
        map(BASE + i * K4, OTHER + i * K4, 1);
}

static void run_each_join(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < n; i++ )
        map(BASE + i * K4, BASE + i * K4, 1);
}

static void with_each(unsigned long n)
{
    with_tables(n);
    run_each(n);
}

static void run_unmap_each(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < n; i++ )
        unmap(BASE + i * K4, 1);
}

static void run_nothing_each(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < n; i++ )
        __asm__ __volatile__ ( "" :: "r" (BASE + i * K4), "r" (i) );
}

/* Every page in another table than the one before, over 4 GiB. */
static uint64_t scattered(unsigned long i)
{
    return BASE + i * 1237 % SCATTER * M2 + i / SCATTER * 3 % 511 * K4;
}

static void with_scatter_tables(unsigned long n)
{
    unsigned long i;

    (void)n;
    for ( i = 0; i < SCATTER; i++ )
        map(BASE + i * M2 + 511 * K4, K4, 1);
}

static void run_scatter(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < n; i++ )
        map(scattered(i), OTHER + i * K4, 1);
}

static void with_scatter(unsigned long n)
{
    with_scatter_tables(n);
    run_scatter(n);
}

static void run_unscatter(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < n; i++ )
        unmap(scattered(i), 1);
}

static void run_nothing_scattered(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < n; i++ )
        __asm__ __volatile__ ( "" :: "r" (scattered(i)), "r" (i) );
}

/* Large leaves. */
static void run_super(unsigned long n)
{
    map(BASE, BASE, n);
}

static void with_super(unsigned long n)
{
    run_super(n);
}

static void run_unsuper(unsigned long n)
{
    unmap(BASE, n);
}

/* Leaves of 2 MiB that cannot be joined to 1 GiB; one page of each goes. */
static void with_2m(unsigned long n)
{
    map(BASE, BASE + M2, n);
}

static void run_split(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < n / 512; i++ )
        unmap(BASE + i * M2 + 7 * K4, 1);
}

static void with_split(unsigned long n)
{
    with_2m(n);
    run_split(n);
}

static void run_join(unsigned long n)
{
    unsigned long i;

    for ( i = 0; i < n / 512; i++ )
        map(BASE + i * M2 + 7 * K4, BASE + (i + 1) * M2 + 7 * K4, 1);
}

static unsigned long call_units(unsigned long n)
{
    return n * calls(n);
}

static unsigned long leaf_units(unsigned long n)
{
    return n / 512;
}

static unsigned long units(unsigned long n)
{
    return n;
}

static const struct op
{
    const char *name;
    void (*prepare)(unsigned long n);
    void (*run)(unsigned long n);
    unsigned long (*units)(unsigned long n);
    unsigned long min;
    bool snooped;
} ops[] = {
    { "nothing", no_tables, run_nothing, call_units, 1, true },
    { "nothing-each", no_tables, run_nothing_each, units, 256, true },
    { "nothing-scattered", no_tables, run_nothing_scattered, units, 256,
      true },
    { "store", with_tables, run_store, call_units, 1, true },
    { "map", with_tables, run_map, call_units, 1, true },
    { "remap", with_pages, run_remap, call_units, 1, true },
    { "map-new", no_tables, run_new, new_units, 1, true },
    { "map-wb", with_tables, run_map, call_units, 1, false },
    { "map-new-wb", no_tables, run_new, new_units, 1, false },
    { "map-256", with_tables_256, run_map_256, units, 256, true },
    { "map-each", with_tables, run_each, units, 512, true },
    { "map-each-join", with_tables, run_each_join, units, 512, true },
    { "map-scattered", with_scatter_tables, run_scatter, units, 256, true },
    { "map-super", no_tables, run_super, units, 512, true },
    { "unmap", with_pages, run_unmap, call_units, 1, true },
    { "unmap-wb", with_pages, run_unmap, call_units, 1, false },
    { "unmap-256", with_pages_256, run_unmap_256, units, 256, true },
    { "unmap-each", with_each, run_unmap_each, units, 512, true },
    { "unmap-scattered", with_scatter, run_unscatter, units, 256, true },
    { "unmap-super", with_super, run_unsuper, units, 512, true },
    { "split", with_2m, run_split, leaf_units, 512, true },
    { "join", with_split, run_join, leaf_units, 512, true },
};

/* ---- Measuring ---- */

static int open_counter(void)
{
    struct perf_event_attr attr = {
        .type = PERF_TYPE_HARDWARE, .size = sizeof(attr),
        .config = PERF_COUNT_HW_INSTRUCTIONS, .exclude_kernel = 1,
        .exclude_hv = 1,
    };

    return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static uint64_t read_counter(int fd)
{
    uint64_t n = 0;

    if ( fd >= 0 && read(fd, &n, sizeof(n)) != sizeof(n) )
        abort();
    return n;
}

static uint64_t now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

struct result
{
    uint64_t ns, instructions;
};

static struct result once(const struct iopt_fmt *fmt, const struct op *op,
                          unsigned long n, int counter, const char *name)
{
    struct iopt_cfg cfg = {
        .fmt = fmt, .levels = 4, .leaf_levels = 0xe, .iova_bits = 48,
        .pa_bits = 46, .coherent = op->snooped,
    };
    struct result r;

    moat_flush_begin(&f);
    bench_forget_pages();
    must(iopt_init(&t, &cfg));
    op->prepare(n);
    host_tables_free(&f.tables);

    CALLGRIND_ZERO_STATS;
    r.instructions = read_counter(counter);
    r.ns = now();
    op->run(n);
    r.ns = now() - r.ns;
    r.instructions = read_counter(counter) - r.instructions;
    CALLGRIND_DUMP_STATS_AT(name);

    host_tables_free(&f.tables);
    while ( !iopt_free_some(&t, 1000) )
        continue;
    return r;
}

/* The best of many: whatever else the machine does only adds. */
static void measure(const struct iopt_fmt *fmt, const struct op *op,
                    unsigned long n, int counter)
{
    struct result best = { ~0ULL, ~0ULL }, r;
    uint64_t start = now();
    unsigned int i;
    char name[40];

    snprintf(name, sizeof(name), "%s %lu", op->name, n);
    for ( i = 0; i < 5 || now() - start < 30000000; i++ )
    {
        r = once(fmt, op, n, counter, name);
        if ( r.ns < best.ns )
            best.ns = r.ns;
        if ( r.instructions < best.instructions )
            best.instructions = r.instructions;
        if ( RUNNING_ON_VALGRIND )
            break;
    }
    printf("%s %lu %lu %llu ", op->name, n, op->units(n),
           (unsigned long long)best.ns);
    if ( counter < 0 )
        printf("-\n");
    else
        printf("%llu\n", (unsigned long long)best.instructions);
}

int main(int argc, char **argv)
{
    static const unsigned long sizes[] = { 1, 16, 256, 4096, 65536, 262144 };
    bool amd = argc > 1 && !strcmp(argv[1], "amd");
    int counter = RUNNING_ON_VALGRIND ? -1 : open_counter();
    unsigned int i, j;

    bench_arena_init();
    if ( counter >= 0 && ioctl(counter, PERF_EVENT_IOC_ENABLE, 0) )
        abort();
    for ( i = 0; i < ARRAY_SIZE(ops); i++ )
        for ( j = 0; j < ARRAY_SIZE(sizes); j++ )
            if ( sizes[j] >= ops[i].min )
                measure(amd ? &iopt_fmt_amdvi : &iopt_fmt_vtd, &ops[i],
                        sizes[j], counter);
    return 0;
}
