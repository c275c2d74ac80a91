/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device table: 32 bytes for each requester id. AMD IOMMU specification
 * (48882, rev. 3.07) 2.2.2, 2.2.2.1; order of changes 2.2.2.2.
 *
 * An entry is read by the unit in halves of 16 bytes, and nothing in one half
 * depends on the other: the low one rules DMA, the high one interrupts. Each
 * is only ever changed as a whole, by one 16-byte store that checks what was
 * there, so at any moment the unit reads an entry as it was or as it will be.
 *
 * Every id is blocked unless the core says otherwise, those included that
 * no table names: nothing behind a unit passes by omission.
 */
#include "amdvi_unit.h"

static unsigned int seg_span(const struct amdvi_unit *a)
{
    return 0x10000u >> a->seg_order;
}

uint64_t *amdvi_dte_at(const struct amdvi_unit *a, unsigned int rid)
{
    const struct amdvi_seg *s = &a->seg[rid / seg_span(a)];
    size_t off = (size_t)(rid % seg_span(a)) * AMDVI_DTE_SIZE;

    if ( rid > a->max_id || off >= s->size )
        return NULL;
    return s->va + off / sizeof(uint64_t);
}

static struct amdvi_words half_read(const uint64_t *half)
{
    struct amdvi_words d;

    d.w[0] = HOST_READ_ONCE(half[0]);
    d.w[1] = HOST_READ_ONCE(half[1]);
    return d;
}

/* Store a half whatever was there. Unit lock held, or one processor. */
static void half_set(uint64_t *half, const struct amdvi_words *new)
{
    struct amdvi_words old;

    do {
        old = half_read(half);
    } while ( !host_cmpxchg16(half, old.w, new->w) );
}

static struct amdvi_words blocked(const struct amdvi_unit *a)
{
    static const struct hw_entry none = { .kind = HW_ENTRY_NONE };

    return amdvi_make_dte(&none, 0, a->empty_pa);
}

/* ---- Allocation ---- */

static int seg_alloc(struct amdvi_unit *a, unsigned int n)
{
    struct amdvi_seg *s = &a->seg[n];
    unsigned int first = n * seg_span(a), ids = 1;
    struct amdvi_words d = blocked(a);
    size_t i;

    if ( a->max_id >= first )
        ids = (unsigned int)min_u64(a->max_id - first + 1, seg_span(a));
    s->size = ((size_t)ids * AMDVI_DTE_SIZE + MOAT_PAGE_SIZE - 1) &
              (size_t)MOAT_PAGE_MASK;
    s->va = host_dma_alloc(s->size, a->unit.node, &s->pa);
    if ( !s->va )
        return -ENOMEM;

    for ( i = 0; i < s->size / sizeof(uint64_t); i += 4 )
    {
        host_store64(&s->va[i], d.w[0]);
        host_store64(&s->va[i + 1], d.w[1]);
    }
    return 0;
}

int amdvi_dte_alloc(struct amdvi_unit *a)
{
    unsigned int n;
    int rc = 0;

    a->empty = host_dma_alloc(MOAT_PAGE_SIZE, a->unit.node, &a->empty_pa);
    if ( !a->empty )
        return -ENOMEM;

    a->seg_order = (unsigned int)FIELD_GET(AMDVI_EFR_DEVTAB_SEG, a->efr);
    for ( n = 0; !rc && n < 1u << a->seg_order; n++ )
        rc = seg_alloc(a, n);
    if ( rc )
        amdvi_dte_free(a);
    return rc;
}

static size_t stage_size(const struct amdvi_unit *a)
{
    return ((size_t)a->max_id + 1) * sizeof(*a->stage);
}

void amdvi_dte_free(struct amdvi_unit *a)
{
    unsigned int n;

    for ( n = 0; n < AMDVI_SEGS_MAX; n++ )
    {
        if ( a->seg[n].va )
            host_dma_free(a->seg[n].va, a->seg[n].size);
        a->seg[n].va = NULL;
        a->seg[n].size = 0;
    }
    if ( a->stage )
        host_dma_free(a->stage, stage_size(a));
    a->stage = NULL;
    if ( a->empty )
        host_dma_free(a->empty, MOAT_PAGE_SIZE);
    a->empty = NULL;
}

void amdvi_dte_program(const struct amdvi_unit *a)
{
    unsigned int n;

    for ( n = 0; n < 1u << a->seg_order; n++ )
    {
        const struct amdvi_seg *s = &a->seg[n];
        uint64_t v = (s->pa & AMDVI_DEVTAB_BASE) |
                     FIELD_PREP(AMDVI_DEVTAB_SIZE,
                                s->size / MOAT_PAGE_SIZE - 1);

        amdvi_write(a, n ? AMDVI_REG_DEVTAB_SEG(n) : AMDVI_REG_DEVTAB, v);
    }
}

/* ---- The interrupt half ---- */

static struct amdvi_words intr_half(const struct amdvi_unit *a,
                                    unsigned int rid)
{
    const struct amdvi_irt *t;
    struct amdvi_words d = { { 0, 0 } };

    if ( !a->intremap )
        return d;
    t = amdvi_irt_find(a, (uint16_t)rid);
    return amdvi_make_dte_intr(t ? t->pa : 0, AMDVI_INTR_ORDER,
                               amdvi_settings(a, (uint16_t)rid));
}

void amdvi_dte_intr(struct amdvi_unit *a, uint16_t rid)
{
    uint64_t *dte = amdvi_dte_at(a, rid);
    struct amdvi_words d = intr_half(a, rid);

    if ( dte )
        half_set(dte + 2, &d);
}

void amdvi_dte_intr_all(struct amdvi_unit *a)
{
    unsigned int rid;

    for ( rid = 0; rid <= a->max_id; rid++ )
        amdvi_dte_intr(a, (uint16_t)rid);
}

/* ---- DMA off, unit on ---- */

int amdvi_dte_stage(struct amdvi_unit *a)
{
    struct amdvi_words off = amdvi_make_dte_off(), *stage;
    moat_paddr_t unused;
    unsigned int rid;

    if ( a->stage )
        return 0;
    stage = host_dma_alloc(stage_size(a), a->unit.node, &unused);
    if ( !stage )
        return -ENOMEM;

    host_lock(&a->unit.lock);
    for ( rid = 0; rid <= a->max_id; rid++ )
    {
        uint64_t *dte = amdvi_dte_at(a, rid);

        stage[rid] = half_read(dte);
        half_set(dte, &off);
    }
    a->stage = stage;
    host_unlock(&a->unit.lock);
    return 0;
}

void amdvi_dte_unstage(struct amdvi_unit *a)
{
    struct amdvi_words *stage;
    unsigned int rid;

    host_lock(&a->unit.lock);
    stage = a->stage;
    for ( rid = 0; stage && rid <= a->max_id; rid++ )
        half_set(amdvi_dte_at(a, rid), &stage[rid]);
    a->stage = NULL;
    host_unlock(&a->unit.lock);
    if ( stage )
        host_dma_free(stage, stage_size(a));
}

/* ---- What the core asks for ---- */

int cf_check amdvi_entry_prepare(struct moat_unit *u, uint16_t rid)
{
    const struct amdvi_unit *a = to_amdvi(u);

    /* The table is there as a whole; an id beyond it has no entry. */
    return a->ready && amdvi_dte_at(a, rid) ? 0 : -ENODEV;
}

static struct amdvi_words make_entry(const struct amdvi_unit *a,
                                     uint16_t rid, const struct hw_entry *e)
{
    struct hw_entry allowed = *e;

    if ( !amdvi_ats_allowed(a, rid) )
        allowed.devtlb = false;
    return amdvi_make_dte(&allowed, amdvi_settings(a, rid), a->empty_pa);
}

int cf_check amdvi_entry_swap(struct moat_unit *u, uint16_t rid,
                              const struct hw_entry *old,
                              const struct hw_entry *new)
{
    struct amdvi_unit *a = to_amdvi(u);
    struct amdvi_words from, to;
    uint64_t *dte;
    int rc = 0;

    if ( !a->ready )
        return -ENODEV;
    dte = amdvi_dte_at(a, rid);
    if ( !dte )
        return -ENODEV;
    if ( new->kind == HW_ENTRY_TABLE &&
         (!new->levels || new->levels > AMDVI_LEVELS_MAX ||
          !(u->caps.levels & MOAT_BIT(new->levels))) )
        return -EINVAL;

    from = make_entry(a, rid, old);
    to = make_entry(a, rid, new);

    host_lock(&u->lock);
    if ( !a->stage )
        rc = host_cmpxchg16(dte, from.w, to.w) ? 0 : -EILSEQ;
    else if ( memcmp(&a->stage[rid], &from, sizeof(from)) )
        rc = -EILSEQ;
    else
        a->stage[rid] = to;
    host_unlock(&u->lock);
    return rc;
}

int cf_check amdvi_entry_get(struct moat_unit *u, uint16_t rid,
                             struct hw_entry *e)
{
    struct amdvi_unit *a = to_amdvi(u);
    struct amdvi_words d;
    uint64_t *dte;

    if ( !a->ready )
        return -ENODEV;
    dte = amdvi_dte_at(a, rid);
    if ( !dte )
        return -ENODEV;

    host_lock(&u->lock);
    d = a->stage ? a->stage[rid] : half_read(dte);
    host_unlock(&u->lock);
    return amdvi_parse_dte(&d, e);
}
