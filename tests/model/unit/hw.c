/* SPDX-License-Identifier: GPL-2.0-only */
/* Entries, walks, and all that may be cached; see hw.h. */
#include "hw.h"
#include "hw_priv.h"

/* VT-d second-stage entries (section 9.8). */
#define PTE_RW          0x3u
#define PTE_LARGE       0x80u
#define PTE_ADDR        0x000ffffffffff000u
/* AMD-Vi's (48882, 2.2.3): next level in bits 11:9, rights in 62:61. */
#define AMD_PR          0x1u

struct hwu_state hwu;

void hwu_reset(void)
{
    memset(&hwu, 0, sizeof(hwu));
}

void hwu_amd(void)
{
    hwu.amd = true;
}

void hwu_watch(uint64_t iova)
{
    unsigned int i;

    for ( i = 0; i < hwu.n_iovas; i++ )
        if ( hwu.iovas[i] == iova )
            return;
    if ( hwu.n_iovas == HWU_IOVAS )
        hwu_broken("the model watches too few addresses");
    else
        hwu.iovas[hwu.n_iovas++] = iova;
}

struct hwu_rid *hwu_find(unsigned int unit, uint16_t rid)
{
    unsigned int i;

    for ( i = 0; i < hwu.n_rids; i++ )
        if ( hwu.rids[i].unit == unit && hwu.rids[i].rid == rid )
            return &hwu.rids[i];
    return NULL;
}

void hwu_requester(unsigned int unit, uint16_t rid)
{
    if ( hwu_find(unit, rid) )
        return;
    if ( hwu.n_rids == HWU_RIDS )
    {
        hwu_broken("the model has too few requesters");
        return;
    }
    hwu.rids[hwu.n_rids].unit = (uint8_t)unit;
    hwu.rids[hwu.n_rids++].rid = rid;
}

void hwu_reserve(uint16_t rid, uint64_t page)
{
    unsigned int i;

    hwu_watch(page);
    for ( i = 0; i < hwu.n_rids; i++ )
        if ( hwu.rids[i].rid == rid )
            hwu.rids[i].reserved = page;
}

void hwu_arm(bool on)
{
    hwu.armed = on;
}

/* ---- Lines ---- */

static bool same_line(const struct hwu_line *l, const struct hwu_line *m)
{
    return l->kind == m->kind && l->unit == m->unit && l->tag == m->tag &&
           l->iova == m->iova && l->a == m->a && l->b == m->b &&
           l->level == m->level;
}

static unsigned int hash_of(const struct hwu_line *l)
{
    uint64_t h = l->a ^ (l->iova << 7) ^ (l->b << 3) ^ (l->b >> 9);

    h ^= (uint64_t)l->kind << 40 ^ (uint64_t)l->tag << 44 ^
         (uint64_t)l->level << 50 ^ (uint64_t)l->unit << 53;
    h *= 0x9e3779b97f4a7c15u;
    return (unsigned int)(h >> 40) % HWU_HASH;
}

static uint16_t *slot_of(const struct hwu_line *l)
{
    unsigned int h = hash_of(l);

    while ( hwu.hash[h] && !same_line(&hwu.lines[hwu.hash[h] - 1], l) )
        h = (h + 1) % HWU_HASH;
    return &hwu.hash[h];
}

/* @l can be fetched, by way of something that @l->doom will end. */
static void note(const struct hwu_line *l)
{
    uint16_t *slot = slot_of(l);
    struct hwu_line *have;

    if ( *slot )
    {
        have = &hwu.lines[*slot - 1];
        if ( have->doom & ~l->doom )
        {
            have->doom &= l->doom;
            hwu.again = true;
        }
        return;
    }
    if ( hwu.n_lines == HWU_LINES )
    {
        hwu_broken("the model's caches are too small");
        return;
    }
    hwu.lines[hwu.n_lines] = *l;
    *slot = (uint16_t)++hwu.n_lines;
    hwu_touch_line(l, true);
    hwu_check_given(l);
}

void hwu_drop_lines(uint32_t doom)
{
    unsigned int i, to = 0;

    for ( i = 0; i < hwu.n_lines; i++ )
    {
        if ( hwu.lines[i].doom & doom )
            hwu_touch_line(&hwu.lines[i], false);
        else
            hwu.lines[to++] = hwu.lines[i];
    }
    if ( to == hwu.n_lines )
        return;
    hwu.n_lines = to;
    memset(hwu.hash, 0, sizeof(hwu.hash));
    for ( i = 0; i < to; i++ )
        *slot_of(&hwu.lines[i]) = (uint16_t)(i + 1);
}

/* ---- Walks ---- */

static unsigned int index_of(uint64_t iova, unsigned int level)
{
    return (unsigned int)(iova >> (12 + 9 * (level - 1))) & 511u;
}

static bool present(uint64_t e)
{
    return e & (hwu.amd ? AMD_PR : PTE_RW);
}

/* Level of the table that @e, in one of @level, names; 0: it is a leaf. */
static unsigned int next_level(uint64_t e, unsigned int level)
{
    unsigned int next = (unsigned int)(e >> 9) & 7;

    if ( !hwu.amd )
        return level == 1 || (e & PTE_LARGE) ? 0 : level - 1;
    if ( next && (next != level - 1 || (e >> 61 & 3) != 3) )
        hwu_broken("a table of level %u holds the entry %#" PRIx64, level, e);
    return next;
}

/* What entry @e, for @iova in a table of @level, leads to. */
static bool decode(uint64_t e, unsigned int level, uint64_t iova,
                   struct hwu_line *out)
{
    uint64_t size = (uint64_t)1 << (12 + 9 * (level - 1));

    if ( !present(e) )
        return false;
    if ( !next_level(e, level) )
    {
        out->kind = HWU_LINE_LEAF;
        out->a = (e & PTE_ADDR) + (iova & (size - 1) & ~(uint64_t)0xfff);
        out->b = hwu.amd ? e >> 61 & 3 : e & PTE_RW;
        out->level = (uint8_t)level;
        return true;
    }
    out->kind = HWU_LINE_TABLE;
    out->a = e & PTE_ADDR;
    out->b = 0;
    out->level = (uint8_t)(level - 1);
    return true;
}

static uint64_t fetch(uint64_t table, unsigned int level, uint64_t iova)
{
    const uint64_t *page = hwu_memory(table);

    if ( !page || hwu_memory_freed(table) )
    {
        hwu_broken("hardware may walk the page %#" PRIx64 ", which is no "
                   "table any more", table);
        return 0;
    }
    return __atomic_load_n(&page[index_of(iova, level)], __ATOMIC_ACQUIRE);
}

static bool step_down(uint64_t table, unsigned int level, uint64_t iova,
                      struct hwu_line *out)
{
    return decode(fetch(table, level, iova), level, iova, out);
}

/* All that can be found at a table line, stores under way included. */
static void follow_table(const struct hwu_line *l)
{
    uint64_t pa = l->a + 8 * index_of(l->iova, l->level);
    struct hwu_line t = *l;
    unsigned int cpu, i;

    if ( step_down(l->a, l->level, l->iova, &t) )
        note(&t);
    for ( cpu = 0; cpu < HWU_CPUS; cpu++ )
        for ( i = 0; i < hwu.n_buffer[cpu]; i++ )
        {
            t = *l;
            if ( hwu.buffer[cpu][i].pa == pa &&
                 decode(hwu.buffer[cpu][i].old, l->level, l->iova, &t) )
                note(&t);
        }
}

/* All that line @l leads to, for each address of interest. */
static void follow_entry(const struct hwu_line *l)
{
    struct hwu_line t;
    unsigned int i;

    if ( l->a & (HWU_ENTRY_PASS | HWU_ENTRY_BLOCK) )
        return;
    for ( i = 0; i < hwu.n_iovas; i++ )
    {
        memset(&t, 0, sizeof(t));
        t.doom = l->doom;
        t.kind = HWU_LINE_TABLE;
        t.unit = l->unit;
        t.tag = HWU_ENTRY_DID(l->b);
        t.iova = hwu.iovas[i];
        t.a = l->a & HWU_ENTRY_ROOT;
        t.level = (uint8_t)HWU_ENTRY_LEVELS(l->b);
        if ( !(t.iova >> (12 + 9 * t.level)) )
            note(&t);
    }
}

static void follow(unsigned int at)
{
    struct hwu_line l = hwu.lines[at];

    if ( l.kind == HWU_LINE_ENTRY )
        follow_entry(&l);
    else if ( l.kind == HWU_LINE_TABLE )
        follow_table(&l);
}

/* What a device with a TLB of its own may have asked for. */
static void follow_ats(void)
{
    struct hwu_line *e, *l, d;
    unsigned int i, j, n = hwu.n_lines;

    for ( i = 0; i < n; i++ )
    {
        e = &hwu.lines[i];
        if ( e->kind != HWU_LINE_ENTRY || !(e->a & HWU_ENTRY_ATS) ||
             !hwu_ats_enabled(e->tag) )
            continue;
        for ( j = 0; j < n; j++ )
        {
            l = &hwu.lines[j];
            if ( l->kind != HWU_LINE_LEAF || l->unit != e->unit ||
                 l->tag != HWU_ENTRY_DID(e->b) )
                continue;
            d = *l;
            d.kind = HWU_LINE_DEV;
            d.tag = e->tag;
            d.doom = e->doom | l->doom;
            note(&d);
        }
    }
}

static void note_entries(void)
{
    struct hwu_line l;
    unsigned int i;

    memset(&l, 0, sizeof(l));
    l.kind = HWU_LINE_ENTRY;
    for ( i = 0; i < hwu.n_rids; i++ )
    {
        l.unit = hwu.rids[i].unit;
        l.tag = hwu.rids[i].rid;
        l.a = hwu.rids[i].entry.lo;
        l.b = hwu.rids[i].entry.hi;
        if ( l.a & HWU_ENTRY_P )
            note(&l);
    }
    l.kind = HWU_LINE_IROOT;
    l.b = 0;
    for ( i = 0; i < hwu.n_rids; i++ )
    {
        l.unit = hwu.rids[i].unit;
        l.tag = hwu.rids[i].rid;
        l.a = hwu.rids[i].iroot;
        if ( l.a )
            note(&l);
    }
    l.kind = HWU_LINE_IRTE;
    for ( i = 0; i < HWU_UNITS * HWU_IRTES; i++ )
    {
        l.unit = (uint8_t)(i / HWU_IRTES);
        l.tag = (uint16_t)(i % HWU_IRTES);
        l.a = hwu.irtes[i].lo;
        l.b = hwu.irtes[i].hi;
        if ( l.a & 1 )
            note(&l);
    }
}

/*
 * Something changed: find all that can be fetched from now on, from memory or
 * by way of what is cached. What is new goes to the end of the list and is
 * followed there; a pardon may concern what stands before.
 */
void hwu_refresh(void)
{
    unsigned int i;

    note_entries();
    do {
        hwu.again = false;
        for ( i = 0; i < hwu.n_lines; i++ )
            follow(i);
        follow_ats();
    } while ( hwu.again );
}

uint64_t hwu_walk(const struct hwu_entry *e, uint64_t iova)
{
    struct hwu_line t;

    if ( !(e->lo & HWU_ENTRY_P) || (e->lo & HWU_ENTRY_BLOCK) )
        return 0;
    if ( e->lo & HWU_ENTRY_PASS )
        return iova | PTE_RW;
    memset(&t, 0, sizeof(t));
    t.kind = HWU_LINE_TABLE;
    t.a = e->lo & HWU_ENTRY_ROOT;
    t.level = (uint8_t)HWU_ENTRY_LEVELS(e->hi);
    if ( iova >> (12 + 9 * t.level) )
        return 0;
    while ( t.kind == HWU_LINE_TABLE )
        if ( !step_down(t.a, t.level, iova, &t) )
            return 0;
    return t.a | t.b;
}

uint64_t hwu_translate(unsigned int unit, uint16_t rid, uint64_t iova)
{
    struct hwu_entry e = hwu_entry_get(unit, rid);

    return hwu_walk(&e, iova);
}

/* ---- Steps ---- */

void hwu_drained(unsigned int cpu, unsigned int stamp)
{
    unsigned int i, n = hwu.n_buffer[cpu];

    hwu.n_buffer[cpu] = 0;
    for ( i = 0; i < n; i++ )
        if ( hwu.buffer[cpu][i].stamp <= stamp )
            hwu_touch(HWU_THING_TABLES, 0, hwu.buffer[cpu][i].pa, true);
        else
            hwu.buffer[cpu][hwu.n_buffer[cpu]++] = hwu.buffer[cpu][i];
}

void hwu_stored(uint64_t pa, unsigned int cpu, uint64_t old,
                unsigned int stamp)
{
    unsigned int i;

    /* An entry that was absent cannot have been fetched. */
    if ( present(old) )
    {
        if ( hwu.n_buffer[cpu] == HWU_BUFFER )
            hwu_broken("the model's store buffer is too small");
        hwu.buffer[cpu][hwu.n_buffer[cpu]].pa = pa;
        hwu.buffer[cpu][hwu.n_buffer[cpu]].stamp = stamp;
        hwu.buffer[cpu][hwu.n_buffer[cpu]++].old = old;
    }
    for ( i = 0; i < hwu.n_lines; i++ )
        if ( hwu.lines[i].kind == HWU_LINE_TABLE &&
             hwu.lines[i].a == (pa & PTE_ADDR) )
            break;
    if ( i == hwu.n_lines )
        return;                 /* out of hardware's reach */
    hwu_refresh();
    hwu_check_reserved();
}

struct hwu_entry hwu_entry_get(unsigned int unit, uint16_t rid)
{
    static const struct hwu_entry none;
    const struct hwu_rid *r = hwu_find(unit, rid);

    return r ? r->entry : none;
}

bool hwu_entry_swap(unsigned int unit, uint16_t rid,
                    const struct hwu_entry *old, const struct hwu_entry *new)
{
    struct hwu_rid *r = hwu_find(unit, rid);

    if ( !r )
    {
        hwu_broken("an entry for %#x, which no device uses", rid);
        return false;
    }
    hwu_touch(HWU_THING_ENTRY, unit, rid, true);
    if ( r->entry.lo != old->lo || r->entry.hi != old->hi )
        return false;
    if ( old->lo & HWU_ENTRY_P )
    {
        hwu_touch(HWU_THING_DID, unit, HWU_ENTRY_DID(old->hi), true);
        hwu_touch(HWU_THING_TABLES, unit, old->lo & HWU_ENTRY_ROOT, true);
    }
    if ( new->lo & HWU_ENTRY_P )
    {
        hwu_touch(HWU_THING_DID, unit, HWU_ENTRY_DID(new->hi), true);
        hwu_touch(HWU_THING_TABLES, unit, new->lo & HWU_ENTRY_ROOT, true);
    }
    r->entry = *new;
    hwu_refresh();
    hwu_check_reserved();
    return true;
}

void hwu_irte_set(unsigned int unit, unsigned int index, uint64_t lo,
                  uint64_t hi)
{
    struct hwu_entry *e = &hwu.irtes[unit * HWU_IRTES + index];

    hwu_touch(HWU_THING_IRTE, unit, index, true);
    e->lo = lo;
    e->hi = hi;
    hwu_refresh();
}

void hwu_iroot_set(unsigned int unit, uint16_t rid, uint64_t root)
{
    struct hwu_rid *r = hwu_find(unit, rid);

    if ( !r || r->iroot == root )
        return;
    hwu_touch(HWU_THING_ENTRY, unit, rid, true);
    r->iroot = root;
    hwu_refresh();
}

struct hwu_entry hwu_irte_get(unsigned int unit, unsigned int index)
{
    static const struct hwu_entry none;

    return index < HWU_IRTES ? hwu.irtes[unit * HWU_IRTES + index] : none;
}
