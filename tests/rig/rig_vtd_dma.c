/* SPDX-License-Identifier: GPL-2.0-only */
/* DMA through QEMU's unit: allowed, blocked, reported, forgotten. */
#include "rig_vtd_world.h"

#define IOVA    ((moat_iova_t)0x12345000)
#define PAGE_A  ((moat_paddr_t)0x800000)
#define PAGE_B  ((moat_paddr_t)0x801000)

static void up(struct world *w)
{
    static const struct rig_config cfg = { .aw_bits = 48 };

    world_up(w, &cfg, &world_options);
}

RIG_TEST(bring_up)
{
    static const struct rig_config cfg = {
        .aw_bits = 48, .device_iotlb = true, .caching_mode = true };
    struct world w;
    uint32_t gsts;

    world_find(&w, &cfg, &world_options);
    CHECK_EQ(w.v->ver, 0x10);
    CHECK_EQ(w.v->cap, 0x00d2008c222f0686);
    CHECK_EQ(w.v->ecap, 0xf00f4e);
    CHECK_EQ(w.u->caps.levels, 1u << 3 | 1u << 4);
    CHECK_EQ(w.u->caps.leaf_levels, 1u << 1 | 1u << 2 | 1u << 3);
    CHECK_EQ(w.u->caps.iova_bits, 48);
    CHECK_EQ(w.u->caps.did_bits, 16);
    CHECK_EQ(w.u->caps.did_reserved, 1);
    CHECK(w.u->caps.queue && w.u->caps.intremap && w.u->caps.passthrough);
    CHECK(w.u->caps.devtlb && w.u->caps.flush_absent && !w.u->caps.x2apic);
    CHECK(!w.u->caps.posted && !w.u->caps.coherent);
    /* Nothing of the hardware was touched so far. */
    CHECK_EQ(rig_read(RIG_VTD_BASE + 0x1c, 4), 0);

    REQUIRE(!w.ops->start_queue(w.u));
    REQUIRE(!w.ops->enable_intremap(w.u, false));
    REQUIRE(!w.ops->setup(w.u));
    REQUIRE(!w.ops->enable_dma(w.u));
    gsts = (uint32_t)rig_read(RIG_VTD_BASE + 0x1c, 4);
    CHECK_EQ(gsts, 0xc7000000);         /* TES RTPS QIES IRES IRTPS */
    w.ops->dump(w.u);
    CHECK_LOG("translation on, interrupt remapping on, queue on");
    world_down(&w);
    CHECK_EQ(rig_read(RIG_VTD_BASE + 0x1c, 4) & 0x96000000, 0);
}

static void allowed_and_blocked(struct world *w)
{
    struct hw_entry e = world_entry(w, world_table(w), 5);
    moat_iova_t iova;

    /* No entry: context entry not present. The read comes first. */
    CHECK_DMA(IOVA, PAGE_A, false, false);
    world_expect_fault(w, RIG_E1000, MOAT_ACCESS_READ, IOVA, 2);

    world_map(w, e.root, IOVA, PAGE_A, 3);
    world_swap(w, RIG_E1000, &world_none, &e);
    for ( iova = IOVA; iova < IOVA + 4096; iova += 128 )
        CHECK_DMA(iova, PAGE_A + (iova - IOVA), true, true);
    world_expect_no_fault(w);

    CHECK_DMA(IOVA + 4096, PAGE_B, false, false);
    world_expect_fault(w, RIG_E1000, MOAT_ACCESS_READ, IOVA + 4096, 6);
}

RIG_TEST(dma_allowed_and_blocked)
{
    struct world w;

    up(&w);
    allowed_and_blocked(&w);
    world_down(&w);
}

RIG_TEST(dma_39_bits)
{
    static const struct rig_config cfg = { .aw_bits = 39 };
    struct world w;
    struct hw_entry e;

    world_up(&w, &cfg, &world_options);
    CHECK_EQ(w.u->caps.levels, 1u << 3);
    CHECK_EQ(w.u->caps.iova_bits, 39);
    allowed_and_blocked(&w);
    e = world_entry(&w, world_table(&w), 6);
    e.levels = 4;
    CHECK_EQ(w.ops->entry_swap(w.u, MOAT_SBDF_RID(RIG_EDU), &world_none, &e),
             -EINVAL);
    world_down(&w);
}

RIG_TEST(dma_caching_mode)
{
    static const struct rig_config cfg = { .aw_bits = 48,
                                           .caching_mode = true };
    struct world w;
    struct hw_entry e;

    world_up(&w, &cfg, &world_options);
    CHECK(w.u->caps.flush_added && w.u->caps.flush_absent);
    allowed_and_blocked(&w);
    /* Id 0 tags absent entries there. */
    e = world_entry(&w, world_table(&w), 0);
    CHECK_EQ(w.ops->entry_swap(w.u, MOAT_SBDF_RID(RIG_EDU), &world_none, &e),
             -EINVAL);
    world_down(&w);
}

RIG_TEST(dma_rights)
{
    struct world w;
    struct hw_entry e;

    up(&w);
    e = world_entry(&w, world_table(&w), 5);
    world_map(&w, e.root, IOVA, PAGE_A, 1);
    world_map(&w, e.root, IOVA + 4096, PAGE_B, 2);
    world_swap(&w, RIG_E1000, &world_none, &e);

    /* QEMU blocks on a cached entry without telling: see dma_bytes. */
    CHECK_DMA(IOVA, PAGE_A, true, false);
    world_expect_no_fault(&w);
    CHECK_DMA(IOVA + 4096, PAGE_B, false, false);
    world_expect_fault(&w, RIG_E1000, MOAT_ACCESS_READ, IOVA + 4096, 6);
    /* Beyond the table's width. */
    CHECK_DMA((moat_iova_t)1 << 48, PAGE_A, false, false);
    world_expect_fault(&w, RIG_E1000, MOAT_ACCESS_READ,
                       (uint64_t)1 << 48, 4);
    world_down(&w);
}

/* The bytes themselves, there and back, and not where they may not go. */
RIG_TEST(dma_bytes)
{
    struct world w;
    struct hw_entry e;
    uint8_t *from, *to;
    unsigned int i;

    up(&w);
    from = rig_ram(PAGE_A);
    to = rig_ram(PAGE_B);
    for ( i = 0; i < 1024; i++ )
        from[i] = (uint8_t)(i * 7 + 1);
    memset(to, 0, 4096);
    e = world_entry(&w, world_table(&w), 5);
    world_map(&w, e.root, RIG_CTRL, RIG_CTRL, 3);
    world_map(&w, e.root, IOVA, PAGE_A, 1);
    world_map(&w, e.root, IOVA + 4096, PAGE_B, 2);
    world_swap(&w, RIG_E1000, &world_none, &e);

    CHECK(rig_copy(IOVA, IOVA + 4096, 1024));
    CHECK(!memcmp(from, to, 1024));
    world_expect_no_fault(&w);
    memset(to, 0, 4096);
    CHECK(rig_copy(IOVA, IOVA + 8192, 1024));
    world_expect_fault(&w, RIG_E1000, MOAT_ACCESS_WRITE, IOVA + 8192, 5);
    CHECK_EQ(to[0], 0);
    /* A page that may be read only, and was not read before. */
    world_map(&w, e.root, IOVA + 12288, PAGE_B, 1);
    CHECK(rig_copy(IOVA, IOVA + 12288, 1024));
    world_expect_fault(&w, RIG_E1000, MOAT_ACCESS_WRITE, IOVA + 12288, 5);
    CHECK_EQ(to[0], 0);

    /* The other device, at the same addresses: still nothing. */
    CHECK(rig_edu_dma(IOVA, 256, false));
    world_expect_fault(&w, RIG_EDU, MOAT_ACCESS_READ, IOVA, 2);
    world_swap(&w, RIG_EDU, &world_none, &e);
    CHECK(rig_edu_dma(IOVA, 256, false));
    CHECK(rig_edu_dma(IOVA + 4096, 256, true));
    CHECK(!memcmp(from, to, 256));
    world_down(&w);
}

static void flush_range(struct world *w, moat_iova_t first, moat_iova_t last,
                        unsigned int did, bool big)
{
    struct hw_flush f;

    memset(&f, 0, sizeof(f));
    f.kind = HW_FLUSH_DID_RANGE;
    f.did = (uint16_t)did;
    f.first = first;
    f.last = last;
    f.big_leaf = big;
    CHECK_EQ(world_flush(w, &f, 1), 0);
}

/* Stale until flushed: this is what shows that the flush does something. */
static void unmap_and_flush(struct world *w)
{
    struct hw_entry e = world_entry(w, world_table(w), 9);
    moat_iova_t second = IOVA + 0x3000;

    world_map(w, e.root, IOVA, PAGE_A, 3);
    world_map(w, e.root, second, PAGE_B, 3);
    world_swap(w, RIG_E1000, &world_none, &e);
    CHECK_DMA(IOVA, PAGE_A, true, true);
    CHECK_DMA(second, PAGE_B, true, true);

    world_map(w, e.root, IOVA, 0, 0);
    world_map(w, e.root, second, 0, 0);
    CHECK_DMA(IOVA, PAGE_A, true, true);
    CHECK_DMA(second, PAGE_B, true, true);

    flush_range(w, IOVA, IOVA + 0xfff, 9, false);
    CHECK_DMA(IOVA, PAGE_A, false, false);
    world_expect_fault(w, RIG_E1000, MOAT_ACCESS_READ, IOVA, 6);
    /* Another domain's id: not forgotten. */
    flush_range(w, second, second + 0xfff, 8, false);
    CHECK_DMA(second, PAGE_B, true, true);
    flush_range(w, IOVA - 0x5000, second + 0xfff, 9, true);
    CHECK_DMA(second, PAGE_B, false, false);
    world_expect_fault(w, RIG_E1000, MOAT_ACCESS_READ, second, 6);
}

RIG_TEST(unmap_needs_flush)
{
    struct world w;

    up(&w);
    unmap_and_flush(&w);
    world_down(&w);
}

RIG_TEST(unmap_by_registers)
{
    static const struct rig_config cfg = { .aw_bits = 48 };
    struct moat_options opts = world_options;
    struct world w;

    opts.qinval = false;
    world_up(&w, &cfg, &opts);
    CHECK(!w.u->caps.queue && !w.u->caps.intremap);
    CHECK_EQ(rig_read(RIG_VTD_BASE + 0x1c, 4), 0xc0000000);
    unmap_and_flush(&w);
    CHECK_EQ(w.ops->enable_intremap(w.u, false), -EOPNOTSUPP);
    world_down(&w);
}

RIG_TEST(swap_of_owner)
{
    struct world w;
    struct hw_entry a, b, got;
    uint16_t rid = MOAT_SBDF_RID(RIG_E1000);

    up(&w);
    a = world_entry(&w, world_table(&w), 5);
    b = world_entry(&w, world_table(&w), 6);
    world_map(&w, a.root, IOVA, PAGE_A, 3);
    world_map(&w, b.root, IOVA, PAGE_B, 3);
    world_swap(&w, RIG_E1000, &world_none, &a);
    CHECK_DMA(IOVA, PAGE_A, true, true);

    /* Not what is there: refused, nothing changed. */
    CHECK_EQ(w.ops->entry_swap(w.u, rid, &b, &a), -EILSEQ);
    CHECK_EQ(w.ops->entry_swap(w.u, rid, &world_none, &b), -EILSEQ);
    CHECK_EQ(w.ops->entry_get(w.u, rid, &got), 0);
    CHECK(got.root == a.root && got.did == 5 && got.levels == w.levels);

    world_swap(&w, RIG_E1000, &a, &b);
    CHECK_DMA(IOVA, PAGE_B, true, true);
    CHECK_DMA(IOVA, PAGE_A, true, false);       /* PAGE_B answers */
    world_swap(&w, RIG_E1000, &b, &world_none);
    CHECK_DMA(IOVA, PAGE_B, false, false);
    world_expect_fault(&w, RIG_E1000, MOAT_ACCESS_READ, IOVA, 2);
    world_down(&w);
}

/* Entries and descriptors of device TLBs, as far as QEMU looks at them. */
RIG_TEST(device_tlb)
{
    static const struct rig_config cfg = { .aw_bits = 48,
                                           .device_iotlb = true };
    struct world w;
    struct hw_entry e, got;
    struct hw_flush f[2];

    world_up(&w, &cfg, &world_options);
    e = world_entry(&w, world_table(&w), 5);
    e.devtlb = true;
    world_map(&w, e.root, IOVA, PAGE_A, 3);
    world_swap(&w, RIG_E1000, &world_none, &e);
    CHECK_DMA(IOVA, PAGE_A, true, true);
    CHECK_EQ(w.ops->entry_get(w.u, MOAT_SBDF_RID(RIG_E1000), &got), 0);
    CHECK(got.devtlb);

    memset(f, 0, sizeof(f));
    f[0].kind = HW_FLUSH_DID;
    f[0].did = 5;
    f[1].kind = HW_FLUSH_DEVTLB;
    f[1].rid = MOAT_SBDF_RID(RIG_E1000);
    f[1].queue_depth = 32;
    f[1].last = ~(uint64_t)0;
    world_map(&w, e.root, IOVA, 0, 0);
    CHECK_EQ(world_flush(&w, f, 2), 0);
    CHECK_EQ(rig_read(RIG_VTD_BASE + 0x34, 4) & 0x70, 0);
    CHECK_DMA(IOVA, PAGE_A, false, false);
    world_down(&w);
}

RIG_TEST(pass_through)
{
    struct hw_entry e = { .kind = HW_ENTRY_PASSTHROUGH, .did = 3 };
    struct world w;

    up(&w);
    world_swap(&w, RIG_E1000, &world_none, &e);
    CHECK_DMA(PAGE_A, PAGE_A, true, true);
    world_swap(&w, RIG_E1000, &e, &world_none);
    CHECK_DMA(PAGE_A, PAGE_A, false, false);
    world_down(&w);
}
