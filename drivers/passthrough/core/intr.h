/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupt remapping entries: allocation, IO-APIC pins. */
#ifndef MOAT_CORE_INTR_H
#define MOAT_CORE_INTR_H

#include "platform.h"

#define INTR_MAX_ORDER  6           /* up to 64 entries in one piece */
#define INTR_MAX_ENTRIES 65536u

/*
 * Free entries, as a bitmap with two levels of summary for each size:
 *   word[w]        64 entries, a bit each, set: free
 *   mid[o][w/64]   word w holds a free aligned run of 2^o
 *   top[o]         that word of mid[o] is not zero
 * so finding a run looks at one word per level.
 *
 * A unit has one table, or, with caps.intr_per_rid, one for each requester:
 * u->intr is the first of all of them.
 */
struct intr_table
{
    struct intr_table *next;
    unsigned int entries, used, leaked;
    uint64_t *word;
    uint64_t mid[INTR_MAX_ORDER + 1][INTR_MAX_ENTRIES / 64 / 64];
    uint64_t top[INTR_MAX_ORDER + 1];
};

#define IOAPIC_PINS 256

struct ioapic_pin
{
    uint64_t meant;                 /* RTE as the hypervisor meant it */
    int index;                      /* of its entry; -1: none yet */
    bool known;                     /* @meant was set */
};

struct ioapic
{
    unsigned int apic_id;
    struct moat_unit *unit;
    uint16_t sid;
    struct ioapic *next;
    struct ioapic_pin pins[IOAPIC_PINS];
};

/* intr_alloc.c; all but init, add and fini under the unit's interrupt lock. */
/* The unit's one table, if it has but one. -ENOMEM, -EINVAL. */
int intr_table_init(struct moat_unit *u);
/* One more, linked and stored in @slot. -ENOMEM, -EINVAL. */
int intr_table_add(struct moat_unit *u, struct intr_table **slot);
/* All of them. */
void intr_table_fini(struct moat_unit *u);
/* The table of @rid's entries; NULL: it has none. */
struct intr_table *intr_table_of(struct moat_unit *u, uint16_t rid);
/* Entries used, in all tables; *@total: of how many. */
unsigned long intr_used(const struct moat_unit *u, unsigned long *total);
/* @n a power of two up to 64; the index is aligned to it. -ENOSPC. */
int intr_alloc(struct intr_table *t, unsigned int n);
void intr_release(struct intr_table *t, unsigned int index, unsigned int n);
bool intr_is_used(const struct intr_table *t, unsigned int index,
                  unsigned int n);

/* intr_rid.c: tables for each requester; nothing to do without. */

/* IO-APICs, HPETs and devices known by now. -ENOMEM. */
int intr_unit_prepare(struct moat_unit *u);
/* A device that is new; without a table its interrupts are refused (said). */
void intr_device_prepare(struct moat_device *dev);

/* intremap.c; any context. What was present and changed is flushed. */
int intr_entries_new(struct moat_unit *u, const struct hw_irte *e,
                     unsigned int n, int *index);
int intr_entries_change(struct moat_unit *u, const struct hw_irte *e,
                        unsigned int n, unsigned int index);

/* ioapic.c: pin tables for every IO-APIC in a scope, so that none needs
 * memory later. */
int ioapics_build(struct moat_platform *p);
void ioapics_free(struct moat_platform *p);

#endif /* MOAT_CORE_INTR_H */
