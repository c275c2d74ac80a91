/* SPDX-License-Identifier: GPL-2.0-only */
/* Which records of one table are which of another. */
#ifndef TOOL_ALIGN_H
#define TOOL_ALIGN_H

#include "model.h"

/* Nodes of a table: records, or scopes and entries of one of them. */
struct nodes
{
    const struct table *table;
    const struct node *list;
    size_t nr;
};

/* One step of going through both: a NULL one is only in the other. */
struct pair
{
    const struct node *a, *b;
};

/*
 * The least change that makes @b of @a, in order: pairs in an allocated
 * array, its length in @nr. Nodes of different types are never a pair.
 */
struct pair *align_nodes(const struct nodes *a, const struct nodes *b,
                         size_t *nr);

/* Do both say the same, lengths and checksums aside? */
bool align_same(const struct table *ta, const struct node *a,
                const struct table *tb, const struct node *b);
/* The same for one field of both, and for what follows the fields. */
bool align_same_field(const struct table *ta, const struct field *a,
                      const struct table *tb, const struct field *b);
bool align_same_tail(const struct table *ta, const struct node *a,
                     const struct table *tb, const struct node *b);

#endif /* TOOL_ALIGN_H */
