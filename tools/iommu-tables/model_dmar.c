/* SPDX-License-Identifier: GPL-2.0-only */
/* A DMAR as the hypervisor's parser takes it apart. */
#include "model.h"

#include "util.h"

static void add_scopes(struct node *record, const struct table *t,
                       size_t from)
{
    struct dmar_scopes it;
    struct fw_error err;

    memset(&it, 0, sizeof(it));
    it.base = t->bytes;
    it.pos = from;
    it.end = record->offset + record->len;

    for ( ; ; )
    {
        struct dmar_scope scope;
        struct node *n;
        int rc = dmar_scope_next(&it, &scope, &err);

        if ( rc == -EINVAL )
            node_add_rest(&record->kids, &record->nr_kids, t, it.pos, it.end,
                     &err);
        if ( !rc || rc == -EINVAL )
            break;
        n = node_add(&record->kids, &record->nr_kids);
        node_init(n, t, NODE_SCOPE, &dmar_scope_format, scope.offset,
                  it.pos - scope.offset);
        n->type = scope.type;
        n->rc = rc;
        if ( rc < 0 )
            n->err = err;
        n->hv.scope = scope;
    }
}

/* Records from @from to @to that the parser passed over: unknown types. */
static void add_unknown(struct table *t, size_t from, size_t to)
{
    while ( from < to )
    {
        size_t len = get_le(t->bytes + from + 2, 2);
        struct node *n = node_add(&t->records, &t->nr_records);

        node_init_unknown(n, t, NODE_RECORD, &dmar_unknown_format, from, len);
        from += len;
    }
}

static void add_record(struct table *t, const struct dmar_record *rec, int rc,
                       const struct fw_error *err)
{
    struct node *n = node_add(&t->records, &t->nr_records);
    const struct node_format *fmt = dmar_record_format(rec->type);

    node_init(n, t, NODE_RECORD, fmt, rec->offset, rec->len);
    n->rc = rc;
    if ( rc < 0 )
        n->err = *err;
    n->hv.dmar = *rec;
    if ( fmt && fmt->tail == TAIL_SCOPES && rec->len >= fmt->fixed )
        add_scopes(n, t, n->tail);
}

static void add_records(struct table *t)
{
    struct dmar d = t->hv.dmar;

    for ( ; ; )
    {
        size_t from = d.pos;
        struct dmar_record rec;
        struct fw_error err;
        int rc = dmar_next(&d, &rec, &err);

        if ( !rc || rc == -EINVAL )
        {
            add_unknown(t, from, d.pos);
            t->end_rc = rc;
            if ( rc )
            {
                t->end = err;
                node_add_rest(&t->records, &t->nr_records, t, d.pos, t->used,
                         &err);
            }
            return;
        }
        add_unknown(t, from, rec.offset);
        add_record(t, &rec, rc, &err);
    }
}

void model_dmar(struct table *t)
{
    size_t header = dmar_header_format.fixed;

    t->rc = dmar_open(&t->hv.dmar, t->bytes, t->len, &t->err);
    t->used = t->rc == -EINVAL ? t->len : t->hv.dmar.len;
    node_init(&t->header, t, NODE_HEADER, &dmar_header_format, 0,
              t->used < header ? t->used : header);
    t->header.rc = t->rc ? t->rc : 1;
    t->header.err = t->err;
    if ( t->rc == -EINVAL )
    {
        t->end_rc = t->rc;
        t->end = t->err;
        node_add_rest(&t->records, &t->nr_records, t, t->header.len, t->used,
                 &t->err);
        return;
    }
    add_records(t);
}
