/* SPDX-License-Identifier: GPL-2.0-only */
/* What the DMAR parser says of a table, as text. */
#ifndef TEST_DMAR_TEXT_H
#define TEST_DMAR_TEXT_H

#include "table_text.h"

static inline void say_scopes(struct text *t, struct dmar_scopes it)
{
    struct dmar_scope s;
    struct fw_error err;
    unsigned int i;
    int rc;

    while ( (rc = dmar_scope_next(&it, &s, &err)) != 0 )
    {
        say(t, "  scope ");
        if ( rc < 0 )
            say_error(t, rc, &err);
        else
        {
            say(t, "@%zu type=%u flags=0x%x id=%u bus=0x%x path=", s.offset,
                s.type, s.flags, s.enum_id, s.start_bus);
            for ( i = 0; i < s.depth; i++ )
                say(t, "%s%u.%u", i ? "/" : "", s.path[2 * i],
                    s.path[2 * i + 1]);
        }
        say(t, "\n");
        if ( rc == -EINVAL )
            break;
    }
}

static inline const struct dmar_scopes *
record_scopes(const struct dmar_record *r)
{
    switch ( r->type )
    {
    case DMAR_DRHD: return &r->u.drhd.scopes;
    case DMAR_RMRR: return &r->u.rmrr.scopes;
    case DMAR_ATSR: return &r->u.atsr.scopes;
    case DMAR_SATC: return &r->u.satc.scopes;
    case DMAR_SIDP: return &r->u.sidp.scopes;
    default: return NULL;
    }
}

static inline void say_record(struct text *t, const struct dmar_record *r)
{
    const struct dmar_scopes *scopes = record_scopes(r);

    say(t, "%s @%zu+%zu", dmar_type_name(r->type), r->offset, r->len);
    switch ( r->type )
    {
    case DMAR_DRHD:
        say(t, " seg=%u all=%d base=0x%" PRIx64 " size=0x%" PRIx64,
            r->u.drhd.segment, r->u.drhd.include_all, r->u.drhd.base,
            r->u.drhd.size);
        break;
    case DMAR_RMRR:
        say(t, " seg=%u first=0x%" PRIx64 " last=0x%" PRIx64,
            r->u.rmrr.segment, r->u.rmrr.first, r->u.rmrr.last);
        break;
    case DMAR_ATSR:
        say(t, " seg=%u all=%d", r->u.atsr.segment, r->u.atsr.all_ports);
        break;
    case DMAR_RHSA:
        say(t, " base=0x%" PRIx64 " domain=%u", r->u.rhsa.base,
            r->u.rhsa.domain);
        break;
    case DMAR_ANDD:
        say(t, " dev=%u max=%zu name=%s", r->u.andd.dev, r->u.andd.max,
            r->u.andd.name);
        break;
    case DMAR_SATC:
        say(t, " seg=%u required=%d", r->u.satc.segment,
            r->u.satc.atc_required);
        break;
    case DMAR_SIDP:
        say(t, " seg=%u required=%d", r->u.sidp.segment,
            r->u.sidp.atc_required);
        break;
    }
    if ( scopes )
        say(t, " scopes=%u+%u", scopes->sound, scopes->bad);
    say(t, "\n");
}

/* What is left of a lost record. */
static inline void say_lost(struct text *t, const struct dmar_record *r)
{
    const struct dmar_scopes *s = record_scopes(r);

    if ( r->type == DMAR_DRHD && s->base )
        say(t, "  of seg=%u all=%d scopes=%u+%u\n", r->u.drhd.segment,
            r->u.drhd.include_all, s->sound, s->bad);
    else if ( r->type == DMAR_RMRR && s->base )
        say(t, "  of seg=%u scopes=%u+%u\n", r->u.rmrr.segment, s->sound,
            s->bad);
}

/* The whole table; the caller frees the text. */
static inline char *dmar_text(const void *table, size_t len)
{
    struct text t = { NULL, 0, 0 };
    struct dmar d;
    struct dmar_record r;
    struct fw_error err;
    int rc = dmar_open(&d, table, len, &err);

    say(&t, "open ");
    if ( rc )
        say_error(&t, rc, &err);
    if ( rc != -EINVAL )
        say(&t, "%srev=%u haw=%u flags=0x%x doubts=0x%x",
            rc ? "; " : "ok ", d.revision, d.haw, d.flags, d.doubts);
    say(&t, "\n");
    if ( rc == -EINVAL )
        return t.s;

    while ( (rc = dmar_next(&d, &r, &err)) != 0 )
    {
        if ( rc == 1 )
            say_record(&t, &r);
        else
        {
            if ( rc == -EBADMSG )
                say(&t, "%s @%zu ", dmar_type_name(r.type), r.offset);
            say_error(&t, rc, &err);
            say(&t, "\n");
            if ( rc != -EBADMSG )
                return t.s;
            say_lost(&t, &r);
        }
        if ( record_scopes(&r) && record_scopes(&r)->base )
            say_scopes(&t, *record_scopes(&r));
    }
    say(&t, "end unknown=%u\n", d.unknown);
    return t.s;
}

#endif /* TEST_DMAR_TEXT_H */
