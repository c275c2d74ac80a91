/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Invalidation: from the core's terms to commands. AMD IOMMU specification
 * (48882, rev. 3.07) 2.4.
 *
 * Commands may be carried out at the same time and in any order; only
 * COMPLETION_WAIT keeps one. A stale device table entry can refill the page
 * cache, and that a device's own cache, so where a request goes on to the
 * next of these a fence is put in between.
 */
#include "amdvi_unit.h"

#define BATCH           32u
/* More pieces than this, and one command covers more than was asked. */
#define PIECES_MAX      8u
#define ORDER_ALL       52u     /* amdvi_inv_range(): every address */

#define FORGET_AFTER    ((uint32_t)1 << 30)

enum phase { PHASE_NONE, PHASE_ENTRY, PHASE_PAGES, PHASE_DEVTLB };

struct batch
{
    struct amdvi_unit *a;
    unsigned int n;
    enum phase phase;
    bool devtlb;
    uint32_t seq;
    uint64_t words[2 * BATCH];
};

static bool after(uint32_t x, uint32_t y)
{
    return (int32_t)(x - y) > 0;
}

/* ---- Waiting ---- */

static inline uint64_t wait_ns(const struct amdvi_unit *a)
{
    /* The unit's own patience with devices must run out before ours. */
    return HOST_READ_ONCE(a->iotlb_used)
           ? a->timeout_ns + (uint64_t)amdvi_devtlb_ms(a) * 1000000u
           : a->timeout_ns;
}

/*
 * The marker of submission @seq was written. A device TLB that did not answer
 * in time leaves an event (2.5.8), and the ring goes on as if all were well.
 * The log is in memory before the marker is, so looking now is enough.
 *
 * Which submission an event belongs to is not asked: all from the last one
 * known good to the last one made are failed, and stay so: a later one that
 * went well says nothing of those whose owners have yet to ask. The core
 * repeats those that were not at fault.
 */
static int check_iotlb(struct amdvi_unit *a, uint32_t seq)
{
    unsigned long flags;
    int rc = 0;

    if ( !HOST_READ_ONCE(a->iotlb_used) )
        return 0;

    amdvi_log_scan(a);
    flags = host_lock_irqsave(&a->reg_lock);
    if ( a->iotlb_failed && after(seq, a->iotlb_from) &&
         !after(seq, a->iotlb_bad) )
        rc = -ETIMEDOUT;
    else if ( after(seq, a->iotlb_good) )
        a->iotlb_good = seq;
    /* Nobody waits so long; the numbers come round to it again. */
    if ( seq - a->iotlb_bad > FORGET_AFTER && after(seq, a->iotlb_bad) )
        a->iotlb_failed = false;
    host_unlock_irqrestore(&a->reg_lock, flags);
    return rc;
}

/* The same when it takes longer, or device TLBs were flushed before. */
static int __attribute__((__noinline__)) wait_more(struct amdvi_unit *a,
                                                   uint32_t token)
{
    int rc = cmdq_wait(&a->queue, token, wait_ns(a));

    return rc ? rc : check_iotlb(a, token);
}

int cf_check amdvi_flush_wait(struct moat_unit *u, uint32_t token)
{
    struct amdvi_unit *a = to_amdvi(u);

    /* 0: the unit is off and holds nothing. */
    if ( !token || (!HOST_READ_ONCE(a->iotlb_used) &&
                    cmdq_is_done(&a->queue, token)) )
        return 0;
    return wait_more(a, token);
}

/* ---- Building ---- */

static inline int batch_submit(struct batch *b)
{
    if ( b->devtlb )
        HOST_WRITE_ONCE(b->a->iotlb_used, true);
    return cmdq_submit(&b->a->queue, b->words, b->n, wait_ns(b->a), &b->seq);
}

/*
 * A request that does not fit (only those for "all" on units that have no
 * command for it) is carried out in parts, each waited for: the token of the
 * last one would not tell of a failure before it.
 */
static int __attribute__((__noinline__)) make_room(struct batch *b)
{
    int rc = batch_submit(b);

    b->n = 0;
    return rc ? rc : amdvi_flush_wait(&b->a->unit, b->seq);
}

static inline int emit(struct batch *b, struct amdvi_words c)
{
    int rc = b->n == BATCH ? make_room(b) : 0;

    if ( rc )
        return rc;
    b->words[2 * b->n] = c.w[0];
    b->words[2 * b->n + 1] = c.w[1];
    b->n++;
    return 0;
}

static struct amdvi_words make_fence(void)
{
    struct amdvi_words c = amdvi_make_nop();

    c.w[0] |= AMDVI_CMD_WAIT_F;
    return c;
}

static inline int enter(struct batch *b, enum phase phase)
{
    bool fence = b->phase != PHASE_NONE && b->phase < phase;

    if ( b->phase < phase )
        b->phase = phase;
    return fence ? emit(b, make_fence()) : 0;
}

/* Largest order at which [first, last] has an aligned block at @first. */
static unsigned int block_order(uint64_t first, uint64_t last)
{
    uint64_t pages = ((last - first) >> MOAT_PAGE_SHIFT) + 1;
    unsigned int order = log2_floor(pages);
    uint64_t pfn = first >> MOAT_PAGE_SHIFT;

    if ( pfn && FIELD_SHIFT(pfn) < order )
        order = FIELD_SHIFT(pfn);
    return order;
}

static unsigned int count_pieces(uint64_t first, uint64_t last)
{
    unsigned int n = 0;

    for ( ; n <= PIECES_MAX; n++ )
    {
        uint64_t end = first + ((uint64_t)MOAT_PAGE_SIZE <<
                                block_order(first, last)) - 1;

        if ( end >= last )
            return n + 1;
        first = end + 1;
    }
    return n;
}

static inline int emit_block(struct batch *b, const struct hw_flush *f,
                             uint64_t first, unsigned int order)
{
    if ( f->kind == HW_FLUSH_DEVTLB )
        return emit(b, amdvi_make_inv_iotlb(f->rid, f->pfsid, f->queue_depth,
                                            first, order));
    return emit(b, amdvi_make_inv_pages(f->did, first, order, f->big_leaf));
}

/*
 * [first, last] exactly, in aligned powers of two; or, where that takes too
 * many, the smallest one around it.
 */
static int emit_range(struct batch *b, const struct hw_flush *f)
{
    uint64_t first = f->first & MOAT_PAGE_MASK;
    uint64_t last = f->last | ~MOAT_PAGE_MASK;
    unsigned int order;
    int rc = 0;

    if ( last < first )
        return -EINVAL;
    if ( !first && !~last )
        return emit_block(b, f, 0, ORDER_ALL);

    /* One piece, as most are, need not be counted. */
    order = block_order(first, last);
    if ( last - first >= (uint64_t)MOAT_PAGE_SIZE << order &&
         count_pieces(first, last) > PIECES_MAX )
    {
        order = log2_floor(first ^ last) + 1 - MOAT_PAGE_SHIFT;
        return emit_block(b, f, first, order);
    }

    for ( ; ; order = block_order(first, last) )
    {
        uint64_t size = (uint64_t)MOAT_PAGE_SIZE << order;

        rc = emit_block(b, f, first, order);
        if ( rc || last - first < size )
            return rc;
        first += size;
    }
}

/* One command for each number up to @last. */
static int emit_each(struct batch *b, enum hw_flush_kind kind,
                     unsigned int last)
{
    unsigned int i;
    int rc = 0;

    for ( i = 0; !rc && i <= last; i++ )
        rc = emit(b, kind == HW_FLUSH_ENTRY_ALL
                     ? amdvi_make_inv_devtab((uint16_t)i)
                     : kind == HW_FLUSH_INTR_ALL
                     ? amdvi_make_inv_intr((uint16_t)i)
                     : amdvi_make_inv_pages((uint16_t)i, 0, ORDER_ALL, true));
    return rc;
}

static int emit_all(struct batch *b, enum hw_flush_kind kind)
{
    if ( b->a->efr & AMDVI_EFR_IA )
        return emit(b, amdvi_make_inv_all());
    return emit_each(b, kind, kind == HW_FLUSH_IOTLB_ALL ? 0xffff
                                                         : b->a->max_id);
}

static int emit_entry(struct batch *b, const struct hw_flush *f)
{
    unsigned int fn;
    int rc = 0;

    /* Phantom functions: all that differ from rid in masked bits only. */
    for ( fn = 0; !rc && fn < 8; fn++ )
        if ( !(fn & ~f->fn_mask) )
            rc = emit(b, amdvi_make_inv_devtab((f->rid & ~f->fn_mask) | fn));
    return rc;
}

static int expand(struct batch *b, const struct hw_flush *f)
{
    int rc;

    switch ( f->kind )
    {
    case HW_FLUSH_ENTRY:
        rc = enter(b, PHASE_ENTRY);
        return rc ? rc : emit_entry(b, f);

    case HW_FLUSH_INTR:
        return emit(b, amdvi_make_inv_intr(f->rid));

    case HW_FLUSH_ENTRY_ALL:
        rc = enter(b, PHASE_ENTRY);
        return rc ? rc : emit_all(b, f->kind);

    case HW_FLUSH_INTR_ALL:
        return emit_all(b, f->kind);

    case HW_FLUSH_IOTLB_ALL:
        rc = enter(b, PHASE_PAGES);
        return rc ? rc : emit_all(b, f->kind);

    case HW_FLUSH_DID:
        rc = enter(b, PHASE_PAGES);
        return rc ? rc : emit(b, amdvi_make_inv_pages(f->did, 0, ORDER_ALL,
                                                      true));

    case HW_FLUSH_DID_RANGE:
        rc = enter(b, PHASE_PAGES);
        return rc ? rc : emit_range(b, f);

    case HW_FLUSH_DEVTLB:
        rc = enter(b, PHASE_DEVTLB);
        b->devtlb = true;
        return rc ? rc : emit_range(b, f);
    }

    return -EINVAL;
}

static int __attribute__((__noinline__))
submit_any(struct amdvi_unit *a, const struct hw_flush *f, unsigned int n,
           uint32_t *token)
{
    struct batch b;
    unsigned int i;
    int rc = 0;

    b.a = a;
    b.n = 0;
    b.seq = 0;
    b.phase = PHASE_NONE;
    b.devtlb = false;
    for ( i = 0; !rc && i < n; i++ )
        rc = expand(&b, &f[i]);
    if ( !rc && b.n )
        rc = batch_submit(&b);
    if ( !rc )
        *token = b.seq;
    return rc;
}

/* Most requests are for one block of pages: one command, known at once. */
static inline bool is_block(const struct hw_flush *f, struct amdvi_words *c)
{
    uint64_t page = f->first >> MOAT_PAGE_SHIFT;
    uint64_t more = (f->last >> MOAT_PAGE_SHIFT) - page;

    if ( f->kind != HW_FLUSH_DID_RANGE || (more & (more + 1)) ||
         (page & more) )
        return false;
    *c = amdvi_make_inv_pages(f->did, f->first, more ? log2_floor(more) + 1
                                                     : 0, f->big_leaf);
    return true;
}

int cf_check amdvi_flush_submit(struct moat_unit *u,
                                const struct hw_flush *f, unsigned int n,
                                uint32_t *token)
{
    struct amdvi_unit *a = to_amdvi(u);
    struct amdvi_words c;

    *token = 0;
    if ( !HOST_READ_ONCE(a->on) )
        return a->mmio ? 0 : -EIO;
    return n == 1 && is_block(f, &c)
           ? cmdq_submit(&a->queue, c.w, 1, wait_ns(a), token)
           : submit_any(a, f, n, token);
}

int amdvi_flush_everything(struct amdvi_unit *a)
{
    static const struct hw_flush all[] = {
        { .kind = HW_FLUSH_ENTRY_ALL },
        { .kind = HW_FLUSH_INTR_ALL },
        { .kind = HW_FLUSH_IOTLB_ALL },
    };
    /* One INVALIDATE_IOMMU_ALL is all three (2.4.8). */
    unsigned int n = a->efr & AMDVI_EFR_IA ? 1 : ARRAY_SIZE(all);
    uint32_t token;
    int rc = amdvi_flush_submit(&a->unit, all, n, &token);

    return rc ? rc : amdvi_flush_wait(&a->unit, token);
}

/*
 * Empty the ring and start it again. Under its lock it is declared dead and
 * switched off: whoever was about to queue something, or to repair it, has
 * done so by then, and nobody does so after, until it is whole again.
 */
static int ring_anew(struct amdvi_unit *a)
{
    unsigned long flags = host_lock_irqsave(&a->queue.lock);
    int rc;

    cmdq_kill(&a->queue);
    a->repairs = 0;
    amdvi_ctrl(a, AMDVI_CTRL_CMD_EN, 0);
    host_unlock_irqrestore(&a->queue.lock, flags);

    rc = amdvi_wait_status(a, AMDVI_STS_CMD_RUN, 0);
    if ( rc )
        return rc;
    amdvi_write(a, AMDVI_REG_CMD_HEAD, 0);
    amdvi_write(a, AMDVI_REG_CMD_TAIL, 0);
    HOST_WRITE_ONCE(a->bad_cmd, 0);
    amdvi_ctrl(a, AMDVI_CTRL_CMD_EN, AMDVI_CTRL_CMD_EN);
    rc = amdvi_wait_status(a, AMDVI_STS_CMD_RUN, AMDVI_STS_CMD_RUN);
    if ( rc )
        return rc;
    cmdq_reset(&a->queue);
    return amdvi_flush_everything(a);
}

/*
 * There are no registers to invalidate by: the ring itself is emptied and
 * started again, and then asked to forget everything. Whoever waits for an
 * old command is told that it failed. Device TLBs are not covered: the core
 * repeats what it asked of them.
 *
 * The rescue lock is held throughout, over waits that are bounded: a second
 * processor whose flush failed must not switch the ring off under the first
 * one's repair. When its turn comes the ring works again, and one flush of
 * everything serves it.
 */
int cf_check amdvi_flush_rescue(struct moat_unit *u)
{
    struct amdvi_unit *a = to_amdvi(u);
    unsigned long flags;
    int rc;

    if ( !a->mmio || !a->queue_ready || !a->on )
        return -EIO;

    flags = host_lock_irqsave(&a->rescue_lock);
    rc = amdvi_flush_everything(a);
    if ( rc )
    {
        rc = ring_anew(a);
        if ( rc )
            cmdq_kill(&a->queue);
        else
            host_log_warn(AMDVI_FMT "command ring restarted", AMDVI_ARG(a));
    }
    host_unlock_irqrestore(&a->rescue_lock, flags);
    if ( rc )
        host_log_err(AMDVI_FMT "command ring does not work (%d)",
                     AMDVI_ARG(a), rc);
    return rc;
}
