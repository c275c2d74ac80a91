/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is read of, and written to, the capabilities of functions that dom0
 * or nobody has.
 */

#include "port_pci.h"

#include <xen/pci_regs.h>

/*
 * Find the size of the memory BAR at @pos by writing ones to it; its decoding
 * is off. *@psize: bytes, 0 when it is not implemented; *@paddr (unless NULL):
 * where it is. Returns how many registers it takes. @flags: PCI_BAR_*.
 */
unsigned int pci_size_mem_bar(pci_sbdf_t sbdf, unsigned int pos,
                              uint64_t *paddr, uint64_t *psize,
                              unsigned int flags)
{
    bool rom = flags & PCI_BAR_ROM;
    uint32_t low = pci_conf_read32(sbdf, pos), high = 0;
    uint32_t mask = rom ? PCI_ROM_ADDRESS_MASK : PCI_BASE_ADDRESS_MEM_MASK;
    bool wide = !rom && (low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) ==
                        PCI_BASE_ADDRESS_MEM_TYPE_64;
    uint64_t ones;

    if ( wide && (flags & PCI_BAR_LAST) )
    {
        host_log_warn("%pp: its last BAR says it is the first half of one",
                      &sbdf);
        *psize = 0;
        return 1;
    }

    /* A 32-bit BAR is as if its upper half were all implemented. */
    ones = ~0ULL << 32;
    pci_conf_write32(sbdf, pos, ~0u);
    if ( wide )
    {
        high = pci_conf_read32(sbdf, pos + 4);
        pci_conf_write32(sbdf, pos + 4, ~0u);
        ones = (uint64_t)pci_conf_read32(sbdf, pos + 4) << 32;
        pci_conf_write32(sbdf, pos + 4, high);
    }
    ones |= pci_conf_read32(sbdf, pos) & mask;
    pci_conf_write32(sbdf, pos, low);

    /* No bit of a 32-bit BAR can be set: there is none. */
    *psize = !wide && !(uint32_t)ones ? 0 : -ones;
    if ( paddr )
        *paddr = ((uint64_t)high << 32) | (low & mask);

    return wide ? 2 : 1;
}

/* Newer Xens look at what pci_check_extcfg() found themselves. */
static unsigned int ext_cap(const struct pci_dev *pdev, unsigned int id)
{
    return XEN_HAS_EXT_CFG || port_has_ext_cfg(pdev)
           ? compat_ext_cap(pdev, id) : 0;
}

/*
 * Xen's MSI code needs them to find a virtual function's MSI-X table
 * (SR-IOV 3.3.14).
 */
void port_dev_size_vfs(struct port_dev *p)
{
    struct pci_dev *pdev = &p->pdev;
    unsigned int bar, pos, cap;
    uint16_t ctrl;

    BUILD_BUG_ON(ARRAY_SIZE(compat_vf_rlen(pdev)) != PCI_SRIOV_NUM_BARS);

    if ( pdev->info.is_virtfn || compat_vf_rlen(pdev)[0] )
        return;

    cap = ext_cap(pdev, PCI_EXT_CAP_ID_SRIOV);
    if ( !cap )
        return;

    ctrl = pci_conf_read16(pdev->sbdf, cap + PCI_SRIOV_CTRL);
    if ( ctrl & (PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE) )
    {
        host_log_warn("%pp: its virtual functions are on already (%04x): "
                      "they cannot use MSI-X", &pdev->sbdf, ctrl);
        return;
    }

    for ( bar = 0; bar < PCI_SRIOV_NUM_BARS; )
    {
        pos = cap + PCI_SRIOV_BAR + bar * 4;
        if ( (pci_conf_read32(pdev->sbdf, pos) & PCI_BASE_ADDRESS_SPACE) ==
             PCI_BASE_ADDRESS_SPACE_IO )
        {
            host_log_warn("%pp: BAR %u of its virtual functions is in I/O "
                          "space: left out", &pdev->sbdf, bar);
            bar++;
            continue;
        }
        bar += pci_size_mem_bar(pdev->sbdf, pos, NULL,
                                &compat_vf_rlen(pdev)[bar],
                                PCI_BAR_VF | (bar == PCI_SRIOV_NUM_BARS - 1
                                              ? PCI_BAR_LAST : 0));
    }
}

/*
 * Source validation, and requests and completions between functions go by way
 * of the IOMMU (PCI Express Base 6.12): as far as the function can.
 */
void port_dev_enable_acs(const struct port_dev *p)
{
    const struct pci_dev *pdev = &p->pdev;
    const uint16_t want = PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF;
    unsigned int pos;
    uint16_t can, ctrl;

    if ( !is_iommu_enabled(hardware_domain) )
        return;

    pos = ext_cap(pdev, PCI_EXT_CAP_ID_ACS);
    if ( !pos )
        return;

    can = pci_conf_read16(pdev->sbdf, pos + PCI_ACS_CAP);
    ctrl = pci_conf_read16(pdev->sbdf, pos + PCI_ACS_CTRL);
    pci_conf_write16(pdev->sbdf, pos + PCI_ACS_CTRL, ctrl | (can & want));
}
