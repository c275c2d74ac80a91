/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last resort: a device that cannot be kept in its place any more must
 * not issue DMA at all.
 */

#include "device.h"

#define PCI_COMMAND         0x04
#define PCI_COMMAND_MASTER  0x0004
#define TRIES               3u

bool bus_master_off(moat_sbdf_t dev)
{
    uint16_t cmd;
    unsigned int i;

    for ( i = 0; i < TRIES; i++ )
    {
        cmd = host_pci_read16(dev, PCI_COMMAND);
        /* All ones: it is not there (or hangs off a dead link). */
        if ( cmd == 0xffff || !(cmd & PCI_COMMAND_MASTER) )
            return true;
        host_pci_write16(dev, PCI_COMMAND,
                         (uint16_t)(cmd & ~PCI_COMMAND_MASTER));
    }
    cmd = host_pci_read16(dev, PCI_COMMAND);
    return cmd == 0xffff || !(cmd & PCI_COMMAND_MASTER);
}

/* Registry lock held. */
static void cut_locked(struct moat_device *dev, const char *why)
{
    if ( !bus_master_off(dev->dev) )
        host_bug(MOAT_PRI_SBDF ": %s, and its bus mastering cannot be "
                 "switched off", MOAT_SBDF_ARG(dev->dev), why);
    HOST_WRITE_ONCE(dev->cut, true);
}

void device_cut(struct moat_platform *p, moat_sbdf_t sbdf, const char *why)
{
    struct moat_device *dev;
    unsigned long flags = host_lock_irqsave(&p->reg_lock);

    dev = registry_find(p, sbdf);
    if ( dev )
        cut_locked(dev, why);
    host_unlock_irqrestore(&p->reg_lock, flags);
    if ( !dev )
        return;                 /* removed meanwhile: its entries are gone */
    host_log_err(MOAT_PRI_SBDF ": %s: bus mastering was switched off",
                 MOAT_SBDF_ARG(sbdf), why);
    host_work_schedule(&p->fail_work);
}

void unit_die(struct moat_unit *u, const char *what)
{
    struct moat_platform *p = u->platform;
    struct moat_device *dev;
    unsigned int n = 0;
    unsigned long flags = host_lock_irqsave(&p->reg_lock);
    bool first = u->state != UNIT_DEAD, live = u->state == UNIT_DMA;

    for ( dev = first && live ? p->devices : NULL; dev; dev = dev->next )
        if ( dev->unit == u && !dev->passive )
        {
            cut_locked(dev, "its unit does not answer");
            n++;
        }
    /* Last: who sees the unit dead relies on its devices being cut off. */
    host_wmb();
    HOST_WRITE_ONCE(u->state, UNIT_DEAD);
    host_unlock_irqrestore(&p->reg_lock, flags);
    if ( !first )
        return;
    host_log_err("unit %u at 0x%" PRIx64 " %s: the %u devices behind it were "
                 "cut off (bus mastering), translation stays on", u->index,
                 u->reg_pa, what, n);
    host_work_schedule(&p->fail_work);
}

/*
 * The part that needs the device lock: tell the host, and do not let a guest
 * go on that believes it still has the device (and could switch bus
 * mastering on again).
 */
void cf_check fail_work(void *arg)
{
    struct moat_platform *p = arg;
    struct moat_device *dev;

    host_devices_lock();
    for ( dev = p->devices; dev; dev = dev->next )
    {
        if ( !device_is_cut(dev) || dev->cut_reported )
            continue;
        if ( domain_is_guest(dev->owner) )
            host_domain_crash(dev->owner->cookie);
        if ( dev->hidden )
        {
            dev->cut_reported = true;
            host_device_failed(dev->dev);
        }
        else if ( !dev->group->moving )
            group_fail(dev->group);     /* reports all its members */
    }
    host_devices_unlock();
}
