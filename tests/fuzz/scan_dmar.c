/* SPDX-License-Identifier: GPL-2.0-only */
/* moat_platform_create() on a DMAR of any content. */
#include "scan.h"
#include "vtd/vtd_unit.h"

const struct hw_vendor *const hw_vendors[] = { &vtd_vendor, NULL };

/* Version, capabilities as of a recent unit; everything else reads 0. */
static uint64_t unit_read(unsigned int off, unsigned int bytes)
{
    static const uint64_t regs[] =
        { 0x10, 0x00d2008c222f0606ull, 0x0000000000f00fcfull };
    uint64_t v = off / 8 < ARRAY_SIZE(regs) ? regs[off / 8] : 0;

    v >>= 8 * (off % 8);
    return bytes == 8 ? v : (uint32_t)v;
}

static const struct scan_unit unit = { unit_read, 0x1000 };

void scan_dmar(const uint8_t *table, size_t len)
{
    scan("DMAR", &unit, table, len);
}
