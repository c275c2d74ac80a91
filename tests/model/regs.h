/* SPDX-License-Identifier: GPL-2.0-only */
/* The registers of the one unit that a scenario's driver finds. */
#ifndef MODEL_REGS_H
#define MODEL_REGS_H

#include <moat/types.h>

struct regs
{
    moat_paddr_t base;
    size_t size;
    uint64_t (*read)(unsigned int off, unsigned int bytes);
    void (*write)(unsigned int off, unsigned int bytes, uint64_t v);
};
/* To be set before the platform is made. */
extern const struct regs *regs_unit;

#endif /* MODEL_REGS_H */
