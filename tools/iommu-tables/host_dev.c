/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine that the core sees: tables, memory, units, configuration. */
#include "host.h"

#include "memmap.h"
#include "model.h"
#include "pci.h"

#include <moat/host.h>

/* ---- Units: off, sound, able to do all that the core can use ---- */

struct host_mmio { moat_paddr_t pa; };

/* VT-d 11.4.1 to 11.4.3 */
#define VTD_VERSION     0x10u
#define VTD_FAULTS      0x22ull             /* at 220h */
#define VTD_IOTLB       0x50ull             /* at 500h */
/* 16 bits of domain ids; 3 and 4 levels; 48 bits; 2 MiB and 1 GiB pages */
#define VTD_CAP         (6ull | 6ull << 8 | 47ull << 16 | VTD_FAULTS << 24 | \
                         3ull << 34 | 1ull << 39)
/* coherent, queue, device TLBs, interrupts, x2APIC, passthrough, snoop */
#define VTD_ECAP        (0xdfull | VTD_IOTLB << 8)

/* AMD IOMMU 3.4.7: x2APIC, all at once, 128-bit entries, four levels */
#define AMD_EFR_AT      0x30u
#define AMD_EFR         (1ull << 2 | 1ull << 6 | 1ull << 7)

static uint64_t reg64(unsigned int off)
{
    if ( host_now->table->kind == TABLE_IVRS )
        return off == AMD_EFR_AT ? AMD_EFR : 0;
    switch ( off )
    {
    case 0x00:
        return VTD_VERSION;
    case 0x08:
        return VTD_CAP;
    case 0x10:
        return VTD_ECAP;
    default:
        return 0;
    }
}

struct host_mmio *host_mmio_map(moat_paddr_t pa, size_t size)
{
    struct host_mmio *m = host_alloc(sizeof(*m));

    (void)size;
    m->pa = pa;
    return m;
}

void host_mmio_unmap(struct host_mmio *m)
{
    host_free(m);
}

uint32_t host_mmio_read32(struct host_mmio *m, unsigned int off)
{
    (void)m;
    return (uint32_t)(reg64(off & ~7u) >> (off & 4 ? 32 : 0));
}

uint64_t host_mmio_read64(struct host_mmio *m, unsigned int off)
{
    (void)m;
    return reg64(off);
}

void host_mmio_write32(struct host_mmio *m, unsigned int off, uint32_t v)
{
    (void)m;
    host_bug("a unit's register %#x written (%#x)", off, v);
}

void host_mmio_write64(struct host_mmio *m, unsigned int off, uint64_t v)
{
    (void)m;
    host_bug("a unit's register %#x written (%#" PRIx64 ")", off, v);
}

/* ---- Configuration space ---- */

static uint32_t config(moat_sbdf_t dev, unsigned int reg, unsigned int width)
{
    host_count_read();
    return pci_config_read(host_now->pci, dev, reg, width);
}

uint8_t host_pci_read8(moat_sbdf_t dev, unsigned int reg)
{
    return (uint8_t)config(dev, reg, 1);
}

uint16_t host_pci_read16(moat_sbdf_t dev, unsigned int reg)
{
    return (uint16_t)config(dev, reg, 2);
}

uint32_t host_pci_read32(moat_sbdf_t dev, unsigned int reg)
{
    return config(dev, reg, 4);
}

void host_pci_write16(moat_sbdf_t dev, unsigned int reg, uint16_t v)
{
    (void)dev;
    (void)reg;
    (void)v;
}

void host_pci_write32(moat_sbdf_t dev, unsigned int reg, uint32_t v)
{
    (void)dev;
    (void)reg;
    (void)v;
}

int host_pci_hold(moat_sbdf_t dev, bool hold)
{
    (void)dev;
    (void)hold;
    return 0;
}

bool host_aer_firmware_first(moat_sbdf_t dev)
{
    (void)dev;
    return false;
}

/* ---- Firmware ---- */

const void *host_acpi_table(const char *sig, size_t *len)
{
    const struct table *t = host_now->table;

    if ( strcmp(sig, table_name(t)) )
        return NULL;
    *len = t->len;
    return t->bytes;
}

enum host_mem host_mem_type(moat_paddr_t first, moat_paddr_t last)
{
    /* A processor of 48 bits, or of 52 where the table speaks of more. */
    if ( last >> 52 )
        return HOST_MEM_NO_SUCH;
    return memmap_has_ram(host_now->memmap, first, last)
           ? HOST_MEM_PARTLY_RAM : HOST_MEM_RESERVED;
}
