/* SPDX-License-Identifier: GPL-2.0-only */
/* The same behind the real ring engine. */
#include "scenarios.h"

#define A   w.guest[0]
#define B   w.guest[1]

/* ---- One domain ---- */

static void ring_setup(void)
{
    world_reset();
    drv.ring = true;
    world_start(1, 1, 0);
    world_settled();
    world_map(A, 0, 0);
    world_map(A, 1, 1);
    world_move(0, A);
}

static void unmap_0(void)
{
    world_unmap_free(A, 0, 0);
}

static void unmap_1(void)
{
    world_unmap_free(A, 1, 1);
}

static void back_home(void)
{
    port_work_run();
    world_page_freed(0);
    drv.fail_at = 0;
    world_move(0, NULL);
    world_move(0, w.home);
    host_devices_lock();
    EXPECT(!moat_device_quarantine_prepare(w.dev[0]));
    host_devices_unlock();
}

static void ring_end(void)
{
    world_expect_at(0, A);
    world_page_freed(1);
    back_home();
    world_stop();
}

const struct mx_scenario sc_ring = {
    .name = "ring-two-flushes",
    .about = "two processors flush through one ring",
    .procs = 2,
    .setup = ring_setup,
    .cpu = { unmap_0, unmap_1 },
    .end = ring_end,
    .least = 20,
};

/* ---- Two domains; one submission fails ---- */

static void two_setup(void)
{
    world_reset();
    drv.ring = true;
    world_start(2, 2, 0);
    world_settled();
    world_map(A, 0, 0);
    world_map(B, 1, 1);
    world_move(0, A);
    world_move(1, B);
}

static void unmap_b(void)
{
    world_unmap_free(B, 1, 1);
}

static void fail_and_unmap(void)
{
    static const enum drv_fate fates[] = { DRV_LATE, DRV_ERROR, DRV_LOST };
    unsigned int n = port_choose(2, "the submission that fails");
    enum drv_fate fate = fates[port_choose(3, "how it fails")];

    port_hw_lock();
    drv.fail_at = 1 + n;
    drv.fate = fate;
    drv.fail_for = drv.fate == DRV_LOST ? 1000 : 1;
    port_hw_unlock();
    unmap_0();
}

static void fail_end(void)
{
    port_work_run();
    if ( drv.unit[0]->state == UNIT_DEAD )
        port_fail("the unit could have been rescued");
    EXPECT(port_bus_master(WORLD_DEV(0)) && port_bus_master(WORLD_DEV(1)));
    world_expect_at(0, A);
    world_expect_at(1, B);
    drv.fail_at = 0;
    world_move(1, NULL);
    world_move(1, w.home);
    w.ids++;                    /* its quarantine's */
    back_home();
    world_page_freed(1);
    world_stop();
}

const struct mx_scenario sc_ring_fail = {
    .name = "ring-failure",
    .about = "two domains flush; one answer is late, one is an error, or "
             "none comes any more; registers still work",
    .procs = 2,
    .setup = two_setup,
    .cpu = { fail_and_unmap, unmap_b },
    .end = fail_end,
    .least = 100,
};

/* ---- Nothing works any more ---- */

static void dead_setup(void)
{
    two_setup();
    world_dead();
}

static void dead_end(void)
{
    world_dead_end(2);
}

const struct mx_scenario sc_ring_dead = {
    .name = "ring-mute",
    .about = "two domains flush through a ring that never answers, and "
             "nothing helps",
    .procs = 2,
    .setup = dead_setup,
    .cpu = { unmap_0, unmap_b },
    .end = dead_end,
    .least = 100,
};

/* ---- A move ---- */

static void deassign(void)
{
    w.rc[0] = world_try_move(0, NULL);
}

static void move_end(void)
{
    EXPECT(!w.rc[0]);
    world_expect_at(0, NULL);
    world_move(0, A);
    back_home();
    world_stop();
}

const struct mx_scenario sc_ring_move = {
    .name = "ring-deassign-flush",
    .about = "deassign-flush through the ring",
    .procs = 2,
    .setup = ring_setup,
    .cpu = { deassign, unmap_0 },
    .end = move_end,
    .least = 40,
};
