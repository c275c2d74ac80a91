/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that a table names, where nobody told which there are. What is
 * behind a bridge gets a bus that the table does not use, so that the
 * hypervisor's own resolution finds it; people are shown the path instead.
 */
#include "pci.h"

#include "model.h"
#include "util.h"

#include <stdlib.h>

struct maker
{
    struct pci *pci;
    bool used[256];         /* buses the table names, or that were made up */
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

static void make_bridge(struct maker *m, struct pci_device *d)
{
    unsigned int bus = MOAT_SBDF_BUS(d->sbdf) + 1;

    if ( d->bridge )
        return;
    while ( bus < 256 && m->used[bus] )
        bus++;
    bus &= 0xff;            /* none left: it leads nowhere */
    m->used[bus] = true;
    d->bridge = true;
    d->class_code = PCI_CLASS_BRIDGE << 8;
    d->pcie_type = PCI_TYPE_ROOT_PORT;
    d->secondary = d->subordinate = (uint8_t)bus;
}

/* Each step but the last is a bridge; @bridge: the last is one, too. */
static void add_path(struct maker *m, uint16_t segment,
                     const struct dmar_scope *s, bool bridge)
{
    uint32_t sbdf = 0;
    uint8_t bus = s->start_bus;
    char *path = NULL;
    unsigned int i;

    for ( i = 0; i < s->depth; i++ )
    {
        struct pci_device *d;
        char *longer;

        sbdf = MOAT_SBDF(segment, bus, s->path[2 * i], s->path[2 * i + 1]);
        d = have(m, sbdf);
        if ( i && !d->path )
            d->path = xprintf("%s/%02x.%x", path, s->path[2 * i],
                              s->path[2 * i + 1]);
        longer = d->path ? xprintf("%s", d->path)
                 : xprintf("%02x:%02x.%x", bus, s->path[0], s->path[1]);
        free(path);
        path = longer;
        if ( i + 1 == s->depth && !bridge )
            break;
        make_bridge(m, d);
        /* The array has moved with what was added. */
        bus = find(m->pci, sbdf)->secondary;
    }
    free(path);
}

static void dmar_scopes(struct maker *m, const struct node *record)
{
    uint16_t segment = (uint16_t)node_value(record, "segment", 0);
    size_t i;

    for ( i = 0; i < record->nr_kids; i++ )
    {
        const struct node *n = &record->kids[i];

        if ( n->kind != NODE_SCOPE || n->rc != 1 )
            continue;
        if ( n->type == DMAR_SCOPE_ENDPOINT || n->type == DMAR_SCOPE_BRIDGE )
            add_path(m, segment, &n->hv.scope,
                     n->type == DMAR_SCOPE_BRIDGE);
    }
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
    struct maker m = { xalloc(sizeof(*m.pci)), { true } };
    size_t i, k;

    m.pci->made_up = true;
    for ( i = 0; i < t->nr_records; i++ )
        for ( k = 0; k < t->records[i].nr_kids; k++ )
            if ( t->records[i].kids[k].kind == NODE_SCOPE &&
                 t->records[i].kids[k].rc == 1 )
                m.used[t->records[i].kids[k].hv.scope.start_bus] = true;
    for ( i = 0; i < t->nr_records; i++ )
        if ( t->kind == TABLE_DMAR )
            dmar_scopes(&m, &t->records[i]);
        else
            ivrs_block(&m, &t->records[i]);
    pci_finish(m.pci);

    return m.pci;
}
