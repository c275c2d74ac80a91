/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page-table engine: runs over entries in every mixture of absent, as
 * wanted, and different; and tables that only seem to be empty or full.
 */
#include "iopt_one.h"

#define FIRST   (5 * M2 + 3 * K4)
#define WANT    (G1 + 77 * K4)

enum { ABSENT, SAME, OTHER, STATES };

/* One digit of base 3 for each entry. */
static unsigned int state(unsigned int pattern, unsigned int i)
{
    while ( i-- )
        pattern /= STATES;
    return pattern % STATES;
}

/* Always one more entry in that table, so that it stays. */
static void prepare(unsigned int pattern, unsigned int n)
{
    unsigned int i;

    CHECK_EQ(iopt_map(&t, 5 * M2, 0, K4, MOAT_RW, &f), 0);
    for ( i = 0; i < n; i++ )
        switch ( state(pattern, i) )
        {
        case SAME:
            CHECK_EQ(iopt_map(&t, FIRST + i * K4, WANT + i * K4, K4, MOAT_RW,
                              &f), 0);
            break;
        case OTHER:
            CHECK_EQ(iopt_map(&t, FIRST + i * K4, WANT + i * K4, K4,
                              MOAT_READ, &f), 0);
            break;
        }
    begin();
}

static void check_counts(unsigned int present)
{
    struct hw_root r = hw();
    struct hw_census c;

    hw_enumerate(&r, 1, NULL, NULL, &c);
    CHECK_EQ(c.leaves[1], present);
    CHECK_EQ(c.wrong_counts, 0);
}

static void pattern_case(unsigned int pattern, unsigned int n)
{
    bool added = false, modified = false, present = false;
    struct hw_root r = hw();
    unsigned int i;

    for ( i = 0; i < n; i++ )
    {
        added |= state(pattern, i) == ABSENT;
        modified |= state(pattern, i) == OTHER;
        present |= state(pattern, i) != ABSENT;
    }
    prepare(pattern, n);
    CHECK_EQ(iopt_map(&t, FIRST, WANT, n * K4, MOAT_RW, &f), 0);
    CHECK_EQ(f.added, added);
    CHECK_EQ(f.modified, modified);
    CHECK_EQ(f.first <= f.last, added || modified);
    for ( i = 0; i < n; i++ )
    {
        CHECK_EQ(hw_walk(&r, FIRST + i * K4).pa, WANT + i * K4);
        CHECK_EQ(hw_walk(&r, FIRST + i * K4).prot, MOAT_RW);
    }
    check_counts(n + 1);
    CHECK_EQ(iopt_unmap(&t, FIRST, n * K4, &f), 0);

    prepare(pattern, n);
    CHECK_EQ(iopt_unmap(&t, FIRST, n * K4, &f), 0);
    CHECK_EQ(f.modified, present);
    CHECK(!f.added);
    for ( i = 0; i < n; i++ )
        CHECK_EQ(hw_walk(&r, FIRST + i * K4).prot, 0);
    check_counts(1);
    CHECK_EQ(t.pages, 4);
}

TEST(iopt_runs_mixed)
{
    unsigned int n, pattern, patterns;

    for ( n = 1, patterns = 3; n <= 6; n++, patterns *= 3 )
    {
        setup(&iopt_fmt_vtd, 4, 2);
        for ( pattern = 0; pattern < patterns && !test_failing(); pattern++ )
            pattern_case(pattern, n);
        finish();
    }
}

/* Longer ones: any two places of 14 entries that are not like the others. */
TEST(iopt_runs_longer)
{
    unsigned int a, b, i, pattern, digit;

    setup(&iopt_fmt_vtd, 4, 2);
    for ( a = 0; a < 14; a++ )
        for ( b = 0; b < 14 && !test_failing(); b++ )
        {
            for ( i = pattern = 0, digit = 1; i < 14; i++, digit *= 3 )
                pattern += digit * (i == a ? SAME : i == b ? OTHER : ABSENT);
            pattern_case(pattern, 14);
            for ( i = pattern = 0, digit = 1; i < 14; i++, digit *= 3 )
                pattern += digit * (i == a ? SAME : i == b ? ABSENT : OTHER);
            pattern_case(pattern, 14);
        }
    finish();
}

/* Sixteen entries left: the count of AMD's format says 0. Where they are,
 * and which was the one that went, makes no difference. */
TEST(iopt_seems_empty)
{
    unsigned int at, gone;

    setup(&iopt_fmt_amdvi, 4, 2);
    for ( at = 0; at <= 512 - 16; at += 4 )
        for ( gone = 0; gone < 512; gone += 5 )
        {
            if ( gone - at < 16 )
                continue;
            CHECK_EQ(iopt_map(&t, at * K4, G1, 16 * K4, MOAT_RW, &f), 0);
            CHECK_EQ(iopt_map(&t, gone * K4, 0, K4, MOAT_RW, &f), 0);
            CHECK_EQ(t.pages, 4);
            CHECK_EQ(iopt_unmap(&t, gone * K4, K4, &f), 0);
            iopt_trim(&t, &f);
            REQUIRE(t.pages == 4);
            CHECK_EQ(iopt_unmap(&t, at * K4, 16 * K4, &f), 0);
            iopt_trim(&t, &f);
            CHECK_EQ(t.pages, 1);
            end();
            begin();
        }
    finish();
}

/* Sixteen entries left by a run, which knows what it has cleared itself. */
TEST(iopt_seems_empty_after_run)
{
    static const unsigned int lengths[] = { 2, 15, 16, 17, 31, 33, 100, 256 };
    unsigned int at, first, i, n;

    setup(&iopt_fmt_amdvi, 4, 2);
    for ( at = 0; at <= 512 - 16; at += 4 )
        for ( first = 0; first < 512; first += 7 )
            for ( i = 0; i < ARRAY_SIZE(lengths); i++ )
            {
                n = lengths[i];
                if ( first + n > 512 || (first < at + 16 && at < first + n) )
                    continue;
                CHECK_EQ(iopt_map(&t, at * K4, G1, 16 * K4, MOAT_RW, &f), 0);
                CHECK_EQ(iopt_map(&t, first * K4, 0, n * K4, MOAT_RW, &f), 0);
                CHECK_EQ(iopt_unmap(&t, first * K4, n * K4, &f), 0);
                iopt_trim(&t, &f);
                REQUIRE(t.pages == 4);
                CHECK_EQ(iopt_unmap(&t, at * K4, 16 * K4, &f), 0);
                iopt_trim(&t, &f);
                REQUIRE(t.pages == 1);
                end();
                begin();
            }
    finish();
}

/* The same with every eighth entry, 32 of them, each time one of the eight. */
TEST(iopt_seems_empty_strided)
{
    unsigned int at, i;

    setup(&iopt_fmt_amdvi, 4, 2);
    for ( at = 0; at < 8; at++ )
    {
        for ( i = 0; i < 32; i++ )
            CHECK_EQ(iopt_map(&t, (at + 8 * i) * K4, G1, K4, MOAT_RW, &f), 0);
        CHECK_EQ(iopt_map(&t, (at + 258) * K4, G1, K4, MOAT_RW, &f), 0);
        CHECK_EQ(iopt_unmap(&t, (at + 258) * K4, K4, &f), 0);
        iopt_trim(&t, &f);
        REQUIRE(t.pages == 4);
        for ( i = 32; i--; )
            CHECK_EQ(iopt_unmap(&t, (at + 8 * i) * K4, K4, &f), 0);
        iopt_trim(&t, &f);
        CHECK_EQ(t.pages, 1);
        end();
        begin();
    }
    finish();
}

/* Full, contiguous but for one entry, wherever that is: not joined. */
TEST(iopt_seems_joined)
{
    unsigned int odd, last;

    setup(&iopt_fmt_amdvi, 4, 6);
    for ( odd = 0; odd < 512; odd++ )
    {
        last = (odd + 100) % 512;
        CHECK_EQ(iopt_map(&t, 0, M2, M2, MOAT_RW, &f), 0);
        CHECK_EQ(iopt_unmap(&t, last * K4, K4, &f), 0);
        CHECK_EQ(iopt_map(&t, odd * K4, G1 + odd * K4, K4, MOAT_RW, &f), 0);
        CHECK_EQ(iopt_map(&t, last * K4, M2 + last * K4, K4, MOAT_RW, &f), 0);
        CHECK_EQ(t.pages, 4);
        CHECK_EQ(iopt_map(&t, odd * K4, M2 + odd * K4, K4, MOAT_RW, &f), 0);
        CHECK_EQ(t.pages, 3);
        end();
        begin();
    }
    finish();
}
