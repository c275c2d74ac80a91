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
 *
 * QEMU's amd-iommu takes a device's bus number when the device comes, and
 * keeps it: what is not on bus 0 is plugged in once its bus has a number.
 */
#include "rig_priv.h"

#define EDU     "edu,dma_mask=0xffffffffffffffff,addr="
#define NIC     "e1000,romfile=,addr="
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
    const char *bridging, *edu_args, *nic_args[RIG_NICS];
    moat_sbdf_t nic[RIG_NICS], edu;
    moat_sbdf_t id[RIG_NICS];   /* what the NICs' requests carry */
    struct bridge bridges[MAX_BRIDGES];
    unsigned int n_bridges;
} places[] = {
    [RIG_ROOT] = {
        .bridging = "",
        .edu_args = EDU "4",
        .nic_args = { NIC "5", NIC "6" },
        .nic = { MOAT_SBDF(0, 0, 5, 0), MOAT_SBDF(0, 0, 6, 0) },
        .id = { MOAT_SBDF(0, 0, 5, 0), MOAT_SBDF(0, 0, 6, 0) },
        .edu = MOAT_SBDF(0, 0, 4, 0),
    },
    [RIG_PORT] = {
        .bridging = PORT(1) "8 " PORT(2) "9 " PORT(3) "0xa",
        .edu_args = EDU "0,bus=port3",
        .nic_args = { NIC "0,bus=port1", NIC "0,bus=port2" },
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
        .bridging = PORT(1) "8 "
                    "-device pcie-pci-bridge,id=pci,bus=port1,addr=0",
        .edu_args = EDU "4,bus=pci",
        .nic_args = { NIC "5,bus=pci", NIC "6,bus=pci" },
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
static bool to_plug;            /* devices are not there yet */

unsigned int place_set(const struct rig_config *c,
                       const char *args[PLACE_ARGS])
{
    unsigned int i, n = 0;

    here = &places[c->place];
    nics = c->two_nics ? 2 : 1;
    to_plug = c->amd && c->place != RIG_ROOT;
    args[n++] = here->bridging;
    if ( to_plug )
        return n;
    args[n++] = here->edu_args;
    for ( i = 0; i < nics; i++ )
        args[n++] = here->nic_args[i];
    return n;
}

static void plug(const char *device)
{
    char cmd[128];

    snprintf(cmd, sizeof(cmd), "device_add %s", device);
    if ( !strstr(rig_monitor(cmd), "\"return\": \"\"") )
        test_fail(__FILE__, __LINE__, "%s: not plugged in", device);
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
    if ( to_plug )
    {
        plug(here->edu_args);
        for ( i = 0; i < nics; i++ )
            plug(here->nic_args[i]);
        to_plug = false;
    }
    for ( i = 0; i < nics; i++ )
    {
        rig_pci_write(here->nic[i], 0x10, 4, RIG_NIC_BAR(i));
        rig_pci_write(here->nic[i], 4, 2, 6);
    }
    rig_pci_write(here->edu, 0x10, 4, RIG_EDU_BAR);
    rig_pci_write(here->edu, 4, 2, 6);
}

unsigned int place_way(moat_sbdf_t dev, moat_sbdf_t way[RIG_MAX_FUNCTIONS])
{
    unsigned int i, n = 0, bus = MOAT_SBDF_BUS(dev);

    way[n++] = dev;
    for ( i = here->n_bridges; i-- > 0 && bus; )
        if ( here->bridges[i].secondary == bus )
        {
            way[n++] = here->bridges[i].dev;
            bus = MOAT_SBDF_BUS(here->bridges[i].dev);
        }
    return n;
}
