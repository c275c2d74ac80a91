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
            table_passed_over(t, &dmar_unknown_format, from, d.pos);
            table_end(t, d.pos, rc, &err);
            return;
        }
        table_passed_over(t, &dmar_unknown_format, from, rec.offset);
        add_record(t, &rec, rc, &err);
    }
}

void model_dmar(struct table *t)
{
    int rc = dmar_open(&t->hv.dmar, t->bytes, t->len, &t->err);

    if ( table_header(t, &dmar_header_format, rc, t->hv.dmar.len) )
        add_records(t);
}
