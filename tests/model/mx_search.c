/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The search: which schedules to run.
 *
 * The stack has a node for each decision of the run under way. After a run,
 * every pair of transitions that conflict, and could have come the other way
 * round, adds to the node before the first of them a processor that leads
 * there (a source set). A processor that was tried at a node sleeps in what
 * follows another choice there, until something it conflicts with is done.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mx_priv.h"
#include "mx_search.h"

#define BIT(p) (1u << (p))

struct node *mx_nodes;
unsigned int mx_n_nodes;
static unsigned int at;             /* decisions taken in this run */
static const struct mx_options *opts;
static unsigned int bound;          /* of preemptions; 0: none, reduce */
static unsigned int preemptions;    /* in this run */

/* ---- A schedule as text: 0x12,1x3,?1 ---- */

static struct { bool choice; unsigned int v; } forced[MX_NODES];
static unsigned int n_forced;

static bool parse_schedule(const char *s)
{
    unsigned int v, times;
    int len;

    for ( n_forced = 0; *s; s += *s == ',' )
    {
        bool choice = *s == '?';

        times = 1;
        if ( choice ? sscanf(s, "?%u%n", &v, &len) != 1
                    : sscanf(s, "%ux%u%n", &v, &times, &len) != 2 )
            return false;
        s += len;
        while ( times-- && n_forced < MX_NODES )
        {
            forced[n_forced].choice = choice;
            forced[n_forced++].v = v;
        }
        if ( *s && *s != ',' )
            return false;
    }
    return true;
}

void mx_schedule_text(char *buf, size_t size)
{
    unsigned int i, run;
    size_t len = 0;

    buf[0] = '\0';
    for ( i = 0; i < mx_n_nodes && len + 24 < size; i += run )
    {
        const struct node *n = &mx_nodes[i];

        run = 1;
        if ( n->choices )
        {
            len += (size_t)sprintf(buf + len, "%s?%u", i ? "," : "",
                                   n->chosen);
            continue;
        }
        while ( i + run < mx_n_nodes && !mx_nodes[i + run].choices &&
                mx_nodes[i + run].chosen == n->chosen )
            run++;
        len += (size_t)sprintf(buf + len, "%s%ux%u", i ? "," : "", n->chosen,
                               run);
    }
}

/* ---- Decisions ---- */

static bool conflict(const struct accs *a, const struct accs *b)
{
    unsigned int i, j;

    if ( a->any || b->any )
        return true;
    for ( i = 0; i < a->n; i++ )
        for ( j = 0; j < b->n; j++ )
            if ( a->acc[i].obj == b->acc[j].obj &&
                 (a->acc[i].write || b->acc[j].write) )
                return true;
    return false;
}

static void accs_add(struct accs *a, uint64_t obj, bool write)
{
    unsigned int i;

    for ( i = 0; i < a->n; i++ )
        if ( a->acc[i].obj == obj )
        {
            a->acc[i].write |= write;
            return;
        }
    if ( a->n == MX_ACCS )
    {
        a->any = true;
        return;
    }
    a->acc[a->n].obj = obj;
    a->acc[a->n++].write = write;
}

/* All that the transition @e has to do with. */
static void accs_of(struct accs *a, const struct mx_event *e)
{
    unsigned int i;

    a->any |= e->any;
    if ( e->lock )
        accs_add(a, e->lock, true);
    for ( i = 0; i < e->n_accs; i++ )
        accs_add(a, mx_trace.acc[e->first_acc + i].obj,
                 mx_trace.acc[e->first_acc + i].write);
}

/* Who sleeps after the last event: those it does not concern. */
static void inherit_sleep(struct node *n)
{
    const struct mx_event *e;
    const struct node *from;
    struct accs last;
    unsigned int q;

    n->sleep = 0;
    if ( !mx_trace.n )
        return;
    e = &mx_trace.ev[mx_trace.n - 1];
    from = &mx_nodes[e->node];
    if ( !(from->sleep | from->done) )
        return;
    last.n = 0;
    last.any = false;
    accs_of(&last, e);
    for ( q = 0; q < MX_PROCS; q++ )
    {
        if ( q == e->proc || !((from->sleep | from->done) & BIT(q)) ||
             conflict(&from->accs[q], &last) )
            continue;
        n->sleep |= BIT(q);
        n->accs[q] = from->accs[q];
    }
}

static struct node *new_node(void)
{
    struct node *n;

    if ( mx_n_nodes == MX_NODES )
        mx_fail("the schedule has no end (%u decisions)", MX_NODES);
    n = &mx_nodes[mx_n_nodes++];
    n->choices = n->done = n->wanted = n->sleep = 0;
    return n;
}

static unsigned int first_of(unsigned int mask, unsigned int current)
{
    if ( current < MX_PROCS && (mask & BIT(current)) )
        return current;
    return (unsigned int)__builtin_ctz(mask);
}

static bool preempts(unsigned int enabled, unsigned int current,
                     unsigned int chosen)
{
    return current < MX_PROCS && current != chosen &&
           (enabled & BIT(current));
}

int mx_pick(unsigned int enabled, unsigned int current, unsigned int *node)
{
    struct node *n;
    unsigned int awake;

    *node = at;
    if ( at < mx_n_nodes )
    {
        n = &mx_nodes[at++];
        if ( n->choices || !(enabled & BIT(n->chosen)) )
            mx_fail("the explorer went astray: a run did not repeat");
        preemptions += preempts(enabled, current, n->chosen);
        return (int)n->chosen;
    }
    n = new_node();
    n->enabled = enabled;
    if ( opts->replay || opts->full || bound )
    {
        awake = enabled;
        if ( at < n_forced && !forced[at].choice &&
             (enabled & BIT(forced[at].v)) )
            awake = BIT(forced[at].v);
    }
    else
    {
        inherit_sleep(n);
        awake = enabled & ~n->sleep;
    }
    if ( !awake )
    {
        mx_n_nodes--;
        return -1;
    }
    n->chosen = first_of(awake, current);
    n->wanted = opts->full ? enabled : BIT(n->chosen);
    if ( bound && (preemptions < bound || current >= MX_PROCS ||
                   !(enabled & BIT(current))) )
        n->wanted = enabled;
    preemptions += preempts(enabled, current, n->chosen);
    at++;
    return (int)n->chosen;
}

unsigned int mx_pick_choice(unsigned int n_choices)
{
    struct node *n;

    if ( at < mx_n_nodes )
    {
        n = &mx_nodes[at++];
        if ( n->choices != n_choices )
            mx_fail("the explorer went astray: another choice");
        return n->chosen;
    }
    n = new_node();
    n->choices = n_choices;
    n->chosen = 0;
    if ( opts->replay && at < n_forced && forced[at].choice &&
         forced[at].v < n_choices )
        n->chosen = forced[at].v;
    at++;
    return n->chosen;
}

/* ---- From one run to the next ---- */

/* The first event that may differ from the last run's. */
static unsigned int first_new(unsigned int changed)
{
    unsigned int i = mx_trace.n;

    while ( i && mx_trace.ev[i - 1].node > changed )
        i--;
    return i ? i - 1 : 0;
}

/* What each decision's transition turned out to have to do with. */
static void note_accs(unsigned int from)
{
    const struct mx_event *e;
    struct node *n;
    unsigned int i;

    for ( i = from; i < mx_trace.n; i++ )
    {
        e = &mx_trace.ev[i];
        n = &mx_nodes[e->node];
        if ( n->done & BIT(e->proc) )
            continue;
        if ( !n->noted )
        {
            n->accs[e->proc].n = 0;
            n->accs[e->proc].any = false;
            n->noted = true;
        }
        accs_of(&n->accs[e->proc], e);
    }
}

static bool next_schedule(void)
{
    struct node *n;
    unsigned int left;

    for ( ; mx_n_nodes; mx_n_nodes-- )
    {
        n = &mx_nodes[mx_n_nodes - 1];
        if ( n->choices )
        {
            if ( ++n->chosen < n->choices )
                return true;
            continue;
        }
        n->done |= BIT(n->chosen);
        n->noted = false;
        left = n->wanted & ~n->done & ~n->sleep;
        if ( left )
        {
            n->chosen = (unsigned int)__builtin_ctz(left);
            return true;
        }
        n->done = 0;
    }
    return false;
}

static void count(struct mx_result *r, enum mx_end how)
{
    if ( how == MX_END_CUT )
        r->cut++;
    else
        r->schedules++;
    r->transitions += mx_trace.n;
    if ( mx_trace.n > r->longest )
        r->longest = mx_trace.n;
}

void mx_explore(const struct mx_scenario *s, const struct mx_options *o,
                struct mx_result *r)
{
    unsigned int changed;
    enum mx_end how;

    if ( !mx_nodes )
        mx_nodes = calloc(MX_NODES, sizeof(*mx_nodes));
    memset(r, 0, sizeof(*r));
    opts = o;
    bound = o->full || o->unbounded ? 0 : s->preemptions;
    mx_n_nodes = 0;
    if ( o->replay && !parse_schedule(o->replay) )
    {
        r->failed = true;
        snprintf(r->why, sizeof(r->why), "not a schedule: %s", o->replay);
        return;
    }
    do {
        at = preemptions = 0;
        changed = mx_n_nodes ? mx_n_nodes - 1 : 0;
        how = mx_run(s);
        count(r, how);
        if ( how == MX_END_FAILED || o->replay )
        {
            r->failed = how == MX_END_FAILED;
            snprintf(r->why, sizeof(r->why), "%s", mx_why);
            mx_schedule_text(r->schedule, sizeof(r->schedule));
            if ( (r->failed || o->trace) && !o->quiet )
                mx_show_trace();
            return;
        }
        changed = first_new(changed);
        note_accs(changed);
        if ( !o->full && !bound )
            mx_find_races(changed);
        if ( o->limit && r->schedules >= o->limit )
            return;
    } while ( next_schedule() );
    r->all = true;
}
