/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interleaving explorer.
 *
 * A scenario runs on two or three processors, each a stack of its own. One
 * runs at a time, and gives way only at points: before it takes a lock, before
 * an atomic access, before anything that the hardware sees. What it does from
 * one point up to the next is a transition; the explorer runs the scenario
 * again and again, each time from its beginning, until every order of
 * transitions has been seen that can make a difference: two transitions whose
 * objects differ, or that both only read them, are seen in one order (dynamic
 * partial-order reduction with source sets and sleep sets: Abdulla et al.,
 * POPL 2014).
 *
 * That the code between two points cannot be disturbed is not assumed, but
 * checked on every schedule: each memory access of the core is seen (the core
 * is compiled as for the thread sanitizer, and mem.c receives the calls), and
 * two that are not ordered by locks or atomic accesses are a failure.
 */
#ifndef MODEL_MX_H
#define MODEL_MX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MX_PROCS    3
#define MX_EVENTS   4000
#define MX_ACCS     56          /* objects of one transition */
#define MX_FRAMES   4

enum mx_kind
{
    MX_LOCK = 1, MX_WORD, MX_ENTRY, MX_DID, MX_DID_LINES, MX_PAGE, MX_TABLES,
    MX_IRTE, MX_RING, MX_CONFIG, MX_TEST, MX_KINDS,
};
#define MX_OBJ(kind, id) ((uint64_t)(kind) << 56 | (uint64_t)(id))
#define MX_OBJ_KIND(o)  ((unsigned int)((o) >> 56))
#define MX_OBJ_ID(o)    ((o) & 0xffffffffffffffu)

struct mx_acc
{
    uint64_t obj;
    bool write;
};

/* ---- For the code that runs on a processor ---- */

/* Others may run before what follows. @pc: where it stands in the core. */
void mx_point(const char *what, uint64_t obj, const void *pc);
/* What follows takes this lock, and can only go on while it is free. */
void mx_acquire(uint64_t lock, const void *pc);
void mx_release(uint64_t lock);
/* The transition under way has to do with @obj. */
void mx_access(uint64_t obj, bool write);
/* 0 .. @n - 1: each is explored. */
unsigned int mx_choose(unsigned int n, const char *what);
/* A rule is broken: this schedule ends here. Also outside a run. */
void mx_fail(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2), __noreturn__));
/* Something worth reading in a trace. */
void mx_note(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2)));

extern unsigned int mx_current;
extern bool mx_is_running;
/* Number of the processor that runs; MX_PROCS: set-up or judgement. */
static inline unsigned int mx_cpu(void)
{
    return mx_current;
}
/* Are processors running (and is this one of them)? */
static inline bool mx_running(void)
{
    return mx_is_running;
}

/* Calls, as the instrumented code reports them: for traces. */
void mx_enter(const void *caller);
void mx_leave(void);

/* ---- Scenarios ---- */

struct mx_scenario
{
    const char *name, *about;
    unsigned int procs;
    void (*setup)(void);
    void (*cpu[MX_PROCS])(void);
    /* After all are done, on one processor: judge, tear down. */
    void (*end)(void);
    /* Schedules that must have been seen at least (guards the reduction). */
    unsigned long least;
    /*
     * Too many to see them all: instead every schedule, without reduction, in
     * which a processor that could go on is made to wait at most so often.
     * 0: no bound.
     */
    unsigned int preemptions;
};

struct mx_result
{
    unsigned long schedules, cut, transitions, points;
    unsigned int longest;
    bool failed, all;
    char why[512];
    char schedule[8192];        /* to be given to --replay */
};

struct mx_options
{
    unsigned long limit;        /* schedules; 0: none */
    const char *replay;
    bool trace;
    bool full;                  /* no reduction: every order of points */
    bool quiet;                 /* a failure is expected */
    bool unbounded;             /* preemptions: as many as there can be */
};

/* Explore; the trace of a failing schedule goes to standard output. */
void mx_explore(const struct mx_scenario *s, const struct mx_options *o,
                struct mx_result *r);

/* The explorer itself, against brute force. */
bool mx_self_test(void);

#endif /* MODEL_MX_H */
