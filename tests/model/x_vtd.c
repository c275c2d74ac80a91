/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scenarios with the real VT-d driver: registers, queue and tables are those
 * of unit/vtd.c. Only for the explorer.
 */
#include "regs.h"
#include "unit/vtd.h"
#include "x.h"

const struct hw_vendor *const hw_vendors[] = { &vtd_vendor, &amdvi_vendor,
                                               &drv_vendor, NULL };
extern void (*model_dma_stored)(void);
extern const void *(*model_table)(const char *sig, size_t *len);

static const struct regs regs = {
    .base = HWV_BASE,
    .size = HWV_SIZE,
    .read = hwv_read,
    .write = hwv_write,
};

/* ---- What the unit asks ---- */

enum hwv_fate hwv_next_fate(void)
{
    switch ( drv_next_fate(0) )
    {
    case DRV_LOST:
        return HWV_LOST;

    case DRV_LATE:
        return HWV_LATE;

    case DRV_ERROR:
        return HWV_REFUSED;

    default:
        return HWV_DONE;
    }
}

bool hwv_mute(void)
{
    return x_mute();
}

void hwv_write_status(uint64_t *p, uint32_t v)
{
    port_status_write(p, v);
}

/* ---- The firmware's table: chapter 8 ---- */

static uint8_t dmar[256];
static size_t dmar_len;

static void put(uint64_t v, unsigned int bytes)
{
    for ( ; bytes--; v >>= 8 )
        dmar[dmar_len++] = (uint8_t)v;
}

static void make_dmar(void)
{
    unsigned int i;
    uint8_t sum = 0;

    memset(dmar, 0, sizeof(dmar));
    memcpy(dmar, "DMAR", 4);
    dmar[8] = 1;
    dmar[36] = 38;                          /* host address width - 1 */
    dmar_len = 48;
    put(0, 2);                              /* a unit for all devices */
    put(16, 2);
    put(1, 1);
    put(0, 3);
    put(HWV_BASE, 8);
    for ( i = 0; i < drv.n_resv; i++ )
    {
        put(1, 2);                          /* a reserved region */
        put(32, 2);
        put(0, 4);
        put(drv.resv[i].page, 8);
        put(drv.resv[i].page + 0xfff, 8);
        put(1, 1);
        put(8, 1);
        put(0, 3);
        put(MOAT_SBDF_BUS(drv.resv[i].dev), 1);
        put(MOAT_SBDF_DEV(drv.resv[i].dev), 1);
        put(MOAT_SBDF_FN(drv.resv[i].dev), 1);
    }
    put(2, 2);                              /* ATS: from all ports */
    put(8, 2);
    put(1, 1);
    put(0, 3);
    dmar[4] = (uint8_t)dmar_len;
    for ( i = 0; i < dmar_len; i++ )
        sum = (uint8_t)(sum + dmar[i]);
    dmar[9] = (uint8_t)-sum;
}

static const void *table(const char *sig, size_t *len)
{
    if ( memcmp(sig, "DMAR", 4) )
        return NULL;
    make_dmar();
    *len = dmar_len;
    return dmar;
}

/* ---- Scenarios ---- */

static void vtd_reset(void)
{
    world_reset();
    hwv_reset();
    regs_unit = &regs;
    model_table = table;
    model_dma_stored = hwv_look;
    port_relax_set(hwv_work);
}

static void assign_setup(void)
{
    x_at_home(vtd_reset, 0);
}

static void assigned_setup(void)
{
    x_assigned(vtd_reset, 0);
}

static void ats_setup(void)
{
    x_assigned(vtd_reset, WORLD_ATS);
}

static const struct mx_scenario vtd_assign = {
    .name = "vtd-assign-unmap",
    .about = "assign-unmap with the VT-d driver",
    .procs = 2,
    .setup = assign_setup,
    .cpu = { x_assign, x_unmap_0 },
    .end = x_assign_end,
    .least = 20,
};

static const struct mx_scenario vtd_deassign = {
    .name = "vtd-deassign-flush",
    .about = "deassign-flush with the VT-d driver",
    .procs = 2,
    .setup = assigned_setup,
    .cpu = { x_deassign, x_unmap_0 },
    .end = x_deassign_end,
    .least = 20,
};

static const struct mx_scenario vtd_ats = {
    .name = "vtd-ats-detach-flush",
    .about = "ats-detach-flush with the VT-d driver, one page",
    .procs = 2,
    .setup = ats_setup,
    .cpu = { x_deassign, x_unmap_0 },
    .end = x_deassign_end,
    .least = 20,
};

static const struct mx_scenario vtd_flushes = {
    .name = "vtd-two-flushes",
    .about = "two flushes of one domain through the VT-d queue",
    .procs = 2,
    .setup = assigned_setup,
    .cpu = { x_unmap_0, x_unmap_1 },
    .end = x_flush_end,
    .least = 10,
};

/* ---- Failures ---- */

static void two_setup(void)
{
    x_two(vtd_reset, 0);
}

static const struct mx_scenario vtd_late = {
    .name = "vtd-late",
    .about = "two domains flush, an answer of the queue comes late",
    .procs = 2,
    .setup = two_setup,
    .cpu = { x_late, x_unmap_b },
    .end = x_alive_end,
    .least = 20,
};

static const struct mx_scenario vtd_refused = {
    .name = "vtd-refused",
    .about = "two domains flush, a descriptor stops the queue",
    .procs = 2,
    .setup = two_setup,
    .cpu = { x_refused, x_unmap_b },
    .end = x_alive_end,
    .least = 20,
};

static const struct mx_scenario vtd_lost = {
    .name = "vtd-lost-queue",
    .about = "two domains flush, the queue does not answer any more; "
             "registers do",
    .procs = 2,
    .setup = two_setup,
    .cpu = { x_lost, x_unmap_b },
    .end = x_alive_end,
    .least = 20,
    .preemptions = 2,
};

static const struct mx_scenario vtd_restart = {
    .name = "vtd-restart-queue",
    .about = "two domains flush, the queue is stuck until it is started anew",
    .procs = 2,
    .setup = two_setup,
    .cpu = { x_stuck, x_unmap_b },
    .end = x_alive_end,
    .least = 20,
    .preemptions = 2,
};

/* No register reaches a device's TLB: its flush must be repeated. */
static void two_ats_setup(void)
{
    x_two(vtd_reset, WORLD_ATS);
}

static void stuck_b(void)
{
    x_fail(DRV_LOST, 1);
    x_unmap_b();
}

/* Its flush failed twice because of the queue: the device may be cut off. */
static void ats_restart_end(void)
{
    if ( port_bus_master(WORLD_DEV(0)) )
    {
        x_alive_end();
        return;
    }
    port_work_run();
    EXPECT(drv.unit[0]->state == UNIT_DMA);
    EXPECT(port_bus_master(WORLD_DEV(1)));
    EXPECT(port_failures(WORLD_DEV(0)) == 1);
    drv.fail_at = 0;
    world_expect_at(1, B);
    w.leaks = true;
    world_stop();
}

static const struct mx_scenario vtd_ats_restart = {
    .name = "vtd-ats-restart-queue",
    .about = "vtd-restart-queue while the other flush is one of a device's "
             "TLB",
    .procs = 2,
    .setup = two_ats_setup,
    .cpu = { x_unmap_0, stuck_b },
    .end = ats_restart_end,
    .least = 20,
    .preemptions = 2,
};

static void dead_setup(void)
{
    two_setup();
    world_dead();
}

static const struct mx_scenario vtd_dead = {
    .name = "vtd-mute-unit",
    .about = "two domains flush, neither queue nor registers answer",
    .procs = 2,
    .setup = dead_setup,
    .cpu = { x_unmap_0, x_unmap_b },
    .end = x_dead_end,
    .least = 20,
};

const struct mx_scenario *const vtd_scenarios[] = {
    &vtd_assign, &vtd_deassign, &vtd_ats, &vtd_flushes, &vtd_late,
    &vtd_refused, &vtd_lost, &vtd_restart, &vtd_ats_restart,
    &vtd_dead, NULL,
};
