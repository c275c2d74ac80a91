/* SPDX-License-Identifier: GPL-2.0-only */
/* The vendors this build knows. */

#include "platform.h"

const struct hw_vendor *const hw_vendors[] =
{
    &vtd_vendor,
    NULL,
};
