/* SPDX-License-Identifier: GPL-2.0-only */
/* What VT-d knows of single devices: XSA-59, wireless ids, ATS. */
#include "vtd_fake.h"

#include "vtd/vtd_unit.h"

#define BASE    ((moat_paddr_t)0xfed90000)
#define PORT    MOAT_SBDF(0, 0, 1, 0)
#define DMIBAR  ((moat_paddr_t)0xfed18000)

static struct vtd_unit v;

static struct sim_pci *intel(moat_sbdf_t dev, uint16_t id)
{
    return sim_pci_add(dev, 0x8086, id, 0x060000);
}

TEST(port_by_aer)
{
    struct sim_pci *f = intel(PORT, 0x3c04);

    sim_pci_set32(f, 0x100, 0x1400001e);        /* something else, first */
    sim_pci_set32(f, 0x140, 0x00010001);
    vtd_device_found(&v.unit, PORT);
    CHECK_EQ(sim_pci_get32(f, 0x148), 1u << 20);
    CHECK_EQ(sim_pci_get32(f, 0x154), 1u << 13);
    CHECK_EQ(sim_pci_get32(f, 0x20c), 1u << 4);
    CHECK_LOG("0000:00:01.0: unsupported requests are not reported");
}

TEST(port_by_vendor_capability)
{
    struct sim_pci *f = intel(PORT, 0x3406);

    sim_pci_set32(f, 0x100, 0x1600000b);        /* not the one */
    sim_pci_set32(f, 0x104, 0x00010005);
    sim_pci_set32(f, 0x160, 0x0000000b);
    sim_pci_set32(f, 0x164, 0x03c10004);
    vtd_device_found(&v.unit, PORT);
    CHECK_EQ(sim_pci_get32(f, 0x16c), 1u << 20);
    CHECK_EQ(sim_pci_get32(f, 0x178), 1u << 13);
}

TEST(port_of_firmware)
{
    struct sim_pci *f = intel(PORT, 0x3c04);

    sim_pci_set32(f, 0x100, 0x00010001);
    sim_firmware_first_set(PORT);
    vtd_device_found(&v.unit, PORT);
    CHECK_EQ(sim_pci_get32(f, 0x108), 0);
    CHECK_EQ(sim_pci_get32(f, 0x114), 0);
    CHECK_EQ(sim_pci_get32(f, 0x20c), 1u << 4);
    CHECK_LOG("0000:00:01.0: firmware handles its errors first");
}

TEST(port_masked_already)
{
    struct sim_pci *f = intel(PORT, 0x3c04);

    sim_pci_set32(f, 0x100, 0x00010001);
    sim_pci_set32(f, 0x108, 1u << 20);
    sim_pci_set32(f, 0x114, 1u << 13);
    sim_firmware_first_set(PORT);
    vtd_device_found(&v.unit, PORT);
    CHECK_EQ(f->writes, 1);
    CHECK_EQ(sim_pci_get32(f, 0x20c), 1u << 4);
}

TEST(port_without)
{
    struct sim_pci *f = intel(PORT, 0x3408);

    sim_pci_set32(f, 0x100, 0x1000000b);        /* points to itself */
    vtd_device_found(&v.unit, PORT);
    CHECK_LOG("no error registers");
    CHECK_EQ(f->writes, 0);
}

TEST(hub_signalling)
{
    struct sim_pci *f = intel(PORT, 0x342e);

    vtd_device_found(&v.unit, PORT);
    CHECK_EQ(sim_pci_get32(f, 0x1ac), 1u << 31);
}

static uint8_t dmi[4096];

static uint64_t dmi_read(void *ctx, unsigned int off, unsigned int bytes)
{
    uint64_t val = 0;

    (void)ctx;
    memcpy(&val, dmi + off, bytes);
    return val;
}

static void dmi_write(void *ctx, unsigned int off, unsigned int bytes,
                      uint64_t val)
{
    (void)ctx;
    memcpy(dmi + off, &val, bytes);
}

TEST(client_by_dmibar)
{
    static struct sim_mmio m = { .pa = DMIBAR, .size = 4096,
                                 .read = dmi_read, .write = dmi_write };
    struct sim_pci *f = intel(0, 0x0104);
    uint32_t val;

    memset(dmi, 0, sizeof(dmi));
    sim_mmio_add(&m);
    vtd_device_found(&v.unit, 0);               /* BAR off */
    CHECK_LOG("cannot reach DMIBAR");
    sim_pci_set32(f, 0x68, (uint32_t)DMIBAR | 1);
    vtd_device_found(&v.unit, 0);
    memcpy(&val, dmi + 0x1c8, 4);
    CHECK_EQ(val, 1u << 20);
    /* Never into ordinary RAM. */
    memset(dmi, 0, sizeof(dmi));
    sim_ram_add(DMIBAR, DMIBAR + 0xfff);
    vtd_device_found(&v.unit, 0);
    CHECK_EQ(dmi[0x1ca], 0);
    CHECK_EQ(sim_mmio_maps(), 0);
}

TEST(others_untouched)
{
    struct sim_pci *f = intel(PORT, 0x100e);
    struct sim_pci *g = sim_pci_add(0, 0x1022, 0x3c04, 0x060000);

    vtd_device_found(&v.unit, PORT);
    vtd_device_found(&v.unit, 0);
    CHECK_EQ(f->writes + g->writes, 0);
}

TEST(wireless_alias)
{
    uint16_t alias = 0;

    intel(0, 0x0104);
    intel(0x300, 0x0085);
    intel(0x400, 0x100e);
    CHECK_EQ(vtd_rid_alias(&v.unit, 0x300, &alias), -ENOENT);
    intel(MOAT_SBDF(0, 0, 22, 0), 0x1c3a);
    CHECK_EQ(vtd_rid_alias(&v.unit, 0x300, &alias), 0);
    CHECK_EQ(alias, 0x00b7);
    CHECK_EQ(vtd_rid_alias(&v.unit, 0x400, &alias), -ENOENT);
}

/* ATSR names the root port at 00:01.0; buses 2 to 3 are below it. */
TEST(ats_by_root_port)
{
    static struct vtd_fake *f;
    static struct dmar_build d;
    struct moat_platform *p;
    struct moat_unit *u;
    uint8_t *r;

    sim_pci_bridge(intel(PORT, 0x1111), 2, 3);
    sim_pci_express(intel(MOAT_SBDF(0, 0, 2, 0), 0x2222), 9);
    sim_pci_express(intel(MOAT_SBDF(0, 3, 0, 0), 0x3333), 0);
    sim_pci_express(intel(MOAT_SBDF(0, 4, 0, 0), 0x4444), 0);
    f = fake_unit_at(BASE, FAKE_CAP, FAKE_ECAP);
    dmar_begin(&d, 1);
    dmar_drhd(&d, BASE, true, 0xff);
    r = dmar_put(&d, 2, 16);
    dmar_scope(r + 8, 2, 8);
    dmar_end(&d);
    REQUIRE(!moat_platform_create(&fake_opts, &p));
    u = moat_unit_get(p, 0);
    CHECK(vtd_devtlb_allowed(u, MOAT_SBDF(0, 3, 0, 0)));
    CHECK(!vtd_devtlb_allowed(u, MOAT_SBDF(0, 4, 0, 0)));
    CHECK(vtd_devtlb_allowed(u, MOAT_SBDF(0, 0, 2, 0)));
    CHECK(!vtd_devtlb_allowed(u, MOAT_SBDF(0, 0, 3, 0)));
    moat_platform_destroy(p);

    r[4] = 1;                                   /* ALL_PORTS */
    dmar_end(&d);
    REQUIRE(!moat_platform_create(&fake_opts, &p));
    CHECK(vtd_devtlb_allowed(moat_unit_get(p, 0), MOAT_SBDF(0, 4, 0, 0)));
    moat_platform_destroy(p);
    free(f);
}
