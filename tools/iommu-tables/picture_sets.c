/* SPDX-License-Identifier: GPL-2.0-only */
/* What goes together, and what findings are about. */
#include "picture_priv.h"

#include "pci.h"
#include "util.h"

#include <stdlib.h>

bool picture_uses(const struct picture *p, const struct pic_region *r,
                  const struct pic_device *d)
{
    return r->uses[d - p->devices];
}

static bool uses(const struct pic_region *r, const struct pic_device *d)
{
    unsigned int n = d->scan ? d->scan->ids.n : 0, k;
    size_t i;

    for ( i = 0; i < r->nr_ids; i++ )
    {
        if ( r->ids[i].first <= d->sbdf && d->sbdf <= r->ids[i].last )
            return true;
        for ( k = 0; k < n; k++ )
            if ( r->ids[i].first <= d->scan->ids.ids[k].id &&
                 d->scan->ids.ids[k].id <= r->ids[i].last )
                return true;
    }
    return false;
}

bool picture_counts(const struct pic_device *d)
{
    if ( d->pci && d->pci->class_code >> 8 == PCI_CLASS_IOMMU )
        return false;
    if ( d->scan )
        return d->scan->fate != SCAN_BRIDGE;
    return !d->pci || !d->pci->bridge;
}

/* Devices first, then regions: their elements in the forest. */
static void join_all(struct picture *p, size_t *up)
{
    size_t i, k;

    for ( i = 0; i < p->nr_devices; i++ )
        for ( k = 0; k < i; k++ )
            if ( p->devices[i].scan && p->devices[k].scan &&
                 p->devices[i].scan->group >= 0 &&
                 p->devices[i].scan->group == p->devices[k].scan->group )
            {
                forest_join(up, i, k);
                break;
            }
    for ( i = 0; i < p->nr_regions; i++ )
    {
        struct pic_region *r = &p->regions[i];

        r->uses = xalloc(p->nr_devices * sizeof(*r->uses));
        for ( k = 0; k < p->nr_devices; k++ )
            if ( uses(r, &p->devices[k]) &&
                 (picture_counts(&p->devices[k]) || !r->wide) )
            {
                r->uses[k] = true;
                r->nr_users++;
                p->devices[k].nr_regions++;
                if ( !r->unused )
                    forest_join(up, k, p->nr_devices + i);
            }
        /* In order of addresses. */
        for ( k = 0; k < i && !r->unused; k++ )
            if ( p->regions[k].last >= r->first && !p->regions[k].unused )
                forest_join(up, p->nr_devices + k, p->nr_devices + i);
    }
}

static size_t set_of(struct picture *p, size_t *set, size_t i)
{
    struct pic_set *s;

    if ( set[i] != SIZE_MAX )
        return set[i];
    p->sets = grow(p->sets, p->nr_sets, sizeof(*p->sets));
    s = &p->sets[p->nr_sets];
    memset(s, 0, sizeof(*s));
    s->colour = -1;
    return set[i] = p->nr_sets++;
}

/* Letters in the order of the devices: A .. Z, A1 .. Z1, and so on. */
static void name_sets(struct picture *p)
{
    unsigned int letter = 0, colour = 0;
    size_t i;

    for ( i = 0; i < p->nr_sets; i++ )
    {
        struct pic_set *s = &p->sets[i];

        if ( s->nr_devices > 1 )
        {
            s->name = letter < 26
                      ? xprintf("%c", 'A' + letter)
                      : xprintf("%c%u", 'A' + letter % 26, letter / 26);
            letter++;
        }
        if ( s->name || (s->nr_regions && s->nr_users) )
            s->colour = (int)(colour++ % PIC_COLOURS);
    }
}

void picture_sets(struct picture *p)
{
    size_t n = p->nr_devices + p->nr_regions, i;
    size_t *up = xresize(NULL, n, sizeof(*up));
    size_t *set = xresize(NULL, n, sizeof(*set));

    for ( i = 0; i < n; i++ )
    {
        up[i] = i;
        set[i] = SIZE_MAX;
    }
    join_all(p, up);
    for ( i = 0; i < p->nr_devices; i++ )
    {
        p->devices[i].set = set_of(p, set, forest_top(up, i));
        if ( picture_counts(&p->devices[i]) &&
             p->devices[i].unit != PIC_ABSENT )
            p->sets[p->devices[i].set].nr_devices++;
    }
    for ( i = 0; i < p->nr_regions; i++ )
    {
        p->regions[i].set = set_of(p, set, forest_top(up, p->nr_devices + i));
        p->sets[p->regions[i].set].nr_regions++;
        p->sets[p->regions[i].set].nr_users += p->regions[i].nr_users;
    }
    name_sets(p);
    free(up);
    free(set);
}

static bool within(const struct node *n, size_t offset)
{
    return n && n->offset <= offset && offset < n->offset + n->len;
}

static bool find_part(const struct picture *p, size_t offset,
                      struct pic_target *to)
{
    size_t i;

    to->what = PIC_DEVICE;
    for ( i = 0; i < p->nr_devices; i++ )
        if ( within(p->devices[i].scope, offset) )
        {
            to->index = i;
            return true;
        }
    to->what = PIC_COVER;
    for ( i = 0; i < p->nr_covers; i++ )
        if ( p->covers[i].node->kind != NODE_RECORD &&
             within(p->covers[i].node, offset) )
        {
            to->index = i;
            return true;
        }
    return false;
}

static bool find_device(const struct picture *p, uint32_t sbdf,
                        struct pic_target *to)
{
    size_t i;

    to->what = PIC_DEVICE;
    for ( i = 0; i < p->nr_devices; i++ )
        if ( p->devices[i].sbdf == sbdf )
        {
            to->index = i;
            return true;
        }
    return false;
}

static struct pic_target find_target(const struct picture *p,
                                     const struct finding *x)
{
    struct pic_target to = { PIC_TABLE, 0 };
    const struct node *n = NULL;
    size_t offset = x->offset, i;

    if ( (x->on_device && find_device(p, x->sbdf, &to)) ||
         find_part(p, offset, &to) )
        return to;
    for ( i = 0; i < p->t->nr_records && !n; i++ )
        if ( p->t->records[i].kind == NODE_RECORD &&
             within(&p->t->records[i], offset) )
            n = &p->t->records[i];
    to.what = PIC_REGION;
    for ( i = 0; i < p->nr_regions; i++ )
        if ( p->regions[i].node == n )
        {
            to.index = i;
            return to;
        }
    to.what = PIC_UNIT;
    for ( i = 0; i < p->nr_units; i++ )
        if ( p->units[i].node == n ||
             (n && p->t->kind == TABLE_IVRS && ivrs_is_ivhd(n->type) &&
              p->units[i].base == node_value(n, "base", 0)) )
        {
            to.index = i;
            return to;
        }
    to.what = PIC_TABLE;
    to.index = 0;
    return to;
}

void picture_targets(struct picture *p)
{
    size_t i;

    p->targets = xresize(NULL, p->f->nr, sizeof(*p->targets));
    for ( i = 0; i < p->f->nr; i++ )
        if ( p->f->list[i].table == p->t )
            p->targets[i] = find_target(p, &p->f->list[i]);
}
