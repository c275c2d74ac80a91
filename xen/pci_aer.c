/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose errors does firmware handle first? The AER structures of ACPI's HEST
 * (ACPI 18.3.2.4 to 18.3.2.6).
 */

#include "port.h"

#include <acpi/acpi.h>
#include <acpi/apei.h>

#include <xen/pci_regs.h>

struct aer_query
{
    pci_sbdf_t dev;
    unsigned int type;          /* PCI Express device/port type */
    bool firmware_first;
};

/* A structure for all devices of a kind. */
static bool kind_matches(unsigned int hest, unsigned int type)
{
    switch ( type )
    {
    case PCI_EXP_TYPE_ROOT_PORT:
        return hest == ACPI_HEST_TYPE_AER_ROOT_PORT;

    case PCI_EXP_TYPE_UPSTREAM:
    case PCI_EXP_TYPE_DOWNSTREAM:
    case PCI_EXP_TYPE_PCI_BRIDGE:
    case PCI_EXP_TYPE_PCIE_BRIDGE:
        return hest == ACPI_HEST_TYPE_AER_BRIDGE;

    default:
        return hest == ACPI_HEST_TYPE_AER_ENDPOINT;
    }
}

/* Any structure that claims the device is enough. */
static int cf_check look_at_source(const struct acpi_hest_header *h, void *arg)
{
    struct aer_query *q = arg;
    const struct acpi_hest_aer_common *c = (const void *)(h + 1);

    if ( h->type != ACPI_HEST_TYPE_AER_ROOT_PORT &&
         h->type != ACPI_HEST_TYPE_AER_ENDPOINT &&
         h->type != ACPI_HEST_TYPE_AER_BRIDGE )
        return 0;

    if ( !(c->flags & ACPI_HEST_FIRMWARE_FIRST) )
        return 0;

    if ( c->flags & ACPI_HEST_GLOBAL
         ? kind_matches(h->type, q->type)
         : q->dev.sbdf == PCI_SBDF(ACPI_HEST_SEGMENT(c->bus),
                                   ACPI_HEST_BUS(c->bus),
                                   c->device, c->function).sbdf )
        q->firmware_first = true;

    return q->firmware_first;
}

bool host_aer_firmware_first(moat_sbdf_t dev)
{
    struct aer_query q = { .dev.sbdf = dev };
    unsigned int pos = compat_cap(q.dev, PCI_CAP_ID_EXP);

    if ( !pos )
        return false;

    q.type = MASK_EXTR(pci_conf_read16(q.dev, pos + PCI_EXP_FLAGS),
                       PCI_EXP_FLAGS_TYPE);
    apei_hest_parse(look_at_source, &q);

    return q.firmware_first;
}
