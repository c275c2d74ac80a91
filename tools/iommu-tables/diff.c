/* SPDX-License-Identifier: GPL-2.0-only */
#include "diff.h"

#include "align.h"
#include "text.h"
#include "util.h"

#include <stdlib.h>

struct differ
{
    const struct table *a, *b;
    FILE *out;
    bool colour;
    unsigned int found;
};

static void print_colour(const struct differ *d, const char *code)
{
    if ( d->colour )
        fputs(code, d->out);
}

static const char *title(const struct node *n, char *room, size_t size)
{
    return n->kind == NODE_HEADER ? "header" : node_name(n, room, size);
}

/* "RMRR at 0A0h, Device Scope at 0B8h (0C0h): " */
static void print_place(const struct differ *d, const struct node *up,
                        const struct node *a, const struct node *b)
{
    char room[32];

    if ( up )
        fprintf(d->out, "%s at %03zXh, ", title(up, room, sizeof(room)),
                up->offset);
    fprintf(d->out, "%s at %03zXh", title(a, room, sizeof(room)), a->offset);
    if ( a->offset != b->offset )
        fprintf(d->out, " (%03zXh)", b->offset);
    fputs(": ", d->out);
}

static void print_change(struct differ *d, const struct node *up,
                         const struct node *a, const struct node *b,
                         const char *name, char *was, char *is)
{
    d->found++;
    print_place(d, up, a, b);
    fprintf(d->out, "%s%swas ", name, *name ? " " : "");
    print_colour(d, "\033[31m");
    fputs(was ? was : "nothing", d->out);
    print_colour(d, "\033[0m");
    fputs(", is ", d->out);
    print_colour(d, "\033[32m");
    fputs(is ? is : "nothing", d->out);
    print_colour(d, "\033[0m");
    fputc('\n', d->out);
    free(was);
    free(is);
}

/* All of a node that comes or goes, in a line. */
static void print_alone(struct differ *d, const struct table *t,
                        const struct node *up, const struct node *n)
{
    const char *between = ": ";
    char room[32], *tail = tail_text(t, n);
    size_t i;

    d->found++;
    print_colour(d, t == d->a ? "\033[31m" : "\033[32m");
    fprintf(d->out, "only in the %s: ", t == d->a ? "first" : "second");
    if ( up )
        fprintf(d->out, "%s at %03zXh, ", title(up, room, sizeof(room)),
                up->offset);
    fprintf(d->out, "%s at %03zXh", title(n, room, sizeof(room)), n->offset);
    for ( i = 0; i < n->nr_fields; i++ )
    {
        char *text;

        if ( !field_is_news(t, &n->fields[i]) )
            continue;
        text = field_text(t, &n->fields[i]);
        fprintf(d->out, "%s%s %s", between, n->fields[i].fmt->name, text);
        between = ", ";
        free(text);
    }
    if ( tail )
        fprintf(d->out, "%s%s", between, tail);
    if ( n->nr_kids )
        fprintf(d->out, ", with %zu %s%s", n->nr_kids,
                t->kind == TABLE_DMAR ? "scope" : "entr",
                t->kind == TABLE_DMAR ? n->nr_kids == 1 ? "" : "s"
                                      : n->nr_kids == 1 ? "y" : "ies");
    print_colour(d, "\033[0m");
    fputc('\n', d->out);
    free(tail);
}

static void diff_lists(struct differ *d, const struct node *up,
                       const struct nodes *a, const struct nodes *b);

/* Padding does not show in the words: then the bytes must say it. */
static void diff_tails(struct differ *d, const struct node *up,
                       const struct node *a, const struct node *b)
{
    char *was = tail_text(d->a, a), *is = tail_text(d->b, b);

    if ( was && is && !strcmp(was, is) )
    {
        free(was);
        free(is);
        was = bytes_text(d->a->bytes + a->tail, a->offset + a->len - a->tail);
        is = bytes_text(d->b->bytes + b->tail, b->offset + b->len - b->tail);
    }
    print_change(d, up, a, b, "", was, is);
}

/* Both are of one type, and have as many fields. */
static void diff_pair(struct differ *d, const struct node *up,
                      const struct node *a, const struct node *b)
{
    struct nodes x = { d->a, a->kids, a->nr_kids };
    struct nodes y = { d->b, b->kids, b->nr_kids };
    size_t i;

    for ( i = 0; i < a->nr_fields; i++ )
        if ( !align_same_field(d->a, &a->fields[i], d->b, &b->fields[i]) )
            print_change(d, up, a, b, a->fields[i].fmt->name,
                         field_text(d->a, &a->fields[i]),
                         field_text(d->b, &b->fields[i]));

    if ( a->nr_kids || b->nr_kids )
        diff_lists(d, a, &x, &y);
    else if ( !align_same_tail(d->a, a, d->b, b) )
        diff_tails(d, up, a, b);
}

static void diff_lists(struct differ *d, const struct node *up,
                       const struct nodes *a, const struct nodes *b)
{
    size_t nr, i;
    struct pair *pairs = align_nodes(a, b, &nr);

    for ( i = 0; i < nr; i++ )
        if ( !pairs[i].b )
            print_alone(d, d->a, up, pairs[i].a);
        else if ( !pairs[i].a )
            print_alone(d, d->b, up, pairs[i].b);
        else
            diff_pair(d, up, pairs[i].a, pairs[i].b);
    free(pairs);
}

/* What no record says: a wrong checksum, a length, bytes behind the end. */
static void diff_rest(struct differ *d)
{
    const struct table *a = d->a, *b = d->b;

    if ( d->found || (a->len == b->len && !memcmp(a->bytes, b->bytes,
                                                  a->len)) )
        return;
    d->found++;
    fprintf(d->out, "all records are the same; lengths, checksums or bytes "
            "behind the end are not\n");
}

unsigned int diff_print(const struct table *a, const struct table *b,
                        FILE *out, bool colour)
{
    struct differ d = { a, b, out, colour, 0 };
    struct nodes x = { a, a->records, a->nr_records };
    struct nodes y = { b, b->records, b->nr_records };

    if ( a->kind != b->kind )
    {
        fprintf(out, "the first is a %s, the second a %s\n", table_name(a),
                table_name(b));
        return 1;
    }
    if ( a->header.nr_fields == b->header.nr_fields )
        diff_pair(&d, NULL, &a->header, &b->header);
    diff_lists(&d, NULL, &x, &y);
    diff_rest(&d);

    return d.found;
}
