/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables that nobody wrote: every truncation and every single changed byte
 * of the tables of tests/data/dmar.py, and the tables of real machines where
 * they are at hand. Each is parsed from memory that ends where it ends, so
 * that the sanitizer sees any byte read beyond.
 *
 * MOAT_ACPI_DIR names the folder of real tables (DMAR-*.dat); by default
 * ../shared/acpi next to the project's root.
 */
#include <dirent.h>

#include "dmar_text.h"

/* The collection that these tests were written with. */
#define COLLECTION_TABLES 151

static unsigned long tables_parsed, records_sound, records_lost, walks_ended;

static void check_error(const struct fw_error *err, size_t len)
{
    CHECK(err->rule && *err->rule);
    CHECK(err->offset <= len);
}

static void check_scopes(const struct dmar_record *r, const uint8_t *base,
                         size_t len)
{
    const struct dmar_scopes *scopes = record_scopes(r);
    struct dmar_scopes it;
    struct dmar_scope s;
    struct fw_error err;
    unsigned int sound = 0, bad = 0;
    size_t pos;
    int rc;

    if ( !scopes || !scopes->base )
        return;

    CHECK(scopes->base == base);
    CHECK(scopes->pos >= r->offset);
    CHECK(scopes->pos <= scopes->end);
    CHECK_EQ(scopes->end, r->offset + r->len);

    for ( it = *scopes, pos = it.pos; ; pos = it.pos )
    {
        rc = dmar_scope_next(&it, &s, &err);
        if ( !rc )
            break;
        sound += rc == 1;
        bad += rc < 0;
        if ( rc < 0 )
            check_error(&err, len);
        if ( rc == -EINVAL )
            break;
        REQUIRE(it.pos > pos && it.pos <= it.end);
        if ( rc == 1 )
        {
            CHECK(s.depth);
            CHECK(s.path == base + s.offset + 6);
            CHECK_EQ(s.offset + 6 + 2 * s.depth, it.pos);
        }
    }
    CHECK_EQ(scopes->sound, sound);
    CHECK_EQ(scopes->bad, bad);
}

static void check_sound(const struct dmar_record *r)
{
    switch ( r->type )
    {
    case DMAR_DRHD:
        CHECK(r->u.drhd.base);
        CHECK(!(r->u.drhd.base & 0xfff));
        CHECK(r->u.drhd.base + r->u.drhd.size - 1 < (1ULL << 52));
        break;
    case DMAR_RMRR:
        CHECK(!(r->u.rmrr.first & 0xfff));
        CHECK_EQ(r->u.rmrr.last & 0xfff, 0xfff);
        CHECK(r->u.rmrr.first < r->u.rmrr.last);
        CHECK(r->u.rmrr.last < (1ULL << 52));
        CHECK(r->u.rmrr.scopes.sound);
        break;
    case DMAR_ANDD:
        CHECK(strnlen(r->u.andd.name, r->u.andd.max) < r->u.andd.max);
        break;
    }
}

/* Parse @len bytes of @data; whatever they are, the parser keeps its word. */
static void survive(const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    const uint8_t *t = len ? copy : NULL;
    struct dmar d;
    struct dmar_record r;
    struct fw_error err = { 0, 0, NULL };
    size_t pos = 48;
    int rc;

    memcpy(copy, data, len);
    tables_parsed++;
    rc = dmar_open(&d, t, len, &err);
    CHECK(rc == 0 || rc == -EINVAL || rc == -EBADMSG);
    if ( rc )
        check_error(&err, len);

    while ( rc != -EINVAL )
    {
        CHECK(d.haw >= 32 && d.haw <= 52);
        CHECK(d.len <= len);
        rc = dmar_next(&d, &r, &err);
        if ( !rc )
            break;
        if ( rc < 0 )
            check_error(&err, len);
        if ( rc == -EINVAL )
            break;

        REQUIRE(r.offset >= pos && r.len >= 4 && r.offset + r.len == d.pos);
        pos = d.pos;
        CHECK(pos <= d.len);
        check_scopes(&r, t, len);
        if ( rc == 1 )
            check_sound(&r);
        *(rc == 1 ? &records_sound : &records_lost) += 1;
    }
    walks_ended += rc == -EINVAL;
    free(copy);
}

static void truncate_case(const struct table_case *c)
{
    size_t len;

    for ( len = 0; len <= c->len; len++ )
        survive(c->data, len);
}

/* The same with a header that agrees, as a file cut short by a tool has. */
static void shorten_case(const struct table_case *c)
{
    uint8_t *t = malloc(c->len + 1);
    size_t len;

    memcpy(t, c->data, c->len);
    for ( len = 48; len <= c->len; len++ )
    {
        t[4] = len;
        t[5] = len >> 8;
        t[6] = t[7] = 0;
        survive(t, len);
    }
    free(t);
}

static void corrupt(const uint8_t *data, size_t len, const uint8_t *flips,
                    unsigned int n)
{
    uint8_t *t = malloc(len + 1);
    unsigned int v;
    size_t i;

    memcpy(t, data, len);
    for ( i = 0; i < len; i++ )
    {
        for ( v = 0; v < n; v++ )
        {
            t[i] = data[i] ^ flips[v];
            survive(t, len);
        }
        t[i] = data[i];
    }
    free(t);
}

static void corrupt_case(const struct table_case *c)
{
    uint8_t flips[255];
    unsigned int i;

    for ( i = 0; i < 255; i++ )
        flips[i] = i + 1;
    corrupt(c->data, c->len, flips, 255);
}

static void zero_counts(void)
{
    tables_parsed = records_sound = records_lost = walks_ended = 0;
}

static void note_counts(void)
{
    test_note("%lu tables: %lu records sound, %lu lost, %lu walks ended",
              tables_parsed, records_sound, records_lost, walks_ended);
    /* Damage that reaches none of these would test nothing. */
    CHECK(records_sound && records_lost && walks_ended);
}

TEST(dmar_every_truncation)
{
    zero_counts();
    CHECK(table_cases("dmar.py", truncate_case) >= 80);
    CHECK(table_cases("dmar.py", shorten_case) >= 80);
    note_counts();
}

TEST(dmar_every_byte)
{
    zero_counts();
    CHECK(table_cases("dmar.py", corrupt_case) >= 80);
    note_counts();
}

/* ---- Real machines ---- */

static const char *acpi_dir(char *buf, size_t size)
{
    const char *env = getenv("MOAT_ACPI_DIR");

    if ( env && *env )
    {
        snprintf(buf, size, "%s", env);
        return buf;
    }
    return data_path(buf, size, "../../../shared/acpi");
}

static uint8_t *load(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data;
    long size;

    REQUIRE(f);
    fseek(f, 0, SEEK_END);
    size = ftell(f);
    rewind(f);
    data = malloc(size + 1);
    *len = fread(data, 1, size, f);
    fclose(f);
    return data;
}

/* Call fn for every DMAR of the folder; how many there were. */
static unsigned int each_real(void (*fn)(const char *name, const uint8_t *data,
                                         size_t len))
{
    char dir[256], path[512];
    struct dirent *e;
    unsigned int n = 0;
    DIR *d = opendir(acpi_dir(dir, sizeof(dir)));

    while ( d && (e = readdir(d)) != NULL )
    {
        size_t len;
        uint8_t *data;

        if ( strncmp(e->d_name, "DMAR-", 5) )
            continue;
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        data = load(path, &len);
        fn(e->d_name, data, len);
        free(data);
        n++;
    }
    if ( d )
        closedir(d);
    if ( n < COLLECTION_TABLES )
        test_skip("%u of %u tables of real machines are not in %s",
                  COLLECTION_TABLES - n, COLLECTION_TABLES, dir);
    return n;
}

#define KINDS 7
#define SCOPE_KINDS 6
static unsigned long count_record[KINDS], count_scope[SCOPE_KINDS];
static unsigned long count_unknown, count_shared, count_depth, count_lost;

static void count_real(const char *name, const uint8_t *data, size_t len)
{
    struct dmar d;
    struct dmar_record r;
    struct fw_error err = { 0, 0, "" };
    int rc = dmar_open(&d, data, len, &err);

    CHECK_MSG(!rc, "%s @%zu: %s", name, err.offset, err.rule);
    while ( rc != -EINVAL && (rc = dmar_next(&d, &r, &err)) != 0 )
    {
        struct dmar_scopes it;
        struct dmar_scope s;

        CHECK_MSG(rc != -EINVAL, "%s @%zu: %s", name, err.offset, err.rule);
        if ( rc == -EINVAL )
            break;
        if ( rc == -EBADMSG )
        {
            test_note("%s: %s lost, @%zu=0x%" PRIx64 ": %s", name,
                      dmar_type_name(r.type), err.offset, err.value,
                      err.rule);
            count_lost++;
        }
        count_record[r.type]++;
        if ( !record_scopes(&r) )
            continue;
        it = *record_scopes(&r);
        CHECK_EQ(it.bad, 0);
        count_shared += r.type == DMAR_RMRR && it.sound > 1;
        while ( dmar_scope_next(&it, &s, &err) == 1 )
        {
            count_scope[s.type < SCOPE_KINDS ? s.type : 0]++;
            count_depth += s.depth;
        }
    }
    count_unknown += d.unknown;
}

static void print_counts(struct text *t)
{
    unsigned int i;

    for ( i = 0; i < KINDS; i++ )
        say(t, "%s %lu\n", dmar_type_name(i), count_record[i]);
    say(t, "unknown %lu\n", count_unknown);
    for ( i = 0; i < SCOPE_KINDS; i++ )
        say(t, "scope%u %lu\n", i, count_scope[i]);
    say(t, "pathsteps %lu\nshared %lu\nlost %lu\n", count_depth,
        count_shared, count_lost);
}

/* The counts of another program, tests/data/dmar_count.py, over the same. */
static void other_counts(struct text *t)
{
    char cmd[800], script[256], dir[256], *line = NULL;
    size_t size = 0;
    FILE *f;

    snprintf(cmd, sizeof(cmd), "python3 '%s' '%s'",
             data_path(script, sizeof(script), "dmar_count.py"),
             acpi_dir(dir, sizeof(dir)));
    f = popen(cmd, "r");
    REQUIRE(f);
    while ( getline(&line, &size, f) > 0 )
        say(t, "%s", line);
    free(line);
    CHECK_MSG(!pclose(f), "%s failed", cmd);
}

TEST(dmar_real_counts)
{
    struct text here = { NULL, 0, 0 }, there = { NULL, 0, 0 };
    unsigned int n, i;

    n = each_real(count_real);
    if ( !n )
        return;

    print_counts(&here);
    other_counts(&there);
    CHECK_MSG(!strcmp(here.s, there.s), "counts differ:\n%s--- other\n%s",
              here.s, there.s);
    for ( i = 0; here.s[i]; i++ )
        if ( here.s[i] == '\n' )
            here.s[i] = here.s[i + 1] ? ',' : '\0';
    test_note("%u tables: %s", n, here.s);
    free(here.s);
    free(there.s);
}

static void damage_real(const char *name, const uint8_t *data, size_t len)
{
    static const uint8_t flips[] = { 0x01, 0x80, 0xff };
    size_t cut;

    (void)name;
    for ( cut = 0; cut <= len; cut++ )
        survive(data, cut);
    corrupt(data, len, flips, ARRAY_SIZE(flips));
}

TEST(dmar_real_damaged)
{
    zero_counts();
    if ( each_real(damage_real) )
        note_counts();
}
