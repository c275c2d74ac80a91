/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls that the compiler puts into the core with -fsanitize=thread, in
 * place of the sanitizer's own library.
 */
#include <string.h>

#include "mem.h"
#include "mx.h"

void mem_checked(const void *ptr, size_t size, bool write, bool atomic,
                 const void *pc);
bool mem_atomic(const void *p, size_t size, bool write, const char *what,
                const void *pc);
void mem_atomic_done(void *p, uint64_t old, bool barrier);

#define PC __builtin_return_address(0)

void __tsan_init(void);
void __tsan_func_entry(void *pc);
void __tsan_func_exit(void);

void __tsan_init(void)
{
}

void __tsan_func_entry(void *pc)
{
    mx_enter(pc);
}

void __tsan_func_exit(void)
{
    mx_leave();
}

#define PLAIN(n)                                                        \
    void __tsan_read##n(void *p);                                       \
    void __tsan_write##n(void *p);                                      \
    void __tsan_unaligned_read##n(void *p);                             \
    void __tsan_unaligned_write##n(void *p);                            \
    void __tsan_read##n(void *p)                                        \
    { mem_checked(p, n, false, false, PC); }                            \
    void __tsan_write##n(void *p)                                       \
    { mem_checked(p, n, true, false, PC); }                             \
    void __tsan_unaligned_read##n(void *p)                              \
    { mem_checked(p, n, false, false, PC); }                            \
    void __tsan_unaligned_write##n(void *p)                             \
    { mem_checked(p, n, true, false, PC); }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_read_range(void *p, size_t n);
void __tsan_write_range(void *p, size_t n);

void __tsan_read_range(void *p, size_t n)
{
    mem_checked(p, n, false, false, PC);
}

void __tsan_write_range(void *p, size_t n)
{
    mem_checked(p, n, true, false, PC);
}

#define RMW(bits, op)                                                   \
    uint##bits##_t __tsan_atomic##bits##_fetch_##op(uint##bits##_t *p,  \
                                                    uint##bits##_t v,   \
                                                    int order);         \
    uint##bits##_t __tsan_atomic##bits##_fetch_##op(uint##bits##_t *p,  \
                                                    uint##bits##_t v,   \
                                                    int order)          \
    {                                                                   \
        bool ours = mem_atomic(p, sizeof(*p), true, "changes", PC);     \
        uint##bits##_t was;                                             \
        (void)order;                                                    \
        was = __atomic_fetch_##op(p, v, __ATOMIC_SEQ_CST);              \
        if ( ours )                                                     \
            mem_atomic_done(p, was, true);                              \
        return was;                                                     \
    }

#define ATOMIC(bits)                                                    \
    uint##bits##_t __tsan_atomic##bits##_load(const uint##bits##_t *p,  \
                                              int order);               \
    void __tsan_atomic##bits##_store(uint##bits##_t *p,                 \
                                     uint##bits##_t v, int order);      \
    uint##bits##_t __tsan_atomic##bits##_load(const uint##bits##_t *p,  \
                                              int order)                \
    {                                                                   \
        (void)order;                                                    \
        mem_atomic(p, sizeof(*p), false, "reads", PC);                  \
        return *p;                                                      \
    }                                                                   \
    void __tsan_atomic##bits##_store(uint##bits##_t *p,                 \
                                     uint##bits##_t v, int order)       \
    {                                                                   \
        bool ours = mem_atomic(p, sizeof(*p), true, "writes", PC);      \
        uint64_t old = *p;                                              \
        (void)order;                                                    \
        *p = v;                                                         \
        if ( ours )                                                     \
            mem_atomic_done(p, old, false);                             \
    }                                                                   \
    RMW(bits, or)                                                       \
    RMW(bits, and)                                                      \
    RMW(bits, add)                                                      \
    RMW(bits, sub)

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

/* What has no call of its own: the core's copies, and two words at once. */
void *model_memcpy(void *to, const void *from, size_t n);
void *model_memset(void *p, int c, size_t n);
bool model_cmpxchg16(void *p, const uint64_t old[2], const uint64_t new[2]);

void *model_memcpy(void *to, const void *from, size_t n)
{
    mem_checked(from, n, false, false, PC);
    mem_checked(to, n, true, false, PC);
    return memcpy(to, from, n);
}

void *model_memset(void *p, int c, size_t n)
{
    mem_checked(p, n, true, false, PC);
    return memset(p, c, n);
}

bool model_cmpxchg16(void *p, const uint64_t old[2], const uint64_t new[2])
{
    uint64_t *w = p;
    bool same;

    if ( !mem_atomic(p, 16, true, "exchanges", PC) )
        mx_fail("an exchange of 16 bytes outside the tables");
    same = w[0] == old[0] && w[1] == old[1];
    if ( same )
    {
        w[0] = new[0];
        w[1] = new[1];
    }
    mem_atomic_done(p, 0, true);
    return same;
}
