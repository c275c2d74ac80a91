/* SPDX-License-Identifier: GPL-2.0-only */
/* The search's stack, between mx_search.c and mx_race.c. */
#ifndef MODEL_MX_SEARCH_H
#define MODEL_MX_SEARCH_H

#include "mx.h"

#define MX_NODES    (MX_EVENTS + 64)

struct accs
{
    unsigned int n;
    bool any;
    struct mx_acc acc[MX_ACCS];
};

struct node
{
    unsigned int choices;       /* > 0: a choice of so many */
    unsigned int chosen;        /* processor, or choice */
    unsigned int enabled, wanted, done, sleep;  /* masks of processors */
    bool noted;
    /* Of those done or asleep: their transition from here. */
    struct accs accs[MX_PROCS];
};

extern struct node *mx_nodes;
extern unsigned int mx_n_nodes;

/* Look at the run in mx_trace: what must be tried as well? Events before
 * number @from are as in the last run. */
void mx_find_races(unsigned int from);
/* What tells orders of conflicting transitions apart; after the former. */
uint64_t mx_order_hash(void);
void mx_schedule_text(char *buf, size_t size);

#endif /* MODEL_MX_SEARCH_H */
