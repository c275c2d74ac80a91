/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Known errata, as facts. Two more are handled where they bite: 732/733 (a
 * log's tail runs ahead of its entries) and 787 (a log's interrupt bit comes
 * back) in amdvi_log.c; 63 (system management requests of ids whose entry
 * lacks the right to write) does not arise, since an entry has all rights or
 * has those requests aborted.
 *
 * Revision guides: 48931 (Family 15h models 10h-1Fh), 51603 (15h 30h-3Fh),
 * 44413 (SP5100).
 */
#include "amdvi_unit.h"

/* Indirect registers of the unit's second-level cache. */
#define L2_INDEX        0xf0u
#define L2_INDEX_WRITE  0x100u
#define L2_DATA         0xf4u

static const struct
{
    uint32_t ids;               /* device << 16 | vendor of the unit */
    uint8_t index, bit;
    const char *what;
} l2_bits[] =
{
    { 0x14191022, 0x90, 2, "746: logging may stall translation" },
    { 0x14231022, 0x47, 0, "ATS write permission is not checked" },
};

void amdvi_quirks_unit(const struct amdvi_unit *a)
{
    uint32_t ids = host_pci_read32(a->dev, 0), v;
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(l2_bits); i++ )
    {
        if ( l2_bits[i].ids != ids )
            continue;
        host_pci_write32(a->dev, L2_INDEX, l2_bits[i].index);
        v = host_pci_read32(a->dev, L2_DATA);
        if ( v & (1u << l2_bits[i].bit) )
            continue;
        host_pci_write32(a->dev, L2_INDEX,
                         l2_bits[i].index | L2_INDEX_WRITE);
        host_pci_write32(a->dev, L2_DATA, v | (1u << l2_bits[i].bit));
        host_pci_write32(a->dev, L2_INDEX, l2_bits[i].index);
        host_log_info(AMDVI_FMT "erratum worked around (%s)", AMDVI_ARG(a),
                      l2_bits[i].what);
    }
}

/* SP5100 southbridge: SMBus function at 00:14.0. */
#define SP5100_DEV          MOAT_SBDF(0, 0, 0x14, 0)
#define SP5100_IDS          0x43851002u
#define SP5100_SATA         0xadu
#define SP5100_COMBINED     0x08u

/*
 * Erratum 28: with SATA in combined mode the IDE controller's interrupts
 * carry another function's id, which its table does not expect.
 */
bool amdvi_quirk_no_intremap(void)
{
    if ( host_pci_read32(SP5100_DEV, 0) != SP5100_IDS ||
         !(host_pci_read8(SP5100_DEV, SP5100_SATA) & SP5100_COMBINED) )
        return false;
    host_log_warn("AMD-Vi: SP5100 erratum 28: SATA is in combined mode, so "
                  "interrupts are not remapped; switch the mode off in the "
                  "firmware's settings");
    return true;
}
