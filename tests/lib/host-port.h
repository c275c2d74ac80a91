/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The userspace host's side of include/moat/host.h: types and inlines for
 * unit tests, model and rig. Every store that hardware would read and every
 * synchronisation point runs through a hook, so that steps can be counted
 * and interleavings chosen.
 */
#ifndef TEST_HOST_PORT_H
#define TEST_HOST_PORT_H

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef ERESTART
#define ERESTART 85
#endif

#define cf_check
#ifndef __must_check
#define __must_check __attribute__((__warn_unused_result__))
#endif
#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#endif
#ifndef container_of
#define container_of(ptr, type, member) \
    ((type *)((char *)(ptr) - offsetof(type, member)))
#endif

struct host_lock
{
    pthread_mutex_t mutex;
    unsigned int magic;         /* host_lock_init() was called */
    unsigned int rank;
    int owner;                  /* thread number + 1; 0: free */
    enum { LOCK_UNUSED, LOCK_IRQS_ON, LOCK_IRQSAVE } class;
};

struct host_work
{
    void (*fn)(void *arg);
    void *arg;
    bool pending;
    struct host_work *next;
};

struct host_table_node;
struct host_tables
{
    struct host_table_node *head;
    unsigned long n;
};

/*
 * Called after every store that hardware reads and around every other point
 * where another thread or the hardware could notice (tests/lib/sim.h sets the
 * hook). A benchmark, which counts instructions, compiles without.
 */
enum test_step
{
    TEST_STEP_STORE,
    TEST_STEP_CMPXCHG,
    TEST_STEP_MMIO,
    TEST_STEP_SYNC,
    TEST_STEP_WRITEBACK,
};
#ifdef MOAT_BENCH
static inline void test_step(enum test_step kind, const volatile void *where)
{
    (void)kind;
    (void)where;
}
#else
void test_step(enum test_step kind, const volatile void *where);
#endif
void test_log(int level, const char *fmt, ...)
    __attribute__((__format__(__printf__, 2, 3)));

#define host_log_err(...)   test_log(0, __VA_ARGS__)
#define host_log_warn(...)  test_log(1, __VA_ARGS__)
#define host_log_info(...)  test_log(2, __VA_ARGS__)
#define host_log_debug(...) test_log(3, __VA_ARGS__)

/*
 * The thread sanitizer does not see barriers. It is told of read barriers in
 * its own terms: what the thread has read once since the last one is acquired
 * there (host_order.c). Write barriers are taken for granted.
 */
#ifdef __SANITIZE_THREAD__
void test_was_read(const volatile void *p);
void test_read_barrier(void);
# define TEST_WRITE_ORDER __ATOMIC_RELEASE
#else
static inline void test_was_read(const volatile void *p) { (void)p; }
static inline void test_read_barrier(void) { }
# define TEST_WRITE_ORDER __ATOMIC_RELAXED
#endif

static inline void host_mb(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    test_read_barrier();
}

static inline void host_wmb(void)
{
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void host_rmb(void)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    test_read_barrier();
}

void host_relax(void);

#define HOST_READ_ONCE(x) ({                                            \
    __typeof__(x) read_once_ = __atomic_load_n(&(x), __ATOMIC_RELAXED); \
    test_was_read(&(x));                                                \
    read_once_;                                                         \
})
#define HOST_WRITE_ONCE(x, v)   __atomic_store_n(&(x), (v), TEST_WRITE_ORDER)

static inline void host_set_bit(unsigned int n, unsigned long *p)
{
    test_step(TEST_STEP_SYNC, p);
    __atomic_fetch_or(&p[n / (8 * sizeof(*p))],
                      1UL << (n % (8 * sizeof(*p))), __ATOMIC_SEQ_CST);
}

static inline void host_clear_bit(unsigned int n, unsigned long *p)
{
    test_step(TEST_STEP_SYNC, p);
    __atomic_fetch_and(&p[n / (8 * sizeof(*p))],
                       ~(1UL << (n % (8 * sizeof(*p)))), __ATOMIC_SEQ_CST);
}

static inline bool host_test_bit(unsigned int n, const unsigned long *p)
{
    return (__atomic_load_n(&p[n / (8 * sizeof(*p))], __ATOMIC_SEQ_CST) >>
            (n % (8 * sizeof(*p)))) & 1;
}

static inline void host_store64(uint64_t *p, uint64_t v)
{
    __atomic_store_n(p, v, __ATOMIC_RELEASE);
    test_step(TEST_STEP_STORE, p);
}

static inline bool host_cmpxchg16(void *p, const uint64_t old[2],
                                  const uint64_t new[2])
{
    bool ok;
    uint64_t lo = old[0], hi = old[1];

    __asm__ __volatile__ ( "lock cmpxchg16b %1"
                           : "=@ccz" (ok), "+m" (*(unsigned __int128 *)p),
                             "+a" (lo), "+d" (hi)
                           : "b" (new[0]), "c" (new[1])
                           : "memory" );
    if ( ok )
        test_step(TEST_STEP_CMPXCHG, p);
    return ok;
}

#endif /* TEST_HOST_PORT_H */
