/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command ring: n entries and their completion marker are reserved
 * together, written whole, started by one tail write. Completion is a
 * sequence number that the unit writes to memory the queue owns, so a late
 * answer to an abandoned wait can never be taken for a newer one (XSA-373).
 *
 *      head (hardware) ->  [ cmd ][ cmd ][ wait 7 ][ cmd ][ wait 8 ] <- tail
 *      status page:  last sequence number completed
 *
 * The unit completes markers in order (the vendor's marker is a fence), so
 * "done" is one comparison with the last number written.
 *
 * Knows no vendor: the hooks write the tail, build the marker, and say what
 * the unit's error state is. In the steady state a submission is one write
 * of the tail register and no register read: the head is read only when the
 * ring looks full, the error state only when an answer is late.
 */
#ifndef MOAT_QUEUE_CMDQ_H
#define MOAT_QUEUE_CMDQ_H

#include <moat/host.h>
#include <moat/types.h>

#define CMDQ_WORDS      2       /* 8-byte words an entry */
/* How late an answer may be before the error state is looked at. */
#define CMDQ_CHECK_NS   1000000u

struct cmdq;
/* All are called under the ring's lock, interrupts off, and do not wait. */
struct cmdq_hooks
{
    void (*write_tail)(struct cmdq *q, unsigned int index);
    unsigned int (*read_head)(struct cmdq *q);
    /*
     * Build the completion marker: hardware writes @seq to @status, after
     * everything before it is complete and before anything after it starts.
     * Asked for two of them, when the queue is made: the number must be one
     * field, which others are then added to.
     */
    void (*make_marker)(const struct cmdq *q, uint64_t *words,
                        moat_paddr_t status, uint32_t seq);
    /*
     * Has the unit stopped with an error? 0: no. -EIO: for good. -EAGAIN:
     * yes, and restart() can set it going again; *@bad is the ring index of
     * the last command that may not have been carried out. Changes nothing.
     */
    int (*error)(struct cmdq *q, unsigned int *bad);
    /*
     * Take the command at fault out of the ring and set the unit going
     * again. Everything up to @bad has been recorded as failed before.
     */
    int (*restart)(struct cmdq *q, unsigned int bad);
};

struct cmdq
{
    const struct cmdq_hooks *hooks;
    void *ctx;                      /* the vendor's unit */
    uint64_t *ring;
    moat_paddr_t ring_pa;
    uint64_t marker[CMDQ_WORDS];    /* number 0 */
    uint64_t step[CMDQ_WORDS];      /* from one number to the next */
    unsigned int entries;           /* power of two */
    unsigned int tail;              /* next index to write; ring's lock */
    unsigned int head;              /* last known head; ring's lock */
    uint32_t *marks;                /* by entry: its submission's number */
    uint64_t *status;               /* written by hardware: owned page */
    moat_paddr_t status_pa;
    uint32_t seq;                   /* last issued, never 0; ring's lock */
    /* Submissions first..last failed, while any_failed; ring's lock. */
    uint32_t failed_first, failed_last;
    bool any_failed;
    bool dead;
    struct host_lock lock;          /* irqsave */
};

/*
 * Allocate the ring and its status page, both in memory that the unit snoops.
 * @entries: power of two >= 4. Interrupts on. -ENOMEM, -EINVAL.
 */
int cmdq_init(struct cmdq *q, const struct cmdq_hooks *hooks, void *ctx,
              unsigned int entries, unsigned int node,
              unsigned int lock_rank);
/* Free it. Only when the unit can no longer read the ring or write status. */
void cmdq_fini(struct cmdq *q);
/*
 * Forget everything queued: the unit's head and tail were reset to 0. What
 * had not completed counts as failed. A dead queue lives again. Any context.
 */
void cmdq_reset(struct cmdq *q);
/* No answer can be expected any more: waits and submissions get -EIO. */
void cmdq_kill(struct cmdq *q);
/*
 * Queue @n commands (CMDQ_WORDS each) and a marker; *@seq (never 0)
 * identifies it. Waits up to @timeout_ns for room, without the lock. Any
 * context. -ETIMEDOUT; -EIO (dead queue); -E2BIG (@n > cmdq_max(q)).
 */
int __must_check cmdq_submit(struct cmdq *q, const uint64_t *cmds,
                             unsigned int n, uint64_t timeout_ns,
                             uint32_t *seq);
/* Completed without error by now? Any context. */
bool cmdq_done(struct cmdq *q, uint32_t seq);
/*
 * Look at the unit's error state, and repair it if it has stopped. Any
 * context. 0: it had not; -EAGAIN: repaired; -EIO: dead.
 */
int cmdq_poll(struct cmdq *q);

/* cmdq_wait() when the first look was in vain. */
int __must_check cmdq_wait_more(struct cmdq *q, uint32_t seq,
                                uint64_t timeout_ns);

/* @a at or after @b, in numbers that wrap. */
static inline bool cmdq_reached(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) >= 0;
}

/* Has @seq completed, with no failure on record? One look, no lock. */
static inline bool cmdq_is_done(const struct cmdq *q, uint32_t seq)
{
    uint32_t done = (uint32_t)HOST_READ_ONCE(*q->status);

    host_rmb();         /* the number before the record of failures */
    return cmdq_reached(done, seq) && !HOST_READ_ONCE(q->any_failed);
}

/*
 * 0 only if the marker and all before it completed without error. Any
 * context, no lock held while waiting. -ETIMEDOUT: it may still complete;
 * -EIO: it failed, or the queue is dead.
 */
static inline int __must_check cmdq_wait(struct cmdq *q, uint32_t seq,
                                         uint64_t timeout_ns)
{
    return cmdq_is_done(q, seq) ? 0 : cmdq_wait_more(q, seq, timeout_ns);
}

/* The most commands of one submission. */
static inline unsigned int cmdq_max(const struct cmdq *q)
{
    return q->entries / 2;
}

/* Where a fence without a number may write: nobody reads it. */
static inline moat_paddr_t cmdq_scratch(const struct cmdq *q)
{
    return q->status_pa + 64;
}

#endif /* MOAT_QUEUE_CMDQ_H */
