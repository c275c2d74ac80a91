/* SPDX-License-Identifier: GPL-2.0-only */
/* The platform: scan, geometry, facts, the end. Bring-up: bringup.c. */

#include "did.h"
#include "device.h"
#include "intr.h"
#include "platform.h"
#include "resv.h"

const struct moat_options *platform_options(const struct moat_platform *p)
{
    return &p->opts;
}

uint64_t platform_timeout_ns(const struct moat_platform *p)
{
    unsigned int ms = p->opts.timeout_ms;

    return (uint64_t)(ms ? ms : HW_DEFAULT_TIMEOUT_MS) * 1000000u;
}

void platform_set_flags(struct moat_platform *p, bool x2apic_optout,
                        bool intremap_allowed)
{
    p->fw_x2apic_optout = x2apic_optout;
    p->fw_intremap = intremap_allowed;
}

int device_deny(struct moat_platform *p, moat_sbdf_t dev, const char *why)
{
    struct moat_device *known;
    struct deny *d;

    if ( platform_denied(p, dev) )
        return 0;
    d = host_alloc(sizeof(*d));
    if ( !d )
        return -ENOMEM;
    d->dev = dev;
    d->why = why;
    d->next = p->denies;
    p->denies = d;

    known = registry_find(p, dev);
    if ( known )
        known->denied = why;
    return 0;
}

const char *platform_denied(const struct moat_platform *p, moat_sbdf_t dev)
{
    const struct deny *d;

    for ( d = p->denies; d; d = d->next )
        if ( d->dev == dev )
            return d->why;
    return NULL;
}

void platform_leak_tables(struct moat_platform *p, struct host_tables *list,
                          const char *whose)
{
    if ( host_tables_empty(list) )
        return;
    host_lock(&p->dom_lock);
    host_tables_splice(&p->leaked, list);
    p->leaks++;
    host_unlock(&p->dom_lock);
    if ( host_log_ratelimit() )
        host_log_err("table pages of %s are kept for good: a unit that may "
                     "hold them does not answer", whose);
}

/* ---- Geometry ---- */

/*
 * The depth one unit needs to cover the addresses it can be sent: the
 * smallest that suffices, or its deepest.
 */
static unsigned int own_levels(const struct moat_unit *u)
{
    unsigned int l;

    for ( l = 1; l <= IOPT_MAX_LEVELS; l++ )
        if ( (u->caps.levels & MOAT_BIT(l)) &&
             MOAT_PAGE_SHIFT + 9 * l >= u->caps.iova_bits )
            return l;
    return u->caps.levels ? log2_floor(u->caps.levels) : 0;
}

/*
 * A domain's tables are as deep as the unit that needs most; a unit of fewer
 * levels is given the table one step (or more) down its entry 0 (XSA-390), so
 * addresses end where the least unit's do.
 */
static void set_geometry(struct moat_platform *p)
{
    struct moat_caps *c = &p->caps;
    struct moat_unit *u;
    unsigned int bits;

    c->coherent = c->snoop_control = c->passthrough = true;
    c->posted_interrupts = p->opts.intpost;
    c->ept_compatible = c->rte_vector = true;
    c->ept_levels = ~0u;
    c->levels = 0;
    c->iova_bits = 64;
    p->leaf_levels = p->opts.superpages ? ~0u : (unsigned int)MOAT_BIT(1);

    for ( u = p->units; u; u = u->next )
        if ( u->state != UNIT_DEAD && !u->ignored )
            c->levels = (unsigned int)max_u64(c->levels, own_levels(u));

    for ( u = p->units; u; u = u->next )
    {
        if ( u->state == UNIT_DEAD || u->ignored )
            continue;
        c->coherent &= u->caps.coherent;
        c->snoop_control &= u->caps.snoop;
        c->passthrough &= u->caps.passthrough;
        c->posted_interrupts &= u->caps.posted;
        c->ept_compatible &= u->ops->fmt == &iopt_fmt_vtd;
        c->ept_levels &= u->caps.levels;
        /* Index 0 in place of vector FFh? */
        c->rte_vector &= (u->ops->rte_compose(u, 0, 0xff) & 0xff) == 0xff;
        p->leaf_levels &= u->caps.leaf_levels | (unsigned int)MOAT_BIT(1);
        bits = MOAT_PAGE_SHIFT + 9 * unit_levels(u, c->levels);
        c->iova_bits = (unsigned int)min_u64(c->iova_bits,
                                             min_u64(bits, u->caps.iova_bits));
    }

    c->snoop_control &= p->opts.snoop;
    c->ept_compatible &= c->ept_levels != 0;
    c->superpage_2m = p->leaf_levels & MOAT_BIT(2);
    c->superpage_1g = p->leaf_levels & MOAT_BIT(3);
}

/* All units must speak one format: a domain has one table. */
static int check_units(struct moat_platform *p)
{
    struct moat_unit *u;
    unsigned int usable = 0;

    for ( u = p->units; u; u = u->next )
    {
        if ( u->state == UNIT_DEAD )
            continue;
        if ( !own_levels(u) || (p->fmt && u->ops->fmt != p->fmt) )
        {
            host_log_err("unit %u at 0x%" PRIx64 ": %s: not used", u->index,
                         u->reg_pa, own_levels(u) ?
                         "another table format than the others" :
                         "no table depth it can walk");
            u->state = UNIT_DEAD;
            continue;
        }
        p->fmt = u->ops->fmt;
        usable++;
    }
    return usable ? 0 : -ENODEV;
}

static void add_extra_regions(struct moat_platform *p)
{
    const struct moat_extra_region *e;
    int rc;

    for ( e = p->opts.extra; e; e = e->next )
    {
        rc = resv_add_checked(p, e->first, e->last, e->prot, e->dev, 0,
                              e->may_be_ram);
        if ( rc && rc != -EEXIST )
            host_log_warn("region 0x%" PRIx64 "-0x%" PRIx64 " given for "
                          MOAT_PRI_SBDF " is not used (%d)", e->first,
                          e->last, MOAT_SBDF_ARG(e->dev), rc);
    }
    /* The caller's list need not outlive the call: its content is ours. */
    p->opts.extra = NULL;
}

int moat_platform_create(const struct moat_options *opts,
                         struct moat_platform **out)
{
    const struct hw_vendor *const *v;
    struct moat_platform *p;
    const void *table = NULL;
    size_t len = 0;
    int rc;

    p = host_alloc(sizeof(*p));
    if ( !p )
        return -ENOMEM;
    p->opts = *opts;
    p->fw_intremap = true;
    host_lock_init(&p->reg_lock, MOAT_RANK_INTR);
    host_lock_init(&p->dom_lock, MOAT_RANK_UNIT);
    host_tables_init(&p->leaked);
    host_work_init(&p->fail_work, fail_work, p);

    for ( v = hw_vendors; *v && !table; v++ )
    {
        table = host_acpi_table((*v)->signature, &len);
        if ( table )
            p->vendor = *v;
    }
    if ( !table )
    {
        host_log_info("no IOMMU: firmware has no table for one");
        rc = -ENODEV;
        goto fail;
    }

    rc = p->vendor->scan(p, table, len);
    if ( !rc )
        rc = check_units(p);
    if ( rc )
    {
        host_log_err("%s: no usable unit: no IOMMU (%d)", p->vendor->name,
                     rc);
        goto fail;
    }
    set_geometry(p);
    add_extra_regions(p);
    *out = p;
    return 0;

 fail:
    moat_platform_destroy(p);
    return rc;
}

/* Stop every unit: from here on nothing walks a table of ours. */
static void stop_units(struct moat_platform *p)
{
    struct moat_unit *u;

    for ( u = p->units; u; u = u->next )
    {
        host_work_kill(&u->fault_work);
        if ( u->irq_set )
            host_unit_irq_release(u);
        u->irq_set = false;
        if ( u->state == UNIT_DMA )
            u->ops->disable_dma(u);
        if ( u->intremap_on )
            u->ops->disable_intremap(u);
        u->intremap_on = false;
        if ( u->state != UNIT_OFF && u->state != UNIT_DEAD &&
             u->queue_on )
            u->ops->stop_queue(u);
        if ( u->state != UNIT_DEAD )
            u->state = UNIT_OFF;
    }
}

static void release_units(struct moat_platform *p)
{
    struct moat_unit *u, *next;

    for ( u = p->units; u; u = next )
    {
        next = u->next;
        unit_free_scopes(u);
        intr_table_fini(u);
        did_table_fini(u);
        u->ops->release(u);
    }
    p->units = NULL;
}

void moat_platform_destroy(struct moat_platform *p)
{
    struct deny *d, *next;

    if ( !p )
        return;
    host_work_kill(&p->fail_work);
    stop_units(p);
    registry_free(p);
    ioapics_free(p);
    release_units(p);
    resv_free_all(p);
    for ( d = p->denies; d; d = next )
    {
        next = d->next;
        host_free(d);
    }
    host_tables_free(&p->leaked);
    host_free(p);
}

const struct moat_caps *moat_platform_caps(const struct moat_platform *p)
{
    return &p->caps;
}
