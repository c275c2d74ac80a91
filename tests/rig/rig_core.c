/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The layer on QEMU's units of both vendors: what is asked once, not on every
 * machine of the matrix nor at every step of a move.
 */
#include "core/hw.h"
#include "machine.h"

#define IOVA    ((moat_iova_t)0x40000000)
#define PAGE_A  ((moat_paddr_t)0x2d00000)
#define PAGE_B  ((moat_paddr_t)0x2d01000)

#define BOTH(nm, fn)                                                    \
    RIG_TEST(nm)                                                        \
    {                                                                   \
        static const struct machine_config c = { .rig.aw_bits = 48 };   \
                                                                        \
        fn(&c);                                                         \
    }                                                                   \
    RIG_TEST(amd_##nm)                                                  \
    {                                                                   \
        static const struct machine_config c = { .rig.amd = true };     \
                                                                        \
        fn(&c);                                                         \
    }

/* Nothing is in the way of a device before translation, nor after it. */
static void before_and_after(const struct machine_config *c)
{
    struct machine m;
    int rc;

    machine_start(&m, c);
    CHECK_DMA(0, BEFORE, BEFORE, true);
    rc = machine_prepare(&m);
    CHECK_EQ(rc, 0);
    CHECK_DMA(0, BEFORE, BEFORE, true);
    CHECK_EQ(machine_translate(&m, rc), 0);
    CHECK_DMA(0, BEFORE, BEFORE, false);
    CHECK_DMA(0, OWN, OWN, true);
    machine_down(&m);
    CHECK_DMA(0, BEFORE, BEFORE, true);
}
BOTH(before_and_after_translation, before_and_after)

/* The queue goes round many times. */
static void many_flushes(const struct machine_config *c)
{
    struct machine m;
    unsigned int i;

    machine_start(&m, c);
    CHECK_EQ(machine_up(&m), 0);
    CHECK_EQ(machine_move(&m, m.nic[0], m.dom[GUEST_A], 0), 0);
    for ( i = 0; i < 700; i++ )
    {
        CHECK_EQ(machine_map(m.dom[GUEST_A], IOVA,
                             i & 1 ? PAGE_A : PAGE_B, 4096), 0);
        if ( !(i % 50) || i == 699 )
            CHECK_DMA(0, IOVA, i & 1 ? PAGE_A : PAGE_B, true);
    }
    CHECK_EQ(machine_move(&m, m.nic[0], m.dom[DOM0], 0), 0);
    machine_down(&m);
}
BOTH(many_flushes, many_flushes)

/* Without a queue, which only VT-d can do. */
RIG_TEST(flushes_by_registers)
{
    static const struct machine_config c = { .rig.aw_bits = 48,
                                             .rig.no_intremap = true,
                                             .registers = true };

    many_flushes(&c);
}

/*
 * Interrupt entries are a device's: no other is given, or reaches, one. With
 * AMD-Vi, whose tables are a device's, a number beyond its own leads nowhere.
 */
static void entries_of_a_device(const struct machine_config *c)
{
    struct moat_intr intr = { .vector = 0x61 };
    struct moat_msi_msg msg;
    struct machine m;
    int index = -1;

    machine_start(&m, c);
    CHECK_EQ(machine_up(&m), 0);
    CHECK_EQ(moat_intr_set(m.p, MOAT_INTR_PCI, RIG_EDU, &intr, 1, &index,
                           &msg), 0);
    rig_edu_msi_set(&msg);
    rig_edu_msi_raise();
    CHECK(rig_irr_has(0x61));
    CHECK_EQ(moat_intr_set(m.p, MOAT_INTR_PCI, RIG_E1000, &intr, 1, &index,
                           &msg), -EINVAL);
    if ( c->rig.amd )
    {
        msg.data += 8;
        rig_edu_msi_set(&msg);
        rig_edu_msi_raise();
        CHECK(!rig_irr_has(msg.data & 0xff));
    }
    moat_intr_free(m.p, MOAT_INTR_PCI, RIG_EDU, index, 1);
    machine_down(&m);
}
BOTH(entries_of_a_device, entries_of_a_device)

/* Do the ids of @nic's phantom functions lead where its own does? */
static void check_phantoms(struct machine *m)
{
    struct moat_unit *u = moat_unit_get(m->p, 0);
    uint16_t rid = MOAT_SBDF_RID(rig_nic(0));
    struct hw_entry own, e;
    unsigned int fn;

    CHECK_EQ(u->ops->entry_get(u, rid, &own), 0);
    for ( fn = 1; fn < 8; fn++ )
    {
        memset(&e, 0, sizeof(e));
        CHECK_EQ(u->ops->entry_get(u, (uint16_t)(rid + fn), &e), 0);
        CHECK_EQ(e.kind, own.kind);
        CHECK_EQ(e.did, own.did);
    }
}

/* XSA-449: phantom functions change hands with their device. */
static void phantoms(const struct machine_config *c)
{
    static const enum owner way[] = { NOBODY, GUEST_A, NOBODY, DOM0 };
    struct moat_device_info info = { .phantom_stride = 1 };
    struct machine m;
    unsigned int i;

    machine_start(&m, c);
    info.dev = rig_nic(0);
    CHECK_EQ(machine_up(&m), 0);
    CHECK_EQ(machine_remove(&m, m.nic[0]), 0);
    host_devices_lock();
    CHECK_EQ(moat_device_add(m.p, &info, m.dom[DOM0], &m.nic[0]), 0);
    host_devices_unlock();
    m.dev[m.n_devs++] = m.nic[0];
    check_phantoms(&m);
    for ( i = 0; i < ARRAY_SIZE(way); i++ )
    {
        CHECK_EQ(machine_move(&m, m.nic[0],
                              way[i] == NOBODY ? NULL : m.dom[way[i]], 0), 0);
        check_phantoms(&m);
        CHECK_DMA(0, OWN, OWN_PAGE(way[i]), way[i] != NOBODY);
    }
    machine_down(&m);
}
BOTH(phantom_functions, phantoms)
