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
#define RIG_VTD_BASE    ((moat_paddr_t)0xfed90000)
#define RIG_AMD_BASE    ((moat_paddr_t)0xfed80000)

struct rig_config
{
    unsigned int aw_bits;       /* 0: QEMU's default, 39 */
    bool caching_mode;
    bool no_intremap;
    bool eim;                   /* through x-buggy-eim */
    bool device_iotlb;
    bool snoop_control;
    const char *iommu;          /* further options, or NULL */
    bool amd;                   /* amd-iommu: of the above only no_intremap
                                 * and iommu mean something */
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
void rig_dmar_set(const void *table, size_t len);
/* RAM at @pa. */
void *rig_ram(moat_paddr_t pa);
/* A command of QEMU's monitor; the answer, valid until the next one. */
const char *rig_monitor(const char *cmd);

uint32_t rig_pci_read(moat_sbdf_t dev, unsigned int reg, unsigned int bytes);
void rig_pci_write(moat_sbdf_t dev, unsigned int reg, unsigned int bytes,
                   uint32_t v);

/* ---- The probes ---- */

/* Give e1000 and edu their registers, and bus mastering. */
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

/*
 * A packet in a circle: the e1000 reads @len (64..1024) bytes at @from and
 * writes them at @to. Its descriptors are in the page RIG_CTRL, which must
 * be reachable at the address of the same number. Returns true if the device
 * went through with both; compare the bytes. The first use in a machine takes a
 * second (a timer of the device's).
 */
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
