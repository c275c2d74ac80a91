/* SPDX-License-Identifier: GPL-2.0-only */
/* Pictures: the page's tables, for what a picture has no room for. */
#include "picture_priv.h"

#include "text.h"
#include "util.h"

#include <stdlib.h>

void words_lines(FILE *out, const char *s)
{
    while ( *s )
    {
        size_t len = strcspn(s, "\n");
        char *line = xprintf("%.*s", (int)len, s);

        words_escape(out, line);
        free(line);
        s += len;
        if ( *s )
        {
            fputc('\n', out);
            s++;
        }
    }
}

/* A cell; takes @s, which may be NULL. */
static void cell(FILE *out, const char *class, char *s)
{
    fprintf(out, "<td%s%s%s>", *class ? " class=\"" : "", class,
            *class ? "\"" : "");
    words_escape(out, s ? s : "");
    fputs("</td>", out);
    free(s);
}

static void open_table(FILE *out, const char *title, const char *heads)
{
    fprintf(out, "<h3>%s</h3>\n<div class=\"scroll\"><table>\n<tr>%s</tr>\n",
            title, heads);
}

static void close_table(FILE *out)
{
    fputs("</table></div>\n", out);
}

static void write_units(FILE *out, const struct picture *p)
{
    size_t i, k;

    if ( !p->nr_units )
        return;
    open_table(out, "Units", "<th>Unit</th><th>What it is</th>"
               "<th>Covers besides devices</th>");
    for ( i = 0; i < p->nr_units; i++ )
    {
        char *covers = NULL;

        for ( k = 0; k < p->nr_covers; k++ )
            if ( p->covers[k].unit == i )
                covers = covers
                         ? words_add(covers, "; ",
                                     xprintf("%s", p->covers[k].text))
                         : xprintf("%s", p->covers[k].text);
        fputs("<tr class=\"unit\">", out);
        cell(out, "code", xprintf("%zu", i));
        cell(out, "wide", words_unit(p, &p->units[i]));
        cell(out, "wide", covers);
        fputs("</tr>\n", out);
    }
    close_table(out);
}

static char *unit_words(const struct pic_device *d)
{
    if ( d->unit >= 0 )
        return xprintf("%d", d->unit);
    return xprintf("%s", d->unit == PIC_ABSENT ? "(absent)" :
                         d->unit == PIC_NO_UNIT ? "none" : "?");
}

/* Its colour, as in the picture. */
static void swatch(FILE *out, const struct picture *p, size_t set)
{
    if ( p->sets[set].colour >= 0 )
        fprintf(out, "<td><svg class=\"swatch\" viewBox=\"0 0 11 11\" "
                "aria-hidden=\"true\"><rect width=\"11\" height=\"11\" "
                "class=\"c%d\"/></svg>%s</td>", p->sets[set].colour,
                p->sets[set].name ? p->sets[set].name : "");
    else
        fputs("<td></td>", out);
}

static void write_devices(FILE *out, const struct picture *p)
{
    size_t i;

    if ( !p->nr_devices )
        return;
    open_table(out, "Devices", "<th>Device</th><th>Group</th><th>Unit</th>"
               "<th>To a guest?</th><th>Name</th><th>To know</th>");
    for ( i = 0; i < p->nr_devices; i++ )
    {
        const struct pic_device *d = &p->devices[i];

        fprintf(out, "<tr class=\"dev\" data-set=\"%zu\">", d->set);
        cell(out, "code", xprintf("%s", d->label));
        swatch(out, p, d->set);
        cell(out, "", unit_words(d));
        cell(out, "", words_fate(p, d));
        cell(out, "wide", words_device(d));
        cell(out, "wide", words_notes(p, d));
        fputs("</tr>\n", out);
    }
    close_table(out);
}

static void write_regions(FILE *out, const struct picture *p)
{
    size_t i;

    if ( !p->nr_regions )
        return;
    open_table(out, "Reserved memory", "<th>Region</th><th>Group</th>"
               "<th>First</th><th>Last</th><th>Size</th><th>For</th>"
               "<th>Record</th>");
    for ( i = 0; i < p->nr_regions; i++ )
    {
        const struct pic_region *r = &p->regions[i];
        char *odd = words_region(p, r), *users = words_users(p, r);

        fprintf(out, "<tr class=\"region\" data-set=\"%zu\">", r->set);
        cell(out, "code", xprintf("R%zu", i + 1));
        swatch(out, p, r->set);
        cell(out, "code", xprintf("%#llx", (unsigned long long)r->first));
        cell(out, "code", xprintf("%#llx", (unsigned long long)r->last));
        cell(out, "", r->last < r->first ? xprintf("reversed")
                      : words_size(r->last - r->first + 1));
        cell(out, "wide", odd ? words_add(users, "; ", odd) : users);
        cell(out, "code", xprintf("%s at %03zXh", r->node->fmt->name,
                                  r->node->offset));
        fputs("</tr>\n", out);
    }
    close_table(out);
}

/* All that is worth a place, of a node and of those in it. */
static char *fields_words(const struct picture *p, const struct node *n)
{
    char *s = xprintf("%s", ""), *tail;
    size_t i;

    for ( i = 0; i < n->nr_fields; i++ )
        if ( field_is_news(p->t, &n->fields[i]) )
            s = words_add(s, *s ? ", " : "", words_add(
                xprintf("%s", n->fields[i].fmt->name), " ",
                field_text(p->t, &n->fields[i])));
    tail = tail_text(p->t, n);
    if ( tail )
        s = words_add(s, *s ? ", " : "", tail);
    for ( i = 0; i < n->nr_kids; i++ )
        s = words_add(s, "; ", fields_words(p, &n->kids[i]));
    return s;
}

static bool has_place(const struct picture *p, const struct node *n)
{
    if ( n->kind != NODE_RECORD || !n->fmt )
        return false;
    if ( p->t->kind == TABLE_IVRS )
        return true;
    return n->type == DMAR_DRHD || n->type == DMAR_RMRR;
}

static void write_rest(FILE *out, const struct picture *p)
{
    bool open = false;
    size_t i;

    for ( i = 0; i < p->t->nr_records; i++ )
    {
        const struct node *n = &p->t->records[i];
        char room[32];

        if ( has_place(p, n) )
            continue;
        if ( !open )
            open_table(out, "Other records", "<th>Record</th><th>At</th>"
                       "<th>What it says</th>");
        open = true;
        fputs("<tr class=\"record\">", out);
        cell(out, "code", xprintf("%s", node_name(n, room, sizeof(room))));
        cell(out, "code", xprintf("%03zXh", n->offset));
        cell(out, "wide", fields_words(p, n));
        fputs("</tr>\n", out);
    }
    if ( open )
        close_table(out);
}

void tables_write(FILE *out, const struct picture *p)
{
    if ( p->left_out )
        fprintf(out, "<p>There is more in the table than can be drawn: %zu "
                "things are left out; --decode has them all.</p>\n",
                p->left_out);
    write_units(out, p);
    write_devices(out, p);
    write_regions(out, p);
    write_rest(out, p);
}
