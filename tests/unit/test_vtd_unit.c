/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bringing a unit up and down against registers that misbehave: probing, the
 * command protocol, the order of steps, deadlines, entries.
 */
#include "vtd_one.h"

static void refused(uint64_t cap, uint64_t ecap, const char *why)
{
    struct vtd_fake *f;

    CHECK_EQ(create(&f, cap, ecap, &fake_opts), -ENODEV);
    CHECK_LOG("VT-d unit 0xfed90000: ");
    CHECK_LOG(why);
    CHECK_LOG("none usable");
    CHECK_EQ(f->n, 0);
    free(f);
}

#define REFUSED(name, cap, ecap, why) \
    TEST(probe_##name) { refused(cap, ecap, why); }
REFUSED(all_ones, ~0ull, ~0ull, "read all ones")
REFUSED(all_zero, 0, 0, "no unit there")
REFUSED(no_levels, FAKE_CAP & ~0x1f00ull, FAKE_ECAP, "no table depth")
REFUSED(two_levels, (FAKE_CAP & ~0x1f00ull) | 0x1100, FAKE_ECAP,
        "no table depth")
REFUSED(no_ids, FAKE_CAP | 7, FAKE_ECAP, "domain ids")
REFUSED(narrow, FAKE_CAP & ~0x3f0000ull, FAKE_ECAP, "address width")
REFUSED(no_iotlb, FAKE_CAP, FAKE_ECAP & ~0x3ff00ull, "IOTLB registers")
REFUSED(no_faults, FAKE_CAP & ~0x3ff000000ull, FAKE_ECAP, "fault records")

TEST(probe_no_version)
{
    struct vtd_fake *f = fake_unit_at(BASE, FAKE_CAP, FAKE_ECAP);
    static struct dmar_build d;

    fake_set32(f, 0, 0);
    dmar_begin(&d, 1);
    dmar_drhd(&d, BASE, true, 0xff);
    dmar_end(&d);
    CHECK_EQ(moat_platform_create(&fake_opts, &p), -ENODEV);
    CHECK_LOG("version register (0)");
    free(f);
}

TEST(caps)
{
    struct vtd_fake *f;
    struct moat_options o = fake_opts;

    REQUIRE(!create(&f, FAKE_CAP, FAKE_ECAP, &o));
    CHECK_EQ(u->caps.levels, 0x18);
    CHECK_EQ(u->caps.leaf_levels, 0xe);
    CHECK_EQ(u->caps.iova_bits, 48);
    CHECK_EQ(u->caps.did_bits, 16);
    CHECK_EQ(u->caps.did_reserved, 0);
    CHECK_EQ(u->caps.intr_entries, 65536);
    CHECK(u->caps.coherent && u->caps.snoop && u->caps.passthrough);
    CHECK(u->caps.devtlb && u->caps.intremap && u->caps.queue);
    CHECK(!u->caps.x2apic && !u->caps.posted);
    CHECK(!u->caps.flush_added && !u->caps.flush_absent);
    CHECK_EQ(f->n, 0);          /* only read so far */
    destroy(f);

    /* 5 levels, 57 bits, caching mode, EIM, posted; no coherency. */
    o.superpages = o.snoop = o.ats = false;
    REQUIRE(!create(&f, (FAKE_CAP & ~0x3f1f07ull) | 0x380e82ull |
                        1ull << 59, (FAKE_ECAP & ~1ull) | 0x10, &o));
    CHECK_EQ(u->caps.levels, 0x38);
    CHECK_EQ(u->caps.leaf_levels, 0x2);
    CHECK_EQ(u->caps.iova_bits, 57);
    CHECK_EQ(u->caps.did_bits, 8);
    CHECK_EQ(u->caps.did_reserved, 1);
    CHECK(!u->caps.coherent && !u->caps.snoop && !u->caps.devtlb);
    CHECK(u->caps.x2apic && u->caps.posted);
    CHECK(u->caps.flush_added && u->caps.flush_absent);
    destroy(f);

    /* Without the queue, nothing that needs one. */
    o = fake_opts;
    o.qinval = false;
    REQUIRE(!create(&f, FAKE_CAP | 0x10, FAKE_ECAP, &o));
    CHECK(!u->caps.queue && !u->caps.intremap && !u->caps.devtlb);
    CHECK(u->caps.flush_added && !u->caps.flush_absent);
    destroy(f);
}

/* 256 records at 2000h: more than the record's 4 KiB is mapped. */
TEST(registers_beyond_a_page)
{
    struct vtd_fake *f;

    REQUIRE(!create(&f, (FAKE_CAP & ~0xff03ff000000ull) | 0xff0200000000ull,
                    FAKE_ECAP, &fake_opts));
    CHECK_EQ(to_vtd(u)->mmio_size, 0x3000);
    REQUIRE(!moat_platform_setup(p));
    fake_fault(f, 255, 0x5000, 0x10, 6, true, true);
    moat_faults_poll(p);
    CHECK_LOG("0000:00:02.0");
    destroy(f);
}

/* The order the specification asks for, read from what the unit was told. */
TEST(order_of_steps)
{
    struct vtd_fake *f;
    unsigned int at, i;

    REQUIRE(!create(&f, FAKE_CAP | 0x60, FAKE_ECAP, &fake_opts));
    fake_set32(f, 0x64, 0x80000001);
    CHECK_EQ(bring_up(), 0);
    at = find(f, 0, 'G', 0x04000000, 0x04000000);       /* QIE */
    at = find(f, at, 'G', 0x01000000, 0x01000000);      /* SIRTP */
    at = find(f, at, 'I', 0x1f, 0x04);                  /* all of IEC */
    at = find(f, at, 'G', 0x02000000, 0x02000000);      /* IRE */
    at = find(f, at, 'G', 0x40000000, 0x40000000);      /* SRTP */
    at = find(f, at, 'I', 0x3f, 0x11);                  /* all contexts */
    at = find(f, at, 'I', 0x3f, 0x12);                  /* all of IOTLB */
    at = find(f, at, 'I', 0x2f, 0x25);                  /* waited for */
    at = find(f, at, 'G', 0x80000000, 0x80000000);      /* TE */
    find(f, at, 'P', 0x80000000, 0);                    /* memory open */
    CHECK_EQ(fake_get32(f, 0x1c), 0xc7000000);

    /* One-shot commands are never written back with others. */
    for ( i = 0; i < f->n; i++ )
        if ( f->log[i].what == 'G' )
            CHECK(!(f->log[i].lo & 0x41000000) ||
                  !(f->log[i].lo & 0x41000000 &
                    ((f->log[i].lo & 0x41000000) - 1)));
    at = find(f, at, 'G', 0x80000000, 0x80000000);
    CHECK_EQ(f->log[at].lo, 0x86000000);
    destroy(f);
}

/* One bit more than now, one at a time. */
TEST(left_on_goes_off_in_order)
{
    struct vtd_fake *f;
    unsigned int at;

    REQUIRE(!create(&f, FAKE_CAP, FAKE_ECAP, &fake_opts));
    fake_set32(f, 0x1c, 0xc7800000);
    fake_fault(f, 0, 0x1000, 1, 2, true, true);
    CHECK_EQ(moat_platform_enable_intremap(p, false), 0);
    CHECK_LOG("was left on (status 0xc7800000)");
    CHECK_EQ(f->log[0].lo, 0x06800000);                 /* TE off */
    CHECK_EQ(f->log[1].lo, 0x04800000);                 /* IRE off */
    CHECK_EQ(f->log[2].lo, 0x04000000);                 /* CFI off */
    CHECK_EQ(f->log[3].lo, 0x00000000);                 /* QIE off */
    at = find(f, 4, 'G', 0x04000000, 0x04000000);
    CHECK_EQ(at, 4);
    CHECK_EQ(fake_get32(f, 0x34), 0);                   /* no old fault */
    destroy(f);
}

/* A unit that does not confirm @bit: said, bounded, nothing half-on. */
static void mute(uint32_t bit, const char *what, int want)
{
    struct vtd_fake *f;
    uint64_t start = host_now_ns();

    REQUIRE(!create(&f, FAKE_CAP, FAKE_ECAP, &fake_opts));
    f->mute = bit;
    CHECK_EQ(!bring_up(), !want);
    CHECK_LOG(what);
    CHECK(host_now_ns() - start < 100000000);
    CHECK(!(fake_get32(f, 0x1c) & bit));
    destroy(f);
}

TEST(mute_translation) { mute(0x80000000, "translation on: no answer", -1); }
TEST(mute_root) { mute(0x40000000, "root table pointer on: no answer", -1); }
TEST(mute_queue)
{
    mute(0x04000000, "queued invalidation does not start", -1);
}
TEST(mute_intremap)
{
    mute(0x02000000, "interrupt remapping on: no answer", -1);
}
TEST(mute_irta)
{
    mute(0x01000000, "interrupt table pointer on: no answer", -1);
}

/* All goes well but the queue, which takes nothing: registers do it. */
TEST(dead_queue)
{
    struct vtd_fake *f;
    unsigned int at;

    REQUIRE(!create(&f, FAKE_CAP, FAKE_ECAP, &fake_opts));
    f->queue_dead = true;
    CHECK(moat_platform_enable_intremap(p, false));
    CHECK_LOG("queued invalidation does not start");
    CHECK_EQ(moat_platform_setup(p), 0);
    host_devices_lock();
    CHECK_EQ(moat_platform_enable_dma(p), 0);
    host_devices_unlock();
    at = find(f, 0, 'C', 3ull << 61, 1ull << 61);
    at = find(f, at, 'T', 3ull << 60, 1ull << 60);
    CHECK_EQ(f->log[at].lo, 0x9003000000000000);        /* drained */
    CHECK_EQ(fake_get32(f, 0x1c), 0xc0000000);
    destroy(f);
}

TEST(gone_unit)
{
    struct vtd_fake *f;

    REQUIRE(!create(&f, FAKE_CAP, FAKE_ECAP, &fake_opts));
    fake_set32(f, 0x1c, ~0u);
    f->mute = ~0u;
    CHECK(moat_platform_setup(p));
    CHECK_LOG("read all ones");
    destroy(f);
}

/* ---- Entries ---- */

/* A unit that does not snoop sees each change once it is written back. */
TEST(written_back)
{
    struct vtd_fake *f;
    struct hw_entry none = { .kind = HW_ENTRY_NONE };
    struct hw_entry e = { .kind = HW_ENTRY_TABLE, .did = 9, .levels = 4,
                          .root = 0x7000 };
    struct hw_irte irte = { .present = true, .intr = { .vector = 0x40 },
                            .sid = 0x28 };
    uint64_t root, ctx;
    unsigned long flags;

    sim_shadow_enable();
    REQUIRE(!create(&f, FAKE_CAP, FAKE_ECAP & ~1ull, &fake_opts));
    REQUIRE(!bring_up());
    root = fake_get64(f, 0x20);
    CHECK_EQ(sim_hw_read64(root + 16 * 3), 0);
    CHECK_EQ(u->ops->entry_swap(u, 0x0328, &none, &e), -EILSEQ);
    CHECK_EQ(u->ops->entry_prepare(u, 0x0328), 0);
    ctx = sim_hw_read64(root + 16 * 3);
    CHECK_EQ(ctx & 0xfff, 1);
    ctx &= ~0xfffull;
    CHECK_EQ(sim_hw_read64(ctx + 16 * 0x28), 0);
    CHECK_EQ(u->ops->entry_swap(u, 0x0328, &none, &e), 0);
    CHECK_EQ(sim_hw_read64(ctx + 16 * 0x28), 0x7001);
    CHECK_EQ(sim_hw_read64(ctx + 16 * 0x28 + 8), 0x902);
    CHECK_EQ(u->ops->entry_swap(u, 0x0328, &e, &none), 0);
    CHECK_EQ(sim_hw_read64(ctx + 16 * 0x28), 0);

    flags = host_lock_irqsave(&u->intr_lock);
    CHECK_EQ(u->ops->irte_set(u, 3, &irte), 0);
    host_unlock_irqrestore(&u->intr_lock, flags);
    root = fake_get64(f, 0xb8) & ~0xfffull;
    CHECK_EQ(sim_hw_read64(root + 48), 0x00400001);
    CHECK_EQ(sim_hw_read64(root + 56), 0x00040028);
    CHECK_EQ(sim_hw_read64(root + 64), 0);
    destroy(f);
}

TEST(entries_refused)
{
    struct vtd_fake *f;
    struct hw_entry none = { .kind = HW_ENTRY_NONE };
    struct hw_entry e = { .kind = HW_ENTRY_TABLE, .did = 9, .levels = 4,
                          .root = 0x7000 };
    struct hw_entry bad;

    REQUIRE(!create(&f, (FAKE_CAP & ~7ull) | 2, FAKE_ECAP & ~0x44ull,
                    &fake_opts));
    REQUIRE(!bring_up());
    REQUIRE(!u->ops->entry_prepare(u, 8));
    bad = e;
    bad.did = 256;
    CHECK_EQ(u->ops->entry_swap(u, 8, &none, &bad), -EINVAL);
    bad = e;
    bad.levels = 5;
    CHECK_EQ(u->ops->entry_swap(u, 8, &none, &bad), -EINVAL);
    bad = e;
    bad.root = 0x7008;
    CHECK_EQ(u->ops->entry_swap(u, 8, &none, &bad), -EINVAL);
    bad.root = 0;
    CHECK_EQ(u->ops->entry_swap(u, 8, &none, &bad), -EINVAL);
    bad = e;
    bad.devtlb = true;
    CHECK_EQ(u->ops->entry_swap(u, 8, &none, &bad), -EOPNOTSUPP);
    bad = e;
    bad.kind = HW_ENTRY_PASSTHROUGH;
    CHECK_EQ(u->ops->entry_swap(u, 8, &none, &bad), -EOPNOTSUPP);
    CHECK_EQ(u->ops->entry_get(u, 8, &bad), 0);
    CHECK_EQ(bad.kind, HW_ENTRY_NONE);
    destroy(f);
}

/* Awake or asleep, never between; entries live on. */
TEST(sleep)
{
    struct vtd_fake *f;
    struct hw_irte irte = { .present = true, .intr = { .vector = 0x40 },
                            .sid = 0x28 };
    unsigned long flags;
    uint64_t irta;

    REQUIRE(!create(&f, FAKE_CAP, FAKE_ECAP, &fake_opts));
    REQUIRE(!bring_up());
    flags = host_lock_irqsave(&u->intr_lock);
    CHECK_EQ(u->ops->irte_set(u, 3, &irte), 0);
    host_unlock_irqrestore(&u->intr_lock, flags);
    irta = fake_get64(f, 0xb8);

    f->mute = 0x02000000;               /* remapping stays on, this time */
    f->mute_for = 2;
    CHECK_EQ(u->ops->suspend(u), -ETIMEDOUT);
    CHECK_EQ(fake_get32(f, 0x1c), 0xc7000000);

    CHECK_EQ(u->ops->suspend(u), 0);
    CHECK_EQ(fake_get32(f, 0x1c) & 0x86000000, 0);
    memset(f->reg + 0x18, 0, 0xa8);
    CHECK_EQ(u->ops->resume(u), 0);
    CHECK_EQ(fake_get32(f, 0x1c), 0xc7000000);
    CHECK_EQ(fake_get64(f, 0xb8), irta);
    CHECK_EQ(*(uint64_t *)sim_pa_to_va((irta & ~0xfffull) + 48, 8),
             0x00400001);

    /* Off and on again by the caller: nothing of old stays in the table. */
    u->ops->disable_intremap(u);
    CHECK_EQ(u->ops->enable_intremap(u, false), 0);
    CHECK_EQ(*(uint64_t *)sim_pa_to_va((irta & ~0xfffull) + 48, 8), 0);
    destroy(f);
}

/* Every allocation of scan and bring-up fails once. */
TEST(no_memory)
{
    unsigned long n;

    for ( n = 1; n < 1000; n++ )
    {
        struct vtd_fake *f;
        bool fired;

        sim_fail_nth(n);
        if ( !create(&f, FAKE_CAP, FAKE_ECAP, &fake_opts) )
            (void)bring_up();
        fired = sim_fail_fired();
        sim_fail_nth(0);
        destroy(f);
        CHECK_EQ(sim_leaks(), 0);
        if ( !fired )
            break;
    }
    CHECK(n > 10 && n < 1000);
}
