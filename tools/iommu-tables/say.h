/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices, regions and lists of them, in words. All allocated. */
#ifndef TOOL_SAY_H
#define TOOL_SAY_H

#include "finding.h"
#include "scan.h"

#include <stdio.h>

/* Appends to the text @s (NULL: begins one), which is freed or moved. */
char *say_more(char *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* "00:14.0", with its segment if that is not 0; "00:1c.0/00.0" if its bus is
 * not known. */
char *say_id(const struct scan *s, uint32_t sbdf);
/* The same with what it is: "00:14.0 (USB controller: Intel ...)". */
char *say_device(const struct scan *s, uint32_t sbdf);
/* What it is alone; NULL: nobody knows. */
char *say_kind(const struct pci_device *d);
/* "0x8a785000-0x8a7a4fff (128 KiB)" */
char *say_range(uint64_t first, uint64_t last);
/* What such a device has a region for, in a sentence; NULL: not known. */
const char *say_region_use(const struct scan *s, const struct scan_region *r);
/* "and" before the last: @i of @n. */
const char *say_comma(size_t i, size_t n);

/* Printed as paragraphs of at most 79 columns, all lines indented. */
void say_print(FILE *out, unsigned int indent, const char *text);
/* The same with a first line that is indented less. */
void say_print_item(FILE *out, unsigned int first, unsigned int indent,
                    const char *text);

#endif /* TOOL_SAY_H */
