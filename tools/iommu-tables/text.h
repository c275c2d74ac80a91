/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables as text, field by field. */
#ifndef TOOL_TEXT_H
#define TOOL_TEXT_H

#include "model.h"

#include <stdio.h>

struct text_style
{
    bool bytes;             /* show them */
    bool colour;
};

void text_print(const struct table *t, const struct text_style *style,
                FILE *out);

/* What stands in @f, in words, as text_print() shows it: allocated. */
char *field_text(const struct table *t, const struct field *f);

#endif /* TOOL_TEXT_H */
