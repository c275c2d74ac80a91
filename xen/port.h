/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the Xen port share. Nothing outside this folder includes
 * it.
 *
 *   params*.c  the command line          ops.c     bring-up, power, x2APIC
 *   host*.c    include/moat/host.h       domain.c  domains' birth and death
 *   map.c      iommu_map() and friends   hwdom.c   dom0's tables
 *   devices.c  devices and the core      intr.c    MSI, IO-APIC, HPET
 *   unit_irq.c the units' own interrupt  dump.c    debug keys
 *   pci*.c     PCI functions, the toolstack's calls: see port_pci.h
 */
#ifndef MOAT_XEN_PORT_H
#define MOAT_XEN_PORT_H

#include <xen/iommu.h>
#include <xen/pci.h>
#include <xen/sched.h>

#include <moat/moat.h>

#include "compat.h"

/* NULL when there is no IOMMU in use. */
extern struct moat_platform *port_platform;

/* The layer's object for a domain; NULL for one without IOMMU, or dom_io. */
static inline struct moat_domain *port_domain(const struct domain *d)
{
    /*
     * A pointer slot of the architecture's union that nothing outside the
     * drivers this layer replaces looks at.
     */
    return (void *)dom_iommu(d)->arch.vtd.iommu_bitmap;
}

static inline void port_domain_set(struct domain *d, struct moat_domain *m)
{
    dom_iommu(d)->arch.vtd.iommu_bitmap = (void *)m;
}

/*
 * Domains (domain.c). Tell the core, before a device is given to @d, where
 * the table of a domain that shares the processor's is.
 */
int port_domain_prepare(struct domain *d);
/* Keep what tboot looks at true: the root of @d's table. */
void port_domain_note_root(struct domain *d);

/* Options (params.c): print what was wrong with them; fill @o. */
void port_params_report(void);
int port_params_options(struct moat_options *o);
void port_params_done(void);
extern bool port_crash_disable, port_hwdom_none;
/*
 * Keep for the report that @option was given s..e, and why that is wrong.
 * Returns -EINVAL, for the parser to return.
 */
int port_complain(const char *option, const char *s, const char *e,
                  const char *why);
/* One frame number in hex, or two: the end of what was read, or NULL. */
const char *port_parse_frames(const char *s, unsigned long *first,
                              unsigned long *last);
/*
 * Give @dev a reserved region of frames first..last, all rights: to be called
 * while port_params_options() runs. -ENOMEM.
 */
int port_params_region(unsigned long first, unsigned long last, uint32_t dev);
/*
 * The same for ivmd=; ivrs_ioapic[]= and ivrs_hpet[]= to @o. What cannot take
 * effect is said. -ENOMEM.
 */
int port_params_amd_options(struct moat_options *o);

/* ops.c. The operations that Xen calls; copied to iommu_ops. */
int cf_check port_msi_update(struct msi_desc *desc, struct msi_msg *msg);
void cf_check port_adjust_irq_affinities(void);

/* True when every IO-APIC is in some unit's scope; says which is not. */
bool port_ioapics_known(void);

/* Host (host.c). Xen's number of a node that the core names. */
nodeid_t port_node(unsigned int pxm);
/* Units' registers: never dom0's, neither by CPU nor DMA. */
bool port_is_unit_page(unsigned long pfn);
/* The same for a run of pages. */
bool port_has_unit_page(unsigned long pfn, unsigned long nr);
int port_deny_units(struct domain *d);

/*
 * Table pages kept for unmapping, which must not fail: Xen frees the page
 * whatever it is told. Between begin and end, on this processor, allocation
 * may use them; callers hold no lock of their own over refill.
 */
void port_reserve_refill(void);
void port_reserve_begin(void);
void port_reserve_end(void);

/* Debug keys (dump.c). */
void port_dump_register(void);
void port_dump_register_tables(void);

#endif /* MOAT_XEN_PORT_H */
