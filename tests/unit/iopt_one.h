/* SPDX-License-Identifier: GPL-2.0-only */
/* One page table and one flush, for tests that state a rule by example. */
#ifndef TEST_IOPT_ONE_H
#define TEST_IOPT_ONE_H

#include "iopt_hw.h"
#include "pt/iopt.h"
#include "test.h"

#define K4  0x1000ULL
#define M2  0x200000ULL
#define G1  0x40000000ULL
#define G512 (512 * G1)

extern struct iopt t;
extern struct moat_flush f;

/* f says nothing. */
void begin(void);
/* f has been flushed: frees its tables, returns how many. */
unsigned long end(void);
/* t: empty, as wide as its levels; 46 bits of physical address. */
void setup_bits(const struct iopt_fmt *fmt, unsigned int levels,
                unsigned int leaf_levels, bool coherent, bool snoop);
void setup(const struct iopt_fmt *fmt, unsigned int levels,
           unsigned int leaf_levels);
/* Flush, and take t apart. */
void finish(void);
struct hw_root hw(void);

#endif /* TEST_IOPT_ONE_H */
