/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes of owner: what is said of them, and that who shares reserved memory
 * with a guest's device stays silent once another guest has programmed it.
 */
#include "moves.h"

static int unplug(struct moat_device *dev)
{
    int rc;

    moves_watching = false;         /* blocked at the end, regions included */
    host_devices_lock();
    rc = moat_device_remove(dev);
    host_devices_unlock();
    return rc;
}

/* ---- What is said ---- */

TEST(say_moves)
{
    up(two_regions);
    sim_log_clear();
    CHECK_EQ(move(nic, NULL), 0);
    CHECK_EQ(sim_log_count("0000:00:03.0: dom0 -> quarantine"), 1);
    CHECK_EQ(sim_log_count("pending"), 0);
    CHECK_EQ(move(nic, NULL), 0);
    CHECK_EQ(move(nic, m.a), 0);
    CHECK_EQ(sim_log_count("0000:00:03.0: quarantine -> d1"), 1);
    CHECK_EQ(move(nic, m.b), 0);
    CHECK_EQ(sim_log_count("0000:00:03.0: d1 -> d2"), 1);
    CHECK_EQ(move(nic, m.dom0), 0);
    CHECK_EQ(sim_log_count("0000:00:03.0: d2 -> dom0"), 1);
    CHECK_EQ(move(nic, m.dom0), 0);
    CHECK_EQ(sim_log_count("0000:00:03.0"), 4);
    CHECK_EQ(sim_log_count(" -> "), 4);
    CHECK_EQ(move(nic, m.a), 0);
    CHECK_EQ(unplug(nic), 0);
    CHECK_LOG("0000:00:03.0: d1 -> removed");
    down();
}

TEST(say_pending)
{
    struct moat_device *bridge, *pa, *pb;

    up(NULL);
    REQUIRE((bridge = machine_add(&m, BRIDGE)) != NULL);
    REQUIRE((pa = machine_add(&m, PCI_A)) != NULL);
    REQUIRE((pb = machine_add(&m, PCI_B)) != NULL);
    sim_log_clear();
    CHECK_EQ(move(bridge, NULL), 0);
    CHECK_EQ(sim_log_count("->"), 0);
    CHECK_EQ(move(pa, NULL), 0);
    CHECK_LOG("0000:01:01.0: dom0 -> quarantine, pending: behind the tables "
              "of dom0 until 0000:01:02.0 (and 0 more) leaves it");
    CHECK_EQ(move(pa, m.a), -EBUSY);
    CHECK_LOG("0000:01:01.0: not assigned: cannot be told apart by the IOMMU "
              "from 0000:01:02.0, which belongs to dom0");
    CHECK_LOG("0000:01:01.0: these go together: xl pci-assignable-add all");
    CHECK_LOG("0000:01:01.0: quarantine -> d1 failed when asked who uses the "
              "same requester ids: in use (-16): stays with quarantine");
    CHECK_EQ(move(bridge, m.a), -EPERM);
    CHECK_LOG("0000:00:1e.0: quarantine -> d1 failed when asked whether it "
              "may change hands: not allowed (-1): stays with quarantine");
    CHECK_EQ(move(pb, NULL), 0);
    CHECK_EQ(sim_log_count("0000:01:02.0: dom0 -> quarantine"), 1);
    CHECK_EQ(sim_log_count("pending"), 1);
    CHECK_EQ(move(pa, m.a), 0);
    CHECK_EQ(move(pb, m.dom0), -EBUSY);
    CHECK_LOG("0000:01:02.0: these go together: detach all of them");
    CHECK_EQ(move(pa, m.dom0), 0);
    down();
}

TEST(say_failures)
{
    up(two_regions);
    sim_leaks_allow();
    sim_fail_nth(1);
    CHECK_EQ(move(nic, NULL), -ENOMEM);
    CHECK_LOG("0000:00:03.0: dom0 -> quarantine failed when its quarantine "
              "was built: out of memory (-12): stays with dom0");
    u->fail_swap = 1;
    CHECK_EQ(move(nic, m.a), -EILSEQ);
    CHECK_LOG("0000:00:03.0: dom0 -> d1 failed when its entries were "
              "swapped: an entry is not what it was set to (-84): stays with "
              "dom0");
    REQUIRE(!machine_map(m.a, RMRR + 0x1000, PA(1), 0x1000));
    CHECK_EQ(move(nic, m.a), -EINVAL);
    CHECK_LOG("dom0 -> d1 failed when ids, tables and reserved regions were "
              "taken: does not fit the new owner's memory (-22)");
    CHECK_EQ(move(nic, m.b), 0);
    u->mute = true;
    CHECK_EQ(move(nic, NULL), -EIO);
    CHECK_LOG("0000:00:03.0: d2 -> quarantine failed when the old owner's "
              "translations were flushed: hardware does not answer (-5): bus "
              "mastering is off, behind the tables of quarantine");
    CHECK_EQ(sim_log_count("-> quarantine failed"), 2);
    CHECK_EQ(move(nic, m.b), -EPERM);
    CHECK_LOG("0000:00:03.0: quarantine -> d2 failed when asked whether it "
              "may change hands: not allowed (-1): bus mastering is off");
    down();
}

/* ---- Who stays silent ---- */

/* dom0 tries to switch bus mastering on: does it get through? */
static bool dom0_can_wake(moat_sbdf_t dev)
{
    sim_pci_dom0_write16(dev, 4, 0x0006);
    return machine_mastering(dev);
}

/* NIC and DISK share a region; d1 has had DISK, which is in quarantine. */
static void up_tainted(void)
{
    up(shared_region);
    CHECK_EQ(move(nic, NULL), 0);
    CHECK_EQ(move(disk, m.a), 0);
    CHECK_EQ(move(disk, NULL), 0);
    CHECK(machine_mastering(DISK));
}

static int relaxed(struct moat_device *dev, struct moat_domain *to)
{
    int rc;

    host_devices_lock();
    rc = moat_device_move(dev, to, MOAT_MOVE_RELAXED);
    host_devices_unlock();
    return rc;
}

static unsigned long heard;

/* Never both: the guest has the region, and the sharer can be woken. */
static void listen(void *arg, enum test_step kind,
                   const volatile void *where)
{
    const struct hw_entry *e = &u->mem[MOAT_SBDF_RID(NIC)];

    (void)arg;
    (void)kind;
    (void)where;
    if ( e->root != m.b->pt.root_pa )
        return;
    heard++;
    if ( machine_mastering(DISK) || !sim_pci_held(DISK) )
        test_fail(__FILE__, __LINE__, "the sharer is not silent");
}

TEST(tainted_is_held)
{
    static const struct sim_hooks hooks = { .step = listen };
    unsigned int i;

    up_tainted();
    for ( i = 0; i < 2; i++ )
    {
        heard = 0;
        sim_hooks_set(&hooks);
        CHECK_EQ(i ? relaxed(nic, m.b) : move(nic, m.b), 0);
        CHECK(heard > 0);
        CHECK(!dom0_can_wake(DISK));
        CHECK(!sim_pci_held(NIC));
        /* The region leaves the guest, the sharer may be used again. */
        CHECK_EQ(move(nic, NULL), 0);
        sim_hooks_set(NULL);
        CHECK(dom0_can_wake(DISK));
    }
    /* dom0's own reach is no reason: it is no guest. */
    CHECK_EQ(move(nic, m.dom0), 0);
    CHECK(dom0_can_wake(DISK));
    down();
}

TEST(tainted_is_let_go)
{
    up_tainted();
    /* When it is assigned itself. */
    CHECK_EQ(move(nic, m.b), 0);
    CHECK(!dom0_can_wake(DISK));
    CHECK_EQ(move(disk, m.b), 0);
    CHECK(dom0_can_wake(DISK));
    CHECK_EQ(move(disk, NULL), 0);
    CHECK(!dom0_can_wake(DISK));
    /* When dom0 has it back, and is clean from then on. */
    CHECK_EQ(move(disk, m.dom0), 0);
    CHECK(dom0_can_wake(DISK));
    CHECK_EQ(move(disk, NULL), 0);
    CHECK(dom0_can_wake(DISK));
    /* When it is removed: what comes in its place is another device. */
    CHECK_EQ(move(disk, m.b), 0);
    CHECK_EQ(move(disk, NULL), 0);
    CHECK(!dom0_can_wake(DISK));
    CHECK_EQ(unplug(disk), 0);
    CHECK(dom0_can_wake(DISK));
    REQUIRE((disk = machine_add(&m, DISK)) != NULL);
    CHECK_EQ(move(disk, NULL), 0);
    CHECK_EQ(move(disk, m.b), 0);
    CHECK_EQ(move(disk, NULL), 0);
    CHECK(!dom0_can_wake(DISK));
    /* When the guest's device is. */
    CHECK_EQ(unplug(nic), 0);
    CHECK(dom0_can_wake(DISK));
    down();
}

/* Two guests by rdm_policy=relaxed; one gives its device back. */
TEST(tainted_under_relaxed)
{
    up_tainted();
    CHECK_EQ(move(disk, m.a), 0);
    CHECK_EQ(relaxed(nic, m.b), 0);
    CHECK(dom0_can_wake(DISK));
    CHECK_EQ(move(disk, NULL), 0);
    CHECK(!machine_mastering(DISK));
    CHECK(!dom0_can_wake(DISK));
    CHECK_EQ(move(nic, NULL), 0);
    CHECK(dom0_can_wake(DISK));
    CHECK(dom0_can_wake(NIC));
    down();
}

TEST(tainted_and_refused)
{
    up_tainted();
    /* Refused for another reason: nobody has the region. */
    REQUIRE(!machine_map(m.b, RMRR + 0x1000, PA(2), 0x1000));
    CHECK_EQ(move(nic, m.b), -EINVAL);
    CHECK_EQ(sim_pci_holds(), 0);
    /* It cannot be switched off. */
    sim_pci_find(DISK)->ro[4] = 0xff;
    sim_pci_find(DISK)->cfg[4] = 6;
    CHECK_EQ(move(nic, m.a), -EBUSY);
    CHECK_LOG("0000:00:04.0: a guest has programmed it, it shares reserved "
              "memory with another guest's device, and its bus mastering");
    CHECK_EQ(sim_pci_holds(), 0);
    sim_pci_find(DISK)->ro[4] = 0;
    /* The host cannot hold: off, and said. */
    sim_pci_hold_fail(-EOPNOTSUPP);
    CHECK_EQ(move(nic, m.a), 0);
    CHECK(!machine_mastering(DISK));
    CHECK_EQ(move(nic, NULL), 0);
    CHECK_EQ(sim_log_count("its configuration space cannot be held"), 1);
    CHECK_EQ(move(nic, m.a), 0);
    CHECK_LOG("0000:00:04.0: its configuration space cannot be held (-95)");
    CHECK_EQ(sim_log_count("its configuration space cannot be held"), 2);
    CHECK_EQ(move(nic, m.dom0), 0);
    CHECK_EQ(sim_pci_holds(), 0);
    down();
}

/* A device that failed is silent for good. */
TEST(failed_is_held)
{
    up_tainted();
    sim_leaks_allow();
    CHECK_EQ(move(nic, m.b), 0);
    CHECK(sim_pci_held(DISK));
    u->mute = true;
    CHECK_EQ(move(nic, NULL), -EIO);
    CHECK(!dom0_can_wake(NIC));
    sim_work_run();
    CHECK(!dom0_can_wake(NIC));
    CHECK(!dom0_can_wake(DISK));
    CHECK_EQ(sim_pci_holds(), 2);
    down();
    CHECK_EQ(sim_pci_holds(), 0);
}

/* The device alone fails, its unit goes on: the sharer is let go. */
TEST(failed_lets_others_go)
{
    up_tainted();
    sim_leaks_allow();
    CHECK_EQ(move(nic, m.b), 0);
    CHECK(sim_pci_held(DISK));
    host_devices_lock();
    device_cut(m.p, NIC, "as a test");
    host_devices_unlock();
    sim_work_run();
    CHECK_EQ(sim_domain_crashes(COOKIE(2)), 1);
    CHECK(!dom0_can_wake(NIC));
    CHECK(dom0_can_wake(DISK));
    CHECK_EQ(move(nic, NULL), 0);
    CHECK(sim_pci_held(NIC));
    down();
}

/* All is taken down with devices where they are. */
TEST(held_until_the_end)
{
    up_tainted();
    CHECK_EQ(move(nic, m.b), 0);
    CHECK(sim_pci_held(DISK));
    sim_hooks_set(NULL);
    moves_watching = false;
    moat_platform_destroy(m.p);
    m.p = NULL;
    CHECK_EQ(sim_pci_holds(), 0);
    sim_leaks_allow();
    machine_abandon(&m);
}

/* ---- The region named under an id that is no device's own ---- */

#define PHANTOM     (DISK + 4)

static int phantom_region(struct moat_platform *p)
{
    int rc = resv_add(p, RMRR, RMRR_LAST, MOAT_RW, NIC, 0x60);

    return rc ? rc : resv_add(p, RMRR, RMRR_LAST, MOAT_RW, PHANTOM, 0xa0);
}

static int bridge_region(struct moat_platform *p)
{
    int rc = resv_add(p, RMRR, RMRR_LAST, MOAT_RW, NIC, 0x60);

    rc = rc ? rc : resv_add(p, RMRR, RMRR_LAST, MOAT_RW, BRIDGE, 0xa0);
    return rc ? rc : resv_add(p, RMRR, RMRR_LAST, MOAT_RW, PCI_B, 0xc0);
}

TEST(sharer_by_phantom)
{
    struct sim_pci *f;

    machine_pci();
    f = sim_pci_find(DISK);
    sim_pci_set32(f, 0x40 + 4, 1u << 3);    /* one bit: functions 0 and 4 */
    up(phantom_region);
    CHECK_EQ(disk->ids.n, 2);
    CHECK_EQ(move(nic, m.b), -EBUSY);
    CHECK_LOG("with 0000:00:04.0, which belongs to dom0");
    CHECK_EQ(move(disk, m.a), -EBUSY);
    CHECK_EQ(move(nic, NULL), 0);
    CHECK_EQ(move(disk, m.a), 0);
    CHECK_EQ(move(disk, NULL), 0);
    CHECK_EQ(move(nic, m.b), 0);
    CHECK(!dom0_can_wake(DISK));
    CHECK_EQ(move(nic, NULL), 0);
    CHECK(dom0_can_wake(DISK));
    down();
}

/* All of a group reach what one of its members does. */
TEST(sharers_of_a_group)
{
    struct moat_device *pa, *pb;

    up(bridge_region);
    REQUIRE(machine_add(&m, BRIDGE) != NULL);
    REQUIRE((pa = machine_add(&m, PCI_A)) != NULL);
    REQUIRE((pb = machine_add(&m, PCI_B)) != NULL);
    sim_log_clear();
    CHECK_EQ(move(nic, m.b), -EBUSY);
    CHECK_EQ(sim_log_count("0000:00:03.0: not assigned: shares reserved"), 2);
    CHECK_EQ(sim_log_count("with 0000:01:01.0, which belongs to dom0"), 1);
    CHECK_EQ(sim_log_count("with 0000:01:02.0, which belongs to dom0"), 1);
    CHECK_EQ(move(nic, NULL), 0);
    CHECK_EQ(move(pa, NULL), 0);
    CHECK_EQ(move(pb, NULL), 0);
    CHECK_EQ(move(pa, m.a), 0);
    CHECK_EQ(move(pa, NULL), 0);
    CHECK_EQ(move(nic, m.b), 0);
    CHECK(!dom0_can_wake(PCI_A));
    CHECK(dom0_can_wake(PCI_B));
    CHECK_EQ(move(nic, m.dom0), 0);
    CHECK(dom0_can_wake(PCI_A));
    down();
}
