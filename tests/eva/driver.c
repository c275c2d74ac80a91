/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where Eva begins: tables of unknown bytes, taken apart to their last byte,
 * and everything read that a caller may read by what fw.h and ivrs.h say.
 * README.md says what is shown by which of them.
 *
 * A table of n bytes is the last n of the array: a byte read beyond the table
 * is a byte read beyond the array, which Eva reports.
 */
#include <__fc_builtin.h>

#include "fw/fw.h"
#include "fw/ivrs.h"

#define MAX 65536u              /* bytes of the longest table */
#define HEADER_LEN 48u
#define ANY_BYTE Frama_C_unsigned_char_interval(0, 255)
#define ANY_COUNT Frama_C_unsigned_int_interval(0, ~0u)
#define ANY_BOOL ((bool)Frama_C_interval(0, 1))

static uint8_t memory[MAX];
static volatile uint8_t sink;

/* The last @len bytes of the array, all of them unknown. */
static const uint8_t *table(size_t len)
{
    /* Positions are not guessed beyond it when a loop is summed up. */
    //@ widen_hints "all", 65536;
    Frama_C_make_unknown((char *)memory, MAX);
    return memory + (MAX - len);
}

static void read_text(const char *p)
{
    sink = *p;
}

static void read_bytes(const uint8_t *p, size_t n)
{
    size_t i;

    for ( i = 0; i < n; i++ )
        sink = p[i];
}

/* ---- DMAR ---- */

static void walk_scopes(const struct dmar_scopes *scopes)
{
    struct dmar_scopes it = *scopes;
    struct dmar_scope s;
    struct fw_error err;
    int rc;

    if ( !scopes->base )
        return;
    do {
        rc = dmar_scope_next(&it, &s, &err);
    } while ( rc == 1 || rc == -EBADMSG );
}

static void walk_record(const struct dmar_record *r)
{
    switch ( r->type )
    {
    case DMAR_DRHD:
        walk_scopes(&r->u.drhd.scopes);
        break;
    case DMAR_RMRR:
        walk_scopes(&r->u.rmrr.scopes);
        break;
    case DMAR_ATSR:
        walk_scopes(&r->u.atsr.scopes);
        break;
    case DMAR_SATC: case DMAR_SIDP:
        walk_scopes(&r->u.satc.scopes);
        break;
    }
}

static void walk_dmar(struct dmar *d)
{
    struct dmar_record r;
    struct fw_error err;
    int rc;

    do {
        rc = dmar_next(d, &r, &err);
        if ( rc == 1 || rc == -EBADMSG )
        {
            read_text(dmar_type_name(r.type));
            walk_record(&r);
        }
    } while ( rc == 1 || rc == -EBADMSG );
}

/* Its header alone, for each length from FIRST to LAST. */
void dmar_header(void)
{
    size_t len = Frama_C_unsigned_long_interval(FIRST, LAST);
    struct fw_error err;
    struct dmar d;

    //@ split len;
    if ( dmar_open(&d, table(len), len, &err) )
        read_text(err.rule);
    //@ merge len;
}

/* What follows the header of a table of any length: README.md. */
void dmar_records(void)
{
    struct dmar d;

    d.base = table(MAX);
    d.len = MAX;
    d.pos = Frama_C_unsigned_long_interval(HEADER_LEN, MAX);
    d.revision = ANY_BYTE;
    d.flags = ANY_BYTE;
    d.haw = Frama_C_unsigned_int_interval(32, 52);
    d.doubts = Frama_C_unsigned_int_interval(0, 15);
    d.unknown = ANY_COUNT;
    walk_dmar(&d);
}

/* The path of a scope of each length that is the last of its table. */
void dmar_path(void)
{
    size_t len = Frama_C_unsigned_long_interval(2, 255);
    struct dmar_scopes it;
    struct dmar_scope s;
    struct fw_error err;

    //@ split len;
    it.base = table(MAX);
    it.pos = MAX - len;
    it.end = MAX;
    it.sound = it.bad = ANY_COUNT;
    memory[it.pos + 1] = len;
    if ( dmar_scope_next(&it, &s, &err) == 1 )
        read_bytes(s.path, 2 * (size_t)s.depth);
    //@ merge len;
}

/* ---- IVRS ---- */

static void walk_entries(const struct ivrs_entries *entries)
{
    struct ivrs_entries it = *entries;
    struct ivrs_entry e;
    struct fw_error err;
    int rc;

    do {
        rc = ivrs_entry_next(&it, &e, &err);
    } while ( rc == 1 || rc == -EBADMSG );
}

static void walk_ivrs(struct ivrs *i)
{
    struct ivrs_block b;
    struct fw_error err;
    int rc;

    do {
        rc = ivrs_next(i, &b, &err);
        if ( rc == 1 || rc == -EBADMSG )
            read_text(ivrs_type_name(b.type));
        if ( rc == 1 && ivrs_is_ivhd(b.type) )
            walk_entries(&b.u.ivhd.entries);
    } while ( rc == 1 || rc == -EBADMSG );
}

void ivrs_header(void)
{
    size_t len = Frama_C_unsigned_long_interval(FIRST, LAST);
    struct fw_error err;
    struct ivrs i;

    //@ split len;
    if ( ivrs_open(&i, table(len), len, &err) )
        read_text(err.rule);
    //@ merge len;
}

void ivrs_blocks(void)
{
    struct ivrs i;

    i.base = table(MAX);
    i.len = MAX;
    i.pos = Frama_C_unsigned_long_interval(HEADER_LEN, MAX);
    i.revision = ANY_BYTE;
    i.doubts = Frama_C_unsigned_int_interval(0, 7);
    i.efr_sup = ANY_BOOL;
    i.dma_remap = ANY_BOOL;
    i.ht_ats_reserved = ANY_BOOL;
    i.gva_field = Frama_C_unsigned_int_interval(0, 7);
    i.pa_bits = Frama_C_unsigned_int_interval(0, 127);
    i.va_bits = Frama_C_unsigned_int_interval(0, 127);
    i.unknown = ANY_COUNT;
    walk_ivrs(&i);
}

/* An ACPI device entry with a UID of each length, the last of its table. */
static void acpi_entry(enum ivrs_uid format, size_t uid)
{
    struct ivrs_entries it;
    struct ivrs_entry e;
    struct fw_error err;

    it.base = table(MAX);
    it.pos = MAX - 22 - uid;
    it.end = MAX;
    it.open = 0;
    it.unknown = ANY_COUNT;
    memory[it.pos] = 0xf0;
    memory[it.pos + 20] = format;
    memory[it.pos + 21] = uid;
    if ( ivrs_entry_next(&it, &e, &err) != 1 )
        return;
    read_bytes(e.u.acpi.hid, 8);
    read_bytes(e.u.acpi.cid, 8);
    if ( format == IVRS_UID_TEXT )
        read_bytes(e.u.acpi.text, e.u.acpi.text_len);
}

void ivrs_text(void)
{
    size_t uid = Frama_C_unsigned_long_interval(0, 255);

    //@ split uid;
    acpi_entry(IVRS_UID_TEXT, uid);
    //@ merge uid;
}

void ivrs_number(void)
{
    size_t uid = Frama_C_unsigned_long_interval(0, 255);

    //@ split uid;
    acpi_entry(IVRS_UID_NUMBER, uid);
    //@ merge uid;
}
