/* SPDX-License-Identifier: GPL-2.0-only */
/* Values in words. */
#include "text.h"

#include "util.h"

#include <ctype.h>
#include <stdlib.h>

/* Appends to the text @s, which is freed. */
static char *more(char *s, char *addition)
{
    char *joined = xprintf("%s%s", s, addition);

    free(s);
    free(addition);
    return joined;
}

static char *bits_text(const struct field *f)
{
    char *s = xprintf("0x%0*llx", (int)f->width * 2,
                      (unsigned long long)f->value);
    uint64_t rest = f->value;
    const struct bit_format *b;

    for ( b = f->fmt->bits; b->name; b++ )
    {
        uint64_t mask = ((1ull << b->width) - 1) << b->low;
        uint64_t v = (f->value & mask) >> b->low;

        rest &= ~mask;
        if ( v && b->width > 1 )
            s = more(s, xprintf(" %s=%llu", b->name, (unsigned long long)v));
        else if ( v )
            s = more(s, xprintf(" %s", b->name));
    }
    if ( rest )
        s = more(s, xprintf(" reserved=%#llx", (unsigned long long)rest));

    return s;
}

/* In quotes; what cannot be printed as \xHH. */
static char *string_text(const uint8_t *p, size_t len)
{
    char *s = xalloc(len * 4 + 3), *to = s;
    size_t i;

    *to++ = '"';
    for ( i = 0; i < len; i++ )
    {
        if ( p[i] >= ' ' && p[i] < 0x7f )
            *to++ = (char)p[i];
        else
            to += sprintf(to, "\\x%02x", p[i]);
    }
    *to = '"';

    return s;
}

char *bytes_text(const uint8_t *p, size_t len)
{
    char *s = xalloc(len * 3 + 1);
    size_t i;

    for ( i = 0; i < len; i++ )
        sprintf(s + i * 3, "%02x ", p[i]);
    if ( len )
        s[len * 3 - 1] = 0;

    return s;
}

/* Padding at the end of a name is not said. */
static size_t without_zeros(const uint8_t *p, size_t len)
{
    while ( len && !p[len - 1] )
        len--;
    return len;
}

char *field_text(const struct table *t, const struct field *f)
{
    const uint8_t *p = t->bytes + f->offset;
    unsigned long long v = f->value;
    const char *name;

    switch ( f->fmt->show )
    {
    case SHOW_TEXT:
        return string_text(p, without_zeros(p, f->width));
    case SHOW_BITS:
        return bits_text(f);
    case SHOW_ID:
        return xprintf("%02llx:%02llx.%llu", v >> 8, (v >> 3) & 0x1f, v & 7);
    case SHOW_LENGTH:
    case SHOW_TAIL_LENGTH:
        return xprintf("%llu", v);
    case SHOW_WIDTH:
        return xprintf("%llu bits (%llu)", v + 1, v);
    case SHOW_DEC:
        name = value_name(f->fmt->values, v);
        return name ? xprintf("%s (%llu)", name, v) : xprintf("%llu", v);
    case SHOW_RESERVED:
        return bytes_text(p, f->width);
    case SHOW_TYPE:
        if ( !f->offset )
            return string_text(p, f->width);
        /* fall through */
    default:
        return xprintf("0x%0*llx", f->width == 8 ? 1 : (int)f->width * 2, v);
    }
}

static bool all_zero(const struct table *t, const struct field *f)
{
    unsigned int i;

    for ( i = 0; i < f->width; i++ )
        if ( t->bytes[f->offset + i] )
            return false;
    return true;
}

bool field_is_news(const struct table *t, const struct field *f)
{
    switch ( f->fmt->show )
    {
    case SHOW_TYPE:
    case SHOW_LENGTH:
    case SHOW_TAIL_LENGTH:
    case SHOW_CHECKSUM:
        return false;
    case SHOW_RESERVED:
        return !all_zero(t, f);
    default:
        return true;
    }
}

/* Device and function of each step: "02.0/00.1". */
static char *path_text(const uint8_t *p, size_t len)
{
    char *s = xprintf("%s", "");
    size_t i;

    for ( i = 0; i + 1 < len; i += 2 )
        s = more(s, xprintf("%s%02x.%x", i ? "/" : "", p[i], p[i + 1]));
    return s;
}

static char *uid_text(const struct node *n, const uint8_t *p, size_t len)
{
    switch ( node_value(n, "uid_format", IVRS_UID_NONE) )
    {
    case IVRS_UID_NUMBER:
        if ( len && len <= 8 )
            return xprintf("%#llx", (unsigned long long)get_le(p, len));
        return bytes_text(p, len);
    case IVRS_UID_TEXT:
        return string_text(p, len);
    default:
        return bytes_text(p, len);
    }
}

char *tail_text(const struct table *t, const struct node *n)
{
    size_t len = n->offset + n->len - n->tail;
    const uint8_t *p = t->bytes + n->tail;
    char *s;

    if ( n->kind == NODE_REST )
        return bytes_text(t->bytes + n->offset, n->len);
    if ( !len )
        return NULL;

    switch ( n->fmt && !node_short(n) ? n->fmt->tail : TAIL_NONE )
    {
    case TAIL_SCOPES:
    case TAIL_ENTRIES:
        return NULL;
    case TAIL_PATH:
        s = path_text(p, len);
        return more(xprintf("Path "), s);
    case TAIL_NAME:
        s = string_text(p, without_zeros(p, len));
        return more(xprintf("ACPI Object Name "), s);
    case TAIL_UID:
        s = uid_text(n, p, len);
        return more(xprintf("Unique ID "), s);
    default:
        s = bytes_text(p, len);
        return more(xprintf("Bytes "), s);
    }
}
