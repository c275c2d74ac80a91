/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices: added, removed, asked about. Changes of owner: move.c. */

#include "device.h"
#include "intr.h"

static int collect_resv(struct moat_device *dev)
{
    struct resv_region *r;
    struct resv_ref *ref, **link = &dev->resv;
    unsigned int i;

    for ( r = dev->platform->regions; r; r = r->next )
    {
        for ( i = 0; i < dev->ids.n; i++ )
            if ( resv_region_has(r, dev->ids.ids[i].id) )
                break;
        if ( i == dev->ids.n )
            continue;
        ref = host_alloc(sizeof(*ref));
        if ( !ref )
            return -ENOMEM;
        ref->region = r;
        *link = ref;
        link = &ref->next;
    }
    return 0;
}

static void drop_resv(struct moat_device *dev)
{
    struct resv_ref *ref;

    while ( (ref = dev->resv) != NULL )
    {
        dev->resv = ref->next;
        host_free(ref);
    }
}

/* Its place in the topology, and all ids its requests can carry. */
static int resolve(struct moat_device *dev)
{
    struct moat_platform *p = dev->platform;
    struct rid_topo topo;
    const struct moat_unit *u = dev->unit;
    unsigned int from = 0;
    moat_sbdf_t alias;
    uint16_t rid;
    int rc = topo_insert(p, &dev->node);

    while ( !rc && !quirk_alias(dev, &from, &alias) )
    {
        host_log_info(MOAT_PRI_SBDF ": known to issue DMA as "
                      MOAT_PRI_SBDF ": both are kept together",
                      MOAT_SBDF_ARG(dev->dev), MOAT_SBDF_ARG(alias));
        rc = topo_add_alias(p, dev->dev, alias);
    }
    if ( rc )
        return rc;
    if ( u && u->ops->rid_alias )
    {
        rc = u->ops->rid_alias(u, MOAT_SBDF_RID(dev->dev), &rid);
        if ( rc == -EIO )
            dev->denied = "its unit's record of it cannot be read";
        if ( !rc )
            rc = topo_add_alias(p, dev->dev, (dev->dev & ~0xffffu) | rid);
        if ( rc == -ENOMEM )
            return rc;
    }

    topo_get(p, &topo);
    rc = rid_resolve(&topo, dev->dev, &dev->ids);
    if ( !rc )
        return 0;
    /* Blocked, but known. */
    host_log_err(MOAT_PRI_SBDF ": its requester ids cannot be told (%d): its "
                 "DMA is blocked", MOAT_SBDF_ARG(dev->dev), rc);
    dev->ids.n = 0;
    dev->denied = "its requester ids cannot be told";
    return 0;
}

static void find_denial(struct moat_device *dev)
{
    unsigned int i;

    if ( !dev->denied )
        dev->denied = platform_denied(dev->platform, dev->dev);
    for ( i = 0; i < dev->ids.n && !dev->denied; i++ )
        dev->denied = platform_denied(dev->platform, dev->ids.ids[i].id);
}

static void device_free(struct moat_device *dev)
{
    if ( dev->group )
        group_leave(dev);
    device_hold(dev, false);
    dev->platform->n_late -= dev->late;
    shared_left(dev);
    drop_resv(dev);
    topo_remove(dev->platform, dev->dev);
    if ( dev->owner )
        dev->owner->n_refs--;
    host_free(dev);
}

int moat_device_add(struct moat_platform *p,
                    const struct moat_device_info *info,
                    struct moat_domain *owner, struct moat_device **out)
{
    struct moat_device *dev;
    int rc;

    host_devices_assert_locked();
    dev = registry_find(p, info->dev);
    if ( dev && dev->acpi_only )
    {
        /* It has become a PCI function: what it really is, is read now. */
        rc = moat_device_remove(dev);
        if ( rc )
            return rc;
        dev = NULL;
    }
    if ( dev )
        return -EEXIST;
    rc = registry_prepare(p, info->dev);
    dev = rc ? NULL : host_alloc(sizeof(*dev));
    if ( !dev )
        return -ENOMEM;
    if ( !p->home )
        p->home = owner;
    dev->dev = info->dev;
    dev->platform = p;
    dev->hidden = info->hidden;
    dev->owner = owner;
    owner->n_refs++;
    device_probe(dev, info);
    dev->unit = unit_find(p, info->is_virtfn ? info->physfn : info->dev);
    if ( !dev->unit && !dev->passive )
        host_log_warn(MOAT_PRI_SBDF ": in no unit's scope: untranslated, not "
                      "assignable", MOAT_SBDF_ARG(dev->dev));
    if ( dev->unit && dev->unit->ops->device_found )
        dev->unit->ops->device_found(dev->unit, dev->dev);

    rc = resolve(dev);
    if ( !rc )
    {
        find_denial(dev);
        rc = collect_resv(dev);
    }
    if ( !rc )
        rc = group_enter(dev);
    if ( !rc && dev->group->entries && unit_usable(dev->unit) )
        rc = group_attach(dev);
    if ( rc )
    {
        host_log_err(MOAT_PRI_SBDF ": cannot be added (%d): its DMA is "
                     "blocked", MOAT_SBDF_ARG(dev->dev), rc);
        device_free(dev);
        return rc;
    }
    intr_device_prepare(dev);
    registry_set_dev(p, dev->dev, dev);
    group_bridge_found(dev);
    *out = dev;
    return 0;
}

int moat_device_remove(struct moat_device *dev)
{
    struct dev_group *g = dev->group;
    bool last = g->devs == dev && !dev->group_next;
    char name[DOMAIN_LABEL];

    host_devices_assert_locked();
    if ( g->moving )
        return -ERESTART;
    if ( dev->owner != dev->platform->home )
        host_log_info(MOAT_PRI_SBDF ": %s -> removed",
                      MOAT_SBDF_ARG(dev->dev),
                      domain_label(dev->owner, name, sizeof(name)));
    if ( g->attached )
        group_detach(dev);
    registry_set_dev(dev->platform, dev->dev, NULL);
    device_free(dev);
    /* Those that remain may have waited only for this one. */
    if ( !last )
    {
        if ( group_settle(g) )
            host_log_err("group %u stays behind its old tables", g->number);
        shared_settle(g);
        group_split(g);
    }
    return 0;
}

struct moat_domain *moat_device_owner(const struct moat_device *dev)
{
    return dev->owner;
}

bool moat_device_same_group(const struct moat_device *a,
                            const struct moat_device *b)
{
    return a->group == b->group;
}

int moat_device_group(const struct moat_device *dev)
{
    return (int)dev->group->number;
}

int moat_device_reenable(struct moat_device *dev)
{
    host_devices_assert_locked();
    if ( dev->failed )
        return -EPERM;
    ats_enable(dev);
    /* The host may have set it up only now. */
    if ( dev->owner == dev->platform->home && dev->acs_pos )
    {
        acs_probe(dev);
        topo_update(dev->platform, &dev->node);
    }
    return 0;
}
