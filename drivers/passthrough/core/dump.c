/* SPDX-License-Identifier: GPL-2.0-only */
/* For people: what the debug keys print. */

#include "device.h"
#include "did.h"
#include "intr.h"

static unsigned long all_table_pages(struct moat_platform *p)
{
    const struct moat_domain *d;
    unsigned long n = 0;

    host_lock(&p->dom_lock);
    for ( d = p->domains; d; d = d->next )
        n += moat_domain_table_pages(d);
    host_unlock(&p->dom_lock);
    return n;
}

void moat_unit_counts(const struct moat_unit *u, struct moat_counts *c)
{
    memset(c, 0, sizeof(*c));
    did_counts(u, &c->free_ids, &c->total_ids);
    c->table_pages = all_table_pages(u->platform);
    c->intr_used = intr_used(u, &c->intr_total);
}

static const char *state_name(const struct moat_unit *u)
{
    switch ( unit_state(u) )
    {
    case UNIT_DMA:
        return "translating";

    case UNIT_READY:
        return u->ignored ? "left off by an option" : "set up";

    case UNIT_DEAD:
        return "dead";

    default:
        return "off";
    }
}

void moat_dump_units(struct moat_platform *p)
{
    struct moat_counts c;
    struct moat_unit *u;

    for ( u = p->units; u; u = u->next )
    {
        moat_unit_counts(u, &c);
        host_log_info("unit %u: domain ids %lu free of %lu, table pages %lu, "
                      "interrupt entries %lu in use of %lu", u->index,
                      c.free_ids, c.total_ids, c.table_pages, c.intr_used,
                      c.intr_total);
        host_log_info("  %s at 0x%" PRIx64 ", segment %04x%s: %s",
                      u->ops->name, u->reg_pa, (unsigned int)u->segment,
                      u->include_all ? ", all other devices" : "",
                      state_name(u));
        if ( unit_state(u) != UNIT_OFF )
            u->ops->dump(u);
    }
    if ( p->leaks )
        host_log_info("%lu things are kept for good, as flushes failed",
                      p->leaks);
}

static void dump_device(const struct moat_device *dev)
{
    char name[DOMAIN_LABEL];
    const struct resv_ref *ref;
    unsigned int i;

    host_log_info(MOAT_PRI_SBDF " %s, group %u, %lu faults%s%s%s%s",
                  MOAT_SBDF_ARG(dev->dev),
                  domain_label(dev->owner, name, sizeof(name)),
                  dev->group->number, dev->faults.total,
                  dev->hidden ? ", hidden" : "", dev->failed ? ", failed" : "",
                  dev->passive ? ", bridge" : "",
                  !dev->unit ? ", in no unit's scope" : "");
    if ( dev->denied )
        host_log_info("  not assignable: %s", dev->denied);
    if ( dev->group->attached && dev->group->cur != dev->owner )
        host_log_info("  behind the tables of %s",
                      domain_label(dev->group->cur, name, sizeof(name)));
    for ( i = 1; i < dev->ids.n; i++ )
        host_log_info("  also as " MOAT_PRI_SBDF,
                      MOAT_SBDF_ARG(dev->ids.ids[i].id));
    for ( ref = dev->resv; ref; ref = ref->next )
        host_log_info("  reserved 0x%" PRIx64 "-0x%" PRIx64 "%s%s",
                      ref->region->first, ref->region->last,
                      ref->region->prot & MOAT_READ ? " r" : "",
                      ref->region->prot & MOAT_WRITE ? " w" : "");
}

void moat_dump_devices(struct moat_platform *p)
{
    const struct moat_device *dev;

    host_devices_assert_locked();
    for ( dev = p->devices; dev; dev = dev->next )
        dump_device(dev);
}

/* A run of leaves that continue each other. */
struct run
{
    bool any;
    moat_iova_t first, last;
    moat_paddr_t pa;
    unsigned int prot;
};

static void say_run(const struct run *r)
{
    if ( r->any )
        host_log_info("  0x%" PRIx64 "-0x%" PRIx64 " -> 0x%" PRIx64 " %s%s",
                      r->first, r->last, r->pa,
                      r->prot & MOAT_READ ? "r" : "-",
                      r->prot & MOAT_WRITE ? "w" : "-");
}

static int cf_check dump_leaf(void *arg, moat_iova_t iova, moat_paddr_t pa,
                              unsigned int order, unsigned int prot)
{
    struct run *r = arg;
    uint64_t size = (uint64_t)MOAT_PAGE_SIZE << order;

    if ( r->any && iova == r->last + 1 && prot == r->prot &&
         pa == r->pa + (iova - r->first) )
    {
        r->last += size;
        return 0;
    }
    say_run(r);
    r->any = true;
    r->first = iova;
    r->last = iova + size - 1;
    r->pa = pa;
    r->prot = prot;
    return 0;
}

void moat_dump_domain(struct moat_domain *d)
{
    struct run r = { .any = false };
    char name[DOMAIN_LABEL];
    unsigned int levels;

    domain_label(d, name, sizeof(name));
    if ( d->kind == MOAT_DOMAIN_SHARED || d->kind == MOAT_DOMAIN_PASSTHROUGH )
    {
        host_log_info("%s: %s", name, d->kind == MOAT_DOMAIN_SHARED
                      ? "the units walk the processor's tables"
                      : "not translated");
        return;
    }
    host_log_info("%s: %lu table pages, root 0x%" PRIx64, name,
                  moat_domain_table_pages(d), moat_domain_root(d, &levels));
    moat_walk(d, dump_leaf, &r);
    say_run(&r);
}
