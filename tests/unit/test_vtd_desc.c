/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VT-d's words against literals worked out from the specification (9.1, 9.3,
 * 6.5.2, 9.9, 9.10, 5.1), and range cover against a flat model.
 */
#include "test.h"
#include "vtd/vtd_unit.h"

#define CHECK_WORDS(got, hi, lo)                                        \
    do {                                                                \
        struct vtd_words w_ = (got);                                    \
        CHECK_EQ(w_.w[0], lo);                                          \
        CHECK_EQ(w_.w[1], hi);                                          \
    } while ( 0 )

TEST(root_entry)
{
    CHECK_EQ(vtd_make_root(0x123456789000), 0x0000123456789001);
}

TEST(context_entry)
{
    struct hw_entry e = { .kind = HW_ENTRY_TABLE, .did = 0xabcd,
                          .levels = 4, .root = 0x123456789000 };

    CHECK_WORDS(vtd_make_context(&e, 5), 0x0000000000abcd02,
                0x0000123456789001);
    e.devtlb = true;
    e.levels = 3;
    CHECK_WORDS(vtd_make_context(&e, 5), 0x0000000000abcd01,
                0x0000123456789005);
    e.devtlb = false;
    e.levels = 5;
    CHECK_WORDS(vtd_make_context(&e, 5), 0x0000000000abcd03,
                0x0000123456789001);
    e.kind = HW_ENTRY_PASSTHROUGH;
    CHECK_WORDS(vtd_make_context(&e, 4), 0x0000000000abcd02,
                0x0000000000000009);
    e.kind = HW_ENTRY_NONE;
    CHECK_WORDS(vtd_make_context(&e, 4), 0, 0);
}

TEST(context_entry_back)
{
    static const struct hw_entry e[] = {
        { .kind = HW_ENTRY_NONE },
        { .kind = HW_ENTRY_TABLE, .did = 1, .levels = 3, .root = 0x1000 },
        { .kind = HW_ENTRY_TABLE, .did = 0xffff, .levels = 5,
          .root = 0xffffffffff000, .devtlb = true },
        { .kind = HW_ENTRY_PASSTHROUGH, .did = 77 },
    };
    struct vtd_words bad = { { 0x000000000000000d, 2 } };
    struct hw_entry got;
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(e); i++ )
    {
        struct vtd_words w = vtd_make_context(&e[i], 4);

        CHECK_EQ(vtd_parse_context(&w, &got), 0);
        CHECK_EQ(got.kind, e[i].kind);
        CHECK_EQ(got.did, e[i].did);
        CHECK_EQ(got.levels, e[i].levels);
        CHECK_EQ(got.root, e[i].root);
        CHECK_EQ(got.devtlb, e[i].devtlb);
    }
    CHECK_EQ(vtd_parse_context(&bad, &got), -EBADMSG);
}

TEST(descriptors)
{
    uint64_t drain = VTD_DESC_DR | VTD_DESC_DW;

    CHECK_WORDS(vtd_make_context_all(), 0, 0x11);
    CHECK_WORDS(vtd_make_context_device(0x1234, 0xabcd, 3), 0,
                0x0003abcd12340031);
    CHECK_WORDS(vtd_make_iotlb_all(0), 0, 0x12);
    CHECK_WORDS(vtd_make_iotlb_all(drain), 0, 0xd2);
    CHECK_WORDS(vtd_make_iotlb_domain(0xffff, drain), 0, 0xffff00e2);
    CHECK_WORDS(vtd_make_iotlb_pages(5, 0x123456789000, 0, false, 0),
                0x0000123456789000, 0x00050032);
    CHECK_WORDS(vtd_make_iotlb_pages(5, 0x123456780000, 9, true, drain),
                0x0000123456780049, 0x000500f2);
    CHECK_WORDS(vtd_make_iec_all(), 0, 0x4);
    CHECK_WORDS(vtd_make_iec_index(0xabcd, 0), 0, 0x0000abcd00000014);
    CHECK_WORDS(vtd_make_iec_index(0x1000, 12), 0, 0x0000100060000014);
    CHECK_WORDS(vtd_make_wait(0x123456788, 0xdeadbeef), 0x123456788,
                0xdeadbeef00000065);
}

TEST(device_tlb)
{
    /* SID 47:32, PFSID 15:12 and 63:52, MIP 20:16. */
    CHECK_WORDS(vtd_make_devtlb(0x1234, 0xabcd, 31, 0x5000, 0x5fff),
                0x5000, 0xabc01234001fd003);
    CHECK_EQ(vtd_devtlb_range(0x5000, 0x5fff), 0x5000);
    /* Two pages: bit 12 zero. Four: bit 12 one, 13 zero. */
    CHECK_EQ(vtd_devtlb_range(0x4000, 0x5fff), 0x4001);
    CHECK_EQ(vtd_devtlb_range(0x5000, 0x6fff), 0x5001);
    CHECK_EQ(vtd_devtlb_range(0x0000, 0x3fff), 0x1001);
    CHECK_EQ(vtd_devtlb_range(0x200000, 0x3fffff), 0x2ff001);
    CHECK_EQ(vtd_devtlb_range(0, ~(uint64_t)0), 0x7ffffffffffff001);
    CHECK_EQ(vtd_devtlb_range(0x7ffffffffffff000, 0x8000000000000fff),
             0x7ffffffffffff001);
}

/* What a device makes of the field (ATS 10.3.2), from its definition. */
static void devtlb_decode(uint64_t field, uint64_t *first, uint64_t *last)
{
    unsigned int bit = 12;
    uint64_t size = 4096;

    if ( field & 1 )
    {
        for ( size = 8192; field & ((uint64_t)1 << bit); bit++ )
            size <<= 1;
    }
    *first = field & ~(size - 1);
    *last = *first + (size - 1);
}

TEST(device_tlb_covers)
{
    uint64_t a, b, first, last;

    for ( a = 0; a < 70; a++ )
        for ( b = a; b < 140; b++ )
        {
            uint64_t base = 0x123400000;

            devtlb_decode(vtd_devtlb_range(base + (a << 12),
                                           base + (b << 12) + 0xfff),
                          &first, &last);
            CHECK(first <= base + (a << 12));
            CHECK(last >= base + (b << 12) + 0xfff);
            /* No aligned block of half the size would do. */
            CHECK(last - first == 0xfff ||
                  ((base + (a << 12)) ^ (base + (b << 12))) &
                  ((last - first + 1) >> 1));
        }
}

TEST(irte_remapped)
{
    struct hw_irte e = {
        .present = true,
        .intr = { .vector = 0x41, .dest = 0x12 },
        .sid_kind = HW_SID_EXACT, .sid = 0xabcd };

    CHECK_WORDS(vtd_make_irte(&e, false), 0x000000000004abcd,
                0x0000120000410001);
    e.intr.dest = 0x12345678;
    CHECK_WORDS(vtd_make_irte(&e, true), 0x000000000004abcd,
                0x1234567800410001);
    e.sid_fn_ignore = 4;
    CHECK_WORDS(vtd_make_irte(&e, false), 0x000000000005abcd,
                0x0000780000410001);
    e.sid_fn_ignore = 6;
    CHECK_WORDS(vtd_make_irte(&e, false), 0x000000000006abcd,
                0x0000780000410001);
    e.sid_fn_ignore = 7;
    CHECK_WORDS(vtd_make_irte(&e, false), 0x000000000007abcd,
                0x0000780000410001);
    e.intr.logical = e.intr.level = true;
    e.intr.delivery = 1;
    e.sid_kind = HW_SID_BUS_RANGE;
    e.bus_first = 3;
    e.bus_last = 9;
    CHECK_WORDS(vtd_make_irte(&e, true), 0x0000000000080309,
                0x1234567800410035);
    e.present = false;
    CHECK_WORDS(vtd_make_irte(&e, true), 0, 0);
}

TEST(irte_posted)
{
    struct hw_irte e = {
        .present = true, .intr = { .vector = 0x55 },
        .sid_kind = HW_SID_EXACT, .sid = 0x20, .pi_desc = 0x123456789ac0 };

    CHECK_WORDS(vtd_make_irte(&e, true), 0x0000123400040020,
                0x56789ac000558001);
}

TEST(irte_back)
{
    static const struct hw_irte e[] = {
        { .present = false },
        { .present = true, .intr = { .vector = 0x31, .dest = 3 },
          .sid_kind = HW_SID_EXACT, .sid = 0x28 },
        { .present = true, .sid_kind = HW_SID_BUS_RANGE, .bus_first = 2,
          .bus_last = 7, .intr = { .vector = 0xef, .delivery = 7,
          .logical = true, .level = true, .dest = 0xff } },
        { .present = true, .intr = { .vector = 1 },
          .sid_kind = HW_SID_EXACT, .sid = 1,
          .pi_desc = 0xfedcba9876543fc0 },
        { .present = true, .sid_kind = HW_SID_EXACT, .sid = 8,
          .sid_fn_ignore = 4 },
        { .present = true, .sid_kind = HW_SID_EXACT, .sid = 9,
          .sid_fn_ignore = 6 },
        { .present = true, .sid_kind = HW_SID_EXACT, .sid = 8,
          .sid_fn_ignore = 7 },
    };
    struct vtd_words bad = { { 1, 0 } };
    struct hw_irte got;
    unsigned int i, x;

    for ( i = 0; i < ARRAY_SIZE(e); i++ )
        for ( x = 0; x < 2; x++ )
        {
            struct vtd_words w = vtd_make_irte(&e[i], x);

            CHECK_EQ(vtd_parse_irte(&w, x, &got), 0);
            CHECK_EQ(got.present, e[i].present);
            CHECK_EQ(got.intr.vector, e[i].intr.vector);
            CHECK_EQ(got.intr.dest, e[i].intr.dest);
            CHECK_EQ(got.intr.delivery, e[i].intr.delivery);
            CHECK_EQ(got.intr.logical, e[i].intr.logical);
            CHECK_EQ(got.intr.level, e[i].intr.level);
            CHECK_EQ(got.sid_kind, e[i].sid_kind);
            CHECK_EQ(got.sid, e[i].sid);
            CHECK_EQ(got.sid_fn_ignore, e[i].sid_fn_ignore);
            CHECK_EQ(got.bus_first, e[i].bus_first);
            CHECK_EQ(got.bus_last, e[i].bus_last);
            CHECK_EQ(got.pi_desc, e[i].pi_desc);
        }
    /* No source validation: nothing this driver makes. */
    CHECK_EQ(vtd_parse_irte(&bad, false, &got), -EBADMSG);
}

TEST(messages)
{
    struct moat_msi_msg m = vtd_make_msi(0x1234);

    CHECK_EQ(m.addr_lo, 0xfee24698);
    CHECK_EQ(m.addr_hi, 0);
    CHECK_EQ(m.data, 0);
    m = vtd_make_msi(0x9234);
    CHECK_EQ(m.addr_lo, 0xfee2469c);
    CHECK_EQ(m.data, 0);
    m = vtd_make_msi(0x8000);
    CHECK_EQ(m.addr_lo, 0xfee0001c);
}

TEST(ioapic_words)
{
    /* Level, low, masked; delivery mode and destination are the entry's. */
    CHECK_EQ(vtd_make_rte(0x1234, 0xff0000000001af31), 0x246900000001a031);
    CHECK_EQ(vtd_make_rte(0x9234, 0x0000000000000931), 0x2469000000000831);
    CHECK_EQ(vtd_rte_index(NULL, vtd_make_rte(0x9234, 0x31)), 0x9234);
    CHECK_EQ(vtd_rte_index(NULL, vtd_make_rte(0, 0x31)), 0);
    CHECK_EQ(vtd_rte_index(NULL, 0xff00000000000031), -ENOENT);
}

/* ---- Cover ---- */

/* Every range of a small space, for every limit of order. */
TEST(cover_exact)
{
    unsigned int first, last, max;

    for ( max = 0; max <= 8; max++ )
        for ( first = 0; first < 130; first++ )
            for ( last = first; last < 130; last++ )
            {
                uint64_t at = first;
                unsigned int n = 0;

                for ( ; ; )
                {
                    unsigned int o = vtd_cover_order(at, last, max);

                    n++;
                    CHECK(o <= max);
                    CHECK(!(at & (((uint64_t)1 << o) - 1)));
                    CHECK(at + ((uint64_t)1 << o) - 1 <= last);
                    /* A block of the next order would not have done. */
                    CHECK(o == max || (at & ((uint64_t)1 << o)) ||
                          at + ((uint64_t)2 << o) - 1 > last);
                    at += (uint64_t)1 << o;
                    if ( at > last )
                        break;
                }
                CHECK_EQ(vtd_cover_count(first, last, max, 1000), n);
                CHECK_EQ(vtd_cover_count(first, last, max, 3),
                         n < 4 ? n : 4);
            }
}

TEST(cover_ends)
{
    CHECK_EQ(vtd_cover_order(0, ~(uint64_t)0, 63), 63);
    CHECK_EQ(vtd_cover_count(0, ~(uint64_t)0, 63, 8), 2);
    CHECK_EQ(vtd_cover_order(~(uint64_t)0, ~(uint64_t)0, 63), 0);
    CHECK_EQ(vtd_cover_count(1, ~(uint64_t)0, 63, 100), 64);
    CHECK_EQ(vtd_cover_order(0, 0, 0), 0);
}
