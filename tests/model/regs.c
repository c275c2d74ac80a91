/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers as drivers reach them: each access is a step. */
#include <moat/host.h>

#include "mx.h"
#include "port.h"
#include "regs.h"

#define PC  __builtin_return_address(0)

const struct regs *regs_unit;

struct host_mmio
{
    moat_paddr_t pa;
};

struct host_mmio *host_mmio_map(moat_paddr_t pa, size_t size)
{
    struct host_mmio *m;

    if ( pa != regs_unit->base || size > regs_unit->size )
        return NULL;
    m = host_alloc(sizeof(*m));
    m->pa = pa;
    return m;
}

void host_mmio_unmap(struct host_mmio *m)
{
    host_free(m);
}

static uint64_t reg_read(unsigned int off, unsigned int bytes, const void *pc)
{
    mx_point("reads a register", MX_OBJ(MX_RING, 0x100 + off), pc);
    return regs_unit->read(off, bytes);
}

static void reg_write(unsigned int off, unsigned int bytes, uint64_t v,
                      const void *pc)
{
    mx_point("writes a register", MX_OBJ(MX_RING, 0x100 + off), pc);
    port_barrier();
    mx_note("value %#lx", (unsigned long)v);
    regs_unit->write(off, bytes, v);
}

uint32_t host_mmio_read32(struct host_mmio *m, unsigned int off)
{
    (void)m;
    return (uint32_t)reg_read(off, 4, PC);
}

uint64_t host_mmio_read64(struct host_mmio *m, unsigned int off)
{
    (void)m;
    return reg_read(off, 8, PC);
}

void host_mmio_write32(struct host_mmio *m, unsigned int off, uint32_t v)
{
    (void)m;
    reg_write(off, 4, v, PC);
}

void host_mmio_write64(struct host_mmio *m, unsigned int off, uint64_t v)
{
    (void)m;
    reg_write(off, 8, v, PC);
}
