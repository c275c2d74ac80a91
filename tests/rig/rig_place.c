/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the devices sit. No firmware runs: buses are numbered, and windows
 * opened, here.
 *
 *   RIG_ROOT            RIG_PORT                 RIG_BRIDGE
 *   bus 0               bus 0                    bus 0
 *    +- 04.0 edu         +- 08.0 port, bus 1      +- 08.0 port, bus 1
 *    +- 05.0 NIC 0       |   +- 00.0 NIC 0            +- 00.0 PCIe to PCI
 *    +- 06.0 NIC 1       +- 09.0 port, bus 2              bridge, bus 2
 *                        |   +- 00.0 NIC 1                 +- 04.0 edu
 *                        +- 0a.0 port, bus 3               +- 05.0 NIC 0
 *                            +- 00.0 edu                   +- 06.0 NIC 1
 *
 * Below the bridge all requests carry the id 02:00.0.
 */
#include "rig_priv.h"

#define EDU     "-device edu,dma_mask=0xffffffffffffffff,addr="
#define NIC     "-device e1000,romfile=,addr="
#define PORT(n) "-device pcie-root-port,id=port" #n ",chassis=" #n \
                ",slot=" #n ",addr="

#define MAX_BRIDGES 3

struct bridge
{
    moat_sbdf_t dev;
    uint8_t secondary, subordinate;
    uint32_t first, last;       /* window, whole megabytes */
};

static const struct place
{
    const char *args, *second;
    moat_sbdf_t nic[RIG_NICS], edu;
    moat_sbdf_t id[RIG_NICS];   /* what the NICs' requests carry */
    struct bridge bridges[MAX_BRIDGES];
    unsigned int n_bridges;
} places[] = {
    [RIG_ROOT] = {
        .args = EDU "4 " NIC "5",
        .second = NIC "6",
        .nic = { MOAT_SBDF(0, 0, 5, 0), MOAT_SBDF(0, 0, 6, 0) },
        .id = { MOAT_SBDF(0, 0, 5, 0), MOAT_SBDF(0, 0, 6, 0) },
        .edu = MOAT_SBDF(0, 0, 4, 0),
    },
    [RIG_PORT] = {
        .args = PORT(1) "8 " PORT(2) "9 " PORT(3) "0xa "
                EDU "0,bus=port3 " NIC "0,bus=port1",
        .second = NIC "0,bus=port2",
        .nic = { MOAT_SBDF(0, 1, 0, 0), MOAT_SBDF(0, 2, 0, 0) },
        .id = { MOAT_SBDF(0, 1, 0, 0), MOAT_SBDF(0, 2, 0, 0) },
        .edu = MOAT_SBDF(0, 3, 0, 0),
        .bridges = {
            { MOAT_SBDF(0, 0, 8, 0), 1, 1, RIG_NIC_BAR(0), RIG_NIC_BAR(0) },
            { MOAT_SBDF(0, 0, 9, 0), 2, 2, RIG_NIC_BAR(1), RIG_NIC_BAR(1) },
            { MOAT_SBDF(0, 0, 10, 0), 3, 3, RIG_EDU_BAR, RIG_EDU_BAR },
        },
        .n_bridges = 3,
    },
    [RIG_BRIDGE] = {
        .args = PORT(1) "8 -device pcie-pci-bridge,id=pci,bus=port1,addr=0 "
                EDU "4,bus=pci " NIC "5,bus=pci",
        .second = NIC "6,bus=pci",
        .nic = { MOAT_SBDF(0, 2, 5, 0), MOAT_SBDF(0, 2, 6, 0) },
        .id = { MOAT_SBDF(0, 2, 0, 0), MOAT_SBDF(0, 2, 0, 0) },
        .edu = MOAT_SBDF(0, 2, 4, 0),
        .bridges = {
            { MOAT_SBDF(0, 0, 8, 0), 1, 2, RIG_NIC_BAR(0), RIG_EDU_BAR },
            { MOAT_SBDF(0, 1, 0, 0), 2, 2, RIG_NIC_BAR(0), RIG_EDU_BAR },
        },
        .n_bridges = 2,
    },
};

static const struct place *here = &places[RIG_ROOT];
static unsigned int nics = 1;

void place_set(const struct rig_config *c, const char **first,
               const char **second)
{
    here = &places[c->place];
    nics = c->two_nics ? 2 : 1;
    *first = here->args;
    *second = c->two_nics ? here->second : NULL;
}

unsigned int rig_nics(void)
{
    return nics;
}

moat_sbdf_t rig_nic(unsigned int n)
{
    return here->nic[n];
}

moat_sbdf_t rig_nic_id(unsigned int n)
{
    return here->id[n];
}

moat_sbdf_t rig_edu(void)
{
    return here->edu;
}

unsigned int rig_functions(moat_sbdf_t list[RIG_MAX_FUNCTIONS])
{
    static const moat_sbdf_t fixed[] = {
        MOAT_SBDF(0, 0, 0, 0), MOAT_SBDF(0, 0, 0x1f, 0), RIG_AHCI,
        MOAT_SBDF(0, 0, 0x1f, 3),
    };
    unsigned int i, n = 0;

    for ( i = 0; i < ARRAY_SIZE(fixed); i++ )
        list[n++] = fixed[i];
    for ( i = 0; i < here->n_bridges; i++ )
        list[n++] = here->bridges[i].dev;
    for ( i = 0; i < nics; i++ )
        list[n++] = here->nic[i];
    list[n++] = here->edu;
    return n;
}

/* PCI to PCI Bridge Architecture 1.2, 3.2.5. */
static void open_bridge(const struct bridge *b)
{
    uint32_t first = (b->first >> 16) & 0xfff0;

    rig_pci_write(b->dev, 0x18, 1, MOAT_SBDF_BUS(b->dev));
    rig_pci_write(b->dev, 0x19, 1, b->secondary);
    rig_pci_write(b->dev, 0x1a, 1, b->subordinate);
    rig_pci_write(b->dev, 0x1c, 2, 0x00f0);             /* no ports */
    rig_pci_write(b->dev, 0x20, 4, first | (b->last & 0xfff00000));
    rig_pci_write(b->dev, 0x24, 4, 0x0000fff0);         /* no prefetch */
    rig_pci_write(b->dev, 4, 2, 6);
}

void place_open(void)
{
    unsigned int i;

    for ( i = 0; i < here->n_bridges; i++ )
        open_bridge(&here->bridges[i]);
    for ( i = 0; i < nics; i++ )
    {
        rig_pci_write(here->nic[i], 0x10, 4, RIG_NIC_BAR(i));
        rig_pci_write(here->nic[i], 4, 2, 6);
    }
    rig_pci_write(here->edu, 0x10, 4, RIG_EDU_BAR);
    rig_pci_write(here->edu, 4, 2, 6);
}

static void set_u64(uint8_t *p, uint64_t v)
{
    memcpy(p, &v, sizeof(v));
}

/* A device scope (VT-d 8.3.1): the way down from bus 0. */
static size_t put_scope(uint8_t *at, moat_sbdf_t dev)
{
    moat_sbdf_t way[MAX_BRIDGES + 1];
    unsigned int i, n = 0, bus = MOAT_SBDF_BUS(dev);
    size_t len;

    way[n++] = dev;
    for ( i = here->n_bridges; i-- > 0 && bus; )
        if ( here->bridges[i].secondary == bus )
        {
            way[n++] = here->bridges[i].dev;
            bus = MOAT_SBDF_BUS(here->bridges[i].dev);
        }
    len = 6 + 2 * n;
    memset(at, 0, len);
    at[0] = 1;
    at[1] = (uint8_t)len;
    for ( i = 0; n-- > 0; i++ )
    {
        at[6 + 2 * i] = MOAT_SBDF_DEV(way[n]);
        at[7 + 2 * i] = MOAT_SBDF_FN(way[n]);
    }
    return len;
}

/* One RMRR (VT-d 8.4) for each region at the end of QEMU's own table. */
void rig_dmar_regions(const struct rig_region *r, unsigned int n)
{
    static uint8_t table[2048];
    const void *own;
    size_t len, at;
    uint32_t len32;
    uint16_t len16;
    uint8_t sum = 0;
    unsigned int i, d;

    own = rig_acpi_table("DMAR", &len);
    REQUIRE(own && len + 64 * n <= sizeof(table));
    memcpy(table, own, len);
    for ( ; n-- > 0; r++ )
    {
        at = len;
        memset(table + at, 0, 24);
        table[at] = 1;
        set_u64(table + at + 8, r->first);
        set_u64(table + at + 16, r->last);
        len += 24;
        for ( d = 0; d < r->n_devs; d++ )
            len += put_scope(table + len, r->dev[d]);
        len16 = (uint16_t)(len - at);
        memcpy(table + at + 2, &len16, sizeof(len16));
    }
    len32 = (uint32_t)len;
    memcpy(table + 4, &len32, sizeof(len32));
    table[9] = 0;
    for ( i = 0; i < len; i++ )
        sum = (uint8_t)(sum + table[i]);
    table[9] = (uint8_t)-sum;
    rig_dmar_set(table, len);
}
