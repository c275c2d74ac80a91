/* SPDX-License-Identifier: GPL-2.0-only */
/* A DMA or interrupt request that a unit refused, in vendor-neutral terms. */
#ifndef MOAT_FAULT_H
#define MOAT_FAULT_H

#include "types.h"

enum moat_access
{
    MOAT_ACCESS_READ,
    MOAT_ACCESS_WRITE,
    MOAT_ACCESS_ATOMIC,
    MOAT_ACCESS_TRANSLATE,  /* ATS translation request */
    MOAT_ACCESS_INTERRUPT,  /* interrupt request; addr is the entry index */
};

struct moat_fault
{
    moat_sbdf_t source;         /* as reported by the unit */
    enum moat_access access;
    uint64_t addr;              /* iova (page), or interrupt entry index */
    unsigned int code;          /* the vendor's reason code */
    const char *reason;         /* the same in words, never NULL */
};

#endif /* MOAT_FAULT_H */
