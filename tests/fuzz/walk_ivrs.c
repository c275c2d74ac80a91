/* SPDX-License-Identifier: GPL-2.0-only */
/* What ivrs.h promises about an IVRS of any content. */
#include "walk.h"

static void check_error(const struct fw_error *err, size_t len)
{
    PROMISE(err->rule && *err->rule);
    PROMISE(err->offset <= len);
}

static void walk_acpi(const struct ivrs_entry *e, const uint8_t *base,
                      size_t end)
{
    PROMISE(e->u.acpi.hid >= base && e->u.acpi.hid + 8 <= base + end);
    PROMISE(e->u.acpi.cid >= base && e->u.acpi.cid + 8 <= base + end);
    if ( e->u.acpi.format == IVRS_UID_TEXT )
    {
        PROMISE(e->u.acpi.text >= base);
        PROMISE(e->u.acpi.text + e->u.acpi.text_len <= base + end);
    }
}

static void walk_entries(const struct ivrs_block *b, const uint8_t *base,
                         size_t len)
{
    struct ivrs_entries it = b->u.ivhd.entries;
    size_t end = b->offset + b->len, n = 0;

    if ( !it.base )
        return;
    PROMISE(it.base == base && end <= len);
    for ( ; ; n++ )
    {
        struct ivrs_entry e;
        struct fw_error err;
        int rc = ivrs_entry_next(&it, &e, &err);

        if ( rc < 0 )
            check_error(&err, len);
        if ( rc != 1 && rc != -EBADMSG )
        {
            PROMISE(rc == 0 || rc == -EINVAL);
            PROMISE(ivrs_entry_next(&it, &e, &err) == rc);
            break;
        }
        /* Each outcome used up at least the four bytes of an entry. */
        PROMISE(n < b->len / 4);
        PROMISE(e.offset >= b->offset && e.offset < end);
        if ( rc != 1 )
            continue;
        PROMISE(e.first <= e.last);
        if ( e.kind == IVRS_ENTRY_ACPI )
            walk_acpi(&e, base, end);
    }
}

static void walk_block(const struct ivrs_block *b, bool sound,
                       const uint8_t *base, size_t len)
{
    if ( ivrs_is_ivhd(b->type) )
    {
        if ( sound )
            walk_entries(b, base, len);
        return;
    }
    if ( !sound )
        return;
    PROMISE(b->u.ivmd.dev_first <= b->u.ivmd.dev_last);
    PROMISE(b->u.ivmd.first <= b->u.ivmd.last);
    PROMISE(!(b->u.ivmd.first & 0xfff));
    PROMISE((b->u.ivmd.last & 0xfff) == 0xfff);
    PROMISE(b->u.ivmd.prot);
}

void walk_ivrs(const uint8_t *table, size_t len)
{
    struct ivrs_block b;
    struct fw_error err;
    struct ivrs i;
    int rc = ivrs_open(&i, table, len, &err);

    if ( rc )
        check_error(&err, len);
    if ( rc && rc != -EBADMSG )
        return;
    PROMISE(!rc == !i.doubts);
    PROMISE(i.len <= len);

    for ( ; ; )
    {
        size_t pos = i.pos;

        rc = ivrs_next(&i, &b, &err);
        if ( rc < 0 )
            check_error(&err, len);
        if ( rc != 1 && rc != -EBADMSG )
            break;
        PROMISE(i.pos > pos && i.pos <= i.len);
        PROMISE(b.offset >= pos && b.offset + b.len == i.pos);
        PROMISE(*ivrs_type_name(b.type));
        walk_block(&b, rc == 1, table, len);
    }
    PROMISE(rc == 0 || rc == -EINVAL);
    PROMISE(ivrs_next(&i, &b, &err) == rc);
}
