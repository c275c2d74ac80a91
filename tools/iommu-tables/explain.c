/* SPDX-License-Identifier: GPL-2.0-only */
#include "verdict.h"

#include "util.h"

int explain(const struct machine *m, const struct findings *f,
            const char *bdf, FILE *out, bool colour)
{
    (void)m;
    (void)f;
    (void)bdf;
    (void)out;
    (void)colour;
    complain("--explain: not available in this build");
    return 2;
}
