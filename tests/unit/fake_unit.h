/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A unit in memory, for tests of the core: entries, an entry cache, an IOTLB,
 * device TLBs and an interrupt entry cache that go stale and stay so until a
 * flush has been waited for. Everything that may be cached is, as soon as it
 * is used, and a flush takes effect only in the wait: the worst hardware can
 * do. Translation is by a walker of its own, which knows a page that was
 * freed.
 */
#ifndef FAKE_UNIT_H
#define FAKE_UNIT_H

#include <core/device.h>
#include <core/did.h>
#include <core/flush.h>
#include <core/intr.h>
#include <core/platform.h>

#include "test.h"

#define FAKE_RIDS       2048u       /* buses 0..7 */
#define FAKE_TLB        1024u
#define FAKE_INTR       256u
#define FAKE_PENDING    256u

struct fake_tlb
{
    bool valid, dev;                /* dev: in the device's own cache */
    uint16_t did, rid;
    uint64_t iova, pa;
    unsigned int prot;
};

struct fake_unit
{
    struct moat_unit unit;          /* first */
    struct hw_entry mem[FAKE_RIDS];
    struct { bool valid; struct hw_entry e; } ctx[FAKE_RIDS];
    struct fake_tlb tlb[FAKE_TLB];
    unsigned int tlb_next;
    struct hw_irte irte[FAKE_INTR], irte_cache[FAKE_INTR];
    bool irte_cached[FAKE_INTR];

    struct { struct hw_flush f; uint32_t seq; } pending[FAKE_PENDING];
    unsigned int n_pending;
    uint32_t seq;
    bool dma, queue, ir;

    /* What goes wrong. Countdowns: 1 is the next, 0 none. */
    unsigned long fail_submit, fail_wait, fail_swap;
    unsigned long fail_swap_more;   /* how many after fail_swap fail, too */
    unsigned long mute_wait;        /* countdown to: */
    bool mute;                      /* nothing is ever carried out */
    bool mute_devtlb;               /* device TLB flushes are not */
    bool rescue_ok;
    int queue_rc, setup_rc, enable_rc, intremap_rc, prepare_rc;
    int suspend_rc, resume_rc;

    unsigned long submits, waits, rescues, swaps, released;
    unsigned long flushes[HW_FLUSH_INTR_ALL + 1];
    struct moat_fault faults[64];
    unsigned int n_faults;
};

static inline struct fake_unit *to_fake(const struct moat_unit *u)
{
    return (struct fake_unit *)u;
}

static inline bool fake_countdown(unsigned long *n)
{
    return *n && !--*n;
}

/* fake_hw.c, for fake_unit.c */
int cf_check fake_submit(struct moat_unit *unit, const struct hw_flush *f,
                         unsigned int n, uint32_t *token);
int cf_check fake_wait(struct moat_unit *unit, uint32_t token);
int cf_check fake_rescue(struct moat_unit *unit);

/* The units of the next moat_platform_create(); caps may be changed. */
#define FAKE_MAX 4
extern struct fake_unit *fake[FAKE_MAX];
struct fake_unit *fake_add(void);
/* What the vendor's scan does besides registering the units. */
extern int (*fake_scan_more)(struct moat_platform *p);
void fake_options(struct moat_options *o);

/* ---- Hardware at work ---- */

/*
 * A DMA by @rid. 0 and *@pa; -EFAULT. Fills the caches. Translation off: as
 * it comes. @ats: the device asks for a translation first and keeps it.
 */
int fake_dma(struct fake_unit *u, uint16_t rid, uint64_t iova,
             unsigned int access, uint64_t *pa);
int fake_dma_ats(struct fake_unit *u, uint16_t rid, uint64_t iova,
                 unsigned int access, uint64_t *pa);
/*
 * Every result a DMA could have now, whatever was evicted: calls fn with the
 * machine address or -EFAULT.
 */
void fake_outcomes(struct fake_unit *u, uint16_t rid, uint64_t iova,
                   unsigned int access,
                   void (*fn)(void *arg, int rc, uint64_t pa), void *arg);
/* An interrupt through entry @index; 0 and *@vector, or -EFAULT. */
int fake_interrupt(struct fake_unit *u, unsigned int index, uint16_t sid,
                   uint8_t *vector);
/* Queue a fault record. */
void fake_fault(struct fake_unit *u, moat_sbdf_t source,
                enum moat_access access, uint64_t addr, const char *reason);

/* ---- A small machine: devices, dom0, guests ---- */

#define NIC     MOAT_SBDF(0, 0, 3, 0)
#define DISK    MOAT_SBDF(0, 0, 4, 0)
#define GFX     MOAT_SBDF(0, 0, 2, 0)
#define BRIDGE  MOAT_SBDF(0, 0, 30, 0)  /* PCIe to PCI, bus 1 */
#define PCI_A   MOAT_SBDF(0, 1, 1, 0)
#define PCI_B   MOAT_SBDF(0, 1, 2, 0)

#define DOM0    ((void *)100)
#define COOKIE(n) ((void *)(uintptr_t)(n))

struct machine
{
    struct moat_platform *p;
    struct moat_domain *dom0, *a, *b;
};
/* Functions above in configuration space, bus mastering on. */
void machine_pci(void);
/* Platform, dom0 (own table), guests d1 and d2; units set up, DMA off. */
int machine_create(struct machine *m, const struct moat_options *o);
int machine_enable(struct machine *m);
struct moat_device *machine_add(struct machine *m, moat_sbdf_t dev);
void machine_destroy(struct machine *m);
/* After a host_bug(): nothing can be taken down in order. */
void machine_abandon(struct machine *m);
bool machine_mastering(moat_sbdf_t dev);
void machine_master_on(moat_sbdf_t dev);
int machine_map(struct moat_domain *d, uint64_t iova, uint64_t pa,
                uint64_t len);
int machine_unmap(struct moat_domain *d, uint64_t iova, uint64_t len);

#endif /* FAKE_UNIT_H */
