/* SPDX-License-Identifier: GPL-2.0-only */
#include "picture.h"
#include "util.h"
#include <errno.h>
int picture_html(const struct machine *m, const struct findings *f, FILE *out)
{
    (void)m; (void)f; (void)out;
    complain("--html: not available in this build");
    return -ENOSYS;
}
