/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The IVRS parser, AMD IOMMU specification (48882) chapter 5, against the
 * tables of tests/data/ivrs.py; then tables that nobody wrote: every
 * truncation and every changed byte of them, and those of real machines where
 * they are at hand (MOAT_ACPI_DIR; by default ../shared/acpi next to the
 * project's root). Each is parsed from memory that ends where it ends.
 */
#include <dirent.h>

#include "ivrs_text.h"

/* The collection that these tests were written with. */
#define COLLECTION_TABLES 60

static void compare(const struct table_case *c)
{
    char *got;

    /* Tables for the scan come without a text. */
    if ( !c->want.len )
        return;
    got = ivrs_text(c->data, c->len);
    CHECK_MSG(!strcmp(got, c->want.s), "%s:\n--- got\n%s--- want\n%s",
              c->name, got, c->want.s);
    free(got);
}

TEST(ivrs_tables)
{
    CHECK(table_cases("ivrs.py", compare) >= 55);
}

TEST(ivrs_null)
{
    struct ivrs i;
    struct fw_error err;

    CHECK_EQ(ivrs_open(&i, NULL, 0, &err), -EINVAL);
    CHECK_EQ(ivrs_open(&i, NULL, 100, &err), -EINVAL);
}

/* ---- Damage ---- */

static unsigned long tables, sound, lost, ended;

static void check_error(const struct fw_error *err, size_t len)
{
    CHECK(err->rule && *err->rule);
    CHECK(err->offset <= len);
}

static void check_entries(const struct ivrs_block *b, size_t len)
{
    struct ivrs_entries it = b->u.ivhd.entries;
    struct ivrs_entry e;
    struct fw_error err;
    size_t steps = 0;
    int rc;

    if ( !it.base )
        return;
    CHECK_EQ(it.end, b->offset + b->len);
    while ( (rc = ivrs_entry_next(&it, &e, &err)) )
    {
        /* Each answer costs bytes; two where a range is given up. */
        REQUIRE(++steps <= 2 * b->len);
        CHECK(e.first <= e.last);
        CHECK(e.offset >= b->offset && e.offset <= it.end);
        if ( rc < 0 )
            check_error(&err, len);
        if ( rc == -EINVAL )
        {
            struct fw_error again;

            CHECK_EQ(ivrs_entry_next(&it, &e, &again), rc);
            CHECK_EQ(again.offset, err.offset);
            break;
        }
        if ( rc == 1 && e.kind == IVRS_ENTRY_ACPI &&
             e.u.acpi.format == IVRS_UID_TEXT )
            CHECK(e.u.acpi.text + e.u.acpi.text_len <= it.base + it.pos);
    }
    if ( !rc )
        CHECK_EQ(ivrs_entry_next(&it, &e, &err), 0);
}

static void check_ivmd(const struct ivrs_block *b)
{
    CHECK(b->u.ivmd.first < b->u.ivmd.last);
    CHECK(!(b->u.ivmd.first & 0xfff));
    CHECK_EQ(b->u.ivmd.last & 0xfff, 0xfff);
    CHECK(b->u.ivmd.prot && b->u.ivmd.prot <= MOAT_RW);
    CHECK(b->u.ivmd.dev_first <= b->u.ivmd.dev_last);
}

static void survive(const uint8_t *data, size_t len)
{
    uint8_t *t = malloc(len ? len : 1);
    struct ivrs i;
    struct ivrs_block b;
    struct fw_error err = { 0, 0, NULL };
    size_t pos = 48;
    int rc;

    memcpy(t, data, len);
    tables++;
    rc = ivrs_open(&i, len ? t : NULL, len, &err);
    if ( rc )
        check_error(&err, len);
    while ( rc != -EINVAL )
    {
        rc = ivrs_next(&i, &b, &err);
        if ( !rc )
            break;
        if ( rc < 0 )
            check_error(&err, len);
        if ( rc == -EINVAL )
            break;
        REQUIRE(b.offset >= pos && b.len >= 4 && b.offset + b.len == i.pos);
        pos = i.pos;
        CHECK(pos <= len);
        if ( ivrs_is_ivhd(b.type) )
            check_entries(&b, len);
        else if ( rc == 1 )
            check_ivmd(&b);
        *(rc == 1 ? &sound : &lost) += 1;
    }
    ended += rc == -EINVAL;
    free(t);
}

static void truncate_case(const struct table_case *c)
{
    uint8_t *t = malloc(c->len + 1);
    size_t len;

    memcpy(t, c->data, c->len);
    for ( len = 0; len <= c->len; len++ )
        survive(t, len);
    /* The same with a header that agrees. */
    for ( len = 48; len <= c->len; len++ )
    {
        t[4] = (uint8_t)len;
        t[5] = (uint8_t)(len >> 8);
        survive(t, len);
    }
    free(t);
}

TEST(ivrs_truncated)
{
    tables = ended = 0;
    CHECK(table_cases("ivrs.py", truncate_case) >= 55);
    CHECK_MSG(tables > 9000, "%lu tables", tables);
    CHECK_MSG(ended > 1000, "%lu ended", ended);
}

/* Every byte, changed to each of a few values that matter, and by each bit. */
static void change_case(const struct table_case *c)
{
    static const uint8_t values[] = { 0, 1, 3, 4, 0x40, 0x48, 0x7f, 0x80,
                                      0xf0, 0xf1, 0xff };
    uint8_t *t = malloc(c->len + 1);
    size_t i;
    unsigned int k;

    memcpy(t, c->data, c->len);
    for ( i = 0; i < c->len; i++ )
    {
        for ( k = 0; k < ARRAY_SIZE(values); k++ )
        {
            t[i] = values[k];
            survive(t, c->len);
        }
        for ( k = 0; k < 8; k++ )
        {
            t[i] = c->data[i] ^ (uint8_t)(1u << k);
            survive(t, c->len);
        }
        t[i] = c->data[i];
    }
    free(t);
}

/* All 256 values of each byte of the table that has everything. */
static void change_all(const struct table_case *c)
{
    uint8_t *t;
    size_t i;
    unsigned int v;

    if ( strcmp(c->name, "every-entry") && strcmp(c->name, "ivmd-kinds") )
        return;
    t = malloc(c->len);
    memcpy(t, c->data, c->len);
    for ( i = 0; i < c->len; i++ )
    {
        for ( v = 0; v < 256; v++ )
        {
            t[i] = (uint8_t)v;
            survive(t, c->len);
        }
        t[i] = c->data[i];
    }
    free(t);
}

TEST(ivrs_changed)
{
    tables = sound = lost = ended = 0;
    CHECK(table_cases("ivrs.py", change_case) >= 55);
    table_cases("ivrs.py", change_all);
    CHECK(tables > 100000);
    /* Damage must have been of every kind, or this proved nothing. */
    CHECK(sound > 10000 && lost > 1000 && ended > 1000);
}

/* ---- Real machines ---- */

static unsigned int count[256], entries_bad;

static void count_table(const uint8_t *data, size_t len)
{
    struct ivrs i;
    struct ivrs_block b;
    struct ivrs_entry e;
    struct fw_error err;
    int rc = ivrs_open(&i, data, len, &err);

    CHECK_MSG(!rc, "offset %zu: %s", err.offset, err.rule);
    while ( rc != -EINVAL && (rc = ivrs_next(&i, &b, &err)) )
    {
        CHECK_MSG(rc == 1, "offset %zu: %s (%#" PRIx64 ")", err.offset,
                  err.rule, err.value);
        if ( rc != 1 )
            continue;
        count[b.type]++;
        while ( ivrs_is_ivhd(b.type) &&
                (rc = ivrs_entry_next(&b.u.ivhd.entries, &e, &err)) )
        {
            entries_bad += rc < 0;
            CHECK_MSG(rc == 1, "offset %zu: %s (%#" PRIx64 ")", err.offset,
                      err.rule, err.value);
            if ( rc == -EINVAL )
                break;
        }
        rc = 1;
    }
    count[0x51] += i.unknown;
}

static bool one_file(const char *dir, const char *name)
{
    char path[512];
    uint8_t buf[65536], *t;
    size_t len;
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "rb");
    REQUIRE(f);
    len = fread(buf, 1, sizeof(buf), f);
    fclose(f);
    t = malloc(len);
    memcpy(t, buf, len);
    count_table(t, len);
    free(t);
    survive(buf, len);
    return true;
}

TEST(ivrs_machines)
{
    const char *dir = getenv("MOAT_ACPI_DIR");
    char path[256];
    struct dirent *d;
    unsigned int n = 0;
    DIR *list;

    list = opendir(dir ? dir : data_path(path, sizeof(path),
                                         "../../../shared/acpi"));
    dir = dir ? dir : path;
    memset(count, 0, sizeof(count));
    entries_bad = 0;
    while ( list && (d = readdir(list)) )
        if ( !strncmp(d->d_name, "IVRS-", 5) )
            n += one_file(dir, d->d_name);
    if ( list )
        closedir(list);
    if ( n < COLLECTION_TABLES )
        test_skip("%u of %u tables of real machines",
                  COLLECTION_TABLES - n, COLLECTION_TABLES);
    if ( n != COLLECTION_TABLES )
        return;

    /* Counted by other means. */
    CHECK_EQ(count[0x10], 61);
    CHECK_EQ(count[0x11], 60);
    CHECK_EQ(count[0x40], 30);
    CHECK_EQ(count[0x20], 0);
    CHECK_EQ(count[0x21], 4);
    CHECK_EQ(count[0x22], 5);
    CHECK_EQ(count[0x51], 2);
    CHECK_EQ(entries_bad, 0);
}
