/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the IVRS parser says of a table, as text, and one of the tables of
 * tests/data/ivrs.py.
 */
#ifndef TEST_IVRS_TEXT_H
#define TEST_IVRS_TEXT_H

#include "table_text.h"

#include "fw/ivrs.h"

static inline void say_name(struct text *t, const uint8_t *name)
{
    unsigned int i;

    for ( i = 0; i < 8 && name[i]; i++ )
        say(t, "%c", name[i]);
}

static inline void say_acpi(struct text *t, const struct ivrs_entry *e)
{
    say(t, " hid=");
    say_name(t, e->u.acpi.hid);
    say(t, " cid=");
    say_name(t, e->u.acpi.cid);
    if ( e->u.acpi.format == IVRS_UID_NUMBER )
        say(t, " uid=%" PRIu64, e->u.acpi.number);
    else if ( e->u.acpi.format == IVRS_UID_TEXT )
        say(t, " uid=\"%.*s\"", (int)e->u.acpi.text_len,
            (const char *)e->u.acpi.text);
}

static inline void say_entry(struct text *t, const struct ivrs_entry *e)
{
    static const char *const kinds[] = { "all", "ids", "special", "acpi" };

    say(t, "  %s @%zu %x-%x set=0x%x", kinds[e->kind], e->offset, e->first,
        e->last, e->dte);
    if ( e->ext )
        say(t, " ext=0x%x", e->ext);
    if ( e->has_alias )
        say(t, " alias=%x", e->alias);
    if ( e->kind == IVRS_ENTRY_SPECIAL )
        say(t, " %s %u", e->u.special.variety == IVRS_SPECIAL_HPET
            ? "hpet" : "ioapic", e->u.special.handle);
    if ( e->kind == IVRS_ENTRY_ACPI )
        say_acpi(t, e);
    say(t, "\n");
}

static inline void say_entries(struct text *t, struct ivrs_entries it)
{
    struct ivrs_entry e;
    struct fw_error err;
    int rc;

    while ( (rc = ivrs_entry_next(&it, &e, &err)) != 0 )
    {
        if ( rc == 1 )
        {
            say_entry(t, &e);
            continue;
        }
        say(t, "  ");
        say_error(t, rc, &err);
        say(t, "\n");
        if ( rc == -EINVAL )
            break;
    }
    if ( it.unknown )
        say(t, "  unknown=%u\n", it.unknown);
}

static inline void say_block(struct text *t, const struct ivrs_block *b)
{
    say(t, "%s @%zu+%zu", ivrs_type_name(b->type), b->offset, b->len);
    if ( ivrs_is_ivhd(b->type) )
    {
        say(t, " seg=%u id=%x cap=0x%x base=0x%" PRIx64 " flags=0x%x",
            b->u.ivhd.segment, b->u.ivhd.id, b->u.ivhd.cap, b->u.ivhd.base,
            b->u.ivhd.flags);
        if ( b->type != IVRS_IVHD_10 )
            say(t, " efr=0x%" PRIx64, b->u.ivhd.efr);
    }
    else
        say(t, " seg=%u ids=%x-%x 0x%" PRIx64 "-0x%" PRIx64 " %s%s%s",
            b->u.ivmd.segment, b->u.ivmd.dev_first, b->u.ivmd.dev_last,
            b->u.ivmd.first, b->u.ivmd.last,
            b->u.ivmd.prot & MOAT_READ ? "r" : "",
            b->u.ivmd.prot & MOAT_WRITE ? "w" : "",
            b->u.ivmd.exclusion ? " exclusion" : "");
    say(t, "\n");
}

/* The whole table; the caller frees the text. */
static inline char *ivrs_text(const void *table, size_t len)
{
    struct text t = { NULL, 0, 0 };
    struct ivrs i;
    struct ivrs_block b;
    struct fw_error err;
    int rc = ivrs_open(&i, table, len, &err);

    say(&t, "open ");
    if ( rc )
        say_error(&t, rc, &err);
    if ( rc != -EINVAL )
        say(&t, "%srev=%u efr=%d pa=%u va=%u doubts=0x%x", rc ? "; " : "ok ",
            i.revision, i.efr_sup, i.pa_bits, i.va_bits, i.doubts);
    say(&t, "\n");
    if ( rc == -EINVAL )
        return t.s;

    while ( (rc = ivrs_next(&i, &b, &err)) != 0 )
    {
        if ( rc == 1 )
            say_block(&t, &b);
        else
        {
            if ( rc == -EBADMSG )
                say(&t, "%s @%zu ", ivrs_type_name(b.type), b.offset);
            say_error(&t, rc, &err);
            say(&t, "\n");
            if ( rc != -EBADMSG )
                return t.s;
        }
        if ( ivrs_is_ivhd(b.type) && b.u.ivhd.entries.base )
            say_entries(&t, b.u.ivhd.entries);
    }
    say(&t, "end unknown=%u\n", i.unknown);
    return t.s;
}

/* One of them by name, malloc()ed; fails the test if there is none. */
static const char *ivrs_wanted;
static struct table_case ivrs_found;
static inline void ivrs_pick(const struct table_case *c)
{
    if ( strcmp(c->name, ivrs_wanted) )
        return;
    ivrs_found = *c;
    ivrs_found.data = malloc(c->len);
    memcpy(ivrs_found.data, c->data, c->len);
}

static inline uint8_t *ivrs_case(const char *name, size_t *len)
{
    ivrs_wanted = name;
    ivrs_found.data = NULL;
    table_cases("ivrs.py", ivrs_pick);
    REQUIRE(ivrs_found.data);
    *len = ivrs_found.len;
    return ivrs_found.data;
}

#endif /* TEST_IVRS_TEXT_H */
