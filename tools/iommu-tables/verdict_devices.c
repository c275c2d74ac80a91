/* SPDX-License-Identifier: GPL-2.0-only */
/* What a table comes to for the devices: seen by the hypervisor's scan. */
#include "verdict_priv.h"

#include <moat/types.h>

#include <stdio.h>
#include <stdlib.h>

static const char *regions_rule(const struct judge *j)
{
    return j->t->kind == TABLE_DMAR ? "VT-d 8.4" : "AMD IOMMU 5.2.3";
}

static const char *scopes_rule(const struct judge *j)
{
    return j->t->kind == TABLE_DMAR ? "VT-d 8.3" : "AMD IOMMU 5.2.2";
}

/* ---- Devices behind no unit ---- */

static char *list_of_fate(const struct scan *s, enum scan_fate fate,
                          size_t *nr)
{
    char *all = NULL, *one;
    size_t i, k = 0;

    for ( i = *nr = 0; i < s->nr_devices; i++ )
        *nr += s->devices[i].fate == fate;
    for ( i = 0; i < s->nr_devices && k < 8; i++ )
    {
        if ( s->devices[i].fate != fate )
            continue;
        one = say_device(s, s->devices[i].sbdf);
        all = say_more(all, "%s%s", say_comma(k++, *nr), one);
        free(one);
    }
    if ( *nr > k )
        all = say_more(all, " and %zu more", *nr - k);
    return all;
}

static void uncovered(struct judge *j)
{
    size_t nr, i, bridges = 0;
    char *names = list_of_fate(j->s, SCAN_NO_UNIT, &nr);

    if ( nr )
        judge_add(j, SEV_WARN, 0, xprintf("%s", scopes_rule(j)),
                  xprintf("no unit is for %s", names),
                  xprintf("What is behind no IOMMU reaches all memory: it "
                          "works for dom0, and cannot be given to a guest."),
                  xprintf("left with dom0, not translated"));
    free(names);
    for ( i = 0; i < j->s->nr_devices; i++ )
        bridges += j->s->devices[i].fate == SCAN_BRIDGE &&
                   j->s->devices[i].unit < 0;
    if ( bridges && !j->s->pci->made_up )
        judge_add(j, SEV_INFO, 0, xprintf("%s", scopes_rule(j)),
                  xprintf("%zu bridge%s behind no unit", bridges,
                          bridges == 1 ? " is" : "s are"),
                  xprintf("Harmless: bridges and host bridges issue no "
                          "requests of their own, and are never handed "
                          "out."), NULL);
}

/* ---- Devices known for wrong requester ids ---- */

static void wrong_ids(struct judge *j)
{
    size_t i;

    for ( i = 0; i < j->s->log.nr; i++ )
    {
        const char *text = j->s->log.lines[i].text;
        unsigned int a[4], b[4];
        struct finding *x;
        char *name;

        if ( sscanf(text, "%x:%x:%x.%x: known to issue DMA as %x:%x:%x.%x",
                    &a[0], &a[1], &a[2], &a[3], &b[0], &b[1], &b[2],
                    &b[3]) != 8 )
            continue;
        name = say_device(j->s, MOAT_SBDF(a[0], a[1], a[2], a[3]));
        x = judge_add(j, SEV_INFO, 0, xprintf("PCI Express 2.2.6"),
                      xprintf("%s is known to issue its requests as "
                              "%02x:%02x.%u", name, b[1], b[2], b[3]),
                      xprintf("Where this is not known the device is dead "
                              "once translation is on, and only pci-phantom= "
                              "on the hypervisor's command line helps."),
                      xprintf("both ids are kept together: nothing is to be "
                              "done"));
        x->log = xprintf("%s", text);
        x->on_device = true;
        x->sbdf = MOAT_SBDF(a[0], a[1], a[2], a[3]);
        j->said[i] = true;
        free(name);
    }
}

/* ---- Regions that several devices reach ---- */

/* The devices of @r that could be given away: names, and how many groups. */
static char *sharers(const struct scan *s, const struct scan_region *r,
                     size_t *groups)
{
    char *all = NULL, *one;
    size_t i, k = 0, nr = 0;
    int last = -1;

    for ( i = *groups = 0; i < r->nr_users; i++ )
    {
        const struct scan_device *d = &s->devices[r->users[i]];

        if ( !scan_free_to_go(d) )
            continue;
        nr++;
        *groups += d->group != last;
        last = d->group;
    }
    for ( i = 0; i < r->nr_users && k < 8; i++ )
    {
        const struct scan_device *d = &s->devices[r->users[i]];

        if ( !scan_free_to_go(d) )
            continue;
        one = say_device(s, d->sbdf);
        all = say_more(all, "%s%s", say_comma(k++, nr), one);
        free(one);
    }
    if ( nr > k )
        all = say_more(all, " and %zu more", nr - k);
    return all;
}

static void shared(struct judge *j, const struct scan_region *r)
{
    const char *use = say_region_use(j->s, r);
    char *range = say_range(r->first, r->last), *names;
    size_t groups;

    names = sharers(j->s, r, &groups);
    if ( groups > 1 )
        judge_add(j, SEV_INFO, r->offset, xprintf("%s", regions_rule(j)),
                  xprintf("%s share memory: %s", names, range),
                  xprintf("Two guests would meet there, so give them all to "
                          "the same guest.%s%s%s",
                          use ? " It is " : "", use ? use : "",
                          use ? "." : ""),
                  xprintf("one of them is refused to a guest while another is "
                          "with dom0 or another guest; one that nobody needs "
                          "can also wait, after xl pci-assignable-add"));
    free(names);
    free(range);
}

void verdict_devices(struct judge *j)
{
    size_t i;

    uncovered(j);
    wrong_ids(j);
    for ( i = 0; i < j->s->nr_regions; i++ )
        shared(j, &j->s->regions[i]);
}
