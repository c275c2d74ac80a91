/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PCI devices of the machine a table belongs to: --pci. Without it a
 * table's paths through bridges cannot be resolved to buses.
 */
#ifndef TOOL_PCI_H
#define TOOL_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The port type of the PCI Express capability; PCI_TYPE_NONE without one. */
#define PCI_TYPE_NONE   0xff

struct pci_device
{
    uint32_t sbdf;              /* MOAT_SBDF() */
    uint32_t class_code;        /* 24 bits: class, subclass, interface */
    uint16_t vendor, device;
    char *name;                 /* by libpci; NULL: not known */
    char *class_name;           /* likewise: "Ethernet controller" */
    bool bridge;                /* header type 1 */
    uint8_t secondary, subordinate;     /* of a bridge */
    uint8_t pcie_type;          /* 4 bits, or PCI_TYPE_NONE */
};

struct pci
{
    struct pci_device *devices; /* sorted by sbdf */
    size_t nr;
};

/*
 * Devices of this machine (@path NULL), or those of a file written by
 * lspci -mm -n -D -vvv. Returns NULL after a message on standard error.
 */
struct pci *pci_read(const char *path);
/* The same from text in memory: @name is for messages. */
struct pci *pci_read_text(const char *name, const char *text, size_t len);
void pci_free(struct pci *p);
/* The device at @sbdf, or NULL. @p may be NULL. */
const struct pci_device *pci_at(const struct pci *p, uint32_t sbdf);

#endif /* TOOL_PCI_H */
