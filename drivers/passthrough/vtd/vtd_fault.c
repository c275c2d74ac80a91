/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fault log of a unit, and its message interrupt. VT-d specification
 * (rev. 4.1) 7.1 (reasons), 7.2 (primary logging), 7.3, 11.4.7.
 */
#include "vtd_unit.h"

static const char *const dma_reasons[] = {
    [0x01] = "root entry not present",
    [0x02] = "context entry not present",
    [0x03] = "context entry invalid",
    [0x04] = "address beyond the table's or the unit's width",
    [0x05] = "no permission to write",
    [0x06] = "no permission to read",
    [0x07] = "page table entry could not be read",
    [0x08] = "root table could not be read",
    [0x09] = "context table could not be read",
    [0x0a] = "reserved bits set in root entry",
    [0x0b] = "reserved bits set in context entry",
    [0x0c] = "reserved bits set in page table entry",
    [0x0d] = "translation request or translated address not allowed by "
             "context entry",
    [0x0e] = "address leads into the interrupt range",
};

static const char *const intr_reasons[] = {
    [0x00] = "interrupt request with reserved bits set",
    [0x01] = "interrupt index beyond the remapping table",
    [0x02] = "interrupt entry not present",
    [0x03] = "interrupt entry could not be read",
    [0x04] = "reserved bits set in interrupt entry",
    [0x05] = "interrupt request in compatibility format",
    [0x06] = "interrupt request from a source the entry does not allow",
    [0x07] = "posted-interrupt descriptor could not be accessed",
    [0x08] = "reserved bits set in posted-interrupt descriptor",
};

static const struct { uint8_t code; const char *words; } scalable_reasons[] = {
    { 0x30, "scalable-mode root table address could not be read" },
    { 0x31, "translation table mode does not allow a request with PASID" },
    { 0x32, "translation table mode does not allow a page request" },
    { 0x38, "scalable-mode root entry could not be read" },
    { 0x39, "scalable-mode root entry not present" },
    { 0x3a, "reserved bits set in scalable-mode root entry" },
    { 0x40, "scalable-mode context entry could not be read" },
    { 0x41, "scalable-mode context entry not present" },
    { 0x42, "reserved bits set in scalable-mode context entry" },
    { 0x43, "scalable-mode context entry invalid" },
    { 0x44, "device TLB not enabled in context entry" },
    { 0x45, "PASID not enabled in context entry" },
    { 0x46, "PASID beyond the directory of the context entry" },
    { 0x47, "page requests not enabled in context entry" },
    { 0x48, "wrong PASID for requests without PASID in context entry" },
    { 0x50, "PASID directory entry could not be read" },
    { 0x51, "PASID directory entry not present" },
    { 0x52, "reserved bits set in PASID directory entry" },
    { 0x58, "PASID table entry could not be read" },
    { 0x59, "PASID table entry not present" },
    { 0x5a, "reserved bits set in PASID table entry" },
    { 0x5b, "PASID table entry invalid" },
    { 0x5c, "execute requests not enabled in PASID table entry" },
    { 0x5d, "supervisor requests not enabled in PASID table entry" },
    { 0x70, "first-stage entry could not be read" },
    { 0x71, "first-stage entry not present" },
    { 0x72, "reserved bits set in first-stage entry" },
    { 0x73, "top first-stage entry could not be read" },
    { 0x74, "first-stage table address beyond the unit's width" },
    { 0x75, "no permission to read top first-stage entry" },
    { 0x76, "no permission to read first-stage entry" },
    { 0x77, "no permission to write first-stage entry" },
    { 0x78, "second-stage entry could not be read" },
    { 0x79, "second-stage entry without permission" },
    { 0x7a, "reserved bits set in second-stage entry" },
    { 0x7b, "second-stage table address could not be used" },
    { 0x7c, "accessed/dirty update of second-stage entry not coherent" },
    { 0x80, "first-stage address not canonical" },
    { 0x81, "supervisor page, user request" },
    { 0x82, "no permission to execute" },
    { 0x83, "address beyond the unit's width" },
    { 0x84, "address beyond the second-stage table" },
    { 0x85, "no permission to write" },
    { 0x86, "no permission to read" },
    { 0x87, "address leads into the interrupt range" },
    { 0x90, "accessed/dirty update of first-stage entry not coherent" },
};

#define INTR_FIRST  0x20u

const char *vtd_fault_reason(unsigned int code)
{
    unsigned int i;

    if ( code < ARRAY_SIZE(dma_reasons) && dma_reasons[code] )
        return dma_reasons[code];
    if ( code >= INTR_FIRST && code - INTR_FIRST < ARRAY_SIZE(intr_reasons) )
        return intr_reasons[code - INTR_FIRST];
    for ( i = 0; i < ARRAY_SIZE(scalable_reasons); i++ )
        if ( scalable_reasons[i].code == code )
            return scalable_reasons[i].words;
    return "reason unknown to this driver";
}

static enum moat_access access_of(uint64_t hi, unsigned int code)
{
    if ( code >= INTR_FIRST && code < 0x30 )
        return MOAT_ACCESS_INTERRUPT;
    /* AT 1: a translation request, whatever it wants to do. */
    if ( FIELD_GET(VTD_FRCD_HI_AT, hi) == 1 )
        return MOAT_ACCESS_TRANSLATE;
    /* T1, T2: write 00, page request 01, read 10, atomic 11. */
    switch ( (hi & VTD_FRCD_HI_T1 ? 2 : 0) | (hi & VTD_FRCD_HI_T2 ? 1 : 0) )
    {
    case 0:  return MOAT_ACCESS_WRITE;
    case 1:  return MOAT_ACCESS_TRANSLATE;
    case 2:  return MOAT_ACCESS_READ;
    default: return MOAT_ACCESS_ATOMIC;
    }
}

void vtd_fault_decode(const struct vtd_words *rec, uint16_t segment,
                      struct moat_fault *f)
{
    f->code = (unsigned int)FIELD_GET(VTD_FRCD_HI_FR, rec->w[1]);
    f->reason = vtd_fault_reason(f->code);
    f->source = ((moat_sbdf_t)segment << 16) |
                (moat_sbdf_t)FIELD_GET(VTD_FRCD_HI_SID, rec->w[1]);
    f->access = access_of(rec->w[1], f->code);
    f->addr = f->access == MOAT_ACCESS_INTERRUPT
              ? FIELD_GET(VTD_FRCD_FI_INDEX, rec->w[0])
              : rec->w[0] & VTD_FRCD_FI;
}

/*
 * Read record @i and make room for the next; false: it is empty. The lock:
 * of two that read the same record, the second to clear it might clear what
 * nobody has read.
 */
static bool take_record(struct vtd_unit *v, unsigned int i,
                        struct vtd_words *rec)
{
    unsigned int off = vtd_fault_off(v, i);
    unsigned long flags = host_lock_irqsave(&v->reg_lock);
    bool full;

    rec->w[1] = vtd_read64(v, VTD_R64(off + 8));
    full = rec->w[1] & VTD_FRCD_HI_F;
    if ( full )
    {
        /* Everything else in it is fixed as long as F is set. */
        rec->w[0] = vtd_read64(v, VTD_R64(off));
        vtd_write32(v, VTD_R32(off + 12), VTD_FRCD_TOP_F);
    }
    host_unlock_irqrestore(&v->reg_lock, flags);
    return full;
}

/*
 * Errors of the queue that no waiter has seen yet, and late completions.
 * Without a queue the bits are only cleared.
 */
static void queue_errors(struct vtd_unit *v, uint32_t fsts)
{
    if ( !(fsts & VTD_FSTS_QUEUE) )
        return;

    if ( v->queue_on && (fsts & (VTD_FSTS_IQE | VTD_FSTS_ITE)) )
        (void)cmdq_poll(&v->queue);
    else
        vtd_write32(v, VTD_REG_FSTS, fsts & VTD_FSTS_QUEUE);
    if ( fsts & VTD_FSTS_ICE )
    {
        if ( host_log_ratelimit() )
            host_log_err("VT-d unit %#"PRIx64": invalidation completion that "
                         "was not asked for, record %#"PRIx64,
                         v->unit.reg_pa, vtd_read64(v, VTD_REG_IQERCD));
        vtd_write32(v, VTD_REG_FSTS, VTD_FSTS_ICE);
    }
}

/*
 * 7.2.1: records are filled in a circle; FRI names the one that was filled
 * when none was pending. PPF is the union of all F bits: while it is set
 * after a run from FRI, records are pending elsewhere: all are looked at.
 */
unsigned int cf_check vtd_faults_take(struct moat_unit *u,
                                      struct moat_fault *f, unsigned int max,
                                      bool *overflow)
{
    struct vtd_unit *v = to_vtd(u);
    unsigned int n_rec, i, seen, n = 0;
    uint32_t fsts;
    bool all = false;

    if ( !v->mmio )
        return 0;
    fsts = vtd_read32(v, VTD_REG_FSTS);
    if ( fsts == ~(uint32_t)0 )
        return 0;

    queue_errors(v, fsts);
    n_rec = vtd_n_faults(v);

    while ( (fsts & VTD_FSTS_PPF) && n < max )
    {
        i = v->fault_next < n_rec
            ? v->fault_next
            : (unsigned int)FIELD_GET(VTD_FSTS_FRI, fsts) % n_rec;

        for ( seen = 0; seen < n_rec && n < max; seen++ )
        {
            struct vtd_words rec;

            if ( take_record(v, i, &rec) )
                vtd_fault_decode(&rec, u->segment, &f[n++]);
            else if ( !all )
                break;
            i = i + 1 == n_rec ? 0 : i + 1;
        }
        /* The next call goes on here, if this one had to stop. */
        v->fault_next = n == max ? i : ~0u;
        fsts = vtd_read32(v, VTD_REG_FSTS);
        /* Looked at every record, and none had F: nothing to take. */
        if ( all && seen == n_rec && n < max )
            break;
        all = true;
    }

    /* 7.2.1: only then, or the records it counts against are still full. */
    if ( fsts & VTD_FSTS_PFO )
    {
        *overflow = true;
        vtd_write32(v, VTD_REG_FSTS, VTD_FSTS_PFO);
    }
    return n;
}

void vtd_faults_discard(struct vtd_unit *v)
{
    unsigned int i, n = vtd_n_faults(v);
    struct vtd_words rec;

    for ( i = 0; i < n; i++ )
        (void)take_record(v, i, &rec);
    vtd_write32(v, VTD_REG_FSTS, VTD_FSTS_PFO | VTD_FSTS_QUEUE);
    v->fault_next = ~0u;
}

void cf_check vtd_irq_message(struct moat_unit *u,
                              const struct moat_msi_msg *m)
{
    struct vtd_unit *v = to_vtd(u);

    v->irq_msg = *m;
    if ( !v->mmio )
        return;
    vtd_write32(v, VTD_REG_FEDATA, m->data);
    vtd_write32(v, VTD_REG_FEADDR, m->addr_lo);
    vtd_write32(v, VTD_REG_FEUADDR, m->addr_hi);
}

void cf_check vtd_irq_mask(struct moat_unit *u, bool mask)
{
    struct vtd_unit *v = to_vtd(u);

    v->irq_masked = mask;
    if ( !v->mmio )
        return;
    vtd_write32(v, VTD_REG_FECTL, mask ? VTD_FECTL_IM : 0);
    /* 11.4.7.2: read back, so that it has reached the unit. */
    (void)vtd_read32(v, VTD_REG_FECTL);
}

void cf_check vtd_irq_quiesce(struct moat_unit *u)
{
    vtd_irq_mask(u, true);
}
