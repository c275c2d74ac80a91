/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults: who, whose, where, how, why. Outside hard interrupt context, and
 * without the device lock: the registry lock keeps what is looked at.
 *
 * A device is allowed FAULTS_MAX faults in a window of a second; then its bus
 * mastering is switched off (XSA-5), whoever owns it.
 */

#include "device.h"

#define FAULT_WINDOW_NS 1000000000u
#define FAULTS_MAX      32u
#define FAULTS_HINT     4u          /* before a graphics device gets advice */
#define CLASS_DISPLAY   0x03

/* What is known of the source, copied under the lock. */
struct culprit
{
    bool known;                     /* a device, or an id of one */
    bool absent_fn;                 /* of a device that is there */
    bool hint_igfx;
    bool cut;
    moat_sbdf_t dev, sibling;
    unsigned int stride;            /* pci-phantom= that would cover it */
    char owner[DOMAIN_LABEL];
};

static void set_owner_text(struct culprit *c, const char *text)
{
    size_t n = strlen(text);

    if ( n >= sizeof(c->owner) )
        n = sizeof(c->owner) - 1;
    memcpy(c->owner, text, n);
    c->owner[n] = '\0';
}

/* Count; true when the device has had its share. Registry lock held. */
static bool count_fault(struct moat_device *dev)
{
    struct fault_count *fc = &dev->faults;
    uint64_t now = host_now_ns();

    fc->total++;
    if ( now - fc->window_start > FAULT_WINDOW_NS )
    {
        fc->window_start = now;
        fc->window = 0;
    }
    return ++fc->window == FAULTS_MAX;
}

static void blame(struct moat_device *dev, struct culprit *c)
{
    if ( count_fault(dev) )
        c->cut |= bus_master_off(dev->dev);
    if ( dev->class_code >> 16 == CLASS_DISPLAY && !dev->faults.hinted &&
         dev->faults.total >= FAULTS_HINT )
        dev->faults.hinted = c->hint_igfx = true;
}

/*
 * Is there a function of the same device that could have @id for a phantom
 * function, and with which stride? The widest, as it adds the fewest ids.
 * Registry lock held.
 */
static bool find_sibling(struct moat_platform *p, moat_sbdf_t id,
                         struct culprit *c)
{
    for ( c->stride = 4; c->stride; c->stride /= 2 )
    {
        c->sibling = (id & ~(moat_sbdf_t)7) |
                     (MOAT_SBDF_FN(id) % c->stride);
        if ( registry_find(p, c->sibling) )
            return true;
    }
    return false;
}

/*
 * A group's id is any member's: all are counted, and the owner is whoever's
 * tables it was that refused.
 */
static void identify(struct moat_platform *p, moat_sbdf_t id,
                     struct culprit *c)
{
    const struct rid_entry *e = registry_find_rid(p, id);
    struct moat_device *dev = registry_find(p, id), *m;
    const struct moat_domain *owner;

    c->dev = dev ? dev->dev : e ? e->group->devs->dev : id;
    c->known = dev || e;
    if ( !c->known )
    {
        c->absent_fn = find_sibling(p, id, c);
        set_owner_text(c, "no owner");
        return;
    }
    if ( dev && dev->hidden )
        set_owner_text(c, "hidden");
    else
    {
        owner = e && e->group->attached ? e->group->cur
                : dev ? dev->owner : e->group->devs->owner;
        domain_label(owner, c->owner, sizeof(c->owner));
    }

    if ( e )
        for ( m = e->group->devs; m; m = m->group_next )
            blame(m, c);
    else
        blame(dev, c);
}

static const char *access_name(enum moat_access a)
{
    switch ( a )
    {
    case MOAT_ACCESS_READ:
        return "read";

    case MOAT_ACCESS_WRITE:
        return "write";

    case MOAT_ACCESS_ATOMIC:
        return "atomic";

    case MOAT_ACCESS_TRANSLATE:
        return "translation of";

    default:
        return "interrupt";
    }
}

static void say_fault(const struct moat_platform *p,
                      const struct moat_fault *f, const struct culprit *c)
{
    const struct resv_region *r = f->access == MOAT_ACCESS_INTERRUPT
                                  ? NULL : resv_at(p, f->addr);

    if ( r )
        host_log_err("fault: " MOAT_PRI_SBDF " (%s) %s 0x%016" PRIx64
                     " blocked: %s, in reserved region 0x%" PRIx64 "-0x%"
                     PRIx64, MOAT_SBDF_ARG(f->source), c->owner,
                     access_name(f->access), f->addr, f->reason, r->first,
                     r->last);
    else
        host_log_err("fault: " MOAT_PRI_SBDF " (%s) %s 0x%016" PRIx64
                     " blocked: %s", MOAT_SBDF_ARG(f->source), c->owner,
                     access_name(f->access), f->addr, f->reason);
    if ( c->absent_fn )
        host_log_err("fault: " MOAT_PRI_SBDF " is not there, but "
                     MOAT_PRI_SBDF " is: if it uses that id, "
                     "pci-phantom=%04x:%02x:%02x,%u lets it",
                     MOAT_SBDF_ARG(f->source), MOAT_SBDF_ARG(c->sibling),
                     MOAT_SBDF_SEG(c->sibling), MOAT_SBDF_BUS(c->sibling),
                     MOAT_SBDF_DEV(c->sibling), c->stride);
}

void fault_report(struct moat_unit *u, const struct moat_fault *f)
{
    struct moat_platform *p = u->platform;
    struct culprit c;
    unsigned long flags;

    memset(&c, 0, sizeof(c));
    flags = host_lock_irqsave(&p->reg_lock);
    identify(p, f->source, &c);
    host_unlock_irqrestore(&p->reg_lock, flags);

    if ( host_log_ratelimit() )
        say_fault(p, f, &c);
    if ( c.hint_igfx )
        host_log_err("fault: " MOAT_PRI_SBDF " is a graphics device: if it "
                     "does not work, try iommu=no-igfx",
                     MOAT_SBDF_ARG(c.dev));
    if ( c.cut )
        host_log_err("fault: " MOAT_PRI_SBDF ": %u faults within a second: "
                     "its bus mastering was switched off",
                     MOAT_SBDF_ARG(f->source), FAULTS_MAX);
}
