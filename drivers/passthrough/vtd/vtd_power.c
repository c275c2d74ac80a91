/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sleep, wake and crash. Tables and queue stay in memory; registers are
 * taken to be lost and are all written again. One processor, interrupts
 * off.
 */
#include "vtd_unit.h"

int cf_check vtd_suspend(struct moat_unit *u)
{
    struct vtd_unit *v = to_vtd(u);
    int rc;

    if ( !v->mmio )
        return 0;

    v->saved_dma = v->dma_on;
    v->saved_intremap = v->ir_on;
    if ( v->dma_on && v->queue_on )
    {
        /* What is cached must not outlive the sleep. */
        rc = vtd_flush_everything(v);
        if ( rc )
            return rc;
    }
    vtd_write32(v, VTD_REG_FECTL, VTD_FECTL_IM);
    v->queue_on = false;
    rc = vtd_all_off(v);
    /* Half off is no state to go on in. */
    if ( rc && vtd_resume(u) )
        host_log_err("VT-d unit %#"PRIx64": neither sleeps nor wakes",
                     u->reg_pa);
    return rc;
}

int cf_check vtd_resume(struct moat_unit *u)
{
    struct vtd_unit *v = to_vtd(u);
    bool masked = v->irq_masked;
    int rc;

    if ( !v->mmio )
        return 0;

    /* Firmware may have run in between, and left what it likes. */
    v->quiesced = false;
    v->queue_on = v->ir_on = v->dma_on = false;
    rc = vtd_quiesce(v);
    if ( !rc && v->queue_ready )
        rc = vtd_start_queue(u);
    if ( !rc && v->saved_intremap )
        rc = v->queue_on ? vtd_intremap_on(v) : -EIO;
    if ( !rc && v->saved_dma )
        rc = vtd_enable_dma(u);
    if ( rc )
    {
        host_log_err("VT-d unit %#"PRIx64": does not come back (%d)",
                     u->reg_pa, rc);
        return rc;
    }

    vtd_irq_message(u, &v->irq_msg);
    vtd_irq_mask(u, masked);
    return 0;
}

/*
 * The kernel that is started next expects to find units off, or copies our
 * tables; DMA in flight goes on untranslated, as after a reset.
 */
void cf_check vtd_crash(struct moat_unit *u)
{
    struct vtd_unit *v = to_vtd(u);

    if ( !v->mmio || !v->quiesced )
        return;
    v->queue_on = v->ir_on = v->dma_on = false;
    (void)vtd_all_off(v);
}
