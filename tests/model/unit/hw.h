/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model's IOMMU: what hardware sees and may remember. Knows nothing of
 * the core; its entries, commands and page-table bits are written down here
 * once more, from the specification, so that a slip in the core's headers
 * cannot hide in both.
 *
 * Instead of guessing when hardware fills a cache, the model keeps everything
 * that a unit *may* hold by now: whatever can be fetched, from memory or by
 * way of something cached, is there. Commands are carried out at the worst
 * time: what they match is doomed when they are queued, is pardoned if it can
 * be fetched again after that, and stays until their completion is seen.
 * Whatever real hardware holds is a part of that; so what holds here holds
 * for any order of fills, and no schedule needs to be spent on them.
 */
#ifndef MODEL_UNIT_HW_H
#define MODEL_UNIT_HW_H

#include <moat/types.h>

#define HWU_UNITS   2u
#define HWU_RIDS    16u         /* slots for requester ids */
#define HWU_LINES   512u
#define HWU_IOVAS   12u         /* pages that are looked at */
#define HWU_IRTES   8u
#define HWU_FLIGHTS 32u         /* submissions under way */
#define HWU_CMDS    20u         /* commands of one */
#define HWU_CPUS    4u
#define HWU_BUFFER  40u         /* stores of one processor */

/* An entry of the unit, as two words. */
#define HWU_ENTRY_P         0x1u            /* lo */
#define HWU_ENTRY_PASS      0x2u
#define HWU_ENTRY_ATS       0x4u
#define HWU_ENTRY_BLOCK     0x8u            /* nothing passes */
#define HWU_ENTRY_ROOT      0x000ffffffffff000u
#define HWU_ENTRY_DID(hi)   ((uint16_t)(hi))            /* hi */
#define HWU_ENTRY_LEVELS(hi) ((unsigned int)((hi) >> 16) & 7u)

struct hwu_entry
{
    uint64_t lo, hi;
};

enum hwu_line_kind
{
    HWU_LINE_NONE,
    HWU_LINE_ENTRY,         /* tag: rid; a, b: lo, hi */
    HWU_LINE_TABLE,         /* tag: did; a: page of the table, of @level */
    HWU_LINE_LEAF,          /* tag: did; a: page it translates to */
    HWU_LINE_DEV,           /* tag: rid; a: the same, in the device */
    HWU_LINE_IRTE,          /* tag: index; a, b: entry's words */
    HWU_LINE_IROOT,         /* tag: rid; a: where its interrupt table is */
};

struct hwu_line
{
    enum hwu_line_kind kind;
    uint8_t unit, level;
    uint16_t tag;
    uint64_t iova, a, b;
    uint32_t doom;          /* a bit for each submission that ends it */
};

/* A command, as the ring or the driver hands it over. */
enum hwu_cmd_kind
{
    HWU_CMD_ENTRY = 1,      /* rid */
    HWU_CMD_ENTRY_RID,      /* rid: whatever its domain id, both halves */
    HWU_CMD_ENTRY_ALL,
    HWU_CMD_DID,            /* did */
    HWU_CMD_RANGE,          /* did, first..last, leaf_only */
    HWU_CMD_IOTLB_ALL,
    HWU_CMD_DEVTLB,         /* rid, first..last */
    HWU_CMD_INTR,           /* first..last */
    HWU_CMD_INTR_ALL,
};

struct hwu_cmd
{
    enum hwu_cmd_kind kind;
    uint16_t did, rid;
    bool leaf_only;
    uint64_t first, last;
};

/* What a step of the hardware has to do with, for who wants to know. */
enum hwu_thing
{
    HWU_THING_ENTRY,        /* rid's entry */
    HWU_THING_DID,          /* entries that name the id */
    HWU_THING_DID_LINES,    /* what is cached under the id */
    HWU_THING_PAGE,         /* what is cached of a page */
    HWU_THING_IRTE,
    HWU_THING_TABLES,       /* the tables that hold page @id */
    HWU_THING_UNIT,         /* its queue; 100h + offset: a register */
};

/* ---- What the surroundings provide ---- */

/* Memory of tables, as hardware reaches it; NULL: not a table page. */
uint64_t *hwu_memory(uint64_t pa);
/* Must not be walked any more: it was freed. */
bool hwu_memory_freed(uint64_t pa);
bool hwu_bus_master(uint16_t rid);
bool hwu_ats_enabled(uint16_t rid);
void hwu_touch(enum hwu_thing thing, unsigned int unit, uint64_t id,
               bool write);
/* A rule was broken. */
void hwu_broken(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2)));

/* ---- Set-up ---- */

void hwu_reset(void);
/* This page of addresses is of interest. */
void hwu_watch(uint64_t iova);
/* Tables are AMD-Vi's, not VT-d's; of entries there are two halves. */
void hwu_amd(void);
/* A requester behind @unit. */
void hwu_requester(unsigned int unit, uint16_t rid);
/* @rid is to reach [page] one-to-one, read and write, at every instant from
 * hwu_arm() on while it can issue DMA. */
void hwu_reserve(uint16_t rid, uint64_t page);
void hwu_arm(bool on);

/* ---- Steps of the driver ---- */

/*
 * Processor @cpu has stored to the table entry at @pa, where @old was. A
 * processor buffers its stores: until it passes a barrier, or another sees
 * what it stored later, hardware may find the old value there or the new one.
 * hwu_drained(): stores of @cpu up to the one stamped @stamp have left.
 */
void hwu_stored(uint64_t pa, unsigned int cpu, uint64_t old,
                unsigned int stamp);
void hwu_drained(unsigned int cpu, unsigned int stamp);
/* One store of an entry: what is there must be @old. */
bool hwu_entry_swap(unsigned int unit, uint16_t rid,
                    const struct hwu_entry *old, const struct hwu_entry *new);
struct hwu_entry hwu_entry_get(unsigned int unit, uint16_t rid);
void hwu_irte_set(unsigned int unit, unsigned int index, uint64_t lo,
                  uint64_t hi);
struct hwu_entry hwu_irte_get(unsigned int unit, unsigned int index);
/* Of @rid's entry, the half that tells where its interrupt table is. */
void hwu_iroot_set(unsigned int unit, uint16_t rid, uint64_t root);

/*
 * @n commands are queued, to be carried out in this order. Returns the
 * submission's number, for one of: its completion was seen; it never will be
 * carried out.
 */
unsigned int hwu_queue(unsigned int unit, const struct hwu_cmd *c,
                       unsigned int n);
void hwu_complete(unsigned int number);
void hwu_cancel(unsigned int number);
/* Everything is forgotten, device TLBs aside. */
void hwu_forget_all(unsigned int unit);

/* ---- Questions ---- */

/*
 * Can any requester that can issue DMA reach @page, or (@strict: whether it
 * can or not) does any cache hold it? Says which, through hwu_broken().
 */
void hwu_check_page(uint64_t page, bool strict, const char *what);
/* From now on nothing that can issue DMA may come to reach @page, or may
 * again. */
void hwu_give_away(uint64_t page);
void hwu_take_back(uint64_t page);
/* Is anything left of id @did in the unit's caches or entries? */
bool hwu_did_cached(unsigned int unit, uint16_t did, const char **what);
/* Does the unit remember an interrupt entry at @index? */
bool hwu_irte_cached(unsigned int unit, unsigned int index);
/* Is the present one all it remembers? */
bool hwu_irte_settled(unsigned int unit, unsigned int index);
/* Is @rid's present entry (both halves) all its unit may know of it? */
bool hwu_entry_settled(unsigned int unit, uint16_t rid);
/* Has the device of @rid anything cached that it could not fetch now? */
bool hwu_dev_settled(unsigned int unit, uint16_t rid);
/* Where a fetch of @iova for @rid ends now: 0, or a page with rights in
 * bits 1:0. */
uint64_t hwu_translate(unsigned int unit, uint16_t rid, uint64_t iova);

#endif /* MODEL_UNIT_HW_H */
