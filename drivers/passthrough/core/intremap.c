/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt remapping (VT-d chapter 5): who may use which entry, and in what
 * order an entry changes. Callers come with interrupts off and under their
 * own locks; nothing here allocates memory or looks at configuration space.
 *
 * An entry is never present without a check of its source (XSA-33, 49). One
 * that was present is flushed, and the flush waited for, before anybody
 * relies on the change: a freed entry is out of the allocator's sight until
 * then.
 */

#include "device.h"
#include "flush.h"
#include "intr.h"

/* ---- Sources ---- */

struct source
{
    struct moat_unit *unit;
    struct hw_irte irte;        /* present, with the source check filled in */
};

static void source_exact(struct source *s, struct moat_unit *u, uint16_t sid)
{
    s->unit = u;
    s->irte.sid_kind = HW_SID_EXACT;
    s->irte.sid = s->irte.rid = sid;
}

static int source_pci(struct moat_platform *p, moat_sbdf_t id,
                      struct source *s)
{
    unsigned long flags = host_lock_irqsave(&p->reg_lock);
    const struct moat_device *dev = registry_find(p, id);
    int rc = -ENODEV;

    if ( dev && dev->ids.n )
    {
        source_exact(s, dev->unit, dev->ids.msi_sid);
        /* Its table is that of all its ids. */
        s->irte.rid = MOAT_SBDF_RID(dev->dev);
        s->irte.sid_fn_ignore = dev->ids.msi_fn_ignore;
        if ( dev->ids.msi_bus_range )
        {
            s->irte.sid_kind = HW_SID_BUS_RANGE;
            s->irte.bus_first = dev->ids.msi_bus_first;
            s->irte.bus_last = dev->ids.msi_bus_last;
        }
        rc = 0;
    }
    host_unlock_irqrestore(&p->reg_lock, flags);
    if ( rc && host_log_ratelimit() )
        host_log_err(MOAT_PRI_SBDF ": interrupts refused: its requester id "
                     "is not known", MOAT_SBDF_ARG(id));
    return rc;
}

static int source_find(struct moat_platform *p, enum moat_intr_source kind,
                       uint32_t id, struct source *s)
{
    const struct unit_scope *sc;
    struct moat_unit *u;

    memset(s, 0, sizeof(*s));
    s->irte.present = true;
    if ( kind == MOAT_INTR_PCI )
        return source_pci(p, id, s);

    sc = unit_find_scope(p, SCOPE_HPET, id, &u);
    if ( !sc )
    {
        if ( host_log_ratelimit() )
            host_log_err("HPET %u is in no unit's scope: its interrupts are "
                         "refused", (unsigned int)id);
        return -ENODEV;
    }
    source_exact(s, u, MOAT_SBDF_RID(sc->dev));
    return 0;
}

/* Entries of this source? A stray index must not reach another's. */
static bool same_source(const struct hw_irte *a, const struct hw_irte *b)
{
    if ( a->sid_kind != b->sid_kind )
        return false;
    return a->sid_kind == HW_SID_EXACT
           ? a->sid == b->sid && a->sid_fn_ignore == b->sid_fn_ignore
           : a->bus_first == b->bus_first && a->bus_last == b->bus_last;
}

static bool same_irte(const struct hw_irte *a, const struct hw_irte *b)
{
    return a->present == b->present && same_source(a, b) &&
           a->pi_desc == b->pi_desc && a->intr.vector == b->intr.vector &&
           a->intr.delivery == b->intr.delivery &&
           a->intr.logical == b->intr.logical &&
           a->intr.level == b->intr.level && a->intr.dest == b->intr.dest;
}

/* ---- Entries ---- */

/*
 * Interrupt lock held. Write entries for @n vectors; *@stale: a present one
 * changed, hardware may go by the old.
 */
static int write_locked(struct moat_unit *u, unsigned int index,
                        const struct hw_irte *first, unsigned int n,
                        bool *stale)
{
    struct hw_irte e, old;
    unsigned int i;
    int rc;

    for ( i = 0; i < n; i++ )
    {
        e = *first;
        e.intr.vector = (uint8_t)(first->intr.vector + i);
        /* Where the table tells who may use it, an entry does not. */
        old = *first;
        rc = u->ops->irte_get(u, index + i, &old);
        if ( rc )
            return rc;
        if ( old.present && first->present && !same_source(&old, first) )
            return -EINVAL;
        if ( same_irte(&old, &e) )
            continue;
        rc = u->ops->irte_set(u, index + i, &e);
        if ( rc )
            return rc;
        *stale |= old.present;
    }
    return 0;
}

static int clear_locked(struct moat_unit *u, uint16_t rid,
                        unsigned int index, unsigned int n)
{
    struct hw_irte none;
    unsigned int i;
    int rc, ret = 0;

    memset(&none, 0, sizeof(none));
    none.rid = rid;
    for ( i = 0; i < n; i++ )
    {
        rc = u->ops->irte_set(u, index + i, &none);
        if ( rc )
            ret = rc;
    }
    return ret;
}

static int flush_entries(struct moat_unit *u, uint16_t rid,
                         unsigned int index, unsigned int n)
{
    struct hw_flush f;

    memset(&f, 0, sizeof(f));
    f.kind = HW_FLUSH_INTR;
    f.rid = rid;
    f.first = index;
    f.last = index + n - 1;
    return unit_flush(u, &f, 1);
}

/* Make entries non-present, wait until that is known, give them back. */
static void retire(struct moat_unit *u, uint16_t rid, unsigned int index,
                   unsigned int n)
{
    struct intr_table *t = intr_table_of(u, rid);
    unsigned long flags = host_lock_irqsave(&u->intr_lock);
    int rc = clear_locked(u, rid, index, n);

    host_unlock_irqrestore(&u->intr_lock, flags);
    if ( !rc )
        rc = flush_entries(u, rid, index, n);

    flags = host_lock_irqsave(&u->intr_lock);
    if ( rc )
        t->leaked += n;
    else
        intr_release(t, index, n);
    host_unlock_irqrestore(&u->intr_lock, flags);
    if ( rc )
        host_log_err("unit %u: interrupt entries %u-%u are not used again: "
                     "they could not be flushed (%d)", u->index, index,
                     index + n - 1, rc);
}

int intr_entries_new(struct moat_unit *u, const struct hw_irte *e,
                     unsigned int n, int *index)
{
    struct intr_table *t = intr_table_of(u, e->rid);
    unsigned long flags;
    bool stale = false;
    int i, rc;

    if ( !t )
        return -ENODEV;
    flags = host_lock_irqsave(&u->intr_lock);
    i = intr_alloc(t, n);
    rc = i < 0 ? i : 0;
    if ( !rc )
        rc = write_locked(u, (unsigned int)i, e, n, &stale);
    host_unlock_irqrestore(&u->intr_lock, flags);
    if ( i < 0 )
    {
        if ( rc == -ENOSPC && host_log_ratelimit() )
            host_log_err("unit %u: no %u interrupt entries in one piece left "
                         "of %u", u->index, n, t->entries);
        return rc;
    }
    /* An absent entry may be cached, too, where absent ones are. */
    if ( !rc && (stale || u->caps.flush_added || u->caps.flush_absent) )
        rc = flush_entries(u, e->rid, (unsigned int)i, n);
    if ( rc )
    {
        retire(u, e->rid, (unsigned int)i, n);
        return rc;
    }
    *index = i;
    return 0;
}

int intr_entries_change(struct moat_unit *u, const struct hw_irte *e,
                        unsigned int n, unsigned int index)
{
    struct intr_table *t = intr_table_of(u, e->rid);
    unsigned long flags = host_lock_irqsave(&u->intr_lock);
    bool stale = false;
    int rc = t && intr_is_used(t, index, n) ? 0 : -EINVAL;

    if ( !rc )
        rc = write_locked(u, index, e, n, &stale);
    host_unlock_irqrestore(&u->intr_lock, flags);
    if ( stale || (!rc && (u->caps.flush_added || u->caps.flush_absent)) )
    {
        int rc2 = flush_entries(u, e->rid, index, n);

        rc = rc ? rc : rc2;
    }
    return rc;
}

/* ---- MSI ---- */

/*
 * A device whose unit does not exist, or that no unit covers: nobody remaps
 * what it sends (and it is never handed out).
 */
static int compose_plain(const struct moat_intr *intr,
                         struct moat_msi_msg *msg)
{
    if ( intr->dest > 0xff )
        return -ENODEV;
    msg->addr_hi = 0;
    msg->addr_lo = 0xfee00000u | (intr->dest << 12) |
                   (intr->delivery == 1 ? 8u : 0u) |
                   (intr->logical ? 4u : 0u);
    msg->data = intr->vector | ((uint32_t)intr->delivery << 8) |
                (intr->level ? 0xc000u : 0u);
    return 0;
}

int moat_intr_set(struct moat_platform *p, enum moat_intr_source kind,
                  uint32_t id, const struct moat_intr *intr, unsigned int n,
                  int *index, struct moat_msi_msg *msg)
{
    struct source s;
    int rc;

    if ( !is_pow2(n) || n > 1u << INTR_MAX_ORDER )
        return -EINVAL;
    rc = source_find(p, kind, id, &s);
    if ( rc )
        return rc;
    if ( !s.unit || !s.unit->intremap_on )
        return compose_plain(intr, msg);

    s.irte.intr = *intr;
    if ( *index < 0 )
        rc = intr_entries_new(s.unit, &s.irte, n, index);
    else
        rc = intr_entries_change(s.unit, &s.irte, n,
                                 (unsigned int)*index);
    if ( !rc )
        s.unit->ops->msi_compose(s.unit, (unsigned int)*index, n, msg);
    return rc;
}

void moat_intr_free(struct moat_platform *p, enum moat_intr_source kind,
                    uint32_t id, int index, unsigned int n)
{
    struct intr_table *t;
    struct source s;
    unsigned long flags;
    bool used;

    if ( index < 0 || source_find(p, kind, id, &s) || !s.unit ||
         !s.unit->intremap_on )
        return;
    t = intr_table_of(s.unit, s.irte.rid);
    flags = host_lock_irqsave(&s.unit->intr_lock);
    used = t && intr_is_used(t, (unsigned int)index, n);
    host_unlock_irqrestore(&s.unit->intr_lock, flags);
    if ( used )
        retire(s.unit, s.irte.rid, (unsigned int)index, n);
}

int moat_intr_post(struct moat_platform *p, moat_sbdf_t dev, int index,
                   moat_paddr_t pi_desc, uint8_t vector)
{
    struct intr_table *t;
    struct hw_irte e;
    struct source s;
    unsigned long flags;
    int rc = source_find(p, MOAT_INTR_PCI, dev, &s);

    if ( rc )
        return rc;
    if ( !p->caps.posted_interrupts || !s.unit || !s.unit->intremap_on )
        return -EOPNOTSUPP;
    if ( index < 0 )
        return -EINVAL;

    e = s.irte;
    t = intr_table_of(s.unit, e.rid);
    flags = host_lock_irqsave(&s.unit->intr_lock);
    if ( !t || !intr_is_used(t, (unsigned int)index, 1) ||
         s.unit->ops->irte_get(s.unit, (unsigned int)index, &e) ||
         !e.present || !same_source(&e, &s.irte) )
        rc = -EINVAL;
    if ( !rc )
    {
        e.pi_desc = pi_desc;
        e.intr.vector = vector;
        rc = s.unit->ops->irte_set(s.unit, (unsigned int)index, &e);
    }
    host_unlock_irqrestore(&s.unit->intr_lock, flags);
    return rc ? rc : flush_entries(s.unit, s.irte.rid, (unsigned int)index,
                                   1);
}
