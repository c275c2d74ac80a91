/* SPDX-License-Identifier: GPL-2.0-only */
/* What the firmware parsers ask of a host: types, nothing that runs. */
#ifndef EVA_HOST_PORT_H
#define EVA_HOST_PORT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define cf_check
#define __must_check
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif /* EVA_HOST_PORT_H */
