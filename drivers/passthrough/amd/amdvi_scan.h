/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that read the IVRS share; gone once it is read. */
#ifndef MOAT_AMDVI_SCAN_H
#define MOAT_AMDVI_SCAN_H

#include "amdvi_unit.h"

struct amdvi_scan
{
    struct moat_platform *p;
    const struct moat_options *opts;
    struct ivrs ivrs;               /* at its first block: copy to walk */
    struct amdvi_unit **units;      /* in table order; the core's by now */
    unsigned int n_units, max_units, usable;
    bool intremap_ok;
    bool sb_ioapic;                 /* the southbridge's was named */
    unsigned int ioapics;           /* named by the table */
};

/* The functions in configuration space with ids first..last, in order. */
struct amdvi_ids
{
    uint16_t segment;
    unsigned int next, last;
};

static inline struct amdvi_ids amdvi_ids(uint16_t segment,
                                         unsigned int first,
                                         unsigned int last)
{
    struct amdvi_ids it = { segment, first, last };

    return it;
}

void amdvi_say_bad(const struct fw_error *err, const char *cost);

/* ---- amdvi_regions.c ---- */

/* The next one that is there; false: no more. */
bool amdvi_ids_next(struct amdvi_ids *it, moat_sbdf_t *dev);
/* Every IVMD. -ENOMEM. */
int amdvi_regions(struct amdvi_scan *s);

/* ---- amdvi_special.c ---- */

/* An IO-APIC or HPET of @a. -ENOMEM. */
int amdvi_add_special(struct amdvi_scan *s, struct amdvi_unit *a,
                      const struct ivrs_entry *e);
/* Those that the administrator gave; and is interrupt remapping safe? */
int amdvi_special_done(struct amdvi_scan *s);

#endif /* MOAT_AMDVI_SCAN_H */
