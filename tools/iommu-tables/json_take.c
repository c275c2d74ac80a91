/* SPDX-License-Identifier: GPL-2.0-only */
#include "json_take.h"

#include <stdarg.h>
#include <stdlib.h>

bool take_begin(struct taker *k, struct take_text *text,
                const struct taker *up, const char *key, size_t index,
                json_t *o)
{
    memset(k, 0, sizeof(*k));
    k->text = text;
    k->up = up;
    k->key = key;
    k->index = index;
    k->left = json_is_object(o) ? json_copy(o) : json_object();
    if ( json_is_object(o) )
        return true;
    take_fail(k, NULL, "must be an object");
    return false;
}

void take_end(struct taker *k)
{
    const char *key = json_object_iter_key(json_object_iter(k->left));

    if ( key )
        take_fail(k, key, "there is no such key here");
    json_decref(k->left);
}

/* The place of @k itself, as text: "tables[0].records[2]". */
static char *place(const struct taker *k)
{
    char *up, *s;

    if ( !k->up )
        return xprintf("%s", "");
    up = place(k->up);
    s = k->index == TAKE_ALONE
        ? xprintf("%s%s%s", up, *up ? "." : "", k->key)
        : xprintf("%s%s%s[%zu]", up, *up ? "." : "", k->key, k->index);
    free(up);
    return s;
}

void take_fail(const struct taker *k, const char *key, const char *fmt, ...)
{
    char *where, *what;
    va_list args;

    if ( k->text->failed )
        return;
    k->text->failed = true;

    va_start(args, fmt);
    what = xvprintf(fmt, args);
    va_end(args);
    where = place(k);
    complain("%s: %s%s%s: %s", k->text->name, where,
             *where && key ? "." : "", key ? key : "", what);
    free(where);
    free(what);
}

json_t *take_any(struct taker *k, const char *key)
{
    json_t *j = json_object_get(k->left, key);

    if ( !j )
        return NULL;
    json_incref(j);
    json_object_del(k->left, key);
    return j;
}

json_t *take_needed(struct taker *k, const char *key)
{
    json_t *j = take_any(k, key);

    if ( !j )
        take_fail(k, key, "is missing");
    return j;
}

void take_ignored(struct taker *k, const char *key)
{
    json_object_del(k->left, key);
}

json_t *take_list(struct taker *k, const char *key)
{
    json_t *j = take_any(k, key);

    if ( !j )
        return json_array();
    if ( json_is_array(j) )
        return j;
    take_fail(k, key, "must be a list");
    json_decref(j);
    return NULL;
}

bool json_number(const json_t *j, uint64_t max, uint64_t *value)
{
    const char *s = json_string_value(j);
    char *end;

    if ( json_is_integer(j) )
    {
        *value = (uint64_t)json_integer_value(j);
        return json_integer_value(j) >= 0 && *value <= max;
    }
    /* Sixteen digits fit; strtoull() would take a sign, too. */
    if ( !s || s[0] != '0' || s[1] != 'x' || !s[2] || strlen(s) > 18 ||
         strspn(s + 2, "0123456789abcdefABCDEF") != strlen(s + 2) )
        return false;
    *value = strtoull(s, &end, 16);
    return *value <= max;
}

static uint64_t max_of(unsigned int width)
{
    return width >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * width)) - 1;
}

static void number_fail(struct taker *k, const char *key, uint64_t max)
{
    take_fail(k, key, "must be a number from 0 to %#llx, or a string with "
              "0x and its digits", (unsigned long long)max);
}

void take_number(struct taker *k, const char *key, uint8_t *to,
                 unsigned int width)
{
    json_t *j = take_needed(k, key);
    uint64_t v = 0;

    if ( j && !json_number(j, max_of(width), &v) )
        number_fail(k, key, max_of(width));
    else
        put_le(to, width, v);
    json_decref(j);
}

void take_id(struct taker *k, const char *key, uint8_t *to)
{
    json_t *j = take_needed(k, key);
    const char *s = json_string_value(j);
    unsigned int bus, dev, fn;
    int end = -1;
    uint64_t v = 0;

    if ( s && strlen(s) == 7 &&
         sscanf(s, "%2x:%2x.%1x%n", &bus, &dev, &fn, &end) == 3 &&
         end == 7 && strspn(s, "0123456789abcdefABCDEF:.") == 7 &&
         dev < 32 && fn < 8 )
        put_le(to, 2, bus << 8 | dev << 3 | fn);
    else if ( j && !json_number(j, 0xffff, &v) )
        take_fail(k, key, "must be a device id like \"00:14.0\", or a number "
                  "up to 0xffff");
    else
        put_le(to, 2, v);
    json_decref(j);
}

static uint64_t take_bit(struct taker *k, const struct bit_format *b)
{
    json_t *j = take_any(k, b->key);
    uint64_t max = bit_mask(b) >> b->low, v = 0;

    if ( b->width == 1 && json_is_boolean(j) )
        v = json_is_true(j);
    else if ( j && b->width == 1 )
        take_fail(k, b->key, "must be true or false");
    else if ( j && !json_number(j, max, &v) )
        number_fail(k, b->key, max);
    json_decref(j);

    return (v << b->low) & bit_mask(b);
}

static uint64_t take_reserved_bits(struct taker *k, uint64_t named,
                                   unsigned int width)
{
    json_t *j = take_any(k, "reserved");
    uint64_t v = 0;

    if ( j && (!json_number(j, max_of(width), &v) || (v & named)) )
    {
        take_fail(k, "reserved", "must be bits that have no name");
        v = 0;
    }
    json_decref(j);

    return v;
}

void take_bits(struct taker *k, const struct field_format *fmt, uint8_t *to)
{
    json_t *j = take_any(k, fmt->key);
    const struct bit_format *b;
    uint64_t v = 0, named = 0;
    struct taker bits;

    if ( json_is_object(j) &&
         take_begin(&bits, k->text, k, fmt->key, TAKE_ALONE, j) )
    {
        for ( b = fmt->bits; b->name; b++ )
        {
            named |= bit_mask(b);
            v |= take_bit(&bits, b);
        }
        v |= take_reserved_bits(&bits, named, fmt->width);
        take_end(&bits);
    }
    else if ( j && !json_number(j, max_of(fmt->width), &v) )
    {
        take_fail(k, fmt->key, "must be an object of flags, or a number from "
                  "0 to %#llx", (unsigned long long)max_of(fmt->width));
        v = 0;
    }
    put_le(to, fmt->width, v);
    json_decref(j);
}

static int digit(char c)
{
    const char *all = "0123456789abcdef", *at;

    at = c ? strchr(all, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
    return at ? (int)(at - all) : -1;
}

/* Two digits a byte. False: they are not that. */
static bool add_hex(struct buf *b, const char *s)
{
    for ( ; *s; s += 2 )
    {
        int high = digit(s[0]), low = high < 0 ? -1 : digit(s[1]);
        uint8_t byte;

        if ( low < 0 )
            return false;
        byte = (uint8_t)(high << 4 | low);
        buf_add(b, &byte, 1);
    }
    return true;
}

void take_hex(struct taker *k, const char *key, struct buf *b)
{
    json_t *j = take_any(k, key);

    if ( j && (!json_is_string(j) || !add_hex(b, json_string_value(j))) )
        take_fail(k, key, "must be a string of hexadecimal digits, two for "
                  "each byte");
    json_decref(j);
}

void take_text(struct taker *k, const char *key, struct buf *b)
{
    json_t *j = take_needed(k, key);
    const char *s = json_string_value(j);
    size_t hex = strlen(JSON_HEX), i;

    if ( s && !strncmp(s, JSON_HEX, hex) )
    {
        if ( !add_hex(b, s + hex) )
            take_fail(k, key, "\"%s\" must be followed by hexadecimal "
                      "digits, two for each byte", JSON_HEX);
    }
    else if ( s )
    {
        for ( i = 0; s[i]; i++ )
            if ( s[i] < ' ' || s[i] >= 0x7f )
                take_fail(k, key, "must be printable ASCII, or \"%s\" and "
                          "hexadecimal digits", JSON_HEX);
        buf_add(b, s, strlen(s));
    }
    else if ( j )
        take_fail(k, key, "must be a string");
    json_decref(j);
}

void take_padded_text(struct taker *k, const char *key, uint8_t *to,
                      size_t width)
{
    struct buf b = { NULL };

    take_text(k, key, &b);
    if ( b.len > width )
        take_fail(k, key, "must have %zu characters at most, not %zu", width,
                  b.len);
    else if ( b.len )
        memcpy(to, b.data, b.len);
    buf_free(&b);
}

void take_reserved(struct taker *k, const char *key, uint8_t *to,
                   size_t width)
{
    struct buf b = { NULL };

    take_hex(k, key, &b);
    if ( b.len && b.len != width )
        take_fail(k, key, "must be %zu bytes, not %zu", width, b.len);
    else if ( b.len )
        memcpy(to, b.data, b.len);
    buf_free(&b);
}
