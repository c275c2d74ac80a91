/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two table formats, as data.
 *
 * The engine's own bits in table entries, and why hardware ignores them:
 *
 *           count     shared   specification
 *   VT-d    61:52     63       9.8: SS-PML5E, SS-PML4E, SS-PDPE and SS-PDE
 *                              that reference a table: "ignored". Bits 11
 *                              and 7 (levels 4, 5), 62 and the address above
 *                              the host address width are reserved.
 *   AMD     4:1       63       2.2.3, I/O page directory entry: "ignored".
 *                              60:52 are reserved there, 5 is the accessed
 *                              bit of units that maintain one.
 *
 * Ten bits hold the count exactly: nothing more is to be known of whether a
 * table is empty. Four hold it modulo 16: then a table that only seems to be
 * empty has at least 16 entries, and one that only seems to be full has at
 * least 16 holes, so that a look at the entries themselves, which ends at the
 * first of these, is rare and mostly short.
 */
#include "../core/bits.h"
#include "iopt.h"

#define PA          MOAT_MASK(51, 12)
#define SHARED      MOAT_BIT(63)

/* VT-d specification, revision 4.1, section 9.8. */
#define VTD_R       MOAT_BIT(0)
#define VTD_W       MOAT_BIT(1)
#define VTD_PS      MOAT_BIT(7)         /* levels 2 and 3: a leaf */
#define VTD_SNP     MOAT_BIT(11)        /* leaves only */
#define VTD_TABLE   (VTD_R | VTD_W)
#define VTD_COUNT   MOAT_MASK(61, 52)

const struct iopt_fmt iopt_fmt_vtd = {
    .name = "VT-d second stage",
    .min_levels = 3,
    .max_levels = 5,
    .max_leaf_level = 3,
    .pa_mask = PA,
    .rights = { 0, VTD_R, VTD_W, VTD_R | VTD_W },
    .snoop = VTD_SNP,
    .leaf_bits = { 0, 0, VTD_PS, VTD_PS, 0, 0, 0 },
    .table_bits = { 0, 0, VTD_TABLE, VTD_TABLE, VTD_TABLE, VTD_TABLE, 0 },
    .table_mask = VTD_TABLE | VTD_PS | SHARED,
    .shared = SHARED,
    .count_mask = VTD_COUNT,
    .count_unit = MOAT_BIT(52),
    .count_full = FIELD_PREP(VTD_COUNT, IOPT_ENTRIES),
};

/*
 * AMD I/O Virtualization Technology specification, revision 3.07, section
 * 2.2.3. Leaves have next level 0 at every level.
 *
 * Next level 7, a leaf of a size in between that its address encodes, is left
 * out. It must stand in every entry that it covers: mapping takes as many
 * stores as without. But where now one store changes one page, sixteen and
 * more would, and in between hardware would read two sizes for one address.
 * It saves look-ups in the unit alone, and only for runs of 64 KiB to 1 MiB.
 */
#define AMD_PR      MOAT_BIT(0)
#define AMD_NEXT    MOAT_MASK(11, 9)
#define AMD_FC      MOAT_BIT(60)        /* force coherent */
#define AMD_IR      MOAT_BIT(61)
#define AMD_IW      MOAT_BIT(62)
#define AMD_TABLE(l) \
    (AMD_PR | AMD_IR | AMD_IW | FIELD_PREP(AMD_NEXT, (l) - 1))
#define AMD_COUNT   MOAT_MASK(4, 1)

const struct iopt_fmt iopt_fmt_amdvi = {
    .name = "AMD-Vi v1",
    .min_levels = 1,
    .max_levels = 6,
    .max_leaf_level = 6,
    .pa_mask = PA,
    .rights = { 0, AMD_IR, AMD_IW, AMD_IR | AMD_IW },
    .snoop = AMD_FC,
    .leaf_bits = { 0, AMD_PR, AMD_PR, AMD_PR, AMD_PR, AMD_PR, AMD_PR },
    .table_bits = {
        0, 0, AMD_TABLE(2), AMD_TABLE(3), AMD_TABLE(4), AMD_TABLE(5),
        AMD_TABLE(6),
    },
    .table_mask = AMD_PR | AMD_NEXT | AMD_IR | AMD_IW | SHARED,
    .shared = SHARED,
    .count_mask = AMD_COUNT,
    .count_unit = MOAT_BIT(1),
    .count_full = 0,            /* 512 modulo 16 */
};
