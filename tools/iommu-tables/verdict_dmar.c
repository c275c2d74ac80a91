/* SPDX-License-Identifier: GPL-2.0-only */
/* DMAR: what the parser takes, and what is odd about it nevertheless. */
#include "verdict_priv.h"

#include <stdlib.h>
#include <string.h>

static bool is_sound(const struct node *n, unsigned int type)
{
    return n->kind == NODE_RECORD && n->fmt && n->type == type && n->rc == 1;
}

static uint64_t segment_of(const struct node *n)
{
    return node_value(n, "segment", 0);
}

/* ---- Units ---- */

static void unit_alone(struct judge *j, const struct node *n)
{
    const struct dmar_scope *sc;

    if ( n->hv.dmar.u.drhd.include_all )
        return;
    if ( !n->nr_kids )
    {
        judge_add(j, SEV_WARN, n->offset, xprintf("VT-d 8.3"),
                  xprintf("DRHD at %03zXh: the unit is for no device at all",
                          n->offset),
                  xprintf("Whatever device the firmware meant is behind no "
                          "unit, and cannot be given to a guest."),
                  xprintf("the unit is switched on all the same"));
        return;
    }
    sc = &n->kids[0].hv.scope;
    if ( n->nr_kids == 1 && n->kids[0].rc == 1 &&
         sc->type == DMAR_SCOPE_ENDPOINT && !sc->start_bus &&
         sc->depth == 1 && sc->path[0] == 2 && !sc->path[1] )
        judge_add(j, SEV_INFO, n->offset, xprintf("VT-d 8.3"),
                  xprintf("DRHD at %03zXh: a unit for the integrated graphics "
                          "alone", n->offset),
                  xprintf("On some machines the graphics does not work, or "
                          "the machine hangs, when its requests are "
                          "translated. If that is yours: iommu=no-igfx on the "
                          "hypervisor's command line leaves this unit off; "
                          "the graphics cannot be given to a guest then."),
                  NULL);
}

/* What INCLUDE_PCI_ALL has to be: once for each segment, and last there. */
static void include_all(struct judge *j, size_t at)
{
    const struct table *t = j->t;
    const struct node *n = &t->records[at], *all = NULL, *other;
    bool first = true;
    size_t i;

    for ( i = 0; i < t->nr_records; i++ )
    {
        other = &t->records[i];
        if ( !is_sound(other, DMAR_DRHD) ||
             segment_of(other) != segment_of(n) )
            continue;
        first &= i >= at;
        if ( other->hv.dmar.u.drhd.include_all && (!all || i <= at) )
            all = other;
    }
    if ( first && !all )
        judge_add(j, SEV_INFO, n->offset, xprintf("VT-d 8.3"),
                  xprintf("segment %u: no unit takes what the others do not "
                          "name (INCLUDE_PCI_ALL)",
                          (unsigned int)segment_of(n)),
                  xprintf("A device that no unit names, one that is plugged "
                          "in later for example, is behind none: it cannot be "
                          "given to a guest."), NULL);
}

static void include_all_order(struct judge *j, size_t at)
{
    const struct table *t = j->t;
    const struct node *n = &t->records[at];
    bool twice = false, last = true;
    size_t i;

    if ( !n->hv.dmar.u.drhd.include_all )
        return;
    for ( i = 0; i < t->nr_records; i++ )
        if ( i != at && is_sound(&t->records[i], DMAR_DRHD) &&
             segment_of(&t->records[i]) == segment_of(n) )
        {
            twice |= i < at && t->records[i].hv.dmar.u.drhd.include_all;
            last &= i < at;
        }
    if ( twice )
        judge_add(j, SEV_WARN, n->offset, xprintf("VT-d 8.3"),
                  xprintf("DRHD at %03zXh: a second unit that takes what the "
                          "others of its segment do not name", n->offset),
                  xprintf("Which of the two sees a device's requests the table "
                          "does not tell."),
                  xprintf("the first one is taken for all of these devices"));
    else if ( !last )
        judge_add(j, SEV_WARN, n->offset, xprintf("VT-d 8.3"),
                  xprintf("DRHD at %03zXh: the unit for all other devices is "
                          "not the last of its segment", n->offset),
                  xprintf("Nothing is lost here; readers that stop at the "
                          "first unit that fits get it wrong."),
                  xprintf("units that name a device come first, in any "
                          "order"));
}

static bool same_scope(const struct node *a, const struct node *b)
{
    const struct dmar_scope *x = &a->hv.scope, *y = &b->hv.scope;

    return a->kind == NODE_SCOPE && b->kind == NODE_SCOPE && a->rc == 1 &&
           b->rc == 1 && x->type == y->type && x->start_bus == y->start_bus &&
           x->depth == y->depth && !memcmp(x->path, y->path, 2 * x->depth) &&
           (x->type == DMAR_SCOPE_ENDPOINT || x->type == DMAR_SCOPE_BRIDGE);
}

/* Is what @scope of @n names named by an earlier unit? */
static void claimed_twice(struct judge *j, const struct node *n,
                          const struct node *scope)
{
    const struct node *other;
    char *id;
    size_t i, k;

    for ( other = j->t->records; other < n; other++ )
    {
        if ( !is_sound(other, DMAR_DRHD) ||
             segment_of(other) != segment_of(n) ||
             node_value(other, "register_base", 0) ==
             node_value(n, "register_base", 0) )
            continue;
        for ( k = 0; k < other->nr_kids; k++ )
        {
            if ( !same_scope(&other->kids[k], scope) )
                continue;
            id = say_device(j->s, MOAT_SBDF(segment_of(n),
                                            scope->hv.scope.start_bus,
                                            scope->hv.scope.path[0],
                                            scope->hv.scope.path[1]));
            for ( i = 1; i < scope->hv.scope.depth; i++ )
                id = say_more(id, "/%02x.%x", scope->hv.scope.path[2 * i],
                              scope->hv.scope.path[2 * i + 1]);
            judge_add(j, SEV_ERROR, scope->offset, xprintf("VT-d 8.3.1"),
                      xprintf("two units name %s: this one, and DRHD at "
                              "%03zXh", id, other->offset),
                      xprintf("Which of the two sees its requests is not "
                              "known. If the device does not work, or faults "
                              "are logged, it is the wrong one."),
                      xprintf("the first one is taken"));
            free(id);
            return;
        }
    }
}

/* ---- Regions ---- */

/* The devices of scopes of one step, where it is known which there are. */
static void absent(struct judge *j, const struct node *n)
{
    const char *what = n->type == DMAR_RMRR ? "region" : "unit";
    size_t i;

    for ( i = 0; i < n->nr_kids; i++ )
    {
        const struct dmar_scope *sc = &n->kids[i].hv.scope;
        uint32_t sbdf;
        char *id;

        if ( n->kids[i].kind != NODE_SCOPE || n->kids[i].rc != 1 ||
             sc->depth != 1 || (sc->type != DMAR_SCOPE_ENDPOINT &&
                                sc->type != DMAR_SCOPE_BRIDGE) )
            continue;
        sbdf = MOAT_SBDF(segment_of(n), sc->start_bus, sc->path[0],
                         sc->path[1]);
        if ( pci_at(j->s->pci, sbdf) )
            continue;
        id = say_id(j->s, sbdf);
        judge_add(j, SEV_INFO, n->kids[i].offset, xprintf("VT-d 8.3.1"),
                  xprintf("the %s is for %s, which is not there", what, id),
                  xprintf("The firmware describes a device that this machine "
                          "does not have, or that is switched off. Nothing is "
                          "lost."),
                  n->type == DMAR_RMRR
                  ? xprintf("the region is kept, for the case that it "
                            "appears") : NULL);
        free(id);
    }
}

/* ---- Flags ---- */

static void flags(struct judge *j)
{
    unsigned int flags = j->t->hv.dmar.flags;

    if ( !(flags & DMAR_FLAG_INTR_REMAP) )
        judge_add(j, SEV_WARN, 37, xprintf("VT-d 8.1"),
                  xprintf("the firmware says that the machine cannot remap "
                          "interrupts"),
                  xprintf("A guest with a device could send interrupts that "
                          "it should not. Look for an option of the firmware "
                          "about it, or about x2APIC."),
                  xprintf("DMA is remapped, interrupts are not"));
    else if ( flags & DMAR_FLAG_X2APIC_OPTOUT )
        judge_add(j, SEV_INFO, 37, xprintf("VT-d 8.1"),
                  xprintf("the firmware asks not to use x2APIC"),
                  xprintf("Nothing is lost with fewer than 256 "
                          "processors."), NULL);
}

void verdict_dmar(struct judge *j)
{
    const struct table *t = j->t;
    size_t i, k;

    flags(j);
    for ( i = 0; i < t->nr_records; i++ )
    {
        const struct node *n = &t->records[i];

        if ( is_sound(n, DMAR_DRHD) )
        {
            unit_alone(j, n);
            include_all(j, i);
            include_all_order(j, i);
            for ( k = 0; k < n->nr_kids; k++ )
                claimed_twice(j, n, &n->kids[k]);
        }
        if ( !j->s->pci->made_up &&
             (is_sound(n, DMAR_DRHD) || is_sound(n, DMAR_RMRR)) )
            absent(j, n);
    }
}
