/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Firmware tables: bytes in, values out.
 *
 * Pure: no allocation, no device access, no log; any context. Every length is
 * checked against the end of what contains it, and against zero, before use.
 * What is wrong comes back as a struct fw_error; what it costs is the
 * caller's decision. Outcomes of taking the next record of a table, or the
 * next scope of a record:
 *    1         a sound one
 *    0         the end
 *   -EBADMSG   this one is unusable (err says why), the next can be taken
 *   -EINVAL    they can no longer be told apart: stop (err says where);
 *              asking again gives the same answer
 * For a table -EINVAL means that what follows is unknown, so nothing of it
 * may be relied upon. For the scopes of a record it means that the rest of
 * this record's scopes is lost, and nothing else.
 */
#ifndef MOAT_FW_FW_H
#define MOAT_FW_FW_H

#include <moat/types.h>

struct fw_error
{
    size_t offset;              /* in the table, of the field at fault */
    uint64_t value;             /* what stands there */
    const char *rule;           /* what should: a phrase, never NULL */
};

/* ---- DMAR: VT-d specification chapter 8 ---- */

enum dmar_type
{
    DMAR_DRHD = 0, DMAR_RMRR = 1, DMAR_ATSR = 2, DMAR_RHSA = 3,
    DMAR_ANDD = 4, DMAR_SATC = 5, DMAR_SIDP = 6,
};

#define DMAR_FLAG_INTR_REMAP    0x01
#define DMAR_FLAG_X2APIC_OPTOUT 0x02
#define DMAR_FLAG_DMA_OPTIN     0x04

/* What dmar_open() doubts although the records can be walked. */
#define DMAR_DOUBT_LENGTH       0x01u   /* fewer bytes given than announced */
#define DMAR_DOUBT_CHECKSUM     0x02u
#define DMAR_DOUBT_REVISION     0x04u   /* zero */
#define DMAR_DOUBT_HAW          0x08u   /* absurd: taken to be 52 bits */

struct dmar
{
    const uint8_t *base;
    size_t len;                 /* to be walked: header's length, capped */
    uint8_t revision;
    unsigned int haw;           /* host address width, bits: 32 .. 52 */
    uint8_t flags;
    unsigned int doubts;        /* DMAR_DOUBT_* */
    size_t pos;                 /* of the next record */
    unsigned int unknown;       /* records of unknown type skipped */
};

enum dmar_scope_type
{
    DMAR_SCOPE_ENDPOINT = 1, DMAR_SCOPE_BRIDGE = 2, DMAR_SCOPE_IOAPIC = 3,
    DMAR_SCOPE_HPET = 4, DMAR_SCOPE_ACPI = 5,
};

/*
 * An iterator over the device scopes of one record; copy it to walk twice.
 * The counts are those of the whole record and do not change on the way:
 * @bad != 0 tells, before anything is walked, that the record names devices
 * that nobody can know.
 */
struct dmar_scopes
{
    const uint8_t *base;        /* the table */
    size_t pos, end;
    unsigned int sound;         /* scopes that will be yielded */
    unsigned int bad;           /* errors that will be reported */
};

struct dmar_scope
{
    uint8_t type;               /* enum dmar_scope_type, or unknown */
    uint8_t flags;
    uint8_t enum_id;            /* IO-APIC, HPET or ACPI device number */
    uint8_t start_bus;
    size_t offset;              /* in the table */
    const uint8_t *path;        /* depth pairs of (device, function), each
                                 * at most 31 and 7 */
    unsigned int depth;         /* >= 1 */
};

/*
 * After -EBADMSG the type, offset and length are valid; and unless the record
 * is too short for its type (then the rest is zero), so are segment, flags
 * and scopes: the caller can name what is lost, and deny the devices of a
 * lost unit or region, rather than let them fall to another unit.
 */
struct dmar_record
{
    uint16_t type;              /* enum dmar_type */
    size_t offset;              /* in the table */
    size_t len;
    union
    {
        struct
        {
            bool include_all;
            uint16_t segment;
            moat_paddr_t base;
            uint64_t size;      /* of the register set: 4 KiB << n */
            /* May hold bad ones: the unit exists all the same, and must be
             * switched on; it owns the devices it names soundly. */
            struct dmar_scopes scopes;
        } drhd;
        struct
        {
            uint16_t segment;
            moat_paddr_t first, last;   /* page-aligned, first <= last */
            struct dmar_scopes scopes;  /* at least one sound scope; more
                                         * may be bad */
        } rmrr;
        struct
        {
            bool all_ports;
            uint16_t segment;
            struct dmar_scopes scopes;
        } atsr;
        struct { moat_paddr_t base; uint32_t domain; } rhsa;
        /* name: printable, not empty, ends in NUL within @max bytes */
        struct { uint8_t dev; const char *name; size_t max; } andd;
        struct
        {
            bool atc_required;
            uint16_t segment;
            struct dmar_scopes scopes;
        } satc, sidp;
    } u;
};

/*
 * Check signature, length, checksum and the header's fields (VT-d 4.1, 8.1).
 *  0
 * -EINVAL: not a DMAR that can be walked.
 * -EBADMSG: doubtful, but @d is usable and the caller may go on; d->doubts
 *   has every reason, @err the first in the order of DMAR_DOUBT_*.
 * Where fewer bytes are given than the header announces, those given are
 * walked, for reports, but dmar_next() ends with -EINVAL instead of 0: what
 * follows is unknown. Bytes beyond the header's length are ignored.
 */
int __must_check dmar_open(struct dmar *d, const void *table, size_t len,
                           struct fw_error *err);
/* Next record of a known type: 1, 0, -EBADMSG, -EINVAL as above. */
int __must_check dmar_next(struct dmar *d, struct dmar_record *rec,
                           struct fw_error *err);
/*
 * Next scope, of a known type or not: 1, 0, -EBADMSG, -EINVAL as above. After
 * -EBADMSG the scope's type, offset, enum_id and start_bus are valid.
 */
int __must_check dmar_scope_next(struct dmar_scopes *it,
                                 struct dmar_scope *scope,
                                 struct fw_error *err);
/* "DRHD" ...; "record of unknown type" for others. Never NULL. */
const char *dmar_type_name(unsigned int type);

#endif /* MOAT_FW_FW_H */
