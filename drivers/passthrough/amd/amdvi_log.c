/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event log and the log of page requests (PPR), and the interrupt that
 * announces them. AMD IOMMU specification (48882, rev. 3.07) 2.5, 2.6, 3.4.14.
 */
#include "amdvi_unit.h"

#define LOG_ENTRIES     (1u << AMDVI_LOG_ORDER)
#define LOG_SIZE        (LOG_ENTRIES * AMDVI_RING_ENTRY_SIZE)
/*
 * Errata 732, 733: the tail may move before the entry is in memory. Taken
 * entries are cleared, so one whose code is 0 has not arrived yet.
 */
#define ARRIVE_TRIES    1000u
/* Erratum 787: the interrupt bit may be set again while it is cleared. */
#define AGAIN_MAX       4u

static const char *fault_reason(uint64_t w)
{
    if ( w & AMDVI_EVT_FLAG_RZ )
        return "reserved bits are set in a table entry on the way";
    if ( w & AMDVI_EVT_FLAG_I )
        return w & AMDVI_EVT_FLAG_PR
               ? "interrupt not allowed by its remapping entry"
               : "interrupt without a remapping entry";
    if ( w & AMDVI_EVT_FLAG_PE )
        return w & AMDVI_EVT_FLAG_RW ? "no right to write there"
                                     : "no right to read there";
    return "nothing is mapped there";
}

const char *amdvi_event_reason(uint64_t w0)
{
    switch ( FIELD_GET(AMDVI_EVT_CODE, w0) )
    {
    case AMDVI_EVT_ILLEGAL_DTE:
        return "its device table entry is not valid for this request";
    case AMDVI_EVT_PAGE_FAULT:
        return fault_reason(w0);
    case AMDVI_EVT_DTE_HW_ERROR:
        return "hardware error while its device table entry was read";
    case AMDVI_EVT_TABLE_HW_ERROR:
        return "hardware error while its tables were read";
    case AMDVI_EVT_ILLEGAL_CMD:
        return "the unit refused a command";
    case AMDVI_EVT_CMD_HW_ERROR:
        return "hardware error while a command was read";
    case AMDVI_EVT_IOTLB_TIMEOUT:
        return "it did not answer an invalidation of its address cache";
    case AMDVI_EVT_INVALID_REQ:
        return "a kind of request that it must not make";
    case AMDVI_EVT_INVALID_PPR:
        return "a page request that it must not make";
    case AMDVI_EVT_RMP_FAULT:
        return "the reverse map table forbids it";
    case AMDVI_EVT_RMP_HW_ERROR:
        return "hardware error while the reverse map table was read";
    default:
        return "an event of unknown kind";
    }
}

void amdvi_event_decode(const struct amdvi_words *evt, uint16_t segment,
                        struct moat_fault *f)
{
    uint64_t w = evt->w[0];

    f->source = ((moat_sbdf_t)segment << 16) | (uint16_t)(w & AMDVI_EVT_ID);
    f->code = (unsigned int)FIELD_GET(AMDVI_EVT_CODE, w);
    f->reason = amdvi_event_reason(w);
    f->addr = evt->w[1];
    if ( w & AMDVI_EVT_FLAG_I )
        f->access = MOAT_ACCESS_INTERRUPT;
    else if ( w & AMDVI_EVT_FLAG_TR )
        f->access = MOAT_ACCESS_TRANSLATE;
    else
        f->access = w & AMDVI_EVT_FLAG_RW ? MOAT_ACCESS_WRITE
                                          : MOAT_ACCESS_READ;
}

/* ---- Memory ---- */

int amdvi_logs_alloc(struct amdvi_unit *a)
{
    a->evt.va = host_dma_alloc(LOG_SIZE, a->unit.node, &a->evt.pa);
    if ( a->evt.va && (a->efr & AMDVI_EFR_PPR) )
        a->ppr.va = host_dma_alloc(LOG_SIZE, a->unit.node, &a->ppr.pa);
    if ( a->evt.va && (a->ppr.va || !(a->efr & AMDVI_EFR_PPR)) )
        return 0;
    amdvi_logs_free(a);
    return -ENOMEM;
}

void amdvi_logs_free(struct amdvi_unit *a)
{
    if ( a->evt.va )
        host_dma_free(a->evt.va, LOG_SIZE);
    if ( a->ppr.va )
        host_dma_free(a->ppr.va, LOG_SIZE);
    a->evt.va = a->ppr.va = NULL;
}

static void log_program(const struct amdvi_unit *a, struct amdvi_log *l,
                        struct amdvi_reg base, struct amdvi_reg head,
                        struct amdvi_reg tail)
{
    memset(l->va, 0, LOG_SIZE);
    l->head = l->scan = 0;
    amdvi_write(a, base, (l->pa & AMDVI_RING_BASE) |
                         FIELD_PREP(AMDVI_RING_LEN, AMDVI_LOG_ORDER));
    amdvi_write(a, head, 0);
    amdvi_write(a, tail, 0);
}

void amdvi_logs_program(struct amdvi_unit *a)
{
    log_program(a, &a->evt, AMDVI_REG_EVT_BASE, AMDVI_REG_EVT_HEAD,
                AMDVI_REG_EVT_TAIL);
    if ( a->ppr.va )
        log_program(a, &a->ppr, AMDVI_REG_PPR_BASE, AMDVI_REG_PPR_HEAD,
                    AMDVI_REG_PPR_TAIL);
    a->bad_cmd = 0;
}

/* ---- Reading ---- */

static unsigned int log_tail(const struct amdvi_unit *a, struct amdvi_reg r)
{
    return (unsigned int)FIELD_GET(AMDVI_RING_PTR, amdvi_read(a, r)) &
           (LOG_ENTRIES - 1);
}

/* Entry @i, which the tail has passed; false: it has not arrived. */
static bool log_read(const struct amdvi_log *l, unsigned int i,
                     struct amdvi_words *w)
{
    const uint64_t *e = l->va + (size_t)i * 2;
    unsigned int tries;

    for ( tries = 0; tries < ARRIVE_TRIES; tries++ )
    {
        w->w[0] = HOST_READ_ONCE(e[0]);
        if ( FIELD_GET(AMDVI_EVT_CODE, w->w[0]) )
        {
            host_rmb();
            w->w[0] = HOST_READ_ONCE(e[0]);
            w->w[1] = HOST_READ_ONCE(e[1]);
            return true;
        }
        host_relax();
    }
    return false;
}

/* A device TLB did not answer, or may not have: see check_iotlb(). */
static void iotlb_failed_locked(struct amdvi_unit *a)
{
    /* Whoever suffered from an earlier failure may not have asked yet. */
    if ( !a->iotlb_failed )
        a->iotlb_from = a->iotlb_good;
    a->iotlb_failed = true;
    a->iotlb_bad = HOST_READ_ONCE(a->queue.seq);
}

static void scan_locked(struct amdvi_unit *a, unsigned int tail)
{
    struct amdvi_words w;

    while ( a->evt.scan != tail && log_read(&a->evt, a->evt.scan, &w) )
    {
        switch ( FIELD_GET(AMDVI_EVT_CODE, w.w[0]) )
        {
        case AMDVI_EVT_ILLEGAL_CMD:
        case AMDVI_EVT_CMD_HW_ERROR:
            HOST_WRITE_ONCE(a->bad_cmd, w.w[1] & AMDVI_EVT_CMD_ADDR);
            break;

        case AMDVI_EVT_IOTLB_TIMEOUT:
            iotlb_failed_locked(a);
            break;
        }
        a->evt.scan = (a->evt.scan + 1) & (LOG_ENTRIES - 1);
    }
}

/* Take the entry at the head. */
static void log_advance(struct amdvi_unit *a, struct amdvi_log *l,
                        struct amdvi_reg head)
{
    host_store64(&l->va[(size_t)l->head * 2], 0);
    l->head = (l->head + 1) & (LOG_ENTRIES - 1);
    amdvi_write(a, head, FIELD_PREP(AMDVI_RING_PTR, l->head));
}

static unsigned int take_events(struct amdvi_unit *a, struct moat_fault *f,
                                unsigned int max)
{
    unsigned int n = 0, tail = log_tail(a, AMDVI_REG_EVT_TAIL);
    struct amdvi_words w;

    scan_locked(a, tail);
    /* Only what was looked at: nothing about commands goes unnoticed. */
    while ( n < max && a->evt.head != a->evt.scan )
    {
        if ( !log_read(&a->evt, a->evt.head, &w) )
            break;
        amdvi_event_decode(&w, a->unit.segment, &f[n++]);
        log_advance(a, &a->evt, AMDVI_REG_EVT_HEAD);
    }
    return n;
}

/*
 * 2.6: no device is allowed page requests, so none should come; what does is
 * reported. The device gets no answer, as it would not from anyone else.
 */
static unsigned int take_requests(struct amdvi_unit *a, struct moat_fault *f,
                                  unsigned int max)
{
    unsigned int n = 0, tail = log_tail(a, AMDVI_REG_PPR_TAIL);
    struct amdvi_words w;

    while ( n < max && a->ppr.head != tail &&
            log_read(&a->ppr, a->ppr.head, &w) )
    {
        f[n].source = ((moat_sbdf_t)a->unit.segment << 16) |
                      (uint16_t)(w.w[0] & AMDVI_EVT_ID);
        f[n].access = MOAT_ACCESS_TRANSLATE;
        f[n].addr = w.w[1] & MOAT_PAGE_MASK;
        f[n].code = (unsigned int)FIELD_GET(AMDVI_EVT_CODE, w.w[0]);
        f[n].reason = "it asks for a page, which nobody serves";
        n++;
        log_advance(a, &a->ppr, AMDVI_REG_PPR_HEAD);
    }
    return n;
}

/*
 * A full log stops (3.4.14): once it is drained it is switched off, the
 * overflow cleared, and switched on again. @run must have gone to 0, which
 * it did before the overflow could be read, or will at once.
 */
static void log_restart(struct amdvi_unit *a, uint64_t overflow,
                        uint64_t run, uint64_t en)
{
    unsigned int tries = ARRIVE_TRIES;

    while ( (amdvi_read(a, AMDVI_REG_STATUS) & run) && --tries )
        host_relax();
    amdvi_ctrl_locked(a, en, 0);
    amdvi_write(a, AMDVI_REG_STATUS, overflow);
    amdvi_ctrl_locked(a, en, en);
}

void amdvi_log_scan(struct amdvi_unit *a)
{
    unsigned long flags = host_lock_irqsave(&a->reg_lock);

    scan_locked(a, log_tail(a, AMDVI_REG_EVT_TAIL));
    if ( HOST_READ_ONCE(a->iotlb_used) &&
         (amdvi_read(a, AMDVI_REG_STATUS) & AMDVI_STS_EVT_OVERFLOW) )
    {
        /*
         * What the log had no room for may have been about a device TLB, and
         * until it works again no answer can be had. Other events are lost.
         */
        iotlb_failed_locked(a);
        while ( a->evt.head != a->evt.scan )
            log_advance(a, &a->evt, AMDVI_REG_EVT_HEAD);
        a->evt_lost = true;
        log_restart(a, AMDVI_STS_EVT_OVERFLOW, AMDVI_STS_EVT_RUN,
                    AMDVI_CTRL_EVT_LOG_EN);
    }
    host_unlock_irqrestore(&a->reg_lock, flags);
}

static unsigned int take_locked(struct amdvi_unit *a, struct moat_fault *f,
                                unsigned int max, bool *overflow)
{
    unsigned int n = 0, again;
    uint64_t sts;

    for ( again = 0; again < AGAIN_MAX; again++ )
    {
        amdvi_write(a, AMDVI_REG_STATUS,
                    AMDVI_STS_EVT_INT | AMDVI_STS_PPR_INT);
        n += take_events(a, f + n, max - n);
        if ( a->ppr.va )
            n += take_requests(a, f + n, max - n);

        sts = amdvi_read(a, AMDVI_REG_STATUS);
        if ( n == max || sts == ~(uint64_t)0 )
            return n;
        if ( sts & AMDVI_STS_EVT_OVERFLOW )
        {
            *overflow = true;
            if ( HOST_READ_ONCE(a->iotlb_used) )
                iotlb_failed_locked(a);
            log_restart(a, AMDVI_STS_EVT_OVERFLOW, AMDVI_STS_EVT_RUN,
                        AMDVI_CTRL_EVT_LOG_EN);
        }
        if ( a->ppr.va && (sts & AMDVI_STS_PPR_OVERFLOW) )
        {
            *overflow = true;
            log_restart(a, AMDVI_STS_PPR_OVERFLOW, AMDVI_STS_PPR_RUN,
                        AMDVI_CTRL_PPR_LOG_EN);
        }
        if ( !(sts & (AMDVI_STS_EVT_INT | AMDVI_STS_PPR_INT)) )
            break;
    }
    return n;
}

unsigned int cf_check amdvi_faults_take(struct moat_unit *u,
                                        struct moat_fault *f,
                                        unsigned int max, bool *overflow)
{
    struct amdvi_unit *a = to_amdvi(u);
    unsigned long flags;
    unsigned int n = 0;

    flags = host_lock_irqsave(&a->reg_lock);
    if ( a->on && max )
        n = take_locked(a, f, max, overflow);
    *overflow |= a->evt_lost;
    a->evt_lost = false;
    host_unlock_irqrestore(&a->reg_lock, flags);
    return n;
}
