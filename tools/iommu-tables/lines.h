/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text that came from somewhere, in pieces: not ended by a zero, and no
 * character outside of it is ever looked at.
 */
#ifndef TOOL_LINES_H
#define TOOL_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line
{
    const char *p;
    size_t len;
};

/* The next line of @text, without its end; false: no more. */
bool line_next(struct line *text, struct line *s);
/* Is @prefix what @s begins with? Then it is taken off. */
bool line_take(struct line *s, const char *prefix);
/* Take off all up to and including the first @what, if that is there. */
bool line_find(struct line *s, const char *what);
/* Blanks and tabs at the beginning. */
void line_skip_blanks(struct line *s);
/* A number of 1 to 16 hexadecimal digits, no prefix; taken off. */
bool line_hex(struct line *s, uint64_t *v);
/* The same with exactly @digits of them. */
bool line_hex_of(struct line *s, unsigned int digits, uint64_t *v);
/* A decimal number of 1 to 9 digits. */
bool line_dec(struct line *s, unsigned int *v);
/* Allocated, with what cannot be printed as "?". */
char *line_copy(const struct line *s);

#endif /* TOOL_LINES_H */
