/* SPDX-License-Identifier: GPL-2.0-only */
/* PCI Express functions: identity, command register, address translation. */
#include "pci.h"
#include "port.h"
#include "things.h"

#define DEVS 8u
static struct pci
{
    moat_sbdf_t dev;
    uint8_t cfg[320];
    bool held;
} pcis[DEVS];
static unsigned int n_pcis;

#define COMMAND     0x04u
#define MASTER      0x0004u
#define EXPRESS     0x40u
#define ATS         0x100u

static void put(struct pci *p, unsigned int reg, unsigned int bytes,
                uint32_t v)
{
    for ( ; bytes--; v >>= 8 )
        p->cfg[reg++] = (uint8_t)v;
}

static struct pci *find(moat_sbdf_t dev)
{
    unsigned int i;

    for ( i = 0; i < n_pcis; i++ )
        if ( pcis[i].dev == dev )
            return &pcis[i];
    return NULL;
}

void port_dev_add(moat_sbdf_t dev, bool ats)
{
    struct pci *p = &pcis[n_pcis];

    if ( n_pcis++ == DEVS )
        port_fail("the model has too few devices");
    memset(p, 0, sizeof(*p));
    p->dev = dev;
    put(p, 0, 4, 0x00011234);
    put(p, COMMAND, 4, 0x00100000 | MASTER);    /* has capabilities */
    put(p, 8, 4, 0x02000000);                   /* Ethernet */
    put(p, 0x34, 1, EXPRESS);
    put(p, EXPRESS, 4, 0x00020010);             /* an endpoint */
    if ( ats )
        put(p, ATS, 4, 0x0001000f);
}

uint32_t pci_get(moat_sbdf_t dev, unsigned int reg, unsigned int bytes)
{
    const struct pci *p = find(dev);
    uint32_t v = 0;

    port_touch(THING_CONFIG, dev, false);
    if ( !p || reg + bytes > sizeof(p->cfg) )
        return p ? 0 : ~(uint32_t)0;
    port_hw_lock();
    while ( bytes-- )
        v = v << 8 | p->cfg[reg + bytes];
    port_hw_unlock();
    return v;
}

void pci_hold(moat_sbdf_t dev, bool hold)
{
    struct pci *p = find(dev);

    if ( !p || p->held == hold )
        port_fail("a device is held twice, or let go of twice");
    p->held = hold;
}

void pci_put(moat_sbdf_t dev, unsigned int reg, unsigned int bytes,
             uint32_t v)
{
    struct pci *p = find(dev);

    port_touch(THING_CONFIG, dev, true);
    if ( !p || reg + bytes > sizeof(p->cfg) )
        return;
    port_hw_lock();
    put(p, reg, bytes, v);
    port_hw_unlock();
}

bool port_bus_master(moat_sbdf_t dev)
{
    return find(dev) && (pci_get(dev, COMMAND, 2) & MASTER);
}

bool port_ats_enabled(moat_sbdf_t dev)
{
    const struct pci *p = find(dev);
    bool on;

    port_hw_lock();
    on = p && (p->cfg[ATS + 7] & 0x80);
    port_hw_unlock();
    return on;
}

void pci_reset(void)
{
    n_pcis = 0;
}
