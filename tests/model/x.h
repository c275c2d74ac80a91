/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the scenarios with a real driver have in common: the same is done on
 * each vendor's unit. Only for the explorer.
 */
#ifndef MODEL_X_H
#define MODEL_X_H

#include "scenarios.h"

#define A   w.guest[0]
#define B   w.guest[1]

/* A vendor's empty machine. */
typedef void x_reset_t(void);

/* ---- Set-up ---- */

/* Device 0 dom0's, with a reserved page; guest A has two pages. */
void x_at_home(x_reset_t *reset, unsigned int flags);
/* The same, and device 0 is A's. */
void x_assigned(x_reset_t *reset, unsigned int flags);
/* Device 0 is A's, device 1 B's; each has a page. */
void x_two(x_reset_t *reset, unsigned int flags);

/* ---- What processors do ---- */

void x_assign(void);            /* device 0 to A; result in w.rc[0] */
void x_deassign(void);          /* device 0 to quarantine; the same */
void x_unmap_0(void);           /* A's pages */
void x_unmap_1(void);
void x_unmap_b(void);           /* B's */
/* One of the next submissions, chosen, and @times - 1 after it, fail. */
void x_fail(enum drv_fate fate, unsigned int times);
/* unmap_0 with an answer late; refused; lost once; lost for ever. */
void x_late(void);
void x_refused(void);
void x_stuck(void);
void x_lost(void);

/* A register does not answer any more; for good. */
bool x_mute(void);

/* ---- Judgement ---- */

void x_home_again(void);        /* then: */
void x_assign_end(void);
void x_deassign_end(void);
void x_flush_end(void);
void x_alive_end(void);
void x_dead_end(void);

#endif /* MODEL_X_H */
