/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scenarios with the real VT-d driver: registers, queue and tables are those
 * of unit/vtd.c. Only for the explorer.
 */
#include "mem.h"
#include "scenarios.h"
#include "unit/vtd.h"

#define PC  __builtin_return_address(0)
#define A   w.guest[0]
#define B   w.guest[1]

const struct hw_vendor *const hw_vendors[] = { &vtd_vendor, &drv_vendor,
                                               NULL };
extern void (*model_dma_stored)(void);
extern const void *(*model_table)(const char *sig, size_t *len);

/* ---- Registers ---- */

struct host_mmio
{
    moat_paddr_t pa;
};

struct host_mmio *host_mmio_map(moat_paddr_t pa, size_t size)
{
    struct host_mmio *m;

    if ( pa != HWV_BASE || size > HWV_SIZE )
        return NULL;
    m = host_alloc(sizeof(*m));
    m->pa = pa;
    return m;
}

void host_mmio_unmap(struct host_mmio *m)
{
    host_free(m);
}

static uint64_t reg_read(unsigned int off, unsigned int bytes, const void *pc)
{
    mx_point("reads a register", MX_OBJ(MX_RING, 0x100 + off), pc);
    return hwv_read(off, bytes);
}

static void reg_write(unsigned int off, unsigned int bytes, uint64_t v,
                      const void *pc)
{
    mx_point("writes a register", MX_OBJ(MX_RING, 0x100 + off), pc);
    port_barrier();
    mx_note("value %#lx", (unsigned long)v);
    hwv_write(off, bytes, v);
}

uint32_t host_mmio_read32(struct host_mmio *m, unsigned int off)
{
    (void)m;
    return (uint32_t)reg_read(off, 4, PC);
}

uint64_t host_mmio_read64(struct host_mmio *m, unsigned int off)
{
    (void)m;
    return reg_read(off, 8, PC);
}

void host_mmio_write32(struct host_mmio *m, unsigned int off, uint32_t v)
{
    (void)m;
    reg_write(off, 4, v, PC);
}

void host_mmio_write64(struct host_mmio *m, unsigned int off, uint64_t v)
{
    (void)m;
    reg_write(off, 8, v, PC);
}

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
    return !drv.rescue && drv.fail_at && drv.count >= drv.fail_at;
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
    model_table = table;
    model_dma_stored = hwv_look;
    port_relax_set(hwv_work);
}

static void at_home(unsigned int flags)
{
    vtd_reset();
    world_reserve(0, WORLD_RESERVED);
    world_start(1, 1, flags);
    world_settled();
    world_map(A, 0, 0);
    world_map(A, 1, 1);
}

static void home_again(void)
{
    world_move(0, NULL);
    world_expect_at(0, NULL);
    world_move(0, w.home);
    world_expect_at(0, w.home);
    host_devices_lock();
    EXPECT(!moat_device_quarantine_prepare(w.dev[0]));
    host_devices_unlock();
}

static void assign_setup(void)
{
    at_home(0);
}

static void assign(void)
{
    w.rc[0] = world_try_move(0, A);
}

static void deassign(void)
{
    w.rc[0] = world_try_move(0, NULL);
}

static void unmap_0(void)
{
    world_unmap_free(A, 0, 0);
}

static void unmap_1(void)
{
    world_unmap_free(A, 1, 1);
}

static void assign_end(void)
{
    EXPECT(!w.rc[0]);
    world_expect_at(0, A);
    home_again();
    world_stop();
}

static const struct mx_scenario vtd_assign = {
    .name = "vtd-assign-unmap",
    .about = "assign-unmap with the VT-d driver",
    .procs = 2,
    .setup = assign_setup,
    .cpu = { assign, unmap_0 },
    .end = assign_end,
    .least = 20,
};

static void deassign_setup(void)
{
    at_home(0);
    world_move(0, A);
}

static void deassign_end(void)
{
    EXPECT(!w.rc[0]);
    world_expect_at(0, NULL);
    world_move(0, w.home);
    host_devices_lock();
    EXPECT(!moat_device_quarantine_prepare(w.dev[0]));
    host_devices_unlock();
    world_stop();
}

static const struct mx_scenario vtd_deassign = {
    .name = "vtd-deassign-flush",
    .about = "deassign-flush with the VT-d driver",
    .procs = 2,
    .setup = deassign_setup,
    .cpu = { deassign, unmap_0 },
    .end = deassign_end,
    .least = 20,
};

static void ats_setup(void)
{
    at_home(WORLD_ATS);
    world_move(0, A);
}

static const struct mx_scenario vtd_ats = {
    .name = "vtd-ats-detach-flush",
    .about = "ats-detach-flush with the VT-d driver, one page",
    .procs = 2,
    .setup = ats_setup,
    .cpu = { deassign, unmap_0 },
    .end = deassign_end,
    .least = 20,
};

static void flush_end(void)
{
    world_expect_at(0, A);
    home_again();
    world_stop();
}

static const struct mx_scenario vtd_flushes = {
    .name = "vtd-two-flushes",
    .about = "two flushes of one domain through the VT-d queue",
    .procs = 2,
    .setup = deassign_setup,
    .cpu = { unmap_0, unmap_1 },
    .end = flush_end,
    .least = 10,
};

/* ---- Failures ---- */

static void two_devices(unsigned int flags)
{
    vtd_reset();
    world_start(2, 2, flags);
    world_settled();
    world_map(A, 0, 0);
    world_map(B, 1, 1);
    world_move(0, A);
    world_move(1, B);
}

static void two_setup(void)
{
    two_devices(0);
}

static void unmap_b(void)
{
    world_unmap_free(B, 1, 1);
}

static void fail(enum drv_fate fate, unsigned int times)
{
    drv.fail_at = 1 + port_choose(2, "the submission that fails");
    drv.fate = fate;
    drv.fail_for = times;
    unmap_0();
}

static void late(void)
{
    fail(DRV_LATE, 1);
}

static void refused(void)
{
    fail(DRV_ERROR, 1);
}

static void lost(void)
{
    fail(DRV_LOST, 1000);
}

static void alive_end(void)
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
    home_again();
    world_stop();
}

static const struct mx_scenario vtd_late = {
    .name = "vtd-late",
    .about = "two domains flush, an answer of the queue comes late",
    .procs = 2,
    .setup = two_setup,
    .cpu = { late, unmap_b },
    .end = alive_end,
    .least = 20,
};

static const struct mx_scenario vtd_refused = {
    .name = "vtd-refused",
    .about = "two domains flush, a descriptor stops the queue",
    .procs = 2,
    .setup = two_setup,
    .cpu = { refused, unmap_b },
    .end = alive_end,
    .least = 20,
};

static const struct mx_scenario vtd_lost = {
    .name = "vtd-lost-queue",
    .about = "two domains flush, the queue does not answer any more; "
             "registers do",
    .procs = 2,
    .setup = two_setup,
    .cpu = { lost, unmap_b },
    .end = alive_end,
    .least = 20,
    .preemptions = 2,
};

static void stuck(void)
{
    fail(DRV_LOST, 1);
}

static const struct mx_scenario vtd_restart = {
    .name = "vtd-restart-queue",
    .about = "two domains flush, the queue is stuck until it is started anew",
    .procs = 2,
    .setup = two_setup,
    .cpu = { stuck, unmap_b },
    .end = alive_end,
    .least = 20,
    .preemptions = 2,
};

/* No register reaches a device's TLB: its flush must be repeated. */
static void two_ats_setup(void)
{
    two_devices(WORLD_ATS);
}

static void stuck_b(void)
{
    drv.fail_at = 1 + port_choose(2, "the submission that fails");
    drv.fate = DRV_LOST;
    drv.fail_for = 1;
    unmap_b();
}

/* Its flush failed twice because of the queue: the device may be cut off. */
static void ats_restart_end(void)
{
    if ( port_bus_master(WORLD_DEV(0)) )
    {
        alive_end();
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
    .cpu = { unmap_0, stuck_b },
    .end = ats_restart_end,
    .least = 20,
    .preemptions = 2,
};

static void dead_setup(void)
{
    two_setup();
    drv.rescue = false;
    drv.fail_at = 1;
    drv.fail_for = 1000;
    drv.fate = DRV_LOST;
}

static void dead_end(void)
{
    unsigned int i;

    port_work_run();
    EXPECT(drv.unit[0]->state == UNIT_DEAD);
    for ( i = 0; i < 2; i++ )
    {
        EXPECT(!port_bus_master(WORLD_DEV(i)));
        EXPECT(port_failures(WORLD_DEV(i)) == 1);
    }
    w.leaks = true;
    world_stop();
}

static const struct mx_scenario vtd_dead = {
    .name = "vtd-mute-unit",
    .about = "two domains flush, neither queue nor registers answer",
    .procs = 2,
    .setup = dead_setup,
    .cpu = { unmap_0, unmap_b },
    .end = dead_end,
    .least = 20,
};

const struct mx_scenario *const vtd_scenarios[] = {
    &vtd_assign, &vtd_deassign, &vtd_ats, &vtd_flushes, &vtd_late,
    &vtd_refused, &vtd_lost, &vtd_restart, &vtd_ats_restart,
    &vtd_dead, NULL,
};
