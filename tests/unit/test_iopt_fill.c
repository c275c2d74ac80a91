/* SPDX-License-Identifier: GPL-2.0-only */
/* The shared chain: every address reaches one page, and regions as well. */
#include "iopt_model.h"

#define SCRATCH 0x123456000ULL
#define K4      0x1000ULL

static struct iopt t;
static struct hw_root r;
static struct moat_flush f;

static void setup(const struct iopt_fmt *fmt, unsigned int levels,
                  bool coherent)
{
    struct iopt_cfg cfg = {
        .fmt = fmt, .levels = levels, .leaf_levels = 0xe,
        .iova_bits = levels == 6 ? 63 : 12 + 9 * levels, .pa_bits = 46,
        .node = HOST_NO_NODE, .coherent = coherent,
    };

    sim_mem_reset();
    if ( !coherent )
        sim_shadow_enable();
    moat_flush_begin(&f);
    REQUIRE(!iopt_init(&t, &cfg));
    r = (struct hw_root){
        .amd = fmt == &iopt_fmt_amdvi, .levels = levels, .pa = t.root_pa,
        .read = coherent ? HW_READ_MEMORY : HW_READ_EITHER, .pa_bits = 46,
    };
}

static void reaches(moat_iova_t iova, moat_paddr_t pa, unsigned int prot)
{
    struct hw_leaf l = hw_walk(&r, iova);

    CHECK_MSG(l.prot == prot && (!prot || l.pa == pa),
              "%#" PRIx64 " reaches %#" PRIx64 " (%u)", iova, l.pa, l.prot);
}

static void reaches_scratch(moat_iova_t from, moat_iova_t to)
{
    struct test_rng rng = { .s = from + 5 };
    unsigned int i;

    reaches(from, SCRATCH, MOAT_RW);
    reaches(to, SCRATCH, MOAT_RW);
    for ( i = 0; i < 50; i++ )
        reaches((from + test_rand(&rng) % (to - from)) & ~0xfffULL, SCRATCH,
                MOAT_RW);
}

/* A region before and one after the fill; both can be taken away again. */
static void fill_case(const struct iopt_fmt *fmt, unsigned int levels,
                      bool coherent)
{
    uint64_t a = 0x7f000, b = levels > 1 ? 0x3ff000 : 0x1f0000;
    uint64_t top = t.iova_max;
    unsigned long pages;
    moat_paddr_t pa;

    setup(fmt, levels, coherent);
    top = t.iova_max & ~0xfffULL;
    CHECK_EQ(iopt_map(&t, a, a, 2 * K4, MOAT_READ, &f), 0);
    pages = t.pages;
    CHECK_EQ(iopt_fill(&t, SCRATCH, MOAT_RW), 0);
    CHECK_EQ(t.pages, pages + levels - 1);
    CHECK_EQ(iopt_fill(&t, SCRATCH, MOAT_RW), -EINVAL);
    reaches_scratch(0, a - K4);
    reaches(a, a, MOAT_READ);
    reaches(a + K4, a + K4, MOAT_READ);
    reaches_scratch(a + 2 * K4, top);
    CHECK_EQ(iopt_lookup(&t, top, &pa, NULL, NULL), 0);
    CHECK_EQ(pa, SCRATCH);

    moat_flush_begin(&f);
    CHECK_EQ(iopt_map(&t, b, b, 3 * K4, MOAT_RW, &f), 0);
    CHECK(f.modified);
    reaches(b, b, MOAT_RW);
    reaches(b + 2 * K4, b + 2 * K4, MOAT_RW);
    reaches_scratch(a + 2 * K4, b - K4);
    reaches_scratch(b + 3 * K4, top);
    CHECK_EQ(iopt_unmap(&t, b, K4, &f), 0);
    reaches(b, 0, 0);
    reaches(b + K4, b + K4, MOAT_RW);
    reaches_scratch(a + 2 * K4, b - K4);
    host_tables_free(&f.tables);
    while ( !iopt_free_some(&t, 2) )
        continue;
    CHECK_EQ(t.pages, 0);
    CHECK_EQ(sim_alloc_stats(SIM_TABLE)->live, 0);
}

TEST(iopt_fill)
{
    unsigned int l;

    for ( l = 3; l <= 5; l++ )
    {
        fill_case(&iopt_fmt_vtd, l, true);
        fill_case(&iopt_fmt_vtd, l, false);
    }
    for ( l = 1; l <= 6; l++ )
        fill_case(&iopt_fmt_amdvi, l, l & 1);
}

TEST(iopt_fill_no_memory)
{
    unsigned int nth, tables;

    for ( nth = 1; nth <= 4; nth++ )
    {
        setup(&iopt_fmt_vtd, 4, true);
        CHECK_EQ(iopt_map(&t, 0x5000, 0x5000, K4, MOAT_RW, &f), 0);
        sim_fail_nth(nth);
        CHECK_EQ(iopt_fill(&t, SCRATCH, MOAT_RW), nth < 4 ? -ENOMEM : 0);
        sim_fail_nth(0);
        CHECK_EQ(t.pages, nth < 4 ? 4 : 7);
        CHECK_EQ(sim_alloc_stats(SIM_TABLE)->live, t.pages);
        reaches(0x6000, SCRATCH, nth < 4 ? 0 : MOAT_RW);
        /* Copies of the chain that fail half-way change no translation. */
        for ( tables = 0; nth == 4 && tables < 3; tables++ )
        {
            sim_fail_nth(tables + 1);
            CHECK_EQ(iopt_map(&t, 1ULL << 40, 0, K4, MOAT_RW, &f),
                     tables < 2 ? -ENOMEM : 0);
            sim_fail_nth(0);
            reaches(1ULL << 40, tables < 2 ? SCRATCH : 0, MOAT_RW);
            reaches((1ULL << 40) + K4, SCRATCH, MOAT_RW);
        }
        host_tables_free(&f.tables);
        while ( !iopt_free_some(&t, 99) )
            continue;
    }
}

/* A smaller unit's root, in a filled table. */
TEST(iopt_fill_root_at)
{
    moat_paddr_t pa;

    setup(&iopt_fmt_vtd, 5, true);
    CHECK_EQ(iopt_fill(&t, SCRATCH, MOAT_RW), 0);
    CHECK_EQ(iopt_root_at(&t, 3, &pa), 0);
    CHECK_EQ(iopt_map(&t, 0x9000, 0x9000, K4, MOAT_READ, &f), 0);
    r.levels = 3;
    r.pa = pa;
    reaches(0x9000, 0x9000, MOAT_READ);
    reaches_scratch(0xa000, (1ULL << 39) - K4);
    r.levels = 5;
    r.pa = t.root_pa;
    reaches(0x9000, 0x9000, MOAT_READ);
    reaches_scratch(0xa000, (1ULL << 57) - K4);
    host_tables_free(&f.tables);
    CHECK(iopt_free_some(&t, 99));
}

/* Unmapping all of a filled table takes every link to the chain away. */
TEST(iopt_fill_unmap_all)
{
    struct hw_census c;

    setup(&iopt_fmt_amdvi, 4, true);
    CHECK_EQ(iopt_fill(&t, SCRATCH, MOAT_RW), 0);
    CHECK_EQ(iopt_map(&t, 0x40000000, 0, 0x200000, MOAT_RW, &f), 0);
    CHECK_EQ(t.pages, 1 + 3 + 2);
    CHECK_EQ(iopt_unmap(&t, 0, 1ULL << 48, &f), 0);
    CHECK_EQ(t.pages, 1 + 3);
    hw_enumerate(&r, 3, NULL, NULL, &c);
    CHECK_EQ(c.tables, 1);
    host_tables_free(&f.tables);
    CHECK(iopt_free_some(&t, 99));
}

static int count_fn(void *arg, moat_iova_t iova, moat_paddr_t pa,
                    unsigned int order, unsigned int prot)
{
    (void)prot;
    CHECK_EQ(order, 0);
    CHECK_EQ(iova, pa);
    ++*(unsigned int *)arg;
    return 0;
}

TEST(iopt_fill_walk)
{
    unsigned int n = 0;

    setup(&iopt_fmt_vtd, 4, true);
    CHECK_EQ(iopt_map(&t, 0x7000, 0x7000, K4, MOAT_RW, &f), 0);
    CHECK_EQ(iopt_fill(&t, SCRATCH, MOAT_RW), 0);
    CHECK_EQ(iopt_map(&t, 0x80000000, 0x80000000, 2 * K4, MOAT_RW, &f), 0);
    CHECK_EQ(iopt_walk(&t, count_fn, &n), 0);
    CHECK_EQ(n, 3);
    host_tables_free(&f.tables);
    CHECK(iopt_free_some(&t, 99));
}
