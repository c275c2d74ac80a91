/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does the explorer see every order that can make a difference, each once?
 * Small random programs are run in every order of their points, and the
 * orders of conflicting steps that occur are counted; exploring with
 * reduction must find exactly as many schedules.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "mx_priv.h"
#include "mx_search.h"

#define STEPS       4u          /* of two processors; three have 2 */
#define PROGRAMS    300u
#define ORDERS      200000u

enum op { OP_NONE, OP_READ, OP_WRITE, OP_BOTH, OP_LOCKED, OP_NESTED,
          OP_CHOICE, OPS };

static struct { enum op op; unsigned int obj; } program[MX_PROCS][STEPS];
static unsigned int held[2];
static uint64_t seed;

static unsigned int rnd(unsigned int n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned int)((seed * 0x2545f4914f6cdd1dULL) >> 40) % n;
}

static void locked(unsigned int l, bool inside)
{
    mx_acquire(MX_OBJ(MX_LOCK, 2 + l), NULL);
    if ( held[l]++ )
        mx_fail("two processors hold a lock");
    if ( inside )
    {
        mx_point("inside", MX_OBJ(MX_TEST, 9), NULL);
        mx_access(MX_OBJ(MX_TEST, 9), true);
    }
    held[l]--;
    mx_release(MX_OBJ(MX_LOCK, 2 + l));
}

static void step(enum op op, unsigned int obj)
{
    uint64_t o = MX_OBJ(MX_TEST, 10 + obj), o2 = MX_OBJ(MX_TEST, 11 + obj);

    switch ( op )
    {
    case OP_READ:
    case OP_WRITE:
    case OP_BOTH:
        mx_point("step", o, NULL);
        mx_access(o, op != OP_READ);
        if ( op == OP_BOTH )
            mx_access(o2, false);
        break;

    case OP_LOCKED:
        locked(obj & 1, false);
        break;

    case OP_NESTED:
        locked(obj & 1, true);
        break;

    case OP_CHOICE:
        mx_point("choice", o, NULL);
        if ( mx_choose(2, "which") )
            mx_access(o, true);
        else
            mx_access(o2, false);
        break;

    default:
        break;
    }
}

static void run(unsigned int p)
{
    unsigned int i;

    for ( i = 0; i < STEPS; i++ )
        step(program[p][i].op, program[p][i].obj);
}

static void cpu0(void) { run(0); }
static void cpu1(void) { run(1); }
static void cpu2(void) { run(2); }

static uint64_t *orders;
static unsigned long n_orders;

static void setup(void)
{
    mem_start();
    memset(held, 0, sizeof(held));
}

/* Note the order of this run's conflicting steps. */
static void end(void)
{
    uint64_t h;
    unsigned long i;

    mx_find_races(mx_trace.n);
    h = mx_order_hash();
    for ( i = 0; i < n_orders && orders[i] != h; i++ )
        continue;
    if ( i < n_orders )
        return;
    if ( n_orders == ORDERS )
        abort();
    orders[n_orders++] = h;
}

/* Has it choices? */
static bool make_program(unsigned int procs)
{
    unsigned int p, i, n = procs == 2 ? STEPS : 2;
    bool choices = false;

    memset(program, 0, sizeof(program));
    for ( p = 0; p < procs; p++ )
        for ( i = 0; i < n; i++ )
        {
            program[p][i].op = (enum op)(1 + rnd(OPS - 1));
            program[p][i].obj = rnd(3);
            choices |= program[p][i].op == OP_CHOICE;
        }
    return choices;
}

static bool check_program(unsigned int number, unsigned long *full,
                          unsigned long *reduced)
{
    unsigned int procs = 2 + number % 2;
    struct mx_scenario s = {
        .name = "self", .procs = procs, .setup = setup,
        .cpu = { cpu0, cpu1, cpu2 }, .end = end,
    };
    struct mx_options o = { .full = true };
    struct mx_result all, some;
    unsigned long there;
    bool choices;

    choices = make_program(procs);
    n_orders = 0;
    mx_explore(&s, &o, &all);
    there = n_orders;
    n_orders = 0;
    o.full = false;
    mx_explore(&s, &o, &some);
    *full += all.schedules;
    *reduced += some.schedules;
    /* What a step with a choice has to do with is the sum of what it might
     * have: such schedules may come up twice. */
    if ( !all.failed && !some.failed && n_orders == there &&
         (choices || some.schedules == there) )
        return true;
    printf("  program %u: %lu orders in %lu schedules, the reduction found "
           "%lu in %lu%s%s\n", number, there, all.schedules, n_orders,
           some.schedules, all.failed || some.failed ? ": " : "", some.why);
    return false;
}

/* A deadlock that only one order shows must be found. */
static void hug(unsigned int a, unsigned int b)
{
    mx_acquire(MX_OBJ(MX_LOCK, a), NULL);
    mx_acquire(MX_OBJ(MX_LOCK, b), NULL);
    mx_release(MX_OBJ(MX_LOCK, b));
    mx_release(MX_OBJ(MX_LOCK, a));
}

static void hug0(void) { hug(2, 3); }
static void hug1(void) { hug(3, 2); }

static bool check_deadlock(void)
{
    static const struct mx_scenario s = {
        .name = "hug", .procs = 2, .setup = setup, .cpu = { hug0, hug1 },
    };
    static const struct mx_options o = { .quiet = true };
    struct mx_result r;

    mx_explore(&s, &o, &r);
    return r.failed && strstr(r.why, "deadlock");
}

/* Two plain accesses in a row, without a lock, are a race. */
static unsigned int *shared;

static void race_setup(void)
{
    mem_start();
    shared = mem_heap(sizeof(*shared));
}

static void race_cpu(void)
{
    mem_access(shared, sizeof(*shared), true, NULL);
}

static bool check_race(void)
{
    static const struct mx_scenario s = {
        .name = "race", .procs = 2, .setup = race_setup,
        .cpu = { race_cpu, race_cpu },
    };
    static const struct mx_options o = { .quiet = true };
    struct mx_result r;

    mx_explore(&s, &o, &r);
    return r.failed && strstr(r.why, "race");
}

bool mx_self_test(void)
{
    unsigned int i, bad = 0;
    unsigned long full = 0, reduced = 0;

    orders = malloc(ORDERS * sizeof(*orders));
    seed = 88172645463325252u;
    for ( i = 0; i < PROGRAMS; i++ )
        bad += !check_program(i, &full, &reduced);
    if ( !check_deadlock() )
    {
        printf("  a deadlock was not found\n");
        bad++;
    }
    if ( !check_race() )
    {
        printf("  a race was not found\n");
        bad++;
    }
    free(orders);
    printf("%s self-test: %u random programs: the same orders in %lu schedules "
           "without reduction, %lu with it\n", bad ? "FAIL" : "PASS",
           PROGRAMS, full, reduced);
    return !bad;
}
