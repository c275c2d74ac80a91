/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine's memory map: --memmap. Only what is ordinary RAM counts. */
#ifndef TOOL_MEMMAP_H
#define TOOL_MEMMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memmap
{
    struct { uint64_t first, last; } *ram;
    size_t nr;
};

/*
 * From a file as /proc/iomem is (as root, else the addresses are zeros), or
 * with the "e820" lines that Linux and Xen log. NULL after a message.
 */
struct memmap *memmap_read(const char *path);
/* The same from text in memory; NULL: there is no RAM in it. No message. */
struct memmap *memmap_parse(const char *text, size_t len);
void memmap_free(struct memmap *m);
/* Is any byte of [@first, @last] ordinary RAM? */
bool memmap_has_ram(const struct memmap *m, uint64_t first, uint64_t last);

#endif /* TOOL_MEMMAP_H */
