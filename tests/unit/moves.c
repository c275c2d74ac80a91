/* SPDX-License-Identifier: GPL-2.0-only */
/* Moves, watched: see moves.h. */
#include "moves.h"

struct machine m;
struct fake_unit *u;
struct moat_device *nic, *disk;

/* ---- The judge at every step ---- */

bool moves_watching;
unsigned long moves_judged;

static void judge_region(void *arg, int rc, uint64_t pa)
{
    const uint64_t *iova = arg;

    moves_judged++;
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
    if ( moves_watching )
        watch(NIC);
}

static const struct sim_hooks hooks = { .step = step };

/* ---- The machine ---- */

int two_regions(struct moat_platform *p)
{
    int rc = resv_add(p, RMRR, RMRR_LAST, MOAT_RW, NIC, 0x60);

    return rc ? rc : resv_add(p, 0x7e000000, 0x7e000fff, MOAT_RW, DISK, 0xa0);
}

int shared_region(struct moat_platform *p)
{
    int rc = resv_add(p, RMRR, RMRR_LAST, MOAT_RW, NIC, 0x60);

    return rc ? rc : resv_add(p, RMRR, RMRR_LAST, MOAT_RW, DISK, 0xa0);
}

void domains(void)
{
    REQUIRE(!machine_map(m.dom0, PROBE, PROBE, 0x4000));
    REQUIRE(!machine_map(m.a, PROBE, PA(1), 0x4000));
    REQUIRE(!machine_map(m.b, PROBE, PA(2), 0x4000));
}

void up_opts(int (*more)(struct moat_platform *),
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
    moves_watching = more;
    moves_judged = 0;
}

void up(int (*more)(struct moat_platform *))
{
    up_opts(more, NULL);
}

void down(void)
{
    moves_watching = false;
    sim_hooks_set(NULL);
    machine_destroy(&m);
}

int move(struct moat_device *dev, struct moat_domain *to)
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

uint64_t reach(moat_sbdf_t dev, uint64_t iova)
{
    struct answer a = { .any = false };

    fake_outcomes(u, MOAT_SBDF_RID(dev), iova, MOAT_RW, note, &a);
    return a.rc ? 0 : a.pa;
}

/* Behind this owner's tables, and nobody else's. */
void check_behind(moat_sbdf_t dev, const struct moat_domain *d)
{
    uint64_t pa = d == m.dom0 ? PROBE : d == m.a ? PA(1) : d == m.b ? PA(2)
                                                                    : 0;

    CHECK_EQ(reach(dev, PROBE), pa);
    CHECK_EQ(reach(dev, PROBE + 0x3000), pa ? pa + 0x3000 : 0);
}

void check_no_maps(const struct moat_domain *d, uint64_t iova)
{
    moat_paddr_t pa;
    unsigned int prot, order;

    CHECK_EQ(moat_lookup((struct moat_domain *)d, iova, &pa, &prot, &order),
             -ENOENT);
}

struct moat_counts counts(void)
{
    struct moat_counts c;

    moat_unit_counts(&u->unit, &c);
    return c;
}

void check_counts(const struct moat_counts *want)
{
    struct moat_counts c = counts();

    CHECK_EQ(c.free_ids, want->free_ids);
    CHECK_EQ(c.table_pages, want->table_pages);
}
