/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command ring against a unit of the test's own: it runs when told, may
 * stand still, answer late, refuse a command or drop waits. What is checked
 * above all: nothing that may not have been carried out counts as done.
 */
#include "queue/cmdq.h"
#include "test.h"

#define ENTRIES 16u
#define CMD_OK  1u
#define CMD_BAD 2u
#define CMD_MARK 3u
#define MS      1000000u

struct fake
{
    struct cmdq q;
    unsigned int head, tail;        /* the unit's registers */
    unsigned int head_reads, tail_writes, error_reads;
    unsigned int stopped_at;        /* valid while error is set */
    bool error, dropped, gone, stuck;
    bool run_at_once;               /* on the tail write */
    uint64_t done;                  /* sum of payloads carried out */
};

static void run(struct fake *f, unsigned int max)
{
    while ( max-- && !f->error && f->head != f->tail )
    {
        const uint64_t *c = f->q.ring + (size_t)f->head * CMDQ_WORDS;

        switch ( c[0] )
        {
        case CMD_OK:
            f->done += c[1];
            break;
        case CMD_MARK:
            if ( c[1] )
                *(uint64_t *)sim_pa_to_va(f->q.status_pa, 8) = c[1];
            break;
        default:
            f->error = true;
            f->stopped_at = f->head;
            return;
        }
        f->head = (f->head + 1) % ENTRIES;
    }
}

static void write_tail(struct cmdq *q, unsigned int index)
{
    struct fake *f = q->ctx;

    CHECK(index < ENTRIES);
    f->tail_writes++;
    f->tail = index;
    if ( f->run_at_once )
        run(f, ~0u);
}

static unsigned int read_head(struct cmdq *q)
{
    struct fake *f = q->ctx;

    f->head_reads++;
    return f->head;
}

static void make_marker(const struct cmdq *q, uint64_t *words,
                        moat_paddr_t status, uint32_t seq)
{
    CHECK_EQ(status, q->status_pa);
    words[0] = CMD_MARK;
    words[1] = seq;
}

static int error(struct cmdq *q, unsigned int *bad)
{
    struct fake *f = q->ctx;

    host_lock_assert(&q->lock);
    f->error_reads++;
    if ( f->gone )
        return -EIO;
    if ( !f->error )
        return 0;
    *bad = f->dropped ? f->head - 1 : f->stopped_at;
    return -EAGAIN;
}

static int restart(struct cmdq *q, unsigned int bad)
{
    struct fake *f = q->ctx;

    if ( f->stuck )
        return 0;
    if ( !f->dropped )
    {
        q->ring[(size_t)bad * CMDQ_WORDS] = CMD_MARK;
        q->ring[(size_t)bad * CMDQ_WORDS + 1] = 0;
    }
    f->error = f->dropped = false;
    run(f, ~0u);
    return 0;
}

static const struct cmdq_hooks hooks = {
    .write_tail = write_tail, .read_head = read_head,
    .make_marker = make_marker, .error = error, .restart = restart,
};

static void init(struct fake *f)
{
    memset(f, 0, sizeof(*f));
    f->run_at_once = true;
    REQUIRE(!cmdq_init(&f->q, &hooks, f, ENTRIES, HOST_NO_NODE, 6));
}

static uint32_t submit(struct fake *f, unsigned int n, uint64_t value,
                       unsigned int bad)
{
    uint64_t c[8 * CMDQ_WORDS] = { 0 };
    uint32_t seq = 0;
    unsigned int i;

    for ( i = 0; i < n; i++ )
    {
        c[i * CMDQ_WORDS] = i + 1 == bad ? CMD_BAD : CMD_OK;
        c[i * CMDQ_WORDS + 1] = value;
    }
    CHECK_EQ(cmdq_submit(&f->q, c, n, MS, &seq), 0);
    CHECK(seq);
    return seq;
}

TEST(init_refuses)
{
    struct cmdq q;

    CHECK_EQ(cmdq_init(&q, &hooks, NULL, 12, 0, 6), -EINVAL);
    CHECK_EQ(cmdq_init(&q, &hooks, NULL, 2, 0, 6), -EINVAL);
    CHECK_EQ(cmdq_init(&q, &hooks, NULL, 0, 0, 6), -EINVAL);
}

TEST(init_out_of_memory)
{
    unsigned long n;
    struct cmdq q;
    int rc;

    for ( n = 1; ; n++ )
    {
        sim_fail_nth(n);
        rc = cmdq_init(&q, &hooks, NULL, ENTRIES, HOST_NO_NODE, 6);
        if ( !sim_fail_fired() )
            break;
        CHECK_EQ(rc, -ENOMEM);
        CHECK_EQ(sim_leaks(), 0);
    }
    sim_fail_nth(0);
    CHECK_EQ(n, 4);
    CHECK_EQ(rc, 0);
    cmdq_fini(&q);
}

TEST(steady)
{
    struct fake f;
    unsigned int i;

    init(&f);
    for ( i = 0; i < 3; i++ )
        CHECK_EQ(cmdq_wait(&f.q, submit(&f, 4, 1, 0), MS), 0);
    /* One write of the tail each, nothing read. */
    CHECK_EQ(f.tail_writes, 3);
    CHECK_EQ(f.head_reads, 0);
    CHECK_EQ(f.error_reads, 0);
    for ( ; i < 100; i++ )
        CHECK_EQ(cmdq_wait(&f.q, submit(&f, 4, 1, 0), MS), 0);
    CHECK_EQ(f.done, 400);
    CHECK_EQ(f.error_reads, 0);
    /* Once in a while, when the ring looks full. */
    CHECK_EQ(f.tail_writes, 100);
    CHECK(f.head_reads <= 100 / 3 + 1);
    cmdq_fini(&f.q);
}

TEST(too_many)
{
    struct fake f;
    uint64_t c[2 * 9] = { 0 };
    uint32_t seq;

    init(&f);
    CHECK_EQ(cmdq_max(&f.q), 8);
    CHECK_EQ(cmdq_submit(&f.q, c, 9, MS, &seq), -E2BIG);
    CHECK_EQ(f.tail_writes, 0);
    cmdq_fini(&f.q);
}

TEST(entries_written_before_tail)
{
    struct fake f;
    uint32_t seq;

    init(&f);
    f.run_at_once = false;
    seq = submit(&f, 2, 5, 0);
    CHECK_EQ(f.q.ring[0], CMD_OK);
    CHECK_EQ(f.q.ring[3], 5);
    CHECK_EQ(f.q.ring[4], CMD_MARK);
    CHECK_EQ(f.q.ring[5], seq);
    CHECK_EQ(f.tail, 3);
    CHECK(!cmdq_done(&f.q, seq));
    run(&f, 2);
    CHECK(!cmdq_done(&f.q, seq));
    run(&f, 1);
    CHECK(cmdq_done(&f.q, seq));
    cmdq_fini(&f.q);
}

static void relax_runs(void *arg)
{
    run(arg, 1);
}

TEST(answers_late)
{
    struct fake f;
    struct sim_hooks h = { .relax = relax_runs, .arg = &f };
    unsigned int i;

    init(&f);
    f.run_at_once = false;
    sim_hooks_set(&h);
    /* More than the ring holds: submission waits for room. */
    for ( i = 0; i < 20; i++ )
        (void)submit(&f, 6, 1, 0);
    CHECK_EQ(cmdq_wait(&f.q, f.q.seq, MS), 0);
    CHECK_EQ(f.done, 120);
    sim_hooks_set(NULL);
    cmdq_fini(&f.q);
}

TEST(deadlines)
{
    struct fake f;
    uint64_t c[2] = { CMD_OK, 0 }, start;
    uint32_t seq, late;

    init(&f);
    f.run_at_once = false;
    seq = submit(&f, 7, 1, 0);
    start = host_now_ns();
    CHECK_EQ(cmdq_wait(&f.q, seq, 3 * MS), -ETIMEDOUT);
    CHECK(host_now_ns() - start >= 3 * MS);
    CHECK(host_now_ns() - start < 4 * MS);
    CHECK(f.error_reads > 0);
    /* 15 places, 8 taken: 7 are left, then no more. */
    late = submit(&f, 6, 1, 0);
    CHECK_EQ(cmdq_submit(&f.q, c, 1, 3 * MS, &seq), -ETIMEDOUT);

    /* It answers after all: the old number does not stand for a new one. */
    run(&f, 8);
    CHECK(!cmdq_done(&f.q, late));
    CHECK_EQ(cmdq_wait(&f.q, late, MS), -ETIMEDOUT);
    run(&f, 7);
    CHECK_EQ(cmdq_wait(&f.q, late, MS), 0);
    cmdq_fini(&f.q);
}

/* One refused command fails its own submission, and no other. */
TEST(refused_command)
{
    struct fake f;
    uint32_t before, bad, after;

    init(&f);
    before = submit(&f, 2, 1, 0);
    bad = submit(&f, 3, 1, 2);
    after = submit(&f, 2, 1, 0);
    CHECK(f.error);
    CHECK_EQ(cmdq_wait(&f.q, before, 10 * MS), 0);
    CHECK_EQ(cmdq_wait(&f.q, after, 10 * MS), 0);
    CHECK(!cmdq_done(&f.q, bad));
    CHECK_EQ(cmdq_wait(&f.q, bad, 10 * MS), -EIO);
    CHECK_EQ(cmdq_wait(&f.q, before, 10 * MS), 0);
    CHECK_EQ(f.done, 6);
    CHECK_EQ(cmdq_wait(&f.q, submit(&f, 1, 1, 0), MS), 0);
    cmdq_fini(&f.q);
}

TEST(two_refused)
{
    struct fake f;
    uint32_t s[5];
    unsigned int i;

    init(&f);
    for ( i = 0; i < 5; i++ )
        s[i] = submit(&f, 1, 1, i == 1 || i == 3);
    CHECK_EQ(cmdq_wait(&f.q, s[4], 10 * MS), 0);
    CHECK_EQ(cmdq_wait(&f.q, s[1], 10 * MS), -EIO);
    CHECK_EQ(cmdq_wait(&f.q, s[3], 10 * MS), -EIO);
    CHECK_EQ(cmdq_wait(&f.q, s[0], 10 * MS), 0);
    cmdq_fini(&f.q);
}

/* The unit drops waits it had fetched, and goes on behind them. */
TEST(dropped_waits)
{
    struct fake f;
    uint32_t a, b, c;

    init(&f);
    f.run_at_once = false;
    a = submit(&f, 1, 1, 0);
    b = submit(&f, 1, 1, 0);
    c = submit(&f, 1, 1, 0);
    run(&f, 2);
    CHECK(cmdq_done(&f.q, a));
    f.head = 4;                     /* b's command and wait: fetched, lost */
    f.error = f.dropped = true;
    CHECK_EQ(cmdq_wait(&f.q, c, 10 * MS), 0);
    CHECK_EQ(cmdq_wait(&f.q, b, 10 * MS), -EIO);
    CHECK_EQ(cmdq_wait(&f.q, a, 10 * MS), 0);
    cmdq_fini(&f.q);
}

/* Set going again and again, without avail: a deadline all the same. */
TEST(keeps_stopping)
{
    struct fake f;
    uint32_t bad, after;
    uint64_t start;

    init(&f);
    f.stuck = true;
    bad = submit(&f, 1, 1, 1);
    after = submit(&f, 1, 1, 0);
    CHECK_EQ(cmdq_wait(&f.q, bad, 5 * MS), -EIO);
    start = host_now_ns();
    CHECK_EQ(cmdq_wait(&f.q, after, 5 * MS), -ETIMEDOUT);
    CHECK(host_now_ns() - start < 8 * MS);
    cmdq_fini(&f.q);
}

TEST(gone_for_good)
{
    struct fake f;
    uint32_t seq;
    uint64_t c[2] = { CMD_OK, 0 };

    init(&f);
    f.run_at_once = false;
    seq = submit(&f, 1, 1, 0);
    f.gone = true;
    CHECK_EQ(cmdq_wait(&f.q, seq, 10 * MS), -EIO);
    CHECK_EQ(cmdq_submit(&f.q, c, 1, MS, &seq), -EIO);
    CHECK_EQ(cmdq_poll(&f.q), -EIO);

    /* Reset: lives again; what was lost stays lost. */
    f.gone = false;
    f.head = f.tail = 0;
    f.run_at_once = true;
    cmdq_reset(&f.q);
    CHECK_EQ(cmdq_wait(&f.q, submit(&f, 1, 1, 0), MS), 0);
    CHECK_EQ(cmdq_wait(&f.q, seq, MS), -EIO);
    cmdq_kill(&f.q);
    CHECK_EQ(cmdq_submit(&f.q, c, 1, MS, &seq), -EIO);
    cmdq_fini(&f.q);
}

/* Numbers come round; 0 stays "none"; an old failure does not come back. */
TEST(numbers_wrap)
{
    struct fake f;
    uint32_t bad, seq;
    unsigned int i;

    init(&f);
    f.q.seq = 0xfffffff0;
    *f.q.status = 0xfffffff0;
    bad = submit(&f, 1, 1, 1);
    CHECK_EQ(cmdq_wait(&f.q, bad, 10 * MS), -EIO);
    for ( i = 0; i < 32; i++ )
    {
        seq = submit(&f, 1, 1, 0);
        CHECK(seq != 0);
        CHECK_EQ(cmdq_wait(&f.q, seq, MS), 0);
    }
    CHECK_EQ(seq, 0x12);
    CHECK_EQ(cmdq_wait(&f.q, bad, MS), -EIO);
    CHECK(f.q.any_failed);

    f.q.seq = 0x50000000;
    *f.q.status = 0x50000000;
    CHECK_EQ(cmdq_wait(&f.q, submit(&f, 1, 1, 0), MS), 0);
    CHECK(!f.q.any_failed);
    cmdq_fini(&f.q);
}

/* Random commands, errors and pauses: done means carried out. */
TEST(random_runs)
{
    struct test_rng r = { 0x1234567 };
    struct fake f;
    unsigned int i;

    init(&f);
    f.run_at_once = false;
    for ( i = 0; i < 20000; i++ )
    {
        unsigned int n = (unsigned int)(test_rand(&r) % 6) + 1;
        unsigned int bad = test_rand(&r) % 8 ? 0
                           : (unsigned int)(test_rand(&r) % n) + 1;
        uint64_t before = f.done;
        uint32_t seq = submit(&f, n, 1, bad);

        run(&f, (unsigned int)(test_rand(&r) % 4));
        if ( !(test_rand(&r) % 16) )
        {
            int want = cmdq_done(&f.q, seq) ? 0
                       : f.error ? -EIO : -ETIMEDOUT;

            CHECK_EQ(cmdq_wait(&f.q, seq, MS), want);
        }
        run(&f, ~0u);
        CHECK_EQ(cmdq_wait(&f.q, seq, 10 * MS), bad ? -EIO : 0);
        if ( !bad )
            CHECK_EQ(f.done - before, n);
        if ( test_failing() )
            break;
    }
    cmdq_fini(&f.q);
}
