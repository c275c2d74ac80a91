/* SPDX-License-Identifier: GPL-2.0-only */
/* hw_ops of the model's unit, and its "firmware table". */
#include <core/bits.h>

#include "drv.h"
#include "port.h"
#include "things.h"

struct drv_program drv;

static struct drv_unit *to_drv(const struct moat_unit *u)
{
    return container_of((struct moat_unit *)u, struct drv_unit, unit);
}

void drv_reset(void)
{
    memset(&drv, 0, sizeof(drv));
    drv.units = 1;
    drv.rescue = true;
    drv.caps.levels = 1u << 3;
    drv.caps.leaf_levels = 1u << 1 | 1u << 2;
    drv.caps.iova_bits = 39;
    drv.caps.did_bits = 4;
    drv.caps.did_reserved = 1;
    drv.caps.coherent = drv.caps.snoop = drv.caps.passthrough = true;
    drv.caps.devtlb = drv.caps.queue = drv.caps.intremap = true;
    drv.caps.x2apic = true;
    drv.caps.intr_entries = 64;
    drv_ring_reset();
}

/* ---- Bring-up: nothing of it is of interest here ---- */

static int ok(struct moat_unit *u)
{
    (void)u;
    return 0;
}

static void nothing(struct moat_unit *u)
{
    (void)u;
}

static int start_queue(struct moat_unit *u)
{
    return to_drv(u)->ring ? drv_ring_start(to_drv(u)) : 0;
}

static void stop_queue(struct moat_unit *u)
{
    (void)u;
}

static int enable_intremap(struct moat_unit *u, bool x2apic)
{
    (void)u;
    (void)x2apic;
    return 0;
}

static void release(struct moat_unit *u)
{
    if ( to_drv(u)->ring )
        drv_ring_stop(to_drv(u));
    host_free(to_drv(u));
}

/* ---- Entries ---- */

static struct hwu_entry make_entry(const struct hw_entry *e)
{
    struct hwu_entry w = { 0, 0 };

    if ( e->kind == HW_ENTRY_NONE )
        return w;
    w.lo = HWU_ENTRY_P | e->root | (e->devtlb ? HWU_ENTRY_ATS : 0) |
           (e->kind == HW_ENTRY_PASSTHROUGH ? HWU_ENTRY_PASS : 0);
    w.hi = e->did | (uint64_t)e->levels << 16;
    return w;
}

static int entry_prepare(struct moat_unit *u, uint16_t rid)
{
    (void)u;
    (void)rid;
    return 0;
}

static int entry_swap(struct moat_unit *u, uint16_t rid,
                      const struct hw_entry *old, const struct hw_entry *new)
{
    struct drv_unit *d = to_drv(u);
    struct hwu_entry from = make_entry(old), to = make_entry(new);
    bool done;

    port_step("swaps the entry", THING_ENTRY, rid);
    if ( new->kind != HW_ENTRY_NONE &&
         (new->did < u->caps.did_reserved || new->did >> u->caps.did_bits) )
        port_fail("an entry with id %u, which is reserved or too big",
                  new->did);
    port_barrier();
    port_hw_lock();
    done = hwu_entry_swap(d->number, rid, &from, &to);
    port_hw_unlock();
    if ( done && new->kind != HW_ENTRY_NONE )
        port_note("%#x: id %u -> %u", rid, old->did, new->did);
    else if ( done )
        port_note("%#x: id %u -> blocked", rid, old->did);
    return done ? 0 : -EILSEQ;
}

static int entry_get(struct moat_unit *u, uint16_t rid, struct hw_entry *e)
{
    struct hwu_entry w;

    port_hw_lock();
    w = hwu_entry_get(to_drv(u)->number, rid);
    port_hw_unlock();
    memset(e, 0, sizeof(*e));
    if ( !(w.lo & HWU_ENTRY_P) )
        return 0;
    e->kind = w.lo & HWU_ENTRY_PASS ? HW_ENTRY_PASSTHROUGH : HW_ENTRY_TABLE;
    e->did = HWU_ENTRY_DID(w.hi);
    e->levels = HWU_ENTRY_LEVELS(w.hi);
    e->root = w.lo & HWU_ENTRY_ROOT;
    e->devtlb = w.lo & HWU_ENTRY_ATS;
    return 0;
}

/* ---- Flushes ---- */

void drv_command(const struct hw_flush *f, struct hwu_cmd *c)
{
    static const enum hwu_cmd_kind kinds[] = {
        [HW_FLUSH_ENTRY] = HWU_CMD_ENTRY,
        [HW_FLUSH_ENTRY_ALL] = HWU_CMD_ENTRY_ALL,
        [HW_FLUSH_DID] = HWU_CMD_DID,
        [HW_FLUSH_DID_RANGE] = HWU_CMD_RANGE,
        [HW_FLUSH_IOTLB_ALL] = HWU_CMD_IOTLB_ALL,
        [HW_FLUSH_DEVTLB] = HWU_CMD_DEVTLB,
        [HW_FLUSH_INTR] = HWU_CMD_INTR,
        [HW_FLUSH_INTR_ALL] = HWU_CMD_INTR_ALL,
    };

    memset(c, 0, sizeof(*c));
    c->kind = kinds[f->kind];
    c->did = f->did;
    c->rid = f->rid;
    c->leaf_only = f->kind == HW_FLUSH_DID_RANGE && !f->big_leaf;
    c->first = f->first;
    c->last = f->last;
}

enum drv_fate drv_next_fate(unsigned int unit)
{
    enum drv_fate fate = DRV_DONE;

    port_hw_lock();
    if ( drv.fail_at && !unit )
    {
        /* Which of two submissions it hits depends on their order. */
        port_touch(THING_RING, unit, true);
        drv.count++;
        if ( drv.count >= drv.fail_at &&
             drv.count - drv.fail_at < drv.fail_for )
            fate = drv.fate;
    }
    port_hw_unlock();
    return fate;
}

#define TOKEN(number)   ((number) + 1u)
#define FATE_SHIFT      8

static bool is_mute(const struct hw_flush *f, unsigned int n)
{
    unsigned int i;

    for ( i = 0; i < n && drv.mute_devtlb; i++ )
        if ( f[i].kind == HW_FLUSH_DEVTLB )
            return true;
    return false;
}

static int flush_submit(struct moat_unit *u, const struct hw_flush *f,
                        unsigned int n, uint32_t *token)
{
    struct drv_unit *d = to_drv(u);
    struct hwu_cmd c[HWU_CMDS];
    enum drv_fate fate;
    unsigned int i, number = 0;

    if ( n > HWU_CMDS )
        port_fail("%u commands at once", n);
    if ( d->ring && !HOST_READ_ONCE(d->direct) )
        return drv_ring_submit(d, f, n, token);
    for ( i = 0; i < n; i++ )
        drv_command(&f[i], &c[i]);
    port_step("queues commands", THING_RING, d->number);
    port_barrier();
    fate = HOST_READ_ONCE(d->direct) ? DRV_DONE : drv_next_fate(d->number);
    port_note("%u command(s), kind %u, id %u, device %#x", n, c[0].kind,
              c[0].did, c[0].rid);
    if ( fate == DRV_FULL )
        return -ETIMEDOUT;
    if ( fate == DRV_DONE && is_mute(f, n) )
        fate = DRV_LOST;
    if ( fate == DRV_DONE || fate == DRV_LATE )
    {
        port_hw_lock();
        number = hwu_queue(d->number, c, n);
        port_hw_unlock();
    }
    *token = TOKEN(number) | (uint32_t)fate << FATE_SHIFT;
    return 0;
}

static int flush_wait(struct moat_unit *u, uint32_t token)
{
    struct drv_unit *d = to_drv(u);
    enum drv_fate fate = (enum drv_fate)(token >> FATE_SHIFT);
    unsigned int number = (token & 0xff) - 1;

    if ( d->ring && !HOST_READ_ONCE(d->direct) )
        return drv_ring_wait(d, token);
    port_step("waits for the unit", THING_RING, d->number);
    if ( fate == DRV_DONE || fate == DRV_LATE )
    {
        port_hw_lock();
        hwu_complete(number);
        port_hw_unlock();
    }
    if ( fate == DRV_DONE )
        return 0;
    port_note("%s", fate == DRV_ERROR ? "error" : "time-out");
    return fate == DRV_ERROR ? -EIO : -ETIMEDOUT;
}

static int flush_rescue(struct moat_unit *u)
{
    struct drv_unit *d = to_drv(u);

    port_step("rescues the unit", THING_RING, d->number);
    port_touch(THING_RING, d->number, true);
    if ( !drv.rescue )
        return -EIO;
    port_hw_lock();
    drv.rescues++;
    hwu_forget_all(d->number);
    port_hw_unlock();
    if ( d->ring )
    {
        HOST_WRITE_ONCE(d->direct, true);
        cmdq_kill(&d->q);
    }
    return 0;
}

/* ---- Interrupt entries ---- */

static int irte_set(struct moat_unit *u, unsigned int index,
                    const struct hw_irte *e)
{
    struct drv_unit *d = to_drv(u);
    uint64_t lo = 0, hi = 0;

    host_lock_assert(&u->intr_lock);
    if ( index >= HWU_IRTES )
        port_fail("interrupt entry %u: the model looks at %u", index,
                  HWU_IRTES);
    if ( e->present )
    {
        lo = 1 | (uint64_t)e->intr.vector << 16 | (uint64_t)e->intr.dest << 32;
        hi = e->sid | (uint64_t)e->sid_kind << 16 |
             (uint64_t)e->intr.delivery << 20;
        if ( e->sid_kind == HW_SID_EXACT && !e->sid )
            port_fail("interrupt entry %u without a source", index);
    }
    port_step("writes an interrupt entry", THING_IRTE, index);
    port_hw_lock();
    /* Of an entry that was freed nothing may be left. */
    if ( e->present && !(hwu_irte_get(d->number, index).lo & 1) &&
         hwu_irte_cached(d->number, index) )
        port_fail("interrupt entry %u is used again, but the unit may hold "
                  "what it was", index);
    hwu_irte_set(d->number, index, lo, hi);
    port_hw_unlock();
    port_note("entry %u: vector %u of %#x", index, (unsigned int)(lo >> 16) &
              0xff, (unsigned int)hi & 0xffff);
    return 0;
}

static int irte_get(struct moat_unit *u, unsigned int index,
                    struct hw_irte *e)
{
    struct hwu_entry w;

    port_hw_lock();
    w = hwu_irte_get(to_drv(u)->number, index);
    port_hw_unlock();
    memset(e, 0, sizeof(*e));
    e->present = w.lo & 1;
    e->intr.vector = (uint8_t)(w.lo >> 16);
    e->intr.dest = (uint32_t)(w.lo >> 32);
    e->intr.delivery = (w.hi >> 20) & 7;
    e->sid = (uint16_t)w.hi;
    e->sid_kind = (w.hi >> 16) & 1 ? HW_SID_BUS_RANGE : HW_SID_EXACT;
    return 0;
}

static void msi_compose(const struct moat_unit *u, unsigned int index,
                        unsigned int n, struct moat_msi_msg *msg)
{
    (void)u;
    (void)n;
    memset(msg, 0, sizeof(*msg));
    msg->data = index;
}

static uint64_t rte_compose(const struct moat_unit *u, unsigned int index,
                            uint64_t rte)
{
    (void)u;
    return rte | (uint64_t)index << 48;
}

static int rte_index(const struct moat_unit *u, uint64_t hw)
{
    (void)u;
    return (int)(hw >> 48);
}

/* ---- Faults ---- */

static void irq_message(struct moat_unit *u, const struct moat_msi_msg *m)
{
    (void)u;
    (void)m;
}

static void irq_mask(struct moat_unit *u, bool mask)
{
    (void)u;
    (void)mask;
}

static unsigned int faults_take(struct moat_unit *u, struct moat_fault *f,
                                unsigned int max, bool *overflow)
{
    (void)u;
    (void)f;
    (void)max;
    *overflow = false;
    return 0;
}

static const struct hw_ops ops = {
    .name = "model",
    .fmt = &iopt_fmt_vtd,
    .start_queue = start_queue,
    .stop_queue = stop_queue,
    .enable_intremap = enable_intremap,
    .disable_intremap = nothing,
    .setup = ok,
    .enable_dma = ok,
    .disable_dma = nothing,
    .release = release,
    .suspend = ok,
    .resume = ok,
    .crash = nothing,
    .entry_prepare = entry_prepare,
    .entry_swap = entry_swap,
    .entry_get = entry_get,
    .flush_submit = flush_submit,
    .flush_wait = flush_wait,
    .flush_rescue = flush_rescue,
    .irte_set = irte_set,
    .irte_get = irte_get,
    .msi_compose = msi_compose,
    .rte_compose = rte_compose,
    .rte_index = rte_index,
    .irq_message = irq_message,
    .irq_mask = irq_mask,
    .faults_take = faults_take,
    .dump = nothing,
};

/* ---- The "table" ---- */

static int add_unit(struct moat_platform *p, unsigned int number)
{
    struct drv_unit *d = host_alloc(sizeof(*d));
    struct dmar_scope s;
    uint8_t path[2];
    int rc;

    if ( !d )
        return -ENOMEM;
    d->number = number;
    d->ring = drv.ring;
    d->unit.ops = &ops;
    d->unit.reg_pa = 0xfed90000u + number * 0x1000u;
    d->unit.caps = drv.caps;
    d->unit.include_all = !number;
    rc = unit_register(p, &d->unit);
    drv.unit[number] = &d->unit;
    if ( rc || !number || !drv.scope )
        return rc;

    memset(&s, 0, sizeof(s));
    s.type = DMAR_SCOPE_ENDPOINT;
    s.start_bus = MOAT_SBDF_BUS(drv.scope);
    s.depth = 1;
    path[0] = MOAT_SBDF_DEV(drv.scope);
    path[1] = MOAT_SBDF_FN(drv.scope);
    s.path = path;
    return unit_add_scope(&d->unit, &s);
}

static int scan(struct moat_platform *p, const void *table, size_t len)
{
    unsigned int i;
    int rc = 0;

    (void)table;
    (void)len;
    for ( i = 0; i < drv.units && !rc; i++ )
        rc = add_unit(p, i);
    for ( i = 0; i < drv.n_resv && !rc; i++ )
        rc = resv_add(p, drv.resv[i].page, drv.resv[i].page + 0xfff, MOAT_RW,
                      drv.resv[i].dev, 0);
    platform_set_flags(p, false, true);
    return rc;
}

const struct hw_vendor drv_vendor = {
    .name = "model",
    .signature = "MODL",
    .scan = scan,
};
