/* SPDX-License-Identifier: GPL-2.0-only */
/* All scenarios. */
#ifndef MODEL_SCENARIOS_H
#define MODEL_SCENARIOS_H

#include "mx.h"
#include "world.h"

extern const struct mx_scenario *const scenarios[];     /* end in NULL */
extern const struct mx_scenario *const vtd_scenarios[];
extern const struct mx_scenario *const amd_scenarios[];

#endif /* MODEL_SCENARIOS_H */
