/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables as a picture. */
#ifndef TOOL_PICTURE_H
#define TOOL_PICTURE_H

#include <stdio.h>

struct findings;
struct machine;

/*
 * One file, without references to others. @f: of verdict_find(). 0, or -errno
 * (also of writing).
 */
int picture_svg(const struct machine *m, const struct findings *f,
                FILE *out);
int picture_html(const struct machine *m, const struct findings *f,
                 FILE *out);

#endif /* TOOL_PICTURE_H */
