/* SPDX-License-Identifier: GPL-2.0-only */
/* The judgement of tables, in its order. */
#include "verdict_priv.h"

#include <stdlib.h>
#include <string.h>

struct finding *judge_add(struct judge *j, enum severity severity,
                          size_t offset, char *rule, char *message,
                          char *consequence, char *action)
{
    return finding_add(j->f, severity, j->t, offset, rule, message,
                       consequence, action);
}

static char *scope_id(const struct judge *j, const struct node *record,
                      const struct dmar_scope *sc)
{
    char *path = NULL;
    unsigned int i;

    /* Only the hypervisor's made machine knows where a path leads. */
    if ( sc->depth == 1 )
        return say_device(j->s,
                          MOAT_SBDF(node_value(record, "segment", 0),
                                    sc->start_bus, sc->path[0],
                                    sc->path[1]));
    path = xprintf("%02x:%02x.%x", sc->start_bus, sc->path[0], sc->path[1]);
    for ( i = 1; i < sc->depth; i++ )
        path = say_more(path, "/%02x.%x", sc->path[2 * i],
                        sc->path[2 * i + 1]);
    return path;
}

char *judge_scopes(const struct judge *j, const struct node *n)
{
    char *all = NULL, *one;
    size_t i, k, nr = 0;

    for ( i = 0; i < n->nr_kids; i++ )
        nr += n->kids[i].kind == NODE_SCOPE && n->kids[i].rc == 1;
    for ( i = k = 0; i < n->nr_kids; i++ )
    {
        if ( n->kids[i].kind != NODE_SCOPE || n->kids[i].rc != 1 )
            continue;
        one = scope_id(j, n, &n->kids[i].hv.scope);
        all = say_more(all, "%s%s", say_comma(k++, nr), one);
        free(one);
    }
    return all;
}

static void judge_table(const struct machine *m, const struct table *t,
                        struct findings *f)
{
    struct judge j = { m, t, scan_run(m, t), f, NULL };

    j.said = xalloc(j.s->log.nr * sizeof(*j.said));
    verdict_records(&j);
    if ( !t->end_rc && t->kind == TABLE_DMAR )
        verdict_dmar(&j);
    if ( !t->end_rc && t->kind == TABLE_IVRS )
        verdict_ivrs(&j);
    if ( !j.s->rc )
        verdict_devices(&j);
    verdict_log(&j);
    free(j.said);
    scan_free(j.s);
}

void verdict_find(const struct machine *m, struct findings *f)
{
    size_t i;

    for ( i = 0; i < m->nr_tables; i++ )
        judge_table(m, &m->tables[i], f);
    findings_sort(f);
}
