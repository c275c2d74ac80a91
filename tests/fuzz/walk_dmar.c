/* SPDX-License-Identifier: GPL-2.0-only */
/* What fw.h promises about a DMAR of any content. */
#include "walk.h"

static void check_error(const struct fw_error *err, size_t len)
{
    PROMISE(err->rule && *err->rule);
    PROMISE(err->offset <= len);
}

static void walk_scopes(const struct dmar_scopes *scopes,
                        const struct dmar_record *r, const uint8_t *base,
                        size_t len)
{
    struct dmar_scopes it = *scopes;
    unsigned int sound = 0, bad = 0;

    if ( !scopes->base )
        return;
    PROMISE(scopes->base == base);
    PROMISE(scopes->pos >= r->offset && scopes->pos <= scopes->end);
    PROMISE(scopes->end == r->offset + r->len && scopes->end <= len);

    for ( ; ; )
    {
        struct dmar_scope s;
        struct fw_error err;
        size_t pos = it.pos;
        unsigned int i;
        int rc = dmar_scope_next(&it, &s, &err);

        if ( !rc )
            break;
        sound += rc == 1;
        bad += rc < 0;
        if ( rc < 0 )
            check_error(&err, len);
        if ( rc == -EINVAL )
            break;
        PROMISE(rc == 1 || rc == -EBADMSG);
        PROMISE(it.pos > pos && it.pos <= it.end);
        if ( rc != 1 )
            continue;
        PROMISE(s.depth && s.path == base + s.offset + 6);
        PROMISE(s.offset + 6 + 2 * s.depth <= scopes->end);
        for ( i = 0; i < s.depth; i++ )
            PROMISE(s.path[2 * i] <= 31 && s.path[2 * i + 1] <= 7);
    }
    PROMISE(sound == scopes->sound && bad == scopes->bad);
}

static void walk_name(const struct dmar_record *r, size_t len)
{
    size_t i;

    PROMISE(r->u.andd.max <= len);
    for ( i = 0; i < r->u.andd.max && r->u.andd.name[i]; i++ )
        PROMISE(r->u.andd.name[i] >= 0x20 && r->u.andd.name[i] < 0x7f);
    PROMISE(i && i < r->u.andd.max);
}

static void walk_record(const struct dmar_record *r, bool sound,
                        const uint8_t *base, size_t len)
{
    switch ( r->type )
    {
    case DMAR_DRHD:
        PROMISE(!sound || (r->u.drhd.base && !(r->u.drhd.base & 0xfff)));
        PROMISE(!sound || (r->u.drhd.size && !(r->u.drhd.size & 0xfff)));
        walk_scopes(&r->u.drhd.scopes, r, base, len);
        break;

    case DMAR_RMRR:
        PROMISE(!sound || r->u.rmrr.first <= r->u.rmrr.last);
        PROMISE(!sound || !(r->u.rmrr.first & 0xfff));
        PROMISE(!sound || (r->u.rmrr.last & 0xfff) == 0xfff);
        PROMISE(!sound || r->u.rmrr.scopes.sound);
        walk_scopes(&r->u.rmrr.scopes, r, base, len);
        break;

    case DMAR_ATSR:
        walk_scopes(&r->u.atsr.scopes, r, base, len);
        break;

    case DMAR_SATC: case DMAR_SIDP:
        walk_scopes(&r->u.satc.scopes, r, base, len);
        break;

    case DMAR_ANDD:
        if ( sound )
            walk_name(r, len);
        break;

    default:
        PROMISE(r->type == DMAR_RHSA);
    }
}

void walk_dmar(const uint8_t *table, size_t len)
{
    struct dmar_record r;
    struct fw_error err;
    struct dmar d;
    int rc = dmar_open(&d, table, len, &err);

    if ( rc )
        check_error(&err, len);
    if ( rc && rc != -EBADMSG )
        return;
    PROMISE(!rc == !d.doubts);
    PROMISE(d.base == table && d.len <= len && d.pos <= d.len);
    PROMISE(d.haw >= 32 && d.haw <= 52);

    for ( ; ; )
    {
        size_t pos = d.pos;

        rc = dmar_next(&d, &r, &err);
        if ( rc < 0 )
            check_error(&err, len);
        if ( rc != 1 && rc != -EBADMSG )
            break;
        PROMISE(d.pos > pos && d.pos <= d.len);
        PROMISE(r.offset >= pos && r.offset + r.len == d.pos);
        PROMISE(*dmar_type_name(r.type));
        walk_record(&r, rc == 1, table, len);
    }
    /* The end is for good. */
    PROMISE(rc == 0 || rc == -EINVAL);
    PROMISE(dmar_next(&d, &r, &err) == rc);
}
