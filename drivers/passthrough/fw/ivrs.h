/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The IVRS table: AMD I/O Virtualization Technology Specification (48882),
 * chapter 5. Bytes in, values out; pure, any context. The outcomes of taking
 * the next block, or the next device entry of a block, are those of fw.h:
 *    1         a sound one
 *    0         the end
 *   -EBADMSG   this one is unusable (err says why), the next can be taken
 *   -EINVAL    they can no longer be told apart: stop; asking again gives the
 *              same answer
 * For the table -EINVAL means that nothing of it may be relied upon; for the
 * entries of a block, that the rest of this block's entries is lost.
 */
#ifndef MOAT_FW_IVRS_H
#define MOAT_FW_IVRS_H

#include "fw.h"

enum ivrs_type
{
    IVRS_IVHD_10 = 0x10,        /* no extended features */
    IVRS_IVHD_11 = 0x11,        /* with an image of them */
    IVRS_IVHD_40 = 0x40,        /* and with ACPI device entries */
    IVRS_IVMD_ALL = 0x20, IVRS_IVMD_ONE = 0x21, IVRS_IVMD_RANGE = 0x22,
};

/* What ivrs_open() doubts although the blocks can be walked. */
#define IVRS_DOUBT_LENGTH       0x01u   /* fewer bytes given than announced */
#define IVRS_DOUBT_CHECKSUM     0x02u
#define IVRS_DOUBT_REVISION     0x04u   /* zero */

struct ivrs
{
    const uint8_t *base;
    size_t len;                 /* to be walked: header's length, capped */
    uint8_t revision;
    unsigned int doubts;        /* IVRS_DOUBT_* */
    /* IVinfo, 5.1; address widths in bits as they stand there, 0 included */
    bool efr_sup;               /* feature fields of the blocks are valid */
    bool dma_remap;             /* firmware protected memory before boot */
    bool ht_ats_reserved;
    unsigned int gva_field, pa_bits, va_bits;
    size_t pos;                 /* of the next block */
    unsigned int unknown;       /* blocks of unknown type skipped */
};

/* IVHD flags, 5.2.2.1 */
#define IVHD_FLAG_HT_TUN_EN     0x01
#define IVHD_FLAG_PASS_PW       0x02
#define IVHD_FLAG_RES_PASS_PW   0x04
#define IVHD_FLAG_ISOC          0x08
#define IVHD_FLAG_IOTLB_SUP     0x10
#define IVHD_FLAG_COHERENT      0x20
#define IVHD_FLAG_PREF_SUP      0x40    /* type 10h only */
#define IVHD_FLAG_PPR_SUP       0x80    /* type 10h only */

/* DTE settings of a device entry, 5.2.2.2 */
#define IVHD_DTE_INIT_PASS      0x01
#define IVHD_DTE_EINT_PASS      0x02
#define IVHD_DTE_NMI_PASS       0x04
#define IVHD_DTE_SYSMGT         0x30
#define IVHD_DTE_LINT0_PASS     0x40
#define IVHD_DTE_LINT1_PASS     0x80

/* Extended DTE settings */
#define IVHD_EXT_ATS_DISABLED   0x80000000u

/* An iterator over the device entries of one IVHD; copy it to walk twice. */
struct ivrs_entries
{
    const uint8_t *base;        /* the table */
    size_t pos, end;
    size_t open;                /* its offset; 0: no range is open */
    unsigned int unknown;       /* entries of unknown type skipped so far */
};

enum ivrs_entry_kind
{
    IVRS_ENTRY_ALL,             /* every id; first..last is 0..FFFFh */
    IVRS_ENTRY_IDS,             /* first..last, one or many */
    IVRS_ENTRY_SPECIAL,         /* IO-APIC or HPET, which uses id first */
    IVRS_ENTRY_ACPI,            /* device known by its ACPI names */
};

enum ivrs_special
{
    IVRS_SPECIAL_IOAPIC = 1, IVRS_SPECIAL_HPET = 2,
};

enum ivrs_uid
{
    IVRS_UID_NONE = 0, IVRS_UID_NUMBER = 1, IVRS_UID_TEXT = 2,
};

struct ivrs_entry
{
    enum ivrs_entry_kind kind;
    size_t offset;              /* in the table, of the (first) entry */
    uint16_t first, last;       /* device ids; first <= last */
    uint8_t dte;                /* IVHD_DTE_* */
    uint32_t ext;               /* IVHD_EXT_*; 0 where the type has none */
    bool has_alias;
    uint16_t alias;             /* the id that requests carry as well */
    union
    {
        struct { uint8_t handle, variety; } special;
        struct
        {
            const uint8_t *hid, *cid;   /* 8 bytes each, not terminated */
            enum ivrs_uid format;
            uint64_t number;            /* IVRS_UID_NUMBER */
            const uint8_t *text;        /* IVRS_UID_TEXT: text_len bytes */
            unsigned int text_len;
        } acpi;
    } u;
};

struct ivrs_block
{
    uint8_t type;               /* enum ivrs_type */
    size_t offset;              /* in the table */
    size_t len;
    union
    {
        struct
        {
            uint8_t flags;      /* IVHD_FLAG_* */
            uint16_t segment;
            uint16_t id;        /* device id of the unit's own function */
            uint16_t cap;       /* its capability, in configuration space */
            moat_paddr_t base;  /* of the registers */
            uint16_t info;      /* MSI number 4:0, unit id 12:8 */
            uint32_t attr;      /* type 10h: feature reporting */
            uint64_t efr, efr2; /* types 11h, 40h; else 0 */
            struct ivrs_entries entries;
        } ivhd;
        struct
        {
            uint16_t segment;               /* 0 in older tables */
            uint16_t dev_first, dev_last;   /* ids it is for */
            moat_paddr_t first, last;       /* whole pages, first <= last */
            unsigned int prot;              /* exact: never 0 */
            bool exclusion;                 /* else: unity */
        } ivmd;
    } u;
};

/* "IVHD 10h" and so on; for messages. Never NULL. */
const char *ivrs_type_name(unsigned int type);
static inline bool ivrs_is_ivhd(unsigned int type)
{
    return type == IVRS_IVHD_10 || type == IVRS_IVHD_11 ||
           type == IVRS_IVHD_40;
}

/*
 * Check signature, length, checksum and revision, decode IVinfo (5.1).
 *  0
 * -EINVAL: not an IVRS that can be walked.
 * -EBADMSG: doubtful, but usable: i->doubts has every reason, @err the first.
 * Where fewer bytes are given than the header announces, ivrs_next() ends
 * with -EINVAL instead of 0. Bytes beyond the header's length are ignored.
 */
int __must_check ivrs_open(struct ivrs *i, const void *table, size_t len,
                           struct fw_error *err);
/*
 * Next block of a known type: 1, 0, -EBADMSG, -EINVAL as above. After
 * -EBADMSG type, offset and length are valid, the rest as far as it could be
 * read.
 */
int __must_check ivrs_next(struct ivrs *i, struct ivrs_block *b,
                           struct fw_error *err);
/*
 * Next device entry; the two entries of a range are one, padding and unknown
 * types of known size are passed over. Entries between the two of a range
 * come first. -EBADMSG: kind, offset and the ids are valid as far as they
 * could be read.
 */
int __must_check ivrs_entry_next(struct ivrs_entries *it,
                                 struct ivrs_entry *e, struct fw_error *err);

#endif /* MOAT_FW_IVRS_H */
