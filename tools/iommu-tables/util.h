/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory, messages and buffers of the program. */
#ifndef TOOL_UTIL_H
#define TOOL_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* As malloc() and friends; the program ends with status 2 when they fail. */
void *xalloc(size_t size);                              /* zeroed */
void *xresize(void *p, size_t nr, size_t size);
char *xvprintf(const char *fmt, va_list args);
char *xprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Room for one more element of @size bytes in an array of @nr that was grown
 * by this function only: returns the (moved) array.
 */
void *grow(void *array, size_t nr, size_t size);

/* "iommu-tables: MESSAGE" to standard error. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Little-endian number of @width (1..8) bytes. */
uint64_t get_le(const uint8_t *p, unsigned int width);
void put_le(uint8_t *p, unsigned int width, uint64_t value);

/*
 * Sets as a forest: each element leads to one that speaks for it, itself to
 * begin with. Of two sets joined the lower one's speaker speaks for both.
 */
size_t forest_top(size_t *up, size_t i);
void forest_join(size_t *up, size_t a, size_t b);

/* Bytes that grow. */
struct buf
{
    uint8_t *data;
    size_t len, room;
};

void buf_add(struct buf *b, const void *data, size_t len);
void buf_zero(struct buf *b, size_t len);       /* @len zero bytes */
void buf_free(struct buf *b);

/*
 * Reads all of @f, @max bytes at most: 0, -EFBIG, or -errno of reading. The
 * caller frees @b in all cases.
 */
int buf_read(struct buf *b, FILE *f, size_t max);

#endif /* TOOL_UTIL_H */
