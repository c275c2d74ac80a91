/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The controls of the userspace host (include/moat/host.h): what unit tests,
 * the rig and the interleaving explorer may set, count and ask.
 *
 * Everything here returns to its default by sim_reset(), which the test
 * runner calls before each test. None of it needs the core.
 */
#ifndef TEST_SIM_H
#define TEST_SIM_H

#include <moat/host.h>
#include <moat/types.h>

void sim_reset(void);

/* ---- Hooks: steps, waiting ---- */

struct sim_hooks
{
    /* After each store and write-back, before each MMIO, around locks. */
    void (*step)(void *arg, enum test_step kind, const volatile void *where);
    /* A lock is held by another thread; called until it is free. NULL: the
     * thread sleeps. */
    void (*blocked)(void *arg, struct host_lock *l);
    /* host_relax(): a chance for a simulated unit to make progress. */
    void (*relax)(void *arg);
    void *arg;
};
void sim_hooks_set(const struct sim_hooks *h);      /* NULL: none */
unsigned long sim_steps(void);                      /* since sim_reset() */

/* ---- Allocators ---- */

enum sim_alloc { SIM_HEAP, SIM_DMA, SIM_TABLE, SIM_ALLOC_KINDS };
struct sim_alloc_stats
{
    unsigned long calls;        /* allocations asked for */
    unsigned long live;         /* objects (DMA: blocks; tables: pages) */
    unsigned long failed;       /* refused on purpose */
};
const struct sim_alloc_stats *sim_alloc_stats(enum sim_alloc kind);
/* Let the nth allocation from now on fail, once; 1: the next; 0: none. */
void sim_fail_nth(unsigned long n);
void sim_fail_nth_of(enum sim_alloc kind, unsigned long n);
/* Did an armed failure fire (since it was armed)? */
bool sim_fail_fired(void);
/* Live objects of all kinds; what they are goes to the log. */
unsigned long sim_leaks(void);
/* This test leaves things behind for good, on purpose. */
void sim_leaks_allow(void);
/* Forget all that is live (end of a test). */
void sim_mem_reset(void);

/*
 * Memory that DMA and table pages come from, and its machine address. @base
 * NULL: private memory at SIM_ARENA_PA, whose unused pages the sanitizer
 * guards. Only while nothing of the previous one is live.
 */
#define SIM_ARENA_PA    ((moat_paddr_t)0x7c0000000)
#define SIM_ARENA_SIZE  ((size_t)128 << 20)
void sim_arena_set(void *base, size_t size, moat_paddr_t pa);
/* NULL when [pa, pa + size) is not within live pages of the arena. */
void *sim_pa_to_va(moat_paddr_t pa, size_t size);
moat_paddr_t sim_va_to_pa(const void *p);
enum sim_page { SIM_PAGE_FREE, SIM_PAGE_DMA, SIM_PAGE_TABLE, SIM_PAGE_LISTED };
enum sim_page sim_page_state(moat_paddr_t pa);
/* Filled with this on free. */
#define SIM_POISON 0xdb

/* ---- Units that do not snoop ---- */

/*
 * From now on sim_hw_read64() sees a store only once it has been written
 * back; a fresh page holds rubbish until then. Private arena only.
 */
void sim_shadow_enable(void);
/* An aligned word as hardware reads it: shadow if enabled, else memory. */
uint64_t sim_hw_read64(moat_paddr_t pa);
/* Calls of host_cache_writeback(), and lines of 64 bytes it was given. */
unsigned long sim_writebacks(void), sim_writeback_lines(void);

/* ---- Locks, interrupts, time, deferred work ---- */

void sim_irqs_off(void);
void sim_irqs_on(void);
bool sim_irqs_are_off(void);
unsigned int sim_locks_held(void);      /* by this thread, device lock too */
void sim_locks_reset(void);             /* drop all of this thread's */
/* host_relax() with a lock of rank 1..this held is a bug; default 4. */
void sim_relax_rank_set(unsigned int rank);

void sim_clock_real(void);
/* Virtual time, the default: each host_now_ns() adds @step_ns (10 us). */
void sim_clock_virtual(uint64_t step_ns);
void sim_clock_advance(uint64_t ns);

/* Run all pending work, once each; returns how many ran. */
unsigned int sim_work_run(void);
unsigned long sim_softirqs(void);       /* calls of host_process_softirqs() */

/* ---- The log ---- */

const char *sim_log_text(void);
bool sim_log_has(const char *s);
unsigned int sim_log_count(const char *s);      /* lines that hold s */
void sim_log_clear(void);
/* Print each line as it comes (default: environment VERBOSE=1). */
void sim_log_echo(bool on);

/* ---- host_bug() ---- */

/* Run fn(arg); its host_bug() text, or NULL if it returned normally. */
const char *sim_catch_bug(void (*fn)(void *arg), void *arg);

/* ---- Backends: replace what a test or rig provides itself ---- */

struct sim_backend
{
    bool (*mmio_ok)(void *ctx, moat_paddr_t pa, size_t size);
    uint64_t (*mmio_read)(void *ctx, moat_paddr_t pa, unsigned int bytes);
    void (*mmio_write)(void *ctx, moat_paddr_t pa, unsigned int bytes,
                       uint64_t v);
    uint32_t (*pci_read)(void *ctx, moat_sbdf_t dev, unsigned int reg,
                         unsigned int bytes);
    void (*pci_write)(void *ctx, moat_sbdf_t dev, unsigned int reg,
                      unsigned int bytes, uint32_t v);
    enum host_mem (*mem_type)(void *ctx, moat_paddr_t first,
                              moat_paddr_t last);
    const void *(*acpi_table)(void *ctx, const char *sig, size_t *len);
    int (*identity_map)(void *ctx, void *cookie, moat_iova_t first,
                        moat_iova_t last, unsigned int prot,
                        unsigned int flags);
    int (*identity_unmap)(void *ctx, void *cookie, moat_iova_t first,
                          moat_iova_t last);
    int (*unit_irq_request)(void *ctx, struct moat_unit *unit);
    void (*unit_irq_release)(void *ctx, struct moat_unit *unit);
    const char *(*domain_name)(void *ctx, void *cookie, char *buf,
                               size_t size);
    void (*domain_crash)(void *ctx, void *cookie);
    void (*device_failed)(void *ctx, moat_sbdf_t dev);
    bool (*log_ratelimit)(void *ctx);
    void (*softirqs)(void *ctx);
    void *ctx;
};
/* Members left NULL keep their default. */
void sim_backend_set(const struct sim_backend *b);

/* ---- The default backends' world ---- */

/* Registers; where nothing was added, reads give all ones. */
struct sim_mmio
{
    moat_paddr_t pa;
    size_t size;
    uint64_t (*read)(void *ctx, unsigned int off, unsigned int bytes);
    void (*write)(void *ctx, unsigned int off, unsigned int bytes,
                  uint64_t v);
    void *ctx;
    struct sim_mmio *next;
};
void sim_mmio_add(struct sim_mmio *m);
/* Mappings that exist now. */
unsigned long sim_mmio_maps(void);

/* A PCI function. Absent ones read all ones. */
struct sim_pci
{
    moat_sbdf_t dev;
    uint8_t cfg[4096];
    uint8_t ro[4096];           /* bits that writes do not change */
    unsigned long reads, writes;
    struct sim_pci *next;
};
/* A new function: vendor, device and class set, header type 0. */
struct sim_pci *sim_pci_add(moat_sbdf_t dev, uint16_t vendor,
                            uint16_t device, uint32_t class_code);
/* Make it a bridge, header type 1. */
void sim_pci_bridge(struct sim_pci *p, uint8_t secondary,
                    uint8_t subordinate);
/* Append a capability (4-byte aligned) of @len bytes; returns its offset. */
unsigned int sim_pci_cap(struct sim_pci *p, uint8_t id, unsigned int len);
/* A PCI Express capability with this device/port type. */
unsigned int sim_pci_express(struct sim_pci *p, unsigned int type);
struct sim_pci *sim_pci_find(moat_sbdf_t dev);
/* Take the function off the bus (it reads all ones). */
void sim_pci_remove(moat_sbdf_t dev);
uint16_t sim_pci_get16(const struct sim_pci *p, unsigned int reg);
uint32_t sim_pci_get32(const struct sim_pci *p, unsigned int reg);
void sim_pci_set16(struct sim_pci *p, unsigned int reg, uint16_t v);
void sim_pci_set32(struct sim_pci *p, unsigned int reg, uint32_t v);

/*
 * What dom0 writes does not arrive while the core holds the device
 * (host_pci_hold()). How many are held; let holding fail with @rc from now.
 */
void sim_pci_dom0_write16(moat_sbdf_t dev, unsigned int reg, uint16_t v);
bool sim_pci_held(moat_sbdf_t dev);
unsigned int sim_pci_holds(void);
void sim_pci_hold_fail(int rc);

/* The one device whose errors firmware claims; ~0, the default: none. */
void sim_firmware_first_set(moat_sbdf_t dev);

/* Ordinary RAM; nothing by default. Width of addresses: 46 bits. */
void sim_ram_add(moat_paddr_t first, moat_paddr_t last);
void sim_pa_bits_set(unsigned int bits);

void sim_acpi_set(const char *sig, const void *table, size_t len);

/* Identity maps asked for and not undone; one that is not there. */
unsigned long sim_identity_count(void);
bool sim_identity_has(void *cookie, moat_iova_t first, moat_iova_t last,
                      unsigned int prot);
/* Let the nth host_identity_map() from now fail with -ENOMEM; 0: none. */
void sim_identity_fail_nth(unsigned long n);

/* Name of a cookie; default "d<N>" for small values, else "d?". */
void sim_domain_name(void *cookie, const char *name);
unsigned long sim_domain_crashes(void *cookie);
unsigned long sim_device_failures(moat_sbdf_t dev);

/* For the parts of the host, not for tests. */
void sim_dev_reset(void);
void sim_pci_reset(void);
void sim_upcall_reset(void);
void sim_arena_reset(void);
bool sim_count_call(enum sim_alloc kind);       /* true: it must fail */
extern struct sim_alloc_stats sim_stats[SIM_ALLOC_KINDS];
void sim_lock_check_alloc(const char *what);    /* interrupts on? */
void sim_lock_check_none(const char *what);     /* no ranked lock held? */
void sim_lock_check_relax(unsigned int rank);
bool sim_lock_wait_hook(struct host_lock *l);   /* true: the hook waited */
extern struct sim_backend sim_backend;

#endif /* TEST_SIM_H */
