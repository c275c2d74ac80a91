/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Plans: changes of owner, one after the other, with what must come of each.
 * The happy run, the failing ones and the self-check all play the same plans.
 */
#ifndef PLAN_H
#define PLAN_H

#include "judge.h"

enum op_kind
{
    OP_MOVE,            /* @dev goes to @to; NOBODY: to quarantine */
    OP_RELAXED,         /* the same with MOAT_MOVE_RELAXED */
    OP_KILL,            /* @to, left by its devices, dies; a new one comes */
    OP_MAP_OVER,        /* dom0's host maps and unmaps the region itself */
    OP_SLEEP,           /* suspend, resume */
    OP_REMOVE,          /* hot remove; its NIC must be out of reach of all */
    OP_ADD,             /* hot add: dom0's */
    OP_MASTER,          /* its owner's driver switches bus mastering on */
};

#define GONE    ((enum owner)(OWNERS + 1))  /* not judged */
#define EDU     RIG_NICS                    /* as @dev: edu, else a NIC */

struct op
{
    const char *what;
    enum op_kind kind;
    unsigned int dev;
    enum owner to;
    int rc;
    enum owner after[RIG_NICS];     /* whom OWN leads to, for each NIC */
};

struct plan
{
    const char *name;
    struct machine_config machine;
    const struct op *ops;
    unsigned int n;
};

/* One device; two that share the region; a group behind a bridge. */
#define PLANS 3u
extern const struct plan plans[PLANS];

/*
 * Play @op, the @i-th of @p: judged at each step, or just done. Returns what
 * the layer returned.
 */
int plan_play(struct judge *j, const struct plan *p, unsigned int i,
              bool judged);
/* All up to the @n-th, none of them judged; they must end as planned. */
void plan_replay(struct judge *j, const struct plan *p, unsigned int n);
/* Do both NICs reach what they must after the first @n, and no more? One that
 * is gone: nothing. */
void plan_check(struct judge *j, const struct plan *p, unsigned int n);
/* The NIC's owner after the first @n. */
enum owner plan_owner(const struct plan *p, unsigned int n,
                      unsigned int nic);

/* Bring the machine up, judged; the rule is for both NICs. */
int plan_boot(struct judge *j, enum judge_rule rule);

#endif /* PLAN_H */
