/* SPDX-License-Identifier: GPL-2.0-only */
/* The operations of a unit, and what debug keys print of it. */
#include "amdvi_unit.h"

static void dump_entry(const struct amdvi_unit *a, unsigned int rid)
{
    static const char *const kinds[] = {
        [HW_ENTRY_NONE] = "blocked",
        [HW_ENTRY_TABLE] = "translated",
        [HW_ENTRY_PASSTHROUGH] = "passed through",
    };
    const uint64_t *dte = amdvi_dte_at(a, rid);
    struct amdvi_words d;
    struct hw_entry e;

    d.w[0] = HOST_READ_ONCE(dte[0]);
    d.w[1] = HOST_READ_ONCE(dte[1]);
    if ( amdvi_parse_dte(&d, &e) )
        host_log_info("  %02x:%02x.%u: %016" PRIx64 " %016" PRIx64,
                      rid >> 8, (rid >> 3) & 0x1f, rid & 7, d.w[1], d.w[0]);
    else if ( e.kind != HW_ENTRY_NONE )
        host_log_info("  %02x:%02x.%u: %s, id %#x, %u levels at %#" PRIx64
                      "%s", rid >> 8, (rid >> 3) & 0x1f, rid & 7,
                      kinds[e.kind], e.did, e.levels, e.root,
                      e.devtlb ? ", device TLB" : "");
}

static void cf_check amdvi_dump(struct moat_unit *u)
{
    struct amdvi_unit *a = to_amdvi(u);
    unsigned int rid;

    if ( !a->mmio )
        return;
    host_log_info("  AMD-Vi at %#" PRIx64 ", function " MOAT_PRI_SBDF
                  ", capability %#x, features %#" PRIx64, u->reg_pa,
                  MOAT_SBDF_ARG(a->dev), a->cap, a->efr);
    host_log_info("  control %#" PRIx64 ", status %#" PRIx64 ", commands "
                  "%#" PRIx64 "/%#" PRIx64 ", events %#" PRIx64 "/%#" PRIx64,
                  amdvi_read(a, AMDVI_REG_CTRL),
                  amdvi_read(a, AMDVI_REG_STATUS),
                  amdvi_read(a, AMDVI_REG_CMD_HEAD),
                  amdvi_read(a, AMDVI_REG_CMD_TAIL),
                  amdvi_read(a, AMDVI_REG_EVT_HEAD),
                  amdvi_read(a, AMDVI_REG_EVT_TAIL));
    if ( !a->ready )
        return;
    host_log_info("  device table: ids to %#x, %u segments%s; interrupts "
                  "%s", a->max_id, 1u << a->seg_order,
                  a->stage ? ", DMA not yet translated" : "",
                  !a->intremap ? "not remapped" :
                  a->x2apic ? "remapped, 128-bit entries"
                            : "remapped, 32-bit entries");
    /* Untranslated entries are all alike until translation starts. */
    for ( rid = 0; !a->stage && rid <= a->max_id; rid++ )
        dump_entry(a, rid);
}

const struct hw_ops amdvi_ops =
{
    .name = "AMD-Vi",
    .fmt = &iopt_fmt_amdvi,
    .start_queue = amdvi_start_queue,
    .stop_queue = amdvi_stop_queue,
    .enable_intremap = amdvi_enable_intremap,
    .disable_intremap = amdvi_disable_intremap,
    .setup = amdvi_setup,
    .enable_dma = amdvi_enable_dma,
    .disable_dma = amdvi_disable_dma,
    .release = amdvi_release,
    .suspend = amdvi_suspend,
    .resume = amdvi_resume,
    .crash = amdvi_crash,
    .entry_prepare = amdvi_entry_prepare,
    .entry_swap = amdvi_entry_swap,
    .entry_get = amdvi_entry_get,
    .flush_submit = amdvi_flush_submit,
    .flush_wait = amdvi_flush_wait,
    .flush_rescue = amdvi_flush_rescue,
    .irte_set = amdvi_irte_set,
    .irte_get = amdvi_irte_get,
    .msi_compose = amdvi_msi_compose,
    .rte_compose = amdvi_rte_compose,
    .rte_index = amdvi_rte_index,
    .irq_message = amdvi_irq_message,
    .irq_mask = amdvi_irq_mask,
    .irq_quiesce = amdvi_irq_quiesce,
    .faults_take = amdvi_faults_take,
    .dump = amdvi_dump,
    .serves = amdvi_serves,
    .rid_alias = amdvi_rid_alias,
    .intr_prepare = amdvi_intr_prepare,
    .intr_space = amdvi_intr_space,
    .devtlb_allowed = amdvi_devtlb_allowed,
};
