/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The same moves, failing wherever they can: each allocation in turn, and
 * each wait for the unit, which loses a command, or the next ones too, stops
 * taking commands, or goes mute altogether.
 */
#include "continuity.h"

/* ---- Boot ---- */

#define ROOT    ((moat_paddr_t)0x300000)
#define TABLE   ((moat_paddr_t)0x302000)
#define AMD_RW  0x6000000000000000ull

/* Four levels that lead to REGION; @down: bits of what leads on. */
static void region_tables(uint64_t leaf, uint64_t down, uint64_t next)
{
    unsigned int shift, level = 3;
    moat_paddr_t at = TABLE;
    uint64_t *t;

    for ( shift = 39; shift > 12; shift -= 9, at += 0x1000, level-- )
    {
        t = rig_ram(at);
        t[(REGION >> shift) & 511] = (at + 0x1000) | down | level * next;
    }
    t = rig_ram(at);
    t[(REGION >> 12) & 511] = REGION | leaf;
    t[((REGION >> 12) & 511) + 1] = (REGION + 0x1000) | leaf;
}

/* From firmware's tables, or whoever's before us: all of bus 0, id 1. */
static void vtd_loader_tables(void)
{
    const moat_paddr_t ctx = ROOT + 0x1000;
    uint64_t *t = rig_ram(ROOT);

    t[0] = ctx | 1;
    for ( t = rig_ram(ctx); t < (uint64_t *)rig_ram(ctx + 4096); t += 2 )
    {
        t[0] = TABLE | 1;
        t[1] = 0x102;
    }
    region_tables(3, 3, 0);
    rig_write(RIG_VTD_BASE + 0x20, 8, ROOT);
    rig_write(RIG_VTD_BASE + 0x18, 4, 0x40000000);
    rig_write(RIG_VTD_BASE + 0x18, 4, 0x80000000);
}

/* 48882, 2.2.2.1: V, TV, four levels; two pages of entries. */
static void amd_loader_tables(void)
{
    uint64_t *t = rig_ram(ROOT);

    for ( ; t < (uint64_t *)rig_ram(ROOT + 0x2000); t += 4 )
    {
        t[0] = TABLE | AMD_RW | 0x803;
        t[1] = 1;
    }
    region_tables(AMD_RW | 1, AMD_RW | 1, 0x200);
    rig_write(RIG_AMD_BASE, 8, ROOT | 1);
    rig_write(RIG_AMD_BASE + 0x18, 8, 1);
}

/* To dom0's. */
void boot_from_loader(const struct plan *p)
{
    struct machine m;
    struct judge j;
    unsigned int evict;

    machine_start(&m, &p->machine);
    judge_init(&j, &m);
    for ( evict = 0; evict < 2; evict++ )
    {
        j.evict = evict;
        memset(rig_ram(ROOT), 0, 0x6000);
        if ( rig_amd() )
            amd_loader_tables();
        else
            vtd_loader_tables();
        judge_now(&j, 0, NOBODY);
        CHECK_EQ(plan_boot(&j, JUDGE_KEEP), 0);
        CHECK_LOG(rig_amd() ? "left on by firmware" : "was left on");
        plan_check(&j, p, 0);
        machine_down(&m);
        totals.moves++;
    }
    add_totals(&j);
}

RIG_TEST(boot_after_a_loader) { boot_from_loader(&plans[0]); }

/*
 * A device that dom0 gets no tables for is blocked, and that is said. Nothing
 * else is lost, and nothing left behind.
 */
void boot_short_of_memory(const struct plan *p)
{
    struct machine m;
    struct judge j;
    unsigned long n;
    bool fired = true;
    int rc;

    machine_start(&m, &p->machine);
    judge_init(&j, &m);
    for ( n = 1; fired; n++ )
    {
        j.evict = n & 1;
        sim_log_clear();
        sim_fail_nth(n);
        rc = plan_boot(&j, JUDGE_LEAVE);
        fired = sim_fail_fired();
        sim_fail_nth(0);
        if ( fired && rc )
            totals.failures++;
        else
            plan_check(&j, p, 0);
        machine_down(&m);
        CHECK(!rig_unit_on());
        CHECK_EQ(sim_leaks(), 0);
    }
    test_note("%lu allocations", n - 2);
    add_totals(&j);
}

RIG_TEST(boot_without_memory) { boot_short_of_memory(&plans[0]); }

/* ---- Allocations ---- */

/* To the state before the @i-th operation. */
static void arrive(struct judge *j, const struct plan *p, unsigned int i)
{
    unsigned int nic;

    sim_log_clear();
    /* The layer may have switched it off: it is not judged without. */
    for ( nic = 0; nic < rig_nics(); nic++ )
        rig_pci_write(rig_nic(nic), 4, 2, 6);
    REQUIRE(!machine_up(j->m));
    plan_replay(j, p, i);
}

/*
 * Up to where it fails, a move is one that was judged when all went well; but
 * whether a device that comes or goes was within reach must be known.
 */
static bool judged_late(const struct op *o)
{
    return o->kind != OP_ADD && o->kind != OP_REMOVE;
}

/* Let the @nth allocation of operation @i fail; false: it has fewer. */
static bool fail_alloc(struct judge *j, const struct plan *p, unsigned int i,
                       unsigned long nth)
{
    const struct op *o = &p->ops[i];
    bool fired;
    int rc;

    sim_fail_nth(nth);
    j->late = judged_late(o);
    rc = plan_play(j, p, i, true);
    j->late = false;
    fired = sim_fail_fired();
    sim_fail_nth(0);
    if ( fired && rc == -ENOMEM && o->kind == OP_KILL )
    {
        /* No new guest: half of one goes. */
        machine_kill(j->m, o->to);
        rc = machine_guest(j->m, o->to);
    }
    else if ( fired && rc == -ENOMEM )
    {
        plan_check(j, p, i);
        rc = plan_play(j, p, i, true);
    }
    CHECK_MSG(rc == o->rc, "%s, allocation %lu: %d", o->what, nth, rc);
    plan_check(j, p, i + 1);
    totals.failures += fired;
    totals.moves++;
    return fired;
}

static void all_allocs(struct judge *j, const struct plan *p)
{
    unsigned long nth, sum = 0;
    unsigned int i;
    bool fired;

    j->how = ", without memory";
    for ( i = 0; i < p->n; i++ )
    {
        if ( p->ops[i].kind == OP_MASTER || p->ops[i].kind == OP_MAP_OVER )
            continue;
        for ( nth = 1, fired = true; fired; nth++, sum += fired )
        {
            j->evict = nth & 1;
            arrive(j, p, i);
            fired = fail_alloc(j, p, i, nth);
            machine_down(j->m);
            CHECK_EQ(sim_leaks(), 0);
        }
    }
    test_note("%lu allocations failed", sum);
    CHECK(sum > 20);
}

/* ---- A unit that does not answer ---- */

/*
 * Nobody behind a dead unit does DMA. Should a guest switch its device's bus
 * mastering on again, it finds the device in quarantine, once the unit's
 * caches, which nobody could empty, have emptied themselves.
 */
static void check_cut(struct judge *j, const struct op *o)
{
    unsigned int nic;

    for ( nic = 0; nic < rig_nics(); nic++ )
        CHECK_MSG(!j->m->nic[nic] || !judge_mastering(nic),
                  "%s: NIC %u is not cut off", o->what, nic);
    CHECK_LOG("were cut off (bus mastering), translation stays on");
    sim_work_run();
    for ( nic = 0; nic < rig_nics(); nic++ )
    {
        if ( !j->m->nic[nic] )
            continue;
        CHECK(sim_device_failures(rig_nic(nic)) > 0);
        rig_pci_write(rig_nic(nic), 4, 2, 6);
        rig_unit_evict();
        judge_now(j, nic, NOBODY);
    }
}

/* AMD-Vi has no registers to invalidate by: its queue is all there is. */
static bool is_dead(enum judge_lose what)
{
    return what == LOSE_ALL || (what == LOSE_TAILS && rig_amd());
}

static void lose(struct judge *j, const struct plan *p, unsigned int i,
                 enum judge_lose what, unsigned long nth)
{
    const struct op *o = &p->ops[i];
    bool lost;
    int rc;

    judge_lose(j, what, nth);
    j->late = judged_late(o);
    rc = plan_play(j, p, i, true);
    j->late = false;
    lost = j->lost;
    CHECK_MSG(lost, "%s: wait %lu was not lost", o->what, nth);
    if ( !is_dead(what) )
    {
        CHECK_MSG(rc == o->rc, "%s, wait %lu: %d", o->what, nth, rc);
        plan_check(j, p, i + 1);
    }
    else
    {
        CHECK_MSG(rc == -EIO || o->rc || o->kind != OP_MOVE,
                  "%s, wait %lu: %d", o->what, nth, rc);
        check_cut(j, o);
    }
    totals.failures++;
    totals.moves++;
}

static void all_waits(struct judge *j, const struct plan *p,
                      enum judge_lose what)
{
    static const char *const hows[] = {
        [LOSE_ONE] = ", a command lost", [LOSE_THREE] = ", three lost",
        [LOSE_TAILS] = ", the queue lost", [LOSE_ALL] = ", the unit mute",
    };
    unsigned long nth, waits;
    unsigned int i, n = 0;

    j->how = hows[what];
    for ( i = 0; i < p->n; i++ )
    {
        if ( p->ops[i].kind == OP_SLEEP )
            continue;
        /* How many are there? */
        arrive(j, p, i);
        judge_lose(j, LOSE_NOTHING, 0);
        j->late = true;
        CHECK_EQ(plan_play(j, p, i, true), p->ops[i].rc);
        j->late = false;
        waits = j->tails;
        machine_down(j->m);
        for ( nth = 1; nth <= waits; nth++, n++ )
        {
            j->evict = nth & 1;
            arrive(j, p, i);
            lose(j, p, i, what, nth);
            machine_down(j->m);
            /* What a dead unit may hold is kept for good. */
            if ( is_dead(what) )
                machine_recycle(j->m);
            CHECK_EQ(sim_leaks(), 0);
        }
    }
    test_note("%u waits%s", n, j->how);
    CHECK(n > 10);
}

void fail_all(const struct plan *p)
{
    struct machine m;
    struct judge j;

    machine_start(&m, &p->machine);
    judge_init(&j, &m);
    all_allocs(&j, p);
    /* Repeated; the queue set up anew; all devices of a dead unit cut off. */
    all_waits(&j, p, LOSE_ONE);
    all_waits(&j, p, LOSE_THREE);
    all_waits(&j, p, LOSE_ALL);
    /*
     * VT-d goes on with registers: not with interrupt remapping, whose cache
     * QEMU's unit offers no register for.
     */
    if ( !rig_amd() )
        m.opts.intremap = false;
    all_waits(&j, p, LOSE_TAILS);
    test_note("%lu steps, %lu probes", j.steps, j.probes);
    add_totals(&j);
}

RIG_TEST(failing_one_device) { fail_all(&plans[0]); }
RIG_TEST(failing_two_that_share) { fail_all(&plans[1]); }
RIG_TEST(failing_group) { fail_all(&plans[2]); }

/* Regions go through the host's own tables, and its failures come back. */
VARIANT(failing_guest_of_the_host, fail_all, 0, p.machine.follow = true)
