/* SPDX-License-Identifier: GPL-2.0-only */
/* The fault log: words of every code, decoding, every record taken. */
#include "vtd_fake.h"

#include "vtd/vtd_unit.h"

#define BASE    ((moat_paddr_t)0xfed90000)

/* The codes the specification defines (7.1, tables of fault reasons). */
static bool defined(unsigned int code)
{
    static const struct { uint8_t first, last; } ranges[] = {
        { 0x01, 0x0e }, { 0x20, 0x28 }, { 0x30, 0x32 }, { 0x38, 0x3a },
        { 0x40, 0x48 }, { 0x50, 0x52 }, { 0x58, 0x5d }, { 0x70, 0x7c },
        { 0x80, 0x87 }, { 0x90, 0x90 },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(ranges); i++ )
        if ( code >= ranges[i].first && code <= ranges[i].last )
            return true;
    return false;
}

TEST(every_code_has_words)
{
    unsigned int code;

    for ( code = 0; code < 0x200; code++ )
    {
        const char *s = vtd_fault_reason(code);

        CHECK(s && *s);
        CHECK_MSG(defined(code) == !strstr(s, "unknown"), "code %#x: %s",
                  code, s);
    }
    CHECK_STR(vtd_fault_reason(0x01), "root entry not present");
    CHECK_STR(vtd_fault_reason(0x02), "context entry not present");
    CHECK_STR(vtd_fault_reason(0x05), "no permission to write");
    CHECK_STR(vtd_fault_reason(0x06), "no permission to read");
    CHECK_STR(vtd_fault_reason(0x22), "interrupt entry not present");
}

static struct moat_fault decode(uint64_t hi, uint64_t lo)
{
    struct vtd_words w = { { lo, hi } };
    struct moat_fault f;

    vtd_fault_decode(&w, 0x12, &f);
    return f;
}

TEST(decoding)
{
    struct moat_fault f = decode(0x8000000500000028, 0xdeadb000);

    CHECK_EQ(f.source, 0x00120028);
    CHECK_EQ(f.addr, 0xdeadb000);
    CHECK_EQ(f.code, 5);
    CHECK_EQ(f.access, MOAT_ACCESS_WRITE);
    CHECK_STR(f.reason, vtd_fault_reason(5));

    CHECK_EQ(decode(0xc000000600000028, 0).access, MOAT_ACCESS_READ);
    CHECK_EQ(decode(0xc000000610000028, 0).access, MOAT_ACCESS_ATOMIC);
    CHECK_EQ(decode(0x8000000610000028, 0).access, MOAT_ACCESS_TRANSLATE);
    CHECK_EQ(decode(0xd000000d00000028, 0).access, MOAT_ACCESS_TRANSLATE);
    CHECK_EQ(decode(0xe000000d00000028, 0).access, MOAT_ACCESS_READ);
    /* PASID, privilege and execute bits do not matter. */
    f = decode(0xc0fffff6efff1234 & ~0x10000000ull, ~0ull);
    CHECK_EQ(f.source, 0x00121234);
    CHECK_EQ(f.addr, 0xfffffffffffff000);

    f = decode(0x800000260000ff00, 0x1234ffffffff0000);
    CHECK_EQ(f.access, MOAT_ACCESS_INTERRUPT);
    CHECK_EQ(f.addr, 0x1234);
    CHECK_EQ(f.code, 0x26);
}

/* A unit of 8 records behind the core. */
static struct moat_platform *p;
static struct moat_unit *u;

static struct vtd_fake *up(void)
{
    static struct dmar_build d;
    struct vtd_fake *f = fake_unit_at(BASE, FAKE_CAP | 7ull << 40, FAKE_ECAP);

    dmar_begin(&d, 1);
    dmar_drhd(&d, BASE, true, 0xff);
    dmar_end(&d);
    REQUIRE(!moat_platform_create(&fake_opts, &p));
    u = moat_unit_get(p, 0);
    REQUIRE(!moat_platform_setup(p));
    return f;
}

static void down(struct vtd_fake *f)
{
    moat_platform_destroy(p);
    free(f);
}

static unsigned int take(struct moat_fault *got, unsigned int max,
                         bool *overflow)
{
    *overflow = false;
    return u->ops->faults_take(u, got, max, overflow);
}

/* From every first record, every number of records: all, once, in order. */
TEST(all_records_in_a_circle)
{
    struct vtd_fake *f = up();
    unsigned int first, n, i;
    bool overflow;

    for ( first = 0; first < 8; first++ )
        for ( n = 0; n <= 8; n++ )
        {
            struct moat_fault got[9];

            for ( i = 0; i < n; i++ )
                fake_fault(f, (first + i) % 8, (i + 1) << 12, 0x20, 6, true,
                           !i);
            CHECK_EQ(take(got, 9, &overflow), n);
            for ( i = 0; i < n; i++ )
                CHECK_EQ(got[i].addr, (i + 1) << 12);
            CHECK(!overflow);
            CHECK_EQ(fake_get32(f, 0x34) & 3, 0);
            CHECK_EQ(take(got, 9, &overflow), 0);
        }
    down(f);
}

/* Any set of records, wherever FRI points, however few are taken at once. */
TEST(any_set_of_records)
{
    struct vtd_fake *f = up();
    unsigned int set, fri, max;
    bool overflow;

    for ( set = 0; set < 256; set++ )
        for ( fri = 0; fri < 8; fri += 3 )
            for ( max = 1; max <= 9; max += 4 )
            {
                struct moat_fault got[9];
                unsigned int i, n, seen = 0, calls = 0;

                for ( i = 0; i < 8; i++ )
                    if ( set & (1u << i) )
                        fake_fault(f, i, (uint64_t)i << 12, 0x20, 6, true,
                                   false);
                fake_set32(f, 0x34, (fake_get32(f, 0x34) & 0xff) | fri << 8);
                do {
                    n = take(got, max, &overflow);
                    CHECK(n <= max);
                    for ( i = 0; i < n; i++ )
                    {
                        CHECK(!(seen & (1u << (got[i].addr >> 12))));
                        seen |= 1u << (got[i].addr >> 12);
                    }
                } while ( n == max && ++calls < 20 );
                CHECK_EQ(seen, set);
                CHECK_EQ(fake_get32(f, 0x34) & 2, 0);
            }
    down(f);
}

TEST(overflow)
{
    struct vtd_fake *f = up();
    struct moat_fault got[9];
    bool lost;
    unsigned int i;

    for ( i = 0; i < 8; i++ )
        fake_fault(f, i, 0x1000, 0x20, 6, true, !i);
    fake_set32(f, 0x34, fake_get32(f, 0x34) | 1);
    CHECK_EQ(take(got, 9, &lost), 8);
    CHECK(lost);
    CHECK_EQ(fake_get32(f, 0x34) & 3, 0);
    CHECK_EQ(take(got, 9, &lost), 0);
    CHECK(!lost);
    down(f);
}

/* PPF that no record explains must not keep anybody busy. */
TEST(pending_without_record)
{
    struct vtd_fake *f = up();
    struct moat_fault got[9];
    bool lost;

    fake_set32(f, 0x34, 0x702);
    CHECK_EQ(take(got, 9, &lost), 0);
    fake_set32(f, 0x34, 0xff02);        /* FRI beyond the records */
    CHECK_EQ(take(got, 9, &lost), 0);
    fake_set32(f, 0x34, ~0u);           /* the unit is gone */
    CHECK_EQ(take(got, 9, &lost), 0);
    fake_set32(f, 0x34, 0);
    down(f);
}

TEST(queue_error_bits)
{
    struct vtd_fake *f = up();
    struct moat_fault got[1];
    bool lost;

    fake_set32(f, 0x34, 0x20);
    CHECK_EQ(take(got, 1, &lost), 0);
    CHECK_LOG("completion that was not asked for");
    CHECK_EQ(fake_get32(f, 0x34), 0);
    fake_set32(f, 0x34, 0x40);
    CHECK_EQ(take(got, 1, &lost), 0);
    CHECK_LOG("did not confirm a device-TLB invalidation");
    CHECK_EQ(fake_get32(f, 0x34), 0);
    down(f);
}

TEST(message_and_mask)
{
    static const struct moat_msi_msg m = { 0xfee01000, 0x100, 0x4031 };
    struct vtd_fake *f = up();

    /* 5.1.5.1: an IO-APIC entry keeps its vector beside the index. */
    CHECK(moat_platform_caps(p)->rte_vector);
    CHECK_EQ(fake_get32(f, 0x38), 0x80000000);
    moat_unit_irq_message(u, &m);
    CHECK_EQ(fake_get32(f, 0x3c), 0x4031);
    CHECK_EQ(fake_get32(f, 0x40), 0xfee01000);
    CHECK_EQ(fake_get32(f, 0x44), 0x100);
    moat_unit_irq_mask(u, false);
    CHECK_EQ(fake_get32(f, 0x38), 0);
    moat_unit_irq_mask(u, true);
    CHECK_EQ(fake_get32(f, 0x38), 0x80000000);
    moat_unit_irq_mask(u, false);
    moat_platform_quiesce(u->platform);
    CHECK_EQ(fake_get32(f, 0x38), 0x80000000);
    down(f);
}
