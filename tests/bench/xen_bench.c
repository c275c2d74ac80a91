/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The benchmark inside Xen: the same object in Debian's Xen and in this one
 * (tests/bench/xen_bench.sh lays it down), so that both are asked the same.
 *
 * Two parts. The renamed entries: Xen outside drivers/passthrough is compiled
 * with bench_NAME for each NAME below, and what it spends in there is added
 * up; the key 'Y' prints the sums and starts anew. And the key 'y', which
 * runs every operation on the one guest there is.
 *
 * QEMU counts instructions in the time stamp counter (-icount shift=0). A
 * write to the scratch register of COM2 marks the ends of each measured
 * stretch in QEMU's trace, where commands and register accesses are counted.
 */

#include <xen/domain_page.h>
#include <xen/event.h>
#include <xen/guest_access.h>
#include <xen/init.h>
#include <xen/iommu.h>
#include <xen/keyhandler.h>
#include <xen/lib.h>
#include <xen/mm.h>
#include <xen/pci.h>
#include <xen/pci_regs.h>
#include <xen/sched.h>
#include <xen/softirq.h>
#include <xen/vmap.h>
#include <asm/io.h>
#include <asm/msi.h>
#include <asm/msr.h>

#define SCRATCH     0x2ff       /* COM2's scratch register */
#define MARK_BEGIN  0xb1
#define MARK_END    0xb2
#define MARK_SUMS   0xb3

#define BASE_DFN    0x1000000UL /* 64 GiB: no page of the guest's is there */
#define BASE_MFN    0x1000000UL
#define EDU         0x20        /* 0000:00:04.0 */
#define RUN         256UL
#define RW          (IOMMUF_readable | IOMMUF_writable)

/* ---- What Xen itself spends in the layer ---- */

enum entry
{
    E_HWDOM, E_INIT, E_DESTROY, E_FREE, E_DOMCTL, E_FLUSH, E_MAP, E_UNMAP,
    E_RELEASE, E_IOAPIC, N_ENTRIES
};

static struct sum
{
    const char *name;
    unsigned long calls, pages;
    uint64_t ticks;
} sums[N_ENTRIES] = {
    [E_HWDOM] = { "hwdom_init" }, [E_INIT] = { "domain_init" },
    [E_DESTROY] = { "domain_destroy" }, [E_FREE] = { "free_pgtables" },
    [E_DOMCTL] = { "do_domctl" }, [E_FLUSH] = { "flush" },
    [E_MAP] = { "map" }, [E_UNMAP] = { "unmap" },
    [E_RELEASE] = { "release_devices" }, [E_IOAPIC] = { "ioapic_write" },
};

static void add(enum entry e, uint64_t since, unsigned long pages)
{
    sums[e].ticks += rdtsc() - since;
    sums[e].calls++;
    sums[e].pages += pages;
}

static void cf_check print_sums(unsigned char key)
{
    static unsigned int number;
    unsigned int i;

    outb(MARK_SUMS, SCRATCH);
    number++;
    for ( i = 0; i < N_ENTRIES; i++ )
    {
        printk("bench: sum %u %s calls %lu pages %lu ticks %lu\n", number,
               sums[i].name, sums[i].calls, sums[i].pages, sums[i].ticks);
        sums[i].calls = sums[i].pages = sums[i].ticks = 0;
    }
    printk("bench: end of sums %u at %lu\n", number, rdtsc());
}

#define TIMED(e, pages, call) ({                \
    uint64_t t_ = rdtsc();                      \
    typeof(call) r_ = (call);                   \
    add(e, t_, pages);                          \
    r_; })

void bench_iommu_hwdom_init(struct domain *d)
{
    unsigned long free = avail_domheap_pages();
    uint64_t t = rdtsc();

    iommu_hwdom_init(d);
    add(E_HWDOM, t, total_pages);
    printk("bench: hwdom ram %lu tables %lu ticks %lu\n", total_pages,
           free - avail_domheap_pages(), sums[E_HWDOM].ticks);
    print_sums(0);
}

int bench_iommu_domain_init(struct domain *d, unsigned int opts)
{
    return TIMED(E_INIT, 0, iommu_domain_init(d, opts));
}

void bench_iommu_domain_destroy(struct domain *d)
{
    uint64_t t = rdtsc();

    iommu_domain_destroy(d);
    add(E_DESTROY, t, 0);
}

int bench_iommu_free_pgtables(struct domain *d)
{
    return TIMED(E_FREE, 0, iommu_free_pgtables(d));
}

int bench_pci_release_devices(struct domain *d)
{
    return TIMED(E_RELEASE, 0, pci_release_devices(d));
}

int bench_iommu_do_domctl(struct xen_domctl *op, struct domain *d,
                          XEN_GUEST_HANDLE_PARAM(xen_domctl_t) u)
{
    return TIMED(E_DOMCTL, 0, iommu_do_domctl(op, d, u));
}

int bench_iommu_iotlb_flush(struct domain *d, dfn_t dfn, unsigned long n,
                            unsigned int flags)
{
    return TIMED(E_FLUSH, n, iommu_iotlb_flush(d, dfn, n, flags));
}

int bench_iommu_iotlb_flush_all(struct domain *d, unsigned int flags)
{
    return TIMED(E_FLUSH, 0, iommu_iotlb_flush_all(d, flags));
}

long bench_iommu_map(struct domain *d, dfn_t dfn, mfn_t mfn, unsigned long n,
                     unsigned int flags, unsigned int *ff)
{
    return TIMED(E_MAP, n, iommu_map(d, dfn, mfn, n, flags, ff));
}

long bench_iommu_unmap(struct domain *d, dfn_t dfn, unsigned long n,
                       unsigned int flags, unsigned int *ff)
{
    return TIMED(E_UNMAP, n, iommu_unmap(d, dfn, n, flags, ff));
}

int bench_iommu_legacy_map(struct domain *d, dfn_t dfn, mfn_t mfn,
                           unsigned long n, unsigned int flags)
{
    return TIMED(E_MAP, n, iommu_legacy_map(d, dfn, mfn, n, flags));
}

int bench_iommu_legacy_unmap(struct domain *d, dfn_t dfn, unsigned long n)
{
    return TIMED(E_UNMAP, n, iommu_legacy_unmap(d, dfn, n));
}

void bench_iommu_update_ire_from_apic(unsigned int apic, unsigned int pin,
                                      uint64_t rte)
{
    uint64_t t = rdtsc();

    iommu_update_ire_from_apic(apic, pin, rte);
    add(E_IOAPIC, t, 0);
}

/* ---- Records: printed at the end, as printing disturbs ---- */

#define MAX_RECORDS 4096

static struct record
{
    const char *op, *shape, *api;
    unsigned long pages, ticks;
    long tables;
    unsigned int devices;
    int rc;
} records[MAX_RECORDS];
static unsigned int n_records;

static struct domain *dom;
static unsigned int devices;            /* that it has */
static bool with_flush;                 /* the functions that flush */
static unsigned long empty_ticks;       /* of measuring nothing */

static struct record *begin(const char *op, const char *shape,
                            unsigned long pages)
{
    struct record *r = &records[n_records];

    if ( n_records < MAX_RECORDS - 1 )
        n_records++;
    r->op = op;
    r->shape = shape;
    r->api = with_flush ? "flush" : "plain";
    r->pages = pages;
    r->devices = devices;
    r->tables = avail_domheap_pages();
    outb(MARK_BEGIN, SCRATCH);
    return r;
}

static void end(struct record *r, uint64_t ticks, int rc)
{
    outb(MARK_END, SCRATCH);
    r->ticks = ticks - min(ticks, empty_ticks);
    r->tables -= avail_domheap_pages();
    r->rc = rc;
}

/* @call: an expression of type int. */
#define MEASURE(op, shape, pages, call) do {            \
    struct record *r_ = begin(op, shape, pages);        \
    uint64_t t_ = rdtsc();                              \
    int rc_ = (call);                                   \
                                                        \
    t_ = rdtsc() - t_;                                  \
    end(r_, t_, rc_);                                   \
} while ( 0 )

static void print_records(void)
{
    unsigned int i;

    for ( i = 0; i < n_records; i++ )
    {
        const struct record *r = &records[i];

        printk("bench: op %u %s %s %s dev %u pages %lu ticks %lu tables %ld rc %d\n",
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
        return iommu_legacy_map(dom, _dfn(dfn), _mfn(mfn), n, RW);
    return iommu_map(dom, _dfn(dfn), _mfn(mfn), n, RW, &ff);
}

static int do_unmap(unsigned long dfn, unsigned long n)
{
    unsigned int ff = 0;

    if ( with_flush )
        return iommu_legacy_unmap(dom, _dfn(dfn), n);
    return iommu_unmap(dom, _dfn(dfn), n, 0, &ff);
}

/* What was put off must not be part of the next measurement. */
static void settle(void)
{
    if ( !with_flush &&
         iommu_iotlb_flush_all(dom, IOMMU_FLUSHF_added |
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
#define MANY 65536UL            /* calls are as many as we have time for */

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
    if ( n > RUN && n <= MANY )
    {
        MEASURE("map", "runs-of-256", n, map_runs(n));
        settle();
        MEASURE("unmap", "runs-of-256", n, unmap_runs(n));
        settle();
    }
    if ( n > 1 && n <= MANY )
    {
        MEASURE("map", "scattered", n, map_each(n, STEP));
        settle();
        MEASURE("unmap", "scattered", n, unmap_each(n, STEP));
        settle();
    }
}

/* The large ones, which take long, once: without device, or with flush. */
static void bench_sizes(void)
{
    static const unsigned long sizes[] = { 1, 16, 256, 4096, 65536, 262144 };
    unsigned int i, rep;

    for ( i = 0; i < ARRAY_SIZE(sizes); i++ )
        for ( rep = 0; rep < (sizes[i] > 4096 ? 1 : 3); rep++ )
            if ( sizes[i] <= 4096 || with_flush == !!devices )
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

/* ---- Devices, interrupts, faults ---- */

static int domctl(unsigned int cmd)
{
    XEN_GUEST_HANDLE_PARAM(xen_domctl_t) none =
        guest_handle_from_ptr(NULL, xen_domctl_t);
    struct xen_domctl op = {
        .cmd = cmd,
        .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
        .domain = dom->domain_id,
    };

    op.u.assign_device.dev = XEN_DOMCTL_DEV_PCI;
    op.u.assign_device.u.pci.machine_sbdf = EDU;
    return iommu_do_domctl(&op, dom, none);
}

static void bench_assign(void)
{
    unsigned int rep;

    for ( rep = 0; rep < 4; rep++ )
    {
        MEASURE("assign", "device", 1, domctl(XEN_DOMCTL_assign_device));
        MEASURE("de-assign", "device", 1, domctl(XEN_DOMCTL_deassign_device));
    }
}

static int msi(struct msi_desc *desc, unsigned int vector)
{
    struct msi_msg msg = {
        .address_lo = 0xfee00000,
        .data = vector,
    };

    desc->msg = msg;
    return iommu_update_ire_from_msi(desc, &msg);
}

static void bench_interrupt(void)
{
    struct msi_desc desc = {
        .msi_attrib.type = PCI_CAP_ID_MSI,
        .msi.nvec = 1,
        .remap_index = -1,
        .irq = -1,
    };
    unsigned int rep;

    pcidevs_lock();
    desc.dev = pci_get_pdev(NULL, (pci_sbdf_t){ .sbdf = EDU });
    if ( !desc.dev )
        printk("bench: no edu\n");
    local_irq_disable();
    for ( rep = 0; rep < 4 && desc.dev; rep++ )
    {
        MEASURE("interrupt", "set-up", 1, msi(&desc, 0x51));
        MEASURE("interrupt", "change", 1, msi(&desc, 0x61));
        MEASURE("interrupt", "free", 1,
                iommu_update_ire_from_msi(&desc, NULL));
    }
    local_irq_enable();
    pcidevs_unlock();
}

/*
 * One fault: from the moment it may interrupt to the end of what it started,
 * its message included. edu's transfer is due 100 ms after the command.
 */
#define EDU_SRC 0x80
#define EDU_DST 0x88
#define EDU_CNT 0x90
#define EDU_CMD 0x98
#define EDU_BUFFER 0x40000
#define EDU_MS 1000000UL        /* of instructions, one a nanosecond */

static int take_interrupts(void)
{
    local_irq_enable();
    process_pending_softirqs();
    local_irq_disable();
    return 0;
}

static void wait_ticks(uint64_t ticks)
{
    uint64_t start = rdtsc();

    while ( rdtsc() - start < ticks )
        cpu_relax();
}

static void one_fault(void __iomem *edu)
{
    uint64_t start = rdtsc();

    writeq(0xdead000, edu + EDU_SRC);
    writeq(EDU_BUFFER, edu + EDU_DST);
    writeq(16, edu + EDU_CNT);
    writeq(1, edu + EDU_CMD);
    while ( rdtsc() - start < 99 * EDU_MS )
        process_pending_softirqs();
    local_irq_disable();
    take_interrupts();
    wait_ticks(2 * EDU_MS);
    MEASURE("fault", "one", 1, take_interrupts());
    local_irq_enable();
}

static void bench_fault(void)
{
    pci_sbdf_t sbdf = { .sbdf = EDU };
    uint32_t bar = pci_conf_read32(sbdf, PCI_BASE_ADDRESS_0) & ~0xfU;
    void __iomem *edu;
    unsigned int rep;

    pci_conf_write16(sbdf, PCI_COMMAND,
                     PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    edu = ioremap(bar, PAGE_SIZE);
    for ( rep = 0; rep < 2 && edu; rep++ )
        one_fault(edu);
    iounmap(edu);
}

static void cf_check run(unsigned char key)
{
    struct domain *d;
    uint64_t t;

    dom = NULL;
    for_each_domain ( d )
        if ( !is_hardware_domain(d) )
            dom = d;
    if ( !dom )
    {
        printk("bench: no guest\n");
        return;
    }

    t = rdtsc();
    empty_ticks = rdtsc() - t;
    printk("bench: begin, %pd, overhead %lu\n", dom, empty_ticks);
    bench_maps();
    bench_assign();
    if ( domctl(XEN_DOMCTL_assign_device) )
        printk("bench: cannot assign edu\n");
    devices = 1;
    bench_maps();
    bench_interrupt();
    bench_fault();
    if ( domctl(XEN_DOMCTL_deassign_device) )
        printk("bench: cannot de-assign edu\n");
    devices = 0;
    print_records();
}

static int __init cf_check bench_init(void)
{
    register_keyhandler('y', run, "benchmark of the IOMMU layer", 0);
    register_keyhandler('Y', print_sums, "time spent in the IOMMU layer", 0);
    return 0;
}
__initcall(bench_init);
