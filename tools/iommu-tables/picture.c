/* SPDX-License-Identifier: GPL-2.0-only */
/* Pictures: one SVG for all tables. */
#include "picture.h"

#include "picture_priv.h"
#include "util.h"

#include <errno.h>
#include <stdlib.h>

#define WIDTH   1160.0

static double draw_findings(FILE *out, const struct findings *f, double y)
{
    size_t i;

    if ( !f->nr )
    {
        draw_text(out, 20, y + 8, FACE_SANS, PIC_TEXT, "", "No findings.");
        return y + 26;
    }
    draw_text(out, 20, y + 8, FACE_BOLD, 14.5, "", "Findings");
    y += 20;
    for ( i = 0; i < f->nr && i < PIC_REGIONS_MAX; i++ )
    {
        const struct finding *x = &f->list[i];
        char *s = xprintf("%zu. %s: %s%s%s%s%s [%s]", i + 1,
                          severity_name(x->severity), x->message,
                          x->consequence ? ". " : "",
                          x->consequence ? x->consequence : "",
                          x->action ? ". The hypervisor: " : "",
                          x->action ? x->action : "", x->rule);

        draw_sign(out, 20, y, x->severity);
        y += 18 * draw_wrapped(out, 44, y + 12, WIDTH - 64, FACE_SANS,
                               PIC_TEXT, 18, 8, "", s) + 6;
        free(s);
    }
    if ( i < f->nr )
    {
        char *s = xprintf("and %zu more", f->nr - i);

        draw_text(out, 44, y + 12, FACE_SANS, PIC_TEXT, "", s);
        free(s);
        y += 24;
    }
    return y;
}

struct findings picture_order(const struct findings *f)
{
    struct findings copy = { xresize(NULL, f->nr, sizeof(*f->list)) };
    int severity;
    size_t i;

    for ( severity = SEV_FATAL; severity >= SEV_INFO; severity-- )
        for ( i = 0; i < f->nr; i++ )
            if ( (int)f->list[i].severity == severity )
                copy.list[copy.nr++] = f->list[i];
    return copy;
}

static int write_svg(const struct machine *m, const struct findings *f,
                     FILE *out)
{
    char *text = NULL;
    double y = 4, end;
    FILE *body;
    size_t len, i;

    body = open_memstream(&text, &len);
    if ( !body )
        return -ENOMEM;
    for ( i = 0; i < m->nr_tables; i++ )
    {
        struct picture *p = picture_collect(m, &m->tables[i], f);

        fprintf(body, "<g class=\"table\" data-table=\"%zu\">\n", i);
        picture_draw(p, body, WIDTH, y, true, &end);
        fputs("</g>\n", body);
        y = end + 12;
        picture_free(p);
    }
    y = draw_findings(body, f, y);
    y = draw_legend(body, 20, WIDTH, y + 6);
    if ( fclose(body) )
    {
        free(text);
        return -EIO;
    }
    fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
            "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n<style>\n", WIDTH,
            y, WIDTH, y);
    draw_style(out);
    fprintf(out, "</style>\n<rect width=\"100%%\" height=\"100%%\" "
            "class=\"paper\"/>\n%s</svg>\n", text);
    free(text);

    return ferror(out) ? -EIO : 0;
}

int picture_svg(const struct machine *m, const struct findings *f, FILE *out)
{
    struct findings ordered = picture_order(f);
    int rc = write_svg(m, &ordered, out);

    free(ordered.list);
    return rc;
}
