/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The userspace host for counting instructions: the same as for tests, but
 * without hooks in stores, and with the mapping of table pages inline, as a
 * hypervisor with a direct map has it.
 */
#ifndef BENCH_HOST_PORT_H
#define BENCH_HOST_PORT_H

#define MOAT_BENCH
#include "../lib/host-port.h"

extern uint8_t *bench_arena;

static inline void *bench_table_va(uint64_t pa)
{
    return bench_arena + pa;
}
#define host_table_va bench_table_va

#endif /* BENCH_HOST_PORT_H */
