/* SPDX-License-Identifier: GPL-2.0-only */
/* What the functions cost that the rest of Xen calls: see xen_bench.h. */

#include "xen_bench.h"

#include <xen/console.h>
#include <xen/event.h>
#include <xen/init.h>
#include <xen/keyhandler.h>
#include <xen/lib.h>
#include <xen/mm.h>
#include <xen/param.h>
#include <xen/softirq.h>

#define BASE_DFN    0x1000000UL /* 64 GiB: no page of the guest's is there */
#define BASE_MFN    0x1000000UL
#define RUN         256UL
#define RW          (IOMMUF_readable | IOMMUF_writable)

/* No more pages than that: bench_max=256 is done in a moment. */
static unsigned int __read_mostly max_pages = 262144;
integer_param("bench_max", max_pages);

/* ---- Records: printed at the end, as printing disturbs ---- */

#define MAX_RECORDS 4096

static struct bench_record
{
    const char *op, *shape, *api;
    unsigned long pages, ticks;
    long tables;
    unsigned int devices;
    int rc;
} records[MAX_RECORDS];
static unsigned int n_records;

struct domain *bench_dom;
unsigned int bench_devices;
static bool with_flush;                 /* the functions that flush */
static unsigned long empty_ticks;       /* of measuring nothing */

struct bench_record *noinline bench_begin(const char *op, const char *shape,
                                          unsigned long pages)
{
    struct bench_record *r = &records[n_records];

    if ( n_records < MAX_RECORDS - 1 )
        n_records++;
    r->op = op;
    r->shape = shape;
    r->api = with_flush ? "flush" : "plain";
    r->pages = pages;
    r->devices = bench_devices;
    r->tables = avail_domheap_pages();
    outb(BENCH_BEGIN, BENCH_SCRATCH);
    return r;
}

void noinline bench_end(struct bench_record *r, uint64_t ticks, int rc)
{
    outb(BENCH_END, BENCH_SCRATCH);
    r->ticks = ticks - min(ticks, empty_ticks);
    r->tables -= avail_domheap_pages();
    r->rc = rc;
}

static void print_records(void)
{
    unsigned int i;

    for ( i = 0; i < n_records; i++ )
    {
        const struct bench_record *r = &records[i];

        printk("bench: op %u %s %s %s dev %u pages %lu "
               "ticks %lu tables %ld rc %d\n",
               i, r->op, r->shape, r->api, r->devices, r->pages, r->ticks,
               r->tables, r->rc);
        process_pending_softirqs();
    }
    printk("bench: end of ops\n");
}

/* ---- Mapping ---- */

static int do_map(unsigned long dfn, unsigned long mfn, unsigned long n)
{
    unsigned int ff = 0;

    if ( with_flush )
        return iommu_legacy_map(bench_dom, _dfn(dfn), _mfn(mfn), n, RW);
    return iommu_map(bench_dom, _dfn(dfn), _mfn(mfn), n, RW, &ff);
}

static int do_unmap(unsigned long dfn, unsigned long n)
{
    unsigned int ff = 0;

    if ( with_flush )
        return iommu_legacy_unmap(bench_dom, _dfn(dfn), n);
    return iommu_unmap(bench_dom, _dfn(dfn), n, 0, &ff);
}

/* What was put off must not be part of the next measurement. */
static void settle(void)
{
    if ( !with_flush &&
         iommu_iotlb_flush_all(bench_dom, IOMMU_FLUSHF_added |
                                    IOMMU_FLUSHF_modified) )
        printk("bench: the flush failed\n");
    local_irq_enable();
    process_pending_softirqs();
    local_irq_disable();
}

static int map_each(unsigned long n, unsigned long step)
{
    unsigned long i, at = 0;
    int rc = 0;

    for ( i = 0; i < n && !rc; i++, at = (at + step) & (n - 1) )
        rc = do_map(BASE_DFN + at, BASE_MFN + ((at * 5) & (n - 1)), 1);
    return rc;
}

static int unmap_each(unsigned long n, unsigned long step)
{
    unsigned long i, at = 0;
    int rc = 0;

    for ( i = 0; i < n && !rc; i++, at = (at + step) & (n - 1) )
        rc = do_unmap(BASE_DFN + at, 1);
    return rc;
}

static int map_runs(unsigned long n)
{
    unsigned long i;
    int rc = 0;

    for ( i = 0; i < n && !rc; i += RUN )
        rc = do_map(BASE_DFN + i, BASE_MFN + i + 1, RUN);
    return rc;
}

static int unmap_runs(unsigned long n)
{
    unsigned long i;
    int rc = 0;

    for ( i = 0; i < n && !rc; i += RUN )
        rc = do_unmap(BASE_DFN + i, RUN);
    return rc;
}

/* An odd step through a power of two visits each page once. */
#define STEP 7919UL

static void bench_size(unsigned long n)
{
    MEASURE("map", "contiguous", n, do_map(BASE_DFN, BASE_MFN + 1, n));
    settle();
    MEASURE("unmap", "contiguous", n, do_unmap(BASE_DFN, n));
    settle();
    if ( n > RUN )
    {
        MEASURE("map", "superpages", n, do_map(BASE_DFN, BASE_MFN, n));
        settle();
        MEASURE("unmap", "superpages", n, do_unmap(BASE_DFN, n));
        settle();
    }
    if ( n > RUN )
    {
        MEASURE("map", "runs-of-256", n, map_runs(n));
        settle();
        MEASURE("unmap", "runs-of-256", n, unmap_runs(n));
        settle();
    }
    if ( n > 1 )
    {
        MEASURE("map", "scattered", n, map_each(n, STEP));
        settle();
        MEASURE("unmap", "scattered", n, unmap_each(n, STEP));
        settle();
    }
}

/* The large ones, which take long, once. */
static void bench_sizes(void)
{
    static const unsigned long sizes[] = { 1, 16, 256, 4096, 65536, 262144 };
    unsigned int i, rep;

    for ( i = 0; i < ARRAY_SIZE(sizes) && sizes[i] <= max_pages; i++ )
        for ( rep = 0; rep < (sizes[i] > 4096 ? 1 : 3); rep++ )
            bench_size(sizes[i]);
}

/* One page of a table that has others; one of a superpage and back. */
static void bench_single(void)
{
    unsigned int rep;

    if ( do_map(BASE_DFN + 1, BASE_MFN, 1) )
        return;
    settle();
    for ( rep = 0; rep < 4; rep++ )
    {
        MEASURE("map", "table-there", 1, do_map(BASE_DFN, BASE_MFN + 7, 1));
        settle();
        MEASURE("unmap", "table-there", 1, do_unmap(BASE_DFN, 1));
        settle();
    }
    if ( do_unmap(BASE_DFN + 1, 1) )
        return;
    settle();
    for ( rep = 0; rep < 4; rep++ )
    {
        MEASURE("map", "one-superpage", 512, do_map(BASE_DFN, BASE_MFN, 512));
        settle();
        MEASURE("split", "unmap-1-of-2MiB", 1, do_unmap(BASE_DFN + 7, 1));
        settle();
        MEASURE("re-join", "map-it-again", 1,
                do_map(BASE_DFN + 7, BASE_MFN + 7, 1));
        settle();
        MEASURE("unmap", "one-superpage", 512, do_unmap(BASE_DFN, 512));
        settle();
    }
}

/* Interrupts would be counted. */
static void bench_maps(void)
{
    local_irq_disable();
    for ( with_flush = false; ; with_flush = true )
    {
        bench_single();
        bench_sizes();
        if ( with_flush )
            break;
    }
    with_flush = false;
    local_irq_enable();
}

static void cf_check run(unsigned char key)
{
    struct domain *d;
    uint64_t t;

    bench_dom = NULL;
    for_each_domain ( d )
        if ( !is_hardware_domain(d) )
            bench_dom = d;
    if ( !bench_dom )
    {
        printk("bench: no guest\n");
        return;
    }

    /* A key has all messages printed: those of no interest cost nothing. */
    console_end_log_everything();
    t = rdtsc();
    empty_ticks = rdtsc() - t;
    printk("bench: begin, %pd, overhead %lu\n", bench_dom, empty_ticks);
    bench_maps();
    bench_assign();
    bench_give(1);
    bench_maps();
    bench_interrupt();
    bench_fault();
    bench_give(BENCH_DEVICES);
    bench_maps();
    bench_give(0);
    console_start_log_everything();
    print_records();
}

static int __init cf_check bench_init(void)
{
    register_keyhandler('y', run, "benchmark of the IOMMU layer", 0);
    return 0;
}
__initcall(bench_init);
