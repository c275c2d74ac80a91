/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Units and devices that do not answer. A flush that fails has no error code
 * that anybody looks at: when it returns, nothing behind the unit may still
 * reach what was unmapped, and nothing that hardware may hold is used again.
 */
#include "scenarios.h"

#define A   w.guest[0]
#define B   w.guest[1]

/* Device 0 dom0's, device 1 guest B's; each of the guests has a page. */
static void two_devices(unsigned int flags)
{
    world_reset();
    world_reserve(0, WORLD_RESERVED);
    world_start(2, 2, flags);
    world_map(A, 0, 0);
    world_map(B, 1, 1);
    world_move(1, B);
    world_settled();
}

/* From the @n-th submission on, @n chosen, @times fail. */
static void break_unit(unsigned int n, unsigned int times, enum drv_fate fate)
{
    n = port_choose(n, "the first submission that fails");
    port_hw_lock();
    drv.fail_at = 1 + n;
    drv.fail_for = times;
    drv.fate = fate;
    port_hw_unlock();
}

static void assign_0(void)
{
    w.rc[0] = world_try_move(0, A);
}

static void unmap_b(void)
{
    world_unmap_free(B, 1, 1);
}

static bool unit_dead(void)
{
    return drv.unit[0]->state == UNIT_DEAD;
}

/* The unit is dead: all are cut off, said, and stay so. */
static void dead_end(void)
{
    unsigned int i;

    EXPECT(unit_dead());
    port_work_run();
    for ( i = 0; i < 2; i++ )
    {
        EXPECT(!port_bus_master(WORLD_DEV(i)));
        EXPECT(port_failures(WORLD_DEV(i)) == 1);
    }
    EXPECT(port_log_has("does not answer"));
    /* B had a device; A may have had one. */
    EXPECT(port_crashes((void *)2) >= 1);
    EXPECT(world_try_move(0, A) < 0 && world_try_move(1, A) < 0);
    /* What the unit may hold is kept for good. */
    w.leaks = true;
    world_stop();
}

/* ---- For ever ---- */

static void dead_setup(void)
{
    two_devices(0);
    drv.rescue = false;
}

static void break_for_good(void)
{
    break_unit(4, 1000, DRV_LOST);
    assign_0();
}

static void dead_or_not_end(void)
{
    if ( unit_dead() )
    {
        dead_end();
        return;
    }
    /* It broke only after all was done: the next flush finds out. */
    drv.fail_at = drv.fail_for = 0;
    EXPECT(!w.rc[0]);
    world_expect_at(0, A);
    world_move(0, NULL);
    world_move(0, w.home);
    w.leaks = true;
    world_stop();
}

const struct mx_scenario sc_mute = {
    .name = "mute-unit",
    .about = "the unit stops answering, from each of the first submissions "
             "on, while a device is assigned and another domain flushes",
    .procs = 2,
    .setup = dead_setup,
    .cpu = { break_for_good, unmap_b },
    .end = dead_or_not_end,
    .least = 40,
};

/* ---- Two flushes notice at once ---- */

static void unmap_a(void)
{
    world_unmap_free(A, 0, 0);
}

static void both_setup(void)
{
    dead_setup();
    world_move(0, A);
    drv.fail_at = 1;
    drv.fail_for = 1000;
    drv.fate = DRV_LOST;
}

const struct mx_scenario sc_mute_two = {
    .name = "mute-unit-two-flushes",
    .about = "two domains' flushes find the unit mute at once",
    .procs = 2,
    .setup = both_setup,
    .cpu = { unmap_a, unmap_b },
    .end = dead_end,
    .least = 10,
};

/* ---- Rescued ---- */

static void rescue_setup(void)
{
    two_devices(0);
}

static void rescue_end(void)
{
    EXPECT(!unit_dead());
    port_work_run();
    EXPECT(!w.rc[0]);
    world_expect_at(0, A);
    world_expect_at(1, B);
    EXPECT(port_bus_master(WORLD_DEV(0)) && port_bus_master(WORLD_DEV(1)));
    drv.fail_at = 0;
    world_page_freed(1);
    world_move(0, NULL);
    world_move(0, w.home);
    host_devices_lock();
    EXPECT(!moat_device_quarantine_prepare(w.dev[0]));
    host_devices_unlock();
    world_stop();
}

static void break_and_rescue(void)
{
    break_unit(4, 2, (enum drv_fate)(1 + port_choose(DRV_FATES - 1,
                                                     "how it fails")));
    assign_0();
}

const struct mx_scenario sc_rescue = {
    .name = "rescue",
    .about = "two submissions in a row fail, each way there is; registers "
             "still work",
    .procs = 2,
    .setup = rescue_setup,
    .cpu = { break_and_rescue, unmap_b },
    .end = rescue_end,
    .least = 100,
};

static void break_once(void)
{
    break_unit(5, 1, (enum drv_fate)(1 + port_choose(DRV_FATES - 1,
                                                     "how it fails")));
    assign_0();
}

static void once_end(void)
{
    EXPECT(!drv.rescues);
    rescue_end();
}

const struct mx_scenario sc_once = {
    .name = "one-failure",
    .about = "one submission fails, each way there is: it is repeated",
    .procs = 2,
    .setup = rescue_setup,
    .cpu = { break_once, unmap_b },
    .end = once_end,
    .least = 100,
};

/* ---- A device that keeps what it has ---- */

static void ats_setup(void)
{
    world_reset();
    world_start(2, 2, WORLD_ATS);
    world_map(A, 0, 0);
    world_move(0, A);
    world_settled();
    drv.mute_devtlb = true;
}

static void take_away(void)
{
    w.rc[0] = world_try_move(0, NULL);
}

static void ats_end(void)
{
    port_work_run();
    EXPECT(!unit_dead());
    EXPECT(!port_bus_master(WORLD_DEV(0)));
    EXPECT(port_bus_master(WORLD_DEV(1)));
    EXPECT(port_failures(WORLD_DEV(0)) == 1);
    EXPECT(!port_failures(WORLD_DEV(1)));
    EXPECT(port_log_has("its address cache does not answer"));
    world_page_freed(0);
    /* Alone: the other goes where it likes. */
    world_move(1, B);
    world_expect_at(1, B);
    w.leaks = true;
    world_stop();
}

const struct mx_scenario sc_ats_mute = {
    .name = "mute-device-tlb",
    .about = "a device's TLB does not answer while it is taken from its "
             "guest and a page of the guest's is given away",
    .procs = 2,
    .setup = ats_setup,
    .cpu = { take_away, unmap_a },
    .end = ats_end,
    .least = 10,
};

/* ---- Cut off while it moves ---- */

static void cut_setup(void)
{
    two_devices(0);
}

static void cut_off(void)
{
    device_cut(w.p, WORLD_DEV(0), "it misbehaves");
    world_page_freed(2);
}

static void report(void)
{
    port_work_run();
}

static void cut_end(void)
{
    port_work_run();
    /* Wherever it is now, it cannot issue DMA and belongs to no guest. */
    EXPECT(!port_bus_master(WORLD_DEV(0)));
    EXPECT(port_failures(WORLD_DEV(0)) == 1);
    EXPECT(moat_device_owner(w.dev[0]) != A || port_crashes((void *)1));
    EXPECT(w.dev[0]->failed);
    EXPECT(world_try_move(0, B) == -EPERM);
    world_expect_at(1, B);
    w.leaks = true;
    world_stop();
}

const struct mx_scenario sc_cut = {
    .name = "cut-off-while-moving",
    .about = "a device is cut off, and that is reported, while it is moved",
    .procs = 3,
    .setup = cut_setup,
    .cpu = { assign_0, cut_off, report },
    .end = cut_end,
    .least = 10,
};

/* ---- A storm of faults while it moves ---- */

static void fault(void)
{
    struct moat_fault f;

    memset(&f, 0, sizeof(f));
    f.source = WORLD_DEV(0);
    f.addr = WORLD_IOVA(5);
    f.reason = "no translation";
    fault_report(drv.unit[0], &f);
}

static void storm_setup(void)
{
    unsigned int i;

    two_devices(0);
    for ( i = 0; i < 31; i++ )
        fault();
    EXPECT(port_bus_master(WORLD_DEV(0)));
}

static void storm_end(void)
{
    EXPECT(!w.rc[0]);
    EXPECT(!port_bus_master(WORLD_DEV(0)));
    EXPECT(port_log_has("its bus mastering was switched off"));
    world_expect_at(0, A);
    world_move(0, NULL);
    world_move(0, w.home);
    host_devices_lock();
    EXPECT(!moat_device_quarantine_prepare(w.dev[0]));
    host_devices_unlock();
    world_stop();
}

const struct mx_scenario sc_storm = {
    .name = "fault-storm-while-moving",
    .about = "the fault that is one too many comes while the device moves",
    .procs = 2,
    .setup = storm_setup,
    .cpu = { assign_0, fault },
    .end = storm_end,
    .least = 2,
};

/* ---- No memory ---- */

static void memory_setup(void)
{
    two_devices(0);
    world_move(0, A);
}

static void take_and_give(void)
{
    w.rc[0] = world_try_move(0, NULL);
    port_table_fail(1 + port_choose(4, "the page that cannot be had"));
    w.rc[1] = world_try_move(0, B);
    port_table_fail(0);
}

static void memory_end(void)
{
    EXPECT(!w.rc[0]);
    EXPECT(!w.rc[1] || w.rc[1] == -ENOMEM);
    world_expect_at(0, w.rc[1] ? NULL : B);
    world_expect_at(1, B);
    world_page_freed(1);
    if ( !w.rc[1] )
        world_move(0, NULL);
    world_move(0, w.home);
    host_devices_lock();
    EXPECT(!moat_device_quarantine_prepare(w.dev[0]));
    host_devices_unlock();
    world_stop();
}

const struct mx_scenario sc_memory = {
    .name = "no-memory",
    .about = "a device goes from guest to guest while the other flushes; "
             "each page for tables that is asked for is refused once",
    .procs = 2,
    .setup = memory_setup,
    .cpu = { take_and_give, unmap_b },
    .end = memory_end,
    .least = 20,
};
