/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries and descriptors of VT-d as whole words: pure functions, nothing
 * of them ever assembled where hardware reads it. VT-d specification (rev.
 * 4.1) chapter 9 (entries) and 6.5.2 (invalidation descriptors).
 */
#ifndef MOAT_VTD_DESC_H
#define MOAT_VTD_DESC_H

#include "../core/hw.h"
#include "vtd_regs.h"

/* 16 bytes: w[0] is bits 63:0, w[1] bits 127:64. */
struct vtd_words
{
    uint64_t w[2];
};

/* ---- Root entry: 9.1 ---- */

#define VTD_ROOT_P          MOAT_BIT(0)
#define VTD_ROOT_CTP        MOAT_MASK(63, 12)

static inline uint64_t vtd_make_root(moat_paddr_t context_table)
{
    return VTD_ROOT_P | (context_table & VTD_ROOT_CTP);
}

/* ---- Context entry: 9.3 ---- */

#define VTD_CTX_P           MOAT_BIT(0)
#define VTD_CTX_FPD         MOAT_BIT(1)
#define VTD_CTX_TT          MOAT_MASK(3, 2)
#define VTD_CTX_SLPTPTR     MOAT_MASK(63, 12)
#define VTD_CTX_HI_AW       MOAT_MASK(2, 0)
#define VTD_CTX_HI_DID      MOAT_MASK(23, 8)

enum vtd_tt
{
    VTD_TT_TABLE = 0,           /* untranslated requests only */
    VTD_TT_TABLE_ATS = 1,       /* translation requests too */
    VTD_TT_PASSTHROUGH = 2,
};

/*
 * @max_levels: deepest table the unit can walk; a passed-through entry must
 * name it (9.3, AW). Deterministic: equal entries give equal words.
 */
static inline struct vtd_words vtd_make_context(const struct hw_entry *e,
                                                unsigned int max_levels)
{
    struct vtd_words c = { { 0, 0 } };
    enum vtd_tt tt = e->devtlb ? VTD_TT_TABLE_ATS : VTD_TT_TABLE;
    unsigned int levels = e->levels;
    moat_paddr_t root = e->root;

    if ( e->kind == HW_ENTRY_NONE )
        return c;

    if ( e->kind == HW_ENTRY_PASSTHROUGH )
    {
        tt = VTD_TT_PASSTHROUGH;
        levels = max_levels;
        root = 0;
    }

    c.w[0] = VTD_CTX_P | FIELD_PREP(VTD_CTX_TT, tt) |
             (root & VTD_CTX_SLPTPTR);
    c.w[1] = FIELD_PREP(VTD_CTX_HI_AW, levels - 2) |
             FIELD_PREP(VTD_CTX_HI_DID, e->did);
    return c;
}

/* The inverse. -EBADMSG: nothing vtd_make_context() would make. */
static inline int vtd_parse_context(const struct vtd_words *c,
                                    struct hw_entry *e)
{
    unsigned int tt = (unsigned int)FIELD_GET(VTD_CTX_TT, c->w[0]);

    memset(e, 0, sizeof(*e));
    e->kind = HW_ENTRY_NONE;
    if ( !(c->w[0] & VTD_CTX_P) )
        return 0;

    e->did = (uint16_t)FIELD_GET(VTD_CTX_HI_DID, c->w[1]);
    e->kind = tt == VTD_TT_PASSTHROUGH ? HW_ENTRY_PASSTHROUGH : HW_ENTRY_TABLE;
    if ( e->kind == HW_ENTRY_TABLE )
    {
        e->levels = (unsigned int)FIELD_GET(VTD_CTX_HI_AW, c->w[1]) + 2;
        e->root = c->w[0] & VTD_CTX_SLPTPTR;
        e->devtlb = tt == VTD_TT_TABLE_ATS;
    }
    return tt > VTD_TT_PASSTHROUGH ? -EBADMSG : 0;
}

/* ---- Invalidation descriptors: 6.5.2 ---- */

#define VTD_DESC_TYPE       MOAT_MASK(3, 0)
#define VTD_DESC_CONTEXT    1u
#define VTD_DESC_IOTLB      2u
#define VTD_DESC_DEVTLB     3u
#define VTD_DESC_IEC        4u
#define VTD_DESC_WAIT       5u

#define VTD_DESC_G          MOAT_MASK(5, 4)     /* context, IOTLB */
#define VTD_DESC_DID        MOAT_MASK(31, 16)   /* context, IOTLB */
#define VTD_DESC_SID        MOAT_MASK(47, 32)   /* context, device TLB */
#define VTD_DESC_FM         MOAT_MASK(49, 48)   /* context */
#define VTD_DESC_DW         MOAT_BIT(6)         /* IOTLB: drain writes */
#define VTD_DESC_DR         MOAT_BIT(7)         /* IOTLB: drain reads */
#define VTD_DESC_HI_AM      MOAT_MASK(5, 0)     /* IOTLB */
#define VTD_DESC_HI_IH      MOAT_BIT(6)         /* IOTLB */
#define VTD_DESC_HI_ADDR    MOAT_MASK(63, 12)   /* IOTLB, device TLB */
#define VTD_DESC_MIP        MOAT_MASK(20, 16)   /* device TLB */
#define VTD_DESC_PFSID_LO   MOAT_MASK(15, 12)   /* device TLB, bits 3:0 */
#define VTD_DESC_PFSID_HI   MOAT_MASK(63, 52)   /* device TLB, bits 15:4 */
#define VTD_DESC_HI_S       MOAT_BIT(0)         /* device TLB */
#define VTD_DESC_IEC_G      MOAT_BIT(4)         /* by index */
#define VTD_DESC_IEC_IM     MOAT_MASK(31, 27)
#define VTD_DESC_IEC_IIDX   MOAT_MASK(47, 32)
#define VTD_DESC_WAIT_SW    MOAT_BIT(5)
#define VTD_DESC_WAIT_FN    MOAT_BIT(6)
#define VTD_DESC_WAIT_DATA  MOAT_MASK(63, 32)
#define VTD_DESC_HI_STATUS  MOAT_MASK(63, 2)    /* wait */

/* 6.5.2.1: every cached context entry. */
static inline struct vtd_words vtd_make_context_all(void)
{
    struct vtd_words d = { { VTD_DESC_CONTEXT |
                             FIELD_PREP(VTD_DESC_G, VTD_GRAN_GLOBAL), 0 } };

    return d;
}

/* 6.5.2.1: the entry of @sid cached under @did; @fm masks function bits. */
static inline struct vtd_words vtd_make_context_device(uint16_t did,
                                                       uint16_t sid,
                                                       unsigned int fm)
{
    struct vtd_words d = { { VTD_DESC_CONTEXT |
                             FIELD_PREP(VTD_DESC_G, VTD_GRAN_DEVICE) |
                             FIELD_PREP(VTD_DESC_DID, did) |
                             FIELD_PREP(VTD_DESC_SID, sid) |
                             FIELD_PREP(VTD_DESC_FM, fm), 0 } };

    return d;
}

/* 6.5.2.3. @drain: VTD_DESC_DR, VTD_DESC_DW, as the unit offers them. */
static inline struct vtd_words vtd_make_iotlb_all(uint64_t drain)
{
    struct vtd_words d = { { VTD_DESC_IOTLB | drain |
                             FIELD_PREP(VTD_DESC_G, VTD_GRAN_GLOBAL), 0 } };

    return d;
}

static inline struct vtd_words vtd_make_iotlb_domain(uint16_t did,
                                                     uint64_t drain)
{
    struct vtd_words d = { { VTD_DESC_IOTLB | drain |
                             FIELD_PREP(VTD_DESC_G, VTD_GRAN_DOMAIN) |
                             FIELD_PREP(VTD_DESC_DID, did), 0 } };

    return d;
}

/* @order: log2 of pages, @addr aligned to it. @leaf_only: hint IH. */
static inline struct vtd_words vtd_make_iotlb_pages(uint16_t did,
                                                    moat_iova_t addr,
                                                    unsigned int order,
                                                    bool leaf_only,
                                                    uint64_t drain)
{
    struct vtd_words d = { { VTD_DESC_IOTLB | drain |
                             FIELD_PREP(VTD_DESC_G, VTD_GRAN_PAGE) |
                             FIELD_PREP(VTD_DESC_DID, did),
                             (addr & VTD_DESC_HI_ADDR) |
                             (leaf_only ? VTD_DESC_HI_IH : 0) |
                             FIELD_PREP(VTD_DESC_HI_AM, order) } };

    return d;
}

/*
 * The address field of a device-TLB request (6.5.2.5, PCIe ATS 10.3.2): with
 * S set, the lowest zero bit from bit 12 up gives the size: bit 12 + k zero
 * and all below it ones means 2 << k pages. Gives the smallest such block
 * that holds first..last.
 */
static inline uint64_t vtd_devtlb_range(moat_iova_t first, moat_iova_t last)
{
    uint64_t differ = (first ^ last) >> MOAT_PAGE_SHIFT;
    unsigned int order = differ ? log2_floor(differ) + 1 : 0;
    uint64_t addr = first & VTD_DESC_HI_ADDR;

    if ( !order )
        return addr;
    addr &= ~(MOAT_BIT(11 + order) | (MOAT_BIT(11 + order) - 1));
    addr |= (MOAT_BIT(11 + order) - 1) & VTD_DESC_HI_ADDR;
    return addr | VTD_DESC_HI_S;
}

/* 6.5.2.5. @depth: invalidate queue depth of its ATS capability (0: 32). */
static inline struct vtd_words vtd_make_devtlb(uint16_t sid, uint16_t pfsid,
                                               unsigned int depth,
                                               moat_iova_t first,
                                               moat_iova_t last)
{
    struct vtd_words d = { { VTD_DESC_DEVTLB |
                             FIELD_PREP(VTD_DESC_SID, sid) |
                             FIELD_PREP(VTD_DESC_MIP, depth) |
                             FIELD_PREP(VTD_DESC_PFSID_LO, pfsid) |
                             FIELD_PREP(VTD_DESC_PFSID_HI, pfsid >> 4),
                             vtd_devtlb_range(first, last) } };

    return d;
}

/* 6.5.2.7 */
static inline struct vtd_words vtd_make_iec_all(void)
{
    struct vtd_words d = { { VTD_DESC_IEC, 0 } };

    return d;
}

/* 2^@order entries from @index, which is aligned to that. */
static inline struct vtd_words vtd_make_iec_index(unsigned int index,
                                                  unsigned int order)
{
    struct vtd_words d = { { VTD_DESC_IEC | VTD_DESC_IEC_G |
                             FIELD_PREP(VTD_DESC_IEC_IM, order) |
                             FIELD_PREP(VTD_DESC_IEC_IIDX, index), 0 } };

    return d;
}

/*
 * 6.5.2.8: write @data to @status when all before is complete, and start
 * nothing behind it before that.
 */
static inline struct vtd_words vtd_make_wait(moat_paddr_t status,
                                             uint32_t data)
{
    struct vtd_words d = { { VTD_DESC_WAIT | VTD_DESC_WAIT_SW |
                             VTD_DESC_WAIT_FN |
                             FIELD_PREP(VTD_DESC_WAIT_DATA, data),
                             status & VTD_DESC_HI_STATUS } };

    return d;
}

/* ---- Interrupt-remapping entry: 9.9 (remapped), 9.10 (posted) ---- */

#define VTD_IRTE_P          MOAT_BIT(0)
#define VTD_IRTE_DM         MOAT_BIT(2)
#define VTD_IRTE_TM         MOAT_BIT(4)
#define VTD_IRTE_DLM        MOAT_MASK(7, 5)
#define VTD_IRTE_IM         MOAT_BIT(15)        /* posted */
#define VTD_IRTE_V          MOAT_MASK(23, 16)
#define VTD_IRTE_DST        MOAT_MASK(63, 32)   /* 32-bit APIC id */
#define VTD_IRTE_DST_XAPIC  MOAT_MASK(47, 40)   /* 8-bit APIC id */
#define VTD_IRTE_PDA_LO     MOAT_MASK(63, 38)   /* address bits 31:6 */
#define VTD_IRTE_HI_SID     MOAT_MASK(15, 0)
/* Compare: 0 all of SID, 1 not bit 2, 2 not bits 2:1, 3 not bits 2:0. */
#define VTD_IRTE_HI_SQ      MOAT_MASK(17, 16)
#define VTD_IRTE_HI_SVT     MOAT_MASK(19, 18)
#define VTD_IRTE_HI_PDA     MOAT_MASK(63, 32)   /* address bits 63:32 */
#define VTD_SVT_SID         1u
#define VTD_SVT_BUS         2u                  /* SID: first bus, last bus */

/* Function bits not compared (0, 4, 6, 7) and the field that says so. */
static inline unsigned int vtd_make_sq(unsigned int fn_ignore)
{
    return (fn_ignore >> 2 & 1) + (fn_ignore >> 1 & 1) + (fn_ignore & 1);
}

static inline uint8_t vtd_parse_sq(unsigned int sq)
{
    return (uint8_t)(8 - (8u >> sq));
}

/*
 * A remapping entry. @x2apic: 32-bit destinations (IRTA.EIME). An entry is
 * never made without source validation. Absent: all zero.
 */
static inline struct vtd_words vtd_make_irte(const struct hw_irte *e,
                                             bool x2apic)
{
    struct vtd_words r = { { 0, 0 } };

    if ( !e->present )
        return r;

    if ( e->sid_kind == HW_SID_BUS_RANGE )
        r.w[1] = FIELD_PREP(VTD_IRTE_HI_SVT, VTD_SVT_BUS) |
                 FIELD_PREP(VTD_IRTE_HI_SID,
                            ((unsigned int)e->bus_first << 8) | e->bus_last);
    else
        r.w[1] = FIELD_PREP(VTD_IRTE_HI_SVT, VTD_SVT_SID) |
                 FIELD_PREP(VTD_IRTE_HI_SQ, vtd_make_sq(e->sid_fn_ignore)) |
                 FIELD_PREP(VTD_IRTE_HI_SID, e->sid);

    r.w[0] = VTD_IRTE_P | FIELD_PREP(VTD_IRTE_V, e->intr.vector);
    if ( e->pi_desc )
    {
        r.w[0] |= VTD_IRTE_IM | FIELD_PREP(VTD_IRTE_PDA_LO,
                                           (e->pi_desc & 0xffffffffu) >> 6);
        r.w[1] |= FIELD_PREP(VTD_IRTE_HI_PDA, e->pi_desc >> 32);
        return r;
    }

    r.w[0] |= (e->intr.logical ? VTD_IRTE_DM : 0) |
              (e->intr.level ? VTD_IRTE_TM : 0) |
              FIELD_PREP(VTD_IRTE_DLM, e->intr.delivery) |
              (x2apic ? FIELD_PREP(VTD_IRTE_DST, e->intr.dest)
                      : FIELD_PREP(VTD_IRTE_DST_XAPIC, e->intr.dest));
    return r;
}

/* The inverse. -EBADMSG: a present entry without source validation. */
static inline int vtd_parse_irte(const struct vtd_words *r, bool x2apic,
                                 struct hw_irte *e)
{
    unsigned int svt = (unsigned int)FIELD_GET(VTD_IRTE_HI_SVT, r->w[1]);

    memset(e, 0, sizeof(*e));
    e->present = r->w[0] & VTD_IRTE_P;
    if ( !e->present )
        return 0;

    e->intr.vector = (uint8_t)FIELD_GET(VTD_IRTE_V, r->w[0]);
    if ( r->w[0] & VTD_IRTE_IM )
        e->pi_desc = (FIELD_GET(VTD_IRTE_HI_PDA, r->w[1]) << 32) |
                     (FIELD_GET(VTD_IRTE_PDA_LO, r->w[0]) << 6);
    else
    {
        e->intr.logical = r->w[0] & VTD_IRTE_DM;
        e->intr.level = r->w[0] & VTD_IRTE_TM;
        e->intr.delivery = (uint8_t)FIELD_GET(VTD_IRTE_DLM, r->w[0]);
        e->intr.dest = (uint32_t)FIELD_GET(x2apic ? VTD_IRTE_DST
                                                  : VTD_IRTE_DST_XAPIC,
                                           r->w[0]);
    }

    e->sid_kind = svt == VTD_SVT_BUS ? HW_SID_BUS_RANGE : HW_SID_EXACT;
    e->sid = (uint16_t)FIELD_GET(VTD_IRTE_HI_SID, r->w[1]);
    e->bus_first = (uint8_t)(e->sid >> 8);
    e->bus_last = (uint8_t)e->sid;
    if ( svt == VTD_SVT_BUS )
        e->sid = 0;
    else
    {
        e->bus_first = e->bus_last = 0;
        e->sid_fn_ignore = vtd_parse_sq((unsigned int)
            FIELD_GET(VTD_IRTE_HI_SQ, r->w[1]));
    }
    return svt == VTD_SVT_SID || svt == VTD_SVT_BUS ? 0 : -EBADMSG;
}

/* ---- Requests in remappable format: 5.1.2.2 (MSI), 5.1.5.1 (IO-APIC) ---- */

#define VTD_MSI_BASE        0xfee00000u
#define VTD_MSI_HANDLE_LO   MOAT_MASK(19, 5)    /* handle 14:0 */
#define VTD_MSI_FORMAT      MOAT_BIT(4)         /* remappable */
#define VTD_MSI_SHV         MOAT_BIT(3)         /* data: offset to handle */
#define VTD_MSI_HANDLE_HI   MOAT_BIT(2)         /* handle 15 */

#define VTD_RTE_INDEX_LO    MOAT_MASK(63, 49)   /* index 14:0 */
#define VTD_RTE_FORMAT      MOAT_BIT(48)        /* remappable */
#define VTD_RTE_MASK        MOAT_BIT(16)
#define VTD_RTE_LEVEL       MOAT_BIT(15)
#define VTD_RTE_LOW         MOAT_BIT(13)        /* polarity */
#define VTD_RTE_INDEX_HI    MOAT_BIT(11)        /* index 15 */
#define VTD_RTE_VECTOR      MOAT_MASK(7, 0)

/*
 * The device may add the number of its message to the data: always have that
 * counted from the (aligned) index. One of several entries is changed on its
 * own, too, and its message must stay what it was.
 */
static inline struct moat_msi_msg vtd_make_msi(unsigned int index)
{
    struct moat_msi_msg m = { 0, 0, 0 };

    m.addr_lo = VTD_MSI_BASE |
                (uint32_t)FIELD_PREP(VTD_MSI_HANDLE_LO, index) |
                (uint32_t)VTD_MSI_FORMAT | (uint32_t)VTD_MSI_SHV |
                (uint32_t)FIELD_PREP(VTD_MSI_HANDLE_HI, index >> 15);
    return m;
}

/* Vector, trigger mode, polarity and mask stay as meant in @rte. */
static inline uint64_t vtd_make_rte(unsigned int index, uint64_t rte)
{
    return (rte & (VTD_RTE_VECTOR | VTD_RTE_LOW | VTD_RTE_LEVEL |
                   VTD_RTE_MASK)) |
           VTD_RTE_FORMAT | FIELD_PREP(VTD_RTE_INDEX_LO, index) |
           FIELD_PREP(VTD_RTE_INDEX_HI, index >> 15);
}

/* ---- Exact cover of a range by aligned powers of two ---- */

/*
 * The largest block at @first of at most 2^@max_order units that is aligned
 * and does not reach beyond @last: its order. Repeating it with first + 2^order
 * covers first..last exactly.
 */
static inline unsigned int vtd_cover_order(uint64_t first, uint64_t last,
                                           unsigned int max_order)
{
    uint64_t len = last - first + 1;        /* 0: all of 2^64 */
    unsigned int order = len ? log2_floor(len) : 63;

    if ( first && (unsigned int)__builtin_ctzll(first) < order )
        order = (unsigned int)__builtin_ctzll(first);
    return order < max_order ? order : max_order;
}

/* How many blocks cover first..last; counts no further than @limit + 1. */
static inline unsigned int vtd_cover_count(uint64_t first, uint64_t last,
                                           unsigned int max_order,
                                           unsigned int limit)
{
    unsigned int n;

    for ( n = 1; n <= limit; n++ )
    {
        uint64_t block = MOAT_BIT(vtd_cover_order(first, last, max_order));

        if ( last - first < block )
            return n;
        first += block;
    }
    return n;
}

#endif /* MOAT_VTD_DESC_H */
