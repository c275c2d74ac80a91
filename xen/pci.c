/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI functions: who is where, the device lock, and what may not be written.
 *
 *   segments[hi][lo] -> segment -> bus[256] -> dev[256]
 *
 * Tables only grow, and a function that goes away is freed when no processor
 * can be using it any more: vPCI and page faults look things up with no lock.
 */

#include "port_pci.h"

#include <xen/acpi.h>
#include <xen/mm.h>
#include <xen/msi.h>
#include <xen/rangeset.h>

#define PER_TABLE   256
#define MAP_BYTES   (PER_TABLE * PER_TABLE / 8)
/* In above[]: there is a bridge. Its bus and devfn are in bits 15:0. */
#define ABOVE_VALID 0x10000u

struct bus
{
    struct port_dev *dev[PER_TABLE];
};

struct segment
{
    uint16_t nr;
    unsigned long *ro_map;      /* never freed, changed bit by bit */
    struct bus *bus[PER_TABLE];
    /* For each bus: the bridge above that puts its own id on requests. */
    uint32_t above[PER_TABLE];
    /* Buses whose configuration space dom0 can write to without Xen. */
    DECLARE_BITMAP(unguarded, PER_TABLE);
};

static struct segment **__read_mostly segments[PER_TABLE];

/* ---- The lock ---- */

static COMPAT_RSPINLOCK(devices_lock);

/* The barrier against speculation is in pcidevs_lock(), around this. */
void pcidevs_lock_unsafe(void)
{
    compat_rspin_lock(&devices_lock);
}

bool pcidevs_trylock_unsafe(void)
{
    return compat_rspin_trylock(&devices_lock);
}

void pcidevs_unlock(void)
{
    compat_rspin_unlock(&devices_lock);
}

bool pcidevs_locked(void)
{
    return compat_rspin_is_locked(&devices_lock);
}

/* ---- Segments ---- */

static struct segment *segment_find(unsigned int nr)
{
    struct segment **table = rcu_dereference(segments[nr / PER_TABLE]);

    return table ? rcu_dereference(table[nr % PER_TABLE]) : NULL;
}

static struct segment *segment_alloc(unsigned int nr)
{
    struct segment *s = xzalloc(struct segment);

    if ( !s )
        return NULL;

    s->nr = nr;
    s->ro_map = alloc_xenheap_pages(get_order_from_bytes(MAP_BYTES), 0);
    if ( !s->ro_map )
    {
        xfree(s);
        return NULL;
    }
    memset(s->ro_map, 0, MAP_BYTES);

    return s;
}

/* Device lock, or boot. */
static struct segment *segment_get(unsigned int nr)
{
    struct segment **table = segments[nr / PER_TABLE];
    struct segment *s = segment_find(nr);

    if ( s )
        return s;

    if ( !table )
    {
        table = xzalloc_array(struct segment *, PER_TABLE);
        if ( !table )
            return NULL;
        rcu_assign_pointer(segments[nr / PER_TABLE], table);
    }

    s = segment_alloc(nr);
    if ( s )
        rcu_assign_pointer(table[nr % PER_TABLE], s);

    return s;
}

int port_segment_from(unsigned int from)
{
    unsigned int nr = from;

    while ( nr < PER_TABLE * PER_TABLE )
        if ( !segments[nr / PER_TABLE] )
            nr = (nr / PER_TABLE + 1) * PER_TABLE;
        else if ( segment_find(nr) )
            return nr;
        else
            nr++;

    return -1;
}

/* Newer Xens add segment 0 as they add any other. */
void __init pci_segments_init(void)
{
    if ( !segment_get(0) )
        panic("moat: no memory for PCI segment 0\n");
}

/* For each segment of which firmware tells. */
int __init pci_add_segment(u16 seg)
{
    return segment_get(seg) ? 0 : -ENOMEM;
}

/* ---- Functions ---- */

struct port_dev *port_dev_find(pci_sbdf_t sbdf)
{
    const struct segment *s = segment_find(sbdf.seg);
    const struct bus *b = s ? rcu_dereference(s->bus[sbdf.bus]) : NULL;

    return b ? rcu_dereference(b->dev[sbdf.devfn]) : NULL;
}

/*
 * The function at @sbdf if it is @d's, or (@d NULL, device lock held) anyone's.
 * Without the lock the result is good until the processor next looks for
 * softirqs.
 */
struct pci_dev *pci_get_pdev(const struct domain *d, pci_sbdf_t sbdf)
{
    struct port_dev *p = port_dev_find(sbdf);

    ASSERT(d || pcidevs_locked());

    return p && (!d || ACCESS_ONCE(p->pdev.domain) == d) ? &p->pdev : NULL;
}

static struct port_dev *first_in_segment(const struct segment *s,
                                         unsigned int bdf)
{
    for ( ; bdf < PER_TABLE * PER_TABLE; bdf++ )
    {
        const struct bus *b = s->bus[PCI_BUS(bdf)];

        if ( !b )
            bdf |= PER_TABLE - 1;
        else if ( b->dev[PCI_DEVFN1_(bdf)] )
            return b->dev[PCI_DEVFN1_(bdf)];
    }

    return NULL;
}

static struct port_dev *dev_from(uint64_t from)
{
    unsigned int bdf = from & 0xffff;
    int seg, next = from >> 16;

    while ( (seg = port_segment_from(next)) >= 0 )
    {
        struct port_dev *p = first_in_segment(segment_find(seg),
                                              seg == from >> 16 ? bdf : 0);

        if ( p )
            return p;
        next = seg + 1;
    }

    return NULL;
}

struct port_dev *port_dev_from(uint64_t from)
{
    ASSERT(pcidevs_locked());

    return dev_from(from);
}

/* Each function of a segment; the last error, if any. */
int pci_segment_iterate(unsigned int segment,
                        int (*handler)(struct pci_dev *pdev, void *arg),
                        void *arg)
{
    uint64_t first = (uint64_t)segment << 16;
    struct port_dev *p;
    int rc = 0;

    if ( !segment_find(segment) )
        return -ENODEV;

    pcidevs_lock();
    for ( p = dev_from(first); p && p->pdev.seg == segment;
          p = dev_from((uint64_t)p->pdev.sbdf.sbdf + 1) )
        rc = handler(&p->pdev, arg) ?: rc;
    pcidevs_unlock();

    return rc;
}

/*
 * The same for all, with no lock: for the shutdown of the machine and for
 * crashes, when this processor is the last that runs.
 */
int pci_iterate_devices(int (*handler)(struct pci_dev *pdev, void *arg),
                        void *arg)
{
    struct port_dev *p;
    int rc = 0;

    for ( p = dev_from(0); p; p = dev_from((uint64_t)p->pdev.sbdf.sbdf + 1) )
        rc = handler(&p->pdev, arg) ?: rc;

    return rc;
}

/* ---- Bridges ---- */

/*
 * Bridges may be found in any order: a bus is that of the innermost one, whose
 * own bus lies behind the others.
 */
static void bridge_note(struct segment *s, const struct port_dev *p)
{
    unsigned int bus, above;

    if ( !p->secondary )
        return;

    for ( bus = p->secondary; bus <= p->subordinate; bus++ )
    {
        above = s->above[bus];
        if ( !above || PCI_BUS(above) < p->secondary ||
             PCI_BUS(above) > p->subordinate )
            write_atomic(&s->above[bus], ABOVE_VALID | p->pdev.sbdf.bdf);
    }
}

static void bridge_forget(struct segment *s, const struct port_dev *p)
{
    unsigned int bus;

    for ( bus = p->secondary; p->secondary && bus <= p->subordinate; bus++ )
        if ( s->above[bus] == (ABOVE_VALID | p->pdev.sbdf.bdf) )
            write_atomic(&s->above[bus], s->above[p->pdev.bus]);
}

/*
 * From *@bus up to the topmost bridge that puts its own id on requests: *@bus
 * and *@devfn become the bridge's, *@secbus the bus below it. 1; 0: there is
 * none; -1: cannot be told. Any context: no lock is taken.
 */
int find_upstream_bridge(u16 seg, u8 *bus, u8 *devfn, u8 *secbus)
{
    const struct segment *s = segment_find(seg);
    unsigned int steps;
    uint32_t above;

    if ( !*bus )
        return 0;
    if ( !s )
        return -1;

    for ( steps = 0; steps < PER_TABLE; steps++ )
    {
        above = read_atomic(&s->above[*bus]);
        if ( !above )
            return steps > 0;
        *secbus = *bus;
        *bus = PCI_BUS(above);
        *devfn = PCI_DEVFN1_(above);
    }

    return -1;
}

/* ---- Coming and going ---- */

int port_dev_insert(struct port_dev *p)
{
    pci_sbdf_t sbdf = p->pdev.sbdf;
    struct segment *s = segment_get(sbdf.seg);
    struct bus *b;

    ASSERT(pcidevs_locked());

    if ( !s )
        return -ENOMEM;

    b = s->bus[sbdf.bus];
    if ( !b )
    {
        b = xzalloc(struct bus);
        if ( !b )
            return -ENOMEM;
        rcu_assign_pointer(s->bus[sbdf.bus], b);
    }

    rcu_assign_pointer(b->dev[sbdf.devfn], p);
    bridge_note(s, p);

    return 0;
}

static void cf_check free_dev(struct rcu_head *head)
{
    struct port_dev *p = container_of(head, struct port_dev, rcu);

    pdev_msi_deinit(&p->pdev);
    xfree(p);
}

void port_dev_delete(struct port_dev *p)
{
    struct segment *s = segment_find(p->pdev.seg);

    ASSERT(pcidevs_locked());

    compat_vf_unlink(&p->pdev);
    bridge_forget(s, p);
    rcu_assign_pointer(s->bus[p->pdev.bus]->dev[p->pdev.devfn], NULL);
    /* The next device in this place is another one. */
    if ( p->held )
        clear_bit(p->pdev.sbdf.bdf, s->ro_map);
    call_rcu(&p->rcu, free_dev);
}

/* ---- What dom0 may not write to ---- */

/*
 * The functions of a segment whose configuration space is read-only, a bit
 * each. Read with no lock wherever dom0's writes arrive: port I/O, page faults
 * on MMCFG, vPCI.
 */
const unsigned long *pci_get_ro_map(u16 seg)
{
    const struct segment *s = segment_find(seg);

    return s ? s->ro_map : NULL;
}

void port_dev_make_read_only(struct port_dev *p)
{
    p->read_only = true;
    set_bit(p->pdev.sbdf.bdf, segment_find(p->pdev.seg)->ro_map);
}

/*
 * A PV dom0 maps MMCFG itself. Pages that Xen has listed as read-only before
 * dom0 starts are never mapped writable, every write traps, and a bit that is
 * set later takes effect at once. Where firmware fails to reserve the area in
 * the memory map, or mmcfg= is off, Xen learns of it from dom0, which by then
 * has mapped it writable: there nothing can be held. (A PVH dom0 reaches
 * configuration space through vPCI only.)
 */
enum guard { NO_MMCFG, WRITABLE, READ_ONLY };

static enum guard __init bus_guard(unsigned int seg, unsigned int bus)
{
    unsigned int i;

    for ( i = 0; i < pci_mmcfg_config_num; i++ )
    {
        const struct acpi_mcfg_allocation *c = &pci_mmcfg_config[i];
        unsigned long pfn = PFN_DOWN(c->address) + PCI_BDF(bus, 0);

        if ( c->pci_segment == seg && c->start_bus_number <= bus &&
             c->end_bus_number >= bus )
            return rangeset_contains_range(mmio_ro_ranges, pfn,
                                           pfn + PER_TABLE - 1)
                   ? READ_ONLY : WRITABLE;
    }

    return NO_MMCFG;
}

void __init port_note_mmcfg(void)
{
    acpi_physical_address pa;
    acpi_native_uint size;
    unsigned int bus;
    bool warn = !pci_mmcfg_config_num;
    int seg;

    /* Ports alone are always guarded. */
    if ( !pci_mmcfg_config_num &&
         ACPI_FAILURE(acpi_get_table_phys(ACPI_SIG_MCFG, 0, &pa, &size)) )
        return;

    for ( seg = port_segment_from(0); seg >= 0;
          seg = port_segment_from(seg + 1) )
        for ( bus = 0; bus < PER_TABLE; bus++ )
        {
            enum guard guard = bus_guard(seg, bus);

            /* Xen drops buses that the memory map does not cover. */
            if ( guard != READ_ONLY )
                __set_bit(bus, segment_find(seg)->unguarded);
            if ( guard == WRITABLE )
                warn = true;
        }

    if ( warn )
        host_log_warn("MMCFG is unused, or not reserved in the memory map: "
                      "a PV dom0 writes to it without Xen");
}

/*
 * Only dom0 is kept out: it is the only one that Xen lets write. A write that
 * another processor had begun when the bit was set may still arrive.
 */
int host_pci_hold(moat_sbdf_t dev, bool hold)
{
    pci_sbdf_t sbdf = { .sbdf = dev };
    struct port_dev *p = port_dev_find(sbdf);
    struct segment *s = segment_find(sbdf.seg);

    ASSERT(pcidevs_locked());

    if ( !p )
        return -ENODEV;

    if ( hold && test_bit(sbdf.bus, s->unguarded) &&
         is_pv_domain(hardware_domain) )
        return -EOPNOTSUPP;

    p->held = hold;
    if ( hold )
        set_bit(sbdf.bdf, s->ro_map);
    else if ( !p->read_only )
        clear_bit(sbdf.bdf, s->ro_map);

    return 0;
}
