/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables as text, field by field. */
#ifndef TOOL_TEXT_H
#define TOOL_TEXT_H

#include "model.h"

#include <stdio.h>

struct text_style
{
    bool bytes;             /* every field on a line, with its bytes */
    bool colour;
};

void text_print(const struct table *t, const struct text_style *style,
                FILE *out);

/* What stands in @f, in words: "0xfed90000", "00:14.0". Allocated. */
char *field_text(const struct table *t, const struct field *f);

/*
 * Is @f worth a place where not every field gets one? Lengths, types and
 * reserved bytes that are zero are not.
 */
bool field_is_news(const struct table *t, const struct field *f);

/*
 * What follows the fixed fields of @n, in words; nodes of their own (scopes,
 * entries) not included. Allocated; NULL where there is nothing.
 */
char *tail_text(const struct table *t, const struct node *n);

/* Bytes in hexadecimal, a blank between two. Allocated. */
char *bytes_text(const uint8_t *p, size_t len);

#endif /* TOOL_TEXT_H */
