/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device entries of an IVHD: AMD IOMMU specification (48882, rev. 3.07)
 * 5.2.2.2 to 5.2.2.8.
 *
 * The two upper bits of an entry's type are its size: 4, 8, 16 or 32 bytes;
 * types F0h and above give their own, of which only F0h is known.
 */
#include "cursor.h"
#include "ivrs.h"

enum
{
    ENTRY_PAD4 = 0x00, ENTRY_ALL = 0x01, ENTRY_SELECT = 0x02,
    ENTRY_START = 0x03, ENTRY_END = 0x04,
    ENTRY_PAD8 = 0x40, ENTRY_ALIAS = 0x42, ENTRY_ALIAS_START = 0x43,
    ENTRY_EXT = 0x46, ENTRY_EXT_START = 0x47, ENTRY_SPECIAL = 0x48,
    ENTRY_ACPI = 0xf0,
};

#define ENTRY_OFF_ID        1u
#define ENTRY_OFF_HANDLE    4u
#define ENTRY_OFF_VARIETY   7u
#define ACPI_OFF_FORMAT     20u
#define ACPI_OFF_UID_LEN    21u
#define ACPI_LEN            22u     /* without the UID */
#define ACPI_NAME_LEN       8u
#define VARIABLE_FIRST      0xf0u

/* Bytes of the entry at @c; 0 where that cannot be known. */
static size_t entry_len(const struct fw_cursor *c, uint8_t type)
{
    if ( type < VARIABLE_FIRST )
        return (size_t)4 << (type >> 6);
    if ( type != ENTRY_ACPI || !fw_fits(c, ACPI_LEN) )
        return 0;
    return ACPI_LEN + c->base[c->pos + ACPI_OFF_UID_LEN];
}

/* The fields that all 4- and 8-byte entries have at the same place. */
static void take_common(struct fw_cursor *c, struct ivrs_entry *e)
{
    fw_skip(c, ENTRY_OFF_ID);
    e->first = e->last = fw_u16(c);
    e->dte = fw_u8(c);
    e->kind = IVRS_ENTRY_IDS;
}

/* The 4 bytes that 8-byte entries add: an alias, or extended settings. */
static void take_more(struct fw_cursor *c, uint8_t type,
                      struct ivrs_entry *e)
{
    if ( type == ENTRY_ALIAS || type == ENTRY_ALIAS_START )
    {
        fw_skip(c, 1);
        e->alias = fw_u16(c);
        e->has_alias = true;
    }
    else if ( type == ENTRY_EXT || type == ENTRY_EXT_START )
        e->ext = fw_u32(c);
}

/*
 * 5.2.2.7: id and setting are those of the requests the IO-APIC or HPET
 * makes; the id field at the usual place is reserved.
 */
static int take_special(struct fw_cursor *c, struct ivrs_entry *e,
                        struct fw_error *err)
{
    e->kind = IVRS_ENTRY_SPECIAL;
    e->u.special.handle = fw_u8(c);
    e->first = e->last = fw_u16(c);
    e->u.special.variety = fw_u8(c);

    if ( e->u.special.variety != IVRS_SPECIAL_IOAPIC &&
         e->u.special.variety != IVRS_SPECIAL_HPET )
        return fw_fail(err, -EBADMSG, e->offset + ENTRY_OFF_VARIETY,
                       e->u.special.variety,
                       "a special device must be an IO-APIC (1) or HPET (2)");
    return 1;
}

/* 5.2.2.8 */
static int take_acpi(struct fw_cursor *c, struct ivrs_entry *e,
                     struct fw_error *err)
{
    unsigned int format, len;

    e->kind = IVRS_ENTRY_ACPI;
    e->u.acpi.hid = c->base + c->pos;
    fw_skip(c, ACPI_NAME_LEN);
    e->u.acpi.cid = c->base + c->pos;
    fw_skip(c, ACPI_NAME_LEN);
    format = fw_u8(c);
    len = fw_u8(c);

    switch ( format )
    {
    case IVRS_UID_NONE:
        if ( len )
            return fw_fail(err, -EBADMSG, e->offset + ACPI_OFF_UID_LEN, len,
                           "an absent UID must have length 0");
        break;

    case IVRS_UID_NUMBER:
        /* 8 by the specification; real tables have shorter ones. */
        if ( !len || len > 8 )
            return fw_fail(err, -EBADMSG, e->offset + ACPI_OFF_UID_LEN, len,
                           "a UID that is a number must have 1 to 8 bytes");
        e->u.acpi.number = fw_take(c, len);
        break;

    case IVRS_UID_TEXT:
        if ( !len )
            return fw_fail(err, -EBADMSG, e->offset + ACPI_OFF_UID_LEN, len,
                           "a UID that is text must not be empty");
        e->u.acpi.text = c->base + c->pos;
        e->u.acpi.text_len = len;
        break;

    default:
        return fw_fail(err, -EBADMSG, e->offset + ACPI_OFF_FORMAT, format,
                       "a UID must be absent (0), a number (1) or text (2)");
    }

    e->u.acpi.format = (enum ivrs_uid)format;
    return 1;
}

static bool is_start(uint8_t type)
{
    return type == ENTRY_START || type == ENTRY_ALIAS_START ||
           type == ENTRY_EXT_START;
}

/* The first entry of the open range again: it was sound when it was taken. */
static void retake_start(const struct ivrs_entries *it, struct ivrs_entry *e)
{
    struct fw_cursor c = fw_cursor(it->base, it->open, it->end);
    uint8_t type = it->base[it->open];

    memset(e, 0, sizeof(*e));
    e->offset = it->open;
    take_common(&c, e);
    take_more(&c, type, e);
}

static int no_end(struct ivrs_entries *it, struct ivrs_entry *e,
                  struct fw_error *err)
{
    retake_start(it, e);
    it->open = 0;
    return fw_fail(err, -EBADMSG, e->offset, e->first,
                   "a range of devices must have an end");
}

static int take_end(struct ivrs_entries *it, size_t offset, uint16_t last,
                    struct ivrs_entry *e, struct fw_error *err)
{
    if ( !it->open )
    {
        e->offset = offset;
        e->first = e->last = last;
        return fw_fail(err, -EBADMSG, offset, last,
                       "an end of range must follow a start");
    }

    retake_start(it, e);
    it->open = 0;
    if ( last < e->first )
        return fw_fail(err, -EBADMSG, offset + ENTRY_OFF_ID, last,
                       "a range of devices must not end before it starts");
    e->last = last;
    return 1;
}

/*
 * Take one raw entry, sound in length, which @it has already moved beyond.
 * 1: @e is to be given out; 0: it was padding, unknown, or opened a range.
 */
static int take_entry(struct ivrs_entries *it, struct fw_cursor *c,
                      struct ivrs_entry *e, struct fw_error *err)
{
    uint8_t type = c->base[c->pos];

    e->offset = c->pos;
    if ( type == ENTRY_PAD4 || type == ENTRY_PAD8 )
        return 0;
    take_common(c, e);

    switch ( type )
    {
    case ENTRY_ALL:
        e->kind = IVRS_ENTRY_ALL;
        e->first = 0;
        e->last = 0xffff;
        return 1;

    case ENTRY_ALIAS:
    case ENTRY_EXT:
        take_more(c, type, e);
        /* fall through */
    case ENTRY_SELECT:
        return 1;

    case ENTRY_END:
        return take_end(it, e->offset, e->first, e, err);

    case ENTRY_SPECIAL:
        return take_special(c, e, err);

    case ENTRY_ACPI:
        return take_acpi(c, e, err);

    default:
        if ( is_start(type) )
            it->open = e->offset;
        else
            it->unknown++;
        return 0;
    }
}

int ivrs_entry_next(struct ivrs_entries *it, struct ivrs_entry *e,
                    struct fw_error *err)
{
    for ( ; ; )
    {
        struct fw_cursor c = fw_cursor(it->base, it->pos, it->end);
        size_t left = fw_left(&c), len, end;
        uint8_t type;
        int rc;

        memset(e, 0, sizeof(*e));
        e->offset = it->pos;
        if ( !fw_fits(&c, 1) )
            return it->open ? no_end(it, e, err) : 0;

        type = c.base[c.pos];
        /* A range cannot hold another: the first one was never ended. */
        if ( it->open && is_start(type) )
            return no_end(it, e, err);

        len = entry_len(&c, type);
        if ( !len && type == ENTRY_ACPI )
            return fw_fail(err, -EINVAL, it->pos, left,
                           "an ACPI device entry must hold 22 bytes");
        if ( !len )
            return fw_fail(err, -EINVAL, it->pos, type,
                           "an entry's type must tell its size");
        end = it->pos + len;
        if ( end > it->end )
            return fw_fail(err, -EINVAL, it->pos, left,
                           "an entry must end within its block");

        it->pos = c.end = end;
        rc = take_entry(it, &c, e, err);
        if ( rc )
            return rc;
    }
}
