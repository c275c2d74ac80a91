/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the core reads of a device's configuration space, once, when it is
 * added (a guest that owns the device may write there later: XSA-337), and
 * the switch of its address translation cache.
 */

#include "bits.h"
#include "device.h"

#define PCI_ID              0x00
#define PCI_STATUS          0x06
#define PCI_STATUS_CAPS     0x0010
#define PCI_CLASS           0x08
#define PCI_HEADER_TYPE     0x0e
#define PCI_SECONDARY       0x19
#define PCI_SUBORDINATE     0x1a
#define PCI_SUBSYSTEM       0x2c
#define PCI_CAP_PTR         0x34
#define PCI_CAP_EXPRESS     0x10
#define PCI_EXP_FLAGS       2
#define PCI_EXP_DEVCAP      4
#define PCI_EXP_TYPE        MOAT_MASK(7, 4)
#define PCI_EXP_PHANTOM     MOAT_MASK(4, 3)
#define PCI_CLASS_HOST      0x0600

#define PCI_EXT_FIRST       0x100
#define PCI_EXT_ATS         0x000f
#define PCI_EXT_ID          MOAT_MASK(15, 0)
#define PCI_EXT_NEXT        MOAT_MASK(31, 20)
#define PCI_EXT_ACS         0x000d
#define ACS_CAP             4
#define ACS_CTRL            6
/* Requests and completions redirected, upstream forwarding. */
#define ACS_REDIRECT        0x001c
#define ATS_CAP             4
#define ATS_CTRL            6
#define ATS_CAP_DEPTH       MOAT_MASK(4, 0)     /* 0: 32 */
#define ATS_CTRL_ENABLE     0x8000
#define ATS_CTRL_STU        0x001f

/* A list in configuration space can be made a loop: count. */
#define CAP_MAX             48u
#define EXT_CAP_MAX         480u

static unsigned int find_cap(moat_sbdf_t dev, uint8_t id)
{
    unsigned int i, pos;

    if ( !(host_pci_read16(dev, PCI_STATUS) & PCI_STATUS_CAPS) )
        return 0;
    pos = host_pci_read8(dev, PCI_CAP_PTR) & 0xfc;
    for ( i = 0; i < CAP_MAX && pos >= 0x40; i++ )
    {
        uint16_t head = host_pci_read16(dev, pos);

        if ( (head & 0xff) == id )
            return pos;
        pos = (head >> 8) & 0xfc;
    }
    return 0;
}

static unsigned int find_ext_cap(moat_sbdf_t dev, uint16_t id)
{
    unsigned int i, pos = PCI_EXT_FIRST;

    for ( i = 0; i < EXT_CAP_MAX && pos >= PCI_EXT_FIRST; i++ )
    {
        uint32_t head = host_pci_read32(dev, pos);

        if ( !head || head == ~(uint32_t)0 )
            return 0;
        if ( FIELD_GET(PCI_EXT_ID, head) == id )
            return pos;
        pos = (unsigned int)FIELD_GET(PCI_EXT_NEXT, head) & ~3u;
    }
    return 0;
}

/* PCI Express Base 7.5.3.2: device/port type. */
static enum rid_kind express_kind(unsigned int type)
{
    switch ( type )
    {
    case 4:                 /* root port */
    case 5:                 /* switch, upstream port */
    case 6:                 /* switch, downstream port */
        return RID_PCIE_BRIDGE;

    case 7:
        return RID_PCIE_TO_PCI;

    case 8:
        return RID_PCI_TO_PCIE;

    default:
        return RID_ENDPOINT;
    }
}

static enum rid_kind classify(const struct moat_device *dev,
                              unsigned int header, unsigned int exp)
{
    if ( dev->node.is_virtfn )
        return RID_ENDPOINT;
    if ( header == 1 || header == 2 )
    {
        if ( !exp )
            return RID_LEGACY_BRIDGE;
        return express_kind((unsigned int)
                            FIELD_GET(PCI_EXP_TYPE,
                                      host_pci_read16(dev->dev,
                                                      exp + PCI_EXP_FLAGS)));
    }
    if ( dev->class_code >> 8 == PCI_CLASS_HOST )
        return RID_HOST_BRIDGE;
    return exp ? RID_ENDPOINT : RID_PCI;
}

/* 7.7.11. What the capability leaves out the function does not do. */
void acs_probe(struct moat_device *dev)
{
    uint16_t can = host_pci_read16(dev->dev, dev->acs_pos + ACS_CAP);
    uint16_t on = host_pci_read16(dev->dev, dev->acs_pos + ACS_CTRL);

    dev->node.redirects = !(can & ~on & ACS_REDIRECT);
}

/* How its requests to other devices travel: rid_peer.c. */
static void probe_peers(struct moat_device *dev, unsigned int exp)
{
    unsigned int type = (unsigned int)
        FIELD_GET(PCI_EXP_TYPE, host_pci_read16(dev->dev, exp + PCI_EXP_FLAGS));

    dev->node.switch_down = type == 6;
    dev->node.integrated = type == 9 || type == 10;
    dev->acs_pos = find_ext_cap(dev->dev, PCI_EXT_ACS);
    if ( dev->acs_pos )
        acs_probe(dev);
}

static bool is_bridge(enum rid_kind kind)
{
    return kind == RID_PCIE_BRIDGE || kind == RID_PCIE_TO_PCI ||
           kind == RID_PCI_TO_PCIE || kind == RID_LEGACY_BRIDGE;
}

void device_probe(struct moat_device *dev,
                  const struct moat_device_info *info)
{
    unsigned int header, exp, phantom;

    dev->node.dev = dev->dev;
    dev->node.is_virtfn = info->is_virtfn;
    dev->node.physfn = info->physfn;
    dev->node.phantom_stride = (uint8_t)info->phantom_stride;
    dev->ids_word = host_pci_read32(dev->dev, PCI_ID);
    dev->class_code = host_pci_read32(dev->dev, PCI_CLASS) >> 8;
    header = host_pci_read8(dev->dev, PCI_HEADER_TYPE) & 0x7f;
    exp = find_cap(dev->dev, PCI_CAP_EXPRESS);

    dev->node.kind = classify(dev, header, exp);
    if ( is_bridge(dev->node.kind) )
    {
        dev->node.secondary = host_pci_read8(dev->dev, PCI_SECONDARY);
        dev->node.subordinate = host_pci_read8(dev->dev, PCI_SUBORDINATE);
        dev->node.both_ids = quirk_bridge_both_ids(dev->ids_word);
    }
    else
        dev->subsystem_word = host_pci_read32(dev->dev, PCI_SUBSYSTEM);
    dev->passive = is_bridge(dev->node.kind) ||
                   dev->node.kind == RID_HOST_BRIDGE;
    if ( exp )
        probe_peers(dev, exp);

    /* 7.5.3.3: phantom functions take 1, 2 or 3 bits of the function. */
    if ( exp && !info->is_virtfn && !dev->node.phantom_stride )
    {
        phantom = (unsigned int)
            FIELD_GET(PCI_EXP_PHANTOM,
                      host_pci_read32(dev->dev, exp + PCI_EXP_DEVCAP));
        if ( phantom )
            dev->node.phantom_stride = (uint8_t)(8 >> phantom);
    }
    if ( dev->node.phantom_stride &&
         MOAT_SBDF_FN(dev->dev) >= dev->node.phantom_stride )
        dev->node.phantom_stride = 0;

    if ( exp && dev->platform->opts.ats && !dev->passive )
    {
        dev->ats_pos = find_ext_cap(dev->dev, PCI_EXT_ATS);
        if ( dev->ats_pos )
            dev->ats_depth = (uint8_t)
                FIELD_GET(ATS_CAP_DEPTH,
                          host_pci_read16(dev->dev, dev->ats_pos + ATS_CAP));
        if ( dev->ats_pos && !dev->ats_depth )
            dev->ats_depth = 32;
    }
}

/* ---- ATS (PCI Express Base 10.5.1) ---- */

void ats_control(const struct moat_device *dev, bool on)
{
    uint16_t ctrl = host_pci_read16(dev->dev, dev->ats_pos + ATS_CTRL);

    /* Smallest translation unit 0: 4 KiB pages. */
    ctrl = (uint16_t)(ctrl & ~(ATS_CTRL_STU | ATS_CTRL_ENABLE));
    host_pci_write16(dev->dev, dev->ats_pos + ATS_CTRL,
                     (uint16_t)(on ? ctrl | ATS_CTRL_ENABLE : ctrl));
}
