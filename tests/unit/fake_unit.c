/* SPDX-License-Identifier: GPL-2.0-only */
/* The unit in memory. */
#include "fake_unit.h"

struct fake_unit *fake[FAKE_MAX];
int (*fake_scan_more)(struct moat_platform *p);

static struct fake_unit *to_fake(const struct moat_unit *u)
{
    return (struct fake_unit *)u;
}

static bool countdown(unsigned long *n)
{
    return *n && !--*n;
}

/* ---- Translation: VT-d second stage, by hand ---- */

static int walk(const struct hw_entry *e, uint64_t iova, uint64_t *pa,
                unsigned int *prot)
{
    uint64_t table = e->root, w;
    unsigned int level, shift;

    *prot = 3;
    if ( iova >> (12 + 9 * e->levels) )
        return -EFAULT;
    for ( level = e->levels; ; level-- )
    {
        if ( sim_page_state(table) != SIM_PAGE_TABLE &&
             sim_page_state(table) != SIM_PAGE_LISTED )
            test_fail(__FILE__, __LINE__, "hardware walks %#" PRIx64
                      " at level %u, which is no table page", table, level);
        shift = 12 + 9 * (level - 1);
        w = sim_hw_read64(table + 8 * ((iova >> shift) & 511));
        *prot &= (unsigned int)w & 3;
        if ( !(w & 3) )
            return -EFAULT;
        table = w & 0x000ffffffffff000ull;
        if ( level == 1 || (w & 0x80) )
            break;
    }
    *pa = (table & ~((1ull << shift) - 1)) | (iova & ((1ull << shift) - 1));
    return 0;
}

static struct fake_tlb *tlb_find(struct fake_unit *u, bool dev, uint16_t did,
                                 uint16_t rid, uint64_t iova)
{
    unsigned int i;

    for ( i = 0; i < FAKE_TLB; i++ )
    {
        struct fake_tlb *t = &u->tlb[i];

        if ( t->valid && t->dev == dev && t->iova == (iova & ~0xfffull) &&
             (dev ? t->rid == rid : t->did == did) )
            return t;
    }
    return NULL;
}

static void tlb_add(struct fake_unit *u, bool dev, uint16_t did, uint16_t rid,
                    uint64_t iova, uint64_t pa, unsigned int prot)
{
    struct fake_tlb *t = tlb_find(u, dev, did, rid, iova);
    unsigned int i;

    for ( i = 0; !t && i < FAKE_TLB; i++ )
        if ( !u->tlb[(u->tlb_next + i) % FAKE_TLB].valid )
            t = &u->tlb[(u->tlb_next + i) % FAKE_TLB];
    if ( !t )
        t = &u->tlb[u->tlb_next++ % FAKE_TLB];
    t->valid = true;
    t->dev = dev;
    t->did = did;
    t->rid = rid;
    t->iova = iova & ~0xfffull;
    t->pa = pa & ~0xfffull;
    t->prot = prot;
}

static int through(struct fake_unit *u, const struct hw_entry *e,
                   uint64_t iova, unsigned int access, uint64_t *pa,
                   bool cached, bool fill)
{
    struct fake_tlb *t;
    unsigned int prot;
    int rc;

    if ( e->kind == HW_ENTRY_NONE )
        return -EFAULT;
    if ( e->kind == HW_ENTRY_PASSTHROUGH )
    {
        *pa = iova;
        return 0;
    }
    t = cached ? tlb_find(u, false, e->did, 0, iova) : NULL;
    if ( t )
    {
        *pa = t->pa | (iova & 0xfff);
        prot = t->prot;
    }
    else
    {
        rc = walk(e, iova, pa, &prot);
        if ( rc )
            return rc;
        if ( fill )
            tlb_add(u, false, e->did, 0, iova, *pa, prot);
    }
    return (prot & access) == access ? 0 : -EFAULT;
}

int fake_dma(struct fake_unit *u, uint16_t rid, uint64_t iova,
             unsigned int access, uint64_t *pa)
{
    *pa = iova;
    if ( !u->dma )
        return 0;
    if ( !u->ctx[rid].valid &&
         (u->mem[rid].kind != HW_ENTRY_NONE || u->unit.caps.flush_absent) )
    {
        u->ctx[rid].valid = true;
        u->ctx[rid].e = u->mem[rid];
    }
    if ( u->ctx[rid].valid )
        return through(u, &u->ctx[rid].e, iova, access, pa, true, true);
    return -EFAULT;
}

int fake_dma_ats(struct fake_unit *u, uint16_t rid, uint64_t iova,
                 unsigned int access, uint64_t *pa)
{
    struct fake_tlb *t = tlb_find(u, true, 0, rid, iova);
    int rc;

    if ( t )
    {
        *pa = t->pa | (iova & 0xfff);
        return 0;
    }
    rc = fake_dma(u, rid, iova, access, pa);
    if ( !rc && u->dma && u->ctx[rid].e.devtlb )
        tlb_add(u, true, 0, rid, iova, *pa, 3);
    return rc;
}

void fake_outcomes(struct fake_unit *u, uint16_t rid, uint64_t iova,
                   unsigned int access,
                   void (*fn)(void *arg, int rc, uint64_t pa), void *arg)
{
    const struct hw_entry *e[2];
    const struct fake_tlb *t = tlb_find(u, true, 0, rid, iova);
    unsigned int i, n = 0;
    uint64_t pa = iova;
    int rc;

    if ( !u->dma )
    {
        fn(arg, 0, iova);
        return;
    }
    if ( t )
        fn(arg, 0, t->pa | (iova & 0xfff));
    e[n++] = &u->mem[rid];
    if ( u->ctx[rid].valid )
        e[n++] = &u->ctx[rid].e;
    for ( i = 0; i < n; i++ )
    {
        rc = through(u, e[i], iova, access, &pa, false, false);
        fn(arg, rc, pa);
        rc = through(u, e[i], iova, access, &pa, true, false);
        fn(arg, rc, pa);
    }
}

int fake_interrupt(struct fake_unit *u, unsigned int index, uint16_t sid,
                   uint8_t *vector)
{
    const struct hw_irte *e;
    uint8_t bus = (uint8_t)(sid >> 8);

    if ( !u->irte_cached[index] &&
         (u->irte[index].present || u->unit.caps.flush_absent) )
    {
        u->irte_cached[index] = true;
        u->irte_cache[index] = u->irte[index];
    }
    if ( !u->irte_cached[index] || !u->irte_cache[index].present )
        return -EFAULT;
    e = &u->irte_cache[index];
    *vector = e->intr.vector;
    if ( e->sid_kind == HW_SID_EXACT )
        return e->sid == sid ? 0 : -EFAULT;
    return bus >= e->bus_first && bus <= e->bus_last ? 0 : -EFAULT;
}

/* ---- Flushes ---- */

static void flush_tlb(struct fake_unit *u, const struct hw_flush *f)
{
    unsigned int i;

    for ( i = 0; i < FAKE_TLB; i++ )
    {
        struct fake_tlb *t = &u->tlb[i];
        bool in = t->iova + 0xfff >= f->first && t->iova <= f->last;

        switch ( f->kind )
        {
        case HW_FLUSH_DID:
            t->valid &= t->dev || t->did != f->did;
            break;

        case HW_FLUSH_DID_RANGE:
            t->valid &= t->dev || t->did != f->did || !in;
            break;

        case HW_FLUSH_DEVTLB:
            t->valid &= !t->dev || t->rid != f->rid || !in;
            break;

        default:
            t->valid &= t->dev;
            break;
        }
    }
}

static void carry_out(struct fake_unit *u, const struct hw_flush *f)
{
    unsigned int i;

    switch ( f->kind )
    {
    case HW_FLUSH_ENTRY:
        /* Tagged with the id of what is cached; an absent one with 0. */
        if ( u->ctx[f->rid].e.did == f->did ||
             u->ctx[f->rid].e.kind == HW_ENTRY_NONE )
            u->ctx[f->rid].valid = false;
        break;

    case HW_FLUSH_ENTRY_ALL:
        for ( i = 0; i < FAKE_RIDS; i++ )
            u->ctx[i].valid = false;
        break;

    case HW_FLUSH_INTR:
        for ( i = (unsigned int)f->first; i <= f->last; i++ )
            u->irte_cached[i] = false;
        break;

    case HW_FLUSH_INTR_ALL:
        memset(u->irte_cached, 0, sizeof(u->irte_cached));
        break;

    default:
        flush_tlb(u, f);
        break;
    }
}

static int cf_check fake_submit(struct moat_unit *unit,
                                const struct hw_flush *f, unsigned int n,
                                uint32_t *token)
{
    struct fake_unit *u = to_fake(unit);
    unsigned int i;

    u->submits++;
    test_step(TEST_STEP_MMIO, u);
    if ( countdown(&u->fail_submit) )
        return -ETIMEDOUT;
    *token = ++u->seq;
    for ( i = 0; i < n; i++ )
    {
        u->flushes[f[i].kind]++;
        if ( f[i].kind == HW_FLUSH_DEVTLB && u->mute_devtlb )
        {
            u->fail_wait = 1;
            continue;
        }
        if ( u->n_pending == FAKE_PENDING )
            test_fail(__FILE__, __LINE__, "submitted and never waited for");
        else
        {
            u->pending[u->n_pending].f = f[i];
            u->pending[u->n_pending++].seq = u->seq;
        }
    }
    return 0;
}

static int cf_check fake_wait(struct moat_unit *unit, uint32_t token)
{
    struct fake_unit *u = to_fake(unit);
    unsigned int i, keep = 0;

    u->waits++;
    host_relax();
    test_step(TEST_STEP_MMIO, u);
    u->mute |= countdown(&u->mute_wait);
    if ( countdown(&u->fail_wait) || u->mute )
        return -ETIMEDOUT;
    for ( i = 0; i < u->n_pending; i++ )
        if ( (int32_t)(u->pending[i].seq - token) <= 0 )
            carry_out(u, &u->pending[i].f);
        else
            u->pending[keep++] = u->pending[i];
    u->n_pending = keep;
    return 0;
}

static int cf_check fake_rescue(struct moat_unit *unit)
{
    struct fake_unit *u = to_fake(unit);
    unsigned int i;

    u->rescues++;
    host_relax();
    if ( !u->rescue_ok )
        return -ETIMEDOUT;
    for ( i = 0; i < FAKE_RIDS; i++ )
        u->ctx[i].valid = false;
    for ( i = 0; i < FAKE_TLB; i++ )
        u->tlb[i].valid &= u->tlb[i].dev;
    memset(u->irte_cached, 0, sizeof(u->irte_cached));
    u->n_pending = 0;
    return 0;
}

/* ---- Entries ---- */

static bool same_entry(const struct hw_entry *a, const struct hw_entry *b)
{
    return a->kind == b->kind &&
           (a->kind == HW_ENTRY_NONE ||
            (a->did == b->did && a->levels == b->levels &&
             a->root == b->root && a->devtlb == b->devtlb));
}

static int cf_check fake_swap(struct moat_unit *unit, uint16_t rid,
                              const struct hw_entry *old,
                              const struct hw_entry *new)
{
    struct fake_unit *u = to_fake(unit);

    if ( rid >= FAKE_RIDS )
        return -EINVAL;
    host_lock(&unit->lock);
    u->swaps++;
    if ( !same_entry(&u->mem[rid], old) || countdown(&u->fail_swap) )
    {
        host_unlock(&unit->lock);
        return -EILSEQ;
    }
    u->mem[rid] = *new;
    test_step(TEST_STEP_CMPXCHG, &u->mem[rid]);
    host_unlock(&unit->lock);
    return 0;
}

static int cf_check fake_get(struct moat_unit *unit, uint16_t rid,
                             struct hw_entry *e)
{
    *e = to_fake(unit)->mem[rid];
    return 0;
}

static int cf_check fake_prepare(struct moat_unit *unit, uint16_t rid)
{
    (void)rid;
    return to_fake(unit)->prepare_rc;
}

static int cf_check fake_irte_set(struct moat_unit *unit, unsigned int index,
                                  const struct hw_irte *e)
{
    host_lock_assert(&unit->intr_lock);
    if ( index >= FAKE_INTR )
        return -EINVAL;
    to_fake(unit)->irte[index] = *e;
    test_step(TEST_STEP_CMPXCHG, &to_fake(unit)->irte[index]);
    return 0;
}

static int cf_check fake_irte_get(struct moat_unit *unit, unsigned int index,
                                  struct hw_irte *e)
{
    if ( index >= FAKE_INTR )
        return -EINVAL;
    *e = to_fake(unit)->irte[index];
    return 0;
}

static void cf_check fake_msi(const struct moat_unit *unit,
                              unsigned int index, unsigned int n,
                              struct moat_msi_msg *msg)
{
    (void)unit;
    msg->addr_lo = 0xfee00010 | (index << 5);
    msg->addr_hi = 0;
    msg->data = n;
}

static uint64_t cf_check fake_rte(const struct moat_unit *unit,
                                  unsigned int index, uint64_t rte)
{
    (void)unit;
    return (1ull << 48) | ((uint64_t)index << 49) | (rte & 0x1f0ff);
}

static int cf_check fake_rte_index(const struct moat_unit *unit, uint64_t hw)
{
    (void)unit;
    return hw & (1ull << 48) ? (int)(hw >> 49) : -ENOENT;
}

/* ---- Life ---- */

static int cf_check fake_start_queue(struct moat_unit *unit)
{
    struct fake_unit *u = to_fake(unit);

    u->queue = !u->queue_rc;
    return u->queue_rc;
}

static void cf_check fake_stop_queue(struct moat_unit *unit)
{
    to_fake(unit)->queue = false;
}

static int cf_check fake_intremap(struct moat_unit *unit, bool x2apic)
{
    struct fake_unit *u = to_fake(unit);

    (void)x2apic;
    u->ir = !u->intremap_rc;
    return u->intremap_rc;
}

static void cf_check fake_no_intremap(struct moat_unit *unit)
{
    to_fake(unit)->ir = false;
}

static int cf_check fake_setup(struct moat_unit *unit)
{
    return to_fake(unit)->setup_rc;
}

static int cf_check fake_enable(struct moat_unit *unit)
{
    struct fake_unit *u = to_fake(unit);

    u->dma = !u->enable_rc;
    memset(u->ctx, 0, sizeof(u->ctx));
    memset(u->tlb, 0, sizeof(u->tlb));
    return u->enable_rc;
}

static void cf_check fake_disable(struct moat_unit *unit)
{
    to_fake(unit)->dma = false;
}

static void cf_check fake_release(struct moat_unit *unit)
{
    to_fake(unit)->released++;
}

static int cf_check fake_suspend(struct moat_unit *unit)
{
    return to_fake(unit)->suspend_rc;
}

static int cf_check fake_resume(struct moat_unit *unit)
{
    return to_fake(unit)->resume_rc;
}

static void cf_check fake_crash(struct moat_unit *unit)
{
    to_fake(unit)->dma = to_fake(unit)->ir = false;
}

static void cf_check fake_irq_message(struct moat_unit *unit,
                                      const struct moat_msi_msg *m)
{
    (void)unit;
    (void)m;
}

static void cf_check fake_irq_mask(struct moat_unit *unit, bool mask)
{
    (void)unit;
    (void)mask;
}

static unsigned int cf_check fake_faults_take(struct moat_unit *unit,
                                              struct moat_fault *f,
                                              unsigned int max,
                                              bool *overflow)
{
    struct fake_unit *u = to_fake(unit);
    unsigned int n = u->n_faults < max ? u->n_faults : max;

    *overflow = false;
    memcpy(f, u->faults, n * sizeof(*f));
    memmove(u->faults, u->faults + n, (u->n_faults - n) * sizeof(*f));
    u->n_faults -= n;
    return n;
}

static void cf_check fake_dump(struct moat_unit *unit)
{
    host_log_info("  fake unit %u", unit->index);
}

static const struct hw_ops fake_ops = {
    .name = "fake", .fmt = &iopt_fmt_vtd,
    .start_queue = fake_start_queue, .stop_queue = fake_stop_queue,
    .enable_intremap = fake_intremap, .disable_intremap = fake_no_intremap,
    .setup = fake_setup, .enable_dma = fake_enable,
    .disable_dma = fake_disable, .release = fake_release,
    .suspend = fake_suspend, .resume = fake_resume, .crash = fake_crash,
    .entry_prepare = fake_prepare, .entry_swap = fake_swap,
    .entry_get = fake_get, .flush_submit = fake_submit,
    .flush_wait = fake_wait, .flush_rescue = fake_rescue,
    .irte_set = fake_irte_set, .irte_get = fake_irte_get,
    .msi_compose = fake_msi, .rte_compose = fake_rte,
    .rte_index = fake_rte_index, .irq_message = fake_irq_message,
    .irq_mask = fake_irq_mask, .faults_take = fake_faults_take,
    .dump = fake_dump,
};

void fake_fault(struct fake_unit *u, moat_sbdf_t source,
                enum moat_access access, uint64_t addr, const char *reason)
{
    struct moat_fault *f = &u->faults[u->n_faults++];

    f->source = source;
    f->access = access;
    f->addr = addr;
    f->code = 6;
    f->reason = reason;
}

/* ---- The vendor ---- */

static int cf_check fake_scan(struct moat_platform *p, const void *table,
                              size_t len)
{
    unsigned int i;
    int rc;

    (void)table;
    (void)len;
    for ( i = 0; i < FAKE_MAX && fake[i]; i++ )
    {
        rc = unit_register(p, &fake[i]->unit);
        if ( rc )
            return rc;
    }
    return fake_scan_more ? fake_scan_more(p) : 0;
}

static const struct hw_vendor fake_vendor = {
    .name = "fake", .signature = "FAKE", .scan = fake_scan,
};
const struct hw_vendor *const hw_vendors[] = { &fake_vendor, NULL };

struct fake_unit *fake_add(void)
{
    unsigned int i = 0;
    struct fake_unit *u;

    while ( fake[i] )
        i++;
    u = fake[i] = calloc(1, sizeof(*u));
    u->unit.ops = &fake_ops;
    u->unit.node = HOST_NO_NODE;
    u->unit.reg_pa = 0xfed90000 + 0x1000 * i;
    u->unit.include_all = true;
    u->unit.caps = (struct hw_caps){
        .levels = 1u << 4, .leaf_levels = 0xe, .iova_bits = 48,
        .did_bits = 8, .did_reserved = 1, .coherent = true, .snoop = true,
        .passthrough = true, .devtlb = true, .intremap = true,
        .x2apic = true, .posted = true, .queue = true,
        .intr_entries = FAKE_INTR,
    };
    return u;
}
