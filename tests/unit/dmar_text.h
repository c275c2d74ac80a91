/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the DMAR parser says of a table, as text, and the tables that
 * tests/data/dmar.py makes together with the text they must give.
 */
#ifndef TEST_DMAR_TEXT_H
#define TEST_DMAR_TEXT_H

#include <stdarg.h>

#include "test.h"

#include "fw/fw.h"

struct text
{
    char *s;
    size_t len, size;
};

static inline void __attribute__((__format__(__printf__, 2, 3)))
say(struct text *t, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);

    if ( t->len + n + 1 > t->size )
    {
        t->size = (t->len + n + 1) * 2;
        t->s = realloc(t->s, t->size);
    }
    va_start(args, fmt);
    vsnprintf(t->s + t->len, t->size - t->len, fmt, args);
    va_end(args);
    t->len += n;
}

static inline void say_error(struct text *t, int rc,
                             const struct fw_error *err)
{
    say(t, "%s @%zu=0x%" PRIx64 " %s",
        rc == -EINVAL ? "EINVAL" : rc == -EBADMSG ? "EBADMSG" : "E?",
        err->offset, err->value, err->rule);
}

static inline void say_scopes(struct text *t, struct dmar_scopes it)
{
    struct dmar_scope s;
    struct fw_error err;
    unsigned int i;
    int rc;

    while ( (rc = dmar_scope_next(&it, &s, &err)) != 0 )
    {
        say(t, "  scope ");
        if ( rc < 0 )
            say_error(t, rc, &err);
        else
        {
            say(t, "@%zu type=%u flags=0x%x id=%u bus=0x%x path=", s.offset,
                s.type, s.flags, s.enum_id, s.start_bus);
            for ( i = 0; i < s.depth; i++ )
                say(t, "%s%u.%u", i ? "/" : "", s.path[2 * i],
                    s.path[2 * i + 1]);
        }
        say(t, "\n");
        if ( rc == -EINVAL )
            break;
    }
}

static inline const struct dmar_scopes *
record_scopes(const struct dmar_record *r)
{
    switch ( r->type )
    {
    case DMAR_DRHD: return &r->u.drhd.scopes;
    case DMAR_RMRR: return &r->u.rmrr.scopes;
    case DMAR_ATSR: return &r->u.atsr.scopes;
    case DMAR_SATC: return &r->u.satc.scopes;
    case DMAR_SIDP: return &r->u.sidp.scopes;
    default: return NULL;
    }
}

static inline void say_record(struct text *t, const struct dmar_record *r)
{
    const struct dmar_scopes *scopes = record_scopes(r);

    say(t, "%s @%zu+%zu", dmar_type_name(r->type), r->offset, r->len);
    switch ( r->type )
    {
    case DMAR_DRHD:
        say(t, " seg=%u all=%d base=0x%" PRIx64 " size=0x%" PRIx64,
            r->u.drhd.segment, r->u.drhd.include_all, r->u.drhd.base,
            r->u.drhd.size);
        break;
    case DMAR_RMRR:
        say(t, " seg=%u first=0x%" PRIx64 " last=0x%" PRIx64,
            r->u.rmrr.segment, r->u.rmrr.first, r->u.rmrr.last);
        break;
    case DMAR_ATSR:
        say(t, " seg=%u all=%d", r->u.atsr.segment, r->u.atsr.all_ports);
        break;
    case DMAR_RHSA:
        say(t, " base=0x%" PRIx64 " domain=%u", r->u.rhsa.base,
            r->u.rhsa.domain);
        break;
    case DMAR_ANDD:
        say(t, " dev=%u max=%zu name=%s", r->u.andd.dev, r->u.andd.max,
            r->u.andd.name);
        break;
    case DMAR_SATC:
        say(t, " seg=%u required=%d", r->u.satc.segment,
            r->u.satc.atc_required);
        break;
    case DMAR_SIDP:
        say(t, " seg=%u required=%d", r->u.sidp.segment,
            r->u.sidp.atc_required);
        break;
    }
    if ( scopes )
        say(t, " scopes=%u+%u", scopes->sound, scopes->bad);
    say(t, "\n");
}

/* What is left of a lost record. */
static inline void say_lost(struct text *t, const struct dmar_record *r)
{
    const struct dmar_scopes *s = record_scopes(r);

    if ( r->type == DMAR_DRHD && s->base )
        say(t, "  of seg=%u all=%d scopes=%u+%u\n", r->u.drhd.segment,
            r->u.drhd.include_all, s->sound, s->bad);
    else if ( r->type == DMAR_RMRR && s->base )
        say(t, "  of seg=%u scopes=%u+%u\n", r->u.rmrr.segment, s->sound,
            s->bad);
}

/* The whole table; the caller frees the text. */
static inline char *dmar_text(const void *table, size_t len)
{
    struct text t = { NULL, 0, 0 };
    struct dmar d;
    struct dmar_record r;
    struct fw_error err;
    int rc = dmar_open(&d, table, len, &err);

    say(&t, "open ");
    if ( rc )
        say_error(&t, rc, &err);
    if ( rc != -EINVAL )
        say(&t, "%srev=%u haw=%u flags=0x%x doubts=0x%x",
            rc ? "; " : "ok ", d.revision, d.haw, d.flags, d.doubts);
    say(&t, "\n");
    if ( rc == -EINVAL )
        return t.s;

    while ( (rc = dmar_next(&d, &r, &err)) != 0 )
    {
        if ( rc == 1 )
            say_record(&t, &r);
        else
        {
            if ( rc == -EBADMSG )
                say(&t, "%s @%zu ", dmar_type_name(r.type), r.offset);
            say_error(&t, rc, &err);
            say(&t, "\n");
            if ( rc != -EBADMSG )
                return t.s;
            say_lost(&t, &r);
        }
        if ( record_scopes(&r) && record_scopes(&r)->base )
            say_scopes(&t, *record_scopes(&r));
    }
    say(&t, "end unknown=%u\n", d.unknown);
    return t.s;
}

/* ---- The tables of tests/data/dmar.py ---- */

struct dmar_case
{
    char name[64];
    uint8_t *data;              /* malloc'd, exactly len bytes */
    size_t len;
    struct text want;
};

/* Path of a file of tests/data, next to this one's folder. */
static inline const char *data_path(char *buf, size_t size, const char *name)
{
    const char *slash = strrchr(__FILE__, '/');

    snprintf(buf, size, "%.*s/../data/%s",
             slash ? (int)(slash - __FILE__) : 1, slash ? __FILE__ : ".",
             name);
    return buf;
}

static inline void dmar_case_free(struct dmar_case *c)
{
    free(c->data);
    free(c->want.s);
    memset(c, 0, sizeof(*c));
}

static inline void dmar_case_hex(struct dmar_case *c, const char *hex)
{
    size_t i;

    c->len = strspn(hex, "0123456789abcdef") / 2;
    c->data = malloc(c->len ? c->len : 1);
    for ( i = 0; i < c->len; i++ )
    {
        unsigned int byte;

        sscanf(hex + 2 * i, "%2x", &byte);
        c->data[i] = byte;
    }
}

/* Call fn for each case; returns how many there were. */
static inline unsigned int dmar_cases(void (*fn)(const struct dmar_case *c))
{
    char cmd[512], path[256], *line = NULL;
    struct dmar_case c = { .len = 0 };
    unsigned int n = 0;
    size_t size = 0;
    FILE *f;

    snprintf(cmd, sizeof(cmd), "python3 '%s'",
             data_path(path, sizeof(path), "dmar.py"));
    f = popen(cmd, "r");
    REQUIRE(f);

    while ( getline(&line, &size, f) > 0 )
    {
        if ( sscanf(line, "table %63s", c.name) == 1 )
            continue;
        if ( !strncmp(line, "hex ", 4) )
            dmar_case_hex(&c, line + 4);
        else if ( !strncmp(line, "| ", 2) )
            say(&c.want, "%s", line + 2);
        else if ( line[0] == '.' )
        {
            fn(&c);
            dmar_case_free(&c);
            n++;
        }
    }
    free(line);
    CHECK_MSG(!pclose(f), "%s failed", cmd);
    return n;
}

#endif /* TEST_DMAR_TEXT_H */
