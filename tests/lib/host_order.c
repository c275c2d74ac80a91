/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Read barriers, for the thread sanitizer: it knows orders of accesses, but
 * not of stand-alone barriers. By C11 a read barrier lets every earlier
 * relaxed load of the thread acquire what the store it read had released;
 * so the thread's latest such loads are kept, up to the barrier.
 */
#include "sim.h"

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>

#define READS   16u

static __thread struct
{
    const volatile void *at[READS];
    unsigned int n;             /* ever since the last barrier */
} reads;

void test_was_read(const volatile void *p)
{
    reads.at[reads.n++ % READS] = p;
}

void test_read_barrier(void)
{
    unsigned int i;

    for ( i = 0; i < reads.n && i < READS; i++ )
        __tsan_acquire((void *)(uintptr_t)reads.at[i]);
    reads.n = 0;
}

#endif /* __SANITIZE_THREAD__ */
