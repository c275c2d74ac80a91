/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The DMAR parser, VT-d specification 4.1 chapter 8, against the tables of
 * tests/data/dmar.py: every record type, every kind of damage, with the
 * offset, the value and the rule of each complaint.
 */
#include "dmar_text.h"

#include "fw/cursor.h"

static void compare(const struct table_case *c)
{
    char *got = dmar_text(c->data, c->len);

    CHECK_MSG(!strcmp(got, c->want.s), "%s:\n--- got\n%s--- want\n%s",
              c->name, got, c->want.s);
    free(got);
}

TEST(dmar_tables)
{
    /* Too few would mean that the generator said nothing and nobody noticed. */
    CHECK(table_cases("dmar.py", compare) >= 80);
}

TEST(dmar_null)
{
    struct dmar d;
    struct fw_error err;

    CHECK_EQ(dmar_open(&d, NULL, 0, &err), -EINVAL);
    CHECK_EQ(dmar_open(&d, NULL, 100, &err), -EINVAL);
}

/* The end, and what cannot be told apart, are answers that stay. */
static void sticky(const struct table_case *c)
{
    struct dmar d;
    struct dmar_record r;
    struct fw_error err, again;
    int rc;

    if ( dmar_open(&d, c->data, c->len, &err) == -EINVAL )
        return;

    do {
        rc = dmar_next(&d, &r, &err);
    } while ( rc && rc != -EINVAL );

    CHECK_EQ(dmar_next(&d, &r, &again), rc);
    if ( rc )
    {
        CHECK_EQ(again.offset, err.offset);
        CHECK_EQ(again.value, err.value);
        CHECK_STR(again.rule, err.rule);
    }
    CHECK_EQ(dmar_next(&d, &r, &again), rc);
}

TEST(dmar_sticky)
{
    CHECK(table_cases("dmar.py", sticky) >= 80);
}

TEST(dmar_names)
{
    static const char *const names[] = { "DRHD", "RMRR", "ATSR", "RHSA",
                                         "ANDD", "SATC", "SIDP" };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(names); i++ )
        CHECK_STR(dmar_type_name(i), names[i]);
    CHECK_STR(dmar_type_name(7), "record of unknown type");
    CHECK_STR(dmar_type_name(~0u), "record of unknown type");
}

/* Literal words at every alignment, and no step beyond the end. */
TEST(cursor)
{
    static const uint8_t bytes[] = { 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    struct fw_cursor c = fw_cursor(bytes, 1, 9);

    CHECK_EQ(fw_left(&c), 8);
    CHECK_EQ(fw_u64(&c), 0x0807060504030201);
    CHECK(!c.bad);
    CHECK_EQ(fw_left(&c), 0);
    CHECK_EQ(fw_u8(&c), 0);
    CHECK(c.bad);

    c = fw_cursor(bytes, 1, 9);
    CHECK_EQ(fw_u8(&c), 1);
    CHECK_EQ(fw_u16(&c), 0x0302);
    CHECK_EQ(fw_u32(&c), 0x07060504);
    CHECK_EQ(fw_u16(&c), 0);            /* one byte is left */
    CHECK(c.bad);
    CHECK_EQ(c.pos, 8);
    CHECK_EQ(fw_u8(&c), 0);             /* and is not given any more */
    CHECK_EQ(fw_left(&c), 0);

    c = fw_cursor(bytes, 1, 9);
    fw_skip(&c, 8);
    CHECK(!c.bad);
    fw_skip(&c, 1);
    CHECK(c.bad);

    c = fw_cursor(bytes, 5, 4);
    CHECK(c.bad);
    CHECK_EQ(fw_u8(&c), 0);
}
