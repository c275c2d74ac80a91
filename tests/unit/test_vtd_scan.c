/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a DMAR becomes, and what each kind of damage costs: no more than the
 * record describes, said with its offset.
 */
#include "vtd_fake.h"

#include "vtd/vtd_unit.h"

#define BASE    ((moat_paddr_t)0xfed90000)
#define BASE2   ((moat_paddr_t)0xfed91000)
#define NIC     0x28u           /* 00:05.0 */
#define GFX     0x10u           /* 00:02.0 */
#define DEV(f)  ((moat_sbdf_t)(f))

static struct moat_platform *p;
static struct vtd_fake *f1, *f2;

static int resv_count(void *arg, moat_paddr_t first, moat_paddr_t last,
                      unsigned int prot, moat_sbdf_t dev)
{
    unsigned int *n = arg;

    (void)first;
    (void)last;
    (void)prot;
    (void)dev;
    ++*n;
    return 0;
}

static unsigned int regions(void)
{
    unsigned int n = 0;

    CHECK_EQ(moat_resv_walk(p, resv_count, &n), 0);
    return n;
}

static void functions(void)
{
    sim_pci_add(DEV(0), 0x8086, 0x1237, 0x060000);
    sim_pci_add(DEV(GFX), 0x8086, 0x0102, 0x030000);
    sim_pci_add(DEV(NIC), 0x8086, 0x100e, 0x020000);
    f1 = fake_unit_at(BASE, FAKE_CAP, FAKE_ECAP);
    f2 = fake_unit_at(BASE2, FAKE_CAP, FAKE_ECAP);
}

static int create(struct dmar_build *d, const struct moat_options *o)
{
    dmar_end(d);
    return moat_platform_create(o, &p);
}

static void destroy(void)
{
    moat_platform_destroy(p);
    free(f1);
    free(f2);
}

static const char *at(size_t offset)
{
    static char s[40];

    snprintf(s, sizeof(s), "DMAR offset %#zx: ", offset);
    return s;
}

TEST(two_units)
{
    struct dmar_build d;

    functions();
    dmar_begin(&d, 3);
    dmar_drhd(&d, BASE, false, GFX);
    dmar_drhd(&d, BASE2, true, 0xff);
    dmar_rmrr(&d, 0x7f000000, 0x7f003fff, NIC);
    REQUIRE(!create(&d, &fake_opts));
    CHECK_EQ(moat_unit_get(p, 0)->reg_pa, BASE);
    CHECK_EQ(moat_unit_get(p, 1)->reg_pa, BASE2);
    CHECK(moat_unit_get(p, 1)->include_all);
    CHECK(!moat_unit_get(p, 2));
    CHECK_EQ(regions(), 1);
    CHECK(moat_platform_x2apic_optout(p));
    CHECK_EQ(moat_platform_enable_intremap(p, false), 0);
    destroy();
}

TEST(no_intremap_flag)
{
    struct dmar_build d;

    functions();
    dmar_begin(&d, 0);
    dmar_drhd(&d, BASE, true, 0xff);
    REQUIRE(!create(&d, &fake_opts));
    CHECK(!moat_platform_x2apic_optout(p));
    CHECK_EQ(moat_platform_enable_intremap(p, false), -EOPNOTSUPP);
    destroy();
}

TEST(no_table)
{
    CHECK_EQ(moat_platform_create(&fake_opts, &p), -ENODEV);
}

/* A unit that is not there keeps its devices; the other works (F11). */
TEST(absent_unit)
{
    struct dmar_build d;

    functions();
    dmar_begin(&d, 1);
    dmar_drhd(&d, 0xfed95000, false, NIC);
    dmar_drhd(&d, BASE, true, 0xff);
    REQUIRE(!create(&d, &fake_opts));
    CHECK_LOG("VT-d unit 0xfed95000: no unit there");
    CHECK_LOG(at(48));
    CHECK_LOG("cannot be assigned");
    CHECK_EQ(moat_unit_get(p, 0)->state, UNIT_DEAD);
    CHECK_EQ(moat_unit_get(p, 1)->state, UNIT_OFF);
    CHECK_EQ(moat_platform_setup(p), 0);
    CHECK_EQ(moat_unit_get(p, 1)->state, UNIT_READY);
    destroy();
}

/* The record itself is wrong: likewise. */
TEST(bad_unit_base)
{
    static const uint64_t bad[] = { 0, 0xfed90800, ~0ull, 1ull << 60 };
    unsigned int i;

    functions();
    for ( i = 0; i < ARRAY_SIZE(bad); i++ )
    {
        struct dmar_build d;

        sim_log_clear();
        dmar_begin(&d, 1);
        dmar_drhd(&d, bad[i], false, NIC);
        dmar_drhd(&d, BASE, true, 0xff);
        REQUIRE(!create(&d, &fake_opts));
        CHECK_LOG("DMAR offset 0x3");
        CHECK_EQ(moat_unit_get(p, 0)->state, UNIT_DEAD);
        CHECK_EQ(moat_platform_setup(p), 0);
        moat_platform_destroy(p);
    }
    p = NULL;
    destroy();
}

TEST(no_unit_at_all)
{
    struct dmar_build d;

    functions();
    dmar_begin(&d, 1);
    CHECK_EQ(create(&d, &fake_opts), -ENODEV);
    CHECK_LOG("0 units described, none usable");
    p = NULL;
    destroy();
}

TEST(same_unit_twice)
{
    struct dmar_build d;

    functions();
    dmar_begin(&d, 1);
    dmar_drhd(&d, BASE, false, GFX);
    dmar_drhd(&d, BASE, true, 0xff);
    REQUIRE(!create(&d, &fake_opts));
    CHECK_LOG("again: its scopes are joined");
    CHECK(moat_unit_get(p, 0)->include_all);
    CHECK(!moat_unit_get(p, 1));
    destroy();
}

/* One set of registers for two segments: the second unit is none. */
TEST(unit_of_two_segments)
{
    struct dmar_build d;

    functions();
    dmar_begin(&d, 1);
    dmar_drhd(&d, BASE, true, 0xff);
    dmar_drhd(&d, BASE, true, 0xff)[6] = 1;
    REQUIRE(!create(&d, &fake_opts));
    CHECK_LOG("registers of another segment's unit: devices in its scope "
              "(all that no other unit names) cannot be assigned");
    CHECK_EQ(moat_unit_get(p, 0)->state, UNIT_OFF);
    CHECK_EQ(moat_unit_get(p, 1)->state, UNIT_DEAD);
    destroy();
}

/* A region that is wrong costs its device the assignment, no more (F11). */
TEST(bad_region)
{
    struct dmar_build d;
    struct moat_device_info nic = { .dev = NIC };
    struct moat_domain *dom0, *dom;
    struct moat_device *dev;

    functions();
    dmar_begin(&d, 1);
    dmar_drhd(&d, BASE, true, 0xff);
    dmar_rmrr(&d, 0x7f003000, 0x7f000fff, NIC);
    dmar_rmrr(&d, 0x7f000000, 0x7f003fff, GFX);
    REQUIRE(!create(&d, &fake_opts));
    CHECK_LOG("the region is not known, its devices cannot be assigned");
    CHECK_EQ(regions(), 1);

    REQUIRE(!moat_platform_setup(p));
    REQUIRE(!moat_domain_create(p, MOAT_DOMAIN_OWN, NULL, HOST_NO_NODE,
                                &dom0));
    REQUIRE(!moat_domain_create(p, MOAT_DOMAIN_OWN, NULL, HOST_NO_NODE,
                                &dom));
    host_devices_lock();
    CHECK_EQ(moat_device_add(p, &nic, dom0, &dev), 0);
    CHECK_EQ(moat_platform_enable_dma(p), 0);
    CHECK(moat_device_move(dev, dom, 0) < 0);
    CHECK_LOG("firmware describes its reserved memory wrongly");
    CHECK_EQ(moat_device_remove(dev), 0);
    host_devices_unlock();
    while ( moat_domain_free_tables(dom0) == -ERESTART )
        continue;
    while ( moat_domain_free_tables(dom) == -ERESTART )
        continue;
    moat_domain_destroy(dom);
    moat_domain_destroy(dom0);
    destroy();
}

/* A scope of length zero: that record's scopes, nothing else (F11). */
TEST(region_scope_of_no_length)
{
    struct dmar_build d;

    functions();
    dmar_begin(&d, 1);
    dmar_drhd(&d, BASE, true, 0xff);
    dmar_rmrr(&d, 0x7f000000, 0x7f003fff, NIC)[25] = 0;
    dmar_rmrr(&d, 0x7e000000, 0x7e003fff, GFX);
    REQUIRE(!create(&d, &fake_opts));
    CHECK_LOG("DMAR offset 0x59: ");
    CHECK_EQ(regions(), 1);
    destroy();
}

/* Records that cannot be told apart: off, and said where (F12). */
static void hopeless(unsigned int len, size_t offset)
{
    struct dmar_build d;
    size_t where;

    functions();
    dmar_begin(&d, 1);
    dmar_drhd(&d, BASE, true, 0xff);
    where = d.len;
    CHECK_EQ(where, 64);
    dmar_rmrr(&d, 0x7f000000, 0x7f003fff, NIC)[2] = (uint8_t)len;
    CHECK_EQ(create(&d, &fake_opts), -EINVAL);
    CHECK_LOG(at(offset));
    CHECK_LOG("what follows is unknown: the table is not used");
    /* Not even looked at what such a table names. */
    CHECK_EQ(f1->reads, 0);
    CHECK_EQ(sim_mmio_maps(), 0);
    p = NULL;
    destroy();
}

TEST(record_of_no_length) { hopeless(0, 66); }
TEST(record_past_the_end) { hopeless(200, 66); }

TEST(wrong_checksum)
{
    struct dmar_build d;

    functions();
    dmar_begin(&d, 1);
    dmar_drhd(&d, BASE, true, 0xff);
    dmar_end(&d);
    d.b[9]++;
    CHECK_EQ(moat_platform_create(&fake_opts, &p), 0);
    CHECK_LOG("used all the same");
    destroy();
}

/* Every byte of a table replaced: whatever comes of it, nothing is lost. */
TEST(any_byte)
{
    static const uint8_t values[] = { 0, 1, 8, 0x7f, 0xff };
    struct dmar_build good, d;
    unsigned int v, up = 0;
    size_t i;

    functions();
    dmar_begin(&good, 3);
    dmar_drhd(&good, BASE, false, GFX);
    dmar_drhd(&good, BASE2, true, 0xff);
    dmar_rmrr(&good, 0x7f000000, 0x7f003fff, NIC);
    dmar_end(&good);
    for ( i = 0; i < good.len; i++ )
        for ( v = 0; v < ARRAY_SIZE(values); v++ )
        {
            d = good;
            d.b[i] = values[v];
            sim_acpi_set("DMAR", d.b, d.len);
            sim_log_clear();
            if ( moat_platform_create(&fake_opts, &p) )
                continue;
            up++;
            moat_platform_destroy(p);
        }
    CHECK(up > 300);
    CHECK_EQ(sim_mmio_maps(), 0);
    sim_log_clear();
    p = NULL;
    destroy();
}

/* Node of a unit; and of one that is not described. */
TEST(nodes)
{
    struct dmar_build d;
    uint64_t base = BASE2, other = 0xfed99000;
    uint8_t *r;

    functions();
    dmar_begin(&d, 1);
    dmar_drhd(&d, BASE, false, GFX);
    dmar_drhd(&d, BASE2, true, 0xff);
    r = dmar_put(&d, 3, 20);
    memcpy(r + 8, &base, 8);
    r[16] = 5;
    r = dmar_put(&d, 3, 20);
    memcpy(r + 8, &other, 8);
    REQUIRE(!create(&d, &fake_opts));
    CHECK_EQ(moat_unit_get(p, 0)->node, HOST_NO_NODE);
    CHECK_EQ(moat_unit_get(p, 1)->node, 5);
    CHECK_LOG("no record describes (0xfed99000)");
    destroy();
}

/* iommu=no-igfx: only the unit that serves graphics and nothing else. */
TEST(no_igfx)
{
    struct moat_options o = fake_opts;
    struct dmar_build d;

    functions();
    o.igfx = false;
    dmar_begin(&d, 1);
    dmar_drhd(&d, BASE, false, GFX);
    dmar_drhd(&d, BASE2, true, 0xff);
    REQUIRE(!create(&d, &o));
    CHECK(moat_unit_get(p, 0)->ignored);
    CHECK(!moat_unit_get(p, 1)->ignored);
    CHECK_LOG("left off for the graphics device, by option");
    destroy();
}

/* Of a unit for the graphics at 0:2.0, of @class, and another function. */
static bool left_off(uint16_t class, uint8_t slot, uint8_t fn)
{
    struct moat_options o = fake_opts;
    struct dmar_build d;
    uint8_t *r;
    bool off;

    functions();
    sim_pci_set16(sim_pci_find(DEV(GFX)), 10, class);
    o.igfx = false;
    dmar_begin(&d, 1);
    r = dmar_put(&d, 0, 32);
    memcpy(r + 8, &(uint64_t){ BASE }, 8);
    dmar_scope(r + 16, 1, GFX);
    dmar_scope(r + 24, 1, 0);
    r[24 + 6] = slot;
    r[24 + 7] = fn;
    dmar_drhd(&d, BASE2, true, 0xff);
    CHECK(!create(&d, &o));
    off = moat_unit_get(p, 0)->ignored;
    destroy();
    return off;
}

/* Thinkpad X230: a second function that is not there. */
TEST(no_igfx_absent)
{
    CHECK(left_off(0x300, 2, 1));
}

TEST(no_igfx_another)
{
    CHECK(!left_off(0x200, 2, 0));
}

/* A scope that cannot be read may have named something else. */
TEST(no_igfx_unsure)
{
    CHECK(!left_off(0x300, 32, 0));     /* no such device number */
}

/* ---- Chipsets ---- */

static void chipset(uint16_t device, struct dmar_build *d)
{
    functions();
    sim_pci_set16(sim_pci_find(0), 2, device);
    dmar_begin(d, 1);
    dmar_drhd(d, BASE, true, 0xff);
    dmar_drhd(d, BASE2, false, GFX);
    REQUIRE(!create(d, &fake_opts));
}

TEST(quirk_write_buffers)
{
    struct dmar_build d;

    chipset(0x2a40, &d);
    CHECK(moat_unit_get(p, 0)->caps.flush_added);
    CHECK_LOG("chipset 2a40 needs write-buffer flushes");
    destroy();
}

TEST(quirk_superpages)
{
    struct dmar_build d;

    chipset(0x0104, &d);
    CHECK_EQ(moat_unit_get(p, 0)->caps.leaf_levels, 2);
    CHECK(!moat_platform_caps(p)->superpage_2m);
    destroy();
}

TEST(quirk_graphics)
{
    struct dmar_build d;

    chipset(0x0044, &d);
    CHECK(moat_unit_get(p, 1)->ignored);
    CHECK_LOG("firmware did not prepare the graphics device");
    destroy();
}

TEST(quirk_intremap)
{
    struct dmar_build d;

    chipset(0x3403, &d);                /* revision 0 */
    CHECK_EQ(moat_platform_enable_intremap(p, false), -EOPNOTSUPP);
    CHECK_LOG("chipset 3403 revision 00: interrupt remapping has errata");
    moat_platform_destroy(p);
    sim_pci_find(0)->cfg[8] = 0x22;
    sim_log_clear();
    REQUIRE(!create(&d, &fake_opts));
    CHECK_EQ(moat_platform_enable_intremap(p, false), 0);
    destroy();
}

TEST(quirk_intremap_x58)
{
    struct dmar_build d;

    functions();
    sim_pci_add(MOAT_SBDF(0, 0x40, 0, 0), 0x8086, 0x3405, 0x060000)->cfg[8] =
        0x30;
    dmar_begin(&d, 1);
    dmar_drhd(&d, BASE, true, 0xff);
    REQUIRE(!create(&d, &fake_opts));
    CHECK_EQ(moat_platform_enable_intremap(p, false), -EOPNOTSUPP);
    destroy();
}

TEST(quirk_isoch)
{
    struct dmar_build d;
    struct sim_pci *regs;

    functions();
    sim_pci_set16(sim_pci_find(GFX), 2, 0x3a3e);
    regs = sim_pci_add(MOAT_SBDF(0, 0, 0x14, 0), 0x8086, 0x342e, 0x080000);
    dmar_begin(&d, 1);
    dmar_drhd(&d, BASE, true, 0xff);
    dmar_drhd(&d, BASE2, false, GFX);
    REQUIRE(!create(&d, &fake_opts));
    CHECK(moat_unit_get(p, 1)->ignored);
    CHECK_LOG("no TLB entries: it is not used");
    moat_platform_destroy(p);
    sim_pci_set32(regs, 0x188, 0x10);
    REQUIRE(!create(&d, &fake_opts));
    CHECK(!moat_unit_get(p, 1)->ignored);
    destroy();
}
