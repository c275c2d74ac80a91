/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VT-d at every step that hardware can see: an entry that is in use changes
 * whole (XSA-347, XSA-400), and none lets an interrupt pass unchecked
 * (XSA-49). Entries are read here as the specification draws them, not with
 * the driver's own words.
 */
#include "vtd_one.h"

/* 16 bytes that hardware reads; they are to be @old or @new, never else. */
static struct watch
{
    uint64_t pa, old[2], new[2];
    unsigned int steps, torn;
    bool source;                /* of an interrupt entry: look at SVT */
} watch;

static void look(void *arg, enum test_step kind, const volatile void *where)
{
    uint64_t w[2];

    (void)arg;
    (void)where;
    if ( kind != TEST_STEP_STORE && kind != TEST_STEP_CMPXCHG &&
         kind != TEST_STEP_WRITEBACK )
        return;
    watch.steps++;
    w[0] = sim_hw_read64(watch.pa);
    w[1] = sim_hw_read64(watch.pa + 8);
    if ( memcmp(w, watch.old, 16) && memcmp(w, watch.new, 16) )
        watch.torn++;
    /* VT-d 9.10: present, and bits 83:82 zero: any source will do. */
    if ( watch.source && (w[0] & 1) && !(w[1] >> 18 & 3) )
        watch.torn++;
}

static void watch_from(uint64_t pa, const uint64_t *new)
{
    static const struct sim_hooks hooks = { .step = look };

    memset(&watch, 0, sizeof(watch));
    watch.pa = pa;
    watch.old[0] = sim_hw_read64(pa);
    watch.old[1] = sim_hw_read64(pa + 8);
    watch.new[0] = new[0];
    watch.new[1] = new[1];
    sim_hooks_set(&hooks);
}

static void watch_done(void)
{
    sim_hooks_set(NULL);
    CHECK(watch.steps);
    CHECK_EQ(watch.torn, 0);
    CHECK_EQ(sim_hw_read64(watch.pa), watch.new[0]);
    CHECK_EQ(sim_hw_read64(watch.pa + 8), watch.new[1]);
}

TEST(entry_changes_whole)
{
    static const uint64_t second[2] = { 0x9001, 0xa02 }, gone[2];
    struct hw_entry none = { .kind = HW_ENTRY_NONE };
    struct hw_entry a = { .kind = HW_ENTRY_TABLE, .did = 9, .levels = 4,
                          .root = 0x7000 };
    struct hw_entry b = { .kind = HW_ENTRY_TABLE, .did = 10, .levels = 4,
                          .root = 0x9000 };
    struct vtd_fake *f;
    uint64_t pa;

    REQUIRE(!create(&f, FAKE_CAP, FAKE_ECAP, &fake_opts));
    REQUIRE(!bring_up());
    REQUIRE(!u->ops->entry_prepare(u, 0x0328));
    pa = (sim_hw_read64(fake_get64(f, 0x20) + 16 * 3) & ~0xfffull) +
         16 * 0x28;
    REQUIRE(!u->ops->entry_swap(u, 0x0328, &none, &a));
    watch_from(pa, second);
    CHECK_EQ(u->ops->entry_swap(u, 0x0328, &a, &b), 0);
    watch_done();
    /* What is not as expected is left alone. */
    CHECK_EQ(u->ops->entry_swap(u, 0x0328, &a, &none), -EILSEQ);
    CHECK_EQ(sim_hw_read64(pa), second[0]);
    watch_from(pa, gone);
    CHECK_EQ(u->ops->entry_swap(u, 0x0328, &b, &none), 0);
    watch_done();
    destroy(f);
}

static void set_irte(unsigned int index, const struct hw_irte *e)
{
    unsigned long flags = host_lock_irqsave(&u->intr_lock);

    CHECK_EQ(u->ops->irte_set(u, index, e), 0);
    host_unlock_irqrestore(&u->intr_lock, flags);
}

TEST(interrupt_entry_checks_its_source)
{
    static const uint64_t exact[2] = { 0x00400001, 0x00040028 };
    static const uint64_t other[2] = { 0x00410001, 0x00040028 };
    static const uint64_t range[2] = { 0x00420001, 0x00080309 };
    struct hw_irte e = { .present = true, .intr = { .vector = 0x40 },
                         .sid_kind = HW_SID_EXACT, .sid = 0x28 };
    struct vtd_fake *f;
    uint64_t pa;

    REQUIRE(!create(&f, FAKE_CAP, FAKE_ECAP, &fake_opts));
    REQUIRE(!bring_up());
    pa = (fake_get64(f, 0xb8) & ~0xfffull) + 16 * 3;
    watch_from(pa, exact);
    watch.source = true;
    set_irte(3, &e);
    watch_done();
    e.intr.vector = 0x41;
    watch_from(pa, other);
    watch.source = true;
    set_irte(3, &e);
    watch_done();
    e.intr.vector = 0x42;
    e.sid_kind = HW_SID_BUS_RANGE;
    e.bus_first = 3;
    e.bus_last = 9;
    watch_from(pa, range);
    watch.source = true;
    set_irte(3, &e);
    watch_done();
    destroy(f);
}
