/* SPDX-License-Identifier: GPL-2.0-only */
/* What there is to be drawn of a table: devices and regions. */
#include "picture_priv.h"

#include "pci.h"
#include "util.h"

#include <stdlib.h>

static struct pic_device *add_device(struct picture *p, uint32_t sbdf,
                                     char *label)
{
    struct pic_device *d;

    p->devices = grow(p->devices, p->nr_devices, sizeof(*p->devices));
    d = &p->devices[p->nr_devices++];
    memset(d, 0, sizeof(*d));
    d->sbdf = sbdf;
    d->label = label;
    d->unit = PIC_NO_UNIT;

    return d;
}

static char *label_of(const struct picture *p, const struct pci_device *pci)
{
    if ( !pci->path )
        return words_sbdf(p, pci->sbdf);
    if ( p->segments )
        return xprintf("%04x:%s", MOAT_SBDF_SEG(pci->sbdf), pci->path);
    return xprintf("%s", pci->path);
}

static int unit_of(const struct picture *p, const struct pic_device *d)
{
    int at = d->scan->unit;
    size_t i;

    /* A unit of AMD's is a device in nobody's scope. */
    for ( i = 0; p->t->kind == TABLE_IVRS && i < p->nr_units; i++ )
        if ( d->sbdf == ((uint32_t)p->units[i].segment << 16 |
                         p->units[i].id) )
            return (int)i;
    if ( at < 0 || (size_t)at >= p->scan->nr_units )
        return PIC_NO_UNIT;
    i = picture_unit_of(p, &p->scan->units[at]);
    return i < p->nr_units ? (int)i : PIC_NO_UNIT;
}

static void take_devices(struct picture *p)
{
    const struct pci *pci = p->scan->pci;
    size_t i;

    for ( i = 0; i < pci->nr && i < PIC_DEVICES_MAX; i++ )
    {
        struct pic_device *d = add_device(p, pci->devices[i].sbdf,
                                          label_of(p, &pci->devices[i]));

        d->pci = &pci->devices[i];
        d->unit = PIC_UNIT_UNKNOWN;
        if ( p->scanned && i < p->scan->nr_devices )
        {
            d->scan = &p->scan->devices[i];
            d->unit = unit_of(p, d);
        }
    }
    p->left_out += pci->nr - i;
}

static struct pic_device *at(const struct picture *p, uint32_t sbdf)
{
    size_t i;

    for ( i = 0; i < p->nr_devices; i++ )
        if ( p->devices[i].sbdf == sbdf )
            return &p->devices[i];
    return NULL;
}

bool picture_resolve(const struct picture *p, uint16_t segment,
                     const struct dmar_scope *s, uint32_t *sbdf)
{
    uint8_t bus = s->start_bus;
    unsigned int i;

    for ( i = 0; ; i++ )
    {
        const struct pci_device *d;

        *sbdf = MOAT_SBDF(segment, bus, s->path[2 * i], s->path[2 * i + 1]);
        if ( i + 1 == s->depth )
            return true;
        d = pci_at(p->scan->pci, *sbdf);
        if ( !d || !d->bridge )
            return false;
        bus = d->secondary;
    }
}

/* A path that leads nowhere is kept as it stands. */
static struct pic_device *by_path(struct picture *p, uint16_t segment,
                                  const struct dmar_scope *s)
{
    char *label = p->segments
                  ? xprintf("%04x:%02x", segment, s->start_bus)
                  : xprintf("%02x", s->start_bus);
    struct pic_device *d;
    unsigned int i;

    for ( i = 0; i < s->depth; i++ )
        label = words_add(label, i ? "/" : ":",
                          xprintf("%02x.%x", s->path[2 * i],
                                  s->path[2 * i + 1]));
    for ( i = 0; i < p->nr_devices; i++ )
        if ( !strcmp(p->devices[i].label, label) )
        {
            free(label);
            return &p->devices[i];
        }
    d = add_device(p, ~0u - (uint32_t)p->nr_devices, label);
    d->unit = PIC_ABSENT;
    return d;
}

static struct pic_device *by_id(struct picture *p, uint32_t sbdf)
{
    struct pic_device *d = at(p, sbdf);

    if ( !d )
    {
        d = add_device(p, sbdf, words_sbdf(p, sbdf));
        d->unit = PIC_ABSENT;
    }
    return d;
}

/* The device a scope names, there or not; NULL: beyond what is drawn. */
static struct pic_device *named(struct picture *p, uint16_t segment,
                                const struct dmar_scope *s)
{
    uint32_t sbdf;

    if ( p->nr_devices >= 2 * PIC_DEVICES_MAX )
    {
        p->left_out++;
        return NULL;
    }
    return picture_resolve(p, segment, s, &sbdf) ? by_id(p, sbdf)
                                                 : by_path(p, segment, s);
}

static bool is_pci(const struct node *n)
{
    return n->kind == NODE_SCOPE && n->rc == 1 &&
           (n->type == DMAR_SCOPE_ENDPOINT || n->type == DMAR_SCOPE_BRIDGE);
}

static void add_ids(struct pic_region *r, uint32_t first, uint32_t last)
{
    r->ids = grow(r->ids, r->nr_ids, sizeof(*r->ids));
    r->ids[r->nr_ids].first = first;
    r->ids[r->nr_ids++].last = last;
}

static struct pic_region *add_region(struct picture *p,
                                     const struct node *n)
{
    struct pic_region *r;

    if ( p->nr_regions == PIC_REGIONS_MAX )
    {
        p->left_out++;
        return NULL;
    }
    p->regions = grow(p->regions, p->nr_regions, sizeof(*p->regions));
    r = &p->regions[p->nr_regions++];
    memset(r, 0, sizeof(*r));
    r->node = n;
    r->unused = n->rc != 1 || !p->scanned;
    r->prot = MOAT_READ | MOAT_WRITE;
    return r;
}

static void take_rmrr(struct picture *p, const struct node *n)
{
    uint16_t segment = (uint16_t)node_value(n, "segment", 0);
    struct pic_region *r = add_region(p, n);
    struct pic_device *d;
    size_t i;

    if ( !r )
        return;
    r->first = node_value(n, "base", 0);
    r->last = node_value(n, "limit", 0);
    for ( i = 0; i < n->nr_kids; i++ )
        if ( is_pci(&n->kids[i]) &&
             (d = named(p, segment, &n->kids[i].hv.scope)) )
            add_ids(r, d->sbdf, d->sbdf);
}

static void take_ivmd(struct picture *p, const struct node *n)
{
    uint32_t seg = (uint32_t)node_value(n, "segment", 0) << 16;
    uint32_t id = (uint32_t)node_value(n, "device_id", 0);
    struct pic_region *r = add_region(p, n);

    if ( !r )
        return;
    r->first = node_value(n, "start", 0);
    r->last = r->first + node_value(n, "memory_length", 1) - 1;
    if ( n->rc == 1 )
    {
        r->first = n->hv.ivrs.u.ivmd.first;
        r->last = n->hv.ivrs.u.ivmd.last;
        r->prot = n->hv.ivrs.u.ivmd.prot;
    }
    if ( n->type == IVRS_IVMD_ALL )
        add_ids(r, seg, seg | 0xffff);
    else if ( n->type == IVRS_IVMD_RANGE )
        add_ids(r, seg | id,
                seg | (uint32_t)node_value(n, "device_id_last", id));
    else if ( p->nr_devices < 2 * PIC_DEVICES_MAX )
        add_ids(r, by_id(p, seg | id)->sbdf, seg | id);
    r->wide = n->type != IVRS_IVMD_ONE;
}

static void take_regions(struct picture *p)
{
    size_t i;

    for ( i = 0; i < p->t->nr_records; i++ )
    {
        const struct node *n = &p->t->records[i];

        if ( n->kind != NODE_RECORD || !n->fmt )
            continue;
        if ( p->t->kind == TABLE_DMAR && n->type == DMAR_RMRR )
            take_rmrr(p, n);
        if ( p->t->kind == TABLE_IVRS && !ivrs_is_ivhd(n->type) )
            take_ivmd(p, n);
    }
}

static struct pic_device *named_by(struct picture *p, uint16_t segment,
                                   const struct node *n)
{
    if ( is_pci(n) )
        return named(p, segment, &n->hv.scope);
    if ( n->kind != NODE_ENTRY || n->rc != 1 ||
         n->hv.entry.kind != IVRS_ENTRY_IDS ||
         n->hv.entry.first != n->hv.entry.last ||
         p->nr_devices >= 2 * PIC_DEVICES_MAX )
        return NULL;
    return by_id(p, (uint32_t)segment << 16 | n->hv.entry.first);
}

/* Devices that units name, and which of them name all behind them. */
static void take_scopes(struct picture *p)
{
    size_t i, k;

    for ( i = 0; i < p->nr_units; i++ )
        for ( k = 0; k < p->units[i].node->nr_kids; k++ )
        {
            const struct node *n = &p->units[i].node->kids[k];
            struct pic_device *d = named_by(p, p->units[i].segment, n);

            if ( !d || d->scope )
                continue;
            d->scope = n;
            d->below = n->kind == NODE_SCOPE && n->type == DMAR_SCOPE_BRIDGE;
            if ( d->unit == PIC_ABSENT )
                d->unit = (int)i;
        }
}

static int by_address(const void *left, const void *right)
{
    const struct pic_region *a = left, *b = right;

    if ( a->first != b->first )
        return a->first < b->first ? -1 : 1;
    if ( a->last != b->last )
        return a->last < b->last ? -1 : 1;
    return a->node->offset < b->node->offset ? -1 : 1;
}

static bool many_segments(const struct table *t)
{
    size_t i;

    for ( i = 0; i < t->nr_records; i++ )
        if ( node_value(&t->records[i], "segment", 0) )
            return true;
    return false;
}

struct picture *picture_collect(const struct machine *m,
                                const struct table *t,
                                const struct findings *f)
{
    struct picture *p = xalloc(sizeof(*p));

    p->m = m;
    p->t = t;
    p->f = f;
    p->segments = many_segments(t);
    p->scan = scan_run(m, t);
    p->scanned = p->scan->ended && !p->scan->rc;
    picture_units(p);
    take_devices(p);
    take_scopes(p);
    take_regions(p);
    if ( p->nr_regions )
        qsort(p->regions, p->nr_regions, sizeof(*p->regions), by_address);
    picture_sets(p);
    picture_targets(p);

    return p;
}

void picture_free(struct picture *p)
{
    size_t i;

    for ( i = 0; i < p->nr_units; i++ )
        free(p->units[i].types);
    for ( i = 0; i < p->nr_covers; i++ )
        free(p->covers[i].text);
    for ( i = 0; i < p->nr_devices; i++ )
        free(p->devices[i].label);
    for ( i = 0; i < p->nr_regions; i++ )
    {
        free(p->regions[i].ids);
        free(p->regions[i].uses);
    }
    for ( i = 0; i < p->nr_sets; i++ )
        free(p->sets[i].name);
    free(p->units);
    free(p->covers);
    free(p->devices);
    free(p->regions);
    free(p->sets);
    free(p->targets);
    scan_free(p->scan);
    free(p);
}
