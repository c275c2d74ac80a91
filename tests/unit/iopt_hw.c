/* SPDX-License-Identifier: GPL-2.0-only */
#include "iopt_hw.h"
#include "test.h"

static struct test_rng coin = { .s = 0x1234567 };

static uint64_t read_entry(const struct hw_root *r, moat_paddr_t pa)
{
    bool memory = r->read == HW_READ_MEMORY ||
                  (r->read == HW_READ_EITHER && (test_rand(&coin) >> 63));
    const uint64_t *p = sim_pa_to_va(pa, 8);

    if ( sim_page_state(pa) != SIM_PAGE_TABLE &&
         sim_page_state(pa) != SIM_PAGE_LISTED )
    {
        test_fail(__FILE__, __LINE__, "table at %#" PRIx64 " is freed", pa);
        test_stop();
    }
    return memory ? *(const volatile uint64_t *)p : sim_hw_read64(pa);
}

enum kind { ABSENT, LEAF, TABLE };

static enum kind bad(const struct hw_root *r, uint64_t e, unsigned int level,
                     const char *why)
{
    test_fail(__FILE__, __LINE__, "%s level %u entry %#018" PRIx64 ": %s",
              r->amd ? "AMD" : "VT-d", level, e, why);
    return ABSENT;
}

/* VT-d specification 9.8. */
static enum kind decode_vtd(const struct hw_root *r, uint64_t e,
                            unsigned int level, struct hw_leaf *l)
{
    if ( !(e & 0x3) )
        return e ? bad(r, e, level, "absent, but not 0") : ABSENT;
    l->prot &= (unsigned int)(e & 0x3);     /* R = MOAT_READ, W = MOAT_WRITE */
    l->pa = e & 0x000ffffffffff000ULL;
    l->level = level;
    if ( e & 0x4000000000000000ULL )
        return bad(r, e, level, "bit 62 is reserved");
    if ( level > 1 && !(e & 0x80) )
    {
        if ( e & 0x800 )
            return bad(r, e, level, "bit 11 is reserved in a pointer");
        if ( (e & 0x3) != 0x3 )
            return bad(r, e, level, "a pointer without all rights");
        return TABLE;
    }
    if ( level > 3 )
        return bad(r, e, level, "bit 7 is reserved here");
    if ( e & 0x77cULL & ~(level > 1 ? 0x80ULL : 0) )
        return bad(r, e, level, "stray bits in a leaf");
    if ( e & 0x3ff0000000000000ULL )
        return bad(r, e, level, "stray high bits in a leaf");
    l->snoop = e & 0x800;
    return LEAF;
}

/* AMD I/O Virtualization Technology specification 2.2.3. */
static enum kind decode_amd(const struct hw_root *r, uint64_t e,
                            unsigned int level, struct hw_leaf *l)
{
    unsigned int next = (unsigned int)(e >> 9) & 7;
    unsigned int prot = (e & 0x2000000000000000ULL ? MOAT_READ : 0) |
                        (e & 0x4000000000000000ULL ? MOAT_WRITE : 0);

    if ( !(e & 1) )
        return e ? bad(r, e, level, "absent, but not 0") : ABSENT;
    l->prot &= prot;
    l->pa = e & 0x000ffffffffff000ULL;
    l->level = level;
    if ( next )
    {
        if ( next != level - 1 )
            return bad(r, e, level, "next level");
        if ( e & 0x1ff0000000000000ULL )
            return bad(r, e, level, "bits 60:52 are reserved in a pointer");
        if ( e & 0x60 )
            return bad(r, e, level, "accessed or dirty bit");
        if ( prot != MOAT_RW )
            return bad(r, e, level, "a pointer without all rights");
        return TABLE;
    }
    if ( e & 0x87f00000000001feULL )
        return bad(r, e, level, "stray bits in a leaf");
    l->snoop = e & 0x1000000000000000ULL;
    return LEAF;
}

static enum kind decode(const struct hw_root *r, uint64_t e,
                        unsigned int level, struct hw_leaf *l)
{
    enum kind k = r->amd ? decode_amd(r, e, level, l)
                         : decode_vtd(r, e, level, l);

    if ( k != ABSENT && (l->pa >> r->pa_bits) )
        return bad(r, e, level, "address beyond the physical width");
    if ( k == LEAF && (l->pa & ((0x1000ULL << (9 * (level - 1))) - 1)) )
        return bad(r, e, level, "misaligned large leaf");
    return k;
}

struct hw_leaf hw_walk(const struct hw_root *r, moat_iova_t iova)
{
    struct hw_leaf l = { .prot = MOAT_RW };
    moat_paddr_t table = r->pa;
    unsigned int level;

    for ( level = r->levels; ; level-- )
    {
        unsigned int shift = 12 + 9 * (level - 1);
        uint64_t e = read_entry(r, table + ((iova >> shift) & 0x1ff) * 8);

        switch ( decode(r, e, level, &l) )
        {
        case ABSENT:
            l.prot = 0;
            return l;
        case LEAF:
            l.pa |= iova & ((1ULL << shift) - 1) & ~0xfffULL;
            return l;
        case TABLE:
            table = l.pa;
            break;
        }
    }
}

struct census_walk
{
    const struct hw_root *r;
    unsigned int max_leaf;
    void (*fn)(void *arg, moat_iova_t iova, const struct hw_leaf *l);
    void *arg;
    struct hw_census *c;
};

static bool is_joinable(const struct census_walk *w, moat_paddr_t table,
                        unsigned int level)
{
    struct hw_leaf first = { .prot = MOAT_RW }, l;
    uint64_t size = 0x1000ULL << (9 * (level - 1));
    unsigned int i;

    if ( level >= w->max_leaf ||
         decode(w->r, read_entry(w->r, table), level, &first) != LEAF ||
         (first.pa & (512 * size - 1)) )
        return false;
    for ( i = 1; i < 512; i++ )
    {
        l.prot = MOAT_RW;
        if ( decode(w->r, read_entry(w->r, table + 8 * i), level, &l) != LEAF ||
             l.pa != first.pa + i * size || l.prot != first.prot )
            return false;
    }
    return true;
}

/* Returns how many entries of the table are present. */
static unsigned int enumerate(const struct census_walk *w, moat_paddr_t table,
                              unsigned int level, moat_iova_t iova,
                              unsigned int prot)
{
    unsigned int i, n = 0, below, shift = 12 + 9 * (level - 1);

    w->c->tables++;
    for ( i = 0; i < 512; i++ )
    {
        struct hw_leaf l = { .prot = prot };
        uint64_t e = read_entry(w->r, table + 8 * i);
        moat_iova_t at = iova + ((uint64_t)i << shift);

        switch ( decode(w->r, e, level, &l) )
        {
        case ABSENT:
            continue;
        case LEAF:
            w->c->leaves[level]++;
            if ( w->fn )
                w->fn(w->arg, at, &l);
            break;
        case TABLE:
            below = enumerate(w, l.pa, level - 1, at, l.prot);
            if ( !below )
                w->c->empty++;
            w->c->joinable += is_joinable(w, l.pa, level - 1);
            if ( w->r->amd ? ((e >> 1) & 0xf) != (below & 0xf)
                           : ((e >> 52) & 0x3ff) != below )
                w->c->wrong_counts += w->r->read == HW_READ_MEMORY;
            break;
        }
        n++;
    }
    return n;
}

void hw_enumerate(const struct hw_root *r, unsigned int max_leaf,
                  void (*fn)(void *arg, moat_iova_t iova,
                             const struct hw_leaf *l),
                  void *arg, struct hw_census *c)
{
    struct census_walk w = {
        .r = r, .max_leaf = max_leaf, .fn = fn, .arg = arg, .c = c,
    };

    memset(c, 0, sizeof(*c));
    enumerate(&w, r->pa, r->levels, 0, MOAT_RW);
}
