/* SPDX-License-Identifier: GPL-2.0-only */
/* Flushes: who is told, when pages are freed, what happens to the mute. */
#include "fake_unit.h"

static struct machine m;
static struct fake_unit *u, *v;
static struct moat_device *nic, *disk;

#define PROBE   0x00400000ull
#define PA_A    0x200000000ull

/* Two units: the second has DISK alone. */
static void caps_default(void)
{
}

static int scope_disk(struct moat_platform *p)
{
    static const uint8_t path[2] = { 4, 0 };
    struct dmar_scope s = {
        .type = DMAR_SCOPE_ENDPOINT, .path = path, .depth = 1,
    };

    (void)p;
    return unit_add_scope(&v->unit, &s);
}

static void up(void (*caps)(void), const struct moat_options *o)
{
    machine_pci();
    u = fake_add();
    v = fake_add();
    v->unit.include_all = false;
    fake_scan_more = scope_disk;
    caps();
    REQUIRE(!machine_create(&m, o));
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    REQUIRE((disk = machine_add(&m, DISK)) != NULL);
    REQUIRE(!machine_enable(&m));
    CHECK(nic->unit == &u->unit);
    CHECK(disk->unit == &v->unit);
}

static void give(struct moat_device *dev, struct moat_domain *to)
{
    host_devices_lock();
    CHECK_EQ(moat_device_move(dev, to, 0), 0);
    host_devices_unlock();
}

static uint64_t dma(struct fake_unit *unit, moat_sbdf_t dev, uint64_t iova)
{
    uint64_t pa;

    return fake_dma(unit, MOAT_SBDF_RID(dev), iova, MOAT_READ, &pa) ? 0 : pa;
}

TEST(unmap_is_flushed_everywhere)
{
    up(caps_default, NULL);
    give(nic, m.a);
    give(disk, m.a);
    REQUIRE(!machine_map(m.a, PROBE, PA_A, 0x2000));
    CHECK_EQ(dma(u, NIC, PROBE), PA_A);
    CHECK_EQ(dma(v, DISK, PROBE), PA_A);
    REQUIRE(!machine_unmap(m.a, PROBE, 0x1000));
    CHECK_EQ(dma(u, NIC, PROBE), 0);
    CHECK_EQ(dma(v, DISK, PROBE), 0);
    CHECK_EQ(dma(u, NIC, PROBE + 0x1000), PA_A + 0x1000);
    /* Another mapping in place of one. */
    REQUIRE(!machine_map(m.a, PROBE + 0x1000, PA_A + 0x9000, 0x1000));
    CHECK_EQ(dma(u, NIC, PROBE + 0x1000), PA_A + 0x9000);
    machine_destroy(&m);
}

/* Who has nothing of the domain is not told; nor about what was added. */
TEST(flush_only_where_needed)
{
    unsigned long us, vs;

    up(caps_default, NULL);
    give(nic, m.a);
    us = u->submits;
    vs = v->submits;
    REQUIRE(!machine_map(m.a, PROBE, PA_A, 0x1000));
    CHECK_EQ(u->submits, us);
    REQUIRE(!machine_unmap(m.a, PROBE, 0x1000));
    CHECK_EQ(u->submits, us + 1);
    CHECK_EQ(v->submits, vs);
    REQUIRE(!machine_map(m.b, PROBE, PA_A, 0x1000));
    REQUIRE(!machine_unmap(m.b, PROBE, 0x1000));
    CHECK_EQ(u->submits, us + 1);
    CHECK_EQ(v->submits, vs);
    give(nic, m.dom0);
    us = u->submits;
    REQUIRE(!machine_map(m.a, PROBE, PA_A, 0x1000));
    REQUIRE(!machine_unmap(m.a, PROBE, 0x1000));
    CHECK_EQ(u->submits, us);
    machine_destroy(&m);
}

static void caps_caching(void)
{
    u->unit.caps.flush_added = u->unit.caps.flush_absent = true;
}

/* Caching mode: absent entries are cached as well. */
TEST(flush_added_with_caching_mode)
{
    unsigned long us, vs;

    up(caps_caching, NULL);
    give(nic, m.a);
    give(disk, m.a);
    us = u->submits;
    vs = v->submits;
    REQUIRE(!machine_map(m.a, PROBE, PA_A, 0x1000));
    CHECK_EQ(u->submits, us + 1);
    CHECK_EQ(v->submits, vs);
    CHECK_EQ(dma(u, NIC, PROBE), PA_A);
    machine_destroy(&m);
}

/* A device added late: its id was looked up before, and found absent. */
TEST(absent_entry_is_flushed)
{
    struct moat_device *gfx;

    up(caps_caching, NULL);
    REQUIRE(!machine_map(m.dom0, PROBE, PROBE, 0x1000));
    CHECK_EQ(dma(u, GFX, PROBE), 0);
    REQUIRE((gfx = machine_add(&m, GFX)) != NULL);
    CHECK_EQ(dma(u, GFX, PROBE), PROBE);
    machine_destroy(&m);
}

/* All units are told first, then all are waited for. */
static struct { unsigned int submits_at_wait; bool seen; } order;

static void order_step(void *arg, enum test_step kind,
                       const volatile void *where)
{
    (void)arg;
    if ( kind != TEST_STEP_MMIO || (where != u && where != v) )
        return;
    if ( !order.seen && (u->waits || v->waits) )
    {
        order.seen = true;
        order.submits_at_wait = (unsigned int)(u->submits + v->submits);
    }
}

TEST(flush_submits_before_it_waits)
{
    static const struct sim_hooks hooks = { .step = order_step };

    up(caps_default, NULL);
    give(nic, m.a);
    give(disk, m.a);
    REQUIRE(!machine_map(m.a, PROBE, PA_A, 0x1000));
    u->submits = v->submits = u->waits = v->waits = 0;
    order.seen = false;
    sim_hooks_set(&hooks);
    REQUIRE(!machine_unmap(m.a, PROBE, 0x1000));
    sim_hooks_set(NULL);
    CHECK(order.seen);
    CHECK_EQ(order.submits_at_wait, 2);
    machine_destroy(&m);
}

TEST(deferred_flush)
{
    struct moat_flush f;
    unsigned long us, pages;

    up(caps_default, NULL);
    give(nic, m.a);
    REQUIRE(!machine_map(m.a, PROBE, PA_A, 0x1000));
    CHECK_EQ(dma(u, NIC, PROBE), PA_A);
    pages = sim_alloc_stats(SIM_TABLE)->live;
    us = u->submits;
    moat_flush_begin(&f);
    REQUIRE(!moat_unmap(m.a, PROBE, 0x1000, &f));
    moat_flush_defer(m.a, &f);
    moat_flush_begin(&f);
    REQUIRE(!moat_map(m.a, PROBE + 0x40000000, PA_A, 0x1000, MOAT_RW, &f));
    moat_flush_defer(m.a, &f);
    moat_flush_end(m.a, &f);    /* empty: what was deferred stays */
    CHECK_EQ(u->submits, us);
    CHECK_EQ(dma(u, NIC, PROBE), PA_A);
    CHECK(sim_alloc_stats(SIM_TABLE)->live >= pages);
    /* Any range will do. */
    moat_flush_range(m.a, 0, 0xfff, true, false);
    CHECK_EQ(u->submits, us + 1);
    CHECK_EQ(dma(u, NIC, PROBE), 0);
    CHECK(sim_alloc_stats(SIM_TABLE)->live <= pages + 2);
    machine_destroy(&m);
}

/* Deferred, and then the domain dies. */
TEST(deferred_flush_freed_with_domain)
{
    struct moat_flush f;

    up(caps_default, NULL);
    moat_flush_begin(&f);
    REQUIRE(!moat_map(m.a, PROBE, PA_A, 0x1000, MOAT_RW, &f));
    REQUIRE(!moat_unmap(m.a, PROBE, 0x1000, &f));
    moat_flush_defer(m.a, &f);
    while ( moat_domain_free_tables(m.a) == -ERESTART )
        continue;
    CHECK_EQ(moat_domain_table_pages(m.a), 0);
    machine_destroy(&m);
}

/* ---- Failure ---- */

/* One of two units dies: cut off and told; the other goes on. */
TEST(unit_dies_in_a_flush)
{
    unsigned long freed;
    moat_paddr_t pa;
    unsigned int prot, order_of;

    up(caps_default, NULL);
    sim_leaks_allow();
    give(nic, m.a);
    give(disk, m.b);
    REQUIRE(!machine_map(m.a, PROBE, PA_A, 0x1000));
    REQUIRE(!machine_map(m.b, PROBE, PA_A, 0x1000));
    CHECK_EQ(dma(u, NIC, PROBE), PA_A);
    freed = sim_alloc_stats(SIM_TABLE)->live;
    u->mute = true;
    REQUIRE(!machine_unmap(m.a, PROBE, 0x200000));
    /* Back already, and no page was freed that hardware may know. */
    CHECK(!machine_mastering(NIC));
    CHECK(machine_mastering(DISK));
    CHECK_EQ(sim_alloc_stats(SIM_TABLE)->live, freed);
    CHECK_EQ(sim_domain_crashes(COOKIE(1)), 1);
    CHECK_EQ(sim_domain_crashes(COOKIE(2)), 0);
    CHECK_LOG("unit 0 at 0xfed90000 does not answer: the 1 devices");
    CHECK_LOG("kept for good");
    sim_work_run();
    CHECK_EQ(sim_device_failures(NIC), 1);
    CHECK_EQ(sim_device_failures(DISK), 0);
    CHECK_EQ(moat_lookup(m.a, PROBE, &pa, &prot, &order_of), -ENOENT);
    /* The other unit and domain go on. */
    REQUIRE(!machine_unmap(m.b, PROBE, 0x1000));
    CHECK_EQ(dma(v, DISK, PROBE), 0);
    CHECK_EQ(sim_domain_crashes(COOKIE(2)), 0);
    machine_destroy(&m);
}

TEST(unit_rescued_in_a_flush)
{
    up(caps_default, NULL);
    give(nic, m.a);
    REQUIRE(!machine_map(m.a, PROBE, PA_A, 0x1000));
    CHECK_EQ(dma(u, NIC, PROBE), PA_A);
    u->mute = u->rescue_ok = true;
    REQUIRE(!machine_unmap(m.a, PROBE, 0x1000));
    CHECK_EQ(dma(u, NIC, PROBE), 0);
    CHECK_EQ(u->rescues, 1);
    CHECK(machine_mastering(NIC));
    CHECK_EQ(sim_domain_crashes(COOKIE(1)), 0);
    CHECK_LOG("flushed through registers");
    machine_destroy(&m);
}

static void unmap_stuck(void *arg)
{
    (void)arg;
    machine_unmap(m.a, PROBE, 0x1000);
}

/* Bus mastering that stays on: there is no going on. */
TEST(cut_off_that_fails_is_fatal)
{
    up(caps_default, NULL);
    sim_leaks_allow();
    give(nic, m.a);
    REQUIRE(!machine_map(m.a, PROBE, PA_A, 0x1000));
    sim_pci_find(NIC)->ro[4] = 4;
    u->mute = true;
    CHECK_BUG("0000:00:03.0", unmap_stuck, NULL);
    sim_locks_reset();
    machine_abandon(&m);
}

/* ---- Device TLBs ---- */

static void add_ats(moat_sbdf_t dev)
{
    struct sim_pci *f = sim_pci_find(dev);

    sim_pci_set32(f, 0x100, 0x0001000f);    /* ATS, last */
    sim_pci_set16(f, 0x104, 5);             /* queue depth */
}

static bool ats_is_on(moat_sbdf_t dev)
{
    return sim_pci_get16(sim_pci_find(dev), 0x106) & 0x8000;
}

static void up_ats(void)
{
    struct moat_options o;

    fake_options(&o);
    o.ats = true;
    machine_pci();
    add_ats(NIC);
    add_ats(DISK);
    u = fake_add();
    REQUIRE(!machine_create(&m, &o));
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    REQUIRE((disk = machine_add(&m, DISK)) != NULL);
    /* Requests for translations only once there is somebody to answer. */
    CHECK(!ats_is_on(NIC));
    REQUIRE(!machine_enable(&m));
    CHECK(ats_is_on(NIC));
    CHECK(u->mem[MOAT_SBDF_RID(NIC)].devtlb);
}

static uint64_t dma_ats(moat_sbdf_t dev, uint64_t iova)
{
    uint64_t pa;

    return fake_dma_ats(u, MOAT_SBDF_RID(dev), iova, MOAT_READ, &pa) ? 0 : pa;
}

TEST(ats_flush)
{
    up_ats();
    give(nic, m.a);
    give(disk, m.a);
    REQUIRE(!machine_map(m.a, PROBE, PA_A, 0x2000));
    CHECK_EQ(dma_ats(NIC, PROBE), PA_A);
    CHECK_EQ(dma_ats(DISK, PROBE), PA_A);
    CHECK_EQ(dma_ats(DISK, PROBE + 0x1000), PA_A + 0x1000);
    REQUIRE(!machine_unmap(m.a, PROBE, 0x1000));
    CHECK_EQ(dma_ats(NIC, PROBE), 0);
    CHECK_EQ(dma_ats(DISK, PROBE), 0);
    CHECK_EQ(dma_ats(DISK, PROBE + 0x1000), PA_A + 0x1000);
    /* A move takes it along. */
    give(disk, m.b);
    CHECK_EQ(dma_ats(DISK, PROBE + 0x1000), 0);
    CHECK_EQ(m.a->n_ats, 1);
    give(disk, m.dom0);
    give(nic, m.dom0);
    CHECK_EQ(m.a->n_ats, 0);
    CHECK_EQ(m.b->n_ats, 0);
    CHECK_EQ(m.dom0->n_ats, 2);
    machine_destroy(&m);
}

/* Behind a pass-through entry requests for translations get no answer. */
TEST(ats_and_passthrough)
{
    struct moat_options o;

    fake_options(&o);
    o.ats = true;
    machine_pci();
    add_ats(NIC);
    u = fake_add();
    REQUIRE(!machine_create(&m, &o));
    REQUIRE(!moat_domain_set_kind(m.dom0, MOAT_DOMAIN_PASSTHROUGH));
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    REQUIRE(!machine_enable(&m));
    CHECK(!ats_is_on(NIC));
    give(nic, m.a);
    CHECK(ats_is_on(NIC));
    CHECK_EQ(m.a->n_ats, 1);
    /* A reset by dom0 forgets it. */
    sim_pci_set16(sim_pci_find(NIC), 0x106, 0);
    host_devices_lock();
    CHECK_EQ(moat_device_reenable(nic), 0);
    host_devices_unlock();
    CHECK(ats_is_on(NIC));
    give(nic, m.dom0);
    CHECK(!ats_is_on(NIC));
    CHECK_EQ(m.a->n_ats, 0);
    CHECK_EQ(m.dom0->n_ats, 0);
    machine_destroy(&m);
}

/* The device that does not answer, alone (F10). */
TEST(ats_timeout)
{
    up_ats();
    give(nic, m.a);
    REQUIRE(!machine_map(m.a, PROBE, PA_A, 0x1000));
    u->mute_devtlb = true;
    REQUIRE(!machine_unmap(m.a, PROBE, 0x1000));
    CHECK(!machine_mastering(NIC));
    CHECK(machine_mastering(DISK));
    CHECK(u->unit.state == UNIT_DMA);
    CHECK_EQ(u->rescues, 0);
    CHECK_EQ(sim_domain_crashes(COOKIE(1)), 1);
    CHECK_LOG("0000:00:03.0: its address cache does not answer");
    sim_work_run();
    CHECK_EQ(sim_device_failures(NIC), 1);
    CHECK_EQ(sim_device_failures(DISK), 0);
    CHECK(!ats_is_on(NIC));
    CHECK(!u->mem[MOAT_SBDF_RID(NIC)].devtlb);
    u->mute_devtlb = false;
    host_devices_lock();
    CHECK_EQ(moat_device_move(nic, m.b, 0), -EPERM);
    CHECK_EQ(moat_device_move(nic, NULL, 0), 0);
    host_devices_unlock();
    CHECK(!moat_domain_has_devices(m.a));
    machine_destroy(&m);
}

TEST(ats_timeout_in_a_move)
{
    up_ats();
    give(nic, m.a);
    u->mute_devtlb = true;
    host_devices_lock();
    CHECK_EQ(moat_device_move(nic, NULL, 0), -EIO);
    host_devices_unlock();
    CHECK(!machine_mastering(NIC));
    CHECK(machine_mastering(DISK));
    CHECK(u->unit.state == UNIT_DMA);
    CHECK_EQ(sim_device_failures(NIC), 1);
    CHECK(!moat_domain_has_devices(m.a));
    CHECK_EQ(m.a->n_ats, 0);
    machine_destroy(&m);
}
