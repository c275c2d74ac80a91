/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of operations the core calls, and the dump for people. */
#include "vtd_unit.h"

static void cf_check vtd_dump(struct moat_unit *u)
{
    const struct vtd_unit *v = to_vtd(u);
    uint32_t gsts;

    if ( !v->mmio )
    {
        host_log_info("  no registers there");
        return;
    }

    gsts = vtd_read32(v, VTD_REG_GSTS);
    host_log_info("  version %u.%u, capabilities %016"PRIx64" %016"PRIx64,
                  (unsigned int)FIELD_GET(VTD_VER_MAX, v->ver),
                  (unsigned int)FIELD_GET(VTD_VER_MIN, v->ver), v->cap,
                  v->ecap);
    host_log_info("  width %u, id bits %u, levels%s%s%s, leaves 4K%s%s%s%s",
                  u->caps.iova_bits, u->caps.did_bits,
                  u->caps.levels & (1u << 3) ? " 3" : "",
                  u->caps.levels & (1u << 4) ? " 4" : "",
                  u->caps.levels & (1u << 5) ? " 5" : "",
                  u->caps.leaf_levels & (1u << 2) ? " 2M" : "",
                  u->caps.leaf_levels & (1u << 3) ? " 1G" : "",
                  v->cap & VTD_CAP_CM ? ", caching mode" : "",
                  v->wbf ? ", write-buffer flush" : "");
    host_log_info("  status %08x: translation %s, interrupt remapping %s%s, "
                  "queue %s", gsts, gsts & VTD_GCMD_TE ? "on" : "off",
                  gsts & VTD_GCMD_IRE ? "on" : "off",
                  v->ir_on && v->x2apic ? " (x2APIC)" : "",
                  gsts & VTD_GCMD_QIE ? "on" : "off");
    host_log_info("  root table %016"PRIx64", interrupt table %016"PRIx64,
                  vtd_read64(v, VTD_REG_RTADDR),
                  vtd_read64(v, VTD_REG_IRTA));
    host_log_info("  queue head %u tail %u last %u, fault status %08x, "
                  "fault interrupt %s",
                  (unsigned int)FIELD_GET(VTD_IQ_INDEX,
                                          vtd_read64(v, VTD_REG_IQH)),
                  (unsigned int)FIELD_GET(VTD_IQ_INDEX,
                                          vtd_read64(v, VTD_REG_IQT)),
                  v->queue.seq, vtd_read32(v, VTD_REG_FSTS),
                  vtd_read32(v, VTD_REG_FECTL) & VTD_FECTL_IM ? "masked"
                                                              : "on");
}

const struct hw_ops vtd_ops = {
    .name = "VT-d",
    .fmt = &iopt_fmt_vtd,
    .start_queue = vtd_start_queue,
    .stop_queue = vtd_stop_queue,
    .enable_intremap = vtd_enable_intremap,
    .disable_intremap = vtd_disable_intremap,
    .setup = vtd_setup,
    .enable_dma = vtd_enable_dma,
    .disable_dma = vtd_disable_dma,
    .release = vtd_release,
    .suspend = vtd_suspend,
    .resume = vtd_resume,
    .crash = vtd_crash,
    .entry_prepare = vtd_entry_prepare,
    .entry_swap = vtd_entry_swap,
    .entry_get = vtd_entry_get,
    .flush_submit = vtd_flush_submit,
    .flush_wait = vtd_flush_wait,
    .flush_rescue = vtd_flush_rescue,
    .irte_set = vtd_irte_set,
    .irte_get = vtd_irte_get,
    .msi_compose = vtd_msi_compose,
    .rte_compose = vtd_rte_compose,
    .rte_index = vtd_rte_index,
    .irq_message = vtd_irq_message,
    .irq_mask = vtd_irq_mask,
    .irq_quiesce = vtd_irq_quiesce,
    .faults_take = vtd_faults_take,
    .dump = vtd_dump,
    .rid_alias = vtd_rid_alias,
    .device_found = vtd_device_found,
    .devtlb_allowed = vtd_devtlb_allowed,
};
