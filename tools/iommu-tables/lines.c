/* SPDX-License-Identifier: GPL-2.0-only */
#include "lines.h"

#include "util.h"

#include <string.h>

static void advance(struct line *s, size_t n)
{
    s->p += n;
    s->len -= n;
}

bool line_next(struct line *text, struct line *s)
{
    const char *end;

    if ( !text->len )
        return false;
    end = memchr(text->p, '\n', text->len);
    s->p = text->p;
    s->len = end ? (size_t)(end - text->p) : text->len;
    advance(text, end ? s->len + 1 : s->len);
    if ( s->len && s->p[s->len - 1] == '\r' )
        s->len--;
    return true;
}

bool line_take(struct line *s, const char *prefix)
{
    size_t n = strlen(prefix);

    if ( s->len < n || memcmp(s->p, prefix, n) )
        return false;
    advance(s, n);
    return true;
}

bool line_find(struct line *s, const char *what)
{
    struct line at = *s;

    for ( ; at.len; advance(&at, 1) )
        if ( line_take(&at, what) )
        {
            *s = at;
            return true;
        }
    return false;
}

void line_skip_blanks(struct line *s)
{
    while ( s->len && (*s->p == ' ' || *s->p == '\t') )
        advance(s, 1);
}

static int digit(char c)
{
    if ( c >= '0' && c <= '9' )
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static unsigned int hex_digits(const struct line *s)
{
    unsigned int n = 0;

    while ( n < s->len && n <= 16 && digit(s->p[n]) >= 0 )
        n++;
    return n;
}

bool line_hex_of(struct line *s, unsigned int digits, uint64_t *v)
{
    uint64_t n = 0;
    unsigned int i;

    if ( s->len < digits )
        return false;
    for ( i = 0; i < digits; i++ )
    {
        if ( digit(s->p[i]) < 0 )
            return false;
        n = n << 4 | (unsigned int)digit(s->p[i]);
    }
    advance(s, digits);
    *v = n;
    return true;
}

bool line_hex(struct line *s, uint64_t *v)
{
    unsigned int n = hex_digits(s);

    return n && n <= 16 && line_hex_of(s, n, v);
}

bool line_dec(struct line *s, unsigned int *v)
{
    unsigned int n = 0, i;

    for ( i = 0; i < s->len && s->p[i] >= '0' && s->p[i] <= '9'; i++ )
    {
        if ( i == 9 )
            return false;
        n = n * 10 + (unsigned int)(s->p[i] - '0');
    }
    advance(s, i);
    *v = n;
    return i;
}

char *line_copy(const struct line *s)
{
    char *copy = xalloc(s->len + 1);
    size_t i;

    for ( i = 0; i < s->len; i++ )
        copy[i] = s->p[i] >= ' ' && s->p[i] < 0x7f ? s->p[i] : '?';
    return copy;
}
