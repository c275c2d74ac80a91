/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which transitions of a run could have come in another order?
 *
 * Two conflicting transitions k < j of different processors race if nothing
 * in between orders them. Then an order must be tried in which j does not
 * wait for k: one of the processors that can begin the part of the run that
 * does not depend on k, followed by j, must be tried before k (its
 * "initials"; one of them is enough).
 */
#include <stdlib.h>
#include <string.h>

#include "mx_priv.h"
#include "mx_search.h"

#define OBJS    4096u           /* power of two */
#define CANDS   160u
#define BIT(p)  (1u << (p))

/* Events are counted from 1 here; 0: none. */
struct clock
{
    unsigned int t[MX_PROCS];
};

struct object
{
    uint64_t obj;
    unsigned int epoch;
    unsigned int write, read[MX_PROCS];
    unsigned int taken, given;      /* of a lock */
};

static struct object objects[OBJS];
static unsigned int epoch;
static struct clock clocks[MX_EVENTS + 1];
static unsigned int cand[CANDS], n_cand;

static struct object *object_of(uint64_t obj)
{
    unsigned int h = (unsigned int)((obj * 0x9e3779b97f4a7c15u) >> 50) &
                     (OBJS - 1);

    while ( objects[h].epoch == epoch && objects[h].obj != obj )
        h = (h + 1) & (OBJS - 1);
    if ( objects[h].epoch != epoch )
    {
        memset(&objects[h], 0, sizeof(objects[h]));
        objects[h].epoch = epoch;
        objects[h].obj = obj;
    }
    return &objects[h];
}

static void join(struct clock *c, const struct clock *d)
{
    unsigned int p;

    for ( p = 0; p < MX_PROCS; p++ )
        if ( d->t[p] > c->t[p] )
            c->t[p] = d->t[p];
}

static unsigned int proc_of(unsigned int k)
{
    return mx_trace.ev[k - 1].proc;
}

/* Is event @k before what @c stands for? */
static bool before(unsigned int k, const struct clock *c)
{
    return c->t[proc_of(k)] >= k;
}

static void candidate(unsigned int k, unsigned int p)
{
    unsigned int i;

    if ( !k || proc_of(k) == p )
        return;
    for ( i = 0; i < n_cand; i++ )
        if ( cand[i] == k )
            return;
    if ( n_cand == CANDS )
        abort();
    /* Descending. */
    for ( i = n_cand++; i && cand[i - 1] < k; i-- )
        cand[i] = cand[i - 1];
    cand[i] = k;
}

static void collect(unsigned int j)
{
    const struct mx_event *e = &mx_trace.ev[j - 1];
    const struct object *o;
    unsigned int i, q;

    n_cand = 0;
    if ( e->any )
    {
        for ( i = j - 1; i && n_cand < CANDS - MX_PROCS; i-- )
            candidate(i, e->proc);
        return;
    }
    for ( i = 0; i < e->n_accs; i++ )
    {
        const struct mx_acc *a = &mx_trace.acc[e->first_acc + i];

        o = object_of(a->obj);
        candidate(o->write, e->proc);
        for ( q = 0; a->write && q < MX_PROCS; q++ )
            candidate(o->read[q], e->proc);
    }
    o = object_of(MX_OBJ(0, 0));        /* those that depend on all */
    candidate(o->write, e->proc);
}

/*
 * Race between @k and @j; @prior: what comes before j without k. Who can
 * begin the events after k that do not depend on it, and then j?
 */
static void add_source(unsigned int k, unsigned int j,
                       const struct clock *prior)
{
    struct node *n = &mx_nodes[mx_trace.ev[k - 1].node];
    unsigned int first[MX_PROCS] = { 0 }, initials = 0, seen = 0, i, p, q;
    const struct clock *c;

    for ( i = k + 1; i <= j; i++ )
    {
        p = proc_of(i);
        if ( i < j && before(k, &clocks[i]) )
            continue;
        if ( seen & BIT(p) )
            continue;
        seen |= BIT(p);
        first[p] = i;
        c = i == j ? prior : &clocks[i];
        for ( q = 0; q < MX_PROCS; q++ )
            if ( q != p && first[q] && c->t[q] >= first[q] )
                break;
        if ( q == MX_PROCS )
            initials |= BIT(p);
    }
    if ( (n->wanted | n->done | n->sleep) & initials )
        return;
    p = proc_of(j);
    if ( !(initials & n->enabled) )
        abort();                /* what began the rest can begin it */
    n->wanted |= initials & BIT(p) ? BIT(p)
                 : BIT((unsigned int)__builtin_ctz(initials & n->enabled));
}

/* What orders @j if @k came later. */
static struct clock without(unsigned int k, const struct clock *own)
{
    struct clock c = *own;
    unsigned int i;

    for ( i = 0; i < n_cand; i++ )
        if ( cand[i] != k && !before(k, &clocks[cand[i]]) )
            join(&c, &clocks[cand[i]]);
    return c;
}

static void races_of(unsigned int j, const struct clock *own, bool news)
{
    const struct mx_event *e = &mx_trace.ev[j - 1];
    struct clock c = *own, prior;
    const struct object *o;
    unsigned int i;

    collect(j);
    if ( e->lock )
    {
        o = object_of(e->lock);
        if ( news && o->taken && proc_of(o->taken) != e->proc &&
             !before(o->taken, &c) )
        {
            prior = without(o->taken, own);
            add_source(o->taken, j, &prior);
        }
        if ( o->given )
            join(&c, &clocks[o->given]);
    }
    for ( i = 0; i < n_cand; i++ )
    {
        if ( before(cand[i], &c) )
            continue;
        if ( news )
        {
            prior = without(cand[i], own);
            add_source(cand[i], j, &prior);
        }
        join(&c, &clocks[cand[i]]);
    }
    c.t[e->proc] = j;
    clocks[j] = c;
}

static void remember(unsigned int j, unsigned int *rel)
{
    const struct mx_event *e = &mx_trace.ev[j - 1];
    struct object *o;
    unsigned int i;

    if ( e->lock )
        object_of(e->lock)->taken = j;
    for ( i = 0; i < e->n_accs; i++ )
    {
        const struct mx_acc *a = &mx_trace.acc[e->first_acc + i];

        o = object_of(a->obj);
        if ( a->write )
        {
            o->write = j;
            memset(o->read, 0, sizeof(o->read));
        }
        else
            o->read[e->proc] = j;
    }
    if ( e->any )
        object_of(MX_OBJ(0, 0))->write = j;
    for ( ; *rel < mx_trace.n_rels && mx_trace.rel[*rel].event == j - 1;
          ++*rel )
        object_of(mx_trace.rel[*rel].lock)->given = j;
}

void mx_find_races(unsigned int from)
{
    struct clock last[MX_PROCS];
    unsigned int j, rel = 0;

    memset(last, 0, sizeof(last));
    if ( !++epoch )
        abort();
    for ( j = 1; j <= mx_trace.n; j++ )
    {
        races_of(j, &last[proc_of(j)], j > from);
        last[proc_of(j)] = clocks[j];
        remember(j, &rel);
    }
}

/* For each event: who it is, and how much of each processor is before it. */
uint64_t mx_order_hash(void)
{
    unsigned int j, p, local[MX_EVENTS + 1], n[MX_PROCS] = { 0 };
    uint64_t h, sum = 0;

    local[0] = 0;
    for ( j = 1; j <= mx_trace.n; j++ )
    {
        local[j] = ++n[proc_of(j)];
        h = proc_of(j) + 1;
        for ( p = 0; p < MX_PROCS; p++ )
            h = (h * 0x100000001b3u) ^ local[clocks[j].t[p]];
        /* A choice shows in what follows it. */
        for ( p = 0; p < mx_trace.ev[j - 1].n_accs; p++ )
            h = (h ^ mx_trace.acc[mx_trace.ev[j - 1].first_acc + p].obj) *
                0x100000001b3u;
        h *= 0x9e3779b97f4a7c15u;
        sum += h ^ (h >> 29);
    }
    return sum;
}
