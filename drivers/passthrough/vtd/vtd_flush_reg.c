/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Invalidation through registers: for units without a queue, and the last
 * resort when the queue has failed. VT-d specification (rev. 4.1) 6.5.1,
 * 11.4.6. The registers are one set per unit: a request holds the register
 * lock until it is confirmed or the deadline has passed.
 */
#include "vtd_unit.h"

static int context_reg(struct vtd_unit *v, uint64_t request)
{
    int rc;

    vtd_write64(v, VTD_REG_CCMD, request | VTD_CCMD_ICC);
    rc = vtd_wait64(v, VTD_REG_CCMD, VTD_CCMD_ICC, 0);
    if ( rc )
        return rc;
    /* CAIG 0: the unit did nothing (wrong request). */
    return FIELD_GET(VTD_CCMD_CAIG, vtd_read64(v, VTD_REG_CCMD)) ? 0 : -EIO;
}

static int iotlb_reg(struct vtd_unit *v, uint64_t request)
{
    int rc;

    request |= (v->cap & VTD_CAP_DRD ? VTD_IOTLB_DR : 0) |
               (v->cap & VTD_CAP_DWD ? VTD_IOTLB_DW : 0);
    vtd_write64(v, vtd_reg_iotlb(v), request | VTD_IOTLB_IVT);
    rc = vtd_wait64(v, vtd_reg_iotlb(v), VTD_IOTLB_IVT, 0);
    if ( rc )
        return rc;
    return FIELD_GET(VTD_IOTLB_IAIG, vtd_read64(v, vtd_reg_iotlb(v)))
           ? 0 : -EIO;
}

/* One command if one covers the range exactly, else the whole domain. */
static int iotlb_range(struct vtd_unit *v, const struct hw_flush *f)
{
    unsigned int mamv = (unsigned int)FIELD_GET(VTD_CAP_MAMV, v->cap);
    uint64_t page = f->first >> MOAT_PAGE_SHIFT;
    uint64_t last = f->last >> MOAT_PAGE_SHIFT;
    uint64_t did = FIELD_PREP(VTD_IOTLB_DID, f->did);
    unsigned int order;

    if ( page > last )
        return 0;

    order = vtd_cover_order(page, last, mamv);
    if ( !(v->cap & VTD_CAP_PSI) || last - page >= MOAT_BIT(order) )
        return iotlb_reg(v, did | FIELD_PREP(VTD_IOTLB_IIRG,
                                             VTD_GRAN_DOMAIN));

    vtd_write64(v, vtd_reg_iva(v),
                ((page << MOAT_PAGE_SHIFT) & VTD_IVA_ADDR) |
                (f->big_leaf ? 0 : VTD_IVA_IH) |
                FIELD_PREP(VTD_IVA_AM, order));
    return iotlb_reg(v, did | FIELD_PREP(VTD_IOTLB_IIRG, VTD_GRAN_PAGE));
}

int vtd_flush_by_registers_locked(struct vtd_unit *v,
                                  const struct hw_flush *f)
{
    /* 6.5.2: not while the unit may be taking commands from its queue. */
    if ( v->queue_stuck )
        return -EIO;

    switch ( f->kind )
    {
    case HW_FLUSH_ENTRY:
        return context_reg(v, FIELD_PREP(VTD_CCMD_CIRG, VTD_GRAN_DEVICE) |
                              FIELD_PREP(VTD_CCMD_DID, f->did) |
                              FIELD_PREP(VTD_CCMD_SID, f->rid) |
                              FIELD_PREP(VTD_CCMD_FM, f->fn_mask));

    case HW_FLUSH_ENTRY_ALL:
        return context_reg(v, FIELD_PREP(VTD_CCMD_CIRG, VTD_GRAN_GLOBAL));

    case HW_FLUSH_DID:
        return iotlb_reg(v, FIELD_PREP(VTD_IOTLB_IIRG, VTD_GRAN_DOMAIN) |
                            FIELD_PREP(VTD_IOTLB_DID, f->did));

    case HW_FLUSH_DID_RANGE:
        return iotlb_range(v, f);

    case HW_FLUSH_IOTLB_ALL:
        return iotlb_reg(v, FIELD_PREP(VTD_IOTLB_IIRG, VTD_GRAN_GLOBAL));

    case HW_FLUSH_DEVTLB:
        /* 6.5.1: no register reaches a device's TLB. */
        return -EIO;

    case HW_FLUSH_INTR:
    case HW_FLUSH_INTR_ALL:
        /*
         * 6.5.1: no register invalidates interrupt entries, but setting the
         * table pointer does on units that say so (CAP.ESIRTPS).
         */
        if ( !v->ir_on )
            return 0;
        if ( !(v->cap & VTD_CAP_ESIRTPS) )
            return -EIO;
        return vtd_gcmd_unlocked(v, VTD_GCMD_SIRTP, true);
    }

    return -EINVAL;
}

int vtd_flush_by_registers(struct vtd_unit *v, const struct hw_flush *f)
{
    unsigned long flags = host_lock_irqsave(&v->reg_lock);
    int rc = vtd_flush_by_registers_locked(v, f);

    host_unlock_irqrestore(&v->reg_lock, flags);
    return rc;
}
