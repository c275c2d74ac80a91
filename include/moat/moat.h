/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a hypervisor calls.
 *
 * Contexts. "Device lock" is host_devices_lock(), taken by the caller unless
 * said otherwise. Functions marked "any" may be called with interrupts off
 * and under the caller's own locks; they do not sleep and are bounded by the
 * unit's deadline. All others want interrupts on.
 * Ranges are first..last, inclusive, in bytes, page-aligned (last ends in
 * FFFh). Every function returns 0 or a negative errno unless it says what
 * else.
 */
#ifndef MOAT_MOAT_H
#define MOAT_MOAT_H

#include "fault.h"
#include "host.h"
#include "types.h"

struct moat_platform;
struct moat_unit;
struct moat_domain;
struct moat_device;

/* ---- Platform ---- */

enum moat_quarantine
{
    MOAT_QUARANTINE_NONE,       /* de-assigned devices go back to dom0 */
    MOAT_QUARANTINE_BASIC,      /* tables with nothing but reserved regions */
    MOAT_QUARANTINE_SCRATCH,    /* every other address reaches one page */
};

/* A reserved region the administrator gives: rmrr=, ivmd=, a debug console. */
struct moat_extra_region
{
    moat_paddr_t first, last;
    unsigned int prot;
    moat_sbdf_t dev;
    bool may_be_ram;            /* given by hand: trust it */
    struct moat_extra_region *next;     /* NULL ends the list */
};

/*
 * The requester id of an IO-APIC or HPET, where firmware is wrong about it:
 * ivrs_ioapic[]=, ivrs_hpet[]=.
 */
struct moat_extra_source
{
    bool hpet;
    uint8_t id;                 /* of the IO-APIC or HPET */
    moat_sbdf_t dev;
    const struct moat_extra_source *next;   /* NULL ends the list */
};

struct moat_options
{
    bool verbose, debug;
    bool intremap;              /* interrupt remapping wanted */
    bool x2apic_optout_ignore;
    bool qinval;                /* false: register-based invalidation only */
    bool superpages;
    bool snoop;
    bool igfx;                  /* false: leave the graphics unit off */
    bool ats;
    bool intpost;
    bool allow_ram_regions;     /* accept RMRR/IVMD in ordinary RAM */
    enum moat_quarantine quarantine;
    unsigned int devtlb_timeout_ms;
    unsigned int timeout_ms;    /* deadline for a unit's answer; 0: default */
    const struct moat_extra_region *extra;  /* copied */
    const struct moat_extra_source *sources;    /* read by create alone */
};

/*
 * Find and parse the firmware's tables, map the units, read and check their
 * capabilities, build the reserved-region list. Touches no state of the
 * hardware. -ENODEV: no table, no usable unit (said in the log).
 */
int moat_platform_create(const struct moat_options *opts,
                         struct moat_platform **p);
/* Undo moat_platform_create(), or all of bring-up; units are left as found. */
void moat_platform_destroy(struct moat_platform *p);

/* True if every unit can remap interrupts to 32-bit APIC ids. */
bool moat_platform_x2apic_capable(const struct moat_platform *p);
/* True if firmware asks not to enable x2APIC (DMAR flag). */
bool moat_platform_x2apic_optout(const struct moat_platform *p);
/*
 * Start queues and interrupt remapping on every unit. @x2apic: 32-bit
 * destinations. All or nothing: on error every unit is as it was found.
 * May be called again with another mode. -EOPNOTSUPP: a unit cannot.
 */
int moat_platform_enable_intremap(struct moat_platform *p, bool x2apic);
void moat_platform_disable_intremap(struct moat_platform *p);
bool moat_platform_intremap_enabled(const struct moat_platform *p);
/* Allocate what translation needs (root tables, queues, fault interrupts). */
int moat_platform_setup(struct moat_platform *p);
/*
 * Switch translation on, everywhere: to be called once every device that was
 * found has been added. A unit that does not answer is said, left blocked or
 * off, and its devices made unassignable; -EIO only if no unit came up.
 */
int moat_platform_enable_dma(struct moat_platform *p);

/* Facts that decide what the hypervisor may do. */
struct moat_caps
{
    bool coherent;          /* all units snoop table walks */
    bool snoop_control;     /* all units can force snooping */
    bool passthrough;       /* all units can pass a domain through */
    bool ept_compatible;    /* the table format is the processor's EPT */
    bool posted_interrupts;
    bool superpage_2m, superpage_1g;
    /*
     * A remapped IO-APIC entry still holds the processor's vector, by which
     * the IO-APIC finds it when an interrupt is ended there.
     */
    bool rte_vector;
    unsigned int levels;    /* of a domain's own tables */
    unsigned int ept_levels;/* bitmask of EPT depths (bit n: n levels) */
    unsigned int iova_bits; /* usable width of device addresses */
};
const struct moat_caps *moat_platform_caps(const struct moat_platform *p);

/* ---- Power and crash ---- */

/* Interrupts off, one processor. */
int moat_platform_suspend(struct moat_platform *p);
int moat_platform_resume(struct moat_platform *p);
/* Crash context: takes no lock, waits for nothing without a deadline. */
void moat_platform_crash(struct moat_platform *p);
/*
 * No unit raises its own interrupt any more; all else goes on. Before the
 * machine is shut down, and in crash context: takes no lock.
 */
void moat_platform_quiesce(struct moat_platform *p);

/* ---- Domains ---- */

enum moat_domain_kind
{
    MOAT_DOMAIN_OWN,        /* moat_map() fills a table of its own; reserved
                             * regions are installed by the core */
    MOAT_DOMAIN_HOST_P2M,   /* a table of its own that follows the host's p2m:
                             * regions go through host_identity_map() */
    MOAT_DOMAIN_SHARED,     /* the host's EPT is walked by the units;
                             * moat_domain_set_shared_root() names it;
                             * regions as for HOST_P2M */
    MOAT_DOMAIN_PASSTHROUGH,/* dom0 with translation off for its devices */
};

/* Device lock not needed. @cookie is handed back in upcalls. */
int moat_domain_create(struct moat_platform *p, enum moat_domain_kind kind,
                       void *cookie, unsigned int node,
                       struct moat_domain **d);
/*
 * Change the kind of a domain that has no devices and no mappings yet.
 * -EBUSY otherwise.
 */
int moat_domain_set_kind(struct moat_domain *d, enum moat_domain_kind kind);
int moat_domain_set_shared_root(struct moat_domain *d, moat_paddr_t root,
                                unsigned int levels);
/* Free its tables piece by piece; -ERESTART: call again. No devices left. */
int moat_domain_free_tables(struct moat_domain *d);
/* After the last device left and its tables are gone (or never were). */
void moat_domain_destroy(struct moat_domain *d);
/* True while any device is assigned to (or on its way to or from) it. */
bool moat_domain_has_devices(const struct moat_domain *d);
/* Table pages in use; and the root of its own table (0: none). */
unsigned long moat_domain_table_pages(const struct moat_domain *d);
moat_paddr_t moat_domain_root(const struct moat_domain *d,
                              unsigned int *levels);

/* ---- Mapping ---- */

/*
 * What one or more map/unmap calls left to be flushed. Lives on the caller's
 * stack; moat_flush_begin() ... moat_flush_end(). Table pages that became
 * unreachable wait in it until the flush has completed.
 */
struct moat_flush
{
    moat_iova_t first, last;    /* hull of what changed; first > last: none */
    bool added;                 /* non-present entries became present */
    bool modified;              /* present entries changed or went away */
    bool big_leaf;              /* a changed entry was a superpage */
    struct host_tables tables;  /* unlinked table pages */
};
static inline void moat_flush_begin(struct moat_flush *f)
{
    f->first = ~(moat_iova_t)0;
    f->last = 0;
    f->added = f->modified = f->big_leaf = false;
    host_tables_init(&f->tables);
}
/*
 * Map [iova, iova + len) to [pa, pa + len). Replaces what is there. On error
 * nothing of the range that was not mapped before is left mapped by this
 * call and @f still says what to flush. Takes the domain's map lock. Any
 * context with interrupts on. -ENOMEM, -EINVAL (alignment), -ERANGE (beyond
 * iova_bits or the physical width), -EBUSY (MOAT_DOMAIN_OWN: it would replace
 * a reserved region of a device).
 */
int moat_map(struct moat_domain *d, moat_iova_t iova, moat_paddr_t pa,
             uint64_t len, unsigned int prot, struct moat_flush *f);
/*
 * Unmap. Holes are fine. Splitting a superpage may need a page: -ENOMEM,
 * with that superpage untouched and what precedes it unmapped.
 */
int moat_unmap(struct moat_domain *d, moat_iova_t iova, uint64_t len,
               struct moat_flush *f);
/* -ENOENT if nothing is mapped there. */
int moat_lookup(struct moat_domain *d, moat_iova_t iova, moat_paddr_t *pa,
                unsigned int *prot, unsigned int *order);
/*
 * Make sure that no unit uses anything @f describes any more, then free its
 * table pages. Never fails: a unit that does not answer is dealt with (its
 * devices cut off) before this returns.
 */
void moat_flush_end(struct moat_domain *d, struct moat_flush *f);
/*
 * For interfaces that map now and flush later: hand @f to the domain, which
 * keeps it until the next moat_flush_range()/moat_flush_all() of any range.
 * Whoever has to know that its change is flushed passes its own range there
 * all the same: another processor's call may have taken what was deferred,
 * and still be waiting for it.
 */
void moat_flush_defer(struct moat_domain *d, struct moat_flush *f);
void moat_flush_range(struct moat_domain *d, moat_iova_t first,
                      moat_iova_t last, bool added, bool modified);
void moat_flush_all(struct moat_domain *d);
/* Call fn for every leaf, in address order; stops at non-zero, returned. */
int moat_walk(struct moat_domain *d,
              int (*fn)(void *arg, moat_iova_t iova, moat_paddr_t pa,
                        unsigned int order, unsigned int prot),
              void *arg);

/* ---- Devices (device lock held) ---- */

struct moat_device_info
{
    moat_sbdf_t dev;
    unsigned int phantom_stride;    /* 0, 1, 2 or 4: pci-phantom= */
    bool is_virtfn;
    moat_sbdf_t physfn;             /* its physical function */
    bool hidden;                    /* the hypervisor's own: dom0's tables,
                                     * never assignable */
};
/*
 * Register a device, owned by @owner (dom0), and put all its requester ids
 * behind its tables (or prepare them, before moat_platform_enable_dma()).
 * Reads what it needs of the configuration space, once. A device in no
 * unit's scope: 0, registered, and every later move refused with -ENODEV.
 */
int moat_device_add(struct moat_platform *p,
                    const struct moat_device_info *info,
                    struct moat_domain *owner, struct moat_device **dev);
/*
 * Block all its ids, flush, forget it. Its reserved regions stay installed
 * to the last. Those it tied together, and nothing else does, part if they
 * are dom0's. 0, or -ERESTART while moving.
 */
int moat_device_remove(struct moat_device *dev);
struct moat_device *moat_device_find(struct moat_platform *p,
                                     moat_sbdf_t dev);
/*
 * Change the owner. @to NULL: quarantine. From guest or dom0 to a guest the
 * device passes through quarantine. On error the device is where it was,
 * unless the error is -EIO: then it is failed: cut off, held
 * (host_pci_hold()), behind quarantine tables, and reported through
 * host_device_failed(). One line of the log says what became of it.
 * -ENODEV no unit covers it; -EPERM hidden or failed; -EBUSY moving, or a
 * region is in use by others (named in the log); -ENOMEM; -ENOSPC no domain
 * id left on a unit (said); -EINVAL a region cannot be installed.
 */
#define MOAT_MOVE_RELAXED 1u    /* rdm_policy=relaxed: lift the sharing rule */
int moat_device_move(struct moat_device *dev, struct moat_domain *to,
                     unsigned int flags);
/*
 * Build what quarantine of this device will need, so that no later move to
 * it can fail for want of memory.
 */
int moat_device_quarantine_prepare(struct moat_device *dev);
/* The owner; NULL in quarantine. */
struct moat_domain *moat_device_owner(const struct moat_device *dev);
/* True if both can only be assigned together (they share a requester id). */
bool moat_device_same_group(const struct moat_device *a,
                            const struct moat_device *b);
/*
 * A number equal for, and only for, devices of one group; never negative. It
 * stays while the group does; of two that become one the lower is kept.
 */
int moat_device_group(const struct moat_device *dev);
/*
 * (Re-)enable what dom0 may have reset, ATS for example; while the device is
 * dom0's its access control (ACS) is read again. Device lock held.
 */
int moat_device_reenable(struct moat_device *dev);
/*
 * The reserved regions of all devices, each (region, device) pair once; stops
 * at non-zero, returned. Regions that overlap are reported cut at each other's
 * ends.
 */
int moat_resv_walk(struct moat_platform *p,
                   int (*fn)(void *arg, moat_paddr_t first,
                             moat_paddr_t last, unsigned int prot,
                             moat_sbdf_t dev),
                   void *arg);

/* ---- Interrupts (any context) ---- */

struct moat_intr
{
    uint8_t vector;
    uint8_t delivery;           /* delivery mode, as in an RTE: 0 fixed */
    bool logical;               /* destination mode */
    bool level;                 /* trigger mode */
    uint32_t dest;              /* APIC id; 32 bits with x2APIC */
};
struct moat_msi_msg
{
    uint32_t addr_lo, addr_hi, data;
};
enum moat_intr_source
{
    MOAT_INTR_PCI,      /* id: moat_sbdf_t */
    MOAT_INTR_HPET,     /* id: HPET number in the firmware table */
};
/*
 * Give @n consecutive vectors of a source remapping entries, or change the
 * existing ones from *@index (< 0: allocate, aligned to @n, a power of two).
 * Entry i gets vector + i. Returns the message to program for the first.
 * -ENOSPC, -ENODEV (no unit), -EINVAL.
 */
int moat_intr_set(struct moat_platform *p, enum moat_intr_source kind,
                  uint32_t id, const struct moat_intr *intr, unsigned int n,
                  int *index, struct moat_msi_msg *msg);
/* Entries are parked until the flush that forgets them has completed. */
void moat_intr_free(struct moat_platform *p, enum moat_intr_source kind,
                    uint32_t id, int index, unsigned int n);
/*
 * Translate an IO-APIC redirection entry: @rte as the hypervisor meant it in,
 * the word to program out. The entry belongs to (apic id, pin) for ever.
 * On error *@hw is a masked entry.
 */
int moat_intr_ioapic_set(struct moat_platform *p, unsigned int apic_id,
                         unsigned int pin, uint64_t rte, uint64_t *hw);
/* The inverse: what the hypervisor meant, from what is programmed. */
uint64_t moat_intr_ioapic_get(struct moat_platform *p, unsigned int apic_id,
                              unsigned int pin, uint64_t hw);
/* Is there a unit for this IO-APIC id? For checks at boot. */
bool moat_intr_ioapic_known(const struct moat_platform *p,
                            unsigned int apic_id);
/*
 * Post interrupts of entry @index into the descriptor at @pi_desc (0: undo).
 * VT-d 5.2.5. -EOPNOTSUPP without the capability.
 */
int moat_intr_post(struct moat_platform *p, moat_sbdf_t dev, int index,
                   moat_paddr_t pi_desc, uint8_t vector);

/* ---- A unit's own interrupt (called by the host) ---- */

unsigned int moat_unit_index(const struct moat_unit *u);
/* NUMA node (HOST_NO_NODE: unknown), for the choice of a processor. */
unsigned int moat_unit_node(const struct moat_unit *u);
/* Program the message of its fault event; any context. */
void moat_unit_irq_message(struct moat_unit *u,
                           const struct moat_msi_msg *msg);
void moat_unit_irq_mask(struct moat_unit *u, bool mask);
/* The interrupt arrived: only schedules the work. Hard interrupt context. */
void moat_unit_irq(struct moat_unit *u);
/* Read the fault records of all units now. */
void moat_faults_poll(struct moat_platform *p);

/* ---- For people: debug keys ---- */

/* One block per unit: registers in words, ids, table pages, entries. */
void moat_dump_units(struct moat_platform *p);
/* Devices, owners, requester ids, faults counted, state. */
void moat_dump_devices(struct moat_platform *p);
/* Leaves of one domain, contiguous runs merged. */
void moat_dump_domain(struct moat_domain *d);
/* Totals that must be equal before and after balanced work. */
struct moat_counts
{
    unsigned long free_ids, total_ids;
    unsigned long table_pages;
    unsigned long intr_used, intr_total;
};
void moat_unit_counts(const struct moat_unit *u, struct moat_counts *c);
struct moat_unit *moat_unit_get(struct moat_platform *p, unsigned int index);

#endif /* MOAT_MOAT_H */
