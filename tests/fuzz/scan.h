/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The whole scan: a platform made of a table of any content, and taken down
 * again. Whatever the table says, nothing may be left, no lock held, and a
 * refusal must be said in the log.
 */
#ifndef MOAT_FUZZ_SCAN_H
#define MOAT_FUZZ_SCAN_H

#include <moat/moat.h>

#include <core/platform.h>

#include "sim.h"
#include "walk.h"

/* A unit wherever a table says that there is one. */
struct scan_unit
{
    uint64_t (*read)(unsigned int off, unsigned int bytes);
    moat_paddr_t span;          /* registers repeat after so many bytes */
};

static inline uint64_t scan_mmio_read(void *ctx, moat_paddr_t pa,
                                      unsigned int bytes)
{
    const struct scan_unit *u = ctx;

    return u->read((unsigned int)(pa & (u->span - 1)), bytes);
}

static inline void scan_mmio_write(void *ctx, moat_paddr_t pa,
                                   unsigned int bytes, uint64_t v)
{
    (void)ctx;
    (void)pa;
    (void)bytes;
    (void)v;
}

static inline bool scan_mmio_ok(void *ctx, moat_paddr_t pa, size_t size)
{
    (void)ctx;
    return pa && size;
}

/* Some functions that tables name: bridges, a NIC, graphics. */
static inline void scan_world(const struct scan_unit *u)
{
    struct sim_backend b;

    sim_reset();
    memset(&b, 0, sizeof(b));
    b.mmio_ok = scan_mmio_ok;
    b.mmio_read = scan_mmio_read;
    b.mmio_write = scan_mmio_write;
    b.ctx = (void *)u;
    sim_backend_set(&b);
    sim_pci_add(MOAT_SBDF(0, 0, 0, 0), 0x8086, 0x3e30, 0x060000);
    sim_pci_add(MOAT_SBDF(0, 0, 2, 0), 0x8086, 0x3e92, 0x030000);
    sim_pci_add(MOAT_SBDF(0, 0, 20, 0), 0x8086, 0xa36d, 0x0c0330);
    sim_pci_bridge(sim_pci_add(MOAT_SBDF(0, 0, 28, 0), 0x8086, 0xa338,
                               0x060400), 1, 2);
    sim_pci_add(MOAT_SBDF(0, 1, 0, 0), 0x8086, 0x10d3, 0x020000);
}

static inline void scan(const char *sig, const struct scan_unit *u,
                        const uint8_t *table, size_t len)
{
    struct moat_options o;
    struct moat_platform *p = NULL;
    int rc;

    scan_world(u);
    memset(&o, 0, sizeof(o));
    o.intremap = o.qinval = o.superpages = o.snoop = o.igfx = true;
    o.quarantine = MOAT_QUARANTINE_BASIC;
    o.timeout_ms = 1;
    o.devtlb_timeout_ms = 1;
    sim_acpi_set(sig, table, len);
    rc = moat_platform_create(&o, &p);
    PROMISE(rc <= 0);
    PROMISE(!rc == !!p);
    PROMISE(!rc || rc == -ENODEV || *sim_log_text());
    if ( p )
        moat_platform_destroy(p);
    PROMISE(!sim_locks_held());
    PROMISE(!sim_mmio_maps());
    PROMISE(!sim_leaks());
}

#endif /* MOAT_FUZZ_SCAN_H */
