/* SPDX-License-Identifier: GPL-2.0-only */
/* What tables mean for the owner of the machine. */
#ifndef TOOL_VERDICT_H
#define TOOL_VERDICT_H

#include "finding.h"

#include <stdbool.h>
#include <stdio.h>

/* Judges every table of @m: adds to @f, in order (findings_sort()). */
void verdict_find(const struct machine *m, struct findings *f);
/*
 * What comes first: how many problems there are, and which is the worst, in
 * a line or two for each table.
 */
void verdict_summary(const struct machine *m, const struct findings *f,
                     FILE *out, bool colour);
/*
 * Words for people: the summary, findings, the worse first, then which devices
 * can be given away, which go together, which regions they drag along.
 */
void verdict_print(const struct machine *m, const struct findings *f,
                   FILE *out, bool colour);
/*
 * The same for one device, [SSSS:]BB:DD.F. Returns the program's exit
 * status; 2 after a message if @bdf cannot be read.
 */
int explain(const struct machine *m, const struct findings *f,
            const char *bdf, FILE *out, bool colour);

#endif /* TOOL_VERDICT_H */
