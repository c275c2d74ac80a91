/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What scenarios and the model's driver need of the process they run in: the
 * explorer (host.c), or real threads on the userspace host (threads.c).
 */
#ifndef MODEL_PORT_H
#define MODEL_PORT_H

#include <moat/types.h>

struct moat_unit;

/* All is forgotten; the userspace host is as new. */
void port_reset(void);
/* A PCI Express function, bus mastering on; @ats: with a TLB of its own. */
void port_dev_add(moat_sbdf_t dev, bool ats);
bool port_bus_master(moat_sbdf_t dev);
bool port_ats_enabled(moat_sbdf_t dev);
/* Memory behind a machine address; NULL: none. */
void *port_memory(moat_paddr_t pa);
bool port_memory_freed(moat_paddr_t pa);
/* Deferred work that is pending. */
void port_work_run(void);

bool port_log_has(const char *text);
unsigned int port_log_count(const char *text);
unsigned int port_crashes(void *cookie);
unsigned int port_failures(moat_sbdf_t dev);
/* Objects and pages allocated and not freed. */
unsigned long port_live(void);
/* Let the nth page for tables from now on not be had; 0: all can. */
void port_table_fail(unsigned int nth);

/* Before a step of the hardware: others may go first. */
void port_step(const char *what, unsigned int kind, uint64_t id);
/* What this processor has stored is there for all. */
void port_barrier(void);
/* Steps of the hardware are one at a time. */
void port_hw_lock(void);
void port_hw_unlock(void);
/* Kinds of port_step() and port_touch(), as the explorer numbers them. */
void port_touch(unsigned int kind, uint64_t id, bool write);
/* Called whenever somebody waits for the hardware. */
void port_relax_set(void (*fn)(void));
/* The hardware writes a word that the core reads. */
void port_status_write(uint64_t *p, uint64_t v);
unsigned int port_choose(unsigned int n, const char *what);
void port_note(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2)));
void port_fail(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2), __noreturn__));

#endif /* MODEL_PORT_H */
