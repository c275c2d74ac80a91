/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * See machine.h. QEMU carries out every request before it answers, so time
 * is virtual: what is late is late by the driver's own count of its looks at
 * the clock, on a busy machine as on an idle one.
 */
#include "machine.h"

#define CLOCK_STEP_NS   100000u
#define TIMEOUT_MS      5u

static struct machine *current;

/* ---- The host's side of guests that follow its own tables ---- */

static struct moat_domain *domain_of(const void *cookie)
{
    unsigned int i;

    for ( i = 0; i < OWNERS; i++ )
        if ( cookie == (void *)(uintptr_t)(i + 1) )
            return current->dom[i];
    return NULL;
}

static int identity_map(void *ctx, void *cookie, moat_iova_t first,
                        moat_iova_t last, unsigned int prot,
                        unsigned int flags)
{
    struct moat_domain *d = domain_of(cookie);
    struct moat_flush f;
    int rc;

    (void)ctx;
    (void)flags;
    moat_flush_begin(&f);
    rc = moat_map(d, first, first, last - first + 1, prot, &f);
    moat_flush_end(d, &f);
    return rc;
}

static int identity_unmap(void *ctx, void *cookie, moat_iova_t first,
                          moat_iova_t last)
{
    (void)ctx;
    return machine_unmap(domain_of(cookie), first, last - first + 1);
}

/* ---- Up ---- */

static void set_options(struct machine *m)
{
    static const struct moat_options options = {
        .intremap = true, .qinval = true, .superpages = true, .snoop = true,
        .igfx = true, .ats = true, .quarantine = MOAT_QUARANTINE_BASIC,
        .timeout_ms = TIMEOUT_MS, .devtlb_timeout_ms = TIMEOUT_MS,
    };

    m->opts = options;
    if ( m->cfg.registers )
        m->opts.qinval = m->opts.intremap = false;
    if ( m->cfg.rig.no_intremap )
        m->opts.intremap = false;
    if ( m->cfg.scratch )
        m->opts.quarantine = MOAT_QUARANTINE_SCRATCH;
}

static void set_host(void)
{
    sim_backend.identity_map = identity_map;
    sim_backend.identity_unmap = identity_unmap;
    sim_clock_virtual(CLOCK_STEP_NS);
}

static void set_regions(const struct machine_config *cfg)
{
    struct rig_region r[3] = {
        { .first = REGION, .last = REGION_LAST, .form = cfg->form },
    };
    unsigned int i, n = 1;

    for ( i = 0; i < rig_nics(); i++ )
        if ( cfg->reserved_for & (1u << i) )
            r[0].dev[r[0].n_devs++] = rig_nic(i);
    if ( cfg->rights )
    {
        r[n] = r[0];
        r[n].first = READ_ONLY;
        r[n].prot = MOAT_READ;
        n++;
        r[n] = r[0];
        r[n].first = WRITE_ONLY;
        r[n].prot = MOAT_WRITE;
        n++;
    }
    for ( i = 1; i < n; i++ )
        r[i].last = r[i].first + 0xfff;
    rig_regions(r, r[0].n_devs ? n : 0);
}

void machine_start(struct machine *m, const struct machine_config *cfg)
{
    memset(m, 0, sizeof(*m));
    m->cfg = *cfg;
    current = m;
    set_options(m);
    rig_start(&cfg->rig);
    set_host();
    rig_probe_init();
    rig_loop_start();
    set_regions(cfg);
}

int machine_map(struct moat_domain *d, moat_iova_t iova, moat_paddr_t pa,
                uint64_t len)
{
    struct moat_flush f;
    int rc;

    moat_flush_begin(&f);
    rc = moat_map(d, iova, pa, len, MOAT_RW, &f);
    moat_flush_end(d, &f);
    return rc;
}

int machine_unmap(struct moat_domain *d, moat_iova_t iova, uint64_t len)
{
    struct moat_flush f;
    int rc;

    moat_flush_begin(&f);
    rc = moat_unmap(d, iova, len, &f);
    moat_flush_end(d, &f);
    return rc;
}

static int create(struct machine *m, enum owner who)
{
    enum moat_domain_kind kind = MOAT_DOMAIN_OWN;

    if ( who == DOM0 && m->cfg.pass )
        kind = MOAT_DOMAIN_PASSTHROUGH;
    else if ( who != DOM0 && m->cfg.follow )
        kind = MOAT_DOMAIN_HOST_P2M;
    return moat_domain_create(m->p, kind, (void *)(uintptr_t)(who + 1),
                              HOST_NO_NODE, &m->dom[who]);
}

int machine_guest(struct machine *m, enum owner who)
{
    int rc = create(m, who);

    return rc ? rc : machine_map(m->dom[who], OWN, OWN_PAGE(who), 4096);
}

struct moat_device *machine_add(struct machine *m, moat_sbdf_t sbdf)
{
    struct moat_device_info info = { .dev = sbdf };
    struct moat_device *d = NULL;
    unsigned int i;

    host_devices_lock();
    if ( moat_device_add(m->p, &info, m->dom[DOM0], &d) )
        d = NULL;
    host_devices_unlock();
    if ( !d )
        return NULL;
    m->dev[m->n_devs++] = d;
    for ( i = 0; i < rig_nics(); i++ )
        if ( sbdf == rig_nic(i) )
            m->nic[i] = d;
    if ( sbdf == rig_edu() )
        m->edu = d;
    if ( sbdf == RIG_AHCI )
        m->ahci = d;
    return d;
}

static int add_devices(struct machine *m)
{
    moat_sbdf_t list[RIG_MAX_FUNCTIONS];
    unsigned int i, n = rig_functions(list);
    int rc = 0;

    for ( i = 0; i < n; i++ )
        if ( !machine_add(m, list[i]) )
            rc = -ENOMEM;
    return rc;
}

int machine_prepare(struct machine *m)
{
    int err, rc = moat_platform_create(&m->opts, &m->p);

    m->ready = false;
    if ( rc )
    {
        m->p = NULL;
        return rc;
    }
    /* Without interrupt remapping, or some device, a hypervisor goes on. */
    err = m->opts.intremap
          ? moat_platform_enable_intremap(m->p, m->cfg.rig.eim) : 0;
    rc = moat_platform_setup(m->p);
    if ( !rc )
        rc = create(m, DOM0);
    if ( rc )
        return rc;
    m->ready = true;
    rc = add_devices(m);
    err = err ? err : rc;
    rc = m->cfg.pass ? 0 : machine_map(m->dom[DOM0], 0, 0, DOM0_SIZE);
    return err ? err : rc;
}

int machine_translate(struct machine *m, int first)
{
    int rc;

    if ( !m->ready )
        return first;
    rc = moat_platform_enable_dma(m->p);
    if ( !rc )
        rc = machine_guest(m, GUEST_A);
    if ( !rc )
        rc = machine_guest(m, GUEST_B);
    return first ? first : rc;
}

int machine_up(struct machine *m)
{
    return machine_translate(m, machine_prepare(m));
}

/* ---- Down ---- */

int machine_remove(struct machine *m, struct moat_device *dev)
{
    unsigned int i;
    int rc;

    host_devices_lock();
    rc = moat_device_remove(dev);
    host_devices_unlock();
    if ( rc )
        return rc;
    for ( i = 0; i < m->n_devs && m->dev[i] != dev; i++ )
        continue;
    for ( m->n_devs--; i < m->n_devs; i++ )
        m->dev[i] = m->dev[i + 1];
    for ( i = 0; i < RIG_NICS; i++ )
        if ( m->nic[i] == dev )
            m->nic[i] = NULL;
    if ( m->edu == dev )
        m->edu = NULL;
    return 0;
}

void machine_kill(struct machine *m, enum owner who)
{
    if ( !m->dom[who] )
        return;
    while ( moat_domain_free_tables(m->dom[who]) == -ERESTART )
        continue;
    moat_domain_destroy(m->dom[who]);
    m->dom[who] = NULL;
}

void machine_down(struct machine *m)
{
    while ( m->n_devs )
        if ( machine_remove(m, m->dev[m->n_devs - 1]) )
        {
            test_fail(__FILE__, __LINE__, "a device cannot be removed");
            test_stop();
        }
    machine_kill(m, GUEST_B);
    machine_kill(m, GUEST_A);
    machine_kill(m, DOM0);
    moat_platform_destroy(m->p);
    m->p = NULL;
    m->ahci = NULL;
}

void machine_recycle(struct machine *m)
{
    unsigned int i;

    rig_tap_set(NULL);
    sim_hooks_set(NULL);
    rig_unit_off();
    for ( i = 0; i < rig_nics(); i++ )
        rig_pci_write(rig_nic(i), 4, 2, 6);
    rig_pci_write(rig_edu(), 4, 2, 6);
    sim_mem_reset();
    sim_arena_set(rig_ram(RIG_ARENA), RIG_ARENA_SIZE, RIG_ARENA);
    sim_log_clear();
    memset(m->dom, 0, sizeof(m->dom));
    memset(m->nic, 0, sizeof(m->nic));
    m->n_devs = 0;
    m->p = NULL;
    m->edu = m->ahci = NULL;
}

/* ---- In between ---- */

int machine_move(struct machine *m, struct moat_device *dev,
                 struct moat_domain *to, unsigned int flags)
{
    int rc;

    (void)m;
    host_devices_lock();
    rc = moat_device_move(dev, to, flags);
    host_devices_unlock();
    return rc;
}
