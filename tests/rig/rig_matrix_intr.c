/* SPDX-License-Identifier: GPL-2.0-only */
/* Message interrupts of edu's, by way of the unit. */
#include "matrix.h"

void check_msi(unsigned int vector, bool arrives)
{
    rig_edu_msi_raise();
    if ( rig_irr_has(vector) != arrives )
        test_fail(__FILE__, __LINE__, "vector %#x %s", vector,
                  arrives ? "did not arrive" : "arrived");
}

static void set(struct machine *m, moat_sbdf_t dev, unsigned int vector,
                int *index)
{
    struct moat_intr intr = { .vector = (uint8_t)vector };
    struct moat_msi_msg msg;

    CHECK_EQ(moat_intr_set(m->p, MOAT_INTR_PCI, dev, &intr, 1, index, &msg),
             0);
    rig_edu_msi_set(&msg);
}

/* The format without remapping. */
static void set_plain(unsigned int vector)
{
    struct moat_msi_msg msg = { .addr_lo = 0xfee00000, .data = vector };

    rig_edu_msi_set(&msg);
}

bool sc_messages(struct machine *m)
{
    int index = -1;

    CHECK_EQ(machine_up(m), 0);
    CHECK_EQ(moat_platform_intremap_enabled(m->p), !m->cfg.rig.no_intremap);
    if ( m->cfg.rig.no_intremap )
    {
        set_plain(0x40);
        check_msi(0x40, true);
        machine_down(m);
        return true;
    }
    if ( !rig_amd() )
        CHECK_EQ((rig_read(RIG_VTD_BASE + 0xb8, 8) >> 11) & 1,
                 m->cfg.rig.eim);
    set(m, rig_edu(), 0x41, &index);
    check_msi(0x41, true);
    /* Changed while in use, and while somebody else owns the device. */
    set(m, rig_edu(), 0x42, &index);
    check_msi(0x42, true);
    if ( m->cfg.rig.place == RIG_BRIDGE )
        move_group(m, GUEST_A);
    else
        CHECK_EQ(machine_move(m, m->edu, m->dom[GUEST_A], 0), 0);
    set(m, rig_edu(), 0x43, &index);
    check_msi(0x43, true);
    moat_intr_free(m->p, MOAT_INTR_PCI, rig_edu(), index, 1);
    machine_down(m);
    /* QEMU 7.2's amd-iommu goes on remapping with the unit off (it should not,
     * 3.4.5), by what has become of the table. */
    if ( rig_amd() )
        return true;
    /* As found: messages are not remapped. */
    set_plain(0x44);
    check_msi(0x44, true);
    return true;
}

bool sc_wrong_source(struct machine *m)
{
    int mine = -1, other = -1;

    if ( m->cfg.rig.no_intremap )
        return false;
    CHECK_EQ(machine_up(m), 0);
    set(m, rig_edu(), 0x51, &mine);
    check_msi(0x51, true);
    /* Through the entry of a device elsewhere; with AMD-Vi, where each has
     * a table of its own, by the number of that entry. */
    set(m, RIG_AHCI, 0x52, &other);
    check_msi(0x52, false);
    /* Through its own, which is gone. */
    set(m, rig_edu(), 0x53, &mine);
    moat_intr_free(m->p, MOAT_INTR_PCI, rig_edu(), mine, 1);
    check_msi(0x53, false);
    /* Below the bridge all have one id; elsewhere the NIC has its own. */
    if ( m->cfg.rig.place != RIG_BRIDGE )
    {
        int nic = -1;

        set(m, rig_nic(0), 0x54, &nic);
        check_msi(0x54, false);
        moat_intr_free(m->p, MOAT_INTR_PCI, rig_nic(0), nic, 1);
    }
    moat_intr_free(m->p, MOAT_INTR_PCI, RIG_AHCI, other, 1);
    machine_down(m);
    return true;
}
