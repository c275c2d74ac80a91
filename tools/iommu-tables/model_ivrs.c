/* SPDX-License-Identifier: GPL-2.0-only */
/* An IVRS as the hypervisor's parser takes it apart. */
#include "model.h"

#include "util.h"

#define ACPI_ENTRY      0xf0
#define ACPI_ENTRY_LEN  22u
#define UID_OFF_LENGTH  21u

/* The parser has found that an entry is there and ends in its block. */
static size_t entry_len(const struct table *t, size_t at)
{
    uint8_t type = t->bytes[at];

    if ( type == ACPI_ENTRY )
        return ACPI_ENTRY_LEN + t->bytes[at + UID_OFF_LENGTH];
    return (size_t)4 << (type >> 6);
}

/* The raw entries of [@from, @to): what is one range for the parser is two. */
static void add_raw_entries(struct node *block, const struct table *t,
                            size_t from, size_t to)
{
    while ( from < to )
    {
        const struct node_format *fmt = ivrs_entry_format(t->bytes[from]);
        size_t len = entry_len(t, from);
        struct node *n = node_add(&block->kids, &block->nr_kids);

        if ( fmt )
            node_init(n, t, NODE_ENTRY, fmt, from, len);
        else
            node_init_unknown(n, t, NODE_ENTRY, &ivrs_unknown_entry_format,
                              from, len);
        from += len;
    }
}

/* It was added not long ago. */
static struct node *entry_at(struct node *block, size_t offset)
{
    size_t i;

    for ( i = block->nr_kids; i-- > 0; )
        if ( block->kids[i].offset == offset )
            return &block->kids[i];
    return NULL;
}

/* A range stands at its start, and so does a complaint about its end. */
static void note_entry(struct node *block, const struct ivrs_entry *e, int rc,
                       const struct fw_error *err)
{
    struct node *n = entry_at(block, e->offset);

    if ( !n )
        return;
    n->rc = rc;
    n->hv.entry = *e;
    if ( rc < 0 )
        n->err = *err;
}

static void add_entries(struct node *block, const struct table *t)
{
    struct ivrs_entries it = block->hv.ivrs.u.ivhd.entries;

    for ( ; ; )
    {
        size_t from = it.pos;
        struct ivrs_entry e;
        struct fw_error err;
        int rc = ivrs_entry_next(&it, &e, &err);

        add_raw_entries(block, t, from, it.pos);
        if ( rc == -EINVAL )
            node_add_rest(&block->kids, &block->nr_kids, t, it.pos, it.end,
                          &err);
        if ( !rc || rc == -EINVAL )
            return;
        note_entry(block, &e, rc, &err);
    }
}

static void add_block(struct table *t, const struct ivrs_block *b, int rc,
                      const struct fw_error *err)
{
    struct node *n = node_add(&t->records, &t->nr_records);
    const struct node_format *fmt = ivrs_block_format(b->type);

    node_init(n, t, NODE_RECORD, fmt, b->offset, b->len);
    n->rc = rc;
    if ( rc < 0 )
        n->err = *err;
    n->hv.ivrs = *b;
    if ( fmt && fmt->tail == TAIL_ENTRIES && b->len >= fmt->fixed )
        add_entries(n, t);
}

static void add_blocks(struct table *t)
{
    struct ivrs i = t->hv.ivrs;

    for ( ; ; )
    {
        size_t from = i.pos;
        struct ivrs_block b;
        struct fw_error err;
        int rc = ivrs_next(&i, &b, &err);

        if ( !rc || rc == -EINVAL )
        {
            table_passed_over(t, &ivrs_unknown_format, from, i.pos);
            table_end(t, i.pos, rc, &err);
            return;
        }
        table_passed_over(t, &ivrs_unknown_format, from, b.offset);
        add_block(t, &b, rc, &err);
    }
}

void model_ivrs(struct table *t)
{
    int rc = ivrs_open(&t->hv.ivrs, t->bytes, t->len, &t->err);

    if ( table_header(t, &ivrs_header_format, rc, t->hv.ivrs.len) )
        add_blocks(t);
}
