/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bounded reader of little-endian fields.
 *
 * A cursor covers [pos, end) of a table and never reads outside of it. A read
 * that does not fit yields 0, moves nothing and sets @bad, which stays set:
 * a run of fields is read first and @bad is tested once, before any of the
 * values is used. Bytes are put together one by one, so alignment and the
 * processor's own byte order do not matter.
 */
#ifndef MOAT_FW_CURSOR_H
#define MOAT_FW_CURSOR_H

#include "fw.h"

struct fw_cursor
{
    const uint8_t *base;        /* of the table: offsets count from here */
    size_t pos, end;            /* pos <= end */
    bool bad;
};

/* A cursor over [@pos, @end) of the table at @base. Needs pos <= end. */
static inline struct fw_cursor fw_cursor(const uint8_t *base, size_t pos,
                                         size_t end)
{
    struct fw_cursor c;

    c.base = base;
    c.pos = pos;
    c.end = end;
    c.bad = pos > end;
    return c;
}

/* Bytes not read yet. */
static inline size_t fw_left(const struct fw_cursor *c)
{
    return c->bad ? 0 : c->end - c->pos;
}

/*
 * Can @bytes more be read? Tables are memory, so that no offset is near the
 * end of size_t, and an offset and a length field can be added up.
 */
static inline bool fw_fits(const struct fw_cursor *c, size_t bytes)
{
    return !c->bad && c->pos + bytes <= c->end;
}

/* The next @bytes (at most 8) as a little-endian number. */
static inline uint64_t fw_take(struct fw_cursor *c, unsigned int bytes)
{
    uint64_t v = 0;
    unsigned int i;

    if ( !fw_fits(c, bytes) )
    {
        c->bad = true;
        return 0;
    }

    for ( i = 0; i < bytes; i++ )
        v |= (uint64_t)c->base[c->pos + i] << (8 * i);
    c->pos += bytes;

    return v;
}

static inline uint8_t fw_u8(struct fw_cursor *c)
{
    return (uint8_t)fw_take(c, 1);
}

static inline uint16_t fw_u16(struct fw_cursor *c)
{
    return (uint16_t)fw_take(c, 2);
}

static inline uint32_t fw_u32(struct fw_cursor *c)
{
    return (uint32_t)fw_take(c, 4);
}

static inline uint64_t fw_u64(struct fw_cursor *c)
{
    return fw_take(c, 8);
}

/* Pass over @bytes without looking: reserved fields. */
static inline void fw_skip(struct fw_cursor *c, size_t bytes)
{
    if ( fw_fits(c, bytes) )
        c->pos += bytes;
    else
        c->bad = true;
}

/* Fill @err and give back @rc, so that a complaint is one statement. */
static inline int fw_fail(struct fw_error *err, int rc, size_t offset,
                          uint64_t value, const char *rule)
{
    err->offset = offset;
    err->value = value;
    err->rule = rule;
    return rc;
}

#endif /* MOAT_FW_CURSOR_H */
