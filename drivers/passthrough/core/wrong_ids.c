/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices whose DMA carries an id that is not theirs, as the field has found
 * out: nothing they say of themselves tells.
 */

#include "device.h"

#define FN(n)       (n)             /* that function of the same device */
#define ANYWHERE    0x100           /* this slot and function of the bus */
#define AT(dev, fn) (ANYWHERE | (dev) << 3 | (fn))

static const struct
{
    uint16_t vendor, device;
    uint32_t subsystem;             /* vendor | device << 16; 0: any */
    uint16_t uses;
} wrong_ids[] = {
    /* Marvell SATA and RAID controllers, and who sells them. */
    { 0x1b4b, 0x9120, 0, FN(1) }, { 0x1b4b, 0x9123, 0, FN(1) },
    { 0x1b4b, 0x9125, 0, FN(1) }, { 0x1b4b, 0x9128, 0, FN(1) },
    { 0x1b4b, 0x9130, 0, FN(1) }, { 0x1b4b, 0x9143, 0, FN(1) },
    { 0x1b4b, 0x9170, 0, FN(1) }, { 0x1b4b, 0x9172, 0, FN(1) },
    { 0x1b4b, 0x917a, 0, FN(1) }, { 0x1b4b, 0x9182, 0, FN(1) },
    { 0x1b4b, 0x9183, 0, FN(1) }, { 0x1b4b, 0x91a0, 0, FN(1) },
    { 0x1b4b, 0x9215, 0, FN(1) }, { 0x1b4b, 0x9220, 0, FN(1) },
    { 0x1b4b, 0x9230, 0, FN(1) }, { 0x1b4b, 0x9235, 0, FN(1) },
    { 0x1103, 0x0642, 0, FN(1) }, { 0x1103, 0x0645, 0, FN(1) },
    { 0x1c28, 0x0122, 0, FN(1) },           /* Plextor M6e */
    { 0x197b, 0x2392, 0, FN(1) },           /* JMicron JMB388 */
    /* Side functions that send as the first. */
    { 0x1180, 0xe476, 0, FN(0) }, { 0x1180, 0xe832, 0, FN(0) },    /* Ricoh */
    { 0x6766, 0x3d40, 0, FN(0) }, { 0x6766, 0x3d41, 0, FN(0) },    /* Glenfly */
    /* Adaptec 3405: as its processor's own device. */
    { 0x9005, 0x0285, 0x02bb9005, AT(1, 0) },
    /* Xeon Phi x200 coprocessors behind their bridge. */
    { 0x8086, 0x2260, 0, AT(16, 0) }, { 0x8086, 0x2260, 0, AT(17, 0) },
    { 0x8086, 0x2260, 0, AT(18, 3) }, { 0x8086, 0x2264, 0, AT(16, 0) },
    { 0x8086, 0x2264, 0, AT(17, 0) }, { 0x8086, 0x2264, 0, AT(18, 3) },
};

int quirk_alias(const struct moat_device *dev, unsigned int *from,
                moat_sbdf_t *alias)
{
    unsigned int i;

    for ( i = *from; i < ARRAY_SIZE(wrong_ids); i++ )
    {
        if ( wrong_ids[i].vendor != (uint16_t)dev->ids_word ||
             wrong_ids[i].device != (uint16_t)(dev->ids_word >> 16) ||
             (wrong_ids[i].subsystem &&
              wrong_ids[i].subsystem != dev->subsystem_word) )
            continue;
        if ( wrong_ids[i].uses & ANYWHERE )
            *alias = (dev->dev & ~(moat_sbdf_t)0xff) |
                     (wrong_ids[i].uses & 0xffu);
        else
            *alias = (dev->dev & ~(moat_sbdf_t)7) | wrong_ids[i].uses;
        if ( *alias == dev->dev )
            continue;
        *from = i + 1;
        return 0;
    }
    return -ENOENT;
}

/*
 * Conventional bridges on a root bus that use the id of the first function
 * behind them, as one below a PCI Express port would.
 */
bool quirk_bridge_both_ids(uint32_t ids_word)
{
    return ids_word == 0x244e8086;  /* 82801 PCI bridge */
}
