/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMAR -> units, device scopes, reserved regions: VT-d specification (rev.
 * 4.1) chapter 8.
 *
 * What a bad record costs is decided here, and said in one line with its
 * offset: a unit that is not there, or whose record is wrong, is kept as a
 * dead one that still owns its devices, so that they do not fall to another
 * unit; a region that is wrong makes its devices unassignable. When records
 * cannot be told apart, what follows is unknown and nothing of the table is
 * used.
 */
#include "vtd_unit.h"

struct scan
{
    struct moat_platform *p;
    const struct moat_options *opts;
    struct vtd_unit **units;        /* in table order; the core's by now */
    unsigned int n_units, max_units, usable;
};

static void say_bad(const struct fw_error *err, const char *cost)
{
    host_log_err("DMAR offset %#lx: %s (%#"PRIx64"): %s",
                 (unsigned long)err->offset, err->rule, err->value, cost);
}

static struct vtd_unit *find_unit(const struct scan *s, moat_paddr_t base)
{
    unsigned int i;

    for ( i = 0; i < s->n_units; i++ )
        if ( s->units[i]->unit.reg_pa == base )
            return s->units[i];
    return NULL;
}

/* ---- DRHD: 8.3 ---- */

#define PCI_BASE_CLASS      0x0b
#define CLASS_DISPLAY       3

/* Firmware may list functions that a model has, and this machine has not. */
static bool is_absent(const struct vtd_unit *v, const struct dmar_scope *sc)
{
    moat_sbdf_t dev;

    return sc->type == DMAR_SCOPE_ENDPOINT &&
           !scope_resolve(v->unit.segment, sc, &dev) &&
           host_pci_read16(dev, 0) == 0xffff;
}

/* Integrated graphics is 0:2.0 on all that have it. */
static bool is_igfx(const struct vtd_unit *v, const struct dmar_scope *sc)
{
    return sc->type == DMAR_SCOPE_ENDPOINT && !v->unit.segment &&
           sc->start_bus == 0 && sc->depth == 1 && sc->path[0] == 2 &&
           sc->path[1] == 0 &&
           host_pci_read8(MOAT_SBDF(0, 0, 2, 0), PCI_BASE_CLASS) ==
           CLASS_DISPLAY;
}

static int add_scopes(struct vtd_unit *v, struct dmar_scopes it)
{
    struct dmar_scope sc;
    struct fw_error err;
    int rc;

    while ( (rc = dmar_scope_next(&it, &sc, &err)) )
    {
        int bad;

        if ( rc == -EBADMSG )
        {
            say_bad(&err, "this device scope of the unit is not used");
            /* It may have named another device than the graphics. */
            v->n_scopes++;
            v->igfx_only = false;
            v->only_dev = 0;
            continue;
        }
        if ( rc < 0 )
        {
            say_bad(&err, "the unit's remaining device scopes are not used");
            v->igfx_only = false;
            v->only_dev = 0;
            return 0;
        }

        if ( !is_absent(v, &sc) )
        {
            v->igfx_only = (!v->n_scopes || v->igfx_only) && is_igfx(v, &sc);
            v->n_scopes++;
            v->only_dev = 0;
            if ( v->n_scopes == 1 && sc.type == DMAR_SCOPE_ENDPOINT )
                (void)scope_resolve(v->unit.segment, &sc, &v->only_dev);
        }
        bad = unit_add_scope(&v->unit, &sc);
        if ( bad == -ENOMEM )
            return bad;
        if ( bad )
            host_log_warn("DMAR offset %#lx: names a device that is not "
                          "there (bus %#x, type %u): scope not used",
                          (unsigned long)sc.offset,
                          (unsigned int)sc.start_bus, (unsigned int)sc.type);
    }
    return 0;
}

static int grow(struct scan *s)
{
    unsigned int max = s->max_units ? 2 * s->max_units : 8;
    struct vtd_unit **units;

    if ( s->n_units < s->max_units )
        return 0;
    units = host_alloc(max * sizeof(*units));
    if ( !units )
        return -ENOMEM;
    if ( s->n_units )
        memcpy(units, s->units, s->n_units * sizeof(*units));
    host_free(s->units);
    s->units = units;
    s->max_units = max;
    return 0;
}

/* A unit that serves one device alone and shall not, or cannot. */
static void check_dedicated(struct scan *s, struct vtd_unit *v)
{
    if ( v->unit.include_all )
        return;
    if ( v->only_dev && vtd_quirk_no_isoch(v->only_dev) )
        v->unit.ignored = true;
    if ( !v->igfx_only )
        return;
    if ( !s->opts->igfx )
        host_log_info("VT-d unit %#"PRIx64": left off for the graphics "
                      "device, by option", v->unit.reg_pa);
    else if ( !vtd_quirk_no_igfx() )
    {
        vtd_quirk_sleepy_igfx(v);
        return;
    }
    v->unit.ignored = true;
}

/* @sound: the record's own fields can be trusted; else the unit is dead. */
static int add_unit(struct scan *s, const struct dmar_record *rec, bool sound)
{
    struct vtd_unit *v = find_unit(s, rec->u.drhd.base);
    bool taken;
    int rc = grow(s);

    if ( rc )
        return rc;
    if ( v && sound && v->unit.segment == rec->u.drhd.segment )
    {
        host_log_warn("DMAR offset %#lx: the unit at %#"PRIx64" again: its "
                      "scopes are joined", (unsigned long)rec->offset,
                      rec->u.drhd.base);
        v->unit.include_all |= rec->u.drhd.include_all;
        return add_scopes(v, rec->u.drhd.scopes);
    }

    taken = sound && v;
    v = host_alloc(sizeof(*v));
    if ( !v )
        return -ENOMEM;
    v->unit.platform = s->p;
    v->unit.ops = &vtd_ops;
    v->unit.segment = rec->u.drhd.segment;
    v->unit.node = HOST_NO_NODE;
    v->unit.reg_pa = sound && !taken ? rec->u.drhd.base : 0;
    v->unit.fw_offset = rec->offset;
    v->unit.include_all = rec->u.drhd.include_all;
    v->fault_next = ~0u;
    if ( !sound || taken || vtd_probe(v, rec->u.drhd.size, s->opts) )
        v->unit.state = UNIT_DEAD;
    /* What is wrong with the record itself was said. */
    if ( sound && v->unit.state == UNIT_DEAD )
        host_log_err("DMAR offset %#lx: %s: devices in its scope%s cannot be "
                     "assigned", (unsigned long)rec->offset,
                     taken ? "registers of another segment's unit"
                           : "no usable unit",
                     rec->u.drhd.include_all
                     ? " (all that no other unit names)" : "");

    rc = unit_register(s->p, &v->unit);
    if ( rc )
    {
        vtd_release(&v->unit);
        return rc;
    }
    s->units[s->n_units++] = v;
    rc = add_scopes(v, rec->u.drhd.scopes);
    if ( rc )
        return rc;
    check_dedicated(s, v);
    s->usable += v->unit.state != UNIT_DEAD;
    return 0;
}

/* ---- RMRR: 8.4 ---- */

/* @sound: else the region is unknown, and its devices cannot be handed out. */
static int add_region(struct scan *s, const struct dmar_record *rec,
                      bool sound)
{
    struct dmar_scopes it = rec->u.rmrr.scopes;
    struct dmar_scope sc;
    struct fw_error err;
    moat_sbdf_t dev;
    int rc;

    while ( (rc = dmar_scope_next(&it, &sc, &err)) )
    {
        if ( rc == -EBADMSG )
        {
            say_bad(&err, "this device scope of the region is not used");
            continue;
        }
        if ( rc < 0 )
        {
            say_bad(&err, "the region's remaining scopes are not used");
            break;
        }

        rc = scope_resolve(rec->u.rmrr.segment, &sc, &dev);
        if ( rc )
        {
            host_log_warn("DMAR offset %#lx: reserved region for a device "
                          "that is not there: scope not used",
                          (unsigned long)sc.offset);
            continue;
        }
        if ( !sound )
            rc = device_deny(s->p, dev, "firmware describes its reserved "
                                        "memory wrongly");
        else
            rc = resv_add(s->p, rec->u.rmrr.first, rec->u.rmrr.last, MOAT_RW,
                          dev, rec->offset);
        if ( rc == -ENOMEM )
            return rc;
        if ( rc && rc != -EEXIST )
            host_log_warn("DMAR offset %#lx: region %#"PRIx64"-%#"PRIx64
                          " for "MOAT_PRI_SBDF" not used (%d)",
                          (unsigned long)rec->offset, rec->u.rmrr.first,
                          rec->u.rmrr.last, MOAT_SBDF_ARG(dev), rc);
    }
    return 0;
}

/* ---- ATSR: 8.5, SATC: 8.8: who may send translation requests ---- */

static int keep_ats_scope(struct scan *s, uint16_t segment, moat_sbdf_t dev,
                          bool bridge)
{
    unsigned int i;

    for ( i = 0; i < s->n_units; i++ )
    {
        struct vtd_unit *v = s->units[i];
        struct vtd_scope_ref *ref;

        if ( v->unit.segment != segment || !v->unit.caps.devtlb )
            continue;
        ref = host_alloc(sizeof(*ref));
        if ( !ref )
            return -ENOMEM;
        ref->dev = dev;
        ref->bridge = bridge;
        ref->next = v->ats;
        v->ats = ref;
    }
    return 0;
}

static int add_ats(struct scan *s, uint16_t segment, bool all,
                   struct dmar_scopes it)
{
    struct dmar_scope sc;
    struct fw_error err;
    moat_sbdf_t dev;
    unsigned int i;
    int rc;

    for ( i = 0; all && i < s->n_units; i++ )
        if ( s->units[i]->unit.segment == segment )
            s->units[i]->ats_all = true;

    while ( (rc = dmar_scope_next(&it, &sc, &err)) )
    {
        if ( rc < 0 )
        {
            say_bad(&err, "no translation requests from there");
            if ( rc == -EINVAL )
                break;
            continue;
        }
        if ( scope_resolve(segment, &sc, &dev) )
            continue;
        rc = keep_ats_scope(s, segment, dev, sc.type == DMAR_SCOPE_BRIDGE);
        if ( rc )
            return rc;
    }
    return 0;
}

/* ---- RHSA: 8.6 ---- */

static void set_node(struct scan *s, const struct dmar_record *rec)
{
    struct vtd_unit *v = find_unit(s, rec->u.rhsa.base);

    if ( v )
        v->unit.node = rec->u.rhsa.domain;
    else
        host_log_warn("DMAR offset %#lx: node of a unit that no record "
                      "describes (%#"PRIx64"): not used",
                      (unsigned long)rec->offset, rec->u.rhsa.base);
}

/* ---- The table ---- */

static const char *cost_of(unsigned int type)
{
    switch ( type )
    {
    case DMAR_DRHD: return "the unit is not used, its devices cannot be "
                           "assigned";
    case DMAR_RMRR: return "the region is not known, its devices cannot be "
                           "assigned";
    case DMAR_ATSR:
    case DMAR_SATC: return "no translation requests from there";
    default:        return "record not used";
    }
}

static int take_record(struct scan *s, const struct dmar_record *rec,
                       bool sound)
{
    switch ( rec->type )
    {
    case DMAR_DRHD:
        return add_unit(s, rec, sound);
    case DMAR_RMRR:
        return add_region(s, rec, sound);
    case DMAR_ATSR:
        return sound ? add_ats(s, rec->u.atsr.segment, rec->u.atsr.all_ports,
                               rec->u.atsr.scopes) : 0;
    case DMAR_SATC:
        return sound ? add_ats(s, rec->u.satc.segment, false,
                               rec->u.satc.scopes) : 0;
    case DMAR_RHSA:
        if ( sound )
            set_node(s, rec);
        return 0;
    default:
        /* ANDD, SIDP: nothing here depends on them. */
        return 0;
    }
}

/* Units first: all other records refer to them. @units: which half. */
static int walk(struct scan *s, struct dmar d, bool units)
{
    struct dmar_record rec;
    struct fw_error err;
    int rc;

    while ( (rc = dmar_next(&d, &rec, &err)) )
    {
        if ( rc == -EINVAL )
        {
            say_bad(&err, "what follows is unknown: the table is not used");
            return rc;
        }
        if ( (rec.type == DMAR_DRHD) != units )
            continue;
        if ( rc == -EBADMSG )
            say_bad(&err, cost_of(rec.type));
        rc = take_record(s, &rec, rc == 1);
        if ( rc )
            return rc;
    }
    if ( units && d.unknown )
        host_log_info("DMAR: %u records of unknown type skipped", d.unknown);
    return 0;
}

/* Before anything is built: can every record be told from the next? */
static int check_walk(struct dmar d)
{
    struct dmar_record rec;
    struct fw_error err;
    int rc;

    while ( (rc = dmar_next(&d, &rec, &err)) )
        if ( rc == -EINVAL )
        {
            say_bad(&err, "what follows is unknown: the table is not used");
            return rc;
        }
    return 0;
}

static int cf_check vtd_scan(struct moat_platform *p, const void *table,
                             size_t len)
{
    struct scan s;
    struct fw_error err;
    struct dmar d;
    int rc;

    memset(&s, 0, sizeof(s));
    s.p = p;
    s.opts = platform_options(p);

    rc = dmar_open(&d, table, len, &err);
    if ( rc )
        say_bad(&err, rc == -EBADMSG ? "used all the same"
                                     : "the table is not used");
    if ( rc && rc != -EBADMSG )
        return rc;
    rc = check_walk(d);
    if ( rc )
        return rc;

    rc = walk(&s, d, true);
    if ( !rc )
        rc = walk(&s, d, false);
    if ( !rc && !s.usable )
    {
        host_log_err("DMAR: %u units described, none usable", s.n_units);
        rc = -ENODEV;
    }
    if ( !rc )
        platform_set_flags(p, d.flags & DMAR_FLAG_X2APIC_OPTOUT,
                           (d.flags & DMAR_FLAG_INTR_REMAP) &&
                           !(s.opts->intremap && vtd_quirk_no_intremap()));
    host_free(s.units);
    return rc;
}

const struct hw_vendor vtd_vendor = {
    .name = "VT-d",
    .signature = "DMAR",
    .scan = vtd_scan,
};
