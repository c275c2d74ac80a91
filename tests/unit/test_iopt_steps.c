/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What hardware sees while a table is being changed. After every single
 * store and write-back, each address outside the range of the request must
 * translate as before, each one inside as before or as after; for units that
 * do not snoop, whichever of the lines not yet written back they see.
 */
#include "iopt_model.h"

static struct subject s;
static struct model before, after;
static struct
{
    const struct request *q;
    const char *text;
    struct test_rng rng;
    unsigned long steps, checks;
} now;

static void probe(const struct hw_root *r, const char *when)
{
    const struct request *q = now.q;
    uint64_t last = q->iova + q->len - 1;
    uint64_t at[] = {
        q->iova, last, q->iova - 1, last + 1, q->iova - 0x200000,
        last + 0x200000, q->iova + test_rand(&now.rng) % q->len,
        q->iova ^ (test_rand(&now.rng) & 0x3fffffff),
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(at); i++ )
        if ( at[i] <= s.t.iova_max )
            model_check_at(r, at[i], &before, &after, q->iova, last, when);
}

static void look_at_all(struct hw_root *r, const char *when)
{
    static struct model got;
    struct hw_census c;

    now.checks++;
    model_of_hw(&got, r, s.t.max_leaf, &c);
    model_check(&got, &before, &after, now.q->iova,
                now.q->iova + now.q->len - 1, when);
}

static void step(void *arg, enum test_step kind, const volatile void *where)
{
    struct hw_root r = s.hw;
    bool all;

    (void)arg;
    if ( (kind != TEST_STEP_STORE && kind != TEST_STEP_WRITEBACK) ||
         test_failing() )
        return;
    /* A store to what hardware does not read: the root's own count. */
    if ( where == &s.t.root_link )
        return;
    /* All of it for the first steps of a request, and now and then. */
    now.steps++;
    all = now.steps <= 12 || now.steps % 397 == 0;
    for ( r.read = HW_READ_MEMORY;
          r.read <= (s.t.coherent ? HW_READ_MEMORY : HW_READ_EITHER);
          r.read++ )
    {
        if ( all )
            look_at_all(&r, now.text);
        else
            probe(&r, now.text);
    }
}

static void watch(const struct iopt_case *c, const struct request *q,
                  unsigned int nth)
{
    struct sim_hooks h = { .step = step };
    struct moat_flush f;
    int rc;

    before = after = s.now;
    model_set(&after, q->iova, q->iova + q->len - 1, q->pa,
              q->map ? q->prot : 0);
    now.q = q;
    now.text = request_text(q);
    now.steps = 0;
    moat_flush_begin(&f);
    sim_hooks_set(&h);
    sim_fail_nth(nth);
    rc = request_do(&s.t, q, &f);
    sim_fail_nth(0);
    sim_hooks_set(NULL);
    if ( !rc )
        s.now = after;
    else if ( !q->map )         /* partly done: see test_iopt_random.c */
    {
        static struct model got;
        struct hw_census census;

        model_of_hw(&got, &s.hw, s.t.max_leaf, &census);
        s.now = got;
    }
    subject_check(&s, &f, request_text(q));
    host_tables_free(&f.tables);
    if ( test_failing() )
        test_note("%s, %u levels, leaves %#x", c->fmt->name, c->levels,
                  c->leaf_levels);
}

TEST(iopt_steps_random)
{
    const char *env = getenv("IOPT_ROUNDS");
    unsigned int i, j, rounds = env ? (unsigned int)atoi(env) : 10;
    struct request q;

    now.checks = 0;
    for ( i = 0; i < iopt_n_cases; i++ )
    {
        now.rng.s = 77 + i;
        subject_init(&s, &iopt_cases[i]);
        for ( j = 0; j < rounds && !test_failing(); j++ )
        {
            request_random(&q, &now.rng, &s.t);
            watch(&iopt_cases[i], &q, j % 3 ? 0 : 1 + j % 5);
        }
        subject_fini(&s);
    }
    CHECK(now.checks > 1000);
    test_note("%lu complete views compared", now.checks);
}

/* The changes of shape one by one, looked at after every step. */
TEST(iopt_steps_shapes)
{
    static const struct request q[] = {
        { true, 0, 0x100000000, 0x40000000, MOAT_RW },          /* 1 GiB */
        { false, 0x3000, 0, 0x1000, 0 },                        /* two splits */
        { true, 0x3000, 0x100003000, 0x1000, MOAT_READ },
        { true, 0x3000, 0x100003000, 0x1000, MOAT_RW },         /* re-joined */
        { true, 0x200000, 0x700000000, 0x200000, MOAT_RW },     /* split */
        { true, 0x201000, 0x5000, 0x2000, MOAT_WRITE },
        { true, 0x200000, 0x100200000, 0x200000, MOAT_RW },     /* replaced */
        { false, 0x1ff000, 0, 0x202000, 0 },
        { true, 0, 0x100000000, 0x40000000, MOAT_RW },
        { false, 0, 0, 0x40000000, 0 },
    };
    unsigned int i, j;

    for ( i = 0; i < iopt_n_cases; i++ )
    {
        if ( iopt_cases[i].levels < 3 || !(iopt_cases[i].leaf_levels & 4) )
            continue;
        subject_init(&s, &iopt_cases[i]);
        for ( j = 0; j < ARRAY_SIZE(q) && !test_failing(); j++ )
            watch(&iopt_cases[i], &q[j], 0);
        subject_fini(&s);
    }
}
