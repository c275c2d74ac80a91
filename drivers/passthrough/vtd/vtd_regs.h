/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The register block of a VT-d unit: VT-d specification (rev. 4.1) section
 * 11.4. Each register is a constant whose type is its width, so that an
 * access of the wrong width does not compile.
 */
#ifndef MOAT_VTD_REGS_H
#define MOAT_VTD_REGS_H

#include "../core/bits.h"

struct vtd_reg32 { uint16_t off; };
struct vtd_reg64 { uint16_t off; };

#define VTD_R32(o)      ((struct vtd_reg32){ (uint16_t)(o) })
#define VTD_R64(o)      ((struct vtd_reg64){ (uint16_t)(o) })

#define VTD_REG_VER     VTD_R32(0x00)
#define VTD_REG_CAP     VTD_R64(0x08)
#define VTD_REG_ECAP    VTD_R64(0x10)
#define VTD_REG_GCMD    VTD_R32(0x18)
#define VTD_REG_GSTS    VTD_R32(0x1c)
#define VTD_REG_RTADDR  VTD_R64(0x20)
#define VTD_REG_CCMD    VTD_R64(0x28)
#define VTD_REG_FSTS    VTD_R32(0x34)
#define VTD_REG_FECTL   VTD_R32(0x38)
#define VTD_REG_FEDATA  VTD_R32(0x3c)
#define VTD_REG_FEADDR  VTD_R32(0x40)
#define VTD_REG_FEUADDR VTD_R32(0x44)
#define VTD_REG_PMEN    VTD_R32(0x64)
#define VTD_REG_IQH     VTD_R64(0x80)
#define VTD_REG_IQT     VTD_R64(0x88)
#define VTD_REG_IQA     VTD_R64(0x90)
#define VTD_REG_IQERCD  VTD_R64(0xb0)
#define VTD_REG_IRTA    VTD_R64(0xb8)
/* What capability fields point to must lie behind these. */
#define VTD_REG_FIXED_END   0xc0u

/* VER: 11.4.1 */
#define VTD_VER_MIN         0x0fu
#define VTD_VER_MAX         0xf0u

/* CAP: 11.4.2 */
#define VTD_CAP_ND          MOAT_MASK(2, 0)     /* 4 + 2 * ND id bits */
#define VTD_CAP_RWBF        MOAT_BIT(4)
#define VTD_CAP_PLMR        MOAT_BIT(5)
#define VTD_CAP_PHMR        MOAT_BIT(6)
#define VTD_CAP_CM          MOAT_BIT(7)
#define VTD_CAP_SAGAW       MOAT_MASK(12, 8)    /* bit n: n + 2 levels */
#define VTD_CAP_MGAW        MOAT_MASK(21, 16)   /* width - 1 */
#define VTD_CAP_FRO         MOAT_MASK(33, 24)   /* in 16 bytes */
#define VTD_CAP_SLLPS       MOAT_MASK(37, 34)   /* bit n: leaf level n + 2 */
#define VTD_CAP_PSI         MOAT_BIT(39)
#define VTD_CAP_NFR         MOAT_MASK(47, 40)   /* records - 1 */
#define VTD_CAP_MAMV        MOAT_MASK(53, 48)
#define VTD_CAP_DWD         MOAT_BIT(54)
#define VTD_CAP_DRD         MOAT_BIT(55)
#define VTD_CAP_PI          MOAT_BIT(59)
#define VTD_CAP_ESIRTPS     MOAT_BIT(62)
#define VTD_CAP_ESRTPS      MOAT_BIT(63)

/* ECAP: 11.4.3 */
#define VTD_ECAP_C          MOAT_BIT(0)
#define VTD_ECAP_QI         MOAT_BIT(1)
#define VTD_ECAP_DT         MOAT_BIT(2)
#define VTD_ECAP_IR         MOAT_BIT(3)
#define VTD_ECAP_EIM        MOAT_BIT(4)
#define VTD_ECAP_PT         MOAT_BIT(6)
#define VTD_ECAP_SC         MOAT_BIT(7)
#define VTD_ECAP_IRO        MOAT_MASK(17, 8)    /* in 16 bytes */
#define VTD_ECAP_MHMV       MOAT_MASK(23, 20)

/* GCMD, GSTS: 11.4.4. The status bit of a command has its position. */
#define VTD_GCMD_TE         (1u << 31)
#define VTD_GCMD_SRTP       (1u << 30)
#define VTD_GCMD_EAFL       (1u << 28)
#define VTD_GCMD_WBF        (1u << 27)
#define VTD_GCMD_QIE        (1u << 26)
#define VTD_GCMD_IRE        (1u << 25)
#define VTD_GCMD_SIRTP      (1u << 24)
#define VTD_GCMD_CFI        (1u << 23)
/* Those that keep their effect; the others start something once. */
#define VTD_GCMD_LASTING    (VTD_GCMD_TE | VTD_GCMD_EAFL | VTD_GCMD_QIE | \
                             VTD_GCMD_IRE | VTD_GCMD_CFI)

/* RTADDR: 11.4.5. Bits 11:10 zero: legacy mode. */
#define VTD_RTADDR_RTA      MOAT_MASK(63, 12)

/* CCMD: 11.4.6.1 */
#define VTD_CCMD_ICC        MOAT_BIT(63)
#define VTD_CCMD_CIRG       MOAT_MASK(62, 61)
#define VTD_CCMD_CAIG       MOAT_MASK(60, 59)
#define VTD_CCMD_FM         MOAT_MASK(33, 32)
#define VTD_CCMD_SID        MOAT_MASK(31, 16)
#define VTD_CCMD_DID        MOAT_MASK(15, 0)

/* IOTLB register: 11.4.6.2; at 16 * IRO + 8, IVA at 16 * IRO */
#define VTD_IOTLB_IVT       MOAT_BIT(63)
#define VTD_IOTLB_IIRG      MOAT_MASK(61, 60)
#define VTD_IOTLB_IAIG      MOAT_MASK(58, 57)
#define VTD_IOTLB_DR        MOAT_BIT(49)
#define VTD_IOTLB_DW        MOAT_BIT(48)
#define VTD_IOTLB_DID       MOAT_MASK(47, 32)
#define VTD_IVA_ADDR        MOAT_MASK(63, 12)
#define VTD_IVA_IH          MOAT_BIT(6)
#define VTD_IVA_AM          MOAT_MASK(5, 0)

/* Granularities, in registers and descriptors alike. */
#define VTD_GRAN_GLOBAL     1u
#define VTD_GRAN_DOMAIN     2u
#define VTD_GRAN_DEVICE     3u      /* context cache */
#define VTD_GRAN_PAGE       3u      /* IOTLB */

/* FSTS: 11.4.7.1 */
#define VTD_FSTS_PFO        (1u << 0)
#define VTD_FSTS_PPF        (1u << 1)
#define VTD_FSTS_IQE        (1u << 4)
#define VTD_FSTS_ICE        (1u << 5)
#define VTD_FSTS_ITE        (1u << 6)
#define VTD_FSTS_QUEUE      (VTD_FSTS_IQE | VTD_FSTS_ICE | VTD_FSTS_ITE)
#define VTD_FSTS_FRI        0xff00u

/* FECTL: 11.4.7.2 */
#define VTD_FECTL_IM        (1u << 31)

/* Fault records: 11.4.7.6; 16 bytes each at 16 * FRO. Low word, high word. */
#define VTD_FRCD_FI         MOAT_MASK(63, 12)
#define VTD_FRCD_FI_INDEX   MOAT_MASK(63, 48)   /* of interrupts */
#define VTD_FRCD_HI_F       MOAT_BIT(63)
#define VTD_FRCD_HI_T1      MOAT_BIT(62)
#define VTD_FRCD_HI_AT      MOAT_MASK(61, 60)
#define VTD_FRCD_HI_FR      MOAT_MASK(39, 32)
#define VTD_FRCD_HI_T2      MOAT_BIT(28)
#define VTD_FRCD_HI_SID     MOAT_MASK(15, 0)
/* F as bit of the record's last 32 bits: written as 1 it clears itself. */
#define VTD_FRCD_TOP_F      (1u << 31)

/* PMEN: 11.4.8.1 */
#define VTD_PMEN_EPM        (1u << 31)
#define VTD_PMEN_PRS        (1u << 0)

/* IQH, IQT, IQA: 11.4.9 */
#define VTD_IQ_INDEX        MOAT_MASK(18, 4)    /* 16-byte descriptors */
#define VTD_IQA_BASE        MOAT_MASK(63, 12)
#define VTD_IQA_QS          MOAT_MASK(2, 0)     /* 256 << QS entries */
/* IQERCD: 11.4.9.9; all ones or zero where not implemented */
#define VTD_IQERCD_IQEI     MOAT_MASK(3, 0)
#define VTD_IQERCD_ITESID   MOAT_MASK(47, 32)
#define VTD_IQERCD_ICESID   MOAT_MASK(63, 48)

/* IRTA: 11.4.10.1 */
#define VTD_IRTA_BASE       MOAT_MASK(63, 12)
#define VTD_IRTA_EIME       MOAT_BIT(11)
#define VTD_IRTA_S          MOAT_MASK(3, 0)     /* 2 << S entries */

#endif /* MOAT_VTD_REGS_H */
