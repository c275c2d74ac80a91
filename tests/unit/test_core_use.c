/* SPDX-License-Identifier: GPL-2.0-only */
/* Domains of all kinds, scopes, faults, dumps, power. */
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

static int move(struct moat_device *dev, struct moat_domain *to)
{
    int rc;

    host_devices_lock();
    rc = moat_device_move(dev, to, 0);
    host_devices_unlock();
    return rc;
}

/* ---- Domains of other kinds ---- */

TEST(passthrough_domain)
{
    struct moat_device *nic;
    struct moat_flush f;
    uint64_t pa;

    two_units();
    REQUIRE(!machine_create(&m, NULL));
    CHECK_EQ(moat_domain_set_kind(m.dom0, MOAT_DOMAIN_PASSTHROUGH), 0);
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    CHECK_EQ(moat_domain_set_kind(m.dom0, MOAT_DOMAIN_OWN), -EBUSY);
    REQUIRE(!machine_enable(&m));
    CHECK_EQ(fake_dma(u, MOAT_SBDF_RID(NIC), 0x123000, 3, &pa), 0);
    CHECK_EQ(pa, 0x123000);
    moat_flush_begin(&f);
    CHECK_EQ(moat_map(m.dom0, 0, 0, 0x1000, 3, &f), -EOPNOTSUPP);
    CHECK_EQ(move(nic, m.a), 0);
    CHECK_EQ(fake_dma(u, MOAT_SBDF_RID(NIC), 0x123000, 3, &pa), -EFAULT);
    CHECK_EQ(move(nic, m.dom0), 0);
    CHECK_EQ(fake_dma(u, MOAT_SBDF_RID(NIC), 0x123000, 3, &pa), 0);
    machine_destroy(&m);
}

TEST(shared_domain)
{
    struct moat_device *nic;

    two_units();
    u->unit.caps.levels = 3u << 3;
    REQUIRE(!machine_create(&m, NULL));
    CHECK(moat_platform_caps(m.p)->ept_compatible);
    CHECK_EQ(moat_platform_caps(m.p)->ept_levels, 1u << 4);
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    REQUIRE(!machine_enable(&m));
    CHECK_EQ(moat_domain_set_shared_root(m.a, 0x5000, 4), -EINVAL);
    CHECK_EQ(moat_domain_set_kind(m.a, MOAT_DOMAIN_SHARED), 0);
    CHECK_EQ(move(nic, m.a), -EINVAL);
    CHECK_EQ(moat_domain_set_shared_root(m.a, 0x5000, 3), -EOPNOTSUPP);
    CHECK_EQ(moat_domain_set_shared_root(m.a, 0x5000, 4), 0);
    CHECK_EQ(move(nic, m.a), 0);
    CHECK_EQ(u->mem[MOAT_SBDF_RID(NIC)].root, 0x5000);
    CHECK_EQ(moat_domain_set_shared_root(m.a, 0x6000, 4), -EBUSY);
    u->submits = 0;
    moat_flush_range(m.a, 0, 0xfff, false, true);
    CHECK_EQ(u->submits, 1);
    CHECK_EQ(move(nic, m.dom0), 0);
    machine_destroy(&m);
}

static void destroy_with_device(void *arg)
{
    (void)arg;
    moat_domain_destroy(m.a);
}

TEST(domain_with_devices_is_not_destroyed)
{
    struct moat_device *nic;

    two_units();
    REQUIRE(!machine_create(&m, NULL));
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    REQUIRE(!machine_enable(&m));
    CHECK_EQ(move(nic, m.a), 0);
    CHECK_EQ(moat_domain_free_tables(m.a), -EBUSY);
    CHECK_BUG("has devices", destroy_with_device, NULL);
    CHECK_EQ(move(nic, m.dom0), 0);
    machine_destroy(&m);
}

/* ---- Scopes ---- */

static int subtree_scope(struct moat_platform *p)
{
    static const uint8_t bridge[2] = { 30, 0 };
    static const uint8_t below[4] = { 30, 0, 2, 0 };
    static const uint8_t gone[4] = { 29, 0, 1, 0 };
    struct dmar_scope s = {
        .type = DMAR_SCOPE_BRIDGE, .path = bridge, .depth = 1,
    };
    moat_sbdf_t dev;
    int rc = unit_add_scope(&v->unit, &s);

    (void)p;
    s.type = DMAR_SCOPE_ENDPOINT;
    s.path = below;
    s.depth = 2;
    CHECK_EQ(scope_resolve(0, &s, &dev), 0);
    CHECK_EQ(dev, PCI_B);
    s.path = gone;
    CHECK_EQ(scope_resolve(0, &s, &dev), -ENODEV);
    CHECK_EQ(unit_add_scope(&v->unit, &s), -ENODEV);
    s.depth = 0;
    CHECK_EQ(scope_resolve(0, &s, &dev), -EINVAL);
    s.type = DMAR_SCOPE_ACPI + 1;
    CHECK_EQ(unit_add_scope(&v->unit, &s), 0);
    return rc;
}

TEST(scopes)
{
    struct sim_pci *bridge;

    two_units();
    fake_scan_more = subtree_scope;
    REQUIRE(!machine_create(&m, NULL));
    CHECK(unit_find(m.p, NIC) == &u->unit);
    CHECK(unit_find(m.p, BRIDGE) == &v->unit);
    CHECK(unit_find(m.p, PCI_A) == &v->unit);
    CHECK(unit_find(m.p, MOAT_SBDF(0, 2, 0, 0)) == &u->unit);
    CHECK(!unit_find(m.p, MOAT_SBDF(1, 0, 3, 0)));
    /* dom0 renumbered the buses below. */
    bridge = sim_pci_find(BRIDGE);
    bridge->cfg[0x19] = 2;
    bridge->cfg[0x1a] = 3;
    CHECK(unit_find(m.p, MOAT_SBDF(0, 2, 0, 0)) == &v->unit);
    CHECK(unit_find(m.p, PCI_A) == &u->unit);
    machine_destroy(&m);
}

#define HIDDEN_I2C  MOAT_SBDF(0, 0, 21, 3)

static int acpi_scope(struct moat_platform *p)
{
    static const uint8_t path[2] = { 21, 3 };
    struct dmar_scope s = {
        .type = DMAR_SCOPE_ACPI, .path = path, .depth = 1,
    };

    (void)p;
    return unit_add_scope(&v->unit, &s);
}

/*
 * A device that only ACPI knows (ANDD) does DMA for dom0, is never handed
 * out, and gives way to the PCI function it may turn into.
 */
TEST(acpi_device)
{
    struct moat_device *dev;
    uint64_t pa;

    two_units();
    fake_scan_more = acpi_scope;
    REQUIRE(!machine_create(&m, NULL));
    REQUIRE(machine_add(&m, NIC) != NULL);
    CHECK_EQ(machine_map(m.dom0, 0x5000, 0x5000, 0x1000), 0);
    REQUIRE(!machine_enable(&m));
    CHECK_EQ(fake_dma(v, MOAT_SBDF_RID(HIDDEN_I2C), 0x5000, MOAT_WRITE, &pa),
             0);
    CHECK_EQ(fake_dma(v, MOAT_SBDF_RID(HIDDEN_I2C), 0x6000, MOAT_WRITE, &pa),
             -EFAULT);
    dev = moat_device_find(m.p, HIDDEN_I2C);
    REQUIRE(dev != NULL);
    CHECK_EQ(move(dev, m.a), -EPERM);
    CHECK(!machine_add(&m, NIC));

    sim_pci_add(HIDDEN_I2C, 0x8086, 0x9d61, 0x118000);
    dev = machine_add(&m, HIDDEN_I2C);
    REQUIRE(dev != NULL);
    CHECK_EQ(fake_dma(v, MOAT_SBDF_RID(HIDDEN_I2C), 0x5000, MOAT_WRITE, &pa),
             0);
    CHECK_EQ(move(dev, m.a), 0);
    CHECK_EQ(move(dev, m.dom0), 0);
    machine_destroy(&m);
}

/* A known wrong requester id (F5): both are kept together. */
TEST(known_alias)
{
    struct moat_device *sata;
    struct sim_pci *f;
    uint64_t pa;

    two_units();
    f = sim_pci_add(MOAT_SBDF(0, 0, 7, 0), 0x1b4b, 0x9230, 0x010601);
    sim_pci_express(f, 0);
    REQUIRE(!machine_create(&m, NULL));
    REQUIRE((sata = machine_add(&m, MOAT_SBDF(0, 0, 7, 0))) != NULL);
    REQUIRE(!machine_map(m.dom0, 0x5000, 0x5000, 0x1000));
    REQUIRE(!machine_enable(&m));
    CHECK_EQ(fake_dma(u, 0x0039, 0x5000, 3, &pa), 0);
    CHECK_EQ(move(sata, m.a), 0);
    CHECK_EQ(fake_dma(u, 0x0039, 0x5000, 3, &pa), -EFAULT);
    machine_destroy(&m);
}

static void check_aliases(uint16_t vendor, uint16_t device, uint32_t sub,
                          moat_sbdf_t at, unsigned int n,
                          const moat_sbdf_t *want)
{
    struct sim_pci *f = sim_pci_add(at, vendor, device, 0x010601);
    struct moat_device *dev;
    unsigned int i;

    sim_pci_set32(f, 0x2c, sub);
    REQUIRE((dev = machine_add(&m, at)) != NULL);
    CHECK_EQ(dev->ids.n, n + 1);
    for ( i = 0; i < n; i++ )
        CHECK_EQ(dev->ids.ids[i + 1].id, want[i]);
    host_devices_lock();
    CHECK_EQ(moat_device_remove(dev), 0);
    host_devices_unlock();
    sim_pci_remove(at);
}

TEST(known_aliases_all)
{
    static const uint16_t fn1[][2] = {
        { 0x1b4b, 0x9120 }, { 0x1b4b, 0x9123 }, { 0x1b4b, 0x9125 },
        { 0x1b4b, 0x9128 }, { 0x1b4b, 0x9130 }, { 0x1b4b, 0x9143 },
        { 0x1b4b, 0x9170 }, { 0x1b4b, 0x9172 }, { 0x1b4b, 0x917a },
        { 0x1b4b, 0x9182 }, { 0x1b4b, 0x9183 }, { 0x1b4b, 0x91a0 },
        { 0x1b4b, 0x9215 }, { 0x1b4b, 0x9220 }, { 0x1b4b, 0x9230 },
        { 0x1b4b, 0x9235 }, { 0x1103, 0x0642 }, { 0x1103, 0x0645 },
        { 0x1c28, 0x0122 }, { 0x197b, 0x2392 } };
    moat_sbdf_t at = MOAT_SBDF(0, 5, 7, 0), f1 = at | 1;
    const moat_sbdf_t own = MOAT_SBDF(0, 5, 1, 0);
    const moat_sbdf_t phi[3] = { MOAT_SBDF(0, 5, 16, 0),
        MOAT_SBDF(0, 5, 17, 0), MOAT_SBDF(0, 5, 18, 3) };
    unsigned int i;

    two_units();
    REQUIRE(!machine_create(&m, NULL));
    for ( i = 0; i < ARRAY_SIZE(fn1); i++ )
    {
        check_aliases(fn1[i][0], fn1[i][1], 0x12345678, at, 1, &f1);
        check_aliases(fn1[i][0], fn1[i][1], 0, f1, 0, NULL);
        check_aliases(fn1[i][0], (uint16_t)(fn1[i][1] + 0x1000), 0, at, 0,
                      NULL);
    }
    check_aliases(0x1180, 0xe476, 0, f1, 1, &at);
    check_aliases(0x1180, 0xe832, 0, f1, 1, &at);
    check_aliases(0x1180, 0xe832, 0, at, 0, NULL);
    check_aliases(0x6766, 0x3d40, 0, f1, 1, &at);
    check_aliases(0x6766, 0x3d41, 0, f1, 1, &at);
    check_aliases(0x9005, 0x0285, 0x02bb9005, at, 1, &own);
    check_aliases(0x9005, 0x0285, 0x02bc9005, at, 0, NULL);
    check_aliases(0x8086, 0x2260, 0, at, 3, phi);
    check_aliases(0x8086, 0x2264, 0, at, 3, phi);
    machine_destroy(&m);
}

/* A conventional bridge on the root bus that is known for both ids. */
TEST(known_bridge)
{
    moat_sbdf_t at = MOAT_SBDF(0, 0, 29, 0), below = MOAT_SBDF(0, 6, 2, 0);
    struct moat_device *dev;
    unsigned int known;

    two_units();
    REQUIRE(!machine_create(&m, NULL));
    for ( known = 0; known < 2; known++ )
    {
        sim_pci_bridge(sim_pci_add(at, 0x8086, known ? 0x244e : 0x244f,
                                   0x060401), 6, 6);
        sim_pci_add(below, 0x8086, 0x1000, 0x020000);
        REQUIRE((dev = machine_add(&m, at)) != NULL);
        REQUIRE((dev = machine_add(&m, below)) != NULL);
        CHECK_EQ(dev->ids.n, known ? 3 : 2);
        CHECK_EQ(dev->ids.ids[1].id, at);
        if ( known )
            CHECK_EQ(dev->ids.ids[2].id, MOAT_SBDF(0, 6, 0, 0));
        CHECK_EQ(dev->ids.msi_sid, MOAT_SBDF_RID(at));
        host_devices_lock();
        CHECK_EQ(moat_device_remove(dev), 0);
        CHECK_EQ(moat_device_remove(moat_device_find(m.p, at)), 0);
        host_devices_unlock();
        sim_pci_remove(at);
        sim_pci_remove(below);
    }
    machine_destroy(&m);
}

/* ---- Faults ---- */

static void fault_up(void)
{
    two_units();
    REQUIRE(!machine_create(&m, NULL));
    REQUIRE(machine_add(&m, NIC) != NULL);
    REQUIRE(machine_add(&m, GFX) != NULL);
    REQUIRE(machine_add(&m, BRIDGE) != NULL);
    REQUIRE(machine_add(&m, PCI_A) != NULL);
    REQUIRE(machine_add(&m, PCI_B) != NULL);
    REQUIRE(!machine_enable(&m));
}

TEST(fault_messages)
{
    struct moat_device *nic;

    machine_pci();
    u = fake_add();
    REQUIRE(!machine_create(&m, NULL));
    REQUIRE(!resv_add(m.p, 0x7f000000, 0x7f000fff, MOAT_READ, NIC, 0));
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    REQUIRE(!machine_enable(&m));
    fake_fault(u, NIC, MOAT_ACCESS_READ, 0xdeadb000, "no such page");
    moat_unit_irq(&u->unit);
    CHECK_EQ(sim_work_run(), 1);
    CHECK_LOG("fault: 0000:00:03.0 (dom0) read 0x00000000deadb000 blocked: "
              "no such page");
    REQUIRE(!move(nic, m.a));
    fake_fault(u, NIC, MOAT_ACCESS_WRITE, 0x7f000000, "not writable");
    moat_faults_poll(m.p);
    CHECK_LOG("fault: 0000:00:03.0 (d1) write 0x000000007f000000 blocked: "
              "not writable, in reserved region 0x7f000000-0x7f000fff");
    REQUIRE(!move(nic, NULL));
    fake_fault(u, NIC, MOAT_ACCESS_WRITE, 0x1000, "w");
    fake_fault(u, MOAT_SBDF(0, 0, 9, 0), MOAT_ACCESS_TRANSLATE, 0x1000, "w");
    fake_fault(u, NIC, MOAT_ACCESS_INTERRUPT, 5, "w");
    moat_faults_poll(m.p);
    CHECK_LOG("0000:00:03.0 (quarantine) write 0x0000000000001000 blocked");
    CHECK_LOG("0000:00:09.0 (no owner) translation of 0x");
    CHECK_LOG("0000:00:03.0 (quarantine) interrupt 0x0000000000000005");
    CHECK_EQ(nic->faults.total, 4);
    machine_destroy(&m);
}

TEST(fault_of_absent_function)
{
    fault_up();
    fake_fault(u, MOAT_SBDF(0, 0, 3, 1), MOAT_ACCESS_WRITE, 0x1000, "w");
    moat_faults_poll(m.p);
    CHECK_LOG("0000:00:03.1 is not there, but 0000:00:03.0 is: if it uses "
              "that id, pci-phantom=0000:00:03,1 lets it");
    machine_destroy(&m);
}

/* The option has to cover just the id that was seen. */
TEST(fault_phantom_stride)
{
    static const struct { unsigned int fn, other, stride; } t[] = {
        { 1, 0, 1 }, { 2, 0, 2 }, { 3, 0, 1 }, { 4, 0, 4 }, { 5, 0, 1 },
        { 6, 0, 2 }, { 7, 0, 1 }, { 5, 1, 4 }, { 3, 1, 2 }, { 7, 3, 4 } };
    char want[64];
    moat_sbdf_t slot = MOAT_SBDF(0, 0, 9, 0);
    struct moat_device *other;
    unsigned int i;

    fault_up();
    for ( i = 0; i < ARRAY_SIZE(t); i++ )
    {
        sim_pci_add(slot | t[i].other, 0x8086, 0x1000, 0x020000);
        REQUIRE((other = machine_add(&m, slot | t[i].other)) != NULL);
        sim_log_clear();
        fake_fault(u, slot | t[i].fn, MOAT_ACCESS_WRITE, 0x1000, "w");
        moat_faults_poll(m.p);
        snprintf(want, sizeof(want), "pci-phantom=0000:00:09,%u lets",
                 t[i].stride);
        CHECK_LOG(want);
        host_devices_lock();
        CHECK_EQ(moat_device_remove(other), 0);
        host_devices_unlock();
        sim_pci_remove(slot | t[i].other);
    }
    /* A function that could not be the one. */
    sim_pci_add(slot | 2, 0x8086, 0x1000, 0x020000);
    REQUIRE((other = machine_add(&m, slot | 2)) != NULL);
    sim_log_clear();
    fake_fault(u, slot | 5, MOAT_ACCESS_WRITE, 0x1000, "w");
    moat_faults_poll(m.p);
    CHECK_EQ(sim_log_count("pci-phantom"), 0);
    machine_destroy(&m);
    sim_pci_remove(slot | 2);
}

/* XSA-5: a storm ends with the device's bus mastering. */
TEST(fault_storm)
{
    unsigned int i, n = 0;

    fault_up();
    sim_clock_virtual(1000);
    for ( i = 0; i < 20; i++ )
        fake_fault(u, NIC, MOAT_ACCESS_WRITE, 0x1000, "w");
    moat_faults_poll(m.p);
    CHECK(machine_mastering(NIC));
    sim_clock_advance(2000000000);
    for ( i = 0; i < 20; i++ )
        fake_fault(u, NIC, MOAT_ACCESS_WRITE, 0x1000, "w");
    moat_faults_poll(m.p);
    CHECK(machine_mastering(NIC));
    for ( i = 0; i < 20; i++ )
        fake_fault(u, NIC, MOAT_ACCESS_WRITE, 0x1000, "w");
    moat_faults_poll(m.p);
    CHECK(!machine_mastering(NIC));
    CHECK(machine_mastering(GFX));
    CHECK_LOG("32 faults within a second: its bus mastering was switched");
    /* One pass is bounded; the rest comes later. */
    while ( u->n_faults < 64 )
        fake_fault(u, GFX, MOAT_ACCESS_READ, 0x1000, "w");
    moat_unit_irq(&u->unit);
    while ( sim_work_run() )
        n++;
    CHECK_EQ(u->n_faults, 0);
    CHECK(n >= 2);
    CHECK_LOG("try iommu=no-igfx");
    CHECK_EQ(sim_log_count("no-igfx"), 1);
    machine_destroy(&m);
}

/* The bridge's id is anybody's behind it: all are counted, all are cut. */
TEST(fault_of_a_group)
{
    unsigned int i;

    fault_up();
    sim_clock_virtual(1000);
    for ( i = 0; i < 32; i++ )
        fake_fault(u, MOAT_SBDF(0, 1, 0, 0), MOAT_ACCESS_WRITE, 0, "w");
    moat_faults_poll(m.p);
    CHECK_LOG("fault: 0000:01:00.0 (dom0) write");
    CHECK_EQ(moat_device_find(m.p, PCI_A)->faults.total, 32);
    CHECK_EQ(moat_device_find(m.p, PCI_B)->faults.total, 32);
    CHECK(!machine_mastering(PCI_A));
    CHECK(!machine_mastering(PCI_B));
    CHECK(machine_mastering(NIC));
    machine_destroy(&m);
}

/* ---- For people; power ---- */

TEST(dumps)
{
    struct moat_counts c;

    fault_up();
    REQUIRE(!machine_map(m.a, 0x200000, 0x600000, 0x3000));
    REQUIRE(!machine_map(m.a, 0x203000, 0x603000, 0x1000));
    REQUIRE(!moat_platform_enable_intremap(m.p, false));
    sim_log_clear();
    moat_dump_units(m.p);
    CHECK_LOG("unit 0: domain ids 254 free of 255, table pages 5, interrupt "
              "entries 0 in use of 256");
    CHECK_LOG("fake unit 1");
    moat_unit_counts(&u->unit, &c);
    CHECK_EQ(c.free_ids, 254);
    CHECK_EQ(c.table_pages, 5);
    moat_dump_domain(m.a);
    CHECK_LOG("0x200000-0x203fff -> 0x600000 rw");
    host_devices_lock();
    moat_dump_devices(m.p);
    host_devices_unlock();
    CHECK_LOG("0000:01:01.0 dom0, group");
    CHECK_LOG("also as 0000:01:00.0");
    CHECK(moat_unit_get(m.p, 1) == &v->unit);
    CHECK(!moat_unit_get(m.p, 2));
    machine_destroy(&m);
}

TEST(power)
{
    fault_up();
    CHECK_EQ(moat_platform_suspend(m.p), 0);
    CHECK_EQ(moat_platform_resume(m.p), 0);
    v->suspend_rc = -EIO;
    CHECK_EQ(moat_platform_suspend(m.p), -EIO);
    CHECK(u->unit.state == UNIT_DMA);
    CHECK(machine_mastering(NIC));
    v->suspend_rc = 0;
    CHECK_EQ(moat_platform_suspend(m.p), 0);
    u->resume_rc = -ETIMEDOUT;
    sim_leaks_allow();
    CHECK_EQ(moat_platform_resume(m.p), -ETIMEDOUT);
    CHECK(u->unit.state == UNIT_DEAD);
    CHECK(!machine_mastering(NIC));
    moat_platform_crash(m.p);
    CHECK(!v->dma);
    machine_destroy(&m);
}
