/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A unit's registers: probing, the global command protocol, bring-up and
 * its undoing. VT-d specification (rev. 4.1) 11.4, 3.4, 6.6, 6.8.
 *
 * Order of bring-up: what firmware left on goes off; queue; interrupt
 * remapping; root table pointer, then global invalidation of context cache
 * and IOTLB, then translation; protected memory last, so that memory that
 * firmware protected is not open before translation covers it.
 */
#include "vtd_unit.h"

int vtd_wait32(const struct vtd_unit *v, struct vtd_reg32 r, uint32_t mask,
               uint32_t want)
{
    uint64_t start = host_now_ns();
    uint64_t limit = platform_timeout_ns(v->unit.platform);

    for ( ; ; )
    {
        bool late = host_now_ns() - start >= limit;
        uint32_t val = vtd_read32(v, r);

        if ( val == ~(uint32_t)0 )
            return -EIO;
        if ( (val & mask) == want )
            return 0;
        if ( late )
            return -ETIMEDOUT;
        host_relax();
    }
}

int vtd_wait64(const struct vtd_unit *v, struct vtd_reg64 r, uint64_t mask,
               uint64_t want)
{
    uint64_t start = host_now_ns();
    uint64_t limit = platform_timeout_ns(v->unit.platform);

    for ( ; ; )
    {
        bool late = host_now_ns() - start >= limit;
        uint64_t val = vtd_read64(v, r);

        if ( val == ~(uint64_t)0 )
            return -EIO;
        if ( (val & mask) == want )
            return 0;
        if ( late )
            return -ETIMEDOUT;
        host_relax();
    }
}

static const char *gcmd_name(uint32_t bit)
{
    switch ( bit )
    {
    case VTD_GCMD_TE:    return "translation";
    case VTD_GCMD_SRTP:  return "root table pointer";
    case VTD_GCMD_WBF:   return "write-buffer flush";
    case VTD_GCMD_QIE:   return "queued invalidation";
    case VTD_GCMD_IRE:   return "interrupt remapping";
    case VTD_GCMD_SIRTP: return "interrupt table pointer";
    case VTD_GCMD_CFI:   return "compatibility-format interrupts";
    default:             return "command";
    }
}

int vtd_gcmd_unlocked(struct vtd_unit *v, uint32_t bit, bool set)
{
    uint32_t cmd, want = set ? bit : 0;
    int rc;

    if ( !v->mmio )
        return -ENODEV;

    /* One-shot bits must not be written back: they would start again. */
    cmd = vtd_read32(v, VTD_REG_GSTS) & VTD_GCMD_LASTING;
    vtd_write32(v, VTD_REG_GCMD, set ? cmd | bit : cmd & ~bit);

    /* WBFS is set while the flush goes on; all others confirm. */
    if ( bit == VTD_GCMD_WBF )
        want = 0;
    rc = vtd_wait32(v, VTD_REG_GSTS, bit, want);
    if ( rc )
        host_log_err("VT-d unit %#"PRIx64": %s %s: %s", v->unit.reg_pa,
                     gcmd_name(bit), set ? "on" : "off",
                     rc == -EIO ? "registers read all ones" : "no answer");
    return rc;
}

int vtd_gcmd(struct vtd_unit *v, uint32_t bit, bool set)
{
    unsigned long flags = host_lock_irqsave(&v->reg_lock);
    int rc = vtd_gcmd_unlocked(v, bit, set);

    host_unlock_irqrestore(&v->reg_lock, flags);
    return rc;
}

/* Protected memory regions off: 11.4.8.1. */
static int pmen_off(struct vtd_unit *v)
{
    int rc;

    if ( !(v->cap & (VTD_CAP_PLMR | VTD_CAP_PHMR)) )
        return 0;

    vtd_write32(v, VTD_REG_PMEN,
                vtd_read32(v, VTD_REG_PMEN) & ~VTD_PMEN_EPM);
    rc = vtd_wait32(v, VTD_REG_PMEN, VTD_PMEN_PRS, 0);
    if ( rc )
        host_log_err("VT-d unit %#"PRIx64": protected memory stays on",
                     v->unit.reg_pa);
    return rc;
}

int vtd_all_off(struct vtd_unit *v)
{
    static const uint32_t order[] = { VTD_GCMD_TE, VTD_GCMD_IRE,
                                      VTD_GCMD_CFI, VTD_GCMD_QIE };
    unsigned int i;
    int rc = 0;

    if ( !v->mmio )
        return -ENODEV;

    for ( i = 0; i < ARRAY_SIZE(order); i++ )
        if ( vtd_read32(v, VTD_REG_GSTS) & order[i] )
        {
            int err = vtd_gcmd_unlocked(v, order[i], false);

            rc = rc ?: err;
        }
    return rc;
}

int vtd_quiesce(struct vtd_unit *v)
{
    uint32_t gsts;
    int rc;

    if ( !v->mmio )
        return -ENODEV;
    if ( v->quiesced )
        return 0;

    gsts = vtd_read32(v, VTD_REG_GSTS);
    if ( gsts & (VTD_GCMD_TE | VTD_GCMD_IRE | VTD_GCMD_QIE) )
        host_log_info("VT-d unit %#"PRIx64": was left on (status %#x), "
                      "switching it off first", v->unit.reg_pa, gsts);
    rc = vtd_all_off(v);
    if ( rc )
        return rc;

    vtd_irq_mask(&v->unit, true);
    vtd_faults_discard(v);
    v->quiesced = true;
    v->queue_stuck = false;
    return 0;
}

static int fail_probe(const struct vtd_unit *v, const char *what,
                      uint64_t val)
{
    host_log_err("VT-d unit %#"PRIx64": %s (%#"PRIx64"): unit not used",
                 v->unit.reg_pa, what, val);
    return -ENODEV;
}

static void fill_caps(struct vtd_unit *v, const struct moat_options *opts)
{
    struct hw_caps *c = &v->unit.caps;
    unsigned int sagaw = (unsigned int)FIELD_GET(VTD_CAP_SAGAW, v->cap);
    unsigned int sps = (unsigned int)FIELD_GET(VTD_CAP_SLLPS, v->cap);
    unsigned int mgaw = (unsigned int)FIELD_GET(VTD_CAP_MGAW, v->cap) + 1;
    unsigned int width;

    c->levels = (sagaw << 2) & ((1u << 3) | (1u << 4) | (1u << 5));
    width = MOAT_PAGE_SHIFT + 9 * log2_floor(c->levels);
    c->iova_bits = mgaw < width ? mgaw : width;
    c->leaf_levels = 1u << 1;
    if ( opts->superpages )
        c->leaf_levels |= (sps << 2) & ((1u << 2) | (1u << 3));
    c->did_bits = 4 + 2 * (unsigned int)FIELD_GET(VTD_CAP_ND, v->cap);
    /* 6.1: with caching mode, absent entries are cached under id 0. */
    c->did_reserved = v->cap & VTD_CAP_CM ? 1 : 0;
    v->wbf = v->cap & VTD_CAP_RWBF;

    c->coherent = v->ecap & VTD_ECAP_C;
    c->snoop = (v->ecap & VTD_ECAP_SC) && opts->snoop;
    c->passthrough = v->ecap & VTD_ECAP_PT;
    c->queue = (v->ecap & VTD_ECAP_QI) && opts->qinval;
    c->devtlb = (v->ecap & VTD_ECAP_DT) && c->queue && opts->ats;
    c->intremap = (v->ecap & VTD_ECAP_IR) && c->queue;
    c->x2apic = c->intremap && (v->ecap & VTD_ECAP_EIM);
    c->posted = c->intremap && (v->cap & VTD_CAP_PI);
    c->intr_entries = c->intremap ? VTD_INTR_ENTRIES : 0;
    c->flush_absent = v->cap & VTD_CAP_CM;

    vtd_quirks_unit(v);
    c->flush_added = c->flush_absent || v->wbf;
}

/* Registers that capability fields place must lie behind the fixed ones. */
static int check_layout(struct vtd_unit *v, uint64_t *size)
{
    uint64_t iro = FIELD_GET(VTD_ECAP_IRO, v->ecap) * 16;
    uint64_t fro = FIELD_GET(VTD_CAP_FRO, v->cap) * 16;
    uint64_t end = max_u64(iro + 16, fro + 16 * (uint64_t)vtd_n_faults(v));

    if ( iro < VTD_REG_FIXED_END )
        return fail_probe(v, "IOTLB registers overlap others: ECAP", v->ecap);
    if ( fro < VTD_REG_FIXED_END )
        return fail_probe(v, "fault records overlap others: CAP", v->cap);
    *size = max_u64(*size, (end + MOAT_PAGE_SIZE - 1) & MOAT_PAGE_MASK);
    return 0;
}

static int map_registers(struct vtd_unit *v, uint64_t size)
{
    v->mmio = host_mmio_map(v->unit.reg_pa, size);
    v->mmio_size = size;
    return v->mmio ? 0 : fail_probe(v, "cannot map the registers, size",
                                    size);
}

static int check_registers(struct vtd_unit *v, uint64_t *size)
{
    unsigned int sagaw;
    int rc;

    v->ver = vtd_read32(v, VTD_REG_VER);
    v->cap = vtd_read64(v, VTD_REG_CAP);
    v->ecap = vtd_read64(v, VTD_REG_ECAP);

    if ( v->ver == ~(uint32_t)0 || v->cap == ~(uint64_t)0 ||
         v->ecap == ~(uint64_t)0 )
        return fail_probe(v, "no unit there: registers read all ones",
                          v->cap);
    if ( !FIELD_GET(VTD_VER_MAX, v->ver) || !v->cap )
        return fail_probe(v, "no unit there: version register", v->ver);

    sagaw = (unsigned int)FIELD_GET(VTD_CAP_SAGAW, v->cap);
    if ( !(sagaw & 0xe) )
        return fail_probe(v, "no table depth of 3 to 5 levels: CAP", v->cap);
    if ( FIELD_GET(VTD_CAP_ND, v->cap) == 7 )
        return fail_probe(v, "reserved number of domain ids: CAP", v->cap);
    if ( FIELD_GET(VTD_CAP_MGAW, v->cap) + 1 < 30 )
        return fail_probe(v, "address width below 30 bits: CAP", v->cap);

    rc = check_layout(v, size);
    if ( rc )
        return rc;
    if ( vtd_read32(v, VTD_REG_GSTS) == ~(uint32_t)0 )
        return fail_probe(v, "status register reads all ones; CAP", v->cap);
    return 0;
}

int vtd_probe(struct vtd_unit *v, uint64_t size,
              const struct moat_options *opts)
{
    uint64_t needed = size = max_u64(size, MOAT_PAGE_SIZE);
    int rc;

    host_lock_init(&v->reg_lock, MOAT_RANK_REGS);
    v->irq_masked = true;

    rc = map_registers(v, size);
    if ( !rc )
        rc = check_registers(v, &needed);
    if ( !rc && needed > size )
    {
        host_mmio_unmap(v->mmio);
        rc = map_registers(v, needed);
    }
    if ( rc )
    {
        if ( v->mmio )
            host_mmio_unmap(v->mmio);
        v->mmio = NULL;
        return rc;
    }

    fill_caps(v, opts);
    return 0;
}

int cf_check vtd_start_queue(struct moat_unit *u)
{
    struct vtd_unit *v = to_vtd(u);
    unsigned long flags;
    int rc = vtd_quiesce(v);

    if ( rc || v->queue_on || !u->caps.queue )
        return rc;

    if ( !v->queue_ready )
    {
        /* 6.5.2: the queue and what it writes are always snooped. */
        v->timeout_ns = platform_timeout_ns(u->platform);
        rc = cmdq_init(&v->queue, &vtd_queue_hooks, v, VTD_QUEUE_ENTRIES,
                       u->node, MOAT_RANK_RING);
        if ( rc )
            return rc;
        v->queue_ready = true;
    }

    flags = host_lock_irqsave(&v->reg_lock);
    rc = vtd_queue_enable(v);
    if ( !rc )
    {
        /* A queue that does not carry out a lone marker is none. */
        rc = vtd_queue_try(v);
        if ( rc && vtd_queue_disable(v) )
            rc = -EIO;
    }
    host_unlock_irqrestore(&v->reg_lock, flags);
    if ( rc )
    {
        /* Register-based invalidation still works; what needs a queue not. */
        host_log_err("VT-d unit %#"PRIx64": queued invalidation does not "
                     "start: no interrupt remapping, no ATS", u->reg_pa);
        u->caps.queue = u->caps.intremap = u->caps.x2apic = false;
        u->caps.posted = u->caps.devtlb = false;
    }
    return rc == -EIO ? rc : 0;
}

void cf_check vtd_stop_queue(struct moat_unit *u)
{
    struct vtd_unit *v = to_vtd(u);
    unsigned long flags;

    if ( !v->mmio || !v->queue_on )
        return;

    flags = host_lock_irqsave(&v->reg_lock);
    if ( vtd_queue_disable(v) )
        host_log_warn("VT-d unit %#"PRIx64": its queue stays allocated",
                      u->reg_pa);
    host_unlock_irqrestore(&v->reg_lock, flags);
}

int cf_check vtd_setup(struct moat_unit *u)
{
    struct vtd_unit *v = to_vtd(u);
    int rc = vtd_quiesce(v);

    return rc ?: vtd_root_alloc(v);
}

int cf_check vtd_enable_dma(struct moat_unit *u)
{
    struct vtd_unit *v = to_vtd(u);
    int rc;

    if ( !v->mmio || !v->root )
        return -ENODEV;

    rc = vtd_write_buffer_flush(v);
    if ( rc )
        return rc;

    /* 6.6: set the pointer, forget what is cached, then translate. */
    vtd_write64(v, VTD_REG_RTADDR, v->root_pa);
    rc = vtd_gcmd(v, VTD_GCMD_SRTP, true);
    if ( !rc )
        rc = vtd_flush_everything(v);
    if ( !rc )
        rc = vtd_gcmd(v, VTD_GCMD_TE, true);
    if ( rc )
        return rc;

    v->dma_on = true;
    /* Regions that stay protected fail safe: DMA there is refused. */
    if ( pmen_off(v) )
        host_log_warn("VT-d unit %#"PRIx64": DMA to them will fail",
                      u->reg_pa);
    return 0;
}

void cf_check vtd_disable_dma(struct moat_unit *u)
{
    struct vtd_unit *v = to_vtd(u);

    if ( v->mmio && v->dma_on && !vtd_gcmd(v, VTD_GCMD_TE, false) )
        v->dma_on = false;
}

static void free_ats(struct vtd_unit *v)
{
    while ( v->ats )
    {
        struct vtd_scope_ref *next = v->ats->next;

        host_free(v->ats);
        v->ats = next;
    }
}

void cf_check vtd_release(struct moat_unit *u)
{
    struct vtd_unit *v = to_vtd(u);

    /* A unit that cannot be stopped keeps what it may still be reading. */
    if ( v->mmio && v->quiesced && vtd_all_off(v) )
        host_log_err("VT-d unit %#"PRIx64": cannot be stopped, its tables "
                     "stay allocated", u->reg_pa);
    else
    {
        if ( v->queue_ready )
            cmdq_fini(&v->queue);
        vtd_root_free(v);
        vtd_irt_free(v);
    }

    free_ats(v);
    vtd_quirks_release(v);
    if ( v->mmio )
        host_mmio_unmap(v->mmio);
    host_free(v);
}
