/* SPDX-License-Identifier: GPL-2.0-only */
/* The driver of the model's unit: struct hw_ops on unit/hw.h. */
#ifndef MODEL_DRV_H
#define MODEL_DRV_H

#include <core/hw.h>
#include <queue/cmdq.h>

#include "unit/hw.h"

/* What becomes of a submission. */
enum drv_fate
{
    DRV_DONE,
    DRV_LOST,           /* no answer in time, and never carried out */
    DRV_LATE,           /* no answer in time, carried out after that */
    DRV_ERROR,          /* refused with an error */
    DRV_FULL,           /* there was no room for it */
    DRV_FATES,
};

struct drv_unit
{
    struct moat_unit unit;
    unsigned int number;
    bool ring;                      /* commands go through q */
    bool direct;                    /* rescued: carried out at once */
    struct cmdq q;
};

struct drv_program
{
    unsigned int units;
    struct hw_caps caps;
    bool ring;
    /* Which submissions fail, counted from 1 once armed; 0: none. */
    unsigned int fail_at, fail_for;
    enum drv_fate fate;
    bool mute_devtlb;
    bool rescue;                    /* register-based invalidation works */
    unsigned int count;
    unsigned int rescues;
    struct moat_unit *unit[HWU_UNITS];
    /* Reserved pages: of which device. */
    struct { moat_sbdf_t dev; uint64_t page; } resv[4];
    unsigned int n_resv;
    moat_sbdf_t scope;              /* unit 1's device; 0: none */
};
extern struct drv_program drv;
extern const struct hw_vendor drv_vendor;

/* Forget the program; the caps of an ordinary unit, ids of 4 bits. */
void drv_reset(void);
/* A command of the core, as the unit knows it. */
void drv_command(const struct hw_flush *f, struct hwu_cmd *c);
/* Is the next submission to fail? */
enum drv_fate drv_next_fate(unsigned int unit);

/* drv_ring.c */
int drv_ring_start(struct drv_unit *d);
void drv_ring_stop(struct drv_unit *d);
int drv_ring_submit(struct drv_unit *d, const struct hw_flush *f,
                    unsigned int n, uint32_t *token);
int drv_ring_wait(struct drv_unit *d, uint32_t token);
void drv_ring_reset(void);
/* The unit gets on with its work: called while somebody waits. */
void drv_ring_relax(void);

#endif /* MODEL_DRV_H */
