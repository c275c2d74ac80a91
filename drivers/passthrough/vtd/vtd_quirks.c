/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known to be wrong with certain chipsets, by the host bridge at
 * 0000:00:00.0 (or where it is said). All of this is field knowledge: the
 * units themselves report something else.
 */
#include "vtd_unit.h"

#define PCI_ID          0x00
#define PCI_REVISION    0x08

#define INTEL(dev)      (0x8086u | ((uint32_t)(dev) << 16))
#define HOST_BRIDGE     MOAT_SBDF(0, 0, 0, 0)

static uint32_t host_bridge_id(void)
{
    return host_pci_read32(HOST_BRIDGE, PCI_ID);
}

/* 4 Series chipsets do not report that write buffers need flushing. */
static bool hides_write_buffers(uint32_t id)
{
    switch ( id )
    {
    case INTEL(0x2a40):                         /* GM45 family (Cantiga) */
    case INTEL(0x2e00): case INTEL(0x2e10):     /* desktop parts */
    case INTEL(0x2e20): case INTEL(0x2e30):
    case INTEL(0x2e40): case INTEL(0x2e90):
        return true;
    default:
        return false;
    }
}

/*
 * Sandy Bridge units announce superpages without caching them as such, and
 * misbehave when one is split under running DMA (XSA-304).
 */
static bool no_superpages(uint32_t id)
{
    switch ( id )
    {
    case INTEL(0x0100): case INTEL(0x0104): case INTEL(0x0108):
    case INTEL(0x3c00):                         /* -EP */
        return true;
    default:
        return false;
    }
}

/*
 * Cantiga stepping B3: the graphics unit may sleep through an invalidation
 * unless a read of one of the device's registers has woken it.
 */
#define IGD             MOAT_SBDF(0, 0, 2, 0)
#define PCI_BAR0        0x10
#define BAR_IS_MEM64(v) (((v) & 7u) == 4)
#define IGD_PAGE        0x2000u

void vtd_quirk_sleepy_igfx(struct vtd_unit *v)
{
    uint32_t bar = host_pci_read32(IGD, PCI_BAR0);
    uint32_t id = host_pci_read32(IGD, PCI_ID);
    uint64_t pa;

    if ( (id & 0xff00ffffu) != INTEL(0x2a00) ||
         host_pci_read8(IGD, PCI_REVISION) != 7 || !BAR_IS_MEM64(bar) )
        return;
    pa = ((uint64_t)host_pci_read32(IGD, PCI_BAR0 + 4) << 32) |
         (bar & 0xffff0000u);
    v->igd = pa ? host_mmio_map(pa + IGD_PAGE, MOAT_PAGE_SIZE) : NULL;
    if ( v->igd )
        host_log_info("VT-d unit %#"PRIx64": chipset %04x: graphics is woken "
                      "before each invalidation", v->unit.reg_pa,
                      (unsigned int)(id >> 16));
    else
        host_log_warn("VT-d unit %#"PRIx64": chipset %04x: registers of the "
                      "graphics device (%#"PRIx64") cannot be mapped: an "
                      "invalidation may find it asleep", v->unit.reg_pa,
                      (unsigned int)(id >> 16), pa);
}

void vtd_quirks_release(struct vtd_unit *v)
{
    if ( v->igd )
        host_mmio_unmap(v->igd);
    v->igd = NULL;
}

void vtd_quirks_unit(struct vtd_unit *v)
{
    uint32_t id = host_bridge_id();


    if ( hides_write_buffers(id) && !v->wbf )
    {
        host_log_info("VT-d unit %#"PRIx64": chipset %04x needs write-buffer "
                      "flushes it does not ask for", v->unit.reg_pa,
                      (unsigned int)(id >> 16));
        v->wbf = true;
    }
    if ( no_superpages(id) && v->unit.caps.leaf_levels != 1u << 1 )
    {
        host_log_info("VT-d unit %#"PRIx64": superpages not used on chipset "
                      "%04x", v->unit.reg_pa, (unsigned int)(id >> 16));
        v->unit.caps.leaf_levels = 1u << 1;
    }
}

/*
 * 5500, 5520 (before stepping C2, revision 22h) and X58 (all) can lose or
 * misdirect interrupts when remapping is on. The function that tells is
 * device 0 of the bus of its I/O hub, which need not be bus 0.
 */
bool vtd_quirk_no_intremap(void)
{
    unsigned int bus;

    for ( bus = 0; bus < 256; bus++ )
    {
        moat_sbdf_t hub = MOAT_SBDF(0, bus, 0, 0);
        uint32_t id = host_pci_read32(hub, PCI_ID);
        uint8_t rev;

        if ( id != INTEL(0x3403) && id != INTEL(0x3405) &&
             id != INTEL(0x3406) )
            continue;
        rev = host_pci_read8(hub, PCI_REVISION);
        if ( id != INTEL(0x3405) && rev >= 0x22 )
            continue;
        host_log_warn("VT-d: chipset %04x revision %02x: interrupt remapping "
                      "has errata and is not used",
                      (unsigned int)(id >> 16), (unsigned int)rev);
        return true;
    }
    return false;
}

/*
 * 5500/X58: a unit of the sound device's own, which firmware may leave
 * without entries in its TLB. The number is in bits 4:2 of 188h of the system
 * management registers (0:14.0); bit 0: its DMA goes through the other unit.
 */
bool vtd_quirk_no_isoch(moat_sbdf_t dev)
{
    moat_sbdf_t regs = MOAT_SBDF(0, 0, 0x14, 0);
    uint32_t v;

    if ( host_pci_read32(dev, PCI_ID) != INTEL(0x3a3e) ||
         host_pci_read32(regs, PCI_ID) != INTEL(0x342e) )
        return false;
    v = host_pci_read32(regs, 0x188);
    if ( v == ~(uint32_t)0 || (v & 1) || (v & 0x1c) )
        return false;
    host_log_warn("VT-d: firmware gave the unit of "MOAT_PRI_SBDF" no TLB "
                  "entries: it is not used", MOAT_SBDF_ARG(dev));
    return true;
}

/*
 * First-generation Core graphics translate only if firmware set memory aside
 * for it: bit 11 of graphics control (52h of the graphics function).
 */
bool vtd_quirk_no_igfx(void)
{
    switch ( host_bridge_id() )
    {
    case INTEL(0x0040): case INTEL(0x0044):
    case INTEL(0x0062): case INTEL(0x006a):
        break;
    default:
        return false;
    }

    if ( host_pci_read16(IGD, 0x52) & 0x0800 )
        return false;
    host_log_warn("VT-d: firmware did not prepare the graphics device for "
                  "translation: its unit is not used");
    return true;
}
