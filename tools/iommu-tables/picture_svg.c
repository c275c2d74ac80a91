/* SPDX-License-Identifier: GPL-2.0-only */
/* Pictures: units and devices. */
#include "picture_priv.h"

#include "pci.h"
#include "util.h"

#include <stdlib.h>

#define BADGE       18.0
#define ROW_PAD     6.0

static const char *colour_class(const struct picture *p, size_t set,
                                char kind, char *room, size_t size)
{
    if ( p->sets[set].colour < 0 )
        snprintf(room, size, "none");
    else
        snprintf(room, size, "%c%d", kind, p->sets[set].colour);
    return room;
}

/* The set's letter in its colour, ending at @right. Its width. */
static double draw_badge(FILE *out, const struct picture *p, size_t set,
                         double right, double y)
{
    const char *name = p->sets[set].name;
    char class[16];
    double width;

    if ( !name )
        return 0;
    width = draw_width(name, strlen(name), FACE_MONO_BOLD, 12) + 11;
    if ( out )
    {
        fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                "height=\"17\" rx=\"4\" class=\"%s\"/>\n", right - width, y,
                width, colour_class(p, set, 'c', class, sizeof(class)));
        draw_text(out, right - width + 5.5, y + 13, FACE_MONO_BOLD, 12, "on",
                  name);
    }
    return width + 6;
}

/* A group for everything about a device: the page's script looks for it. */
static void open_device(FILE *out, const struct pic_device *d,
                        const char *name, const char *notes)
{
    fputs("<g class=\"dev\" data-dev=\"", out);
    words_escape(out, d->label);
    fprintf(out, "\" data-set=\"%zu\"><title>", d->set);
    words_escape(out, d->label);
    fputs(*name ? " " : "", out);
    words_escape(out, name);
    fputs(notes ? "\n" : "", out);
    words_escape(out, notes ? notes : "");
    fputs("</title>\n", out);
}

/*
 * The texts of a row, from @y on: the place, the name beside it or below,
 * notes. Returns the height; with @out NULL nothing is drawn.
 */
static double row_texts(FILE *out, const struct pic_device *d, double x,
                        double y, double width, const char *name,
                        const char *notes)
{
    double label = draw_width(d->label, strlen(d->label), FACE_MONO_BOLD,
                              PIC_TEXT);
    double start = y;
    unsigned int n;

    y += 14;
    n = draw_wrapped(out, x, y, width, FACE_MONO_BOLD, PIC_TEXT, PIC_LINE, 3,
                     "", d->label);
    if ( n == 1 && !*name && notes && label + 12 +
         draw_width(notes, strlen(notes), FACE_SANS, PIC_SMALL) <= width )
    {
        if ( out )
            draw_text(out, x + label + 12, y, FACE_SANS, PIC_SMALL, "soft",
                      notes);
        return y + PIC_LINE - 14 - start;
    }
    if ( n == 1 && label + 150 < width )
    {
        n = draw_wrapped(out, x + label + 12, y, width - label - 12,
                         FACE_SANS, PIC_TEXT, PIC_LINE, 2, "", name);
        y += PIC_LINE * (n > 1 ? n : 1);
    }
    else
    {
        y += PIC_LINE * n;
        y += PIC_LINE * draw_wrapped(out, x, y, width, FACE_SANS, PIC_TEXT,
                                     PIC_LINE, 4, "", name);
    }
    if ( notes )
        y += PIC_SMALL_LINE * draw_wrapped(out, x, y - 1, width, FACE_SANS,
                                           PIC_SMALL, PIC_SMALL_LINE, 6,
                                           "soft", notes);
    return y - 14 - start;
}

static void draw_row(struct layout *l, size_t index, double x, double width)
{
    struct picture *p = l->p;
    struct pic_device *d = &p->devices[index];
    char *name = words_device(d), *notes = words_notes(p, d), class[16];
    double right = x + width - 6, marks, badge, inner, height;

    badge = draw_badge(NULL, p, d->set, 0, 0);
    marks = draw_marks(NULL, p, PIC_DEVICE, index, 0, 0);
    inner = width - 22 - badge - marks;
    if ( !picture_counts(d) )
    {
        inner += badge;
        badge = 0;
    }
    height = row_texts(NULL, d, 0, 0, inner, name, notes) + 2 * ROW_PAD;

    open_device(l->out, d, name, notes);
    fprintf(l->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
            "height=\"%.1f\" rx=\"4\" class=\"row%s\"/>\n", x, l->y, width,
            height, d->pci && d->unit != PIC_ABSENT ? "" : " absent");
    if ( p->sets[d->set].colour >= 0 )
        fprintf(l->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"6\" "
                "height=\"%.1f\" rx=\"3\" class=\"%s\"/>\n", x, l->y, height,
                colour_class(p, d->set, 'c', class, sizeof(class)));
    row_texts(l->out, d, x + 14, l->y + ROW_PAD, inner, name, notes);
    if ( badge > 0 )
        draw_badge(l->out, p, d->set, right, l->y + ROW_PAD);
    draw_marks(l->out, p, PIC_DEVICE, index, right - badge, l->y + ROW_PAD);
    fputs("</g>\n", l->out);
    d->y = l->y + 13;
    l->y += height + 5;
    free(name);
    free(notes);
}

/* A device without a note: a cell among others. */
static void draw_cell(struct layout *l, const struct pic_device *d, double x,
                      double width)
{
    char *name = words_device(d);
    double label = draw_width(d->label, strlen(d->label), FACE_MONO,
                              PIC_SMALL);

    open_device(l->out, d, name, NULL);
    fprintf(l->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
            "height=\"20\" rx=\"4\" class=\"row%s\"/>\n", x, l->y, width,
            d->pci && d->unit != PIC_ABSENT ? "" : " absent");
    draw_wrapped(l->out, x + 6, l->y + 14, width - 12, FACE_MONO, PIC_SMALL,
                 PIC_LINE, 1, "", d->label);
    if ( label + 60 < width )
        draw_wrapped(l->out, x + label + 14, l->y + 14, width - label - 20,
                     FACE_SANS, PIC_SMALL, PIC_LINE, 1, "soft", name);
    fputs("</g>\n", l->out);
    free(name);
}

static bool is_plain(const struct picture *p, size_t index)
{
    const struct pic_device *d = &p->devices[index];
    char *notes;

    if ( d->nr_regions ||
         draw_marks(NULL, p, PIC_DEVICE, index, 0, 0) > 0 )
        return false;
    notes = words_notes(p, d);
    free(notes);
    return !notes;
}

/* As wide as the widest of them needs, within bounds. */
static unsigned int columns(const struct picture *p, int unit, double width)
{
    double widest = 90, most, w;
    unsigned int n = 0;
    size_t i;

    for ( i = 0; i < p->nr_devices; i++ )
        n += p->devices[i].unit == unit;
    most = n > 24 ? 330 : width;

    for ( i = 0; i < p->nr_devices; i++ )
    {
        const struct pic_device *d = &p->devices[i];
        char *name;

        if ( d->unit != unit || !is_plain(p, i) )
            continue;
        name = words_device(d);
        w = draw_width(d->label, strlen(d->label), FACE_MONO, PIC_SMALL) + 14;
        w += draw_width(name, strlen(name), FACE_SANS, PIC_SMALL);
        w = w + 12 > most ? most : w + 12;
        if ( w > widest )
            widest = w;
        free(name);
    }
    n = (unsigned int)((width + 5) / (widest + 5));
    return n ? n : 1;
}

static void draw_devices(struct layout *l, int unit, double x, double width)
{
    const struct picture *p = l->p;
    unsigned int n = columns(p, unit, width), at = 0;
    double cell = (width + 5) / n - 5;
    size_t i;

    for ( i = 0; i < p->nr_devices; i++ )
        if ( p->devices[i].unit == unit && !is_plain(p, i) )
            draw_row(l, i, x, width);
    for ( i = 0; i < p->nr_devices; i++ )
        if ( p->devices[i].unit == unit && is_plain(p, i) )
        {
            draw_cell(l, &p->devices[i], x + at * (cell + 5), cell);
            if ( ++at == n )
            {
                at = 0;
                l->y += 25;
            }
        }
    if ( at )
        l->y += 25;
}

/* Ranges of ids and special devices, one beside the other. */
static void draw_covers(struct layout *l, size_t unit, double x,
                        double width)
{
    const struct picture *p = l->p;
    double at = x;
    size_t i;

    for ( i = 0; i < p->nr_covers; i++ )
    {
        const struct pic_cover *c = &p->covers[i];
        double marks = draw_marks(NULL, p, PIC_COVER, i, 0, 0), w;
        char *clean;
        unsigned int n;

        if ( c->unit != unit )
            continue;
        if ( c->node->kind == NODE_RECORD )
            marks = 0;
        clean = words_clean(c->text);
        w = draw_width(clean, strlen(clean), FACE_SANS, PIC_SMALL) + 17 +
            marks;
        if ( w > width )
            w = width;
        if ( at > x && at + w > x + width )
        {
            at = x;
            l->y += 25;
        }
        n = draw_wrapped(NULL, 0, 0, w - 15 - marks, FACE_SANS, PIC_SMALL,
                         15, 5, "", clean);
        fprintf(l->out, "<g class=\"cover\" data-cover=\"%zu\"><rect "
                "x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%u\" "
                "rx=\"10\" class=\"pill%s\"/>\n", i, at, l->y, w,
                5 + 15 * n, c->special ? " sp" : "");
        draw_wrapped(l->out, at + 8, l->y + 14, w - 15 - marks, FACE_SANS,
                     PIC_SMALL, 15, 5, "", clean);
        if ( marks > 0 )
            draw_marks(l->out, p, PIC_COVER, i, at + w - 8, l->y + 2);
        fputs("</g>\n", l->out);
        free(clean);
        at += w + 6;
        if ( n > 1 )
        {
            at = x;
            l->y += 15 * n + 10;
        }
    }
    if ( at > x )
        l->y += 25;
}

/* The frame is drawn last, below what is in it: its height is known then. */
static void draw_card(struct layout *l, size_t unit, int devices,
                      const char *title)
{
    const struct picture *p = l->p;
    double x = l->cards_x + 10, width = l->cards_w - 20, top = l->y;
    FILE *out = l->out;
    char *text = NULL;
    size_t len;

    l->out = open_memstream(&text, &len);
    if ( !l->out )
    {
        l->out = out;
        return;
    }
    l->y += 22;
    if ( unit < p->nr_units )
    {
        char *words = words_unit(p, &p->units[unit]);

        draw_text(l->out, x, l->y, FACE_BOLD, 14.5, "", title);
        draw_marks(l->out, p, PIC_UNIT, unit, x + width, l->y - 14);
        l->y += 17;
        l->y += PIC_SMALL_LINE *
                draw_wrapped(l->out, x, l->y, width, FACE_SANS, PIC_SMALL,
                             PIC_SMALL_LINE, 8, "soft", words) - 6;
        free(words);
        draw_covers(l, unit, x, width);
        l->y += 3;
    }
    else
        l->y += 17 * draw_wrapped(l->out, x, l->y, width, FACE_BOLD, 13, 17,
                                  4, "", title) - 7;
    draw_devices(l, devices, x, width);
    fclose(l->out);
    l->out = out;
    l->y += 5;

    if ( unit < p->nr_units )
        fprintf(out, "<g class=\"unit\" data-unit=\"%zu\" data-base=\"%#llx\""
                ">\n", unit, (unsigned long long)p->units[unit].base);
    else
        fputs("<g class=\"rest\">\n", out);
    fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
            "rx=\"8\" class=\"card%s\"/>\n%s</g>\n", l->cards_x, top,
            l->cards_w, l->y - top, unit < p->nr_units &&
            p->units[unit].unused ? " absent" : "", text);
    free(text);
    l->y += 12;
}

static bool any_device(const struct picture *p, int unit)
{
    size_t i;

    for ( i = 0; i < p->nr_devices; i++ )
        if ( p->devices[i].unit == unit )
            return true;
    return false;
}

static void draw_cards(struct layout *l)
{
    static const int others[] = { PIC_UNIT_UNKNOWN, PIC_NO_UNIT, PIC_ABSENT };
    struct picture *p = l->p;
    size_t i;

    for ( i = 0; i < p->nr_units; i++ )
    {
        char title[32];

        snprintf(title, sizeof(title), "Unit %zu", i);
        draw_card(l, i, (int)i, title);
    }
    for ( i = 0; i < ARRAY_SIZE(others); i++ )
        if ( any_device(p, others[i]) )
            draw_card(l, p->nr_units, others[i], words_no_unit(others[i]));
}

static void draw_head(struct layout *l)
{
    struct picture *p = l->p;
    double x = l->margin, width = l->width - 2 * l->margin;
    double marks = draw_marks(l->out, p, PIC_TABLE, 0, x + width, l->y + 7);
    char *title = words_title(p), *subtitle = words_subtitle(p);

    l->y += 22;
    l->y += 21 * draw_wrapped(l->out, x, l->y, width - marks, FACE_BOLD,
                              l->narrow ? 15 : 18, 21, 4, "", title) - 3;
    l->y += PIC_SMALL_LINE *
            draw_wrapped(l->out, x, l->y, width, FACE_SANS, PIC_SMALL,
                         PIC_SMALL_LINE, 8, "soft", subtitle);
    if ( !p->scanned )
        l->y += PIC_LINE *
                draw_wrapped(l->out, x, l->y + 3, width, FACE_BOLD, PIC_TEXT,
                             PIC_LINE, 3, "", words_stuck) + 3;
    free(title);
    free(subtitle);
}

void picture_draw(struct picture *p, FILE *out, double width, double y,
                  bool title, double *end)
{
    struct layout l = { .p = p, .out = out, .width = width };
    double top, bottom;

    l.narrow = width < 600;
    l.margin = !title ? 2 : l.narrow ? 8 : 20;
    l.y = y;
    l.cards_x = l.margin;
    l.cards_w = width - 2 * l.margin;
    if ( p->nr_regions )
    {
        l.cards_w = l.narrow ? 184 : width < 1000 ? 420 : 690;
        l.bar_w = l.narrow ? 12 : 26;
        l.bar_x = l.narrow ? width - 136 : width < 1000 ? width - 254
                                                         : width - 300;
        l.label_x = l.bar_x + l.bar_w + (l.narrow ? 5 : 12);
        l.label_w = width - l.label_x - l.margin / 2;
    }
    if ( title )
        draw_head(&l);
    else if ( draw_marks(NULL, p, PIC_TABLE, 0, 0, 0) > 0 )
    {
        draw_text(out, l.margin, l.y + 17, FACE_SANS, PIC_SMALL, "soft",
                  "The table as a whole:");
        draw_marks(out, p, PIC_TABLE, 0, l.margin + 128 +
                   draw_marks(NULL, p, PIC_TABLE, 0, 0, 0), l.y + 5);
        l.y += 28;
    }
    else
        l.y += 4;
    top = l.y;
    draw_cards(&l);
    bottom = l.y;
    if ( p->nr_regions )
    {
        l.y = top;
        bar_draw(&l);
        bar_lines(&l);
    }
    *end = l.y > bottom ? l.y : bottom;
}
