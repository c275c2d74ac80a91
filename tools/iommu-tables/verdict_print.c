/* SPDX-License-Identifier: GPL-2.0-only */
/* Findings on paper. */
#include "verdict_priv.h"

#include <stdlib.h>

static const char *const codes[] =
{
    [SEV_INFO] = "\033[36m", [SEV_WARN] = "\033[33m",
    [SEV_ERROR] = "\033[31m", [SEV_FATAL] = "\033[1;31m",
};

static void print_one(const struct finding *x, FILE *out, bool colour)
{
    char *text;

    fprintf(out, "%s%s%s", colour ? codes[x->severity] : "",
            severity_name(x->severity), colour ? "\033[0m" : "");
    if ( x->offset )
        fprintf(out, " at %03zXh", x->offset);
    fprintf(out, " (%s)\n", x->rule);
    text = xprintf("%s.", x->message);
    say_print(out, 4, text);
    free(text);
    if ( x->consequence )
        say_print(out, 4, x->consequence);
    if ( x->action )
    {
        text = xprintf("The hypervisor: %s.", x->action);
        say_print(out, 4, text);
        free(text);
    }
    /* One line, so that it can be looked for. */
    if ( x->log )
        fprintf(out, "    xl dmesg: \"moat: %s\"\n", x->log);
}

/* What is wrong, not what is good to know. */
static size_t problems(const struct finding *const *list, size_t nr)
{
    size_t i;

    for ( i = 0; i < nr && list[i]->severity != SEV_INFO; i++ )
        continue;
    return i;
}

static void summary_one(const struct table *t, const struct findings *f,
                        FILE *out, bool colour)
{
    size_t nr, bad;
    const struct finding **list = findings_of(f, t, &nr);
    char *text;

    bad = problems(list, nr);
    if ( !bad )
        text = xprintf("%s (%s): sound; %zu thing%s worth knowing.",
                       table_name(t), t->source, nr, nr == 1 ? "" : "s");
    else
        text = xprintf("%s (%s): %zu problem%s%s %s%s%s at %03zXh: %s.",
                       table_name(t), t->source, bad, bad == 1 ? "" : "s",
                       bad == 1 ? ":" : "; the worst:",
                       colour ? codes[list[0]->severity] : "",
                       severity_name(list[0]->severity),
                       colour ? "\033[0m" : "", list[0]->offset,
                       list[0]->message);
    say_print_item(out, 0, 4, text);
    free(text);
    free(list);
}

void verdict_summary(const struct machine *m, const struct findings *f,
                     FILE *out, bool colour)
{
    size_t i;

    for ( i = 0; i < m->nr_tables; i++ )
        summary_one(&m->tables[i], f, out, colour);
    fputc('\n', out);
}

static void print_table(const struct machine *m, const struct table *t,
                        const struct findings *f, FILE *out, bool colour)
{
    size_t nr, i;
    const struct finding **list = findings_of(f, t, &nr);
    struct scan *s = scan_run(m, t);

    if ( m->nr_tables > 1 )
        fprintf(out, "---- %s (%s) ----\n\n", table_name(t), t->source);
    for ( i = 0; i < nr; i++ )
    {
        print_one(list[i], out, colour);
        fputc('\n', out);
    }
    if ( !s->rc )
        verdict_print_devices(s, out);
    scan_free(s);
    free(list);
}

void verdict_print(const struct machine *m, const struct findings *f,
                   FILE *out, bool colour)
{
    size_t i;

    verdict_summary(m, f, out, colour);
    for ( i = 0; i < m->nr_tables; i++ )
        print_table(m, &m->tables[i], f, out, colour);
}
