/* SPDX-License-Identifier: GPL-2.0-only */
/* PCI configuration space of the userspace host. */
#include <stdlib.h>

#include "sim.h"

static struct sim_pci *pcis;
static moat_sbdf_t firmware_first = ~(moat_sbdf_t)0;

#define HOLDS_MAX 64u
static moat_sbdf_t holds[HOLDS_MAX];
static unsigned int n_holds;
static int hold_rc;

void sim_firmware_first_set(moat_sbdf_t dev)
{
    firmware_first = dev;
}

bool host_aer_firmware_first(moat_sbdf_t dev)
{
    return dev == firmware_first;
}

struct sim_pci *sim_pci_find(moat_sbdf_t dev)
{
    struct sim_pci *p;

    for ( p = pcis; p && p->dev != dev; p = p->next )
        continue;
    return p;
}

uint16_t sim_pci_get16(const struct sim_pci *p, unsigned int reg)
{
    return (uint16_t)(p->cfg[reg] | p->cfg[reg + 1] << 8);
}

uint32_t sim_pci_get32(const struct sim_pci *p, unsigned int reg)
{
    return sim_pci_get16(p, reg) |
           (uint32_t)sim_pci_get16(p, reg + 2) << 16;
}

void sim_pci_set16(struct sim_pci *p, unsigned int reg, uint16_t v)
{
    p->cfg[reg] = (uint8_t)v;
    p->cfg[reg + 1] = (uint8_t)(v >> 8);
}

void sim_pci_set32(struct sim_pci *p, unsigned int reg, uint32_t v)
{
    sim_pci_set16(p, reg, (uint16_t)v);
    sim_pci_set16(p, reg + 2, (uint16_t)(v >> 16));
}

struct sim_pci *sim_pci_add(moat_sbdf_t dev, uint16_t vendor,
                            uint16_t device, uint32_t class_code)
{
    struct sim_pci *p = calloc(1, sizeof(*p));

    if ( sim_pci_find(dev) )
        host_bug("sim_pci_add(): " MOAT_PRI_SBDF " exists",
                 MOAT_SBDF_ARG(dev));
    p->dev = dev;
    sim_pci_set16(p, 0, vendor);
    sim_pci_set16(p, 2, device);
    sim_pci_set32(p, 8, class_code << 8);
    memset(p->ro, 0xff, 4);             /* ids */
    memset(p->ro + 8, 0xff, 8);         /* class, header type */
    p->ro[0x34] = 0xff;                 /* capability pointer */
    p->next = pcis;
    pcis = p;
    return p;
}

void sim_pci_bridge(struct sim_pci *p, uint8_t secondary,
                    uint8_t subordinate)
{
    p->cfg[0x0e] = 1;
    p->cfg[0x18] = MOAT_SBDF_BUS(p->dev);
    p->cfg[0x19] = secondary;
    p->cfg[0x1a] = subordinate;
    sim_pci_set32(p, 8, 0x060400 << 8);
}

unsigned int sim_pci_cap(struct sim_pci *p, uint8_t id, unsigned int len)
{
    unsigned int at = 0x40, link = 0x34;

    while ( p->cfg[link] )
    {
        /* The byte behind a capability's header keeps its length here. */
        at = p->cfg[link];
        link = at + 1;
        at += (p->ro[at] + 3u) & ~3u;
    }
    if ( at + len > 0x100 )
        host_bug("sim_pci_cap(): no room");
    p->cfg[link] = (uint8_t)at;
    p->cfg[at] = id;
    p->cfg[at + 1] = 0;
    p->ro[at] = (uint8_t)len;
    return at;
}

unsigned int sim_pci_express(struct sim_pci *p, unsigned int type)
{
    unsigned int at = sim_pci_cap(p, 0x10, 0x3c);

    sim_pci_set16(p, 6, sim_pci_get16(p, 6) | 0x10);
    sim_pci_set16(p, at + 2, (uint16_t)(2 | type << 4));
    return at;
}

void sim_pci_remove(moat_sbdf_t dev)
{
    struct sim_pci **p, *gone;

    for ( p = &pcis; *p; p = &(*p)->next )
    {
        if ( (*p)->dev != dev )
            continue;
        gone = *p;
        *p = gone->next;
        free(gone);
        return;
    }
}

/* ---- Held by the core: nobody else writes ---- */

int host_pci_hold(moat_sbdf_t dev, bool hold)
{
    unsigned int i;

    host_devices_assert_locked();
    for ( i = 0; i < n_holds && holds[i] != dev; i++ )
        continue;
    if ( hold == (i < n_holds) )
        host_bug("host_pci_hold(): " MOAT_PRI_SBDF " %s", MOAT_SBDF_ARG(dev),
                 hold ? "is held already" : "is not held");
    if ( hold && hold_rc )
        return hold_rc;
    if ( hold && n_holds == HOLDS_MAX )
        host_bug("host_pci_hold(): too many");
    if ( hold )
        holds[n_holds++] = dev;
    else
        holds[i] = holds[--n_holds];
    return 0;
}

bool sim_pci_held(moat_sbdf_t dev)
{
    unsigned int i;

    for ( i = 0; i < n_holds; i++ )
        if ( holds[i] == dev )
            return true;
    return false;
}

void sim_pci_hold_fail(int rc)
{
    hold_rc = rc;
}

unsigned int sim_pci_holds(void)
{
    return n_holds;
}

void sim_pci_dom0_write16(moat_sbdf_t dev, unsigned int reg, uint16_t v)
{
    if ( !sim_pci_held(dev) )
        host_pci_write16(dev, reg, v);
}

static uint32_t pci_read(moat_sbdf_t dev, unsigned int reg,
                         unsigned int bytes)
{
    struct sim_pci *p;
    uint32_t v = 0;

    if ( reg >= 4096 || (reg & (bytes - 1)) )
        host_bug("configuration read of %u bytes at %#x", bytes, reg);
    if ( sim_backend.pci_read )
        return sim_backend.pci_read(sim_backend.ctx, dev, reg, bytes);
    p = sim_pci_find(dev);
    if ( !p )
        return ~(uint32_t)0;
    p->reads++;
    while ( bytes-- )
        v = v << 8 | p->cfg[reg + bytes];
    return v;
}

static void pci_write(moat_sbdf_t dev, unsigned int reg, unsigned int bytes,
                      uint32_t v)
{
    struct sim_pci *p;
    unsigned int i;

    test_step(TEST_STEP_MMIO, NULL);
    if ( reg >= 4096 || (reg & (bytes - 1)) )
        host_bug("configuration write of %u bytes at %#x", bytes, reg);
    if ( sim_backend.pci_write )
    {
        sim_backend.pci_write(sim_backend.ctx, dev, reg, bytes, v);
        return;
    }
    p = sim_pci_find(dev);
    if ( !p )
        return;
    p->writes++;
    for ( i = reg; i < reg + bytes; i++, v >>= 8 )
        p->cfg[i] = (uint8_t)((p->cfg[i] & p->ro[i]) | (v & ~p->ro[i]));
}

uint8_t host_pci_read8(moat_sbdf_t dev, unsigned int reg)
{
    return (uint8_t)pci_read(dev, reg, 1);
}

uint16_t host_pci_read16(moat_sbdf_t dev, unsigned int reg)
{
    return (uint16_t)pci_read(dev, reg, 2);
}

uint32_t host_pci_read32(moat_sbdf_t dev, unsigned int reg)
{
    return pci_read(dev, reg, 4);
}

void host_pci_write16(moat_sbdf_t dev, unsigned int reg, uint16_t v)
{
    pci_write(dev, reg, 2, v);
}

void host_pci_write32(moat_sbdf_t dev, unsigned int reg, uint32_t v)
{
    pci_write(dev, reg, 4, v);
}

void sim_pci_reset(void)
{
    firmware_first = ~(moat_sbdf_t)0;
    n_holds = 0;
    hold_rc = 0;
    while ( pcis )
        sim_pci_remove(pcis->dev);
}
