/* SPDX-License-Identifier: GPL-2.0-only */
/* Bring-up of units, interrupt remapping; the geometry of tables. */
#include "fake_unit.h"

static struct machine m;
static struct fake_unit *u, *v;

static void two_units(void)
{
    machine_pci();
    u = fake_add();
    v = fake_add();
    v->unit.include_all = false;
}

static int disk_scope(struct moat_platform *p)
{
    static const uint8_t path[2] = { 4, 0 };
    struct dmar_scope s = {
        .type = DMAR_SCOPE_ENDPOINT, .path = path, .depth = 1,
    };

    (void)p;
    return unit_add_scope(&v->unit, &s);
}

static int move(struct moat_device *dev, struct moat_domain *to)
{
    int rc;

    host_devices_lock();
    rc = moat_device_move(dev, to, 0);
    host_devices_unlock();
    return rc;
}

/* ---- Bring-up ---- */

TEST(no_table)
{
    struct moat_options o;
    struct moat_platform *p;

    fake_options(&o);
    CHECK_EQ(moat_platform_create(&o, &p), -ENODEV);
    CHECK_LOG("firmware has no table");
}

TEST(no_usable_unit)
{
    u = fake_add();
    u->unit.state = UNIT_DEAD;
    CHECK_EQ(machine_create(&m, NULL), -ENODEV);
    CHECK_LOG("no usable unit");
    CHECK_EQ(u->released, 1);
    machine_destroy(&m);
}

TEST(same_registers_twice)
{
    u = fake_add();
    v = fake_add();
    v->unit.reg_pa = u->unit.reg_pa;
    CHECK_EQ(machine_create(&m, NULL), -EEXIST);
    machine_destroy(&m);
}

/* Each allocation of bring-up fails once: all is given back, or goes on. */
TEST(bringup_without_memory)
{
    unsigned long n;
    int rc;

    for ( n = 1; n < 200; n++ )
    {
        two_units();
        fake_scan_more = disk_scope;
        sim_fail_nth(n);
        rc = machine_create(&m, NULL);
        if ( !rc )
            rc = moat_platform_enable_intremap(m.p, false);
        if ( !rc )
            rc = machine_add(&m, NIC) ? 0 : -ENOMEM;
        if ( !rc )
            rc = machine_add(&m, DISK) ? 0 : -ENOMEM;
        if ( !rc )
            rc = machine_enable(&m);
        machine_destroy(&m);
        CHECK_EQ(sim_leaks(), 0);
        if ( !sim_fail_fired() )
            break;
        CHECK(rc == -ENOMEM || rc == 0);
    }
    sim_fail_nth(0);
    CHECK_EQ(rc, 0);
    CHECK(n > 20 && n < 200);
}

/* F11: a unit that is lost takes its devices along, and nothing else. */
static void check_one_lost(struct fake_unit *lost)
{
    struct moat_device *nic, *disk;

    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    REQUIRE((disk = machine_add(&m, DISK)) != NULL);
    REQUIRE(!machine_enable(&m));
    CHECK(lost->unit.state == UNIT_DEAD);
    CHECK_EQ(move(nic, m.a), 0);
    host_devices_lock();
    CHECK_EQ(moat_device_quarantine_prepare(disk), -ENODEV);
    host_devices_unlock();
    CHECK_LOG("0000:00:04.0: not assignable: unit 1 is not in use");
    CHECK_EQ(move(disk, m.a), -ENODEV);
    CHECK(moat_device_owner(disk) == m.dom0);
    CHECK(machine_mastering(DISK));
    CHECK(!host_test_bit(lost->unit.index, m.dom0->published));
    CHECK(!m.dom0->tainted);
    REQUIRE(!machine_map(m.dom0, 0x1000, 0x1000, 0x1000));
    REQUIRE(!machine_unmap(m.dom0, 0x1000, 0x1000));
    CHECK_EQ(move(nic, m.dom0), 0);
    machine_destroy(&m);
}

TEST(unit_dead_when_found)
{
    two_units();
    fake_scan_more = disk_scope;
    v->unit.state = UNIT_DEAD;
    v->unit.caps.levels = 0;
    REQUIRE(!machine_create(&m, NULL));
    check_one_lost(v);
}

TEST(unit_fails_setup)
{
    two_units();
    fake_scan_more = disk_scope;
    v->setup_rc = -EIO;
    REQUIRE(!machine_create(&m, NULL));
    CHECK_LOG("unit 1 at 0xfed91000: cannot be set up (-5)");
    check_one_lost(v);
}

TEST(unit_fails_enable)
{
    two_units();
    fake_scan_more = disk_scope;
    v->enable_rc = -ETIMEDOUT;
    REQUIRE(!machine_create(&m, NULL));
    REQUIRE(!resv_add(m.p, 0x7e000000, 0x7e000fff, MOAT_RW, DISK, 0));
    check_one_lost(v);
    CHECK_LOG("unit 1 at 0xfed91000: translation does not start");
}

TEST(no_unit_enables)
{
    two_units();
    u->enable_rc = v->enable_rc = -EIO;
    REQUIRE(!machine_create(&m, NULL));
    REQUIRE(machine_add(&m, NIC) != NULL);
    CHECK_EQ(machine_enable(&m), -EIO);
    machine_destroy(&m);
}

TEST(all_units_fail_setup)
{
    two_units();
    u->setup_rc = v->setup_rc = -ENOMEM;
    CHECK_EQ(machine_create(&m, NULL), -ENOMEM);
    machine_destroy(&m);
}

/* iommu=no-igfx */
TEST(ignored_unit)
{
    struct moat_device *disk;

    two_units();
    fake_scan_more = disk_scope;
    v->unit.ignored = true;
    REQUIRE(!machine_create(&m, NULL));
    REQUIRE((disk = machine_add(&m, DISK)) != NULL);
    REQUIRE(!machine_enable(&m));
    CHECK(!v->dma);
    CHECK_EQ(move(disk, m.a), -ENODEV);
    CHECK_LOG("unit 1 was left off by an option");
    CHECK_EQ(move(disk, NULL), -ENODEV);
    machine_destroy(&m);
}

/* A device nobody covers: registered, and refused. */
TEST(uncovered_device)
{
    struct moat_device *nic;

    two_units();
    u->unit.include_all = false;
    REQUIRE(!machine_create(&m, NULL));
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    REQUIRE(!machine_enable(&m));
    CHECK_EQ(move(nic, m.a), -ENODEV);
    CHECK_EQ(move(nic, NULL), -ENODEV);
    CHECK_LOG("0000:00:03.0: not assignable: in no unit's scope");
    machine_destroy(&m);
}

/* Devices first, units later: entries are made before translation. */
TEST(devices_before_setup)
{
    struct moat_device *nic;
    uint64_t pa;

    two_units();
    v->unit.include_all = false;
    sim_fail_nth(0);
    REQUIRE(!machine_create(&m, NULL));
    u->unit.state = UNIT_QUEUE;
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    CHECK_EQ(u->swaps, 0);
    u->unit.state = UNIT_READY;
    REQUIRE(!machine_map(m.dom0, 0x5000, 0x5000, 0x1000));
    REQUIRE(!machine_enable(&m));
    CHECK_EQ(fake_dma(u, MOAT_SBDF_RID(NIC), 0x5000, MOAT_RW, &pa), 0);
    CHECK_EQ(move(nic, m.a), 0);
    machine_destroy(&m);
}

/* ---- Interrupt remapping: all or nothing ---- */

TEST(intremap_undone)
{
    struct moat_options o;

    two_units();
    fake_options(&o);
    sim_acpi_set("FAKE", "FAKE", 36);
    REQUIRE(!moat_platform_create(&o, &m.p));
    CHECK(moat_platform_x2apic_capable(m.p));
    v->intremap_rc = -EIO;
    CHECK_EQ(moat_platform_enable_intremap(m.p, true), -EIO);
    CHECK(!u->ir && !v->ir && !u->queue && !v->queue);
    CHECK(!moat_platform_intremap_enabled(m.p));
    CHECK(u->unit.state == UNIT_OFF && v->unit.state == UNIT_OFF);
    v->intremap_rc = 0;
    v->queue_rc = -ETIMEDOUT;
    CHECK_EQ(moat_platform_enable_intremap(m.p, true), -ETIMEDOUT);
    CHECK(!u->ir && !u->queue);
    v->queue_rc = 0;
    v->unit.caps.x2apic = false;
    CHECK(!moat_platform_x2apic_capable(m.p));
    CHECK_EQ(moat_platform_enable_intremap(m.p, true), -EOPNOTSUPP);
    CHECK_LOG("cannot remap interrupts to 32-bit APIC ids");
    CHECK_EQ(moat_platform_enable_intremap(m.p, false), 0);
    CHECK(u->ir && v->ir);
    /* Another mode that a unit cannot: the old one stays. */
    CHECK_EQ(moat_platform_enable_intremap(m.p, true), -EOPNOTSUPP);
    CHECK(u->ir && v->ir);
    v->unit.caps.x2apic = true;
    v->intremap_rc = -EIO;
    CHECK_EQ(moat_platform_enable_intremap(m.p, true), -EIO);
    CHECK(!u->ir && !v->ir);
    CHECK_LOG("could not be restored");
    v->intremap_rc = 0;
    CHECK_EQ(moat_platform_enable_intremap(m.p, true), 0);
    CHECK_EQ(moat_platform_enable_intremap(m.p, true), 0);
    moat_platform_disable_intremap(m.p);
    CHECK(!u->ir && !v->ir);
    moat_platform_destroy(m.p);
    m.p = NULL;
    machine_abandon(&m);
}

/* ---- Geometry ---- */

static const struct
{
    unsigned int levels[2], bits[2], leaves[2];
    unsigned int want, iova, root[2];
    bool m2;
} shapes[] = {
    { { 1u << 4, 1u << 4 }, { 48, 48 }, { 0xe, 0xe }, 4, 48, { 4, 4 }, true },
    { { 1u << 3, 1u << 4 }, { 39, 48 }, { 0xe, 6 }, 4, 39, { 3, 4 }, true },
    { { 3u << 3, 1u << 3 }, { 48, 48 }, { 0xe, 2 }, 4, 39, { 4, 3 }, false },
    { { 3u << 3, 1u << 3 }, { 39, 39 }, { 0xe, 6 }, 3, 39, { 3, 3 }, true },
    { { 7u << 3, 1u << 4 }, { 57, 48 }, { 0xe, 6 }, 5, 48, { 5, 4 }, true },
    { { 1u << 5, 1u << 3 }, { 57, 39 }, { 6, 6 }, 5, 39, { 5, 3 }, true },
};

/* XSA-390: each unit gets a root of a depth it walks, on every path. */
TEST(geometry)
{
    struct moat_device *nic, *disk;
    const struct moat_caps *c;
    struct moat_options o;
    unsigned int i;
    uint64_t pa;

    fake_options(&o);
    for ( i = 0; i < 2 * ARRAY_SIZE(shapes); i++ )
    {
        const unsigned int s = i / 2;

        o.quarantine = i % 2 ? MOAT_QUARANTINE_SCRATCH
                             : MOAT_QUARANTINE_BASIC;
        two_units();
        fake_scan_more = disk_scope;
        u->unit.caps.levels = shapes[s].levels[0];
        v->unit.caps.levels = shapes[s].levels[1];
        u->unit.caps.iova_bits = shapes[s].bits[0];
        v->unit.caps.iova_bits = shapes[s].bits[1];
        u->unit.caps.leaf_levels = shapes[s].leaves[0];
        v->unit.caps.leaf_levels = shapes[s].leaves[1];
        v->unit.caps.snoop = false;
        REQUIRE(!machine_create(&m, &o));
        c = moat_platform_caps(m.p);
        CHECK_EQ(c->levels, shapes[s].want);
        CHECK_EQ(c->iova_bits, shapes[s].iova);
        CHECK_EQ(c->superpage_2m, shapes[s].m2);
        CHECK(!c->snoop_control);
        REQUIRE(!machine_map(m.a, 0x200000, 0x200000, 0x1000));
        REQUIRE((nic = machine_add(&m, NIC)) != NULL);
        REQUIRE((disk = machine_add(&m, DISK)) != NULL);
        REQUIRE(!machine_enable(&m));
        CHECK_EQ(move(nic, m.a), 0);
        CHECK_EQ(move(disk, m.a), 0);
        CHECK_EQ(u->mem[MOAT_SBDF_RID(NIC)].levels, shapes[s].root[0]);
        CHECK_EQ(v->mem[MOAT_SBDF_RID(DISK)].levels, shapes[s].root[1]);
        CHECK_EQ(fake_dma(u, MOAT_SBDF_RID(NIC), 0x200000, 3, &pa), 0);
        CHECK_EQ(fake_dma(v, MOAT_SBDF_RID(DISK), 0x200000, 3, &pa), 0);
        CHECK_EQ(fake_dma(v, MOAT_SBDF_RID(DISK), 0x201000, 3, &pa),
                 -EFAULT);
        CHECK_EQ(move(disk, NULL), 0);
        CHECK_EQ(fake_dma(v, MOAT_SBDF_RID(DISK), 0x200000, 3, &pa),
                 i % 2 ? 0 : -EFAULT);
        CHECK_EQ(move(nic, m.dom0), 0);
        CHECK_EQ(move(disk, m.dom0), 0);
        machine_destroy(&m);
    }
}

TEST(no_superpages_by_option)
{
    struct moat_options o;

    fake_options(&o);
    o.superpages = false;
    two_units();
    REQUIRE(!machine_create(&m, &o));
    CHECK(!moat_platform_caps(m.p)->superpage_2m);
    REQUIRE(!machine_map(m.a, 0x200000, 0x200000, 0x200000));
    CHECK_EQ(moat_domain_table_pages(m.a), 4);
    machine_destroy(&m);
}
