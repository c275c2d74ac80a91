/* SPDX-License-Identifier: GPL-2.0-only */
/* The userspace host: steps, time, deferred work, the log, host_bug(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim.h"

/* ---- Steps ---- */

static struct sim_hooks hooks;
static unsigned long steps;
static __thread bool in_step;

void sim_hooks_set(const struct sim_hooks *h)
{
    if ( h )
        hooks = *h;
    else
        memset(&hooks, 0, sizeof(hooks));
}

unsigned long sim_steps(void)
{
    return steps;
}

#ifndef MOAT_BENCH
void test_step(enum test_step kind, const volatile void *where)
{
    __atomic_fetch_add(&steps, 1, __ATOMIC_RELAXED);
    /* A hook may use the host itself: it is not called for its own steps. */
    if ( !hooks.step || in_step )
        return;
    in_step = true;
    hooks.step(hooks.arg, kind, where);
    in_step = false;
}
#endif

static unsigned int relax_rank;

void sim_relax_rank_set(unsigned int rank)
{
    relax_rank = rank;
}

void host_relax(void)
{
    sim_lock_check_relax(relax_rank);
    if ( hooks.relax )
        hooks.relax(hooks.arg);
}

bool sim_lock_wait_hook(struct host_lock *l)
{
    if ( !hooks.blocked )
        return false;
    hooks.blocked(hooks.arg, l);
    return true;
}

/* ---- Time ---- */

static bool clock_real;
static uint64_t clock_ns, clock_step;

void sim_clock_real(void)
{
    clock_real = true;
}

void sim_clock_virtual(uint64_t step_ns)
{
    clock_real = false;
    clock_step = step_ns;
}

void sim_clock_advance(uint64_t ns)
{
    __atomic_fetch_add(&clock_ns, ns, __ATOMIC_RELAXED);
}

uint64_t host_now_ns(void)
{
    struct timespec ts;

    if ( !clock_real )
        return __atomic_add_fetch(&clock_ns, clock_step, __ATOMIC_RELAXED);

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- Deferred work ---- */

static struct host_work *work_head, **work_tail = &work_head;
static pthread_mutex_t work_mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long softirqs;

void host_work_init(struct host_work *w, void (*fn)(void *arg), void *arg)
{
    memset(w, 0, sizeof(*w));
    w->fn = fn;
    w->arg = arg;
}

void host_work_schedule(struct host_work *w)
{
    if ( !w->fn )
        host_bug("work %p scheduled before host_work_init()", (void *)w);

    pthread_mutex_lock(&work_mutex);
    if ( !w->pending )
    {
        w->pending = true;
        w->next = NULL;
        *work_tail = w;
        work_tail = &w->next;
    }
    pthread_mutex_unlock(&work_mutex);
}

void host_work_kill(struct host_work *w)
{
    struct host_work **p;

    pthread_mutex_lock(&work_mutex);
    for ( p = &work_head; *p && w->pending; p = &(*p)->next )
    {
        if ( *p != w )
            continue;
        *p = w->next;
        if ( work_tail == &w->next )
            work_tail = p;
        w->pending = false;
        break;
    }
    pthread_mutex_unlock(&work_mutex);
}

unsigned int sim_work_run(void)
{
    struct host_work *w, *last;
    unsigned int n = 0;

    pthread_mutex_lock(&work_mutex);
    /* What the work itself schedules waits for the next call. */
    last = work_head ? container_of(work_tail, struct host_work, next) : NULL;
    while ( last && (w = work_head) )
    {
        work_head = w->next;
        if ( !work_head )
            work_tail = &work_head;
        w->pending = false;
        pthread_mutex_unlock(&work_mutex);
        w->fn(w->arg);
        n++;
        pthread_mutex_lock(&work_mutex);
        if ( w == last )
            break;
    }
    pthread_mutex_unlock(&work_mutex);
    return n;
}

unsigned long sim_softirqs(void)
{
    return softirqs;
}

void host_process_softirqs(void)
{
    if ( sim_locks_held() || sim_irqs_are_off() )
        host_bug("host_process_softirqs() with a lock held or interrupts off");
    softirqs++;
    if ( sim_backend.softirqs )
        sim_backend.softirqs(sim_backend.ctx);
}

/* ---- The log ---- */

static char *log_buf;
static size_t log_len, log_size;
static bool log_echo;
static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;

void test_log(int level, const char *fmt, ...)
{
    static const char mark[] = "EWID";
    char line[1024];
    int len;
    va_list ap;

    va_start(ap, fmt);
    len = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if ( len < 0 )
        return;
    if ( strchr(line, '\n') )
        host_bug("a log line holds a newline: %s", line);

    pthread_mutex_lock(&log_mutex);
    if ( log_echo )
        printf("  %c moat: %s\n", mark[level & 3], line);
    if ( log_len + sizeof(line) + 16 > log_size )
    {
        log_size = log_size ? 2 * log_size : 65536;
        log_buf = realloc(log_buf, log_size);
    }
    log_len += (size_t)sprintf(log_buf + log_len, "%c moat: %s\n",
                               mark[level & 3], line);
    pthread_mutex_unlock(&log_mutex);
}

const char *sim_log_text(void)
{
    return log_buf ? log_buf : "";
}

bool sim_log_has(const char *s)
{
    return strstr(sim_log_text(), s);
}

unsigned int sim_log_count(const char *s)
{
    const char *p = sim_log_text();
    unsigned int n = 0;

    while ( (p = strstr(p, s)) )
    {
        n++;
        p = strchr(p, '\n');
        if ( !p )
            break;
    }
    return n;
}

void sim_log_clear(void)
{
    log_len = 0;
    if ( log_buf )
        log_buf[0] = '\0';
}

void sim_log_echo(bool on)
{
    log_echo = on;
}

/* ---- host_bug() ---- */

static __thread jmp_buf *bug_jump;
static char bug_text[1024];

void host_bug(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(bug_text, sizeof(bug_text), fmt, ap);
    va_end(ap);
    if ( bug_jump )
        longjmp(*bug_jump, 1);

    fflush(stdout);
    fprintf(stderr, "%shost_bug: %s\n", log_echo ? "" : sim_log_text(),
            bug_text);
    abort();
}

const char *sim_catch_bug(void (*fn)(void *arg), void *arg)
{
    jmp_buf here, *volatile outer = bug_jump;

    if ( setjmp(here) )
    {
        bug_jump = outer;
        in_step = false;
        sim_locks_reset();
        return bug_text;
    }
    bug_jump = &here;
    fn(arg);
    bug_jump = outer;
    return NULL;
}

void sim_reset(void)
{
    const char *v = getenv("VERBOSE");

    sim_hooks_set(NULL);
    sim_log_clear();
    log_echo = v && *v && strcmp(v, "0");
    work_head = NULL;
    work_tail = &work_head;
    steps = softirqs = 0;
    clock_ns = 0;
    sim_clock_virtual(10000);
    relax_rank = 4;
    sim_locks_reset();
    sim_mem_reset();
    sim_dev_reset();
}
