/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The same unit behind the real ring engine: commands as entries of two words
 * in memory, a tail register, a status word. The unit takes up work when the
 * tail is written and answers, one submission at a time, while somebody
 * waits.
 */
#include "drv.h"
#include "port.h"
#include "things.h"

#define ENTRIES     32u
#define MARKER      0xffu
#define TIMEOUT_NS  2000000u
#define FLIGHTS     16u

static struct flight
{
    unsigned int number, seq, last;     /* ring index of its marker */
    uint64_t status;
    enum drv_fate fate;
} flights[FLIGHTS];
static unsigned int n_flights, hw_tail, hw_head, errors;

void drv_ring_reset(void)
{
    n_flights = hw_tail = hw_head = errors = 0;
}

/* ---- Hardware ---- */

/* Take up the entries before @index. */
static void take_up(struct drv_unit *d, unsigned int index)
{
    struct hwu_cmd c[HWU_CMDS];
    unsigned int n = 0;
    const uint64_t *w;
    struct flight *f;

    for ( ; hw_tail != index; hw_tail = (hw_tail + 1) % ENTRIES )
    {
        w = &d->q.ring[2 * hw_tail];
        if ( (w[0] & 0xff) != MARKER )
        {
            if ( n == HWU_CMDS )
                port_fail("too many commands before a marker");
            memset(&c[n], 0, sizeof(c[n]));
            c[n].kind = (enum hwu_cmd_kind)(w[0] & 0xff);
            c[n].leaf_only = w[0] & 0x100;
            c[n].did = (uint16_t)(w[0] >> 16);
            c[n].rid = (uint16_t)(w[0] >> 32);
            c[n].first = (w[1] & 0xffffffffu) << 12;
            c[n++].last = (w[1] >> 32) << 12 | 0xfff;
            continue;
        }
        if ( n_flights == FLIGHTS )
            port_fail("the model's ring has room for too few submissions");
        f = &flights[n_flights++];
        f->fate = drv_next_fate(d->number);
        f->seq = (unsigned int)(w[0] >> 32);
        f->status = w[1];
        f->last = hw_tail;
        if ( f->fate == DRV_DONE || f->fate == DRV_LATE )
            f->number = hwu_queue(d->number, c, n);
        n = 0;
    }
}

static void answer(const struct flight *f)
{
    uint64_t *status = port_memory(f->status & ~(uint64_t)0xfff);

    if ( !status )
        port_fail("the status word is at no page");
    port_status_write(status + (f->status & 0xfff) / 8, f->seq);
}

/* The unit answers what is queued, up to what it cannot. */
void drv_ring_relax(void)
{
    struct flight *f = &flights[0];

    port_touch(THING_RING, 0, false);
    port_hw_lock();
    while ( n_flights && !errors && f->fate != DRV_LOST )
    {
        port_touch(THING_RING, 0, true);
        if ( f->fate == DRV_ERROR )
            errors = 1;
        else if ( f->fate == DRV_LATE )
        {
            f->fate = DRV_DONE;         /* but not yet */
            break;
        }
        else
        {
            hwu_complete(f->number);
            answer(f);
            hw_head = (f->last + 1) % ENTRIES;
            memmove(flights, flights + 1, --n_flights * sizeof(*f));
        }
    }
    port_hw_unlock();
}

/* ---- Hooks of the ring engine ---- */

static void write_tail(struct cmdq *q, unsigned int index)
{
    struct drv_unit *d = q->ctx;

    port_step("writes the tail", THING_RING, d->number);
    port_barrier();
    port_touch(THING_RING, d->number, true);
    port_hw_lock();
    take_up(d, index);
    port_hw_unlock();
}

static unsigned int read_head(struct cmdq *q)
{
    struct drv_unit *d = q->ctx;

    port_step("reads the head", THING_RING, d->number);
    port_touch(THING_RING, d->number, false);
    return hw_head;
}

static void make_marker(const struct cmdq *q, uint64_t *words,
                        moat_paddr_t status, uint32_t seq)
{
    (void)q;
    words[0] = MARKER | (uint64_t)seq << 32;
    words[1] = status;
}

static int queue_error(struct cmdq *q, unsigned int *bad)
{
    struct drv_unit *d = q->ctx;

    port_step("reads the error state", THING_RING, d->number);
    port_touch(THING_RING, d->number, false);
    if ( !errors )
        return 0;
    *bad = flights[0].last;
    return -EAGAIN;
}

/* The submission at fault is skipped: its marker is never written. */
static int queue_restart(struct cmdq *q, unsigned int bad)
{
    struct drv_unit *d = q->ctx;

    port_step("restarts the ring", THING_RING, d->number);
    port_touch(THING_RING, d->number, true);
    port_hw_lock();
    if ( n_flights && flights[0].last == bad )
    {
        hw_head = (bad + 1) % ENTRIES;
        memmove(flights, flights + 1, --n_flights * sizeof(flights[0]));
    }
    errors = 0;
    port_hw_unlock();
    return 0;
}

static const struct cmdq_hooks hooks = {
    .write_tail = write_tail,
    .read_head = read_head,
    .make_marker = make_marker,
    .error = queue_error,
    .restart = queue_restart,
};

/* ---- The driver's side ---- */

int drv_ring_start(struct drv_unit *d)
{
    port_relax_set(drv_ring_relax);
    return cmdq_init(&d->q, &hooks, d, ENTRIES, HOST_NO_NODE,
                     MOAT_RANK_RING);
}

void drv_ring_stop(struct drv_unit *d)
{
    cmdq_fini(&d->q);
}

int drv_ring_submit(struct drv_unit *d, const struct hw_flush *f,
                    unsigned int n, uint32_t *token)
{
    uint64_t w[2 * HWU_CMDS];
    struct hwu_cmd c;
    unsigned int i;

    for ( i = 0; i < n; i++ )
    {
        drv_command(&f[i], &c);
        w[2 * i] = (uint64_t)c.kind | (c.leaf_only ? 0x100u : 0) |
                   (uint64_t)c.did << 16 | (uint64_t)c.rid << 32;
        w[2 * i + 1] = (c.first >> 12 & 0xffffffffu) |
                       (c.last >> 12 & 0xffffffffu) << 32;
    }
    return cmdq_submit(&d->q, w, n, TIMEOUT_NS, token);
}

int drv_ring_wait(struct drv_unit *d, uint32_t token)
{
    return cmdq_wait(&d->q, token, TIMEOUT_NS);
}
