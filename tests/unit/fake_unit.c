/* SPDX-License-Identifier: GPL-2.0-only */
/* The unit in memory: what the core sees of it. */
#include "fake_unit.h"

struct fake_unit *fake[FAKE_MAX];
int (*fake_scan_more)(struct moat_platform *p);

/* ---- Entries ---- */

static bool same_entry(const struct hw_entry *a, const struct hw_entry *b)
{
    return a->kind == b->kind &&
           (a->kind == HW_ENTRY_NONE ||
            (a->did == b->did && a->levels == b->levels &&
             a->root == b->root && a->devtlb == b->devtlb));
}

static int cf_check fake_swap(struct moat_unit *unit, uint16_t rid,
                              const struct hw_entry *old,
                              const struct hw_entry *new)
{
    struct fake_unit *u = to_fake(unit);
    bool fail;

    if ( rid >= FAKE_RIDS )
        return -EINVAL;
    host_lock(&unit->lock);
    u->swaps++;
    fail = !same_entry(&u->mem[rid], old) || fake_countdown(&u->fail_swap);
    if ( fail && !u->fail_swap && u->fail_swap_more )
    {
        u->fail_swap = 1;
        u->fail_swap_more--;
    }
    if ( fail )
    {
        host_unlock(&unit->lock);
        return -EILSEQ;
    }
    u->mem[rid] = *new;
    test_step(TEST_STEP_CMPXCHG, &u->mem[rid]);
    host_unlock(&unit->lock);
    return 0;
}

static int cf_check fake_get(struct moat_unit *unit, uint16_t rid,
                             struct hw_entry *e)
{
    *e = to_fake(unit)->mem[rid];
    return 0;
}

static int cf_check fake_prepare(struct moat_unit *unit, uint16_t rid)
{
    (void)rid;
    return to_fake(unit)->prepare_rc;
}

static int cf_check fake_irte_set(struct moat_unit *unit, unsigned int index,
                                  const struct hw_irte *e)
{
    host_lock_assert(&unit->intr_lock);
    if ( index >= FAKE_INTR )
        return -EINVAL;
    to_fake(unit)->irte[index] = *e;
    test_step(TEST_STEP_CMPXCHG, &to_fake(unit)->irte[index]);
    return 0;
}

static int cf_check fake_irte_get(struct moat_unit *unit, unsigned int index,
                                  struct hw_irte *e)
{
    if ( index >= FAKE_INTR )
        return -EINVAL;
    *e = to_fake(unit)->irte[index];
    return 0;
}

static void cf_check fake_msi(const struct moat_unit *unit,
                              unsigned int index, unsigned int n,
                              struct moat_msi_msg *msg)
{
    (void)unit;
    msg->addr_lo = 0xfee00010 | (index << 5);
    msg->addr_hi = 0;
    msg->data = n;
}

static uint64_t cf_check fake_rte(const struct moat_unit *unit,
                                  unsigned int index, uint64_t rte)
{
    (void)unit;
    return (1ull << 48) | ((uint64_t)index << 49) | (rte & 0x1f0ff);
}

static int cf_check fake_rte_index(const struct moat_unit *unit, uint64_t hw)
{
    (void)unit;
    return hw & (1ull << 48) ? (int)(hw >> 49) : -ENOENT;
}

/* ---- Life ---- */

static int cf_check fake_start_queue(struct moat_unit *unit)
{
    struct fake_unit *u = to_fake(unit);

    u->queue = !u->queue_rc;
    return u->queue_rc;
}

static void cf_check fake_stop_queue(struct moat_unit *unit)
{
    to_fake(unit)->queue = false;
}

static int cf_check fake_intremap(struct moat_unit *unit, bool x2apic)
{
    struct fake_unit *u = to_fake(unit);

    (void)x2apic;
    u->ir = !u->intremap_rc;
    return u->intremap_rc;
}

static void cf_check fake_no_intremap(struct moat_unit *unit)
{
    to_fake(unit)->ir = false;
}

static int cf_check fake_setup(struct moat_unit *unit)
{
    return to_fake(unit)->setup_rc;
}

static int cf_check fake_enable(struct moat_unit *unit)
{
    struct fake_unit *u = to_fake(unit);

    u->dma = !u->enable_rc;
    memset(u->ctx, 0, sizeof(u->ctx));
    memset(u->tlb, 0, sizeof(u->tlb));
    return u->enable_rc;
}

static void cf_check fake_disable(struct moat_unit *unit)
{
    to_fake(unit)->dma = false;
}

static void cf_check fake_release(struct moat_unit *unit)
{
    to_fake(unit)->released++;
}

static int cf_check fake_suspend(struct moat_unit *unit)
{
    return to_fake(unit)->suspend_rc;
}

static int cf_check fake_resume(struct moat_unit *unit)
{
    return to_fake(unit)->resume_rc;
}

static void cf_check fake_crash(struct moat_unit *unit)
{
    to_fake(unit)->dma = to_fake(unit)->ir = false;
}

static void cf_check fake_irq_message(struct moat_unit *unit,
                                      const struct moat_msi_msg *m)
{
    (void)unit;
    (void)m;
}

static void cf_check fake_irq_mask(struct moat_unit *unit, bool mask)
{
    (void)unit;
    (void)mask;
}

static unsigned int cf_check fake_faults_take(struct moat_unit *unit,
                                              struct moat_fault *f,
                                              unsigned int max,
                                              bool *overflow)
{
    struct fake_unit *u = to_fake(unit);
    unsigned int n = u->n_faults < max ? u->n_faults : max;

    *overflow = false;
    memcpy(f, u->faults, n * sizeof(*f));
    memmove(u->faults, u->faults + n, (u->n_faults - n) * sizeof(*f));
    u->n_faults -= n;
    return n;
}

static void cf_check fake_dump(struct moat_unit *unit)
{
    host_log_info("  fake unit %u", unit->index);
}

static const struct hw_ops fake_ops = {
    .name = "fake", .fmt = &iopt_fmt_vtd,
    .start_queue = fake_start_queue, .stop_queue = fake_stop_queue,
    .enable_intremap = fake_intremap, .disable_intremap = fake_no_intremap,
    .setup = fake_setup, .enable_dma = fake_enable,
    .disable_dma = fake_disable, .release = fake_release,
    .suspend = fake_suspend, .resume = fake_resume, .crash = fake_crash,
    .entry_prepare = fake_prepare, .entry_swap = fake_swap,
    .entry_get = fake_get, .flush_submit = fake_submit,
    .flush_wait = fake_wait, .flush_rescue = fake_rescue,
    .irte_set = fake_irte_set, .irte_get = fake_irte_get,
    .msi_compose = fake_msi, .rte_compose = fake_rte,
    .rte_index = fake_rte_index, .irq_message = fake_irq_message,
    .irq_mask = fake_irq_mask, .faults_take = fake_faults_take,
    .dump = fake_dump,
};

void fake_fault(struct fake_unit *u, moat_sbdf_t source,
                enum moat_access access, uint64_t addr, const char *reason)
{
    struct moat_fault *f = &u->faults[u->n_faults++];

    f->source = source;
    f->access = access;
    f->addr = addr;
    f->code = 6;
    f->reason = reason;
}

/* ---- The vendor ---- */

static int cf_check fake_scan(struct moat_platform *p, const void *table,
                              size_t len)
{
    unsigned int i;
    int rc;

    (void)table;
    (void)len;
    for ( i = 0; i < FAKE_MAX && fake[i]; i++ )
    {
        rc = unit_register(p, &fake[i]->unit);
        if ( rc )
            return rc;
    }
    return fake_scan_more ? fake_scan_more(p) : 0;
}

static const struct hw_vendor fake_vendor = {
    .name = "fake", .signature = "FAKE", .scan = fake_scan,
};
const struct hw_vendor *const hw_vendors[] = { &fake_vendor, NULL };

struct fake_unit *fake_add(void)
{
    unsigned int i = 0;
    struct fake_unit *u;

    while ( fake[i] )
        i++;
    u = fake[i] = calloc(1, sizeof(*u));
    u->unit.ops = &fake_ops;
    u->unit.node = HOST_NO_NODE;
    u->unit.reg_pa = 0xfed90000 + 0x1000 * i;
    u->unit.include_all = true;
    u->unit.caps = (struct hw_caps){
        .levels = 1u << 4, .leaf_levels = 0xe, .iova_bits = 48,
        .did_bits = 8, .did_reserved = 1, .coherent = true, .snoop = true,
        .passthrough = true, .devtlb = true, .intremap = true,
        .x2apic = true, .posted = true, .queue = true,
        .intr_entries = FAKE_INTR,
    };
    return u;
}
