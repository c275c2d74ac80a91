/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices that issue DMA and interrupts on request: e1000 and edu. */
#include <stdlib.h>
#include <unistd.h>

#include "rig_priv.h"

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

#define RING            8u      /* descriptors of 16 bytes */
#define RX_OFF          (RING * 16)

/* What the registers are known to hold, so that they need not be written. */
static struct nic
{
    moat_iova_t tx, rx;         /* rings; 0: unknown */
    bool counted;               /* E_TPT may not be zero */
    bool loop, loop_ready;      /* in loop-back; which was seen to work */
} nics[RIG_NICS];

/* Carried out before the next request that is not posted. */
static void e_write(unsigned int nic, unsigned int reg, uint32_t v)
{
    qtest_post("writel 0x%x 0x%x\n", RIG_NIC_BAR(nic) + reg, v);
}

static uint32_t e_read(unsigned int nic, unsigned int reg)
{
    return (uint32_t)rig_read(RIG_NIC_BAR(nic) + reg, 4);
}

void rig_probe_init(void)
{
    unsigned int i;

    place_open();
    memset(nics, 0, sizeof(nics));
    for ( i = 0; i < rig_nics(); i++ )
        e_write(i, E_TCTL, 2);
}

/* Send the first @n descriptors of the ring at @ring. Posted. */
static void send(unsigned int nic, moat_iova_t ring, unsigned int n)
{
    if ( !nics[nic].tx || nics[nic].tx != ring )
    {
        e_write(nic, E_TDBAL, (uint32_t)ring);
        e_write(nic, E_TDBAH, (uint32_t)(ring >> 32));
        e_write(nic, E_TDLEN, RING * 16);
        nics[nic].tx = ring;
    }
    e_write(nic, E_TDH, 0);
    e_write(nic, E_TDT, n);
}

struct rig_dma rig_probe_nic(unsigned int nic, moat_iova_t iova,
                             moat_paddr_t pa)
{
    volatile uint8_t *status = (uint8_t *)rig_ram(pa) + 12;
    struct rig_dma r;
    uint64_t d[2];

    /* The packet's bytes are the descriptor's own: nothing else is needed. */
    d[0] = iova;
    d[1] = TX_EOP_FCS_RS | 16;
    memcpy(rig_ram(pa), d, sizeof(d));
    if ( nics[nic].counted )
        (void)e_read(nic, E_TPT);
    nics[nic].counted = false;
    send(nic, iova, 1);
    r.read = e_read(nic, E_TPT) == 1;
    r.write = *status & DD;
    return r;
}

struct rig_dma rig_probe(moat_iova_t iova, moat_paddr_t pa)
{
    return rig_probe_nic(0, iova, pa);
}

/* ---- Loop-back ---- */

void rig_loop_start(void)
{
    unsigned int i;

    for ( i = 0; i < rig_nics(); i++ )
    {
        if ( nics[i].loop )
            continue;
        /* PHY register 0: loop-back. */
        e_write(i, E_MDIC, (1u << 26) | (1u << 21) | 0x4000);
        /* No buffers; on, all addresses, loop-back, checksum stripped. */
        e_write(i, E_RDH, 0);
        e_write(i, E_RDT, 0);
        e_write(i, E_RCTL, 0x04000000u | 0x8000u | 0x1eu);
        qtest_sync();
        nics[i].loop = true;
    }
}

static void set_rx_ring(unsigned int nic, moat_iova_t ring)
{
    if ( nics[nic].rx && nics[nic].rx == ring )
        return;
    e_write(nic, E_RDBAL, (uint32_t)ring);
    e_write(nic, E_RDBAH, (uint32_t)(ring >> 32));
    e_write(nic, E_RDLEN, RING * 16);
    nics[nic].rx = ring;
}

void rig_burst_begin(unsigned int nic, moat_iova_t ring,
                     moat_paddr_t ring_pa, const struct rig_packet *p,
                     unsigned int n)
{
    uint64_t *tx = rig_ram(ring_pa), *rx = rig_ram(ring_pa + RX_OFF);
    unsigned int i;

    memset(tx, 0, 2 * RX_OFF);
    for ( i = 0; i < n; i++ )
    {
        tx[2 * i] = p[i].from;
        tx[2 * i + 1] = TX_EOP_FCS_RS | p[i].len;
        rx[2 * i] = p[i].to;
    }
    set_rx_ring(nic, ring + RX_OFF);
    e_write(nic, E_RDH, 0);
    e_write(nic, E_RDT, n);
    nics[nic].counted = true;
    send(nic, ring, n);
}

unsigned int rig_burst_end(unsigned int nic, moat_paddr_t ring_pa,
                           unsigned int n)
{
    volatile uint8_t *rx = (uint8_t *)rig_ram(ring_pa) + RX_OFF + 12;
    unsigned int i, done = 0;

    qtest_sync();
    for ( i = 0; i < n; i++ )
        done += rx[16 * i] & DD;
    /* Let no packet of other probes come round to what is left. */
    if ( done < n )
    {
        e_write(nic, E_RDH, 0);
        e_write(nic, E_RDT, 0);
    }
    return done;
}

unsigned int rig_burst(unsigned int nic, moat_iova_t ring,
                       moat_paddr_t ring_pa, const struct rig_packet *p,
                       unsigned int n)
{
    volatile uint8_t *sent = (uint8_t *)rig_ram(ring_pa) + 12;
    unsigned int done, tries = 0;

    rig_loop_start();
    /*
     * The receiver rests for a second of the machine's time, which passes at
     * once as nobody does anything in it (-icount): until a first packet has
     * come round, those that are sent and do not are sent again.
     */
    do {
        if ( tries )
            usleep(1000);
        rig_burst_begin(nic, ring, ring_pa, p, n);
        done = rig_burst_end(nic, ring_pa, n);
    } while ( !nics[nic].loop_ready && (*sent & DD) && !done &&
              ++tries < 5000 );
    nics[nic].loop_ready |= done;
    return done;
}

bool rig_copy(moat_iova_t from, moat_iova_t to, unsigned int len)
{
    struct rig_packet p = { from, to, len };

    return rig_burst(0, RIG_CTRL, RIG_CTRL, &p, 1) == 1;
}

/* ---- edu ---- */

bool rig_edu_dma(moat_iova_t iova, unsigned int len, bool to_ram)
{
    unsigned int i;

    rig_write(RIG_EDU_BAR + 0x80, 8, to_ram ? 0x40000 : iova);
    rig_write(RIG_EDU_BAR + 0x88, 8, to_ram ? iova : 0x40000);
    rig_write(RIG_EDU_BAR + 0x90, 8, len);
    rig_write(RIG_EDU_BAR + 0x98, 8, to_ram ? 3 : 1);
    for ( i = 0; i < 100; i++ )
    {
        if ( !(rig_read(RIG_EDU_BAR + 0x98, 8) & 1) )
            return true;
        usleep(10000);
    }
    return false;
}

/* Offset of edu's MSI capability. */
static unsigned int edu_msi(void)
{
    unsigned int at = rig_pci_read(rig_edu(), 0x34, 1);

    while ( at && rig_pci_read(rig_edu(), at, 1) != 5 )
        at = rig_pci_read(rig_edu(), at + 1, 1);
    return at;
}

void rig_edu_msi_set(const struct moat_msi_msg *msg)
{
    unsigned int at = edu_msi();

    REQUIRE(at);
    rig_pci_write(rig_edu(), at + 4, 4, msg->addr_lo);
    rig_pci_write(rig_edu(), at + 8, 4, msg->addr_hi);
    rig_pci_write(rig_edu(), at + 12, 2, msg->data);
    rig_pci_write(rig_edu(), at + 2, 2,
                  rig_pci_read(rig_edu(), at + 2, 2) | 1);
}

void rig_edu_msi_raise(void)
{
    rig_write(RIG_EDU_BAR + 0x60, 4, 1);
    rig_write(RIG_EDU_BAR + 0x64, 4, 1);
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
