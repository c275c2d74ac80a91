/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Xen itself spends in the layer: xen_bench.sh has all that is outside
 * drivers/passthrough compiled with bench_NAME for each NAME below.
 */

#include "xen_bench.h"

#include <xen/init.h>
#include <xen/keyhandler.h>
#include <xen/lib.h>
#include <xen/mm.h>
#include <xen/pci.h>

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

    outb(BENCH_SUMS, BENCH_SCRATCH);
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

static int __init cf_check sums_init(void)
{
    register_keyhandler('Y', print_sums, "time spent in the IOMMU layer", 0);
    return 0;
}
__initcall(sums_init);
