/* SPDX-License-Identifier: GPL-2.0-only */
/* Bring-up of the units, power, crash. */

#include "device.h"
#include "flush.h"
#include "intr.h"
#include "platform.h"

/* Queued invalidation where there is any; register-based otherwise. */
static int start_queue(struct moat_unit *u)
{
    int rc;

    if ( u->state != UNIT_OFF )
        return 0;
    if ( u->caps.queue && u->platform->opts.qinval )
    {
        rc = u->ops->start_queue(u);
        if ( rc )
        {
            host_log_err("unit %u at 0x%" PRIx64 ": its command queue does "
                         "not start (%d)", u->index, u->reg_pa, rc);
            return rc;
        }
        u->queue_on = true;
    }
    u->state = UNIT_QUEUE;
    return 0;
}

static void stop_queue(struct moat_unit *u)
{
    if ( u->state != UNIT_QUEUE )
        return;
    if ( u->queue_on )
        u->ops->stop_queue(u);
    u->queue_on = false;
    u->state = UNIT_OFF;
}

/* ---- Interrupt remapping ---- */

bool moat_platform_x2apic_capable(const struct moat_platform *p)
{
    const struct moat_unit *u;
    bool any = false;

    if ( !p->opts.intremap || !p->fw_intremap || !p->opts.qinval )
        return false;
    for ( u = p->units; u; u = u->next )
    {
        if ( u->state == UNIT_DEAD )
            continue;
        if ( !u->caps.intremap || !u->caps.x2apic || !u->caps.queue )
            return false;
        any = true;
    }
    return any;
}

bool moat_platform_x2apic_optout(const struct moat_platform *p)
{
    return p->fw_x2apic_optout && !p->opts.x2apic_optout_ignore;
}

bool moat_platform_intremap_enabled(const struct moat_platform *p)
{
    return p->intremap_on;
}

/*
 * A unit that was dead when found is left out: its devices are never handed
 * out, and their interrupts are not its to remap.
 */
static int intremap_check(const struct moat_platform *p, bool x2apic)
{
    const struct moat_unit *u;

    if ( !p->opts.intremap )
        return -EOPNOTSUPP;
    if ( !p->fw_intremap )
    {
        host_log_warn("%s: firmware does not allow interrupt remapping",
                      p->vendor->signature);
        return -EOPNOTSUPP;
    }
    for ( u = p->units; u; u = u->next )
    {
        if ( u->state == UNIT_DEAD )
            continue;
        if ( !u->caps.intremap || !u->caps.queue || !p->opts.qinval ||
             (x2apic && !u->caps.x2apic) )
        {
            host_log_warn("unit %u at 0x%" PRIx64 " cannot remap "
                          "interrupts%s", u->index, u->reg_pa,
                          u->caps.intremap && u->caps.queue && p->opts.qinval
                          ? " to 32-bit APIC ids" : "");
            return -EOPNOTSUPP;
        }
    }
    return 0;
}

static void intremap_off(struct moat_platform *p)
{
    struct moat_unit *u;

    for ( u = p->units; u; u = u->next )
    {
        if ( !u->intremap_on )
            continue;
        u->ops->disable_intremap(u);
        u->intremap_on = false;
        intr_table_fini(u);
    }
    ioapics_free(p);
    p->intremap_on = false;
}

static int unit_enable_intremap(struct moat_unit *u, bool x2apic)
{
    int rc = start_queue(u);

    if ( !rc )
        rc = intr_table_init(u);
    if ( rc )
        return rc;
    rc = u->ops->enable_intremap(u, x2apic);
    if ( rc )
    {
        intr_table_fini(u);
        return rc;
    }
    u->intremap_on = true;
    return intr_unit_prepare(u);
}

static int intremap_on(struct moat_platform *p, bool x2apic)
{
    struct moat_unit *u;
    int rc;

    rc = ioapics_build(p);
    for ( u = p->units; u && !rc; u = u->next )
    {
        if ( u->state == UNIT_DEAD )
            continue;
        rc = unit_enable_intremap(u, x2apic);
        if ( rc )
            host_log_err("unit %u at 0x%" PRIx64 ": interrupt remapping "
                         "does not start (%d)", u->index, u->reg_pa, rc);
    }
    if ( rc )
    {
        intremap_off(p);
        return rc;
    }
    p->intremap_on = true;
    p->x2apic_on = x2apic;
    return 0;
}

static bool intremap_in_use(const struct moat_platform *p)
{
    const struct moat_unit *u;
    unsigned long total;

    for ( u = p->units; u; u = u->next )
        if ( intr_used(u, &total) )
            return true;
    return false;
}

int moat_platform_enable_intremap(struct moat_platform *p, bool x2apic)
{
    bool was_on = p->intremap_on, was_x2apic = p->x2apic_on;
    uint64_t idle = 0;
    struct moat_unit *u;
    int rc;

    if ( was_on && was_x2apic == x2apic )
        return 0;
    rc = intremap_check(p, x2apic);
    if ( rc )
        return rc;
    if ( was_on )
    {
        if ( intremap_in_use(p) )
            return -EBUSY;
        intremap_off(p);
    }

    for ( u = p->units; u; u = u->next )
        if ( u->state == UNIT_OFF && u->index < 64 )
            idle |= MOAT_BIT(u->index);
    rc = intremap_on(p, x2apic);
    if ( !rc )
        return 0;

    if ( was_on && intremap_on(p, was_x2apic) )
        host_log_err("interrupt remapping could not be restored: it is off");
    for ( u = p->units; u; u = u->next )
        if ( u->index < 64 && (idle & MOAT_BIT(u->index)) )
            stop_queue(u);
    return rc;
}

void moat_platform_disable_intremap(struct moat_platform *p)
{
    intremap_off(p);
}

/* ---- DMA remapping ---- */

void unit_lost(struct moat_unit *u, const char *what, int rc)
{
    host_log_err("unit %u at 0x%" PRIx64 ": %s (%d): not used, its devices "
                 "cannot be assigned", u->index, u->reg_pa, what, rc);
    u->state = UNIT_DEAD;
}

int moat_platform_setup(struct moat_platform *p)
{
    struct moat_unit *u;
    unsigned int up = 0;
    int rc, last = -ENODEV;

    for ( u = p->units; u; u = u->next )
    {
        if ( u->state == UNIT_READY || u->state == UNIT_DMA )
        {
            up++;
            continue;
        }
        if ( u->state == UNIT_DEAD )
            continue;
        /* Without its queue a unit still translates, only slower. */
        if ( start_queue(u) )
            u->state = UNIT_QUEUE;
        rc = u->ignored ? 0 : u->ops->setup(u);
        if ( rc )
        {
            unit_lost(u, "cannot be set up", rc);
            last = rc;
            continue;
        }
        u->state = UNIT_READY;
        up++;
        rc = u->ignored ? 0 : host_unit_irq_request(u);
        if ( rc )
            host_log_warn("unit %u: no interrupt for its faults (%d): they "
                          "are only found by polling", u->index, rc);
        else
            u->irq_set = !u->ignored;
    }
    return up ? 0 : last;
}

/* Devices that were added before the unit could take their entries. */
static void attach_pending(struct moat_unit *u)
{
    struct moat_device *dev;
    int rc;

    for ( dev = u->platform->devices; dev; dev = dev->next )
    {
        if ( dev->unit != u || dev->resv_held || dev->passive ||
             !dev->group->entries )
            continue;
        rc = group_attach(dev);
        if ( rc )
        {
            host_log_err(MOAT_PRI_SBDF ": cannot be put behind its tables "
                         "(%d): its DMA is blocked",
                         MOAT_SBDF_ARG(dev->dev), rc);
            dev->denied = "no tables could be set up for it";
        }
    }
}

/* The unit translates nothing, ever: no table of ours is in its caches. */
static void detach_lost(struct moat_unit *u)
{
    struct moat_device *dev;

    for ( dev = u->platform->devices; dev; dev = dev->next )
        if ( dev->unit == u && dev->group->attached )
            group_forget_hw(dev->group);
}

/*
 * Devices that firmware describes in ACPI alone (serial buses in ACPI mode,
 * for example) issue DMA under a requester id, but no scan of the PCI buses
 * finds them. They work for dom0, for good.
 */
static void add_acpi_devices(struct moat_platform *p)
{
    struct moat_device_info info;
    const struct unit_scope *sc;
    struct moat_device *dev;
    struct moat_unit *u;

    for ( u = p->units; p->home && u; u = u->next )
        for ( sc = u->scopes; sc; sc = sc->next )
        {
            if ( sc->kind != SCOPE_ACPI || registry_find(p, sc->dev) )
                continue;
            memset(&info, 0, sizeof(info));
            info.dev = sc->dev;
            info.hidden = true;
            if ( moat_device_add(p, &info, p->home, &dev) )
                continue;
            dev->acpi_only = true;
            host_log_info(MOAT_PRI_SBDF ": known to ACPI alone: stays with "
                          "dom0", MOAT_SBDF_ARG(sc->dev));
        }
}

int moat_platform_enable_dma(struct moat_platform *p)
{
    struct moat_unit *u;
    struct moat_device *dev;
    unsigned int up = 0;
    int rc;

    host_devices_lock();
    add_acpi_devices(p);
    for ( u = p->units; u; u = u->next )
    {
        if ( u->state == UNIT_DMA )
            up++;
        if ( u->state != UNIT_READY || u->ignored )
            continue;
        attach_pending(u);
        rc = u->ops->enable_dma(u);
        if ( rc )
        {
            /* While it is still one that caches nothing. */
            detach_lost(u);
            unit_lost(u, "translation does not start", rc);
            continue;
        }
        u->state = UNIT_DMA;
        up++;
        for ( dev = p->devices; dev; dev = dev->next )
            if ( dev->unit == u )
                ats_enable(dev);
    }
    host_devices_unlock();
    return up ? 0 : -EIO;
}

/* ---- Power and crash ---- */

int moat_platform_suspend(struct moat_platform *p)
{
    struct moat_unit *u, *undo;
    int rc;

    for ( u = p->units; u; u = u->next )
    {
        if ( u->state == UNIT_DEAD || u->state == UNIT_OFF )
            continue;
        rc = u->ops->suspend(u);
        if ( !rc )
            continue;
        host_log_err("unit %u: does not suspend (%d)", u->index, rc);
        for ( undo = p->units; undo != u; undo = undo->next )
            if ( undo->state != UNIT_DEAD && undo->state != UNIT_OFF &&
                 undo->ops->resume(undo) )
                unit_die(undo, "did not come back from a suspend that was "
                         "called off");
        return rc;
    }
    return 0;
}

int moat_platform_resume(struct moat_platform *p)
{
    struct moat_unit *u;
    struct moat_device *dev;
    int rc, ret = 0;

    for ( u = p->units; u; u = u->next )
    {
        if ( u->state == UNIT_DEAD || u->state == UNIT_OFF )
            continue;
        rc = u->ops->resume(u);
        if ( rc )
        {
            unit_die(u, "did not come back from suspend");
            ret = rc;
            continue;
        }
        for ( dev = p->devices; dev; dev = dev->next )
            if ( dev->unit == u )
                ats_enable(dev);
    }
    return ret;
}

void moat_platform_crash(struct moat_platform *p)
{
    struct moat_unit *u;

    for ( u = p->units; u; u = u->next )
        if ( u->state != UNIT_OFF && u->state != UNIT_DEAD )
            u->ops->crash(u);
    p->intremap_on = false;
}

void moat_platform_quiesce(struct moat_platform *p)
{
    struct moat_unit *u;

    for ( u = p->units; u; u = u->next )
        if ( u->state != UNIT_OFF )
            u->ops->irq_quiesce(u);
}
