/* SPDX-License-Identifier: GPL-2.0-only */
/* Units, and what they cover besides devices. */
#include "picture_priv.h"

#include "text.h"
#include "util.h"

#include <stdlib.h>

static bool is_unit(const struct picture *p, const struct node *n)
{
    if ( n->kind != NODE_RECORD || !n->fmt )
        return false;
    return p->t->kind == TABLE_DMAR ? n->type == DMAR_DRHD
                                    : ivrs_is_ivhd(n->type);
}

static uint64_t base_of(const struct node *n)
{
    return node_value(n, n->fmt->tail == TAIL_SCOPES ? "register_base"
                                                     : "base", 0);
}

/* AMD firmware describes each unit once for every age of readers. */
static struct pic_unit *same_unit(const struct picture *p,
                                  const struct node *n)
{
    size_t i;

    for ( i = 0; p->t->kind == TABLE_IVRS && i < p->nr_units; i++ )
        if ( p->units[i].segment == node_value(n, "segment", 0) &&
             p->units[i].id == node_value(n, "device_id", 0) &&
             p->units[i].base == base_of(n) )
            return &p->units[i];
    return NULL;
}

/* Does the hypervisor go by this record? */
static bool is_used(const struct picture *p, const struct node *n)
{
    size_t i;

    for ( i = 0; i < p->scan->nr_units; i++ )
        if ( p->scan->units[i].offset == n->offset )
            return true;
    return false;
}

/* A line does not end within: no-break spaces. */
static char *type_words(const struct node *n)
{
    char name[16], *blank;

    snprintf(name, sizeof(name), "%s", n->fmt->name);
    blank = strchr(name, ' ');
    if ( !blank )
        return xprintf("%s\u00a0at\u00a0%03zXh", name, n->offset);
    *blank = 0;
    return xprintf("%s\u00a0%s\u00a0at\u00a0%03zXh", name, blank + 1,
                   n->offset);
}

static void take_unit(struct picture *p, const struct node *n)
{
    char *type = type_words(n);
    struct pic_unit *u = same_unit(p, n);

    if ( u )
    {
        u->types = words_add(u->types, ", ", type);
        if ( is_used(p, n) || (!is_used(p, u->node) && n->rc == 1) )
            u->node = n;
        return;
    }
    if ( p->nr_units == PIC_UNITS_MAX )
    {
        p->left_out++;
        free(type);
        return;
    }
    p->units = grow(p->units, p->nr_units, sizeof(*p->units));
    u = &p->units[p->nr_units++];
    memset(u, 0, sizeof(*u));
    u->node = n;
    u->types = type;
    u->base = base_of(n);
    u->segment = (uint16_t)node_value(n, "segment", 0);
    u->id = (uint32_t)node_value(n, "device_id", 0);
    if ( p->t->kind == TABLE_DMAR )
    {
        u->include_all = node_value(n, "flags", 0) & 1;
        u->size = 4096ull << (node_value(n, "size", 0) & 0xf);
    }
}

static void take_near(struct picture *p, const struct node *n)
{
    size_t i;

    if ( p->t->kind != TABLE_DMAR || n->type != DMAR_RHSA || n->rc != 1 )
        return;
    for ( i = 0; i < p->nr_units; i++ )
        if ( p->units[i].base == n->hv.dmar.u.rhsa.base )
        {
            p->units[i].near = true;
            p->units[i].domain = n->hv.dmar.u.rhsa.domain;
        }
}

size_t picture_unit_of(const struct picture *p, const struct scan_unit *u)
{
    size_t i;

    for ( i = 0; i < p->nr_units; i++ )
        if ( p->units[i].node->offset == u->offset )
            return i;
    for ( i = 0; i < p->nr_units; i++ )
        if ( p->units[i].segment == u->segment && p->units[i].base == u->base )
            return i;
    return p->nr_units;
}

static void add_cover(struct picture *p, size_t unit, const struct node *n,
                      bool special, char *text)
{
    struct pic_cover *c;

    if ( p->nr_covers == PIC_COVERS_MAX )
    {
        p->left_out++;
        free(text);
        return;
    }
    p->covers = grow(p->covers, p->nr_covers, sizeof(*p->covers));
    c = &p->covers[p->nr_covers++];
    c->unit = unit;
    c->node = n;
    c->special = special;
    c->text = text;
}

/* The name that a record of its own gives to an ACPI device. */
static char *acpi_name(const struct picture *p, unsigned int id)
{
    size_t i;

    for ( i = 0; i < p->t->nr_records; i++ )
    {
        const struct node *n = &p->t->records[i];

        if ( n->kind == NODE_RECORD && n->type == DMAR_ANDD && n->rc == 1 &&
             n->hv.dmar.u.andd.dev == id )
            return xprintf("%.*s", (int)n->hv.dmar.u.andd.max,
                           n->hv.dmar.u.andd.name);
    }
    return xprintf("ACPI device %u", id);
}

static void cover_scope(struct picture *p, size_t unit, const struct node *n)
{
    const struct dmar_scope *s = &n->hv.scope;
    struct id_range id;
    char *as, *what;

    if ( n->rc != 1 || s->type == DMAR_SCOPE_ENDPOINT ||
         s->type == DMAR_SCOPE_BRIDGE )
        return;
    /* These are ids, not places: no bridge is on the way to them. */
    id.first = id.last = MOAT_SBDF(p->units[unit].segment, s->start_bus,
                                   s->path[0], s->path[1]);
    as = words_ids(p, &id);
    if ( s->type == DMAR_SCOPE_IOAPIC )
        what = xprintf("IO-APIC %u", s->enum_id);
    else if ( s->type == DMAR_SCOPE_HPET )
        what = xprintf("HPET %u", s->enum_id);
    else if ( s->type == DMAR_SCOPE_ACPI )
        what = acpi_name(p, s->enum_id);
    else
        what = xprintf("scope of type %u", s->type);
    add_cover(p, unit, n, true, words_add(what, " as ", as));
}

static char *entry_words(const struct picture *p, uint32_t segment,
                         const struct ivrs_entry *e)
{
    struct id_range ids = { segment << 16 | e->first,
                            segment << 16 | e->last };
    char *s;

    switch ( e->kind )
    {
    case IVRS_ENTRY_ALL:
        return xprintf("every device");
    case IVRS_ENTRY_SPECIAL:
        s = xprintf("%s %u", e->u.special.variety == IVRS_SPECIAL_IOAPIC
                             ? "IO-APIC" : "HPET", e->u.special.handle);
        break;
    case IVRS_ENTRY_ACPI:
        s = xprintf("%.8s", (const char *)e->u.acpi.hid);
        break;
    default:
        s = words_ids(p, &ids);
        if ( e->has_alias )
            s = words_add(s, ", also seen as ",
                          words_sbdf(p, segment << 16 | e->alias));
        return s;
    }
    return words_add(s, " as ", words_sbdf(p, ids.first));
}

static void cover_entry(struct picture *p, size_t unit, const struct node *n)
{
    const struct ivrs_entry *e = &n->hv.entry;

    if ( n->rc != 1 || (e->kind == IVRS_ENTRY_IDS && !e->has_alias &&
                        e->first == e->last) )
        return;
    add_cover(p, unit, n, e->kind == IVRS_ENTRY_SPECIAL ||
                          e->kind == IVRS_ENTRY_ACPI,
              entry_words(p, p->units[unit].segment, e));
}

static void take_covers(struct picture *p, size_t unit)
{
    const struct pic_unit *u = &p->units[unit];
    size_t i;

    if ( u->include_all )
        add_cover(p, unit, u->node, false,
                  p->segments
                  ? xprintf("every device of segment %u that no other unit "
                            "names", u->segment)
                  : xprintf("every device that no other unit names"));
    for ( i = 0; i < u->node->nr_kids; i++ )
    {
        if ( u->node->kids[i].kind == NODE_SCOPE )
            cover_scope(p, unit, &u->node->kids[i]);
        if ( u->node->kids[i].kind == NODE_ENTRY )
            cover_entry(p, unit, &u->node->kids[i]);
    }
}

void picture_units(struct picture *p)
{
    size_t i, unit;

    for ( i = 0; i < p->t->nr_records; i++ )
        if ( is_unit(p, &p->t->records[i]) )
            take_unit(p, &p->t->records[i]);
    for ( i = 0; i < p->t->nr_records; i++ )
        take_near(p, &p->t->records[i]);
    for ( i = 0; i < p->nr_units; i++ )
        p->units[i].unused = p->units[i].node->rc != 1;
    for ( i = 0; p->scanned && i < p->scan->nr_units; i++ )
        if ( (unit = picture_unit_of(p, &p->scan->units[i])) < p->nr_units )
        {
            p->units[unit].unused = p->scan->units[i].dead;
            p->units[unit].off = p->scan->units[i].off;
        }
    for ( i = 0; i < p->nr_units; i++ )
        take_covers(p, i);
}
