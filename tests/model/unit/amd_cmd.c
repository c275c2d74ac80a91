/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands (48882, 2.4) and the event log (2.5); see amd.h. */
#include "amd_priv.h"

#define RING_MASK   0x000ffffffffff000u

static unsigned int entries(uint64_t base)
{
    return 1u << (base >> 56 & 15);
}

static uint64_t *entry_at(uint64_t base, unsigned int i)
{
    uint64_t pa = (base & RING_MASK) + 16 * (uint64_t)i;
    uint64_t *page = hwu_memory(pa & ~(uint64_t)0xfff);

    if ( !page )
        hwu_broken("a ring of the unit is at no page");
    return page + (pa & 0xfff) / 8;
}

/* ---- One command ---- */

/* 2.4.3, 2.4.4: with S the lowest 0 bit from bit 12 up ends the size. */
static void take_range(uint64_t hi, struct hwu_cmd *c)
{
    uint64_t zero = ~hi & ~(uint64_t)0xfff;

    c->first = hi & ~(uint64_t)0xfff;
    c->last = c->first | 0xfff;
    if ( !(hi & 1) )
        return;
    zero &= -zero;
    c->first = zero ? c->first & ~(2 * zero - 1) : 0;
    c->last = zero ? c->first + 2 * zero - 1 : ~(uint64_t)0;
}

/* How many commands of the model's it is; 0: it makes no sense. */
static unsigned int decode(const uint64_t *d, struct hwu_cmd *c)
{
    uint64_t ids = d[0] & 0xffff, did = d[0] >> 32 & 0xffff;

    memset(c, 0, 3 * sizeof(*c));
    c->rid = (uint16_t)ids;
    switch ( d[0] >> 60 )
    {
    case 2:
        c->kind = HWU_CMD_ENTRY_RID;
        return !(d[0] & ~(15ull << 60 | 0xffff)) && !d[1];

    case 3:
        c->kind = HWU_CMD_RANGE;
        c->did = (uint16_t)did;
        c->leaf_only = !(d[1] & 2);
        take_range(d[1], c);
        return !(d[0] & 0xfff00000fffffffull) && !(d[1] & 0xffc);

    case 4:
        c->kind = HWU_CMD_DEVTLB;
        take_range(d[1], c);
        return !(d[1] & 0xffe) && (d[0] >> 24 & 0xff);

    case 5:
        c->kind = HWU_CMD_INTR;
        c->first = hwa_irte(c->rid, 0);
        c->last = c->first + HWA_IRTES - 1;
        return !(d[0] & ~(15ull << 60 | 0xffff)) && !d[1];

    case 8:
        c[0].kind = HWU_CMD_ENTRY_ALL;
        c[1].kind = HWU_CMD_IOTLB_ALL;
        c[2].kind = HWU_CMD_INTR_ALL;
        return 3;

    default:
        return 0;
    }
}

/* ---- What stands between two fences ---- */

/*
 * Its order is the unit's: what refills a cache from another is worst when
 * it is emptied first.
 */
static unsigned int turn(const struct hwu_cmd *c)
{
    switch ( c->kind )
    {
    case HWU_CMD_DEVTLB:
        return 0;

    case HWU_CMD_RANGE:
        return c->leaf_only ? 1 : 2;

    case HWU_CMD_ENTRY_RID:
        return 3;

    default:
        return 4;
    }
}

static void worst_order(struct hwu_cmd *c, unsigned int n)
{
    struct hwu_cmd x;
    unsigned int i, j;

    for ( i = 1; i < n; i++ )
        for ( j = i; j && turn(&c[j - 1]) > turn(&c[j]); j-- )
        {
            x = c[j];
            c[j] = c[j - 1];
            c[j - 1] = x;
        }
}

struct group
{
    struct hwu_cmd c[HWU_CMDS + 2];
    unsigned int n, fence, first;
};

static void start_flight(struct group *g, const uint64_t *d)
{
    struct hwa_flight *f = &hwa.fl[hwa.n_fl++];
    bool devtlb = false;
    unsigned int i, n = 0;

    if ( hwa.n_fl > sizeof(hwa.fl) / sizeof(hwa.fl[0]) )
        hwu_broken("the model has room for too few submissions");
    memset(f, 0, sizeof(*f));
    for ( i = 0; i < g->n; i++ )
        devtlb |= g->c[i].kind == HWU_CMD_DEVTLB;
    f->fate = hwa_next_fate(devtlb);
    for ( i = 0; i < g->n; i++ )
    {
        if ( f->fate == HWA_TIMEOUT && g->c[i].kind == HWU_CMD_DEVTLB )
            f->mute = g->c[i].rid;
        else
            g->c[n++] = g->c[i];
    }
    f->first = g->first;
    f->last = (hwa.taken + entries(hwa.cmd_base) - 1) %
              entries(hwa.cmd_base);
    f->store = d[0] & 0x000ffffffffffff8u;
    f->data = d[1];
    f->begun = f->fate != HWA_LOST && f->fate != HWA_REFUSED;
    if ( f->begun )
        f->number = hwu_queue(0, g->c, n);
}

/* COMPLETION_WAIT: 2.4.1. S stores, F is a fence. */
static void take_wait(struct group *g, const uint64_t *d)
{
    if ( !(d[0] & 5) )
        return;
    /* Only a fence keeps what follows, and what is stored, in order. */
    if ( !(d[0] & 4) )
        hwu_broken("a COMPLETION_WAIT stores %" PRIu64 " without a fence",
                   d[1]);
    worst_order(g->c + g->fence, g->n - g->fence);
    g->fence = g->n;
    if ( !(d[0] & 1) )
        return;
    start_flight(g, d);
    g->n = g->fence = 0;
    g->first = hwa.taken;
}

void hwa_take_up(void)
{
    struct group g;
    unsigned int n;
    uint64_t *d;

    g.n = g.fence = 0;
    g.first = hwa.taken;
    while ( hwa.taken != hwa.tail )
    {
        d = entry_at(hwa.cmd_base, hwa.taken);
        hwa.taken = (hwa.taken + 1) % entries(hwa.cmd_base);
        if ( d[0] >> 60 == 1 )
        {
            take_wait(&g, d);
            continue;
        }
        n = g.n < HWU_CMDS - 3 ? decode(d, &g.c[g.n]) : 0;
        if ( !n )
            hwu_broken("the command %016" PRIx64 " %016" PRIx64 " makes no "
                       "sense", d[1], d[0]);
        g.n += n;
    }
    if ( g.n )
        hwu_broken("commands without a COMPLETION_WAIT behind them");
}

void hwa_drop_flights(void)
{
    unsigned int i;

    for ( i = 0; i < hwa.n_fl; i++ )
        if ( hwa.fl[i].begun )
            hwu_cancel(hwa.fl[i].number);
    hwa.n_fl = 0;
}

/* ---- Events ---- */

/* 3.4.14: a log without room stops, and says so. */
static void event(uint64_t w0, uint64_t w1)
{
    unsigned int next = (hwa.evt_tail + 1) % entries(hwa.evt_base);
    uint64_t *e = entry_at(hwa.evt_base, hwa.evt_tail);

    hwa_touch_reg(A_STATUS, true);
    if ( !(hwa.status & S_EVT_RUN) )
        return;
    if ( next == hwa.evt_head || hwa_log_full() )
    {
        hwa.status = (hwa.status | S_OVERFLOW) & ~(uint64_t)S_EVT_RUN;
        return;
    }
    hwa_touch_reg(A_EVT_TAIL, true);
    hwa_write_word(e + 1, w1);
    hwa_write_word(e, w0);
    hwa.evt_tail = next;
}

/* ---- Getting on ---- */

static void refuse(const struct hwa_flight *f)
{
    hwa_touch_reg(A_STATUS, true);
    hwa.status &= ~(uint64_t)S_CMD_RUN;
    hwa.head = f->first;
    event((uint64_t)5 << 60, (hwa.cmd_base & RING_MASK) + 16 * f->first);
}

static void finish(const struct hwa_flight *f)
{
    uint64_t *page = hwu_memory(f->store & ~(uint64_t)0xfff);

    if ( f->fate == HWA_TIMEOUT )
        event((uint64_t)7 << 60 | f->mute, 0);
    hwu_complete(f->number);
    if ( !page )
        hwu_broken("COMPLETION_WAIT stores at no page");
    hwa_write_word(page + (f->store & 0xfff) / 8, f->data);
    hwa.head = (f->last + 1) % entries(hwa.cmd_base);
}

void hwa_work(void)
{
    struct hwa_flight *f = &hwa.fl[0];

    /* It stays so until commands are switched off. */
    if ( hwa.n_fl && f->fate == HWA_LOST )
        return;
    hwa_touch_queue(false);
    hwa_touch_reg(A_STATUS, false);
    while ( (hwa.status & S_CMD_RUN) && hwa.n_fl && f->fate != HWA_LOST )
    {
        hwa_touch_queue(true);
        if ( f->fate == HWA_LATE )
        {
            f->fate = HWA_DONE;         /* but not yet */
            return;
        }
        hwa_touch_reg(A_CMD_HEAD, true);
        if ( f->fate == HWA_REFUSED )
        {
            refuse(f);
            return;
        }
        finish(f);
        memmove(hwa.fl, hwa.fl + 1, --hwa.n_fl * sizeof(*f));
    }
}
