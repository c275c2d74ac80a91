/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IO-APIC redirection entries (VT-d 5.1.5.1). The remapping entry of a pin
 * is allocated when the pin is first given a vector and stays its own; what
 * the hypervisor meant is kept beside it and handed back on reads.
 */

#include "bits.h"
#include "intr.h"

/* 82093AA: a redirection entry. */
#define RTE_VECTOR      MOAT_MASK(7, 0)
#define RTE_DELIVERY    MOAT_MASK(10, 8)
#define RTE_LOGICAL     MOAT_BIT(11)
#define RTE_PENDING     MOAT_BIT(12)
#define RTE_REMOTE_IRR  MOAT_BIT(14)
#define RTE_LEVEL       MOAT_BIT(15)
#define RTE_MASKED      MOAT_BIT(16)
#define RTE_DEST8       MOAT_MASK(63, 56)
#define RTE_DEST32      MOAT_MASK(63, 32)
/* What the IO-APIC itself changes, and the mask, come from the hardware. */
#define RTE_LIVE        (RTE_PENDING | RTE_REMOTE_IRR | RTE_MASKED)

#define FIRST_VECTOR    16

int ioapics_build(struct moat_platform *p)
{
    const struct unit_scope *sc;
    struct moat_unit *u;
    struct ioapic *io;
    unsigned int i;

    if ( p->ioapics )
        return 0;
    for ( u = p->units; u; u = u->next )
        for ( sc = u->scopes; sc; sc = sc->next )
        {
            if ( sc->kind != SCOPE_IOAPIC )
                continue;
            io = host_alloc(sizeof(*io));
            if ( !io )
            {
                ioapics_free(p);
                return -ENOMEM;
            }
            io->apic_id = sc->enum_id;
            io->unit = u;
            io->sid = MOAT_SBDF_RID(sc->dev);
            for ( i = 0; i < IOAPIC_PINS; i++ )
                io->pins[i].index = -1;
            io->next = p->ioapics;
            p->ioapics = io;
        }
    return 0;
}

void ioapics_free(struct moat_platform *p)
{
    struct ioapic *io;

    while ( (io = p->ioapics) != NULL )
    {
        p->ioapics = io->next;
        host_free(io);
    }
}

static struct ioapic *find(const struct moat_platform *p,
                           unsigned int apic_id)
{
    struct ioapic *io;

    for ( io = p->ioapics; io && io->apic_id != apic_id; io = io->next )
        continue;
    return io;
}

bool moat_intr_ioapic_known(const struct moat_platform *p,
                            unsigned int apic_id)
{
    struct moat_unit *u;

    return unit_find_scope(p, SCOPE_IOAPIC, apic_id, &u);
}

static void make_irte(const struct moat_platform *p, const struct ioapic *io,
                      uint64_t rte, struct hw_irte *e)
{
    memset(e, 0, sizeof(*e));
    e->present = true;
    e->sid_kind = HW_SID_EXACT;
    e->sid = e->rid = io->sid;
    e->intr.vector = (uint8_t)FIELD_GET(RTE_VECTOR, rte);
    e->intr.delivery = (uint8_t)FIELD_GET(RTE_DELIVERY, rte);
    e->intr.logical = rte & RTE_LOGICAL;
    e->intr.level = rte & RTE_LEVEL;
    e->intr.dest = (uint32_t)(p->x2apic_on ? FIELD_GET(RTE_DEST32, rte)
                                           : FIELD_GET(RTE_DEST8, rte));
}

int moat_intr_ioapic_set(struct moat_platform *p, unsigned int apic_id,
                         unsigned int pin, uint64_t rte, uint64_t *hw)
{
    struct ioapic *io = find(p, apic_id);
    struct ioapic_pin *pp;
    struct hw_irte e;
    int rc;

    *hw = RTE_MASKED;
    if ( !p->intremap_on )
    {
        *hw = rte;
        return 0;
    }
    if ( !io || pin >= IOAPIC_PINS )
    {
        if ( host_log_ratelimit() )
            host_log_err("IO-APIC %u is in no unit's scope: its pins stay "
                         "masked; give its place by an option, or switch "
                         "interrupt remapping off", apic_id);
        return -ENODEV;
    }
    if ( !io->unit->intremap_on )
    {
        *hw = rte;              /* a unit that is not there remaps nothing */
        return 0;
    }

    pp = &io->pins[pin];
    make_irte(p, io, rte, &e);
    /* A masked pin that was never given a vector needs no entry yet. */
    if ( (rte & RTE_MASKED) && !e.intr.delivery &&
         e.intr.vector < FIRST_VECTOR )
    {
        pp->meant = rte;
        pp->known = true;
        *hw = pp->index < 0 ? rte
              : io->unit->ops->rte_compose(io->unit,
                                           (unsigned int)pp->index, rte);
        return 0;
    }
    rc = pp->index < 0
         ? intr_entries_new(io->unit, &e, 1, &pp->index)
         : intr_entries_change(io->unit, &e, 1, (unsigned int)pp->index);
    if ( rc )
        return rc;
    pp->meant = rte;
    pp->known = true;
    *hw = io->unit->ops->rte_compose(io->unit, (unsigned int)pp->index, rte);
    return 0;
}

uint64_t moat_intr_ioapic_get(struct moat_platform *p, unsigned int apic_id,
                              unsigned int pin, uint64_t hw)
{
    const struct ioapic *io = find(p, apic_id);

    if ( !io || pin >= IOAPIC_PINS || !io->unit->intremap_on ||
         !io->pins[pin].known ||
         io->unit->ops->rte_index(io->unit, hw) != io->pins[pin].index )
        return hw;
    return (io->pins[pin].meant & ~RTE_LIVE) | (hw & RTE_LIVE);
}
