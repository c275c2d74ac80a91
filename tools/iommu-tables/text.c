/* SPDX-License-Identifier: GPL-2.0-only */
#include "text.h"

#include "util.h"

#include <stdlib.h>

#define RED     "\033[31m"
#define BOLD    "\033[1m"
#define DIM     "\033[2m"
#define PLAIN   "\033[0m"

struct printer
{
    const struct table *table;
    const struct text_style *style;
    FILE *out;
};

static const char *colour(const struct printer *p, const char *code)
{
    return p->style->colour ? code : "";
}

static void print_complaint(const struct printer *p,
                            const struct fw_error *err, int indent)
{
    fprintf(p->out, "%*s%s!! at %03zXh: %s; there is %#llx%s\n", indent, "",
            colour(p, RED), err->offset, err->rule,
            (unsigned long long)err->value, colour(p, PLAIN));
}

/* What the hypervisor's parser did not like about @n. */
static void print_problem(const struct printer *p, const struct node *n,
                          int indent)
{
    /* What is the matter with the whole table was said at its header. */
    if ( n->rc < 0 && !(n->kind == NODE_REST && p->table->rc == -EINVAL) )
        print_complaint(p, &n->err, indent);
}

/* Where the walk ended for want of bytes there is no node to say so. */
static void print_end(const struct printer *p)
{
    const struct table *t = p->table;

    if ( t->end_rc && t->rc != -EINVAL &&
         !(t->nr_records && t->records[t->nr_records - 1].kind == NODE_REST) )
        print_complaint(p, &t->end, 0);
    if ( t->used < t->len )
        fprintf(p->out, "%03zXh %zu bytes behind the table's end\n", t->used,
                t->len - t->used);
    fputc('\n', p->out);
}

/* The long form: "038h +8  Register Base Address   0xfed90000  | 00 00 ..". */
static void print_bytes_line(const struct printer *p, const char *name,
                             const char *value, size_t offset, size_t len,
                             int indent)
{
    char *bytes = bytes_text(p->table->bytes + offset, len);

    fprintf(p->out, "%*s%03zXh +%-2zu %-*s %s%s%s%s%s\n", indent, "", offset,
            len, 40 - indent, name, value, *value ? "  " : "",
            colour(p, DIM), bytes, colour(p, PLAIN));
    free(bytes);
}

static void print_field(const struct printer *p, const struct field *f,
                        int indent)
{
    char *value;

    if ( !p->style->bytes && !field_is_news(p->table, f) )
        return;
    value = field_text(p->table, f);
    if ( p->style->bytes )
        print_bytes_line(p, f->fmt->name,
                         f->fmt->show == SHOW_RESERVED ? "" : value,
                         f->offset, f->width, indent);
    else
        fprintf(p->out, "%*s%03zXh  %-*s %s\n", indent, "", f->offset,
                40 - indent, f->fmt->name, value);
    free(value);
}

static void print_tail(const struct printer *p, const struct node *n,
                       int indent)
{
    size_t from = n->kind == NODE_REST ? n->offset : n->tail;
    char *value = tail_text(p->table, n);

    if ( !value )
        return;
    if ( p->style->bytes )
        print_bytes_line(p, n->kind == NODE_REST ? "Bytes" : value, "", from,
                         n->offset + n->len - from, indent);
    else
        fprintf(p->out, "%*s%03zXh  %s\n", indent, "", from, value);
    free(value);
}

/* Scopes and entries have a line each: there may be many. */
static void print_short(const struct printer *p, const struct node *n,
                        int indent)
{
    const char *between = ": ";
    char room[32], *value;
    size_t i;

    fprintf(p->out, "%*s%03zXh  %s", indent, "", n->offset,
            node_name(n, room, sizeof(room)));
    for ( i = 0; i < n->nr_fields; i++ )
    {
        const struct field *f = &n->fields[i];

        if ( !field_is_news(p->table, f) ||
             (f->fmt->show == SHOW_BITS && !f->value) )
            continue;
        value = field_text(p->table, f);
        fprintf(p->out, "%s%s %s", between, f->fmt->name, value);
        between = ", ";
        free(value);
    }
    value = tail_text(p->table, n);
    if ( value )
        fprintf(p->out, "%s%s", between, value);
    free(value);
    fputc('\n', p->out);
    print_problem(p, n, indent + 6);
}

static void print_node(const struct printer *p, const struct node *n,
                       int indent)
{
    char room[32];
    size_t i;

    if ( n->kind == NODE_REST )
        fprintf(p->out, "%*s%s%03zXh %zu bytes that cannot be told apart%s\n",
                indent, "", colour(p, BOLD), n->offset, n->len,
                colour(p, PLAIN));
    else
        fprintf(p->out, "%*s%s%03zXh %s%s, %s%s%zu bytes%s%s%s\n", indent,
                "", colour(p, BOLD), n->offset,
                n->kind == NODE_HEADER ? "Header"
                                       : node_name(n, room, sizeof(room)),
                colour(p, PLAIN), n->fmt ? n->fmt->title : "not known",
                ", ", n->len, n->fmt ? " (" : "",
                n->fmt ? n->fmt->section : "", n->fmt ? ")" : "");
    print_problem(p, n, indent + 4);
    for ( i = 0; i < n->nr_fields; i++ )
        print_field(p, &n->fields[i], indent + 4);
    print_tail(p, n, indent + 4);

    for ( i = 0; i < n->nr_kids; i++ )
        if ( p->style->bytes )
            print_node(p, &n->kids[i], indent + 4);
        else
            print_short(p, &n->kids[i], indent + 4);
}

void text_print(const struct table *t, const struct text_style *style,
                FILE *out)
{
    const struct printer p = { t, style, out };
    size_t i;

    fprintf(out, "%s%s%s, %zu bytes\n", colour(&p, BOLD), t->source,
            colour(&p, PLAIN), t->len);
    print_node(&p, &t->header, 0);
    for ( i = 0; i < t->nr_records; i++ )
        print_node(&p, &t->records[i], 0);
    print_end(&p);
}
