/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command ring: hooks of the ring engine, and repair after its errors.
 * AMD IOMMU specification (48882, rev. 3.07) 2.4, 2.5.6 (illegal command),
 * 2.5.7 (command hardware error), 3.4.14 (CmdBufRun).
 */
#include "amdvi_unit.h"

/* Errors at one place that repairs do not cure. */
#define REPAIRS_MAX     4u

static void cf_check write_tail(struct cmdq *q, unsigned int index)
{
    amdvi_write(q->ctx, AMDVI_REG_CMD_TAIL,
                FIELD_PREP(AMDVI_RING_PTR, index));
}

static unsigned int cf_check read_head(struct cmdq *q)
{
    return (unsigned int)FIELD_GET(AMDVI_RING_PTR,
                                   amdvi_read(q->ctx, AMDVI_REG_CMD_HEAD));
}

static void cf_check make_marker(const struct cmdq *q, uint64_t *words,
                                 moat_paddr_t status, uint32_t seq)
{
    struct amdvi_words d = amdvi_make_wait(status, seq);

    (void)q;
    words[0] = d.w[0];
    words[1] = d.w[1];
}

/*
 * A unit that could not read or understand a command logs an event and
 * clears CmdBufRun; then it does nothing more until it is started anew. The
 * event names the command; if the log has none, the head does.
 */
static int cf_check ring_error(struct cmdq *q, unsigned int *bad)
{
    struct amdvi_unit *a = q->ctx;
    uint64_t sts = amdvi_read(a, AMDVI_REG_STATUS), off;

    if ( sts == ~(uint64_t)0 )
        return -EIO;
    if ( sts & AMDVI_STS_CMD_RUN )
        return 0;

    amdvi_log_scan(a);
    off = HOST_READ_ONCE(a->bad_cmd) - q->ring_pa;
    if ( HOST_READ_ONCE(a->bad_cmd) &&
         off < (uint64_t)q->entries * AMDVI_RING_ENTRY_SIZE )
        *bad = (unsigned int)(off / AMDVI_RING_ENTRY_SIZE);
    else
        *bad = read_head(q) & (q->entries - 1);

    if ( a->repairs >= REPAIRS_MAX &&
         HOST_READ_ONCE(*q->status) == a->last_repair )
    {
        host_log_err(AMDVI_FMT "command %u stops the ring again and again",
                     AMDVI_ARG(a), *bad);
        return -EIO;
    }
    return -EAGAIN;
}

/*
 * Put a command that does nothing in the place of the one at fault and start
 * there. Those after it are carried out, perhaps for the second time, which
 * does no harm: an invalidation may be repeated, and completion numbers are
 * written in the same order as before.
 */
static int cf_check ring_restart(struct cmdq *q, unsigned int bad)
{
    struct amdvi_unit *a = q->ctx;
    uint64_t *slot = q->ring + (size_t)bad * CMDQ_WORDS;
    struct amdvi_words nop = amdvi_make_nop();
    uint64_t status = HOST_READ_ONCE(*q->status);
    unsigned long flags;

    host_lock_assert(&q->lock);
    host_log_err(AMDVI_FMT "command %u (%016" PRIx64 " %016" PRIx64
                 ") stopped the ring: taken out", AMDVI_ARG(a), bad, slot[1],
                 slot[0]);

    a->repairs = status == a->last_repair ? a->repairs + 1 : 1;
    a->last_repair = status;
    host_store64(&slot[0], nop.w[0]);
    host_store64(&slot[1], nop.w[1]);

    flags = host_lock_irqsave(&a->reg_lock);
    a->bad_cmd = 0;
    amdvi_ctrl_locked(a, AMDVI_CTRL_CMD_EN, 0);
    amdvi_write(a, AMDVI_REG_CMD_HEAD, FIELD_PREP(AMDVI_RING_PTR, bad));
    amdvi_write(a, AMDVI_REG_CMD_TAIL, FIELD_PREP(AMDVI_RING_PTR, q->tail));
    amdvi_ctrl_locked(a, AMDVI_CTRL_CMD_EN, AMDVI_CTRL_CMD_EN);
    host_unlock_irqrestore(&a->reg_lock, flags);
    return 0;
}

const struct cmdq_hooks amdvi_queue_hooks = {
    .write_tail = write_tail,
    .read_head = read_head,
    .make_marker = make_marker,
    .error = ring_error,
    .restart = ring_restart,
};
