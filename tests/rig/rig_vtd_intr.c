/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupt remapping and the unit's own interrupt, through QEMU. */
#include "rig_vtd_world.h"

#define INDEX   37u

static void up(struct world *w, bool eim)
{
    struct rig_config cfg = { .aw_bits = 48, .eim = eim };

    world_find(w, &cfg, &world_options);
    rig_probe_init();
    REQUIRE(!w->ops->start_queue(w->u));
    CHECK_EQ(w->u->caps.x2apic, eim);
    if ( !eim )
        CHECK_EQ(w->ops->enable_intremap(w->u, true), -EOPNOTSUPP);
    REQUIRE(!w->ops->enable_intremap(w->u, eim));
    REQUIRE(!w->ops->setup(w->u));
    REQUIRE(!w->ops->enable_dma(w->u));
}

/* An entry of edu's for @vector, to the one processor. */
static struct hw_irte irte(unsigned int vector)
{
    struct hw_irte e;

    memset(&e, 0, sizeof(e));
    e.present = true;
    e.intr.vector = (uint8_t)vector;
    e.sid_kind = HW_SID_EXACT;
    e.sid = MOAT_SBDF_RID(RIG_EDU);
    return e;
}

static void set(struct world *w, unsigned int index, const struct hw_irte *e)
{
    struct hw_flush f;
    unsigned long flags = host_lock_irqsave(&w->u->intr_lock);

    CHECK_EQ(w->ops->irte_set(w->u, index, e), 0);
    host_unlock_irqrestore(&w->u->intr_lock, flags);
    memset(&f, 0, sizeof(f));
    f.kind = HW_FLUSH_INTR;
    f.first = f.last = index;
    CHECK_EQ(world_flush(w, &f, 1), 0);
}

static void raise_at(struct world *w, unsigned int index, unsigned int n)
{
    struct moat_msi_msg msg;

    w->ops->msi_compose(w->u, index, n, &msg);
    rig_edu_msi_set(&msg);
    rig_edu_msi_raise();
}

static void remapped(struct world *w)
{
    struct hw_irte e = irte(0x41), got;

    set(w, INDEX, &e);
    CHECK_EQ(w->ops->irte_get(w->u, INDEX, &got), 0);
    CHECK(got.present && got.intr.vector == 0x41 && got.sid == e.sid);
    raise_at(w, INDEX, 1);
    CHECK(rig_irr_has(0x41));
    world_expect_no_fault(w);

    /* Changed while live: the new vector, at once. */
    e = irte(0x42);
    set(w, INDEX, &e);
    rig_edu_msi_raise();
    CHECK(rig_irr_has(0x42));

    /* By handle and sub-handle, index with bit 15 set. */
    e = irte(0x43);
    set(w, 0x9000, &e);
    raise_at(w, 0x9000, 4);
    CHECK(rig_irr_has(0x43));

    /*
     * A range of buses: bus 0. (QEMU 7.2 takes the first for the last one,
     * so a longer range cannot be shown.)
     */
    e = irte(0x44);
    e.sid_kind = HW_SID_BUS_RANGE;
    set(w, INDEX, &e);
    raise_at(w, INDEX, 1);
    CHECK(rig_irr_has(0x44));
    world_expect_no_fault(w);
}

RIG_TEST(msi_remapped)
{
    struct world w;

    up(&w, false);
    remapped(&w);
    world_down(&w);
}

RIG_TEST(msi_remapped_eim)
{
    struct world w;

    up(&w, true);
    CHECK_EQ(rig_read(RIG_VTD_BASE + 0xb8, 8) & 0xfff, 0x80f);
    remapped(&w);
    /* Back to 8-bit destinations. */
    CHECK_EQ(w.ops->enable_intremap(w.u, false), 0);
    CHECK_EQ(rig_read(RIG_VTD_BASE + 0xb8, 8) & 0xfff, 0x00f);
    CHECK_EQ(rig_read(RIG_VTD_BASE + 0x1c, 4), 0xc7000000);
    world_down(&w);
}

/*
 * QEMU 7.2 drops what it refuses without a record in the fault log, and lets
 * requests in the old format pass whatever CFI says: what can be judged is
 * whether a vector arrived.
 */
RIG_TEST(msi_refused)
{
    struct world w;
    struct hw_irte e = irte(0x52);

    up(&w, false);
    /* The old format would be blocked by hardware: CFIS is off. */
    CHECK_EQ(rig_read(RIG_VTD_BASE + 0x1c, 4) & 0x00800000, 0);
    set(&w, INDEX, &e);
    raise_at(&w, INDEX, 1);
    CHECK(rig_irr_has(0x52));

    /* Gone, and the cache has forgotten it. */
    e = irte(0x53);
    set(&w, INDEX, &e);
    e.present = false;
    set(&w, INDEX, &e);
    rig_edu_msi_raise();
    CHECK(!rig_irr_has(0x53));

    /* Somebody else's entry. */
    e = irte(0x54);
    e.sid = MOAT_SBDF_RID(RIG_E1000);
    set(&w, INDEX, &e);
    rig_edu_msi_raise();
    CHECK(!rig_irr_has(0x54));

    e = irte(0x55);
    e.sid_kind = HW_SID_BUS_RANGE;
    e.bus_first = e.bus_last = 1;
    set(&w, INDEX, &e);
    rig_edu_msi_raise();
    CHECK(!rig_irr_has(0x55));
    world_down(&w);
}

RIG_TEST(irte_checked)
{
    struct world w;
    struct hw_irte e = irte(0x61);
    unsigned long flags;

    up(&w, false);
    flags = host_lock_irqsave(&w.u->intr_lock);
    e.intr.dest = 0x100;                /* 8 bits without EIM */
    CHECK_EQ(w.ops->irte_set(w.u, INDEX, &e), -EINVAL);
    e.intr.dest = 0;
    e.pi_desc = 0x10000;
    CHECK_EQ(w.ops->irte_set(w.u, INDEX, &e), -EOPNOTSUPP);
    e.pi_desc = 0;
    e.intr.delivery = 3;                /* reserved */
    CHECK_EQ(w.ops->irte_set(w.u, INDEX, &e), -EINVAL);
    e.intr.delivery = 0;
    CHECK_EQ(w.ops->irte_set(w.u, 65536, &e), -EINVAL);
    e.sid_kind = HW_SID_BUS_RANGE;
    e.bus_first = 2;
    e.bus_last = 1;
    CHECK_EQ(w.ops->irte_set(w.u, INDEX, &e), -EINVAL);
    host_unlock_irqrestore(&w.u->intr_lock, flags);
    CHECK_EQ(w.ops->irte_get(w.u, INDEX, &e), 0);
    CHECK(!e.present);
    world_down(&w);
}

/* All pins of the IO-APIC that PCI devices can reach, to one entry. */
RIG_TEST(ioapic_remapped)
{
    const moat_paddr_t ioapic = 0xfec00000;
    struct world w;
    struct hw_irte e = irte(0x71);
    uint64_t rte;
    unsigned int pin;

    up(&w, false);
    e.sid = 0xff << 8;                  /* QEMU's: bus ff, 00.0 */
    e.intr.level = true;
    set(&w, INDEX, &e);
    rte = w.ops->rte_compose(w.u, INDEX, 0xa071);   /* level, low */
    CHECK_EQ(w.ops->rte_index(w.u, rte), INDEX);
    CHECK_EQ(w.ops->rte_index(w.u, 0xa071), -ENOENT);
    for ( pin = 16; pin < 24; pin++ )
    {
        rig_write(ioapic, 4, 0x11 + 2 * pin);
        rig_write(ioapic + 0x10, 4, rte >> 32);
        rig_write(ioapic, 4, 0x10 + 2 * pin);
        rig_write(ioapic + 0x10, 4, (uint32_t)rte);
    }
    CHECK(!rig_irr_has(0x71));
    rig_edu_msi_raise();                /* MSI off: INTx */
    CHECK(rig_irr_has(0x71));
    world_expect_no_fault(&w);
    world_down(&w);
}

/* The unit's own message, and its mask. */
RIG_TEST(fault_interrupt)
{
    static const struct moat_msi_msg msg = { 0xfee00000, 0, 0x81 };
    struct world w;
    struct moat_fault f[2];
    bool overflow = false;

    up(&w, false);
    w.ops->irq_message(w.u, &msg);
    CHECK_DMA(0x5000, 0x800000, false, false);
    CHECK(!rig_irr_has(0x81));
    /* Pending until unmasked. */
    w.ops->irq_mask(w.u, false);
    CHECK(rig_irr_has(0x81));

    /* One record only: another device's fault is lost, and that is said. */
    CHECK(rig_edu_dma(0x6000, 64, false));
    CHECK_EQ(w.ops->faults_take(w.u, f, 2, &overflow), 1);
    CHECK(overflow);
    CHECK_EQ(f[0].addr, 0x5000);
    CHECK_EQ(rig_read(RIG_VTD_BASE + 0x34, 4) & 0xff, 0);

    /* Armed again. */
    CHECK_DMA(0x7000, 0x800000, false, false);
    overflow = false;
    CHECK_EQ(w.ops->faults_take(w.u, f, 2, &overflow), 1);
    CHECK_EQ(f[0].addr, 0x7000);
    world_down(&w);
}
