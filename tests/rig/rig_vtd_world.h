/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The world of a test of the VT-d driver alone: QEMU's unit, brought up
 * through hw_ops, and tables written by hand, word by word.
 */
#ifndef RIG_VTD_WORLD_H
#define RIG_VTD_WORLD_H

#include "rig.h"
#include "stub.h"
#include "vtd/vtd_unit.h"

struct world
{
    struct moat_options opts;
    struct moat_unit *u;
    struct vtd_unit *v;
    const struct hw_ops *ops;
    unsigned int levels;        /* of hand-made tables */
    moat_paddr_t next;          /* next free page for them */
};

extern const struct moat_options world_options;

/* Start QEMU, find its unit by its DMAR. */
void world_find(struct world *w, const struct rig_config *cfg,
                const struct moat_options *opts);
/* That, then queue, root table and translation on, probes ready. */
void world_up(struct world *w, const struct rig_config *cfg,
              const struct moat_options *opts);
void world_down(struct world *w);

/* A new empty table; its root. */
moat_paddr_t world_table(struct world *w);
/* Map one page; @bits: 1 read, 2 write, 0 unmap. */
void world_map(struct world *w, moat_paddr_t root, moat_iova_t iova,
               moat_paddr_t pa, unsigned int bits);

struct hw_entry world_entry(const struct world *w, moat_paddr_t root,
                            unsigned int did);
extern const struct hw_entry world_none;

/* Swap, then flush what the old entry may have left. */
void world_swap(struct world *w, moat_sbdf_t dev, const struct hw_entry *old,
                const struct hw_entry *new);
/* Submit and wait; the result. */
int world_flush(struct world *w, const struct hw_flush *f, unsigned int n);

/* Take one fault, which must be the only one. */
void world_expect_fault(struct world *w, moat_sbdf_t dev,
                        enum moat_access access, uint64_t addr,
                        unsigned int code);
void world_expect_no_fault(struct world *w);

#define CHECK_DMA(iova, pa, r, w)                                       \
    do {                                                                \
        struct rig_dma dma_ = rig_probe(iova, pa);                      \
        if ( dma_.read != (r) || dma_.write != (w) )                    \
            test_fail(__FILE__, __LINE__, "DMA at %#" PRIx64            \
                      ": read %s, write %s", (uint64_t)(iova),          \
                      dma_.read ? "passed" : "blocked",                 \
                      dma_.write ? "passed" : "blocked");               \
    } while ( 0 )

#endif /* RIG_VTD_WORLD_H */
