/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the hypervisor's core needs from its host, for a program with one
 * thread and no hardware: see host.h.
 */
#ifndef TOOL_HOST_PORT_H
#define TOOL_HOST_PORT_H

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* One thread: a lock is nothing, and deferred work waits for nobody. */
struct host_lock { unsigned int rank; };
struct host_work { void (*fn)(void *arg); void *arg; };
struct host_tables { void **pages; unsigned long n; };

void host_log(unsigned int level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#define host_log_err(...)   host_log(0, __VA_ARGS__)
#define host_log_warn(...)  host_log(1, __VA_ARGS__)
#define host_log_info(...)  host_log(2, __VA_ARGS__)
#define host_log_debug(...) host_log(3, __VA_ARGS__)

static inline void host_mb(void) { }
static inline void host_wmb(void) { }
static inline void host_rmb(void) { }
static inline void host_relax(void) { }

#define HOST_READ_ONCE(x)       (x)
#define HOST_WRITE_ONCE(x, v)   ((x) = (v))

#define HOST_LONG_BITS  (8 * sizeof(unsigned long))

static inline void host_set_bit(unsigned int n, unsigned long *p)
{
    p[n / HOST_LONG_BITS] |= 1ul << (n % HOST_LONG_BITS);
}

static inline void host_clear_bit(unsigned int n, unsigned long *p)
{
    p[n / HOST_LONG_BITS] &= ~(1ul << (n % HOST_LONG_BITS));
}

static inline bool host_test_bit(unsigned int n, const unsigned long *p)
{
    return (p[n / HOST_LONG_BITS] >> (n % HOST_LONG_BITS)) & 1;
}

static inline void host_store64(uint64_t *p, uint64_t v)
{
    *p = v;
}

static inline bool host_cmpxchg16(void *p, const uint64_t old[2],
                                  const uint64_t new[2])
{
    if ( memcmp(p, old, 16) )
        return false;
    memcpy(p, new, 16);
    return true;
}

#endif /* TOOL_HOST_PORT_H */
