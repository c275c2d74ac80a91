/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside of the verdicts: verdict*.c. */
#ifndef TOOL_VERDICT_PRIV_H
#define TOOL_VERDICT_PRIV_H

#include "model.h"
#include "pci.h"
#include "say.h"
#include "scan.h"
#include "util.h"
#include "verdict.h"

/* One table being judged. */
struct judge
{
    const struct machine *m;
    const struct table *t;
    struct scan *s;
    struct findings *f;
    bool *said;             /* of each line of s->log: it is in a finding */
};

/* As finding_add(), with the strings taken over. */
struct finding *judge_add(struct judge *j, enum severity severity,
                          size_t offset, char *rule, char *message,
                          char *consequence, char *action);
/* The devices that the scopes of @n name, "00:14.0 and 00:1d.0"; NULL: none.
 * Allocated. */
char *judge_scopes(const struct judge *j, const struct node *n);
/*
 * The line that the hypervisor logs on what is at @offset of the table, and
 * has @words in it; NULL: none. It is in no other finding then.
 */
const char *judge_log(struct judge *j, size_t offset, const char *words);
/* The offset that a line of the log is about. */
bool judge_log_offset(const char *text, size_t *offset);

/* What the parsers refuse, and what they doubt. */
void verdict_records(struct judge *j);
/* What is sound, and odd. */
void verdict_dmar(struct judge *j);
void verdict_ivrs(struct judge *j);
/* What all of it comes to for devices. */
void verdict_devices(struct judge *j);
/* What the hypervisor says besides: last, after all the others. */
void verdict_log(struct judge *j);

/* The devices of a table: who can be given away, and with whom. */
void verdict_print_devices(const struct scan *s, FILE *out);

#endif /* TOOL_VERDICT_PRIV_H */
