/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One firmware table of any content, taken apart to its last byte, and every
 * promise of the parsers' headers about what comes out. Used by the fuzz
 * targets, and by nothing that runs in a hypervisor.
 */
#ifndef MOAT_FUZZ_WALK_H
#define MOAT_FUZZ_WALK_H

#include "fw/fw.h"
#include "fw/ivrs.h"

/* A promise was broken: says which, and ends the process as a crash. */
#define PROMISE(cond) \
    do { if ( !(cond) ) broken(__FILE__, __LINE__, #cond); } while ( 0 )

void broken(const char *file, int line, const char *what)
    __attribute__((__noreturn__));

/* @table must end where the memory ends, for the sanitizer to see. */
void walk_dmar(const uint8_t *table, size_t len);
void walk_ivrs(const uint8_t *table, size_t len);
void texts(const uint8_t *data, size_t len);
/* The same table as the only one of a machine: scan.h. */
void scan_dmar(const uint8_t *table, size_t len);
void scan_ivrs(const uint8_t *table, size_t len);

#endif /* MOAT_FUZZ_WALK_H */
