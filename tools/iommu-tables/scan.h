/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's own scan of one table: its core runs on a made machine
 * (host.h) up to the point where it would touch the hardware.
 */
#ifndef TOOL_SCAN_H
#define TOOL_SCAN_H

#include "host.h"

#include "core/rid.h"

struct machine;
struct pci_device;

/* Why a device stays where it is; SCAN_FREE: it does not have to. */
enum scan_fate
{
    SCAN_FREE,
    SCAN_BRIDGE,            /* of any kind: never asked for */
    SCAN_HELD,              /* the hypervisor says no: see denied */
    SCAN_NO_UNIT,           /* in no unit's scope */
    SCAN_DEAD_UNIT,         /* the unit's record is of no use */
    SCAN_UNIT_OFF,          /* by an option, or for an erratum */
    SCAN_TIED,              /* to one that stays: see tied_to */
};

struct scan_device
{
    uint32_t sbdf;
    const struct pci_device *pci;
    enum scan_fate fate;
    char *denied;           /* SCAN_HELD: the hypervisor's words */
    uint32_t tied_to;       /* SCAN_TIED: whom it has an id in common with, */
    bool tied_by_memory;    /* or a region */
    int unit;               /* index in units; -1: none */
    int group;              /* equal for those that share an id */
    size_t lead;            /* the first of its group: index in devices */
    size_t *regions;        /* it needs: ascending, indices in regions */
    size_t nr_regions;
    struct rid_set ids;
};

struct scan_unit
{
    uint64_t base;          /* of the registers; 0: not known */
    uint16_t segment;
    size_t offset;          /* of its record */
    bool include_all, dead, off;
};

struct scan_region
{
    uint64_t first, last;
    unsigned int prot;      /* MOAT_READ, MOAT_WRITE */
    size_t offset;          /* of (one of) its records */
    uint32_t *devs;         /* requester ids it is for */
    size_t nr_devs;
    size_t *users;          /* with such an id: ascending, in devices */
    size_t nr_users;
};

struct scan
{
    const struct table *table;
    const struct pci *pci;
    struct pci *own;        /* pci, if it had to be made up; else NULL */
    bool ended;             /* false: the core could not go on */
    int rc;                 /* of moat_platform_create() */
    bool intremap;          /* firmware's table allows it */
    struct scan_device *devices;
    size_t nr_devices;
    struct scan_unit *units;
    size_t nr_units;
    struct scan_region *regions;
    size_t nr_regions;
    struct host_log log;
};

/* Every device of @m, or of the table where none are known. */
struct scan *scan_run(const struct machine *m, const struct table *t);
void scan_free(struct scan *s);

const struct scan_device *scan_at(const struct scan *s, uint32_t sbdf);
/* Do the two have a region in common? The first such one, or NULL. */
const struct scan_region *scan_shared(const struct scan *s,
                                      const struct scan_device *a,
                                      const struct scan_device *b);
/* Does it stay with dom0 whatever is done? Bridges do not count. */
bool scan_stays(const struct scan_device *d);
/* May it be handed to a guest, alone or with others? */
static inline bool scan_free_to_go(const struct scan_device *d)
{
    return d->fate == SCAN_FREE;
}

/*
 * Once all are there: fills in leads, regions of devices and users of regions;
 * then, with these, ties whom nobody gets while another that must go with it
 * stays.
 */
void scan_index(struct scan *s);
void scan_find_ties(struct scan *s);

#endif /* TOOL_SCAN_H */
