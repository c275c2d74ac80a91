/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The Xen host's side of include/moat/host.h: types, and the few services
 * that are best as inlines. Everything else is in host.c and host_sys.c.
 */
#ifndef MOAT_XEN_HOST_PORT_H
#define MOAT_XEN_HOST_PORT_H

#include <xen/bitops.h>
#include <xen/compiler.h>
#include <xen/errno.h>
#include <xen/inttypes.h>
#include <xen/kernel.h>
#include <xen/lib.h>
#include <xen/spinlock.h>
#include <xen/string.h>
#include <xen/types.h>
#include <asm/atomic.h>
#include <asm/io.h>
#include <asm/page.h>
#include <asm/processor.h>
#include <asm/system.h>

/* Xen's list of error numbers lacks it. */
#ifndef ELOOP
#define ELOOP 40
#endif

struct host_lock
{
    spinlock_t lock;
};

/* Room for a tasklet, whose header would bring in much else. */
struct host_work
{
    unsigned long tasklet[6];
};

/* Laid out as Xen's page_list_head, plus a count (see host.c). */
struct page_info;
struct host_tables
{
    struct page_info *next, *tail;
    unsigned long n;
};

/* A range of registers (host.c). */
struct host_mmio
{
    void __iomem *va;
    uint64_t first, last;
    struct host_mmio *next;
};

/* iommu=debug: may debug messages be logged? Set once, at boot. */
extern bool host_log_debug_on;

#define host_log_err(fmt, args...) \
    printk(XENLOG_ERR "moat: " fmt "\n", ## args)
#define host_log_warn(fmt, args...) \
    printk(XENLOG_WARNING "moat: " fmt "\n", ## args)
#define host_log_info(fmt, args...) \
    printk(XENLOG_INFO "moat: " fmt "\n", ## args)
#define host_log_debug(fmt, args...)                        \
    do {                                                    \
        if ( host_log_debug_on )                            \
            printk(XENLOG_DEBUG "moat: " fmt "\n", ## args); \
    } while ( 0 )

/* x86 keeps loads of ordinary memory in order, and others are not meant. */
#define host_mb()       smp_mb()
#define host_wmb()      wmb()
#define host_rmb()      smp_rmb()
#define host_relax()    cpu_relax()

#define HOST_READ_ONCE(x)       ACCESS_ONCE(x)
#define HOST_WRITE_ONCE(x, v)   ((void)(ACCESS_ONCE(x) = (v)))

/* Locked instructions are full barriers on x86. */
#define host_set_bit(n, p)      set_bit(n, p)
#define host_clear_bit(n, p)    clear_bit(n, p)
#define host_test_bit(n, p)     test_bit(n, p)

/* ---- On every change of a page and its flush ---- */

static inline void host_tables_init(struct host_tables *list)
{
    list->next = list->tail = NULL;
    list->n = 0;
}
#define host_tables_init host_tables_init

static inline bool host_tables_empty(const struct host_tables *list)
{
    return !list->n;
}

static inline void host_lock(struct host_lock *l)
{
    spin_lock(&l->lock);
}
#define host_lock host_lock

static inline void host_unlock(struct host_lock *l)
{
    spin_unlock(&l->lock);
}

static inline unsigned long host_lock_irqsave(struct host_lock *l)
{
    unsigned long flags;

    spin_lock_irqsave(&l->lock, flags);

    return flags;
}

static inline void host_unlock_irqrestore(struct host_lock *l,
                                          unsigned long flags)
{
    spin_unlock_irqrestore(&l->lock, flags);
}

static inline void host_lock_assert(const struct host_lock *l)
{
    ASSERT(spin_is_locked((spinlock_t *)&l->lock));
}

static inline void host_mmio_write64(struct host_mmio *m, unsigned int off,
                                     uint64_t v)
{
    writeq(v, m->va + off);
}
#define host_mmio_write64 host_mmio_write64

/* On every step of a walk: table pages are always mapped (see host.c). */
static inline void *host_table_va(uint64_t pa)
{
    return maddr_to_virt(pa);
}
#define host_table_va host_table_va

/* x86 keeps stores in order: a release store is a plain one. */
static inline void host_store64(uint64_t *p, uint64_t v)
{
    write_atomic(p, v);
}

/*
 * Written out, because Xen's cmpxchg16b() returns the old value, which would
 * have to be compared once more. Processors without the instruction are
 * turned away when the platform is created.
 */
static inline bool host_cmpxchg16(void *p, const uint64_t old[2],
                                  const uint64_t new[2])
{
    bool ok;
    uint64_t lo = old[0], hi = old[1];

    asm volatile ( "lock cmpxchg16b %[mem]; setz %[ok]"
                   : [ok] "=q" (ok), "+a" (lo), "+d" (hi),
                     [mem] "+m" (*(volatile __uint128_t *)p)
                   : "b" (new[0]), "c" (new[1])
                   : "memory", "cc" );

    return ok;
}

#endif /* MOAT_XEN_HOST_PORT_H */
