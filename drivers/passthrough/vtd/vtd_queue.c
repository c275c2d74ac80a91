/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The invalidation queue of a unit: hooks of the ring engine, and repair
 * after its errors. VT-d specification (rev. 4.1) 6.5.2, errors 6.5.2.10,
 * 11.4.7.1, 11.4.9.
 */
#include "vtd_unit.h"

static void cf_check write_tail(struct cmdq *q, unsigned int index)
{
    vtd_write64(q->ctx, VTD_REG_IQT, FIELD_PREP(VTD_IQ_INDEX, index));
}

static unsigned int cf_check read_head(struct cmdq *q)
{
    return (unsigned int)FIELD_GET(VTD_IQ_INDEX,
                                   vtd_read64(q->ctx, VTD_REG_IQH));
}

static void cf_check make_marker(const struct cmdq *q, uint64_t *words,
                                 moat_paddr_t status, uint32_t seq)
{
    struct vtd_words d = vtd_make_wait(status, seq);

    (void)q;
    words[0] = d.w[0];
    words[1] = d.w[1];
}

static int cf_check queue_error(struct cmdq *q, unsigned int *bad)
{
    const struct vtd_unit *v = q->ctx;
    uint32_t fsts = vtd_read32(v, VTD_REG_FSTS);
    unsigned int head;

    if ( fsts == ~(uint32_t)0 )
        return -EIO;
    if ( !(fsts & (VTD_FSTS_IQE | VTD_FSTS_ITE)) )
        return 0;

    /*
     * IQE: the head stays at the descriptor at fault. ITE: every wait that
     * had been fetched was dropped; the head is one behind the last.
     */
    head = read_head(q);
    *bad = fsts & VTD_FSTS_IQE ? head : head - 1;
    return -EAGAIN;
}

static void say_error(const struct vtd_unit *v, uint32_t fsts,
                      unsigned int bad)
{
    const uint64_t *d = &v->queue.ring[2 * bad];
    uint64_t rec = vtd_read64(v, VTD_REG_IQERCD);

    if ( fsts & VTD_FSTS_IQE )
        host_log_err("VT-d unit %#"PRIx64": invalidation queue: descriptor "
                     "%u (%016"PRIx64" %016"PRIx64") refused, record "
                     "%#"PRIx64, v->unit.reg_pa, bad, d[1], d[0], rec);
    if ( fsts & VTD_FSTS_ITE )
        host_log_err("VT-d unit %#"PRIx64": invalidation queue: a device "
                     "did not confirm a device-TLB invalidation, record "
                     "%#"PRIx64, v->unit.reg_pa, rec);
    if ( fsts & VTD_FSTS_ICE )
        host_log_err("VT-d unit %#"PRIx64": invalidation queue: unexpected "
                     "completion from a device, record %#"PRIx64,
                     v->unit.reg_pa, rec);
}

static int cf_check queue_restart(struct cmdq *q, unsigned int bad)
{
    struct vtd_unit *v = q->ctx;
    uint32_t fsts = vtd_read32(v, VTD_REG_FSTS);

    say_error(v, fsts, bad);
    if ( fsts & VTD_FSTS_IQE )
    {
        /* A fence that tells nobody takes its place. */
        struct vtd_words d = vtd_make_wait(cmdq_scratch(q), 0);

        host_store64(&q->ring[2 * bad], d.w[0]);
        host_store64(&q->ring[2 * bad + 1], d.w[1]);
        host_wmb();
    }
    /* Written as ones they clear; the unit then goes on from the head. */
    vtd_write32(v, VTD_REG_FSTS, fsts & VTD_FSTS_QUEUE);
    /* Some units look for work only when the tail is written. */
    write_tail(q, q->tail);
    return 0;
}

const struct cmdq_hooks vtd_queue_hooks = {
    .write_tail = write_tail,
    .read_head = read_head,
    .make_marker = make_marker,
    .error = queue_error,
    .restart = queue_restart,
};

int vtd_queue_enable(struct vtd_unit *v)
{
    int rc;

    cmdq_reset(&v->queue);
    /* Errors of a former life would stop it at once. */
    vtd_write32(v, VTD_REG_FSTS, VTD_FSTS_QUEUE);
    vtd_write64(v, VTD_REG_IQT, 0);
    vtd_write64(v, VTD_REG_IQA, v->queue.ring_pa & VTD_IQA_BASE);
    rc = vtd_gcmd_unlocked(v, VTD_GCMD_QIE, true);
    if ( !rc )
        HOST_WRITE_ONCE(v->queue_on, true);
    return rc;
}

int vtd_queue_try(struct vtd_unit *v)
{
    uint64_t limit = platform_timeout_ns(v->unit.platform);
    uint32_t seq;
    int rc = cmdq_submit(&v->queue, NULL, 0, limit, &seq);

    return rc ?: cmdq_wait(&v->queue, seq, limit);
}

int vtd_queue_disable(struct vtd_unit *v)
{
    int rc;

    HOST_WRITE_ONCE(v->queue_on, false);
    /* Nobody waits on in vain, or queues into a ring that stands still. */
    cmdq_kill(&v->queue);
    rc = vtd_gcmd_unlocked(v, VTD_GCMD_QIE, false);
    v->queue_stuck = rc;
    return rc;
}
