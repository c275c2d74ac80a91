/* SPDX-License-Identifier: GPL-2.0-only */
/* moat_platform_create() on an IVRS of any content. */
#include "amd/amdvi_unit.h"
#include "scan.h"

const struct hw_vendor *const hw_vendors[] = { &amdvi_vendor, NULL };

/* Extended features as of a recent unit; everything else reads 0. */
static uint64_t unit_read(unsigned int off, unsigned int bytes)
{
    uint64_t v = (off & ~7u) == 0x30 ? 0x000000c000000ac6ull : 0;

    v >>= 8 * (off % 8);
    return bytes == 8 ? v : (uint32_t)v;
}

static const struct scan_unit unit = { unit_read, 0x4000 };

void scan_ivrs(const uint8_t *table, size_t len)
{
    scan("IVRS", &unit, table, len);
}
