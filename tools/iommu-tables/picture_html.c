/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pictures: a page. It is XML as well, so that any parser can take it. The
 * picture is there for three widths of windows; the style shows one of them.
 */
#include "picture.h"

#include "picture_priv.h"
#include "util.h"
#include "verdict.h"

#include <errno.h>
#include <stdlib.h>

static const char page_style[] =
    "html{color-scheme:light dark}*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:1400px;padding:12px 20px 40px;"
    "background:#fff;color:#1b2128;font:15px/1.5 system-ui,\"DejaVu Sans\","
    "Verdana,sans-serif;overflow-wrap:anywhere}\n"
    "h1{font-size:1.5em;line-height:1.25;margin:.4em 0}"
    "h2{font-size:1.25em;margin:1.8em 0 .4em}h3{margin:1.4em 0 .4em}"
    "p{margin:.4em 0;max-width:75em}\n"
    "ol.findings{list-style:none;padding:0;margin:.8em 0}"
    ".findings li{display:flex;gap:10px;padding:8px 10px;margin:6px 0;"
    "border:1px solid #d5dae0;border-radius:6px;scroll-margin-top:20px}"
    ".findings svg{flex:none;width:20px;height:20px;margin-top:2px}"
    ".findings p{margin:0}.soft{color:#57606c}"
    "figure{margin:1em 0}figure svg{width:100%;height:auto;display:none}"
    "figure svg.w3{display:block}\n"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;"
    "font-size:14px}th,td{text-align:left;vertical-align:top;"
    "padding:5px 12px 5px 0;border-bottom:1px solid #d5dae0}"
    "th,td{overflow-wrap:normal}td.code,pre{font-family:\"DejaVu Sans Mono\","
    "Menlo,Consolas,monospace;font-size:13px}td.code{white-space:nowrap}"
    "pre{white-space:pre-wrap}td.wide{min-width:16em}"
    "summary{cursor:pointer;margin:1em 0}\n"
    ".swatch{display:inline-block;width:11px;height:11px;margin-right:6px}"
    ".dim{opacity:.18}[data-set]{cursor:default}tr.lit{outline:2px solid"
    " currentColor}\n"
    "@media(max-width:1099px){figure svg.w3{display:none}"
    "figure svg.w2{display:block}}\n"
    "@media(max-width:639px){body{padding:6px 4px 30px}h1,h2,h3,p,"
    ".scroll,summary,pre{margin-left:4px}figure svg.w2{display:none}"
    "figure svg.w1{display:block;max-width:480px}}\n"
    "@media(prefers-color-scheme:dark){body{background:#14181d;"
    "color:#e4e8ed}.soft{color:#a0aab5}.findings li,th,td{border-color:"
    "#353e48}}\n"
    "@media print{details>pre{display:block}}\n";

/*
 * The devices and regions of a set, wherever they stand, while the pointer
 * is on one of them; a click keeps it.
 */
static const char page_script[] =
    "(function(){var kept=null;"
    "function each(root,fn){[].forEach.call("
    "root.querySelectorAll('[data-set]'),fn);}"
    "function show(root,set){each(root,function(e){"
    "var same=e.getAttribute('data-set')===set,row=e.tagName==='TR'||"
    "e.tagName==='tr';e.classList.toggle('dim',set!==null)"
    ";if(same||row){e.classList.remove('dim');}"
    "e.classList.toggle('lit',row?same:false);});}"
    "[].forEach.call(document.querySelectorAll('section.table'),"
    "function(root){each(root,function(e){var set="
    "e.getAttribute('data-set');"
    "e.addEventListener('mouseenter',function(){show(root,set);});"
    "e.addEventListener('mouseleave',function(){show(root,kept);});"
    "e.addEventListener('click',function(){kept=kept===set?null:set;"
    "show(root,kept);});});});})();";

static void paragraph(FILE *out, const char *class, const char *before,
                      const char *text)
{
    if ( !text || !*text )
        return;
    fprintf(out, "<p%s>%s", class, before);
    words_escape(out, text);
    fputs("</p>\n", out);
}

static void write_finding(FILE *out, const struct findings *f, size_t i)
{
    const struct finding *x = &f->list[i];

    fprintf(out, "<li id=\"finding-%zu\"><svg viewBox=\"0 0 16 16\" "
            "aria-hidden=\"true\">", i + 1);
    draw_sign(out, 0, 0, x->severity);
    fprintf(out, "</svg><div><p><b>%zu. %s</b> (%s at %03zXh, ", i + 1,
            severity_name(x->severity), table_name(x->table), x->offset);
    words_escape(out, x->rule);
    fputs("): ", out);
    words_escape(out, x->message);
    fputs("</p>\n", out);
    paragraph(out, "", "", x->consequence);
    paragraph(out, " class=\"soft\"", "The hypervisor: ", x->action);
    fputs("</div></li>\n", out);
}

static void write_list(FILE *out, const struct findings *f, size_t from,
                       size_t to)
{
    if ( from == to )
        return;
    fputs("<ol class=\"findings\">\n", out);
    for ( ; from < to; from++ )
        write_finding(out, f, from);
    fputs("</ol>\n", out);
}

/* What verdict.h's functions say, for which they need a file. */
struct words
{
    char *text;
    size_t len;
    FILE *file;
};

static FILE *words_open(struct words *w)
{
    w->text = NULL;
    w->file = open_memstream(&w->text, &w->len);
    return w->file;
}

static const char *words_close(struct words *w)
{
    return fclose(w->file) ? "" : w->text;
}

/* Lines that were broken for a terminal are joined. */
static void paragraphs(FILE *out, char *text)
{
    char *s = text, *end;

    while ( *s )
    {
        end = s;
        while ( (end = strchr(end, '\n')) && end[1] == ' ' )
        {
            *end++ = ' ';
            while ( *end == ' ' && end[1] == ' ' )
                memmove(end, end + 1, strlen(end));
            if ( *end == ' ' )
                memmove(end, end + 1, strlen(end));
        }
        if ( end )
            *end = 0;
        paragraph(out, "", "", s);
        if ( !end )
            break;
        s = end + 1;
    }
}

static void write_summary(FILE *out, const struct machine *m,
                          const struct findings *f)
{
    struct findings ordered = picture_order(f);
    struct words w;
    size_t problems = 0;

    while ( problems < f->nr && ordered.list[problems].severity != SEV_INFO )
        problems++;
    if ( words_open(&w) )
    {
        verdict_summary(m, f, w.file, false);
        if ( *words_close(&w) )
            paragraphs(out, w.text);
        free(w.text);
    }
    write_list(out, &ordered, 0, problems);
    if ( problems < f->nr )
    {
        fprintf(out, "<details%s><summary>Worth knowing: %zu</summary>\n",
                f->nr - problems < 4 ? " open=\"open\"" : "",
                f->nr - problems);
        write_list(out, &ordered, problems, f->nr);
        fputs("</details>\n", out);
    }
    free(ordered.list);
    if ( words_open(&w) )
    {
        verdict_print(m, f, w.file, false);
        if ( *words_close(&w) )
        {
            fputs("<details><summary>The verdicts as text</summary><pre>",
                  out);
            words_lines(out, w.text);
            fputs("</pre></details>\n", out);
        }
        free(w.text);
    }
}

static int write_picture(FILE *out, struct picture *p, unsigned int number,
                         double width)
{
    char *text = NULL;
    size_t len;
    FILE *body = open_memstream(&text, &len);
    double end;

    if ( !body )
        return -ENOMEM;
    picture_draw(p, body, width, 0, false, &end);
    end = draw_legend(body, 2, width, end + 6);
    if ( !fclose(body) )
        fprintf(out, "<svg class=\"w%u\" viewBox=\"0 0 %.0f %.0f\" "
                "role=\"img\">\n%s</svg>\n", number, width, end, text);
    free(text);
    return 0;
}

static int write_table(FILE *out, const struct machine *m,
                       const struct table *t, const struct findings *f)
{
    static const double widths[] = { 352, 760, 1160 };
    struct picture *p = picture_collect(m, t, f);
    char *title = words_title(p), *subtitle = words_subtitle(p);
    unsigned int i;
    int rc = 0;

    fputs("<section class=\"table\">\n<h2>", out);
    words_escape(out, title);
    fputs("</h2>\n", out);
    paragraph(out, " class=\"soft\"", "", subtitle);
    if ( !p->scanned )
        paragraph(out, "", "", words_stuck);
    fputs("<figure>\n", out);
    free(title);
    free(subtitle);
    for ( i = 0; i < ARRAY_SIZE(widths) && !rc; i++ )
        rc = write_picture(out, p, i + 1, widths[i]);
    fputs("</figure>\n", out);
    tables_write(out, p);
    fputs("</section>\n", out);
    picture_free(p);

    return rc;
}

int picture_html(const struct machine *m, const struct findings *f,
                 FILE *out)
{
    struct findings ordered = picture_order(f);
    size_t i;
    int rc = 0;

    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head>"
          "<meta charset=\"utf-8\"/>\n<meta "
          "name=\"viewport\" content=\"width=device-width, "
          "initial-scale=1\"/>\n<title>IOMMU tables</title>\n<style>\n",
          out);
    fputs(page_style, out);
    draw_style(out);
    fputs("</style></head>\n<body>\n<h1>What the firmware says about the "
          "IOMMU</h1>\n", out);
    write_summary(out, m, f);
    for ( i = 0; i < m->nr_tables && !rc; i++ )
        rc = write_table(out, m, &m->tables[i], &ordered);
    free(ordered.list);
    fputs("<script>", out);
    fputs(page_script, out);
    fputs("</script>\n</body></html>\n", out);

    return rc ? rc : ferror(out) ? -EIO : 0;
}
