/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Moves against flushes: moves are made under the host's device lock, maps,
 * unmaps and flushes are not.
 */
#include "scenarios.h"

#define A   w.guest[0]
#define B   w.guest[1]

/* ---- Assign ---- */

/* Device 0, dom0's; guest A, page 0 mapped. */
static void start(unsigned int flags)
{
    world_start(1, 1, flags);
    world_settled();
    world_map(A, 0, 0);
}

/* The same with a reserved page. */
static void at_home(unsigned int flags)
{
    world_reset();
    world_reserve(0, WORLD_RESERVED);
    start(flags);
}

static void assign_setup(void)
{
    at_home(0);
}

static void assign(void)
{
    w.rc[0] = world_try_move(0, A);
}

static void unmap_0(void)
{
    world_unmap_free(A, 0, 0);
}

/* Back to dom0, with a look at quarantine on the way. */
static void home_again(unsigned int dev)
{
    world_move(dev, NULL);
    world_expect_at(dev, NULL);
    world_move(dev, w.home);
    world_expect_at(dev, w.home);
    /* What quarantine needs was given back, and is had again. */
    host_devices_lock();
    EXPECT(!moat_device_quarantine_prepare(w.dev[dev]));
    host_devices_unlock();
}

static void assign_end(void)
{
    EXPECT(!w.rc[0]);
    world_expect_at(0, A);
    world_page_freed(0);
    home_again(0);
    world_stop();
}

const struct mx_scenario sc_assign = {
    .name = "assign-unmap",
    .about = "dom0 to guest, while a page of the guest's is unmapped, "
             "flushed and given away",
    .procs = 2,
    .setup = assign_setup,
    .cpu = { assign, unmap_0 },
    .end = assign_end,
    .least = 5,
};

/*
 * Nothing reserved: once the unit is in the domain's set, no lock that the
 * other processor takes makes its stores seen.
 */
static void bare_setup(void)
{
    world_reset();
    start(0);
}

const struct mx_scenario sc_assign_bare = {
    .name = "assign-unmap-bare",
    .about = "the same, of a device without reserved memory",
    .procs = 2,
    .setup = bare_setup,
    .cpu = { assign, unmap_0 },
    .end = assign_end,
    .least = 5,
};

/* ---- The same with another page mapped ---- */

static void map_1(void)
{
    world_map(A, 1, 1);
}

static void remap_setup(void)
{
    at_home(0);
    hwu_watch(WORLD_IOVA(1));
}

static void remap_end(void)
{
    EXPECT(hwu_translate(0, MOAT_SBDF_RID(WORLD_DEV(0)), WORLD_IOVA(1)) ==
           (WORLD_PAGE(1) | MOAT_RW));
    assign_end();
}

const struct mx_scenario sc_assign_map = {
    .name = "assign-map-unmap",
    .about = "dom0 to guest, one processor unmaps a page, one maps another",
    .procs = 3,
    .setup = remap_setup,
    .cpu = { assign, unmap_0, map_1 },
    .end = remap_end,
    .least = 20,
};

/* ---- De-assign ---- */

static void assigned(unsigned int flags)
{
    at_home(flags);
    world_map(A, 1, 1);
    world_move(0, A);
}

static void deassign_setup(void)
{
    assigned(0);
}

static void deassign(void)
{
    w.rc[0] = world_try_move(0, NULL);
}

static void unmap_1(void)
{
    world_unmap_free(A, 1, 1);
}

static void deassign_end(void)
{
    EXPECT(!w.rc[0]);
    world_expect_at(0, NULL);
    world_page_freed(0);
    world_page_freed(1);
    world_move(0, w.home);
    world_settled();
    w.ids++;                    /* quarantine's, given back */
    w.ids--;                    /* and had again */
    host_devices_lock();
    EXPECT(!moat_device_quarantine_prepare(w.dev[0]));
    host_devices_unlock();
    world_settled();
    world_stop();
}

const struct mx_scenario sc_deassign = {
    .name = "deassign-flush",
    .about = "guest to quarantine (the guest's id drains), while a page of "
             "the guest's is unmapped, flushed and given away",
    .procs = 2,
    .setup = deassign_setup,
    .cpu = { deassign, unmap_0 },
    .end = deassign_end,
    .least = 5,
};

const struct mx_scenario sc_deassign2 = {
    .name = "deassign-flush-flush",
    .about = "the same with two processors that unmap",
    .procs = 3,
    .setup = deassign_setup,
    .cpu = { deassign, unmap_0, unmap_1 },
    .end = deassign_end,
    .least = 20,
};

/* ---- Out and in again ---- */

static void bounce(void)
{
    w.rc[0] = world_try_move(0, NULL);
    w.rc[1] = world_try_move(0, A);
}

static void bounce_end(void)
{
    EXPECT(!w.rc[0] && !w.rc[1]);
    world_expect_at(0, A);
    world_page_freed(0);
    home_again(0);
    world_stop();
}

const struct mx_scenario sc_bounce = {
    .name = "bounce-flush",
    .about = "guest to quarantine and back to the guest, whose id is another "
             "then, while a page of the guest's is given away",
    .procs = 2,
    .setup = deassign_setup,
    .cpu = { bounce, unmap_0 },
    .end = bounce_end,
    .least = 10,
};

/* ---- A TLB in the device ---- */

static void ats_setup(void)
{
    assigned(WORLD_ATS);
}

static void ats_end(void)
{
    EXPECT(!w.rc[0]);
    world_expect_at(0, NULL);
    world_page_freed(0);
    world_page_freed(1);
    world_move(0, w.home);
    host_devices_lock();
    EXPECT(!moat_device_quarantine_prepare(w.dev[0]));
    host_devices_unlock();
    world_stop();
}

const struct mx_scenario sc_ats_detach = {
    .name = "ats-detach-flush",
    .about = "a device with a TLB of its own leaves a guest, whose pages "
             "are given away meanwhile",
    .procs = 3,
    .setup = ats_setup,
    .cpu = { deassign, unmap_0, unmap_1 },
    .end = ats_end,
    .least = 20,
};

static void ats_assign_setup(void)
{
    at_home(WORLD_ATS);
}

const struct mx_scenario sc_ats_attach = {
    .name = "ats-attach-flush",
    .about = "a device with a TLB of its own comes to a guest, one of whose "
             "pages is given away meanwhile",
    .procs = 2,
    .setup = ats_assign_setup,
    .cpu = { assign, unmap_0 },
    .end = assign_end,
    .least = 5,
};

static void remove_device(void)
{
    /* It is gone: nothing of its memory is within its reach any more. */
    port_hw_lock();
    hwu_arm(false);
    port_hw_unlock();
    host_devices_lock();
    w.rc[0] = moat_device_remove(w.dev[0]);
    host_devices_unlock();
}

static void remove_end(void)
{
    EXPECT(!w.rc[0]);
    w.dev[0] = NULL;
    world_page_freed(0);
    world_page_freed(1);
    w.ids += 2;                 /* dom0's and quarantine's */
    world_stop();
}

const struct mx_scenario sc_ats_remove = {
    .name = "ats-remove-flush",
    .about = "a device with a TLB of its own is unplugged while a page of "
             "its guest's is given away",
    .procs = 2,
    .setup = ats_setup,
    .cpu = { remove_device, unmap_0 },
    .end = remove_end,
    .least = 5,
};

/* ---- Two requester ids ---- */

static void phantom_setup(void)
{
    at_home(WORLD_PHANTOM);
}

const struct mx_scenario sc_phantom = {
    .name = "two-ids-assign",
    .about = "a device with two requester ids, as assign-unmap",
    .procs = 2,
    .setup = phantom_setup,
    .cpu = { assign, unmap_0 },
    .end = assign_end,
    .least = 5,
};

/* ---- Two units ---- */

static void units_setup(void)
{
    world_reset();
    drv.units = 2;
    drv.scope = WORLD_DEV(1);
    world_start(2, 1, 0);
    world_settled();
    world_map(A, 0, 0);
    world_move(0, A);
}

static void assign_1(void)
{
    w.rc[0] = world_try_move(1, A);
    w.rc[1] = world_try_move(0, NULL);
}

static void units_end(void)
{
    EXPECT(!w.rc[0] && !w.rc[1]);
    world_expect_at(0, NULL);
    world_expect_at(1, A);
    world_page_freed(0);
    world_move(0, w.home);
    world_move(1, NULL);
    world_move(1, w.home);
    w.ids++;
    world_stop();
}

const struct mx_scenario sc_units = {
    .name = "two-units",
    .about = "a guest gets a device behind one unit and loses one behind "
             "another while a page is given away",
    .procs = 2,
    .setup = units_setup,
    .cpu = { assign_1, unmap_0 },
    .end = units_end,
    .least = 10,
};

/* ---- Tables ---- */

static void unmap_both(void)
{
    struct moat_flush f;

    moat_flush_begin(&f);
    EXPECT(!moat_unmap(A, WORLD_IOVA(0), 0x2000, &f));
    moat_flush_end(A, &f);
    world_page_freed(0);
    world_page_freed(1);
}

static void unmap_defer(void)
{
    struct moat_flush f;

    moat_flush_begin(&f);
    EXPECT(!moat_unmap(A, WORLD_IOVA(0), 0x2000, &f));
    moat_flush_defer(A, &f);
    moat_flush_range(A, WORLD_IOVA(0), WORLD_IOVA(2) - 1, false, true);
    world_page_freed(0);
    world_page_freed(1);
}

#define FAR     512     /* in another table than the first pages */

static void map_far(void)
{
    world_map(A, FAR, 2);
    world_unmap_free(A, FAR, 2);
}

static void tables_end(void)
{
    world_expect_at(0, A);
    world_page_freed(0);
    world_page_freed(1);
    home_again(0);
    world_stop();
}

/* Of two tables that become empty the first goes: one is already. */
static void tables_setup(void)
{
    assigned(0);
    map_far();
}

const struct mx_scenario sc_tables = {
    .name = "table-free",
    .about = "a table page becomes empty and another, which was, is freed; "
             "one processor maps and unmaps a page there, hardware walks",
    .procs = 2,
    .setup = tables_setup,
    .cpu = { unmap_both, map_far },
    .end = tables_end,
    .least = 5,
};

const struct mx_scenario sc_tables_defer = {
    .name = "table-free-deferred",
    .about = "the same with flushes put off to moat_flush_range()",
    .procs = 2,
    .setup = tables_setup,
    .cpu = { unmap_defer, map_far },
    .end = tables_end,
    .least = 5,
};

/* What was put off is flushed with any range that is asked for. */
static void put_off_other(void)
{
    struct moat_flush f;

    moat_flush_begin(&f);
    EXPECT(!moat_unmap(A, WORLD_IOVA(0), 0x2000, &f));
    moat_flush_defer(A, &f);
    moat_flush_range(A, WORLD_IOVA(5), WORLD_IOVA(6) - 1, false, true);
    world_page_freed(0);
    world_page_freed(1);
}

const struct mx_scenario sc_defer_other = {
    .name = "deferred-other-range",
    .about = "flushes put off, then one of another range asked for",
    .procs = 2,
    .setup = tables_setup,
    .cpu = { put_off_other, map_far },
    .end = tables_end,
    .least = 5,
};

/* Two put off, and whoever flushes first flushes for both. */
static void put_off_0(void)
{
    struct moat_flush f;

    moat_flush_begin(&f);
    EXPECT(!moat_unmap(A, WORLD_IOVA(0), 0x1000, &f));
    moat_flush_defer(A, &f);
    moat_flush_range(A, WORLD_IOVA(0), WORLD_IOVA(1) - 1, false, true);
    world_page_freed(0);
}

static void put_off_1(void)
{
    struct moat_flush f;

    moat_flush_begin(&f);
    EXPECT(!moat_unmap(A, WORLD_IOVA(1), 0x1000, &f));
    moat_flush_defer(A, &f);
    moat_flush_range(A, WORLD_IOVA(1), WORLD_IOVA(2) - 1, false, true);
    world_page_freed(1);
}

const struct mx_scenario sc_defer = {
    .name = "deferred-flushes",
    .about = "two processors unmap, put their flushes off, then ask for them",
    .procs = 2,
    .setup = tables_setup,
    .cpu = { put_off_0, put_off_1 },
    .end = tables_end,
    .least = 5,
};
