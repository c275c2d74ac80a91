/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who has which region, and who is in one group with whom: found once for all
 * devices, as a table may name thousands of each.
 */
#include "scan.h"

#include "util.h"

#include <stdlib.h>

/* One id that a device's requests may carry, or the group it is in. */
struct entry
{
    int64_t key;
    size_t device;
};

static int by_key(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;

    if ( a->key != b->key )
        return a->key < b->key ? -1 : 1;
    return a->device < b->device ? -1 : a->device > b->device;
}

/* The first of the sorted @e that is not below @key. */
static size_t lower_bound(const struct entry *e, size_t nr, int64_t key)
{
    size_t from = 0, to = nr;

    while ( from < to )
    {
        size_t middle = from + (to - from) / 2;

        if ( e[middle].key < key )
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Regions come in order, so that the last one is the only to compare with. */
static void have_region(struct scan_device *d, size_t region)
{
    if ( d->nr_regions && d->regions[d->nr_regions - 1] == region )
        return;
    d->regions = grow(d->regions, d->nr_regions, sizeof(*d->regions));
    d->regions[d->nr_regions++] = region;
}

static void have_user(struct scan_region *r, size_t device)
{
    r->users = grow(r->users, r->nr_users, sizeof(*r->users));
    r->users[r->nr_users++] = device;
}

static void index_regions(struct scan *s)
{
    struct entry *e;
    size_t i, k, n, nr = 0;

    for ( i = 0; i < s->nr_devices; i++ )
        nr += s->devices[i].ids.n;
    e = xresize(NULL, nr, sizeof(*e));
    for ( i = n = 0; i < s->nr_devices; i++ )
        for ( k = 0; k < s->devices[i].ids.n; k++ )
        {
            e[n].key = s->devices[i].ids.ids[k].id;
            e[n++].device = i;
        }
    if ( nr )
        qsort(e, nr, sizeof(*e), by_key);
    for ( i = 0; i < s->nr_regions; i++ )
        for ( k = 0; k < s->regions[i].nr_devs; k++ )
        {
            uint32_t id = s->regions[i].devs[k];

            for ( n = lower_bound(e, nr, id); n < nr && e[n].key == id; n++ )
                have_region(&s->devices[e[n].device], i);
        }
    free(e);
    for ( i = 0; i < s->nr_devices; i++ )
        for ( k = 0; k < s->devices[i].nr_regions; k++ )
            have_user(&s->regions[s->devices[i].regions[k]], i);
}

static void index_groups(struct scan *s)
{
    struct entry *e = xresize(NULL, s->nr_devices, sizeof(*e));
    size_t i, lead = 0;

    for ( i = 0; i < s->nr_devices; i++ )
    {
        e[i].key = s->devices[i].group;
        e[i].device = i;
    }
    if ( s->nr_devices )
        qsort(e, s->nr_devices, sizeof(*e), by_key);
    for ( i = 0; i < s->nr_devices; i++ )
    {
        if ( !i || e[i].key != e[i - 1].key )
            lead = e[i].device;
        s->devices[e[i].device].lead = lead;
    }
    free(e);
}

void scan_index(struct scan *s)
{
    index_regions(s);
    index_groups(s);
}

const struct scan_region *scan_shared(const struct scan *s,
                                      const struct scan_device *a,
                                      const struct scan_device *b)
{
    size_t i = 0, k = 0;

    while ( i < a->nr_regions && k < b->nr_regions )
    {
        if ( a->regions[i] == b->regions[k] )
            return &s->regions[a->regions[i]];
        if ( a->regions[i] < b->regions[k] )
            i++;
        else
            k++;
    }
    return NULL;
}

static void keep_lower(size_t *x, size_t v)
{
    if ( v < *x )
        *x = v;
}

/*
 * To the first device that stays, of those in its group or at one of its
 * regions; arrays by the lead and by region, SIZE_MAX: there is none.
 */
static void tie(struct scan *s, size_t i, const size_t *of_group,
                const size_t *of_region)
{
    struct scan_device *d = &s->devices[i];
    size_t group = of_group[d->lead], memory = SIZE_MAX, k;

    if ( d->fate != SCAN_FREE )
        return;
    for ( k = 0; k < d->nr_regions; k++ )
        keep_lower(&memory, of_region[d->regions[k]]);
    if ( group == SIZE_MAX && memory == SIZE_MAX )
        return;
    d->fate = SCAN_TIED;
    d->tied_by_memory = memory < group;
    d->tied_to = s->devices[memory < group ? memory : group].sbdf;
}

void scan_find_ties(struct scan *s)
{
    size_t *of_group = xresize(NULL, s->nr_devices, sizeof(*of_group));
    size_t *of_region = xresize(NULL, s->nr_regions, sizeof(*of_region));
    size_t i, k;

    for ( i = 0; i < s->nr_devices; i++ )
        of_group[i] = SIZE_MAX;
    for ( i = 0; i < s->nr_regions; i++ )
        of_region[i] = SIZE_MAX;
    for ( i = 0; i < s->nr_devices; i++ )
    {
        const struct scan_device *d = &s->devices[i];

        if ( !scan_stays(d) )
            continue;
        keep_lower(&of_group[d->lead], i);
        for ( k = 0; k < d->nr_regions; k++ )
            keep_lower(&of_region[d->regions[k]], i);
    }
    for ( i = 0; i < s->nr_devices; i++ )
        tie(s, i, of_group, of_region);
    free(of_group);
    free(of_region);
}
