/* SPDX-License-Identifier: GPL-2.0-only */
/* What goes wrong, and sleep: queue errors, repair, suspend, crash. */
#include "rig_vtd_world.h"

#define IOVA    ((moat_iova_t)0x12345000)
#define PAGE_A  ((moat_paddr_t)0x800000)
#define GSTS    (RIG_VTD_BASE + 0x1c)
#define GCMD    (RIG_VTD_BASE + 0x18)

static struct hw_entry mapped(struct world *w)
{
    static const struct rig_config cfg = { .aw_bits = 48 };
    struct hw_entry e;

    world_up(w, &cfg, &world_options);
    e = world_entry(w, world_table(w), 7);
    world_map(w, e.root, IOVA, PAGE_A, 3);
    world_swap(w, RIG_E1000, &world_none, &e);
    CHECK_DMA(IOVA, PAGE_A, true, true);
    return e;
}

static int flush_id(struct world *w)
{
    struct hw_flush f;

    memset(&f, 0, sizeof(f));
    f.kind = HW_FLUSH_DID;
    f.did = 7;
    return world_flush(w, &f, 1);
}

/* A descriptor of a type there is not: refused, said, and the unit goes on. */
RIG_TEST(queue_bad_descriptor)
{
    static const uint64_t bad[2] = { 0x0f, 0 };
    struct vtd_words good = vtd_make_iotlb_all(0);
    struct world w;
    uint32_t seq, after;

    mapped(&w);
    REQUIRE(!cmdq_submit(&w.v->queue, bad, 1, 1000000, &seq));
    REQUIRE(!cmdq_submit(&w.v->queue, good.w, 1, 1000000, &after));
    CHECK_EQ(rig_read(RIG_VTD_BASE + 0x34, 4) & 0x10, 0x10);
    CHECK_EQ(cmdq_wait(&w.v->queue, seq, 200000000), -EIO);
    CHECK_EQ(cmdq_wait(&w.v->queue, after, 200000000), 0);
    CHECK_EQ(cmdq_wait(&w.v->queue, seq, 200000000), -EIO);
    CHECK_LOG("refused");
    CHECK_EQ(rig_read(RIG_VTD_BASE + 0x34, 4) & 0x70, 0);
    CHECK_EQ(flush_id(&w), 0);
    world_down(&w);
}

/* More than the ring holds, from one end to the other many times. */
RIG_TEST(queue_goes_round)
{
    struct world w;
    struct hw_flush f[100];
    unsigned int i;

    mapped(&w);
    memset(f, 0, sizeof(f));
    for ( i = 0; i < ARRAY_SIZE(f); i++ )
    {
        f[i].kind = HW_FLUSH_DID;
        f[i].did = (uint16_t)(i + 1);
    }
    for ( i = 0; i < 20; i++ )
        CHECK_EQ(world_flush(&w, f, ARRAY_SIZE(f)), 0);
    /* In the steady state: one write of the tail, nothing else. */
    i = (unsigned int)rig_requests();
    CHECK_EQ(flush_id(&w), 0);
    CHECK_EQ(rig_requests() - i, 1);
    world_down(&w);
}

/* The queue is gone behind the driver's back: a deadline, then repair. */
RIG_TEST(queue_lost_and_found)
{
    struct world w;

    mapped(&w);
    rig_write(GCMD, 4, 0x80000000);     /* translation stays, queue off */
    CHECK_EQ(flush_id(&w), -ETIMEDOUT);
    CHECK_EQ(w.ops->flush_rescue(w.u), 0);
    CHECK_LOG("invalidation queue restarted");
    CHECK_EQ(rig_read(GSTS, 4) & 0x84000000, 0x84000000);
    CHECK_EQ(flush_id(&w), 0);
    CHECK_DMA(IOVA, PAGE_A, true, true);
    world_down(&w);
}

/* The rescue itself empties all caches. */
RIG_TEST(rescue_flushes)
{
    struct world w;
    struct hw_entry e = mapped(&w);

    world_map(&w, e.root, IOVA, 0, 0);
    CHECK_DMA(IOVA, PAGE_A, true, true);
    CHECK_EQ(w.ops->flush_rescue(w.u), 0);
    CHECK_DMA(IOVA, PAGE_A, false, false);
    world_down(&w);
}

/* A boot loader, or the kernel before us, left everything on. */
RIG_TEST(left_on)
{
    static const struct rig_config cfg = { .aw_bits = 48 };
    static const uint64_t wait[2] = { 0x0000000100000025, 0x201000 };
    struct world w;

    world_find(&w, &cfg, &world_options);
    rig_write(RIG_VTD_BASE + 0x90, 8, 0x200000);        /* IQA */
    rig_write(GCMD, 4, 0x04000000);
    memcpy(rig_ram(0x200000), wait, sizeof(wait));
    rig_write(RIG_VTD_BASE + 0x88, 8, 0x10);            /* IQT */
    rig_write(RIG_VTD_BASE + 0x20, 8, 0x300000);        /* RTADDR */
    rig_write(GCMD, 4, 0x44000000);
    rig_write(GCMD, 4, 0x84000000);
    rig_write(RIG_VTD_BASE + 0xb8, 8, 0x400003);        /* IRTA */
    rig_write(GCMD, 4, 0x85000000);
    rig_write(GCMD, 4, 0x86000000);
    CHECK_EQ(rig_read(GSTS, 4), 0xc7000000);
    rig_probe_init();
    CHECK_DMA(IOVA, PAGE_A, false, false);              /* a fault waits */

    REQUIRE(!w.ops->start_queue(w.u));
    CHECK_LOG("was left on");
    CHECK_EQ(rig_read(GSTS, 4) & 0x86000000, 0x04000000);
    REQUIRE(!w.ops->enable_intremap(w.u, false));
    REQUIRE(!w.ops->setup(w.u));
    REQUIRE(!w.ops->enable_dma(w.u));
    world_expect_no_fault(&w);
    CHECK_EQ(rig_read(GSTS, 4), 0xc7000000);
    CHECK_DMA(IOVA, PAGE_A, false, false);
    world_expect_fault(&w, RIG_E1000, MOAT_ACCESS_READ, IOVA, 1);
    world_down(&w);
}

RIG_TEST(suspend_and_resume)
{
    static const struct moat_msi_msg msg = { 0xfee00000, 0, 0x81 };
    struct world w;

    mapped(&w);
    REQUIRE(!w.ops->enable_intremap(w.u, false));
    w.ops->irq_message(w.u, &msg);
    w.ops->irq_mask(w.u, false);
    CHECK_EQ(w.ops->suspend(w.u), 0);
    CHECK_EQ(rig_read(GSTS, 4) & 0x86000000, 0);
    rig_reset();
    CHECK_EQ(rig_read(RIG_VTD_BASE + 0x20, 8), 0);      /* registers lost */

    CHECK_EQ(w.ops->resume(w.u), 0);
    CHECK_EQ(rig_read(GSTS, 4), 0xc7000000);
    CHECK_EQ(rig_read(RIG_VTD_BASE + 0x3c, 4), 0x81);
    CHECK_EQ(rig_read(RIG_VTD_BASE + 0x38, 4) & 0x80000000, 0);
    CHECK_DMA(IOVA, PAGE_A, true, true);
    CHECK_DMA(IOVA + 4096, PAGE_A, false, false);
    world_expect_fault(&w, RIG_E1000, MOAT_ACCESS_READ, IOVA + 4096, 6);
    CHECK_EQ(flush_id(&w), 0);
    world_down(&w);
}

RIG_TEST(crash_switches_off)
{
    struct world w;

    mapped(&w);
    REQUIRE(!w.ops->enable_intremap(w.u, false));
    w.ops->crash(w.u);
    CHECK_EQ(rig_read(GSTS, 4) & 0x86000000, 0);
    CHECK_DMA(PAGE_A, PAGE_A, true, true);
    world_down(&w);
}
