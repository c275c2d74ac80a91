/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The least of a platform that a vendor's driver needs: the core's side of
 * core/hw.h, for programs that test a driver alone.
 */
#include "stub.h"

struct moat_platform
{
    struct moat_options opts;
    struct moat_unit *units;
    bool intremap_allowed, optout;
};

static struct moat_platform platform;

struct moat_platform *stub_platform(const struct moat_options *opts)
{
    memset(&platform, 0, sizeof(platform));
    platform.opts = *opts;
    return &platform;
}

struct moat_unit *stub_units(void)
{
    return platform.units;
}

const struct moat_options *platform_options(const struct moat_platform *p)
{
    return &p->opts;
}

uint64_t platform_timeout_ns(const struct moat_platform *p)
{
    return (p->opts.timeout_ms ? p->opts.timeout_ms : HW_DEFAULT_TIMEOUT_MS) *
           (uint64_t)1000000;
}

int unit_register(struct moat_platform *p, struct moat_unit *u)
{
    u->platform = p;
    host_lock_init(&u->lock, MOAT_RANK_UNIT);
    host_lock_init(&u->intr_lock, MOAT_RANK_INTR);
    u->next = p->units;
    p->units = u;
    return 0;
}

int scope_resolve(uint16_t segment, const struct dmar_scope *s,
                  moat_sbdf_t *dev)
{
    *dev = MOAT_SBDF(segment, s->start_bus, s->path[0], s->path[1]);
    return s->depth == 1 ? 0 : -ENODEV;
}

int unit_add_scope(struct moat_unit *u, const struct dmar_scope *s)
{
    (void)u;
    (void)s;
    return 0;
}

int resv_add(struct moat_platform *p, moat_paddr_t first, moat_paddr_t last,
             unsigned int prot, moat_sbdf_t dev, size_t fw_offset)
{
    (void)p;
    (void)first;
    (void)last;
    (void)prot;
    (void)dev;
    (void)fw_offset;
    return 0;
}

int device_deny(struct moat_platform *p, moat_sbdf_t dev, const char *why)
{
    (void)p;
    (void)dev;
    (void)why;
    return 0;
}

void platform_set_flags(struct moat_platform *p, bool x2apic_optout,
                        bool intremap_allowed)
{
    p->optout = x2apic_optout;
    p->intremap_allowed = intremap_allowed;
}
