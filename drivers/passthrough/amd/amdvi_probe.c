/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is the unit there, and what can it do? AMD IOMMU specification (48882, rev.
 * 3.07) 3.2 (capability block), 3.4.7 (extended features). Reads only.
 */
#include "amdvi_unit.h"

#define PCI_STATUS          0x06u
#define PCI_STATUS_CAPS     0x0010u
#define PCI_CAP_PTR         0x34u
#define PCI_CAP_MSI         0x05u
/* Addresses of more than 48 bits begin here: four levels do not reach. */
#define NEXT_WIDTH          ((moat_paddr_t)1 << 48)
#define CAPS_MAX            48u     /* a list of capabilities may be a loop */

static uint16_t find_cap(moat_sbdf_t dev, uint8_t id)
{
    unsigned int pos, i;

    if ( !(host_pci_read16(dev, PCI_STATUS) & PCI_STATUS_CAPS) )
        return 0;
    pos = host_pci_read8(dev, PCI_CAP_PTR) & 0xfcu;
    for ( i = 0; i < CAPS_MAX && pos >= 0x40; i++ )
    {
        if ( host_pci_read8(dev, pos) == id )
            return (uint16_t)pos;
        pos = host_pci_read8(dev, pos + 1) & 0xfcu;
    }
    return 0;
}

static bool is_iommu_cap(uint32_t header)
{
    return (header & 0xff) == AMDVI_CAP_ID &&
           FIELD_GET(AMDVI_CAP_TYPE, header) == AMDVI_CAP_TYPE_IOMMU;
}

/*
 * The unit's own function: where firmware hides it, or says the wrong place,
 * the unit works all the same, with its faults found by polling.
 */
static void probe_function(struct amdvi_unit *a)
{
    uint64_t base;

    if ( host_pci_read16(a->dev, 0) == 0xffff )
    {
        host_log_warn(AMDVI_FMT "no function " MOAT_PRI_SBDF
                      " in configuration space: no interrupt, no device TLBs",
                      AMDVI_ARG(a), MOAT_SBDF_ARG(a->dev));
        a->cap_pos = 0;
        return;
    }

    /* Firmware's word: it need not be where a capability can be. */
    if ( a->cap_pos >= 0x40 && a->cap_pos < 0x100 && !(a->cap_pos & 3) )
        a->cap = host_pci_read32(a->dev, a->cap_pos);
    if ( !is_iommu_cap(a->cap) )
    {
        a->cap_pos = find_cap(a->dev, AMDVI_CAP_ID);
        a->cap = a->cap_pos ? host_pci_read32(a->dev, a->cap_pos) : 0;
    }
    if ( !is_iommu_cap(a->cap) )
    {
        host_log_warn(AMDVI_FMT MOAT_PRI_SBDF " has no IOMMU capability",
                      AMDVI_ARG(a), MOAT_SBDF_ARG(a->dev));
        a->cap_pos = 0;
        a->cap = 0;
        return;
    }

    a->msi_pos = find_cap(a->dev, PCI_CAP_MSI);
    base = host_pci_read32(a->dev, a->cap_pos + AMDVI_CAP_OFF_BASE_LO) |
           (uint64_t)host_pci_read32(a->dev,
                                     a->cap_pos + AMDVI_CAP_OFF_BASE_HI) << 32;
    if ( (base & AMDVI_CAP_BASE_EN) &&
         (base & ~(uint64_t)(AMDVI_MMIO_SIZE - 1)) != a->unit.reg_pa )
        host_log_warn(AMDVI_FMT "its capability says that its registers are "
                      "at %#" PRIx64, AMDVI_ARG(a),
                      base & ~(uint64_t)(AMDVI_MMIO_SIZE - 1));
}

/*
 * What both the unit and the firmware say it can do. Firmware that has no
 * word on it leaves 0 there.
 */
static uint64_t common_features(uint64_t hw, uint64_t image)
{
    uint64_t levels = AMDVI_EFR_HATS | AMDVI_EFR_DEVTAB_SEG, common;

    if ( !image )
        return hw;
    common = hw & image & ~levels;
    common |= FIELD_PREP(AMDVI_EFR_HATS,
                         min_u64(FIELD_GET(AMDVI_EFR_HATS, hw),
                                 FIELD_GET(AMDVI_EFR_HATS, image)));
    common |= FIELD_PREP(AMDVI_EFR_DEVTAB_SEG,
                         min_u64(FIELD_GET(AMDVI_EFR_DEVTAB_SEG, hw),
                                 FIELD_GET(AMDVI_EFR_DEVTAB_SEG, image)));
    return common;
}

static void fill_caps(struct amdvi_unit *a, unsigned int va_bits)
{
    struct hw_caps *c = &a->unit.caps;
    unsigned int levels = AMDVI_LEVELS_MAX;
    uint64_t hats = FIELD_GET(AMDVI_EFR_HATS, a->efr);

    /* Units without the register walk all six (2.2.3). */
    if ( a->efr )
        levels = hats == AMDVI_HATS_RESERVED ? 4 : 4 + (unsigned int)hats;

    memset(c, 0, sizeof(*c));
    c->levels = (1u << (levels + 1)) - 2;
    c->leaf_levels = 0xe;
    /*
     * What machine addresses need, not all that could be walked: each level
     * more costs an access in every walk.
     */
    c->iova_bits = host_mem_type(NEXT_WIDTH, NEXT_WIDTH + MOAT_PAGE_SIZE - 1)
                   == HOST_MEM_NO_SUCH ? 48 : 57;
    c->iova_bits = (unsigned int)min_u64(c->iova_bits,
                                         MOAT_PAGE_SHIFT + 9u * levels);
    /* IVinfo.VASize: 32, 40, 48 or 64; all else says nothing (5.1). */
    if ( (va_bits == 32 || va_bits == 40 || va_bits == 48) &&
         va_bits < c->iova_bits )
        c->iova_bits = va_bits;
    c->did_bits = 16;
    c->did_reserved = AMDVI_DID_BLOCKED + 1;
    c->coherent = true;         /* 3.4.5: Coherent is set; SD never is */
    c->snoop = true;            /* 2.2.3: FC in leaves */
    c->passthrough = true;
    c->devtlb = a->cap & AMDVI_CAP_IOTLB;
    c->flush_added = a->cap & AMDVI_CAP_NP_CACHE;
    /* Entries of blocked ids are cached like all others. */
    c->flush_absent = true;
    c->intremap = true;
    c->x2apic = (a->efr & AMDVI_EFR_XT) && (a->efr & AMDVI_EFR_GA);
    c->queue = true;
    c->intr_entries = AMDVI_INTR_ENTRIES;
    c->intr_per_rid = true;
}

int amdvi_probe(struct amdvi_unit *a, uint64_t image, unsigned int va_bits)
{
    uint64_t status, efr;

    /* A dead unit has ids, too: none of them in use. */
    fill_caps(a, va_bits);
    a->mmio = host_mmio_map(a->unit.reg_pa, AMDVI_MMIO_SIZE);
    if ( !a->mmio )
    {
        host_log_err(AMDVI_FMT "its registers cannot be mapped",
                     AMDVI_ARG(a));
        return -ENODEV;
    }

    status = amdvi_read(a, AMDVI_REG_STATUS);
    efr = amdvi_read(a, AMDVI_REG_EFR);
    if ( status == ~(uint64_t)0 && efr == ~(uint64_t)0 )
    {
        host_log_err(AMDVI_FMT "nothing answers there (all registers read "
                     "ones)", AMDVI_ARG(a));
        return -ENODEV;
    }

    probe_function(a);
    /* Without a capability to ask, the image tells that there is one. */
    if ( !a->cap_pos ? !image : !(a->cap & AMDVI_CAP_EFR) )
        efr = 0;
    a->efr = common_features(efr, efr ? image : 0);
    fill_caps(a, va_bits);
    return 0;
}
