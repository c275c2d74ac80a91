/* SPDX-License-Identifier: GPL-2.0-only */
/* The model's common parts. */
#include "model.h"

#include "memmap.h"
#include "pci.h"
#include "util.h"

#include <stdio.h>
#include <stdlib.h>

static void add_field(struct node *n, const struct table *t,
                      const struct field_format *fmt)
{
    struct field *f;

    /* Fields have no gaps: behind one that does not fit, none does. */
    if ( (size_t)fmt->offset + fmt->width > n->len )
        return;

    n->fields = grow(n->fields, n->nr_fields, sizeof(*n->fields));
    f = &n->fields[n->nr_fields++];
    f->fmt = fmt;
    f->offset = n->offset + fmt->offset;
    f->width = fmt->width;
    f->value = f->width <= 8 ? get_le(t->bytes + f->offset, f->width) : 0;
    n->tail = f->offset + f->width;
}

void node_init(struct node *n, const struct table *t, enum node_kind kind,
               const struct node_format *fmt, size_t offset, size_t len)
{
    unsigned int i;

    memset(n, 0, sizeof(*n));
    n->kind = kind;
    n->fmt = fmt;
    n->offset = offset;
    n->len = len;
    n->tail = offset + len;
    if ( !fmt )
        return;

    n->type = fmt->type;
    n->tail = offset;
    for ( i = 0; i < fmt->nr_fields; i++ )
        add_field(n, t, &fmt->fields[i]);
}

void node_init_unknown(struct node *n, const struct table *t,
                       enum node_kind kind, const struct node_format *fmt,
                       size_t offset, size_t len)
{
    node_init(n, t, kind, fmt, offset, len);
    n->fmt = NULL;
    n->type = node_value(n, "type", 0);
}

bool node_short(const struct node *n)
{
    return n->fmt && n->len < n->fmt->fixed;
}

struct node *node_add(struct node **nodes, size_t *nr)
{
    *nodes = grow(*nodes, *nr, sizeof(**nodes));
    memset(&(*nodes)[*nr], 0, sizeof(**nodes));

    return &(*nodes)[(*nr)++];
}

void node_add_rest(struct node **nodes, size_t *nr, const struct table *t,
                   size_t from, size_t to, const struct fw_error *err)
{
    struct node *n;

    if ( from >= to )
        return;
    n = node_add(nodes, nr);
    node_init(n, t, NODE_REST, NULL, from, to - from);
    n->rc = -EINVAL;
    n->err = *err;
}

bool table_header(struct table *t, const struct node_format *fmt, int rc,
                  size_t len)
{
    t->rc = rc;
    t->used = rc == -EINVAL ? t->len : len;
    node_init(&t->header, t, NODE_HEADER, fmt, 0,
              t->used < fmt->fixed ? t->used : fmt->fixed);
    t->header.rc = rc ? rc : 1;
    t->header.err = t->err;
    if ( rc == -EINVAL )
        table_end(t, t->header.len, rc, &t->err);
    return rc != -EINVAL;
}

void table_passed_over(struct table *t, const struct node_format *fmt,
                       size_t from, size_t to)
{
    while ( from < to )
    {
        size_t len = get_le(t->bytes + from + 2, 2);
        struct node *n = node_add(&t->records, &t->nr_records);

        node_init_unknown(n, t, NODE_RECORD, fmt, from, len);
        from += len;
    }
}

void table_end(struct table *t, size_t pos, int rc,
               const struct fw_error *err)
{
    t->end_rc = rc;
    if ( !rc )
        return;
    t->end = *err;
    node_add_rest(&t->records, &t->nr_records, t, pos, t->used, err);
}

int machine_add(struct machine *m, const char *source, uint8_t *bytes,
                size_t len)
{
    enum table_kind kind;
    struct table *t;

    if ( len >= 4 && !memcmp(bytes, "DMAR", 4) )
        kind = TABLE_DMAR;
    else if ( len >= 4 && !memcmp(bytes, "IVRS", 4) )
        kind = TABLE_IVRS;
    else
        return -EINVAL;

    m->tables = grow(m->tables, m->nr_tables, sizeof(*m->tables));
    t = &m->tables[m->nr_tables++];
    memset(t, 0, sizeof(*t));
    t->kind = kind;
    t->source = xprintf("%s", source);
    t->bytes = bytes;
    t->len = len;
    if ( kind == TABLE_DMAR )
        model_dmar(t);
    else
        model_ivrs(t);

    return 0;
}

static void node_clear(struct node *n)
{
    size_t i;

    for ( i = 0; i < n->nr_kids; i++ )
        node_clear(&n->kids[i]);
    free(n->kids);
    free(n->fields);
}

void machine_free(struct machine *m)
{
    size_t i, j;

    for ( i = 0; i < m->nr_tables; i++ )
    {
        struct table *t = &m->tables[i];

        node_clear(&t->header);
        for ( j = 0; j < t->nr_records; j++ )
            node_clear(&t->records[j]);
        free(t->records);
        free(t->bytes);
        free(t->source);
    }
    free(m->tables);
    pci_free(m->pci);
    memmap_free(m->memmap);
    memset(m, 0, sizeof(*m));
}

const struct field *node_field(const struct node *n, const char *key)
{
    size_t i;

    for ( i = 0; i < n->nr_fields; i++ )
        if ( n->fields[i].fmt->key && !strcmp(n->fields[i].fmt->key, key) )
            return &n->fields[i];
    return NULL;
}

uint64_t node_value(const struct node *n, const char *key,
                    uint64_t otherwise)
{
    const struct field *f = node_field(n, key);

    return f ? f->value : otherwise;
}

const char *node_name(const struct node *n, char *room, size_t size)
{
    if ( n->kind == NODE_REST )
        return "rest";
    if ( n->fmt )
        return n->fmt->name;
    snprintf(room, size, "%s of type %02Xh",
             n->kind == NODE_ENTRY ? "entry" : "record", n->type);
    return room;
}

const char *table_name(const struct table *t)
{
    return t->kind == TABLE_DMAR ? "DMAR" : "IVRS";
}

static const struct node *within(const struct node *n, size_t offset)
{
    size_t i;

    if ( offset < n->offset || offset - n->offset >= n->len )
        return NULL;
    for ( i = 0; i < n->nr_kids; i++ )
    {
        const struct node *found = within(&n->kids[i], offset);

        if ( found )
            return found;
    }
    return n;
}

const struct node *table_node_at(const struct table *t, size_t offset)
{
    const struct node *found = within(&t->header, offset);
    size_t i;

    for ( i = 0; !found && i < t->nr_records; i++ )
        found = within(&t->records[i], offset);
    return found;
}
