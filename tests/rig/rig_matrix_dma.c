/* SPDX-License-Identifier: GPL-2.0-only */
/* What devices reach, and what they do not. */
#include "matrix.h"

#define NO_READ     "no permission to read"
#define NO_WRITE    "no permission to write"
#define TOO_FAR     "address beyond the table's or the unit's width"
#define NO_ENTRY    "context entry not present"

/* Guest A's: rings, and pages to play with, at the other end of its space. */
#define RINGS       ((moat_iova_t)0x5000000000 - 0x200000)
#define RINGS_PAGE  ((moat_paddr_t)0x2c00000)
#define IOVA        ((moat_iova_t)0x5000000000)
#define PAGE(n)     ((moat_paddr_t)0x2d00000 + 0x1000 * (moat_paddr_t)(n))

static void fill(moat_paddr_t pa, unsigned int salt, unsigned int len)
{
    uint8_t *p = rig_ram(pa);
    unsigned int i;

    for ( i = 0; i < len; i++ )
        p[i] = (uint8_t)(salt + 7 * i);
}

static bool same(moat_paddr_t a, moat_paddr_t b, unsigned int len)
{
    return !memcmp(rig_ram(a), rig_ram(b), len);
}

/* Bytes from one page to another, with rings at RINGS or in dom0's RAM. */
static void copy(bool guest, moat_iova_t from, moat_iova_t to)
{
    struct rig_packet p = { from, to, 1024 };

    rig_burst(0, guest ? RINGS : RINGS_PAGE, RINGS_PAGE, &p, 1);
    matrix_totals.probes += 2;
}

/* ---- Allowed, blocked, reported ---- */

static void dom0_dma(struct machine *m)
{
    moat_iova_t far = (moat_iova_t)1 << m->cfg.rig.aw_bits;

    check_dma(0, OWN, OWN, true);
    check_dma(0, DOM0_SIZE - 4096, DOM0_SIZE - 4096, true);
    no_faults(m);
    check_dma(0, BEFORE, BEFORE, false);
    check_fault(m, "d1", "read", BEFORE, NO_READ);
    /* QEMU 7.2's amd-iommu does not look at the bits above a table's. */
    if ( !rig_amd() )
    {
        check_dma(0, far, OWN, false);
        check_fault(m, "d1", "read", far, TOO_FAR);
    }

    fill(PAGE(0), 1, 1024);
    fill(PAGE(1), 2, 1024);
    copy(false, PAGE(0), PAGE(1));
    CHECK(same(PAGE(0), PAGE(1), 1024));
    fill(BEHIND, 3, 1024);
    copy(false, PAGE(0), BEHIND);
    check_fault(m, "d1", "write", BEHIND, NO_WRITE);
    CHECK(!same(PAGE(0), BEHIND, 1024));
}

static void quarantine_dma(struct machine *m)
{
    move_group(m, NOBODY);
    no_faults(m);
    check_dma(0, OWN, OWN, false);
    check_fault(m, "quarantine", "read", OWN, NO_READ);
    check_dma(0, REGION, REGION, true);
    move_group(m, GUEST_A);
    check_dma(0, OWN, OWN_PAGE(GUEST_A), true);
    no_faults(m);
    check_dma(0, OWN + 0x1000, OWN + 0x1000, false);
    check_fault(m, "d2", "read", OWN + 0x1000, NO_READ);
    move_group(m, DOM0);
    check_dma(0, OWN + 0x1000, OWN + 0x1000, true);
}

bool sc_dma(struct machine *m)
{
    CHECK_EQ(machine_up(m), 0);
    dom0_dma(m);
    quarantine_dma(m);
    /* A device that nobody has: what is below the bridge has others' ids. */
    if ( m->cfg.rig.place != RIG_BRIDGE )
    {
        CHECK_EQ(machine_remove(m, m->nic[0]), 0);
        no_faults(m);
        check_dma(0, OWN, OWN, false);
        check_fault(m, "no owner", "read", OWN, NO_ENTRY);
    }
    machine_down(m);
    return true;
}

static void map_with(struct machine *m, moat_iova_t iova, moat_paddr_t pa,
                     unsigned int prot)
{
    struct moat_flush f;

    moat_flush_begin(&f);
    CHECK_EQ(moat_map(m->dom[GUEST_A], iova, pa, 4096, prot, &f), 0);
    moat_flush_end(m->dom[GUEST_A], &f);
}

/* Pages that may be read, or written, only. */
bool sc_rights(struct machine *m)
{
    CHECK_EQ(machine_up(m), 0);
    move_group(m, GUEST_A);
    map_with(m, RINGS, RINGS_PAGE, MOAT_RW);
    map_with(m, IOVA, PAGE(0), MOAT_READ);
    map_with(m, IOVA + 0x1000, PAGE(1), MOAT_WRITE);
    map_with(m, IOVA + 0x2000, PAGE(2), MOAT_READ);
    fill(PAGE(0), 1, 1024);
    fill(PAGE(1), 2, 1024);
    fill(PAGE(2), 3, 1024);

    no_faults(m);
    copy(true, IOVA, IOVA + 0x1000);
    CHECK(same(PAGE(0), PAGE(1), 1024));
    moat_faults_poll(m->p);
    CHECK_EQ(sim_log_count("fault: "), 0);
    copy(true, IOVA, IOVA + 0x2000);
    check_fault(m, "d2", "write", IOVA + 0x2000, NO_WRITE);
    CHECK(!same(PAGE(0), PAGE(2), 1024));
    /* Not looked at before: what is cached is refused without a word. */
    map_with(m, IOVA + 0x3000, PAGE(3), MOAT_WRITE);
    check_dma(0, IOVA + 0x3000, PAGE(3), false);
    check_fault(m, "d2", "read", IOVA + 0x3000, NO_READ);
    machine_down(m);
    return true;
}

/* ---- Unmapped, and flushed ---- */

/* With a control: before the flush the old page is still within reach. */
static void unmap_slowly(struct machine *m, moat_iova_t iova, uint64_t len,
                         moat_iova_t at, moat_paddr_t pa)
{
    struct moat_domain *d = m->dom[GUEST_A];
    struct moat_flush f;

    check_dma(0, at, pa, true);
    moat_flush_begin(&f);
    CHECK_EQ(moat_unmap(d, iova, len, &f), 0);
    check_dma(0, at, pa, true);
    moat_flush_end(d, &f);
    check_dma(0, at, pa, false);
}

bool sc_needs_flush(struct machine *m)
{
    struct moat_domain *d;
    const moat_iova_t big = 0x200000;

    CHECK_EQ(machine_up(m), 0);
    d = m->dom[GUEST_A];
    move_group(m, GUEST_A);
    CHECK_EQ(machine_map(d, IOVA, PAGE(0), 0x4000), 0);
    unmap_slowly(m, IOVA + 0x1000, 0x1000, IOVA + 0x1000, PAGE(1));
    check_dma(0, IOVA, PAGE(0), true);
    check_dma(0, IOVA + 0x2000, PAGE(2), true);
    /* Another page there: it, and not the old one. */
    CHECK_EQ(machine_map(d, IOVA + 0x1000, PAGE(8), 0x1000), 0);
    memset(rig_ram(PAGE(1)), 0, 16);
    check_dma(0, IOVA + 0x1000, PAGE(8), true);
    CHECK_EQ(*(uint8_t *)rig_ram(PAGE(1) + 12), 0);
    /* Replaced while mapped. */
    CHECK_EQ(machine_map(d, IOVA, PAGE(9), 0x1000), 0);
    check_dma(0, IOVA, PAGE(9), true);
    CHECK_EQ(machine_map(d, IOVA + big, 0x2e00000 - 0x200000, big), 0);
    unmap_slowly(m, IOVA + big, big, IOVA + big + 0x7000, 0x2c07000);
    machine_down(m);
    return true;
}

/* ---- Superpages, split and joined under DMA ---- */

struct watch
{
    moat_iova_t iova;
    moat_paddr_t pa;
    unsigned long steps, blocked;
};

static void watch_step(void *arg, enum test_step kind,
                       const volatile void *where)
{
    struct watch *w = arg;
    struct rig_dma dma;

    (void)where;
    if ( kind == TEST_STEP_SYNC || kind == TEST_STEP_MMIO )
        return;
    /* As cached, then as walked. */
    dma = rig_probe_nic(0, w->iova, w->pa);
    w->blocked += !dma.read || !dma.write;
    rig_unit_evict();
    dma = rig_probe_nic(0, w->iova, w->pa);
    w->blocked += !dma.read || !dma.write;
    w->steps++;
}

/* @hole, a page of the superpage @base, goes and comes while @w is used. */
static void split_and_join(struct machine *m, struct watch *w,
                           moat_iova_t base, unsigned int order,
                           moat_iova_t hole)
{
    struct sim_hooks hooks = { .step = watch_step, .arg = w };
    struct moat_domain *d = m->dom[GUEST_A];
    unsigned long pages = moat_domain_table_pages(d);
    unsigned int prot, got = 0;
    moat_paddr_t pa = 0;

    CHECK_EQ(moat_lookup(d, base, &pa, &prot, &got), 0);
    CHECK_EQ(got, order);
    check_dma(0, base + hole, pa + hole, true);
    sim_hooks_set(&hooks);
    CHECK_EQ(machine_unmap(d, base + hole, 4096), 0);
    sim_hooks_set(NULL);
    check_dma(0, base + hole, pa + hole, false);
    check_dma(0, base + hole + 4096, pa + hole + 4096, true);
    CHECK(moat_domain_table_pages(d) > pages);

    sim_hooks_set(&hooks);
    CHECK_EQ(machine_map(d, base + hole, pa + hole, 4096), 0);
    sim_hooks_set(NULL);
    check_dma(0, base + hole, pa + hole, true);
    CHECK_EQ(moat_lookup(d, base, &pa, &prot, &got), 0);
    CHECK_EQ(got, order);
    CHECK_EQ(moat_domain_table_pages(d), pages);
    CHECK_EQ(w->blocked, 0);
    CHECK(w->steps > 2);
    matrix_totals.steps += w->steps;
    matrix_totals.probes += 4 * w->steps;
}

bool sc_superpages(struct machine *m)
{
    const moat_iova_t two = 0x5040000000, one = 0x40000000;
    struct watch w = { .iova = two + 0x5000, .pa = 0x2c05000 };
    struct watch v = { .iova = one + 0x2c05000, .pa = 0x2c05000 };

    CHECK_EQ(machine_up(m), 0);
    move_group(m, GUEST_A);
    CHECK_EQ(machine_unmap(m->dom[GUEST_A], OWN, 4096), 0);
    CHECK_EQ(machine_map(m->dom[GUEST_A], two, 0x2c00000, 0x200000), 0);
    split_and_join(m, &w, two, 9, 0x9000);
    CHECK_EQ(machine_map(m->dom[GUEST_A], one, 0, 0x40000000), 0);
    split_and_join(m, &v, one, 18, 0x2d09000);
    machine_down(m);
    return true;
}

/* ---- dom0 without translation ---- */

bool sc_pass_through(struct machine *m)
{
    struct moat_domain *d;
    bool can = rig_amd() || !m->cfg.rig.no_pt;
    int rc;

    m->cfg.pass = can;
    rc = machine_up(m);
    m->cfg.pass = false;
    CHECK_EQ(rc, 0);
    rc = moat_domain_create(m->p, MOAT_DOMAIN_PASSTHROUGH, &rc, HOST_NO_NODE,
                            &d);
    CHECK_EQ(rc, can ? 0 : -EOPNOTSUPP);
    if ( can )
    {
        moat_domain_destroy(d);
        check_dma(0, BEFORE, BEFORE, true);
        check_dma(0, OWN, OWN, true);
        move_group(m, GUEST_A);
        check_dma(0, BEFORE, BEFORE, false);
        check_dma(0, OWN, OWN_PAGE(GUEST_A), true);
        check_dma(0, REGION, REGION, true);
        move_group(m, DOM0);
        check_dma(0, BEFORE, BEFORE, true);
        check_dma(0, OWN, OWN, true);
    }
    machine_down(m);
    return true;
}
