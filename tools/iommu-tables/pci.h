/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PCI devices of the machine a table belongs to: --pci. Without it a
 * table's paths through bridges cannot be resolved to buses; then there is
 * one made up of what the table names (pci_made_up.c).
 */
#ifndef TOOL_PCI_H
#define TOOL_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table;

/* The port type of the PCI Express capability; PCI_TYPE_NONE without one. */
#define PCI_TYPE_NONE           0xff
/* Nobody was told: pci_finish() takes it for an express device's. */
#define PCI_TYPE_UNTOLD         0xfe
#define PCI_TYPE_ENDPOINT       0
#define PCI_TYPE_ROOT_PORT      4
#define PCI_TYPE_TO_PCI         7
#define PCI_TYPE_INTEGRATED     9

#define PCI_CLASS_HOST          0x0600
#define PCI_CLASS_BRIDGE        0x0604
#define PCI_CLASS_IOMMU         0x0806

#define PCI_CONFIG              256

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
    uint8_t phantom;            /* bits of phantom functions: 0..3 */
    uint8_t revision;
    bool virtfn;                /* SR-IOV: a function of physfn's */
    uint32_t physfn;
    char *path;                 /* made up, its bus too: what the table says,
                                 * "00:1c.0/00.0"; else NULL */
    /* Where it is 0, config was made of what stands above. */
    unsigned int config_len;
    uint8_t config[PCI_CONFIG];
};

struct pci
{
    struct pci_device *devices; /* sorted by sbdf, each once */
    size_t nr;
    bool made_up;               /* of a table, not of a machine */
    bool no_caps;               /* not told for some: taken for PCI Express */
    bool no_buses;              /* not told where bridges lead */
};

/*
 * Devices of this machine (@path NULL), or those of a file written by lspci:
 * -D -nn -vvv and -xxx say most, -mm -n -D -vvv little. With names. Returns
 * NULL after a message on standard error.
 */
struct pci *pci_read(const char *path);
/*
 * The same from text in memory: a pure function, without names. NULL: not one
 * device in it; without a message if @name is NULL.
 */
struct pci *pci_read_text(const char *name, const char *text, size_t len);
/* Devices that @t names, with buses made up where it tells none. */
struct pci *pci_make_up(const struct table *t);
void pci_free(struct pci *p);
/* The device at @sbdf, or NULL. @p may be NULL. */
const struct pci_device *pci_at(const struct pci *p, uint32_t sbdf);
/* Configuration space, @width bytes of it; all ones where there is nothing. */
uint32_t pci_config_read(const struct pci *p, uint32_t sbdf, unsigned int reg,
                         unsigned int width);

/* ---- For those who make a struct pci ---- */

/* One more, at the end; zeroed, but that it is no PCI Express one. */
struct pci_device *pci_add(struct pci *p, uint32_t sbdf);
/* Once all are there: sort, drop those that come twice, see who is whose
 * neighbour, and make configuration space where none was read. */
void pci_finish(struct pci *p);
/* Names by libpci, for all. */
void pci_add_names(struct pci *p);

#endif /* TOOL_PCI_H */
