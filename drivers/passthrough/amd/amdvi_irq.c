/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The unit's own interrupt: an MSI of its PCI function, or, where the unit
 * speaks x2APIC, registers. AMD IOMMU specification (48882, rev. 3.07) 3.4.10
 * and 3.2; PCI Local Bus 3.0, 6.8.1.
 */
#include "amdvi_unit.h"

#define MSI_CTRL        2u
#define MSI_CTRL_EN     0x0001u
#define MSI_CTRL_MULTI  0x0070u     /* messages granted: one */
#define MSI_CTRL_64     0x0080u
#define MSI_ADDR_LO     4u
#define MSI_ADDR_HI     8u
#define MSI_DATA_32     8u
#define MSI_DATA_64     12u

#define MSI_LOGICAL     0x4u        /* of the low address */
#define MSI_DEST        MOAT_MASK(19, 12)
#define MSI_DEST_HI     MOAT_MASK(31, 8)    /* of the high address */
#define MSI_VECTOR      MOAT_MASK(7, 0)
#define MSI_LOWEST      0x100u      /* of the data: delivery mode */

/* 3.4.10, from the same message. */
static uint64_t xt_word(const struct moat_msi_msg *m)
{
    uint32_t dest = (uint32_t)(FIELD_GET(MSI_DEST, m->addr_lo) |
                               (m->addr_hi & MSI_DEST_HI));

    return (m->addr_lo & MSI_LOGICAL ? AMDVI_XT_DEST_LOGICAL : 0) |
           FIELD_PREP(AMDVI_XT_DEST_LO, dest) |
           FIELD_PREP(AMDVI_XT_DEST_HI, dest >> 24) |
           FIELD_PREP(AMDVI_XT_VECTOR, FIELD_GET(MSI_VECTOR, m->data)) |
           (m->data & MSI_LOWEST ? AMDVI_XT_LOWEST : 0);
}

static void msi_program(const struct amdvi_unit *a)
{
    unsigned int pos = a->msi_pos;
    uint16_t ctrl = host_pci_read16(a->dev, pos + MSI_CTRL);

    ctrl &= (uint16_t)~(MSI_CTRL_EN | MSI_CTRL_MULTI);
    host_pci_write16(a->dev, pos + MSI_CTRL, ctrl);
    host_pci_write32(a->dev, pos + MSI_ADDR_LO, a->irq_msg.addr_lo);
    if ( ctrl & MSI_CTRL_64 )
        host_pci_write32(a->dev, pos + MSI_ADDR_HI, a->irq_msg.addr_hi);
    host_pci_write16(a->dev, pos + (ctrl & MSI_CTRL_64 ? MSI_DATA_64
                                                       : MSI_DATA_32),
                     (uint16_t)a->irq_msg.data);
    host_pci_write16(a->dev, pos + MSI_CTRL, ctrl | MSI_CTRL_EN);
}

void amdvi_irq_restore(struct amdvi_unit *a)
{
    if ( !a->irq_set )
        return;
    if ( a->x2apic )
    {
        amdvi_write(a, AMDVI_REG_XT_EVT_INTR, xt_word(&a->irq_msg));
        amdvi_write(a, AMDVI_REG_XT_PPR_INTR, xt_word(&a->irq_msg));
    }
    else if ( a->msi_pos )
        msi_program(a);
}

void cf_check amdvi_irq_message(struct moat_unit *u,
                                const struct moat_msi_msg *m)
{
    struct amdvi_unit *a = to_amdvi(u);

    a->irq_msg = *m;
    a->irq_set = true;
    amdvi_irq_restore(a);
}

void cf_check amdvi_irq_mask(struct moat_unit *u, bool mask)
{
    struct amdvi_unit *a = to_amdvi(u);
    uint64_t en = AMDVI_CTRL_EVT_INT_EN |
                  (a->ppr.va ? AMDVI_CTRL_PPR_INT_EN : 0);

    a->irq_masked = mask;
    /* The logs raise their interrupt only while they are enabled. */
    if ( HOST_READ_ONCE(a->on) )
        amdvi_ctrl(a, en, mask ? 0 : en);
}

/* As the above, but the holder of the lock may have been stopped. */
void cf_check amdvi_irq_quiesce(struct moat_unit *u)
{
    struct amdvi_unit *a = to_amdvi(u);

    a->irq_masked = true;
    a->ctrl &= ~(uint64_t)(AMDVI_CTRL_EVT_INT_EN | AMDVI_CTRL_PPR_INT_EN);
    if ( a->mmio && HOST_READ_ONCE(a->on) )
        amdvi_write(a, AMDVI_REG_CTRL, a->ctrl);
}
