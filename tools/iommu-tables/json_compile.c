/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables from JSON: see JSON.md. */
#include "json_take.h"

#include "json.h"

#include <stdlib.h>

#define OFF_LENGTH      4
#define OFF_CHECKSUM    9

/* A DMAR's words, or an IVRS's. */
struct family
{
    const struct node_format *header, *unknown;
    const struct node_format *(*named)(const char *name);
};

static const struct family dmar =
{
    &dmar_header_format, &dmar_unknown_format, dmar_record_named,
};

static const struct family ivrs =
{
    &ivrs_header_format, &ivrs_unknown_format, ivrs_block_named,
};

/* What every node may have that --compile works out by itself. */
static void take_remarks(struct taker *k)
{
    take_ignored(k, "offset");
    take_ignored(k, "length");
    take_ignored(k, "used");
    take_ignored(k, "problem");
}

static void put_field(struct taker *k, const struct field_format *fmt,
                      uint8_t *to, unsigned int type)
{
    switch ( fmt->show )
    {
    case SHOW_LENGTH:
    case SHOW_TAIL_LENGTH:
    case SHOW_CHECKSUM:
        take_ignored(k, fmt->key);
        break;
    case SHOW_TYPE:
        put_le(to, fmt->width, type);
        break;
    case SHOW_TEXT:
        take_padded_text(k, fmt->key, to, fmt->width);
        break;
    case SHOW_BITS:
        take_bits(k, fmt, to);
        break;
    case SHOW_RESERVED:
        take_reserved(k, fmt->key, to, fmt->width);
        break;
    case SHOW_ID:
        take_id(k, fmt->key, to);
        break;
    default:
        take_number(k, fmt->key, to, fmt->width);
        break;
    }
}

static void put_fields(struct taker *k, const struct node_format *fmt,
                       unsigned int type, struct buf *b)
{
    size_t start = b->len;
    unsigned int i;

    buf_zero(b, fmt->fixed);
    for ( i = 0; i < fmt->nr_fields; i++ )
    {
        const struct field_format *f = &fmt->fields[i];

        put_field(k, f, b->data + start + f->offset, type);
        if ( f->values )
        {
            char *key = xprintf("%s_name", f->key);

            take_ignored(k, key);
            free(key);
        }
    }
}

/* Lengths of what began at @start, now that all of it is there. */
static void put_lengths(struct taker *k, const struct node_format *fmt,
                        size_t start, struct buf *b)
{
    unsigned int i;

    for ( i = 0; i < fmt->nr_fields; i++ )
    {
        const struct field_format *f = &fmt->fields[i];
        uint64_t len = b->len - start;

        if ( f->show == SHOW_TAIL_LENGTH )
            len -= fmt->fixed;
        else if ( f->show != SHOW_LENGTH )
            continue;
        if ( len >> (8 * f->width) )
            take_fail(k, NULL, "has %llu bytes, more than its length field "
                      "can say", (unsigned long long)len);
        put_le(b->data + start + f->offset, f->width, len);
    }
}

static void put_path(struct taker *k, struct buf *b)
{
    json_t *path = take_list(k, "path"), *step;
    size_t i;

    json_array_foreach(path, i, step)
    {
        uint64_t dev = 0, fn = 0;
        uint8_t pair[2];

        if ( json_array_size(step) != 2 ||
             !json_number(json_array_get(step, 0), 0xff, &dev) ||
             !json_number(json_array_get(step, 1), 0xff, &fn) )
            take_fail(k, "path", "step %zu must be [device, function]", i);
        pair[0] = (uint8_t)dev;
        pair[1] = (uint8_t)fn;
        buf_add(b, pair, sizeof(pair));
    }
    json_decref(path);
}

static void put_name(struct taker *k, struct buf *b)
{
    json_t *padding;
    uint64_t zeros = 0;

    take_text(k, "name", b);
    padding = take_any(k, "padding");
    if ( padding && !json_number(padding, 0xffff, &zeros) )
        take_fail(k, "padding", "must be a number up to 65535");
    json_decref(padding);
    buf_zero(b, zeros + 1);
}

/* "0x", then two digits for each byte; the first one is the highest. */
static void put_number_uid(struct taker *k, struct buf *b)
{
    json_t *j = take_needed(k, "uid");
    const char *s = json_string_value(j);
    uint8_t bytes[8];
    uint64_t v;

    if ( !j )
        return;
    if ( !s || strlen(s) % 2 || !json_number(j, UINT64_MAX, &v) )
        take_fail(k, "uid", "must be a string with 0x and two digits for "
                  "each of its bytes, 8 at most");
    else
    {
        put_le(bytes, 8, v);
        buf_add(b, bytes, strlen(s) / 2 - 1);
    }
    json_decref(j);
}

/* The format stands in the field before the last one. */
static void put_uid(struct taker *k, struct buf *b)
{
    switch ( b->data[b->len - 2] )
    {
    case 1:
        put_number_uid(k, b);
        break;
    case 2:
        take_text(k, "uid", b);
        break;
    default:
        break;
    }
}

static void put_record(struct taker *k, const struct family *family,
                       struct buf *b);

static void put_kids(struct taker *k, const char *key, struct buf *b,
                     void (*put)(struct taker *k, struct buf *b))
{
    json_t *list = take_list(k, key), *o;
    size_t i;

    json_array_foreach(list, i, o)
    {
        struct taker kid;

        if ( take_begin(&kid, k->text, k, key, i, o) )
        {
            take_remarks(&kid);
            put(&kid, b);
        }
        take_end(&kid);
    }
    json_decref(list);
}

/* Bytes as they are: @k's type is "rest". */
static bool put_rest(struct taker *k, const json_t *type, struct buf *b)
{
    const char *name = json_string_value(type);

    if ( !name || strcmp(name, JSON_REST) )
        return false;
    take_hex(k, "tail", b);
    return true;
}

static void put_scope(struct taker *k, struct buf *b)
{
    json_t *type = json_object_get(k->left, "type");
    size_t start = b->len;

    if ( json_is_string(type) && put_rest(k, type, b) )
    {
        take_ignored(k, "type");
        return;
    }
    put_fields(k, &dmar_scope_format, 0, b);
    put_path(k, b);
    take_hex(k, "tail", b);
    put_lengths(k, &dmar_scope_format, start, b);
}

/*
 * The format that "type" names, or the one for unknown types; its number goes
 * to @number. NULL: after a complaint, or it was "rest".
 */
static const struct node_format *
take_type(struct taker *k, const struct node_format *(*named)(const char *),
          const struct node_format *unknown, uint64_t *number, struct buf *b)
{
    uint64_t max = (UINT64_C(1) << (8 * unknown->fields[0].width)) - 1;
    json_t *j = take_needed(k, "type");
    const char *name = json_string_value(j);
    const struct node_format *fmt = name ? named(name) : NULL;

    if ( fmt )
        *number = fmt->type;
    else if ( j && put_rest(k, j, b) )
        fmt = NULL;
    else if ( j && json_number(j, max, number) )
        fmt = unknown;
    else if ( j )
        take_fail(k, "type", "must be a name that the specification knows, "
                  "or a number up to %llu", (unsigned long long)max);
    json_decref(j);

    return fmt;
}

/* An entry's size follows from its type, but where it says its own. */
static void check_entry(struct taker *k, uint64_t type, size_t len)
{
    if ( type < 0xf0 && len != (size_t)4 << (type >> 6) )
        take_fail(k, NULL, "an entry of type %02llxh has %u bytes, not %zu",
                  (unsigned long long)type, 4u << (type >> 6), len);
}

static void put_entry(struct taker *k, struct buf *b)
{
    size_t start = b->len;
    uint64_t type = 0;
    const struct node_format *fmt = take_type(k, ivrs_entry_named,
                                              &ivrs_unknown_entry_format,
                                              &type, b);

    if ( !fmt )
        return;
    put_fields(k, fmt, (unsigned int)type, b);
    if ( fmt->tail == TAIL_UID && !json_object_get(k->left, "tail") )
        put_uid(k, b);
    take_hex(k, "tail", b);
    put_lengths(k, fmt, start, b);
    check_entry(k, type, b->len - start);
}

static void put_tail(struct taker *k, const struct node_format *fmt,
                     struct buf *b)
{
    if ( fmt->tail == TAIL_SCOPES )
        put_kids(k, "scopes", b, put_scope);
    else if ( fmt->tail == TAIL_ENTRIES )
        put_kids(k, "entries", b, put_entry);
    else if ( fmt->tail == TAIL_NAME && !json_object_get(k->left, "tail") )
        put_name(k, b);
    take_hex(k, "tail", b);
}

static void put_record(struct taker *k, const struct family *family,
                       struct buf *b)
{
    size_t start = b->len;
    uint64_t type = 0;
    const struct node_format *fmt = take_type(k, family->named,
                                              family->unknown, &type, b);
    json_t *is_short = take_any(k, "short");

    if ( fmt && json_is_true(is_short) )
        fmt = family->unknown;
    json_decref(is_short);
    if ( !fmt )
        return;
    put_fields(k, fmt, (unsigned int)type, b);
    put_tail(k, fmt, b);
    put_lengths(k, fmt, start, b);
}

static void put_dmar_record(struct taker *k, struct buf *b)
{
    put_record(k, &dmar, b);
}

static void put_ivrs_block(struct taker *k, struct buf *b)
{
    put_record(k, &ivrs, b);
}

static void put_checksum(struct buf *b)
{
    uint8_t sum = 0;
    size_t i;

    for ( i = 0; i < b->len; i++ )
        sum += b->data[i];
    b->data[OFF_CHECKSUM] = (uint8_t)-sum;
}

static void put_table(struct taker *k, struct buf *b)
{
    json_t *signature = take_needed(k, "signature");
    const char *name = json_string_value(signature);
    bool is_dmar = name && !strcmp(name, "DMAR");
    const struct family *family = is_dmar ? &dmar : &ivrs;

    if ( signature && (!name || (!is_dmar && strcmp(name, "IVRS"))) )
        take_fail(k, "signature", "must be DMAR or IVRS");
    else if ( name )
    {
        take_ignored(k, "source");
        take_ignored(k, "bytes_given");
        take_ignored(k, "findings");
        put_fields(k, family->header,
                   (unsigned int)get_le((const uint8_t *)name, 4), b);
        put_kids(k, "records", b, is_dmar ? put_dmar_record : put_ivrs_block);
        put_lengths(k, family->header, 0, b);
        put_checksum(b);
    }
    json_decref(signature);
}

/* The outermost object: its table number @index, or -ENOENT. */
static int put_root(struct take_text *text, json_t *root, unsigned int index,
                    struct buf *b)
{
    struct taker k, table;
    json_t *tables, *o, *version;
    uint64_t v = 0;

    if ( !take_begin(&k, text, NULL, NULL, TAKE_ALONE, root) )
    {
        take_end(&k);
        return -EINVAL;
    }
    take_ignored(&k, "format");
    take_ignored(&k, "status");
    version = take_any(&k, "version");
    if ( version && (!json_number(version, UINT64_MAX, &v) || v != 1) )
        take_fail(&k, "version", "must be 1");
    json_decref(version);
    tables = take_list(&k, "tables");
    o = json_array_get(tables, index);
    if ( o )
    {
        if ( take_begin(&table, text, &k, "tables", index, o) )
            put_table(&table, b);
        take_end(&table);
    }
    json_decref(tables);
    take_end(&k);

    return text->failed ? -EINVAL : o ? 0 : -ENOENT;
}

int json_compile(const char *name, const char *text, size_t len,
                 unsigned int index, struct buf *table)
{
    struct take_text state = { name, false };
    json_error_t err;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &err);
    int rc;

    if ( !root )
    {
        complain("%s: line %d, column %d: %s", name, err.line, err.column,
                 err.text);
        return -EINVAL;
    }
    rc = put_root(&state, root, index, table);
    json_decref(root);

    return rc;
}
