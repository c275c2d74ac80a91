/* SPDX-License-Identifier: GPL-2.0-only */
#include "util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *or_end(void *p)
{
    if ( !p )
    {
        complain("out of memory");
        exit(2);
    }
    return p;
}

void *xalloc(size_t size)
{
    return or_end(calloc(1, size ? size : 1));
}

void *xresize(void *p, size_t nr, size_t size)
{
    return or_end(reallocarray(p, nr ? nr : 1, size));
}

void *grow(void *array, size_t nr, size_t size)
{
    /* Powers of two: full exactly when @nr is one. */
    if ( nr & (nr - 1) )
        return array;
    return xresize(array, nr ? nr * 2 : 1, size);
}

char *xvprintf(const char *fmt, va_list args)
{
    char *s;

    return or_end(vasprintf(&s, fmt, args) < 0 ? NULL : s);
}

char *xprintf(const char *fmt, ...)
{
    va_list args;
    char *s;

    va_start(args, fmt);
    s = xvprintf(fmt, args);
    va_end(args);

    return s;
}

void complain(const char *fmt, ...)
{
    va_list args;

    fflush(stdout);
    fputs("iommu-tables: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

uint64_t get_le(const uint8_t *p, unsigned int width)
{
    uint64_t v = 0;

    while ( width-- )
        v = v << 8 | p[width];

    return v;
}

void put_le(uint8_t *p, unsigned int width, uint64_t value)
{
    for ( ; width--; value >>= 8 )
        *p++ = (uint8_t)value;
}

static void buf_reserve(struct buf *b, size_t len)
{
    if ( b->room - b->len >= len )
        return;
    b->room = (b->len + len) * 2;
    b->data = xresize(b->data, b->room, 1);
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    if ( !len )
        return;
    buf_reserve(b, len);
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

void buf_zero(struct buf *b, size_t len)
{
    if ( !len )
        return;
    buf_reserve(b, len);
    memset(b->data + b->len, 0, len);
    b->len += len;
}

void buf_free(struct buf *b)
{
    free(b->data);
    memset(b, 0, sizeof(*b));
}

int buf_read(struct buf *b, FILE *f, size_t max)
{
    uint8_t chunk[4096];
    size_t n;

    errno = 0;
    while ( (n = fread(chunk, 1, sizeof(chunk), f)) )
    {
        if ( n > max - b->len )
            return -EFBIG;
        buf_add(b, chunk, n);
    }

    return ferror(f) ? -(errno ? errno : EIO) : 0;
}

size_t forest_top(size_t *up, size_t i)
{
    while ( up[i] != i )
        i = up[i] = up[up[i]];
    return i;
}

void forest_join(size_t *up, size_t a, size_t b)
{
    a = forest_top(up, a);
    b = forest_top(up, b);
    if ( a < b )
        up[b] = a;
    else
        up[a] = b;
}
