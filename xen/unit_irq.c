/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interrupt by which a unit reports faults: an MSI that no PCI device
 * sends, programmed into the unit's own registers.
 */

#include "port.h"

#include <xen/irq.h>
#include <asm/apic.h>
#include <asm/io_apic.h>
#include <asm/msi.h>

struct unit_irq
{
    struct moat_unit *unit;
    struct msi_desc msi;
    struct unit_irq *next;
};

static struct unit_irq *__read_mostly unit_irqs;

static void cf_check unit_irq_arrived(COMPAT_IRQ_ARGS)
{
    moat_unit_irq(((struct unit_irq *)dev_id)->unit);
}

static void cf_check unit_irq_unmask(struct irq_desc *desc)
{
    struct unit_irq *u = desc->action->dev_id;

    moat_unit_irq_mask(u->unit, false);
    u->msi.msi_attrib.host_masked = 0;
}

static void cf_check unit_irq_mask(struct irq_desc *desc)
{
    struct unit_irq *u = desc->action->dev_id;

    moat_unit_irq_mask(u->unit, true);
    u->msi.msi_attrib.host_masked = 1;
}

static void cf_check unit_irq_ack(struct irq_desc *desc)
{
    irq_complete_move(desc);
    unit_irq_mask(desc);
    move_masked_irq(desc);
}

static void cf_check unit_irq_end(struct irq_desc *desc, uint8_t vector)
{
    unit_irq_unmask(desc);
    end_nonmaskable_irq(desc, vector);
}

static void cf_check unit_irq_set_affinity(struct irq_desc *desc,
                                           const cpumask_t *mask)
{
    struct unit_irq *u = desc->action->dev_id;
    unsigned int dest = set_desc_affinity(desc, mask);
    struct msi_msg *msg = &u->msi.msg;
    struct moat_msi_msg m;

    if ( dest == BAD_APICID )
    {
        host_log_err("unit %u: no processor for its interrupt",
                     moat_unit_index(u->unit));
        return;
    }

    msi_compose_msg(desc->arch.vector, NULL, msg);
    msg->dest32 = dest;
    msg->address_lo |= MSI_ADDR_DEST_ID(dest);
    /* The unit's own messages are not remapped: bits 31:8 of the id go up. */
    if ( x2apic_enabled )
        msg->address_hi = dest & ~0xffu;

    m.addr_lo = msg->address_lo;
    m.addr_hi = msg->address_hi;
    m.data = msg->data;
    moat_unit_irq_message(u->unit, &m);
}

/* The message first: a fault may be pending. */
static unsigned int cf_check unit_irq_startup(struct irq_desc *desc)
{
    unit_irq_set_affinity(desc, NULL);
    unit_irq_unmask(desc);

    return 0;
}

static hw_irq_controller unit_irq_type = {
    .typename = "DMA_MSI",
    .startup = unit_irq_startup,
    .shutdown = unit_irq_mask,
    .enable = unit_irq_unmask,
    .disable = unit_irq_mask,
    .ack = unit_irq_ack,
    .end = unit_irq_end,
    .set_affinity = unit_irq_set_affinity,
};

/* Prefer processors of the unit's own node. */
static void adjust_affinity(const struct unit_irq *u)
{
    nodeid_t node = port_node(moat_unit_node(u->unit));
    struct irq_desc *desc = irq_to_desc(u->msi.irq);
    const cpumask_t *mask = NULL;
    unsigned long flags;

    if ( node < MAX_NUMNODES && node_online(node) &&
         cpumask_intersects(&node_to_cpumask(node), &cpu_online_map) )
        mask = &node_to_cpumask(node);

    spin_lock_irqsave(&desc->lock, flags);
    unit_irq_set_affinity(desc, mask);
    spin_unlock_irqrestore(&desc->lock, flags);
}

void cf_check port_adjust_irq_affinities(void)
{
    const struct unit_irq *u;

    for ( u = unit_irqs; u; u = u->next )
        adjust_affinity(u);
}

int host_unit_irq_request(struct moat_unit *unit)
{
    struct unit_irq *u = xzalloc(struct unit_irq);
    struct irq_desc *desc;
    int irq, rc;

    if ( !u )
        return -ENOMEM;

    irq = create_irq(port_node(moat_unit_node(unit)), false);
    if ( irq <= 0 )
    {
        xfree(u);
        return -ENOSPC;
    }

    u->unit = unit;
    u->msi.irq = irq;
    u->msi.msi_attrib.pos = MSI_TYPE_IOMMU;
    u->msi.msi_attrib.maskbit = 1;
    u->msi.msi_attrib.is_64 = 1;
    INIT_LIST_HEAD(&u->msi.list);

    desc = irq_to_desc(irq);
    desc->handler = &unit_irq_type;
    rc = request_irq(irq, 0, unit_irq_arrived, "iommu", u);
    if ( rc )
    {
        desc->handler = &no_irq_type;
        destroy_irq(irq);
        xfree(u);
        return rc;
    }
    desc->msi_desc = &u->msi;

    u->next = unit_irqs;
    unit_irqs = u;
    adjust_affinity(u);

    return 0;
}

void host_unit_irq_release(struct moat_unit *unit)
{
    struct unit_irq **p, *u;

    for ( p = &unit_irqs; (u = *p) != NULL; p = &u->next )
        if ( u->unit == unit )
        {
            *p = u->next;
            destroy_irq(u->msi.irq);
            xfree(u);
            return;
        }
}
