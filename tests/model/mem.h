/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The explorer's memory: at the same addresses in every run and every
 * process, so that objects keep their identity and schedules can be replayed.
 * Nothing is used twice in a run: who still points to what was freed is
 * found out. Each processor allocates from a part of its own, so that
 * addresses do not depend on the schedule.
 */
#ifndef MODEL_MEM_H
#define MODEL_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEM_BASE        0x200000000000u
#define MEM_HEAP_SIZE   0x80000u            /* of one processor */
#define MEM_PAGES_SIZE  0x80000u
#define MEM_CPUS        4u
#define MEM_PAGES       (MEM_BASE + MEM_CPUS * MEM_HEAP_SIZE)
#define MEM_END         (MEM_PAGES + MEM_CPUS * MEM_PAGES_SIZE)
#define MEM_SIZE        (MEM_END - MEM_BASE)
/* Machine addresses of pages. */
#define MEM_PA          0x7c0000000u

enum mem_state { MEM_NONE, MEM_USED, MEM_FREED };

void mem_start(void);                       /* of a run: all forgotten */
void *mem_heap(size_t size);
void *mem_pages(size_t n);
void mem_release(void *p, size_t size);
static inline bool mem_is_page(const void *p)
{
    return (uintptr_t)p >= MEM_PAGES && (uintptr_t)p < MEM_END;
}
static inline uint64_t mem_pa(const void *p)
{
    return (uintptr_t)p - MEM_PAGES + MEM_PA;
}
static inline void *mem_va(uint64_t pa)
{
    return (void *)(uintptr_t)(pa - MEM_PA + MEM_PAGES);
}
enum mem_state mem_state(const void *p);
/* An access by the host itself, on behalf of the core. */
void mem_access(const void *p, size_t size, bool write, const void *pc);

/* What must be known of a store to a page that hardware reads. */
extern void (*mem_stored)(void *p, uint64_t old);
/* What processor @cpu stored up to its time @stamp is known to another. */
extern void (*mem_seen)(unsigned int cpu, unsigned int stamp);
/* The time of the processor that runs: grows with what it lets others know. */
unsigned int mem_stamp(void);
/* Object that stands for the tables this page belongs to; 0: none. */
extern uint64_t (*mem_tables_of)(const void *p);

#endif /* MODEL_MEM_H */
