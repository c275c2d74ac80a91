/* SPDX-License-Identifier: GPL-2.0-only */
/* Invalidation: what is asked of the unit, and what is done when it fails. */
#include "vtd_one.h"

static void flush(const struct hw_flush *h, unsigned int n, int want)
{
    uint32_t token;
    int rc = u->ops->flush_submit(u, h, n, &token);

    CHECK_EQ(rc ? rc : u->ops->flush_wait(u, token), want);
}

static void range(uint64_t first_page, uint64_t last_page, bool big)
{
    struct hw_flush h;

    memset(&h, 0, sizeof(h));
    h.kind = HW_FLUSH_DID_RANGE;
    h.did = 0x12;
    h.first = first_page << 12;
    h.last = (last_page << 12) + 0xfff;
    h.big_leaf = big;
    flush(&h, 1, 0);
}

static void check_log(const struct vtd_fake *f, unsigned int i, uint64_t lo,
                      uint64_t hi)
{
    CHECK(f->n > i && f->log[i].what == 'I');
    CHECK_EQ(f->log[i].lo, lo);
    CHECK_EQ(f->log[i].hi, hi);
}

TEST(range_descriptors)
{
    struct vtd_fake *f;

    REQUIRE(!create(&f, FAKE_CAP, FAKE_ECAP, &fake_opts));
    REQUIRE(!bring_up());
    f->n = 0;
    range(5, 5, false);
    check_log(f, 0, 0x001200f2, 0x5040);
    CHECK_EQ(f->n, 2);
    f->n = 0;
    range(6, 0x10, true);               /* 6-7, 8-f, 10 */
    check_log(f, 0, 0x001200f2, 0x6001);
    check_log(f, 1, 0x001200f2, 0x8003);
    check_log(f, 2, 0x001200f2, 0x10000);
    CHECK_EQ(f->n, 4);
    f->n = 0;
    range(1, 0x3fffe, false);           /* too many: the domain */
    check_log(f, 0, 0x001200e2, 0);
    CHECK_EQ(f->n, 2);
    f->n = 0;
    range(0, 0x3ffff, false);           /* MAMV: 2^18 */
    check_log(f, 0, 0x001200f2, 0x52);
    CHECK_EQ(f->n, 2);
    destroy(f);

    /* No page-selective invalidation. */
    REQUIRE(!create(&f, FAKE_CAP & ~(1ull << 39), FAKE_ECAP, &fake_opts));
    REQUIRE(!bring_up());
    f->n = 0;
    range(5, 5, false);
    check_log(f, 0, 0x001200e2, 0);
    destroy(f);
}

/* Entry, IOTLB, device TLB: a fence between each two kinds. */
TEST(phases_are_fenced)
{
    struct vtd_fake *f;
    struct hw_flush h[4];

    REQUIRE(!create(&f, FAKE_CAP, FAKE_ECAP, &fake_opts));
    REQUIRE(!bring_up());
    memset(h, 0, sizeof(h));
    h[0].kind = HW_FLUSH_ENTRY;
    h[0].did = 3;
    h[0].rid = 0x28;
    h[1] = h[0];
    h[1].rid = 0x29;
    h[1].fn_mask = 2;
    h[2].kind = HW_FLUSH_DID;
    h[2].did = 3;
    h[3].kind = HW_FLUSH_DEVTLB;
    h[3].rid = 0x28;
    h[3].queue_depth = 4;
    h[3].last = ~0ull;
    f->n = 0;
    flush(h, 4, 0);
    check_log(f, 0, 0x0000002800030031, 0);
    check_log(f, 1, 0x0002002900030031, 0);
    CHECK_EQ(f->log[2].lo, 0x65);               /* fence, into the void */
    check_log(f, 3, 0x000300e2, 0);
    CHECK_EQ(f->log[4].lo, 0x65);
    check_log(f, 5, 0x0000002800040003, 0x7ffffffffffff001);
    CHECK_EQ(f->log[6].lo & 0xff, 0x65);
    CHECK_EQ(f->n, 7);
    destroy(f);
}

TEST(intr_descriptors)
{
    struct vtd_fake *f;
    struct hw_flush h;

    REQUIRE(!create(&f, FAKE_CAP, FAKE_ECAP, &fake_opts));
    REQUIRE(!bring_up());
    memset(&h, 0, sizeof(h));
    h.kind = HW_FLUSH_INTR;
    h.first = 0x1238;
    h.last = 0x123f;
    f->n = 0;
    flush(&h, 1, 0);
    check_log(f, 0, 0x0000123818000014, 0);
    h.first = 0;
    h.last = 65535;                     /* two of 2^15 */
    f->n = 0;
    flush(&h, 1, 0);
    check_log(f, 0, 0x0000000078000014, 0);
    check_log(f, 1, 0x0000800078000014, 0);
    h.last = 65536;
    f->n = 0;
    flush(&h, 1, 0);
    check_log(f, 0, 0x4, 0);
    destroy(f);
}

/* The queue stops answering for good: registers, all caches emptied. */
TEST(rescue_by_registers)
{
    struct vtd_fake *f;
    struct moat_options o = fake_opts;
    unsigned int at;

    o.intremap = false;
    REQUIRE(!create(&f, FAKE_CAP, FAKE_ECAP, &o));
    CHECK_EQ(moat_platform_setup(p), 0);
    host_devices_lock();
    CHECK_EQ(moat_platform_enable_dma(p), 0);
    host_devices_unlock();
    f->queue_dead = true;
    f->n = 0;
    CHECK_EQ(u->ops->flush_rescue(u), 0);
    CHECK_LOG("going on with registers");
    at = find(f, 0, 'C', 3ull << 61, 1ull << 61);
    find(f, at, 'T', 3ull << 60, 1ull << 60);
    CHECK_EQ(fake_get32(f, 0x1c), 0xc0000000);          /* still on */
    f->n = 0;
    range(8, 0xf, false);
    CHECK_EQ(f->n, 1);
    CHECK_EQ(f->log[0].lo, 0xb003001200000000);
    CHECK_EQ(f->log[0].hi, 0x8043);
    f->no_such_page = true;             /* not done: not success */
    flush(&(struct hw_flush){ .kind = HW_FLUSH_DID, .did = 1 }, 1, -EIO);
    flush(&(struct hw_flush){ .kind = HW_FLUSH_ENTRY, .did = 1 }, 1, -EIO);
    flush(&(struct hw_flush){ .kind = HW_FLUSH_DEVTLB }, 1, -EIO);
    destroy(f);
}

/* Interrupt entries have no register: only setting the pointer may do. */
TEST(rescue_with_intremap)
{
    struct vtd_fake *f;
    unsigned int i;

    for ( i = 0; i < 2; i++ )
    {
        REQUIRE(!create(&f, FAKE_CAP | (uint64_t)i << 62, FAKE_ECAP,
                        &fake_opts));
        REQUIRE(!bring_up());
        f->queue_dead = true;
        f->n = 0;
        CHECK_EQ(u->ops->flush_rescue(u), i ? 0 : -EIO);
        if ( i )
            find(f, 0, 'G', 0x01000000, 0x01000000);
        destroy(f);
    }
}

/* A queue that works after all empties every cache there is. */
TEST(rescue_by_queue)
{
    struct vtd_fake *f;
    unsigned int at;

    REQUIRE(!create(&f, FAKE_CAP, FAKE_ECAP, &fake_opts));
    REQUIRE(!bring_up());
    f->n = 0;
    CHECK_EQ(u->ops->flush_rescue(u), 0);
    at = find(f, 0, 'I', 0x1f, 0x04);
    at = find(f, at, 'I', 0x3f, 0x11);
    find(f, at, 'I', 0x3f, 0x12);
    CHECK_EQ(fake_get32(f, 0x1c), 0xc7000000);
    destroy(f);
}

/* The queue cannot even be switched off. */
TEST(rescue_impossible)
{
    struct vtd_fake *f;

    REQUIRE(!create(&f, FAKE_CAP, FAKE_ECAP, &fake_opts));
    REQUIRE(!bring_up());
    f->queue_dead = true;
    f->mute = ~0u;
    CHECK_EQ(u->ops->flush_rescue(u), -ETIMEDOUT);
    flush(&(struct hw_flush){ .kind = HW_FLUSH_DID, .did = 1 }, 1, -EIO);
    f->mute = 0;
    destroy(f);
}

TEST(write_buffers)
{
    struct vtd_fake *f;

    REQUIRE(!create(&f, FAKE_CAP | 0x10, FAKE_ECAP, &fake_opts));
    REQUIRE(!bring_up());
    f->n = 0;
    range(5, 5, false);
    CHECK_EQ(f->log[0].what, 'G');
    CHECK_EQ(f->log[0].lo, 0x8e000000);
    f->mute = 0x08000000;
    flush(&(struct hw_flush){ .kind = HW_FLUSH_DID, .did = 1 }, 1,
          -ETIMEDOUT);
    f->mute = 0;
    fake_set32(f, 0x1c, fake_get32(f, 0x1c) & ~0x08000000u);
    destroy(f);
}

/* ---- A graphics unit that sleeps (Cantiga, stepping B3) ---- */

#define IGD_BAR     ((moat_paddr_t)0xf0000000)

static uint64_t igd_read(void *ctx, unsigned int off, unsigned int bytes)
{
    CHECK_EQ(off, 0xa4);
    CHECK_EQ(bytes, 4);
    ++*(unsigned int *)ctx;
    return 0;
}

/* The reads of the graphics device's register over bring-up and one flush. */
static unsigned int wakes(uint8_t revision)
{
    unsigned int reads = 0, before;
    struct sim_mmio igd = { .pa = IGD_BAR + 0x2000, .size = 0x1000,
                            .read = igd_read, .ctx = &reads };
    struct vtd_fake *f = fake_unit_at(BASE, FAKE_CAP, FAKE_ECAP);
    struct sim_pci *gfx;
    static struct dmar_build d;

    sim_pci_add(MOAT_SBDF(0, 0, 0, 0), 0x8086, 0x2a40, 0x060000);
    gfx = sim_pci_add(MOAT_SBDF(0, 0, 2, 0), 0x8086, 0x2a42, 0x030000);
    gfx->cfg[8] = revision;
    sim_pci_set32(gfx, 0x10, (uint32_t)IGD_BAR | 4);
    sim_mmio_add(&igd);
    dmar_begin(&d, 1);
    dmar_drhd(&d, BASE, false, 0x10);
    dmar_end(&d);
    p = NULL;
    CHECK_EQ(moat_platform_create(&fake_opts, &p), 0);
    u = moat_unit_get(p, 0);
    CHECK_EQ(bring_up(), 0);
    before = reads;
    CHECK_EQ(before != 0, revision == 7);
    range(5, 5, false);
    before = reads - before;
    destroy(f);
    return before;
}

TEST(sleepy_graphics)
{
    CHECK_EQ(wakes(7), 1);
    CHECK_LOG("chipset 2a42: graphics is woken before each invalidation");
}

TEST(other_graphics)
{
    CHECK_EQ(wakes(6), 0);
}
