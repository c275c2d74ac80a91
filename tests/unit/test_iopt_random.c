/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page-table engine against the flat model: random requests, overlapping
 * in every way, and every allocation of each of them made to fail.
 * IOPT_SEED and IOPT_ROUNDS in the environment repeat or lengthen a run.
 */
#include "iopt_model.h"

static uint64_t env(const char *name, uint64_t other)
{
    const char *v = getenv(name);

    return v && *v ? strtoull(v, NULL, 0) : other;
}

static struct model before;

static void check_flags(const struct request *q, const struct subject *s,
                        const struct moat_flush *f, unsigned long pages)
{
    uint64_t last = q->iova + q->len - 1;
    bool added, modified;

    model_diff(&before, &s->now, q->iova, last, &added, &modified);
    /* A table that is replaced by a leaf may have had holes. */
    CHECK_MSG(f->added == added || (f->added && f->modified && f->tables.n),
              "%s: added is %d", request_text(q), f->added);
    CHECK_MSG(f->modified >= modified, "%s: modified is not set",
              request_text(q));
    /* More than the model knows: tables were split, joined or unlinked. */
    if ( f->modified && !modified )
        CHECK_MSG(f->big_leaf && (f->tables.n || s->t.pages > pages),
                  "%s: modified for nothing", request_text(q));
    if ( f->tables.n )
        CHECK_MSG(f->modified && f->big_leaf, "%s: unlinked, not said",
                  request_text(q));
    if ( !f->added && !f->modified )
        CHECK_MSG(f->first > f->last, "%s: a hull of nothing",
                  request_text(q));
    else
        CHECK_MSG(f->first <= last && f->last >= q->iova &&
                  f->first <= f->last, "%s: hull %#" PRIx64 "-%#" PRIx64,
                  request_text(q), f->first, f->last);
}

static void apply(struct model *m, const struct request *q)
{
    model_set(m, q->iova, q->iova + q->len - 1, q->pa, q->map ? q->prot : 0);
}

static void random_run(const struct iopt_case *c, uint64_t seed,
                       unsigned int rounds)
{
    static struct subject s;
    struct test_rng rng = { .s = seed * 2 + 1 };
    unsigned int i;

    subject_init(&s, c);
    for ( i = 0; i < rounds && !test_failing(); i++ )
    {
        unsigned long pages = s.t.pages;
        struct moat_flush f;
        struct request q;
        int rc;

        request_random(&q, &rng, &s.t);
        before = s.now;
        moat_flush_begin(&f);
        rc = request_do(&s.t, &q, &f);
        CHECK_MSG(!rc, "%s: %d", request_text(&q), rc);
        apply(&s.now, &q);
        subject_check(&s, &f, request_text(&q));
        check_flags(&q, &s, &f, pages);
        host_tables_free(&f.tables);
        if ( !(i % 4) )
        {
            moat_flush_begin(&f);
            iopt_trim(&s.t, &f);
            subject_check(&s, &f, "trim");
            host_tables_free(&f.tables);
        }
        if ( test_failing() )
            test_note("%s, %u levels, leaves %#x, request %u: IOPT_SEED=%"
                      PRIu64, c->fmt->name, c->levels, c->leaf_levels, i,
                      seed);
    }
    subject_fini(&s);
}

TEST(iopt_random)
{
    uint64_t seed = env("IOPT_SEED", 1);
    unsigned int rounds = (unsigned int)env("IOPT_ROUNDS", 150), i;

    for ( i = 0; i < iopt_n_cases; i++ )
        random_run(&iopt_cases[i], seed, rounds);
}

/*
 * A failed unmap: what precedes some page is unmapped, the rest untouched.
 * Returns the model of that.
 */
static void model_of_partial(struct model *m, const struct request *q,
                             const struct hw_root *r)
{
    static struct model got, after;
    struct hw_census c;
    uint64_t cut = q->iova;
    unsigned int i;

    model_of_hw(&got, r, 3, &c);
    after = *m;
    apply(&after, q);
    model_check(&got, m, &after, q->iova, q->iova + q->len - 1,
                request_text(q));
    /* The last page of the range that is gone, though it was there. */
    for ( i = 0; i < m->n; i++ )
    {
        uint64_t last = m->r[i].last;

        if ( last > q->iova + q->len - 1 )
            last = q->iova + q->len - 1;
        if ( m->r[i].last < q->iova || m->r[i].first > last )
            continue;
        while ( last >= m->r[i].first && last >= q->iova &&
                model_get(&got, last) )
            last = model_get(&got, last)->first - 1;
        if ( last != ~0ULL && last + 1 > m->r[i].first && last + 1 > cut )
            cut = last + 1;
    }
    if ( cut > q->iova )
        model_set(m, q->iova, cut - 1, 0, 0);
    model_check(&got, m, m, 0, 0, request_text(q));
}

static void fail_run(const struct iopt_case *c, uint64_t seed,
                     unsigned int rounds, unsigned long *fired)
{
    static struct subject s;
    struct test_rng rng = { .s = seed * 2 + 1 };
    unsigned int i, nth;

    subject_init(&s, c);
    for ( i = 0; i < rounds && !test_failing(); i++ )
    {
        unsigned long pages;
        struct moat_flush f;
        struct request q;
        int rc = -ENOMEM;

        request_random(&q, &rng, &s.t);
        for ( nth = 1; rc; nth++ )
        {
            /* The first four, then ever fewer: 1 GiB may take 512 pages. */
            nth += nth > 4 ? nth / 2 : 0;
            moat_flush_begin(&f);
            /* With what iopt_unmap() left, which undoing may free, and not. */
            if ( i % 2 )
                iopt_trim(&s.t, &f);
            pages = s.t.pages;
            sim_fail_nth(nth);
            rc = request_do(&s.t, &q, &f);
            CHECK_MSG(rc == (sim_fail_fired() ? -ENOMEM : 0),
                      "%s: %d with allocation %u failing", request_text(&q),
                      rc, nth);
            sim_fail_nth(0);
            if ( !rc )
                apply(&s.now, &q);
            else if ( !q.map )
                model_of_partial(&s.now, &q, &s.hw);
            else if ( s.t.emptied == ~(moat_iova_t)0 )
                CHECK_EQ(s.t.pages, pages);
            else
                CHECK(s.t.pages <= pages);
            subject_check(&s, &f, request_text(&q));
            *fired += rc == -ENOMEM;
            host_tables_free(&f.tables);
            if ( test_failing() )
            {
                test_note("%s, %u levels, leaves %#x, request %u, nth %u: "
                          "IOPT_SEED=%" PRIu64, c->fmt->name, c->levels,
                          c->leaf_levels, i, nth, seed);
                break;
            }
        }
    }
    subject_fini(&s);
}

TEST(iopt_out_of_memory)
{
    uint64_t seed = env("IOPT_SEED", 1);
    unsigned int rounds = (unsigned int)env("IOPT_ROUNDS", 60), i;
    unsigned long fired = 0;

    for ( i = 0; i < iopt_n_cases; i++ )
        fail_run(&iopt_cases[i], seed, rounds, &fired);
    CHECK(fired > 500);
}
