/* SPDX-License-Identifier: GPL-2.0-only */
/* Linked last: what was looked at, and that it was not nothing. */
#include "continuity.h"

TEST(total)
{
    test_note("%lu moves, %lu of them failing on purpose; %lu steps that "
              "hardware can see, %lu DMA probes", totals.moves,
              totals.failures, totals.steps, totals.probes);
    CHECK(totals.moves > 500 && totals.failures > 300);
    CHECK(totals.steps > 20000 && totals.probes > totals.steps);
}
