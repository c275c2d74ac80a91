/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers of an AMD-Vi unit: AMD IOMMU specification (48882, rev. 3.07)
 * 3.2 (capability block) and 3.4 (memory-mapped). All of the latter are 64
 * bits wide; an accessor takes one by its type, so that an offset into
 * something else does not compile.
 */
#ifndef MOAT_AMDVI_REGS_H
#define MOAT_AMDVI_REGS_H

#include "../core/bits.h"

#define AMDVI_MMIO_SIZE         0x4000u

struct amdvi_reg { uint16_t off; };
#define AMDVI_REG(o)            ((struct amdvi_reg){ (uint16_t)(o) })

#define AMDVI_REG_DEVTAB        AMDVI_REG(0x0000)
#define AMDVI_REG_CMD_BASE      AMDVI_REG(0x0008)
#define AMDVI_REG_EVT_BASE      AMDVI_REG(0x0010)
#define AMDVI_REG_CTRL          AMDVI_REG(0x0018)
#define AMDVI_REG_EXCL_BASE     AMDVI_REG(0x0020)
#define AMDVI_REG_EXCL_LIMIT    AMDVI_REG(0x0028)
#define AMDVI_REG_EFR           AMDVI_REG(0x0030)
#define AMDVI_REG_PPR_BASE      AMDVI_REG(0x0038)
/* Segments 1..7 of the device table. */
#define AMDVI_REG_DEVTAB_SEG(n) AMDVI_REG(0x0100 + 8 * ((n) - 1))
#define AMDVI_REG_XT_EVT_INTR   AMDVI_REG(0x0170)
#define AMDVI_REG_XT_PPR_INTR   AMDVI_REG(0x0178)
#define AMDVI_REG_EFR2          AMDVI_REG(0x01a0)
#define AMDVI_REG_CMD_HEAD      AMDVI_REG(0x2000)
#define AMDVI_REG_CMD_TAIL      AMDVI_REG(0x2008)
#define AMDVI_REG_EVT_HEAD      AMDVI_REG(0x2010)
#define AMDVI_REG_EVT_TAIL      AMDVI_REG(0x2018)
#define AMDVI_REG_STATUS        AMDVI_REG(0x2020)
#define AMDVI_REG_PPR_HEAD      AMDVI_REG(0x2030)
#define AMDVI_REG_PPR_TAIL      AMDVI_REG(0x2038)

/* 3.4.1: device table base; 3.4.9 for its segments */
#define AMDVI_DEVTAB_BASE       MOAT_MASK(51, 12)
#define AMDVI_DEVTAB_SIZE       MOAT_MASK(8, 0)     /* in 4 KiB, less 1 */

/* 3.4.2 to 3.4.4, 3.4.8: rings; the length field holds log2(entries) */
#define AMDVI_RING_BASE         MOAT_MASK(51, 12)
#define AMDVI_RING_LEN          MOAT_MASK(59, 56)
#define AMDVI_RING_PTR          MOAT_MASK(18, 4)    /* an index of entries */
#define AMDVI_RING_ENTRY_SIZE   16u
#define AMDVI_RING_MIN_ORDER    8u

/* 3.4.5: control */
#define AMDVI_CTRL_IOMMU_EN     MOAT_BIT(0)
#define AMDVI_CTRL_HT_TUN_EN    MOAT_BIT(1)
#define AMDVI_CTRL_EVT_LOG_EN   MOAT_BIT(2)
#define AMDVI_CTRL_EVT_INT_EN   MOAT_BIT(3)
#define AMDVI_CTRL_COM_WAIT_INT MOAT_BIT(4)
#define AMDVI_CTRL_INV_TIMEOUT  MOAT_MASK(7, 5)
#define AMDVI_CTRL_PASS_PW      MOAT_BIT(8)
#define AMDVI_CTRL_RES_PASS_PW  MOAT_BIT(9)
#define AMDVI_CTRL_COHERENT     MOAT_BIT(10)
#define AMDVI_CTRL_ISOC         MOAT_BIT(11)
#define AMDVI_CTRL_CMD_EN       MOAT_BIT(12)
#define AMDVI_CTRL_PPR_LOG_EN   MOAT_BIT(13)
#define AMDVI_CTRL_PPR_INT_EN   MOAT_BIT(14)
#define AMDVI_CTRL_PPR_EN       MOAT_BIT(15)
#define AMDVI_CTRL_GA_EN        MOAT_BIT(17)
#define AMDVI_CTRL_DEVTAB_SEG   MOAT_MASK(36, 34)
#define AMDVI_CTRL_XT_EN        MOAT_BIT(50)
#define AMDVI_CTRL_INTCAP_XT_EN MOAT_BIT(51)

/* 3.4.6: exclusion range; off while ExEn is 0 */
#define AMDVI_EXCL_EN           MOAT_BIT(0)

/* 3.4.7: extended features */
#define AMDVI_EFR_PPR           MOAT_BIT(1)
#define AMDVI_EFR_XT            MOAT_BIT(2)
#define AMDVI_EFR_IA            MOAT_BIT(6)     /* INVALIDATE_IOMMU_ALL */
#define AMDVI_EFR_GA            MOAT_BIT(7)     /* 128-bit entries */
#define AMDVI_EFR_HATS          MOAT_MASK(11, 10)   /* 4 + n levels */
#define AMDVI_EFR_DEVTAB_SEG    MOAT_MASK(39, 38)   /* 2^n segments */
#define AMDVI_HATS_RESERVED     3u
#define AMDVI_LEVELS_MAX        6u

/* 3.4.14: status. Overflow and interrupt bits are cleared by writing 1. */
#define AMDVI_STS_EVT_OVERFLOW  MOAT_BIT(0)
#define AMDVI_STS_EVT_INT       MOAT_BIT(1)
#define AMDVI_STS_COM_WAIT_INT  MOAT_BIT(2)
#define AMDVI_STS_EVT_RUN       MOAT_BIT(3)
#define AMDVI_STS_CMD_RUN       MOAT_BIT(4)
#define AMDVI_STS_PPR_OVERFLOW  MOAT_BIT(5)
#define AMDVI_STS_PPR_INT       MOAT_BIT(6)
#define AMDVI_STS_PPR_RUN       MOAT_BIT(7)
#define AMDVI_STS_RUNNING       (AMDVI_STS_EVT_RUN | AMDVI_STS_CMD_RUN | \
                                 AMDVI_STS_PPR_RUN)

/* 3.4.10: interrupt control where the unit speaks x2APIC */
#define AMDVI_XT_DEST_LOGICAL   MOAT_BIT(2)
#define AMDVI_XT_DEST_LO        MOAT_MASK(31, 8)
#define AMDVI_XT_VECTOR         MOAT_MASK(39, 32)
#define AMDVI_XT_LOWEST         MOAT_BIT(40)    /* delivery mode */
#define AMDVI_XT_DEST_HI        MOAT_MASK(63, 56)

/* 3.2.1: capability block, in the unit's configuration space */
#define AMDVI_CAP_ID            0x0fu
#define AMDVI_CAP_TYPE          MOAT_MASK(18, 16)
#define AMDVI_CAP_TYPE_IOMMU    3u
#define AMDVI_CAP_IOTLB         MOAT_BIT(24)
#define AMDVI_CAP_HT_TUNNEL     MOAT_BIT(25)
#define AMDVI_CAP_NP_CACHE      MOAT_BIT(26)    /* absent entries cached */
#define AMDVI_CAP_EFR           MOAT_BIT(27)
#define AMDVI_CAP_OFF_BASE_LO   4u
#define AMDVI_CAP_OFF_BASE_HI   8u
#define AMDVI_CAP_BASE_EN       1u

#endif /* MOAT_AMDVI_REGS_H */
