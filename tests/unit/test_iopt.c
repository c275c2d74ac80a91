/* SPDX-License-Identifier: GPL-2.0-only */
/* The page-table engine: entries as literal words, and each rule by itself. */
#include "core/bits.h"
#include "iopt_hw.h"
#include "pt/iopt.h"
#include "test.h"

#define K4  0x1000ULL
#define M2  0x200000ULL
#define G1  0x40000000ULL
#define G512 (512 * G1)

static struct iopt t;
static struct moat_flush f;

static void begin(void)
{
    f.first = ~0ULL;
    f.last = 0;
    f.added = f.modified = f.big_leaf = false;
    host_tables_init(&f.tables);
}

static unsigned long end(void)
{
    return host_tables_free(&f.tables);
}

static void setup_bits(const struct iopt_fmt *fmt, unsigned int levels,
                       unsigned int leaf_levels, bool coherent, bool snoop)
{
    struct iopt_cfg cfg = {
        .fmt = fmt, .levels = levels, .leaf_levels = leaf_levels,
        .iova_bits = levels == 6 ? 64 : 12 + 9 * levels, .pa_bits = 46,
        .node = HOST_NO_NODE, .coherent = coherent, .snoop = snoop,
    };

    begin();
    REQUIRE(!iopt_init(&t, &cfg));
}

static void setup(const struct iopt_fmt *fmt, unsigned int levels,
                  unsigned int leaf_levels)
{
    setup_bits(fmt, levels, leaf_levels, true, false);
}

static void finish(void)
{
    end();
    while ( !iopt_free_some(&t, 3) )
        continue;
    CHECK_EQ(t.pages, 0);
}

static struct hw_root hw(void)
{
    struct hw_root r = {
        .amd = t.fmt == &iopt_fmt_amdvi, .levels = t.levels,
        .pa = t.root_pa, .pa_bits = 46,
    };

    return r;
}

static uint64_t *down(unsigned int level, moat_iova_t iova)
{
    uint64_t *table = t.root;
    unsigned int l;

    for ( l = t.levels; l > level; l-- )
        table = sim_pa_to_va(table[(iova >> (3 + 9 * l)) & 511] &
                             0xffffffffff000ULL, 4096);
    return table + ((iova >> (3 + 9 * level)) & 511);
}

TEST(iopt_words_vtd)
{
    uint64_t *p;

    setup_bits(&iopt_fmt_vtd, 4, 0xe, true, true);
    CHECK_EQ(iopt_map(&t, 0x123456000, 0xabcde000, K4, MOAT_RW, &f), 0);
    CHECK_EQ(*down(1, 0x123456000), 0xabcde803);
    CHECK_EQ(iopt_map(&t, 0x123457000, 0xabcdf000, K4, MOAT_READ, &f), 0);
    CHECK_EQ(*down(1, 0x123457000), 0xabcdf801);
    CHECK_EQ(iopt_map(&t, 0x123458000, 0x3fffffffe000, K4, MOAT_WRITE, &f), 0);
    CHECK_EQ(*down(1, 0x123458000), 0x3fffffffe802);
    /* Pointers: R, W, no snoop bit, three entries counted in 61:52. */
    p = down(2, 0x123456000);
    CHECK_EQ(*p & 0xfff, 0x003);
    CHECK_EQ(*p >> 52, 3);
    CHECK_EQ(*p & 0xffffffffff000, sim_va_to_pa(down(1, 0x123400000)));
    CHECK_EQ(iopt_map(&t, M2, 5 * M2, M2, MOAT_RW, &f), 0);
    CHECK_EQ(*down(2, M2), 0xa00883);
    CHECK_EQ(iopt_map(&t, 3 * G1, 7 * G1, G1, MOAT_READ, &f), 0);
    CHECK_EQ(*down(3, 3 * G1), 0x1c0000881);
    CHECK_EQ(*down(4, 3 * G1) >> 52, 3);
    CHECK_EQ(t.pages, 5);
    finish();

    setup(&iopt_fmt_vtd, 3, 0x2);
    CHECK_EQ(iopt_map(&t, 0, 0, M2, MOAT_RW, &f), 0);
    CHECK_EQ(*down(1, 0x1000), 0x1003);
    CHECK_EQ(*down(2, 0) >> 52, 512);
    finish();
}

TEST(iopt_words_amd)
{
    uint64_t *p;

    setup_bits(&iopt_fmt_amdvi, 4, 0x1e, true, true);
    CHECK_EQ(iopt_map(&t, 0x123456000, 0xabcde000, K4, MOAT_RW, &f), 0);
    CHECK_EQ(*down(1, 0x123456000), 0x70000000abcde001);
    CHECK_EQ(iopt_map(&t, 0x123457000, 0xabcdf000, K4, MOAT_READ, &f), 0);
    CHECK_EQ(*down(1, 0x123457000), 0x30000000abcdf001);
    finish();

    setup(&iopt_fmt_amdvi, 4, 0x1e);
    CHECK_EQ(iopt_map(&t, 0x123458000, 0x3fffffffe000, K4, MOAT_WRITE, &f), 0);
    CHECK_EQ(*down(1, 0x123458000), 0x40003fffffffe001);
    /* Pointers: IW, IR, next level, present; one entry counted in 4:1. */
    p = down(2, 0x123456000);
    CHECK_EQ(*p & 0xfff0000000000fff, 0x6000000000000203);
    p = down(3, 0x123456000);
    CHECK_EQ(*p & 0xfff0000000000fff, 0x6000000000000403);
    p = down(4, 0x123456000);
    CHECK_EQ(*p & 0xfff0000000000fff, 0x6000000000000603);
    CHECK_EQ(iopt_map(&t, M2, 5 * M2, M2, MOAT_RW, &f), 0);
    CHECK_EQ(*down(2, M2), 0x6000000000a00001);
    CHECK_EQ(iopt_map(&t, 3 * G1, 7 * G1, G1, MOAT_READ, &f), 0);
    CHECK_EQ(*down(3, 3 * G1), 0x20000001c0000001);
    CHECK_EQ(iopt_map(&t, G512, 2 * G512, G512, MOAT_RW, &f), 0);
    CHECK_EQ(*down(4, G512), 0x6000010000000001);
    finish();

    setup(&iopt_fmt_amdvi, 6, 0x2);
    CHECK_EQ(iopt_map(&t, ~0ULL << 12, 0x5000, K4, MOAT_RW, &f), 0);
    CHECK_EQ(t.root[127] & 0xfff0000000000fff, 0x6000000000000a03);
    CHECK_EQ(hw_walk(&(struct hw_root){ true, 6, t.root_pa, 0, 46 },
                     ~0ULL << 12).pa, 0x5000);
    finish();

    setup(&iopt_fmt_amdvi, 1, 0x2);
    CHECK_EQ(iopt_map(&t, 0x1ff000, 0x5000, K4, MOAT_RW, &f), 0);
    CHECK_EQ(t.root[511], 0x6000000000005001);
    CHECK_EQ(iopt_map(&t, 0x200000, 0x5000, K4, MOAT_RW, &f), -ERANGE);
    finish();
}

TEST(iopt_arguments)
{
    struct iopt_cfg cfg = {
        .fmt = &iopt_fmt_vtd, .levels = 4, .leaf_levels = 0xe,
        .iova_bits = 48, .pa_bits = 46, .coherent = true,
    }, c;

    c = cfg; c.levels = 2;
    CHECK_EQ(iopt_init(&t, &c), -EINVAL);
    c = cfg; c.levels = 6;
    CHECK_EQ(iopt_init(&t, &c), -EINVAL);
    c = cfg; c.leaf_levels = 0xc;
    CHECK_EQ(iopt_init(&t, &c), -EINVAL);
    c = cfg; c.iova_bits = 49;
    CHECK_EQ(iopt_init(&t, &c), -EINVAL);
    c = cfg; c.pa_bits = 53;
    CHECK_EQ(iopt_init(&t, &c), -EINVAL);
    sim_fail_nth(1);
    CHECK_EQ(iopt_init(&t, &cfg), -ENOMEM);
    /* A level without those below it is not used. */
    c = cfg; c.leaf_levels = 0xa;
    CHECK_EQ(iopt_init(&t, &c), 0);
    CHECK_EQ(t.leaf_levels, 2);
    CHECK(iopt_free_some(&t, 1));
    c = cfg; c.iova_bits = 39;
    CHECK_EQ(iopt_init(&t, &c), 0);
    begin();

    CHECK_EQ(iopt_map(&t, 0x800, 0, K4, MOAT_RW, &f), -EINVAL);
    CHECK_EQ(iopt_map(&t, 0, 0x800, K4, MOAT_RW, &f), -EINVAL);
    CHECK_EQ(iopt_map(&t, 0, 0, 0x800, MOAT_RW, &f), -EINVAL);
    CHECK_EQ(iopt_map(&t, 0, 0, 0, MOAT_RW, &f), -EINVAL);
    CHECK_EQ(iopt_map(&t, 0, 0, K4, 0, &f), -EINVAL);
    CHECK_EQ(iopt_map(&t, 0, 0, K4, 4, &f), -EINVAL);
    CHECK_EQ(iopt_map(&t, 1ULL << 39, 0, K4, MOAT_RW, &f), -ERANGE);
    CHECK_EQ(iopt_map(&t, (1ULL << 39) - K4, 0, 2 * K4, MOAT_RW, &f), -ERANGE);
    CHECK_EQ(iopt_map(&t, ~0xfffULL, 0, 2 * K4, MOAT_RW, &f), -ERANGE);
    CHECK_EQ(iopt_map(&t, 0, 1ULL << 46, K4, MOAT_RW, &f), -ERANGE);
    CHECK_EQ(iopt_map(&t, 0, (1ULL << 46) - K4, 2 * K4, MOAT_RW, &f), -ERANGE);
    CHECK_EQ(iopt_unmap(&t, 1ULL << 39, K4, &f), -ERANGE);
    CHECK_EQ(iopt_unmap(&t, 0, ~0xfffULL, &f), -ERANGE);
    CHECK_EQ(iopt_unmap(&t, 1, K4, &f), -EINVAL);
    CHECK_EQ(iopt_unmap(&t, 0, 0, &f), -EINVAL);
    CHECK_EQ(iopt_lookup(&t, 1ULL << 39, NULL, NULL, NULL), -ENOENT);
    CHECK(f.first > f.last && !f.added && !f.modified);
    CHECK_EQ(t.pages, 1);
    CHECK_EQ(iopt_map(&t, (1ULL << 39) - K4, (1ULL << 46) - K4, K4, MOAT_RW,
                      &f), 0);
    CHECK_EQ(iopt_unmap(&t, 0, 1ULL << 39, &f), 0);
    CHECK_EQ(t.pages, 1);
    finish();
}

/* XSA-275: what is said about changes comes from whole old and new words. */
TEST(iopt_flush_flags)
{
    unsigned int prot, level;
    moat_paddr_t pa;

    setup(&iopt_fmt_vtd, 4, 0xe);
    CHECK_EQ(iopt_map(&t, 5 * K4, 9 * K4, 2 * K4, MOAT_RW, &f), 0);
    CHECK(f.added && !f.modified && !f.big_leaf);
    CHECK_EQ(f.first, 5 * K4);
    CHECK_EQ(f.last, 7 * K4 - 1);
    begin();
    CHECK_EQ(iopt_map(&t, 5 * K4, 9 * K4, 2 * K4, MOAT_RW, &f), 0);
    CHECK(!f.added && !f.modified && f.first > f.last);
    CHECK_EQ(iopt_map(&t, 5 * K4, 9 * K4, K4, MOAT_READ, &f), 0);
    CHECK(!f.added && f.modified && !f.big_leaf);
    begin();
    CHECK_EQ(iopt_map(&t, 5 * K4, 8 * K4, K4, MOAT_READ, &f), 0);
    CHECK(!f.added && f.modified);
    begin();
    CHECK_EQ(iopt_unmap(&t, 8 * K4, 10 * K4, &f), 0);
    CHECK(!f.modified && f.first > f.last);
    CHECK_EQ(iopt_unmap(&t, 6 * K4, K4, &f), 0);
    CHECK(f.modified && !f.added && !f.big_leaf);
    CHECK_EQ(f.first, 6 * K4);
    CHECK_EQ(f.last, 7 * K4 - 1);
    CHECK_EQ(t.pages, 4);
    begin();
    CHECK_EQ(iopt_unmap(&t, 5 * K4, K4, &f), 0);
    CHECK(f.modified && f.big_leaf);        /* tables went away */
    CHECK_EQ(t.pages, 1);
    CHECK_EQ(end(), 3);

    begin();
    CHECK_EQ(iopt_map(&t, G1, 2 * G1, G1, MOAT_RW, &f), 0);
    CHECK(f.added && !f.modified && !f.big_leaf);
    begin();
    CHECK_EQ(iopt_map(&t, G1 + M2, 2 * G1 + M2, 3 * K4, MOAT_RW, &f), 0);
    CHECK(f.first > f.last);                /* says so already: not split */
    CHECK_EQ(t.pages, 2);
    CHECK_EQ(iopt_map(&t, G1 + M2, 2 * G1 + M2, K4, MOAT_READ, &f), 0);
    CHECK(!f.added && f.modified && f.big_leaf);
    CHECK_EQ(t.pages, 4);
    CHECK_EQ(iopt_lookup(&t, G1 + M2 + 0x123, &pa, &prot, &level), 0);
    CHECK_EQ(pa, 2 * G1 + M2 + 0x123);
    CHECK_EQ(prot, MOAT_READ);
    CHECK_EQ(level, 1);
    begin();
    CHECK_EQ(iopt_map(&t, G1 + M2, 2 * G1 + M2, K4, MOAT_RW, &f), 0);
    CHECK(f.modified && f.big_leaf);        /* re-joined, twice */
    CHECK_EQ(t.pages, 2);
    CHECK_EQ(end(), 2);
    CHECK_EQ(iopt_lookup(&t, G1 + M2, NULL, NULL, &level), 0);
    CHECK_EQ(level, 3);
    finish();
}

/* Runs climb to the largest leaf and come down again. */
TEST(iopt_leaf_sizes)
{
    struct hw_root r;
    struct hw_census c;

    setup(&iopt_fmt_vtd, 4, 0xe);
    r = hw();
    CHECK_EQ(iopt_map(&t, G1 - M2 - K4, 5 * G1 - M2 - K4,
                      K4 + M2 + 2 * G1 + M2 + 2 * K4, MOAT_RW, &f), 0);
    hw_enumerate(&r, 3, NULL, NULL, &c);
    CHECK_EQ(c.leaves[1], 3);
    CHECK_EQ(c.leaves[2], 2);
    CHECK_EQ(c.leaves[3], 2);
    CHECK_EQ(c.tables, 6);
    CHECK_EQ(iopt_unmap(&t, 0, 8 * G1, &f), 0);
    CHECK_EQ(t.pages, 1);
    end();
    /* Physical addresses that are aligned otherwise forbid it. */
    begin();
    CHECK_EQ(iopt_map(&t, G1, M2, G1, MOAT_RW, &f), 0);
    hw_enumerate(&r, 3, NULL, NULL, &c);
    CHECK_EQ(c.leaves[2], 512);
    CHECK_EQ(c.joinable, 0);
    finish();
}

/* Page by page, in any order, the result is one large leaf. */
static void join_in_order(const struct iopt_fmt *fmt, unsigned int step,
                          unsigned int start)
{
    unsigned int i, level;

    setup(fmt, 4, 0xe);
    for ( i = 0; i < 512; i++ )
    {
        uint64_t off = ((i * step + start) % 512) * K4;

        CHECK_EQ(iopt_map(&t, M2 + off, 3 * M2 + off, K4, MOAT_RW, &f), 0);
        CHECK_EQ(t.pages, i < 511 ? 4 : 3);
    }
    CHECK_EQ(iopt_lookup(&t, M2, NULL, NULL, &level), 0);
    CHECK_EQ(level, 2);
    finish();
}

TEST(iopt_join_orders)
{
    const struct iopt_fmt *fmts[] = { &iopt_fmt_vtd, &iopt_fmt_amdvi };
    unsigned int i;

    for ( i = 0; i < 2; i++ )
    {
        join_in_order(fmts[i], 1, 0);
        join_in_order(fmts[i], 511, 511);
        join_in_order(fmts[i], 255, 7);
        join_in_order(fmts[i], 3, 100);
    }
}

/* Near misses are not joined: rights, address, one hole. */
TEST(iopt_join_refused)
{
    unsigned int i, level;

    for ( i = 0; i < 512; i += 73 )
    {
        setup(&iopt_fmt_amdvi, 4, 0xe);
        CHECK_EQ(iopt_map(&t, 0, M2, M2, MOAT_RW, &f), 0);
        CHECK_EQ(iopt_map(&t, i * K4, M2 + i * K4, K4, MOAT_READ, &f), 0);
        CHECK_EQ(t.pages, 4);
        CHECK_EQ(iopt_map(&t, i * K4, M2 + (i ^ 1) * K4, K4, MOAT_RW, &f), 0);
        CHECK_EQ(t.pages, 4);
        CHECK_EQ(iopt_unmap(&t, i * K4, K4, &f), 0);
        CHECK_EQ(t.pages, 4);
        CHECK_EQ(iopt_map(&t, i * K4, M2 + i * K4, K4, MOAT_RW, &f), 0);
        CHECK_EQ(t.pages, 3);
        CHECK_EQ(iopt_lookup(&t, 0, NULL, NULL, &level), 0);
        CHECK_EQ(level, 2);
        finish();
    }
}

/* XSA-390: a unit of fewer levels gets a table that stays where it is. */
TEST(iopt_root_at)
{
    moat_paddr_t pa, again;
    struct hw_root r;
    struct hw_leaf l;

    setup(&iopt_fmt_vtd, 5, 0xe);
    CHECK_EQ(iopt_root_at(&t, 2, &pa), -EINVAL);
    CHECK_EQ(iopt_root_at(&t, 6, &pa), -EINVAL);
    CHECK_EQ(iopt_root_at(&t, 5, &pa), 0);
    CHECK_EQ(pa, t.root_pa);
    sim_fail_nth(2);
    CHECK_EQ(iopt_root_at(&t, 3, &pa), -ENOMEM);
    CHECK_EQ(iopt_root_at(&t, 3, &pa), 0);
    CHECK_EQ(t.pages, 3);
    r = hw();
    r.levels = 3;
    r.pa = pa;
    CHECK_EQ(iopt_map(&t, 0, G1, 512 * G1, MOAT_RW, &f), 0);
    CHECK_EQ(iopt_map(&t, 3 * K4, 0x77000, K4, MOAT_READ, &f), 0);
    l = hw_walk(&r, 3 * K4);
    CHECK_EQ(l.pa, 0x77000);
    CHECK_EQ(l.prot, MOAT_READ);
    CHECK_EQ(hw_walk(&r, 511 * G1).pa, 512 * G1);
    CHECK_EQ(iopt_unmap(&t, 0, 1ULL << 56, &f), 0);
    CHECK_EQ(iopt_unmap(&t, 0, 1ULL << 48, &f), 0);
    CHECK_EQ(t.pages, 3);
    CHECK_EQ(iopt_root_at(&t, 3, &again), 0);
    CHECK_EQ(again, pa);
    CHECK_EQ(hw_walk(&r, 3 * K4).prot, 0);
    finish();

    /* AMD: a leaf that is larger than the smaller unit's whole table. */
    setup(&iopt_fmt_amdvi, 4, 0x1e);
    CHECK_EQ(iopt_map(&t, 0, 0, G512, MOAT_RW, &f), 0);
    CHECK_EQ(t.pages, 1);
    CHECK_EQ(iopt_root_at(&t, 3, &pa), 0);
    CHECK_EQ(t.pages, 2);
    CHECK_EQ(iopt_map(&t, 0, 0, G512, MOAT_RW, &f), 0);
    CHECK_EQ(iopt_map(&t, 0, G512, G512, MOAT_RW, &f), 0);
    CHECK_EQ(t.pages, 2);
    r = hw();
    r.levels = 3;
    r.pa = pa;
    CHECK_EQ(hw_walk(&r, 5 * G1).pa, G512 + 5 * G1);
    CHECK_EQ(hw_walk(&r, 5 * G1).level, 3);
    finish();
}

TEST(iopt_free_bounded)
{
    unsigned long before, n = 0;

    setup(&iopt_fmt_vtd, 4, 0x2);
    CHECK_EQ(iopt_map(&t, 0, 0, 40 * M2, MOAT_RW, &f), 0);
    CHECK_EQ(iopt_map(&t, 3 * G512, 0, 3 * M2, MOAT_RW, &f), 0);
    CHECK_EQ(t.pages, 1 + 2 + 40 + 2 + 3);
    do {
        before = sim_alloc_stats(SIM_TABLE)->live;
        n++;
        if ( iopt_free_some(&t, 7) )
            break;
        CHECK_EQ(before - sim_alloc_stats(SIM_TABLE)->live, 7);
    } while ( n < 100 );
    CHECK_EQ(n, 7);
    CHECK(iopt_free_some(&t, 7));
    end();
}

static unsigned int walked;
static int walk_fn(void *arg, moat_iova_t iova, moat_paddr_t pa,
                   unsigned int order, unsigned int prot)
{
    static const struct { uint64_t iova, pa; unsigned int order, prot; } w[] = {
        { 0, 0x7000, 0, MOAT_READ },
        { 511 * K4, 0x8000, 0, MOAT_WRITE },
        { M2, 7 * M2, 9, MOAT_RW },
        { 2 * G1, G1, 18, MOAT_RW },
        { (1ULL << 48) - K4, K4, 0, MOAT_RW },
    };

    CHECK(walked < ARRAY_SIZE(w));
    CHECK_EQ(iova, w[walked].iova);
    CHECK_EQ(pa, w[walked].pa);
    CHECK_EQ(order, w[walked].order);
    CHECK_EQ(prot, w[walked].prot);
    walked++;
    return walked == *(unsigned int *)arg ? -EINTR : 0;
}

TEST(iopt_walk)
{
    unsigned int stop = 99;

    setup(&iopt_fmt_vtd, 4, 0xe);
    CHECK_EQ(iopt_map(&t, 0, 0x7000, K4, MOAT_READ, &f), 0);
    CHECK_EQ(iopt_map(&t, 511 * K4, 0x8000, K4, MOAT_WRITE, &f), 0);
    CHECK_EQ(iopt_map(&t, M2, 7 * M2, M2, MOAT_RW, &f), 0);
    CHECK_EQ(iopt_map(&t, 2 * G1, G1, G1, MOAT_RW, &f), 0);
    CHECK_EQ(iopt_map(&t, (1ULL << 48) - K4, K4, K4, MOAT_RW, &f), 0);
    walked = 0;
    CHECK_EQ(iopt_walk(&t, walk_fn, &stop), 0);
    CHECK_EQ(walked, 5);
    walked = 0;
    stop = 3;
    CHECK_EQ(iopt_walk(&t, walk_fn, &stop), -EINTR);
    CHECK_EQ(walked, 3);
    finish();
}
