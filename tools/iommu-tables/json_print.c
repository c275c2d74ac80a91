/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables as JSON: see JSON.md. */
#include "json.h"

#include "json_priv.h"
#include "util.h"

#include <stdlib.h>

/* Bytes as hexadecimal digits, after @prefix. */
static json_t *hex_json(const char *prefix, const uint8_t *p, size_t len)
{
    size_t n = strlen(prefix), i;
    char *s = xalloc(n + len * 2 + 1);
    json_t *j;

    memcpy(s, prefix, n);
    for ( i = 0; i < len; i++ )
        sprintf(s + n + i * 2, "%02x", p[i]);
    j = json_string(s);
    free(s);

    return j;
}

static json_t *number_json(uint64_t value, unsigned int digits)
{
    char *s = xprintf("0x%0*llx", (int)digits, (unsigned long long)value);
    json_t *j = json_string(s);

    free(s);
    return j;
}

static bool all_zero(const uint8_t *p, size_t len)
{
    while ( len )
        if ( p[--len] )
            return false;
    return true;
}

/* @p as characters, or its bytes where it is more than printable ASCII. */
static json_t *text_json(const uint8_t *p, size_t len)
{
    size_t i;

    for ( i = 0; i < len; i++ )
        if ( p[i] < ' ' || p[i] >= 0x7f )
            return hex_json(JSON_HEX, p, len);
    if ( len >= strlen(JSON_HEX) && !memcmp(p, JSON_HEX, strlen(JSON_HEX)) )
        return hex_json(JSON_HEX, p, len);

    return json_stringn((const char *)p, len);
}

static json_t *padded_text_json(const uint8_t *p, size_t len)
{
    while ( len && !p[len - 1] )
        len--;
    return text_json(p, len);
}

static json_t *bits_json(const struct field *f)
{
    json_t *o = json_object();
    const struct bit_format *b;
    uint64_t rest = f->value;

    for ( b = f->fmt->bits; b->name; b++ )
    {
        uint64_t mask = bit_mask(b), v = (f->value & mask) >> b->low;

        rest &= ~mask;
        json_object_set_new(o, b->key, b->width == 1 ? json_boolean(v)
                                                     : json_integer(v));
    }
    if ( rest )
        json_object_set_new(o, "reserved", number_json(rest, 1));

    return o;
}

static json_t *id_json(uint64_t id)
{
    char s[16];

    snprintf(s, sizeof(s), "%02x:%02x.%u", (unsigned int)(id >> 8) & 0xff,
             (unsigned int)(id >> 3) & 0x1f, (unsigned int)id & 7);
    return json_string(s);
}

static json_t *field_json(const struct table *t, const struct field *f)
{
    const uint8_t *p = t->bytes + f->offset;

    switch ( f->fmt->show )
    {
    case SHOW_DEC:
    case SHOW_WIDTH:
    case SHOW_LENGTH:
    case SHOW_TAIL_LENGTH:
        return json_integer(f->value);
    case SHOW_ID:
        return id_json(f->value);
    case SHOW_TEXT:
        return padded_text_json(p, f->width);
    case SHOW_BITS:
        return bits_json(f);
    case SHOW_RESERVED:
        return all_zero(p, f->width) ? NULL : hex_json("", p, f->width);
    case SHOW_HEX:
    case SHOW_CHECKSUM:
        return number_json(f->value, f->width == 8 ? 1 : f->width * 2);
    case SHOW_TYPE:
        break;
    }
    return NULL;
}

static void add_fields(json_t *o, const struct table *t,
                       const struct node *n)
{
    size_t i;

    for ( i = 0; i < n->nr_fields; i++ )
    {
        const struct field *f = &n->fields[i];
        const char *name = value_name(f->fmt->values, f->value);
        json_t *j = field_json(t, f);

        if ( !j )
            continue;
        json_object_set_new(o, f->fmt->key, j);
        if ( f->fmt->values )
        {
            char *key = xprintf("%s_name", f->fmt->key);

            json_object_set_new(o, key, name ? json_string(name)
                                             : json_null());
            free(key);
        }
    }
}

/* The name up to its zero, and how many more follow it: if that is all. */
static bool add_name(json_t *o, const uint8_t *p, size_t len)
{
    const uint8_t *end = len ? memchr(p, 0, len) : NULL;
    size_t padding;

    if ( !end )
        return false;
    padding = p + len - end - 1;
    if ( !all_zero(end, padding + 1) )
        return false;
    json_object_set_new(o, "name", text_json(p, end - p));
    json_object_set_new(o, "padding", json_integer(padding));
    return true;
}

static bool add_uid(json_t *o, const struct node *n, const uint8_t *p,
                    size_t len)
{
    char *s;

    switch ( node_value(n, "uid_format", IVRS_UID_NONE) )
    {
    case IVRS_UID_NUMBER:
        if ( !len || len > 8 )
            return false;
        s = xprintf("0x%0*llx", (int)len * 2,
                    (unsigned long long)get_le(p, len));
        json_object_set_new(o, "uid", json_string(s));
        free(s);
        return true;
    case IVRS_UID_TEXT:
        json_object_set_new(o, "uid", text_json(p, len));
        return true;
    default:
        return !len;
    }
}

static bool add_path(json_t *o, const uint8_t *p, size_t len)
{
    json_t *path = json_array();
    size_t i;

    for ( i = 0; i + 1 < len; i += 2 )
        json_array_append_new(path, json_pack("[ii]", p[i], p[i + 1]));
    json_object_set_new(o, "path", path);
    return true;
}

static json_t *node_json(const struct table *t, const struct node *n);

static json_t *kids_json(const struct table *t, const struct node *n)
{
    json_t *list = json_array();
    size_t i;

    for ( i = 0; i < n->nr_kids; i++ )
        json_array_append_new(list, node_json(t, &n->kids[i]));
    return list;
}

static void add_tail(json_t *o, const struct table *t, const struct node *n)
{
    const uint8_t *p = t->bytes + n->tail;
    size_t len = n->offset + n->len - n->tail;
    enum node_tail tail = n->fmt ? n->fmt->tail : TAIL_NONE;
    bool done = false;

    if ( tail == TAIL_SCOPES || tail == TAIL_ENTRIES )
    {
        json_object_set_new(o, tail == TAIL_SCOPES ? "scopes" : "entries",
                            kids_json(t, n));
        return;
    }
    if ( tail == TAIL_NAME )
        done = add_name(o, p, len);
    else if ( tail == TAIL_UID )
        done = add_uid(o, n, p, len);
    else if ( tail == TAIL_PATH )
        done = add_path(o, p, len);
    /* Without bytes, too, where it must be said that there is no name. */
    if ( !done && (len || tail != TAIL_NONE) )
        json_object_set_new(o, "tail", hex_json("", p, len));
}

static void add_state(json_t *o, const struct node *n)
{
    bool is_end = n->kind == NODE_ENTRY && n->type == IVRS_RAW_END;

    json_object_set_new(o, "used", json_string(n->rc > 0 ? "yes"
                                               : n->rc < 0 ? "no"
                                               : is_end ? "with its start"
                                               : "passed over"));
    if ( n->rc >= 0 )
        return;
    json_object_set_new(o, "problem",
                        json_pack("{sIsoss}",
                                  "offset", (json_int_t)n->err.offset,
                                  "value", number_json(n->err.value, 1),
                                  "rule", n->err.rule));
}

/* A record without room for its fields: what all of a table have, and bytes. */
static void add_short(json_t *o, const struct table *t, const struct node *n)
{
    const struct node_format *fmt = t->kind == TABLE_DMAR
                                    ? &dmar_unknown_format
                                    : &ivrs_unknown_format;
    struct node plain;

    node_init_unknown(&plain, t, n->kind, fmt, n->offset, n->len);
    json_object_set_new(o, "short", json_true());
    add_fields(o, t, &plain);
    json_object_set_new(o, "tail",
                        hex_json("", t->bytes + plain.tail,
                                 plain.offset + plain.len - plain.tail));
    free(plain.fields);
}

static json_t *node_json(const struct table *t, const struct node *n)
{
    json_t *o = json_object();

    if ( n->kind == NODE_REST )
        json_object_set_new(o, "type", json_string(JSON_REST));
    else if ( n->fmt && n->kind != NODE_SCOPE )
        json_object_set_new(o, "type", json_string(n->fmt->name));
    else
        json_object_set_new(o, "type", json_integer(n->type));
    json_object_set_new(o, "offset", json_integer(n->offset));
    json_object_set_new(o, "length", json_integer(n->len));
    add_state(o, n);
    if ( n->kind == NODE_REST )
        json_object_set_new(o, "tail",
                            hex_json("", t->bytes + n->offset, n->len));
    else if ( node_short(n) )
        add_short(o, t, n);
    else
    {
        add_fields(o, t, n);
        add_tail(o, t, n);
    }

    return o;
}

static json_t *findings_json(const struct table *t, const struct findings *f)
{
    json_t *list = json_array();
    size_t i;

    for ( i = 0; i < f->nr; i++ )
    {
        const struct finding *x = &f->list[i];
        json_t *o;

        if ( x->table != t )
            continue;
        o = json_pack("{sssIssss}", "severity", severity_name(x->severity),
                      "offset", (json_int_t)x->offset, "rule", x->rule,
                      "message", x->message);
        if ( x->consequence )
            json_object_set_new(o, "consequence",
                                json_string(x->consequence));
        if ( x->action )
            json_object_set_new(o, "action", json_string(x->action));
        if ( x->log )
            json_object_set_new(o, "log", json_string(x->log));
        json_array_append_new(list, o);
    }

    return list;
}

static json_t *table_json(const struct table *t, const struct findings *f)
{
    const struct node *h = &t->header;
    json_t *o = json_object(), *records = json_array();
    size_t i;

    json_object_set_new(o, "source", text_json((uint8_t *)t->source,
                                               strlen(t->source)));
    json_object_set_new(o, "signature", json_string(table_name(t)));
    if ( t->len != node_value(h, "length", 0) )
        json_object_set_new(o, "bytes_given", json_integer(t->len));
    add_fields(o, t, h);
    for ( i = 0; i < t->nr_records; i++ )
        json_array_append_new(records, node_json(t, &t->records[i]));
    json_object_set_new(o, "records", records);
    json_object_set_new(o, "findings", findings_json(t, f));

    return o;
}

int json_print(const struct machine *m, const struct findings *f, FILE *out)
{
    json_t *tables = json_array(), *root;
    size_t i;
    int rc;

    for ( i = 0; i < m->nr_tables; i++ )
        json_array_append_new(tables, table_json(&m->tables[i], f));
    root = json_pack("{sssisiso}", "format", "iommu-tables", "version", 1,
                     "status", findings_status(f), "tables", tables);
    if ( !root )
    {
        complain("out of memory");
        return -ENOMEM;
    }
    rc = json_dumpf(root, out, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    json_decref(root);
    if ( rc )
        return -EIO;
    fputc('\n', out);

    return 0;
}
