/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The layout of tables as data: each field is said once, here, and text,
 * JSON, --compile and --diff all follow.
 */
#ifndef TOOL_FORMAT_H
#define TOOL_FORMAT_H

#include <stddef.h>
#include <stdint.h>

enum field_show
{
    SHOW_HEX,               /* 0x.., in JSON a string */
    SHOW_DEC,               /* a number */
    SHOW_WIDTH,             /* number of bits minus one; in JSON as it stands */
    SHOW_ID,                /* AMD device id: bus:device.function */
    SHOW_TEXT,              /* characters; in JSON escaped as \u00XX */
    SHOW_BITS,              /* see bits */
    SHOW_RESERVED,          /* said only where it is not zero */
    SHOW_LENGTH,            /* of all that contains it: follows from that */
    SHOW_TAIL_LENGTH,       /* of what follows the fixed fields */
    SHOW_CHECKSUM,          /* likewise */
    SHOW_TYPE,              /* stands in the format */
};

/* Bits of a field that are not listed are reserved. */
struct bit_format
{
    const char *name;       /* the specification's; NULL ends the list */
    const char *key;        /* in JSON */
    uint8_t low, width;     /* bits; of width 1: true or false */
};

struct value_name
{
    uint64_t value;
    const char *name;       /* NULL ends the list */
};

struct field_format
{
    const char *name;       /* the specification's */
    const char *key;        /* in JSON; NULL: not there */
    uint8_t offset, width;  /* bytes, in what contains it; width 1..8, or
                             * more for text and reserved bytes */
    enum field_show show;
    const struct bit_format *bits;
    const struct value_name *values;    /* known ones, or NULL */
};

/* What stands behind the fixed fields, up to the end of the length. */
enum node_tail
{
    TAIL_NONE,              /* nothing known: bytes */
    TAIL_SCOPES,            /* device scopes (VT-d 8.3.1) */
    TAIL_ENTRIES,           /* device entries (AMD 5.2.2.2) */
    TAIL_PATH,              /* pairs of device and function */
    TAIL_NAME,              /* characters, a zero, padding */
    TAIL_UID,               /* a unique id as the fields say */
};

struct node_format
{
    unsigned int type;
    const char *name;       /* short: DRHD */
    const char *title;      /* the specification's */
    const char *section;    /* of it: "VT-d 8.3" */
    uint8_t fixed;          /* bytes before the tail */
    enum node_tail tail;
    const struct field_format *fields;
    unsigned int nr_fields;
};

extern const struct node_format dmar_header_format, ivrs_header_format;

/* The device entry that ends a range: the parser has it with its start. */
#define IVRS_RAW_END    0x04

/* NULL for unknown types. */
const struct node_format *dmar_record_format(unsigned int type);
const struct node_format *ivrs_block_format(unsigned int type);
const struct node_format *ivrs_entry_format(unsigned int type);
/* Of a scope: all types look the same. */
extern const struct node_format dmar_scope_format;
/* What records, blocks and entries of unknown type have nevertheless. */
extern const struct node_format dmar_unknown_format, ivrs_unknown_format,
                                ivrs_unknown_entry_format;
/* By short name, case ignored, as JSON names them; NULL if unknown. */
const struct node_format *dmar_record_named(const char *name);
const struct node_format *ivrs_block_named(const char *name);
const struct node_format *ivrs_entry_named(const char *name);

/* Of @value, or NULL. */
const char *value_name(const struct value_name *names, uint64_t value);

#endif /* TOOL_FORMAT_H */
