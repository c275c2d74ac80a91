/* SPDX-License-Identifier: GPL-2.0-only */
/* Debug key Q: every PCI function, whose it is, and what is wrong with it. */

#include "port_pci.h"

#include <xen/init.h>
#include <xen/keyhandler.h>
#include <xen/msi.h>

static const char *state_of(const struct port_dev *p)
{
    if ( p->pdev.broken )
        return "failed: cut off, behind quarantine";
    if ( p->held )
        return "kept quiet: a guest uses memory it shares";
    if ( p->read_only )
        return "Xen's, read-only";
    if ( p->hidden )
        return "Xen's";
    if ( !p->pdev.domain )
        return "not in use";
    if ( p->pdev.domain == dom_io )
        return "quarantine";

    return p->pdev.domain == hardware_domain ? "in use" : "assigned";
}

static void show(const struct port_dev *p)
{
    const struct pci_dev *pdev = &p->pdev;

    printk("%pp - ", &pdev->sbdf);
    if ( pdev->domain )
        printk("%pd", pdev->domain);
    else
        printk("nobody");
    printk(" - node %d", pdev->node == NUMA_NO_NODE ? -1 : pdev->node);
    if ( p->moat )
        printk(" - group %d", moat_device_group(p->moat));
    printk(" - %s", state_of(p));
    pdev_dump_msi(pdev);
    printk("\n");
}

static void cf_check dump_devices(unsigned char key)
{
    const struct port_dev *p;
    int seg = -1;

    printk("==== PCI devices ====\n");
    pcidevs_lock();
    for_each_port_dev ( p )
    {
        if ( p->pdev.seg != seg )
        {
            seg = p->pdev.seg;
            printk("==== segment %04x ====\n", seg);
        }
        show(p);
    }
    pcidevs_unlock();
}

static int __init cf_check register_dump(void)
{
    register_keyhandler('Q', dump_devices, "dump PCI devices", 1);

    return 0;
}
__initcall(register_dump);
