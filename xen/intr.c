/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts: Xen's MSI, IO-APIC and HPET code hands us what it means, and
 * programs what it gets back.
 *
 * Called under an IRQ descriptor's lock or the IO-APIC lock, with interrupts
 * off.
 */

#include "port.h"

#include <xen/irq.h>
#include <asm/io_apic.h>
#include <asm/msi.h>

static bool remapping(void)
{
    return port_platform && moat_platform_intremap_enabled(port_platform);
}

/* ---- MSI, MSI-X, HPET ---- */

static enum moat_intr_source source_of(const struct msi_desc *desc,
                                       uint32_t *id)
{
    if ( desc->dev )
    {
        *id = desc->dev->sbdf.sbdf;
        return MOAT_INTR_PCI;
    }

    *id = desc->hpet_id;

    return MOAT_INTR_HPET;
}

/*
 * Vectors that @desc stands for: the first descriptor of a multi-vector MSI
 * counts them all, the others none. (The counter is shared with other
 * members for anything but MSI.)
 */
static unsigned int vectors_of(const struct msi_desc *desc)
{
    return desc->dev && desc->msi_attrib.type == PCI_CAP_ID_MSI
           ? desc->msi.nvec : 1;
}

static void free_entries(struct msi_desc *desc, unsigned int nr)
{
    unsigned int i;
    uint32_t id;
    enum moat_intr_source kind = source_of(desc, &id);

    if ( nr && desc->remap_index >= 0 )
        moat_intr_free(port_platform, kind, id, desc->remap_index, nr);

    for ( i = 0; i < nr; i++ )
    {
        desc[i].remap_index = -1;
        desc[i].irte_initialized = false;
    }
}

static void parse_message(const struct msi_msg *msg, struct moat_intr *intr)
{
    intr->vector = (msg->data & MSI_DATA_VECTOR_MASK) >>
                   MSI_DATA_VECTOR_SHIFT;
    intr->delivery = (msg->data >> MSI_DATA_DELIVERY_MODE_SHIFT) & 7;
    intr->level = (msg->data >> MSI_DATA_TRIGGER_SHIFT) & 1;
    intr->logical = (msg->address_lo >> MSI_ADDR_DESTMODE_SHIFT) & 1;
    intr->dest = x2apic_enabled ? msg->dest32
                                : MASK_EXTR(msg->address_lo,
                                            MSI_ADDR_DEST_ID_MASK);
}

/*
 * The first call for a multi-vector MSI allocates entries for all of it.
 * Xen gives each vector its own processor and number, with a call for each:
 * from then on entries change one at a time.
 */
int cf_check port_msi_update(struct msi_desc *desc, struct msi_msg *msg)
{
    unsigned int i, nr = vectors_of(desc);
    struct moat_intr intr = { };
    struct moat_msi_msg m;
    enum moat_intr_source kind;
    int index = desc->remap_index, rc;
    bool new = index < 0;
    uint32_t id;

    if ( !remapping() )
        return 0;

    if ( !msg )
    {
        free_entries(desc, nr);
        return 0;
    }

    kind = source_of(desc, &id);
    parse_message(msg, &intr);
    rc = moat_intr_set(port_platform, kind, id, &intr, new ? nr : 1, &index,
                       &m);
    if ( rc )
        return rc;

    /*
     * A device that no unit covers gets the plain message and no entry: its
     * vectors would have to be consecutive, which Xen's are not.
     */
    if ( index < 0 && nr != 1 )
        return -EOPNOTSUPP;

    if ( new && index >= 0 )
        for ( i = 0; i < nr; i++ )
            desc[i].remap_index = index + i;
    desc->irte_initialized = true;

    if ( desc->pi_desc )
    {
        rc = moat_intr_post(port_platform, id, index,
                            virt_to_maddr(desc->pi_desc), desc->gvec);
        if ( rc )
            return rc;
    }

    msg->address_lo = m.addr_lo;
    msg->address_hi = m.addr_hi;
    msg->data = m.data;
    /* Only the first message of several is programmed; Xen checks the rest. */
    if ( !nr )
        msg->data = desc->msi_attrib.entry_nr;

    return COMPAT_MSI_CHANGED && (new || index < 0);
}

int __init iommu_setup_hpet_msi(struct msi_desc *desc)
{
    desc->remap_index = -1;

    return 0;
}

#if XEN_HAS_PI_UPDATE_IRTE
/*
 * Have a guest's interrupts posted to @pi_desc or (NULL) delivered to Xen
 * again, by the message that was last meant. Device lock held.
 */
int pi_update_irte(const struct pi_desc *pi_desc, const struct pirq *pirq,
                   const uint8_t gvec)
{
    struct irq_desc *desc = pirq_spin_lock_irq_desc(pirq, NULL);
    struct msi_desc *msi;
    struct moat_intr intr = { };
    struct moat_msi_msg m;
    moat_sbdf_t dev;
    int index;

    if ( !desc )
        return -EINVAL;

    msi = desc->msi_desc;
    if ( !msi || !msi->dev || msi->remap_index < 0 )
    {
        spin_unlock_irq(&desc->lock);
        return -ENODEV;
    }
    msi->pi_desc = pi_desc;
    msi->gvec = gvec;
    dev = msi->dev->sbdf.sbdf;
    index = msi->remap_index;
    parse_message(&msi->msg, &intr);
    spin_unlock_irq(&desc->lock);

    ASSERT(pcidevs_locked());

    return pi_desc ? moat_intr_post(port_platform, dev, index,
                                    virt_to_maddr(pi_desc), gvec)
                   : moat_intr_set(port_platform, MOAT_INTR_PCI, dev, &intr,
                                   1, &index, &m);
}
#endif

/* ---- IO-APIC ---- */

static void write_raw(unsigned int apic, unsigned int pin, uint64_t word)
{
    struct IO_APIC_route_entry e = { .raw = word };

    __ioapic_write_entry(apic, pin, true, e);
}

void iommu_update_ire_from_apic(unsigned int apic, unsigned int pin,
                                uint64_t rte)
{
    uint64_t hw = rte;
    int rc;

    if ( remapping() )
    {
        rc = moat_intr_ioapic_set(port_platform, IO_APIC_ID(apic), pin, rte,
                                  &hw);
        if ( rc )
            host_log_err("IO-APIC %u pin %u: stays masked (%d)", apic, pin,
                         rc);
    }

    write_raw(apic, pin, hw);
}

unsigned int iommu_read_apic_from_ire(unsigned int apic, unsigned int reg)
{
    unsigned int pin = (reg - 0x10) / 2;
    uint64_t rte = __ioapic_read_entry(apic, pin, true).raw;

    if ( remapping() )
        rte = moat_intr_ioapic_get(port_platform, IO_APIC_ID(apic), pin, rte);

    return reg & 1 ? rte >> 32 : (uint32_t)rte;
}
