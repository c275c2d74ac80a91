/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The judge of XSA-400: after every step that hardware can see (a store to a
 * table, an entry or a ring, a write-back, a register or configuration
 * write) each NIC is made to issue DMA, five packets of it:
 *
 *   read    write                           must
 *   REGION  REGION                          both pass
 *   BEFORE or BEHIND  REGION                the read be refused
 *   REGION  BEFORE or BEHIND                the write be refused
 *   OWN     REGION                          bring bytes of a party to the
 *   REGION  OWN                             move or none; and go there
 *
 * and where rights are to be exact, two more:
 *
 *   READ_ONLY   WRITE_ONLY                  both pass
 *   WRITE_ONLY  REGION                      the read be refused, or by turns
 *   REGION      READ_ONLY                   the write
 *
 * The NIC's rings, and all buffers inside, lie in REGION. What counts is
 * where bytes arrived, in memory that test and QEMU share.
 *
 * With AMD-Vi it is also counted at the end of a move whether each device
 * table entry that changed was named by a command: QEMU caches none.
 */
#ifndef JUDGE_H
#define JUDGE_H

#include "machine.h"

#define OWNER_BIT(who)  (1u << (who))

enum judge_rule
{
    JUDGE_OFF,
    JUDGE_KEEP,         /* the region is reachable while it can issue DMA */
    JUDGE_LEAVE,        /* until its entry is changed; once out of reach,
                         * out of reach for good */
    JUDGE_ENTER,        /* once within reach, it stays so */
};

struct judge
{
    struct machine *m;
    const char *what, *how;     /* the move, for messages */
    bool evict;                 /* at each step: once with what the unit's
                                 * caches hold, once with them empty */
    bool quiet;                 /* count violations, that is all */
    unsigned int every;         /* judge each n-th step; 0: each */
    bool late;                  /* nothing before something was lost, or an
                                 * allocation failed */

    struct
    {
        enum judge_rule rule;
        unsigned int parties;   /* OWNER_BIT()s that OWN may lead to */
        bool changed, gone;     /* JUDGE_LEAVE */
        bool came;              /* JUDGE_ENTER */
        /* What the last DMA met: bit mask of owners, or 0. */
        bool inside;
        unsigned int own_read, own_write;
    } nic[RIG_NICS];

    unsigned long steps, probes, violations;    /* never reset */
    unsigned long seq, skipped;
    /* Register writes to lose: see judge_lose(). */
    enum judge_lose
    {
        LOSE_NOTHING, LOSE_ONE, LOSE_THREE, LOSE_TAILS, LOSE_ALL,
    } lose;
    unsigned long lose_at;
    unsigned long tails;        /* tail writes seen since judge_on() */
    bool lost;                  /* some write was */
    bool mute;                  /* all of them from then on */
    bool booting;               /* the unit may be on and pass all on */
};

/* Begin: both NICs off. Before the layer is up. */
void judge_init(struct judge *j, struct machine *m);
/* Hear of every step from now on, judge those NICs that have a rule. */
void judge_on(struct judge *j);
void judge_off(struct judge *j);
/*
 * When next on: lose the @nth write of the queue's tail; that alone, with the
 * two that follow, with all later ones, or with all later writes to the unit.
 */
void judge_lose(struct judge *j, enum judge_lose what, unsigned long nth);

/*
 * One look, now: is the region within reach, and does OWN lead exactly to
 * @who (NOBODY: blocked)? Fails the test if not. Neither if bus mastering
 * is off.
 */
void judge_now(struct judge *j, unsigned int nic, enum owner who);
/* The same, telling: 0, or 1 if it was otherwise. */
unsigned int judge_look(struct judge *j, unsigned int nic, enum owner who);
/* All its DMA must be blocked. */
void judge_nothing(struct judge *j, unsigned int nic);
bool judge_mastering(unsigned int nic);

#endif /* JUDGE_H */
