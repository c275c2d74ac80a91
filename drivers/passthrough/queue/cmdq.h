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
 * Knows no vendor: the hooks write the tail, build the marker, and say what
 * the unit's error state is.
 */
#ifndef MOAT_QUEUE_CMDQ_H
#define MOAT_QUEUE_CMDQ_H

#include <moat/host.h>
#include <moat/types.h>

#define CMDQ_MAX_WORDS  4       /* 8-byte words an entry: 2 or 4 */

struct cmdq;
struct cmdq_hooks
{
    /* Any context; called under the ring's lock. */
    void (*write_tail)(struct cmdq *q, unsigned int index);
    unsigned int (*read_head)(struct cmdq *q);
    /* Build the completion marker: hardware writes @seq to @status. */
    void (*make_marker)(const struct cmdq *q, uint64_t *words,
                        moat_paddr_t status, uint32_t seq);
    /*
     * Has the unit stopped with an error? 0: no. -EIO: unrecoverable.
     * -EAGAIN: it was, the hook repaired it (replaced the command at fault, cleared the
     * status, went on) and a wait should go on waiting: but the commands up to *@upto
     * (ring index) cannot be trusted to have been carried out.
     */
    int (*check)(struct cmdq *q, unsigned int *bad);
};

struct cmdq
{
    const struct cmdq_hooks *hooks;
    void *ctx;                      /* the vendor's unit */
    uint64_t *ring;
    moat_paddr_t ring_pa;
    unsigned int words, entries;    /* entries: power of two */
    unsigned int tail;              /* next index to write; ring's lock */
    unsigned int head;              /* last known head; ring's lock */
    uint64_t *status;               /* written by hardware: owned page */
    moat_paddr_t status_pa;
    uint32_t seq;                   /* last issued */
    uint32_t failed_upto;           /* sequences <= this must not count as done */
    bool coherent, dead;
    struct host_lock lock;          /* irqsave */
};

int cmdq_init(struct cmdq *q, const struct cmdq_hooks *hooks, void *ctx,
              unsigned int words, unsigned int entries, bool coherent,
              unsigned int node, unsigned int lock_rank);
void cmdq_fini(struct cmdq *q);
/* Forget everything queued: the unit's head and tail were reset to 0. */
void cmdq_reset(struct cmdq *q);
/*
 * Queue @n commands (q->words each) and a marker; *@seq identifies it. Waits
 * up to @timeout_ns for room. Any context. -ETIMEDOUT, -EIO (dead queue).
 */
int __must_check cmdq_submit(struct cmdq *q, const uint64_t *cmds,
                             unsigned int n, uint64_t timeout_ns,
                             uint32_t *seq);
/* 0 only if the marker and all before it completed without error. Any
 * context, no lock held while waiting. -ETIMEDOUT, -EIO. */
int __must_check cmdq_wait(struct cmdq *q, uint32_t seq,
                           uint64_t timeout_ns);
bool cmdq_done(const struct cmdq *q, uint32_t seq);

#endif /* MOAT_QUEUE_CMDQ_H */
