/* SPDX-License-Identifier: GPL-2.0-only */
#include "scan.h"

#include "model.h"
#include "pci.h"
#include "util.h"

#include "core/device.h"

#include <stdlib.h>

struct run
{
    struct scan *scan;
    const struct machine *machine;
};

static void take_units(struct scan *s, struct moat_platform *p)
{
    const struct moat_unit *u;

    for ( u = p->units; u; u = u->next )
    {
        struct scan_unit *x;

        s->units = grow(s->units, s->nr_units, sizeof(*s->units));
        x = &s->units[s->nr_units++];
        x->base = u->reg_pa;
        x->segment = u->segment;
        x->offset = u->fw_offset;
        x->include_all = u->include_all;
        x->dead = u->state == UNIT_DEAD;
        x->off = u->ignored;
    }
}

static enum scan_fate fate_of(const struct moat_device *dev)
{
    if ( dev->passive )
        return SCAN_BRIDGE;
    if ( dev->denied )
        return SCAN_HELD;
    if ( !dev->unit )
        return SCAN_NO_UNIT;
    if ( dev->unit->state == UNIT_DEAD )
        return SCAN_DEAD_UNIT;
    return dev->unit->ignored ? SCAN_UNIT_OFF : SCAN_FREE;
}

static void take_device(struct scan *s, const struct moat_device *dev,
                        const struct pci_device *pci)
{
    struct scan_device *x;

    s->devices = grow(s->devices, s->nr_devices, sizeof(*s->devices));
    x = &s->devices[s->nr_devices++];
    memset(x, 0, sizeof(*x));
    x->sbdf = pci->sbdf;
    x->pci = pci;
    x->unit = -1;
    x->group = -1;
    if ( !dev )
    {
        x->fate = SCAN_HELD;
        x->denied = xprintf("it cannot be added");
        return;
    }
    x->fate = fate_of(dev);
    if ( dev->denied )
        x->denied = xprintf("%s", dev->denied);
    if ( dev->unit )
        x->unit = (int)moat_unit_index(dev->unit);
    x->group = moat_device_group(dev);
    x->ids = dev->ids;
}

/* All before any is looked at: groups form while they are added. */
static void add_devices(struct scan *s, struct moat_platform *p)
{
    struct moat_domain *dom0;
    struct moat_device *dev;
    size_t i;

    if ( moat_domain_create(p, MOAT_DOMAIN_OWN, NULL, HOST_NO_NODE, &dom0) )
        host_bug("no domain for the devices");
    for ( i = 0; i < s->pci->nr; i++ )
    {
        const struct pci_device *d = &s->pci->devices[i];
        struct moat_device_info info =
        {
            .dev = d->sbdf, .is_virtfn = d->virtfn, .physfn = d->physfn,
        };

        (void)moat_device_add(p, &info, dom0, &dev);
    }
    for ( i = 0; i < s->pci->nr; i++ )
        take_device(s, moat_device_find(p, s->pci->devices[i].sbdf),
                    &s->pci->devices[i]);
}

bool scan_stays(const struct scan_device *d)
{
    return d->fate == SCAN_HELD || d->fate == SCAN_NO_UNIT ||
           d->fate == SCAN_DEAD_UNIT || d->fate == SCAN_UNIT_OFF;
}

static int cf_check take_region(void *arg, moat_paddr_t first,
                                moat_paddr_t last, unsigned int prot,
                                moat_sbdf_t dev)
{
    struct scan *s = arg;
    struct scan_region *r = s->nr_regions ? &s->regions[s->nr_regions - 1]
                                          : NULL;

    if ( !r || r->first != first )
    {
        s->regions = grow(s->regions, s->nr_regions, sizeof(*s->regions));
        r = &s->regions[s->nr_regions++];
        memset(r, 0, sizeof(*r));
        r->first = first;
        r->last = last;
        r->prot = prot;
    }
    r->devs = grow(r->devs, r->nr_devs, sizeof(*r->devs));
    r->devs[r->nr_devs++] = dev;
    return 0;
}

static void go(void *arg)
{
    static const struct moat_options opts =
    {
        .intremap = true, .qinval = true, .superpages = true, .snoop = true,
        .igfx = true, .ats = true, .quarantine = MOAT_QUARANTINE_SCRATCH,
    };
    struct run *run = arg;
    struct scan *s = run->scan;
    struct moat_platform *p;
    size_t i;

    s->rc = moat_platform_create(&opts, &p);
    if ( s->rc )
        return;
    s->intremap = p->fw_intremap;
    take_units(s, p);
    host_devices_lock();
    add_devices(s, p);
    host_devices_unlock();
    (void)moat_resv_walk(p, take_region, s);
    for ( i = 0; i < s->nr_regions; i++ )
        s->regions[i].offset = resv_at(p, s->regions[i].first)->fw_offset;
    moat_platform_destroy(p);
}

struct scan *scan_run(const struct machine *m, const struct table *t)
{
    struct scan *s = xalloc(sizeof(*s));
    struct host_machine made;
    struct run run = { s, m };

    s->table = t;
    if ( !m->pci )
        s->own = pci_make_up(t);
    s->pci = m->pci ? m->pci : s->own;
    s->rc = -ENODEV;
    made.table = t;
    made.pci = s->pci;
    made.memmap = m->memmap;
    s->ended = host_run(&made, &s->log, go, &run);
    scan_index(s);
    scan_find_ties(s);

    return s;
}

void scan_free(struct scan *s)
{
    size_t i;

    for ( i = 0; i < s->nr_devices; i++ )
    {
        free(s->devices[i].denied);
        free(s->devices[i].regions);
    }
    for ( i = 0; i < s->nr_regions; i++ )
    {
        free(s->regions[i].devs);
        free(s->regions[i].users);
    }
    free(s->devices);
    free(s->units);
    free(s->regions);
    host_log_free(&s->log);
    pci_free(s->own);
    free(s);
}

const struct scan_device *scan_at(const struct scan *s, uint32_t sbdf)
{
    size_t i;

    for ( i = 0; i < s->nr_devices; i++ )
        if ( s->devices[i].sbdf == sbdf )
            return &s->devices[i];
    return NULL;
}
