/* SPDX-License-Identifier: GPL-2.0-only */
/* Pictures: memory, and who needs which part of it. */
#include "picture_priv.h"

#include "util.h"

#include <stdlib.h>

/* 4 KiB are 22 high, 1 GiB is 76: each doubling adds the same. */
static double region_height(const struct pic_region *r)
{
    double h = 22;
    uint64_t pages = r->last > r->first ? (r->last - r->first) >> 12 : 0;

    for ( ; pages; pages >>= 1 )
        h += 3;
    return h;
}

static double label(struct layout *l, double y, enum face face, double size,
                    const char *class, char *s)
{
    unsigned int n = draw_wrapped(l->out, l->label_x, y, l->label_w, face,
                                  size, PIC_SMALL_LINE, 5, class, s);

    free(s);
    return y + n * PIC_SMALL_LINE;
}

/* Number, addresses, size, users; returns where the next may begin. */
static double region_labels(struct layout *l, size_t index, double y)
{
    const struct picture *p = l->p;
    const struct pic_region *r = &p->regions[index];
    char *odd = words_region(p, r), *size = words_size(r->last - r->first + 1);
    double size_of = l->narrow ? 10.5 : PIC_TEXT;
    double x = l->label_x, marks = draw_marks(NULL, p, PIC_REGION, index, 0,
                                              0);
    char number[24];

    snprintf(number, sizeof(number), "R%zu", index + 1);
    draw_text(l->out, x, y, FACE_MONO_BOLD, PIC_TEXT, "", number);
    x += draw_width(number, strlen(number), FACE_MONO_BOLD, PIC_TEXT) + 10;
    if ( r->last < r->first )
    {
        free(size);
        size = xprintf("reversed");
    }
    draw_text(l->out, x, y, FACE_SANS, PIC_SMALL, "", size);
    x += draw_width(size, strlen(size), FACE_SANS, PIC_SMALL);
    free(size);
    /* Beside it, or below. */
    if ( x + marks > l->label_x + l->label_w )
        y += 17;
    draw_marks(l->out, p, PIC_REGION, index, l->label_x + l->label_w, y - 12);
    y += PIC_LINE;
    if ( l->narrow )
    {
        y = label(l, y, FACE_MONO, size_of, "",
                  xprintf("%#llx", (unsigned long long)r->first));
        y = label(l, y, FACE_MONO, size_of, "",
                  xprintf("%#llx", (unsigned long long)r->last));
    }
    else
        y = label(l, y, FACE_MONO, size_of - 0.5, "",
                  xprintf("%#llx to %#llx", (unsigned long long)r->first,
                          (unsigned long long)r->last));
    y = label(l, y, FACE_SANS, PIC_SMALL, "soft",
              words_add(xprintf("for"), " ", words_users(p, r)));
    return odd ? label(l, y, FACE_SANS, PIC_SMALL, "soft", odd) : y;
}

static double draw_region(struct layout *l, size_t index, double y)
{
    struct picture *p = l->p;
    struct pic_region *r = &p->regions[index];
    double height = region_height(r), end;
    char class[16] = "nobody";

    if ( p->sets[r->set].colour >= 0 )
        snprintf(class, sizeof(class), "c%d", p->sets[r->set].colour);
    fprintf(l->out, "<g class=\"region\" data-region=\"%zu\" data-set=\"%zu"
            "\" data-at=\"%03zX\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
            "height=\"%.1f\" rx=\"3\" class=\"%s%s\"/>\n", index + 1, r->set,
            r->node->offset, l->bar_x - 3, y, l->bar_w + 6, height, class,
            r->unused ? " unused rim" : "");
    end = region_labels(l, index, y + 12);
    fputs("</g>\n", l->out);
    r->y = y + height / 2;
    if ( end - 8 > y + height )
        return end - 8;
    return y + height;
}

/* What lies between: as high for a page as for a gigabyte. */
static double draw_gap(struct layout *l, uint64_t from, uint64_t to,
                       double y)
{
    double x = l->bar_x, w = l->bar_w;
    char *size = words_size(to - from);

    fprintf(l->out, "<path class=\"cut\" d=\"M%.1f %.1fl%.1f -6M%.1f "
            "%.1fl%.1f -6\"/>\n", x - 3, y + 17, w + 6, x - 3, y + 22, w + 6);
    draw_text(l->out, l->label_x, y + 22, FACE_SANS, 10.5, "soft", size);
    free(size);
    return y + 36;
}

void bar_draw(struct layout *l)
{
    const struct picture *p = l->p;
    double top = l->y + 22, y = top;
    uint64_t end = 0;
    FILE *out = l->out;
    char *text = NULL;
    size_t len, i;

    l->out = open_memstream(&text, &len);
    if ( !l->out )
    {
        l->out = out;
        return;
    }
    for ( i = 0; i < p->nr_regions; i++ )
    {
        const struct pic_region *r = &p->regions[i];

        if ( r->first > end )
            y = draw_gap(l, end, r->first, y);
        else
            y += 12;
        y = draw_region(l, i, y);
        if ( r->last >= r->first && r->last + 1 > end )
            end = r->last + 1;
    }
    fclose(l->out);
    l->out = out;
    draw_text(out, l->bar_x - (l->narrow ? 8 : 3), l->y + 14, FACE_BOLD,
              PIC_TEXT, "", "Reserved memory");
    fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
            "rx=\"4\" class=\"bar\"/>\n%s", l->bar_x, top, l->bar_w,
            y + 24 - top, text);
    free(text);
    l->y = y + 36;
}

/* From the device to its region's lane, along that, and to the region. */
static void draw_wire(const struct layout *l, const struct pic_region *r,
                      const struct pic_device *d, double lane, double shift)
{
    const struct pic_set *set = &l->p->sets[r->set];
    double x = l->cards_x + l->cards_w - 10, y = d->y + shift;
    int colour = set->colour < 0 ? 0 : set->colour;

    fprintf(l->out, "<g class=\"link\" data-set=\"%zu\"><path class=\"wire "
            "l%d%s\" d=\"M%.1f %.1fH%.1fV%.1fH%.1f\"/>"
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" class=\"c%d\"/></g>\n",
            r->set, colour, r->unused ? " unused" : "", x, y, lane, r->y,
            l->bar_x - 3, x, y, colour);
}

void bar_lines(const struct layout *l)
{
    const struct picture *p = l->p;
    double from = l->cards_x + l->cards_w + 6, to = l->bar_x - 9, step;
    size_t n = 0, at = 0, i, k;

    for ( i = 0; i < p->nr_regions; i++ )
        n += !p->regions[i].wide && p->regions[i].nr_users;
    if ( !n )
        return;
    step = (to - from) / (double)n;
    if ( step > 14 )
        step = 14;
    for ( i = 0; i < p->nr_regions; i++ )
    {
        const struct pic_region *r = &p->regions[i];

        if ( r->wide || !r->nr_users )
            continue;
        for ( k = 0; k < p->nr_devices; k++ )
        {
            const struct pic_device *d = &p->devices[k];
            size_t before = 0, j;

            if ( !picture_uses(p, r, d) )
                continue;
            for ( j = 0; j < i; j++ )
                before += !p->regions[j].wide &&
                          picture_uses(p, &p->regions[j], d);
            draw_wire(l, r, d, to - step * (double)at,
                      (double)(before % 3) * 6 - 3);
        }
        at++;
    }
}
