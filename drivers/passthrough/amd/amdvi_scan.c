/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IVRS -> units: AMD IOMMU specification (48882, rev. 3.07) chapter 5. What
 * its IVMD blocks ask for is done in amdvi_regions.c, IO-APICs and HPETs in
 * amdvi_special.c.
 *
 * What a bad record costs is decided here, and said in one line with its
 * offset: an entry that is wrong is lost; a unit that is not there is kept as
 * a dead one that still owns its devices. When blocks cannot be told apart,
 * what follows is unknown and nothing of the table is used.
 */
#include "amdvi_scan.h"

void amdvi_say_bad(const struct fw_error *err, const char *cost)
{
    host_log_err("IVRS offset %#lx: %s (%#" PRIx64 "): %s",
                 (unsigned long)err->offset, err->rule, err->value, cost);
}

/* ---- One block for each unit: 5.2.2 ---- */

static bool same_unit(const struct ivrs_block *a, const struct ivrs_block *b)
{
    return a->u.ivhd.segment == b->u.ivhd.segment &&
           (a->u.ivhd.id == b->u.ivhd.id ||
            a->u.ivhd.base == b->u.ivhd.base);
}

/*
 * The richer type is worth more, but nothing makes up for a list of devices
 * that cannot be read to its end.
 */
static unsigned int worth(const struct ivrs_block *b)
{
    struct ivrs_entries it = b->u.ivhd.entries;
    struct ivrs_entry e;
    struct fw_error err;
    int rc;

    while ( (rc = ivrs_entry_next(&it, &e, &err)) == 1 || rc == -EBADMSG )
        continue;
    return b->type + (rc ? 0 : 0x100u);
}

/*
 * Is @b the block to be used for its unit? The one of most worth is, and of
 * equal ones the first: *@twice tells that there is an equal one before it.
 */
static bool is_chosen(struct ivrs it, const struct ivrs_block *b, bool *twice)
{
    struct ivrs_block other;
    struct fw_error err;
    int rc;

    *twice = false;
    while ( (rc = ivrs_next(&it, &other, &err)) == 1 || rc == -EBADMSG )
    {
        if ( rc != 1 || !ivrs_is_ivhd(other.type) ||
             other.offset == b->offset || !same_unit(b, &other) )
            continue;
        if ( worth(&other) > worth(b) )
            return false;
        if ( worth(&other) == worth(b) && other.offset < b->offset )
        {
            *twice = true;
            return false;
        }
    }
    return true;
}

/* ---- Device entries: 5.2.2.2 ---- */

static void add_range(struct amdvi_unit *a, const struct ivrs_entry *e)
{
    struct amdvi_range *r = &a->ranges[a->n_ranges++];

    r->first = e->first;
    r->last = e->last;
    r->settings = e->dte;
    r->no_ats = e->ext & IVHD_EXT_ATS_DISABLED;
    r->has_alias = e->has_alias;
    r->alias = e->alias;
    r->offset = e->offset;
    if ( e->last > a->max_id )
        a->max_id = e->last;
    if ( e->has_alias && e->alias > a->max_id )
        a->max_id = e->alias;
}

/*
 * Twice over the entries: to count and report, then to keep. -ENOMEM; a bad
 * one costs itself, or what is behind it where its size is unknown.
 */
static int add_entries(struct amdvi_scan *s, struct amdvi_unit *a,
                       const struct ivrs_block *b)
{
    struct ivrs_entries it = b->u.ivhd.entries;
    struct ivrs_entry e;
    struct fw_error err;
    unsigned int n = 0;
    int rc;

    while ( (rc = ivrs_entry_next(&it, &e, &err)) )
    {
        n += rc == 1;
        if ( rc == 1 )
            continue;
        amdvi_say_bad(&err, rc == -EBADMSG
                      ? "this device entry is not used"
                      : "the rest of the unit's device entries is not used");
        a->rest_unknown = true;
        a->max_id = 0xffff;
        if ( rc != -EBADMSG )
            break;
    }
    if ( it.unknown )
        host_log_info("IVRS offset %#lx: %u device entries of unknown type",
                      (unsigned long)b->offset, it.unknown);

    a->ranges = host_alloc((n ? n : 1) * sizeof(*a->ranges));
    if ( !a->ranges )
        return -ENOMEM;
    it = b->u.ivhd.entries;
    while ( (rc = ivrs_entry_next(&it, &e, &err)) == 1 || rc == -EBADMSG )
    {
        if ( rc != 1 || a->n_ranges == n )
            continue;
        add_range(a, &e);
        if ( e.kind == IVRS_ENTRY_SPECIAL &&
             (rc = amdvi_add_special(s, a, &e)) )
            return rc;
    }
    /* Functions that the table forgot: see amdvi_serves(). */
    a->max_id |= 7;
    return 0;
}

/* ---- Units ---- */

static void free_unit(struct amdvi_unit *a)
{
    struct unit_scope *sc;

    while ( (sc = a->unit.scopes) != NULL )
    {
        a->unit.scopes = sc->next;
        host_free(sc);
    }
    amdvi_release(&a->unit);
}

static int add_unit(struct amdvi_scan *s, const struct ivrs_block *b)
{
    struct amdvi_unit *a = host_alloc(sizeof(*a));
    int rc;

    if ( !a )
        return -ENOMEM;
    a->unit.platform = s->p;
    a->unit.ops = &amdvi_ops;
    a->unit.segment = b->u.ivhd.segment;
    a->unit.node = HOST_NO_NODE;
    a->unit.reg_pa = b->u.ivhd.base;
    a->unit.fw_offset = b->offset;
    a->dev = ((moat_sbdf_t)b->u.ivhd.segment << 16) | b->u.ivhd.id;
    a->cap_pos = b->u.ivhd.cap;
    a->ivhd_flags = b->u.ivhd.flags;
    host_lock_init(&a->rescue_lock, MOAT_RANK_REGS);
    host_lock_init(&a->reg_lock, MOAT_RANK_LOG);

    rc = add_entries(s, a, b);
    if ( !rc && amdvi_probe(a, b->u.ivhd.efr, s->ivrs.va_bits) )
    {
        host_log_err("IVRS offset %#lx: no usable unit at %#" PRIx64
                     ": its devices cannot be assigned",
                     (unsigned long)b->offset, b->u.ivhd.base);
        a->unit.state = UNIT_DEAD;
    }
    if ( !rc )
        rc = unit_register(s->p, &a->unit);
    if ( rc )
    {
        free_unit(a);
        return rc;
    }

    s->units[s->n_units++] = a;
    s->usable += a->unit.state != UNIT_DEAD;
    host_log_info("IVRS offset %#lx: %s: unit %u at %#" PRIx64 ", function "
                  MOAT_PRI_SBDF ", features %#" PRIx64 ", ids to %#x",
                  (unsigned long)b->offset, ivrs_type_name(b->type),
                  a->unit.index, a->unit.reg_pa, MOAT_SBDF_ARG(a->dev),
                  a->efr, a->max_id);
    return device_deny(s->p, a->dev, "it is an IOMMU");
}

static int add_units(struct amdvi_scan *s)
{
    struct ivrs it = s->ivrs;
    struct ivrs_block b;
    struct fw_error err;
    bool twice;
    int rc;

    while ( (rc = ivrs_next(&it, &b, &err)) == 1 || rc == -EBADMSG )
    {
        if ( rc != 1 || !ivrs_is_ivhd(b.type) )
            continue;
        if ( is_chosen(s->ivrs, &b, &twice) )
        {
            rc = add_unit(s, &b);
            if ( rc )
                return rc;
        }
        else if ( twice )
            host_log_warn("IVRS offset %#lx: the unit at %#" PRIx64
                          " again: this block is not used",
                          (unsigned long)b.offset, b.u.ivhd.base);
    }
    return 0;
}

/* ---- Two units that claim a device ---- */

#define ID_WORDS    (0x10000u / 64)

/*
 * The ids of one segment: those that units before this one claim, and this
 * one's own. However many ranges a table has, each id is looked at once.
 */
struct claims
{
    uint64_t before[ID_WORDS], own[ID_WORDS];
};

static void add_claim(uint64_t *map, unsigned int first, unsigned int last)
{
    unsigned int w;

    for ( w = first / 64; w <= last / 64; w++ )
        map[w] |= MOAT_MASK(w == last / 64 ? last % 64 : 63,
                            w == first / 64 ? first % 64 : 0);
}

/* The devices at the ids of word @w that are in @both. */
static int deny_claimed(struct amdvi_scan *s, uint16_t segment,
                        unsigned int w, uint64_t both, unsigned int *n)
{
    struct amdvi_ids it = amdvi_ids(segment, w * 64, w * 64 + 63);
    moat_sbdf_t dev;
    int rc = 0;

    while ( both && !rc && amdvi_ids_next(&it, &dev) )
        if ( both & MOAT_BIT(MOAT_SBDF_RID(dev) % 64) )
        {
            rc = device_deny(s->p, dev, "two IOMMUs claim it");
            ++*n;
        }
    return rc;
}

/*
 * Which of the two sees a device's requests is not known: it works for dom0,
 * as far as that goes, and is never handed out.
 */
static int check_unit(struct amdvi_scan *s, struct claims *c,
                      const struct amdvi_unit *a)
{
    unsigned int i, w, n = 0, lo = 0, hi = 0;
    uint16_t segment = a->unit.segment;
    bool any = false;
    int rc = 0;

    memset(c->own, 0, sizeof(c->own));
    for ( i = 0; i < a->n_ranges; i++ )
        add_claim(c->own, a->ranges[i].first, a->ranges[i].last);
    for ( w = 0; w < ID_WORDS && !rc; w++ )
    {
        uint64_t both = c->before[w] & c->own[w];

        c->before[w] |= c->own[w];
        if ( !both )
            continue;
        if ( !any )
            lo = w * 64 + FIELD_SHIFT(both);
        any = true;
        hi = w * 64 + log2_floor(both);
        rc = deny_claimed(s, segment, w, both, &n);
    }
    if ( rc || !any )
        return rc;
    for ( i = 0; s->units[i]->unit.segment != segment ||
                 !amdvi_range_find(s->units[i], (uint16_t)lo); )
        i++;
    host_log_warn("IVRS: units %u and %u both claim ids %#x to %#x of "
                  "segment %#x: the %u devices there cannot be assigned",
                  s->units[i]->unit.index, a->unit.index, lo, hi,
                  (unsigned int)segment, n);
    return 0;
}

static bool first_of_segment(const struct amdvi_scan *s, unsigned int n)
{
    unsigned int i;

    for ( i = 0; i < n; i++ )
        if ( s->units[i]->unit.segment == s->units[n]->unit.segment )
            return false;
    return true;
}

static int check_claims(struct amdvi_scan *s)
{
    struct claims *c;
    unsigned int i, j;
    int rc = 0;

    if ( s->n_units < 2 )
        return 0;
    c = host_alloc(sizeof(*c));
    if ( !c )
        return -ENOMEM;
    for ( i = 0; i < s->n_units; i++ )
    {
        if ( !first_of_segment(s, i) )
            continue;
        memset(c->before, 0, sizeof(c->before));
        for ( j = i; !rc && j < s->n_units; j++ )
            if ( s->units[j]->unit.segment == s->units[i]->unit.segment )
                rc = check_unit(s, c, s->units[j]);
    }
    host_free(c);
    return rc;
}

/* An alias that another unit serves cannot be kept in step. */
static void check_aliases(struct amdvi_scan *s, struct amdvi_unit *a)
{
    const struct moat_unit *u;
    unsigned int i, k;

    for ( i = 0; i < a->n_ranges; i++ )
    {
        struct amdvi_range *r = &a->ranges[i];

        for ( k = 0; r->has_alias && k < s->n_units; k++ )
        {
            u = &s->units[k]->unit;
            if ( s->units[k] == a || u->segment != a->unit.segment ||
                 amdvi_serves(u, r->alias) <=
                 amdvi_serves(&a->unit, r->alias) )
                continue;
            host_log_warn("IVRS offset %#lx: the alias %#x of ids %#x to "
                          "%#x belongs to unit %u: alias not used",
                          (unsigned long)r->offset, r->alias, r->first,
                          r->last, u->index);
            r->has_alias = false;
        }
    }
}

/* ---- The table ---- */

/*
 * The whole table once, before anything is believed: -EINVAL if its blocks
 * cannot be told apart. Bad blocks are said here, and skipped from then on.
 */
static int check_table(struct amdvi_scan *s)
{
    struct ivrs it = s->ivrs;
    struct ivrs_block b;
    struct fw_error err;
    int rc;

    while ( (rc = ivrs_next(&it, &b, &err)) )
    {
        if ( rc == 1 )
        {
            s->max_units += ivrs_is_ivhd(b.type);
            continue;
        }
        if ( rc != -EBADMSG )
        {
            amdvi_say_bad(&err, "the table cannot be used");
            return -EINVAL;
        }
        amdvi_say_bad(&err, ivrs_is_ivhd(b.type)
                      ? "this block of a unit is not used"
                      : "this memory range is not used");
    }
    if ( it.unknown )
        host_log_info("IVRS: %u blocks of unknown type passed over",
                      it.unknown);
    if ( !s->max_units )
        host_log_err("IVRS: no usable unit in %lu bytes",
                     (unsigned long)s->ivrs.len);
    return s->max_units ? 0 : -ENODEV;
}

static int scan_units(struct amdvi_scan *s)
{
    unsigned int i;
    int rc = add_units(s);

    if ( !rc )
        rc = check_claims(s);
    for ( i = 0; !rc && i < s->n_units; i++ )
        check_aliases(s, s->units[i]);
    if ( !rc )
        rc = amdvi_regions(s);
    if ( !rc )
        rc = amdvi_special_done(s);
    return rc;
}

static int cf_check amdvi_scan_table(struct moat_platform *p,
                                     const void *table, size_t len)
{
    struct amdvi_scan s;
    struct fw_error err;
    int rc;

    memset(&s, 0, sizeof(s));
    s.p = p;
    s.opts = platform_options(p);
    s.intremap_ok = true;
    rc = ivrs_open(&s.ivrs, table, len, &err);
    if ( rc )
        amdvi_say_bad(&err, rc == -EBADMSG ? "going on"
                                           : "the table cannot be used");
    if ( rc && rc != -EBADMSG )
        return rc;

    rc = check_table(&s);
    if ( rc )
        return rc;
    s.units = host_alloc(s.max_units * sizeof(*s.units));
    if ( !s.units )
        return -ENOMEM;
    rc = scan_units(&s);
    host_free(s.units);
    if ( rc )
        return rc;

    if ( amdvi_quirk_no_intremap() )
        s.intremap_ok = false;
    platform_set_flags(p, false, s.intremap_ok);
    return s.usable ? 0 : -ENODEV;
}

const struct hw_vendor amdvi_vendor =
{
    .name = "AMD-Vi",
    .signature = "IVRS",
    .scan = amdvi_scan_table,
};
