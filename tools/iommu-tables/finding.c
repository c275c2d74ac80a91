/* SPDX-License-Identifier: GPL-2.0-only */
#include "finding.h"

#include "util.h"

#include <stdlib.h>

struct finding *finding_add(struct findings *f, enum severity severity,
                            const struct table *table, size_t offset,
                            char *rule, char *message, char *consequence,
                            char *action)
{
    struct finding *x;

    f->list = grow(f->list, f->nr, sizeof(*f->list));
    x = &f->list[f->nr++];
    x->severity = severity;
    x->table = table;
    x->offset = offset;
    x->rule = rule;
    x->message = message;
    x->consequence = consequence;
    x->action = action;
    x->log = NULL;
    x->on_device = false;
    x->sbdf = 0;

    return x;
}

void findings_free(struct findings *f)
{
    size_t i;

    for ( i = 0; i < f->nr; i++ )
    {
        free(f->list[i].rule);
        free(f->list[i].message);
        free(f->list[i].consequence);
        free(f->list[i].action);
        free(f->list[i].log);
    }
    free(f->list);
    f->list = NULL;
    f->nr = 0;
}

static int before(const void *left, const void *right)
{
    const struct finding *a = left, *b = right;

    /* All tables are elements of one array. */
    if ( a->table != b->table )
        return a->table < b->table ? -1 : 1;
    if ( a->offset != b->offset )
        return a->offset < b->offset ? -1 : 1;
    return (int)b->severity - (int)a->severity;
}

void findings_sort(struct findings *f)
{
    if ( f->nr )
        qsort(f->list, f->nr, sizeof(*f->list), before);
}

static int worse(const void *left, const void *right)
{
    const struct finding *a = *(const struct finding *const *)left;
    const struct finding *b = *(const struct finding *const *)right;

    if ( a->severity != b->severity )
        return a->severity > b->severity ? -1 : 1;
    if ( a->offset != b->offset )
        return a->offset < b->offset ? -1 : 1;
    /* As they were found: those of one list are elements of one array. */
    return a < b ? -1 : a > b;
}

const struct finding **findings_of(const struct findings *f,
                                   const struct table *t, size_t *nr)
{
    const struct finding **list = xalloc(f->nr * sizeof(*list));
    size_t i;

    for ( i = *nr = 0; i < f->nr; i++ )
        if ( f->list[i].table == t )
            list[(*nr)++] = &f->list[i];
    if ( *nr )
        qsort(list, *nr, sizeof(*list), worse);
    return list;
}

const char *severity_name(enum severity severity)
{
    static const char *const names[] =
    {
        [SEV_INFO] = "info",
        [SEV_WARN] = "warning",
        [SEV_ERROR] = "error",
        [SEV_FATAL] = "fatal",
    };

    return names[severity];
}

int findings_status(const struct findings *f)
{
    int status = 0;
    size_t i;

    for ( i = 0; i < f->nr; i++ )
    {
        if ( f->list[i].severity == SEV_FATAL )
            return 2;
        if ( f->list[i].severity != SEV_INFO )
            status = 1;
    }

    return status;
}
