/* SPDX-License-Identifier: GPL-2.0-only */
/* The page-table engine: each rule by an example. */
#include "iopt_one.h"

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
    CHECK(f.modified && !f.big_leaf);       /* its table stays */
    CHECK_EQ(t.pages, 4);
    begin();
    iopt_trim(&t, &f);
    CHECK(f.modified && f.big_leaf);        /* tables went away */
    CHECK_EQ(f.first, 0);
    CHECK_EQ(f.last, G512 - 1);
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
    CHECK_EQ(t.pages, 2);       /* of those that are empty the last stays */
    iopt_trim(&t, &f);
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

/* A join of 2 MiB does not carry on to 1 GiB if the addresses forbid it. */
TEST(iopt_join_misaligned)
{
    unsigned int i, level;

    setup(&iopt_fmt_vtd, 4, 0xe);
    CHECK_EQ(iopt_map(&t, G1, 4 * G1 + M2, G1 - M2, MOAT_RW, &f), 0);
    for ( i = 0; i < 512; i++ )
        CHECK_EQ(iopt_map(&t, 2 * G1 - M2 + i * K4, 5 * G1 + i * K4, K4,
                          MOAT_RW, &f), 0);
    CHECK_EQ(iopt_lookup(&t, 2 * G1 - M2, NULL, NULL, &level), 0);
    CHECK_EQ(level, 2);
    CHECK_EQ(t.pages, 3);
    finish();
}

/* The table used last is forgotten when it goes, however it goes. */
TEST(iopt_hot_table)
{
    struct hw_root r;
    unsigned int i, k;

    setup(&iopt_fmt_amdvi, 4, 0xe);
    r = hw();
    CHECK_EQ(iopt_map(&t, 9 * M2, 0, K4, MOAT_RW, &f), 0);
    for ( i = 0; i < 6; i++ )
    {
        CHECK_EQ(iopt_map(&t, K4, 5 * K4, K4, MOAT_RW, &f), 0);
        CHECK_EQ(hw_walk(&r, K4).pa, 5 * K4);
        switch ( i )
        {
        case 0:     /* emptied by the page itself */
            CHECK_EQ(iopt_unmap(&t, K4, K4, &f), 0);
            break;
        case 1:     /* by a run */
            CHECK_EQ(iopt_unmap(&t, 0, 3 * K4, &f), 0);
            break;
        case 2:     /* unlinked whole, the table above stays */
            CHECK_EQ(iopt_unmap(&t, 0, M2, &f), 0);
            break;
        case 3:     /* with the table above */
            CHECK_EQ(iopt_unmap(&t, 0, G1, &f), 0);
            break;
        case 4:     /* replaced by a leaf */
            CHECK_EQ(iopt_map(&t, 0, M2, M2, MOAT_RW, &f), 0);
            CHECK_EQ(iopt_unmap(&t, K4, K4, &f), 0);
            break;
        default:    /* re-joined */
            CHECK_EQ(iopt_unmap(&t, 0, M2, &f), 0);
            for ( k = 0; k < 512; k++ )
                CHECK_EQ(iopt_map(&t, k * K4, k * K4, K4, MOAT_RW, &f), 0);
            break;
        }
        end();
        begin();
        /* Page 1 is to be done anew, in whatever table there is now. */
        CHECK_EQ(iopt_map(&t, K4, 7 * K4, K4, MOAT_READ, &f), 0);
        CHECK_EQ(hw_walk(&r, K4).pa, 7 * K4);
    }
    finish();
}

/* All that can happen to a table of level 2: it is no longer used after. */
static void lose_level_2(unsigned int how)
{
    unsigned int i;

    switch ( how )
    {
    case 0:     /* emptied by the page itself, with all above */
        CHECK_EQ(iopt_unmap(&t, G1 + K4, K4, &f), 0);
        iopt_trim(&t, &f);
        break;
    case 1:     /* unlinked whole */
        CHECK_EQ(iopt_unmap(&t, G1, G1, &f), 0);
        break;
    case 2:     /* with the table above */
        CHECK_EQ(iopt_unmap(&t, 0, G512, &f), 0);
        break;
    case 3:     /* replaced by a leaf */
        CHECK_EQ(iopt_map(&t, G1, 3 * G1, G1, MOAT_RW, &f), 0);
        break;
    default:    /* re-joined */
        CHECK_EQ(iopt_map(&t, G1 + M2, 3 * G1 + M2, G1 - M2, MOAT_RW, &f), 0);
        for ( i = 0; i < 512; i++ )
            CHECK_EQ(iopt_map(&t, G1 + i * K4, 3 * G1 + i * K4, K4, MOAT_RW,
                              &f), 0);
        CHECK_EQ(t.pages, t.levels - 2);
        break;
    }
}

TEST(iopt_hot_level_2)
{
    struct hw_root r;
    unsigned int how;

    for ( how = 0; how < 5; how++ )
    {
        setup(&iopt_fmt_amdvi, 4 - how % 2, 0xe);
        r = hw();
        CHECK_EQ(iopt_map(&t, G1 + K4, 5 * K4, K4, MOAT_RW, &f), 0);
        lose_level_2(how);
        CHECK(end() > 0);
        begin();
        CHECK_EQ(iopt_map(&t, G1 + K4, 7 * K4, K4, MOAT_READ, &f), 0);
        CHECK_EQ(hw_walk(&r, G1 + K4).pa, 7 * K4);
        finish();
    }
}

/* Addresses far apart share a place among the hot tables. */
TEST(iopt_hot_shared_place)
{
    struct iopt_cfg cfg = {
        .fmt = &iopt_fmt_amdvi, .levels = 2, .leaf_levels = 6,
        .iova_bits = 25, .pa_bits = 46, .coherent = true,
    };
    struct hw_root r;
    unsigned int i;

    setup(&iopt_fmt_vtd, 4, 0xe);
    r = hw();
    for ( i = 0; i < 100; i++ )
        CHECK_EQ(iopt_map(&t, i * 4 * G1 + K4, (i + 9) * K4, K4, MOAT_RW, &f),
                 0);
    for ( i = 0; i < 100; i++ )
    {
        CHECK_EQ(hw_walk(&r, i * 4 * G1 + K4).pa, (i + 9) * K4);
        CHECK_EQ(iopt_unmap(&t, i * 4 * G1 + K4, K4, &f), 0);
        CHECK_EQ(hw_walk(&r, i * 4 * G1 + K4).prot, 0);
    }
    iopt_trim(&t, &f);
    CHECK_EQ(t.pages, 1);
    finish();

    /* Beyond the table, where the same entries would be found. */
    setup(&iopt_fmt_vtd, 4, 0xe);
    CHECK_EQ(iopt_map(&t, K4, K4, K4, MOAT_RW, &f), 0);
    CHECK_EQ(iopt_map(&t, (1ULL << 48) + K4, 5 * K4, K4, MOAT_RW, &f),
             -ERANGE);
    CHECK_EQ(iopt_unmap(&t, (1ULL << 48) + K4, K4, &f), -ERANGE);
    finish();

    /* A table that ends inside a GiB. */
    CHECK_EQ(iopt_init(&t, &cfg), 0);
    begin();
    CHECK_EQ(iopt_map(&t, 0, K4, K4, MOAT_RW, &f), 0);
    CHECK_EQ(iopt_map(&t, (1 << 25) - K4, K4, K4, MOAT_RW, &f), 0);
    CHECK_EQ(iopt_map(&t, 1 << 25, K4, K4, MOAT_RW, &f), -ERANGE);
    CHECK_EQ(iopt_unmap(&t, 1 << 25, K4, &f), -ERANGE);
    finish();
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
