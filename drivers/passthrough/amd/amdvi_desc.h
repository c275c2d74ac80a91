/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries, commands and events of AMD-Vi as whole words: pure functions,
 * nothing of them ever assembled where hardware reads it. AMD IOMMU
 * specification (48882, rev. 3.07) 2.2.2 (device table), 2.2.5 (interrupt
 * tables), 2.4 (commands), 2.5 (events).
 */
#ifndef MOAT_AMDVI_DESC_H
#define MOAT_AMDVI_DESC_H

#include "../core/hw.h"
#include "amdvi_regs.h"

/* 16 bytes: w[0] is bits 63:0, w[1] bits 127:64. */
struct amdvi_words
{
    uint64_t w[2];
};

/* ---- Device table entry: 2.2.2.1. 32 bytes: two halves of two words ---- */

#define AMDVI_DTE_SIZE          32u

/* Low half, word 0 */
#define AMDVI_DTE_V             MOAT_BIT(0)
#define AMDVI_DTE_TV            MOAT_BIT(1)
#define AMDVI_DTE_MODE          MOAT_MASK(11, 9)
#define AMDVI_DTE_ROOT          MOAT_MASK(51, 12)
#define AMDVI_DTE_IR            MOAT_BIT(61)
#define AMDVI_DTE_IW            MOAT_BIT(62)
/* Low half, word 1 */
#define AMDVI_DTE_HI_DID        MOAT_MASK(15, 0)
#define AMDVI_DTE_HI_I          MOAT_BIT(32)
#define AMDVI_DTE_HI_SD         MOAT_BIT(38)    /* walks do not snoop */
#define AMDVI_DTE_HI_EX         MOAT_BIT(39)    /* exclusion range applies */
#define AMDVI_DTE_HI_SYSMGT     MOAT_MASK(41, 40)
/* High half, word 2 */
#define AMDVI_DTE_INT_IV        MOAT_BIT(0)
#define AMDVI_DTE_INT_LEN       MOAT_MASK(4, 1)     /* log2(entries) */
#define AMDVI_DTE_INT_ROOT      MOAT_MASK(51, 6)
#define AMDVI_DTE_INT_INIT      MOAT_BIT(56)
#define AMDVI_DTE_INT_EINT      MOAT_BIT(57)
#define AMDVI_DTE_INT_NMI       MOAT_BIT(58)
#define AMDVI_DTE_INT_CTL       MOAT_MASK(61, 60)
#define AMDVI_DTE_INT_LINT0     MOAT_BIT(62)
#define AMDVI_DTE_INT_LINT1     MOAT_BIT(63)

enum amdvi_int_ctl
{
    AMDVI_INT_ABORT = 0, AMDVI_INT_FORWARD = 1, AMDVI_INT_REMAP = 2,
};

/*
 * The domain id of blocked entries; never given to a domain, so what is
 * cached under it translates nothing.
 */
#define AMDVI_DID_BLOCKED       0u

/* The settings of an IVHD device entry (5.2.2.2), as the table gave them. */
#define AMDVI_SET_INIT_PASS     0x01u
#define AMDVI_SET_EINT_PASS     0x02u
#define AMDVI_SET_NMI_PASS      0x04u
#define AMDVI_SET_SYSMGT        0x30u
#define AMDVI_SET_LINT0_PASS    0x40u
#define AMDVI_SET_LINT1_PASS    0x80u

/*
 * The DMA half of an entry. @empty: an all-zero table page, for what is
 * blocked. @settings: AMDVI_SET_*. Deterministic: equal input, equal words.
 *
 * Blocked: V=1 TV=1 IR=IW=0 and a real table of one level with nothing in it.
 * By 2.2.2.1 either of IR=IW=0 and the empty table is enough; V=1 with TV=0
 * would be too, but an emulated unit is known to pass such requests. What a
 * blocked device says to the system management range is aborted as well.
 *
 * Passed through: mode 0, which does not translate but obeys IR and IW.
 */
static inline struct amdvi_words amdvi_make_dte(const struct hw_entry *e,
                                                uint8_t settings,
                                                moat_paddr_t empty)
{
    struct amdvi_words d;
    uint64_t sysmgt = FIELD_GET(AMDVI_SET_SYSMGT, settings);

    d.w[0] = AMDVI_DTE_V | AMDVI_DTE_TV;
    if ( e->kind == HW_ENTRY_NONE )
    {
        d.w[0] |= FIELD_PREP(AMDVI_DTE_MODE, 1) | (empty & AMDVI_DTE_ROOT);
        d.w[1] = FIELD_PREP(AMDVI_DTE_HI_DID, AMDVI_DID_BLOCKED);
        return d;
    }

    d.w[0] |= AMDVI_DTE_IR | AMDVI_DTE_IW;
    if ( e->kind == HW_ENTRY_TABLE )
        d.w[0] |= FIELD_PREP(AMDVI_DTE_MODE, e->levels) |
                  (e->root & AMDVI_DTE_ROOT);
    d.w[1] = FIELD_PREP(AMDVI_DTE_HI_DID, e->did) |
             (e->devtlb ? AMDVI_DTE_HI_I : 0) |
             FIELD_PREP(AMDVI_DTE_HI_SYSMGT, sysmgt);
    return d;
}

/* V=0: the unit passes all DMA on, as if it were off (2.2.2.1). */
static inline struct amdvi_words amdvi_make_dte_off(void)
{
    struct amdvi_words d = { { 0, 0 } };

    return d;
}

/* The inverse. -EBADMSG: nothing amdvi_make_dte() would make. */
static inline int amdvi_parse_dte(const struct amdvi_words *d,
                                  struct hw_entry *e)
{
    unsigned int mode = (unsigned int)FIELD_GET(AMDVI_DTE_MODE, d->w[0]);
    uint64_t rights = d->w[0] & (AMDVI_DTE_IR | AMDVI_DTE_IW);

    memset(e, 0, sizeof(*e));
    e->kind = HW_ENTRY_NONE;
    if ( !(d->w[0] & AMDVI_DTE_V) || !(d->w[0] & AMDVI_DTE_TV) ||
         mode > AMDVI_LEVELS_MAX )
        return -EBADMSG;
    if ( !rights )
        return mode ? 0 : -EBADMSG;
    if ( rights != (AMDVI_DTE_IR | AMDVI_DTE_IW) )
        return -EBADMSG;

    e->kind = mode ? HW_ENTRY_TABLE : HW_ENTRY_PASSTHROUGH;
    e->levels = mode;
    e->root = mode ? d->w[0] & AMDVI_DTE_ROOT : 0;
    e->did = (uint16_t)FIELD_GET(AMDVI_DTE_HI_DID, d->w[1]);
    e->devtlb = d->w[1] & AMDVI_DTE_HI_I;
    return 0;
}

/*
 * The interrupt half. @root 0: there is no table, and every remappable
 * interrupt of this id is aborted. Those that cannot be remapped (INIT, NMI
 * and so on) pass as firmware asks, which only IO-APICs' ids are known to.
 */
static inline struct amdvi_words amdvi_make_dte_intr(moat_paddr_t root,
                                                     unsigned int order,
                                                     uint8_t set)
{
    struct amdvi_words d = { { AMDVI_DTE_INT_IV, 0 } };

    if ( root )
        d.w[0] |= (root & AMDVI_DTE_INT_ROOT) |
                  FIELD_PREP(AMDVI_DTE_INT_LEN, order) |
                  FIELD_PREP(AMDVI_DTE_INT_CTL, AMDVI_INT_REMAP);
    else
        d.w[0] |= FIELD_PREP(AMDVI_DTE_INT_CTL, AMDVI_INT_ABORT);

    d.w[0] |= (set & AMDVI_SET_INIT_PASS ? AMDVI_DTE_INT_INIT : 0) |
              (set & AMDVI_SET_EINT_PASS ? AMDVI_DTE_INT_EINT : 0) |
              (set & AMDVI_SET_NMI_PASS ? AMDVI_DTE_INT_NMI : 0) |
              (set & AMDVI_SET_LINT0_PASS ? AMDVI_DTE_INT_LINT0 : 0) |
              (set & AMDVI_SET_LINT1_PASS ? AMDVI_DTE_INT_LINT1 : 0);
    return d;
}

/* ---- Commands: 2.4. The code is bits 63:60 ---- */

#define AMDVI_CMD_CODE          MOAT_MASK(63, 60)
#define AMDVI_CMD_WAIT          1u      /* COMPLETION_WAIT */
#define AMDVI_CMD_INV_DEVTAB    2u      /* INVALIDATE_DEVTAB_ENTRY */
#define AMDVI_CMD_INV_PAGES     3u      /* INVALIDATE_IOMMU_PAGES */
#define AMDVI_CMD_INV_IOTLB     4u      /* INVALIDATE_IOTLB_PAGES */
#define AMDVI_CMD_INV_INTR      5u      /* INVALIDATE_INTERRUPT_TABLE */
#define AMDVI_CMD_INV_ALL       8u      /* INVALIDATE_IOMMU_ALL */

#define AMDVI_CMD_WAIT_S        MOAT_BIT(0)     /* store */
#define AMDVI_CMD_WAIT_F        MOAT_BIT(2)     /* flush: later ones wait */
#define AMDVI_CMD_WAIT_ADDR     MOAT_MASK(51, 3)
#define AMDVI_CMD_ID            MOAT_MASK(15, 0)    /* device id */
#define AMDVI_CMD_DID           MOAT_MASK(47, 32)
#define AMDVI_CMD_MAXPEND       MOAT_MASK(31, 24)
#define AMDVI_CMD_QUEUE_ID      MOAT_MASK(47, 32)
#define AMDVI_CMD_HI_S          MOAT_BIT(0)     /* size in the address */
#define AMDVI_CMD_HI_PDE        MOAT_BIT(1)     /* page directories too */
#define AMDVI_CMD_HI_ADDR       MOAT_MASK(63, 12)

/* 2.4.1. F: nothing after it starts before everything before it is done. */
static inline struct amdvi_words amdvi_make_wait(moat_paddr_t store,
                                                 uint64_t data)
{
    struct amdvi_words c = { { FIELD_PREP(AMDVI_CMD_CODE, AMDVI_CMD_WAIT) |
                               (store & AMDVI_CMD_WAIT_ADDR) |
                               AMDVI_CMD_WAIT_S | AMDVI_CMD_WAIT_F, data } };

    return c;
}

/* 2.4.1 without store or interrupt: does nothing. */
static inline struct amdvi_words amdvi_make_nop(void)
{
    struct amdvi_words c = { { FIELD_PREP(AMDVI_CMD_CODE, AMDVI_CMD_WAIT),
                               0 } };

    return c;
}

/* 2.4.2: the cached device table entry of @rid. */
static inline struct amdvi_words amdvi_make_inv_devtab(uint16_t rid)
{
    struct amdvi_words c = { { FIELD_PREP(AMDVI_CMD_CODE,
                                          AMDVI_CMD_INV_DEVTAB) |
                               FIELD_PREP(AMDVI_CMD_ID, rid), 0 } };

    return c;
}

/*
 * Address and S for 2^@order pages at @first, which is aligned to them. With
 * S set the first 0 bit from bit 12 up ends the size: 0 says 8 KiB, 01 16 KiB
 * and so on (2.4.3, 2.4.4). @order 52 or more: every address, which is
 * written as all ones up to bit 62 (table "Example Page Size Encodings").
 */
static inline uint64_t amdvi_inv_range(uint64_t first, unsigned int order)
{
    if ( order >= 52 )
        return MOAT_MASK(62, 12) | AMDVI_CMD_HI_S;
    if ( !order )
        return first & AMDVI_CMD_HI_ADDR;
    return ((first & ~(((uint64_t)MOAT_PAGE_SIZE << order) - 1)) |
            ((((uint64_t)1 << (order - 1)) - 1) << MOAT_PAGE_SHIFT)) |
           AMDVI_CMD_HI_S;
}

/* 2.4.3. @pde: entries above the leaves changed as well. */
static inline struct amdvi_words amdvi_make_inv_pages(uint16_t did,
                                                      uint64_t first,
                                                      unsigned int order,
                                                      bool pde)
{
    struct amdvi_words c = { { FIELD_PREP(AMDVI_CMD_CODE,
                                          AMDVI_CMD_INV_PAGES) |
                               FIELD_PREP(AMDVI_CMD_DID, did),
                               amdvi_inv_range(first, order) |
                               (pde ? AMDVI_CMD_HI_PDE : 0) } };

    return c;
}

/*
 * 2.4.4. @queue_id: the id whose queue depth @maxpend is (requests of a
 * function that share an interface are limited together).
 */
static inline struct amdvi_words amdvi_make_inv_iotlb(uint16_t rid,
                                                      uint16_t queue_id,
                                                      uint8_t maxpend,
                                                      uint64_t first,
                                                      unsigned int order)
{
    struct amdvi_words c = { { FIELD_PREP(AMDVI_CMD_CODE,
                                          AMDVI_CMD_INV_IOTLB) |
                               FIELD_PREP(AMDVI_CMD_ID, rid) |
                               FIELD_PREP(AMDVI_CMD_QUEUE_ID, queue_id) |
                               FIELD_PREP(AMDVI_CMD_MAXPEND, maxpend),
                               amdvi_inv_range(first, order) } };

    return c;
}

/* 2.4.5: every cached interrupt entry of @rid. */
static inline struct amdvi_words amdvi_make_inv_intr(uint16_t rid)
{
    struct amdvi_words c = { { FIELD_PREP(AMDVI_CMD_CODE,
                                          AMDVI_CMD_INV_INTR) |
                               FIELD_PREP(AMDVI_CMD_ID, rid), 0 } };

    return c;
}

/* 2.4.8: all that the unit caches. */
static inline struct amdvi_words amdvi_make_inv_all(void)
{
    struct amdvi_words c = { { FIELD_PREP(AMDVI_CMD_CODE, AMDVI_CMD_INV_ALL),
                               0 } };

    return c;
}

/* ---- Interrupt entries: 2.2.5.2 (32 bits), 2.2.5.3 (128 bits) ---- */

#define AMDVI_IRTE_REMAP        MOAT_BIT(0)
#define AMDVI_IRTE_TYPE         MOAT_MASK(4, 2)
#define AMDVI_IRTE_LOGICAL      MOAT_BIT(6)
#define AMDVI_IRTE32_DEST       MOAT_MASK(15, 8)
#define AMDVI_IRTE32_VECTOR     MOAT_MASK(23, 16)
#define AMDVI_IRTE_DEST_LO      MOAT_MASK(31, 8)
#define AMDVI_IRTE_HI_VECTOR    MOAT_MASK(7, 0)
#define AMDVI_IRTE_HI_DEST      MOAT_MASK(63, 56)

/* Delivery modes that an entry can give (2.2.5.2, IntType). */
#define AMDVI_INTTYPE_FIXED     0u
#define AMDVI_INTTYPE_ARBITRATED 1u

static inline uint32_t amdvi_make_irte32(const struct hw_irte *e)
{
    if ( !e->present )
        return 0;
    return (uint32_t)(AMDVI_IRTE_REMAP |
                      FIELD_PREP(AMDVI_IRTE_TYPE, e->intr.delivery) |
                      (e->intr.logical ? AMDVI_IRTE_LOGICAL : 0) |
                      FIELD_PREP(AMDVI_IRTE32_DEST, e->intr.dest) |
                      FIELD_PREP(AMDVI_IRTE32_VECTOR, e->intr.vector));
}

static inline void amdvi_parse_irte32(uint32_t w, struct hw_irte *e)
{
    e->present = w & AMDVI_IRTE_REMAP;
    e->intr.delivery = (uint8_t)FIELD_GET(AMDVI_IRTE_TYPE, w);
    e->intr.logical = w & AMDVI_IRTE_LOGICAL;
    e->intr.dest = (uint32_t)FIELD_GET(AMDVI_IRTE32_DEST, w);
    e->intr.vector = (uint8_t)FIELD_GET(AMDVI_IRTE32_VECTOR, w);
}

static inline struct amdvi_words amdvi_make_irte128(const struct hw_irte *e)
{
    struct amdvi_words d = { { 0, 0 } };

    if ( !e->present )
        return d;
    d.w[0] = AMDVI_IRTE_REMAP |
             FIELD_PREP(AMDVI_IRTE_TYPE, e->intr.delivery) |
             (e->intr.logical ? AMDVI_IRTE_LOGICAL : 0) |
             FIELD_PREP(AMDVI_IRTE_DEST_LO, e->intr.dest);
    d.w[1] = FIELD_PREP(AMDVI_IRTE_HI_VECTOR, e->intr.vector) |
             FIELD_PREP(AMDVI_IRTE_HI_DEST, e->intr.dest >> 24);
    return d;
}

static inline void amdvi_parse_irte128(const struct amdvi_words *d,
                                       struct hw_irte *e)
{
    e->present = d->w[0] & AMDVI_IRTE_REMAP;
    e->intr.delivery = (uint8_t)FIELD_GET(AMDVI_IRTE_TYPE, d->w[0]);
    e->intr.logical = d->w[0] & AMDVI_IRTE_LOGICAL;
    e->intr.dest = (uint32_t)(FIELD_GET(AMDVI_IRTE_DEST_LO, d->w[0]) |
                              FIELD_GET(AMDVI_IRTE_HI_DEST, d->w[1]) << 24);
    e->intr.vector = (uint8_t)FIELD_GET(AMDVI_IRTE_HI_VECTOR, d->w[1]);
}

/* ---- Events: 2.5. The code is bits 63:60 ---- */

#define AMDVI_EVT_CODE          MOAT_MASK(63, 60)
#define AMDVI_EVT_ID            MOAT_MASK(15, 0)
#define AMDVI_EVT_DID           MOAT_MASK(47, 32)
#define AMDVI_EVT_FLAG_I        MOAT_BIT(51)    /* interrupt request */
#define AMDVI_EVT_FLAG_PR       MOAT_BIT(52)    /* entry was present */
#define AMDVI_EVT_FLAG_RW       MOAT_BIT(53)    /* write */
#define AMDVI_EVT_FLAG_PE       MOAT_BIT(54)    /* rights were missing */
#define AMDVI_EVT_FLAG_RZ       MOAT_BIT(55)    /* reserved bits were set */
#define AMDVI_EVT_FLAG_TR       MOAT_BIT(56)    /* translation request */
#define AMDVI_EVT_CMD_ADDR      MOAT_MASK(63, 4)

enum amdvi_event
{
    AMDVI_EVT_ILLEGAL_DTE = 1,
    AMDVI_EVT_PAGE_FAULT = 2,
    AMDVI_EVT_DTE_HW_ERROR = 3,
    AMDVI_EVT_TABLE_HW_ERROR = 4,
    AMDVI_EVT_ILLEGAL_CMD = 5,
    AMDVI_EVT_CMD_HW_ERROR = 6,
    AMDVI_EVT_IOTLB_TIMEOUT = 7,
    AMDVI_EVT_INVALID_REQ = 8,
    AMDVI_EVT_INVALID_PPR = 9,
    AMDVI_EVT_COUNTER_ZERO = 10,
    AMDVI_EVT_GUEST_FAULT = 11,
    AMDVI_EVT_VIOMMU_HW_ERROR = 12,
    AMDVI_EVT_RMP_FAULT = 13,
    AMDVI_EVT_RMP_HW_ERROR = 14,
};

#endif /* MOAT_AMDVI_DESC_H */
