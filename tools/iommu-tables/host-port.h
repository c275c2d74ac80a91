/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the hypervisor's parsers need from their host, for a program.
 */
#ifndef TOOL_HOST_PORT_H
#define TOOL_HOST_PORT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define cf_check
#ifndef __must_check
#define __must_check __attribute__((__warn_unused_result__))
#endif
#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#endif

#endif /* TOOL_HOST_PORT_H */
