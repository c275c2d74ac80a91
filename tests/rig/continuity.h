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

#endif /* CONTINUITY_H */
