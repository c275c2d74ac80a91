/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scenarios, each a whole life of the layer from nothing to nothing, played
 * one after the other on each machine of matrix.def. A scenario that a
 * machine cannot bear says so by returning false.
 */
#ifndef MATRIX_H
#define MATRIX_H

#include "plan.h"

struct cell
{
    const char *name;
    bool amd;                   /* then only what rig_config says matters */
    unsigned int aw_bits;
    bool caching_mode, device_iotlb, intremap, eim, snoop, pt;
    enum rig_place place;
};

/* rig_matrix_life.c */
bool sc_as_found(struct machine *m);
bool sc_storm(struct machine *m);
bool sc_moves(struct machine *m);
bool sc_sleep(struct machine *m);       /* the last: QEMU is reset */
/* rig_matrix_dma.c */
bool sc_dma(struct machine *m);
bool sc_rights(struct machine *m);
bool sc_needs_flush(struct machine *m);
bool sc_superpages(struct machine *m);
bool sc_pass_through(struct machine *m);
/* rig_matrix_intr.c */
bool sc_messages(struct machine *m);
bool sc_wrong_source(struct machine *m);

/*
 * QEMU 7.2's amd-iommu writes to the log what it finds wrong with an entry,
 * but no page fault, and never moves the log's tail: no fault can be looked
 * for there. (tests/unit does, with a unit in memory.)
 */
bool faults_logged(void);

struct matrix_totals
{
    unsigned long cells, scenarios, skipped, steps, probes;
};
extern struct matrix_totals matrix_totals;

/* All devices that cannot be told apart from NIC 0, itself included. */
void move_group(struct machine *m, enum owner to);
/* One DMA by probe, judged; counted. */
void check_dma(unsigned int nic, moat_iova_t iova, moat_paddr_t pa, bool ok);
/* Forget the faults so far. */
void no_faults(struct machine *m);
/* One fault since then, which the log describes so. @owner as the log has
 * it: d1 dom0, d2 guest A. */
void check_fault(struct machine *m, const char *owner, const char *access,
                 moat_iova_t addr, const char *reason);
/* edu's message arrives as this vector, or not. */
void check_msi(unsigned int vector, bool arrives);

#endif /* MATRIX_H */
