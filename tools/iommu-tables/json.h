/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables as JSON, and back. JSON.md says what it looks like. */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include "finding.h"
#include "model.h"
#include "util.h"

#include <stdio.h>

/* 0, or -errno of writing. */
int json_print(const struct machine *m, const struct findings *f, FILE *out);

/*
 * Table number @index (from 0) of the JSON @text, as bytes in @table, which
 * the caller frees: 0, -ENOENT there is none of that number, -EINVAL after a
 * message that names @name, the place in the JSON and the reason.
 */
int json_compile(const char *name, const char *text, size_t len,
                 unsigned int index, struct buf *table);

#endif /* TOOL_JSON_H */
