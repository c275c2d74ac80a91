/* SPDX-License-Identifier: GPL-2.0-only */
#include "text.h"

#include "util.h"

#include <ctype.h>
#include <stdlib.h>

static char *bits_text(const struct field *f)
{
    char *s = xprintf("%0*llXh", (int)f->width * 2,
                      (unsigned long long)f->value);
    const struct bit_format *b;

    for ( b = f->fmt->bits; b->name; b++ )
    {
        uint64_t v = (f->value >> b->low) & ((1ull << b->width) - 1);
        char *old = s;

        if ( b->width == 1 && !v )
            continue;
        s = b->width == 1 ? xprintf("%s %s", old, b->name)
                          : xprintf("%s %s=%llu", old, b->name,
                                    (unsigned long long)v);
        free(old);
    }

    return s;
}

static char *string_text(const struct table *t, const struct field *f)
{
    char *s = xalloc(f->width + 3), *p = s;
    unsigned int i;

    *p++ = '"';
    for ( i = 0; i < f->width; i++ )
    {
        uint8_t c = t->bytes[f->offset + i];

        *p++ = isprint(c) ? (char)c : '.';
    }
    *p = '"';

    return s;
}

char *field_text(const struct table *t, const struct field *f)
{
    unsigned long long v = f->value;
    const char *name;

    switch ( f->fmt->show )
    {
    case SHOW_TEXT:
        return string_text(t, f);
    case SHOW_BITS:
        return bits_text(f);
    case SHOW_ID:
        return xprintf("%04llXh %02llx:%02llx.%llu", v, v >> 8,
                       (v >> 3) & 0x1f, v & 7);
    case SHOW_DEC:
        name = value_name(f->fmt->values, v);
        return name ? xprintf("%llu %s", v, name) : xprintf("%llu", v);
    default:
        return xprintf("%0*llXh", (int)f->width * 2, v);
    }
}

static void print_node(const struct table *t, const struct node *n,
                       FILE *out, int indent)
{
    char room[32];
    size_t i;

    fprintf(out, "%*s%03zxh %s, %zu bytes\n", indent, "", n->offset,
            node_name(n, room, sizeof(room)), n->len);
    for ( i = 0; i < n->nr_fields; i++ )
    {
        char *s = field_text(t, &n->fields[i]);

        fprintf(out, "%*s[%03zxh %2u] %s: %s\n", indent + 2, "",
                n->fields[i].offset, n->fields[i].width,
                n->fields[i].fmt->name, s);
        free(s);
    }
    for ( i = 0; i < n->nr_kids; i++ )
        print_node(t, &n->kids[i], out, indent + 4);
}

void text_print(const struct table *t, const struct text_style *style,
                FILE *out)
{
    size_t i;

    (void)style;
    fprintf(out, "%s: %s\n", t->source, table_name(t));
    print_node(t, &t->header, out, 0);
    for ( i = 0; i < t->nr_records; i++ )
        print_node(t, &t->records[i], out, 0);
}
