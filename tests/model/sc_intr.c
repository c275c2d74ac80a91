/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupt entries, freed and allocated on several processors. */
#include "scenarios.h"

static int index0, got[MX_PROCS];

static void intr(struct moat_intr *i, uint8_t vector)
{
    memset(i, 0, sizeof(*i));
    i->vector = vector;
    i->dest = 1;
}

static int set(unsigned int dev, int *index, uint8_t vector)
{
    struct moat_msi_msg msg;
    struct moat_intr i;

    intr(&i, vector);
    return moat_intr_set(w.p, MOAT_INTR_PCI, WORLD_DEV(dev), &i, 1, index,
                         &msg);
}

static void intr_setup(void)
{
    unsigned int i;
    unsigned long flags;

    world_reset();
    world_start(3, 1, WORLD_INTR);
    for ( i = 0; i < MX_PROCS; i++ )
        got[i] = -1;
    index0 = -1;
    EXPECT(!set(0, &index0, 0x30));
    /* All but this one, and one more, are taken: entry 0 and 1 remain. */
    flags = host_lock_irqsave(&drv.unit[0]->intr_lock);
    for ( i = 1; i < 64; i++ )
        EXPECT(intr_alloc(drv.unit[0]->intr, 1) == (int)i);
    intr_release(drv.unit[0]->intr, 1, 1);
    host_unlock_irqrestore(&drv.unit[0]->intr_lock, flags);
    EXPECT(index0 == 0);
    world_settled();
}

static void free_0(void)
{
    moat_intr_free(w.p, MOAT_INTR_PCI, WORLD_DEV(0), index0, 1);
}

/* Who gets an entry finds it forgotten by the hardware. */
static void alloc(unsigned int n)
{
    w.rc[n] = set(n, &got[n], (uint8_t)(0x40 + n));
}

static void alloc_1(void)
{
    alloc(1);
}

static void alloc_2(void)
{
    alloc(2);
}

static void intr_end(void)
{
    unsigned int n, have = 0;
    struct hwu_entry e;

    for ( n = 1; n < 3; n++ )
    {
        EXPECT(!w.rc[n] || w.rc[n] == -ENOSPC);
        if ( w.rc[n] )
            continue;
        have++;
        EXPECT(got[n] == 0 || got[n] == 1);
        e = hwu_irte_get(0, (unsigned int)got[n]);
        /* Its vector, and only its device may use it. */
        EXPECT((e.lo & 1) && ((e.lo >> 16) & 0xff) == 0x40 + n);
        EXPECT((uint16_t)e.hi == MOAT_SBDF_RID(WORLD_DEV(n)));
    }
    EXPECT(have >= 1);
    EXPECT(w.rc[1] || w.rc[2] || got[1] != got[2]);
    /* The one that went empty-handed gets one now. */
    for ( n = 1; n < 3; n++ )
    {
        if ( w.rc[n] )
            EXPECT(!set(n, &got[n], (uint8_t)(0x40 + n)));
        moat_intr_free(w.p, MOAT_INTR_PCI, WORLD_DEV(n), got[n], 1);
    }
    w.intrs--;
    world_stop();
}

const struct mx_scenario sc_intr = {
    .name = "intr-free-alloc",
    .about = "an interrupt entry is freed while two devices want one and "
             "only one more is free",
    .procs = 3,
    .setup = intr_setup,
    .cpu = { free_0, alloc_1, alloc_2 },
    .end = intr_end,
    .least = 20,
};

/* An entry that one device has is not another's to change. */
static void steal(void)
{
    int index = index0;

    w.rc[1] = set(1, &index, 0x41);
}

static void retarget(void)
{
    w.rc[0] = set(0, &index0, 0x31);
}

static void steal_end(void)
{
    struct hwu_entry e = hwu_irte_get(0, 0);

    EXPECT(!w.rc[0]);
    EXPECT(w.rc[1] == -EINVAL);
    EXPECT(((e.lo >> 16) & 0xff) == 0x31);
    EXPECT((uint16_t)e.hi == MOAT_SBDF_RID(WORLD_DEV(0)));
    free_0();
    w.intrs--;
    world_stop();
}

const struct mx_scenario sc_steal = {
    .name = "intr-change-steal",
    .about = "a device's interrupt is changed while another device names "
             "its entry",
    .procs = 2,
    .setup = intr_setup,
    .cpu = { retarget, steal },
    .end = steal_end,
    .least = 2,
};
