/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vendors this build knows. The first whose table firmware has is the
 * one: what the processor is does not matter.
 */

#include "platform.h"

const struct hw_vendor *const hw_vendors[] =
{
    &vtd_vendor,
    &amdvi_vendor,
    NULL,
};
