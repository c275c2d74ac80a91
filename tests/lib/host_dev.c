/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers and firmware of the userspace host. As everything about devices,
 * a request goes to the backend's member where a test set one, else to a
 * small simulated machine.
 */
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

void sim_dev_reset(void)
{
    memset(&sim_backend, 0, sizeof(sim_backend));
    mmios = NULL;
    mmio_maps = 0;
    pa_bits = 46;
    n_ram = n_acpi = 0;
    sim_pci_reset();
    sim_upcall_reset();
}
