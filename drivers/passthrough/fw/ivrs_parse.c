/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The IVRS table: AMD IOMMU specification (48882, rev. 3.07) chapter 5.
 *
 *   header (48 bytes) | block | block | ...
 *       IVHD: 24 or 40 bytes, then device entries of 4, 8, .. bytes
 *       IVMD: 32 bytes
 *
 * What is lost for a bad field is an entry before a block, and the table only
 * if a block's length cannot be believed.
 */
#include "cursor.h"
#include "ivrs.h"

#define IVRS_HEADER_LEN     48u
#define IVRS_OFF_LENGTH     4u
#define IVRS_OFF_REVISION   8u
#define IVRS_OFF_CHECKSUM   9u
#define IVRS_OFF_INFO       36u

#define BLOCK_HEADER_LEN    4u
#define BLOCK_OFF_FLAGS     1u
#define BLOCK_OFF_LENGTH    2u
#define IVHD_OFF_BASE       8u
#define IVHD_LEN_10         24u
#define IVHD_LEN_11         40u
#define IVHD_BASE_ALIGN     0x4000u     /* 3.4: 16 KiB of registers */
#define IVMD_LEN            32u
#define IVMD_OFF_AUX        6u
#define IVMD_OFF_START      16u
#define IVMD_OFF_SIZE       24u

#define IVMD_UNITY          0x01
#define IVMD_READ           0x02        /* IR */
#define IVMD_WRITE          0x04        /* IW */
#define IVMD_EXCLUSION      0x08

/* No address of an AMD machine has more bits. */
#define PA_BITS_MAX         52u

const char *ivrs_type_name(unsigned int type)
{
    switch ( type )
    {
    case IVRS_IVHD_10:
        return "IVHD 10h";
    case IVRS_IVHD_11:
        return "IVHD 11h";
    case IVRS_IVHD_40:
        return "IVHD 40h";
    case IVRS_IVMD_ALL:
        return "IVMD 20h";
    case IVRS_IVMD_ONE:
        return "IVMD 21h";
    case IVRS_IVMD_RANGE:
        return "IVMD 22h";
    default:
        return "block of unknown type";
    }
}

static void doubt(struct ivrs *i, struct fw_error *err, unsigned int which,
                  size_t offset, uint64_t value, const char *rule)
{
    if ( !i->doubts )
        (void)fw_fail(err, -EBADMSG, offset, value, rule);
    i->doubts |= which;
}

static uint8_t byte_sum(const uint8_t *p, size_t len)
{
    uint8_t sum = 0;
    size_t n;

    for ( n = 0; n < len; n++ )
        sum += p[n];

    return sum;
}

int ivrs_open(struct ivrs *i, const void *table, size_t len,
              struct fw_error *err)
{
    struct fw_cursor c = fw_cursor(table, 0, table ? len : 0);
    uint32_t signature = fw_u32(&c);
    uint32_t announced = fw_u32(&c);
    uint32_t info;

    memset(i, 0, sizeof(*i));
    i->base = table;
    i->revision = fw_u8(&c);
    fw_skip(&c, IVRS_OFF_INFO - IVRS_OFF_CHECKSUM);
    info = fw_u32(&c);
    fw_skip(&c, IVRS_HEADER_LEN - IVRS_OFF_INFO - sizeof(info));

    if ( c.bad )
        return fw_fail(err, -EINVAL, 0, len,
                       "an IVRS must hold a header of 48 bytes");
    if ( memcmp(table, "IVRS", 4) )
        return fw_fail(err, -EINVAL, 0, signature,
                       "the signature must be IVRS");
    if ( announced < IVRS_HEADER_LEN )
        return fw_fail(err, -EINVAL, IVRS_OFF_LENGTH, announced,
                       "the table's length must be at least 48");

    i->len = announced;
    i->pos = IVRS_HEADER_LEN;
    i->efr_sup = info & 1;
    i->dma_remap = (info >> 1) & 1;
    i->gva_field = (info >> 5) & 7;
    i->pa_bits = (info >> 8) & 0x7f;
    i->va_bits = (info >> 15) & 0x7f;
    i->ht_ats_reserved = (info >> 22) & 1;

    if ( announced > len )
    {
        i->len = len;
        doubt(i, err, IVRS_DOUBT_LENGTH, IVRS_OFF_LENGTH, announced,
              "the table's length must not exceed the bytes there are");
    }
    else if ( byte_sum(i->base, i->len) )
        doubt(i, err, IVRS_DOUBT_CHECKSUM, IVRS_OFF_CHECKSUM,
              i->base[IVRS_OFF_CHECKSUM],
              "the table's bytes must add up to zero");

    if ( !i->revision )
        doubt(i, err, IVRS_DOUBT_REVISION, IVRS_OFF_REVISION, 0,
              "the revision must not be zero");

    return i->doubts ? -EBADMSG : 0;
}

/* 5.2.2: types 10h, 11h and 40h differ in the length of the fixed part. */
static int parse_ivhd(struct fw_cursor *c, struct ivrs_block *b,
                      struct fw_error *err)
{
    size_t fixed = b->type == IVRS_IVHD_10 ? IVHD_LEN_10 : IVHD_LEN_11;
    uint64_t base;

    if ( b->len < fixed )
        return fw_fail(err, -EBADMSG, b->offset + BLOCK_OFF_LENGTH, b->len,
                       b->type == IVRS_IVHD_10
                       ? "an IVHD of type 10h must hold 24 bytes"
                       : "an IVHD of type 11h or 40h must hold 40 bytes");

    b->u.ivhd.id = fw_u16(c);
    b->u.ivhd.cap = fw_u16(c);
    b->u.ivhd.base = base = fw_u64(c);
    b->u.ivhd.segment = fw_u16(c);
    b->u.ivhd.info = fw_u16(c);
    b->u.ivhd.attr = fw_u32(c);
    if ( b->type != IVRS_IVHD_10 )
    {
        b->u.ivhd.efr = fw_u64(c);
        b->u.ivhd.efr2 = fw_u64(c);
    }
    b->u.ivhd.entries.base = c->base;
    b->u.ivhd.entries.pos = c->pos;
    b->u.ivhd.entries.end = c->end;

    if ( !base )
        return fw_fail(err, -EBADMSG, b->offset + IVHD_OFF_BASE, base,
                       "a unit's register base must not be zero");
    if ( base & (IVHD_BASE_ALIGN - 1) )
        return fw_fail(err, -EBADMSG, b->offset + IVHD_OFF_BASE, base,
                       "a unit's register base must be aligned to 16 KiB");
    if ( base >> PA_BITS_MAX )
        return fw_fail(err, -EBADMSG, b->offset + IVHD_OFF_BASE, base,
                       "a unit's registers must lie below 2^52");
    return 1;
}

/* 5.2.3. Pages that a range touches in part belong to it as a whole. */
static int parse_ivmd_memory(struct fw_cursor *c, struct ivrs_block *b,
                             struct fw_error *err)
{
    uint64_t start, size, last;

    b->u.ivmd.segment = fw_u16(c);
    fw_skip(c, 6);
    start = fw_u64(c);
    size = fw_u64(c);
    last = start + size - 1;

    if ( !size )
        return fw_fail(err, -EBADMSG, b->offset + IVMD_OFF_SIZE, start,
                       "a memory range must not be empty");
    if ( last < start || (last >> PA_BITS_MAX) )
        return fw_fail(err, -EBADMSG, b->offset + IVMD_OFF_SIZE, size,
                       "a memory range must end below 2^52");

    b->u.ivmd.first = start & MOAT_PAGE_MASK;
    b->u.ivmd.last = last | ~MOAT_PAGE_MASK;
    return 1;
}

/* 5.2.3, IVMD flags: IR is bit 1 and means read, IW is bit 2. */
static int parse_ivmd_rights(uint8_t flags, struct ivrs_block *b,
                             struct fw_error *err)
{
    b->u.ivmd.exclusion = flags & IVMD_EXCLUSION;
    if ( b->u.ivmd.exclusion )
    {
        /* Addresses pass untranslated: IR and IW say nothing. */
        b->u.ivmd.prot = MOAT_RW;
        return 1;
    }

    if ( !(flags & IVMD_UNITY) )
        return fw_fail(err, -EBADMSG, b->offset + BLOCK_OFF_FLAGS, flags,
                       "a memory range must be for unity mapping or "
                       "exclusion");
    b->u.ivmd.prot = (flags & IVMD_READ ? MOAT_READ : 0) |
                     (flags & IVMD_WRITE ? MOAT_WRITE : 0);
    if ( !b->u.ivmd.prot )
        return fw_fail(err, -EBADMSG, b->offset + BLOCK_OFF_FLAGS, flags,
                       "a unity range must be readable or writable");
    return 1;
}

static int parse_ivmd(uint8_t flags, struct fw_cursor *c,
                      struct ivrs_block *b, struct fw_error *err)
{
    uint16_t id, aux;
    int rc;

    if ( b->len < IVMD_LEN )
        return fw_fail(err, -EBADMSG, b->offset + BLOCK_OFF_LENGTH, b->len,
                       "an IVMD must hold 32 bytes");

    id = fw_u16(c);
    aux = fw_u16(c);
    b->u.ivmd.dev_first = b->type == IVRS_IVMD_ALL ? 0 : id;
    b->u.ivmd.dev_last = b->type == IVRS_IVMD_ALL ? 0xffff
                         : b->type == IVRS_IVMD_ONE ? id : aux;
    rc = parse_ivmd_memory(c, b, err);
    if ( rc == 1 )
        rc = parse_ivmd_rights(flags, b, err);
    if ( rc == 1 && b->u.ivmd.dev_last < b->u.ivmd.dev_first )
        rc = fw_fail(err, -EBADMSG, b->offset + IVMD_OFF_AUX, aux,
                     "a range of devices must not end before it starts");
    return rc;
}

int ivrs_next(struct ivrs *i, struct ivrs_block *b, struct fw_error *err)
{
    for ( ; ; )
    {
        struct fw_cursor c = fw_cursor(i->base, i->pos, i->len);
        size_t left = fw_left(&c), end;
        uint8_t flags;

        memset(b, 0, sizeof(*b));
        b->offset = i->pos;
        if ( !left && (i->doubts & IVRS_DOUBT_LENGTH) )
            return fw_fail(err, -EINVAL, i->pos, 0,
                           "blocks must not go on beyond the bytes there "
                           "are");
        if ( !left )
            return 0;

        b->type = fw_u8(&c);
        flags = fw_u8(&c);
        b->len = fw_u16(&c);
        if ( c.bad )
            return fw_fail(err, -EINVAL, i->pos, left,
                           "a block must not be shorter than 4 bytes");
        if ( b->len < BLOCK_HEADER_LEN )
            return fw_fail(err, -EINVAL, i->pos + BLOCK_OFF_LENGTH, b->len,
                           "a block's length must be at least 4");
        end = i->pos + b->len;
        if ( end > i->len )
            return fw_fail(err, -EINVAL, i->pos + BLOCK_OFF_LENGTH, b->len,
                           "a block must end within the table");

        /* From here on the next block can be found, whatever is wrong. */
        i->pos = c.end = end;
        if ( ivrs_is_ivhd(b->type) )
        {
            b->u.ivhd.flags = flags;
            return parse_ivhd(&c, b, err);
        }
        if ( b->type >= IVRS_IVMD_ALL && b->type <= IVRS_IVMD_RANGE )
            return parse_ivmd(flags, &c, b, err);
        i->unknown++;
    }
}
