/* SPDX-License-Identifier: GPL-2.0-only */
/* The unit as it was found, changes of owner, storms, sleep. */
#include "matrix.h"

#define FRCD    0x220u

/* ---- Bring-up and tear-down ---- */

/* Registers in ranges of 32-bit words; fault records are behind VT-d's. */
struct range { moat_paddr_t first; unsigned int bytes; };
static const struct range vtd_ranges[] = {
    { RIG_VTD_BASE, 0x100 }, { RIG_VTD_BASE + FRCD, 16 },
}, amd_ranges[] = {
    { RIG_AMD_BASE, 0x40 }, { RIG_AMD_BASE + 0x2000, 0x40 },
};
#define RANGES  ARRAY_SIZE(vtd_ranges)
#define WORDS   0x80u

static moat_paddr_t reg_at(unsigned int i)
{
    const struct range *r = rig_amd() ? amd_ranges : vtd_ranges;
    unsigned int k, off = 4 * i;

    for ( k = 0; k < RANGES; k++, r++ )
    {
        if ( off < r->bytes )
            return r->first + off;
        off -= r->bytes;
    }
    return 0;
}

static void read_registers(uint32_t r[WORDS])
{
    unsigned int i;

    for ( i = 0; i < WORDS && reg_at(i); i++ )
        r[i] = (uint32_t)rig_read(reg_at(i), 4);
}

/*
 * Not what nothing uses while it is off, pointers and words of a fault record
 * that was taken; nor, in QEMU, that an interrupt had been pending.
 */
static uint32_t vtd_lasting(moat_paddr_t reg)
{
    switch ( reg )
    {
    case 0x1c:                  /* GSTS: "a pointer was set" lasts */
        return 0x96800000;
    case 0x38:                  /* FECTL: masked */
    case FRCD + 12:             /* a record that waits */
        return 0x80000000;
    case 0x20: case 0x24:       /* RTADDR */
    case 0x80: case 0x88:       /* IQH, IQT */
    case 0x90: case 0x94:       /* IQA */
    case 0xb8: case 0xbc:       /* IRTA */
    case FRCD: case FRCD + 4: case FRCD + 8:
        return 0;
    default:
        return 0xffffffff;
    }
}

/* Control, exclusion, features, status; not bases, heads and tails. */
static uint32_t amd_lasting(moat_paddr_t reg)
{
    return (reg >= 0x18 && reg < 0x38) || reg >= 0x2020 ? 0xffffffff : 0;
}

static uint32_t lasting(moat_paddr_t at)
{
    return rig_amd() ? amd_lasting(at - RIG_AMD_BASE)
                     : vtd_lasting(at - RIG_VTD_BASE);
}

/* Of GSTS or the control register: translation, queue, log, remapping. */
static void check_status(const struct machine *m)
{
    uint64_t want = m->cfg.rig.no_intremap ? 0xc4000000 : 0xc7000000;

    if ( rig_amd() )
        CHECK_EQ(rig_unit_status() & 0x1005, 0x1005);
    else
        CHECK_EQ(rig_unit_status(), want);
}

bool sc_as_found(struct machine *m)
{
    uint32_t before[WORDS], after[WORDS];
    unsigned int i;

    read_registers(before);
    check_dma(0, BEFORE, BEFORE, true);
    CHECK_EQ(machine_up(m), 0);
    check_status(m);
    check_dma(0, BEFORE, BEFORE, false);
    check_dma(0, OWN, OWN, true);
    no_faults(m);
    moat_dump_units(m->p);
    CHECK_LOG(rig_amd() ? "translated, id" : "translation on");
    machine_down(m);
    read_registers(after);
    for ( i = 0; i < WORDS && reg_at(i); i++ )
        CHECK_MSG(!((before[i] ^ after[i]) & lasting(reg_at(i))),
                  "register %#" PRIx64 " was %#x, is %#x", reg_at(i),
                  before[i], after[i]);
    check_dma(0, BEFORE, BEFORE, true);
    return true;
}

/* ---- Changes of owner, for the topology, judged at each step ---- */

bool sc_moves(struct machine *m)
{
    const struct plan *shape = &plans[m->cfg.rig.place == RIG_BRIDGE ? 2 : 0];
    struct plan p = *shape;
    struct judge j;
    unsigned int i;

    p.machine = m->cfg;
    judge_init(&j, m);
    CHECK_EQ(plan_boot(&j, JUDGE_KEEP), 0);
    for ( i = 0; i < p.n; i++ )
    {
        CHECK_EQ(plan_play(&j, &p, i, true), p.ops[i].rc);
        plan_check(&j, &p, i + 1);
    }
    machine_down(m);
    matrix_totals.steps += j.steps;
    matrix_totals.probes += j.probes;
    return true;
}

/* ---- A device that does not stop ---- */

#define STORM   200u
#define ALLOWED 10u

static unsigned int lines;

static bool ratelimit(void *ctx)
{
    (void)ctx;
    return ++lines <= ALLOWED;
}

bool sc_storm(struct machine *m)
{
    unsigned int i, cut = 0;

    if ( !faults_logged() )
        return false;
    CHECK_EQ(machine_up(m), 0);
    move_group(m, GUEST_A);
    no_faults(m);
    lines = 0;
    sim_backend.log_ratelimit = ratelimit;
    for ( i = 1; i <= STORM; i++ )
    {
        check_dma(0, BEFORE, BEFORE, false);
        moat_faults_poll(m->p);
        if ( !cut && !judge_mastering(0) )
            cut = i;
    }
    sim_backend.log_ratelimit = NULL;
    CHECK_EQ(cut, 32);
    CHECK_LOG("32 faults within a second: its bus mastering was switched off");
    CHECK_EQ(sim_log_count("no permission to read"), ALLOWED);
    CHECK_EQ(sim_log_count("fault: "), ALLOWED + 1);
    /* Nobody else was punished. */
    if ( m->cfg.rig.place != RIG_BRIDGE )
        CHECK(rig_pci_read(rig_edu(), 4, 2) & 4);
    /* Its owner starts again, with good addresses. */
    rig_pci_write(rig_nic(0), 4, 2, 6);
    check_dma(0, OWN, OWN_PAGE(GUEST_A), true);
    machine_down(m);
    for ( i = 0; i < rig_nics(); i++ )
        rig_pci_write(rig_nic(i), 4, 2, 6);
    rig_pci_write(rig_edu(), 4, 2, 6);
    return true;
}

/* ---- Sleep: registers are lost ---- */

bool sc_sleep(struct machine *m)
{
    struct moat_intr intr = { .vector = 0x61 };
    struct moat_msi_msg msg;
    bool ir = !m->cfg.rig.no_intremap;
    int index = -1;

    CHECK_EQ(machine_up(m), 0);
    move_group(m, GUEST_A);
    if ( ir )
        CHECK_EQ(moat_intr_set(m->p, MOAT_INTR_PCI, rig_edu(), &intr, 1,
                               &index, &msg), 0);
    CHECK_EQ(moat_platform_suspend(m->p), 0);
    CHECK_EQ(rig_unit_status() & (rig_amd() ? 0x1001 : 0x86000000), 0);
    rig_reset();
    CHECK_EQ(rig_read(rig_amd() ? RIG_AMD_BASE : RIG_VTD_BASE + 0x20, 8), 0);
    CHECK_EQ(moat_platform_resume(m->p), 0);
    check_status(m);

    check_dma(0, OWN, OWN_PAGE(GUEST_A), true);
    check_dma(0, REGION, REGION, true);
    check_dma(0, BEFORE, BEFORE, false);
    if ( ir )
    {
        rig_edu_msi_set(&msg);
        check_msi(0x61, true);
        moat_intr_free(m->p, MOAT_INTR_PCI, rig_edu(), index, 1);
        check_msi(0x61, true);          /* pending still */
    }
    move_group(m, DOM0);
    check_dma(0, OWN, OWN, true);
    machine_down(m);
    return true;
}
