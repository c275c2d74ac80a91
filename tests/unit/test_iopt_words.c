/* SPDX-License-Identifier: GPL-2.0-only */
/* The page-table engine: entries as literal words; what it refuses. */
#include "iopt_one.h"

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
    CHECK_EQ(iopt_map(&t, (1ULL << 63) - K4, 0x5000, K4, MOAT_RW, &f), 0);
    CHECK_EQ(t.root[63] & 0xfff0000000000fff, 0x6000000000000a03);
    CHECK_EQ(hw_walk(&(struct hw_root){ true, 6, t.root_pa, 0, 46 },
                     (1ULL << 63) - K4).pa, 0x5000);
    CHECK_EQ(iopt_map(&t, 1ULL << 63, 0x5000, K4, MOAT_RW, &f), -ERANGE);
    CHECK_EQ(iopt_map(&t, ~0ULL << 12, 0x5000, K4, MOAT_RW, &f), -ERANGE);
    CHECK_EQ(iopt_unmap(&t, ~0ULL << 12, K4, &f), -ERANGE);
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
