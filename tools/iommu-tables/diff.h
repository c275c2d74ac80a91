/* SPDX-License-Identifier: GPL-2.0-only */
/* What differs between two tables, in words. */
#ifndef TOOL_DIFF_H
#define TOOL_DIFF_H

#include "model.h"

#include <stdio.h>

/* Differences found; 0: none that would be shown by a decode. */
unsigned int diff_print(const struct table *a, const struct table *b,
                        FILE *out, bool colour);

#endif /* TOOL_DIFF_H */
