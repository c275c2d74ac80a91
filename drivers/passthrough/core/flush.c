/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flushing a domain out of the units.
 *
 * Xen frees pages whatever a flush returns, so nothing here returns before it
 * is certain: the flush has completed, or the unit was rescued with all its
 * caches empty, or no device behind it can issue DMA any more (DESIGN.md,
 * "Flush failure is not an error code").
 */

#include "device.h"
#include "did.h"
#include "flush.h"

#define UNITS_AT_ONCE   8u
#define ATS_AT_ONCE     8u
#define LONG_BITS       (8 * sizeof(unsigned long))

/* ---- One unit ---- */

static int submit_wait(struct moat_unit *u, const struct hw_flush *f,
                       unsigned int n)
{
    uint32_t token;
    int rc = u->ops->flush_submit(u, f, n, &token);

    return rc ? rc : u->ops->flush_wait(u, token);
}

/* The second and third attempt, and the end of the unit. */
static int __attribute__((__noinline__)) flush_hard(struct moat_unit *u,
                                                    const struct hw_flush *f,
                                                    unsigned int n)
{
    int rc;

    if ( unit_state(u) == UNIT_DEAD )
        return -EIO;
    /* The failure may have been another's command: the queue was repaired. */
    if ( !submit_wait(u, f, n) )
        return 0;

    unit_rescue_begin(u);
    rc = unit_state(u) == UNIT_DEAD ? -EIO : u->ops->flush_rescue(u);
    unit_rescue_end(u);
    if ( !rc )
    {
        host_log_warn("unit %u: its command queue failed: all caches were "
                      "flushed through registers", u->index);
        return 0;
    }
    unit_die(u, "does not answer");
    return -EIO;
}

int unit_flush_finish(struct moat_unit *u, const struct hw_flush *f,
                      unsigned int n, int submitted, uint32_t token)
{
    if ( !submitted && !u->ops->flush_wait(u, token) )
        return 0;
    return flush_hard(u, f, n);
}

static inline int flush_now(struct moat_unit *u, const struct hw_flush *f,
                            unsigned int n)
{
    uint32_t token;

    if ( unit_state(u) != UNIT_DEAD &&
         !u->ops->flush_submit(u, f, n, &token) &&
         !u->ops->flush_wait(u, token) )
        return 0;
    return flush_hard(u, f, n);
}

int unit_flush(struct moat_unit *u, const struct hw_flush *f, unsigned int n)
{
    return flush_now(u, f, n);
}

/* ---- Device TLBs ---- */

void ats_link_add(struct moat_domain *d, struct ats_link *l,
                  struct rid_entry *e)
{
    host_lock(&d->attach_lock);
    l->entry = e;
    l->domain = d;
    l->seq = ++d->ats_seq;
    l->next = NULL;
    l->prev = d->ats_last;
    if ( l->prev )
        l->prev->next = l;
    else
        d->ats_first = l;
    d->ats_last = l;
    HOST_WRITE_ONCE(d->n_ats, d->n_ats + 1);
    host_unlock(&d->attach_lock);
    /* Before the entry goes live: see struct moat_domain, published. */
    host_mb();
}

void ats_link_del(struct ats_link *l)
{
    struct moat_domain *d = l->domain;

    if ( !d )
        return;
    host_lock(&d->attach_lock);
    if ( l->prev )
        l->prev->next = l->next;
    else
        d->ats_first = l->next;
    if ( l->next )
        l->next->prev = l->prev;
    else
        d->ats_last = l->prev;
    HOST_WRITE_ONCE(d->n_ats, d->n_ats - 1);
    l->domain = NULL;
    host_unlock(&d->attach_lock);
}

/* One device TLB to flush: copied, as the list may change meanwhile. */
struct ats_target
{
    moat_sbdf_t dev;
    struct moat_unit *unit;
    struct hw_flush f;
};

/*
 * The next few targets on @u after number *@seq. What is added meanwhile
 * cannot hold what was unmapped before; what is taken out was flushed.
 */
static unsigned int ats_collect(struct moat_domain *d, unsigned long *seq,
                                const struct moat_flush *fl,
                                struct ats_target *t)
{
    const struct ats_link *l;
    const struct moat_device *dev;
    unsigned int n = 0;

    host_lock(&d->attach_lock);
    for ( l = d->ats_first; l && n < ATS_AT_ONCE; l = l->next )
    {
        if ( l->seq <= *seq )
            continue;
        *seq = l->seq;
        dev = l->entry->ats_dev;
        t[n].dev = dev->dev;
        t[n].unit = dev->unit;
        memset(&t[n].f, 0, sizeof(t[n].f));
        t[n].f.kind = HW_FLUSH_DEVTLB;
        t[n].f.did = HOST_READ_ONCE(d->att[dev->unit->index].did);
        t[n].f.rid = MOAT_SBDF_RID(l->entry->id);
        t[n].f.queue_depth = dev->ats_depth;
        t[n].f.pfsid = MOAT_SBDF_RID(dev->node.is_virtfn ? dev->node.physfn
                                                         : dev->dev);
        t[n].f.first = fl->first;
        t[n].f.last = fl->last;
        n++;
    }
    host_unlock(&d->attach_lock);
    return n;
}

/*
 * Flush the device TLBs of @d, after its IOTLB entries are gone: a device
 * that does not answer in time is cut off alone (FIELD.md, F10).
 */
static void __attribute__((__noinline__))
flush_ats(struct moat_domain *d, const struct moat_flush *fl)
{
    struct ats_target t[ATS_AT_ONCE];
    uint32_t token[ATS_AT_ONCE] = { 0 };
    int rc[ATS_AT_ONCE];
    unsigned long seq = 0;
    unsigned int i, n;

    do {
        n = ats_collect(d, &seq, fl, t);
        for ( i = 0; i < n; i++ )
            rc[i] = unit_state(t[i].unit) == UNIT_DEAD ? 0 :
                    t[i].unit->ops->flush_submit(t[i].unit, &t[i].f, 1,
                                                 &token[i]);
        for ( i = 0; i < n; i++ )
        {
            if ( unit_state(t[i].unit) == UNIT_DEAD )
                continue;       /* cut off already */
            if ( !rc[i] && !t[i].unit->ops->flush_wait(t[i].unit, token[i]) )
                continue;
            /* Perhaps its neighbour's fault: once more, alone. */
            if ( !submit_wait(t[i].unit, &t[i].f, 1) )
                continue;
            device_cut(d->platform, t[i].dev,
                       "its address cache does not answer");
            if ( domain_is_guest(d) )
                host_domain_crash(d->cookie);
        }
    } while ( n == ATS_AT_ONCE );
}

/* ---- A domain ---- */

/* What units were asked together, and wait for together. */
struct unit_ask
{
    struct moat_unit *u;
    uint32_t token;
    int rc;
    uint16_t did;
};

struct unit_batch
{
    struct hw_flush f;      /* the same for all but for the id */
    unsigned int n;
    struct unit_ask ask[UNITS_AT_ONCE];
};

/* A unit may hold what @d has unmapped: its devices behind it are cut off. */
static void __attribute__((__noinline__)) unit_failed(struct moat_domain *d)
{
    bool known = HOST_READ_ONCE(d->tainted);

    domain_taint(d);
    if ( !known && domain_is_guest(d) )
        host_domain_crash(d->cookie);
}

static void batch_finish(struct moat_domain *d, struct unit_batch *b)
{
    struct unit_ask *a;

    for ( a = b->ask; a < b->ask + b->n; a++ )
    {
        b->f.did = a->did;
        if ( unit_state(a->u) == UNIT_DEAD ||
             unit_flush_finish(a->u, &b->f, 1, a->rc, a->token) )
            unit_failed(d);
    }
    b->n = 0;
}

/* Ask @u; what was asked before is finished when there is no more room. */
static void batch_add(struct moat_domain *d, struct unit_batch *b,
                      struct moat_unit *u)
{
    struct unit_ask *a;

    if ( b->n == UNITS_AT_ONCE )
        batch_finish(d, b);
    a = &b->ask[b->n++];
    a->u = u;
    a->token = 0;
    b->f.did = a->did = HOST_READ_ONCE(d->att[u->index].did);
    a->rc = unit_state(u) == UNIT_DEAD ? -EIO :
            u->ops->flush_submit(u, &b->f, 1, &a->token);
}

/* Must @u forget anything of what @f says? */
static inline bool must_flush(const struct moat_unit *u,
                              const struct moat_flush *f)
{
    return (f->modified || !host_tables_empty(&f->tables) ||
            (f->added && u->caps.flush_added)) && unit_caches(u);
}

/* Of a machine's units most hold nothing of one domain. */
static void __attribute__((__noinline__))
flush_units(struct moat_domain *d, const struct moat_flush *f,
            const struct hw_flush *hf)
{
    struct unit_batch b;
    unsigned int at;

    b.f = *hf;
    b.n = 0;
    for ( at = 0; at < d->platform->n_units; at += LONG_BITS )
    {
        unsigned long set = HOST_READ_ONCE(d->published[at / LONG_BITS]);

        for ( ; set; set &= set - 1 )
        {
            struct moat_unit *u =
                d->att[at + (unsigned int)__builtin_ctzl(set)].unit;

            if ( must_flush(u, f) )
                batch_add(d, &b, u);
        }
    }
    batch_finish(d, &b);
}

/* The same where one unit holds all: most domains' devices are few. */
static inline void flush_one_unit(struct moat_domain *d,
                                  const struct domain_unit *att,
                                  const struct moat_flush *f,
                                  struct hw_flush *hf)
{
    if ( !must_flush(att->unit, f) )
        return;
    hf->did = HOST_READ_ONCE(att->did);
    if ( flush_now(att->unit, hf, 1) )
        unit_failed(d);
}

static inline __attribute__((__always_inline__)) int
flush_it(struct moat_domain *d, const struct moat_flush *f)
{
    struct hw_flush hf = {
        .kind = !f->first && !~f->last ? HW_FLUSH_DID : HW_FLUSH_DID_RANGE,
        .big_leaf = f->big_leaf || !host_tables_empty(&f->tables),
        .first = f->first,
        .last = f->last,
    };
    unsigned long set;

    /* The table was changed before the set of units is read (domain.h). */
    host_mb();
    set = HOST_READ_ONCE(d->published[0]);
    if ( d->platform->n_units <= LONG_BITS && is_pow2(set) )
        flush_one_unit(d, &d->att[__builtin_ctzl(set)], f, &hf);
    else
        flush_units(d, f, &hf);
    if ( HOST_READ_ONCE(d->n_ats) )
        flush_ats(d, f);
    /* Where others were seen to be done, so is what they did before. */
    host_rmb();
    return HOST_READ_ONCE(d->tainted) ? -EIO : 0;
}

int flush_domain(struct moat_domain *d, const struct moat_flush *f)
{
    return flush_it(d, f);
}

/* ---- What hypervisors call ---- */

static bool flush_empty(const struct moat_flush *f)
{
    return f->first > f->last && host_tables_empty(&f->tables);
}

static void __attribute__((__noinline__)) leak(struct moat_domain *d,
                                               struct moat_flush *f)
{
    char name[DOMAIN_LABEL];

    platform_leak_tables(d->platform, &f->tables,
                         domain_label(d, name, sizeof(name)));
}

void moat_flush_end(struct moat_domain *d, struct moat_flush *f)
{
    if ( flush_empty(f) )
        return;
    if ( flush_it(d, f) )
        leak(d, f);
    else if ( !host_tables_empty(&f->tables) )
        host_tables_free(&f->tables);
    moat_flush_begin(f);
}

static void flush_merge(struct moat_flush *to, struct moat_flush *from)
{
    to->first = min_u64(to->first, from->first);
    to->last = max_u64(to->last, from->last);
    to->added |= from->added;
    to->modified |= from->modified;
    to->big_leaf |= from->big_leaf;
    host_tables_splice(&to->tables, &from->tables);
}

void moat_flush_defer(struct moat_domain *d, struct moat_flush *f)
{
    if ( flush_empty(f) )
        return;
    host_lock(&d->map_lock);
    if ( !d->has_deferred )
        moat_flush_begin(&d->deferred);
    flush_merge(&d->deferred, f);
    d->has_deferred = true;
    host_unlock(&d->map_lock);
    moat_flush_begin(f);
}

void moat_flush_range(struct moat_domain *d, moat_iova_t first,
                      moat_iova_t last, bool added, bool modified)
{
    struct moat_flush f;

    moat_flush_begin(&f);
    f.first = first;
    f.last = last;
    f.added = added;
    f.modified = modified;
    /* The caller does not know of superpages; assume there were some. */
    f.big_leaf = modified;
    host_lock(&d->map_lock);
    if ( d->has_deferred )
    {
        flush_merge(&f, &d->deferred);
        d->has_deferred = false;
    }
    host_unlock(&d->map_lock);
    moat_flush_end(d, &f);
}

void moat_flush_all(struct moat_domain *d)
{
    moat_flush_range(d, 0, ~(moat_iova_t)0, true, true);
}
