/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a look-up costs on machines of different size: the core on units that
 * exist in memory only, and answer at once. Each operation is a function of
 * its own, so that callgrind tells what it cost with all it calls
 * (tests/bench/lookup.py).
 *
 *   lookup UNITS DEVICES DOMAINS INTERRUPTS ATTACHED
 *
 * DOMAINS have an id on unit 0 and INTERRUPTS entries are in use there; the
 * guest that is flushed has a device behind each of ATTACHED units.
 */
#include <core/device.h>
#include <core/did.h>
#include <core/flush.h>
#include <core/intr.h>
#include <core/platform.h>

#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

#define UNITS_MAX   64u
#define BUSES       64u         /* behind a bridge each: 1 to 64 */
#define DOM0        ((void *)1)
#define GUEST       ((void *)2)
#define BENCH       __attribute__((__noinline__, __noclone__)) void

static unsigned int n_units, n_devices, n_domains, n_intr, n_attached;
static struct moat_unit units[UNITS_MAX];
static struct moat_platform *plat;
static struct moat_domain *dom0, *guest, *fresh, **filler;

/* ---- Units that answer at once ---- */

static struct hw_irte irtes[INTR_MAX_ENTRIES];
static struct hw_entry entries[UNITS_MAX][1 << 16];
static unsigned int in_flight, most_in_flight, submits, waits;

static int ok(struct moat_unit *u)
{
    (void)u;
    return 0;
}

static void done(struct moat_unit *u)
{
    (void)u;
}

static int intremap(struct moat_unit *u, bool x2apic)
{
    (void)u;
    (void)x2apic;
    return 0;
}

static int prepare(struct moat_unit *u, uint16_t rid)
{
    (void)u;
    (void)rid;
    return 0;
}

static int swap(struct moat_unit *u, uint16_t rid, const struct hw_entry *old,
                const struct hw_entry *new)
{
    (void)old;
    entries[u->index][rid] = *new;
    return 0;
}

static int get(struct moat_unit *u, uint16_t rid, struct hw_entry *e)
{
    *e = entries[u->index][rid];
    return 0;
}

static int submit(struct moat_unit *u, const struct hw_flush *f,
                  unsigned int n, uint32_t *token)
{
    (void)u;
    (void)f;
    (void)n;
    *token = 1;
    submits++;
    if ( ++in_flight > most_in_flight )
        most_in_flight = in_flight;
    return 0;
}

static int wait_for(struct moat_unit *u, uint32_t token)
{
    (void)u;
    (void)token;
    waits++;
    in_flight--;
    return 0;
}

static int irte_set(struct moat_unit *u, unsigned int i,
                    const struct hw_irte *e)
{
    (void)u;
    irtes[i] = *e;
    return 0;
}

static int irte_get(struct moat_unit *u, unsigned int i, struct hw_irte *e)
{
    (void)u;
    *e = irtes[i];
    return 0;
}

static void msi(const struct moat_unit *u, unsigned int index,
                unsigned int n, struct moat_msi_msg *msg)
{
    (void)u;
    (void)n;
    msg->addr_lo = 0xfee00010 | (index << 5);
    msg->addr_hi = msg->data = 0;
}

static const struct hw_ops ops = {
    .name = "memory", .fmt = &iopt_fmt_vtd, .start_queue = ok,
    .stop_queue = done, .enable_intremap = intremap,
    .disable_intremap = done, .setup = ok, .enable_dma = ok,
    .disable_dma = done, .release = done, .entry_prepare = prepare,
    .entry_swap = swap, .entry_get = get, .flush_submit = submit,
    .flush_wait = wait_for, .flush_rescue = ok, .irte_set = irte_set,
    .irte_get = irte_get, .msi_compose = msi,
};

static int scan(struct moat_platform *p, const void *table, size_t len)
{
    unsigned int i;
    int rc = 0;

    (void)table;
    (void)len;
    for ( i = 0; i < n_units && !rc; i++ )
    {
        units[i].ops = &ops;
        units[i].node = HOST_NO_NODE;
        units[i].reg_pa = 0xfed90000 + 0x1000 * i;
        units[i].caps = (struct hw_caps){
            .levels = 1u << 4, .leaf_levels = 0xe, .iova_bits = 48,
            .did_bits = 16, .did_reserved = 1, .coherent = true,
            .snoop = true, .passthrough = true, .intremap = true,
            .queue = true, .intr_entries = INTR_MAX_ENTRIES,
        };
        rc = unit_register(p, &units[i]);
    }
    /* The bridges are dealt out to the units in turn. */
    for ( i = 0; i < BUSES && !rc; i++ )
    {
        uint8_t path[2] = { (uint8_t)(8 + i / 8), (uint8_t)(i % 8) };
        struct dmar_scope s = {
            .type = DMAR_SCOPE_BRIDGE, .path = path, .depth = 1,
        };

        rc = unit_add_scope(&units[i % n_units], &s);
    }
    return rc;
}

static const struct hw_vendor vendor = {
    .name = "memory", .signature = "BNCH", .scan = scan,
};
const struct hw_vendor *const hw_vendors[] = { &vendor, NULL };

/* ---- Functions in configuration space ---- */

static uint32_t dword(moat_sbdf_t dev, unsigned int reg)
{
    bool bridge = !MOAT_SBDF_BUS(dev);
    unsigned int number = (MOAT_SBDF_DEV(dev) - 8) * 8 +
                          (MOAT_SBDF_RID(dev) & 7);

    switch ( reg )
    {
    case 0:
        return 0x10008086;

    case 4:
        return 6;

    case 8:
        return bridge ? 0x06040000 : 0x02000000;

    case 0xc:
        return (bridge ? 0x81u : 0x80u) << 16;

    case 0x18:
        return bridge ? (number + 1) << 8 | (number + 1) << 16 : 0;

    default:
        return 0;
    }
}

static uint32_t pci_read(void *ctx, moat_sbdf_t dev, unsigned int reg,
                         unsigned int bytes)
{
    (void)ctx;
    return (dword(dev, reg & ~3u) >> (8 * (reg & 3))) &
           (uint32_t)((1ull << (8 * bytes)) - 1);
}

static void pci_write(void *ctx, moat_sbdf_t dev, unsigned int reg,
                      unsigned int bytes, uint32_t v)
{
    (void)ctx;
    (void)dev;
    (void)reg;
    (void)bytes;
    (void)v;
}

static bool no_log(void *ctx)
{
    (void)ctx;
    return false;
}

/* ---- The world ---- */

static void must(int rc, const char *what)
{
    if ( !rc )
        return;
    fprintf(stderr, "%s: %d\n%s\n", what, rc, sim_log_text());
    exit(1);
}

/* Device @i: buses in turn, so that units have them in turn. */
static moat_sbdf_t sbdf(unsigned int i)
{
    unsigned int devfn = i / BUSES;

    return MOAT_SBDF(0, 1 + i % BUSES, devfn / 8, devfn % 8);
}

static void add_devices(void)
{
    unsigned int i;

    host_devices_lock();
    for ( i = 0; i < n_devices; i++ )
    {
        struct moat_device_info info = { .dev = sbdf(i) };
        struct moat_device *dev;

        must(moat_device_add(plat, &info, dom0, &dev), "a device");
    }
    must(moat_platform_enable_dma(plat), "translation");
    for ( i = 0; i < n_attached; i++ )
        must(moat_device_move(moat_device_find(plat, sbdf(i)), guest, 0),
             "assignment");
    host_devices_unlock();
}

static void fill(void)
{
    struct moat_intr intr = { .vector = 0x40 };
    struct moat_msi_msg msg;
    unsigned int i;
    uint16_t did;

    filler = calloc(n_domains + 1, sizeof(*filler));
    for ( i = 0; i < n_domains; i++ )
    {
        must(moat_domain_create(plat, MOAT_DOMAIN_OWN, DOM0, HOST_NO_NODE,
                                &filler[i]), "a domain");
        must(did_get(&units[0], filler[i], &did), "an id");
    }
    for ( i = 0; i < n_intr; i++ )
    {
        int index = -1;

        must(moat_intr_set(plat, MOAT_INTR_PCI, sbdf(0), &intr, 1, &index,
                           &msg), "an interrupt");
    }
}

static void build(void)
{
    static const uint8_t table[36] = "BNCH";
    struct sim_backend backend = {
        .pci_read = pci_read, .pci_write = pci_write,
        .log_ratelimit = no_log,
    };
    struct moat_options o = {
        .intremap = true, .qinval = true, .superpages = true, .snoop = true,
        .quarantine = MOAT_QUARANTINE_BASIC, .timeout_ms = 10,
    };

    sim_reset();
    sim_backend_set(&backend);
    sim_acpi_set("BNCH", table, sizeof(table));
    must(moat_platform_create(&o, &plat), "the platform");
    must(moat_domain_create(plat, MOAT_DOMAIN_OWN, DOM0, HOST_NO_NODE, &dom0),
         "dom0");
    must(moat_domain_create(plat, MOAT_DOMAIN_OWN, GUEST, HOST_NO_NODE,
                            &guest), "the guest");
    must(moat_domain_create(plat, MOAT_DOMAIN_OWN, GUEST, HOST_NO_NODE,
                            &fresh), "another guest");
    must(moat_platform_enable_intremap(plat, false), "interrupt remapping");
    must(moat_platform_setup(plat), "set-up");
    add_devices();
    fill();
}

/* ---- What is measured ---- */

BENCH bench_device(moat_sbdf_t dev)
{
    if ( !moat_device_find(plat, dev) )
        abort();
}

BENCH bench_unit_of_new_device(moat_sbdf_t dev)
{
    if ( !unit_find(plat, dev) )
        abort();
}

BENCH bench_fault_source(const struct moat_fault *f)
{
    fault_report(&units[0], f);
}

BENCH bench_id_in_use(struct did_drain *drain)
{
    uint16_t did;

    must(did_get(&units[0], guest, &did), "id");
    did_put(&units[0], guest, drain);
}

BENCH bench_id_new(struct did_drain *drain)
{
    uint16_t did;

    must(did_get(&units[0], fresh, &did), "id");
    did_put(&units[0], fresh, drain);
    did_drained(drain, true);
}

BENCH bench_interrupt_new(int *index, struct moat_msi_msg *msg)
{
    static const struct moat_intr intr = { .vector = 0x50 };

    must(moat_intr_set(plat, MOAT_INTR_PCI, sbdf(0), &intr, 1, index, msg),
         "interrupt");
}

BENCH bench_interrupt_change(int *index, struct moat_msi_msg *msg)
{
    static const struct moat_intr intr = { .vector = 0x60 };

    must(moat_intr_set(plat, MOAT_INTR_PCI, sbdf(0), &intr, 1, index, msg),
         "interrupt");
}

BENCH bench_interrupt_free(int index)
{
    moat_intr_free(plat, MOAT_INTR_PCI, sbdf(0), index, 1);
}

BENCH bench_flush(struct moat_flush *f)
{
    f->first = 0x1000;
    f->last = 0x1fff;
    f->modified = true;
    must(flush_domain(guest, f), "flush");
}

/* What is allocated once is there before the first measurement. */
int main(int argc, char **argv)
{
    struct moat_fault fault = {
        .access = MOAT_ACCESS_READ, .addr = 0x5000, .reason = "none",
    };
    struct did_drain drain;
    struct moat_flush f;
    struct moat_msi_msg msg;
    int index = -1;

    if ( argc != 6 )
        return 2;
    n_units = (unsigned int)atoi(argv[1]);
    n_devices = (unsigned int)atoi(argv[2]);
    n_domains = (unsigned int)atoi(argv[3]);
    n_intr = (unsigned int)atoi(argv[4]);
    n_attached = (unsigned int)atoi(argv[5]);
    if ( !n_units || n_units > UNITS_MAX || n_devices > 256 * BUSES ||
         n_attached > n_units || n_devices < n_attached )
        return 2;
    build();
    fault.source = sbdf(n_devices - 1);
    must(did_get(&units[0], fresh, &(uint16_t){ 0 }), "id");
    did_put(&units[0], fresh, &drain);
    did_drained(&drain, true);

    bench_device(sbdf(n_devices - 1));
    bench_unit_of_new_device(sbdf(n_devices - 1));
    bench_fault_source(&fault);
    if ( n_attached )
        bench_id_in_use(&drain);
    bench_id_new(&drain);
    bench_interrupt_new(&index, &msg);
    bench_interrupt_change(&index, &msg);
    bench_interrupt_free(index);
    moat_flush_begin(&f);
    submits = waits = most_in_flight = 0;
    bench_flush(&f);
    printf("flush: %u submitted, %u at once, %u waits\n", submits,
           most_in_flight, waits);
    return 0;
}
