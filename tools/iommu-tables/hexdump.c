/* SPDX-License-Identifier: GPL-2.0-only */
#include "hexdump.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define BYTES_PER_LINE  16

/* One line, without its end. */
struct line
{
    const char *s;
    size_t len;
};

bool hexdump_is(const uint8_t *text, size_t len)
{
    size_t i;

    for ( i = 0; i < len; i++ )
        if ( !isprint(text[i]) && !isspace(text[i]) && text[i] < 0x80 )
            return false;
    return len > 0;
}

void hexdump_open(struct hexdump *h, const uint8_t *text, size_t len)
{
    memset(h, 0, sizeof(*h));
    h->text = text;
    h->len = len;
}

static bool take_line(struct hexdump *h, struct line *l)
{
    const uint8_t *end;

    if ( h->pos >= h->len )
        return false;
    l->s = (const char *)h->text + h->pos;
    end = memchr(l->s, '\n', h->len - h->pos);
    l->len = end ? (size_t)(end - (h->text + h->pos)) : h->len - h->pos;
    h->pos += l->len + 1;
    h->line++;

    return true;
}

static int digit(char c)
{
    if ( c >= '0' && c <= '9' )
        return c - '0';
    if ( c >= 'a' && c <= 'f' )
        return c - 'a' + 10;
    if ( c >= 'A' && c <= 'F' )
        return c - 'A' + 10;
    return -1;
}

static size_t skip_blanks(const struct line *l, size_t i)
{
    while ( i < l->len && (l->s[i] == ' ' || l->s[i] == '\t') )
        i++;
    return i;
}

/* "DMAR @ 0x..": four characters, blank, @. */
static bool is_heading(const struct line *l)
{
    size_t i = skip_blanks(l, 0);

    if ( l->len - i < 6 )
        return false;
    return l->s[i + 4] == ' ' && l->s[i + 5] == '@';
}

/* "  0010:": its offset, and where the bytes begin in @at. */
static bool take_offset(const struct line *l, size_t *at, uint64_t *offset)
{
    size_t i = skip_blanks(l, 0), start = i;
    int d;

    *offset = 0;
    while ( i < l->len && i - start < 16 && (d = digit(l->s[i])) >= 0 )
    {
        *offset = *offset << 4 | (unsigned int)d;
        i++;
    }
    if ( i == start || i >= l->len || l->s[i] != ':' )
        return false;
    *at = i + 1;
    return true;
}

/*
 * Bytes end where the characters begin: after sixteen, or at two blanks.
 */
static int take_bytes(const struct line *l, size_t at, struct buf *table)
{
    unsigned int n;

    for ( n = 0; n < BYTES_PER_LINE; n++ )
    {
        size_t i = skip_blanks(l, at);
        int high, low;
        uint8_t byte;

        if ( i >= l->len || (n && i - at > 1) )
            break;
        if ( l->len - i < 2 || (high = digit(l->s[i])) < 0 ||
             (low = digit(l->s[i + 1])) < 0 ||
             (l->len - i > 2 && !isspace((unsigned char)l->s[i + 2])) )
            return -EINVAL;
        byte = (uint8_t)(high << 4 | low);
        buf_add(table, &byte, 1);
        at = i + 2;
    }

    return n ? 0 : -EINVAL;
}

static int fail(struct hexdump *h, const char *reason)
{
    h->reason = reason;
    return -EINVAL;
}

int hexdump_next(struct hexdump *h, struct buf *table)
{
    struct hexdump before;
    struct line l;
    uint64_t offset;
    size_t at;

    table->len = 0;
    for ( before = *h; take_line(h, &l); before = *h )
    {
        if ( !take_offset(&l, &at, &offset) )
        {
            /* The end of this table; a heading is the next one's. */
            if ( !table->len )
                continue;
            if ( is_heading(&l) )
                *h = before;
            return 1;
        }
        /* iasl ends its output with a dump, too: a new table at zero. */
        if ( !offset && table->len )
        {
            *h = before;
            return 1;
        }
        if ( offset != table->len )
            return fail(h, "bytes are missing before this line");
        if ( take_bytes(&l, at, table) )
            return fail(h, "not bytes as two hexadecimal digits each");
    }

    return table->len ? 1 : 0;
}
