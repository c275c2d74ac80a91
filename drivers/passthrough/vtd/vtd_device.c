/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What VT-d has to say of single devices: who may use a device TLB, ids that
 * a device's requests carry besides its own, and chipset functions that turn
 * a guest's malformed interrupt writes into a host's machine check (XSA-59).
 */
#include "vtd_unit.h"

#define PCI_ID              0x00
#define PCI_CAP_PTR         0x34
#define PCI_SECONDARY       0x19
#define PCI_SUBORDINATE     0x1a
#define CAP_EXPRESS         0x10
#define EXP_TYPE            MOAT_MASK(7, 4)
#define EXP_INTEGRATED      9u

#define EXT_FIRST           0x100u
#define EXT_AER             0x0001u
#define EXT_VENDOR          0x000bu
#define EXT_ID              MOAT_MASK(15, 0)
#define EXT_NEXT            MOAT_MASK(31, 20)
#define EXT_MAX             480u            /* a list can be made a loop */
#define AER_UNCOR_MASK      0x08u
#define AER_COR_MASK        0x14u
#define AER_UNCOR_UR        (1u << 20)      /* unsupported request */
#define AER_COR_ADVISORY    (1u << 13)

#define INTEL(dev)          (0x8086u | ((uint32_t)(dev) << 16))

/* ---- ATS: 8.5 (ATSR), 8.8 (SATC) ---- */

/* Integrated into the root complex: behind no root port. */
static bool is_integrated(moat_sbdf_t dev)
{
    unsigned int i, pos = host_pci_read8(dev, PCI_CAP_PTR) & 0xfc;

    for ( i = 0; i < 48 && pos >= 0x40; i++ )
    {
        uint16_t head = host_pci_read16(dev, pos);

        if ( (head & 0xff) == CAP_EXPRESS )
            return FIELD_GET(EXP_TYPE, host_pci_read16(dev, pos + 2)) ==
                   EXP_INTEGRATED;
        pos = (head >> 8) & 0xfc;
    }
    return false;
}

bool cf_check vtd_devtlb_allowed(const struct moat_unit *u, moat_sbdf_t dev)
{
    const struct vtd_unit *v = to_vtd_const(u);
    const struct vtd_scope_ref *ref;
    uint8_t bus = MOAT_SBDF_BUS(dev);

    if ( v->ats_all || is_integrated(dev) )
        return true;
    for ( ref = v->ats; ref; ref = ref->next )
    {
        if ( ref->dev == dev )
            return true;
        /* Read now: buses may have been renumbered since the scan. */
        if ( ref->bridge && bus &&
             bus >= host_pci_read8(ref->dev, PCI_SECONDARY) &&
             bus <= host_pci_read8(ref->dev, PCI_SUBORDINATE) )
            return true;
    }
    return false;
}

/* ---- Ids ---- */

/*
 * Wireless cards that the management engine serves too: it fetches their
 * buffers under the id of its own function 7, which nobody else sees.
 */
static bool is_me_wireless(uint32_t chipset, uint32_t id)
{
    static const uint16_t cantiga[] = {
        0x4232, 0x4235, 0x4236, 0x4237, 0x423a, 0x423b, 0x423c, 0x423d };
    static const uint16_t later[] = {
        0x0087, 0x0089, 0x0082, 0x0085, 0x008f, 0x0090, 0x0091, 0x4238,
        0x422b, 0x422c };
    bool old = chipset == INTEL(0x2a40);
    const uint16_t *list = old ? cantiga : later;
    unsigned int i, n = old ? ARRAY_SIZE(cantiga) : ARRAY_SIZE(later);

    for ( i = 0; i < n; i++ )
        if ( id == INTEL(list[i]) )
            return true;
    return false;
}

int cf_check vtd_rid_alias(const struct moat_unit *u, uint16_t rid,
                           uint16_t *alias)
{
    uint32_t chipset = host_pci_read32(MOAT_SBDF(0, 0, 0, 0), PCI_ID);
    moat_sbdf_t me;

    switch ( chipset )
    {
    case INTEL(0x2a40):
        me = MOAT_SBDF(0, 0, 3, 0);
        break;
    case INTEL(0x0040): case INTEL(0x0044):
    case INTEL(0x0062): case INTEL(0x006a):
    case INTEL(0x0100): case INTEL(0x0104):
        me = MOAT_SBDF(0, 0, 22, 0);
        break;
    default:
        return -ENOENT;
    }

    if ( u->segment || !is_me_wireless(chipset, host_pci_read32(rid, PCI_ID)) ||
         host_pci_read32(me, PCI_ID) == ~(uint32_t)0 )
        return -ENOENT;
    *alias = (uint16_t)(MOAT_SBDF_RID(me) | 7);
    return 0;
}

/* ---- XSA-59 ---- */

static unsigned int ext_cap(moat_sbdf_t dev, unsigned int pos, uint32_t id)
{
    unsigned int i;

    for ( i = 0; i < EXT_MAX && pos >= EXT_FIRST; i++ )
    {
        uint32_t head = host_pci_read32(dev, pos);

        if ( !head || head == ~(uint32_t)0 )
            return 0;
        if ( FIELD_GET(EXT_ID, head) == id )
            return pos;
        pos = (unsigned int)FIELD_GET(EXT_NEXT, head) & ~3u;
    }
    return 0;
}

/*
 * Error registers, or 0: those of the standard capability, or of a vendor's
 * (id 4, revision 1) that has the same layout 4 bytes further on.
 */
static unsigned int error_regs(moat_sbdf_t dev)
{
    unsigned int i, pos = ext_cap(dev, EXT_FIRST, EXT_AER);

    if ( pos )
        return pos;
    pos = ext_cap(dev, EXT_FIRST, EXT_VENDOR);
    for ( i = 0; pos && i < EXT_MAX; i++ )
    {
        if ( (host_pci_read32(dev, pos + 4) & 0xfffff) == 0x10004 )
            return pos + 4;
        pos = (unsigned int)FIELD_GET(EXT_NEXT, host_pci_read32(dev, pos));
        pos = ext_cap(dev, pos & ~3u, EXT_VENDOR);
    }
    return 0;
}

/*
 * Host bridges and root ports that report an unsupported request as an error
 * of the system: a guest could raise one at will. Where firmware claims the
 * errors of the port for itself (ACPI HEST), the mask is its own to set.
 */
static void mask_port(moat_sbdf_t dev)
{
    unsigned int pos = error_regs(dev);
    uint32_t uncor, cor;

    if ( !pos )
    {
        host_log_warn(MOAT_PRI_SBDF": no error registers: guests' malformed "
                      "interrupts may stop the machine", MOAT_SBDF_ARG(dev));
        return;
    }
    /* Completions with unsupported request, in the chipset's own mask. */
    host_pci_write32(dev, 0x20c, host_pci_read32(dev, 0x20c) | (1u << 4));

    uncor = host_pci_read32(dev, pos + AER_UNCOR_MASK);
    cor = host_pci_read32(dev, pos + AER_COR_MASK);
    if ( (uncor & AER_UNCOR_UR) && (cor & AER_COR_ADVISORY) )
        return;
    if ( host_aer_firmware_first(dev) )
    {
        host_log_warn(MOAT_PRI_SBDF": firmware handles its errors first and "
                      "does not mask unsupported requests: guests' malformed "
                      "interrupts may stop the machine", MOAT_SBDF_ARG(dev));
        return;
    }
    host_pci_write32(dev, pos + AER_UNCOR_MASK, uncor | AER_UNCOR_UR);
    host_pci_write32(dev, pos + AER_COR_MASK, cor | AER_COR_ADVISORY);
    host_log_info(MOAT_PRI_SBDF": unsupported requests are not reported as "
                  "errors of the system", MOAT_SBDF_ARG(dev));
}

/* Client parts: the same switch is bit 20 of 1c8h behind DMIBAR. */
static void mask_client(moat_sbdf_t dev)
{
    uint64_t bar = host_pci_read32(dev, 0x68) |
                   (uint64_t)host_pci_read32(dev, 0x6c) << 32;
    moat_paddr_t pa = bar & MOAT_MASK(38, 12);
    struct host_mmio *m = NULL;

    if ( (bar & 1) && pa &&
         host_mem_type(pa, pa + MOAT_PAGE_SIZE - 1) == HOST_MEM_RESERVED )
        m = host_mmio_map(pa, MOAT_PAGE_SIZE);
    if ( !m )
    {
        host_log_warn(MOAT_PRI_SBDF": cannot reach DMIBAR (%#"PRIx64"): "
                      "guests' malformed interrupts may stop the machine",
                      MOAT_SBDF_ARG(dev), bar);
        return;
    }
    host_mmio_write32(m, 0x1c8, host_mmio_read32(m, 0x1c8) | (1u << 20));
    host_mmio_unmap(m);
    host_log_info(MOAT_PRI_SBDF": unsupported requests are not reported as "
                  "errors of the system", MOAT_SBDF_ARG(dev));
}

static bool in(uint32_t id, unsigned int first, unsigned int last)
{
    return id >= first && id <= last;
}

void cf_check vtd_device_found(struct moat_unit *u, moat_sbdf_t dev)
{
    static const uint16_t client[] = {
        0x0040, 0x0044, 0x0048, 0x0100, 0x0104, 0x0108, 0x0150, 0x0154,
        0x0158, 0x0a00, 0x0a04, 0x0a08, 0x0a0f, 0x0c00, 0x0c04, 0x0c08,
        0x0c0f, 0x0d00, 0x0d04, 0x0d08, 0x0d0f, 0x1600, 0x1604, 0x1608,
        0x160f, 0x1610, 0x1614, 0x1618, 0x1900, 0x1904, 0x1908, 0x190c,
        0x190f, 0x1910, 0x1918, 0x191f };
    uint32_t word = host_pci_read32(dev, PCI_ID), id = word >> 16;
    unsigned int i;

    (void)u;
    if ( (word & 0xffff) != 0x8086 )
        return;

    /* Error signalling of the unit itself, to the I/O hub. */
    if ( id == 0x342e || id == 0x3728 || id == 0x3c28 )
        host_pci_write32(dev, 0x1ac,
                         host_pci_read32(dev, 0x1ac) | (1u << 31));
    else if ( in(id, 0x3400, 0x3411) || in(id, 0x3420, 0x3421) ||
              in(id, 0x3700, 0x370f) || in(id, 0x3720, 0x3724) ||
              in(id, 0x3c00, 0x3c0b) )
        mask_port(dev);
    else
        for ( i = 0; i < ARRAY_SIZE(client); i++ )
            if ( id == client[i] )
                mask_client(dev);
}
