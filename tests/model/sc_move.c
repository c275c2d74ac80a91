/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Moves against flushes: moves are made under the host's device lock, maps,
 * unmaps and flushes are not.
 */
#include "scenarios.h"

#define A   w.guest[0]
#define B   w.guest[1]

/* Device 0, dom0's; guest A, page 0 mapped at address 0. */
static void one_device(unsigned int flags)
{
    world_reset();
    world_reserve(0, WORLD_RESERVED);
    world_start(1, 1, flags);
    world_map(A, 0, 0);
}

static void assign_setup(void)
{
    one_device(0);
    world_settled();
}

static void assign(void)
{
    w.rc[0] = world_try_move(0, A);
}

static void unmap_free(void)
{
    world_unmap_free(A, 0, 0);
}

static void assign_end(void)
{
    EXPECT(!w.rc[0]);
    world_expect_at(0, A);
    world_page_freed(0);
    world_move(0, NULL);
    world_move(0, w.home);
    world_expect_at(0, w.home);
    /* Home's id was live from the start, quarantine's went with it. */
    w.ids++;
    world_stop();
}

const struct mx_scenario sc_assign = {
    .name = "assign-unmap",
    .about = "dom0 to guest while a page of the guest's is unmapped, flushed "
             "and given away",
    .procs = 2,
    .setup = assign_setup,
    .cpu = { assign, unmap_free },
    .end = assign_end,
    .least = 2,
};
