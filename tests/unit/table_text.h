/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a parser says of a table, as text, and the tables that a program of
 * tests/data makes together with the text they must give.
 */
#ifndef TEST_TABLE_TEXT_H
#define TEST_TABLE_TEXT_H

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

/* ---- The tables of a program ---- */

struct table_case
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

static inline void table_case_free(struct table_case *c)
{
    free(c->data);
    free(c->want.s);
    memset(c, 0, sizeof(*c));
}

static inline void table_case_hex(struct table_case *c, const char *hex)
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

/* Call fn for each case that tests/data/@script prints; returns how many. */
static inline unsigned int table_cases(const char *script,
                                       void (*fn)(const struct table_case *c))
{
    char cmd[512], path[256], *line = NULL;
    struct table_case c = { .len = 0 };
    unsigned int n = 0;
    size_t size = 0;
    FILE *f;

    snprintf(cmd, sizeof(cmd), "python3 '%s'",
             data_path(path, sizeof(path), script));
    f = popen(cmd, "r");
    REQUIRE(f);

    while ( getline(&line, &size, f) > 0 )
    {
        if ( sscanf(line, "table %63s", c.name) == 1 )
            continue;
        if ( !strncmp(line, "hex ", 4) )
            table_case_hex(&c, line + 4);
        else if ( !strncmp(line, "| ", 2) )
            say(&c.want, "%s", line + 2);
        else if ( line[0] == '.' )
        {
            fn(&c);
            table_case_free(&c);
            n++;
        }
    }
    free(line);
    CHECK_MSG(!pclose(f), "%s failed", cmd);
    return n;
}

#endif /* TEST_TABLE_TEXT_H */
