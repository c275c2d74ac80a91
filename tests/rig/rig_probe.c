/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices that issue DMA and interrupts on request: e1000 and edu. */
#include <stdlib.h>
#include <unistd.h>

#include "rig_priv.h"

#define E1000_BAR       ((moat_paddr_t)0xe1000000)
#define EDU_BAR         ((moat_paddr_t)0xe2000000)

/* e1000 registers (Intel 8254x manual, chapter 13) */
#define E_MDIC          0x0020
#define E_RCTL          0x0100
#define E_TCTL          0x0400
#define E_RDBAL         0x2800
#define E_RDBAH         0x2804
#define E_RDLEN         0x2808
#define E_RDH           0x2810
#define E_RDT           0x2818
#define E_TDBAL         0x3800
#define E_TDBAH         0x3804
#define E_TDLEN         0x3808
#define E_TDH           0x3810
#define E_TDT           0x3818
#define E_TPT           0x40d4  /* packets sent; clears on read */
#define TX_EOP_FCS_RS   0x0b000000u
#define TX_EOP_FCS      0x03000000u
#define DD              0x01

static bool loop_ready;

static void e_write(unsigned int reg, uint32_t v)
{
    rig_write(E1000_BAR + reg, 4, v);
}

static uint32_t e_read(unsigned int reg)
{
    return (uint32_t)rig_read(E1000_BAR + reg, 4);
}

void rig_probe_init(void)
{
    rig_pci_write(RIG_E1000, 0x10, 4, (uint32_t)E1000_BAR);
    rig_pci_write(RIG_E1000, 4, 2, 6);
    rig_pci_write(RIG_EDU, 0x10, 4, (uint32_t)EDU_BAR);
    rig_pci_write(RIG_EDU, 4, 2, 6);
    e_write(E_TCTL, 2);
    loop_ready = false;
}

/* One descriptor of a ring of 128 bytes at @ring: index 0. */
static void send(moat_iova_t ring)
{
    e_write(E_TDBAL, (uint32_t)ring);
    e_write(E_TDBAH, (uint32_t)(ring >> 32));
    e_write(E_TDLEN, 128);
    e_write(E_TDH, 0);
    e_write(E_TDT, 1);
}

struct rig_dma rig_probe(moat_iova_t iova, moat_paddr_t pa)
{
    volatile uint8_t *status = (uint8_t *)rig_ram(pa) + 12;
    struct rig_dma r;
    uint64_t d[2];

    /* The packet's bytes are the descriptor's own: nothing else is needed. */
    d[0] = iova;
    d[1] = TX_EOP_FCS_RS | 16;
    memcpy(rig_ram(pa), d, sizeof(d));
    (void)e_read(E_TPT);
    send(iova);
    r.read = e_read(E_TPT) == 1;
    r.write = *status & DD;
    return r;
}

static void loop_init(void)
{
    unsigned int i;

    /* PHY register 0: loop-back. */
    e_write(E_MDIC, (1u << 26) | (1u << 21) | 0x4000);
    /* Receiver: on, all addresses, loop-back, checksum stripped. */
    e_write(E_RCTL, 0x04000000u | 0x8000u | 0x1eu);
    /* The receiver rests for a second of the machine's time. */
    for ( i = 0; i < 11; i++ )
        usleep(100000);
    loop_ready = true;
}

bool rig_copy(moat_iova_t from, moat_iova_t to, unsigned int len)
{
    uint64_t *tx = rig_ram(RIG_CTRL), *rx = rig_ram(RIG_CTRL + 256);
    volatile uint8_t *rx_status = (volatile uint8_t *)rx + 12;

    if ( !loop_ready )
        loop_init();
    memset(rx, 0, 256);
    rx[0] = to;
    e_write(E_RDBAL, (uint32_t)RIG_CTRL + 256);
    e_write(E_RDBAH, 0);
    e_write(E_RDLEN, 128);
    e_write(E_RDH, 0);
    e_write(E_RDT, 7);

    tx[0] = from;
    tx[1] = TX_EOP_FCS_RS | len;
    send(RIG_CTRL);
    return *rx_status & DD;
}

bool rig_edu_dma(moat_iova_t iova, unsigned int len, bool to_ram)
{
    unsigned int i;

    rig_write(EDU_BAR + 0x80, 8, to_ram ? 0x40000 : iova);
    rig_write(EDU_BAR + 0x88, 8, to_ram ? iova : 0x40000);
    rig_write(EDU_BAR + 0x90, 8, len);
    rig_write(EDU_BAR + 0x98, 8, to_ram ? 3 : 1);
    for ( i = 0; i < 100; i++ )
    {
        if ( !(rig_read(EDU_BAR + 0x98, 8) & 1) )
            return true;
        usleep(10000);
    }
    return false;
}

/* Offset of edu's MSI capability. */
static unsigned int edu_msi(void)
{
    unsigned int at = rig_pci_read(RIG_EDU, 0x34, 1);

    while ( at && rig_pci_read(RIG_EDU, at, 1) != 5 )
        at = rig_pci_read(RIG_EDU, at + 1, 1);
    return at;
}

void rig_edu_msi_set(const struct moat_msi_msg *msg)
{
    unsigned int at = edu_msi();

    REQUIRE(at);
    rig_pci_write(RIG_EDU, at + 4, 4, msg->addr_lo);
    rig_pci_write(RIG_EDU, at + 8, 4, msg->addr_hi);
    rig_pci_write(RIG_EDU, at + 12, 2, msg->data);
    rig_pci_write(RIG_EDU, at + 2, 2,
                  rig_pci_read(RIG_EDU, at + 2, 2) | 1);
}

void rig_edu_msi_raise(void)
{
    rig_write(EDU_BAR + 0x60, 4, 1);
    rig_write(EDU_BAR + 0x64, 4, 1);
}

/* A line "IRR<tab> 49 50(level)": vectors, or "(none)". */
bool rig_irr_has(unsigned int vector)
{
    const char *p = strstr(rig_monitor("info lapic"), "IRR");

    REQUIRE(p);
    for ( ; *p && *p != '\n'; p++ )
        if ( strchr(" \t", *p) && strtoul(p, NULL, 10) == vector )
            return true;
    return false;
}
