/* SPDX-License-Identifier: GPL-2.0-only */
#include "picture.h"

#include "util.h"

#include <errno.h>

int picture_svg(const struct machine *m, FILE *out)
{
    (void)m;
    (void)out;
    complain("--svg: not available in this build");
    return -ENOSYS;
}

int picture_html(const struct machine *m, FILE *out)
{
    (void)m;
    (void)out;
    complain("--html: not available in this build");
    return -ENOSYS;
}
