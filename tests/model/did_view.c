/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The domain-id table, the same source as everywhere, and a look at it from
 * the inside whenever a unit's lock is released: whatever is free must be
 * forgotten by the hardware, whatever is not must have one owner.
 */
#include "../../drivers/passthrough/core/did.c"

#include "mx.h"
#include "world.h"

#define IDS     16u
#define SEEN    HWU_UNITS

static bool was_free[SEEN][IDS];
static bool seen[SEEN];

extern void (*model_unlocked)(struct host_lock *l);

static void did_view_unlocked(struct host_lock *l)
{
    unsigned int i;

    for ( i = 0; i < drv.units; i++ )
        if ( drv.unit[i] && l == &drv.unit[i]->lock && drv.unit[i]->dids )
            did_view_check(drv.unit[i]);
}

void did_view_reset(void)
{
    memset(was_free, 0, sizeof(was_free));
    memset(seen, 0, sizeof(seen));
    model_unlocked = did_view_unlocked;
}

static const struct did_slot *view_slot(const struct did_table *t,
                                        unsigned int i)
{
    const struct did_slot *chunk = t->chunks[i / SLOT_CHUNK];

    return chunk ? &chunk[i % SLOT_CHUNK] : NULL;
}

static void check_free(unsigned int unit, const struct did_slot *s,
                       unsigned int i)
{
    const char *what = "";

    if ( s && (s->owner || s->state != DID_FREE) )
        mx_fail("unit %u: id %u is free, but has an owner", unit, i);
    if ( was_free[unit][i] )
        return;
    mx_access(MX_OBJ(MX_DID_LINES, (uint64_t)unit << 32 | i), true);
    if ( hwu_did_cached(unit, (uint16_t)i, &what) )
        mx_fail("unit %u: id %u is free, but the unit may hold %s of it",
                unit, i, what);
}

static void check_used(const struct did_table *t, unsigned int unit,
                       const struct did_slot *s, unsigned int i)
{
    const struct did_slot *o;
    const struct moat_domain *d;
    unsigned int j;

    if ( !s || !s->owner )
        mx_fail("unit %u: id %u is in use, but has no owner", unit, i);
    if ( s->state == DID_FREE )
        mx_fail("unit %u: id %u is in use and free", unit, i);
    if ( s->state == DID_LEAKED )
        return;
    if ( (s->state == DID_LIVE) != (s->refs > 0) )
        mx_fail("unit %u: id %u is %s with %u references", unit, i,
                s->state == DID_LIVE ? "live" : "draining", s->refs);
    d = s->owner;
    if ( !d->att[unit].has_did || d->att[unit].did != i )
        mx_fail("unit %u: the owner of id %u knows nothing of it", unit, i);
    for ( j = 0; j < i; j++ )
    {
        o = view_slot(t, j);
        if ( o && o->owner == s->owner && o->state != DID_LEAKED )
            mx_fail("unit %u: ids %u and %u have one owner", unit, j, i);
    }
}

void did_view_check(const struct moat_unit *u)
{
    const struct did_table *t = u->dids;
    unsigned int i, n = 0, unit = u->index;
    const struct did_slot *s;
    bool is_free;

    for ( i = u->caps.did_reserved; i < IDS; i++ )
    {
        s = view_slot(t, i);
        is_free = !(t->used[i / WORD_BITS] & MOAT_BIT(i % WORD_BITS));
        n += is_free;
        if ( is_free )
            check_free(unit, s, i);
        else
            check_used(t, unit, s, i);
        was_free[unit][i] = is_free;
    }
    /* Of a table that is larger only the beginning is in use. */
    if ( t->total + u->caps.did_reserved > IDS )
        n += t->total + u->caps.did_reserved - IDS;
    if ( n != t->free )
        mx_fail("unit %u: %u ids are free, %u are counted", unit, n, t->free);
    seen[unit] = true;
}

bool did_view_live(const struct moat_unit *u, unsigned int did,
                   const struct moat_domain *d)
{
    const struct did_slot *s = view_slot(u->dids, did);

    return s && s->owner == d && s->state == DID_LIVE;
}
