/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the hypervisor's parsers complain about, as findings. Which devices
 * can be given away is not available in this build.
 */
#include "verdict.h"

#include "model.h"
#include "util.h"

/* A parser's complaint about @n, in @t. */
static void complaint(const struct table *t, const struct node *n,
                      struct findings *f)
{
    char room[32];
    const char *section = n->fmt ? n->fmt->section : t->header.fmt->section;
    const char *lost = n->kind == NODE_SCOPE || n->kind == NODE_ENTRY
                       ? "this one is ignored, the others are used"
                       : n->kind == NODE_REST
                       ? "the rest cannot be told apart and is ignored"
                       : "this record is not used, the others are";

    finding_add(f, SEV_ERROR, t, n->err.offset, xprintf("%s", section),
                xprintf("%s at %03zxh: %s; there is %#llx",
                        node_name(n, room, sizeof(room)), n->offset,
                        n->err.rule, (unsigned long long)n->err.value),
                NULL, xprintf("%s", lost));
}

static void complaints(const struct table *t, const struct node *n,
                       struct findings *f)
{
    size_t i;

    if ( n->rc < 0 )
        complaint(t, n, f);
    for ( i = 0; i < n->nr_kids; i++ )
        complaints(t, &n->kids[i], f);
}

static void table_find(const struct table *t, struct findings *f)
{
    size_t i;

    if ( t->rc == -EBADMSG )
        finding_add(f, SEV_WARN, t, t->err.offset,
                    xprintf("%s", t->header.fmt->section),
                    xprintf("%s; there is %#llx", t->err.rule,
                            (unsigned long long)t->err.value), NULL, NULL);
    if ( t->end_rc )
        finding_add(f, SEV_FATAL, t, t->end.offset,
                    xprintf("%s", t->header.fmt->section),
                    xprintf("%s; there is %#llx", t->end.rule,
                            (unsigned long long)t->end.value), NULL,
                    xprintf("nothing of this table is used"));
    for ( i = 0; i < t->nr_records; i++ )
        if ( t->records[i].kind != NODE_REST )
            complaints(t, &t->records[i], f);
}

void verdict_find(const struct machine *m, struct findings *f)
{
    size_t i;

    for ( i = 0; i < m->nr_tables; i++ )
        table_find(&m->tables[i], f);
    findings_sort(f);
}

static void print_one(const struct finding *x, FILE *out, bool colour)
{
    static const char *const codes[] =
    {
        [SEV_INFO] = "", [SEV_WARN] = "\033[33m", [SEV_ERROR] = "\033[31m",
        [SEV_FATAL] = "\033[1;31m",
    };

    fprintf(out, "%s%s%s: at %03zxh: %s [%s]\n",
            colour ? codes[x->severity] : "", severity_name(x->severity),
            colour ? "\033[0m" : "", x->offset, x->message, x->rule);
    if ( x->consequence )
        fprintf(out, "    %s\n", x->consequence);
    if ( x->action )
        fprintf(out, "    The hypervisor: %s.\n", x->action);
}

void verdict_print(const struct machine *m, const struct findings *f,
                   FILE *out, bool colour)
{
    size_t i;

    (void)m;
    for ( i = 0; i < f->nr; i++ )
        print_one(&f->list[i], out, colour);
}

void verdict_summary(const struct machine *m, const struct findings *f,
                     FILE *out, bool colour)
{
    (void)m;
    (void)f;
    (void)out;
    (void)colour;
}
