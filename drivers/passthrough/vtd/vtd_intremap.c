/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt remapping: VT-d specification (rev. 4.1) chapter 5, entries 9.9
 * and 9.10. One table per unit with an entry for every index that a
 * request can name, so that no index is out of its bounds.
 */
#include "vtd_unit.h"

#define IRT_SIZE    (VTD_INTR_ENTRIES * 16u)

/* An empty table; remapping is off. */
static int irt_alloc(struct vtd_unit *v)
{
    if ( v->irt )
        memset(v->irt, 0, IRT_SIZE);
    else
        v->irt = host_dma_alloc(IRT_SIZE, v->unit.node, &v->irt_pa);
    if ( !v->irt )
        return -ENOMEM;
    if ( !v->unit.caps.coherent )
        host_cache_writeback(v->irt, IRT_SIZE);
    return 0;
}

void vtd_irt_free(struct vtd_unit *v)
{
    if ( v->irt )
        host_dma_free(v->irt, IRT_SIZE);
    v->irt = NULL;
}

/*
 * 6.7: table pointer, forget what is cached, go. Requests in the old format,
 * which would pass by the table (XSA-3), are blocked: vtd_quiesce() switched
 * CFI off and nothing switches it on.
 */
int vtd_intremap_on(struct vtd_unit *v)
{
    int rc;

    vtd_write64(v, VTD_REG_IRTA,
                (v->irt_pa & VTD_IRTA_BASE) |
                (v->x2apic ? VTD_IRTA_EIME : 0) |
                FIELD_PREP(VTD_IRTA_S, log2_floor(VTD_INTR_ENTRIES) - 1));
    rc = vtd_gcmd(v, VTD_GCMD_SIRTP, true);
    if ( rc )
        return rc;

    v->ir_on = true;
    rc = vtd_flush_intr_all(v);
    if ( !rc )
        rc = vtd_gcmd(v, VTD_GCMD_IRE, true);
    if ( rc && !vtd_gcmd(v, VTD_GCMD_IRE, false) )
        v->ir_on = false;
    return rc;
}

int cf_check vtd_enable_intremap(struct moat_unit *u, bool x2apic)
{
    struct vtd_unit *v = to_vtd(u);
    int rc;

    if ( !u->caps.intremap || (x2apic && !u->caps.x2apic) )
        return -EOPNOTSUPP;
    if ( !v->queue_on )
        return -EOPNOTSUPP;
    if ( v->ir_on && v->x2apic == x2apic )
        return 0;

    /* The width of destinations is changed only with remapping off. */
    if ( v->ir_on )
    {
        rc = vtd_gcmd(v, VTD_GCMD_IRE, false);
        if ( rc )
            return rc;
        v->ir_on = false;
    }

    rc = irt_alloc(v);
    if ( rc )
        return rc;

    v->x2apic = x2apic;
    rc = vtd_write_buffer_flush(v);
    return rc ?: vtd_intremap_on(v);
}

void cf_check vtd_disable_intremap(struct moat_unit *u)
{
    struct vtd_unit *v = to_vtd(u);

    if ( v->mmio && v->ir_on && !vtd_gcmd(v, VTD_GCMD_IRE, false) )
        v->ir_on = false;
}

static int check_irte(const struct vtd_unit *v, const struct hw_irte *e)
{
    if ( !e->present )
        return 0;
    if ( e->pi_desc && (!v->unit.caps.posted || (e->pi_desc & 0x3f)) )
        return e->pi_desc & 0x3f ? -EINVAL : -EOPNOTSUPP;
    if ( !e->pi_desc && !v->x2apic && e->intr.dest > 0xff )
        return -EINVAL;
    if ( e->intr.delivery > 7 || e->intr.delivery == 3 ||
         e->intr.delivery == 6 )
        return -EINVAL;
    if ( e->sid_kind == HW_SID_BUS_RANGE && e->bus_first > e->bus_last )
        return -EINVAL;
    return 0;
}

int cf_check vtd_irte_set(struct moat_unit *u, unsigned int index,
                          const struct hw_irte *e)
{
    struct vtd_unit *v = to_vtd(u);
    struct vtd_words old, new;
    uint64_t *entry;
    int rc = check_irte(v, e);

    if ( !v->irt )
        return -ENODEV;
    if ( rc || index >= VTD_INTR_ENTRIES )
        return rc ?: -EINVAL;

    host_lock_assert(&u->intr_lock);
    entry = v->irt + 2 * (size_t)index;
    new = vtd_make_irte(e, v->x2apic);
    /* Hardware only reads entries: nobody else can have changed it. */
    old.w[0] = HOST_READ_ONCE(entry[0]);
    old.w[1] = HOST_READ_ONCE(entry[1]);
    if ( !host_cmpxchg16(entry, old.w, new.w) )
        return -EILSEQ;
    if ( !u->caps.coherent )
        host_cache_writeback(entry, sizeof(new));
    return 0;
}

int cf_check vtd_irte_get(struct moat_unit *u, unsigned int index,
                          struct hw_irte *e)
{
    const struct vtd_unit *v = to_vtd(u);
    const uint64_t *entry;
    struct vtd_words w;

    if ( !v->irt )
        return -ENODEV;
    if ( index >= VTD_INTR_ENTRIES )
        return -EINVAL;

    entry = v->irt + 2 * (size_t)index;
    w.w[0] = HOST_READ_ONCE(entry[0]);
    w.w[1] = HOST_READ_ONCE(entry[1]);
    return vtd_parse_irte(&w, v->x2apic, e);
}

void cf_check vtd_msi_compose(const struct moat_unit *u, unsigned int index,
                              unsigned int n, struct moat_msi_msg *msg)
{
    (void)u;
    (void)n;
    *msg = vtd_make_msi(index);
}

uint64_t cf_check vtd_rte_compose(const struct moat_unit *u,
                                  unsigned int index, uint64_t rte)
{
    (void)u;
    return vtd_make_rte(index, rte);
}

int cf_check vtd_rte_index(const struct moat_unit *u, uint64_t hw)
{
    (void)u;
    if ( !(hw & VTD_RTE_FORMAT) )
        return -ENOENT;
    return (int)(FIELD_GET(VTD_RTE_INDEX_LO, hw) |
                 FIELD_GET(VTD_RTE_INDEX_HI, hw) << 15);
}
