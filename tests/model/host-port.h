/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The explorer's side of include/moat/host.h. Atomic accesses need no care
 * here: the core is compiled as for the thread sanitizer, which turns them
 * into calls that mem.c receives.
 */
#ifndef MODEL_HOST_PORT_H
#define MODEL_HOST_PORT_H

#include <errno.h>
#include <inttypes.h>
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
    unsigned int magic, rank;
    unsigned int owner;         /* processor + 1; 0: free */
    enum { LOCK_UNUSED, LOCK_IRQS_ON, LOCK_IRQSAVE } class;
};

struct host_work
{
    void (*fn)(void *arg);
    void *arg;
    bool pending;
};

struct host_table_node;
struct host_tables
{
    struct host_table_node *head;
    unsigned long n;
};

void model_log(int level, const char *fmt, ...)
    __attribute__((__format__(__printf__, 2, 3)));
#define host_log_err(...)   model_log(0, __VA_ARGS__)
#define host_log_warn(...)  model_log(1, __VA_ARGS__)
#define host_log_info(...)  model_log(2, __VA_ARGS__)
#define host_log_debug(...) model_log(3, __VA_ARGS__)

/*
 * The explorer's processors see each other's stores at once, as they stand in
 * the code; hardware may see a store late, up to a full barrier.
 */
void model_barrier(void);
#define host_mb()   model_barrier()
#define host_wmb()  __asm__ __volatile__ ( "" ::: "memory" )
#define host_rmb()  host_wmb()
void host_relax(void);

#define HOST_READ_ONCE(x)       __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define HOST_WRITE_ONCE(x, v)   __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

#define MODEL_WORD(n, p) (&(p)[(n) / (8 * sizeof(*(p)))])
#define MODEL_BIT(n, p) (1UL << ((n) % (8 * sizeof(*(p)))))

static inline void host_set_bit(unsigned int n, unsigned long *p)
{
    __atomic_fetch_or(MODEL_WORD(n, p), MODEL_BIT(n, p), __ATOMIC_SEQ_CST);
}

static inline void host_clear_bit(unsigned int n, unsigned long *p)
{
    __atomic_fetch_and(MODEL_WORD(n, p), ~MODEL_BIT(n, p), __ATOMIC_SEQ_CST);
}

static inline bool host_test_bit(unsigned int n, const unsigned long *p)
{
    return __atomic_load_n(MODEL_WORD(n, p), __ATOMIC_SEQ_CST) &
           MODEL_BIT(n, p);
}

static inline void host_store64(uint64_t *p, uint64_t v)
{
    __atomic_store_n(p, v, __ATOMIC_RELEASE);
}

bool model_cmpxchg16(void *p, const uint64_t old[2], const uint64_t new[2]);
#define host_cmpxchg16 model_cmpxchg16

/* These, too, are accesses. */
void *model_memcpy(void *to, const void *from, size_t n);
void *model_memset(void *p, int c, size_t n);
#ifdef MODEL_CORE
#define memcpy model_memcpy
#define memset model_memset
#endif

#endif /* MODEL_HOST_PORT_H */
