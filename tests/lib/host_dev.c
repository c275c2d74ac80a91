/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices and firmware of the userspace host: registers, configuration
 * space, memory map, ACPI tables, upcalls. Each goes to the backend's member
 * where a test set one, else to a small simulated machine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

struct sim_backend sim_backend;

void sim_backend_set(const struct sim_backend *b)
{
    sim_backend = *b;
}

/* ---- Registers ---- */

struct host_mmio
{
    moat_paddr_t pa;
    size_t size;
};

static struct sim_mmio *mmios;
static unsigned long mmio_maps;
static unsigned int pa_bits;

void sim_mmio_add(struct sim_mmio *m)
{
    m->next = mmios;
    mmios = m;
}

unsigned long sim_mmio_maps(void)
{
    return mmio_maps;
}

struct host_mmio *host_mmio_map(moat_paddr_t pa, size_t size)
{
    struct host_mmio *m;

    if ( !size || (pa + size - 1) >> pa_bits || pa + size < pa )
        return NULL;
    if ( sim_backend.mmio_ok &&
         !sim_backend.mmio_ok(sim_backend.ctx, pa, size) )
        return NULL;
    m = host_alloc(sizeof(*m));
    if ( m )
    {
        m->pa = pa;
        m->size = size;
        mmio_maps++;
    }
    return m;
}

void host_mmio_unmap(struct host_mmio *m)
{
    if ( !m )
        return;
    mmio_maps--;
    host_free(m);
}

static struct sim_mmio *mmio_find(moat_paddr_t pa)
{
    struct sim_mmio *s;

    for ( s = mmios; s; s = s->next )
        if ( pa >= s->pa && pa - s->pa < s->size )
            break;
    return s;
}

static void mmio_check(const struct host_mmio *m, unsigned int off,
                       unsigned int bytes)
{
    test_step(TEST_STEP_MMIO, m);
    if ( off & (bytes - 1) )
        host_bug("register access of %u bytes at offset %#x", bytes, off);
    if ( off + bytes > m->size )
        host_bug("register access at %#x, past the mapping's end %#zx", off,
                 m->size);
}

static uint64_t mmio_read(struct host_mmio *m, unsigned int off,
                          unsigned int bytes)
{
    struct sim_mmio *s;

    mmio_check(m, off, bytes);
    if ( sim_backend.mmio_read )
        return sim_backend.mmio_read(sim_backend.ctx, m->pa + off, bytes);
    s = mmio_find(m->pa + off);
    return s ? s->read(s->ctx, (unsigned int)(m->pa + off - s->pa), bytes)
             : ~(uint64_t)0;
}

static void mmio_write(struct host_mmio *m, unsigned int off,
                       unsigned int bytes, uint64_t v)
{
    struct sim_mmio *s;

    mmio_check(m, off, bytes);
    if ( sim_backend.mmio_write )
    {
        sim_backend.mmio_write(sim_backend.ctx, m->pa + off, bytes, v);
        return;
    }
    s = mmio_find(m->pa + off);
    if ( s )
        s->write(s->ctx, (unsigned int)(m->pa + off - s->pa), bytes, v);
}

uint32_t host_mmio_read32(struct host_mmio *m, unsigned int off)
{
    return (uint32_t)mmio_read(m, off, 4);
}

uint64_t host_mmio_read64(struct host_mmio *m, unsigned int off)
{
    return mmio_read(m, off, 8);
}

void host_mmio_write32(struct host_mmio *m, unsigned int off, uint32_t v)
{
    mmio_write(m, off, 4, v);
}

void host_mmio_write64(struct host_mmio *m, unsigned int off, uint64_t v)
{
    mmio_write(m, off, 8, v);
}

/* ---- PCI configuration space ---- */

static struct sim_pci *pcis;

struct sim_pci *sim_pci_find(moat_sbdf_t dev)
{
    struct sim_pci *p;

    for ( p = pcis; p && p->dev != dev; p = p->next )
        continue;
    return p;
}

uint16_t sim_pci_get16(const struct sim_pci *p, unsigned int reg)
{
    return (uint16_t)(p->cfg[reg] | p->cfg[reg + 1] << 8);
}

uint32_t sim_pci_get32(const struct sim_pci *p, unsigned int reg)
{
    return sim_pci_get16(p, reg) |
           (uint32_t)sim_pci_get16(p, reg + 2) << 16;
}

void sim_pci_set16(struct sim_pci *p, unsigned int reg, uint16_t v)
{
    p->cfg[reg] = (uint8_t)v;
    p->cfg[reg + 1] = (uint8_t)(v >> 8);
}

void sim_pci_set32(struct sim_pci *p, unsigned int reg, uint32_t v)
{
    sim_pci_set16(p, reg, (uint16_t)v);
    sim_pci_set16(p, reg + 2, (uint16_t)(v >> 16));
}

struct sim_pci *sim_pci_add(moat_sbdf_t dev, uint16_t vendor,
                            uint16_t device, uint32_t class_code)
{
    struct sim_pci *p = calloc(1, sizeof(*p));

    if ( sim_pci_find(dev) )
        host_bug("sim_pci_add(): " MOAT_PRI_SBDF " exists",
                 MOAT_SBDF_ARG(dev));
    p->dev = dev;
    sim_pci_set16(p, 0, vendor);
    sim_pci_set16(p, 2, device);
    sim_pci_set32(p, 8, class_code << 8);
    memset(p->ro, 0xff, 4);             /* ids */
    memset(p->ro + 8, 0xff, 8);         /* class, header type */
    p->ro[0x34] = 0xff;                 /* capability pointer */
    p->next = pcis;
    pcis = p;
    return p;
}

void sim_pci_bridge(struct sim_pci *p, uint8_t secondary,
                    uint8_t subordinate)
{
    p->cfg[0x0e] = 1;
    p->cfg[0x18] = MOAT_SBDF_BUS(p->dev);
    p->cfg[0x19] = secondary;
    p->cfg[0x1a] = subordinate;
    sim_pci_set32(p, 8, 0x060400 << 8);
}

unsigned int sim_pci_cap(struct sim_pci *p, uint8_t id, unsigned int len)
{
    unsigned int at = 0x40, link = 0x34;

    while ( p->cfg[link] )
    {
        /* The byte behind a capability's header keeps its length here. */
        at = p->cfg[link];
        link = at + 1;
        at += (p->ro[at] + 3u) & ~3u;
    }
    if ( at + len > 0x100 )
        host_bug("sim_pci_cap(): no room");
    p->cfg[link] = (uint8_t)at;
    p->cfg[at] = id;
    p->cfg[at + 1] = 0;
    p->ro[at] = (uint8_t)len;
    return at;
}

unsigned int sim_pci_express(struct sim_pci *p, unsigned int type)
{
    unsigned int at = sim_pci_cap(p, 0x10, 0x3c);

    sim_pci_set16(p, 6, sim_pci_get16(p, 6) | 0x10);
    sim_pci_set16(p, at + 2, (uint16_t)(2 | type << 4));
    return at;
}

void sim_pci_remove(moat_sbdf_t dev)
{
    struct sim_pci **p, *gone;

    for ( p = &pcis; *p; p = &(*p)->next )
    {
        if ( (*p)->dev != dev )
            continue;
        gone = *p;
        *p = gone->next;
        free(gone);
        return;
    }
}

static uint32_t pci_read(moat_sbdf_t dev, unsigned int reg,
                         unsigned int bytes)
{
    struct sim_pci *p;
    uint32_t v = 0;

    if ( reg >= 4096 || (reg & (bytes - 1)) )
        host_bug("configuration read of %u bytes at %#x", bytes, reg);
    if ( sim_backend.pci_read )
        return sim_backend.pci_read(sim_backend.ctx, dev, reg, bytes);
    p = sim_pci_find(dev);
    if ( !p )
        return ~(uint32_t)0;
    p->reads++;
    while ( bytes-- )
        v = v << 8 | p->cfg[reg + bytes];
    return v;
}

static void pci_write(moat_sbdf_t dev, unsigned int reg, unsigned int bytes,
                      uint32_t v)
{
    struct sim_pci *p;
    unsigned int i;

    test_step(TEST_STEP_MMIO, NULL);
    if ( reg >= 4096 || (reg & (bytes - 1)) )
        host_bug("configuration write of %u bytes at %#x", bytes, reg);
    if ( sim_backend.pci_write )
    {
        sim_backend.pci_write(sim_backend.ctx, dev, reg, bytes, v);
        return;
    }
    p = sim_pci_find(dev);
    if ( !p )
        return;
    p->writes++;
    for ( i = reg; i < reg + bytes; i++, v >>= 8 )
        p->cfg[i] = (uint8_t)((p->cfg[i] & p->ro[i]) | (v & ~p->ro[i]));
}

uint8_t host_pci_read8(moat_sbdf_t dev, unsigned int reg)
{
    return (uint8_t)pci_read(dev, reg, 1);
}

uint16_t host_pci_read16(moat_sbdf_t dev, unsigned int reg)
{
    return (uint16_t)pci_read(dev, reg, 2);
}

uint32_t host_pci_read32(moat_sbdf_t dev, unsigned int reg)
{
    return pci_read(dev, reg, 4);
}

void host_pci_write16(moat_sbdf_t dev, unsigned int reg, uint16_t v)
{
    pci_write(dev, reg, 2, v);
}

void host_pci_write32(moat_sbdf_t dev, unsigned int reg, uint32_t v)
{
    pci_write(dev, reg, 4, v);
}

/* ---- Firmware ---- */

#define MAX_RANGES 16
static struct { moat_paddr_t first, last; } ram[MAX_RANGES];
static unsigned int n_ram;
static struct { char sig[5]; const void *table; size_t len; } acpi[8];
static unsigned int n_acpi;

void sim_ram_add(moat_paddr_t first, moat_paddr_t last)
{
    if ( n_ram == MAX_RANGES )
        host_bug("sim_ram_add(): too many");
    ram[n_ram].first = first;
    ram[n_ram++].last = last;
}

void sim_pa_bits_set(unsigned int bits)
{
    pa_bits = bits;
}

enum host_mem host_mem_type(moat_paddr_t first, moat_paddr_t last)
{
    unsigned int i;

    if ( sim_backend.mem_type )
        return sim_backend.mem_type(sim_backend.ctx, first, last);
    if ( last >> pa_bits )
        return HOST_MEM_NO_SUCH;
    for ( i = 0; i < n_ram; i++ )
        if ( first <= ram[i].last && last >= ram[i].first )
            return HOST_MEM_PARTLY_RAM;
    return HOST_MEM_RESERVED;
}

void sim_acpi_set(const char *sig, const void *table, size_t len)
{
    unsigned int i;

    for ( i = 0; i < n_acpi && strcmp(acpi[i].sig, sig); i++ )
        continue;
    if ( i == ARRAY_SIZE(acpi) || strlen(sig) != 4 )
        host_bug("sim_acpi_set(%s)", sig);
    strcpy(acpi[i].sig, sig);
    acpi[i].table = table;
    acpi[i].len = len;
    n_acpi += i == n_acpi;
}

const void *host_acpi_table(const char *sig, size_t *len)
{
    unsigned int i;

    if ( sim_backend.acpi_table )
        return sim_backend.acpi_table(sim_backend.ctx, sig, len);
    for ( i = 0; i < n_acpi; i++ )
        if ( !memcmp(acpi[i].sig, sig, 4) )
        {
            *len = acpi[i].len;
            return acpi[i].table;
        }
    return NULL;
}

/* ---- Identity maps ---- */

struct identity
{
    void *cookie;
    moat_iova_t first, last;
    unsigned int prot;
    struct identity *next;
};
static struct identity *identities;
static unsigned long identity_fail;

static struct identity **identity_find(void *cookie, moat_iova_t first,
                                       moat_iova_t last)
{
    struct identity **p;

    for ( p = &identities; *p; p = &(*p)->next )
        if ( (*p)->cookie == cookie && (*p)->first == first &&
             (*p)->last == last )
            break;
    return p;
}

unsigned long sim_identity_count(void)
{
    struct identity *i;
    unsigned long n = 0;

    for ( i = identities; i; i = i->next )
        n++;
    return n;
}

bool sim_identity_has(void *cookie, moat_iova_t first, moat_iova_t last,
                      unsigned int prot)
{
    struct identity *i = *identity_find(cookie, first, last);

    return i && i->prot == prot;
}

void sim_identity_fail_nth(unsigned long n)
{
    identity_fail = n;
}

int host_identity_map(void *cookie, moat_iova_t first, moat_iova_t last,
                      unsigned int prot, unsigned int flags)
{
    struct identity *i;

    sim_lock_check_none("host_identity_map()");
    if ( identity_fail && !--identity_fail )
        return -ENOMEM;
    if ( sim_backend.identity_map )
        return sim_backend.identity_map(sim_backend.ctx, cookie, first, last,
                                        prot, flags);
    if ( *identity_find(cookie, first, last) )
        host_bug("identity map %#" PRIx64 "-%#" PRIx64 " is there already",
                 first, last);
    i = calloc(1, sizeof(*i));
    i->cookie = cookie;
    i->first = first;
    i->last = last;
    i->prot = prot;
    i->next = identities;
    identities = i;
    return 0;
}

int host_identity_unmap(void *cookie, moat_iova_t first, moat_iova_t last)
{
    struct identity **p, *gone;

    sim_lock_check_none("host_identity_unmap()");
    if ( sim_backend.identity_unmap )
        return sim_backend.identity_unmap(sim_backend.ctx, cookie, first, last);
    p = identity_find(cookie, first, last);
    gone = *p;
    if ( !gone )
        host_bug("identity map %#" PRIx64 "-%#" PRIx64 " is not there", first,
                 last);
    *p = gone->next;
    free(gone);
    return 0;
}

/* ---- Upcalls ---- */

#define MAX_UPCALLS 64
static struct { void *cookie; const char *name; } names[MAX_UPCALLS];
static unsigned int n_names;
static struct { void *cookie; unsigned long n; } crashes[MAX_UPCALLS];
static unsigned int n_crashes;
static struct { moat_sbdf_t dev; unsigned long n; } failures[MAX_UPCALLS];
static unsigned int n_failures;

int host_unit_irq_request(struct moat_unit *unit)
{
    return sim_backend.unit_irq_request
           ? sim_backend.unit_irq_request(sim_backend.ctx, unit) : -EOPNOTSUPP;
}

void host_unit_irq_release(struct moat_unit *unit)
{
    if ( sim_backend.unit_irq_release )
        sim_backend.unit_irq_release(sim_backend.ctx, unit);
}

void sim_domain_name(void *cookie, const char *name)
{
    if ( n_names == MAX_UPCALLS )
        host_bug("sim_domain_name(): too many");
    names[n_names].cookie = cookie;
    names[n_names++].name = name;
}

const char *host_domain_name(void *cookie, char *buf, size_t size)
{
    unsigned int i;

    if ( sim_backend.domain_name )
        return sim_backend.domain_name(sim_backend.ctx, cookie, buf, size);
    for ( i = 0; i < n_names && names[i].cookie != cookie; i++ )
        continue;
    if ( i < n_names )
        snprintf(buf, size, "%s", names[i].name);
    else if ( (uintptr_t)cookie < 65536 )
        snprintf(buf, size, "d%u", (unsigned int)(uintptr_t)cookie);
    else
        snprintf(buf, size, "d?");
    return buf;
}

void host_domain_crash(void *cookie)
{
    unsigned int i;

    for ( i = 0; i < n_crashes && crashes[i].cookie != cookie; i++ )
        continue;
    if ( i < MAX_UPCALLS )
    {
        crashes[i].cookie = cookie;
        crashes[i].n++;
        n_crashes += i == n_crashes;
    }
    if ( sim_backend.domain_crash )
        sim_backend.domain_crash(sim_backend.ctx, cookie);
}

unsigned long sim_domain_crashes(void *cookie)
{
    unsigned int i;

    for ( i = 0; i < n_crashes; i++ )
        if ( crashes[i].cookie == cookie )
            return crashes[i].n;
    return 0;
}

void host_device_failed(moat_sbdf_t dev)
{
    unsigned int i;

    for ( i = 0; i < n_failures && failures[i].dev != dev; i++ )
        continue;
    if ( i < MAX_UPCALLS )
    {
        failures[i].dev = dev;
        failures[i].n++;
        n_failures += i == n_failures;
    }
    if ( sim_backend.device_failed )
        sim_backend.device_failed(sim_backend.ctx, dev);
}

unsigned long sim_device_failures(moat_sbdf_t dev)
{
    unsigned int i;

    for ( i = 0; i < n_failures; i++ )
        if ( failures[i].dev == dev )
            return failures[i].n;
    return 0;
}

bool host_log_ratelimit(void)
{
    return !sim_backend.log_ratelimit ||
           sim_backend.log_ratelimit(sim_backend.ctx);
}

void sim_dev_reset(void)
{
    memset(&sim_backend, 0, sizeof(sim_backend));
    mmios = NULL;
    mmio_maps = 0;
    pa_bits = 46;
    while ( pcis )
        sim_pci_remove(pcis->dev);
    while ( identities )
    {
        struct identity *i = identities;

        identities = i->next;
        free(i);
    }
    identity_fail = 0;
    n_ram = n_acpi = n_names = n_crashes = n_failures = 0;
    memset(crashes, 0, sizeof(crashes));
    memset(failures, 0, sizeof(failures));
}
