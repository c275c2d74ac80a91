/* SPDX-License-Identifier: GPL-2.0-only */
/* Pictures: the words. */
#include "picture_priv.h"

#include "pci.h"
#include "text.h"
#include "util.h"

#include <stdlib.h>

const char words_stuck[] = "The hypervisor cannot use this table: what is "
                           "drawn is what can be read of it.";

char *words_add(char *s, const char *between, char *addition)
{
    char *joined = xprintf("%s%s%s", s, between, addition);

    free(s);
    free(addition);
    return joined;
}

char *words_size(uint64_t len)
{
    static const char units[] = "KMGTPE";
    unsigned int i = 0;
    uint64_t whole = len >> 10;

    if ( len < 1024 )
        return xprintf("%llu bytes", (unsigned long long)len);
    while ( whole >= 1024 && i + 2 < sizeof(units) )
    {
        len >>= 10;
        whole >>= 10;
        i++;
    }
    if ( len & 1023 )
        return xprintf("%.1f %ciB", (double)len / 1024, units[i]);
    return xprintf("%llu %ciB", (unsigned long long)whole, units[i]);
}

char *words_sbdf(const struct picture *p, uint32_t sbdf)
{
    return p->segments
           ? xprintf(MOAT_PRI_SBDF, MOAT_SBDF_ARG(sbdf))
           : xprintf("%02x:%02x.%x", MOAT_SBDF_BUS(sbdf),
                     MOAT_SBDF_DEV(sbdf), MOAT_SBDF_FN(sbdf));
}

char *words_ids(const struct picture *p, const struct id_range *r)
{
    char *s = words_sbdf(p, r->first);

    if ( r->first == r->last )
        return s;
    return words_add(s, " to ", words_sbdf(p, r->last));
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

char *words_title(const struct picture *p)
{
    return xprintf("%s of %s", p->t->kind == TABLE_DMAR ? "Intel VT-d: DMAR"
                                                        : "AMD-Vi: IVRS",
                   base_name(p->t->source));
}

char *words_subtitle(const struct picture *p)
{
    static const struct { const char *key, *name; } fields[] =
    {
        { "oem_id", "OEM" }, { "oem_table_id", "table" },
        { "oem_revision", "OEM revision" }, { "revision", "revision" },
        { "host_address_width", "addresses" }, { "flags", "flags" },
        { "ivinfo", "IVinfo" },
    };
    char *s = xprintf("%zu bytes", p->t->len), *value;
    size_t i;

    for ( i = 0; i < ARRAY_SIZE(fields); i++ )
    {
        const struct field *f = node_field(&p->t->header, fields[i].key);

        if ( !f )
            continue;
        value = f->fmt->show == SHOW_WIDTH
                ? xprintf("%llu bits", (unsigned long long)f->value + 1)
                : field_text(p->t, f);
        s = words_add(s, " · ", words_add(xprintf("%s", fields[i].name), " ",
                                          value));
    }
    return s;
}

char *words_unit(const struct picture *p, const struct pic_unit *u)
{
    char *s = xprintf("registers %#llx", (unsigned long long)u->base);

    if ( u->size )
        s = words_add(s, ", ", words_size(u->size));
    s = words_add(s, " · ", xprintf("segment %u", u->segment));
    if ( p->t->kind == TABLE_IVRS )
        s = words_add(s, " · ", words_add(
            xprintf("itself "), "", words_sbdf(p, (uint32_t)u->segment << 16 |
                                                  u->id)));
    else
        s = words_add(s, " · ", xprintf("INCLUDE_PCI_ALL %s",
                                        u->include_all ? "set" : "clear"));
    if ( p->t->kind == TABLE_IVRS && node_field(u->node, "flags") )
        s = words_add(s, " · ", words_add(xprintf("flags"), " ",
                      field_text(p->t, node_field(u->node, "flags"))));
    if ( u->near )
        s = words_add(s, " · ", xprintf("near memory of domain %u",
                                        u->domain));
    if ( u->unused )
        s = words_add(s, " · ", xprintf("NOT USED: its record is not sound"));
    else if ( u->off )
        s = words_add(s, " · ", xprintf("left off"));
    return words_add(s, " · ", xprintf("%s", u->types));
}

char *words_device(const struct pic_device *d)
{
    const char *what = d->pci && d->pci->bridge ? "bridge" : "";

    if ( d->unit == PIC_ABSENT || !d->pci )
        return xprintf("not in this machine");
    if ( d->pci->name && d->pci->class_name )
        return xprintf("%s: %s", d->pci->class_name, d->pci->name);
    if ( d->pci->name || d->pci->class_name )
        return xprintf("%s", d->pci->name ? d->pci->name
                                          : d->pci->class_name);
    if ( d->below )
        what = "bridge, with all that is behind it";
    else if ( d->pci->class_code >> 8 == PCI_CLASS_IOMMU )
        what = "the IOMMU itself";
    return xprintf("%s", what);
}

char *words_others(const struct picture *p, const struct pic_device *d,
                   size_t max)
{
    char *s = NULL;
    size_t i, n = 0;

    for ( i = 0; i < p->nr_devices; i++ )
    {
        const struct pic_device *x = &p->devices[i];

        if ( x == d || x->set != d->set || !picture_counts(x) ||
             x->unit == PIC_ABSENT )
            continue;
        if ( n++ < max )
            s = s ? words_add(s, ", ", xprintf("%s", x->label))
                  : xprintf("%s", x->label);
    }
    if ( s && n > max )
        s = words_add(s, " and ", xprintf("%zu more", n - max));
    return s;
}

static char *note(char *s, char *more)
{
    return s ? words_add(s, " · ", more) : more;
}

/* Other ids that its requests carry. */
static char *ids_note(const struct picture *p, const struct pic_device *d,
                      char *s)
{
    unsigned int i;

    if ( !d->scan || d->scan->fate == SCAN_BRIDGE )
        return s;
    for ( i = 1; i < d->scan->ids.n && i < 4; i++ )
        s = note(s, words_add(xprintf("also seen as"), " ",
                              words_sbdf(p, d->scan->ids.ids[i].id)));
    if ( d->scan->ids.n > 4 )
        s = note(s, xprintf("and as %u more", d->scan->ids.n - 4));
    return s;
}

static char *fate_note(const struct picture *p, const struct pic_device *d,
                       char *s)
{
    switch ( d->scan ? d->scan->fate : SCAN_FREE )
    {
    case SCAN_HELD:
        return note(s, xprintf("stays with the host: %s", d->scan->denied));
    case SCAN_DEAD_UNIT:
        return note(s, xprintf("stays with the host: its unit's record is "
                               "not sound"));
    case SCAN_TIED:
        return note(s, words_add(xprintf("stays with the host, where it has "
                                         "%s in common with",
                                         d->scan->tied_by_memory
                                         ? "memory" : "an id"), " ",
                                 words_sbdf(p, d->scan->tied_to)));
    case SCAN_UNIT_OFF:
        return note(s, xprintf("stays with the host: its unit is left off"));
    default:
        return s;
    }
}

char *words_notes(const struct picture *p, const struct pic_device *d)
{
    const struct pic_set *set = &p->sets[d->set];
    char *s = NULL, *others, *list = NULL;
    size_t i;

    if ( set->name && picture_counts(d) && d->unit != PIC_ABSENT &&
         (others = words_others(p, d, 6)) )
        s = words_add(xprintf("group %s, goes together with", set->name),
                      " ", others);
    for ( i = 0; d->nr_regions && i < p->nr_regions; i++ )
        if ( picture_uses(p, &p->regions[i], d) )
            list = list ? words_add(list, ", ", xprintf("R%zu", i + 1))
                        : xprintf("R%zu", i + 1);
    if ( list )
        s = note(s, words_add(xprintf("needs"), " ", list));
    s = ids_note(p, d, s);
    if ( d->below && d->pci && d->pci->name )
        s = note(s, xprintf("with all that is behind it"));
    return fate_note(p, d, s);
}

char *words_fate(const struct picture *p, const struct pic_device *d)
{
    const struct pic_set *set = &p->sets[d->set];

    if ( d->unit == PIC_ABSENT || !d->pci )
        return xprintf("not there");
    if ( !p->scanned )
        return xprintf("no: the IOMMU stays off");
    if ( d->scan && d->scan->fate == SCAN_BRIDGE )
        return xprintf("never: a bridge");
    if ( !d->scan || !scan_free_to_go(d->scan) )
        return xprintf("no");
    if ( set->name )
        return xprintf("yes, all of group %s together", set->name);
    return xprintf("yes, on its own");
}

char *words_users(const struct picture *p, const struct pic_region *r)
{
    char *s = NULL;
    size_t i, n = 0;

    if ( r->wide )
        return r->ids[0].first == (r->ids[0].last & 0xffff0000)
               && (r->ids[0].last & 0xffff) == 0xffff
               ? xprintf("every device")
               : words_add(xprintf("devices"), " ", words_ids(p, r->ids));
    for ( i = 0; i < p->nr_devices; i++ )
        if ( picture_uses(p, r, &p->devices[i]) && n++ < 6 )
            s = s ? words_add(s, ", ", xprintf("%s", p->devices[i].label))
                  : xprintf("%s", p->devices[i].label);
    if ( n > 6 )
        s = words_add(s, " and ", xprintf("%zu more", n - 6));
    return s ? s : xprintf("no device");
}

char *words_region(const struct picture *p, const struct pic_region *r)
{
    const struct pic_region *before = r - 1;

    if ( r->unused )
        return xprintf(p->scanned ? "not used: its record is not sound"
                                  : "not used");
    if ( r > p->regions && before->last >= r->first )
        return before->first == r->first && before->last == r->last
               ? xprintf("the same as R%zu", (size_t)(r - p->regions))
               : xprintf("overlaps R%zu", (size_t)(r - p->regions));
    if ( r->prot == MOAT_READ )
        return xprintf("read only");
    if ( r->prot == MOAT_WRITE )
        return xprintf("write only");
    return NULL;
}

const char *words_no_unit(int unit)
{
    switch ( unit )
    {
    case PIC_UNIT_UNKNOWN:
        return "Devices that the table names; nobody can tell their units";
    case PIC_ABSENT:
        return "Named by the table, not in this machine";
    default:
        return "In no unit's scope: these stay with the host";
    }
}
