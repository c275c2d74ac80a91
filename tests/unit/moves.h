/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine whose moves are watched: at every step of every move a device
 * that can issue DMA reaches its reserved regions, whatever hardware has
 * cached; after a move nothing of the old owner is reachable.
 */
#ifndef MOVES_H
#define MOVES_H

#include "fake_unit.h"

#define RMRR        0x7f000000ull
#define RMRR_LAST   0x7f003fffull
#define PROBE       0x00200000ull       /* mapped differently in each domain */
#define PA(n)       (0x100000000ull * (n))

extern struct machine m;
extern struct fake_unit *u;
extern struct moat_device *nic, *disk;
extern bool moves_watching;             /* the NIC, from now on */
extern unsigned long moves_judged;

/* For fake_scan_more: NIC and DISK with regions of their own, or one. */
int two_regions(struct moat_platform *p);
int shared_region(struct moat_platform *p);
void domains(void);
void up_opts(int (*more)(struct moat_platform *),
             const struct moat_options *o);
void up(int (*more)(struct moat_platform *));
void down(void);
int move(struct moat_device *dev, struct moat_domain *to);

/* Where its DMA goes, if that is certain; 0: blocked. */
uint64_t reach(moat_sbdf_t dev, uint64_t iova);
/* Behind this owner's tables (NULL: quarantine), and nobody else's. */
void check_behind(moat_sbdf_t dev, const struct moat_domain *d);
void check_no_maps(const struct moat_domain *d, uint64_t iova);
struct moat_counts counts(void);
void check_counts(const struct moat_counts *want);

#endif /* MOVES_H */
