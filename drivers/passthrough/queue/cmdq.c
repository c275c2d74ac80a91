/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command ring; see cmdq.h.
 *
 * Why a failure cannot be taken for success. The unit stops at an error. It
 * is set going again only by restart(), after the submissions that may have
 * suffered have been recorded in failed_first..failed_last (under the lock,
 * before a barrier). A waiter reads the status word first and the record
 * after it; a number that the unit wrote after the restart is therefore seen
 * together with the record.
 */
#include "cmdq.h"

#include "../core/bits.h"

static uint32_t seq_next(uint32_t seq)
{
    return seq + 1 ? seq + 1 : 1;
}

static uint32_t status_read(const struct cmdq *q)
{
    uint32_t v = (uint32_t)HOST_READ_ONCE(*q->status);

    host_rmb();
    return v;
}

/* The marker is linear in its number: two of them tell all. */
static void learn_marker(struct cmdq *q)
{
    uint64_t one[CMDQ_WORDS] = { 0 }, two[CMDQ_WORDS] = { 0 };
    unsigned int i;

    q->hooks->make_marker(q, one, q->status_pa, 1);
    q->hooks->make_marker(q, two, q->status_pa, 2);
    for ( i = 0; i < CMDQ_WORDS; i++ )
    {
        q->step[i] = two[i] - one[i];
        q->marker[i] = one[i] - q->step[i];
    }
}

int cmdq_init(struct cmdq *q, const struct cmdq_hooks *hooks, void *ctx,
              unsigned int entries, unsigned int node,
              unsigned int lock_rank)
{
    if ( !is_pow2(entries) || entries < 4 )
        return -EINVAL;

    memset(q, 0, sizeof(*q));
    q->hooks = hooks;
    q->ctx = ctx;
    q->entries = entries;
    host_lock_init(&q->lock, lock_rank);

    q->ring = host_dma_alloc((size_t)entries * CMDQ_WORDS * sizeof(uint64_t),
                             node, &q->ring_pa);
    q->status = host_dma_alloc(MOAT_PAGE_SIZE, node, &q->status_pa);
    q->marks = host_alloc(entries * sizeof(*q->marks));
    if ( !q->ring || !q->status || !q->marks )
    {
        cmdq_fini(q);
        return -ENOMEM;
    }
    learn_marker(q);
    return 0;
}

void cmdq_fini(struct cmdq *q)
{
    if ( q->ring )
        host_dma_free(q->ring, (size_t)q->entries * CMDQ_WORDS *
                               sizeof(uint64_t));
    if ( q->status )
        host_dma_free(q->status, MOAT_PAGE_SIZE);
    host_free(q->marks);
    q->ring = NULL;
    q->status = NULL;
    q->marks = NULL;
    q->dead = true;
}

/* Ring's lock held. Everything unfinished up to @last has failed. */
static void fail_upto_locked(struct cmdq *q, uint32_t last)
{
    uint32_t done = status_read(q);
    uint32_t first = seq_next(done);

    host_lock_assert(&q->lock);
    if ( cmdq_reached(done, last) )
        return;

    /*
     * One range is kept. Two failures are joined, with what lies between
     * them: a flush is then reported as failed that was not, never the
     * other way about.
     */
    if ( !q->any_failed || cmdq_reached(q->failed_first, first) )
        q->failed_first = first;
    if ( !q->any_failed || cmdq_reached(last, q->failed_last) )
        q->failed_last = last;
    HOST_WRITE_ONCE(q->any_failed, true);
    host_wmb();
}

static bool has_failed_locked(const struct cmdq *q, uint32_t seq)
{
    return q->any_failed && cmdq_reached(seq, q->failed_first) &&
           cmdq_reached(q->failed_last, seq);
}

static bool has_failed(struct cmdq *q, uint32_t seq)
{
    unsigned long flags;
    bool failed;

    if ( !HOST_READ_ONCE(q->any_failed) )
        return false;

    flags = host_lock_irqsave(&q->lock);
    failed = has_failed_locked(q, seq);
    host_unlock_irqrestore(&q->lock, flags);
    return failed;
}

void cmdq_reset(struct cmdq *q)
{
    unsigned long flags = host_lock_irqsave(&q->lock);

    fail_upto_locked(q, q->seq);
    q->head = q->tail = 0;
    HOST_WRITE_ONCE(q->dead, false);
    host_unlock_irqrestore(&q->lock, flags);
}

void cmdq_kill(struct cmdq *q)
{
    HOST_WRITE_ONCE(q->dead, true);
}

static int poll_locked(struct cmdq *q)
{
    unsigned int bad = 0;
    int rc;

    host_lock_assert(&q->lock);
    /* cmdq_kill() takes no lock. */
    if ( HOST_READ_ONCE(q->dead) )
        return -EIO;

    rc = q->hooks->error(q, &bad);
    if ( !rc )
        return 0;

    if ( rc == -EAGAIN )
    {
        fail_upto_locked(q, q->marks[bad & (q->entries - 1)]);
        rc = q->hooks->restart(q, bad & (q->entries - 1));
        if ( !rc )
            return -EAGAIN;
    }

    HOST_WRITE_ONCE(q->dead, true);
    return -EIO;
}

int cmdq_poll(struct cmdq *q)
{
    unsigned long flags = host_lock_irqsave(&q->lock);
    int rc = poll_locked(q);

    host_unlock_irqrestore(&q->lock, flags);
    return rc;
}

/*
 * A wait that has come to nothing so far. Most never do: the clock is read
 * for the first time when the first look has been in vain.
 */
struct patience
{
    bool begun;
    uint64_t start, next_check;
};

/*
 * Once more in vain: 0: go on; -ETIMEDOUT; -EIO: the queue is dead. A unit
 * that has just been set going again gets until the next look at its error
 * state; one that keeps stopping runs into the deadline all the same.
 */
static int __attribute__((__noinline__)) be_patient(struct cmdq *q,
                                                    struct patience *p,
                                                    uint64_t timeout_ns)
{
    uint64_t now = host_now_ns(), grace = 0;
    int rc = 0;

    if ( !p->begun )
    {
        p->begun = true;
        p->start = now;
        p->next_check = now + CMDQ_CHECK_NS;
    }
    if ( now >= p->next_check || now - p->start >= timeout_ns )
    {
        p->next_check = now + CMDQ_CHECK_NS;
        rc = cmdq_poll(q);
        if ( rc == -EAGAIN )
            grace = CMDQ_CHECK_NS;
    }
    if ( rc == -EIO || HOST_READ_ONCE(q->dead) )
        return -EIO;
    if ( now - p->start >= timeout_ns + grace )
        return -ETIMEDOUT;
    host_relax();
    return 0;
}

static unsigned int room_locked(const struct cmdq *q)
{
    /* One entry stays free: a full ring would look like an empty one. */
    return q->entries - 1 - ((q->tail - q->head) & (q->entries - 1));
}

static inline void put_locked(struct cmdq *q, uint64_t w0, uint64_t w1,
                              uint32_t seq)
{
    unsigned int at = q->tail;
    uint64_t *slot = q->ring + (size_t)at * CMDQ_WORDS;

    host_store64(&slot[0], w0);
    host_store64(&slot[1], w1);
    q->marks[at] = seq;
    q->tail = (at + 1) & (q->entries - 1);
}

/*
 * A failure so old that nobody can still wait for it is forgotten, long
 * before the numbers come round to it again.
 */
static void __attribute__((__noinline__)) forget_old_locked(struct cmdq *q,
                                                            uint32_t seq)
{
    if ( seq - q->failed_last > (1u << 30) )
        HOST_WRITE_ONCE(q->any_failed, false);
}

/* Ring's lock held, room for n + 1 entries. */
static inline uint32_t write_locked(struct cmdq *q, const uint64_t *cmds,
                                    unsigned int n)
{
    uint32_t seq = seq_next(q->seq);

    for ( ; n; n--, cmds += CMDQ_WORDS )
        put_locked(q, cmds[0], cmds[1], seq);
    put_locked(q, q->marker[0] + seq * q->step[0],
               q->marker[1] + seq * q->step[1], seq);
    HOST_WRITE_ONCE(q->seq, seq);
    if ( q->any_failed )
        forget_old_locked(q, seq);

    host_wmb();
    q->hooks->write_tail(q, q->tail);
    return seq;
}

/* -EAGAIN: no room, as far as is known; with @look the unit was asked. */
static inline __attribute__((__always_inline__)) int
submit_once(struct cmdq *q, const uint64_t *cmds, unsigned int n, bool look,
            uint32_t *seq)
{
    unsigned long flags = host_lock_irqsave(&q->lock);
    int rc = HOST_READ_ONCE(q->dead) ? -EIO : -EAGAIN;

    if ( look && rc == -EAGAIN )
        q->head = q->hooks->read_head(q) & (q->entries - 1);
    if ( rc == -EAGAIN && room_locked(q) > n )
    {
        *seq = write_locked(q, cmds, n);
        rc = 0;
    }
    host_unlock_irqrestore(&q->lock, flags);
    return rc;
}

static int __attribute__((__noinline__)) submit_full(struct cmdq *q,
                                                     const uint64_t *cmds,
                                                     unsigned int n,
                                                     uint64_t timeout_ns,
                                                     uint32_t *seq)
{
    struct patience p;
    int rc;

    p.begun = false;
    do {
        rc = submit_once(q, cmds, n, true, seq);
        if ( rc != -EAGAIN )
            return rc;
        rc = be_patient(q, &p, timeout_ns);
    } while ( !rc );
    return rc;
}

int cmdq_submit(struct cmdq *q, const uint64_t *cmds, unsigned int n,
                uint64_t timeout_ns, uint32_t *seq)
{
    int rc;

    if ( n > cmdq_max(q) )
        return -E2BIG;
    rc = submit_once(q, cmds, n, false, seq);
    return rc == -EAGAIN ? submit_full(q, cmds, n, timeout_ns, seq) : rc;
}

bool cmdq_done(struct cmdq *q, uint32_t seq)
{
    return cmdq_reached(status_read(q), seq) && !has_failed(q, seq);
}

int cmdq_wait_more(struct cmdq *q, uint32_t seq, uint64_t timeout_ns)
{
    struct patience p;

    for ( p.begun = false; ; )
    {
        bool done = cmdq_reached(status_read(q), seq);
        int rc;

        if ( has_failed(q, seq) )
            return -EIO;
        if ( done )
            return 0;

        rc = be_patient(q, &p, timeout_ns);
        if ( rc == -ETIMEDOUT && cmdq_done(q, seq) )
            return 0;
        if ( rc )
            return rc;
    }
}
