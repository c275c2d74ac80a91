/* SPDX-License-Identifier: GPL-2.0-only */
/* The small machine that tests of the core run on. */
#include "fake_unit.h"

void fake_options(struct moat_options *o)
{
    memset(o, 0, sizeof(*o));
    o->intremap = o->qinval = o->superpages = o->snoop = o->igfx = true;
    o->intpost = true;
    o->quarantine = MOAT_QUARANTINE_BASIC;
    o->timeout_ms = 10;
}

static struct sim_pci *function(moat_sbdf_t dev, uint32_t class_code)
{
    struct sim_pci *f = sim_pci_add(dev, 0x8086, 0x1000, class_code);

    sim_pci_set16(f, 4, 0x0006);
    return f;
}

void machine_pci(void)
{
    static const moat_sbdf_t all[] = { NIC, DISK, GFX, BRIDGE, PCI_A, PCI_B };
    struct sim_pci *f;
    unsigned int i;

    for ( i = 0; sim_pci_find(NIC) && i < ARRAY_SIZE(all); i++ )
        machine_master_on(all[i]);
    if ( i )
        return;                 /* the same test, once more */
    sim_pci_express(function(NIC, 0x020000), 0);
    sim_pci_express(function(DISK, 0x010802), 0);
    sim_pci_express(function(GFX, 0x030000), 9);
    f = function(BRIDGE, 0x060400);
    sim_pci_bridge(f, 1, 1);
    sim_pci_express(f, 7);
    function(PCI_A, 0x020000);
    function(PCI_B, 0x0c0300);
}

int machine_create(struct machine *m, const struct moat_options *o)
{
    static const uint8_t table[36] = "FAKE";
    struct moat_options def;
    char name[16];
    int rc;

    memset(m, 0, sizeof(*m));
    if ( !o )
    {
        fake_options(&def);
        o = &def;
    }
    sim_acpi_set("FAKE", table, sizeof(table));
    if ( strcmp(host_domain_name(DOM0, name, sizeof(name)), "dom0") )
        sim_domain_name(DOM0, "dom0");  /* d1 and d2 are the default */
    rc = moat_platform_create(o, &m->p);
    if ( rc )
    {
        m->p = NULL;
        return rc;
    }
    rc = moat_domain_create(m->p, MOAT_DOMAIN_OWN, DOM0, HOST_NO_NODE,
                            &m->dom0);
    if ( !rc )
        rc = moat_domain_create(m->p, MOAT_DOMAIN_OWN, COOKIE(1),
                                HOST_NO_NODE, &m->a);
    if ( !rc )
        rc = moat_domain_create(m->p, MOAT_DOMAIN_OWN, COOKIE(2),
                                HOST_NO_NODE, &m->b);
    if ( !rc )
        rc = moat_platform_setup(m->p);
    return rc;
}

int machine_enable(struct machine *m)
{
    return moat_platform_enable_dma(m->p);
}

struct moat_device *machine_add(struct machine *m, moat_sbdf_t dev)
{
    struct moat_device_info info = { .dev = dev };
    struct moat_device *d = NULL;

    host_devices_lock();
    if ( moat_device_add(m->p, &info, m->dom0, &d) )
        d = NULL;
    host_devices_unlock();
    return d;
}

void machine_abandon(struct machine *m)
{
    unsigned int i;

    memset(m, 0, sizeof(*m));
    for ( i = 0; i < FAKE_MAX; i++ )
    {
        free(fake[i]);
        fake[i] = NULL;
    }
    fake_scan_more = NULL;
}

void machine_destroy(struct machine *m)
{
    if ( m->p )
    {
        struct moat_device *dev;

        host_devices_lock();
        while ( (dev = m->p->devices) != NULL )
            if ( moat_device_remove(dev) )
            {
                test_fail(__FILE__, __LINE__, "a device stays");
                break;
            }
        host_devices_unlock();
    }
    moat_domain_destroy(m->a);
    moat_domain_destroy(m->b);
    moat_domain_destroy(m->dom0);
    moat_platform_destroy(m->p);
    machine_abandon(m);
}

bool machine_mastering(moat_sbdf_t dev)
{
    return sim_pci_get16(sim_pci_find(dev), 4) & 4;
}

void machine_master_on(moat_sbdf_t dev)
{
    struct sim_pci *f = sim_pci_find(dev);

    sim_pci_set16(f, 4, sim_pci_get16(f, 4) | 4);
}

int machine_map(struct moat_domain *d, uint64_t iova, uint64_t pa,
                uint64_t len)
{
    struct moat_flush f;
    int rc;

    moat_flush_begin(&f);
    rc = moat_map(d, iova, pa, len, MOAT_RW, &f);
    moat_flush_end(d, &f);
    return rc;
}

int machine_unmap(struct moat_domain *d, uint64_t iova, uint64_t len)
{
    struct moat_flush f;
    int rc;

    moat_flush_begin(&f);
    rc = moat_unmap(d, iova, len, &f);
    moat_flush_end(d, &f);
    return rc;
}
