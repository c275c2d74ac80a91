/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The core on AMD-Vi units in memory: a platform made from one of the tables
 * of tests/data/ivrs.py, its functions, dom0 and a guest. One test program
 * includes this once: it names the only vendor.
 */
#ifndef AMDVI_WORLD_H
#define AMDVI_WORLD_H

#include <core/device.h>
#include <core/platform.h>

#include "amd/amdvi_unit.h"
#include "amdvi_sim.h"
#include "ivrs_text.h"

const struct hw_vendor *const hw_vendors[] = { &amdvi_vendor, NULL };

#define BASE1       ((moat_paddr_t)0x100000000)
#define BASE2       ((moat_paddr_t)0x100004000)
#define UNIT1       MOAT_SBDF(0, 0, 0, 2)
#define UNIT2       MOAT_SBDF(0, 0x40, 0, 2)
#define SB          MOAT_SBDF(0, 0, 0x14, 0)
#define NIC         MOAT_SBDF(0, 0, 4, 0)       /* 0020h */
#define DISK        MOAT_SBDF(0, 0, 5, 0)       /* 0028h */
#define FAR         MOAT_SBDF(0, 0x40, 2, 0)    /* 4010h */
#define LEGACY      MOAT_SBDF(0, 0xff, 1, 0)    /* ff08h, alias 00a5h */

/* What a recent unit says: PPR, XT, IA, GA, six levels, eight segments. */
#define EFR_NEW     0x000000c000000ac6ull
/* INVALIDATE_IOMMU_ALL missing, 4 levels, one segment. */
#define EFR_OLD     0x0000000000000001ull

#define DOM0_COOKIE ((void *)100)
#define D1_COOKIE   ((void *)1)

static struct moat_platform *P;
static struct asim *U1, *U2;
static struct moat_domain *DOM0, *D1;

static inline struct moat_options world_options(void)
{
    struct moat_options o;

    memset(&o, 0, sizeof(o));
    o.intremap = o.qinval = o.superpages = o.snoop = o.igfx = true;
    o.quarantine = MOAT_QUARANTINE_BASIC;
    o.timeout_ms = 5;
    o.devtlb_timeout_ms = 10;
    return o;
}

/* Functions and units; twice in a test does no harm. */
static inline void world_hardware(uint64_t efr)
{
    static const moat_sbdf_t devs[] = { SB, NIC, DISK, FAR, LEGACY };
    unsigned int i;

    U1 = asim_add(BASE1, UNIT1, efr);
    U2 = asim_add(BASE2, UNIT2, efr);
    sim_pci_add(0, 0x1022, 0x1450, 0x060000);
    for ( i = 0; i < ARRAY_SIZE(devs); i++ )
        sim_pci_express(sim_pci_add(devs[i], 0x1234, 0x10 + i, 0x020000), 0);
    sim_pa_bits_set(48);
}

static inline int world_scan(const char *name, const struct moat_options *o)
{
    struct moat_options def = world_options();
    size_t len;
    uint8_t *t = ivrs_case(name, &len);
    int rc;

    P = NULL;
    sim_acpi_set("IVRS", t, len);
    rc = moat_platform_create(o ? o : &def, &P);
    if ( rc )
        P = NULL;
    free(t);
    return rc;
}

/* Scan, dom0 and d1, interrupts if asked for, set up; DMA is not on. */
static inline int world_up(const char *name, const struct moat_options *o,
                           bool intremap, bool x2apic)
{
    int rc = world_scan(name, o);

    DOM0 = D1 = NULL;
    if ( !rc && intremap )
        rc = moat_platform_enable_intremap(P, x2apic);
    if ( !rc )
        rc = moat_domain_create(P, MOAT_DOMAIN_OWN, DOM0_COOKIE,
                                HOST_NO_NODE, &DOM0);
    if ( !rc )
        rc = moat_domain_create(P, MOAT_DOMAIN_OWN, D1_COOKIE, HOST_NO_NODE,
                                &D1);
    if ( !rc )
        rc = moat_platform_setup(P);
    return rc;
}

static inline int world_enable(void)
{
    int rc;

    host_devices_lock();
    rc = moat_platform_enable_dma(P);
    host_devices_unlock();
    return rc;
}

static inline struct moat_device *world_add(moat_sbdf_t dev)
{
    struct moat_device_info info = { .dev = dev };
    struct moat_device *d = NULL;

    host_devices_lock();
    if ( moat_device_add(P, &info, DOM0, &d) )
        d = NULL;
    host_devices_unlock();
    return d;
}

static inline int world_move(struct moat_device *dev, struct moat_domain *to)
{
    int rc;

    host_devices_lock();
    rc = moat_device_move(dev, to, 0);
    host_devices_unlock();
    return rc;
}

static inline int world_map(struct moat_domain *d, uint64_t iova,
                            uint64_t pa, uint64_t len)
{
    struct moat_flush f;
    int rc;

    moat_flush_begin(&f);
    rc = moat_map(d, iova, pa, len, MOAT_RW, &f);
    moat_flush_end(d, &f);
    return rc;
}

static inline void world_domain_gone(struct moat_domain *d)
{
    if ( !d )
        return;
    while ( moat_domain_free_tables(d) == -ERESTART )
        continue;
    moat_domain_destroy(d);
}

/* Everything down again; nothing may be left. */
static inline void world_down(void)
{
    struct moat_device *dev;

    host_devices_lock();
    while ( P && (dev = P->devices) )
        if ( moat_device_remove(dev) )
        {
            test_fail(__FILE__, __LINE__, "a device stays");
            break;
        }
    host_devices_unlock();
    world_domain_gone(D1);
    world_domain_gone(DOM0);
    DOM0 = D1 = NULL;
    if ( P )
        moat_platform_destroy(P);
    P = NULL;
    CHECK_EQ(sim_mmio_maps(), 0);
}

static inline void world_end(void)
{
    world_down();
    asim_free(U1);
    asim_free(U2);
}

static inline struct amdvi_unit *world_unit(unsigned int n)
{
    return to_amdvi(moat_unit_get(P, n));
}

/* Submitted and waited for. */
static inline int world_flush(struct moat_unit *u, const struct hw_flush *f,
                              unsigned int n)
{
    uint32_t token;
    int rc = u->ops->flush_submit(u, f, n, &token);

    return rc ? rc : u->ops->flush_wait(u, token);
}

/* One unit with ids to ffh, translating, nothing on record. */
static inline struct moat_unit *world_ready(uint64_t efr)
{
    world_hardware(efr);
    REQUIRE(!world_up("scan-f3", NULL, false, false));
    REQUIRE(!world_enable());
    asim_forget(U1);
    return &world_unit(0)->unit;
}

#endif /* AMDVI_WORLD_H */
