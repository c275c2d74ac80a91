/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that a table names, where nobody told which there are. What is
 * behind a bridge gets a bus that the table does not use, so that the
 * hypervisor's own resolution finds it; people are shown the path instead.
 * Bus numbers are given out depth first, as firmware does it: what is behind
 * a bridge, however deep, is in the range of that bridge.
 */
#include "pci.h"

#include "model.h"
#include "say.h"
#include "util.h"

#include <stdlib.h>
#include <string.h>

struct way
{
    uint16_t segment;
    const struct dmar_scope *scope;
    unsigned int bridges;   /* steps that are bridges: the last may be one */
};

struct maker
{
    struct pci *pci;
    struct way *ways;       /* in the order of a walk, depth first */
    size_t nr_ways;
    bool used[256];         /* buses of one segment: named, or made up */
};

/* In the order they were added: pci_at() works only once all are there. */
static struct pci_device *find(struct pci *p, uint32_t sbdf)
{
    size_t i;

    for ( i = 0; i < p->nr; i++ )
        if ( p->devices[i].sbdf == sbdf )
            return &p->devices[i];
    return NULL;
}

static struct pci_device *have(struct maker *m, uint32_t sbdf)
{
    struct pci_device *d = find(m->pci, sbdf);

    if ( d )
        return d;
    d = pci_add(m->pci, sbdf);
    d->pcie_type = PCI_TYPE_ENDPOINT;
    return d;
}

/* What is behind a bridge follows it at once. */
static int by_steps(const void *left, const void *right)
{
    const struct way *a = left, *b = right;
    unsigned int n = a->scope->depth < b->scope->depth ? a->scope->depth
                                                       : b->scope->depth;
    int diff;

    if ( a->segment != b->segment )
        return a->segment < b->segment ? -1 : 1;
    if ( a->scope->start_bus != b->scope->start_bus )
        return a->scope->start_bus < b->scope->start_bus ? -1 : 1;
    diff = memcmp(a->scope->path, b->scope->path, 2 * n);
    if ( diff )
        return diff;
    if ( a->scope->depth != b->scope->depth )
        return a->scope->depth < b->scope->depth ? -1 : 1;
    return a->bridges < b->bridges ? -1 : a->bridges > b->bridges;
}

/* Steps that are the same from the bus on, up to @max. */
static unsigned int common(const struct way *a, const struct way *b,
                           unsigned int max)
{
    unsigned int i = 0;

    if ( a->segment != b->segment ||
         a->scope->start_bus != b->scope->start_bus )
        return 0;
    while ( i < max && i < a->scope->depth && i < b->scope->depth &&
            !memcmp(a->scope->path + 2 * i, b->scope->path + 2 * i, 2) )
        i++;
    return i;
}

/* How many bridges way @at needs, with all that begin at its first step. */
static unsigned int bridges_from(const struct maker *m, size_t at)
{
    unsigned int n = m->ways[at].bridges;
    size_t i;

    for ( i = at + 1; i < m->nr_ways &&
          common(&m->ways[at], &m->ways[i], 1); i++ )
    {
        const struct way *w = &m->ways[i];

        n += w->bridges - common(w, &m->ways[i - 1],
                                 w->bridges < m->ways[i - 1].bridges
                                 ? w->bridges : m->ways[i - 1].bridges);
    }
    return n;
}

/* The first of @nr buses above @bus that nobody uses; 0: there are none. */
static unsigned int free_buses(const struct maker *m, unsigned int bus,
                          unsigned int nr)
{
    unsigned int n = 0;

    while ( n < nr && ++bus < 256 )
        n = m->used[bus] ? 0 : n + 1;
    return n < nr ? 0 : bus + 1 - nr;
}

static void make_bridge(struct maker *m, struct pci_device *d, uint8_t bus)
{
    d->bridge = true;
    d->class_code = PCI_CLASS_BRIDGE << 8;
    d->pcie_type = PCI_TYPE_ROOT_PORT;
    d->secondary = d->subordinate = bus;
    m->used[bus] = true;
}

/* The buses behind the first step are those from @next on; 0: there are none
 * left, and it leads nowhere. */
static void add_way(struct maker *m, const struct way *w, unsigned int *next)
{
    const uint8_t *path = w->scope->path;
    uint8_t bus = w->scope->start_bus;
    uint32_t above[UINT8_MAX / 2];      /* a scope's length is one byte */
    char *text = xprintf("%02x:%02x.%x", bus, path[0], path[1]);
    unsigned int i, k;

    for ( i = 0; i < w->scope->depth; i++ )
    {
        struct pci_device *d;

        above[i] = MOAT_SBDF(w->segment, bus, path[2 * i], path[2 * i + 1]);
        d = have(m, above[i]);
        if ( i )
            text = say_more(text, "/%02x.%x", path[2 * i], path[2 * i + 1]);
        if ( i && !d->path )
            d->path = xprintf("%s", text);
        if ( i >= w->bridges )
            break;
        if ( !d->bridge )
        {
            make_bridge(m, d, (uint8_t)(*next ? (*next)++ : 0));
            for ( k = 0; k < i; k++ )
                find(m->pci, above[k])->subordinate = d->secondary;
        }
        /* The array has not moved since have(). */
        bus = d->secondary;
        if ( !bus )
            break;
    }
    free(text);
}

/* All ways of a segment, from the first one on: where the next one begins. */
static size_t add_segment(struct maker *m, size_t from)
{
    size_t i, end = from;
    unsigned int next = 0;

    memset(m->used, 0, sizeof(m->used));
    for ( ; end < m->nr_ways &&
          m->ways[end].segment == m->ways[from].segment; end++ )
        m->used[m->ways[end].scope->start_bus] = true;
    for ( i = from; i < end; i++ )
    {
        if ( i == from || !common(&m->ways[i], &m->ways[i - 1], 1) )
            next = free_buses(m, m->ways[i].scope->start_bus,
                              bridges_from(m, i));
        add_way(m, &m->ways[i], &next);
    }
    return end;
}

static void take_ways(struct maker *m, const struct node *record)
{
    size_t i;

    for ( i = 0; i < record->nr_kids; i++ )
    {
        const struct node *n = &record->kids[i];
        struct way *w;

        if ( n->kind != NODE_SCOPE || n->rc != 1 ||
             (n->type != DMAR_SCOPE_ENDPOINT && n->type != DMAR_SCOPE_BRIDGE) )
            continue;
        m->ways = grow(m->ways, m->nr_ways, sizeof(*m->ways));
        w = &m->ways[m->nr_ways++];
        w->segment = (uint16_t)node_value(record, "segment", 0);
        w->scope = &n->hv.scope;
        w->bridges = w->scope->depth - (n->type == DMAR_SCOPE_ENDPOINT);
    }
}

static void dmar_devices(struct maker *m, const struct table *t)
{
    size_t i;

    for ( i = 0; i < t->nr_records; i++ )
        take_ways(m, &t->records[i]);
    if ( m->nr_ways )
        qsort(m->ways, m->nr_ways, sizeof(*m->ways), by_steps);
    for ( i = 0; i < m->nr_ways; )
        i = add_segment(m, i);
    free(m->ways);
}

static void ivrs_block(struct maker *m, const struct node *n)
{
    uint32_t seg = (uint32_t)node_value(n, "segment", 0) << 16;
    struct pci_device *unit;
    size_t i;

    if ( n->rc != 1 )
        return;
    if ( !ivrs_is_ivhd(n->type) )
    {
        if ( n->type == IVRS_IVMD_ONE )
            have(m, seg | n->hv.ivrs.u.ivmd.dev_first);
        return;
    }
    unit = have(m, seg | n->hv.ivrs.u.ivhd.id);
    unit->class_code = PCI_CLASS_IOMMU << 8;
    unit->pcie_type = PCI_TYPE_NONE;
    for ( i = 0; i < n->nr_kids; i++ )
    {
        const struct ivrs_entry *e = &n->kids[i].hv.entry;

        if ( n->kids[i].rc == 1 && e->kind == IVRS_ENTRY_IDS &&
             e->first == e->last )
            have(m, seg | e->first);
    }
}

struct pci *pci_make_up(const struct table *t)
{
    struct maker m = { xalloc(sizeof(*m.pci)), NULL };
    size_t i;

    m.pci->made_up = true;
    if ( t->kind == TABLE_DMAR )
        dmar_devices(&m, t);
    else
        for ( i = 0; i < t->nr_records; i++ )
            ivrs_block(&m, &t->records[i]);
    pci_finish(m.pci);

    return m.pci;
}
