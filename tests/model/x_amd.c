/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scenarios with the real AMD-Vi driver: registers, command buffer, event log
 * and tables are those of unit/amd.c. Only for the explorer.
 */
#include "ids.h"
#include "pci.h"
#include "regs.h"
#include "unit/amd.h"
#include "x.h"

extern void (*model_dma_stored)(void);
extern const void *(*model_table)(const char *sig, size_t *len);

#define UNIT_DEV    MOAT_SBDF(0, 0, 0, 2)
#define SB          MOAT_SBDF(0, 0, 0x14, 0)
/* Requesters that are no devices: behind the unit all the same. */
#define OTHER_RID   0x30u

static const struct regs regs = {
    .base = HWA_BASE,
    .size = HWA_SIZE,
    .read = hwa_read,
    .write = hwa_write,
};

/* How often device TLBs give no answer; is the log without room? */
static unsigned int mute_left;
static bool log_full;

/* ---- What the unit asks ---- */

enum hwa_fate hwa_next_fate(bool devtlb)
{
    if ( devtlb && mute_left )
    {
        mute_left--;
        return HWA_TIMEOUT;
    }
    switch ( drv_next_fate(0) )
    {
    case DRV_LOST:
        return HWA_LOST;

    case DRV_LATE:
        return HWA_LATE;

    case DRV_ERROR:
        return HWA_REFUSED;

    default:
        return HWA_DONE;
    }
}

bool hwa_gone(void)
{
    return x_mute();
}

bool hwa_log_full(void)
{
    return log_full;
}

void hwa_write_word(uint64_t *p, uint64_t v)
{
    port_status_write(p, v);
}

/* ---- The firmware's table: chapter 5 ---- */

static uint8_t ivrs[256];
static size_t ivrs_len;

static void put(uint64_t v, unsigned int bytes)
{
    for ( ; bytes--; v >>= 8 )
        ivrs[ivrs_len++] = (uint8_t)v;
}

static void put_unit(void)
{
    put(0x11, 1);
    put(0, 1);
    put(40 + 4 + 4 + 8, 2);
    put(MOAT_SBDF_RID(UNIT_DEV), 2);
    put(0x40, 2);                           /* its capability */
    put(HWA_BASE, 8);
    put(0, 2);
    put(0, 2 + 4 + 8 + 8);
    put(3, 1);                              /* from device 0 ... */
    put(MOAT_SBDF_RID(WORLD_DEV(0)), 3);
    put(4, 1);                              /* ... to OTHER_RID and more */
    put(OTHER_RID + 0xf, 3);
    put(0x48, 1);                           /* the IO-APIC */
    put(0, 3);
    put(2, 1);
    put(MOAT_SBDF_RID(SB), 2);
    put(1, 1);
}

static void put_region(unsigned int i)
{
    put(0x21, 1);
    put(7, 1);                              /* unity, read and write */
    put(32, 2);
    put(MOAT_SBDF_RID(drv.resv[i].dev), 2);
    put(0, 2 + 8);
    put(drv.resv[i].page, 8);
    put(0x1000, 8);
}

static const void *table(const char *sig, size_t *len)
{
    unsigned int i;
    uint8_t sum = 0;

    if ( memcmp(sig, "IVRS", 4) )
        return NULL;
    memset(ivrs, 0, sizeof(ivrs));
    memcpy(ivrs, "IVRS", 4);
    ivrs[8] = 2;
    ivrs_len = 36;
    put(32u << 15 | 40u << 8, 4);           /* width of addresses */
    put(0, 8);
    put_unit();
    for ( i = 0; i < drv.n_resv; i++ )
        put_region(i);
    ivrs[4] = (uint8_t)ivrs_len;
    for ( i = 0; i < ivrs_len; i++ )
        sum = (uint8_t)(sum + ivrs[i]);
    ivrs[9] = (uint8_t)-sum;
    *len = ivrs_len;
    return ivrs;
}

/* ---- The machine ---- */

static void amd_reset(void)
{
    world_reset();
    hwa_reset();
    mute_left = 0;
    log_full = false;
    regs_unit = &regs;
    model_table = table;
    model_dma_stored = hwa_look;
    port_relax_set(hwa_work);
    /* The unit's own function: a capability block with device TLBs. */
    port_dev_add(UNIT_DEV, false);
    pci_put(UNIT_DEV, 0x40, 4, 0x0f | 3u << 16 | 1u << 24 | 1u << 27);
}

static void assign_setup(void)
{
    x_at_home(amd_reset, 0);
}

static void assigned_setup(void)
{
    x_assigned(amd_reset, 0);
}

static void ats_setup(void)
{
    x_assigned(amd_reset, WORLD_ATS);
}

static void phantom_setup(void)
{
    x_assigned(amd_reset, WORLD_PHANTOM);
}

static const struct mx_scenario amd_assign = {
    .name = "amd-assign-unmap",
    .about = "assign-unmap with the AMD-Vi driver",
    .procs = 2,
    .setup = assign_setup,
    .cpu = { x_assign, x_unmap_0 },
    .end = x_assign_end,
    .least = 20,
};

static const struct mx_scenario amd_deassign = {
    .name = "amd-deassign-flush",
    .about = "deassign-flush with the AMD-Vi driver",
    .procs = 2,
    .setup = assigned_setup,
    .cpu = { x_deassign, x_unmap_0 },
    .end = x_deassign_end,
    .least = 20,
};

static const struct mx_scenario amd_phantom = {
    .name = "amd-phantom-deassign",
    .about = "a device that uses two ids is taken from its guest while a "
             "page of the guest's is unmapped",
    .procs = 2,
    .setup = phantom_setup,
    .cpu = { x_deassign, x_unmap_0 },
    .end = x_deassign_end,
    .least = 20,
};

static const struct mx_scenario amd_ats = {
    .name = "amd-ats-detach-flush",
    .about = "ats-detach-flush with the AMD-Vi driver, one page",
    .procs = 2,
    .setup = ats_setup,
    .cpu = { x_deassign, x_unmap_0 },
    .end = x_deassign_end,
    .least = 20,
    .preemptions = 1,
};

static const struct mx_scenario amd_flushes = {
    .name = "amd-two-flushes",
    .about = "two flushes of one domain through the command buffer",
    .procs = 2,
    .setup = assigned_setup,
    .cpu = { x_unmap_0, x_unmap_1 },
    .end = x_flush_end,
    .least = 10,
};

/* ---- Domain ids ---- */

static void revive_setup(void)
{
    amd_reset();
    ids_machine(OTHER_RID);
    ids_a_lives();
}

static const struct mx_scenario amd_revive = {
    .name = "amd-did-revive",
    .about = "did-revive with the AMD-Vi driver",
    .procs = 2,
    .setup = revive_setup,
    .cpu = { ids_put_a, ids_get_a },
    .end = ids_end,
    .least = 20,
};

/* ---- Failures ---- */

static void two_setup(void)
{
    x_two(amd_reset, 0);
}

static const struct mx_scenario amd_late = {
    .name = "amd-late",
    .about = "two domains flush, an answer comes late",
    .procs = 2,
    .setup = two_setup,
    .cpu = { x_late, x_unmap_b },
    .end = x_alive_end,
    .least = 20,
};

static const struct mx_scenario amd_refused = {
    .name = "amd-illegal-command",
    .about = "two domains flush, an illegal command stops the buffer",
    .procs = 2,
    .setup = two_setup,
    .cpu = { x_refused, x_unmap_b },
    .end = x_alive_end,
    .least = 20,
};

static const struct mx_scenario amd_restart = {
    .name = "amd-restart-buffer",
    .about = "two domains flush, the command buffer is stuck until it is "
             "started anew",
    .procs = 2,
    .setup = two_setup,
    .cpu = { x_stuck, x_unmap_b },
    .end = x_alive_end,
    .least = 20,
    .preemptions = 2,
};

static void lost_setup(void)
{
    two_setup();
    world_dead();
    drv.rescue = true;
}

static const struct mx_scenario amd_lost = {
    .name = "amd-lost-buffer",
    .about = "two domains flush, no command is carried out any more",
    .procs = 2,
    .setup = lost_setup,
    .cpu = { x_unmap_0, x_unmap_b },
    .end = x_dead_end,
    .least = 20,
    .preemptions = 1,
};

static void gone_setup(void)
{
    two_setup();
    world_dead();
}

static const struct mx_scenario amd_gone = {
    .name = "amd-unit-gone",
    .about = "two domains flush, registers read ones",
    .procs = 2,
    .setup = gone_setup,
    .cpu = { x_unmap_0, x_unmap_b },
    .end = x_dead_end,
    .least = 20,
};

/* ---- Devices that give no answer ---- */

static void two_ats_setup(void)
{
    x_two(amd_reset, WORLD_ATS);
}

/* Once, and perhaps without an event that tells. */
static void mute_once(void)
{
    mute_left = 1;
    log_full = port_choose(2, "has the log room?");
    x_unmap_0();
}

static const struct mx_scenario amd_ats_once = {
    .name = "amd-ats-time-out",
    .about = "two domains flush, a device's TLB gives no answer once; the "
             "log may be full",
    .procs = 2,
    .setup = two_ats_setup,
    .cpu = { mute_once, x_unmap_b },
    .end = x_alive_end,
    .least = 20,
    .preemptions = 1,
};

static void mute_for_good(void)
{
    mute_left = 1000;
    x_unmap_0();
}

static void ats_mute_end(void)
{
    port_work_run();
    EXPECT(drv.unit[0]->state == UNIT_DMA);
    EXPECT(!port_bus_master(WORLD_DEV(0)) && port_bus_master(WORLD_DEV(1)));
    EXPECT(port_failures(WORLD_DEV(0)) == 1);
    EXPECT(!port_failures(WORLD_DEV(1)));
    world_expect_at(1, B);
    w.leaks = true;
    world_stop();
}

static const struct mx_scenario amd_ats_mute = {
    .name = "amd-ats-mute",
    .about = "two domains flush, a device's TLB never answers: it alone is "
             "cut off",
    .procs = 2,
    .setup = two_ats_setup,
    .cpu = { mute_for_good, x_unmap_b },
    .end = ats_mute_end,
    .least = 20,
    .preemptions = 2,
};

/* ---- Interrupt entries ---- */

static int index_of[2];

/* Every entry says where its vector goes: one that is torn does not. */
static uint32_t dest_of(unsigned int vector)
{
    return vector * 0x01010101u;
}

void hwa_irte_seen(uint16_t rid, unsigned int index, unsigned int vector,
                   uint32_t dest)
{
    if ( dest != dest_of(vector) )
        port_fail("interrupt entry %u of %#x is torn: vector %#x to %#x",
                  index, rid, vector, dest);
}

static int set(unsigned int dev, int *index, uint8_t vector)
{
    struct moat_msi_msg msg;
    struct moat_intr i;

    memset(&i, 0, sizeof(i));
    i.vector = vector;
    i.dest = dest_of(vector);
    return moat_intr_set(w.p, MOAT_INTR_PCI, WORLD_DEV(dev), &i, 1, index,
                         &msg);
}

static unsigned int slot(unsigned int dev, int index)
{
    EXPECT(index >= 0 && (unsigned int)index < HWA_IRTES);
    return hwa_irte(MOAT_SBDF_RID(WORLD_DEV(dev)), (unsigned int)index);
}

static void intr_setup(void)
{
    x_at_home(amd_reset, WORLD_INTR);
    world_move(0, A);
    index_of[0] = index_of[1] = -1;
    EXPECT(!set(0, &index_of[0], 0x31));
}

/* A live entry: when this is back, the old one is in nobody's memory. */
static void retarget(void)
{
    EXPECT(!set(0, &index_of[0], 0x42));
    EXPECT(hwu_irte_settled(0, slot(0, index_of[0])));
}

static void free_alloc(void)
{
    moat_intr_free(w.p, MOAT_INTR_PCI, WORLD_DEV(0), index_of[0], 1);
    index_of[0] = -1;
    EXPECT(!set(0, &index_of[0], 0x53));
}

static void alloc(void)
{
    EXPECT(!set(0, &index_of[1], 0x64));
    EXPECT(hwu_irte_settled(0, slot(0, index_of[1])));
}

static void intr_end(void)
{
    unsigned int i;

    EXPECT(index_of[0] != index_of[1]);
    for ( i = 0; i < 2; i++ )
    {
        if ( index_of[i] < 0 )
            continue;
        EXPECT(hwu_irte_get(0, slot(0, index_of[i])).lo & 1);
        EXPECT(hwu_irte_settled(0, slot(0, index_of[i])));
        moat_intr_free(w.p, MOAT_INTR_PCI, WORLD_DEV(0), index_of[i], 1);
    }
    if ( moat_device_owner(w.dev[0]) )
        x_flush_end();
    else
        x_deassign_end();
}

static const struct mx_scenario amd_intr_move = {
    .name = "amd-intr-move",
    .about = "a device's interrupt is changed while it is taken from its "
             "guest: both halves of its entry are in use",
    .procs = 2,
    .setup = intr_setup,
    .cpu = { retarget, x_deassign },
    .end = intr_end,
    .least = 10,
};

static const struct mx_scenario amd_intr = {
    .name = "amd-intr-change",
    .about = "an interrupt of a device is freed and set anew while another "
             "is set",
    .procs = 2,
    .setup = intr_setup,
    .cpu = { free_alloc, alloc },
    .end = intr_end,
    .least = 10,
};

const struct mx_scenario *const amd_scenarios[] = {
    &amd_assign, &amd_deassign, &amd_phantom, &amd_ats, &amd_flushes,
    &amd_revive, &amd_late, &amd_refused, &amd_restart, &amd_lost, &amd_gone,
    &amd_ats_once, &amd_ats_mute, &amd_intr_move, &amd_intr, NULL,
};
