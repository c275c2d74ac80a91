/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The entry point of libFuzzer and AFL++. WALK names what is done with each
 * input: walk_dmar or walk_ivrs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "walk.h"

void broken(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy that ends where it ends; a table is never empty memory. */
    uint8_t *copy = malloc(size ? size : 1);

    if ( !copy )
        return 0;
    memcpy(copy, data, size);
    WALK(copy, size);
    free(copy);
    return 0;
}
