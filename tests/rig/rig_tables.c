/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's own DMAR or IVRS, with reserved memory behind it: RMRRs (VT-d 8.4),
 * IVMDs (AMD IOMMU specification, 48882, 5.2.3).
 */
#include "rig_priv.h"

#define HEADROOM    64u         /* the longest record */

static uint8_t table[4096];
static size_t table_len;

static void put(uint64_t v, unsigned int bytes)
{
    for ( ; bytes; bytes--, v >>= 8 )
        table[table_len++] = (uint8_t)v;
}

/* ---- VT-d ---- */

/* A device scope (8.3.1): the way down from bus 0. */
static void put_scope(moat_sbdf_t dev)
{
    moat_sbdf_t way[RIG_MAX_FUNCTIONS];
    unsigned int n = place_way(dev, way);

    put(1, 1);
    put(6 + 2 * n, 1);
    put(0, 4);
    while ( n-- )
    {
        put(MOAT_SBDF_DEV(way[n]), 1);
        put(MOAT_SBDF_FN(way[n]), 1);
    }
}

static void put_rmrr(const struct rig_region *r)
{
    size_t at = table_len;
    unsigned int i;

    put(1, 2);
    put(0, 6);
    put(r->first, 8);
    put(r->last, 8);
    for ( i = 0; i < r->n_devs; i++ )
        put_scope(r->dev[i]);
    table[at + 2] = (uint8_t)(table_len - at);
}

/* ---- AMD-Vi ---- */

#define IVMD_ONE        0x21u
#define IVMD_RANGE      0x22u
#define IVMD_UNITY      0x01u
#define IVMD_EXCLUSION  0x08u

static void put_ivmd(const struct rig_region *r, moat_sbdf_t first,
                     moat_sbdf_t last)
{
    unsigned int prot = r->prot ? r->prot : MOAT_RW;
    unsigned int flags = r->form == RIG_EXCLUSION ? IVMD_EXCLUSION
        : IVMD_UNITY | (prot & MOAT_READ ? 2 : 0) |
          (prot & MOAT_WRITE ? 4 : 0);

    put(r->form == RIG_RANGE ? IVMD_RANGE : IVMD_ONE, 1);
    put(flags, 1);
    put(32, 2);
    put(MOAT_SBDF_RID(first), 2);
    put(r->form == RIG_RANGE ? MOAT_SBDF_RID(last) : 0, 2);
    put(0, 8);
    put(r->first, 8);
    put(r->last - r->first + 1, 8);
}

static void put_ivmds(const struct rig_region *r)
{
    unsigned int i;

    if ( r->form == RIG_RANGE )
        put_ivmd(r, r->dev[0], r->dev[r->n_devs - 1]);
    else
        for ( i = 0; i < r->n_devs; i++ )
            put_ivmd(r, r->dev[i], r->dev[i]);
}

/* ---- The table ---- */

static void seal(void)
{
    size_t len = table_len;
    uint8_t sum = 0;

    table_len = 4;
    put(len, 4);
    table_len = len;
    table[9] = 0;
    while ( len )
        sum = (uint8_t)(sum + table[--len]);
    table[9] = (uint8_t)-sum;
}

void rig_regions(const struct rig_region *r, unsigned int n)
{
    const void *own;

    own = rig_acpi_table(rig_amd() ? "IVRS" : "DMAR", &table_len);
    REQUIRE(own && table_len <= sizeof(table) - n * RIG_NICS * HEADROOM);
    memcpy(table, own, table_len);
    for ( ; n; n--, r++ )
        if ( rig_amd() )
            put_ivmds(r);
        else
            put_rmrr(r);
    seal();
    rig_table_set(table, table_len);
}
