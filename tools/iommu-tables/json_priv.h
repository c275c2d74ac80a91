/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by json_*.c only. */
#ifndef TOOL_JSON_PRIV_H
#define TOOL_JSON_PRIV_H

#include "format.h"
#include "util.h"

#include <jansson.h>
#include <string.h>

/* Before the bytes of a name that is not printable ASCII. */
#define JSON_HEX    "hex:"
/* The type of what cannot be told apart. */
#define JSON_REST   "rest"

/* The bits of a field that @b names. */
static inline uint64_t bit_mask(const struct bit_format *b)
{
    return ((UINT64_C(1) << b->width) - 1) << b->low;
}

#endif /* TOOL_JSON_PRIV_H */
