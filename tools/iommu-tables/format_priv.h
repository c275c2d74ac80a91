/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the format_*.c only. */
#ifndef TOOL_FORMAT_PRIV_H
#define TOOL_FORMAT_PRIV_H

#include "format.h"
#include "fw/ivrs.h"

#define FIELDS(list) list, ARRAY_SIZE(list)

/* What all tables begin with: ACPI 5.2.6. */
#define ACPI_HEADER_FIELDS                                                  \
    { "Signature", "signature", 0, 4, SHOW_TYPE },                          \
    { "Length", "length", 4, 4, SHOW_LENGTH },                              \
    { "Revision", "revision", 8, 1, SHOW_DEC },                             \
    { "Checksum", "checksum", 9, 1, SHOW_CHECKSUM },                        \
    { "OEMID", "oem_id", 10, 6, SHOW_TEXT },                                \
    { "OEM Table ID", "oem_table_id", 16, 8, SHOW_TEXT },                   \
    { "OEM Revision", "oem_revision", 24, 4, SHOW_HEX },                    \
    { "Creator ID", "creator_id", 28, 4, SHOW_TEXT },                       \
    { "Creator Revision", "creator_revision", 32, 4, SHOW_HEX }

/* The one of @nr formats that is called @name, or NULL. */
const struct node_format *format_named(const struct node_format *list,
                                       size_t nr, const char *name);

#endif /* TOOL_FORMAT_PRIV_H */
