/* SPDX-License-Identifier: GPL-2.0-only */
/* Processors: stacks, points, locks, the end of a run. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mx_priv.h"

#define STACK_SIZE  (256u << 10)
#define CALLS       128u
#define LOCKS       64u

struct proc
{
    void *sp;
    uint8_t *stack;
    bool done;
    uint64_t wants;             /* lock its next transition takes */
    const char *what;           /* its next transition */
    uint64_t obj;
    const void *pc;
    const void *calls[CALLS];
    unsigned int depth;
};

struct mx_trace mx_trace;
char mx_why[512];
jmp_buf mx_out;

static struct proc procs[MX_PROCS], main_proc;
unsigned int mx_current = MX_PROCS;
bool mx_is_running;
static unsigned int n_procs;
static enum mx_end end;
static const struct mx_scenario *scenario;
static struct { uint64_t lock; bool held; } locks[LOCKS];
static unsigned int n_locks;

/* ---- Switching stacks ---- */

void mx_switch(void **save, void *to);
__asm__ (
    ".text\n"
    ".globl mx_switch\n"
    "mx_switch:\n"
    "    push %rbp\n    push %rbx\n    push %r12\n"
    "    push %r13\n    push %r14\n    push %r15\n"
    "    mov %rsp, (%rdi)\n"
    "    mov %rsi, %rsp\n"
    "    pop %r15\n    pop %r14\n    pop %r13\n"
    "    pop %r12\n    pop %rbx\n    pop %rbp\n"
    "    ret\n" );

static void give_way(void);

static void proc_main(void)
{
    scenario->cpu[mx_current]();
    procs[mx_current].done = true;
    give_way();
    abort();                    /* nobody comes back here */
}

static void proc_init(struct proc *p)
{
    void **sp;

    if ( !p->stack )
    {
        p->stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if ( p->stack == MAP_FAILED )
            abort();
    }
    sp = (void **)(p->stack + STACK_SIZE);
    *--sp = NULL;               /* a function starts at 16n + 8 */
    *--sp = (void *)proc_main;
    sp -= 6;
    memset(sp, 0, 6 * sizeof(*sp));
    p->sp = sp;
    p->done = false;
    p->wants = p->obj = 0;
    p->what = "starts";
    p->pc = NULL;
    p->depth = 0;
}

/* ---- Locks ---- */

static bool *lock_state(uint64_t lock)
{
    unsigned int i;

    for ( i = 0; i < n_locks && locks[i].lock != lock; i++ )
        continue;
    if ( i == LOCKS )
        mx_fail("the explorer knows too few locks");
    if ( i == n_locks )
    {
        n_locks++;
        locks[i].lock = lock;
        locks[i].held = false;
    }
    return &locks[i].held;
}

/* ---- Points ---- */

static unsigned int enabled_mask(void)
{
    unsigned int i, mask = 0;

    for ( i = 0; i < n_procs; i++ )
        if ( !procs[i].done &&
             !(procs[i].wants && *lock_state(procs[i].wants)) )
            mask |= 1u << i;
    return mask;
}

static bool all_done(void)
{
    unsigned int i;

    for ( i = 0; i < n_procs; i++ )
        if ( !procs[i].done )
            return false;
    return true;
}

static void open_event(unsigned int p, unsigned int node)
{
    struct mx_event *e = &mx_trace.ev[mx_trace.n++];
    const struct proc *pr = &procs[p];
    unsigned int i;

    e->proc = (uint8_t)p;
    e->node = node;
    e->what = pr->what;
    e->obj = pr->obj;
    e->lock = pr->wants;
    e->pc[0] = pr->pc;
    for ( i = 1; i < MX_FRAMES; i++ )
        e->pc[i] = pr->depth >= i && pr->depth - i < CALLS
                   ? pr->calls[pr->depth - i] : NULL;
    e->first_acc = mx_trace.n_accs;
    e->n_accs = 0;
    e->any = false;
    e->note[0] = '\0';
}

static void leave_run(enum mx_end how)
{
    void *dummy;

    end = how;
    mx_is_running = false;
    mx_current = MX_PROCS;
    mx_switch(&dummy, main_proc.sp);
}

/* The processor that runs has reached a point, or its end. */
static void give_way(void)
{
    unsigned int from = mx_current, node = 0, mask = enabled_mask();
    int to;

    if ( !mask && all_done() )
        leave_run(MX_END_DONE);
    if ( !mask )
        mx_fail("deadlock: no processor can go on");
    if ( mx_trace.n == MX_EVENTS )
        mx_fail("the schedule has no end (%u transitions)", MX_EVENTS);
    to = mx_pick(mask, from, &node);
    if ( to < 0 )
        leave_run(MX_END_CUT);

    open_event((unsigned int)to, node);
    if ( procs[to].wants )
        *lock_state(procs[to].wants) = true;
    mx_current = (unsigned int)to;
    if ( mx_current == from )
        return;
    if ( from == MX_PROCS )
        mx_switch(&main_proc.sp, procs[to].sp);
    else
        mx_switch(&procs[from].sp, procs[to].sp);
}

void mx_point(const char *what, uint64_t obj, const void *pc)
{
    struct proc *p;

    if ( !mx_is_running )
        return;
    p = &procs[mx_current];
    p->what = what;
    p->obj = obj;
    p->pc = pc;
    p->wants = 0;
    give_way();
}

void mx_acquire(uint64_t lock, const void *pc)
{
    struct proc *p;

    if ( !mx_is_running )
        return;
    p = &procs[mx_current];
    p->what = "takes";
    p->obj = lock;
    p->pc = pc;
    p->wants = lock;
    give_way();
    p->wants = 0;
    mx_mem_acquire(mx_current, lock);
}

void mx_release(uint64_t lock)
{
    if ( !mx_is_running )
        return;
    *lock_state(lock) = false;
    mx_mem_release(mx_current, lock);
    if ( mx_trace.n_rels == MX_EVENTS )
        mx_fail("too many unlocks");
    mx_trace.rel[mx_trace.n_rels].event = mx_trace.n - 1;
    mx_trace.rel[mx_trace.n_rels++].lock = lock;
}

void mx_access(uint64_t obj, bool write)
{
    struct mx_event *e;
    struct mx_acc *a;
    unsigned int i;

    if ( !mx_is_running )
        return;
    e = &mx_trace.ev[mx_trace.n - 1];
    a = &mx_trace.acc[e->first_acc];
    for ( i = 0; i < e->n_accs; i++ )
        if ( a[i].obj == obj )
        {
            a[i].write |= write;
            return;
        }
    if ( e->n_accs == MX_ACCS ||
         mx_trace.n_accs == sizeof(mx_trace.acc) / sizeof(mx_trace.acc[0]) )
    {
        e->any = true;
        return;
    }
    a[i].obj = obj;
    a[i].write = write;
    e->n_accs++;
    mx_trace.n_accs++;
}

unsigned int mx_choose(unsigned int n, const char *what)
{
    unsigned int v;

    if ( !mx_is_running )
        return 0;
    v = mx_pick_choice(n);
    mx_note("%s: choice %u of %u", what, v, n);
    return v;
}

void mx_note(const char *fmt, ...)
{
    struct mx_event *e;
    size_t len;
    va_list ap;

    if ( !mx_is_running || !mx_trace.n )
        return;
    e = &mx_trace.ev[mx_trace.n - 1];
    len = strlen(e->note);
    if ( len && len + 3 < sizeof(e->note) )
    {
        memcpy(e->note + len, "; ", 3);
        len += 2;
    }
    va_start(ap, fmt);
    vsnprintf(e->note + len, sizeof(e->note) - len, fmt, ap);
    va_end(ap);
}

void mx_fail(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(mx_why, sizeof(mx_why), fmt, ap);
    va_end(ap);
    if ( mx_is_running )
        leave_run(MX_END_FAILED);
    longjmp(mx_out, 1);
}

/* ---- Calls ---- */

void mx_enter(const void *caller)
{
    struct proc *p = &procs[mx_current];

    if ( !mx_is_running )
        return;
    if ( p->depth < CALLS )
        p->calls[p->depth] = caller;
    p->depth++;
}

void mx_leave(void)
{
    if ( mx_is_running && procs[mx_current].depth )
        procs[mx_current].depth--;
}

/* ---- A run ---- */

enum mx_end mx_run(const struct mx_scenario *s)
{
    unsigned int i;

    scenario = s;
    mx_trace.n = mx_trace.n_accs = mx_trace.n_rels = 0;
    n_locks = 0;
    mx_why[0] = '\0';
    mx_current = MX_PROCS;
    mx_is_running = false;
    if ( setjmp(mx_out) )
        return MX_END_FAILED;
    s->setup();
    mx_settled();

    n_procs = s->procs;
    for ( i = 0; i < n_procs; i++ )
        proc_init(&procs[i]);
    mx_mem_reset();
    end = MX_END_DONE;
    mx_is_running = true;
    give_way();
    if ( end == MX_END_DONE && s->end )
    {
        mx_settled();
        s->end();
    }
    return end;
}
