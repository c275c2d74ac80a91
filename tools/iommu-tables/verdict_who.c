/* SPDX-License-Identifier: GPL-2.0-only */
/* Who can be given away, and with whom: one paragraph for each way. */
#include "verdict_priv.h"

#include <moat/types.h>

#include <stdlib.h>

/*
 * Devices that have to do with each other, through ids or regions, have the
 * same number: that of the first of them. What is not free to go is in no set.
 */
struct sets
{
    const struct scan *s;
    size_t *of;             /* by device, as the following: */
    size_t *size;
    bool *ids, *memory;     /* why together, of the first of a set */
};

/* The first user of the region that is free to go, or SIZE_MAX. */
static size_t first_user(const struct scan *s, const struct scan_region *r)
{
    size_t i;

    for ( i = 0; i < r->nr_users; i++ )
        if ( scan_free_to_go(&s->devices[r->users[i]]) )
            return r->users[i];
    return SIZE_MAX;
}

/* @mate: by lead, the first of the group that is free to go. */
static void join_all(struct sets *x, size_t *mate)
{
    const struct scan *s = x->s;
    size_t i, k;

    for ( i = 0; i < s->nr_devices; i++ )
    {
        const struct scan_device *d = &s->devices[i];

        if ( !scan_free_to_go(d) )
            continue;
        if ( mate[d->lead] == SIZE_MAX )
            mate[d->lead] = i;
        forest_join(x->of, mate[d->lead], i);
    }
    for ( i = 0; i < s->nr_regions; i++ )
    {
        const struct scan_region *r = &s->regions[i];
        size_t first = first_user(s, r);

        for ( k = 0; k < r->nr_users; k++ )
            if ( scan_free_to_go(&s->devices[r->users[k]]) )
                forest_join(x->of, first, r->users[k]);
    }
}

static void find_why(struct sets *x, const size_t *mate)
{
    const struct scan *s = x->s;
    size_t i, k;

    for ( i = 0; i < s->nr_devices; i++ )
    {
        const struct scan_device *d = &s->devices[i];

        x->of[i] = forest_top(x->of, i);
        if ( !scan_free_to_go(d) )
            continue;
        x->size[x->of[i]]++;
        x->ids[x->of[i]] |= mate[d->lead] != i;
    }
    for ( i = 0; i < s->nr_regions; i++ )
    {
        const struct scan_region *r = &s->regions[i];
        size_t first = first_user(s, r);

        for ( k = 0; k < r->nr_users; k++ )
            if ( scan_free_to_go(&s->devices[r->users[k]]) &&
                 s->devices[r->users[k]].lead != s->devices[first].lead )
                x->memory[x->of[first]] = true;
    }
}

static void sets_find(struct sets *x, const struct scan *s)
{
    size_t *mate = xresize(NULL, s->nr_devices, sizeof(*mate)), i;

    x->s = s;
    x->of = xresize(NULL, s->nr_devices, sizeof(*x->of));
    x->size = xalloc(s->nr_devices * sizeof(*x->size));
    x->ids = xalloc(s->nr_devices * sizeof(*x->ids));
    x->memory = xalloc(s->nr_devices * sizeof(*x->memory));
    for ( i = 0; i < s->nr_devices; i++ )
    {
        x->of[i] = i;
        mate[i] = SIZE_MAX;
    }
    join_all(x, mate);
    find_why(x, mate);
    free(mate);
}

static void sets_free(struct sets *x)
{
    free(x->of);
    free(x->size);
    free(x->ids);
    free(x->memory);
}

static void print_device(const struct scan *s, const struct scan_device *d,
                         FILE *out)
{
    char *id = say_id(s, d->sbdf), *kind = say_kind(d->pci), *text;
    size_t i;

    text = xprintf("%s%s%s", id, kind ? "  " : "", kind ? kind : "");
    say_print_item(out, 2, 11, text);
    free(text);
    for ( i = 0; i < d->nr_regions; i++ )
    {
        const struct scan_region *r = &s->regions[d->regions[i]];

        text = say_range(r->first, r->last);
        text = say_more(text, "%s",
                        r->prot == MOAT_RW ? ""
                        : r->prot == MOAT_READ ? ", to be read only"
                                               : ", to be written only");
        fprintf(out, "           needs %s\n", text);
        free(text);
    }
    free(id);
    free(kind);
}

static void print_alone(const struct sets *x, FILE *out)
{
    bool any = false;
    size_t i;

    for ( i = 0; i < x->s->nr_devices; i++ )
    {
        if ( x->size[x->of[i]] != 1 )
            continue;
        if ( !any )
            fprintf(out, "Can be given to a guest on its own:\n");
        any = true;
        print_device(x->s, &x->s->devices[i], out);
    }
    if ( any )
        fputc('\n', out);
}

static void why_together(const struct sets *x, size_t which, FILE *out)
{
    if ( x->ids[which] )
        say_print(out, 4, "The IOMMU cannot tell them apart, as their requests "
                  "carry the same id: all of these go to one guest.");
    if ( x->memory[which] )
        say_print(out, 4, "They reach the same reserved memory, where two "
                  "guests would meet: one guest at a time. What it does not "
                  "need can wait, after xl pci-assignable-add.");
}

static void print_set(const struct sets *x, size_t which, FILE *out)
{
    size_t i, left = x->size[which];

    fprintf(out, "Belong together:\n");
    for ( i = which; left; i++ )
        if ( x->of[i] == which )
        {
            print_device(x->s, &x->s->devices[i], out);
            left--;
        }
    why_together(x, which, out);
    fputc('\n', out);
}

/* Allocated; NULL: it does not have to. */
static char *why_stays(const struct scan *s, const struct scan_device *d)
{
    char *id, *text;

    switch ( d->fate )
    {
    case SCAN_HELD:
        return xprintf("%s", d->denied);
    case SCAN_NO_UNIT:
        return xprintf("no unit is for it");
    case SCAN_DEAD_UNIT:
        return xprintf("the table's record of its unit is of no use");
    case SCAN_UNIT_OFF:
        return xprintf("its unit is left off");
    case SCAN_TIED:
        id = say_id(s, d->tied_to);
        text = xprintf("%s %s, which stays",
                       d->tied_by_memory ? "it shares reserved memory with"
                       : "the IOMMU cannot tell it from", id);
        free(id);
        return text;
    default:
        return NULL;
    }
}

static void print_staying(const struct scan *s, FILE *out)
{
    size_t i, bridges = 0;
    bool any = false;

    for ( i = 0; i < s->nr_devices; i++ )
    {
        char *why = why_stays(s, &s->devices[i]);

        bridges += s->devices[i].fate == SCAN_BRIDGE;
        if ( !why )
            continue;
        if ( !any )
            fprintf(out, "Stay with dom0:\n");
        any = true;
        print_device(s, &s->devices[i], out);
        why = say_more(why, ".");
        say_print_item(out, 11, 13, why);
        free(why);
    }
    if ( any )
        fputc('\n', out);
    if ( bridges && !s->pci->made_up )
        fprintf(out, "Besides %zu bridge%s, which nobody gives away.\n\n",
                bridges, bridges == 1 ? "" : "s");
}

static void print_notes(const struct scan *s, FILE *out)
{
    if ( s->pci->made_up )
        say_print(out, 0, "These are the devices that the table names; "
                  "with --pci all of the machine's are judged, bridges "
                  "included.");
    if ( s->pci->no_caps )
        say_print(out, 0, "The list of PCI devices does not tell what kind "
                  "some are (lspci does as root): these are taken for PCI "
                  "Express devices.");
    if ( s->pci->no_buses )
        say_print(out, 0, "The list of PCI devices does not tell where "
                  "bridges lead (lspci -D -nn -vvv does): what is behind one "
                  "may be judged wrongly.");
    if ( s->pci->made_up || s->pci->no_caps || s->pci->no_buses )
        fputc('\n', out);
}

void verdict_print_devices(const struct scan *s, FILE *out)
{
    struct sets x;
    size_t i;

    sets_find(&x, s);
    print_alone(&x, out);
    for ( i = 0; i < s->nr_devices; i++ )
        if ( x.size[i] > 1 )
            print_set(&x, i, out);
    print_staying(s, out);
    print_notes(s, out);
    sets_free(&x);
}
