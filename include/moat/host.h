/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the core needs from the hypervisor (or test process) it runs in.
 *
 * All of it is resolved at link time; a host's host-port.h may define any of
 * these as a macro or an inline function instead (the name must then be
 * #defined to itself, so that the prototype below steps aside).
 *
 * host-port.h must provide, before this header declares anything:
 *   - uint8_t .. uint64_t, bool, size_t, NULL, E* errno constants;
 *   - cf_check, __must_check, container_of, ARRAY_SIZE, memcpy, memset,
 *     memcmp, strlen, PRIx64, PRIu64;
 *   - struct host_lock, struct host_work, struct host_tables (embeddable);
 *   - host_wmb(), host_rmb(), host_mb(), host_relax();
 *   - HOST_READ_ONCE(x), HOST_WRITE_ONCE(x, v): single, untorn accesses;
 *   - host_set_bit(n, ulong *), host_clear_bit(n, ulong *): atomic, full
 *     barriers; host_test_bit(n, const ulong *);
 *   - host_log_err/warn/info/debug(fmt, ...): one line, without newline;
 *     the host adds its "moat: " prefix. C standard conversions only;
 *   - host_store64(uint64_t *p, uint64_t v) and
 *     host_cmpxchg16(void *p, const uint64_t old[2], const uint64_t new[2]),
 *     which returns true if *p held old and now holds new (one 16-byte
 *     atomic access; p is 16-byte aligned). EVERY store that hardware reads
 *     goes through these two: rings, tables, entries.
 */
#ifndef MOAT_HOST_H
#define MOAT_HOST_H

#include "types.h"

/* ---- Heap: small objects. Any context with interrupts on. ---- */

/* Zeroed memory of @size bytes, or NULL. */
void *host_alloc(size_t size);
/* Free what host_alloc() returned; NULL is ignored. */
void host_free(void *p);

/* ---- DMA memory: rings, root, context and interrupt tables ---- */

/*
 * Zeroed, physically contiguous memory of @size bytes (rounded up to pages,
 * aligned to its size rounded up to a power of two), always mapped; *@pa gets
 * its address. @node: NUMA node, or HOST_NO_NODE. NULL when out of memory.
 */
#define HOST_NO_NODE (~0u)
void *host_dma_alloc(size_t size, unsigned int node, moat_paddr_t *pa);
void host_dma_free(void *p, size_t size);

/* ---- Table pages: 4 KiB each, counted by owner ---- */

/*
 * One zeroed page for an I/O page table. @owner is an opaque cookie (the
 * domain's) that hosts may use for accounting; may be NULL.
 */
void *host_table_alloc(void *owner, unsigned int node, moat_paddr_t *pa);
/* The mapping of a table page; valid for its whole life. */
#ifndef host_table_va
void *host_table_va(moat_paddr_t pa);
#endif
/*
 * Put a page on a list without touching its contents: hardware may still be
 * walking it. struct host_tables starts zeroed through host_tables_init().
 */
#ifndef host_tables_init        /* or both of these */
void host_tables_init(struct host_tables *list);
bool host_tables_empty(const struct host_tables *list);
#endif
void host_tables_add(struct host_tables *list, void *page);
/* Move all of @from to @to; @from ends empty. */
void host_tables_splice(struct host_tables *to, struct host_tables *from);
/* Free every page on the list; returns how many. */
unsigned long host_tables_free(struct host_tables *list);
/* Free up to @max pages; returns how many were freed. */
unsigned long host_tables_free_some(struct host_tables *list,
                                    unsigned long max);

/* ---- Caches ---- */

/* Write back [p, p + size) for units that do not snoop; ordered before later
 * stores. */
void host_cache_writeback(const void *p, size_t size);

/* ---- MMIO: an opaque handle, 32 and 64 bits apart ---- */

struct host_mmio;
/* NULL when the range cannot be mapped. Uncached. */
struct host_mmio *host_mmio_map(moat_paddr_t pa, size_t size);
void host_mmio_unmap(struct host_mmio *m);
uint32_t host_mmio_read32(struct host_mmio *m, unsigned int off);
uint64_t host_mmio_read64(struct host_mmio *m, unsigned int off);
void host_mmio_write32(struct host_mmio *m, unsigned int off, uint32_t v);
#ifndef host_mmio_write64
void host_mmio_write64(struct host_mmio *m, unsigned int off, uint64_t v);
#endif

/* ---- Locks: ranks and interrupt classes are listed in core/hw.h ---- */

void host_lock_init(struct host_lock *l, unsigned int rank);
#ifndef host_lock       /* or all of these, down to host_lock_assert() */
/* For locks never taken with interrupts off. */
void host_lock(struct host_lock *l);
void host_unlock(struct host_lock *l);
/* For locks that are: returns the interrupt state to give back. */
unsigned long host_lock_irqsave(struct host_lock *l);
void host_unlock_irqrestore(struct host_lock *l, unsigned long flags);
/* Assert that the caller holds @l (userspace hosts; may be empty). */
void host_lock_assert(const struct host_lock *l);
#endif
/* The host's recursive device lock (Xen: pcidevs_lock), the outermost. */
void host_devices_lock(void);
void host_devices_unlock(void);
void host_devices_assert_locked(void);

/* ---- Time ---- */

/* Monotonic nanoseconds; works before the host's own clock does. */
uint64_t host_now_ns(void);

/* ---- PCI configuration space ---- */

uint8_t host_pci_read8(moat_sbdf_t dev, unsigned int reg);
uint16_t host_pci_read16(moat_sbdf_t dev, unsigned int reg);
uint32_t host_pci_read32(moat_sbdf_t dev, unsigned int reg);
void host_pci_write16(moat_sbdf_t dev, unsigned int reg, uint16_t v);
void host_pci_write32(moat_sbdf_t dev, unsigned int reg, uint32_t v);

/*
 * Let nobody but the core write to the configuration space of @dev, or (hold
 * false) let them again: a device that has been programmed by a guest and must
 * stay quiet while another reaches the memory they share. Writes that come
 * meanwhile are dropped. Device lock held; not nested. -errno: not possible.
 */
int host_pci_hold(moat_sbdf_t dev, bool hold);

/* Has firmware claimed the errors of @dev for itself (ACPI HEST)? */
bool host_aer_firmware_first(moat_sbdf_t dev);

/* ---- Identity maps of reserved regions where the host owns the table ---- */

/*
 * Put [first, last] one-to-one into (or take it out of) the second-stage
 * table of the host's domain @cookie, for domains created with
 * MOAT_DOMAIN_HOST_P2M. Called without any of the core's locks but the device
 * lock; may re-enter moat_map()/moat_unmap() for the same domain.
 * The core counts users: one map, one unmap, exactly paired. A map that
 * fails must have undone itself. Returns 0 or -errno.
 */
int host_identity_map(void *cookie, moat_iova_t first, moat_iova_t last,
                      unsigned int prot, unsigned int flags);
int host_identity_unmap(void *cookie, moat_iova_t first, moat_iova_t last);

/* ---- A unit's own interrupt (fault events) ---- */

struct moat_unit;
/*
 * Route the unit's event interrupt: the host allocates a vector and then
 * calls moat_unit_irq_message() with what to program, unmasks with
 * moat_unit_irq_mask(unit, false), and calls moat_unit_irq() on arrival.
 * Returns 0 or -errno (faults are then polled).
 */
int host_unit_irq_request(struct moat_unit *unit);
void host_unit_irq_release(struct moat_unit *unit);

/* ---- Deferred work and long loops ---- */

/* Run fn(arg) soon, outside hard interrupt context; pending work is merged. */
void host_work_init(struct host_work *w, void (*fn)(void *arg), void *arg);
void host_work_schedule(struct host_work *w);
void host_work_kill(struct host_work *w);
/* Let the host do what cannot wait; only where no lock is held. */
void host_process_softirqs(void);

/* ---- Firmware ---- */

/* The ACPI table with this signature, mapped for good; NULL if absent. */
const void *host_acpi_table(const char *sig, size_t *len);
enum host_mem
{
    HOST_MEM_RESERVED,      /* all of it reserved, ACPI, or in no entry */
    HOST_MEM_PARTLY_RAM,    /* at least one page of ordinary RAM */
    HOST_MEM_NO_SUCH,       /* beyond the processor's address width */
};
/* What the firmware's memory map says of [first, last]. */
enum host_mem host_mem_type(moat_paddr_t first, moat_paddr_t last);

/* ---- Upcalls ---- */

/* A short name for the owner @cookie: "d3", "dom0". Returns buf. */
const char *host_domain_name(void *cookie, char *buf, size_t size);
/* The domain can no longer be trusted to have what it believes it has. */
void host_domain_crash(void *cookie);
/* The device was cut off (bus mastering off); the host marks it broken. */
void host_device_failed(moat_sbdf_t dev);
/* True when another line of this kind may be logged now (rate limit). */
bool host_log_ratelimit(void);
/* A state from which going on would be a breach: says why and stops. */
void host_bug(const char *fmt, ...)
    __attribute__((__noreturn__, __format__(__printf__, 1, 2)));

#endif /* MOAT_HOST_H */
