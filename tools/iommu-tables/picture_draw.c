/* SPDX-License-Identifier: GPL-2.0-only */
/* Pictures: text that fits, signs, and the style. */
#include "picture_priv.h"

#include "util.h"

#include <stdlib.h>

#define REPLACED 0xfffd

/*
 * One character of UTF-8; anything else is one byte long, and replaced. So is
 * what nobody sees: controls, and marks that turn the direction of text.
 */
static uint32_t take_char(const unsigned char *s, size_t len, size_t *used)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2
               : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0, i;
    uint32_t c = n == 1 ? s[0] : s[0] & (0x7f >> n);

    *used = 1;
    if ( !n || n > len )
        return REPLACED;
    for ( i = 1; i < n; i++ )
    {
        if ( (s[i] & 0xc0) != 0x80 )
            return REPLACED;
        c = c << 6 | (s[i] & 0x3f);
    }
    if ( c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) )
        return REPLACED;
    *used = n;
    if ( c < ' ' || (c >= 0x7f && c < 0xa0) || (c & 0xfffe) == 0xfffe ||
         (c >= 0x200b && c < 0x2010) || (c >= 0x2028 && c < 0x202f) ||
         (c >= 0x2060 && c < 0x2070) || c == 0x61c || c == 0xfeff ||
         (c >= 0xfdd0 && c < 0xfdf0) || c == 0xad )
        return REPLACED;
    return c;
}

char *words_clean(const char *s)
{
    const unsigned char *from = (const unsigned char *)s;
    size_t len = strlen(s), used;
    char *clean = xalloc(len * 3 + 1), *to = clean;

    for ( ; len; from += used, len -= used )
    {
        uint32_t c = take_char(from, len, &used);

        if ( c == REPLACED )
            to = stpcpy(to, "\xef\xbf\xbd");
        else
        {
            memcpy(to, from, used);
            to += used;
        }
    }
    return clean;
}

static void escape(FILE *out, const char *s, size_t len)
{
    for ( ; len; s++, len-- )
        switch ( *s )
        {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        case '\'': fputs("&#39;", out); break;
        default: fputc(*s, out); break;
        }
}

void words_escape(FILE *out, const char *s)
{
    char *clean = words_clean(s);

    escape(out, clean, strlen(clean));
    free(clean);
}

/* Thousandths of the size; of the widest of the common fonts. */
static unsigned int advance(uint32_t c, enum face face)
{
    if ( face == FACE_MONO || face == FACE_MONO_BOLD )
        return c < 0x250 || c == 0x2026 ? 604 : 1210;
    if ( c >= 0x250 && c != 0x2026 )
        return 1210;
    if ( c == 0xb7 || c == 0xa0 ||
         (c < 0x80 && strchr(" .,:;'|/ijlI", (int)c)) )
        return 345;
    if ( c < 0x80 && strchr("!()[]-frtJ", (int)c) )
        return 440;
    if ( c < 0x80 && strchr("#+<=>^~&", (int)c) )
        return 850;
    if ( c == 'm' || c == 'w' || c == 'M' || c == 'W' || c == '@' ||
         c == '%' || c == 0x2026 )
        return 1010;
    return c >= 'A' && c <= 'Z' ? 790 : c < 0x80 ? 645 : 1010;
}

double draw_width(const char *s, size_t len, enum face face, double size)
{
    unsigned long sum = 0;
    size_t used;

    for ( ; len; s += used, len -= used )
        sum += advance(take_char((const unsigned char *)s, len, &used), face);

    return (double)sum * size / 1000 * (face == FACE_BOLD ? 1.13 : 1);
}

static void text_part(FILE *out, double x, double y, enum face face,
                      double size, const char *class, const char *s,
                      size_t len)
{
    static const char *const faces[] =
    {
        [FACE_SANS] = "s", [FACE_BOLD] = "s b", [FACE_MONO] = "m",
        [FACE_MONO_BOLD] = "m b",
    };

    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.1f\" "
            "class=\"%s%s%s\">", x, y, size, faces[face], *class ? " " : "",
            class);
    escape(out, s, len);
    fputs("</text>\n", out);
}

void draw_text(FILE *out, double x, double y, enum face face, double size,
               const char *class, const char *s)
{
    char *clean = words_clean(s);

    text_part(out, x, y, face, size, class, clean, strlen(clean));
    free(clean);
}

/* How many bytes of @s make a line: up to a blank, if there is one. */
static size_t line_len(const char *s, double width, enum face face,
                       double size)
{
    size_t len = strlen(s), used, at = 0, blank = 0;
    double sum = 0;

    while ( at < len )
    {
        take_char((const unsigned char *)s + at, len - at, &used);
        sum += draw_width(s + at, used, face, size);
        if ( sum > width && at )
            return blank ? blank : at;
        at += used;
        if ( s[at] == ' ' )
            blank = at;
    }
    return len;
}

unsigned int draw_wrapped(FILE *out, double x, double y, double width,
                          enum face face, double size, double line,
                          unsigned int max, const char *class, const char *s)
{
    char *clean = words_clean(s);
    const char *at = clean;
    unsigned int n = 0;

    while ( *at )
    {
        size_t len = line_len(at, width, face, size);

        n++;
        if ( n == max && at[len] )
        {
            char *cut;

            len = line_len(at, width - size, face, size);
            cut = xprintf("%.*s…", (int)len, at);
            if ( out )
                text_part(out, x, y, face, size, class, cut, strlen(cut));
            free(cut);
            break;
        }
        if ( out )
            text_part(out, x, y, face, size, class, at, len);
        at += len;
        at += strspn(at, " ");
        y += line;
    }
    free(clean);
    return n;
}

void draw_sign(FILE *out, double x, double y, enum severity severity)
{
    static const char *const shapes[] =
    {
        [SEV_INFO] = "<circle cx=\"8\" cy=\"8\" r=\"7\"/>",
        [SEV_WARN] = "<path d=\"M8 1 15.5 15H.5z\"/>",
        [SEV_ERROR] = "<path d=\"M5 1h6l4 4v6l-4 4H5l-4-4V5z\"/>",
        [SEV_FATAL] = "<path d=\"M1 1h14v14H1z\"/>",
    };
    static const char *const marks[] =
    {
        [SEV_INFO] = "M8 4v1.8M8 7v5", [SEV_WARN] = "M8 5v5M8 11.4v1.8",
        [SEV_ERROR] = "M8 4v5M8 10.6v1.8",
        [SEV_FATAL] = "M4.5 4.5l7 7M11.5 4.5l-7 7",
    };

    fprintf(out, "<g class=\"sign sev-%s\" transform=\"translate(%.1f %.1f)"
            "\">%s<path class=\"in\" d=\"%s\"/></g>\n",
            severity_name(severity), x, y, shapes[severity],
            marks[severity]);
}

/* The numbers of the findings about that, as many as there is room for. */
static char *numbers(const struct picture *p, enum pic_what what,
                     size_t index, enum severity *worst)
{
    char *s = NULL;
    size_t i, n = 0;

    *worst = SEV_INFO;
    for ( i = 0; i < p->f->nr; i++ )
    {
        if ( p->f->list[i].table != p->t || p->targets[i].what != what ||
             p->targets[i].index != index )
            continue;
        if ( p->f->list[i].severity > *worst )
            *worst = p->f->list[i].severity;
        if ( n++ < 3 )
            s = s ? words_add(s, ",", xprintf("%zu", i + 1))
                  : xprintf("%zu", i + 1);
    }
    if ( n > 3 )
        s = words_add(s, "+", xprintf("%zu", n - 3));
    return s;
}

double draw_marks(FILE *out, const struct picture *p, enum pic_what what,
                  size_t index, double right, double y)
{
    enum severity worst;
    char *s = numbers(p, what, index, &worst);
    double width;

    if ( !s )
        return 0;
    width = draw_width(s, strlen(s), FACE_MONO_BOLD, PIC_SMALL) + 20;
    if ( out )
    {
        fprintf(out, "<g class=\"mark\"><title>finding %s</title>\n", s);
        draw_sign(out, right - width, y, worst);
        draw_text(out, right - width + 19, y + 12, FACE_MONO_BOLD, PIC_SMALL,
                  "", s);
        fputs("</g>\n", out);
    }
    free(s);
    return width + 8;
}

static void colours(FILE *out, const char *const *list)
{
    unsigned int i;

    for ( i = 0; i < PIC_COLOURS; i++ )
        fprintf(out, ".c%u{fill:%s}.l%u{stroke:%s}\n", i, list[i], i,
                list[i]);
}

void draw_style(FILE *out)
{
    static const char *const light[PIC_COLOURS] =
    {
        "#0068a8", "#c24e00", "#00805c", "#a8458f", "#7a5c00", "#5b4fc4",
        "#b0203c", "#3d7a1f",
    };
    static const char *const dark[PIC_COLOURS] =
    {
        "#4fb0ee", "#ff9350", "#35c79b", "#e58fd0", "#d9b23c", "#a49bff",
        "#ff7d8f", "#8fcf6a",
    };

    fputs("svg text{white-space:pre}\n"
          ".s{font-family:system-ui,\"DejaVu Sans\",Verdana,sans-serif}\n"
          ".m{font-family:\"DejaVu Sans Mono\",Menlo,Consolas,monospace}\n"
          ".b{font-weight:700}\n"
          "svg text{fill:#1b2128}svg .soft{fill:#57606c}"
          "svg .on{fill:#fff}\n"
          ".paper{fill:#fff}.card{fill:#f5f7f9;stroke:#c3cad2}"
          ".row{fill:#fff;stroke:#d5dae0}.pill{fill:#e6ebf1}"
          ".pill.sp{fill:#e9e4f5}.bar{fill:#e1e6eb;stroke:#9aa4af}"
          ".absent{stroke-dasharray:4 3;fill:none;stroke:#7c8793}\n"
          ".nobody{fill:#9aa4af}.wire{fill:none;stroke-width:2}"
          ".unused{stroke-dasharray:3 3}.rim{stroke:#9aa4af;fill:none}"
          ".cut{stroke:#9aa4af;fill:none}\n"
          ".sign .in{stroke:#fff;stroke-width:2;fill:none}"
          ".sev-info{fill:#4c6a8a}.sev-warning{fill:#a86400}"
          ".sev-error{fill:#c22525}.sev-fatal{fill:#8a0f3c}\n", out);
    colours(out, light);
    fputs("@media(prefers-color-scheme:dark){\n"
          "svg text{fill:#e4e8ed}svg .soft{fill:#a0aab5}"
          "svg .on{fill:#111519}\n"
          ".paper{fill:#14181d}.card{fill:#1c2229;stroke:#3a434d}"
          ".row{fill:#14181d;stroke:#353e48}.pill{fill:#2b343e}"
          ".pill.sp{fill:#332d45}.bar{fill:#2a323b;stroke:#6d7783}"
          ".absent{fill:none;stroke:#8b95a1}.rim,.cut{stroke:#6d7783}\n"
          ".sign .in{stroke:#111519}"
          ".sev-info{fill:#8fb3da}.sev-warning{fill:#f0a83a}"
          ".sev-error{fill:#ff7070}.sev-fatal{fill:#ff6fa5}\n", out);
    colours(out, dark);
    fputs("}\n", out);
}
