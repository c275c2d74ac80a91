/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a page table must do, as a flat list of ranges; random requests; and
 * the comparison with what hardware would do (iopt_hw.h), which is complete:
 * between two neighbouring ends of any range involved all are linear, so one
 * address of each such piece stands for all of it.
 */
#ifndef TEST_IOPT_MODEL_H
#define TEST_IOPT_MODEL_H

#include "iopt_hw.h"
#include "pt/iopt.h"
#include "test.h"

struct range
{
    uint64_t first, last;       /* bytes, inclusive */
    uint64_t pa;                /* of first */
    unsigned int prot;
};

#define MODEL_MAX 4096
struct model
{
    unsigned int n;
    struct range r[MODEL_MAX];
};

/* prot 0: unmap. Neighbours that go together become one range. */
void model_set(struct model *m, uint64_t first, uint64_t last, uint64_t pa,
               unsigned int prot);
/* The range that holds @iova, or NULL. */
const struct range *model_get(const struct model *m, uint64_t iova);
/* All that hardware translates. */
void model_of_hw(struct model *m, const struct hw_root *r,
                 unsigned int max_leaf, struct hw_census *c);
/* Fails the test unless @got is @before, or within [first, last] @after. */
void model_check(const struct model *got, const struct model *before,
                 const struct model *after, uint64_t first, uint64_t last,
                 const char *when);
/* One address: as model_check(). */
void model_check_at(const struct hw_root *r, uint64_t iova,
                    const struct model *before, const struct model *after,
                    uint64_t first, uint64_t last, const char *when);
/* In [first, last]: was something absent mapped, something present changed? */
void model_diff(const struct model *before, const struct model *after,
                uint64_t first, uint64_t last, bool *added, bool *modified);

/* ---- A table under test, and requests for it ---- */

struct iopt_case
{
    const struct iopt_fmt *fmt;
    unsigned int levels, leaf_levels;
    bool coherent;
};
extern const struct iopt_case iopt_cases[];
extern const unsigned int iopt_n_cases;

struct subject
{
    struct iopt t;
    struct hw_root hw;
    struct model now;
};
void subject_init(struct subject *s, const struct iopt_case *c);
void subject_fini(struct subject *s);
/* All that must hold between requests; @f not yet flushed. */
void subject_check(struct subject *s, const struct moat_flush *f,
                   const char *when);

struct request
{
    bool map;
    uint64_t iova, pa, len;
    unsigned int prot;
};
void request_random(struct request *q, struct test_rng *rng,
                    const struct iopt *t);
int request_do(struct iopt *t, const struct request *q,
               struct moat_flush *f);
const char *request_text(const struct request *q);

#endif /* TEST_IOPT_MODEL_H */
