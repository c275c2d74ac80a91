/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups that change while their members live: late bridges, splits. */
#include "moves.h"

#define SEC         MOAT_SBDF(0, 1, 0, 0)
#define LATE_RMRR   0x7d000000ull

static struct moat_device *pa, *pb, *bridge;

static int unplug(struct moat_device *dev)
{
    int rc;

    moves_watching = false;         /* blocked at the end */
    host_devices_lock();
    rc = moat_device_remove(dev);
    host_devices_unlock();
    return rc;
}

static void up_late(int (*more)(struct moat_platform *))
{
    up(more);
    moves_watching = false;
    REQUIRE((pa = machine_add(&m, PCI_A)) != NULL);
    REQUIRE((pb = machine_add(&m, PCI_B)) != NULL);
    CHECK(!moat_device_same_group(pa, pb));
}

static void check_group(const struct moat_domain *d)
{
    check_behind(PCI_A, d);
    check_behind(PCI_B, d);
    check_behind(BRIDGE, d);
    check_behind(SEC, d);
}

static int bridge_region(struct moat_platform *p)
{
    return resv_add(p, LATE_RMRR, LATE_RMRR + 0xfff, MOAT_RW, BRIDGE, 0x60);
}

/* As if it had been there first. */
TEST(late_bridge)
{
    struct moat_counts before;
    int number;

    up_late(bridge_region);
    before = counts();
    number = moat_device_group(pa);
    CHECK_EQ(reach(SEC, PROBE), 0);
    REQUIRE((bridge = machine_add(&m, BRIDGE)) != NULL);
    CHECK(moat_device_same_group(pa, pb));
    CHECK_EQ(moat_device_group(pb), number);
    CHECK_LOG("0000:01:02.0: 2 more requester ids by a bridge that was found "
              "after it");
    check_group(m.dom0);
    CHECK_EQ(reach(PCI_A, LATE_RMRR), LATE_RMRR);
    CHECK_EQ(move(pa, m.a), -EBUSY);
    CHECK_EQ(move(pb, NULL), 0);
    CHECK_EQ(move(pa, m.a), 0);
    check_group(m.a);
    CHECK_EQ(reach(SEC, LATE_RMRR), LATE_RMRR);
    CHECK_EQ(move(pb, m.a), 0);
    CHECK_EQ(move(pa, m.dom0), -EBUSY);
    CHECK_EQ(move(pa, NULL), 0);
    CHECK_EQ(move(pb, m.dom0), 0);
    CHECK_EQ(move(pa, m.dom0), 0);
    check_group(m.dom0);
    CHECK_EQ(counts().free_ids, before.free_ids);
    CHECK_EQ(unplug(pa), 0);
    CHECK_EQ(unplug(pb), 0);
    CHECK_EQ(reach(BRIDGE, PROBE), 0);
    check_no_maps(m.dom0, LATE_RMRR);
    down();
}

/* One of them is a guest's: nobody gets the bridge's id until it is back. */
TEST(late_bridge_and_a_guest)
{
    struct moat_device *pc;

    up_late(NULL);
    sim_pci_add(MOAT_SBDF(0, 1, 3, 0), 0x8086, 0x1000, 0x020000);
    CHECK_EQ(move(pa, m.a), 0);
    REQUIRE((bridge = machine_add(&m, BRIDGE)) != NULL);
    CHECK_LOG("0000:01:02.0: not assignable: the bridge above it was found "
              "after it, and not all below are dom0's");
    CHECK_EQ(reach(BRIDGE, PROBE), 0);
    CHECK_EQ(reach(SEC, PROBE), 0);
    check_behind(PCI_A, m.a);
    check_behind(PCI_B, m.dom0);
    CHECK_EQ(move(pb, m.b), -EPERM);
    CHECK_EQ(move(pb, NULL), -EPERM);
    /* One more below it may not open the id, either. */
    REQUIRE((pc = machine_add(&m, MOAT_SBDF(0, 1, 3, 0))) != NULL);
    CHECK_LOG("0000:01:03.0: is below a bridge that was found after a");
    CHECK_EQ(reach(BRIDGE, PROBE), 0);
    CHECK_EQ(unplug(pc), 0);
    /* The way out is not barred. */
    CHECK_EQ(move(pa, m.b), -EPERM);
    CHECK_EQ(move(pa, NULL), 0);
    check_behind(PCI_A, NULL);
    CHECK_EQ(reach(BRIDGE, PROBE), 0);
    CHECK_EQ(move(pa, m.dom0), 0);
    CHECK(moat_device_same_group(pa, pb));
    check_group(m.dom0);
    CHECK_EQ(move(pb, NULL), 0);
    CHECK_EQ(move(pa, m.b), 0);
    check_group(m.b);
    CHECK_EQ(move(pa, m.dom0), 0);
    CHECK_EQ(m.p->n_late, 0);
    sim_pci_remove(MOAT_SBDF(0, 1, 3, 0));
    down();
}

/* It goes before they do: what waits stays refused, nothing is left over. */
TEST(late_bridge_goes_again)
{
    up_late(NULL);
    CHECK_EQ(move(pa, m.a), 0);
    REQUIRE((bridge = machine_add(&m, BRIDGE)) != NULL);
    CHECK_EQ(m.p->n_late, 1);
    CHECK_EQ(unplug(bridge), 0);
    CHECK_EQ(m.p->n_late, 0);
    CHECK_EQ(move(pa, m.dom0), 0);
    down();
}

/* Before the units are switched on: no entries are live yet. */
TEST(late_bridge_at_boot)
{
    machine_pci();
    u = fake_add();
    REQUIRE(!machine_create(&m, NULL));
    domains();
    REQUIRE((pa = machine_add(&m, PCI_A)) != NULL);
    REQUIRE((pb = machine_add(&m, PCI_B)) != NULL);
    REQUIRE((bridge = machine_add(&m, BRIDGE)) != NULL);
    REQUIRE(!machine_enable(&m));
    CHECK(moat_device_same_group(pa, pb));
    check_group(m.dom0);
    CHECK_EQ(move(pb, NULL), 0);
    CHECK_EQ(move(pa, m.a), 0);
    check_group(m.a);
    CHECK_EQ(move(pb, m.dom0), -EBUSY);
    CHECK_EQ(move(pa, m.dom0), 0);
    CHECK_EQ(move(pb, m.dom0), 0);
    down();
}

TEST(late_bridge_without_memory)
{
    unsigned long n;

    for ( n = 1; n < 50; n++ )
    {
        up_late(bridge_region);
        sim_fail_nth(n);
        bridge = machine_add(&m, BRIDGE);
        if ( !sim_fail_fired() )
            break;
        sim_fail_nth(0);
        /* Either with the ids, or refused; and never anyone else's. */
        check_behind(PCI_A, m.dom0);
        check_behind(PCI_B, m.dom0);
        if ( bridge && !pa->denied && !pb->denied )
            check_group(m.dom0);
        else if ( bridge )
            CHECK_EQ(move(pa->denied ? pa : pb, m.a), -EPERM);
        down();
    }
    sim_fail_nth(0);
    CHECK(n > 4 && n < 50);
    down();
}

/* ---- The member that ties two halves together ---- */

#define JOINER  MOAT_SBDF(0, 0, 5, 0)       /* all ids of its slot */
#define FN(n)   (JOINER + (n))

static struct moat_device *joiner, *f3, *f5;

static void up_joined(void)
{
    struct sim_pci *f;

    machine_pci();
    f = sim_pci_add(JOINER, 0x8086, 0x1000, 0x020000);
    sim_pci_express(f, 0);
    sim_pci_set32(f, 0x44, 3u << 3);        /* three bits: stride 1 */
    sim_pci_express(sim_pci_add(FN(3), 0x8086, 0x1000, 0x020000), 0);
    sim_pci_express(sim_pci_add(FN(5), 0x8086, 0x1000, 0x020000), 0);
    up(NULL);
    REQUIRE((f3 = machine_add(&m, FN(3))) != NULL);
    REQUIRE((f5 = machine_add(&m, FN(5))) != NULL);
    CHECK(!moat_device_same_group(f3, f5));
    REQUIRE((joiner = machine_add(&m, JOINER)) != NULL);
    CHECK(moat_device_same_group(f3, f5));
}

static void down_joined(void)
{
    down();
    sim_pci_remove(JOINER);
    sim_pci_remove(FN(3));
    sim_pci_remove(FN(5));
}

TEST(split)
{
    struct moat_counts before;
    unsigned long flushes;
    int number;

    up_joined();
    before = counts();
    number = moat_device_group(f3);
    flushes = u->flushes[HW_FLUSH_ENTRY];
    CHECK_EQ(unplug(joiner), 0);
    CHECK(!moat_device_same_group(f3, f5));
    CHECK_EQ(moat_device_group(f3), number);
    /* Six ids of the joiner alone, and then those of the halves. */
    CHECK(u->flushes[HW_FLUSH_ENTRY] >= flushes + 2);
    check_behind(FN(3), m.dom0);
    check_behind(FN(5), m.dom0);
    check_behind(FN(1), NULL);
    CHECK_EQ(move(f3, m.a), 0);
    check_behind(FN(3), m.a);
    check_behind(FN(5), m.dom0);
    CHECK_EQ(move(f5, m.b), 0);
    check_behind(FN(5), m.b);
    CHECK_EQ(move(f3, m.dom0), 0);
    CHECK_EQ(move(f5, m.dom0), 0);
    /* And together again. */
    REQUIRE((joiner = machine_add(&m, JOINER)) != NULL);
    CHECK(moat_device_same_group(f3, f5));
    check_behind(FN(1), m.dom0);
    check_counts(&before);
    down_joined();
}

/* Not while any of it is elsewhere: what is under way has one owner. */
TEST(no_split_in_flight)
{
    up_joined();
    CHECK_EQ(move(joiner, NULL), 0);
    CHECK_EQ(move(f3, NULL), 0);
    CHECK_EQ(move(f5, m.a), 0);
    CHECK_EQ(unplug(joiner), 0);
    CHECK(moat_device_same_group(f3, f5));
    check_behind(FN(3), m.a);
    CHECK_EQ(move(f3, m.b), -EBUSY);
    CHECK_EQ(move(f5, m.dom0), 0);
    CHECK_EQ(move(f3, m.dom0), 0);
    check_behind(FN(3), m.dom0);
    down_joined();
}

TEST(split_without_memory)
{
    up_joined();
    sim_fail_nth(1);
    CHECK_EQ(unplug(joiner), 0);
    CHECK(sim_fail_fired());
    CHECK(moat_device_same_group(f3, f5));
    CHECK_EQ(move(f3, m.a), -EBUSY);
    CHECK_EQ(move(f3, NULL), 0);
    CHECK_EQ(move(f5, m.a), 0);
    check_behind(FN(3), m.a);
    CHECK_EQ(move(f3, m.dom0), -EBUSY);
    CHECK_EQ(move(f5, m.dom0), 0);
    CHECK_EQ(move(f3, m.dom0), 0);
    down_joined();
}
