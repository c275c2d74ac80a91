/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the core and the vendors' drivers: what a unit is, what it can be
 * asked to do, and the order of locks.
 *
 * Locks, outermost first. A lock is taken only while all locks held have a
 * lower rank. None of the core's is held while hardware is waited for.
 *
 *   rank  lock                      class
 *   (0)   host's device lock        interrupts on, recursive
 *   1     domain map lock           interrupts on
 *   2     domain attachment lock    interrupts on
 *   3     unit lock (tables, ids)   interrupts on
 *   4     unit interrupt lock       irqsave (remapping entries)
 *   4     device registry lock      irqsave (never with the former)
 *   5     unit register lock        irqsave (command register protocol)
 *   6     ring lock                 irqsave
 *   7     log lock                  irqsave (registers a ring's repair needs)
 */
#ifndef MOAT_CORE_HW_H
#define MOAT_CORE_HW_H

#include <moat/moat.h>

#include "../fw/fw.h"
#include "../pt/iopt.h"

enum moat_lock_rank
{
    MOAT_RANK_MAP = 1, MOAT_RANK_ATTACH, MOAT_RANK_UNIT, MOAT_RANK_INTR,
    MOAT_RANK_REGS, MOAT_RANK_RING, MOAT_RANK_LOG,
};

#define HW_DEFAULT_TIMEOUT_MS   1000u

/* ---- What a requester id's entry says ---- */

enum hw_entry_kind
{
    HW_ENTRY_NONE,          /* blocked: non-present */
    HW_ENTRY_TABLE,         /* translated by a second-stage table */
    HW_ENTRY_PASSTHROUGH,   /* not translated */
};

struct hw_entry
{
    enum hw_entry_kind kind;
    uint16_t did;
    unsigned int levels;    /* of root, for this unit */
    moat_paddr_t root;
    bool devtlb;            /* translation requests allowed (ATS) */
};

/* ---- What hardware may have to forget ---- */

enum hw_flush_kind
{
    HW_FLUSH_ENTRY,         /* cached entry of rid, tagged with did */
    HW_FLUSH_ENTRY_ALL,
    HW_FLUSH_DID,           /* IOTLB, whole domain */
    HW_FLUSH_DID_RANGE,     /* IOTLB, first..last; whole domain if cheaper */
    HW_FLUSH_IOTLB_ALL,
    HW_FLUSH_DEVTLB,        /* device TLB of rid, first..last */
    HW_FLUSH_INTR,          /* interrupt entries first..last (indices) */
    HW_FLUSH_INTR_ALL,
};

struct hw_flush
{
    enum hw_flush_kind kind;
    uint16_t did;
    uint16_t rid;           /* ENTRY, DEVTLB */
    uint8_t fn_mask;        /* ENTRY: phantom functions, VT-d FM */
    uint8_t queue_depth;    /* DEVTLB: the device's invalidate queue depth */
    uint16_t pfsid;         /* DEVTLB: physical function's id, for a VF */
    bool big_leaf;          /* RANGE: a superpage changed: no leaf-only hint */
    uint64_t first, last;
};

/* An interrupt-remapping entry in common terms. */
struct hw_irte
{
    bool present;
    struct moat_intr intr;
    /* Whose table, on units with intr_per_rid; read by get as well. */
    uint16_t rid;
    /* Who may use it. Never without: XSA-49, 33. */
    enum { HW_SID_EXACT, HW_SID_BUS_RANGE } sid_kind;
    uint16_t sid;           /* EXACT: requester id */
    uint8_t sid_fn_ignore;  /* EXACT: function bits not compared (phantom
                             * functions): 0, 4, 6 or 7 */
    uint8_t bus_first, bus_last;    /* BUS_RANGE */
    moat_paddr_t pi_desc;   /* posted: 0 if not */
};

struct moat_unit;
struct intr_table;

/*
 * One vendor's driver. @u is embedded in the vendor's own structure.
 * "any": any context, bounded; others: interrupts on, device lock held or
 * one processor.
 */
struct hw_ops
{
    const char *name;
    const struct iopt_fmt *fmt;

    /* Bring-up, in this order; each undone by its counterpart. */
    int (*start_queue)(struct moat_unit *u);    /* queued invalidation */
    void (*stop_queue)(struct moat_unit *u);
    int (*enable_intremap)(struct moat_unit *u, bool x2apic);
    void (*disable_intremap)(struct moat_unit *u);
    int (*setup)(struct moat_unit *u);          /* root table, fault log */
    int (*enable_dma)(struct moat_unit *u);
    void (*disable_dma)(struct moat_unit *u);
    void (*release)(struct moat_unit *u);       /* frees all, unmaps */

    int (*suspend)(struct moat_unit *u);
    int (*resume)(struct moat_unit *u);
    void (*crash)(struct moat_unit *u);

    /*
     * Entries. prepare: allocate whatever set would need, so that set cannot
     * fail for memory (unit lock taken inside). swap: @old as expected there,
     * @new in one atomic store; never through non-present unless one of them
     * is.
     * -EILSEQ if the entry is not @old (nothing changed). get: read it back.
     */
    int (*entry_prepare)(struct moat_unit *u, uint16_t rid);
    int (*entry_swap)(struct moat_unit *u, uint16_t rid,
                      const struct hw_entry *old,
                      const struct hw_entry *new);
    int (*entry_get)(struct moat_unit *u, uint16_t rid, struct hw_entry *e);

    /*
     * Any. Queue all of @f (a unit without a queue carries them out before
     * returning); *@token for wait. Order kept: device TLB after IOTLB.
     * -ETIMEDOUT, -EIO: nothing may be assumed.
     */
    int (*flush_submit)(struct moat_unit *u, const struct hw_flush *f,
                        unsigned int n, uint32_t *token);
    int (*flush_wait)(struct moat_unit *u, uint32_t token);
    /*
     * After a submit or wait that failed. Tries register-based invalidation
     * of everything; 0: all caches of the unit are known empty, the unit goes
     * on working without a queue. Else the core cuts the devices off.
     */
    int (*flush_rescue)(struct moat_unit *u);

    /* Any; unit interrupt lock held: one atomic store per entry. */
    int (*irte_set)(struct moat_unit *u, unsigned int index,
                    const struct hw_irte *e);
    int (*irte_get)(struct moat_unit *u, unsigned int index,
                    struct hw_irte *e);
    /* The message, or IO-APIC word, that selects entry @index. */
    void (*msi_compose)(const struct moat_unit *u, unsigned int index,
                        unsigned int n, struct moat_msi_msg *msg);
    uint64_t (*rte_compose)(const struct moat_unit *u, unsigned int index,
                            uint64_t rte);
    /* Index that a programmed RTE names; -ENOENT: not remappable format. */
    int (*rte_index)(const struct moat_unit *u, uint64_t hw);

    /* Faults. */
    void (*irq_message)(struct moat_unit *u, const struct moat_msi_msg *m);
    void (*irq_mask)(struct moat_unit *u, bool mask);
    /* Crash context: no lock. No interrupt from the unit any more. */
    void (*irq_quiesce)(struct moat_unit *u);
    /*
     * Take up to @max records, oldest first, clearing each; @overflow if
     * some were lost. Returns how many; the caller goes on while it is @max.
     */
    unsigned int (*faults_take)(struct moat_unit *u, struct moat_fault *f,
                                unsigned int max, bool *overflow);

    void (*dump)(struct moat_unit *u);

    /* ---- Where requester ids are the unit's to tell; else NULL ---- */

    /*
     * How closely the unit's firmware record names @rid of its segment: 0
     * not at all, 1 .. 512 the closer the higher. NULL: scopes tell.
     */
    unsigned int (*serves)(const struct moat_unit *u, uint16_t rid);
    /*
     * The id that requests of @rid carry as well; -ENOENT: only their own;
     * -EIO: nobody knows, the device is not to be handed out.
     */
    int (*rid_alias)(const struct moat_unit *u, uint16_t rid,
                     uint16_t *alias);
    /*
     * With caps.intr_per_rid. prepare: give all @rids of one requester the
     * same table (interrupts on, device lock; -EBUSY: some have different
     * ones). space: where the core keeps what it knows of the entries of the
     * table of @rid (any; NULL: it has no table). Tables live until
     * disable_intremap().
     */
    int (*intr_prepare)(struct moat_unit *u, const uint16_t *rids,
                        unsigned int n);
    struct intr_table **(*intr_space)(struct moat_unit *u, uint16_t rid);

    /* ---- What a vendor has to say of a device; NULL: nothing ---- */

    /* @dev was added: mend what its chipset gets wrong. Device lock. */
    void (*device_found)(struct moat_unit *u, moat_sbdf_t dev);
    /* May its translation requests be answered, by firmware's records? */
    bool (*devtlb_allowed)(const struct moat_unit *u, moat_sbdf_t dev);
};

/* What the core needs to know of a unit; filled by the vendor before it calls
 * unit_register(). */
struct hw_caps
{
    unsigned int levels;        /* bitmask: bit l: tables of l levels */
    unsigned int leaf_levels;   /* bitmask, bit 1 always */
    unsigned int iova_bits;     /* MGAW */
    unsigned int did_bits;
    unsigned int did_reserved;  /* ids 0 .. n-1 not to be used */
    bool coherent, snoop, passthrough, devtlb;
    bool flush_added;           /* caching mode or write-buffer flush: new
                                 * entries need a flush too */
    bool flush_absent;          /* caching mode: absent entries are cached
                                 * too, tagged did 0 */
    bool intremap, x2apic, posted, queue;
    unsigned int intr_entries;  /* size of the remapping table to use */
    bool intr_per_rid;          /* a table, and indices, for each requester */
};

struct did_table;

struct moat_unit
{
    struct moat_platform *platform;
    const struct hw_ops *ops;
    unsigned int index;
    uint16_t segment;
    unsigned int node;
    moat_paddr_t reg_pa;
    struct hw_caps caps;
    size_t fw_offset;           /* of its record in the firmware table */
    bool include_all;           /* owns what no other of the segment does */
    bool ignored;               /* switched off by option (igfx): its devices
                                 * untranslated, unassignable */
    enum { UNIT_OFF, UNIT_QUEUE, UNIT_READY, UNIT_DMA, UNIT_DEAD } state;
    bool intremap_on;
    bool queue_on;              /* the core's: start_queue succeeded */
    struct host_lock lock;      /* rank UNIT: vendor's tables, ids */
    struct host_lock intr_lock; /* rank INTR, irqsave */

    /* The core's */
    struct did_table *dids;
    struct intr_table *intr;
    struct host_work fault_work;
    bool irq_set;
    struct unit_scope *scopes;
    struct moat_unit *next;
};

/* A device scope of a unit, or of a reserved region, not yet resolved:
 * a path from a bus. Resolution reads bridges' bus numbers. */
struct unit_scope
{
    enum { SCOPE_DEVICE, SCOPE_SUBTREE, SCOPE_IOAPIC, SCOPE_HPET,
           SCOPE_ACPI } kind;   /* a device of the ACPI name space */
    uint16_t segment;
    uint8_t enum_id;
    moat_sbdf_t dev;            /* resolved; for a bridge: the bridge */
    uint8_t bus_first, bus_last;    /* SUBTREE: secondary..subordinate */
    struct unit_scope *next;
};

/* ---- The core's side, called by vendors during scan ---- */

/* The vendor's table is in @table; creates units and regions, or reports. */
struct hw_vendor
{
    const char *name;           /* "VT-d" */
    const char *signature;      /* "DMAR" */
    int (*scan)(struct moat_platform *p, const void *table, size_t len);
};
extern const struct hw_vendor vtd_vendor;
extern const struct hw_vendor amdvi_vendor;

const struct moat_options *platform_options(const struct moat_platform *p);
/* Deadline of one wait for a unit, ns. */
uint64_t platform_timeout_ns(const struct moat_platform *p);
/*
 * Append a unit; the core owns it from here on, and calls ops->release. The
 * vendor's structure is freed by release. -ENOMEM, -EEXIST (same registers).
 */
int unit_register(struct moat_platform *p, struct moat_unit *u);
/* Give @u a scope: the path is resolved now by reading bridges.
 * -ENODEV: a bridge on the path is not there (scope kept out, caller says). */
int unit_add_scope(struct moat_unit *u, const struct dmar_scope *s);
int scope_resolve(uint16_t segment, const struct dmar_scope *s,
                  moat_sbdf_t *dev);
/*
 * A reserved region for one device. -EEXIST: exact duplicate (fine);
 * -EINVAL: overlaps another of other rights (said).
 */
int resv_add(struct moat_platform *p, moat_paddr_t first, moat_paddr_t last,
             unsigned int prot, moat_sbdf_t dev, size_t fw_offset);
/* The device must stay unassignable: @why is kept for messages. */
int device_deny(struct moat_platform *p, moat_sbdf_t dev, const char *why);
void platform_set_flags(struct moat_platform *p, bool x2apic_optout,
                        bool intremap_allowed);
/* A fault found by other means than the log (tests, ring errors). */
void fault_report(struct moat_unit *u, const struct moat_fault *f);

#endif /* MOAT_CORE_HW_H */
