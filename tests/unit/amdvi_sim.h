/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small AMD-Vi unit for tests: its registers, command ring and logs, as the
 * specification (48882) describes them and with literal numbers, so that a
 * slip in the driver's headers cannot hide. It caches nothing; it walks device
 * table and page tables when asked, and it can misbehave.
 */
#ifndef AMDVI_SIM_H
#define AMDVI_SIM_H

#include <moat/moat.h>

#include "test.h"

#define ASIM_CMDS   8192u

struct asim
{
    struct sim_mmio mmio;
    struct sim_pci *pci;
    uint64_t regs[0x4000 / 8];

    /* What was asked of it, oldest first; wraps to what is newest. */
    struct { uint64_t w[2]; } cmd[ASIM_CMDS];
    unsigned int n_cmds;
    unsigned long tail_writes, head_reads;

    /* What goes wrong. */
    bool gone;                  /* every register reads ones */
    bool mute;                  /* commands are not looked at */
    bool stuck;                 /* run bits never clear */
    bool deaf;                  /* run bits never come */
    unsigned int illegal_at;    /* the n-th command from now is refused */
    unsigned int hw_error_at;   /* or cannot be read */
    bool always_illegal;        /* so is each command but COMPLETION_WAIT */
    int timeout_rid;            /* device TLBs that do not answer; -1 none */
    unsigned int late_entry;    /* log entries whose code is written late */
    unsigned long interrupts;
};

/* At @pa, with its function @dev in configuration space. */
struct asim *asim_add(moat_paddr_t pa, moat_sbdf_t dev, uint64_t efr);
void asim_free(struct asim *a);
/* Read or write a register as the driver sees it. */
uint64_t asim_reg(const struct asim *a, unsigned int off);
void asim_set_reg(struct asim *a, unsigned int off, uint64_t v);
/* Let it look at its ring (it does, too, at each tail write). */
void asim_run(struct asim *a);
/* Log an event of these words. False: the log is full. */
bool asim_event(struct asim *a, uint64_t w0, uint64_t w1);
bool asim_ppr(struct asim *a, uint64_t w0, uint64_t w1);

/* Commands with this code since asim_forget(). */
unsigned int asim_count(const struct asim *a, unsigned int code);
void asim_forget(struct asim *a);
/* Is there a command of these words? */
bool asim_has(const struct asim *a, uint64_t w0, uint64_t w1);

/* The four words of the device table entry of @rid. False: beyond it. */
bool asim_dte(const struct asim *a, uint16_t rid, uint64_t w[4]);
/*
 * A DMA: 0 and *@out; -EFAULT. By the specification, whatever emulators do.
 */
int asim_dma(const struct asim *a, uint16_t rid, uint64_t iova, bool write,
             uint64_t *out);
/* An MSI with this data from @rid: 0, vector and destination; -EFAULT. */
int asim_msi(const struct asim *a, uint16_t rid, uint32_t data,
             unsigned int *vector, uint32_t *dest);

#endif /* AMDVI_SIM_H */
