/* SPDX-License-Identifier: GPL-2.0-only */
#include "pci.h"

#include "util.h"

#include <stdlib.h>

struct pci *pci_read(const char *path)
{
    (void)path;
    complain("--pci: not available in this build");
    return NULL;
}

struct pci *pci_read_text(const char *name, const char *text, size_t len)
{
    (void)name;
    (void)text;
    (void)len;
    return pci_read(NULL);
}

void pci_free(struct pci *p)
{
    size_t i;

    if ( !p )
        return;
    for ( i = 0; i < p->nr; i++ )
    {
        free(p->devices[i].name);
        free(p->devices[i].class_name);
    }
    free(p->devices);
    free(p);
}

const struct pci_device *pci_at(const struct pci *p, uint32_t sbdf)
{
    size_t i;

    for ( i = 0; p && i < p->nr; i++ )
        if ( p->devices[i].sbdf == sbdf )
            return &p->devices[i];
    return NULL;
}
