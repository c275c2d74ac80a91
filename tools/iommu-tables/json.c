/* SPDX-License-Identifier: GPL-2.0-only */
#include "json.h"

int json_print(const struct machine *m, const struct findings *f, FILE *out)
{
    (void)m;
    (void)f;
    (void)out;
    complain("--json: not available in this build");
    return -ENOSYS;
}

int json_compile(const char *name, const char *text, size_t len,
                 unsigned int index, struct buf *table)
{
    (void)name;
    (void)text;
    (void)len;
    (void)index;
    (void)table;
    complain("--compile: not available in this build");
    return -EINVAL;
}
