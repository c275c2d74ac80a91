/* SPDX-License-Identifier: GPL-2.0-only */
/* Who can be given away, and with whom: one paragraph for each way. */
#include "verdict_priv.h"

#include <moat/types.h>

#include <stdlib.h>

/*
 * Devices that have to do with each other, through ids or regions, have the
 * same number: that of the first of them.
 */
static size_t *sets_of(const struct scan *s)
{
    size_t *set = xalloc(s->nr_devices * sizeof(*set)), i, k, n;

    for ( i = 0; i < s->nr_devices; i++ )
        set[i] = i;
    for ( i = 0; i < s->nr_devices; i++ )
        for ( k = 0; k < i; k++ )
        {
            const struct scan_device *a = &s->devices[k];
            const struct scan_device *b = &s->devices[i];
            size_t from = set[i], to = set[k];

            if ( from == to || !scan_free_to_go(a) || !scan_free_to_go(b) ||
                 (a->group != b->group && !scan_shared(s, a, b)) )
                continue;
            for ( n = 0; n <= i; n++ )
                if ( set[n] == from )
                    set[n] = to;
        }
    return set;
}

static size_t size_of(const struct scan *s, const size_t *set, size_t which)
{
    size_t i, n = 0;

    for ( i = 0; i < s->nr_devices; i++ )
        n += set[i] == which && scan_free_to_go(&s->devices[i]);
    return n;
}

static void print_device(const struct scan *s, const struct scan_device *d,
                         FILE *out)
{
    char *id = say_id(s, d->sbdf), *kind = say_kind(d->pci), *text;
    size_t i;

    text = xprintf("%s%s%s", id, kind ? "  " : "", kind ? kind : "");
    say_print_item(out, 2, 11, text);
    free(text);
    for ( i = 0; i < s->nr_regions; i++ )
    {
        const struct scan_region *r = &s->regions[i];

        if ( !scan_uses(r, d) )
            continue;
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

static void print_alone(const struct scan *s, const size_t *set, FILE *out)
{
    bool any = false;
    size_t i;

    for ( i = 0; i < s->nr_devices; i++ )
    {
        if ( !scan_free_to_go(&s->devices[i]) ||
             size_of(s, set, set[i]) != 1 )
            continue;
        if ( !any )
            fprintf(out, "Can be given to a guest on its own:\n");
        any = true;
        print_device(s, &s->devices[i], out);
    }
    if ( any )
        fputc('\n', out);
}

static void why_together(const struct scan *s, const size_t *set,
                         size_t which, FILE *out)
{
    bool ids = false, memory = false;
    size_t i, k;

    for ( i = 0; i < s->nr_devices; i++ )
        for ( k = 0; k < i; k++ )
        {
            if ( set[i] != which || set[k] != which ||
                 !scan_free_to_go(&s->devices[i]) ||
                 !scan_free_to_go(&s->devices[k]) )
                continue;
            if ( s->devices[i].group == s->devices[k].group )
                ids = true;
            else if ( scan_shared(s, &s->devices[i], &s->devices[k]) )
                memory = true;
        }
    if ( ids )
        say_print(out, 4, "The IOMMU cannot tell them apart, as their requests "
                  "carry the same id: all of these go to one guest.");
    if ( memory )
        say_print(out, 4, "They reach the same reserved memory, where two "
                  "guests would meet: one guest at a time. What it does not "
                  "need can wait, after xl pci-assignable-add.");
}

static void print_together(const struct scan *s, const size_t *set,
                           FILE *out)
{
    size_t i, k;

    for ( i = 0; i < s->nr_devices; i++ )
    {
        if ( set[i] != i || size_of(s, set, i) < 2 )
            continue;
        fprintf(out, "Belong together:\n");
        for ( k = i; k < s->nr_devices; k++ )
            if ( set[k] == i && scan_free_to_go(&s->devices[k]) )
                print_device(s, &s->devices[k], out);
        why_together(s, set, i, out);
        fputc('\n', out);
    }
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
    size_t *set = sets_of(s);

    print_alone(s, set, out);
    print_together(s, set, out);
    print_staying(s, out);
    print_notes(s, out);
    free(set);
}
