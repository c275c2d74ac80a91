/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands that make the model's IOMMU forget, and questions to it. */
#include "hw.h"
#include "hw_priv.h"

void hwu_touch_line(const struct hwu_line *l, bool write)
{
    switch ( l->kind )
    {
    case HWU_LINE_ENTRY:
        hwu_touch(HWU_THING_DID_LINES, l->unit, HWU_ENTRY_DID(l->b), write);
        break;

    case HWU_LINE_TABLE:
    case HWU_LINE_LEAF:
        hwu_touch(HWU_THING_DID_LINES, l->unit, l->tag, write);
        hwu_touch(HWU_THING_PAGE, l->unit, l->a, write);
        break;

    case HWU_LINE_DEV:
        hwu_touch(HWU_THING_PAGE, l->unit, l->a, write);
        break;

    case HWU_LINE_IRTE:
        hwu_touch(HWU_THING_IRTE, l->unit, l->tag, write);
        break;

    case HWU_LINE_IROOT:
        hwu_touch(HWU_THING_ENTRY, l->unit, l->tag, write);
        break;

    case HWU_LINE_NONE:
        break;
    }
}

/* ---- Commands ---- */

static bool in_range(const struct hwu_line *l, const struct hwu_cmd *c)
{
    uint64_t size = (uint64_t)1 << (12 + 9 * (l->level - 1)), first, last;

    /* What an entry of a table covers, as does what is cached of it. */
    if ( l->kind == HWU_LINE_TABLE )
        size <<= 9;
    first = l->iova & ~(size - 1);
    last = first + size - 1;
    return first <= c->last && last >= c->first;
}

static bool matches(const struct hwu_line *l, const struct hwu_cmd *c)
{
    bool iotlb = l->kind == HWU_LINE_TABLE || l->kind == HWU_LINE_LEAF;

    switch ( c->kind )
    {
    case HWU_CMD_ENTRY:
        return l->kind == HWU_LINE_ENTRY && l->tag == c->rid &&
               HWU_ENTRY_DID(l->b) == c->did;

    case HWU_CMD_ENTRY_RID:
        return l->tag == c->rid && (l->kind == HWU_LINE_ENTRY ||
                                    l->kind == HWU_LINE_IROOT);

    case HWU_CMD_ENTRY_ALL:
        return l->kind == HWU_LINE_ENTRY || l->kind == HWU_LINE_IROOT;

    case HWU_CMD_DID:
        return iotlb && l->tag == c->did;

    case HWU_CMD_RANGE:
        return iotlb && l->tag == c->did && in_range(l, c) &&
               !(l->kind == HWU_LINE_TABLE && c->leaf_only);

    case HWU_CMD_IOTLB_ALL:
        return iotlb;

    case HWU_CMD_DEVTLB:
        return l->kind == HWU_LINE_DEV && l->tag == c->rid && in_range(l, c);

    case HWU_CMD_INTR:
        return l->kind == HWU_LINE_IRTE && l->tag >= c->first &&
               l->tag <= c->last;

    case HWU_CMD_INTR_ALL:
        return l->kind == HWU_LINE_IRTE;
    }
    return false;
}

/* Steps that bring lines of this kind conflict with @c, its likes do not. */
static void touch_cmd(unsigned int unit, const struct hwu_cmd *c)
{
    const struct hwu_line *l;
    unsigned int i;

    if ( c->kind == HWU_CMD_ENTRY || c->kind == HWU_CMD_ENTRY_RID ||
         c->kind == HWU_CMD_DEVTLB )
        hwu_touch(HWU_THING_ENTRY, unit, c->rid, false);
    if ( c->kind == HWU_CMD_DID || c->kind == HWU_CMD_RANGE )
        hwu_touch(HWU_THING_DID, unit, c->did, false);
    for ( i = 0; i < hwu.n_lines; i++ )
    {
        l = &hwu.lines[i];
        if ( l->unit != unit || !matches(l, c) )
            continue;
        if ( l->kind == HWU_LINE_TABLE || l->kind == HWU_LINE_LEAF )
            hwu_touch(HWU_THING_DID, unit, l->tag, false);
        if ( l->kind == HWU_LINE_TABLE )
            hwu_touch(HWU_THING_TABLES, unit, l->a, false);
        if ( l->kind == HWU_LINE_DEV )
            hwu_touch(HWU_THING_PAGE, unit, l->a, false);
    }
    for ( i = 0; i < HWU_IRTES && c->kind == HWU_CMD_INTR; i++ )
        if ( i >= c->first && i <= c->last )
            hwu_touch(HWU_THING_IRTE, unit, i, false);
}

/*
 * A command sees what those before it have left: what can only be fetched by
 * way of something that is doomed is not fetched again.
 */
static void doom(unsigned int unit, const struct hwu_cmd *c, uint32_t bit)
{
    unsigned int i;

    for ( i = 0; i < hwu.n_lines; i++ )
        if ( hwu.lines[i].unit == unit && matches(&hwu.lines[i], c) )
            hwu.lines[i].doom |= bit;
    hwu_refresh();
}

unsigned int hwu_queue(unsigned int unit, const struct hwu_cmd *c,
                       unsigned int n)
{
    struct hwu_flight *fl;
    unsigned int i, number;

    for ( number = 0; number < HWU_FLIGHTS; number++ )
        if ( !(hwu.in_flight & ((uint32_t)1 << number)) )
            break;
    if ( number == HWU_FLIGHTS || n > HWU_CMDS )
    {
        hwu_broken("the model has room for too few commands");
        return 0;
    }
    hwu.in_flight |= (uint32_t)1 << number;
    fl = &hwu.flights[number];
    fl->unit = unit;
    fl->n = n;
    for ( i = 0; i < n; i++ )
    {
        fl->c[i] = c[i];
        touch_cmd(unit, &c[i]);
        doom(unit, &c[i], (uint32_t)1 << number);
    }
    return number;
}

void hwu_complete(unsigned int number)
{
    const struct hwu_flight *fl = &hwu.flights[number];
    unsigned int i;

    for ( i = 0; i < fl->n; i++ )
        touch_cmd(fl->unit, &fl->c[i]);
    hwu_drop_lines((uint32_t)1 << number);
    hwu.in_flight &= ~((uint32_t)1 << number);
}

void hwu_cancel(unsigned int number)
{
    unsigned int i;

    for ( i = 0; i < hwu.n_lines; i++ )
        hwu.lines[i].doom &= ~((uint32_t)1 << number);
    hwu.in_flight &= ~((uint32_t)1 << number);
}

void hwu_forget_all(unsigned int unit)
{
    static const struct hwu_cmd all[] = {
        { .kind = HWU_CMD_ENTRY_ALL },
        { .kind = HWU_CMD_IOTLB_ALL },
        { .kind = HWU_CMD_INTR_ALL },
    };

    hwu_complete(hwu_queue(unit, all, 3));
}

/* ---- Questions ---- */

/* Has a requester that can issue DMA an entry, cached or not, of this id? */
static bool id_in_use(unsigned int unit, uint16_t did)
{
    const struct hwu_line *l;
    unsigned int i;

    for ( i = 0; i < hwu.n_lines; i++ )
    {
        l = &hwu.lines[i];
        if ( l->kind == HWU_LINE_ENTRY && l->unit == unit &&
             HWU_ENTRY_DID(l->b) == did && hwu_bus_master(l->tag) )
            return true;
    }
    return false;
}

void hwu_check_page(uint64_t page, bool strict, const char *what)
{
    const struct hwu_line *l;
    unsigned int i;

    hwu_touch(HWU_THING_PAGE, 0, page, true);
    if ( HWU_UNITS > 1 )
        hwu_touch(HWU_THING_PAGE, 1, page, true);
    for ( i = 0; i < hwu.n_lines; i++ )
    {
        l = &hwu.lines[i];
        if ( l->kind == HWU_LINE_DEV && l->a == page &&
             (strict || hwu_bus_master(l->tag)) )
            hwu_broken("%s 0x%" PRIx64 ": the TLB of device %#x may hold it, "
                       "for address 0x%" PRIx64, what, page, l->tag, l->iova);
        if ( (l->kind == HWU_LINE_LEAF || l->kind == HWU_LINE_TABLE) &&
             l->a == page && (strict || id_in_use(l->unit, l->tag)) )
            hwu_broken("%s 0x%" PRIx64 ": unit %u may hold it as a %s of id "
                       "%u, for address 0x%" PRIx64, what, page, l->unit,
                       l->kind == HWU_LINE_LEAF ? "translation" : "table",
                       l->tag, l->iova);
    }
}

void hwu_give_away(uint64_t page)
{
    unsigned int i;

    for ( i = 0; i < hwu.n_given && hwu.given[i] != page; i++ )
        continue;
    if ( i == HWU_GIVEN )
        hwu_broken("the model gives too many pages away");
    else if ( i == hwu.n_given )
        hwu.given[hwu.n_given++] = page;
}

void hwu_take_back(uint64_t page)
{
    unsigned int i, to = 0;

    for ( i = 0; i < hwu.n_given; i++ )
        if ( hwu.given[i] != page )
            hwu.given[to++] = hwu.given[i];
    hwu.n_given = to;
}

void hwu_check_given(const struct hwu_line *l)
{
    unsigned int i;

    if ( l->kind != HWU_LINE_LEAF && l->kind != HWU_LINE_DEV )
        return;
    for ( i = 0; i < hwu.n_given; i++ )
        if ( hwu.given[i] == l->a &&
             (l->kind == HWU_LINE_LEAF ? id_in_use(l->unit, l->tag)
                                       : hwu_bus_master(l->tag)) )
            hwu_broken("given away: the page 0x%" PRIx64 ": it comes within "
                       "reach again, as %s %u's address 0x%" PRIx64, l->a,
                       l->kind == HWU_LINE_LEAF ? "id" : "device", l->tag,
                       l->iova);
}

bool hwu_did_cached(unsigned int unit, uint16_t did, const char **what)
{
    const struct hwu_line *l;
    unsigned int i;

    for ( i = 0; i < hwu.n_lines; i++ )
    {
        l = &hwu.lines[i];
        if ( l->unit != unit )
            continue;
        *what = l->kind == HWU_LINE_ENTRY ? "an entry" :
                l->kind == HWU_LINE_TABLE ? "a table" : "a translation";
        if ( l->kind == HWU_LINE_ENTRY && HWU_ENTRY_DID(l->b) == did )
            return true;
        if ( (l->kind == HWU_LINE_TABLE || l->kind == HWU_LINE_LEAF) &&
             l->tag == did )
            return true;
    }
    return false;
}

bool hwu_irte_cached(unsigned int unit, unsigned int index)
{
    unsigned int i;

    for ( i = 0; i < hwu.n_lines; i++ )
        if ( hwu.lines[i].kind == HWU_LINE_IRTE &&
             hwu.lines[i].unit == unit && hwu.lines[i].tag == index )
            return true;
    return false;
}

bool hwu_irte_settled(unsigned int unit, unsigned int index)
{
    const struct hwu_entry now = hwu_irte_get(unit, index);
    const struct hwu_line *l;
    unsigned int i;

    for ( i = 0; i < hwu.n_lines; i++ )
    {
        l = &hwu.lines[i];
        if ( l->kind == HWU_LINE_IRTE && l->unit == unit &&
             l->tag == index && (l->a != now.lo || l->b != now.hi) )
            return false;
    }
    return true;
}

bool hwu_entry_settled(unsigned int unit, uint16_t rid)
{
    const struct hwu_entry now = hwu_entry_get(unit, rid);
    const struct hwu_rid *r = hwu_find(unit, rid);
    const struct hwu_line *l;
    unsigned int i;

    for ( i = 0; i < hwu.n_lines; i++ )
    {
        l = &hwu.lines[i];
        if ( l->kind == HWU_LINE_ENTRY && l->unit == unit && l->tag == rid &&
             (l->a != now.lo || l->b != now.hi) )
            return false;
        if ( l->kind == HWU_LINE_IROOT && l->unit == unit && l->tag == rid &&
             (!r || l->a != r->iroot) )
            return false;
    }
    return true;
}

bool hwu_dev_settled(unsigned int unit, uint16_t rid)
{
    const struct hwu_line *l;
    unsigned int i;

    for ( i = 0; i < hwu.n_lines; i++ )
    {
        l = &hwu.lines[i];
        if ( l->kind == HWU_LINE_DEV && l->unit == unit && l->tag == rid &&
             hwu_translate(unit, rid, l->iova) != (l->a | l->b) )
            return false;
    }
    return true;
}

/* ---- Reserved memory: reachable at every instant (XSA-400) ---- */

static void check_leaves(const struct hwu_rid *r, uint16_t did)
{
    const struct hwu_line *l;
    unsigned int i;

    for ( i = 0; i < hwu.n_lines; i++ )
    {
        l = &hwu.lines[i];
        if ( l->kind == HWU_LINE_LEAF && l->unit == r->unit &&
             l->tag == did && l->iova == r->reserved &&
             (l->a != r->reserved || l->b != 3) )
            hwu_broken("device %#x can reach 0x%" PRIx64 " instead of its "
                       "reserved page 0x%" PRIx64, r->rid, l->a, l->iova);
    }
}

static void check_rid(const struct hwu_rid *r)
{
    const struct hwu_line *l;
    struct hwu_entry e;
    unsigned int i;

    if ( !(r->entry.lo & HWU_ENTRY_P) )
        hwu_broken("device %#x has no entry: its reserved page 0x%" PRIx64
                   " is out of its reach", r->rid, r->reserved);
    for ( i = 0; i < hwu.n_lines; i++ )
    {
        l = &hwu.lines[i];
        if ( l->kind != HWU_LINE_ENTRY || l->unit != r->unit ||
             l->tag != r->rid || (l->a & HWU_ENTRY_PASS) )
            continue;
        e.lo = l->a;
        e.hi = l->b;
        if ( hwu_walk(&e, r->reserved) != (r->reserved | 3) )
            hwu_broken("device %#x, behind the tables of id %u, does not "
                       "reach its reserved page 0x%" PRIx64, r->rid,
                       HWU_ENTRY_DID(l->b), r->reserved);
        check_leaves(r, HWU_ENTRY_DID(l->b));
    }
}

void hwu_check_reserved(void)
{
    unsigned int i;

    for ( i = 0; hwu.armed && i < hwu.n_rids; i++ )
        if ( hwu.rids[i].reserved && hwu_bus_master(hwu.rids[i].rid) )
            check_rid(&hwu.rids[i]);
}
