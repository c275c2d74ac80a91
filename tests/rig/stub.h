/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STUB_H
#define STUB_H

#include "core/hw.h"

/* A fresh platform with these options. */
struct moat_platform *stub_platform(const struct moat_options *opts);
/* Units registered so far, newest first. */
struct moat_unit *stub_units(void);

#endif /* STUB_H */
