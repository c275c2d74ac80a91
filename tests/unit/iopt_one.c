/* SPDX-License-Identifier: GPL-2.0-only */
#include "iopt_one.h"

struct iopt t;
struct moat_flush f;

void begin(void)
{
    moat_flush_begin(&f);
}

unsigned long end(void)
{
    return host_tables_free(&f.tables);
}

void setup_bits(const struct iopt_fmt *fmt, unsigned int levels,
                unsigned int leaf_levels, bool coherent, bool snoop)
{
    struct iopt_cfg cfg = {
        .fmt = fmt, .levels = levels, .leaf_levels = leaf_levels,
        .iova_bits = levels == 6 ? 64 : 12 + 9 * levels, .pa_bits = 46,
        .node = HOST_NO_NODE, .coherent = coherent, .snoop = snoop,
    };

    begin();
    REQUIRE(!iopt_init(&t, &cfg));
}

void setup(const struct iopt_fmt *fmt, unsigned int levels,
           unsigned int leaf_levels)
{
    setup_bits(fmt, levels, leaf_levels, true, false);
}

void finish(void)
{
    end();
    while ( !iopt_free_some(&t, 3) )
        continue;
    CHECK_EQ(t.pages, 0);
}

struct hw_root hw(void)
{
    struct hw_root r = {
        .amd = t.fmt == &iopt_fmt_amdvi, .levels = t.levels,
        .pa = t.root_pa, .pa_bits = 46,
    };

    return r;
}
