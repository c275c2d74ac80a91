/* SPDX-License-Identifier: GPL-2.0-only */
/* Moves that fail: undone exactly, or the device is cut off; never between. */
#include "moves.h"

/* ---- Failures ---- */

/* Undo is exact: the device is where it was, and all can be tried again. */
static void sweep_alloc(struct moat_domain *(*from)(void),
                        struct moat_domain *(*to)(void))
{
    struct moat_counts before;
    unsigned long n, fired = 0;
    int rc;

    up(two_regions);
    REQUIRE(from() == m.dom0 || !move(nic, from()));
    before = counts();
    for ( n = 1; n < 100; n++ )
    {
        sim_fail_nth(n);
        rc = move(nic, to());
        if ( !sim_fail_fired() )
        {
            sim_fail_nth(0);
            CHECK_EQ(rc, 0);
            break;
        }
        fired++;
        if ( !rc )
            break;              /* it could do without */
        CHECK_EQ(rc, -ENOMEM);
        CHECK(moat_device_owner(nic) == from());
        check_behind(NIC, from());
        if ( from() != m.dom0 || to() )
            CHECK_EQ(counts().free_ids +
                     (from() == m.dom0 && nic->group->quar), before.free_ids);
    }
    CHECK(n < 100);
    CHECK(fired || !to());
    check_behind(NIC, to());
    CHECK_EQ(move(nic, m.dom0), 0);
    check_behind(NIC, m.dom0);
    down();
}

static struct moat_domain *dom0(void) { return m.dom0; }
static struct moat_domain *guest_a(void) { return m.a; }
static struct moat_domain *guest_b(void) { return m.b; }
static struct moat_domain *quar(void) { return NULL; }

TEST(fail_alloc_dom0_to_quarantine) { sweep_alloc(dom0, quar); }
TEST(fail_alloc_dom0_to_guest) { sweep_alloc(dom0, guest_a); }
TEST(fail_alloc_guest_to_guest) { sweep_alloc(guest_a, guest_b); }
TEST(fail_alloc_quarantine_to_guest) { sweep_alloc(quar, guest_a); }
TEST(fail_alloc_guest_to_dom0) { sweep_alloc(guest_a, dom0); }
/* The way into quarantine takes no memory. */
TEST(fail_alloc_guest_to_quarantine) { sweep_alloc(guest_a, quar); }

TEST(fail_swap)
{
    struct moat_counts before;
    unsigned long n;

    up(two_regions);
    before = counts();
    for ( n = 1; n <= 2; n++ )
    {
        u->fail_swap = n;
        CHECK_EQ(move(nic, m.a), -EILSEQ);
        CHECK(moat_device_owner(nic) == m.dom0);
        check_behind(NIC, m.dom0);
        check_no_maps(m.a, RMRR);
        CHECK_EQ(counts().free_ids, before.free_ids - 1);   /* quarantine */
    }
    u->fail_swap = 0;
    CHECK_EQ(move(nic, m.a), 0);
    CHECK_EQ(move(nic, m.dom0), 0);
    check_counts(&before);
    down();
}

/* The way back is barred as well: cut off before anything is let go of. */
TEST(fail_swap_and_undo)
{
    struct moat_device *pa, *pb;

    up(NULL);
    sim_leaks_allow();
    REQUIRE(machine_add(&m, BRIDGE) != NULL);
    REQUIRE((pa = machine_add(&m, PCI_A)) != NULL);
    REQUIRE((pb = machine_add(&m, PCI_B)) != NULL);
    CHECK_EQ(move(pa, NULL), 0);
    u->fail_swap = 2;
    u->fail_swap_more = 1;
    CHECK_EQ(move(pb, NULL), -EIO);
    CHECK(!machine_mastering(PCI_A));
    CHECK(!machine_mastering(PCI_B));
    CHECK_EQ(sim_device_failures(PCI_A), 1);
    CHECK_EQ(sim_device_failures(PCI_B), 1);
    check_behind(PCI_A, NULL);
    check_behind(PCI_B, NULL);
    check_behind(BRIDGE, NULL);
    CHECK_EQ(move(pb, m.dom0), -EPERM);
    down();
}

/* No id left: refused, said, and possible again when there is one. */
TEST(fail_no_domain_id)
{
    machine_pci();
    u = fake_add();
    u->unit.caps.did_bits = 2;          /* 1, 2, 3 */
    REQUIRE(!machine_create(&m, NULL));
    domains();
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    REQUIRE((disk = machine_add(&m, DISK)) != NULL);
    REQUIRE(machine_add(&m, GFX) != NULL);      /* stays with dom0 */
    REQUIRE(!machine_enable(&m));
    CHECK_EQ(move(disk, NULL), 0);
    CHECK_EQ(move(nic, NULL), 0);
    CHECK_EQ(counts().free_ids, 0);
    CHECK_EQ(move(nic, m.a), -ENOSPC);
    CHECK_LOG("no domain id left of 3");
    check_behind(NIC, NULL);
    CHECK_EQ(move(disk, m.b), -ENOSPC);
    check_behind(DISK, NULL);
    CHECK_EQ(move(disk, m.dom0), 0);
    CHECK_EQ(move(nic, m.a), 0);
    check_behind(NIC, m.a);
    CHECK_EQ(move(disk, m.a), -ENOSPC);
    check_behind(DISK, m.dom0);
    CHECK_EQ(move(nic, m.dom0), 0);
    CHECK_EQ(move(disk, NULL), 0);
    CHECK_EQ(move(disk, m.a), 0);
    CHECK_EQ(move(disk, m.dom0), 0);
    down();
}

static void judge_past(void *arg, int rc, uint64_t pa)
{
    (void)arg;
    moves_judged++;
    if ( !rc && pa == PA(1) )
        test_fail(__FILE__, __LINE__, "reaches the last owner's memory");
}

static void past_step(void *arg, enum test_step kind,
                      const volatile void *where)
{
    (void)arg;
    (void)kind;
    (void)where;
    fake_outcomes(u, MOAT_SBDF_RID(NIC), PROBE, MOAT_READ, judge_past, NULL);
}

/* The next domain gets the last one's id: nothing of it may be cached. */
TEST(reused_id_has_no_past)
{
    static const struct sim_hooks past = { .step = past_step };
    uint16_t id;
    uint64_t pa;

    machine_pci();
    u = fake_add();
    u->unit.caps.did_bits = 2;
    REQUIRE(!machine_create(&m, NULL));
    domains();
    REQUIRE(machine_add(&m, GFX) != NULL);
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    REQUIRE(!machine_enable(&m));
    CHECK_EQ(move(nic, m.a), 0);
    CHECK_EQ(fake_dma(u, MOAT_SBDF_RID(NIC), PROBE, MOAT_READ, &pa), 0);
    CHECK_EQ(fake_dma(u, MOAT_SBDF_RID(NIC), PROBE + 0x3000, MOAT_READ, &pa),
             0);
    id = u->mem[MOAT_SBDF_RID(NIC)].did;
    CHECK_EQ(move(nic, NULL), 0);
    moves_judged = 0;
    sim_hooks_set(&past);
    CHECK_EQ(move(nic, m.b), 0);
    sim_hooks_set(NULL);
    CHECK(moves_judged > 0);
    CHECK_EQ(u->mem[MOAT_SBDF_RID(NIC)].did, id);
    check_behind(NIC, m.b);
    CHECK_EQ(move(nic, m.dom0), 0);
    down();
}

/* A queue that stutters is tried again and nobody notices. */
TEST(fail_flush_once)
{
    unsigned long n, waits;

    up(two_regions);
    waits = u->waits;
    CHECK_EQ(move(nic, m.a), 0);
    waits = u->waits - waits;
    CHECK_EQ(move(nic, m.dom0), 0);
    CHECK(waits >= 2);
    for ( n = 1; n <= waits; n++ )
    {
        u->fail_wait = n;
        CHECK_EQ(move(nic, m.a), 0);
        check_behind(NIC, m.a);
        u->fail_wait = 0;
        u->fail_submit = n;
        CHECK_EQ(move(nic, m.dom0), 0);
        check_behind(NIC, m.dom0);
        u->fail_submit = 0;
    }
    CHECK_EQ(u->rescues, 0);
    CHECK(u->unit.state == UNIT_DMA);
    down();
}

/* The queue is gone for good, registers still work. */
TEST(fail_flush_rescued)
{
    up(two_regions);
    u->mute = u->rescue_ok = true;
    CHECK_EQ(move(nic, m.a), 0);
    check_behind(NIC, m.a);
    CHECK(u->rescues > 0);
    CHECK(machine_mastering(NIC));
    CHECK_EQ(move(nic, m.dom0), 0);
    check_behind(NIC, m.dom0);
    down();
}

static void check_dead(struct moat_domain *to, unsigned long earlier)
{
    CHECK(!machine_mastering(NIC));
    CHECK(!machine_mastering(DISK));
    CHECK_EQ(sim_device_failures(NIC), earlier + 1);
    CHECK(u->unit.state == UNIT_DEAD);
    CHECK(!moat_device_owner(nic));
    CHECK(u->mem[MOAT_SBDF_RID(NIC)].root == nic->group->quar_entry.root);
    CHECK_EQ(move(nic, NULL), 0);
    CHECK_EQ(move(nic, to ? to : m.a), -EPERM);
    CHECK_LOG("does not answer");
    sim_work_run();
    CHECK_EQ(sim_device_failures(DISK), earlier + 1);
    CHECK_EQ(sim_device_failures(NIC), earlier + 1);
}

/*
 * From the n-th wait of a move on the unit is mute, for every n: cut off,
 * behind quarantine, said; never half way.
 */
static void sweep_dead(struct moat_domain *(*from)(void),
                       struct moat_domain *(*to)(void))
{
    unsigned long n, waits = 1;

    for ( n = 0; n <= waits; n++ )
    {
        up(two_regions);
        sim_leaks_allow();
        REQUIRE(from() == m.dom0 || !move(nic, from()));
        if ( !n )
        {
            waits = u->waits;
            CHECK_EQ(move(nic, to()), 0);
            waits = u->waits - waits;
            CHECK(waits > 0);
        }
        else
        {
            u->mute_wait = n;
            CHECK_EQ(move(nic, to()), -EIO);
            check_dead(to(), n - 1);
        }
        down();
    }
}

TEST(fail_dead_dom0_to_quarantine) { sweep_dead(dom0, quar); }
TEST(fail_dead_dom0_to_guest) { sweep_dead(dom0, guest_a); }
TEST(fail_dead_guest_to_guest) { sweep_dead(guest_a, guest_b); }
TEST(fail_dead_quarantine_to_guest) { sweep_dead(quar, guest_a); }
TEST(fail_dead_guest_to_dom0) { sweep_dead(guest_a, dom0); }
TEST(fail_dead_guest_to_quarantine) { sweep_dead(guest_a, quar); }

/*
 * A device that is added while its unit dies: it was behind dom0's tables for
 * a moment, so it is switched off before it is blocked.
 */
TEST(fail_dead_added)
{
    up(two_regions);
    sim_leaks_allow();
    u->unit.caps.flush_added = true;
    moves_watching = false;     /* it comes and goes */
    host_devices_lock();
    CHECK_EQ(moat_device_remove(nic), 0);
    host_devices_unlock();
    CHECK(machine_mastering(NIC));
    u->mute_wait = 1;
    CHECK(!machine_add(&m, NIC));
    CHECK(!machine_mastering(NIC));
    CHECK_EQ(u->mem[MOAT_SBDF_RID(NIC)].kind, HW_ENTRY_NONE);
    CHECK(u->unit.state == UNIT_DEAD);
    CHECK(!machine_mastering(DISK));
    down();
}
