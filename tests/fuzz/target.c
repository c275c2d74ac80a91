/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The entry point of libFuzzer and AFL++. WALK names what is done with each
 * input: walk_dmar, for one. With GUARD the input ends where a page begins
 * that nobody may touch: several times as fast as the address sanitizer, and
 * as sure of reads past the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "walk.h"

void broken(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    abort();
}

#ifdef GUARD

#define GUARD_PAGE 4096u
#define INPUT_MAX (64u * 1024)

static uint8_t *end_of_input(void)
{
    static uint8_t *end;

    if ( !end )
    {
        uint8_t *m = mmap(NULL, INPUT_MAX + GUARD_PAGE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if ( m == MAP_FAILED ||
             mprotect(m + INPUT_MAX, GUARD_PAGE, PROT_NONE) )
            abort();
        end = m + INPUT_MAX;
    }
    return end;
}

static uint8_t *input_copy(const uint8_t *data, size_t size)
{
    return size > INPUT_MAX ? NULL : memcpy(end_of_input() - size, data, size);
}

static void input_done(uint8_t *copy)
{
    (void)copy;
}

#else

static uint8_t *input_copy(const uint8_t *data, size_t size)
{
    /* A table is never empty memory. */
    uint8_t *copy = malloc(size ? size : 1);

    return copy ? memcpy(copy, data, size) : NULL;
}

static void input_done(uint8_t *copy)
{
    free(copy);
}

#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = input_copy(data, size);

    if ( copy )
    {
        WALK(copy, size);
        input_done(copy);
    }
    return 0;
}
