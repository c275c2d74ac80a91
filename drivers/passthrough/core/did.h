/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The domain-id table of a unit (XSA-399).
 *
 *            did_get                    last did_put
 *   FREE --------------> LIVE <--------------------------> DRAINING
 *     ^                        did_get of the same domain     |
 *     |                                                       |
 *     +---- did_drained: the flush by id has completed -------+
 *                        (it failed: LEAKED, for good)
 *
 * All state is under the unit's lock; the flush is waited for without it.
 */
#ifndef MOAT_CORE_DID_H
#define MOAT_CORE_DID_H

#include "hw.h"

/* What a last did_put() leaves to be drained. */
struct did_drain
{
    struct moat_unit *unit;
    struct moat_domain *domain;
    uint16_t did;
    unsigned int gen;       /* of this draining: a later one is another's */
    bool last;
};

int did_table_init(struct moat_unit *u);
void did_table_fini(struct moat_unit *u);

/*
 * A reference to the id of @d on @u, allocating or reviving one, and publish
 * @u in the domain's set of units before returning (full barrier). -ENOSPC:
 * no id is free (said); -ENOMEM. Interrupts on.
 */
int did_get(struct moat_unit *u, struct moat_domain *d, uint16_t *did);
/*
 * Drop one. If it was the last, @drain->last is set and the id drains: the
 * caller flushes everything tagged with it, then calls did_drained().
 * Entries that named the id for this user must be flushed before (another
 * user, reviving and draining the id meanwhile, would not flush those), or
 * the device lock be held from here to did_drained(), which keeps others out.
 */
void did_put(struct moat_unit *u, struct moat_domain *d,
             struct did_drain *drain);
/*
 * The flush that followed the last put has completed (or, @flushed false,
 * never will: the id is kept for good). Nothing happens if the id was revived.
 */
void did_drained(const struct did_drain *drain, bool flushed);

void did_counts(const struct moat_unit *u, unsigned long *free,
                unsigned long *total);

/*
 * Only one processor at a time tries to rescue a unit. begin() waits for the
 * other, within the unit's deadline.
 */
void unit_rescue_begin(struct moat_unit *u);
void unit_rescue_end(struct moat_unit *u);

#endif /* MOAT_CORE_DID_H */
