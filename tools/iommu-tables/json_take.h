/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading objects of JSON key by key, with complaints that name the place:
 * "tables[0].records[2].scopes[1].path". A key that nobody takes is an error:
 * nothing that stands there is left out without a word.
 */
#ifndef TOOL_JSON_TAKE_H
#define TOOL_JSON_TAKE_H

#include "json_priv.h"

#include <stdbool.h>

/* Common to all objects of one text. */
struct take_text
{
    const char *name;           /* of the file, for messages */
    bool failed;                /* a complaint was made */
};

#define TAKE_ALONE  SIZE_MAX        /* not in a list */

struct taker
{
    struct take_text *text;
    const struct taker *up;     /* NULL: the outermost object */
    const char *key;            /* where it stands in @up.. */
    size_t index;               /* ..and as which element; or TAKE_ALONE */
    json_t *left;               /* what nobody has taken yet */
};

/*
 * Begin with object @o (of @up at @key[@index]) and end; end complains about
 * what is left. False, and a complaint, if @o is no object.
 */
bool take_begin(struct taker *k, struct take_text *text,
                const struct taker *up, const char *key, size_t index,
                json_t *o);
void take_end(struct taker *k);

/* Complain about @key of @k; only the first complaint of a text is shown. */
void take_fail(const struct taker *k, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The value, taken, or NULL where there is none. The reader owns it. */
json_t *take_any(struct taker *k, const char *key);
/* The same; none is an error. */
json_t *take_needed(struct taker *k, const char *key);
/* For reading only: may stand there, says nothing. */
void take_ignored(struct taker *k, const char *key);
/* A list; none is an empty one. NULL after a complaint. */
json_t *take_list(struct taker *k, const char *key);

/*
 * Fields, written to @to. A value that cannot be one is an error, and leaves
 * zeros.
 */
void take_number(struct taker *k, const char *key, uint8_t *to,
                 unsigned int width);
void take_id(struct taker *k, const char *key, uint8_t *to);
void take_bits(struct taker *k, const struct field_format *fmt, uint8_t *to);
void take_reserved(struct taker *k, const char *key, uint8_t *to,
                   size_t width);
void take_padded_text(struct taker *k, const char *key, uint8_t *to,
                      size_t width);

/* Texts and bytes of any length, added to @b. */
void take_text(struct taker *k, const char *key, struct buf *b);
void take_hex(struct taker *k, const char *key, struct buf *b);

/* A number up to @max, as JSON has numbers or as a hexadecimal string. */
bool json_number(const json_t *j, uint64_t max, uint64_t *value);

#endif /* TOOL_JSON_TAKE_H */
