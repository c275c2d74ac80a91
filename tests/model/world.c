/* SPDX-License-Identifier: GPL-2.0-only */
/* Set-up and judgement of scenarios. */
#include "world.h"

struct world w;

static uint8_t phantom;

bool hwu_bus_master(uint16_t rid)
{
    return port_bus_master(world_dev_of(rid));
}

bool hwu_ats_enabled(uint16_t rid)
{
    return port_ats_enabled(world_dev_of(rid));
}

uint64_t *hwu_memory(uint64_t pa)
{
    return port_memory(pa);
}

bool hwu_memory_freed(uint64_t pa)
{
    return port_memory_freed(pa);
}

/* Phantom functions are the device's whose number they extend. */
moat_sbdf_t world_dev_of(uint16_t rid)
{
    return rid & ~(moat_sbdf_t)(phantom ? 7u : 0u);
}

void world_reset(void)
{
    port_reset();
    drv_reset();
    did_view_reset();
    memset(&w, 0, sizeof(w));
    phantom = 0;
}

void world_reserve(unsigned int dev, uint64_t page)
{
    drv.resv[drv.n_resv].dev = WORLD_DEV(dev);
    drv.resv[drv.n_resv++].page = page;
}

static void add_device(unsigned int n, unsigned int flags)
{
    struct moat_device_info info;
    unsigned int unit = drv.units > 1 && drv.scope == WORLD_DEV(n), i;

    memset(&info, 0, sizeof(info));
    info.dev = WORLD_DEV(n);
    port_dev_add(info.dev, !n && (flags & WORLD_ATS));
    hwu_requester(unit, MOAT_SBDF_RID(info.dev));
    if ( !n && (flags & WORLD_PHANTOM) )
    {
        phantom = 4;
        info.phantom_stride = 4;
        hwu_requester(unit, MOAT_SBDF_RID(info.dev) | 4);
    }
    for ( i = 0; i < drv.n_resv; i++ )
        if ( drv.resv[i].dev == info.dev )
        {
            hwu_reserve(MOAT_SBDF_RID(info.dev), drv.resv[i].page);
            if ( phantom && !n )
                hwu_reserve(MOAT_SBDF_RID(info.dev) | 4, drv.resv[i].page);
        }
    EXPECT(!moat_device_add(w.p, &info, w.home, &w.dev[n]));
    EXPECT(!moat_device_quarantine_prepare(w.dev[n]));
}

void world_start(unsigned int devs, unsigned int guests, unsigned int flags)
{
    struct moat_options o;
    unsigned int i;

    memset(&o, 0, sizeof(o));
    o.intremap = o.qinval = o.superpages = o.snoop = o.igfx = true;
    o.ats = flags & WORLD_ATS;
    o.quarantine = MOAT_QUARANTINE_BASIC;
    o.timeout_ms = o.devtlb_timeout_ms = 1;
    EXPECT(!moat_platform_create(&o, &w.p));
    drv.unit[0] = moat_unit_get(w.p, 0);
    if ( flags & WORLD_INTR )
        EXPECT(!moat_platform_enable_intremap(w.p, true));
    EXPECT(!moat_platform_setup(w.p));
    EXPECT(!moat_domain_create(w.p, MOAT_DOMAIN_OWN, (void *)0x100,
                               HOST_NO_NODE, &w.home));
    for ( i = 0; i < guests; i++ )
        EXPECT(!moat_domain_create(w.p, MOAT_DOMAIN_OWN,
                                   (void *)(uintptr_t)(i + 1), HOST_NO_NODE,
                                   &w.guest[i]));
    EXPECT(!moat_platform_enable_dma(w.p));
    host_devices_lock();
    for ( i = 0; i < devs; i++ )
        add_device(i, flags);
    w.n_devs = devs;
    host_devices_unlock();
    hwu_arm(true);
}

void world_settled(void)
{
    struct moat_counts c;

    moat_unit_counts(drv.unit[0], &c);
    w.ids = c.free_ids;
    w.intrs = c.intr_used;
}

int world_try_move(unsigned int dev, struct moat_domain *to)
{
    int rc;

    host_devices_lock();
    rc = moat_device_move(w.dev[dev], to, 0);
    host_devices_unlock();
    return rc;
}

void world_move(unsigned int dev, struct moat_domain *to)
{
    EXPECT(!world_try_move(dev, to));
}

void world_map(struct moat_domain *d, unsigned int iova, unsigned int page)
{
    struct moat_flush f;

    port_hw_lock();
    hwu_watch(WORLD_IOVA(iova));
    hwu_take_back(WORLD_PAGE(page));
    port_hw_unlock();
    moat_flush_begin(&f);
    EXPECT(!moat_map(d, WORLD_IOVA(iova), WORLD_PAGE(page), 0x1000, MOAT_RW,
                     &f));
    moat_flush_end(d, &f);
}

void world_page_freed(unsigned int page)
{
    port_step("gives the page away", THING_PAGE, WORLD_PAGE(page));
    port_hw_lock();
    hwu_check_page(WORLD_PAGE(page), false, "given away: the page");
    hwu_give_away(WORLD_PAGE(page));
    port_hw_unlock();
}

void world_unmap_free(struct moat_domain *d, unsigned int iova,
                      unsigned int page)
{
    struct moat_flush f;

    moat_flush_begin(&f);
    EXPECT(!moat_unmap(d, WORLD_IOVA(iova), 0x1000, &f));
    moat_flush_end(d, &f);
    world_page_freed(page);
}

/* ---- Judgement ---- */

void world_expect_at(unsigned int dev, const struct moat_domain *d)
{
    const struct moat_device *m = w.dev[dev];
    const struct dev_group *g = m->group;
    const struct rid_entry *e;
    struct hw_entry now;
    unsigned int unit;

    EXPECT(moat_device_owner(m) == d);
    EXPECT(!g->moving);
    EXPECT(g->cur == (d ? d : g->quar));
    unit = m->unit->index;
    for ( e = g->entries; e; e = e->next )
    {
        EXPECT(!m->unit->ops->entry_get(m->unit, MOAT_SBDF_RID(e->id), &now));
        EXPECT(now.kind == HW_ENTRY_TABLE);
        EXPECT(now.did == g->now.did && now.root == g->now.root);
        EXPECT(g->cur->att[m->unit->index].did == now.did);
        port_hw_lock();
        EXPECT(hwu_entry_settled(unit, MOAT_SBDF_RID(e->id)));
        EXPECT(hwu_dev_settled(unit, MOAT_SBDF_RID(e->id)));
        port_hw_unlock();
    }
}

void world_stop(void)
{
    struct moat_counts c;
    unsigned int i;

    port_work_run();
    moat_unit_counts(drv.unit[0], &c);
    if ( !w.leaks )
    {
        EXPECT(c.free_ids == w.ids);
        EXPECT(c.intr_used == w.intrs);
    }
    /* What was kept for good must not go to the end with the platform. */
    if ( w.leaks )
        return;
    host_devices_lock();
    hwu_arm(false);
    for ( i = 0; i < w.n_devs; i++ )
        if ( w.dev[i] )
            EXPECT(!moat_device_remove(w.dev[i]));
    host_devices_unlock();
    for ( i = 0; i < WORLD_GUESTS; i++ )
        if ( w.guest[i] )
            moat_domain_destroy(w.guest[i]);
    moat_domain_destroy(w.home);
    moat_unit_counts(drv.unit[0], &c);
    EXPECT(c.free_ids == c.total_ids);
    moat_platform_destroy(w.p);
    EXPECT(!port_live());
}

/* ---- A unit that dies ---- */

void world_dead(void)
{
    drv.rescue = false;
    drv.fail_at = 1;
    drv.fail_for = 1000;
    drv.fate = DRV_LOST;
}

void world_dead_end(unsigned int n)
{
    unsigned int i;

    port_work_run();
    EXPECT(drv.unit[0]->state == UNIT_DEAD);
    for ( i = 0; i < n; i++ )
    {
        EXPECT(!port_bus_master(WORLD_DEV(i)));
        EXPECT(port_failures(WORLD_DEV(i)) == 1);
        EXPECT(port_crashes((void *)(uintptr_t)(i + 1)) >= 1);
        world_page_freed(i);
    }
    w.leaks = true;
    world_stop();
}
