/* SPDX-License-Identifier: GPL-2.0-only */
#include "align.h"

#include "util.h"

#include <stdlib.h>

/*
 * Costs of the least change: one that is only in a or only in b, and a pair,
 * which grows with what differs. A pair of which less than about two thirds
 * differ beats one that goes and one that comes.
 */
#define COST_ALONE  4u
#define COST_SCALE  10u
#define COST_NEVER  1000u

/* More steps than this are not compared all with all, but one by one. */
#define CELLS_MAX   (4u << 20)

bool align_same_field(const struct table *ta, const struct field *a,
                      const struct table *tb, const struct field *b)
{
    enum field_show show = a->fmt->show;

    if ( show == SHOW_LENGTH || show == SHOW_TAIL_LENGTH ||
         show == SHOW_CHECKSUM )
        return true;
    return !memcmp(ta->bytes + a->offset, tb->bytes + b->offset, a->width);
}

bool align_same_tail(const struct table *ta, const struct node *a,
                     const struct table *tb, const struct node *b)
{
    size_t len = a->offset + a->len - a->tail;

    return len == b->offset + b->len - b->tail &&
           !memcmp(ta->bytes + a->tail, tb->bytes + b->tail, len);
}

/* How much of @a and @b differs; COST_NEVER: they are different things. */
static unsigned int cost(const struct table *ta, const struct node *a,
                         const struct table *tb, const struct node *b)
{
    size_t i, different = 0;

    if ( a->kind != b->kind || a->fmt != b->fmt || a->type != b->type ||
         a->nr_fields != b->nr_fields )
        return COST_NEVER;
    for ( i = 0; i < a->nr_fields; i++ )
        different += !align_same_field(ta, &a->fields[i], tb, &b->fields[i]);
    different += !align_same_tail(ta, a, tb, b);
    if ( !different )
        return 0;

    return 1 + (unsigned int)(COST_SCALE * different / (a->nr_fields + 1));
}

bool align_same(const struct table *ta, const struct node *a,
                const struct table *tb, const struct node *b)
{
    return !cost(ta, a, tb, b);
}

static unsigned int pair_cost(const struct nodes *a, size_t i,
                              const struct nodes *b, size_t j)
{
    return cost(a->table, &a->list[i], b->table, &b->list[j]);
}

static void add(struct pair **pairs, size_t *nr, const struct node *a,
                const struct node *b)
{
    *pairs = grow(*pairs, *nr, sizeof(**pairs));
    (*pairs)[*nr].a = a;
    (*pairs)[(*nr)++].b = b;
}

/* Too many for the table below: first with first, and so on. */
static void one_by_one(const struct nodes *a, const struct nodes *b,
                       struct pair **pairs, size_t *nr)
{
    size_t i;

    for ( i = 0; i < a->nr || i < b->nr; i++ )
    {
        bool both = i < a->nr && i < b->nr &&
                    pair_cost(a, i, b, i) < COST_NEVER;

        if ( both )
        {
            add(pairs, nr, &a->list[i], &b->list[i]);
            continue;
        }
        if ( i < a->nr )
            add(pairs, nr, &a->list[i], NULL);
        if ( i < b->nr )
            add(pairs, nr, NULL, &b->list[i]);
    }
}

static unsigned int least(unsigned int x, unsigned int y)
{
    return x < y ? x : y;
}

/* cells[i][j]: the least cost of a's from i on and b's from j on. */
static unsigned int *fill(const struct nodes *a, const struct nodes *b)
{
    size_t row = b->nr + 1, i, j;
    unsigned int *cells = xalloc((a->nr + 1) * row * sizeof(*cells));

    for ( i = a->nr + 1; i-- > 0; )
        for ( j = b->nr + 1; j-- > 0; )
        {
            unsigned int *c = &cells[i * row + j], best = UINT32_MAX;

            if ( i < a->nr )
                best = least(best, c[row] + COST_ALONE);
            if ( j < b->nr )
                best = least(best, c[1] + COST_ALONE);
            if ( i < a->nr && j < b->nr )
                best = least(best, c[row + 1] + pair_cost(a, i, b, j));
            *c = i == a->nr && j == b->nr ? 0 : best;
        }

    return cells;
}

static void all_with_all(const struct nodes *a, const struct nodes *b,
                         struct pair **pairs, size_t *nr)
{
    unsigned int *cells = fill(a, b);
    size_t row = b->nr + 1, i = 0, j = 0;

    while ( i < a->nr || j < b->nr )
    {
        const unsigned int *c = &cells[i * row + j];

        if ( i < a->nr && j < b->nr &&
             *c == c[row + 1] + pair_cost(a, i, b, j) )
            add(pairs, nr, &a->list[i++], &b->list[j++]);
        else if ( i < a->nr && *c == c[row] + COST_ALONE )
            add(pairs, nr, &a->list[i++], NULL);
        else
            add(pairs, nr, NULL, &b->list[j++]);
    }
    free(cells);
}

struct pair *align_nodes(const struct nodes *a, const struct nodes *b,
                         size_t *nr)
{
    struct nodes x = *a, y = *b;
    struct pair *pairs = NULL;
    size_t same = 0, i;

    /* What both begin and end with needs no thought. */
    *nr = 0;
    while ( x.nr && y.nr && !pair_cost(&x, 0, &y, 0) )
    {
        add(&pairs, nr, x.list++, y.list++);
        x.nr--;
        y.nr--;
    }
    while ( x.nr && y.nr && !pair_cost(&x, x.nr - 1, &y, y.nr - 1) )
    {
        x.nr--;
        y.nr--;
        same++;
    }

    if ( (x.nr + 1) * (y.nr + 1) > CELLS_MAX )
        one_by_one(&x, &y, &pairs, nr);
    else
        all_with_all(&x, &y, &pairs, nr);
    for ( i = 0; i < same; i++ )
        add(&pairs, nr, &x.list[x.nr + i], &y.list[y.nr + i]);

    return pairs;
}
