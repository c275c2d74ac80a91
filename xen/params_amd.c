/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Options that mend the tables of AMD's IOMMU: ivmd=, ivrs_ioapic[]=,
 * ivrs_hpet[]=. They are checked and kept; as long as there is no driver for
 * that IOMMU in this layer, the report at boot says that they were ignored.
 */

#include "port.h"

#include <xen/init.h>
#include <xen/param.h>

#define MAX_IVMD        16
#define MAX_SPECIAL     16

/* Frames first..last, for the devices from..to of segment 0. */
static struct ivmd
{
    unsigned long first, last;
    uint16_t from, to;
} ivmds[MAX_IVMD] __initdata;
static unsigned int __initdata nr_ivmds;

/* The requester id of an IO-APIC or HPET. */
static struct special
{
    const char *what;
    unsigned long id;
    uint32_t sbdf;
} specials[MAX_SPECIAL] __initdata;
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
static int __init parse_special(const char *what, const char *s)
{
    const char *start = s, *end = strchr(s, '\0');
    struct special *p = &specials[nr_specials];
    unsigned int seg, bus, dev, func;
    const char *e;

    if ( nr_specials == MAX_SPECIAL )
        return port_complain(what, s, end, "too many");

    p->id = simple_strtoul(s + 1, &e, 0);
    if ( *s != '[' || e == s + 1 || e[0] != ']' || e[1] != '=' )
        return port_complain(what, start, end, "not [id]=device");
    s = parse_pci(e + 2, &seg, &bus, &dev, &func);
    if ( !s || *s )
        return port_complain(what, start, end, "not a device");

    p->what = what;
    p->sbdf = PCI_SBDF(seg, bus, dev, func).sbdf;
    nr_specials++;

    return 0;
}

static int __init cf_check parse_ivrs_ioapic(const char *s)
{
    return parse_special("ivrs_ioapic", s);
}
custom_param("ivrs_ioapic[", parse_ivrs_ioapic);

static int __init cf_check parse_ivrs_hpet(const char *s)
{
    return parse_special("ivrs_hpet", s);
}
custom_param("ivrs_hpet[", parse_ivrs_hpet);

void __init port_params_amd_report(void)
{
    unsigned int i;

    for ( i = 0; i < nr_ivmds; i++ )
        host_log_warn("option ivmd=: frames [%lx, %lx] for ids %04x to %04x: "
                      "no AMD-Vi driver, ignored", ivmds[i].first,
                      ivmds[i].last, ivmds[i].from, ivmds[i].to);

    for ( i = 0; i < nr_specials; i++ )
        host_log_warn("option %s[%lu]=%pp: no AMD-Vi driver, ignored",
                      specials[i].what, specials[i].id,
                      &PCI_SBDF(specials[i].sbdf >> 16, specials[i].sbdf));
}
