/* SPDX-License-Identifier: GPL-2.0-only */
/* The list of scenarios. */
#include "scenarios.h"

#define SCENARIOS(f)                                                    \
    f(assign) f(assign_bare) f(assign_map) f(deassign) f(deassign2) f(bounce) \
    f(ats_attach) f(ats_detach) f(ats_remove) f(phantom) f(units)       \
    f(tables) f(tables_defer) f(defer) f(defer_other)                   \
    f(revive) f(reuse) f(three) f(deaths) f(full)                       \
    f(mute) f(mute_two) f(rescue) f(once) f(ats_mute)                   \
    f(cut) f(storm) f(memory)                                           \
    f(intr) f(steal)                                                    \
    f(ring) f(ring_fail) f(ring_dead) f(ring_move)

#define DECLARE(name) extern const struct mx_scenario sc_##name;
SCENARIOS(DECLARE)

#define LIST(name) &sc_##name,
const struct mx_scenario *const scenarios[] = { SCENARIOS(LIST) NULL };
