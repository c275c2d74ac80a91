/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices, the requester ids they use, and the groups these form.
 *
 *   device A --- id A ---------+
 *        \------ id bridge --+ |
 *   device B ---/            | +-- group: one entry for each id, all behind
 *        \------ id B -------+---- the same tables (XSA-449)
 *
 * All changes are made under the host's device lock; what faults and failing
 * flushes read of a device also under the registry lock (platform.h).
 */
#ifndef MOAT_CORE_DEVICE_H
#define MOAT_CORE_DEVICE_H

#include "did.h"
#include "domain.h"
#include "resv.h"

struct dev_group;

/* One requester id: the entry hardware looks up. Shared by its users. */
struct rid_entry
{
    moat_sbdf_t id;
    struct dev_group *group;
    unsigned int users;             /* devices that can send this id */
    struct hw_entry now;            /* what the unit's entry says */
    struct moat_device *ats_dev;    /* its device, if that has a TLB in use */
    struct ats_link ats[2];         /* old and new domain, while moving */
    struct rid_entry *next;         /* of the group */
};

/* What is in the group's entries belongs to @cur. */
struct dev_group
{
    unsigned int number;
    struct moat_platform *platform;
    struct moat_unit *unit;         /* one for all its ids; NULL: none */
    struct moat_device *devs;
    struct rid_entry *entries;
    bool attached;                  /* entries are set, references held */
    bool moving;
    const char *step;               /* what a move is at: "when ..." */
    unsigned int seen;              /* by which look at sharers */
    struct moat_domain *cur;        /* domain the entries point to */
    struct hw_entry now;            /* the entries' contents, but devtlb */
    struct moat_domain *quar;       /* built on demand */
    struct hw_entry quar_entry;
    void *scratch;
    moat_paddr_t scratch_pa;
};

struct resv_ref
{
    struct resv_region *region;
    struct resv_ref *next;
};

struct fault_count
{
    unsigned long total;
    unsigned int window;            /* in the current window */
    uint64_t window_start;          /* ns */
    bool hinted;
};

struct moat_device
{
    moat_sbdf_t dev;
    struct moat_platform *platform;
    struct rid_node node;
    uint32_t class_code;            /* base class << 16 | sub << 8 | if */
    uint32_t ids_word;              /* vendor | device << 16 */
    uint32_t subsystem_word;        /* the same of the subsystem */
    struct moat_unit *unit;         /* NULL: in no unit's scope */
    struct rid_set ids;
    bool passive;                   /* bridge: sends no DMA of its own */
    bool hidden;
    bool acpi_only;                 /* found in the firmware's table only */
    const char *denied;             /* why not assignable; NULL: it is */

    struct moat_domain *owner;      /* NULL: quarantine */
    struct dev_group *group;
    struct moat_device *group_next;
    bool mark;                      /* group_split() */
    bool late;                      /* a bridge that not all below follow */
    struct resv_ref *resv;
    bool resv_held;                 /* counted in group->cur */

    /* Set with the registry lock held, as a failing flush may do it. */
    bool cut;                       /* device_is_cut() */
    bool cut_reported;
    bool failed;
    /* A guest has programmed it since dom0 last had it, and it shares a
     * reserved region: see move_shared.c. */
    bool tainted;
    bool held;                      /* its configuration space, by us */
    bool hold_said;                 /* that it could not be */

    unsigned int acs_pos;           /* configuration offset; 0: none */
    unsigned int ats_pos;           /* configuration offset; 0: none */
    uint8_t ats_depth;
    bool ats_on;

    struct fault_count faults;
    struct moat_device *next;       /* platform->devices */
    struct moat_device **link;      /* what points to this one there */
};

/* Was its bus mastering switched off? Another processor may do so now. */
static inline bool device_is_cut(const struct moat_device *dev)
{
    return HOST_READ_ONCE(dev->cut);
}

/* ---- registry.c ---- */

struct moat_device *registry_find(struct moat_platform *p, moat_sbdf_t dev);
/* The devices on the bus of @id; NULL: none was ever there. */
const struct bus_table *registry_bus(const struct moat_platform *p,
                                     moat_sbdf_t id);
struct rid_entry *registry_find_rid(struct moat_platform *p, moat_sbdf_t id);
/* Make room, so that the setters cannot fail. -ENOMEM. */
int registry_prepare(struct moat_platform *p, moat_sbdf_t id);
void registry_set_dev(struct moat_platform *p, moat_sbdf_t id,
                      struct moat_device *dev);
void registry_set_rid(struct moat_platform *p, moat_sbdf_t id,
                      struct rid_entry *e);
void registry_free(struct moat_platform *p);
int topo_insert(struct moat_platform *p, const struct rid_node *node);
/* What is known of it has changed, but not its number. */
void topo_update(struct moat_platform *p, const struct rid_node *node);
void topo_remove(struct moat_platform *p, moat_sbdf_t dev);
int topo_add_alias(struct moat_platform *p, moat_sbdf_t dev,
                   moat_sbdf_t alias);
void topo_get(const struct moat_platform *p, struct rid_topo *topo);

/* ---- pci_probe.c ---- */

/* Read what is needed of the configuration space, once. */
void device_probe(struct moat_device *dev,
                  const struct moat_device_info *info);
/* Read again how it is set up: dom0 has it, and no guest since. */
void acs_probe(struct moat_device *dev);
/* Set or clear the enable bit of the device's own TLB; it has one. */
void ats_control(const struct moat_device *dev, bool on);

/* ---- wrong_ids.c ---- */

/*
 * An id that @dev is known to use by mistake; *@from starts as 0, for the
 * next one call again. -ENOENT: no more.
 */
int quirk_alias(const struct moat_device *dev, unsigned int *from,
                moat_sbdf_t *alias);
/* Does this conventional bridge use secondary:00.0 as well as its own id? */
bool quirk_bridge_both_ids(uint32_t ids_word);

/* ---- group.c ---- */

/*
 * Find or make the group of @dev, create its entries. 0 also if the device
 * cannot join (dev->denied says why, and it has no entries).
 */
int group_enter(struct moat_device *dev);
/* Undo group_enter(): its entries must not be live. Frees an empty group. */
void group_leave(struct moat_device *dev);
/*
 * One more id of @dev, which has no entry yet or is another group's: they
 * become one. Both must be dom0's. -ENOMEM.
 */
int group_add_id(struct moat_device *dev, moat_sbdf_t id);
/* Put every id of the group that is blocked behind group->cur. */
int group_go_live(struct dev_group *g);
/* Members without a mark get a group of their own, behind the same tables;
 * no id may be shared across. NULL: no memory, nothing changed. */
struct dev_group *group_take_unmarked(struct dev_group *g);
/* Have all that hardware has cached or under way for the group's ids done
 * with. -EIO: it is cut off. */
int group_drain(struct dev_group *g);
/* Put a member's ids, none of them live yet, behind group->cur. */
int group_attach(struct moat_device *dev);
/* Block the ids only this member uses, flush, drop what it held. */
void group_detach(struct moat_device *dev);
/* Forget all entries of a group on a unit that never came up. */
void group_forget_hw(struct dev_group *g);

/* ---- group_late.c ---- */

/*
 * @bridge is in the topology: what is below it and was added before gets the
 * ids that it brings, or (not all of it is dom0's) is not assignable until
 * group_retry_late() succeeds.
 */
void group_bridge_found(struct moat_device *bridge);
void group_retry_late(struct moat_platform *p);
/* A member has left: do the others still hang together? */
void group_split(struct dev_group *g);

/* ---- entry.c: the entries of one group, as one ---- */

/*
 * Note what the entries of @g now are: those of @d, or (NULL) nothing. Under
 * the registry lock, so that a fault handler never looks at a domain that was
 * left long ago.
 */
void group_set_cur(struct dev_group *g, struct moat_domain *d,
                   const struct hw_entry *e);

/*
 * References in @d for the whole group: id, table, every region of every
 * member; *@e gets what its entries must say. Undone in full on failure.
 */
int group_refs_get(struct dev_group *g, struct moat_domain *d,
                   struct hw_entry *e);
/* Drop them, flushing the id if this was its last use. */
void group_refs_put(struct dev_group *g, struct moat_domain *d);
/*
 * Swap every entry to @e (tables of @d), and note both in the group. On
 * failure all are as they were, and what hardware may have seen of @e is
 * flushed; -EIO if that failed.
 */
int group_swap(struct dev_group *g, const struct hw_entry *e,
               struct moat_domain *d);
/*
 * Flush what hardware may hold of the group through @old, of domain @d (NULL:
 * none). -EIO: the unit died, or the device's own TLB; it is cut off.
 */
int group_flush(struct dev_group *g, const struct hw_entry *old,
                struct moat_domain *d);
int device_resv_get(struct moat_device *dev, struct moat_domain *d);
void device_resv_put(struct moat_device *dev, struct moat_domain *d);
/*
 * One entry: swap it. The device's TLB is enlisted with @d and switched on
 * behind an entry that answers its requests, and off before one that does
 * not; the old domain keeps it on its list until entry_ats_forget().
 */
int entry_set(struct rid_entry *e, const struct hw_entry *new,
              struct moat_domain *d);
/* Switch the TLB on, if its entry answers: translation came on, or a reset. */
void ats_enable(struct moat_device *dev);
/* Do without it from now on. */
void ats_disable(struct moat_device *dev);
/* After a flush: @d has nothing in the device's TLB any more. */
void entry_ats_forget(struct rid_entry *e, struct moat_domain *d);

/* ---- quarantine.c ---- */

int quar_build(struct dev_group *g);
/* Only while the group is not behind it. */
void quar_drop(struct dev_group *g);

/* ---- move.c ---- */

/* May it change hands at all? -EPERM, -ENODEV, having said why. */
int move_allowed(const struct moat_device *dev,
                 const struct moat_domain *to);
/* Bus mastering off on every member, marked and told to the host. */
void group_cut(struct dev_group *g);
/* Once all members are given away the group goes behind its quarantine. */
int group_settle(struct dev_group *g);
/*
 * The group's device or unit failed: cut off all members, put their ids
 * behind quarantine (or nothing, if there is none), tell the host. Owners
 * stay until the host moves them.
 */
void group_fail(struct dev_group *g);

/* ---- move_shared.c ---- */

/*
 * The sharing rule: may @dev and its group go to the guest @to, seen from
 * those that use the same reserved memory? -EBUSY, having named the regions
 * and who is in the way (@relaxed: nobody is). Silences sharers that a guest
 * has programmed: shared_settle() is due, whatever comes of the move.
 */
int shared_check(struct moat_device *dev, const struct moat_domain *to,
                 bool relaxed);
/*
 * After any change of what @g is behind, or of a member's owner: silence who
 * must be now, let go of who need not be any more; of the group and of those
 * that it shares reserved memory with.
 */
void shared_settle(struct dev_group *g);
/* The same, when @dev has left its group. */
void shared_left(const struct moat_device *dev);
/* Hold its configuration space, or let go of it. */
void device_hold(struct moat_device *dev, bool hold);
/* The group rule: are all other members where they must be? -EBUSY (said). */
int group_check(struct moat_device *dev, const struct moat_domain *to);

/* ---- move_say.c ---- */

/* The one line on a change of owner, or on why there was none (@rc). */
void move_say(const struct moat_device *dev, const struct moat_domain *from,
              const struct moat_domain *to, int rc);

/* ---- peer.c ---- */

/* @dev has become a guest's: say whom it may reach past the IOMMU. */
void peer_warn(const struct moat_device *dev);

/* ---- cutoff.c ---- */

/*
 * Bus mastering off, read back. True when the device cannot issue DMA any
 * more (or is not there). Any context.
 */
bool bus_master_off(moat_sbdf_t dev);
/* The same for a registered device, marked and reported later; never fails:
 * a device that goes on is host_bug(). Any context. */
void device_cut(struct moat_platform *p, moat_sbdf_t dev, const char *why);
/* The unit answers no more: cut off every device behind it. Any context. */
void unit_die(struct moat_unit *u, const char *what);
void cf_check fail_work(void *arg);

#endif /* MOAT_CORE_DEVICE_H */
