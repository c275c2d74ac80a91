/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XSA-337: what a device's configuration space says after a guest had it is
 * worth nothing. From then on everything but the command register and the
 * switch of the device's own TLB reads as noise, and those two are the only
 * ones asked for; every path is taken, and nothing is different.
 */
#include "moves.h"

#define COMMAND     0x04
#define ATS         0x100

static bool lying;
static unsigned long asked, wrote;
static struct test_rng rng;

static uint32_t hostile_read(void *ctx, moat_sbdf_t dev, unsigned int reg,
                             unsigned int bytes)
{
    const struct sim_pci *f = sim_pci_find(dev);
    uint32_t v = 0;

    (void)ctx;
    if ( !f )
        return ~(uint32_t)0;
    if ( lying && dev == NIC && reg != COMMAND && reg != ATS + 6 )
    {
        test_fail(__FILE__, __LINE__, "asks for %#x", reg);
        return (uint32_t)test_rand(&rng);
    }
    asked += lying;
    while ( bytes-- )
        v = v << 8 | f->cfg[reg + bytes];
    /* All but the bit that was written comes back changed. */
    if ( lying && dev == NIC )
        v ^= (uint32_t)test_rand(&rng) & (reg == COMMAND ? 0xf8f8 : 0x3fe0);
    return v;
}

static void hostile_write(void *ctx, moat_sbdf_t dev, unsigned int reg,
                          unsigned int bytes, uint32_t v)
{
    struct sim_pci *f = sim_pci_find(dev);

    (void)ctx;
    if ( lying && dev == NIC && (bytes != 2 ||
                                 (reg != COMMAND && reg != ATS + 6)) )
        test_fail(__FILE__, __LINE__, "writes to %#x", reg);
    wrote += lying;
    for ( ; f && bytes--; v >>= 8 )
        f->cfg[reg++] = (uint8_t)v;
}

static void up_hostile(void)
{
    static const struct sim_backend liar = {
        .pci_read = hostile_read, .pci_write = hostile_write };
    struct moat_options o;
    struct sim_pci *f;

    lying = false;
    asked = wrote = 0;
    rng = (struct test_rng){ 0x337 };
    machine_pci();
    f = sim_pci_find(NIC);
    sim_pci_set32(f, ATS, 0x0001000f);
    sim_pci_set16(f, ATS + 4, 8);
    fake_options(&o);
    o.ats = true;
    sim_backend_set(&liar);
    up_opts(shared_region, &o);
    CHECK(nic->ats_on);
    CHECK_EQ(nic->ats_pos, ATS);
    CHECK_EQ(nic->ats_depth, 8);
}

static void down_hostile(void)
{
    down();
    sim_pci_set32(sim_pci_find(NIC), ATS, 0);
}

TEST(hostile_everywhere)
{
    struct moat_counts before;
    unsigned int i;

    up_hostile();
    before = counts();
    CHECK_EQ(move(nic, NULL), 0);
    CHECK_EQ(move(disk, NULL), 0);
    CHECK_EQ(move(nic, m.a), 0);
    lying = true;
    for ( i = 0; i < 20; i++ )
    {
        check_behind(NIC, m.a);
        CHECK_EQ(move(nic, NULL), 0);
        check_behind(NIC, NULL);
        /* Silent while the other guest has the disk: by its own word. */
        CHECK_EQ(move(disk, m.b), 0);
        CHECK(!machine_mastering(NIC));
        CHECK_EQ(move(disk, NULL), 0);
        machine_master_on(NIC);
        CHECK_EQ(move(nic, m.b), 0);
        check_behind(NIC, m.b);
        host_devices_lock();
        CHECK_EQ(moat_device_reenable(nic), 0);
        CHECK_EQ(moat_device_group(nic), (int)nic->group->number);
        moat_dump_devices(m.p);
        host_devices_unlock();
        fake_fault(u, NIC, MOAT_ACCESS_WRITE, 0x1000, "w");
        moat_faults_poll(m.p);
        CHECK_EQ(move(nic, m.dom0), 0);
        check_behind(NIC, m.dom0);
        CHECK_EQ(move(nic, m.a), 0);
        /* A neighbour comes and goes, the units sleep and wake. */
        CHECK_EQ(moat_platform_suspend(m.p), 0);
        CHECK_EQ(moat_platform_resume(m.p), 0);
        REQUIRE(machine_add(&m, BRIDGE) != NULL);
        REQUIRE(machine_add(&m, PCI_A) != NULL);
        host_devices_lock();
        CHECK_EQ(moat_device_remove(moat_device_find(m.p, PCI_A)), 0);
        CHECK_EQ(moat_device_remove(moat_device_find(m.p, BRIDGE)), 0);
        host_devices_unlock();
    }
    CHECK(asked > 100 && wrote > 100);
    CHECK_EQ(nic->ats_pos, ATS);
    CHECK_EQ(move(nic, m.dom0), 0);
    CHECK_EQ(move(disk, m.dom0), 0);
    check_counts(&before);
    down_hostile();
}

/* Its own TLB does not answer, its unit dies: cut off, believed or not. */
TEST(hostile_failures)
{
    up_hostile();
    sim_leaks_allow();
    CHECK_EQ(move(disk, NULL), 0);
    CHECK_EQ(move(nic, m.a), 0);
    lying = true;
    u->mute_devtlb = true;
    CHECK_EQ(move(nic, NULL), -EIO);
    CHECK(!machine_mastering(NIC));
    CHECK(!(sim_pci_get16(sim_pci_find(NIC), ATS + 6) & 0x8000));
    CHECK(sim_pci_held(NIC));
    sim_work_run();
    CHECK_EQ(sim_device_failures(NIC), 1);
    down_hostile();
}
