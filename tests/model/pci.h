/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration space of the model's devices. */
#ifndef MODEL_PCI_H
#define MODEL_PCI_H

#include <moat/types.h>

void pci_reset(void);
uint32_t pci_get(moat_sbdf_t dev, unsigned int reg, unsigned int bytes);
void pci_put(moat_sbdf_t dev, unsigned int reg, unsigned int bytes,
             uint32_t v);
/* Nobody but the core writes there, from now on or no longer. */
void pci_hold(moat_sbdf_t dev, bool hold);

#endif /* MODEL_PCI_H */
