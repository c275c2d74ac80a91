/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The DMAR table: VT-d specification 4.1, chapter 8.
 *
 *   header (48 bytes) | record | record | ...
 *                       record: type, length, fixed part, device scopes
 *                                                          scope: 6 bytes, path
 *
 * Firmware is wrong in every way that can be thought of. The unit of loss
 * here is the smallest thing that can be told from its neighbours: a scope,
 * then a record, and the table only if a record's length cannot be believed.
 */
#include "cursor.h"

#define DMAR_HEADER_LEN     48u
#define DMAR_OFF_LENGTH     4u
#define DMAR_OFF_REVISION   8u
#define DMAR_OFF_CHECKSUM   9u
#define DMAR_OFF_HAW        36u
#define DMAR_OFF_FLAGS      37u

#define RECORD_HEADER_LEN   4u
#define RECORD_OFF_LENGTH   2u
#define DRHD_OFF_SIZE       5u
#define DRHD_OFF_BASE       8u
#define DRHD_SIZE_MASK      0x0fu
#define RMRR_OFF_BASE       8u
#define RMRR_OFF_LIMIT      16u
#define RHSA_OFF_BASE       8u
#define ANDD_OFF_NAME       8u

#define SCOPE_HEADER_LEN    6u
#define SCOPE_OFF_LENGTH    1u

/*
 * VT-d addresses end at 52 bits, and no machine with VT-d has fewer than 32.
 * The field holds the width minus one.
 */
#define HAW_MIN             32u
#define HAW_MAX             52u

static const struct
{
    const char *name;
    uint8_t fixed;              /* bytes before the scopes, or all of them */
} types[] =
{
    [DMAR_DRHD] = { "DRHD", 16 },
    [DMAR_RMRR] = { "RMRR", 24 },
    [DMAR_ATSR] = { "ATSR", 8 },
    [DMAR_RHSA] = { "RHSA", 20 },
    [DMAR_ANDD] = { "ANDD", 8 },
    [DMAR_SATC] = { "SATC", 8 },
    [DMAR_SIDP] = { "SIDP", 8 },
};

const char *dmar_type_name(unsigned int type)
{
    return type < ARRAY_SIZE(types) ? types[type].name
                                    : "record of unknown type";
}

/* Note a doubt about the header; the first one is the one reported. */
static void doubt(struct dmar *d, struct fw_error *err, unsigned int which,
                  size_t offset, uint64_t value, const char *rule)
{
    if ( !d->doubts )
        (void)fw_fail(err, -EBADMSG, offset, value, rule);
    d->doubts |= which;
}

static uint8_t byte_sum(const uint8_t *p, size_t len)
{
    uint8_t sum = 0;
    size_t i;

    for ( i = 0; i < len; i++ )
        sum += p[i];

    return sum;
}

int dmar_open(struct dmar *d, const void *table, size_t len,
              struct fw_error *err)
{
    struct fw_cursor c = fw_cursor(table, 0, table ? len : 0);
    uint32_t signature = fw_u32(&c);
    uint32_t announced = fw_u32(&c);
    uint8_t haw;

    memset(d, 0, sizeof(*d));
    d->base = table;
    d->revision = fw_u8(&c);
    fw_skip(&c, DMAR_OFF_HAW - DMAR_OFF_CHECKSUM);
    haw = fw_u8(&c);
    d->flags = fw_u8(&c);
    fw_skip(&c, DMAR_HEADER_LEN - DMAR_OFF_FLAGS - 1);

    if ( c.bad )
        return fw_fail(err, -EINVAL, 0, len,
                       "a DMAR must hold a header of 48 bytes");
    if ( memcmp(table, "DMAR", 4) )
        return fw_fail(err, -EINVAL, 0, signature,
                       "the signature must be DMAR");
    if ( announced < DMAR_HEADER_LEN )
        return fw_fail(err, -EINVAL, DMAR_OFF_LENGTH, announced,
                       "the table's length must be at least 48");

    d->len = announced;
    d->pos = DMAR_HEADER_LEN;
    d->haw = haw + 1u;

    if ( announced > len )
    {
        d->len = len;
        doubt(d, err, DMAR_DOUBT_LENGTH, DMAR_OFF_LENGTH, announced,
              "the table's length must not exceed the bytes there are");
    }
    else if ( byte_sum(d->base, d->len) )
        doubt(d, err, DMAR_DOUBT_CHECKSUM, DMAR_OFF_CHECKSUM,
              d->base[DMAR_OFF_CHECKSUM],
              "the table's bytes must add up to zero");

    if ( !d->revision )
        doubt(d, err, DMAR_DOUBT_REVISION, DMAR_OFF_REVISION, 0,
              "the revision must not be zero");
    if ( d->haw < HAW_MIN || d->haw > HAW_MAX )
    {
        doubt(d, err, DMAR_DOUBT_HAW, DMAR_OFF_HAW, haw,
              "the host address width must be 32 to 52 bits");
        d->haw = HAW_MAX;
    }

    return d->doubts ? -EBADMSG : 0;
}

int dmar_scope_next(struct dmar_scopes *it, struct dmar_scope *scope,
                    struct fw_error *err)
{
    struct fw_cursor c = fw_cursor(it->base, it->pos, it->end);
    size_t start = it->pos, left = fw_left(&c), end;
    unsigned int i, len;

    memset(scope, 0, sizeof(*scope));
    if ( !left )
        return 0;

    scope->offset = start;
    scope->type = fw_u8(&c);
    len = fw_u8(&c);
    scope->flags = fw_u8(&c);
    fw_skip(&c, 1);
    scope->enum_id = fw_u8(&c);
    scope->start_bus = fw_u8(&c);

    if ( c.bad )
        return fw_fail(err, -EINVAL, start, left,
                       "a scope must not be shorter than 6 bytes");
    if ( len < SCOPE_HEADER_LEN )
        return fw_fail(err, -EINVAL, start + SCOPE_OFF_LENGTH, len,
                       "a scope's length must be at least 6");
    if ( len & 1 )
        return fw_fail(err, -EINVAL, start + SCOPE_OFF_LENGTH, len,
                       "a scope's length must be even");
    end = start + len;
    if ( end > it->end )
        return fw_fail(err, -EINVAL, start + SCOPE_OFF_LENGTH, len,
                       "a scope must end within its record");

    it->pos = end;
    if ( len == SCOPE_HEADER_LEN )
        return fw_fail(err, -EBADMSG, start + SCOPE_OFF_LENGTH, len,
                       "a scope must hold a path");

    for ( i = SCOPE_HEADER_LEN; i < len; i += 2 )
    {
        uint8_t dev = fw_u8(&c), fn = fw_u8(&c);

        if ( dev > 31 )
            return fw_fail(err, -EBADMSG, start + i, dev,
                           "a device number in a path must be at most 31");
        if ( fn > 7 )
            return fw_fail(err, -EBADMSG, start + i + 1, fn,
                           "a function number in a path must be at most 7");
    }

    scope->path = it->base + start + SCOPE_HEADER_LEN;
    scope->depth = (len - SCOPE_HEADER_LEN) / 2;
    return 1;
}

/*
 * The scopes of a record start at @c and fill the rest of it. Returns 0, or
 * the first complaint about any of them.
 */
static int open_scopes(const struct fw_cursor *c, struct dmar_scopes *it,
                       struct fw_error *err)
{
    struct dmar_scopes walk;
    struct dmar_scope scope;
    struct fw_error other;
    int rc, first = 0;

    it->base = c->base;
    it->pos = c->pos;
    it->end = c->end;

    /* Ends: each step but the last moves on, and -EINVAL is a last one. */
    for ( walk = *it; ; )
    {
        rc = dmar_scope_next(&walk, &scope, first ? &other : err);
        if ( !rc )
            break;
        if ( rc > 0 )
            it->sound++;
        else
        {
            it->bad++;
            first = first ? first : rc;
        }
        if ( rc == -EINVAL )
            break;
    }

    return first;
}

/* The highest address the table's host address width allows. */
static uint64_t host_last(const struct dmar *d)
{
    return ((uint64_t)1 << d->haw) - 1;
}

/* 8.3. Bits 3:0 of the byte after the flags: size of the register set. */
static int parse_drhd(const struct dmar *d, struct fw_cursor *c,
                      struct dmar_record *rec, struct fw_error *err)
{
    struct fw_error ignored;
    size_t at = rec->offset + DRHD_OFF_BASE;
    uint64_t base;

    rec->u.drhd.include_all = fw_u8(c) & 1;
    rec->u.drhd.size = (uint64_t)MOAT_PAGE_SIZE
                       << (fw_u8(c) & DRHD_SIZE_MASK);
    rec->u.drhd.segment = fw_u16(c);
    rec->u.drhd.base = base = fw_u64(c);
    /* Losing the unit for a scope would leave its remapping off unseen. */
    (void)open_scopes(c, &rec->u.drhd.scopes, &ignored);

    if ( !base )
        return fw_fail(err, -EBADMSG, at, base,
                       "a unit's register base must not be zero");
    if ( !~base )
        return fw_fail(err, -EBADMSG, at, base,
                       "a unit's register base must not be all ones");
    if ( base & ~MOAT_PAGE_MASK )
        return fw_fail(err, -EBADMSG, at, base,
                       "a unit's register base must be aligned to 4 KiB");
    if ( base > host_last(d) )
        return fw_fail(err, -EBADMSG, at, base,
                       "a unit's registers must lie within the host address "
                       "width");
    if ( rec->u.drhd.size - 1 > host_last(d) - base )
        return fw_fail(err, -EBADMSG, rec->offset + DRHD_OFF_SIZE,
                       rec->u.drhd.size,
                       "a unit's registers must end within the host address "
                       "width");
    return 1;
}

/* 8.4. The limit is the last byte of the region. */
static int parse_rmrr(const struct dmar *d, struct fw_cursor *c,
                      struct dmar_record *rec, struct fw_error *err)
{
    struct fw_error scope_err;
    uint64_t first, last;
    int rc;

    fw_skip(c, 2);
    rec->u.rmrr.segment = fw_u16(c);
    rec->u.rmrr.first = first = fw_u64(c);
    rec->u.rmrr.last = last = fw_u64(c);
    rc = open_scopes(c, &rec->u.rmrr.scopes, &scope_err);

    if ( first & ~MOAT_PAGE_MASK )
        return fw_fail(err, -EBADMSG, rec->offset + RMRR_OFF_BASE, first,
                       "a region's base must be aligned to 4 KiB");
    if ( last < first )
        return fw_fail(err, -EBADMSG, rec->offset + RMRR_OFF_LIMIT, last,
                       "a region's limit must not lie below its base");
    if ( ~last & ~MOAT_PAGE_MASK )
        return fw_fail(err, -EBADMSG, rec->offset + RMRR_OFF_LIMIT, last,
                       "a region's limit must end in FFFh");
    if ( last > host_last(d) )
        return fw_fail(err, -EBADMSG, rec->offset + RMRR_OFF_LIMIT, last,
                       "a region must lie within the host address width");

    /* A region of some devices is kept; one of nobody is of no use. */
    if ( !rec->u.rmrr.scopes.sound )
    {
        if ( !rc )
            return fw_fail(err, -EBADMSG, rec->offset + RECORD_OFF_LENGTH,
                           rec->len, "a region must name a device");
        *err = scope_err;
        return -EBADMSG;
    }

    return 1;
}

/* 8.5 */
static int parse_atsr(struct fw_cursor *c, struct dmar_record *rec)
{
    struct fw_error ignored;

    rec->u.atsr.all_ports = fw_u8(c) & 1;
    fw_skip(c, 1);
    rec->u.atsr.segment = fw_u16(c);
    (void)open_scopes(c, &rec->u.atsr.scopes, &ignored);
    return 1;
}

/* 8.6 */
static int parse_rhsa(struct fw_cursor *c, struct dmar_record *rec,
                      struct fw_error *err)
{
    uint64_t base;

    fw_skip(c, 4);
    rec->u.rhsa.base = base = fw_u64(c);
    rec->u.rhsa.domain = fw_u32(c);

    if ( !base || (base & ~MOAT_PAGE_MASK) )
        return fw_fail(err, -EBADMSG, rec->offset + RHSA_OFF_BASE, base,
                       "a unit's register base must be aligned to 4 KiB, and "
                       "not zero");
    return 1;
}

/* 8.7. The name will be printed: it is not to carry control characters. */
static int parse_andd(struct fw_cursor *c, struct dmar_record *rec,
                      struct fw_error *err)
{
    size_t at;

    fw_skip(c, 3);
    rec->u.andd.dev = fw_u8(c);
    at = c->pos;

    for ( ; ; )
    {
        size_t here = c->pos;
        uint8_t ch = fw_u8(c);

        if ( c->bad )
            return fw_fail(err, -EBADMSG, at, rec->len,
                           "an object's name must end within its record");
        if ( !ch && here == at )
            return fw_fail(err, -EBADMSG, at, 0,
                           "an object's name must not be empty");
        if ( !ch )
            break;
        if ( ch <= ' ' || ch >= 0x7f )
            return fw_fail(err, -EBADMSG, here, ch,
                           "an object's name must be printable");
    }

    rec->u.andd.name = (const char *)c->base + at;
    rec->u.andd.max = c->end - at;
    return 1;
}

/* 8.8 and 8.9: one shape; SIDP has a reserved byte where SATC has flags. */
static int parse_satc(struct fw_cursor *c, struct dmar_record *rec)
{
    struct fw_error ignored;
    bool flag = fw_u8(c) & 1;

    fw_skip(c, 1);
    if ( rec->type == DMAR_SATC )
    {
        rec->u.satc.atc_required = flag;
        rec->u.satc.segment = fw_u16(c);
        (void)open_scopes(c, &rec->u.satc.scopes, &ignored);
    }
    else
    {
        rec->u.sidp.segment = fw_u16(c);
        (void)open_scopes(c, &rec->u.sidp.scopes, &ignored);
    }
    return 1;
}

static int parse_record(const struct dmar *d, struct fw_cursor *c,
                        struct dmar_record *rec, struct fw_error *err)
{
    if ( rec->len < types[rec->type].fixed )
        return fw_fail(err, -EBADMSG, rec->offset + RECORD_OFF_LENGTH,
                       rec->len, "a record must hold all fields of its type");

    switch ( rec->type )
    {
    case DMAR_DRHD:
        return parse_drhd(d, c, rec, err);
    case DMAR_RMRR:
        return parse_rmrr(d, c, rec, err);
    case DMAR_ATSR:
        return parse_atsr(c, rec);
    case DMAR_RHSA:
        return parse_rhsa(c, rec, err);
    case DMAR_ANDD:
        return parse_andd(c, rec, err);
    default:
        return parse_satc(c, rec);
    }
}

int dmar_next(struct dmar *d, struct dmar_record *rec, struct fw_error *err)
{
    for ( ; ; )
    {
        struct fw_cursor c = fw_cursor(d->base, d->pos, d->len);
        size_t left = fw_left(&c), end;

        memset(rec, 0, sizeof(*rec));
        rec->offset = d->pos;
        if ( !left && (d->doubts & DMAR_DOUBT_LENGTH) )
            return fw_fail(err, -EINVAL, d->pos, 0,
                           "records must not go on beyond the bytes there "
                           "are");
        if ( !left )
            return 0;

        rec->type = fw_u16(&c);
        rec->len = fw_u16(&c);
        if ( c.bad )
            return fw_fail(err, -EINVAL, d->pos, left,
                           "a record must not be shorter than 4 bytes");
        if ( rec->len < RECORD_HEADER_LEN )
            return fw_fail(err, -EINVAL, d->pos + RECORD_OFF_LENGTH, rec->len,
                           "a record's length must be at least 4");
        end = d->pos + rec->len;
        if ( end > d->len )
            return fw_fail(err, -EINVAL, d->pos + RECORD_OFF_LENGTH, rec->len,
                           "a record must end within the table");

        /* From here on the next record can be found, whatever is wrong. */
        d->pos = c.end = end;
        if ( rec->type < ARRAY_SIZE(types) )
            return parse_record(d, &c, rec, err);
        d->unknown++;
    }
}
