/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Invalidation: what the core wants forgotten, as descriptors of the queue.
 * VT-d specification (rev. 4.1) 6.5.2.
 *
 * Between context cache and IOTLB, and between IOTLB and device TLBs, stands
 * a fence: a translation that is in progress may otherwise be cached again
 * from what is about to be forgotten (6.5.2.5, 6.5.3.3).
 */
#include "vtd_unit.h"

/* Descriptors collected before they are submitted. */
#define BATCH_MAX       32u

/* A range that takes more commands than this costs its whole domain. */
#define RANGE_MAX_CMDS  8u

enum phase { PHASE_NONE, PHASE_CONTEXT, PHASE_IOTLB, PHASE_DEVTLB };

struct batch
{
    struct vtd_unit *v;
    unsigned int n;
    enum phase phase;
    bool devtlb;
    uint64_t w[2 * BATCH_MAX];
};

static uint64_t timeout_ns(const struct vtd_unit *v, bool devtlb)
{
    const struct moat_options *o;

    if ( !devtlb )
        return v->timeout_ns;
    o = platform_options(v->unit.platform);
    return max_u64(v->timeout_ns, o->devtlb_timeout_ms * (uint64_t)1000000);
}

static inline int submit(struct batch *b, uint32_t *token)
{
    int rc = cmdq_submit(&b->v->queue, b->w, b->n, timeout_ns(b->v, b->devtlb),
                         token);

    if ( !rc && b->devtlb )
        HOST_WRITE_ONCE(b->v->devtlb_token, *token);
    b->n = 0;
    return rc;
}

/* More than fits: what went before is waited for here. */
static int __attribute__((__noinline__)) make_room(struct batch *b)
{
    uint32_t token;
    int rc = submit(b, &token);

    return rc ?: cmdq_wait(&b->v->queue, token, timeout_ns(b->v, b->devtlb));
}

static inline int emit(struct batch *b, struct vtd_words d)
{
    int rc = b->n == BATCH_MAX ? make_room(b) : 0;

    if ( rc )
        return rc;
    b->w[2 * b->n] = d.w[0];
    b->w[2 * b->n + 1] = d.w[1];
    b->n++;
    return 0;
}

static inline int enter(struct batch *b, enum phase phase)
{
    enum phase was = b->phase;

    b->phase = phase;
    if ( was == PHASE_NONE || was >= phase )
        return 0;
    return emit(b, vtd_make_wait(cmdq_scratch(&b->v->queue), 0));
}

/* Reads and writes are side by side in both words, in the same order. */
static uint64_t drain_bits(const struct vtd_unit *v)
{
    return FIELD_PREP(VTD_DESC_DR | VTD_DESC_DW,
                      FIELD_GET(VTD_CAP_DRD | VTD_CAP_DWD, v->cap));
}

static int emit_range(struct batch *b, const struct hw_flush *f)
{
    const struct vtd_unit *v = b->v;
    unsigned int mamv = (unsigned int)FIELD_GET(VTD_CAP_MAMV, v->cap);
    uint64_t page = f->first >> MOAT_PAGE_SHIFT;
    uint64_t last = f->last >> MOAT_PAGE_SHIFT;
    unsigned int order = vtd_cover_order(page, last, mamv);
    int rc = 0;

    if ( page > last )
        return 0;
    /* One block, as most are, need not be counted. */
    if ( !(v->cap & VTD_CAP_PSI) ||
         (last - page >= MOAT_BIT(order) &&
          vtd_cover_count(page, last, mamv,
                          RANGE_MAX_CMDS) > RANGE_MAX_CMDS) )
        return emit(b, vtd_make_iotlb_domain(f->did, drain_bits(v)));

    for ( ; ; order = vtd_cover_order(page, last, mamv) )
    {
        rc = emit(b, vtd_make_iotlb_pages(f->did, page << MOAT_PAGE_SHIFT,
                                          order, !f->big_leaf,
                                          drain_bits(v)));
        if ( rc || last - page < MOAT_BIT(order) )
            return rc;
        page += MOAT_BIT(order);
    }
}

static int emit_intr(struct batch *b, const struct hw_flush *f)
{
    unsigned int mhmv = (unsigned int)FIELD_GET(VTD_ECAP_MHMV, b->v->ecap);
    unsigned int index = (unsigned int)f->first;
    int rc;

    if ( f->first > f->last )
        return 0;
    if ( f->last >= VTD_INTR_ENTRIES ||
         vtd_cover_count(f->first, f->last, mhmv,
                         RANGE_MAX_CMDS) > RANGE_MAX_CMDS )
        return emit(b, vtd_make_iec_all());

    for ( ; ; )
    {
        unsigned int order = vtd_cover_order(index, f->last, mhmv);

        rc = emit(b, vtd_make_iec_index(index, order));
        if ( rc || f->last - index < MOAT_BIT(order) )
            return rc;
        index += 1u << order;
    }
}

static int expand(struct batch *b, const struct hw_flush *f)
{
    int rc;

    switch ( f->kind )
    {
    case HW_FLUSH_ENTRY:
        rc = enter(b, PHASE_CONTEXT);
        return rc ?: emit(b, vtd_make_context_device(f->did, f->rid,
                                                     f->fn_mask));

    case HW_FLUSH_ENTRY_ALL:
        rc = enter(b, PHASE_CONTEXT);
        return rc ?: emit(b, vtd_make_context_all());

    case HW_FLUSH_DID:
        rc = enter(b, PHASE_IOTLB);
        return rc ?: emit(b, vtd_make_iotlb_domain(f->did,
                                                   drain_bits(b->v)));

    case HW_FLUSH_DID_RANGE:
        rc = enter(b, PHASE_IOTLB);
        return rc ?: emit_range(b, f);

    case HW_FLUSH_IOTLB_ALL:
        rc = enter(b, PHASE_IOTLB);
        return rc ?: emit(b, vtd_make_iotlb_all(drain_bits(b->v)));

    case HW_FLUSH_DEVTLB:
        rc = enter(b, PHASE_DEVTLB);
        b->devtlb = true;
        return rc ?: emit(b, vtd_make_devtlb(f->rid, f->pfsid,
                                             f->queue_depth, f->first,
                                             f->last));

    case HW_FLUSH_INTR:
        return emit_intr(b, f);

    case HW_FLUSH_INTR_ALL:
        return emit(b, vtd_make_iec_all());
    }

    return -EINVAL;
}

/* Most requests are for one block of pages: one command, known at once. */
static inline bool is_block(const struct vtd_unit *v,
                            const struct hw_flush *f, struct vtd_words *d)
{
    uint64_t page = f->first >> MOAT_PAGE_SHIFT;
    uint64_t more = (f->last >> MOAT_PAGE_SHIFT) - page;
    unsigned int order = more ? log2_floor(more) + 1 : 0;

    if ( f->kind != HW_FLUSH_DID_RANGE || (more & (more + 1)) ||
         (page & more) || !(v->cap & VTD_CAP_PSI) ||
         order > FIELD_GET(VTD_CAP_MAMV, v->cap) )
        return false;
    *d = vtd_make_iotlb_pages(f->did, page << MOAT_PAGE_SHIFT, order,
                              !f->big_leaf, drain_bits(v));
    return true;
}

static int __attribute__((__noinline__))
submit_any(struct vtd_unit *v, const struct hw_flush *f, unsigned int n,
           uint32_t *token)
{
    struct batch b;
    unsigned int i;
    int rc = 0;

    b.v = v;
    b.n = 0;
    b.phase = PHASE_NONE;
    b.devtlb = false;
    for ( i = 0; !rc && i < n; i++ )
        rc = expand(&b, &f[i]);
    if ( !rc && b.n )
        rc = submit(&b, token);
    return rc;
}

static inline int submit_queued(struct vtd_unit *v, const struct hw_flush *f,
                                unsigned int n, uint32_t *token)
{
    struct vtd_words d;

    return n == 1 && is_block(v, f, &d)
           ? cmdq_submit(&v->queue, d.w, 1, v->timeout_ns, token)
           : submit_any(v, f, n, token);
}

/*
 * The queue was off: for good, or while another processor repaired it. It is
 * switched on and off under this lock, and registers may not be used while it
 * is on (6.5.2).
 */
static int __attribute__((__noinline__)) submit_off(struct vtd_unit *v,
                                                    const struct hw_flush *f,
                                                    unsigned int n,
                                                    uint32_t *token)
{
    unsigned long flags = host_lock_irqsave(&v->reg_lock);
    unsigned int i;
    bool queued;
    int rc = 0;

    queued = v->queue_on;
    for ( i = 0; !queued && !rc && i < n; i++ )
        rc = vtd_flush_by_registers_locked(v, &f[i]);
    host_unlock_irqrestore(&v->reg_lock, flags);
    return queued ? submit_queued(v, f, n, token) : rc;
}

int cf_check vtd_flush_submit(struct moat_unit *u, const struct hw_flush *f,
                              unsigned int n, uint32_t *token)
{
    struct vtd_unit *v = to_vtd(u);
    int rc;

    *token = 0;
    if ( !v->mmio )
        return -EIO;

    vtd_quirk_wake(v);
    rc = vtd_write_buffer_flush(v);
    if ( rc )
        return rc;
    return HOST_READ_ONCE(v->queue_on) ? submit_queued(v, f, n, token)
                                       : submit_off(v, f, n, token);
}

int cf_check vtd_flush_wait(struct moat_unit *u, uint32_t token)
{
    struct vtd_unit *v = to_vtd(u);

    /* 0: carried out before flush_submit() returned. */
    if ( !token || cmdq_is_done(&v->queue, token) )
        return 0;
    return cmdq_wait_more(&v->queue, token,
                          timeout_ns(v, token ==
                                        HOST_READ_ONCE(v->devtlb_token)));
}

static int run(struct vtd_unit *v, const struct hw_flush *f, unsigned int n)
{
    uint32_t token = 0;
    int rc = submit_queued(v, f, n, &token);

    return rc || !token ? rc : vtd_flush_wait(&v->unit, token);
}

int vtd_flush_everything(struct vtd_unit *v)
{
    static const struct hw_flush all[] = {
        { .kind = HW_FLUSH_ENTRY_ALL },
        { .kind = HW_FLUSH_IOTLB_ALL },
    };
    int rc;

    vtd_quirk_wake(v);
    if ( v->queue_on )
        return run(v, all, ARRAY_SIZE(all));
    rc = vtd_flush_by_registers(v, &all[0]);
    return rc ?: vtd_flush_by_registers(v, &all[1]);
}

int vtd_flush_intr_all(struct vtd_unit *v)
{
    static const struct hw_flush all = { .kind = HW_FLUSH_INTR_ALL };

    return v->queue_on ? run(v, &all, 1) : vtd_flush_by_registers(v, &all);
}

static int everything_queued(struct vtd_unit *v)
{
    static const struct hw_flush all[] = {
        { .kind = HW_FLUSH_INTR_ALL },
        { .kind = HW_FLUSH_ENTRY_ALL },
        { .kind = HW_FLUSH_IOTLB_ALL },
    };
    unsigned int skip = v->ir_on ? 0 : 1;

    return run(v, all + skip, (unsigned int)ARRAY_SIZE(all) - skip);
}

static int everything_by_registers(struct vtd_unit *v)
{
    static const struct hw_flush all[] = {
        { .kind = HW_FLUSH_ENTRY_ALL },
        { .kind = HW_FLUSH_IOTLB_ALL },
        { .kind = HW_FLUSH_INTR_ALL },
    };
    unsigned int i, n = v->ir_on ? 3 : 2;
    int rc = 0;

    for ( i = 0; !rc && i < n; i++ )
        rc = vtd_flush_by_registers_locked(v, &all[i]);
    return rc;
}

/*
 * The register lock is held throughout, over waits that are bounded: a
 * second processor whose flush failed must not switch the queue off under
 * the first one's repair. When its turn comes the queue works again, and
 * one flush of everything serves it.
 *
 * Device TLBs are not covered unless a queue works in the end and the caller
 * repeats its requests: a device that does not answer is the core's to cut off.
 */
int cf_check vtd_flush_rescue(struct moat_unit *u)
{
    struct vtd_unit *v = to_vtd(u);
    unsigned long flags;
    int rc = -EIO;

    if ( !v->mmio || !v->queue_ready )
        return -EIO;

    vtd_quirk_wake(v);
    flags = host_lock_irqsave(&v->reg_lock);
    if ( v->queue_on )
        rc = everything_queued(v);
    if ( !rc )
        goto out;

    /* 6.5.2: registers may be used only while the queue is off. */
    rc = vtd_queue_disable(v);
    if ( rc )
        goto out;

    rc = vtd_queue_enable(v);
    if ( !rc )
        rc = everything_queued(v);
    if ( !rc )
    {
        host_log_warn("VT-d unit %#"PRIx64": invalidation queue restarted",
                      u->reg_pa);
        goto out;
    }

    rc = vtd_queue_disable(v);
    if ( !rc )
        rc = everything_by_registers(v);
    if ( !rc )
        host_log_warn("VT-d unit %#"PRIx64": invalidation queue is lost, "
                      "going on with registers", u->reg_pa);

 out:
    host_unlock_irqrestore(&v->reg_lock, flags);
    if ( rc )
        host_log_err("VT-d unit %#"PRIx64": invalidation does not work (%d)",
                     u->reg_pa, rc);
    return rc;
}
