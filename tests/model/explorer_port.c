/* SPDX-License-Identifier: GPL-2.0-only */
/* What scenarios, driver and unit need, in the explorer: port.h, unit/hw.h. */
#include <stdarg.h>
#include <stdio.h>

#include <moat/types.h>

#include "mx.h"
#include "port.h"
#include "unit/hw.h"
#include "world.h"

uint64_t model_tables_of(moat_paddr_t pa);

void port_step(const char *what, unsigned int kind, uint64_t id)
{
    mx_point(what, MX_OBJ(kind, id), __builtin_return_address(0));
}

/* A register, or an entry by a locked exchange: nothing stays buffered. */
void port_barrier(void)
{
    hwu_drained(mx_cpu(), ~0u);
}

void port_touch(unsigned int kind, uint64_t id, bool write)
{
    mx_access(MX_OBJ(kind, id), write);
}

unsigned int port_choose(unsigned int n, const char *what)
{
    return mx_choose(n, what);
}

void port_note(const char *fmt, ...)
{
    char line[200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    mx_note("%s", line);
}

void port_fail(const char *fmt, ...)
{
    char line[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    mx_fail("%s", line);
}

void hwu_touch(enum hwu_thing thing, unsigned int unit, uint64_t id,
               bool write)
{
    uint64_t obj, of_unit = (uint64_t)unit << 32 | id;

    switch ( thing )
    {
    case HWU_THING_ENTRY:
        mx_access(MX_OBJ(MX_ENTRY, of_unit), write);
        break;

    case HWU_THING_DID:
        mx_access(MX_OBJ(MX_DID, of_unit), write);
        break;

    case HWU_THING_DID_LINES:
        mx_access(MX_OBJ(MX_DID_LINES, of_unit), write);
        break;

    case HWU_THING_PAGE:
        mx_access(MX_OBJ(MX_PAGE, id), write);
        break;

    case HWU_THING_IRTE:
        mx_access(MX_OBJ(MX_IRTE, of_unit), write);
        break;

    case HWU_THING_UNIT:
        /* The queue, or (from 100h on) one register. */
        mx_access(MX_OBJ(MX_RING, id ? id : unit), write);
        break;

    case HWU_THING_TABLES:
        obj = model_tables_of(id);
        if ( obj )
            mx_access(obj, write);
        break;
    }
}

void hwu_broken(const char *fmt, ...)
{
    char line[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    mx_fail("%s", line);
}
