/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page-table walks as the hardware makes them, written from the
 * specifications with literal masks, sharing nothing with the engine: a
 * mistake in the engine's format table cannot hide here.
 */
#ifndef TEST_IOPT_HW_H
#define TEST_IOPT_HW_H

#include <moat/types.h>

enum hw_read
{
    HW_READ_MEMORY,     /* every store is visible */
    HW_READ_SHADOW,     /* only what was written back */
    HW_READ_EITHER,     /* each line one or the other, at random */
};

struct hw_root
{
    bool amd;
    unsigned int levels;
    moat_paddr_t pa;
    enum hw_read read;
    unsigned int pa_bits;
};

struct hw_leaf
{
    moat_paddr_t pa;
    unsigned int prot;      /* 0: not translated */
    unsigned int level;
    bool snoop;
};

/* One translation. A malformed entry fails the test. */
struct hw_leaf hw_walk(const struct hw_root *r, moat_iova_t iova);

struct hw_census
{
    unsigned long tables;           /* distinct, root included */
    unsigned long leaves[7];        /* by level */
    unsigned long empty;            /* tables without an entry, not the root */
    unsigned long joinable;         /* tables that could be one leaf */
    unsigned long wrong_counts;     /* engine's count bits disagree */
};
/*
 * Visit every leaf in address order. @max_leaf: highest level at which a leaf
 * is allowed (for joinable).
 */
void hw_enumerate(const struct hw_root *r, unsigned int max_leaf,
                  void (*fn)(void *arg, moat_iova_t iova,
                             const struct hw_leaf *l),
                  void *arg, struct hw_census *c);

#endif /* TEST_IOPT_HW_H */
