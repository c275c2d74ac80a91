/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of one machine: its tables, taken apart.
 *
 * The hypervisor's own parsers decide where records and scopes begin, which
 * are sound and why not; their results stand beside the fields that only a
 * reader wants to see. Nothing is dropped: what is damaged is kept with what
 * could be read, and what cannot be told apart is kept as bytes (NODE_REST).
 */
#ifndef TOOL_MODEL_H
#define TOOL_MODEL_H

#include "format.h"
#include "fw/fw.h"
#include "fw/ivrs.h"

struct memmap;
struct pci;

struct field
{
    const struct field_format *fmt;
    size_t offset;                  /* in the table, bytes */
    unsigned int width;             /* bytes; all of them are there */
    uint64_t value;                 /* little endian; 0 if width > 8 */
};

enum node_kind
{
    NODE_HEADER, NODE_RECORD, NODE_SCOPE, NODE_ENTRY,
    NODE_REST,                      /* bytes that nobody can tell apart */
};

struct node
{
    enum node_kind kind;
    unsigned int type;
    const struct node_format *fmt;  /* NULL: unknown type, or NODE_REST */
    size_t offset, len;             /* in the table; len: bytes there are */
    struct field *fields;           /* those that fit in len */
    size_t nr_fields;
    size_t tail;                    /* offset in the table of what follows
                                     * the fields; at most the node's end */
    struct node *kids;              /* scopes or entries, in order */
    size_t nr_kids;

    /*
     * What the hypervisor's parser said: 1 sound, 0 it passes over this
     * (unknown type, padding, start or end of a range: see range), -EBADMSG
     * unusable, -EINVAL the walk ended here. err is filled if negative.
     */
    int rc;
    struct fw_error err;
    /*
     * What it made of it, where rc is 1 or -EBADMSG (see fw.h, ivrs.h for
     * what is valid then). For a range of device entries this stands at the
     * entry that opens it, with last from the one that ends it.
     */
    union
    {
        struct dmar_record dmar;
        struct ivrs_block ivrs;
        struct dmar_scope scope;
        struct ivrs_entry entry;
    } hv;
};

enum table_kind { TABLE_DMAR, TABLE_IVRS };

struct table
{
    enum table_kind kind;
    char *source;                   /* file it came from, for messages */
    uint8_t *bytes;
    size_t len;                     /* bytes there are */
    size_t used;                    /* bytes that count: header's length */

    /* dmar_open() or ivrs_open(): 0, -EBADMSG or -EINVAL, and why. */
    int rc;
    struct fw_error err;
    union
    {
        struct dmar dmar;           /* before the first record is taken */
        struct ivrs ivrs;
    } hv;

    struct node header;
    struct node *records;           /* in order; NODE_REST comes last */
    size_t nr_records;
    /*
     * 0, or -EINVAL: where the records can no longer be told apart (the
     * hypervisor then uses nothing of this table).
     */
    int end_rc;
    struct fw_error end;
};

struct machine
{
    struct table *tables;
    size_t nr_tables;
    struct pci *pci;                /* NULL: not known (pci.h) */
    struct memmap *memmap;          /* NULL: not known (memmap.h) */
};

/*
 * Takes @bytes (allocated with xalloc() or the like) and a copy of @source,
 * and adds a table. @bytes[0..3] must be DMAR or IVRS: 0, or -EINVAL, and
 * then nothing was taken.
 */
int machine_add(struct machine *m, const char *source, uint8_t *bytes,
                size_t len);
void machine_free(struct machine *m);

/* The field of @n with that JSON key, or NULL. */
const struct field *node_field(const struct node *n, const char *key);
/* Its value, or @otherwise where it could not be read. */
uint64_t node_value(const struct node *n, const char *key,
                    uint64_t otherwise);
/* "DRHD", "IVHD 11h", "record of type 9", "scope", "rest": for messages. */
const char *node_name(const struct node *n, char *room, size_t size);
/* "DMAR" or "IVRS". */
const char *table_name(const struct table *t);
/* The node that @offset lies in, innermost; NULL outside of the table. */
const struct node *table_node_at(const struct table *t, size_t offset);

/* Does @n end before the fixed fields of its type do? */
bool node_short(const struct node *n);

/* Inside of the model: model.c, model_dmar.c, model_ivrs.c. */
void node_init(struct node *n, const struct table *t, enum node_kind kind,
               const struct node_format *fmt, size_t offset, size_t len);
/* The same for a type that is not known: @fmt has what it must have. */
void node_init_unknown(struct node *n, const struct table *t,
                       enum node_kind kind, const struct node_format *fmt,
                       size_t offset, size_t len);
struct node *node_add(struct node **nodes, size_t *nr);
/* Bytes from @from to @to (exclusive) that nothing can be said about. */
void node_add_rest(struct node **nodes, size_t *nr, const struct table *t,
                   size_t from, size_t to, const struct fw_error *err);

/*
 * What both kinds of table have in common. The header, from what the parser
 * says of it (@rc; t->err is set) and how much of the table it walks (@len);
 * false: no records can be told apart.
 */
bool table_header(struct table *t, const struct node_format *fmt, int rc,
                  size_t len);
/* Records from @from to @to that the parser passed over: unknown types. */
void table_passed_over(struct table *t, const struct node_format *fmt,
                       size_t from, size_t to);
/* The parser's last word, at @pos: 0, or -EINVAL and @err. */
void table_end(struct table *t, size_t pos, int rc,
               const struct fw_error *err);
void model_dmar(struct table *t);
void model_ivrs(struct table *t);

#endif /* TOOL_MODEL_H */
