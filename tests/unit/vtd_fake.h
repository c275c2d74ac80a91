/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers of a VT-d unit, small: enough protocol for a driver to come
 * up, everything it commands written down, misbehaviour on request. Written
 * from the specification's numbers, not from the driver's headers. And a
 * builder of DMARs.
 */
#ifndef TEST_VTD_FAKE_H
#define TEST_VTD_FAKE_H

#include <moat/moat.h>

#include "test.h"

#define FAKE_CAP    0x00d2008c222f0606ull   /* no CM, 1 fault record */
#define FAKE_ECAP   0x0000000000f00fcfull   /* C QI DT IR PT SC */
#define FAKE_LOG    4096u

struct vtd_fake
{
    struct sim_mmio mmio;
    uint8_t reg[0x3000];
    /* Every change, in order: 'G' command, 'I' descriptor, 'C' CCMD, 'T'
     * IOTLB, 'P' protected memory. */
    struct { char what; uint64_t lo, hi; } log[FAKE_LOG];
    unsigned int n;
    uint32_t mute;              /* commands that get no answer */
    unsigned int mute_for;      /* that many; 0: for ever */
    unsigned int reads;
    bool queue_dead;            /* takes no descriptors */
    bool no_such_page;          /* CCMD, IOTLB: nothing done */
};

static inline uint32_t fake_get32(const struct vtd_fake *f, unsigned int off)
{
    uint32_t v;

    memcpy(&v, f->reg + off, 4);
    return v;
}

static inline uint64_t fake_get64(const struct vtd_fake *f, unsigned int off)
{
    uint64_t v;

    memcpy(&v, f->reg + off, 8);
    return v;
}

static inline void fake_set32(struct vtd_fake *f, unsigned int off,
                              uint32_t v)
{
    memcpy(f->reg + off, &v, 4);
}

static inline void fake_set64(struct vtd_fake *f, unsigned int off,
                              uint64_t v)
{
    memcpy(f->reg + off, &v, 8);
}

static inline void fake_log(struct vtd_fake *f, char what, uint64_t lo,
                            uint64_t hi)
{
    if ( f->n < FAKE_LOG )
    {
        f->log[f->n].what = what;
        f->log[f->n].lo = lo;
        f->log[f->n].hi = hi;
        f->n++;
    }
}

static inline unsigned int fake_fro(const struct vtd_fake *f)
{
    return (unsigned int)(fake_get64(f, 8) >> 24 & 0x3ff) * 16;
}

static inline unsigned int fake_nfr(const struct vtd_fake *f)
{
    return (unsigned int)(fake_get64(f, 8) >> 40 & 0xff) + 1;
}

/* PPF is the union of all F. */
static inline void fake_ppf(struct vtd_fake *f)
{
    uint32_t fsts = fake_get32(f, 0x34) & ~2u;
    unsigned int i;

    for ( i = 0; i < fake_nfr(f); i++ )
        if ( f->reg[fake_fro(f) + 16 * i + 15] & 0x80 )
            fsts |= 2;
    fake_set32(f, 0x34, fsts);
}

/* A fault into record @i; @first: the one FRI names. */
static inline void fake_fault(struct vtd_fake *f, unsigned int i,
                              uint64_t addr, unsigned int sid,
                              unsigned int code, bool read, bool first)
{
    unsigned int off = fake_fro(f) + 16 * i;

    fake_set64(f, off, addr);
    fake_set64(f, off + 8, (1ull << 63) | ((uint64_t)read << 62) |
                           ((uint64_t)code << 32) | sid);
    if ( first )
        fake_set32(f, 0x34, (fake_get32(f, 0x34) & 0xff) | i << 8);
    fake_ppf(f);
}

static inline void fake_command(struct vtd_fake *f, uint32_t cmd)
{
    uint32_t sts = fake_get32(f, 0x1c);
    uint32_t lasting = 0x86800000u;         /* TE QIE IRE CFI */
    uint32_t can = ~f->mute;

    fake_log(f, 'G', cmd, 0);
    sts = (sts & ~(lasting & can)) | (cmd & lasting & can);
    sts |= cmd & 0x41000000u & can;         /* root, interrupt table */
    if ( cmd & 0x08000000u & ~can )
        sts |= 0x08000000u;                 /* write buffers: for ever */
    fake_set32(f, 0x1c, sts);
    if ( f->mute_for && !--f->mute_for )
        f->mute = 0;
}

static inline void fake_queue(struct vtd_fake *f)
{
    uint64_t base = fake_get64(f, 0x90) & ~0xfffull;
    uint64_t head = fake_get64(f, 0x80), tail = fake_get64(f, 0x88);

    if ( !(fake_get32(f, 0x1c) & 0x04000000) || f->queue_dead )
        return;
    while ( head != tail )
    {
        const uint64_t *d = sim_pa_to_va(base + head, 16);

        fake_log(f, 'I', d[0], d[1]);
        if ( (d[0] & 0xf) == 5 && (d[0] & 0x20) )
            *(uint32_t *)sim_pa_to_va(d[1] & ~3ull, 4) =
                (uint32_t)(d[0] >> 32);
        head = (head + 16) & 0xfff;
    }
    fake_set64(f, 0x80, head);
}

static inline uint64_t fake_read(void *ctx, unsigned int off,
                                 unsigned int bytes)
{
    struct vtd_fake *f = ctx;

    f->reads++;
    return bytes == 4 ? fake_get32(f, off) : fake_get64(f, off);
}

static inline void fake_write(void *ctx, unsigned int off,
                              unsigned int bytes, uint64_t v)
{
    struct vtd_fake *f = ctx;
    unsigned int iro = (unsigned int)(fake_get64(f, 0x10) >> 8 & 0x3ff) * 16;
    unsigned int fro = fake_fro(f);

    CHECK_EQ(bytes, off == 0x20 || off == 0x28 || off == 0x80 ||
                    off == 0x88 || off == 0x90 || off == 0xb8 ||
                    off == iro || off == iro + 8 ? 8 : 4);
    switch ( off )
    {
    case 0x18:
        fake_command(f, (uint32_t)v);
        return;
    case 0x28:
        fake_log(f, 'C', v, 0);
        v = (v & ~(1ull << 63)) | (f->no_such_page ? 0 : v >> 2 & 3ull << 59);
        break;
    case 0x34:
        fake_set32(f, off, fake_get32(f, off) & ~((uint32_t)v & 0x71));
        return;
    case 0x64:
        fake_log(f, 'P', v, 0);
        v = v >> 31 ? 0x80000001 : 0;
        break;
    case 0x88:
        fake_set64(f, off, v);
        fake_queue(f);
        return;
    default:
        break;
    }
    if ( off == iro + 8 )
    {
        fake_log(f, 'T', v, fake_get64(f, iro));
        v = (v & ~(1ull << 63)) | (f->no_such_page ? 0 : v >> 3 & 3ull << 57);
    }
    if ( off >= fro && off < fro + 16 * fake_nfr(f) && (off & 15) == 12 )
    {
        if ( v >> 31 )
            f->reg[off + 3] &= 0x7f;
        fake_ppf(f);
        return;
    }
    memcpy(f->reg + off, &v, bytes);
}

/* A unit at @pa whose registers read as given. */
static inline struct vtd_fake *fake_unit_at(moat_paddr_t pa, uint64_t cap,
                                            uint64_t ecap)
{
    struct vtd_fake *f = calloc(1, sizeof(*f));

    f->mmio.pa = pa;
    f->mmio.size = sizeof(f->reg);
    f->mmio.read = fake_read;
    f->mmio.write = fake_write;
    f->mmio.ctx = f;
    fake_set32(f, 0, 0x10);
    fake_set64(f, 8, cap);
    fake_set64(f, 0x10, ecap);
    sim_mmio_add(&f->mmio);
    return f;
}

/* ---- DMAR ---- */

struct dmar_build
{
    uint8_t b[2048];
    size_t len;
};

static inline void dmar_begin(struct dmar_build *d, unsigned int flags)
{
    memset(d, 0, sizeof(*d));
    memcpy(d->b, "DMAR", 4);
    d->b[8] = 1;                            /* revision */
    memcpy(d->b + 10, "MOAT  TEST    ", 14);
    d->b[36] = 45;                          /* 46 bits */
    d->b[37] = (uint8_t)flags;
    d->len = 48;
}

static inline uint8_t *dmar_put(struct dmar_build *d, unsigned int type,
                                unsigned int len)
{
    uint8_t *p = d->b + d->len;

    p[0] = (uint8_t)type;
    p[2] = (uint8_t)len;
    d->len += len;
    return p;
}

/* An endpoint or bridge scope on bus 0; devfn 0xff: none. */
static inline void dmar_scope(uint8_t *p, unsigned int type,
                              unsigned int devfn)
{
    p[0] = (uint8_t)type;
    p[1] = 8;
    p[6] = (uint8_t)(devfn >> 3);
    p[7] = devfn & 7;
}

static inline uint8_t *dmar_drhd(struct dmar_build *d, uint64_t base,
                                 bool all, unsigned int devfn)
{
    uint8_t *p = dmar_put(d, 0, devfn == 0xff ? 16 : 24);

    p[4] = all;
    memcpy(p + 8, &base, 8);
    if ( devfn != 0xff )
        dmar_scope(p + 16, 1, devfn);
    return p;
}

static inline uint8_t *dmar_rmrr(struct dmar_build *d, uint64_t first,
                                 uint64_t last, unsigned int devfn)
{
    uint8_t *p = dmar_put(d, 1, 32);

    memcpy(p + 8, &first, 8);
    memcpy(p + 16, &last, 8);
    dmar_scope(p + 24, 1, devfn);
    return p;
}

/* Length and checksum; from here on it is the machine's. */
static inline void dmar_end(struct dmar_build *d)
{
    uint32_t len = (uint32_t)d->len;
    uint8_t sum = 0;
    size_t i;

    memcpy(d->b + 4, &len, 4);
    d->b[9] = 0;
    for ( i = 0; i < d->len; i++ )
        sum = (uint8_t)(sum + d->b[i]);
    d->b[9] = (uint8_t)-sum;
    sim_acpi_set("DMAR", d->b, d->len);
}

static const struct moat_options fake_opts = {
    .intremap = true, .qinval = true, .superpages = true, .snoop = true,
    .igfx = true, .ats = true, .intpost = true, .timeout_ms = 5,
    .quarantine = MOAT_QUARANTINE_BASIC,
};

#endif /* TEST_VTD_FAKE_H */
