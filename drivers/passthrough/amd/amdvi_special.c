/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IO-APICs and HPETs: whose requester ids only the table (or the
 * administrator) knows. AMD IOMMU specification (48882, rev. 3.07) 5.2.2.7.
 *
 * An entry that is wrong sends an IO-APIC's interrupts to a table they are
 * not in, and the machine hangs; one that is missing leaves an IO-APIC that
 * cannot be remapped, while its requests could be forged (XSA-36). So where
 * the table does not hold together interrupts are not remapped at all, and
 * the message says what option would help. Translation is not concerned.
 */
#include "amdvi_scan.h"

/* The southbridge of every AMD platform has its IO-APIC there. */
#define SB_IOAPIC       MOAT_SBDF(0, 0, 0x14, 0)

static const char *name_of(unsigned int kind)
{
    return kind == SCOPE_IOAPIC ? "IO-APIC" : "HPET";
}

static const struct moat_extra_source *extra_for(const struct amdvi_scan *s,
                                                 unsigned int kind,
                                                 unsigned int id,
                                                 moat_sbdf_t dev)
{
    const struct moat_extra_source *x;

    for ( x = s->opts->sources; x; x = x->next )
        if ( (x->hpet ? SCOPE_HPET : SCOPE_IOAPIC) == kind &&
             (x->id == id || x->dev == dev) )
            return x;
    return NULL;
}

static const struct unit_scope *find(const struct amdvi_scan *s,
                                     const struct amdvi_unit *a,
                                     unsigned int kind, unsigned int id)
{
    const struct unit_scope *sc;
    unsigned int i;

    for ( sc = a->unit.scopes; sc; sc = sc->next )
        if ( sc->kind == kind && sc->enum_id == id )
            return sc;
    for ( i = 0; i < s->n_units; i++ )
        if ( s->units[i] != a )
            for ( sc = s->units[i]->unit.scopes; sc; sc = sc->next )
                if ( sc->kind == kind && sc->enum_id == id )
                    return sc;
    return NULL;
}

static int add_scope(struct amdvi_scan *s, struct amdvi_unit *a,
                     unsigned int kind, uint8_t id, moat_sbdf_t dev)
{
    struct unit_scope *sc = host_alloc(sizeof(*sc));

    if ( !sc )
        return -ENOMEM;
    sc->kind = kind == SCOPE_HPET ? SCOPE_HPET : SCOPE_IOAPIC;
    sc->segment = a->unit.segment;
    sc->enum_id = id;
    sc->dev = dev;
    sc->next = a->unit.scopes;
    a->unit.scopes = sc;
    if ( kind == SCOPE_IOAPIC && dev == SB_IOAPIC )
        s->sb_ioapic = true;
    return 0;
}

int amdvi_add_special(struct amdvi_scan *s, struct amdvi_unit *a,
                      const struct ivrs_entry *e)
{
    unsigned int kind = e->u.special.variety == IVRS_SPECIAL_HPET
                        ? SCOPE_HPET : SCOPE_IOAPIC;
    uint8_t id = e->u.special.handle;
    moat_sbdf_t dev = ((moat_sbdf_t)a->unit.segment << 16) | e->first;
    const struct moat_extra_source *x = extra_for(s, kind, id, dev);
    const struct unit_scope *sc;

    s->ioapics += kind == SCOPE_IOAPIC;
    if ( x )
    {
        host_log_info("IVRS offset %#lx: %s %#x at " MOAT_PRI_SBDF
                      ": the command line says %#x at " MOAT_PRI_SBDF,
                      (unsigned long)e->offset, name_of(kind), id,
                      MOAT_SBDF_ARG(dev), x->id, MOAT_SBDF_ARG(x->dev));
        return 0;
    }

    sc = find(s, a, kind, id);
    if ( !sc )
        return add_scope(s, a, kind, id, dev);
    if ( sc->dev == dev )
    {
        host_log_info("IVRS offset %#lx: %s %#x again",
                      (unsigned long)e->offset, name_of(kind), id);
        return 0;
    }

    host_log_err("IVRS offset %#lx: %s %#x is at " MOAT_PRI_SBDF
                 " and at " MOAT_PRI_SBDF "%s: %s[%#x]=... says which",
                 (unsigned long)e->offset, name_of(kind), id,
                 MOAT_SBDF_ARG(sc->dev), MOAT_SBDF_ARG(dev),
                 kind == SCOPE_IOAPIC ? ": interrupts are not remapped" : "",
                 kind == SCOPE_IOAPIC ? "ivrs_ioapic" : "ivrs_hpet", id);
    if ( kind == SCOPE_IOAPIC )
        s->intremap_ok = false;
    return 0;
}

/* The unit that serves @dev most closely. */
static struct amdvi_unit *unit_of(const struct amdvi_scan *s, moat_sbdf_t dev)
{
    struct amdvi_unit *best = NULL;
    unsigned int i, score = 0;

    for ( i = 0; i < s->n_units; i++ )
    {
        struct amdvi_unit *a = s->units[i];
        unsigned int match = amdvi_serves(&a->unit, MOAT_SBDF_RID(dev));

        if ( a->unit.segment == MOAT_SBDF_SEG(dev) && match > score )
        {
            score = match;
            best = a;
        }
    }
    return best;
}

int amdvi_special_done(struct amdvi_scan *s)
{
    const struct moat_extra_source *x;
    int rc = 0;

    for ( x = s->opts->sources; x && !rc; x = x->next )
    {
        struct amdvi_unit *a = unit_of(s, x->dev);

        if ( a )
            rc = add_scope(s, a, x->hpet ? SCOPE_HPET : SCOPE_IOAPIC, x->id,
                           x->dev);
        else
            host_log_err("%s[%#x]: no unit serves " MOAT_PRI_SBDF,
                         x->hpet ? "ivrs_hpet" : "ivrs_ioapic", x->id,
                         MOAT_SBDF_ARG(x->dev));
    }

    if ( !rc && s->opts->intremap && !s->sb_ioapic )
    {
        host_log_err("IVRS names %u IO-APICs, none of them the southbridge's "
                     "at " MOAT_PRI_SBDF ": interrupts are not remapped; "
                     "ivrs_ioapic[ID]=00:14.0, with its APIC id, would help",
                     s->ioapics, MOAT_SBDF_ARG(SB_IOAPIC));
        s->intremap_ok = false;
    }
    return rc;
}
