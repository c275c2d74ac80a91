/* SPDX-License-Identifier: GPL-2.0-only */
/* Device table and interrupt tables as the unit reads them; see amd.h. */
#include "amd_priv.h"

/* Nothing that a driver of these scenarios has a use for. */
#define LO_UNUSED   0x9ff00000000001fcull
#define HI_UNUSED   0xfffffcfeffff0000ull

uint64_t hwa_word(uint64_t pa)
{
    uint64_t *page = hwu_memory(pa & ~(uint64_t)0xfff);

    return page ? page[(pa & 0xfff) / 8] : 0;
}

/* 2.2.2.1: word @n of the entry of @rid. False: beyond the table. */
static bool dte_word(uint16_t rid, unsigned int n, uint64_t *w)
{
    uint64_t size = ((hwa.devtab & 0x1ff) + 1) << 12;

    if ( 32u * rid >= size )
        return false;
    *w = hwa_word((hwa.devtab & 0x000ffffffffff000u) + 32u * rid + 8 * n);
    return true;
}

/*
 * The half that rules DMA. An entry with V=0 passes everything, as does a
 * valid one of mode 0; one with TV=0, or without rights, lets nothing pass.
 */
static struct hwu_entry dma_half(uint16_t rid)
{
    struct hwu_entry e = { 0, 0 };
    unsigned int mode, rights;
    uint64_t lo, hi;

    if ( !(hwa.ctrl & C_IOMMU) )
        return e;
    e.lo = HWU_ENTRY_P | HWU_ENTRY_BLOCK;
    if ( !dte_word(rid, 0, &lo) || !dte_word(rid, 1, &hi) )
        return e;
    if ( !(lo & 1) )
    {
        if ( hwu.armed )
            hwu_broken("the entry of %#x is not valid: whatever it sends "
                       "passes", rid);
        e.lo = HWU_ENTRY_P | HWU_ENTRY_PASS;
        return e;
    }
    mode = (unsigned int)(lo >> 9) & 7;
    rights = (unsigned int)(lo >> 61) & 3;
    e.hi = hi & 0xffff;
    if ( !(lo & 2) || !rights )
        return e;
    if ( mode == 7 || rights != 3 || (lo & LO_UNUSED) || (hi & HI_UNUSED) )
        hwu_broken("the entry of %#x makes no sense: %016" PRIx64 " %016"
                   PRIx64, rid, hi, lo);
    e.lo = HWU_ENTRY_P | (mode ? lo & HWU_ENTRY_ROOT : HWU_ENTRY_PASS) |
           (hi & ((uint64_t)1 << 32) ? HWU_ENTRY_ATS : 0);
    e.hi |= (uint64_t)mode << 16;
    return e;
}

/* ---- Interrupts: 2.2.5 ---- */

static unsigned int slot_of(uint16_t rid)
{
    unsigned int i;

    for ( i = 0; i < hwu.n_rids; i++ )
        if ( hwu.rids[i].rid == rid )
            break;
    return i;
}

unsigned int hwa_irte(uint16_t rid, unsigned int index)
{
    return slot_of(rid) * HWA_IRTES + index;
}

/* Entries are of 128 bits where GAEn is set (2.2.5.3), else of 32. */
static struct hwu_entry irte_in_memory(uint64_t root, unsigned int index)
{
    struct hwu_entry e = { 0, 0 };

    if ( hwa.ctrl & C_GA )
    {
        e.lo = hwa_word(root + 16 * index);
        e.hi = hwa_word(root + 16 * index + 8);
        return e;
    }
    e.lo = hwa_word(root + (4 * index & ~7u));
    e.lo = index & 1 ? e.lo >> 32 : (uint32_t)e.lo;
    return e;
}

static void irte_look(uint16_t rid, uint64_t root, unsigned int index)
{
    unsigned int n = hwa_irte(rid, index);
    struct hwu_entry e = irte_in_memory(root, index), was;
    bool xt = hwa.ctrl & C_XT;

    if ( n >= HWU_IRTES )
        return;
    was = hwu_irte_get(0, n);
    if ( e.lo == was.lo && e.hi == was.hi )
        return;
    /* Of an entry that was freed nothing may be left. */
    if ( (e.lo & 1) && !(was.lo & 1) && hwu_irte_cached(0, n) )
        hwu_broken("interrupt entry %u of %#x is used again, but the unit "
                   "may hold what it was", index, rid);
    hwu_irte_set(0, n, e.lo, e.hi);
    if ( !(e.lo & 1) )
        return;
    if ( hwa.ctrl & C_GA )
        hwa_irte_seen(rid, index, (unsigned int)e.hi & 0xff,
                      (uint32_t)(e.lo >> 8 & (xt ? 0xffffff : 0xff)) |
                      (xt ? (uint32_t)(e.hi >> 56) << 24 : 0));
    else
        hwa_irte_seen(rid, index, (unsigned int)(e.lo >> 16) & 0xff,
                      (uint32_t)(e.lo >> 8) & 0xff);
}

/* The other half: IV, IntTabLen, table root, IntCtl. */
static void intr_half(const struct hwu_rid *r)
{
    uint64_t w = 0, root;
    unsigned int i;

    if ( (hwa.ctrl & C_IOMMU) && !dte_word(r->rid, 2, &w) )
        return;
    if ( !w )
    {
        if ( r->iroot && hwu.armed )
            hwu_broken("interrupts of %#x are not remapped any more", r->rid);
        hwu_iroot_set(r->unit, r->rid, 0);
        return;
    }
    if ( !(w & 1) )
        hwu_broken("interrupts of %#x pass as they are", r->rid);
    hwu_iroot_set(r->unit, r->rid, w);
    switch ( w >> 60 & 3 )
    {
    case 0:
        return;                 /* aborted */

    case 2:
        break;

    default:
        hwu_broken("interrupts of %#x are not remapped", r->rid);
    }
    root = w & 0x000fffffffffffc0u;
    for ( i = 0; i < HWA_IRTES && i < 1u << (w >> 1 & 15); i++ )
        irte_look(r->rid, root, i);
}

void hwa_look(void)
{
    unsigned int i;

    for ( i = 0; i < hwu.n_rids; i++ )
    {
        struct hwu_entry now = hwu.rids[i].entry;
        struct hwu_entry e = dma_half(hwu.rids[i].rid);

        if ( now.lo != e.lo || now.hi != e.hi )
            hwu_entry_swap(hwu.rids[i].unit, hwu.rids[i].rid, &now, &e);
        intr_half(&hwu.rids[i]);
    }
}
