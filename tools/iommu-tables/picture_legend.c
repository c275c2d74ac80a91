/* SPDX-License-Identifier: GPL-2.0-only */
/* Pictures: what the signs mean. */
#include "picture_priv.h"

#include "util.h"

/* Each 26 by 18. */
static const struct { const char *drawing, *words; } signs[] =
{
    { "<rect width=\"24\" height=\"18\" rx=\"4\" class=\"row\"/>"
      "<rect width=\"6\" height=\"18\" rx=\"3\" class=\"c0\"/>",
      "a device; same colour and letter: these go together, to one guest or "
      "to none" },
    { "<rect width=\"24\" height=\"18\" rx=\"4\" class=\"row\"/>",
      "can go to a guest on its own, unless it is a bridge or its note says "
      "otherwise" },
    { "<rect width=\"24\" height=\"18\" rx=\"4\" class=\"row absent\"/>",
      "named by the table, not in this machine" },
    { "<path d=\"M2 9H24\" class=\"wire l0\"/>"
      "<circle cx=\"4\" cy=\"9\" r=\"3.5\" class=\"c0\"/>",
      "the device needs this reserved region, wherever it goes" },
    { "<path d=\"M2 9H24\" class=\"wire l0 unused\"/>"
      "<circle cx=\"4\" cy=\"9\" r=\"3.5\" class=\"c0\"/>",
      "the same, but the hypervisor cannot use the record" },
    { "<path class=\"cut\" d=\"M2 12l20 -6M2 17l20 -6\"/>",
      "memory left out; heights are not to scale, each doubling of a region "
      "adds the same" },
    { "<rect width=\"24\" height=\"18\" rx=\"9\" class=\"pill\"/>",
      "device ids covered" },
    { "<rect width=\"24\" height=\"18\" rx=\"9\" class=\"pill sp\"/>",
      "IO-APIC, HPET or ACPI device" },
};

/* Entries beside each other while there is room, then on a new line. */
struct flow
{
    FILE *out;
    double x, y, left, width;
};

static void place(struct flow *f, double needed)
{
    if ( f->x > f->left && f->x + needed > f->width - 10 )
    {
        f->x = f->left;
        f->y += 26;
    }
}

static void entry(struct flow *f, const char *drawing, int severity,
                  const char *words)
{
    double w = draw_width(words, strlen(words), FACE_SANS, PIC_SMALL) + 32;
    double room = f->width - 50;
    unsigned int n = 1;

    place(f, w);
    if ( drawing )
        fprintf(f->out, "<g transform=\"translate(%.1f %.1f)\">%s</g>\n",
                f->x, f->y, drawing);
    else
        draw_sign(f->out, f->x + 4, f->y + 1, (enum severity)severity);
    n = draw_wrapped(f->out, f->x + 31, f->y + 13, room, FACE_SANS,
                     PIC_SMALL, PIC_SMALL_LINE, 4, "soft", words);
    f->x += w + 14;
    if ( n > 1 )
    {
        f->x = f->width;
        f->y += (n - 1) * PIC_SMALL_LINE;
    }
}

double draw_legend(FILE *out, double left, double width, double y)
{
    static const char *const severities[] =
    {
        [SEV_INFO] = "good to know",
        [SEV_WARN] = "wrong, costs little",
        [SEV_ERROR] = "wrong, something is lost",
        [SEV_FATAL] = "the table cannot be used",
    };
    struct flow f = { out, left, y + 18, left, width };
    size_t i;

    fputs("<g class=\"legend\">\n", out);
    draw_text(out, f.x, y + 8, FACE_BOLD, PIC_TEXT, "", "Legend");
    for ( i = 0; i < ARRAY_SIZE(signs); i++ )
        entry(&f, signs[i].drawing, 0, signs[i].words);
    for ( i = 0; i < ARRAY_SIZE(severities); i++ )
        entry(&f, NULL, (int)i, severities[i]);
    fputs("</g>\n", out);

    return f.y + 30;
}
