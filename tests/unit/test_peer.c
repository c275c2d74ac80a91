/* SPDX-License-Identifier: GPL-2.0-only */
/* The warning of devices that reach each other past the IOMMU, and what is
 * read of a function for it. */
#include "moves.h"

#define PORT    MOAT_SBDF(0, 0, 28, 0)      /* bus 2 */
#define F0      MOAT_SBDF(0, 2, 0, 0)
#define F1      MOAT_SBDF(0, 2, 0, 1)
#define UP      MOAT_SBDF(0, 0, 29, 0)      /* bus 3: a switch */
#define DOWN_A  MOAT_SBDF(0, 4, 0, 0)
#define DOWN_B  MOAT_SBDF(0, 4, 1, 0)
#define SW_A    MOAT_SBDF(0, 5, 0, 0)
#define SW_B    MOAT_SBDF(0, 6, 0, 0)

static struct moat_device *f0, *f1;

static struct sim_pci *express(moat_sbdf_t dev, unsigned int type)
{
    struct sim_pci *f = sim_pci_find(dev);

    if ( f )
        sim_pci_remove(dev);
    f = sim_pci_add(dev, 0x8086, 0x1000, 0x020000);
    sim_pci_set16(f, 4, 6);
    sim_pci_express(f, type);
    return f;
}

static void bridge(moat_sbdf_t dev, unsigned int type, uint8_t first,
                   uint8_t last)
{
    sim_pci_bridge(express(dev, type), first, last);
    REQUIRE(machine_add(&m, dev) != NULL);
}

/* The capability can all that counts; @on of it is switched on. */
static void acs(moat_sbdf_t dev, uint16_t on)
{
    struct sim_pci *f = sim_pci_find(dev);

    sim_pci_set32(f, 0x100, 0x0001000d);
    sim_pci_set16(f, 0x104, 0x001d);
    sim_pci_set16(f, 0x106, on);
}

static void up_two(int acs0, int acs1)
{
    up(NULL);
    bridge(PORT, 4, 2, 2);
    express(F0, 0);
    express(F1, 0);
    if ( acs0 >= 0 )
        acs(F0, acs0);
    if ( acs1 >= 0 )
        acs(F1, acs1);
    REQUIRE((f0 = machine_add(&m, F0)) != NULL);
    REQUIRE((f1 = machine_add(&m, F1)) != NULL);
    sim_log_clear();
}

static unsigned int warnings(void)
{
    return sim_log_count("past the IOMMU");
}

TEST(peer_functions)
{
    up_two(-1, -1);
    CHECK(!moat_device_same_group(f0, f1));
    CHECK_EQ(move(f0, NULL), 0);
    CHECK_EQ(warnings(), 0);
    CHECK_EQ(move(f0, m.a), 0);
    CHECK_EQ(warnings(), 1);
    CHECK_LOG("0000:02:00.0: d1's, and 0000:02:00.1 (and 0 more) dom0's: "
              "functions of one device without access control (ACS)");
    /* The other one as well, to somebody else, then to the same. */
    CHECK_EQ(move(f1, m.b), 0);
    CHECK_EQ(warnings(), 2);
    CHECK_EQ(move(f1, m.a), 0);
    CHECK_EQ(warnings(), 2);
    CHECK_EQ(move(f1, NULL), 0);
    CHECK_EQ(move(f0, m.dom0), 0);
    CHECK_EQ(warnings(), 2);
    CHECK_EQ(move(f1, m.dom0), 0);
    /* Neither is a peer of what is integrated. */
    CHECK_EQ(move(nic, m.a), 0);
    CHECK_EQ(warnings(), 2);
    down();
}

TEST(peer_functions_with_acs)
{
    up_two(0x1d, 0x1d);
    CHECK_EQ(move(f0, m.a), 0);
    CHECK_EQ(warnings(), 0);
    down();
    /* Only one of them; not all of it. */
    up_two(0x1d, -1);
    CHECK_EQ(move(f0, m.a), 0);
    CHECK_EQ(warnings(), 1);
    down();
    up_two(0x1d, 0x19);
    CHECK_EQ(move(f0, m.a), 0);
    CHECK_EQ(warnings(), 1);
    down();
}

/* The host switches it on when dom0 announces the device; a guest cannot. */
TEST(peer_acs_later)
{
    up_two(0x1d, 0);
    acs(F1, 0x1d);
    host_devices_lock();
    CHECK_EQ(moat_device_reenable(f1), 0);
    host_devices_unlock();
    CHECK_EQ(move(f0, m.a), 0);
    CHECK_EQ(warnings(), 0);
    CHECK_EQ(move(f0, m.dom0), 0);

    CHECK_EQ(move(f1, m.a), 0);
    acs(F1, 0);
    host_devices_lock();
    CHECK_EQ(moat_device_reenable(f1), 0);
    host_devices_unlock();
    CHECK_EQ(move(f0, m.b), 0);
    CHECK_EQ(warnings(), 0);
    down();
}

TEST(peer_switch)
{
    struct moat_device *a, *b;
    int on;

    for ( on = 0; on < 2; on++ )
    {
        up(NULL);
        bridge(UP, 4, 3, 6);
        bridge(MOAT_SBDF(0, 3, 0, 0), 5, 4, 6);
        bridge(DOWN_A, 6, 5, 5);
        express(DOWN_B, 6);
        acs(DOWN_B, 0x1d);
        sim_pci_bridge(sim_pci_find(DOWN_B), 6, 6);
        REQUIRE(machine_add(&m, DOWN_B) != NULL);
        acs(DOWN_A, on ? 0x1d : 0);
        host_devices_lock();
        CHECK_EQ(moat_device_remove(moat_device_find(m.p, DOWN_A)), 0);
        host_devices_unlock();
        REQUIRE(machine_add(&m, DOWN_A) != NULL);
        express(SW_A, 0);
        express(SW_B, 0);
        REQUIRE((a = machine_add(&m, SW_A)) != NULL);
        REQUIRE((b = machine_add(&m, SW_B)) != NULL);
        sim_log_clear();
        CHECK_EQ(move(b, m.b), 0);
        CHECK_EQ(warnings(), on ? 0 : 1);
        if ( !on )
            CHECK_LOG("0000:06:00.0: d2's, and 0000:05:00.0 (and 0 more) "
                      "dom0's: may reach each other past the IOMMU, as the "
                      "switch port 0000:04:00.0 has no");
        CHECK_EQ(move(a, m.b), 0);
        CHECK_EQ(warnings(), on ? 0 : 1);
        down();
    }
}
