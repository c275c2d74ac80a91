/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Types shared by the core, its hosts and the firmware-table parsers.
 *
 * Fixed-width integers, bool, size_t, NULL, the errno constants, cf_check and
 * __must_check come from host-port.h, which each host provides on the include
 * path; nothing else of the host is visible through this header.
 */
#ifndef MOAT_TYPES_H
#define MOAT_TYPES_H

#include "host-port.h"

/* A machine (host-physical) address, in bytes. */
typedef uint64_t moat_paddr_t;

/* An address as a device emits it (DMA address, Xen's dfn << 12), in bytes. */
typedef uint64_t moat_iova_t;

/* PCI segment, bus, device and function: seg << 16 | bus << 8 | devfn. */
typedef uint32_t moat_sbdf_t;

#define MOAT_SBDF(seg, bus, dev, fn) \
    ((moat_sbdf_t)(((uint32_t)(seg) << 16) | (((uint32_t)(bus) & 0xff) << 8) | \
                   (((uint32_t)(dev) & 0x1f) << 3) | ((uint32_t)(fn) & 7)))
#define MOAT_SBDF_SEG(s)    ((uint16_t)((s) >> 16))
#define MOAT_SBDF_BUS(s)    ((uint8_t)((s) >> 8))
#define MOAT_SBDF_DEV(s)    ((uint8_t)(((s) >> 3) & 0x1f))
#define MOAT_SBDF_FN(s)     ((uint8_t)((s) & 7))
#define MOAT_SBDF_DEVFN(s)  ((uint8_t)(s))
/* The requester id a unit sees: bus << 8 | devfn, without the segment. */
#define MOAT_SBDF_RID(s)    ((uint16_t)(s))

/* printf-style format and arguments for an sbdf: 0000:00:04.0 */
#define MOAT_PRI_SBDF       "%04x:%02x:%02x.%u"
#define MOAT_SBDF_ARG(s)    (unsigned int)MOAT_SBDF_SEG(s), \
                            (unsigned int)MOAT_SBDF_BUS(s), \
                            (unsigned int)MOAT_SBDF_DEV(s), \
                            (unsigned int)MOAT_SBDF_FN(s)

#define MOAT_PAGE_SHIFT     12
#define MOAT_PAGE_SIZE      4096u
#define MOAT_PAGE_MASK      (~(uint64_t)(MOAT_PAGE_SIZE - 1))

/* Access rights of a mapping; also the rights of a reserved region. */
#define MOAT_READ           1u
#define MOAT_WRITE          2u
#define MOAT_RW             (MOAT_READ | MOAT_WRITE)

#endif /* MOAT_TYPES_H */
