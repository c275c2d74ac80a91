/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices change hands: every move, groups, shared regions. */
#include "moves.h"

/* ---- Every move ---- */

TEST(move_everywhere)
{
    struct moat_counts before;
    unsigned int i;

    up(two_regions);
    before = counts();
    for ( i = 0; i < 20; i++ )
    {
        check_behind(NIC, m.dom0);
        CHECK_EQ(move(nic, NULL), 0);
        check_behind(NIC, NULL);
        CHECK(!moat_device_owner(nic));
        check_no_maps(m.dom0, RMRR);
        CHECK_EQ(move(nic, m.a), 0);
        check_behind(NIC, m.a);
        CHECK_EQ(move(nic, m.b), 0);
        check_behind(NIC, m.b);
        check_no_maps(m.a, RMRR);
        CHECK_EQ(move(nic, NULL), 0);
        check_behind(NIC, NULL);
        CHECK_EQ(move(nic, m.dom0), 0);
        check_no_maps(m.b, RMRR);
        CHECK_EQ(move(nic, m.a), 0);
        check_behind(NIC, m.a);
        CHECK(moat_domain_has_devices(m.a));
        CHECK_EQ(move(nic, m.dom0), 0);
        CHECK(!moat_domain_has_devices(m.a));
        check_behind(NIC, m.dom0);
        check_counts(&before);
        check_behind(DISK, m.dom0);
    }
    CHECK(moves_judged > 1000);
    down();
}

TEST(move_scratch)
{
    struct moat_options o;
    uint64_t pa;

    fake_options(&o);
    o.quarantine = MOAT_QUARANTINE_SCRATCH;
    up_opts(two_regions, &o);
    CHECK_EQ(move(nic, NULL), 0);
    pa = reach(NIC, PROBE);
    CHECK(pa && pa != PROBE && pa != PA(1));
    CHECK_EQ(reach(NIC, 0xfeeddead000ull & ~0xfffull), pa);
    CHECK_EQ(move(disk, NULL), 0);
    CHECK(reach(DISK, PROBE) != pa);
    CHECK_EQ(move(nic, m.a), 0);
    check_behind(NIC, m.a);
    CHECK_EQ(move(nic, m.dom0), 0);
    CHECK_EQ(move(disk, m.dom0), 0);
    down();
}

TEST(move_two_devices_one_guest)
{
    struct moat_counts before;

    up(two_regions);
    before = counts();
    CHECK_EQ(move(nic, m.a), 0);
    CHECK_EQ(move(disk, m.a), 0);
    check_behind(NIC, m.a);
    check_behind(DISK, m.a);
    CHECK_EQ(move(nic, m.dom0), 0);
    check_no_maps(m.a, RMRR);
    CHECK_EQ(reach(DISK, 0x7e000000), 0x7e000000);
    check_behind(DISK, m.a);
    CHECK_EQ(move(disk, m.dom0), 0);
    check_counts(&before);
    down();
}

/* The host's own maps in dom0, and the regions: neither tears the other. */
TEST(move_dom0_maps_kept)
{
    up(two_regions);
    REQUIRE(!machine_map(m.dom0, RMRR - 0x2000, RMRR - 0x2000, 0x8000));
    CHECK_EQ(move(nic, m.a), 0);
    CHECK_EQ(reach(DISK, RMRR), RMRR);
    CHECK_EQ(move(nic, m.dom0), 0);
    REQUIRE(!machine_unmap(m.dom0, RMRR - 0x2000, 0x8000));
    check_no_maps(m.dom0, RMRR - 0x1000);
    CHECK_EQ(reach(NIC, RMRR), RMRR);
    CHECK_EQ(move(nic, m.a), 0);
    check_no_maps(m.dom0, RMRR);
    CHECK_EQ(move(nic, m.dom0), 0);
    down();
}

/* A guest that has something else where the region must go. */
TEST(move_region_in_use)
{
    struct moat_counts before;

    up(two_regions);
    REQUIRE(!machine_map(m.a, RMRR + 0x1000, PA(1), 0x1000));
    before = counts();
    CHECK_EQ(move(nic, m.a), -EINVAL);
    CHECK_LOG("is in use for 0x100000000: cannot be installed");
    CHECK(moat_device_owner(nic) == m.dom0);
    CHECK(!moat_domain_has_devices(m.a));
    check_behind(NIC, m.dom0);
    CHECK_EQ(move(nic, NULL), 0);
    CHECK_EQ(move(nic, m.a), -EINVAL);
    check_behind(NIC, NULL);
    CHECK_EQ(move(nic, m.b), 0);
    CHECK_EQ(move(nic, m.dom0), 0);
    check_counts(&before);
    down();
}

/* ---- Who may not ---- */

TEST(refusals)
{
    struct moat_device_info info = { .dev = GFX, .hidden = true };
    struct moat_device *gfx, *bridge, *dev;

    up(two_regions);
    host_devices_lock();
    CHECK_EQ(moat_device_add(m.p, &info, m.dom0, &gfx), 0);
    CHECK_EQ(moat_device_add(m.p, &info, m.dom0, &dev), -EEXIST);
    host_devices_unlock();
    check_behind(GFX, m.dom0);
    CHECK_EQ(move(gfx, m.a), -EPERM);
    CHECK_EQ(move(gfx, NULL), -EPERM);
    CHECK_LOG("used by the hypervisor itself");
    check_behind(GFX, m.dom0);
    REQUIRE((bridge = machine_add(&m, BRIDGE)) != NULL);
    CHECK_EQ(move(bridge, m.a), -EPERM);
    CHECK_EQ(move(bridge, NULL), 0);
    CHECK_EQ(move(bridge, m.dom0), 0);
    CHECK_EQ(move(nic, m.dom0), 0);
    CHECK(moat_device_find(m.p, NIC) == nic);
    CHECK(!moat_device_find(m.p, MOAT_SBDF(1, 0, 3, 0)));
    down();
}

TEST(remove_blocks)
{
    struct moat_counts before;
    moat_sbdf_t dev = NIC;

    up(two_regions);
    before = counts();
    CHECK_EQ(move(nic, m.a), 0);
    moves_watching = false;           /* blocked at the end, regions included */
    host_devices_lock();
    CHECK_EQ(moat_device_remove(nic), 0);
    host_devices_unlock();
    CHECK_EQ(reach(dev, PROBE), 0);
    CHECK_EQ(reach(dev, RMRR), 0);
    CHECK(!moat_domain_has_devices(m.a));
    check_no_maps(m.a, RMRR);
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    check_behind(NIC, m.dom0);
    CHECK_EQ(reach(NIC, RMRR), RMRR);
    check_counts(&before);
    down();
}

/* ---- Groups: two functions behind a PCIe-to-PCI bridge ---- */

static struct moat_device *pa, *pb;

static void up_group(void)
{
    up(NULL);
    REQUIRE(machine_add(&m, BRIDGE) != NULL);
    REQUIRE((pa = machine_add(&m, PCI_A)) != NULL);
    REQUIRE((pb = machine_add(&m, PCI_B)) != NULL);
    CHECK(moat_device_same_group(pa, pb));
    CHECK_EQ(moat_device_group(pa), moat_device_group(pb));
    CHECK(!moat_device_same_group(pa, nic));
    CHECK(moat_device_group(pa) != moat_device_group(nic));
}

/* All ids of the group together. */
static void check_group(const struct moat_domain *d)
{
    check_behind(PCI_A, d);
    check_behind(PCI_B, d);
    check_behind(BRIDGE, d);
    check_behind(MOAT_SBDF(0, 1, 0, 0), d);
}

TEST(group_moves_together)
{
    struct moat_counts before;

    up_group();
    before = counts();
    check_group(m.dom0);
    /* Pending: dom0 still has the other. */
    CHECK_EQ(move(pa, NULL), 0);
    CHECK(!moat_device_owner(pa));
    check_group(m.dom0);
    CHECK_EQ(move(pa, m.a), -EBUSY);
    CHECK_LOG("0000:01:01.0: not assigned: cannot be told apart by the IOMMU "
              "from 0000:01:02.0, which belongs to dom0");
    CHECK_EQ(move(pb, NULL), 0);
    check_group(NULL);
    CHECK_EQ(move(pa, m.a), 0);
    check_group(m.a);
    CHECK_EQ(move(pb, m.b), -EBUSY);
    CHECK_EQ(move(pb, m.dom0), -EBUSY);
    check_group(m.a);
    CHECK_EQ(move(pb, m.a), 0);
    check_group(m.a);
    /* Behind the guest's tables until the last leaves. */
    CHECK_EQ(move(pa, NULL), 0);
    check_group(m.a);
    CHECK(moat_domain_has_devices(m.a));
    CHECK_EQ(move(pa, m.b), -EBUSY);
    CHECK_EQ(move(pb, NULL), 0);
    check_group(NULL);
    CHECK(!moat_domain_has_devices(m.a));
    CHECK_EQ(move(pa, m.dom0), 0);
    check_group(m.dom0);
    CHECK_EQ(move(pb, m.dom0), 0);
    check_group(m.dom0);
    check_counts(&before);
    down();
}

TEST(group_remove_member)
{
    up_group();
    CHECK_EQ(move(pa, NULL), 0);
    check_group(m.dom0);
    /* The one that dom0 still had goes: the rest is due for quarantine. */
    host_devices_lock();
    CHECK_EQ(moat_device_remove(pb), 0);
    host_devices_unlock();
    check_behind(PCI_A, NULL);
    check_behind(BRIDGE, NULL);
    CHECK_EQ(reach(PCI_B, PROBE), 0);
    CHECK_EQ(move(pa, m.b), 0);
    check_behind(PCI_A, m.b);
    /* Plugged in while its neighbour is with a guest: blocked. */
    REQUIRE((pb = machine_add(&m, PCI_B)) != NULL);
    CHECK_LOG("blocked until it is added again");
    CHECK_EQ(reach(PCI_B, PROBE), 0);
    CHECK_EQ(move(pb, m.b), -EPERM);
    CHECK_EQ(move(pa, m.dom0), 0);
    down();
}

/* ---- Shared regions ---- */

TEST(shared_region_one_guest_at_a_time)
{
    up(shared_region);
    CHECK_EQ(move(nic, m.a), -EBUSY);
    CHECK_LOG("0000:00:03.0: not assigned: shares reserved memory with "
              "0000:00:04.0, which belongs to dom0: 0x7f000000-0x7f003fff");
    CHECK_LOG("0000:00:03.0: give all of these to the same domain, or");
    CHECK_LOG("0000:00:03.0: dom0 -> d1 failed when asked who uses the same "
              "reserved memory: in use (-16): stays with dom0");
    check_behind(NIC, m.dom0);
    CHECK_EQ(move(disk, NULL), 0);
    CHECK_EQ(move(nic, m.a), 0);
    CHECK_EQ(move(disk, m.b), -EBUSY);
    CHECK_LOG("which belongs to d1");
    CHECK(machine_mastering(DISK));     /* no guest has had it */
    CHECK_EQ(move(disk, m.a), 0);
    CHECK_EQ(move(disk, NULL), 0);
    CHECK_EQ(move(nic, NULL), 0);
    /* Now a guest has had it: it stays silent while another has the NIC. */
    machine_master_on(DISK);
    CHECK_EQ(move(nic, m.b), 0);
    CHECK(!machine_mastering(DISK));
    CHECK(machine_mastering(NIC));
    CHECK_EQ(move(nic, m.dom0), 0);
    host_devices_lock();
    CHECK_EQ(moat_device_move(disk, m.dom0, 0), 0);
    CHECK_EQ(moat_device_move(nic, m.a, MOAT_MOVE_RELAXED), 0);
    CHECK_EQ(moat_device_move(disk, m.b, 0), -EBUSY);
    CHECK_EQ(moat_device_move(disk, m.b, MOAT_MOVE_RELAXED), 0);
    CHECK_EQ(reach(DISK, RMRR), RMRR);
    CHECK_EQ(moat_device_move(disk, NULL, MOAT_MOVE_RELAXED), 0);
    host_devices_unlock();
    CHECK_EQ(reach(DISK, RMRR), RMRR);
    CHECK_EQ(move(nic, m.dom0), 0);
    down();
}
