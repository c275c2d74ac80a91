/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XSA-400: a device's reserved memory is within its reach at every instant
 * at which it can issue DMA, whoever owns it or is about to, and nothing
 * that is nobody's is. All goes well here; rig_continuity_fail.c makes it
 * fail, rig_continuity_self.c shows that the judge would see it.
 */
#include "continuity.h"

struct totals totals;

void add_totals(const struct judge *j)
{
    totals.steps += j->steps;
    totals.probes += j->probes;
}

/* ---- Every kind of move ---- */

static void play(struct judge *j, const struct plan *p)
{
    unsigned int i;
    int rc;

    CHECK_EQ(plan_boot(j, JUDGE_KEEP), 0);
    plan_check(j, p, 0);
    for ( i = 0; i < p->n; i++ )
    {
        rc = plan_play(j, p, i, true);
        CHECK_MSG(rc == p->ops[i].rc, "%s: %d, not %d", p->ops[i].what, rc,
                  p->ops[i].rc);
        plan_check(j, p, i + 1);
        totals.moves++;
    }
    machine_down(j->m);
    /* As found: nothing is out of reach. */
    CHECK(!rig_unit_on());
}

void play_both(const struct plan *p)
{
    struct machine m;
    struct judge j;

    machine_start(&m, &p->machine);
    judge_init(&j, &m);
    play(&j, p);
    CHECK_EQ(sim_leaks(), 0);
    j.evict = true;
    play(&j, p);
    test_note("%lu steps, %lu probes", j.steps, j.probes);
    add_totals(&j);
}

RIG_TEST(moves_of_one_device) { play_both(&plans[0]); }
RIG_TEST(moves_of_two_that_share) { play_both(&plans[1]); }
RIG_TEST(moves_of_a_group) { play_both(&plans[2]); }

/* ---- The same on other machines ---- */

VARIANT(one_behind_a_port, play_both, 0, p.machine.rig.place = RIG_PORT)
VARIANT(one_39_bits_caching_mode, play_both, 0,
        (p.machine.rig.aw_bits = 39, p.machine.rig.caching_mode = true))
VARIANT(one_by_registers, play_both, 0, p.machine.registers = true)
VARIANT(one_scratch_page, play_both, 0, p.machine.scratch = true)
VARIANT(one_guests_of_the_host, play_both, 0, p.machine.follow = true)
VARIANT(share_caching_mode, play_both, 1, p.machine.rig.caching_mode = true)
VARIANT(share_guests_of_the_host, play_both, 1, p.machine.follow = true)
VARIANT(group_by_registers, play_both, 2, p.machine.registers = true)
VARIANT(group_scratch_page, play_both, 2, p.machine.scratch = true)
VARIANT(group_guests_of_the_host, play_both, 2,
        (p.machine.follow = true, p.machine.rig.caching_mode = true))
