/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Quarantine: where a group is between owners. Tables, id and scratch page
 * are the group's own, so that no two devices meet there (XSA-400); all are
 * held from before the group can be given away until dom0 has it back, so
 * that the way into quarantine cannot fail.
 */

#include "device.h"
#include "flush.h"

/*
 * With a scratch page every address that is not a reserved region reaches
 * it: for devices that cannot bear their DMA to be refused.
 */
static int make_scratch(struct dev_group *g, struct moat_domain *d)
{
    int rc;

    g->scratch = host_dma_alloc(MOAT_PAGE_SIZE, d->node, &g->scratch_pa);
    if ( !g->scratch )
        return -ENOMEM;
    host_lock(&d->map_lock);
    rc = domain_table_locked(d);
    if ( !rc )
        rc = iopt_fill(&d->pt, g->scratch_pa, MOAT_RW);
    host_unlock(&d->map_lock);
    return rc;
}

/* The tables, the pages and the page behind them; nothing may use them. */
static void quar_free(struct dev_group *g, struct moat_domain *d)
{
    bool tainted = HOST_READ_ONCE(d->tainted);

    resv_drop_all(d);
    while ( moat_domain_free_tables(d) == -ERESTART )
        continue;
    if ( g->scratch && !tainted )
        host_dma_free(g->scratch, MOAT_PAGE_SIZE);
    g->scratch = NULL;
    domain_free(d);
}

int quar_build(struct dev_group *g)
{
    struct moat_domain *d;
    struct moat_device *dev;
    struct hw_entry e;
    int rc = 0;

    if ( g->quar )
        return 0;
    d = domain_alloc(g->platform, MOAT_DOMAIN_OWN, true, NULL,
                     g->unit->node);
    if ( !d )
        return -ENOMEM;
    if ( g->platform->opts.quarantine == MOAT_QUARANTINE_SCRATCH )
        rc = make_scratch(g, d);
    for ( dev = g->devs; dev && !rc; dev = dev->group_next )
        rc = device_resv_get(dev, d);
    if ( !rc )
        rc = domain_entry(d, g->unit, &e);
    if ( !rc )
        rc = did_get(g->unit, d, &e.did);
    if ( rc )
    {
        quar_free(g, d);
        return rc;
    }
    g->quar_entry = e;
    g->quar = d;
    return 0;
}

void quar_drop(struct dev_group *g)
{
    struct moat_domain *d = g->quar;
    struct did_drain drain;
    struct hw_flush f;
    int rc = 0;

    if ( g->cur == d )
        host_bug("quarantine is taken down with devices in it");
    did_put(g->unit, d, &drain);
    if ( drain.last && unit_caches(g->unit) )
    {
        memset(&f, 0, sizeof(f));
        f.kind = HW_FLUSH_DID;
        f.did = drain.did;
        rc = unit_flush(g->unit, &f, 1);
    }
    if ( rc )
        domain_taint(d);
    did_drained(&drain, !rc);
    g->quar = NULL;
    quar_free(g, d);
}

int moat_device_quarantine_prepare(struct moat_device *dev)
{
    int rc;

    host_devices_assert_locked();
    if ( dev->passive || dev->failed )
        return 0;
    rc = move_allowed(dev, NULL);
    return rc ? rc : quar_build(dev->group);
}
