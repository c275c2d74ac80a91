/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of rig_continuity. */
#ifndef CONTINUITY_H
#define CONTINUITY_H

#include "plan.h"

struct totals
{
    unsigned long moves, failures, steps, probes;
};
extern struct totals totals;
void add_totals(const struct judge *j);

/* With full caches, then with caches that forget at every step. */
void play_both(const struct plan *p);
/* rig_continuity_fail.c: from the tables of whoever ran before; each
 * allocation of boot; each allocation and each wait of every move. */
void boot_from_loader(const struct plan *p);
void boot_short_of_memory(const struct plan *p);
void fail_all(const struct plan *p);

/* A test: the @i-th plan, changed, played by @play. */
#define VARIANT(nm, play, i, set)                                       \
    RIG_TEST(nm)                                                        \
    {                                                                   \
        struct plan p = plans[i];                                       \
                                                                        \
        set;                                                            \
        play(&p);                                                       \
    }

#endif /* CONTINUITY_H */
