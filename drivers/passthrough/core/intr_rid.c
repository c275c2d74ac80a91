/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Units with an interrupt table for each requester (caps.intr_per_rid): the
 * tables are made where memory may be allocated, when a requester becomes
 * known, so that setting up an interrupt needs none. All ids of a requester
 * share one.
 */

#include "device.h"
#include "intr.h"

static int prepare(struct moat_unit *u, const uint16_t *rids, unsigned int n)
{
    struct intr_table **slot;
    int rc = u->ops->intr_prepare(u, rids, n);

    if ( rc )
        return rc;
    slot = u->ops->intr_space(u, rids[0]);
    if ( !slot )
        return -ENODEV;
    return *slot ? 0 : intr_table_add(u, slot);
}

void intr_device_prepare(struct moat_device *dev)
{
    struct moat_unit *u = dev->unit;
    uint16_t rids[RID_SET_MAX];
    unsigned int i;
    int rc;

    if ( !u || !u->intremap_on || !u->caps.intr_per_rid || !dev->ids.n )
        return;
    for ( i = 0; i < dev->ids.n; i++ )
        rids[i] = MOAT_SBDF_RID(dev->ids.ids[i].id);
    rc = prepare(u, rids, dev->ids.n);
    if ( rc )
        host_log_err(MOAT_PRI_SBDF ": no interrupt table (%d): its "
                     "interrupts are refused", MOAT_SBDF_ARG(dev->dev), rc);
}

int intr_unit_prepare(struct moat_unit *u)
{
    const struct unit_scope *sc;
    struct moat_device *dev;
    uint16_t rid;
    int rc = 0;

    if ( !u->caps.intr_per_rid )
        return 0;
    for ( sc = u->scopes; sc && !rc; sc = sc->next )
        if ( sc->kind == SCOPE_IOAPIC || sc->kind == SCOPE_HPET )
        {
            rid = MOAT_SBDF_RID(sc->dev);
            rc = prepare(u, &rid, 1);
        }
    for ( dev = u->platform->devices; dev && !rc; dev = dev->next )
        if ( dev->unit == u )
            intr_device_prepare(dev);
    return rc;
}
