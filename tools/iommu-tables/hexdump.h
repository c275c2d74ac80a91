/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The text that acpidump writes: for each table a line with its signature and
 * address, then lines of up to 16 bytes:
 *
 *    DMAR @ 0x000000007A5EF000
 *        0000: 44 4D 41 52 70 00 00 00 01 4E 49 4E 54 45 4C 20  DMARp....NINTEL
 *
 * Lines that belong to no table are passed over, so that a mail around the
 * dump does not matter.
 */
#ifndef TOOL_HEXDUMP_H
#define TOOL_HEXDUMP_H

#include "util.h"

struct hexdump
{
    const uint8_t *text;
    size_t len, pos;
    unsigned int line;          /* number of the last line taken, from 1 */
    const char *reason;         /* after an error */
};

/* Could this be such a text? Looks at printable characters only. */
bool hexdump_is(const uint8_t *text, size_t len);

void hexdump_open(struct hexdump *h, const uint8_t *text, size_t len);
/*
 * The bytes of the next table, in place of those in @table: 1, 0 at the end,
 * -EINVAL: h->line and h->reason say what is wrong.
 */
int hexdump_next(struct hexdump *h, struct buf *table);

#endif /* TOOL_HEXDUMP_H */
