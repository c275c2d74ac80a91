/* SPDX-License-Identifier: GPL-2.0-only */
/* Flushing, below the public functions of include/moat/moat.h. */
#ifndef MOAT_CORE_FLUSH_H
#define MOAT_CORE_FLUSH_H

#include "domain.h"

/*
 * Carry out @f on @u and do not return before it is certain that nothing of
 * it is cached: try, try again, rescue; else the unit is declared dead and
 * the devices behind it are cut off, -EIO. Any context, no core lock held.
 */
int unit_flush(struct moat_unit *u, const struct hw_flush *f, unsigned int n);
/* The same for an earlier submission: wait first. */
int unit_flush_finish(struct moat_unit *u, const struct hw_flush *f,
                      unsigned int n, int submitted, uint32_t token);
/*
 * Flush @f out of every unit of @d. 0: nothing of it is cached any more.
 * -EIO: a unit failed, its devices are cut off, @d is tainted.
 */
int flush_domain(struct moat_domain *d, const struct moat_flush *f);

/* ---- The device TLBs of a domain ---- */

/* Enlist before the entry is live, take out after the last flush. */
void ats_link_add(struct moat_domain *d, struct ats_link *l,
                  struct rid_entry *e);
void ats_link_del(struct ats_link *l);

#endif /* MOAT_CORE_FLUSH_H */
