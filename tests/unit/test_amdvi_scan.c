/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From an IVRS to units and regions: what good tables give and what bad ones
 * cost, the field cases F1, F2, F3, F8 and F12 among them (tables:
 * tests/data/ivrs.py).
 */
#include "amdvi_world.h"

struct region { moat_paddr_t first, last; unsigned int prot; moat_sbdf_t dev; };
static struct region regions[64];
static unsigned int n_regions;

static int take_region(void *arg, moat_paddr_t first, moat_paddr_t last,
                       unsigned int prot, moat_sbdf_t dev)
{
    struct region r = { first, last, prot, dev };

    (void)arg;
    REQUIRE(n_regions < ARRAY_SIZE(regions));
    regions[n_regions++] = r;
    return 0;
}

static unsigned int read_regions(void)
{
    n_regions = 0;
    CHECK_EQ(moat_resv_walk(P, take_region, NULL), 0);
    return n_regions;
}

static bool has_region(moat_paddr_t first, moat_paddr_t last,
                       unsigned int prot, moat_sbdf_t dev)
{
    unsigned int i;

    for ( i = 0; i < n_regions; i++ )
        if ( regions[i].first == first && regions[i].last == last &&
             regions[i].prot == prot && regions[i].dev == dev )
            return true;
    return false;
}

TEST(scan_good)
{
    const struct moat_caps *c;
    struct amdvi_unit *a;
    uint16_t alias = 0;

    world_hardware(EFR_NEW);
    REQUIRE(!world_scan("scan-good", NULL));
    CHECK(!moat_unit_get(P, 1));
    a = world_unit(0);
    CHECK_EQ(a->unit.reg_pa, BASE1);
    CHECK_EQ(a->unit.segment, 0);
    CHECK_EQ(a->dev, UNIT1);
    CHECK_EQ(a->cap_pos, 0x40);
    CHECK(a->msi_pos);
    CHECK_EQ(a->max_id, 0xffff);
    CHECK_EQ(a->efr, EFR_NEW);
    /* The scan touches nothing. */
    CHECK_EQ(asim_reg(U1, 0x18), 0);
    CHECK_EQ(a->unit.caps.levels, 0x7e);
    CHECK(a->unit.caps.x2apic && a->unit.caps.devtlb);
    c = moat_platform_caps(P);
    CHECK_EQ(c->levels, 4);
    CHECK_EQ(c->iova_bits, 48);
    CHECK(c->coherent && c->snoop_control && !c->ept_compatible);
    CHECK(c->superpage_2m && c->superpage_1g);
    CHECK(moat_platform_x2apic_capable(P));

    CHECK(unit_find(P, NIC) == &a->unit);
    CHECK(unit_find(P, LEGACY) == &a->unit);
    CHECK(unit_find(P, MOAT_SBDF(0, 0, 0, 3)) == NULL);     /* F8 */
    CHECK(unit_find(P, UNIT1) == NULL);
    CHECK(unit_find(P, MOAT_SBDF(1, 0, 4, 0)) == NULL);
    CHECK_EQ(amdvi_rid_alias(&a->unit, MOAT_SBDF_RID(LEGACY), &alias), 0);
    CHECK_EQ(alias, 0xa5);
    CHECK_EQ(amdvi_rid_alias(&a->unit, MOAT_SBDF_RID(NIC), &alias),
             -ENOENT);
    CHECK_EQ(amdvi_settings(a, MOAT_SBDF_RID(SB)), 0xd7);
    CHECK_EQ(amdvi_settings(a, MOAT_SBDF_RID(NIC)), 0);
    CHECK(moat_intr_ioapic_known(P, 2) && moat_intr_ioapic_known(P, 3));
    CHECK(!moat_intr_ioapic_known(P, 4));
    CHECK_STR(platform_denied(P, UNIT1), "it is an IOMMU");
    world_end();
}

/* 40h before 11h before 10h; of equals the first; never twice. */
TEST(scan_richest)
{
    world_hardware(EFR_NEW);
    REQUIRE(!world_scan("scan-richest", NULL));
    CHECK(!moat_unit_get(P, 1));
    CHECK(unit_find(P, NIC));
    CHECK_EQ(sim_log_count("again: this block is not used"), 1);
    /* What unit and image both say; of 6 levels and 6 levels, 6. */
    CHECK_EQ(world_unit(0)->efr & ~EFR_NEW, 0);
    world_end();
}

/* An empty range is ignored with a message: the IOMMU works. */
TEST(scan_f1)
{
    world_hardware(EFR_NEW);
    REQUIRE(!world_scan("scan-f1", NULL));
    CHECK_LOG("a memory range must not be empty (0): this memory range is "
              "not used");
    CHECK_LOG("IVRS offset 0x8c: ");
    CHECK_EQ(read_regions(), 0);
    CHECK(!platform_denied(P, NIC));
    world_end();
}

/* No entry for the southbridge's IO-APIC: DMA remapping yes, interrupts no. */
TEST(scan_f2)
{
    world_hardware(EFR_NEW);
    REQUIRE(!world_scan("scan-f2", NULL));
    CHECK_LOG("interrupts are not remapped; ivrs_ioapic[ID]=00:14.0");
    CHECK(!moat_platform_x2apic_capable(P));
    CHECK_EQ(moat_platform_enable_intremap(P, false), -EOPNOTSUPP);
    CHECK_EQ(moat_platform_setup(P), 0);
    CHECK_EQ(world_enable(), 0);
    world_end();
}

/* The same, told by the administrator where it is. */
TEST(scan_f2_option)
{
    struct moat_options o = world_options();
    struct moat_extra_source hpet = { .hpet = true, .id = 1, .dev = SB };
    struct moat_extra_source io = { .id = 0x82, .dev = SB, .next = &hpet };

    o.sources = &io;
    world_hardware(EFR_NEW);
    REQUIRE(!world_scan("scan-f2", &o));
    CHECK_LOG("the command line says 0x82 at 0000:00:14.0");
    CHECK(moat_intr_ioapic_known(P, 0x82));
    CHECK_EQ(moat_platform_enable_intremap(P, false), 0);
    world_end();
}

TEST(scan_f2_conflict)
{
    world_hardware(EFR_NEW);
    REQUIRE(!world_scan("scan-f2-conflict", NULL));
    CHECK_LOG("IO-APIC 0x2 is at 0000:00:14.0 and at 0000:00:02.1: "
              "interrupts are not remapped: ivrs_ioapic[0x2]=... says which");
    CHECK_EQ(moat_platform_enable_intremap(P, false), -EOPNOTSUPP);
    world_end();
}

/* Ranges for devices that do not exist or that nobody serves: said once. */
TEST(scan_f3)
{
    world_hardware(EFR_NEW);
    REQUIRE(!world_scan("scan-f3", NULL));
    read_regions();
    CHECK(has_region(0xa0000000, 0xa0000fff, MOAT_RW, NIC));
    CHECK(has_region(0xa0000000, 0xa0000fff, MOAT_RW, DISK));
    CHECK(has_region(0xa0000000, 0xa0000fff, MOAT_RW, SB));
    /* Exact rights: 05h is unity and write. */
    CHECK(has_region(0xc0000000, 0xc0001fff, MOAT_WRITE, NIC));
    CHECK_EQ(n_regions, 6);
    CHECK_EQ(sim_log_count("IVRS offset"), 4);
    CHECK_LOG("used for 3 devices, 3 are behind no unit");
    CHECK_LOG("for ids 0x4000 to 0x4000: used for 0 devices, 1 are");
    world_end();
}

/* D3: bit 1 is read, bit 2 write. Overlaps of other rights are refused. */
TEST(scan_rights)
{
    world_hardware(EFR_NEW);
    REQUIRE(!world_scan("scan-rights", NULL));
    CHECK_EQ(read_regions(), 1);
    CHECK(has_region(0xa0000000, 0xa0000fff, MOAT_READ, NIC));
    CHECK(!platform_denied(P, NIC));
    CHECK(platform_denied(P, DISK));
    CHECK_LOG("overlaps another region of other rights");
    world_end();
}

TEST(scan_region_in_ram)
{
    world_hardware(EFR_NEW);
    sim_ram_add(0xa0000000, 0xa0000fff);
    REQUIRE(!world_scan("scan-rights", NULL));
    CHECK_EQ(read_regions(), 0);
    CHECK_LOG("lies in ordinary RAM");
    CHECK(platform_denied(P, NIC));
    world_end();
}

/* A real machine's flaw: both units claim ff00h and up. */
TEST(scan_two_claim)
{
    world_hardware(EFR_NEW);
    REQUIRE(!world_scan("scan-two", NULL));
    CHECK(moat_unit_get(P, 1));
    CHECK(unit_find(P, NIC) == &world_unit(0)->unit);
    CHECK(unit_find(P, FAR) == &world_unit(1)->unit);
    CHECK_LOG("units 0 and 1 both claim ids 0xff00 to 0xfffe of segment 0: "
              "the 1 devices there cannot be assigned");
    CHECK_STR(platform_denied(P, LEGACY), "two IOMMUs claim it");
    CHECK(!platform_denied(P, FAR));
    world_end();
}

/* Registers that are not there: that unit is lost, the other one works. */
TEST(scan_dead_unit)
{
    world_hardware(EFR_NEW);
    REQUIRE(!world_scan("scan-dead", NULL));
    CHECK_LOG("nothing answers there (all registers read ones)");
    CHECK_EQ(world_unit(1)->unit.state, UNIT_DEAD);
    CHECK(unit_find(P, FAR) == &world_unit(1)->unit);
    CHECK_EQ(moat_platform_enable_intremap(P, false), 0);
    CHECK_EQ(moat_platform_setup(P), 0);
    CHECK_EQ(world_enable(), 0);
    world_end();
}

TEST(scan_alias_elsewhere)
{
    uint16_t alias;

    world_hardware(EFR_NEW);
    REQUIRE(!world_scan("scan-alias-elsewhere", NULL));
    CHECK_LOG("the alias 0x4010 of ids 0x300 to 0x300 belongs to unit 1: "
              "alias not used");
    CHECK_EQ(amdvi_rid_alias(&world_unit(0)->unit, 0x300, &alias), -ENOENT);
    world_end();
}

/* An extended entry's word on device TLBs. */
TEST(scan_no_ats)
{
    struct hw_entry none = { .kind = HW_ENTRY_NONE };
    struct hw_entry e = { .kind = HW_ENTRY_PASSTHROUGH, .did = 3,
                          .devtlb = true };
    struct moat_unit *u;
    uint64_t w[4];

    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-no-ats", NULL, false, false));
    u = &world_unit(0)->unit;
    CHECK(u->ops->devtlb_allowed(u, NIC));
    CHECK(!u->ops->devtlb_allowed(u, DISK));
    REQUIRE(!world_enable());
    CHECK_EQ(u->ops->entry_swap(u, 0x20, &none, &e), 0);
    CHECK_EQ(u->ops->entry_swap(u, 0x28, &none, &e), 0);
    REQUIRE(asim_dte(U1, 0x20, w));
    CHECK_EQ(w[1], 0x100000003);
    REQUIRE(asim_dte(U1, 0x28, w));
    CHECK_EQ(w[1], 3);
    world_end();
}

/*
 * A range without an end: who was in it is not known. Nobody is blocked for
 * that, and nobody handed out who is not named.
 */
TEST(scan_no_end)
{
    struct moat_device *nic, *disk;
    uint64_t out;

    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-no-end", NULL, true, false));
    CHECK_LOG("a range of devices must have an end (0x20): this device entry "
              "is not used");
    nic = world_add(NIC);
    disk = world_add(DISK);
    REQUIRE(nic && disk && !world_enable());
    REQUIRE(!world_map(DOM0, 0x200000, 0x200000, 0x1000));
    CHECK(!asim_dma(U1, MOAT_SBDF_RID(NIC), 0x200000, true, &out));
    CHECK_STR(nic->denied, "its unit's record of it cannot be read");
    CHECK_EQ(world_move(nic, NULL), -EPERM);
    CHECK(!disk->denied);
    CHECK_EQ(world_move(disk, NULL), 0);
    world_end();
}

/* A richer block whose list breaks off is worth less than one that is whole. */
TEST(scan_cut_list)
{
    world_hardware(EFR_NEW);
    REQUIRE(!world_scan("scan-cut-list", NULL));
    CHECK(!moat_unit_get(P, 1));
    CHECK_LOG("IVRS offset 0x30: IVHD 10h: unit 0");
    CHECK(!world_unit(0)->rest_unknown);
    world_end();
}

/* Blocks that cannot be told apart: the layer is off, with the offset. */
TEST(scan_f12)
{
    world_hardware(EFR_NEW);
    CHECK_EQ(world_scan("f12-zero", NULL), -EINVAL);
    CHECK_LOG("IVRS offset 0x5a: a block's length must be at least 4 (0): "
              "the table cannot be used");
    CHECK_EQ(world_scan("block-past-end", NULL), -EINVAL);
    CHECK_EQ(world_scan("f12-ivhd-zero", NULL), -EINVAL);
    CHECK_EQ(world_scan("empty", NULL), -ENODEV);
    CHECK_LOG("no usable unit");
    CHECK_EQ(world_scan("signature", NULL), -EINVAL);
    CHECK_EQ(asim_reg(U1, 0x18), 0);
    world_end();
}

/* Doubts do not cost the IOMMU. */
TEST(scan_doubts)
{
    world_hardware(EFR_NEW);
    /* Its unit is at an address where nothing is: dead, so none is left. */
    CHECK_EQ(world_scan("checksum", NULL), -ENODEV);
    CHECK_LOG("the table's bytes must add up to zero");
    CHECK_LOG("no usable unit at 0xfd200000");
    world_end();
}

/* The function hidden, or without the capability: the unit works. */
TEST(scan_hidden_function)
{
    world_hardware(EFR_NEW);
    sim_pci_remove(UNIT1);
    REQUIRE(!world_scan("scan-good", NULL));
    CHECK_LOG("no function 0000:00:00.2 in configuration space");
    CHECK_EQ(world_unit(0)->efr, 0);
    CHECK_EQ(world_unit(0)->cap, 0);
    CHECK(!world_unit(0)->unit.caps.devtlb);
    CHECK_EQ(moat_platform_setup(P), 0);
    CHECK_EQ(world_enable(), 0);
    world_end();
}

/* Where firmware says there is a capability, and there can be none. */
TEST(scan_capability_elsewhere)
{
    static const uint16_t wrong[] =
        { 0, 0x3c, 0x41, 0x42, 0x44, 0xfc, 0xff, 0x100, 0x1000, 0xffff };
    struct moat_options o = world_options();
    unsigned int i;

    world_hardware(EFR_NEW);
    for ( i = 0; i < ARRAY_SIZE(wrong); i++ )
    {
        size_t len;
        uint8_t *t = ivrs_case("scan-good", &len);

        t[48 + 6] = (uint8_t)wrong[i];
        t[48 + 7] = wrong[i] >> 8;
        sim_acpi_set("IVRS", t, len);
        P = NULL;
        REQUIRE(!moat_platform_create(&o, &P));
        CHECK_EQ(world_unit(0)->cap_pos, 0x40);
        world_down();
        free(t);
    }
    world_end();
}

/* SP5100, SATA in combined mode: no interrupt remapping. */
TEST(scan_erratum_28)
{
    struct sim_pci *sb;

    world_hardware(EFR_NEW);
    sim_pci_remove(SB);
    sb = sim_pci_add(SB, 0x1002, 0x4385, 0x0c0500);
    sb->cfg[0xad] = 0x08;
    REQUIRE(!world_scan("scan-good", NULL));
    CHECK_LOG("SP5100 erratum 28");
    CHECK_EQ(moat_platform_enable_intremap(P, false), -EOPNOTSUPP);
    world_end();
}

/* No memory anywhere in the scan: an error or less, never a leak. */
TEST(scan_no_memory)
{
    unsigned long n;
    int rc = -1;

    world_hardware(EFR_NEW);
    for ( n = 1; n < 200; n++ )
    {
        sim_fail_nth(n);
        rc = world_scan("scan-f3", NULL);
        if ( !sim_fail_fired() )
            break;
        if ( !rc )
            moat_platform_destroy(P);
        P = NULL;
        sim_fail_nth(0);
        CHECK_EQ(sim_leaks(), 0);
        CHECK_EQ(sim_mmio_maps(), 0);
    }
    sim_fail_nth(0);
    CHECK_EQ(rc, 0);
    CHECK(n > 10 && n < 200);
    world_end();
}
