/* SPDX-License-Identifier: GPL-2.0-only */
/* Units: registration by the vendors, device scopes, which unit owns what. */

#include "did.h"
#include "platform.h"

#define PCI_HEADER_TYPE     0x0e
#define PCI_SECONDARY       0x19
#define PCI_SUBORDINATE     0x1a

static void cf_check unit_fault_work(void *arg);

int unit_register(struct moat_platform *p, struct moat_unit *u)
{
    struct moat_unit **link = &p->units, *other;
    int rc;

    for ( ; *link; link = &(*link)->next )
    {
        other = *link;
        if ( u->reg_pa && other->reg_pa == u->reg_pa )
            return -EEXIST;
    }

    u->platform = p;
    u->index = p->n_units;
    host_lock_init(&u->lock, MOAT_RANK_UNIT);
    host_lock_init(&u->intr_lock, MOAT_RANK_INTR);
    rc = did_table_init(u);
    if ( rc )
        return rc;
    host_work_init(&u->fault_work, unit_fault_work, u);
    u->next = NULL;
    *link = u;
    p->n_units++;
    return 0;
}

/* ---- Scopes (VT-d 8.3.1) ---- */

static bool bridge_buses(moat_sbdf_t dev, uint8_t *first, uint8_t *last)
{
    unsigned int type = host_pci_read8(dev, PCI_HEADER_TYPE) & 0x7f;

    if ( host_pci_read16(dev, 0) == 0xffff || (type != 1 && type != 2) )
        return false;
    *first = host_pci_read8(dev, PCI_SECONDARY);
    *last = host_pci_read8(dev, PCI_SUBORDINATE);
    return *first && *first <= *last;
}

int scope_resolve(uint16_t segment, const struct dmar_scope *s,
                  moat_sbdf_t *dev)
{
    unsigned int i;
    uint8_t bus = s->start_bus, last;
    moat_sbdf_t at = 0;

    if ( !s->depth )
        return -EINVAL;
    for ( i = 0; i < s->depth; i++ )
    {
        if ( i && !bridge_buses(at, &bus, &last) )
            return -ENODEV;
        at = MOAT_SBDF(segment, bus, s->path[2 * i], s->path[2 * i + 1]);
    }
    *dev = at;
    return 0;
}

int unit_add_scope(struct moat_unit *u, const struct dmar_scope *s)
{
    struct unit_scope *sc, **link;
    int rc;

    if ( s->type < DMAR_SCOPE_ENDPOINT || s->type > DMAR_SCOPE_ACPI )
        return 0;

    sc = host_alloc(sizeof(*sc));
    if ( !sc )
        return -ENOMEM;
    sc->segment = u->segment;
    sc->enum_id = s->enum_id;
    rc = scope_resolve(u->segment, s, &sc->dev);
    switch ( rc ? 0 : s->type )
    {
    case DMAR_SCOPE_ENDPOINT:
        sc->kind = SCOPE_DEVICE;
        break;

    case DMAR_SCOPE_BRIDGE:
        sc->kind = SCOPE_SUBTREE;
        if ( !bridge_buses(sc->dev, &sc->bus_first, &sc->bus_last) )
            rc = -ENODEV;
        break;

    case DMAR_SCOPE_IOAPIC:
        sc->kind = SCOPE_IOAPIC;
        break;

    case DMAR_SCOPE_HPET:
        sc->kind = SCOPE_HPET;
        break;

    case DMAR_SCOPE_ACPI:
        sc->kind = SCOPE_ACPI;
        break;

    default:
        break;
    }
    if ( rc )
    {
        host_free(sc);
        return rc;
    }

    for ( link = &u->scopes; *link; link = &(*link)->next )
        continue;
    *link = sc;
    return 0;
}

void unit_free_scopes(struct moat_unit *u)
{
    struct unit_scope *sc, *next;

    for ( sc = u->scopes; sc; sc = next )
    {
        next = sc->next;
        host_free(sc);
    }
    u->scopes = NULL;
}

/*
 * How closely a scope names a device: 0 not at all, 256 exactly, else the
 * better the fewer buses its subtree has. dom0 may have renumbered the buses
 * below a bridge since the scan: its registers are read again.
 */
static unsigned int scope_match(struct unit_scope *sc, moat_sbdf_t dev)
{
    uint8_t first, last, bus = MOAT_SBDF_BUS(dev);

    if ( sc->kind == SCOPE_DEVICE || sc->kind == SCOPE_ACPI )
        return sc->dev == dev ? 512 : 0;
    if ( sc->kind != SCOPE_SUBTREE || sc->segment != MOAT_SBDF_SEG(dev) )
        return 0;
    if ( sc->dev == dev )
        return 512;
    if ( bridge_buses(sc->dev, &first, &last) )
    {
        sc->bus_first = first;
        sc->bus_last = last;
    }
    if ( bus < sc->bus_first || bus > sc->bus_last )
        return 0;
    return 256u - (unsigned int)(sc->bus_last - sc->bus_first);
}

struct moat_unit *unit_find(struct moat_platform *p, moat_sbdf_t dev)
{
    struct moat_unit *u, *best = NULL;
    struct unit_scope *sc;
    unsigned int match, score = 0;

    for ( u = p->units; u; u = u->next )
    {
        if ( u->segment != MOAT_SBDF_SEG(dev) )
            continue;
        if ( u->include_all && !best )
            best = u;
        match = u->ops->serves
                ? u->ops->serves(u, MOAT_SBDF_RID(dev)) : 0;
        if ( match > score )
        {
            score = match;
            best = u;
        }
        for ( sc = u->scopes; sc; sc = sc->next )
        {
            match = scope_match(sc, dev);
            if ( match > score )
            {
                score = match;
                best = u;
            }
        }
    }
    return best;
}

const struct unit_scope *unit_find_scope(const struct moat_platform *p,
                                         unsigned int kind, unsigned int id,
                                         struct moat_unit **u)
{
    struct moat_unit *i;
    const struct unit_scope *sc;

    for ( i = p->units; i; i = i->next )
        for ( sc = i->scopes; sc; sc = sc->next )
            if ( (unsigned int)sc->kind == kind && sc->enum_id == id )
            {
                *u = i;
                return sc;
            }
    return NULL;
}

unsigned int unit_levels(const struct moat_unit *u, unsigned int levels)
{
    unsigned int mask = u->caps.levels &
                        (unsigned int)(MOAT_BIT(levels + 1) - 1);

    return mask ? log2_floor(mask) : 0;
}

/* ---- Faults and the unit's own interrupt ---- */

#define FAULTS_AT_ONCE  16u
#define FAULTS_A_PASS   64u

/*
 * Outside hard interrupt context. A pass is bounded, so that a device that
 * faults without end costs a share of the processor and no more (XSA-5); its
 * bus mastering is switched off by fault_report() soon enough.
 */
static void cf_check unit_fault_work(void *arg)
{
    struct moat_unit *u = arg;
    struct moat_fault f[FAULTS_AT_ONCE];
    bool overflow, lost = false;
    unsigned int i, n, done = 0, state = unit_state(u);

    if ( state != UNIT_DMA && state != UNIT_READY && !u->intremap_on )
        return;
    do {
        overflow = false;
        n = u->ops->faults_take(u, f, FAULTS_AT_ONCE, &overflow);
        lost |= overflow;
        for ( i = 0; i < n; i++ )
            fault_report(u, &f[i]);
        done += n;
    } while ( n == FAULTS_AT_ONCE && done < FAULTS_A_PASS );

    if ( lost && host_log_ratelimit() )
        host_log_warn("unit %u: more faults than its log holds: some are "
                      "not reported", u->index);
    if ( n == FAULTS_AT_ONCE )
        host_work_schedule(&u->fault_work);
}

void moat_unit_irq(struct moat_unit *u)
{
    host_work_schedule(&u->fault_work);
}

void moat_faults_poll(struct moat_platform *p)
{
    struct moat_unit *u;

    for ( u = p->units; u; u = u->next )
        unit_fault_work(u);
}

unsigned int moat_unit_index(const struct moat_unit *u)
{
    return u->index;
}

unsigned int moat_unit_node(const struct moat_unit *u)
{
    return u->node;
}

void moat_unit_irq_message(struct moat_unit *u,
                           const struct moat_msi_msg *msg)
{
    u->ops->irq_message(u, msg);
}

void moat_unit_irq_mask(struct moat_unit *u, bool mask)
{
    u->ops->irq_mask(u, mask);
}

struct moat_unit *moat_unit_get(struct moat_platform *p, unsigned int index)
{
    struct moat_unit *u;

    for ( u = p->units; u && u->index != index; u = u->next )
        continue;
    return u;
}
