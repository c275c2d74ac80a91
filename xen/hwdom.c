/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dom0: its devices, its identity map, and the moment when translation is
 * switched on.
 *
 *   option                maps, one to one
 *   (relaxed, default)    all RAM but Xen's
 *   dom0-iommu=strict     no RAM here: dom0's own comes page by page
 *   map-reserved          reserved memory (on by default)
 *   map-inclusive         everything below 4 GiB that is not unusable
 *   passthrough           nothing: not translated at all
 *
 * Never: Xen itself, the interrupt address range, the units' registers.
 */

#include "port_pci.h"

#include <xen/init.h>
#include <xen/iocap.h>
#include <xen/rangeset.h>
#include <xen/softirq.h>
#include <asm/e820.h>
#include <asm/hvm/io.h>
#include <asm/hvm/vioapic.h>
#include <asm/p2m.h>
#include <asm/setup.h>

#define FOUR_GIB        PFN_DOWN(GB(4))
#define INTR_FIRST      0xfee00UL
#define INTR_LAST       0xfeeffUL
/* Mapped at a time, between two looks at softirqs: 1 GiB. */
#define CHUNK           (1UL << 18)

/* ---- Which frames, with which rights ---- */

/* Rights by what the memory map says of the frame. */
static unsigned int __hwdom_init prot_by_type(const struct domain *d,
                                              unsigned long pfn)
{
    unsigned int type = page_get_ram_type(_mfn(pfn));

    if ( type == RAM_TYPE_CONVENTIONAL )
        return iommu_hwdom_strict ? 0 : MOAT_RW;

    if ( type & RAM_TYPE_RESERVED )
        return iommu_hwdom_inclusive || iommu_hwdom_reserved ? MOAT_RW : 0;

    if ( is_hvm_domain(d) )
        return 0;

    return iommu_hwdom_inclusive && pfn < FOUR_GIB ? MOAT_RW : 0;
}

/* All frames but Xen's own: compat_is_xen(). */
static struct rangeset *__hwdom_initdata not_xen;

static unsigned int __hwdom_init frame_prot(const struct domain *d,
                                            unsigned long pfn)
{
    if ( (pfn >= FOUR_GIB && !mfn_valid(_mfn(pfn))) ||
         compat_is_xen(not_xen, pfn) ||
         (pfn >= INTR_FIRST && pfn <= INTR_LAST) || port_is_unit_page(pfn) ||
         page_get_ram_type(_mfn(pfn)) == RAM_TYPE_UNUSABLE ||
         compat_is_emulated(d, pfn) )
        return 0;

    /* What dom0 may map read-only by processor it may read by DMA, too. */
    if ( is_pv_domain(d) && iomem_access_permitted(d, pfn, pfn) &&
         rangeset_contains_singleton(mmio_ro_ranges, pfn) )
        return MOAT_READ;

    return prot_by_type(d, pfn);
}

/* The first frame after @pfn that the memory map may say something else of. */
static unsigned long __hwdom_init map_end(unsigned long pfn,
                                          unsigned long end)
{
    unsigned int i, j;

    for ( i = 0; i < e820.nr_map; i++ )
    {
        uint64_t first = e820.map[i].addr, past = first + e820.map[i].size;
        /* An entry that begins or ends within a frame has that one shared. */
        unsigned long edge[] = { PFN_DOWN(first), PFN_UP(first),
                                 PFN_DOWN(past), PFN_UP(past) };

        for ( j = 0; j < ARRAY_SIZE(edge); j++ )
            if ( edge[j] > pfn )
                end = min(end, edge[j]);
    }

    return end;
}

/* Of @pfn to @last, which the memory map takes for the same: all alike? */
static bool __hwdom_init alike(const struct domain *d, unsigned long pfn,
                               unsigned long last)
{
    if ( port_has_unit_page(pfn, last - pfn + 1) ||
         !compat_emulated_alike(d, pfn, last) )
        return false;

    return !rangeset_overlaps_range(mmio_ro_ranges, pfn, last) ||
           (rangeset_contains_range(mmio_ro_ranges, pfn, last) &&
            iomem_access_permitted(d, pfn, last));
}

/*
 * How many frames from @pfn on certainly have its rights. Memory and what
 * lies between it are large, and most of it is taken at a time.
 */
static unsigned long __hwdom_init same_prot(const struct domain *d,
                                            unsigned long pfn,
                                            unsigned long top)
{
    unsigned long xen_first = PFN_DOWN(__pa(_stext));
    unsigned long xen_end = PFN_UP(__pa(__2M_rwdata_end));
    bool ram = page_get_ram_type(_mfn(pfn)) == RAM_TYPE_CONVENTIONAL;
    unsigned long end = map_end(pfn, top);

    /* Xen's real-mode code is in the first megabyte. */
    if ( pfn < PFN_DOWN(MB(1)) || (pfn >= xen_first && pfn < xen_end) ||
         (is_hvm_domain(d) && !ram) )
        return 1;

    if ( pfn < FOUR_GIB )
        end = min_t(unsigned long, end, FOUR_GIB);
    else if ( !ram )        /* as far as mfn_valid() is the same */
        end = min_t(unsigned long, end, (pfn | (PDX_GROUP_COUNT - 1)) + 1);
    if ( pfn < xen_first )
        end = min(end, xen_first);
    if ( pfn < INTR_FIRST )
        end = min(end, INTR_FIRST);
    else if ( pfn <= INTR_LAST )
        end = min(end, INTR_LAST + 1);

    while ( end - pfn > 1 && !alike(d, pfn, end - 1) )
        end = pfn + (end - pfn) / 2;

    return end - pfn;
}

/* ---- Putting them in ---- */

static void __hwdom_init map_run(struct domain *d, unsigned long pfn,
                                 unsigned long nr, unsigned int prot)
{
    unsigned long first = pfn, end = pfn + nr;
    int rc = 0;

    for ( ; pfn < end && !rc; process_pending_softirqs() )
    {
        struct moat_flush f;

        nr = min(end - pfn, CHUNK - (pfn & (CHUNK - 1)));
        moat_flush_begin(&f);
        rc = moat_map(port_domain(d), pfn_to_paddr(pfn), pfn_to_paddr(pfn),
                      pfn_to_paddr(nr), prot, &f);
        moat_flush_end(port_domain(d), &f);
        pfn += nr;
    }

    if ( rc )
        host_log_err("%pd: identity map of frames [%lx, %lx) failed: %d", d,
                     first, end, rc);
}

static void __hwdom_init map_translated(struct domain *d, unsigned long pfn,
                                        unsigned long nr, unsigned int prot)
{
    p2m_access_t access = prot & MOAT_WRITE ? p2m_access_rw : p2m_access_r;

    for ( ; nr--; pfn++ )
    {
        int rc = p2m_add_identity_entry(d, pfn, access, 0);

        if ( rc )
            host_log_warn("%pd: identity map of frame %lx failed: %d", d, pfn,
                          rc);
        if ( !(pfn & 0xfff) )
            process_pending_softirqs();
    }
}

static void __hwdom_init map_hwdom(struct domain *d)
{
    unsigned long pfn, nr, start = 0, count = 0, looks = 0;
    unsigned long top = max_t(unsigned long, FOUR_GIB,
                              pdx_to_pfn(max_pdx - 1) + 1);
    unsigned int prot = 0;

    for ( pfn = 0; ; pfn += nr )
    {
        bool end = pfn >= top;
        unsigned int p = end ? 0 : frame_prot(d, pfn);

        if ( p != prot || end )
        {
            if ( count && prot && paging_mode_translate(d) )
                map_translated(d, start, count, prot);
            else if ( count && prot )
                map_run(d, start, count, prot);
            if ( end )
                return;
            start = pfn;
            count = 0;
            prot = p;
        }

        nr = same_prot(d, pfn, top);
        count += nr;
        if ( !(++looks & 0xffff) )
            process_pending_softirqs();
    }
}

static void __hwdom_init settle_options(const struct domain *d)
{
    if ( iommu_hwdom_reserved == -1 )
        iommu_hwdom_reserved = 1;

    if ( iommu_hwdom_inclusive && !is_pv_domain(d) )
    {
        host_log_warn("map-inclusive is for a PV dom0 only: ignored");
        iommu_hwdom_inclusive = false;
    }
    else if ( iommu_hwdom_inclusive )
        host_log_warn("map-inclusive is deprecated");
}

/*
 * No unit could be made to translate: go on as if there were none, but for
 * interrupts that are remapped already.
 */
static void __hwdom_init give_up(struct domain *d, int rc)
{
    iommu_enabled = false;
    dom_iommu(d)->need_sync = false;
    clear_iommu_hap_pt_share();

    host_log_err("no unit translates (%d): no device can be assigned", rc);
    printk("I/O virtualisation disabled after all\n");
}

/*
 * By the builder of dom0, or of a later hardware domain. Devices are added
 * first, so that the memory they must be able to reach is mapped, and
 * everything else after; only then are the units let loose.
 */
void __hwdom_init iommu_hwdom_init(struct domain *d)
{
    int rc;

    if ( !is_iommu_enabled(d) )
        return;

    port_dump_register_tables();
    settle_options(d);

    if ( port_deny_units(d) )
        panic("moat: the units' registers cannot be kept from %pd\n", d);

    rc = port_domain_prepare(d);
    if ( rc )
        panic("moat: no tables for %pd (%d)\n", d, rc);

    port_hwdom_devices(d);

    if ( !iommu_hwdom_passthrough )
    {
        not_xen = compat_not_xen(d);
        map_hwdom(d);
        rangeset_destroy(not_xen);
    }
    port_domain_note_root(d);

    rc = moat_platform_enable_dma(port_platform);
    if ( rc && force_iommu )
        panic("moat: iommu=force, but no unit translates (%d)\n", rc);
    if ( rc )
        give_up(d, rc);
}
