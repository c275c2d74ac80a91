/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AMD-Vi's words against literals worked out from the specification (48882
 * rev. 3.07: 2.2.2.1, 2.2.5, 2.4, 2.5), and range encoding against a model.
 */
#include "amd/amdvi_unit.h"
#include "test.h"

#define CHECK_WORDS(got, hi, lo)                                        \
    do {                                                                \
        struct amdvi_words w_ = (got);                                  \
        CHECK_EQ(w_.w[0], lo);                                          \
        CHECK_EQ(w_.w[1], hi);                                          \
    } while ( 0 )

/* ---- 2.2.2.1 ---- */

TEST(dte_dma_half)
{
    struct hw_entry e = { .kind = HW_ENTRY_TABLE, .did = 0xabcd,
                          .levels = 4, .root = 0x123456789000 };

    CHECK_WORDS(amdvi_make_dte(&e, 0, 0x7000), 0xabcd,
                0x6000123456789803);
    e.levels = 6;
    e.devtlb = true;
    CHECK_WORDS(amdvi_make_dte(&e, 0, 0x7000), 0x10000abcd,
                0x6000123456789c03);
    /* System management: bits 105:104, from bits 5:4 of the setting. */
    e.levels = 1;
    e.devtlb = false;
    CHECK_WORDS(amdvi_make_dte(&e, 0x30, 0x7000), 0x3000000abcd,
                0x6000123456789203);
    CHECK_WORDS(amdvi_make_dte(&e, 0xdf, 0x7000), 0x1000000abcd,
                0x6000123456789203);

    e.kind = HW_ENTRY_PASSTHROUGH;
    CHECK_WORDS(amdvi_make_dte(&e, 0, 0x7000), 0xabcd, 0x6000000000000003);
    /* Blocked: no rights, an empty table, domain id 0, nothing else. */
    e.kind = HW_ENTRY_NONE;
    CHECK_WORDS(amdvi_make_dte(&e, 0xff, 0x7000), 0, 0x7203);
    CHECK_WORDS(amdvi_make_dte_off(), 0, 0);
}

TEST(dte_back)
{
    static const struct hw_entry e[] = {
        { .kind = HW_ENTRY_NONE },
        { .kind = HW_ENTRY_TABLE, .did = 1, .levels = 1, .root = 0x1000 },
        { .kind = HW_ENTRY_TABLE, .did = 0xffff, .levels = 6,
          .root = 0xffffffffff000, .devtlb = true },
        { .kind = HW_ENTRY_PASSTHROUGH, .did = 77 },
    };
    static const uint64_t bad[] = {
        0,                          /* V=0 */
        0x6000000000001201,         /* TV=0 */
        0x6000000000001e03,         /* mode 7 */
        0x2000000000001203,         /* read only */
        0x4000000000001203,         /* write only */
        0x0000000000000003,         /* mode 0 without rights */
    };
    struct amdvi_words w;
    struct hw_entry got;
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(e); i++ )
    {
        w = amdvi_make_dte(&e[i], 0xff, 0x5000);
        CHECK_EQ(amdvi_parse_dte(&w, &got), 0);
        CHECK_EQ(got.kind, e[i].kind);
        CHECK_EQ(got.did, e[i].did);
        CHECK_EQ(got.levels, e[i].levels);
        CHECK_EQ(got.root, e[i].root);
        CHECK_EQ(got.devtlb, e[i].devtlb);
    }
    for ( i = 0; i < ARRAY_SIZE(bad); i++ )
    {
        w.w[0] = bad[i];
        w.w[1] = 0;
        CHECK_EQ(amdvi_parse_dte(&w, &got), -EBADMSG);
        CHECK_EQ(got.kind, HW_ENTRY_NONE);
    }
}

TEST(dte_interrupt_half)
{
    /* IV, 512 entries, root 51:6, remapped. */
    CHECK_WORDS(amdvi_make_dte_intr(0x123456789000, 9, 0), 0,
                0x2000123456789013);
    /* No table: aborted. */
    CHECK_WORDS(amdvi_make_dte_intr(0, 9, 0), 0, 0x0000000000000001);
    /* INIT 56, ExtInt 57, NMI 58, LINT0 62, LINT1 63. */
    CHECK_WORDS(amdvi_make_dte_intr(0, 9, 0x01), 0, 0x0100000000000001);
    CHECK_WORDS(amdvi_make_dte_intr(0, 9, 0x02), 0, 0x0200000000000001);
    CHECK_WORDS(amdvi_make_dte_intr(0, 9, 0x04), 0, 0x0400000000000001);
    CHECK_WORDS(amdvi_make_dte_intr(0, 9, 0x40), 0, 0x4000000000000001);
    CHECK_WORDS(amdvi_make_dte_intr(0, 9, 0x80), 0, 0x8000000000000001);
    CHECK_WORDS(amdvi_make_dte_intr(0x1000, 9, 0xd7), 0,
                0xe700000000001013);
}

/* ---- 2.4 ---- */

TEST(commands)
{
    /* S and F; address 51:3 in place. */
    CHECK_WORDS(amdvi_make_wait(0xfedcba9876548, 0x1122334455667788),
                0x1122334455667788, 0x100fedcba987654d);
    CHECK_WORDS(amdvi_make_nop(), 0, 0x1000000000000000);
    CHECK_WORDS(amdvi_make_inv_devtab(0xbeef), 0, 0x200000000000beef);
    CHECK_WORDS(amdvi_make_inv_intr(0xbeef), 0, 0x500000000000beef);
    CHECK_WORDS(amdvi_make_inv_all(), 0, 0x8000000000000000);
}

/* 2.4.3, 2.4.4: PDE is bit 1, S bit 0; the first 0 from bit 12 is the size. */
TEST(commands_pages)
{
    CHECK_WORDS(amdvi_make_inv_pages(0xabcd, 0x12345000, 0, false),
                0x12345000, 0x3000abcd00000000);
    CHECK_WORDS(amdvi_make_inv_pages(0xabcd, 0x12344000, 1, false),
                0x12344001, 0x3000abcd00000000);
    CHECK_WORDS(amdvi_make_inv_pages(0xabcd, 0x12344000, 2, false),
                0x12345001, 0x3000abcd00000000);
    CHECK_WORDS(amdvi_make_inv_pages(0xabcd, 0x12200000, 9, true),
                0x122ff003, 0x3000abcd00000000);
    CHECK_WORDS(amdvi_make_inv_pages(0xabcd, 0x40000000, 18, true),
                0x5ffff003, 0x3000abcd00000000);
    CHECK_WORDS(amdvi_make_inv_pages(0xabcd, 0, 52, true),
                0x7ffffffffffff003, 0x3000abcd00000000);

    /* The device's own cache: the same encoding, S included. */
    CHECK_WORDS(amdvi_make_inv_iotlb(0xbeef, 0xbee8, 32, 0x12345000, 0),
                0x12345000, 0x4000bee82000beef);
    CHECK_WORDS(amdvi_make_inv_iotlb(0xbeef, 0xbee8, 32, 0x12200000, 9),
                0x122ff001, 0x4000bee82000beef);
    CHECK_WORDS(amdvi_make_inv_iotlb(0xbeef, 0xbee8, 255, 0, 52),
                0x7ffffffffffff001, 0x4000bee8ff00beef);
}

/* Read back as hardware does, for every order and some places. */
TEST(range_encoding)
{
    unsigned int order, bit;
    uint64_t at, w, first, size;

    for ( order = 0; order < 52; order++ )
        for ( at = 0; at < 3; at++ )
        {
            if ( order + 14 > 63 && at )
                continue;
            w = amdvi_inv_range(at << (12 + order), order);
            if ( !(w & 1) )
            {
                CHECK_EQ(order, 0);
                CHECK_EQ(w, at << 12);
                continue;
            }
            for ( bit = 12; (w >> bit) & 1; bit++ )
                continue;
            size = 2ull << bit;
            first = w & ~(size - 1);
            CHECK_EQ(size, 0x1000ull << order);
            CHECK_EQ(first, at << (12 + order));
        }
}

/* ---- 2.2.5 ---- */

TEST(interrupt_entries)
{
    struct hw_irte e, got;

    memset(&e, 0, sizeof(e));
    e.present = true;
    e.intr.vector = 0x31;
    e.intr.dest = 0x5a;
    CHECK_EQ(amdvi_make_irte32(&e), 0x00315a01);
    CHECK_WORDS(amdvi_make_irte128(&e), 0x31, 0x5a01);
    e.intr.logical = true;
    e.intr.delivery = 1;
    CHECK_EQ(amdvi_make_irte32(&e), 0x00315a45);
    e.intr.dest = 0x89abcdef;
    CHECK_WORDS(amdvi_make_irte128(&e), 0x8900000000000031, 0xabcdef45);

    memset(&got, 0, sizeof(got));
    {
        struct amdvi_words w = amdvi_make_irte128(&e);

        amdvi_parse_irte128(&w, &got);
    }
    CHECK(got.present && got.intr.logical);
    CHECK_EQ(got.intr.dest, 0x89abcdef);
    CHECK_EQ(got.intr.vector, 0x31);
    CHECK_EQ(got.intr.delivery, 1);
    amdvi_parse_irte32(0x00315a45, &got);
    CHECK_EQ(got.intr.dest, 0x5a);
    CHECK_EQ(got.intr.vector, 0x31);

    e.present = false;
    CHECK_EQ(amdvi_make_irte32(&e), 0);
    CHECK_WORDS(amdvi_make_irte128(&e), 0, 0);
}

/* ---- 2.5 ---- */

static struct moat_fault decode(uint64_t w0, uint64_t w1)
{
    struct amdvi_words w = { { w0, w1 } };
    struct moat_fault f;

    amdvi_event_decode(&w, 3, &f);
    return f;
}

TEST(events)
{
    struct moat_fault f;
    unsigned int code;

    /* IO_PAGE_FAULT, id 1234h, domain 7, a write where nothing is. */
    f = decode(0x2020000700001234, 0xdeadbeef000);
    CHECK_EQ(f.source, MOAT_SBDF(3, 0x12, 6, 4));
    CHECK_EQ(f.access, MOAT_ACCESS_WRITE);
    CHECK_EQ(f.addr, 0xdeadbeef000);
    CHECK_EQ(f.code, 2);
    CHECK_STR(f.reason, "nothing is mapped there");

    f = decode(0x2050000700001234, 0x1000);    /* PR, PE */
    CHECK_EQ(f.access, MOAT_ACCESS_READ);
    CHECK_STR(f.reason, "no right to read there");
    f = decode(0x2070000700001234, 0x1000);    /* PR, RW, PE */
    CHECK_EQ(f.access, MOAT_ACCESS_WRITE);
    CHECK_STR(f.reason, "no right to write there");
    f = decode(0x2190000700001234, 0x1000);    /* PR, RZ, TR */
    CHECK_EQ(f.access, MOAT_ACCESS_TRANSLATE);
    CHECK_STR(f.reason, "reserved bits are set in a table entry on the way");
    f = decode(0x2008000000001234, 0xfee00000); /* I */
    CHECK_EQ(f.access, MOAT_ACCESS_INTERRUPT);
    CHECK_STR(f.reason, "interrupt without a remapping entry");

    for ( code = 0; code < 16; code++ )
    {
        f = decode((uint64_t)code << 60, 0);
        CHECK_EQ(f.code, code);
        CHECK(f.reason && *f.reason);
    }
    CHECK_STR(decode(7ull << 60, 0).reason,
              "it did not answer an invalidation of its address cache");
}
