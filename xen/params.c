/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line: the options of Xen 4.17 (docs/misc/xen-command-line),
 * with the same meaning.
 *
 * Options are parsed before the console works; what was wrong with them is
 * kept and said when the IOMMU is looked for.
 */

#include "port.h"

#include <xen/init.h>
#include <xen/param.h>

bool __initdata iommu_enable = 1;
bool __read_mostly iommu_enabled;
bool __read_mostly force_iommu;
bool __read_mostly iommu_verbose;
bool __read_mostly iommu_debug;
bool __read_mostly iommu_igfx = true;
bool __read_mostly iommu_qinval = true;
bool __read_mostly iommu_snoop = true;
bool __initdata iommu_superpages = true;
bool __read_mostly iommu_non_coherent;
bool __read_mostly amd_iommu_perdev_intremap = 1;
enum iommu_intremap __read_mostly iommu_intremap = iommu_intremap_full;

bool __hwdom_initdata iommu_hwdom_strict;
bool __read_mostly iommu_hwdom_passthrough;
bool __hwdom_initdata iommu_hwdom_inclusive;
int8_t __hwdom_initdata iommu_hwdom_reserved = -1;
unsigned int __read_mostly iommu_dev_iotlb_timeout = 1000;

uint8_t __read_mostly iommu_quarantine =
    IS_ENABLED(CONFIG_IOMMU_QUARANTINE_SCRATCH_PAGE) ? MOAT_QUARANTINE_SCRATCH
    : IS_ENABLED(CONFIG_IOMMU_QUARANTINE_BASIC) ? MOAT_QUARANTINE_BASIC
    : MOAT_QUARANTINE_NONE;

#ifdef CONFIG_HVM
bool __read_mostly iommu_hap_pt_share = true;
/*
 * Off unless asked for: the per-processor lists of blocked vCPUs that Xen
 * keeps for posting can grow long.
 */
bool __read_mostly iommu_intpost;
#endif

bool __read_mostly port_crash_disable;
bool __hwdom_initdata port_hwdom_none;
static bool __initdata opt_intremap = true;
static bool __initdata opt_rmrr_in_ram;
static bool __initdata opt_ats;
/* Said at boot to be without effect, when given. */
static bool __initdata opt_igd_given;

boolean_param("iommu_inclusive_mapping", iommu_hwdom_inclusive);
boolean_param("ats", opt_ats);
integer_param("iommu_dev_iotlb_timeout", iommu_dev_iotlb_timeout);

/* ---- Complaints ---- */

#define MAX_COMPLAINTS 8
static struct complaint
{
    const char *option, *why;
    char value[40];
} complaints[MAX_COMPLAINTS] __initdata;
static unsigned int __initdata nr_complaints;

int __init port_complain(const char *option, const char *s, const char *e,
                         const char *why)
{
    struct complaint *c = &complaints[nr_complaints];

    if ( nr_complaints == MAX_COMPLAINTS )
        return -EINVAL;

    nr_complaints++;
    c->option = option;
    c->why = why;
    snprintf(c->value, sizeof(c->value), "%.*s", (int)(e - s), s);

    return -EINVAL;
}

void __init port_params_report(void)
{
    unsigned int i;

    for ( i = 0; i < nr_complaints; i++ )
        host_log_err("option %s: \"%s\": %s", complaints[i].option,
                     complaints[i].value, complaints[i].why);

    if ( opt_igd_given )
        host_log_warn("option snb_igd_quirk=: has no effect in this layer");
    if ( !amd_iommu_perdev_intremap )
    {
        host_log_warn("option iommu=no-amd-iommu-perdev-intremap: refused, "
                      "tables shared by devices are not safe (XSA-36)");
        amd_iommu_perdev_intremap = true;
    }
}

/* ---- iommu= and dom0-iommu= ---- */

struct flag
{
    const char *name;
    bool *var;
};

static const struct flag iommu_flags[] __initconst = {
    { "force", &force_iommu },
    { "required", &force_iommu },
    { "igfx", &iommu_igfx },
    { "qinval", &iommu_qinval },
    { "superpages", &iommu_superpages },
    { "verbose", &iommu_verbose },
    { "snoop", &iommu_snoop },
    { "intremap", &opt_intremap },
    { "rmrr-in-ram", &opt_rmrr_in_ram },
#ifdef CONFIG_HVM
    { "intpost", &iommu_intpost },
    { "sharept", &iommu_hap_pt_share },
#endif
#ifdef CONFIG_KEXEC
    { "crash-disable", &port_crash_disable },
#endif
    { "debug", &iommu_debug },
    { "amd-iommu-perdev-intremap", &amd_iommu_perdev_intremap },
    { "dom0-passthrough", &iommu_hwdom_passthrough },
    { "dom0-strict", &iommu_hwdom_strict },
};

static const struct flag dom0_flags[] __initconst = {
    { "passthrough", &iommu_hwdom_passthrough },
    { "strict", &iommu_hwdom_strict },
    { "map-inclusive", &iommu_hwdom_inclusive },
};

static bool __init set_flag(const struct flag *flags, unsigned int nr,
                            const char *s, const char *e)
{
    unsigned int i;

    for ( i = 0; i < nr; i++ )
    {
        int val = parse_boolean(flags[i].name, s, e);

        if ( val < 0 )
            continue;

        *flags[i].var = val;
        return true;
    }

    return false;
}

static bool __init set_quarantine(const char *s, const char *e)
{
    int val = parse_boolean("quarantine", s, e);

    if ( val >= 0 )
        iommu_quarantine = val ? MOAT_QUARANTINE_BASIC : MOAT_QUARANTINE_NONE;
    else if ( !cmdline_strcmp(s, "quarantine=scratch-page") )
        iommu_quarantine = MOAT_QUARANTINE_SCRATCH;
    else
        return false;

    return true;
}

static const char *__init item_end(const char *s)
{
    const char *e = strchr(s, ',');

    return e ?: strchr(s, '\0');
}

static int __init cf_check parse_iommu(const char *s)
{
    const char *e;
    int rc = 0;

    for ( ; ; s = e + 1 )
    {
        int val;

        e = item_end(s);
        if ( (val = parse_bool(s, e)) >= 0 )
            iommu_enable = val;
        else if ( !set_flag(iommu_flags, ARRAY_SIZE(iommu_flags), s, e) &&
                  !set_quarantine(s, e) )
            rc = port_complain("iommu=", s, e, "no such setting");

        if ( !*e )
            break;
    }

    iommu_intremap = opt_intremap ? iommu_intremap_full : iommu_intremap_off;
    if ( iommu_debug )
        iommu_verbose = true;

    return rc;
}
custom_param("iommu", parse_iommu);

static int __init cf_check parse_dom0_iommu(const char *s)
{
    const char *e;
    int rc = 0;

    for ( ; ; s = e + 1 )
    {
        int val;

        e = item_end(s);
        if ( (val = parse_boolean("map-reserved", s, e)) >= 0 )
            iommu_hwdom_reserved = val;
        else if ( !cmdline_strcmp(s, "none") )
            port_hwdom_none = true;
        else if ( !set_flag(dom0_flags, ARRAY_SIZE(dom0_flags), s, e) )
            rc = port_complain("dom0-iommu=", s, e, "no such setting");

        if ( !*e )
            return rc;
    }
}
custom_param("dom0-iommu", parse_dom0_iommu);

/* ---- Reserved regions by hand ---- */

#define MAX_RMRR        10
#define MAX_RMRR_PAGES  16
#define MAX_RMRR_DEVS   20
#define MAX_EXTRA       20      /* registered by Xen itself */

static struct user_rmrr
{
    unsigned long first, last;  /* frames */
    unsigned int nr;
    uint32_t devs[MAX_RMRR_DEVS];
} user_rmrrs[MAX_RMRR] __initdata;
static unsigned int __initdata nr_rmrrs;

static struct extra_region
{
    unsigned long start, nr;
    uint32_t dev;
    const char *name;           /* what it is for */
} extra[MAX_EXTRA] __initdata;
static unsigned int __initdata nr_extra;

const char *__init port_parse_frames(const char *s, unsigned long *first,
                                     unsigned long *last)
{
    const char *e;

    *first = *last = simple_strtoul(s, &e, 16);
    if ( e == s )
        return NULL;

    if ( *e == '-' )
    {
        s = e + 1;
        *last = simple_strtoul(s, &e, 16);
        if ( e == s )
            return NULL;
    }

    return *last < *first ? NULL : e;
}

/* "=[seg:]bdf,...": a segment not given is that of the first device. */
static const char *__init parse_rmrr_devices(const char *s,
                                             struct user_rmrr *r)
{
    unsigned int seg, bus, dev, func;

    do {
        bool def_seg = false;

        if ( r->nr == MAX_RMRR_DEVS )
            return NULL;
        s = parse_pci_seg(s + 1, &seg, &bus, &dev, &func, &def_seg);
        if ( !s )
            return NULL;
        if ( def_seg && r->nr )
            seg = PCI_SEG(r->devs[0]);
        r->devs[r->nr++] = PCI_SBDF(seg, bus, dev, func).sbdf;
    } while ( *s == ',' );

    return s;
}

static int __init cf_check parse_rmrr(const char *str)
{
    const char *s = str, *e, *end = strchr(str, '\0');

    do {
        struct user_rmrr *r = &user_rmrrs[nr_rmrrs];

        if ( nr_rmrrs == MAX_RMRR )
            return port_complain("rmrr=", s, end, "too many ranges");

        e = port_parse_frames(s, &r->first, &r->last);
        if ( !e )
            return port_complain("rmrr=", s, end, "not a range of frames");
        if ( r->last - r->first >= MAX_RMRR_PAGES )
            return port_complain("rmrr=", s, end, "more than 16 pages");
        if ( *e != '=' )
            return port_complain("rmrr=", s, end, "no device given");
        e = parse_rmrr_devices(e, r);
        if ( !e )
            return port_complain("rmrr=", s, end,
                                 "not a list of at most 20 devices");

        nr_rmrrs++;
        s = e + 1;
    } while ( *e == ';' );

    return *e ? port_complain("rmrr=", e, end, "not understood") : 0;
}
custom_param("rmrr", parse_rmrr);

int __init iommu_add_extra_reserved_device_memory(unsigned long start,
                                                  unsigned long nr,
                                                  pci_sbdf_t sbdf
                                                  COMPAT_EXTRA_NAME)
{
    if ( nr_extra == MAX_EXTRA )
        return -ENOMEM;

    extra[nr_extra].name = COMPAT_EXTRA_NAMED;

    extra[nr_extra].start = start;
    extra[nr_extra].nr = nr;
    extra[nr_extra++].dev = sbdf.sbdf;

    return 0;
}

static int __init cf_check parse_snb_igd(const char *s)
{
    opt_igd_given = true;

    return 0;
}
custom_param("snb_igd_quirk", parse_snb_igd);

/* ---- What the core gets ---- */

static struct moat_extra_region *__initdata regions;

int __init port_params_region(unsigned long first, unsigned long last,
                              uint32_t dev)
{
    struct moat_extra_region *r = xzalloc(struct moat_extra_region);

    if ( !r )
        return -ENOMEM;

    r->first = pfn_to_paddr(first);
    r->last = pfn_to_paddr(last) | ~PAGE_MASK;
    r->prot = MOAT_RW;
    r->dev = dev;
    r->may_be_ram = true;
    r->next = regions;
    regions = r;

    return 0;
}

/* What Xen itself has its device reach is not dom0's to use as RAM. */
static int __init extra_region(const struct extra_region *e)
{
    uint64_t first = pfn_to_paddr(e->start);
    uint64_t end = pfn_to_paddr(e->start + e->nr);

    if ( compat_reserve_ram(first, end) )
        return port_params_region(e->start, e->start + e->nr - 1, e->dev);

    host_log_err("memory at %#lx-%#lx for %s of %pp cannot be reserved: the "
                 "device does not reach it", first, end - 1, e->name,
                 &PCI_SBDF(e->dev >> 16, e->dev & 0xffff));

    return 0;
}

/* The list is copied by the core: to be freed once it has been used. */
void __init port_params_done(void)
{
    while ( regions )
    {
        struct moat_extra_region *next = regions->next;

        xfree(regions);
        regions = next;
    }
}

int __init port_params_options(struct moat_options *o)
{
    unsigned int i, j;
    int rc = 0;

    for ( i = 0; i < nr_rmrrs; i++ )
        for ( j = 0; j < user_rmrrs[i].nr && !rc; j++ )
            rc = port_params_region(user_rmrrs[i].first, user_rmrrs[i].last,
                                    user_rmrrs[i].devs[j]);
    for ( i = 0; i < nr_extra && !rc; i++ )
        rc = extra_region(&extra[i]);
    if ( !rc )
        rc = port_params_amd_options(o);

    host_log_debug_on = iommu_debug;

    o->verbose = iommu_verbose;
    o->debug = iommu_debug;
    o->intremap = iommu_intremap != iommu_intremap_off;
    o->qinval = iommu_qinval;
    o->superpages = iommu_superpages;
    o->snoop = iommu_snoop;
    o->igfx = iommu_igfx;
    o->ats = opt_ats;
    o->intpost = iommu_intpost;
    o->allow_ram_regions = opt_rmrr_in_ram;
    o->quarantine = iommu_quarantine;
    o->devtlb_timeout_ms = iommu_dev_iotlb_timeout;
    o->extra = regions;

    return rc;
}
