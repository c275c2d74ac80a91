/* SPDX-License-Identifier: GPL-2.0-only */
/* Reserved regions: the list, and what is installed in domains. */
#include "fake_unit.h"

static struct machine m;

static void up(int (*more)(struct moat_platform *),
               const struct moat_options *o)
{
    machine_pci();
    fake_add();
    fake_scan_more = more;
    REQUIRE(!machine_create(&m, o));
}

/* ---- The list ---- */

static char listed[1024];

static int list_one(void *arg, moat_paddr_t first, moat_paddr_t last,
                    unsigned int prot, moat_sbdf_t dev)
{
    size_t n = strlen(listed);

    (void)arg;
    snprintf(listed + n, sizeof(listed) - n, "%" PRIx64 "-%" PRIx64
             " %u %02x.%u|", first, last, prot, MOAT_SBDF_DEV(dev),
             MOAT_SBDF_FN(dev));
    return 0;
}

static const char *list(void)
{
    listed[0] = '\0';
    moat_resv_walk(m.p, list_one, NULL);
    return listed;
}

TEST(list_sorted_and_cut)
{
    up(NULL, NULL);
    CHECK_EQ(resv_add(m.p, 0x8000, 0x9fff, 3, NIC, 0), 0);
    CHECK_EQ(resv_add(m.p, 0x2000, 0x2fff, 1, NIC, 0), 0);
    CHECK_EQ(resv_add(m.p, 0x8000, 0x9fff, 3, NIC, 0), -EEXIST);
    CHECK_EQ(resv_add(m.p, 0x8000, 0x9fff, 3, DISK, 0), 0);
    CHECK_STR(list(), "2000-2fff 1 03.0|8000-9fff 3 03.0|8000-9fff 3 04.0|");
    /* Across the end, across all, within. */
    CHECK_EQ(resv_add(m.p, 0x9000, 0xbfff, 3, GFX, 0), 0);
    CHECK_STR(list(), "2000-2fff 1 03.0|8000-8fff 3 03.0|8000-8fff 3 04.0|"
              "9000-9fff 3 02.0|9000-9fff 3 03.0|9000-9fff 3 04.0|"
              "a000-bfff 3 02.0|");
    CHECK_EQ(resv_add(m.p, 0x7000, 0xcfff, 3, NIC, 0), 0);
    CHECK_STR(list(), "2000-2fff 1 03.0|7000-7fff 3 03.0|8000-8fff 3 03.0|"
              "8000-8fff 3 04.0|9000-9fff 3 02.0|9000-9fff 3 03.0|"
              "9000-9fff 3 04.0|a000-bfff 3 02.0|a000-bfff 3 03.0|"
              "c000-cfff 3 03.0|");
    CHECK_EQ(resv_add(m.p, 0xb000, 0xbfff, 3, DISK, 0), 0);
    CHECK(strstr(list(), "a000-afff 3 02.0|a000-afff 3 03.0|b000-bfff 3 02.0|"
                         "b000-bfff 3 03.0|b000-bfff 3 04.0|c000"));
    CHECK_EQ(resv_at(m.p, 0xb123)->first, 0xb000);
    CHECK(!resv_at(m.p, 0x3000));
    CHECK(!resv_at(m.p, 0xd000));
    machine_destroy(&m);
}

TEST(list_refusals)
{
    up(NULL, NULL);
    sim_ram_add(0x100000, 0x1fffff);
    CHECK_EQ(resv_add(m.p, 0x8000, 0x9fff, 3, NIC, 0x44), 0);
    CHECK_EQ(resv_add(m.p, 0x9000, 0xafff, 1, DISK, 0x54), -EINVAL);
    CHECK_LOG("0x9000-0xafff of 0000:00:04.0 (table offset 0x54) overlaps "
              "another region of other rights");
    CHECK(platform_denied(m.p, DISK) != NULL);
    CHECK(!platform_denied(m.p, NIC));
    CHECK_EQ(resv_add(m.p, 0x2000, 0x1fff, 3, GFX, 0), -EINVAL);
    CHECK_EQ(resv_add(m.p, 0x2800, 0x2fff, 3, GFX, 0), -EINVAL);
    CHECK_EQ(resv_add(m.p, 0x2000, 0x2ffe, 3, GFX, 0), -EINVAL);
    CHECK_EQ(resv_add(m.p, 0x2000, 0x2fff, 0, GFX, 0), -EINVAL);
    CHECK_EQ(resv_add(m.p, 0x2000, 0x2fff, 4, GFX, 0), -EINVAL);
    CHECK_EQ(resv_add(m.p, 0x1ff000, 0x200fff, 3, GFX, 0), -EINVAL);
    CHECK_LOG("lies in ordinary RAM");
    CHECK_EQ(resv_add(m.p, 1ull << 46, (1ull << 46) + 0xfff, 3, GFX, 0),
             -EINVAL);
    CHECK_LOG("beyond the processor's addresses");
    CHECK_EQ(resv_add_checked(m.p, 0x1ff000, 0x200fff, 3, GFX, 0, true), 0);
    CHECK_STR(list(), "8000-9fff 3 03.0|1ff000-200fff 3 02.0|");
    machine_destroy(&m);
}

static int region_in_ram(struct moat_platform *p)
{
    sim_ram_add(0x100000, 0x1fffff);
    return resv_add(p, 0x100000, 0x100fff, 3, NIC, 0) == -EINVAL ? 0 : -EIO;
}

/* F11: that device is lost for guests, and nothing else is. */
TEST(region_in_ram_denies_its_device)
{
    struct moat_device *nic, *disk;

    up(region_in_ram, NULL);
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    REQUIRE((disk = machine_add(&m, DISK)) != NULL);
    host_devices_lock();
    CHECK_EQ(moat_device_move(nic, m.a, 0), -EPERM);
    CHECK_EQ(moat_device_move(nic, NULL, 0), -EPERM);
    CHECK_LOG("0000:00:03.0: not assignable: a reserved region of it cannot "
              "be used");
    CHECK_EQ(moat_device_move(disk, m.a, 0), 0);
    host_devices_unlock();
    machine_destroy(&m);
}

/* Options: allowed in RAM, and regions given by hand. */
TEST(regions_by_option)
{
    struct moat_extra_region e2 = {
        .first = 0x180000, .last = 0x180fff, .prot = 3, .dev = DISK,
        .may_be_ram = true,
    };
    struct moat_extra_region e1 = {
        .first = 0x5000, .last = 0x4fff, .prot = 3, .dev = GFX, .next = &e2,
    };
    struct moat_options o;

    fake_options(&o);
    o.extra = &e1;
    sim_ram_add(0x100000, 0x1fffff);
    up(NULL, &o);
    CHECK_STR(list(), "180000-180fff 3 04.0|");
    CHECK_LOG("given for 0000:00:02.0 is not used");
    machine_destroy(&m);
    sim_pci_remove(NIC);
}

TEST(list_survives_no_memory)
{
    unsigned long n;
    int rc;

    up(NULL, NULL);
    REQUIRE(!resv_add(m.p, 0x8000, 0xffff, 3, NIC, 0));
    for ( n = 1; n < 20; n++ )
    {
        sim_fail_nth(n);
        rc = resv_add(m.p, 0xa000, 0x11fff, 3, DISK, 0);
        if ( !sim_fail_fired() )
            break;
        CHECK_EQ(rc, -ENOMEM);
        CHECK(platform_denied(m.p, DISK) || n > 1);
    }
    sim_fail_nth(0);
    CHECK(n > 2);
    CHECK_STR(list(), "8000-9fff 3 03.0|a000-ffff 3 03.0|a000-ffff 3 04.0|"
              "10000-11fff 3 04.0|");
    machine_destroy(&m);
}

/* ---- In domains ---- */

static unsigned int prot_at(struct moat_domain *d, uint64_t iova)
{
    unsigned int prot, order;
    moat_paddr_t pa;

    if ( moat_lookup(d, iova, &pa, &prot, &order) )
        return 0;
    CHECK_EQ(pa, iova);
    return prot;
}

static void get(struct moat_domain *d, struct resv_region *r, int want)
{
    host_devices_lock();
    CHECK_EQ(resv_get(d, r), want);
    host_devices_unlock();
}

static void put(struct moat_domain *d, struct resv_region *r)
{
    host_devices_lock();
    resv_put(d, r);
    host_devices_unlock();
}

static int map_prot(struct moat_domain *d, uint64_t iova, uint64_t pa,
                    uint64_t len, unsigned int prot)
{
    struct moat_flush f;
    int rc;

    moat_flush_begin(&f);
    rc = moat_map(d, iova, pa, len, prot, &f);
    moat_flush_end(d, &f);
    return rc;
}

TEST(installed_and_counted)
{
    struct resv_region *r;

    up(NULL, NULL);
    REQUIRE(!resv_add(m.p, 0x8000, 0x9fff, MOAT_READ, NIC, 0));
    r = m.p->regions;
    get(m.a, r, 0);
    CHECK_EQ(prot_at(m.a, 0x8000), MOAT_READ);
    CHECK_EQ(prot_at(m.a, 0x9fff & ~0xfffu), MOAT_READ);
    CHECK_EQ(prot_at(m.a, 0xa000), 0);
    get(m.a, r, 0);
    put(m.a, r);
    CHECK_EQ(prot_at(m.a, 0x8000), MOAT_READ);
    put(m.a, r);
    CHECK_EQ(prot_at(m.a, 0x8000), 0);
    CHECK(!m.a->resv);
    machine_destroy(&m);
}

static struct resv_region *the_region;

static void put_unheld(void *arg)
{
    (void)arg;
    put(m.a, the_region);
}

TEST(put_unheld_is_a_bug)
{
    up(NULL, NULL);
    REQUIRE(!resv_add(m.p, 0x8000, 0x9fff, MOAT_RW, NIC, 0));
    the_region = m.p->regions;
    CHECK_BUG("more often than it was taken", put_unheld, NULL);
    sim_locks_reset();
    machine_destroy(&m);
}

/*
 * The host's maps and the region in all orders, rights included: what is
 * left after each step is exactly what both sides ask for.
 */
TEST(host_and_region_in_any_order)
{
    static const char *const orders[] = {
        "gmup", "gmpu", "gumpu", "mgup", "mgpu", "mgupgp", "gpmgpu",
    };
    unsigned int host, region, i, hp, rp;
    struct resv_region *r;
    const char *c;

    up(NULL, NULL);
    for ( i = 0; i < ARRAY_SIZE(orders); i++ )
        for ( host = 1; host <= 3; host++ )
            for ( region = 1; region <= 3; region++ )
            {
                REQUIRE(!m.p->regions);
                REQUIRE(!resv_add(m.p, 0x8000, 0xbfff, region, NIC, 0));
                r = m.p->regions;
                hp = rp = 0;
                for ( c = orders[i]; *c; c++ )
                {
                    switch ( *c )
                    {
                    case 'g':
                        get(m.dom0, r, 0);
                        rp = region;
                        break;

                    case 'p':
                        put(m.dom0, r);
                        rp = 0;
                        break;

                    case 'm':   /* over its end */
                        CHECK_EQ(map_prot(m.dom0, 0xa000, 0xa000, 0x4000,
                                          host), 0);
                        hp = host;
                        break;

                    default:
                        CHECK_EQ(machine_unmap(m.dom0, 0xa000, 0x4000), 0);
                        hp = 0;
                        break;
                    }
                    CHECK_EQ(prot_at(m.dom0, 0x8000), rp);
                    CHECK_EQ(prot_at(m.dom0, 0xa000), rp | hp);
                    CHECK_EQ(prot_at(m.dom0, 0xb000), rp | hp);
                    CHECK_EQ(prot_at(m.dom0, 0xc000), hp);
                    if ( test_failing() )
                        test_stop();
                }
                CHECK_EQ(prot_at(m.dom0, 0xa000), 0);
                resv_free_all(m.p);
            }
    machine_destroy(&m);
}

TEST(region_is_not_replaced)
{
    struct resv_region *r;

    up(NULL, NULL);
    REQUIRE(!resv_add(m.p, 0x8000, 0x9fff, MOAT_RW, NIC, 0));
    r = m.p->regions;
    get(m.a, r, 0);
    CHECK_EQ(map_prot(m.a, 0x7000, 0x100000, 0x3000, MOAT_RW), -EBUSY);
    CHECK_LOG("refused to map 0x7000-0x9fff over the reserved region");
    CHECK_EQ(prot_at(m.a, 0x8000), MOAT_RW);
    CHECK_EQ(machine_map(m.a, 0x7000, 0x100000, 0x1000), 0);
    CHECK_EQ(machine_unmap(m.a, 0, 0x100000), 0);
    CHECK_EQ(prot_at(m.a, 0x8000), MOAT_RW);
    CHECK_EQ(prot_at(m.a, 0x7000), 0);
    put(m.a, r);
    machine_destroy(&m);
}

TEST(installing_without_memory)
{
    unsigned long n, pages;
    struct resv_region *r;
    int rc;

    up(NULL, NULL);
    REQUIRE(!resv_add(m.p, 0x1ff000, 0x200fff, MOAT_RW, NIC, 0));
    r = m.p->regions;
    REQUIRE(!machine_map(m.a, 0x40000000, 0x40000000, 0x1000));
    pages = moat_domain_table_pages(m.a);
    host_devices_lock();
    for ( n = 1; n < 20; n++ )
    {
        sim_fail_nth(n);
        rc = resv_get(m.a, r);
        if ( !sim_fail_fired() )
            break;
        CHECK_EQ(rc, -ENOMEM);
        CHECK_EQ(prot_at(m.a, 0x1ff000), 0);
        CHECK_EQ(prot_at(m.a, 0x200000), 0);
        CHECK(!m.a->resv);
        CHECK_EQ(moat_domain_table_pages(m.a), pages);
    }
    sim_fail_nth(0);
    host_devices_unlock();
    CHECK(n >= 4);
    put(m.a, r);
    CHECK_EQ(moat_domain_table_pages(m.a), pages);
    machine_destroy(&m);
}

TEST(beyond_the_units_width)
{
    up(NULL, NULL);
    sim_pa_bits_set(52);
    REQUIRE(!resv_add(m.p, 1ull << 48, (1ull << 48) + 0xfff, 3, NIC, 0));
    get(m.a, m.p->regions, -EINVAL);
    CHECK_LOG("beyond the 48 address bits");
    machine_destroy(&m);
}

/* Tables the host fills: paired calls, exact rights, undone on failure. */
static int two(struct moat_platform *p)
{
    int rc = resv_add(p, 0x8000, 0x9fff, MOAT_RW, NIC, 0);

    return rc ? rc : resv_add(p, 0x20000, 0x20fff, MOAT_READ, NIC, 0);
}

TEST(host_p2m_pairs)
{
    struct moat_device *nic;
    unsigned long n;

    up(two, NULL);
    REQUIRE(!moat_domain_set_kind(m.a, MOAT_DOMAIN_HOST_P2M));
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    REQUIRE(!machine_enable(&m));
    host_devices_lock();
    for ( n = 1; n <= 2; n++ )
    {
        sim_identity_fail_nth(n);
        CHECK_EQ(moat_device_move(nic, m.a, 0), -ENOMEM);
        CHECK_EQ(sim_identity_count(), 0);
        CHECK(moat_device_owner(nic) == m.dom0);
    }
    CHECK_EQ(moat_device_move(nic, m.a, 0), 0);
    CHECK_EQ(sim_identity_count(), 2);
    CHECK(sim_identity_has(COOKIE(1), 0x8000, 0x9fff, MOAT_RW));
    CHECK(sim_identity_has(COOKIE(1), 0x20000, 0x20fff, MOAT_READ));
    CHECK_EQ(moat_device_move(nic, NULL, 0), 0);
    CHECK_EQ(sim_identity_count(), 0);
    host_devices_unlock();
    machine_destroy(&m);
}
