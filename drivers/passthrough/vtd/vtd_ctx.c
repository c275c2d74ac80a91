/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Root and context tables: VT-d specification (rev. 4.1) 3.4.2, 9.1, 9.3.
 *
 *   root table, by bus  ->  context table, by device and function  ->  entry
 *
 * A context table, once linked, stays until the unit is released. A live
 * entry changes in one 16-byte store that checks what was there (XSA-400).
 */
#include "vtd_unit.h"

#define CTX_TABLE_SIZE  4096u

int vtd_root_alloc(struct vtd_unit *v)
{
    if ( v->root )
        return 0;

    v->root = host_dma_alloc(CTX_TABLE_SIZE, v->unit.node, &v->root_pa);
    if ( !v->root )
        return -ENOMEM;
    if ( !v->unit.caps.coherent )
        host_cache_writeback(v->root, CTX_TABLE_SIZE);
    return 0;
}

void vtd_root_free(struct vtd_unit *v)
{
    unsigned int bus;

    for ( bus = 0; bus < ARRAY_SIZE(v->ctx); bus++ )
        if ( v->ctx[bus] )
        {
            host_dma_free(v->ctx[bus], CTX_TABLE_SIZE);
            v->ctx[bus] = NULL;
        }
    if ( v->root )
        host_dma_free(v->root, CTX_TABLE_SIZE);
    v->root = NULL;
}

/* The two words of @rid's entry; NULL while its table does not exist. */
static uint64_t *entry_of(const struct vtd_unit *v, uint16_t rid)
{
    uint64_t *table = HOST_READ_ONCE(v->ctx[rid >> 8]);

    return table ? table + 2 * (rid & 0xff) : NULL;
}

int cf_check vtd_entry_prepare(struct moat_unit *u, uint16_t rid)
{
    struct vtd_unit *v = to_vtd(u);
    moat_paddr_t pa;
    uint64_t *table, *root;

    if ( !v->root )
        return -ENODEV;
    if ( entry_of(v, rid) )
        return 0;

    table = host_dma_alloc(CTX_TABLE_SIZE, u->node, &pa);
    if ( !table )
        return -ENOMEM;
    if ( !u->caps.coherent )
        host_cache_writeback(table, CTX_TABLE_SIZE);

    host_lock(&u->lock);
    if ( !v->ctx[rid >> 8] )
    {
        root = v->root + 2 * (rid >> 8);
        host_store64(root, vtd_make_root(pa));
        if ( !u->caps.coherent )
            host_cache_writeback(root, sizeof(*root));
        HOST_WRITE_ONCE(v->ctx[rid >> 8], table);
        table = NULL;
    }
    host_unlock(&u->lock);

    if ( table )
        host_dma_free(table, CTX_TABLE_SIZE);
    return 0;
}

/* An entry this unit could not act upon is refused here, not faulted on. */
static int check_entry(const struct vtd_unit *v, const struct hw_entry *e)
{
    const struct hw_caps *c = &v->unit.caps;

    switch ( e->kind )
    {
    case HW_ENTRY_NONE:
        return 0;

    case HW_ENTRY_PASSTHROUGH:
        if ( !c->passthrough )
            return -EOPNOTSUPP;
        break;

    case HW_ENTRY_TABLE:
        if ( e->levels > 5 || !(c->levels & (1u << e->levels)) ||
             !e->root || (e->root & ~MOAT_PAGE_MASK) )
            return -EINVAL;
        if ( e->devtlb && !c->devtlb )
            return -EOPNOTSUPP;
        break;
    }

    if ( e->did < c->did_reserved || (uint32_t)e->did >> c->did_bits )
        return -EINVAL;
    return 0;
}

int cf_check vtd_entry_swap(struct moat_unit *u, uint16_t rid,
                            const struct hw_entry *old,
                            const struct hw_entry *new)
{
    struct vtd_unit *v = to_vtd(u);
    unsigned int max = log2_floor(u->caps.levels);
    struct vtd_words from, to;
    uint64_t *entry = entry_of(v, rid);
    int rc = check_entry(v, new);

    if ( rc )
        return rc;
    if ( !entry )
        return old->kind == HW_ENTRY_NONE && new->kind == HW_ENTRY_NONE
               ? 0 : -EILSEQ;

    from = vtd_make_context(old, max);
    to = vtd_make_context(new, max);
    if ( !host_cmpxchg16(entry, from.w, to.w) )
        return -EILSEQ;
    if ( !u->caps.coherent )
        host_cache_writeback(entry, sizeof(to));
    return 0;
}

int cf_check vtd_entry_get(struct moat_unit *u, uint16_t rid,
                           struct hw_entry *e)
{
    const uint64_t *entry = entry_of(to_vtd(u), rid);
    struct vtd_words w = { { 0, 0 } };

    /* Changes are serialised by the caller: two reads see one entry. */
    if ( entry )
    {
        w.w[0] = HOST_READ_ONCE(entry[0]);
        w.w[1] = HOST_READ_ONCE(entry[1]);
    }
    return vtd_parse_context(&w, e);
}
