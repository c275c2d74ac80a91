/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices change hands. At every step of every move a device that can issue
 * DMA reaches its reserved regions, whatever hardware has cached; after a
 * move nothing of the old owner is reachable; whatever fails is undone.
 */
#include "fake_unit.h"

#define RMRR        0x7f000000ull
#define RMRR_LAST   0x7f003fffull
#define PROBE       0x00200000ull       /* mapped differently in each domain */
#define PA(n)       (0x100000000ull * (n))

static struct machine m;
static struct fake_unit *u;
static struct moat_device *nic, *disk;

/* ---- The judge at every step ---- */

static bool watching;
static unsigned long judged;

static void judge_region(void *arg, int rc, uint64_t pa)
{
    const uint64_t *iova = arg;

    judged++;
    if ( rc || pa != *iova )
        test_fail(__FILE__, __LINE__, "reserved %#" PRIx64 " reaches %#"
                  PRIx64 " (%d)", *iova, pa, rc);
}

static void watch(moat_sbdf_t dev)
{
    uint16_t rid = MOAT_SBDF_RID(dev);
    uint64_t iova, pa;

    if ( !machine_mastering(dev) || !u->dma )
        return;
    for ( iova = RMRR; iova < RMRR_LAST; iova += 0x3000 )
    {
        fake_outcomes(u, rid, iova, MOAT_RW, judge_region, &iova);
        /* And make it worse: have it cached now. */
        fake_dma(u, rid, iova, MOAT_READ, &pa);
    }
    fake_dma(u, rid, PROBE, MOAT_READ, &pa);
}

static void step(void *arg, enum test_step kind, const volatile void *where)
{
    (void)arg;
    (void)kind;
    (void)where;
    if ( watching )
        watch(NIC);
}

static const struct sim_hooks hooks = { .step = step };

/* ---- The machine ---- */

static int two_regions(struct moat_platform *p)
{
    int rc = resv_add(p, RMRR, RMRR_LAST, MOAT_RW, NIC, 0x60);

    return rc ? rc : resv_add(p, 0x7e000000, 0x7e000fff, MOAT_RW, DISK, 0xa0);
}

static int shared_region(struct moat_platform *p)
{
    int rc = resv_add(p, RMRR, RMRR_LAST, MOAT_RW, NIC, 0x60);

    return rc ? rc : resv_add(p, RMRR, RMRR_LAST, MOAT_RW, DISK, 0xa0);
}

static void domains(void)
{
    REQUIRE(!machine_map(m.dom0, PROBE, PROBE, 0x4000));
    REQUIRE(!machine_map(m.a, PROBE, PA(1), 0x4000));
    REQUIRE(!machine_map(m.b, PROBE, PA(2), 0x4000));
}

static void up_opts(int (*more)(struct moat_platform *),
                    const struct moat_options *o)
{
    machine_pci();
    u = fake_add();
    fake_scan_more = more;
    REQUIRE(!machine_create(&m, o));
    domains();
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    REQUIRE((disk = machine_add(&m, DISK)) != NULL);
    REQUIRE(!machine_enable(&m));
    sim_hooks_set(&hooks);
    watching = more;
    judged = 0;
}

static void up(int (*more)(struct moat_platform *))
{
    up_opts(more, NULL);
}

static void down(void)
{
    watching = false;
    sim_hooks_set(NULL);
    machine_destroy(&m);
}

static int move(struct moat_device *dev, struct moat_domain *to)
{
    int rc;

    host_devices_lock();
    rc = moat_device_move(dev, to, 0);
    host_devices_unlock();
    return rc;
}

/* ---- Where a device's DMA goes: one answer, or the test fails ---- */

struct answer
{
    bool any;
    int rc;
    uint64_t pa;
};

static void note(void *arg, int rc, uint64_t pa)
{
    struct answer *a = arg;

    if ( a->any && (a->rc != rc || (!rc && a->pa != pa)) )
        test_fail(__FILE__, __LINE__, "stale: %#" PRIx64 " (%d) or %#" PRIx64
                  " (%d)", a->pa, a->rc, pa, rc);
    a->any = true;
    a->rc = rc;
    a->pa = pa;
}

static uint64_t reach(moat_sbdf_t dev, uint64_t iova)
{
    struct answer a = { .any = false };

    fake_outcomes(u, MOAT_SBDF_RID(dev), iova, MOAT_RW, note, &a);
    return a.rc ? 0 : a.pa;
}

/* Behind this owner's tables, and nobody else's. */
static void check_behind(moat_sbdf_t dev, const struct moat_domain *d)
{
    uint64_t pa = d == m.dom0 ? PROBE : d == m.a ? PA(1) : d == m.b ? PA(2)
                                                                    : 0;

    CHECK_EQ(reach(dev, PROBE), pa);
    CHECK_EQ(reach(dev, PROBE + 0x3000), pa ? pa + 0x3000 : 0);
}

static void check_no_maps(const struct moat_domain *d, uint64_t iova)
{
    moat_paddr_t pa;
    unsigned int prot, order;

    CHECK_EQ(moat_lookup((struct moat_domain *)d, iova, &pa, &prot, &order),
             -ENOENT);
}

static struct moat_counts counts(void)
{
    struct moat_counts c;

    moat_unit_counts(&u->unit, &c);
    return c;
}

static void check_counts(const struct moat_counts *want)
{
    struct moat_counts c = counts();

    CHECK_EQ(c.free_ids, want->free_ids);
    CHECK_EQ(c.table_pages, want->table_pages);
}

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
    CHECK(judged > 1000);
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

/* ---- Failures ---- */

/* Undo is exact: the device is where it was, and all can be tried again. */
static void sweep_alloc(struct moat_domain *(*from)(void),
                        struct moat_domain *(*to)(void))
{
    struct moat_counts before;
    unsigned long n, fired = 0;
    int rc;

    up(two_regions);
    REQUIRE(from() == m.dom0 || !move(nic, from()));
    before = counts();
    for ( n = 1; n < 100; n++ )
    {
        sim_fail_nth(n);
        rc = move(nic, to());
        if ( !sim_fail_fired() )
        {
            sim_fail_nth(0);
            CHECK_EQ(rc, 0);
            break;
        }
        fired++;
        if ( !rc )
            break;              /* it could do without */
        CHECK_EQ(rc, -ENOMEM);
        CHECK(moat_device_owner(nic) == from());
        check_behind(NIC, from());
        if ( from() != m.dom0 || to() )
            CHECK_EQ(counts().free_ids +
                     (from() == m.dom0 && nic->group->quar), before.free_ids);
    }
    CHECK(n < 100);
    CHECK(fired || !to());
    check_behind(NIC, to());
    CHECK_EQ(move(nic, m.dom0), 0);
    check_behind(NIC, m.dom0);
    down();
}

static struct moat_domain *dom0(void) { return m.dom0; }
static struct moat_domain *guest_a(void) { return m.a; }
static struct moat_domain *guest_b(void) { return m.b; }
static struct moat_domain *quar(void) { return NULL; }

TEST(fail_alloc_dom0_to_quarantine) { sweep_alloc(dom0, quar); }
TEST(fail_alloc_dom0_to_guest) { sweep_alloc(dom0, guest_a); }
TEST(fail_alloc_guest_to_guest) { sweep_alloc(guest_a, guest_b); }
TEST(fail_alloc_quarantine_to_guest) { sweep_alloc(quar, guest_a); }
TEST(fail_alloc_guest_to_dom0) { sweep_alloc(guest_a, dom0); }
/* The way into quarantine takes no memory. */
TEST(fail_alloc_guest_to_quarantine) { sweep_alloc(guest_a, quar); }

TEST(fail_swap)
{
    struct moat_counts before;
    unsigned long n;

    up(two_regions);
    before = counts();
    for ( n = 1; n <= 2; n++ )
    {
        u->fail_swap = n;
        CHECK_EQ(move(nic, m.a), -EILSEQ);
        CHECK(moat_device_owner(nic) == m.dom0);
        check_behind(NIC, m.dom0);
        check_no_maps(m.a, RMRR);
        CHECK_EQ(counts().free_ids, before.free_ids - 1);   /* quarantine */
    }
    u->fail_swap = 0;
    CHECK_EQ(move(nic, m.a), 0);
    CHECK_EQ(move(nic, m.dom0), 0);
    check_counts(&before);
    down();
}

/* No id left: refused, said, and possible again when there is one. */
TEST(fail_no_domain_id)
{
    machine_pci();
    u = fake_add();
    u->unit.caps.did_bits = 2;          /* 1, 2, 3 */
    REQUIRE(!machine_create(&m, NULL));
    domains();
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    REQUIRE((disk = machine_add(&m, DISK)) != NULL);
    REQUIRE(machine_add(&m, GFX) != NULL);      /* stays with dom0 */
    REQUIRE(!machine_enable(&m));
    CHECK_EQ(move(disk, NULL), 0);
    CHECK_EQ(move(nic, NULL), 0);
    CHECK_EQ(counts().free_ids, 0);
    CHECK_EQ(move(nic, m.a), -ENOSPC);
    CHECK_LOG("no domain id left of 3");
    check_behind(NIC, NULL);
    CHECK_EQ(move(disk, m.b), -ENOSPC);
    check_behind(DISK, NULL);
    CHECK_EQ(move(disk, m.dom0), 0);
    CHECK_EQ(move(nic, m.a), 0);
    check_behind(NIC, m.a);
    CHECK_EQ(move(disk, m.a), -ENOSPC);
    check_behind(DISK, m.dom0);
    CHECK_EQ(move(nic, m.dom0), 0);
    CHECK_EQ(move(disk, NULL), 0);
    CHECK_EQ(move(disk, m.a), 0);
    CHECK_EQ(move(disk, m.dom0), 0);
    down();
}

static void judge_past(void *arg, int rc, uint64_t pa)
{
    (void)arg;
    judged++;
    if ( !rc && pa == PA(1) )
        test_fail(__FILE__, __LINE__, "reaches the last owner's memory");
}

static void past_step(void *arg, enum test_step kind,
                      const volatile void *where)
{
    (void)arg;
    (void)kind;
    (void)where;
    fake_outcomes(u, MOAT_SBDF_RID(NIC), PROBE, MOAT_READ, judge_past, NULL);
}

/* The next domain gets the last one's id: nothing of it may be cached. */
TEST(reused_id_has_no_past)
{
    static const struct sim_hooks past = { .step = past_step };
    uint16_t id;
    uint64_t pa;

    machine_pci();
    u = fake_add();
    u->unit.caps.did_bits = 2;
    REQUIRE(!machine_create(&m, NULL));
    domains();
    REQUIRE(machine_add(&m, GFX) != NULL);
    REQUIRE((nic = machine_add(&m, NIC)) != NULL);
    REQUIRE(!machine_enable(&m));
    CHECK_EQ(move(nic, m.a), 0);
    CHECK_EQ(fake_dma(u, MOAT_SBDF_RID(NIC), PROBE, MOAT_READ, &pa), 0);
    CHECK_EQ(fake_dma(u, MOAT_SBDF_RID(NIC), PROBE + 0x3000, MOAT_READ, &pa),
             0);
    id = u->mem[MOAT_SBDF_RID(NIC)].did;
    CHECK_EQ(move(nic, NULL), 0);
    judged = 0;
    sim_hooks_set(&past);
    CHECK_EQ(move(nic, m.b), 0);
    sim_hooks_set(NULL);
    CHECK(judged > 0);
    CHECK_EQ(u->mem[MOAT_SBDF_RID(NIC)].did, id);
    check_behind(NIC, m.b);
    CHECK_EQ(move(nic, m.dom0), 0);
    down();
}

/* A queue that stutters is tried again and nobody notices. */
TEST(fail_flush_once)
{
    unsigned long n, waits;

    up(two_regions);
    waits = u->waits;
    CHECK_EQ(move(nic, m.a), 0);
    waits = u->waits - waits;
    CHECK_EQ(move(nic, m.dom0), 0);
    CHECK(waits >= 2);
    for ( n = 1; n <= waits; n++ )
    {
        u->fail_wait = n;
        CHECK_EQ(move(nic, m.a), 0);
        check_behind(NIC, m.a);
        u->fail_wait = 0;
        u->fail_submit = n;
        CHECK_EQ(move(nic, m.dom0), 0);
        check_behind(NIC, m.dom0);
        u->fail_submit = 0;
    }
    CHECK_EQ(u->rescues, 0);
    CHECK(u->unit.state == UNIT_DMA);
    down();
}

/* The queue is gone for good, registers still work. */
TEST(fail_flush_rescued)
{
    up(two_regions);
    u->mute = u->rescue_ok = true;
    CHECK_EQ(move(nic, m.a), 0);
    check_behind(NIC, m.a);
    CHECK(u->rescues > 0);
    CHECK(machine_mastering(NIC));
    CHECK_EQ(move(nic, m.dom0), 0);
    check_behind(NIC, m.dom0);
    down();
}

static void check_dead(struct moat_domain *to, unsigned long earlier)
{
    CHECK(!machine_mastering(NIC));
    CHECK(!machine_mastering(DISK));
    CHECK_EQ(sim_device_failures(NIC), earlier + 1);
    CHECK(u->unit.state == UNIT_DEAD);
    CHECK(!moat_device_owner(nic));
    CHECK(u->mem[MOAT_SBDF_RID(NIC)].root == nic->group->quar_entry.root);
    CHECK_EQ(move(nic, NULL), 0);
    CHECK_EQ(move(nic, to ? to : m.a), -EPERM);
    CHECK_LOG("does not answer");
    sim_work_run();
    CHECK_EQ(sim_device_failures(DISK), earlier + 1);
    CHECK_EQ(sim_device_failures(NIC), earlier + 1);
}

/*
 * From the n-th wait of a move on the unit is mute, for every n: cut off,
 * behind quarantine, said; never half way.
 */
static void sweep_dead(struct moat_domain *(*from)(void),
                       struct moat_domain *(*to)(void))
{
    unsigned long n, waits = 1;

    for ( n = 0; n <= waits; n++ )
    {
        up(two_regions);
        sim_leaks_allow();
        REQUIRE(from() == m.dom0 || !move(nic, from()));
        if ( !n )
        {
            waits = u->waits;
            CHECK_EQ(move(nic, to()), 0);
            waits = u->waits - waits;
            CHECK(waits > 0);
        }
        else
        {
            u->mute_wait = n;
            CHECK_EQ(move(nic, to()), -EIO);
            check_dead(to(), n - 1);
        }
        down();
    }
}

TEST(fail_dead_dom0_to_quarantine) { sweep_dead(dom0, quar); }
TEST(fail_dead_dom0_to_guest) { sweep_dead(dom0, guest_a); }
TEST(fail_dead_guest_to_guest) { sweep_dead(guest_a, guest_b); }
TEST(fail_dead_quarantine_to_guest) { sweep_dead(quar, guest_a); }
TEST(fail_dead_guest_to_dom0) { sweep_dead(guest_a, dom0); }
TEST(fail_dead_guest_to_quarantine) { sweep_dead(guest_a, quar); }

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
    watching = false;           /* blocked at the end, regions included */
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
              "0000:00:04.0, which belongs to dom0");
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
