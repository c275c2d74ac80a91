/* SPDX-License-Identifier: GPL-2.0-only */
/* The entries of a group's requester ids, changed as one. */

#include "device.h"
#include "flush.h"

#define FLUSH_AT_ONCE   16u

/* ---- One entry ---- */

static struct ats_link *ats_find(struct rid_entry *e,
                                 const struct moat_domain *d)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(e->ats); i++ )
        if ( e->ats[i].domain == d )
            return &e->ats[i];
    return NULL;
}

int entry_set(struct rid_entry *e, const struct hw_entry *new,
              struct moat_domain *d)
{
    struct moat_unit *u = e->group->unit;
    struct hw_entry want = *new;
    struct ats_link *link = NULL;
    int rc;

    want.devtlb = want.kind == HW_ENTRY_TABLE && e->ats_dev &&
                  e->ats_dev->ats_on;
    if ( want.devtlb && !ats_find(e, d) )
    {
        link = ats_find(e, NULL);
        if ( !link )
            host_bug("an entry is on its way between more than two owners");
        ats_link_add(d, link, e);
    }
    if ( e->now.devtlb && !want.devtlb )
        ats_control(e->ats_dev, false);
    rc = u->ops->entry_swap(u, MOAT_SBDF_RID(e->id), &e->now, &want);
    if ( rc )
    {
        if ( link )
            ats_link_del(link);
        host_log_err(MOAT_PRI_SBDF ": its entry in unit %u is not what it "
                     "was set to (%d): left alone", MOAT_SBDF_ARG(e->id),
                     u->index, rc);
        return rc;
    }
    e->now = want;
    if ( e->ats_dev )
        ats_enable(e->ats_dev);
    return 0;
}

void ats_enable(struct moat_device *dev)
{
    const struct rid_entry *e;

    if ( !dev->ats_on || unit_state(dev->unit) != UNIT_DMA )
        return;
    e = registry_find_rid(dev->platform, dev->dev);
    if ( e && e->now.devtlb )
        ats_control(dev, true);
}

void ats_disable(struct moat_device *dev)
{
    if ( dev->ats_on )
        ats_control(dev, false);
    dev->ats_on = false;
}

void entry_ats_forget(struct rid_entry *e, struct moat_domain *d)
{
    struct ats_link *link = d ? ats_find(e, d) : NULL;

    if ( link )
        ats_link_del(link);
}

/* ---- Reserved regions of a member ---- */

/* A guest that was not built around the region is the usual reason. */
static void say_unmapped(const struct moat_device *dev,
                         const struct moat_domain *d,
                         const struct resv_region *r, int rc)
{
    char name[DOMAIN_LABEL];

    host_log_err(MOAT_PRI_SBDF ": reserved memory 0x%" PRIx64 "-0x%" PRIx64
                 " cannot be mapped for %s (%d)%s", MOAT_SBDF_ARG(dev->dev),
                 r->first, r->last, domain_label(d, name, sizeof(name)), rc,
                 rc == -EBUSY ? ": other memory of it is there; for a guest, "
                                "xl's rdm=\"strategy=host\" keeps it free"
                              : "");
}

int device_resv_get(struct moat_device *dev, struct moat_domain *d)
{
    struct resv_ref *ref, *undo;
    int rc;

    for ( ref = dev->resv; ref; ref = ref->next )
    {
        rc = resv_get(d, ref->region);
        if ( !rc )
            continue;
        say_unmapped(dev, d, ref->region, rc);
        for ( undo = dev->resv; undo != ref; undo = undo->next )
            resv_put(d, undo->region);
        return rc;
    }
    return 0;
}

void device_resv_put(struct moat_device *dev, struct moat_domain *d)
{
    struct resv_ref *ref;

    for ( ref = dev->resv; ref; ref = ref->next )
        resv_put(d, ref->region);
}

/* ---- References in a domain ---- */

static void put_did(struct dev_group *g, struct moat_domain *d)
{
    struct did_drain drain;
    struct hw_flush f;
    int rc = 0;

    did_put(g->unit, d, &drain);
    if ( drain.last && unit_caches(g->unit) )
    {
        memset(&f, 0, sizeof(f));
        f.kind = HW_FLUSH_DID;
        f.did = drain.did;
        rc = unit_flush(g->unit, &f, 1);
        if ( rc )
            domain_taint(d);
    }
    did_drained(&drain, !rc);
}

static void put_resv(struct dev_group *g, struct moat_domain *d,
                     const struct moat_device *upto)
{
    struct moat_device *dev;

    for ( dev = g->devs; dev != upto; dev = dev->group_next )
        if ( dev->resv_held )
            device_resv_put(dev, d);
}

int group_refs_get(struct dev_group *g, struct moat_domain *d,
                   struct hw_entry *e)
{
    struct moat_device *dev;
    int rc;

    if ( d == g->quar )
    {
        /* All its references are held for as long as it exists. */
        if ( g->scratch )
        {
            memset(g->scratch, 0, MOAT_PAGE_SIZE);
            host_cache_writeback(g->scratch, MOAT_PAGE_SIZE);
        }
        *e = g->quar_entry;
        return 0;
    }

    rc = domain_entry(d, g->unit, e);
    if ( !rc )
        rc = did_get(g->unit, d, &e->did);
    if ( rc )
        return rc;
    for ( dev = g->devs; dev && !rc; dev = dev->group_next )
    {
        if ( dev->resv_held )
            rc = device_resv_get(dev, d);
        if ( rc )
            break;
    }
    if ( rc )
    {
        put_resv(g, d, dev);
        put_did(g, d);
        return rc;
    }
    d->n_refs++;
    return 0;
}

void group_refs_put(struct dev_group *g, struct moat_domain *d)
{
    if ( d == g->quar )
        return;
    put_did(g, d);
    put_resv(g, d, NULL);
    d->n_refs--;
}

/* ---- Flushing the owner left behind ---- */

static void make_entry_flush(struct hw_flush *f, const struct rid_entry *e,
                             uint16_t did)
{
    memset(f, 0, sizeof(*f));
    f->kind = HW_FLUSH_ENTRY;
    f->rid = MOAT_SBDF_RID(e->id);
    f->did = did;
}

/* The device's own cache, whole; only when the rest is gone. */
static int flush_own_tlb(struct dev_group *g, struct rid_entry *e,
                         const struct hw_entry *old)
{
    const struct moat_device *dev = e->ats_dev;
    struct moat_unit *u = g->unit;
    struct hw_flush f;
    uint32_t token;
    unsigned int i;

    memset(&f, 0, sizeof(f));
    f.kind = HW_FLUSH_DEVTLB;
    f.did = old->did;
    f.rid = MOAT_SBDF_RID(e->id);
    f.queue_depth = dev->ats_depth;
    f.pfsid = MOAT_SBDF_RID(dev->node.is_virtfn ? dev->node.physfn
                                                : dev->dev);
    f.last = ~(uint64_t)0;
    for ( i = 0; i < 2; i++ )
        if ( !u->ops->flush_submit(u, &f, 1, &token) &&
             !u->ops->flush_wait(u, token) )
            return 0;
    device_cut(g->platform, dev->dev, "its address cache does not answer");
    return -EIO;
}

static int flush_entries(struct dev_group *g, const struct hw_entry *old)
{
    struct moat_unit *u = g->unit;
    struct hw_flush f[FLUSH_AT_ONCE];
    bool absent = old->kind == HW_ENTRY_NONE;
    struct rid_entry *e = g->entries;
    unsigned int n;
    int rc = 0;

    if ( !unit_caches(u) )
        return 0;
    if ( absent && !u->caps.flush_absent && !u->caps.flush_added )
        return 0;
    while ( e && !rc )
    {
        /* VT-d 6.5.2, 6.5.3: entry caches first, then what they led to. */
        for ( n = 0; e && n < FLUSH_AT_ONCE - 1; e = e->next )
            make_entry_flush(&f[n++], e, absent ? 0 : old->did);
        memset(&f[n], 0, sizeof(f[n]));
        f[n].kind = HW_FLUSH_DID;
        f[n].did = absent ? g->now.did : old->did;
        rc = unit_flush(u, f, n + 1);
    }
    return rc;
}

int group_flush(struct dev_group *g, const struct hw_entry *old,
                struct moat_domain *d)
{
    struct rid_entry *e;
    int rc = flush_entries(g, old);

    if ( rc && d )
        domain_taint(d);
    for ( e = g->entries; e && d; e = e->next )
    {
        if ( !ats_find(e, d) )
            continue;
        if ( !rc && unit_caches(g->unit) && !device_is_cut(e->ats_dev) &&
             flush_own_tlb(g, e, old) )
            rc = -EIO;
        entry_ats_forget(e, d);
    }
    return rc;
}

/* ---- All entries of the group ---- */

void group_set_cur(struct dev_group *g, struct moat_domain *d,
                   const struct hw_entry *e)
{
    unsigned long flags = host_lock_irqsave(&g->platform->reg_lock);

    g->cur = d;
    g->attached = d;
    if ( d )
        g->now = *e;
    else
        memset(&g->now, 0, sizeof(g->now));
    host_unlock_irqrestore(&g->platform->reg_lock, flags);
}

int group_swap(struct dev_group *g, const struct hw_entry *e,
               struct moat_domain *d)
{
    struct rid_entry *i, *undo;
    int rc = 0;

    for ( i = g->entries; i && !rc; )
    {
        rc = entry_set(i, e, d);
        if ( !rc )
            i = i->next;
    }
    if ( !rc )
    {
        group_set_cur(g, d, e);
        return 0;
    }

    for ( undo = g->entries; undo != i; undo = undo->next )
        if ( entry_set(undo, &g->now, g->cur) )
        {
            /* It stays with @d, whose references the caller is to drop. */
            group_cut(g);
            return -EIO;
        }
    /* Hardware may have walked the new owner's tables through some. */
    if ( i != g->entries && group_flush(g, e, d) )
        return -EIO;
    return rc;
}
