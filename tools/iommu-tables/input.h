/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where tables come from. In files that hold several tables, others than DMAR
 * and IVRS are passed over; what cannot be read is named on standard error.
 */
#ifndef TOOL_INPUT_H
#define TOOL_INPUT_H

#include "model.h"

/*
 * A file of any kind known here, a directory of such files, or "-" for
 * standard input. Adds the tables found. 0, or -EINVAL after a message
 * (tables that could be read are added nevertheless).
 */
int input_path(struct machine *m, const char *path);
/* This machine's tables, from where Linux shows them. */
int input_this_machine(struct machine *m);

/*
 * The same for bytes in memory; @name is for messages. What they are is told
 * by their content: a raw table, or the text of acpidump (also of several
 * tables).
 */
int input_bytes(struct machine *m, const char *name, const uint8_t *bytes,
                size_t len);

#endif /* TOOL_INPUT_H */
