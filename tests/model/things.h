/* SPDX-License-Identifier: GPL-2.0-only */
/* Kinds of objects that steps have to do with; the explorer's enum mx_kind. */
#ifndef MODEL_THINGS_H
#define MODEL_THINGS_H

#include "mx.h"

#define THING_ENTRY     MX_ENTRY
#define THING_IRTE      MX_IRTE
#define THING_RING      MX_RING
#define THING_CONFIG    MX_CONFIG
#define THING_TEST      MX_TEST
#define THING_PAGE      MX_PAGE

#endif /* MODEL_THINGS_H */
