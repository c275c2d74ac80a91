/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Control of a unit, and its bring-up. AMD IOMMU specification (48882, rev.
 * 3.07) 3.4.5 (control), 3.4.14 (status), 2.6.2 (making the unit work).
 */
#include "amdvi_unit.h"

void amdvi_ctrl_locked(struct amdvi_unit *a, uint64_t mask, uint64_t bits)
{
    host_lock_assert(&a->reg_lock);
    a->ctrl = (a->ctrl & ~mask) | (bits & mask);
    amdvi_write(a, AMDVI_REG_CTRL, a->ctrl);
}

void amdvi_ctrl(struct amdvi_unit *a, uint64_t mask, uint64_t bits)
{
    unsigned long flags = host_lock_irqsave(&a->reg_lock);

    amdvi_ctrl_locked(a, mask, bits);
    host_unlock_irqrestore(&a->reg_lock, flags);
}

int amdvi_wait_status(const struct amdvi_unit *a, uint64_t mask,
                      uint64_t want)
{
    uint64_t limit = platform_timeout_ns(a->unit.platform);
    uint64_t start = host_now_ns();

    for ( ; ; )
    {
        bool late = host_now_ns() - start >= limit;
        uint64_t sts = amdvi_read(a, AMDVI_REG_STATUS);

        if ( sts == ~(uint64_t)0 )
            return -EIO;
        if ( (sts & mask) == want )
            return 0;
        if ( late )
            return -ETIMEDOUT;
        host_relax();
    }
}

/* Features that stay as they are while the unit is on or off. */
#define CTRL_KEPT (AMDVI_CTRL_GA_EN | AMDVI_CTRL_XT_EN | \
                   AMDVI_CTRL_INTCAP_XT_EN)

int amdvi_off(struct amdvi_unit *a)
{
    int rc;

    /*
     * The rings first, so that nothing is left half done; then the rest.
     * The whole register is written: what a boot loader may have enabled
     * besides is none of ours.
     */
    a->ctrl = amdvi_read(a, AMDVI_REG_CTRL);
    if ( a->ctrl == ~(uint64_t)0 )
    {
        host_log_err(AMDVI_FMT "gone: its registers read ones",
                     AMDVI_ARG(a));
        a->ctrl = 0;
        a->on = false;
        return -EIO;
    }
    amdvi_ctrl(a, AMDVI_CTRL_CMD_EN | AMDVI_CTRL_EVT_LOG_EN |
                  AMDVI_CTRL_EVT_INT_EN | AMDVI_CTRL_PPR_LOG_EN |
                  AMDVI_CTRL_PPR_INT_EN | AMDVI_CTRL_PPR_EN |
                  AMDVI_CTRL_COM_WAIT_INT, 0);
    rc = amdvi_wait_status(a, AMDVI_STS_RUNNING, 0);
    amdvi_ctrl(a, ~(uint64_t)0, 0);
    a->on = false;
    if ( rc )
        host_log_err(AMDVI_FMT "does not stop: status %#" PRIx64,
                     AMDVI_ARG(a), amdvi_read(a, AMDVI_REG_STATUS));
    return rc;
}

/*
 * 3.4.5, CtrlInvTimeOut: how long a device TLB may take before the unit gives
 * up and says so in the event log; never no limit. The largest one that is not
 * longer than asked for.
 */
static unsigned int inv_timeout_code(unsigned int ms)
{
    unsigned int code = 1, limit = 1;       /* 1 ms */

    while ( code < 6 && limit <= ms / 10 )
    {
        limit *= 10;
        code++;
    }
    return code;
}

/* What the control register must say while the unit is on. */
static uint64_t ctrl_on(const struct amdvi_unit *a)
{
    uint8_t f = a->ivhd_flags;
    uint64_t c = AMDVI_CTRL_COHERENT | AMDVI_CTRL_CMD_EN |
                 AMDVI_CTRL_EVT_LOG_EN;

    c |= FIELD_PREP(AMDVI_CTRL_INV_TIMEOUT,
                    inv_timeout_code(amdvi_devtlb_ms(a)));
    c |= FIELD_PREP(AMDVI_CTRL_DEVTAB_SEG, a->seg_order);
    if ( (a->cap & AMDVI_CAP_HT_TUNNEL) && (f & IVHD_FLAG_HT_TUN_EN) )
        c |= AMDVI_CTRL_HT_TUN_EN;
    c |= (f & IVHD_FLAG_PASS_PW ? AMDVI_CTRL_PASS_PW : 0) |
         (f & IVHD_FLAG_RES_PASS_PW ? AMDVI_CTRL_RES_PASS_PW : 0) |
         (f & IVHD_FLAG_ISOC ? AMDVI_CTRL_ISOC : 0);
    if ( a->ppr.va )
        c |= AMDVI_CTRL_PPR_LOG_EN;
    if ( a->intremap && a->x2apic )
        c |= CTRL_KEPT;
    if ( a->irq_set && !a->irq_masked )
        c |= AMDVI_CTRL_EVT_INT_EN | (a->ppr.va ? AMDVI_CTRL_PPR_INT_EN : 0);
    return c;
}

static void program(struct amdvi_unit *a)
{
    uint64_t ring = (a->queue.ring_pa & AMDVI_RING_BASE) |
                    FIELD_PREP(AMDVI_RING_LEN,
                               log2_floor(a->queue.entries));

    /* 3.4.6: the exclusion range is done by tables, per device. */
    amdvi_write(a, AMDVI_REG_EXCL_BASE, 0);
    amdvi_write(a, AMDVI_REG_EXCL_LIMIT, 0);
    amdvi_dte_program(a);
    amdvi_write(a, AMDVI_REG_CMD_BASE, ring);
    amdvi_write(a, AMDVI_REG_CMD_HEAD, 0);
    amdvi_write(a, AMDVI_REG_CMD_TAIL, 0);
    amdvi_logs_program(a);
    amdvi_irq_restore(a);
}

int amdvi_on(struct amdvi_unit *a)
{
    uint64_t ctrl = ctrl_on(a);
    int rc;

    amdvi_quirks_unit(a);
    program(a);
    cmdq_reset(&a->queue);
    a->repairs = 0;
    host_mb();

    /* 3.4.5: IommuEn last; what it governs takes effect with it. */
    amdvi_ctrl(a, ~(uint64_t)0, ctrl);
    amdvi_ctrl(a, AMDVI_CTRL_IOMMU_EN, AMDVI_CTRL_IOMMU_EN);
    a->on = true;

    rc = amdvi_wait_status(a, AMDVI_STS_CMD_RUN, AMDVI_STS_CMD_RUN);
    if ( !rc )
        rc = amdvi_flush_everything(a);
    if ( rc )
    {
        host_log_err(AMDVI_FMT "does not take commands (%d): off",
                     AMDVI_ARG(a), rc);
        (void)amdvi_off(a);
    }
    return rc;
}

/* ---- Bring-up ---- */

/* The unit is off for certain, or never was told of any of this. */
static void free_all(struct amdvi_unit *a)
{
    if ( a->queue_ready )
        cmdq_fini(&a->queue);
    a->queue_ready = false;
    amdvi_logs_free(a);
    amdvi_irt_free_all(a);
    amdvi_dte_free(a);
    a->ready = false;
}

static int alloc_all(struct amdvi_unit *a)
{
    int rc;

    a->timeout_ns = platform_timeout_ns(a->unit.platform);
    rc = cmdq_init(&a->queue, &amdvi_queue_hooks, a,
                   AMDVI_CMD_ENTRIES, a->unit.node, MOAT_RANK_RING);

    a->queue_ready = !rc;
    if ( !rc )
        rc = amdvi_logs_alloc(a);
    if ( !rc )
        rc = amdvi_dte_alloc(a);
    if ( rc )
        free_all(a);
    a->ready = !rc;
    return rc;
}

/*
 * Commands are taken only while IommuEn is set, which comes with the first
 * of interrupt remapping and translation: until then there is nothing to be
 * flushed, and nothing is.
 */
int cf_check amdvi_start_queue(struct moat_unit *u)
{
    struct amdvi_unit *a = to_amdvi(u);
    int rc;

    if ( !a->mmio )
        return -ENODEV;
    if ( a->ready )
        return 0;

    if ( amdvi_read(a, AMDVI_REG_CTRL) & AMDVI_CTRL_IOMMU_EN )
        host_log_info(AMDVI_FMT "left on by firmware: switched off",
                      AMDVI_ARG(a));
    rc = amdvi_off(a);
    return rc ? rc : alloc_all(a);
}

void cf_check amdvi_stop_queue(struct moat_unit *u)
{
    struct amdvi_unit *a = to_amdvi(u);

    if ( !a->ready )
        return;
    if ( !amdvi_off(a) )
        free_all(a);
    else
        host_log_err(AMDVI_FMT "its memory is given up: it may still be in "
                     "use", AMDVI_ARG(a));
    a->ready = false;
}

int cf_check amdvi_setup(struct moat_unit *u)
{
    return amdvi_start_queue(u);
}

/*
 * With interrupt remapping the unit is on already: entries take force one
 * by one, each from "not translated" to what was prepared for it, so that
 * dom0's devices go on working throughout.
 */
int cf_check amdvi_enable_dma(struct moat_unit *u)
{
    struct amdvi_unit *a = to_amdvi(u);
    int rc;

    if ( !a->ready )
        return -ENODEV;
    if ( a->dma_on )
        return 0;

    if ( a->on )
    {
        amdvi_dte_unstage(a);
        rc = amdvi_flush_everything(a);
        if ( rc )
        {
            /* The core frees the tables of a unit that did not start. */
            host_log_err(AMDVI_FMT "does not take the device table (%d): "
                         "off, with its interrupts", AMDVI_ARG(a), rc);
            (void)amdvi_off(a);
        }
    }
    else
        rc = amdvi_on(a);

    a->dma_on = !rc;
    return rc;
}

void cf_check amdvi_disable_dma(struct moat_unit *u)
{
    struct amdvi_unit *a = to_amdvi(u);

    if ( !a->dma_on )
        return;
    a->dma_on = false;
    if ( !a->intremap )
    {
        (void)amdvi_off(a);
        return;
    }
    /* Interrupts need the unit. Out of memory: DMA stays as it is. */
    if ( amdvi_dte_stage(a) || amdvi_flush_everything(a) )
        host_log_err(AMDVI_FMT "goes on translating: it cannot be asked not "
                     "to", AMDVI_ARG(a));
}

void cf_check amdvi_release(struct moat_unit *u)
{
    struct amdvi_unit *a = to_amdvi(u);

    if ( a->ready )
        amdvi_stop_queue(u);
    if ( a->mmio )
        host_mmio_unmap(a->mmio);
    host_free(a->ranges);
    host_free(a);
}
