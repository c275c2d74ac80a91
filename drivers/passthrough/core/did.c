/* SPDX-License-Identifier: GPL-2.0-only */
/* Domain-id tables; the states are drawn in did.h. */

#include "bits.h"
#include "did.h"
#include "domain.h"

#define SLOT_CHUNK  256u            /* slots allocated together */
#define WORD_BITS   64u

enum did_state { DID_FREE, DID_LIVE, DID_DRAINING, DID_LEAKED };

struct did_slot
{
    const void *owner;              /* never NULL while the bit is set */
    unsigned int refs;
    unsigned int gen;
    enum did_state state;
};

struct did_table
{
    unsigned int total, free;       /* reserved ids are in neither */
    unsigned int hint;              /* next-fit: a freed id rests */
    uint64_t *used;                 /* bit set: not free */
    struct did_slot **chunks;
    unsigned int n_chunks, n_words;
    bool rescuing;                  /* unit's interrupt lock */
};

static struct did_slot *slot_of(const struct did_table *t, unsigned int did)
{
    struct did_slot *chunk = t->chunks[did / SLOT_CHUNK];

    return chunk ? &chunk[did % SLOT_CHUNK] : NULL;
}

int did_table_init(struct moat_unit *u)
{
    unsigned int ids, i, bits = u->caps.did_bits;
    struct did_table *t;

    if ( bits < 1 || bits > 16 )
        bits = bits ? 16 : 4;
    ids = 1u << bits;
    t = host_alloc(sizeof(*t));
    if ( !t )
        return -ENOMEM;
    t->n_words = (ids + WORD_BITS - 1) / WORD_BITS;
    t->n_chunks = (ids + SLOT_CHUNK - 1) / SLOT_CHUNK;
    t->used = host_alloc(t->n_words * sizeof(*t->used));
    t->chunks = host_alloc(t->n_chunks * sizeof(*t->chunks));
    u->dids = t;
    if ( !t->used || !t->chunks )
    {
        did_table_fini(u);
        return -ENOMEM;
    }

    for ( i = 0; i < t->n_words * WORD_BITS; i++ )
        if ( i < u->caps.did_reserved || i >= ids )
            t->used[i / WORD_BITS] |= MOAT_BIT(i % WORD_BITS);
    t->total = ids > u->caps.did_reserved ? ids - u->caps.did_reserved : 0;
    t->free = t->total;
    t->hint = u->caps.did_reserved;
    return 0;
}

void did_table_fini(struct moat_unit *u)
{
    struct did_table *t = u->dids;
    unsigned int i;

    if ( !t )
        return;
    u->dids = NULL;
    for ( i = 0; t->chunks && i < t->n_chunks; i++ )
        host_free(t->chunks[i]);
    host_free(t->chunks);
    host_free(t->used);
    host_free(t);
}

/*
 * The next free id from the hint on, round about. Bounded: 1024 words at
 * most, and as a rule the first one.
 */
static int find_free(const struct did_table *t)
{
    unsigned int i, w = t->hint / WORD_BITS;
    uint64_t avail = ~t->used[w] & ~(MOAT_BIT(t->hint % WORD_BITS) - 1);

    for ( i = 0; i <= t->n_words; i++ )
    {
        if ( avail )
            return (int)(w * WORD_BITS + (unsigned int)__builtin_ctzll(avail));
        w = w + 1 < t->n_words ? w + 1 : 0;
        avail = ~t->used[w];
    }
    return -ENOSPC;
}

/* Unit lock held. */
static int alloc_locked(struct did_table *t, struct moat_domain *d,
                        uint16_t *did)
{
    struct did_slot *s;
    int i;

    if ( !t->free )
        return -ENOSPC;
    i = find_free(t);
    if ( i < 0 )
        return i;
    if ( !slot_of(t, (unsigned int)i) )
    {
        s = host_alloc(SLOT_CHUNK * sizeof(*s));
        if ( !s )
            return -ENOMEM;
        t->chunks[(unsigned int)i / SLOT_CHUNK] = s;
    }

    s = slot_of(t, (unsigned int)i);
    s->owner = d;
    s->refs = 0;
    s->state = DID_LIVE;
    t->used[(unsigned int)i / WORD_BITS] |=
        MOAT_BIT((unsigned int)i % WORD_BITS);
    t->free--;
    t->hint = ((unsigned int)i + 1) % (t->n_words * WORD_BITS);
    /* A flush may look at it without the lock (domain.h). */
    HOST_WRITE_ONCE(*did, (uint16_t)i);
    return 0;
}

int did_get(struct moat_unit *u, struct moat_domain *d, uint16_t *did)
{
    struct domain_unit *att = &d->att[u->index];
    struct did_slot *s;
    int rc = 0;

    host_lock(&u->lock);
    if ( !att->has_did )
    {
        rc = alloc_locked(u->dids, d, &att->did);
        if ( rc )
            goto out;
        att->has_did = true;
    }

    s = slot_of(u->dids, att->did);
    if ( !s || s->owner != d )
        host_bug("unit %u: domain id %u is not its holder's", u->index,
                 (unsigned int)att->did);
    s->state = DID_LIVE;
    s->refs++;
    *did = att->did;
    /* The id is in place: flushes may find it from here on (domain.h). */
    host_set_bit(u->index, d->published);

 out:
    host_unlock(&u->lock);
    if ( rc == -ENOSPC )
        host_log_err("unit %u: no domain id left of %u: too many owners of "
                     "devices behind it", u->index, u->dids->total);
    return rc;
}

void did_put(struct moat_unit *u, struct moat_domain *d,
             struct did_drain *drain)
{
    struct domain_unit *att = &d->att[u->index];
    struct did_slot *s;

    drain->unit = u;
    drain->domain = d;
    drain->last = false;

    host_lock(&u->lock);
    s = att->has_did ? slot_of(u->dids, att->did) : NULL;
    if ( !s || s->owner != d || s->state != DID_LIVE || !s->refs )
        host_bug("unit %u: put of a domain id that is not held", u->index);
    drain->did = att->did;
    if ( !--s->refs )
    {
        s->state = DID_DRAINING;
        s->gen++;
        drain->last = true;
    }
    drain->gen = s->gen;
    host_unlock(&u->lock);
}

void did_drained(const struct did_drain *drain, bool flushed)
{
    struct moat_unit *u = drain->unit;
    struct moat_domain *d = drain->domain;
    struct did_table *t = u->dids;
    struct did_slot *s;
    bool leaked = false;

    if ( !drain->last )
        return;

    host_lock(&u->lock);
    s = slot_of(t, drain->did);
    if ( s && s->owner == d && s->state == DID_DRAINING &&
         s->gen == drain->gen )
    {
        host_clear_bit(u->index, d->published);
        d->att[u->index].has_did = false;
        if ( flushed )
        {
            s->owner = NULL;
            s->state = DID_FREE;
            t->used[drain->did / WORD_BITS] &=
                ~MOAT_BIT(drain->did % WORD_BITS);
            t->free++;
        }
        else
        {
            /* The table itself is the owner: the domain may go away. */
            s->owner = t;
            s->state = DID_LEAKED;
            leaked = true;
        }
    }
    host_unlock(&u->lock);
    if ( !leaked )
        return;
    host_lock(&u->platform->dom_lock);
    u->platform->leaks++;
    host_unlock(&u->platform->dom_lock);
    host_log_err("unit %u: domain id %u is not used again: its flush failed",
                 u->index, (unsigned int)drain->did);
}

void did_counts(const struct moat_unit *u, unsigned long *free,
                unsigned long *total)
{
    *free = u->dids ? HOST_READ_ONCE(u->dids->free) : 0;
    *total = u->dids ? u->dids->total : 0;
}

void unit_rescue_begin(struct moat_unit *u)
{
    uint64_t end = host_now_ns() + 4 * platform_timeout_ns(u->platform);
    unsigned long flags;
    bool mine;

    do {
        flags = host_lock_irqsave(&u->intr_lock);
        mine = !u->dids->rescuing;
        u->dids->rescuing = true;
        host_unlock_irqrestore(&u->intr_lock, flags);
        if ( !mine )
            host_relax();
    } while ( !mine && host_now_ns() < end );
}

void unit_rescue_end(struct moat_unit *u)
{
    unsigned long flags = host_lock_irqsave(&u->intr_lock);

    u->dids->rescuing = false;
    host_unlock_irqrestore(&u->intr_lock, flags);
}
