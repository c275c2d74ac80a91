/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rig: driver code in this process drives the IOMMU that QEMU emulates.
 *
 *   this process                              QEMU
 *   driver -> host_mmio_* ---- qtest socket ---> intel-iommu, ports, fw_cfg
 *   tables, rings  ======= shared memory =====>  RAM that devices reach by DMA
 *   probe  ------------------- qtest socket ---> e1000, edu: DMA on request
 *
 * QEMU's processor sleeps in HLT; nobody else touches the devices. Memory
 * from RIG_ARENA on belongs to the host's allocators; below it to the tests.
 */
#ifndef RIG_H
#define RIG_H

#include <stdio.h>

#include <moat/moat.h>

#include "test.h"

#define RIG_RAM         ((size_t)256 << 20)
#define RIG_ARENA       ((moat_paddr_t)64 << 20)
#define RIG_ARENA_SIZE  ((size_t)160 << 20)
#define RIG_E1000       MOAT_SBDF(0, 0, 5, 0)
#define RIG_EDU         MOAT_SBDF(0, 0, 4, 0)
#define RIG_AHCI        MOAT_SBDF(0, 0, 0x1f, 2)
#define RIG_VTD_BASE    ((moat_paddr_t)0xfed90000)
#define RIG_AMD_BASE    ((moat_paddr_t)0xfed80000)

#define RIG_NICS        2u

/* Where edu and the NICs (e1000) are: drawn in rig_place.c. */
enum rig_place { RIG_ROOT, RIG_PORT, RIG_BRIDGE };

struct rig_config
{
    unsigned int aw_bits;       /* 0: QEMU's default, 39 */
    bool caching_mode;
    bool no_intremap;
    bool eim;                   /* through x-buggy-eim */
    bool device_iotlb;
    bool snoop_control;
    bool no_pt;                 /* no pass-through entries */
    enum rig_place place;
    bool two_nics;
    const char *iommu;          /* further options, or NULL */
    bool amd;                   /* amd-iommu: addresses, caching mode, EIM
                                 * and snooping are intel-iommu's alone */
    const char *extra;          /* further arguments, blank-separated */
};

/*
 * RIG_TEST(name) { ... }: as TEST, says PASS, stops QEMU at its end. Every
 * test starts its own QEMU; its command line is in the log, which is printed
 * when the test fails.
 */
#define RIG_TEST(nm)                                                    \
    static void rig_body_##nm(void);                                    \
    TEST(nm) { rig_run(#nm, rig_body_##nm); }                           \
    static void rig_body_##nm(void)
void rig_run(const char *name, void (*body)(void));

/* Start QEMU, make it the host's hardware. Fails the test if it cannot. */
void rig_start(const struct rig_config *cfg);
void rig_stop(void);

/* ---- The machine ---- */

uint64_t rig_read(moat_paddr_t pa, unsigned int bytes);
void rig_write(moat_paddr_t pa, unsigned int bytes, uint64_t v);
uint32_t rig_in(unsigned int port, unsigned int bytes);
void rig_out(unsigned int port, unsigned int bytes, uint32_t v);
/* Requests made over the socket so far. */
unsigned long rig_requests(void);
/* A file of fw_cfg, malloc()ed; NULL if there is none. */
void *rig_fw_cfg(const char *name, size_t *len);
/* QEMU's own table of that signature; valid until rig_stop(). */
const void *rig_acpi_table(const char *sig, size_t *len);
/* Give the host this DMAR (or IVRS) instead; NULL: QEMU's own. Until
 * rig_stop(). */
void rig_table_set(const void *table, size_t len);
/* Reserved memory for some devices, wherever they are. */
struct rig_region
{
    moat_paddr_t first, last;
    moat_sbdf_t dev[RIG_NICS];
    unsigned int n_devs;
    /* AMD-Vi: MOAT_READ and MOAT_WRITE, 0: both; and said how. */
    unsigned int prot;
    enum rig_form
    {
        RIG_EACH,               /* an IVMD for each device */
        RIG_RANGE,              /* one, from the first id to the last */
        RIG_EXCLUSION,          /* each; not to be translated */
    } form;
};
/* Give the host QEMU's own table with these behind it. */
void rig_regions(const struct rig_region *r, unsigned int n);
/* RAM at @pa. */
void *rig_ram(moat_paddr_t pa);
/* A command of QEMU's monitor; the answer, valid until the next one. */
const char *rig_monitor(const char *cmd);

uint32_t rig_pci_read(moat_sbdf_t dev, unsigned int reg, unsigned int bytes);
void rig_pci_write(moat_sbdf_t dev, unsigned int reg, unsigned int bytes,
                   uint32_t v);

unsigned int rig_nics(void);
moat_sbdf_t rig_nic(unsigned int n), rig_edu(void);
/* The id that requests of the NIC carry. */
moat_sbdf_t rig_nic_id(unsigned int n);
/* All functions of the machine, bridges before what is below them. */
#define RIG_MAX_FUNCTIONS 16u
unsigned int rig_functions(moat_sbdf_t list[RIG_MAX_FUNCTIONS]);

/* ---- Between the host and the machine ---- */

struct rig_tap
{
    /* The host writes a register; false: the write is lost. */
    bool (*before)(void *arg, moat_paddr_t pa, uint64_t v);
    /* It has written one, or configuration space. NULL: not wanted. */
    void (*after)(void *arg);
    void *arg;
};
/* NULL: none. Until rig_stop(). */
void rig_tap_set(const struct rig_tap *t);
/* ---- The unit, seen by an onlooker ---- */

/* Is it AMD's? */
bool rig_amd(void);
/* VT-d: GSTS; AMD-Vi: the control register. */
uint64_t rig_unit_status(void);
bool rig_unit_on(void);
/* It is on, and does more than pass on what the NIC asks for. */
bool rig_unit_translates(unsigned int nic);
/* A write to this register starts commands. */
bool rig_unit_is_tail(moat_paddr_t pa);
/* Empty its caches behind the driver's back, as a unit may at any time. Nothing
 * happens while it is off. */
void rig_unit_evict(void);
/* Switch it off behind the driver's back. */
void rig_unit_off(void);
/*
 * Something was stored at @where. False: nothing that the unit can see (AMD-Vi:
 * it is off) or uses for a NIC (AMD-Vi: the device table entry of another id).
 *
 * AMD-Vi's device table entries are cached; not in QEMU. So it is counted how
 * many have changed, while it was on, that no command has named since; the
 * count begins anew.
 */
bool rig_unit_stored(const volatile void *where);
unsigned int rig_unit_unflushed(void);
/* The machine's reset line; then as rig_probe_init(). */
void rig_reset(void);

/* ---- The probes ---- */

/* Number buses, give NICs and edu their registers, and bus mastering. */
void rig_probe_init(void);

struct rig_dma
{
    bool read, write;           /* did the bytes pass? */
};
/*
 * The e1000 reads its descriptor at @iova and writes the status back to it,
 * before this returns. @pa: where the test expects @iova to lead; only its
 * 16 bytes there are changed. Says "not" for each direction that did not
 * reach @pa.
 */
struct rig_dma rig_probe(moat_iova_t iova, moat_paddr_t pa);
struct rig_dma rig_probe_nic(unsigned int nic, moat_iova_t iova,
                             moat_paddr_t pa);

/*
 * Packets in a circle: one write to the NIC makes it read @len (64..1024)
 * bytes at @from and write them at @to, for each of up to 7 packets, before
 * this returns. Its descriptors are in the 256 bytes at @ring, which a test
 * expects at @ring_pa. Returns how many packets the device went through
 * with; compare the bytes. The first use after rig_probe_init() waits for a
 * timer of the device's, from rig_loop_start() on.
 */
struct rig_packet
{
    moat_iova_t from, to;
    unsigned int len;
};
unsigned int rig_burst(unsigned int nic, moat_iova_t ring,
                       moat_paddr_t ring_pa, const struct rig_packet *p,
                       unsigned int n);
/*
 * The same in two parts, so that several NICs share one wait. Begin only
 * once rig_burst() has worked.
 */
void rig_burst_begin(unsigned int nic, moat_iova_t ring,
                     moat_paddr_t ring_pa, const struct rig_packet *p,
                     unsigned int n);
unsigned int rig_burst_end(unsigned int nic, moat_paddr_t ring_pa,
                           unsigned int n);
/* The timer begins now. */
void rig_loop_start(void);

/* One packet, descriptors in the page RIG_CTRL, which must be reachable at
 * the address of the same number. */
#define RIG_CTRL        ((moat_paddr_t)0x10000)
bool rig_copy(moat_iova_t from, moat_iova_t to, unsigned int len);

/* edu: RAM at @iova to its buffer, or back; ~100 ms. False: not finished. */
bool rig_edu_dma(moat_iova_t iova, unsigned int len, bool to_ram);
/* The MSI capability's message; and raise it. */
void rig_edu_msi_set(const struct moat_msi_msg *msg);
void rig_edu_msi_raise(void);

/* ---- The processor's APIC ---- */

/* Is @vector pending there? (It never takes one.) */
bool rig_irr_has(unsigned int vector);

#endif /* RIG_H */
