/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The platform object: everything the core knows, in one place. There are no
 * globals; who needs something gets here through a unit, domain or device.
 */
#ifndef MOAT_CORE_PLATFORM_H
#define MOAT_CORE_PLATFORM_H

#include "bits.h"
#include "hw.h"
#include "rid.h"

struct moat_device;
struct resv_region;
struct rid_entry;

/* Vendors, tried in this order; NULL ends the list. */
extern const struct hw_vendor *const hw_vendors[];

/* The devices and requester ids of one bus, by devfn: lookups are O(1). */
struct bus_table
{
    struct moat_device *dev[256];
    struct rid_entry *rid[256];
};

/* Segments are numbered from 0 up, mostly: one or two to a list. */
#define SEG_HASH 64u

struct seg_table
{
    uint16_t segment;
    struct seg_table *next;
    struct bus_table *bus[256];
};

/* A device that must not be handed out, and why. */
struct deny
{
    moat_sbdf_t dev;
    const char *why;
    struct deny *next;
};

struct moat_platform
{
    struct moat_options opts;
    const struct hw_vendor *vendor;
    struct moat_caps caps;
    bool fw_x2apic_optout, fw_intremap;

    struct moat_unit *units;            /* fixed once scanned */
    unsigned int n_units;
    unsigned int leaf_levels;           /* of a domain's own tables */
    const struct iopt_fmt *fmt;         /* of all units */
    bool intremap_on, x2apic_on;
    struct ioapic *ioapics;             /* built by enable_intremap */

    struct resv_region *regions;        /* sorted, disjoint, fixed */
    struct deny *denies;

    /*
     * The registry. Changed under the device lock and @reg_lock; read under
     * either. What a fault handler or a failing flush looks at in a device
     * is protected by @reg_lock alone, as those cannot take the device lock.
     */
    struct host_lock reg_lock;          /* rank INTR, irqsave */
    struct seg_table *segs[SEG_HASH];   /* by the low bits */
    struct moat_device *devices;        /* all, newest last */
    struct moat_device **devices_end;   /* where the next one goes */
    struct rid_node *nodes;             /* for rid_resolve(), ascending */
    unsigned int n_nodes, cap_nodes;
    struct rid_alias *aliases;
    unsigned int n_aliases, cap_aliases;
    unsigned int next_group;
    unsigned int n_late;                /* bridges, see group_late.c */
    unsigned int seen;                  /* looks at sharers so far */
    struct moat_domain *home;           /* the first owner: dom0 */

    struct host_lock dom_lock;          /* rank UNIT: the list of domains */
    struct moat_domain *domains;
    struct host_tables leaked;          /* dom_lock: never to be reused */
    unsigned long leaks;                /* times something was kept for good */

    struct host_work fail_work;         /* reports devices that were cut off */
};

/* The unit whose scope holds @dev (a VF: its physical function), or NULL. */
struct moat_unit *unit_find(struct moat_platform *p, moat_sbdf_t dev);
/* Of a unit: how many levels it can be given of a table of @levels. */
unsigned int unit_levels(const struct moat_unit *u, unsigned int levels);
/* A unit may die at any time, on any processor (unit_die()). */
static inline unsigned int unit_state(const struct moat_unit *u)
{
    return HOST_READ_ONCE(u->state);
}
/* True if entries of @u can be written (and may be in use). */
static inline bool unit_usable(const struct moat_unit *u)
{
    unsigned int state = u ? unit_state(u) : UNIT_OFF;

    return u && !u->ignored && (state == UNIT_READY || state == UNIT_DMA);
}
/*
 * May @u hold anything of our tables? Not before translation is on; one that
 * died since may, for good.
 */
static inline bool unit_caches(const struct moat_unit *u)
{
    unsigned int state = unit_state(u);

    return state == UNIT_DMA || state == UNIT_DEAD;
}
void unit_free_scopes(struct moat_unit *u);
/* The scope of the IO-APIC or HPET numbered @id; its unit in *@u. */
const struct unit_scope *unit_find_scope(const struct moat_platform *p,
                                         unsigned int kind, unsigned int id,
                                         struct moat_unit **u);

/* platform_bringup.c: give up on one unit before it translated anything. */
void unit_lost(struct moat_unit *u, const char *what, int rc);

/* Why @dev may not be handed out; NULL if it may. */
const char *platform_denied(const struct moat_platform *p, moat_sbdf_t dev);

/* Keep unlinked table pages for good: hardware may still walk them. */
void platform_leak_tables(struct moat_platform *p, struct host_tables *list,
                          const char *whose);

#endif /* MOAT_CORE_PLATFORM_H */
