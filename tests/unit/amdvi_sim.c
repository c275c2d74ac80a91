/* SPDX-License-Identifier: GPL-2.0-only */
/* A small AMD-Vi unit: see amdvi_sim.h. */
#include "amdvi_sim.h"

enum
{
    DEVTAB = 0x00, CMD_BASE = 0x08, EVT_BASE = 0x10, CTRL = 0x18,
    EFR = 0x30, PPR_BASE = 0x38, SEG1 = 0x100,
    CMD_HEAD = 0x2000, CMD_TAIL = 0x2008, EVT_HEAD = 0x2010,
    EVT_TAIL = 0x2018, STATUS = 0x2020, PPR_HEAD = 0x2030, PPR_TAIL = 0x2038,
};

#define BIT(n) (1ull << (n))
#define ADDR(v) ((v) & 0x000ffffffffff000ull)

static uint64_t *reg(struct asim *a, unsigned int off)
{
    return &a->regs[off / 8];
}

static uint64_t get(const struct asim *a, unsigned int off)
{
    return a->regs[off / 8];
}

static unsigned int ring_bytes(const struct asim *a, unsigned int base)
{
    return 16u << ((get(a, base) >> 56) & 15);
}

static uint64_t word(moat_paddr_t pa)
{
    uint64_t *p = sim_pa_to_va(pa, 8);

    return p ? *p : ~0ull;
}

/* ---- Logs ---- */

static bool log_put(struct asim *a, unsigned int base, unsigned int head,
                    unsigned int tail, unsigned int overflow,
                    unsigned int run, uint64_t w0, uint64_t w1)
{
    unsigned int next = (unsigned int)(get(a, tail) + 16) %
                        ring_bytes(a, base);
    uint64_t *e;

    if ( !(get(a, STATUS) & BIT(run)) )
        return false;
    if ( next == get(a, head) )
    {
        *reg(a, STATUS) |= BIT(overflow);
        *reg(a, STATUS) &= ~BIT(run);
        return false;
    }
    e = sim_pa_to_va(ADDR(get(a, base)) + get(a, tail), 16);
    REQUIRE(e);
    e[1] = w1;
    if ( a->late_entry )
        a->late_entry--;
    else
        e[0] = w0;
    *reg(a, tail) = next;
    *reg(a, STATUS) |= BIT(overflow + 1);
    a->interrupts += (get(a, CTRL) >> (base == EVT_BASE ? 3 : 14)) & 1;
    return true;
}

bool asim_event(struct asim *a, uint64_t w0, uint64_t w1)
{
    return log_put(a, EVT_BASE, EVT_HEAD, EVT_TAIL, 0, 3, w0, w1);
}

bool asim_ppr(struct asim *a, uint64_t w0, uint64_t w1)
{
    return log_put(a, PPR_BASE, PPR_HEAD, PPR_TAIL, 5, 7, w0, w1);
}

/* ---- Commands ---- */

static bool countdown(unsigned int *n)
{
    return *n && !--*n;
}

/* One command. False: it stops the ring. */
static bool execute(struct asim *a, const uint64_t *c, moat_paddr_t pa)
{
    unsigned int code = (unsigned int)(c[0] >> 60);
    uint64_t *store;
    bool illegal = countdown(&a->illegal_at);

    if ( countdown(&a->hw_error_at) )
    {
        asim_event(a, 6ull << 60, pa);
        return false;
    }
    if ( illegal || !code || code > 8 || (a->always_illegal && code != 1) )
    {
        asim_event(a, 5ull << 60, pa);
        return false;
    }

    a->cmd[a->n_cmds % ASIM_CMDS].w[0] = c[0];
    a->cmd[a->n_cmds % ASIM_CMDS].w[1] = c[1];
    a->n_cmds++;
    if ( code == 1 && (c[0] & 1) )
    {
        store = sim_pa_to_va(c[0] & 0x000ffffffffffff8ull, 8);
        REQUIRE(store);
        __atomic_store_n(store, c[1], __ATOMIC_RELEASE);
    }
    if ( code == 4 && a->timeout_rid == (int)(c[0] & 0xffff) )
        asim_event(a, (7ull << 60) | (c[0] & 0xffff), pa);
    return true;
}

void asim_run(struct asim *a)
{
    unsigned int size = ring_bytes(a, CMD_BASE);

    while ( (get(a, STATUS) & BIT(4)) && !a->mute &&
            get(a, CMD_HEAD) != get(a, CMD_TAIL) )
    {
        moat_paddr_t pa = ADDR(get(a, CMD_BASE)) + get(a, CMD_HEAD);
        uint64_t *c = sim_pa_to_va(pa, 16);

        REQUIRE(c);
        if ( !execute(a, c, pa) )
        {
            *reg(a, STATUS) &= ~BIT(4);
            return;
        }
        *reg(a, CMD_HEAD) = (get(a, CMD_HEAD) + 16) % size;
    }
}

/* ---- Registers ---- */

static void run_bits(struct asim *a, uint64_t was)
{
    static const struct { unsigned int en, run; } bits[] = {
        { 2, 3 }, { 12, 4 }, { 13, 7 },
    };
    uint64_t now = get(a, CTRL);
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(bits); i++ )
    {
        uint64_t en = BIT(bits[i].en) | 1;
        bool on = (now & en) == en;

        if ( !on && !a->stuck )
            *reg(a, STATUS) &= ~BIT(bits[i].run);
        if ( on && (was & en) != en && !a->deaf )
            *reg(a, STATUS) |= BIT(bits[i].run);
    }
}

static uint64_t mmio_read(void *ctx, unsigned int off, unsigned int bytes)
{
    struct asim *a = ctx;

    CHECK_EQ(bytes, 8);
    a->head_reads += off == CMD_HEAD;
    return a->gone ? ~0ull : get(a, off);
}

static void mmio_write(void *ctx, unsigned int off, unsigned int bytes,
                       uint64_t v)
{
    struct asim *a = ctx;
    uint64_t was = get(a, CTRL);

    CHECK_EQ(bytes, 8);
    if ( a->gone )
        return;
    switch ( off )
    {
    case EFR:
        return;

    case STATUS:
        *reg(a, STATUS) &= ~(v & 0x67);
        return;

    case CTRL:
        *reg(a, CTRL) = v;
        run_bits(a, was);
        asim_run(a);
        return;

    case CMD_TAIL:
        CHECK(v < ring_bytes(a, CMD_BASE));
        *reg(a, CMD_TAIL) = v;
        a->tail_writes++;
        asim_run(a);
        return;

    case DEVTAB: case CMD_BASE: case EVT_BASE: case PPR_BASE:
        /* None of them may move under a unit that is on (3.4). */
        CHECK(!(was & 1));
        /* fall through */
    default:
        *reg(a, off) = v;
    }
}

struct asim *asim_add(moat_paddr_t pa, moat_sbdf_t dev, uint64_t efr)
{
    struct asim *a = calloc(1, sizeof(*a));
    unsigned int pos;

    a->mmio.pa = pa;
    a->mmio.size = 0x4000;
    a->mmio.read = mmio_read;
    a->mmio.write = mmio_write;
    a->mmio.ctx = a;
    a->timeout_rid = -1;
    *reg(a, EFR) = efr;
    sim_mmio_add(&a->mmio);

    a->pci = sim_pci_add(dev, 0x1022, 0x1451, 0x080600);
    pos = sim_pci_cap(a->pci, 0x0f, 24);
    CHECK_EQ(pos, 0x40);
    /* Type 3, device TLBs, extended features. */
    sim_pci_set32(a->pci, pos, sim_pci_get32(a->pci, pos) |
                  0x3u << 16 | 1u << 24 | 1u << 27);
    sim_pci_set32(a->pci, pos + 4, (uint32_t)pa | 1);
    sim_pci_set32(a->pci, pos + 8, (uint32_t)(pa >> 32));
    pos = sim_pci_cap(a->pci, 0x05, 16);
    sim_pci_set16(a->pci, pos + 2, 0x0080);
    sim_pci_set16(a->pci, 6, 0x0010);
    return a;
}

void asim_free(struct asim *a)
{
    free(a);
}

uint64_t asim_reg(const struct asim *a, unsigned int off)
{
    return get(a, off);
}

void asim_set_reg(struct asim *a, unsigned int off, uint64_t v)
{
    *reg(a, off) = v;
}

unsigned int asim_count(const struct asim *a, unsigned int code)
{
    unsigned int i, n = 0;

    for ( i = 0; i < a->n_cmds && i < ASIM_CMDS; i++ )
        n += a->cmd[i].w[0] >> 60 == code;
    return n;
}

void asim_forget(struct asim *a)
{
    a->n_cmds = 0;
}

bool asim_has(const struct asim *a, uint64_t w0, uint64_t w1)
{
    unsigned int i;

    for ( i = 0; i < a->n_cmds && i < ASIM_CMDS; i++ )
        if ( a->cmd[i].w[0] == w0 && a->cmd[i].w[1] == w1 )
            return true;
    return false;
}

/* ---- What a request meets: 2.2.2, 2.2.3, 2.2.5 ---- */

bool asim_dte(const struct asim *a, uint16_t rid, uint64_t w[4])
{
    unsigned int order = (unsigned int)(get(a, CTRL) >> 34) & 7, i;
    unsigned int shift = 16 - order, seg = rid >> shift;
    uint64_t base = get(a, seg ? SEG1 + 8 * (seg - 1) : DEVTAB);
    uint64_t off = (uint64_t)(rid & ((1u << shift) - 1)) * 32;

    if ( off >= ((base & 0x1ff) + 1) * 4096 )
        return false;
    for ( i = 0; i < 4; i++ )
        w[i] = word(ADDR(base) + off + 8 * i);
    return true;
}

int asim_dma(const struct asim *a, uint16_t rid, uint64_t iova, bool write,
             uint64_t *out)
{
    uint64_t w[4], e, need = write ? BIT(62) : BIT(61);
    unsigned int level;

    *out = iova;
    if ( !(get(a, CTRL) & 1) )
        return 0;
    if ( !asim_dte(a, rid, w) )
        return -EFAULT;
    if ( !(w[0] & 1) )
        return 0;
    if ( !(w[0] & 2) || !(w[0] & need) )
        return -EFAULT;

    e = w[0];
    level = (unsigned int)(e >> 9) & 7;
    if ( level && level < 6 && iova >> (12 + 9 * level) )
        return -EFAULT;
    while ( level )
    {
        e = word(ADDR(e) + 8 * ((iova >> (3 + 9 * level)) & 0x1ff));
        if ( !(e & 1) || !(e & need) )
            return -EFAULT;
        if ( !((e >> 9) & 7) )
        {
            uint64_t size = BIT(12 + 9 * (level - 1));

            *out = (ADDR(e) & ~(size - 1)) | (iova & (size - 1));
            return 0;
        }
        REQUIRE(((e >> 9) & 7) == level - 1);
        level--;
    }
    return 0;
}

int asim_msi(const struct asim *a, uint16_t rid, uint32_t data,
             unsigned int *vector, uint32_t *dest)
{
    uint64_t w[4], lo, hi;
    moat_paddr_t table;
    unsigned int index = data & 0x7ff;

    if ( !asim_dte(a, rid, w) )
        return -EFAULT;
    *vector = data & 0xff;
    *dest = 0;
    if ( !(w[2] & 1) || ((w[2] >> 60) & 3) == 1 )
        return 0;
    if ( ((w[2] >> 60) & 3) != 2 || index >= 1u << ((w[2] >> 1) & 15) )
        return -EFAULT;

    table = w[2] & 0x000fffffffffffc0ull;
    if ( get(a, CTRL) & BIT(17) )
    {
        lo = word(table + 16 * index);
        hi = word(table + 16 * index + 8);
        *vector = hi & 0xff;
        *dest = (uint32_t)((lo >> 8) & 0xffffff) |
                (uint32_t)(hi >> 56) << 24;
    }
    else
    {
        lo = word(table + (index & ~1u) * 4) >> (index & 1 ? 32 : 0);
        *vector = (lo >> 16) & 0xff;
        *dest = (lo >> 8) & 0xff;
    }
    return lo & 1 ? 0 : -EFAULT;
}
