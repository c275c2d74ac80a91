/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Firmware tables: bytes in, values out.
 *
 * Pure: no allocation, no device access, no log. Every length is checked
 * against the end of what contains it, and against zero, before use. What is
 * wrong comes back as a struct fw_error; what it costs is the caller's
 * decision. Three outcomes of taking the next record:
 *    1         a sound record
 *    0         the end
 *   -EBADMSG   this record is unusable (err says why), the next can be taken
 *   -EINVAL    records can no longer be told apart: stop (err says where)
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

struct dmar
{
    const uint8_t *base;
    size_t len;                 /* of the sound part: header's length, capped */
    unsigned int haw;           /* host address width, bits */
    uint8_t flags;
    size_t pos;                 /* of the next record */
    unsigned int unknown;       /* records of unknown type skipped */
};

enum dmar_scope_type
{
    DMAR_SCOPE_ENDPOINT = 1, DMAR_SCOPE_BRIDGE = 2, DMAR_SCOPE_IOAPIC = 3,
    DMAR_SCOPE_HPET = 4, DMAR_SCOPE_ACPI = 5,
};

/* An iterator over the device scopes of one record. */
struct dmar_scopes
{
    const uint8_t *base;        /* the table */
    size_t pos, end;
};

struct dmar_scope
{
    uint8_t type;               /* enum dmar_scope_type, or unknown */
    uint8_t flags;
    uint8_t enum_id;            /* IO-APIC, HPET or ACPI device number */
    uint8_t start_bus;
    size_t offset;              /* in the table */
    const uint8_t *path;        /* depth pairs of (device, function) */
    unsigned int depth;         /* >= 1 */
};

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
            struct dmar_scopes scopes;
        } drhd;
        struct
        {
            uint16_t segment;
            moat_paddr_t first, last;   /* page-aligned, first <= last */
            struct dmar_scopes scopes;  /* at least one sound scope */
        } rmrr;
        struct
        {
            bool all_ports;
            uint16_t segment;
            struct dmar_scopes scopes;
        } atsr;
        struct { moat_paddr_t base; uint32_t domain; } rhsa;
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
 * Check signature, length, checksum and the header's fields.
 * 0; -EINVAL: not a DMAR that can be walked (err).
 * A wrong checksum is reported as -EBADMSG with @d usable: the caller may go on.
 */
int dmar_open(struct dmar *d, const void *table, size_t len,
              struct fw_error *err);
int dmar_next(struct dmar *d, struct dmar_record *rec, struct fw_error *err);
int dmar_scope_next(struct dmar_scopes *it, struct dmar_scope *scope,
                    struct fw_error *err);

#endif /* MOAT_FW_FW_H */
