/* SPDX-License-Identifier: GPL-2.0-only */
/* What scenarios with a real driver have in common; see x.h. */
#include "x.h"

/* ---- Set-up ---- */

void x_at_home(x_reset_t *reset, unsigned int flags)
{
    reset();
    world_reserve(0, WORLD_RESERVED);
    world_start(1, 1, flags);
    world_settled();
    world_map(A, 0, 0);
    world_map(A, 1, 1);
}

void x_assigned(x_reset_t *reset, unsigned int flags)
{
    x_at_home(reset, flags);
    world_move(0, A);
}

void x_two(x_reset_t *reset, unsigned int flags)
{
    reset();
    world_start(2, 2, flags);
    world_settled();
    world_map(A, 0, 0);
    world_map(B, 1, 1);
    world_move(0, A);
    world_move(1, B);
}

/* ---- What processors do ---- */

void x_assign(void)
{
    w.rc[0] = world_try_move(0, A);
}

void x_deassign(void)
{
    w.rc[0] = world_try_move(0, NULL);
}

void x_unmap_0(void)
{
    world_unmap_free(A, 0, 0);
}

void x_unmap_1(void)
{
    world_unmap_free(A, 1, 1);
}

void x_unmap_b(void)
{
    world_unmap_free(B, 1, 1);
}

void x_fail(enum drv_fate fate, unsigned int times)
{
    drv.fail_at = 1 + port_choose(2, "the submission that fails");
    drv.fate = fate;
    drv.fail_for = times;
}

void x_late(void)
{
    x_fail(DRV_LATE, 1);
    x_unmap_0();
}

void x_refused(void)
{
    x_fail(DRV_ERROR, 1);
    x_unmap_0();
}

void x_stuck(void)
{
    x_fail(DRV_LOST, 1);
    x_unmap_0();
}

void x_lost(void)
{
    x_fail(DRV_LOST, 1000);
    x_unmap_0();
}

bool x_mute(void)
{
    return !drv.rescue && drv.fail_at && drv.count >= drv.fail_at;
}

/* ---- Judgement ---- */

static void prepare_quarantine(void)
{
    host_devices_lock();
    EXPECT(!moat_device_quarantine_prepare(w.dev[0]));
    host_devices_unlock();
}

void x_home_again(void)
{
    world_move(0, NULL);
    world_expect_at(0, NULL);
    world_move(0, w.home);
    world_expect_at(0, w.home);
    prepare_quarantine();
}

void x_assign_end(void)
{
    EXPECT(!w.rc[0]);
    world_expect_at(0, A);
    x_home_again();
    world_stop();
}

void x_deassign_end(void)
{
    EXPECT(!w.rc[0]);
    world_expect_at(0, NULL);
    world_move(0, w.home);
    prepare_quarantine();
    world_stop();
}

void x_flush_end(void)
{
    world_expect_at(0, A);
    x_home_again();
    world_stop();
}

void x_alive_end(void)
{
    port_work_run();
    EXPECT(drv.unit[0]->state == UNIT_DMA);
    EXPECT(port_bus_master(WORLD_DEV(0)) && port_bus_master(WORLD_DEV(1)));
    drv.fail_at = 0;
    world_expect_at(0, A);
    world_expect_at(1, B);
    world_move(1, NULL);
    world_move(1, w.home);
    w.ids++;                    /* its quarantine's */
    x_home_again();
    world_stop();
}

void x_dead_end(void)
{
    world_dead_end(2);
}
