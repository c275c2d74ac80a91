/* SPDX-License-Identifier: GPL-2.0-only */
/* A platform of one VT-d unit over the registers of vtd_fake.h. */
#ifndef TEST_VTD_ONE_H
#define TEST_VTD_ONE_H

#include "vtd_fake.h"

#include "vtd/vtd_unit.h"

#define BASE    ((moat_paddr_t)0xfed90000)

static struct moat_platform *p;
static struct moat_unit *u;

/* One unit for everything, with these registers; the result of create. */
static inline int create(struct vtd_fake **f, uint64_t cap, uint64_t ecap,
                  const struct moat_options *o)
{
    static struct dmar_build d;
    int rc;

    *f = fake_unit_at(BASE, cap, ecap);
    dmar_begin(&d, 1);
    dmar_drhd(&d, BASE, true, 0xff);
    dmar_end(&d);
    p = NULL;
    rc = moat_platform_create(o, &p);
    u = p ? moat_unit_get(p, 0) : NULL;
    return rc;
}

static inline void destroy(struct vtd_fake *f)
{
    moat_platform_destroy(p);
    CHECK_EQ(sim_mmio_maps(), 0);
    free(f);
}

static inline unsigned int find(const struct vtd_fake *f, unsigned int from,
                         char what, uint64_t mask, uint64_t want)
{
    unsigned int i;

    for ( i = from; i < f->n; i++ )
        if ( f->log[i].what == what && (f->log[i].lo & mask) == want )
            return i;
    test_fail(__FILE__, __LINE__, "no %c %#" PRIx64 " after step %u", what,
              want, from);
    return f->n;
}

static inline int bring_up(void)
{
    int rc = moat_platform_enable_intremap(p, false);

    rc = moat_platform_setup(p) ?: rc;
    host_devices_lock();
    rc = moat_platform_enable_dma(p) ?: rc;
    host_devices_unlock();
    return rc;
}

#endif /* TEST_VTD_ONE_H */
