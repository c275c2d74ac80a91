/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside the explorer: processors (mx_run.c), the search (mx_search.c). */
#ifndef MODEL_MX_PRIV_H
#define MODEL_MX_PRIV_H

#include <setjmp.h>

#include "mx.h"

struct mx_event
{
    uint8_t proc;
    unsigned int node;              /* in the search's stack */
    const char *what;
    uint64_t obj;                   /* of its first step; for people */
    uint64_t lock;                  /* taken by its first step; 0: none */
    const void *pc[MX_FRAMES];
    unsigned int first_acc, n_accs;
    bool any;                       /* too many objects: depends on all */
    char note[96];
};

struct mx_trace
{
    struct mx_event ev[MX_EVENTS];
    unsigned int n;
    struct mx_acc acc[MX_EVENTS * 8];
    unsigned int n_accs;
    /* Locks given back, in order: the event and the lock. */
    struct { unsigned int event; uint64_t lock; } rel[MX_EVENTS];
    unsigned int n_rels;
};
extern struct mx_trace mx_trace;

enum mx_end { MX_END_DONE, MX_END_CUT, MX_END_FAILED };

/* Run the scenario once, up to its end or a failure. */
enum mx_end mx_run(const struct mx_scenario *s);
extern char mx_why[512];
extern jmp_buf mx_out;

/*
 * The search's side: which of @enabled goes on, after mx_trace.n events?
 * -1: what comes has been seen. *@node gets the event's.
 */
int mx_pick(unsigned int enabled, unsigned int current, unsigned int *node);
unsigned int mx_pick_choice(unsigned int n);

/* The host's: all processors have been still for a while. */
void mx_settled(void);

/* mx_show.c */
void mx_show_trace(void);

/* mem.c: what is known of earlier accesses */
void mx_mem_reset(void);
void mx_mem_acquire(unsigned int cpu, uint64_t obj);
void mx_mem_release(unsigned int cpu, uint64_t obj);

#endif /* MODEL_MX_PRIV_H */
