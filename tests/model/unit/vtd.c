/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers, queue, root and context tables; see vtd.h. */
#include "hw.h"
#include "hw_priv.h"
#include "vtd.h"

/* 11.4: offsets */
#define R_VER       0x00u
#define R_CAP       0x08u
#define R_ECAP      0x10u
#define R_GCMD      0x18u
#define R_GSTS      0x1cu
#define R_RTADDR    0x20u
#define R_CCMD      0x28u
#define R_FSTS      0x34u
#define R_IQH       0x80u
#define R_IQT       0x88u
#define R_IQA       0x90u
#define R_IVA       0x500u
#define R_IOTLB     0x508u

/*
 * 4 id bits, 39 address bits (3 levels), fault record at 220h, 2 MiB leaves,
 * page-selective invalidation of up to 2^9 pages; snooping, queue, device
 * TLBs, pass-through, snoop control.
 */
#define CAP (0x200u | (uint64_t)38 << 16 | (uint64_t)0x22 << 24 | \
             (uint64_t)1 << 34 | (uint64_t)1 << 39 | (uint64_t)9 << 48 | \
             (uint64_t)3 << 54)
#define ECAP ((uint64_t)0xc7 | (uint64_t)(R_IVA >> 4) << 8)

#define G_TE        0x80000000u
#define G_SRTP      0x40000000u
#define G_QIE       0x04000000u
#define G_ONCE      (G_SRTP | 0x08000000u | 0x01000000u)
#define F_IQE       0x10u
#define BUSY        ((uint64_t)1 << 63)

#define ENTRIES     256u
#define FLIGHTS     16u

static struct
{
    uint64_t root, root_reg, iqa, ccmd, iotlb, iva;
    uint32_t gsts, fsts;
    unsigned int head, tail, taken;
    struct flight
    {
        unsigned int number, first, last;
        uint32_t data;
        uint64_t status;
        enum hwv_fate fate;
        bool begun;
    } fl[FLIGHTS];
    unsigned int n_fl;
} v;

void hwv_reset(void)
{
    memset(&v, 0, sizeof(v));
}

/* ---- What a step has to do with ---- */

static void touch_reg(unsigned int off, bool write)
{
    hwu_touch(HWU_THING_UNIT, 0, 0x100 + off, write);
}

static void touch_queue(bool write)
{
    hwu_touch(HWU_THING_UNIT, 0, 0, write);
}

/* ---- Root and context tables: 9.1, 9.3 ---- */

static uint64_t word(uint64_t pa)
{
    uint64_t *page = hwu_memory(pa & ~(uint64_t)0xfff);

    return page ? page[(pa & 0xfff) / 8] : 0;
}

static struct hwu_entry entry_in_memory(uint16_t rid)
{
    struct hwu_entry e = { 0, 0 };
    uint64_t root, lo, hi, at;

    if ( !(v.gsts & G_TE) )
        return e;
    root = word(v.root + 16 * (rid >> 8));
    if ( !(root & 1) )
        return e;
    at = (root & ~(uint64_t)0xfff) + 16 * (rid & 0xff);
    lo = word(at);
    hi = word(at + 8);
    if ( !(lo & 1) )
        return e;
    e.lo = HWU_ENTRY_P | (lo & HWU_ENTRY_ROOT);
    switch ( lo >> 2 & 3 )
    {
    case 0:
        break;

    case 1:
        e.lo |= HWU_ENTRY_ATS;
        break;

    case 2:
        e.lo = HWU_ENTRY_P | HWU_ENTRY_PASS;
        break;

    default:
        hwu_broken("the entry of %#x has a reserved type", rid);
    }
    e.hi = (hi >> 8 & 0xffff) | ((hi & 7) + 2) << 16;
    return e;
}

void hwv_look(void)
{
    unsigned int i;

    for ( i = 0; i < hwu.n_rids; i++ )
    {
        struct hwu_entry now = hwu.rids[i].entry;
        struct hwu_entry e = entry_in_memory(hwu.rids[i].rid);

        if ( now.lo != e.lo || now.hi != e.hi )
            hwu_entry_swap(hwu.rids[i].unit, hwu.rids[i].rid, &now, &e);
    }
}

/* ---- Descriptors: 6.5.2 ---- */

static bool decode(uint64_t lo, uint64_t hi, struct hwu_cmd *c)
{
    unsigned int am = (unsigned int)hi & 0x3f;

    memset(c, 0, sizeof(*c));
    c->did = (uint16_t)(lo >> 16);
    c->rid = (uint16_t)(lo >> 32);
    c->last = ~(uint64_t)0;
    switch ( lo & 15 )
    {
    case 1:
        c->kind = (lo >> 4 & 3) == 3 ? HWU_CMD_ENTRY : HWU_CMD_ENTRY_ALL;
        return (lo >> 4 & 3) != 2 && !(lo >> 48 & 3);

    case 2:
        c->kind = (lo >> 4 & 3) == 1 ? HWU_CMD_IOTLB_ALL :
                  (lo >> 4 & 3) == 2 ? HWU_CMD_DID : HWU_CMD_RANGE;
        if ( c->kind == HWU_CMD_RANGE )
        {
            c->leaf_only = hi & 0x40;
            c->first = hi & ~(uint64_t)0xfff;
            c->last = c->first + ((uint64_t)0x1000 << am) - 1;
        }
        return lo >> 4 & 3;

    case 3:
        c->kind = HWU_CMD_DEVTLB;
        c->first = hi & ~(uint64_t)0xfff;
        c->last = c->first | 0xfff;
        if ( hi & 1 )
        {
            uint64_t size = (~(hi >> 12) & -~(hi >> 12)) << 12;

            c->first &= ~(2 * size - 1);
            c->last = size ? c->first + 2 * size - 1 : ~(uint64_t)0;
        }
        return true;

    default:
        return false;
    }
}

static uint64_t *slot(unsigned int i)
{
    uint64_t *page = hwu_memory(v.iqa);

    if ( !page )
        hwu_broken("the queue is at no page");
    return page + 2 * i;
}

/* Take up the descriptors before the tail, up to each marker. */
static void take_up(void)
{
    struct hwu_cmd c[HWU_CMDS];
    struct flight *f;
    unsigned int n = 0, first = v.taken;
    uint64_t *d;

    while ( v.taken != v.tail )
    {
        d = slot(v.taken);
        v.taken = (v.taken + 1) % ENTRIES;
        /* A wait; data 0 is a fence that nobody looks at. */
        if ( (d[0] & 15) == 5 && !(d[0] >> 32) )
            continue;
        if ( (d[0] & 15) != 5 )
        {
            if ( n == HWU_CMDS || !decode(d[0], d[1], &c[n++]) )
                hwu_broken("descriptor %016" PRIx64 " %016" PRIx64
                           " makes no sense", d[1], d[0]);
            continue;
        }
        if ( v.n_fl == FLIGHTS )
            hwu_broken("the model's queue has room for too little");
        f = &v.fl[v.n_fl++];
        f->fate = hwv_next_fate();
        f->first = first;
        f->last = (v.taken + ENTRIES - 1) % ENTRIES;
        f->data = (uint32_t)(d[0] >> 32);
        f->status = d[1] & ~(uint64_t)3;
        f->begun = f->fate == HWV_DONE || f->fate == HWV_LATE;
        if ( f->begun )
            f->number = hwu_queue(0, c, n);
        n = 0;
        first = v.taken;
    }
}

static void drop_flights(void)
{
    unsigned int i;

    for ( i = 0; i < v.n_fl; i++ )
        if ( v.fl[i].begun )
            hwu_cancel(v.fl[i].number);
    v.n_fl = 0;
}

void hwv_work(void)
{
    struct flight *f = &v.fl[0];
    uint64_t *page;

    /* It stays so until the queue is switched off. */
    if ( v.n_fl && f->fate == HWV_LOST )
        return;
    touch_queue(false);
    touch_reg(R_GSTS, false);
    touch_reg(R_FSTS, false);
    while ( (v.gsts & G_QIE) && !v.fsts && v.n_fl && f->fate != HWV_LOST )
    {
        touch_queue(true);
        if ( f->fate == HWV_LATE )
        {
            f->fate = HWV_DONE;         /* but not yet */
            return;
        }
        touch_reg(R_IQH, true);
        if ( f->fate == HWV_REFUSED )
        {
            touch_reg(R_FSTS, true);
            v.fsts = F_IQE;
            v.head = f->first;
            return;
        }
        hwu_complete(f->number);
        page = hwu_memory(f->status & ~(uint64_t)0xfff);
        if ( !page )
            hwu_broken("the status word is at no page");
        hwv_write_status(page + (f->status & 0xfff) / 8, f->data);
        v.head = (f->last + 1) % ENTRIES;
        memmove(v.fl, v.fl + 1, --v.n_fl * sizeof(*f));
    }
}

/* ---- Registers ---- */

static void at_once(struct hwu_cmd *c)
{
    hwu_complete(hwu_queue(0, c, 1));
}

static void write_ccmd(uint64_t x)
{
    struct hwu_cmd c;

    touch_reg(R_GSTS, false);
    v.ccmd = x;
    if ( !(x & BUSY) || hwv_mute() )
        return;
    if ( v.gsts & G_QIE )
        hwu_broken("CCMD is used while the queue is on");
    memset(&c, 0, sizeof(c));
    c.did = (uint16_t)x;
    c.rid = (uint16_t)(x >> 16);
    c.kind = (x >> 61 & 3) == 3 ? HWU_CMD_ENTRY : HWU_CMD_ENTRY_ALL;
    at_once(&c);
    v.ccmd = (x & ~BUSY) | (uint64_t)1 << 59;
}

static void write_iotlb(uint64_t x)
{
    struct hwu_cmd c;

    touch_reg(R_GSTS, false);
    touch_reg(R_IVA, false);
    v.iotlb = x;
    if ( !(x & BUSY) || hwv_mute() )
        return;
    if ( v.gsts & G_QIE )
        hwu_broken("the IOTLB register is used while the queue is on");
    memset(&c, 0, sizeof(c));
    c.did = (uint16_t)(x >> 32);
    c.kind = HWU_CMD_IOTLB_ALL;
    if ( (x >> 60 & 3) == 2 )
        c.kind = HWU_CMD_DID;
    else if ( (x >> 60 & 3) == 3 )
    {
        c.kind = HWU_CMD_RANGE;
        c.leaf_only = v.iva & 0x40;
        c.first = v.iva & ~(uint64_t)0xfff;
        c.last = c.first + ((uint64_t)0x1000 << (v.iva & 0x3f)) - 1;
    }
    at_once(&c);
    v.iotlb = (x & ~BUSY) | (uint64_t)1 << 57;
}

static void write_gcmd(uint32_t x)
{
    touch_queue(true);
    touch_reg(R_GSTS, true);
    touch_reg(R_IQH, true);
    if ( hwv_mute() )
        return;
    if ( x & G_SRTP )
        v.root = v.root_reg & ~(uint64_t)0xfff;
    if ( (v.gsts & G_QIE) && !(x & G_QIE) )
    {
        drop_flights();
        v.head = 0;
    }
    if ( !(v.gsts & G_QIE) && (x & G_QIE) )
        v.head = v.taken = 0;
    v.gsts = (x & ~G_ONCE) | (v.gsts & G_SRTP) | (x & G_SRTP);
    hwv_look();
}

/* Errors clear by being written as ones; the queue goes on from its head. */
static void write_fsts(uint32_t x)
{
    if ( !(v.fsts & x) )
        return;
    touch_queue(true);
    touch_reg(R_FSTS, true);
    v.fsts &= ~x;
    drop_flights();
    v.taken = v.head;
    take_up();
}

uint64_t hwv_read(unsigned int off, unsigned int bytes)
{
    (void)bytes;
    touch_reg(off, false);
    switch ( off )
    {
    case R_VER:     return 0x10;
    case R_CAP:     return CAP;
    case R_ECAP:    return ECAP;
    case R_GSTS:    return v.gsts;
    case R_CCMD:    return v.ccmd;
    case R_FSTS:    return v.fsts;
    case R_IQH:     return (uint64_t)v.head << 4;
    case R_IQT:     return (uint64_t)v.tail << 4;
    case R_IQA:     return v.iqa;
    case R_IOTLB:   return v.iotlb;
    default:        return 0;
    }
}

void hwv_write(unsigned int off, unsigned int bytes, uint64_t x)
{
    (void)bytes;
    touch_reg(off, off != R_FSTS);
    switch ( off )
    {
    case R_GCMD:    write_gcmd((uint32_t)x); break;
    case R_RTADDR:  v.root_reg = x; break;
    case R_CCMD:    write_ccmd(x); break;
    case R_FSTS:    write_fsts((uint32_t)x); break;
    case R_IVA:     v.iva = x; break;
    case R_IOTLB:   write_iotlb(x); break;

    case R_IQA:
        touch_queue(true);
        v.iqa = x & ~(uint64_t)0xfff;
        break;

    case R_IQT:
        touch_queue(true);
        touch_reg(R_FSTS, false);
        touch_reg(R_GSTS, false);
        v.tail = (unsigned int)(x >> 4) % ENTRIES;
        if ( (v.gsts & G_QIE) && !v.fsts )
            take_up();
        break;

    default:
        break;
    }
}
