/* SPDX-License-Identifier: GPL-2.0-only */
/* The unit in memory: what its hardware does. */
#include "fake_unit.h"

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
        return !((e->sid ^ sid) & ~e->sid_fn_ignore) ? 0 : -EFAULT;
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

int cf_check fake_submit(struct moat_unit *unit, const struct hw_flush *f,
                         unsigned int n, uint32_t *token)
{
    struct fake_unit *u = to_fake(unit);
    unsigned int i;

    u->submits++;
    test_step(TEST_STEP_MMIO, u);
    if ( fake_countdown(&u->fail_submit) )
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

int cf_check fake_wait(struct moat_unit *unit, uint32_t token)
{
    struct fake_unit *u = to_fake(unit);
    unsigned int i, keep = 0;

    u->waits++;
    host_relax();
    test_step(TEST_STEP_MMIO, u);
    u->mute |= fake_countdown(&u->mute_wait);
    if ( fake_countdown(&u->fail_wait) || u->mute )
        return -ETIMEDOUT;
    for ( i = 0; i < u->n_pending; i++ )
        if ( (int32_t)(u->pending[i].seq - token) <= 0 )
            carry_out(u, &u->pending[i].f);
        else
            u->pending[keep++] = u->pending[i];
    u->n_pending = keep;
    return 0;
}

int cf_check fake_rescue(struct moat_unit *unit)
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
