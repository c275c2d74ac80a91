/* SPDX-License-Identifier: GPL-2.0-only */
/* The list of scenarios. */
#include "scenarios.h"

extern const struct mx_scenario sc_assign;

const struct mx_scenario *const scenarios[] = {
    &sc_assign,
    NULL,
};
