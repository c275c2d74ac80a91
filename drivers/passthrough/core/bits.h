/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fields of hardware words, each declared once as a mask.
 *
 * FIELD_PREP( mask, v ) puts v in place, FIELD_GET( mask, w ) takes it out;
 * the shift comes from the mask, so the two cannot disagree.
 */
#ifndef MOAT_CORE_BITS_H
#define MOAT_CORE_BITS_H

#include <moat/types.h>

#define MOAT_BIT(n)             ((uint64_t)1 << (n))
/* Bits hi..lo set, 63 >= hi >= lo. */
#define MOAT_MASK(hi, lo) \
    ((~(uint64_t)0 >> (63 - (hi))) & ~(MOAT_BIT(lo) - 1))

#define FIELD_SHIFT(mask)       ((unsigned int)__builtin_ctzll(mask))
#define FIELD_MAX(mask)         ((uint64_t)(mask) >> FIELD_SHIFT(mask))
#define FIELD_FITS(mask, v)     ((uint64_t)(v) <= FIELD_MAX(mask))
#define FIELD_PREP(mask, v) \
    (((uint64_t)(v) << FIELD_SHIFT(mask)) & (uint64_t)(mask))
#define FIELD_GET(mask, w) \
    (((uint64_t)(w) & (uint64_t)(mask)) >> FIELD_SHIFT(mask))

static inline bool is_pow2(uint64_t v)
{
    return v && !(v & (v - 1));
}

/* floor(log2(v)), v != 0. */
static inline unsigned int log2_floor(uint64_t v)
{
    return 63 - (unsigned int)__builtin_clzll(v);
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

#endif /* MOAT_CORE_BITS_H */
