/* SPDX-License-Identifier: GPL-2.0-only */
/* What is to be said about a table besides what stands in it. */
#ifndef TOOL_FINDING_H
#define TOOL_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine;
struct table;

enum severity
{
    SEV_INFO,       /* good to know; nothing is wrong */
    SEV_WARN,       /* wrong, and costs nothing or little */
    SEV_ERROR,      /* wrong, and something is lost for it */
    SEV_FATAL,      /* the table cannot be used */
};

struct finding
{
    enum severity severity;
    const struct table *table;
    size_t offset;              /* in the table, of the field at fault */
    char *rule;                 /* specification and section: "VT-d 8.4" */
    char *message;              /* what is wrong, in words */
    char *consequence;          /* what it means for the owner; or NULL */
    char *action;               /* what the hypervisor does; or NULL */
    char *log;                  /* the line it logs on that; or NULL */
    bool on_device;             /* it is about this device: */
    uint32_t sbdf;
};

struct findings
{
    struct finding *list;
    size_t nr;
};

/*
 * Adds one. All strings are taken over: allocated (xprintf()) or NULL where
 * NULL is allowed above. The result is valid until the next call.
 */
struct finding *finding_add(struct findings *f, enum severity severity,
                            const struct table *table, size_t offset,
                            char *rule, char *message, char *consequence,
                            char *action);
void findings_free(struct findings *f);
/* By table and offset, the worse first where these are equal. */
void findings_sort(struct findings *f);
/*
 * Those of @t, the worst first, then by offset: an allocated array of
 * pointers into @f, its length in @nr.
 */
const struct finding **findings_of(const struct findings *f,
                                   const struct table *t, size_t *nr);

/* "info", "warning", "error", "fatal" */
const char *severity_name(enum severity severity);

/*
 * The program's exit status: 0 sound (info at most), 1 findings, 2 unusable
 * (a fatal one).
 */
int findings_status(const struct findings *f);

#endif /* TOOL_FINDING_H */
