/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Options that mend the tables of AMD's IOMMU: ivmd=, ivrs_ioapic[]=,
 * ivrs_hpet[]=. Where firmware has no such table they are without effect, and
 * that is said.
 */

#include "port.h"

#include <xen/acpi.h>
#include <xen/init.h>
#include <xen/param.h>
#include <xen/pci_regs.h>

#define MAX_IVMD        16
#define MAX_SPECIAL     16

/* Frames first..last, for the devices from..to of segment 0. */
static struct ivmd
{
    unsigned long first, last;
    uint16_t from, to;
} ivmds[MAX_IVMD] __initdata;
static unsigned int __initdata nr_ivmds;

/* Linked in the order given once all are parsed. */
static struct moat_extra_source specials[MAX_SPECIAL] __initdata;
static unsigned int __initdata nr_specials;

/* "bdf" or "bdf-bdf": the end of what was read, or NULL. */
static const char *__init parse_ids(const char *s, struct ivmd *v)
{
    unsigned int seg, bus, dev, func;

    s = parse_pci(s, &seg, &bus, &dev, &func);
    if ( !s || seg )
        return NULL;
    v->from = v->to = PCI_BDF(bus, dev, func);
    if ( *s != '-' )
        return s;

    s = parse_pci(s + 1, &seg, &bus, &dev, &func);
    if ( !s || seg )
        return NULL;
    v->to = PCI_BDF(bus, dev, func);

    return v->to < v->from ? NULL : s;
}

/* start[-end][=bdf[-bdf][,...]][;...]: without devices, for all of them. */
static int __init cf_check parse_ivmd(const char *s)
{
    const char *end = strchr(s, '\0');

    do {
        struct ivmd v = { .to = 0xffff };
        const char *e = port_parse_frames(s, &v.first, &v.last);

        if ( !e )
            return port_complain("ivmd=", s, end, "not a range of frames");

        do {
            if ( *e == '=' || *e == ',' )
                e = parse_ids(e + 1, &v);
            if ( !e )
                return port_complain("ivmd=", s, end,
                                     "not a list of devices of segment 0");
            if ( nr_ivmds == MAX_IVMD )
                return port_complain("ivmd=", s, end, "too many ranges");
            ivmds[nr_ivmds++] = v;
        } while ( *e == ',' );

        s = e;
    } while ( *s++ == ';' );

    return s[-1] ? port_complain("ivmd=", s - 1, end, "not understood") : 0;
}
custom_param("ivmd", parse_ivmd);

/* "[id]=[seg:]bdf" */
static int __init parse_special(bool hpet, const char *s)
{
    const char *what = hpet ? "ivrs_hpet" : "ivrs_ioapic";
    const char *start = s, *end = strchr(s, '\0');
    unsigned int seg, bus, dev, func, i;
    unsigned long id;
    const char *e;

    id = simple_strtoul(s + 1, &e, 0);
    if ( *s != '[' || e == s + 1 || e[0] != ']' || e[1] != '=' )
        return port_complain(what, start, end, "not [id]=device");
    if ( id > UINT8_MAX )
        return port_complain(what, start, end, "no id is above 255");
    s = parse_pci(e + 2, &seg, &bus, &dev, &func);
    if ( !s || *s )
        return port_complain(what, start, end, "not a device");

    for ( i = 0; i < nr_specials; i++ )
        if ( specials[i].hpet == hpet && specials[i].id == id )
            break;
    if ( i == MAX_SPECIAL )
        return port_complain(what, start, end, "too many");

    /* As for most options, the last one of the same id counts. */
    specials[i].hpet = hpet;
    specials[i].id = id;
    specials[i].dev = PCI_SBDF(seg, bus, dev, func).sbdf;
    if ( i == nr_specials )
        nr_specials++;

    return 0;
}

static int __init cf_check parse_ivrs_ioapic(const char *s)
{
    return parse_special(false, s);
}
custom_param("ivrs_ioapic[", parse_ivrs_ioapic);

static int __init cf_check parse_ivrs_hpet(const char *s)
{
    return parse_special(true, s);
}
custom_param("ivrs_hpet[", parse_ivrs_hpet);

/* ---- What the core gets ---- */

/*
 * A range of devices: those that are there now. Functions of an absent
 * function 0, or of a device that has no other, are none.
 */
static int __init add_ivmd(const struct ivmd *v)
{
    unsigned int rid, nr = 0;
    int rc = 0;

    if ( v->from == v->to )
        return port_params_region(v->first, v->last, v->from);

    for ( rid = v->from; rid <= v->to && !rc; rid++ )
    {
        unsigned int fn0 = rid & ~7u;

        if ( host_pci_read16(fn0, PCI_VENDOR_ID) == 0xffff ||
             (rid != fn0 && !(host_pci_read8(fn0, PCI_HEADER_TYPE) & 0x80)) )
        {
            rid |= 7;
            continue;
        }
        if ( rid != fn0 && host_pci_read16(rid, PCI_VENDOR_ID) == 0xffff )
            continue;
        rc = port_params_region(v->first, v->last, rid);
        nr++;
    }

    host_log_info("option ivmd=: frames [%lx, %lx] for the %u devices there "
                  "are with ids %04x to %04x", v->first, v->last, nr, v->from,
                  v->to);

    return rc;
}

int __init port_params_amd_options(struct moat_options *o)
{
    unsigned int i;
    size_t len;
    int rc = 0;

    if ( !nr_ivmds && !nr_specials )
        return 0;

    if ( acpi_disabled || host_acpi_table(ACPI_SIG_DMAR, &len) ||
         !host_acpi_table(ACPI_SIG_IVRS, &len) )
    {
        host_log_warn("options ivmd=, ivrs_ioapic[]= and ivrs_hpet[]= have no "
                      "effect: the IOMMU, if any, is not AMD's");
        return 0;
    }

    for ( i = 0; i < nr_ivmds && !rc; i++ )
        rc = add_ivmd(&ivmds[i]);

    for ( i = nr_specials; i-- > 0; )
    {
        specials[i].next = o->sources;
        o->sources = &specials[i];
    }

    return rc;
}
