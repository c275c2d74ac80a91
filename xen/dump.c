/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Debug keys: 'o' for what each domain's devices can reach, 'V' for the
 * units and devices.
 */

#include "port.h"

#include <xen/keyhandler.h>
#include <xen/rcupdate.h>
#include <xen/sched.h>

static void cf_check dump_tables(unsigned char key)
{
    struct domain *d;

    rcu_read_lock(&domlist_read_lock);

    for_each_domain ( d )
    {
        if ( is_hardware_domain(d) || !is_iommu_enabled(d) ||
             !port_domain(d) )
            continue;

        if ( iommu_use_hap_pt(d) )
        {
            printk("%pd sharing page tables\n", d);
            continue;
        }

        printk("%pd I/O page tables: %lu pages\n", d,
               moat_domain_table_pages(port_domain(d)));
        moat_dump_domain(port_domain(d));
    }

    rcu_read_unlock(&domlist_read_lock);
}

static void cf_check dump_units(unsigned char key)
{
    if ( !port_platform )
        return;

    pcidevs_lock();
    moat_dump_units(port_platform);
    moat_dump_devices(port_platform);
    pcidevs_unlock();
}

void port_dump_register(void)
{
    register_keyhandler('V', dump_units, "dump IOMMU units and devices", 1);
}

void port_dump_register_tables(void)
{
    register_keyhandler('o', dump_tables, "dump I/O page tables", 0);
}
