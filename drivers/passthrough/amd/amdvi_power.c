/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sleep and crash. Tables and rings stay in memory; registers are lost over
 * S3 and are all written anew. AMD IOMMU specification (48882) 2.6.2.
 */
#include "amdvi_unit.h"

/* Interrupts off, one processor. */
int cf_check amdvi_suspend(struct moat_unit *u)
{
    struct amdvi_unit *a = to_amdvi(u);

    if ( !a->mmio )
        return -ENODEV;
    return a->on ? amdvi_off(a) : 0;
}

int cf_check amdvi_resume(struct moat_unit *u)
{
    struct amdvi_unit *a = to_amdvi(u);
    int rc;

    if ( !a->mmio )
        return -ENODEV;
    if ( !a->intremap && !a->dma_on )
        return 0;
    /* Firmware may have come back with the unit on. */
    rc = amdvi_off(a);
    return rc ? rc : amdvi_on(a);
}

/*
 * For whoever runs next: the unit off, as it was found. No lock, as its
 * holder may be the processor that crashed; no wait.
 */
void cf_check amdvi_crash(struct moat_unit *u)
{
    struct amdvi_unit *a = to_amdvi(u);

    if ( !a->mmio )
        return;
    amdvi_write(a, AMDVI_REG_CTRL, a->ctrl & AMDVI_CTRL_IOMMU_EN);
    amdvi_write(a, AMDVI_REG_CTRL, 0);
    a->on = false;
}
