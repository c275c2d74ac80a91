/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything about one device, for somebody who wants to give it to a guest
 * and never read a specification.
 */
#include "verdict_priv.h"

#include "lines.h"

#include <moat/types.h>

#include <stdlib.h>
#include <string.h>

/* [SSSS:]BB:DD.F, all of it. */
static bool read_bdf(const char *text, uint32_t *sbdf)
{
    struct line s = { text, strlen(text) };
    uint64_t n[3], fn;
    unsigned int parts = 0;

    while ( parts < 3 && line_hex(&s, &n[parts]) )
    {
        parts++;
        if ( !line_take(&s, ":") )
            break;
    }
    if ( parts < 2 || !line_take(&s, ".") || !line_hex_of(&s, 1, &fn) ||
         s.len || fn > 7 || n[parts - 1] > 31 || n[parts - 2] > 255 ||
         (parts == 3 && n[0] > 0xffff) )
        return false;
    *sbdf = MOAT_SBDF(parts == 3 ? n[0] : 0, n[parts - 2], n[parts - 1], fn);
    return true;
}

static void heading(FILE *out, bool colour, const char *text)
{
    fprintf(out, "\n%s%s%s\n", colour ? "\033[1m" : "", text,
            colour ? "\033[0m" : "");
}

/* Prints @text and frees it. */
static void item(FILE *out, char *text)
{
    say_print(out, 2, text);
    free(text);
}

/* ---- Its unit ---- */

static void print_unit(const struct scan *s, const struct scan_device *d,
                       FILE *out)
{
    const struct scan_unit *u;

    if ( d->unit < 0 )
    {
        say_print(out, 2, "None: the table names no unit for it. It reaches "
                  "all memory.");
        return;
    }
    u = &s->units[d->unit];
    item(out, xprintf("The one of the record at %03zXh, with its registers at "
                      "%#llx%s.%s", u->offset, (unsigned long long)u->base,
                      u->include_all ? ", which is also for all devices that "
                                       "no other unit names" : "",
                      u->dead ? " The record is of no use: the unit is not "
                                "switched on."
                      : u->off ? " It is left off." : ""));
}

/* ---- The ids of its requests ---- */

static const char *why_id(enum rid_why why)
{
    switch ( why )
    {
    case RID_SELF:
        return "its own";
    case RID_PHANTOM:
        return "a phantom function: it may use this number for more requests "
               "at a time";
    case RID_ALIAS:
        return "an alias: the firmware, or what is known of such devices, "
               "says that it uses this one as well";
    case RID_BRIDGE:
        return "of the bridge above it, which passes requests of old PCI "
               "devices on in its own name";
    case RID_SECONDARY_BUS:
        return "what such bridges also use: device 0 of the bus below them";
    default:
        return "";
    }
}

static void print_ids(const struct scan *s, const struct scan_device *d,
                      FILE *out)
{
    unsigned int i;

    if ( !d->ids.n )
        say_print(out, 2, "They cannot be told, so all its requests are "
                  "blocked.");
    for ( i = 0; i < d->ids.n; i++ )
    {
        char *id = say_id(s, d->ids.ids[i].id);

        item(out, xprintf("%s: %s", id, why_id(d->ids.ids[i].why)));
        free(id);
    }
}

/* ---- Who else has to do with it ---- */

typedef bool (*related_fn)(const struct scan *s, const struct scan_device *d,
                           const struct scan_device *other);

static bool same_group(const struct scan *s, const struct scan_device *d,
                       const struct scan_device *other)
{
    (void)s;
    return other->group == d->group;
}

static bool shares(const struct scan *s, const struct scan_device *d,
                   const struct scan_device *other)
{
    return other->group != d->group && scan_shared(s, d, other);
}

/* All such devices in one sentence: allocated, or NULL. */
static char *related(const struct scan *s, const struct scan_device *d,
                     related_fn fn)
{
    char *all = NULL, *one;
    size_t i, k = 0, nr = 0;

    for ( i = 0; i < s->nr_devices; i++ )
        nr += &s->devices[i] != d && s->devices[i].fate != SCAN_BRIDGE &&
              fn(s, d, &s->devices[i]);
    for ( i = 0; i < s->nr_devices; i++ )
    {
        if ( &s->devices[i] == d || s->devices[i].fate == SCAN_BRIDGE ||
             !fn(s, d, &s->devices[i]) )
            continue;
        one = say_device(s, s->devices[i].sbdf);
        all = say_more(all, "%s%s", say_comma(k++, nr), one);
        free(one);
    }
    return all;
}

static void print_related(const struct scan *s, const struct scan_device *d,
                          FILE *out)
{
    char *group = related(s, d, same_group), *region = related(s, d, shares);

    if ( group )
        item(out, xprintf("%s: requests of these carry the same id, so the "
                          "IOMMU cannot tell them apart, and they have one "
                          "owner.", group));
    if ( region )
        item(out, xprintf("%s: reach the same reserved memory. In two guests "
                          "they would be a way from one to the other.",
                          region));
    if ( !group && !region )
        say_print(out, 2, "None.");
    free(group);
    free(region);
}

static void print_regions(const struct scan *s, const struct scan_device *d,
                          FILE *out)
{
    size_t i;

    for ( i = 0; i < d->nr_regions; i++ )
    {
        const struct scan_region *r = &s->regions[d->regions[i]];
        const char *use = say_region_use(s, r);
        char *range = say_range(r->first, r->last);

        item(out, xprintf("%s, by the record at %03zXh%s%s%s", range,
                          r->offset, use ? ": " : "", use ? use : "",
                          use ? "." : ""));
        free(range);
    }
    if ( d->nr_regions )
        say_print(out, 2, "The hypervisor keeps them reachable for the "
                  "device at every moment, at the same addresses, whoever "
                  "owns it. What is in them outlives the guest.");
    else
        say_print(out, 2, "None.");
}

/* ---- The answer ---- */

static const char *refusal(const struct scan_device *d)
{
    switch ( d->fate )
    {
    case SCAN_BRIDGE:
        return "No, and there is no need to: it is a bridge. What is behind "
               "it is given away.";
    case SCAN_NO_UNIT:
        return "No: no unit is for it, so nothing would keep it out of other "
               "guests' memory.";
    case SCAN_DEAD_UNIT:
        return "No: the unit that it is behind cannot be used, so nothing "
               "would keep it out of other guests' memory.";
    case SCAN_UNIT_OFF:
        return "No: the unit that it is behind is left off.";
    default:
        return NULL;
    }
}

static bool goes_with(const struct scan *s, const struct scan_device *d,
                      const struct scan_device *other)
{
    return scan_free_to_go(other) &&
           (other == d || same_group(s, d, other) || shares(s, d, other));
}

static void print_steps(const struct scan *s, const struct scan_device *d,
                        FILE *out)
{
    char *config = NULL;
    size_t i, k = 0;

    say_print(out, 2, "In dom0, as root:");
    for ( i = 0; i < s->nr_devices; i++ )
    {
        uint32_t at = s->devices[i].sbdf;

        if ( !goes_with(s, d, &s->devices[i]) )
            continue;
        fprintf(out, "    xl pci-assignable-add " MOAT_PRI_SBDF "\n",
                MOAT_SBDF_ARG(at));
        config = say_more(config, "%s'" MOAT_PRI_SBDF "%s'", k++ ? ", " : "",
                          MOAT_SBDF_ARG(at),
                          d->nr_regions ? ",rdm_policy=strict" : "");
    }
    say_print(out, 2, "In the guest's configuration:");
    fprintf(out, "    pci = [ %s ]\n", config);
    free(config);
    if ( d->nr_regions )
    {
        say_print(out, 2, "With rdm_policy=strict an HVM guest whose memory "
                  "cannot be laid out around the region is not started; with "
                  "relaxed it is, and may crash once the device goes there. "
                  "It is written out as the default is not the same for all: "
                  "an option rdm= of the guest decides, and where there is "
                  "none xl takes strict, although its manual says relaxed. "
                  "To attach with xl pci-attach to a guest that runs, it must "
                  "have been started with room for it:");
        fprintf(out, "    rdm = \"strategy=host,policy=strict\"\n");
    }
}

static void print_tied(const struct scan *s, const struct scan_device *d,
                       FILE *out)
{
    char *other = say_device(s, d->tied_to);

    item(out, d->tied_by_memory
         ? xprintf("No: it reaches the same reserved memory as %s, which "
                   "stays with dom0 (--explain tells why). "
                   "rdm_policy=relaxed lifts this, if you trust the guest "
                   "not to use that memory against dom0.", other)
         : xprintf("No: the IOMMU cannot tell its requests from those of %s, "
                   "which stays with dom0 (--explain tells why).", other));
    free(other);
}

static void print_answer(const struct scan *s, const struct scan_device *d,
                         FILE *out)
{
    char *group, *region;

    if ( d->fate == SCAN_HELD )
    {
        item(out, xprintf("No: %s. It stays with dom0.", d->denied));
        return;
    }
    if ( refusal(d) )
    {
        say_print(out, 2, refusal(d));
        return;
    }
    if ( d->fate == SCAN_TIED )
    {
        print_tied(s, d, out);
        return;
    }
    group = related(s, d, same_group);
    region = related(s, d, shares);
    if ( !group && !region )
        say_print(out, 2, "Yes, on its own.");
    if ( group )
        item(out, xprintf("Yes, but only together with %s.", group));
    if ( region )
        item(out, xprintf("Yes, together with %s; or alone, if these are "
                          "given to nobody else: after xl pci-assignable-add "
                          "they wait.", region));
    free(group);
    free(region);
    if ( s->pci->made_up && d->pci->path )
        say_print(out, 2, "Its bus is not known here; with --pci the steps "
                  "are shown.");
    else
        print_steps(s, d, out);
}

/* ---- What is wrong about it ---- */

static bool mentions(const struct finding *x, const char *id)
{
    return strstr(x->message, id) ||
           (x->consequence && strstr(x->consequence, id)) ||
           (x->log && strstr(x->log, id));
}

static void print_findings(const struct scan *s, const struct scan_device *d,
                           const struct findings *f, FILE *out, bool colour)
{
    size_t nr, i, n = 0;
    const struct finding **list = findings_of(f, s->table, &nr);
    char *id = say_id(s, d->sbdf);

    for ( i = 0; i < nr; i++ )
    {
        if ( !mentions(list[i], id) )
            continue;
        if ( !n++ )
            heading(out, colour, "What the table gets wrong, or is odd, about "
                    "it");
        item(out, xprintf("%s at %03zXh (%s): %s.",
                          severity_name(list[i]->severity), list[i]->offset,
                          list[i]->rule, list[i]->message));
    }
    free(id);
    free(list);
}

static void explain_device(const struct scan *s, const struct scan_device *d,
                           const struct findings *f, FILE *out, bool colour)
{
    char *name = say_device(s, d->sbdf);

    fprintf(out, "%s\n", name);
    free(name);
    heading(out, colour, "Can it be given to a guest?");
    print_answer(s, d, out);
    heading(out, colour, "Which IOMMU is it behind?");
    print_unit(s, d, out);
    heading(out, colour, "Under which ids does the IOMMU see its requests?");
    print_ids(s, d, out);
    heading(out, colour, "Which reserved memory does it need?");
    print_regions(s, d, out);
    heading(out, colour, "Which other devices have to do with it?");
    print_related(s, d, out);
    print_findings(s, d, f, out, colour);
    if ( s->pci->made_up )
    {
        fputc('\n', out);
        say_print(out, 0, "Only what the table says is known here; bridges, "
                  "phantom functions and names come with --pci.");
    }
}

static int absent(const struct scan *s, uint32_t sbdf)
{
    char *id = say_id(s, sbdf);

    if ( s->rc )
        complain("%s: the hypervisor uses nothing of this %s, so no device "
                 "can be given to a guest: see --verdicts", id,
                 table_name(s->table));
    else if ( s->pci->made_up )
        complain("%s: the table does not name it; with --pci devices are "
                 "known that it covers without naming them", id);
    else
        complain("%s: there is no such device", id);
    free(id);
    return 2;
}

int explain(const struct machine *m, const struct findings *f,
            const char *bdf, FILE *out, bool colour)
{
    const struct scan_device *d = NULL;
    struct scan *s = NULL;
    uint32_t sbdf;
    int status;
    size_t i;

    if ( !read_bdf(bdf, &sbdf) )
    {
        complain("--explain=%s: a device is [SSSS:]BB:DD.F, as lspci -D "
                 "writes it", bdf);
        return 2;
    }
    for ( i = 0; i < m->nr_tables && !d; i++ )
    {
        if ( s )
            scan_free(s);
        s = scan_run(m, &m->tables[i]);
        d = s->rc ? NULL : scan_at(s, sbdf);
    }
    if ( d )
        explain_device(s, d, f, out, colour);
    status = d ? findings_status(f) : absent(s, sbdf);
    scan_free(s);

    return status;
}
