/* SPDX-License-Identifier: GPL-2.0-only */
/* IVRS: what the parser takes, and what is odd about it nevertheless. */
#include "verdict_priv.h"

#include <moat/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_memory(const struct node *n)
{
    return n->kind == NODE_RECORD && n->rc == 1 && n->fmt &&
           !ivrs_is_ivhd(n->type);
}

static char *ids_text(const struct node *n)
{
    const struct ivrs_block *b = &n->hv.ivrs;
    unsigned int first = b->u.ivmd.dev_first, last = b->u.ivmd.dev_last;

    if ( n->type == IVRS_IVMD_ALL )
        return xprintf("all devices");
    if ( first == last )
        return xprintf("%02x:%02x.%x", first >> 8, first >> 3 & 0x1f,
                       first & 7);
    return xprintf("the devices from %02x:%02x.%x to %02x:%02x.%x",
                   first >> 8, first >> 3 & 0x1f, first & 7, last >> 8,
                   last >> 3 & 0x1f, last & 7);
}

/* Devices of the block that are behind no unit; bridges and the units' own
 * functions, which never are behind one, do not count. */
static unsigned int behind_none(const struct scan *s, const struct node *n)
{
    const struct ivrs_block *b = &n->hv.ivrs;
    unsigned int nr = 0;
    size_t i;

    for ( i = 0; i < s->nr_devices; i++ )
    {
        uint32_t sbdf = s->devices[i].sbdf;

        nr += s->devices[i].fate == SCAN_NO_UNIT &&
              MOAT_SBDF_SEG(sbdf) == b->u.ivmd.segment &&
              MOAT_SBDF_RID(sbdf) >= b->u.ivmd.dev_first &&
              MOAT_SBDF_RID(sbdf) <= b->u.ivmd.dev_last;
    }
    return nr;
}

/* The hypervisor counted: used for so many, so many behind no unit. */
static void uncovered(struct judge *j, const struct node *n)
{
    const char *log = judge_log(j, n->offset, "are behind no unit");
    const char *counts = log ? strstr(log, "used for ") : NULL;
    unsigned int used = 0, unserved = behind_none(j->s, n);
    struct finding *x;
    char *ids;

    if ( !counts || sscanf(counts, "used for %u devices", &used) != 1 ||
         (!unserved && (used || j->s->pci->made_up)) )
        return;
    ids = ids_text(n);
    x = judge_add(j, unserved ? SEV_WARN : SEV_INFO, n->offset,
                  xprintf("AMD IOMMU 5.2.3"),
                  !unserved
                  ? xprintf("%s at %03zXh reserves memory for %s: not one of "
                            "them is there", n->fmt->name, n->offset, ids)
                  : xprintf("%s at %03zXh reserves memory for %s: %u of them "
                            "%s behind no IOMMU", n->fmt->name, n->offset,
                            ids, unserved, unserved == 1 ? "is" : "are"),
                  xprintf("What is behind no IOMMU reaches all memory anyhow, "
                          "and what is not there needs none. Nothing is lost. "
                          "Hypervisors that expect all of them to be there "
                          "switch the IOMMU off."),
                  xprintf("the region is kept for the %u devices that are "
                          "there and behind a unit", used));
    x->log = xprintf("%s", log);
    free(ids);
}

static void exclusion(struct judge *j, const struct node *n)
{
    char *ids;

    if ( !n->hv.ivrs.u.ivmd.exclusion )
        return;
    ids = ids_text(n);
    judge_add(j, SEV_INFO, n->offset, xprintf("AMD IOMMU 5.2.3"),
              xprintf("%s at %03zXh asks for an exclusion range: memory that "
                      "%s would reach untranslated", n->fmt->name, n->offset,
                      ids),
              xprintf("The hardware has one such range for each unit, and "
                      "opens it to more devices than are meant. To these "
                      "devices a region that is mapped one-to-one is the "
                      "same."),
              xprintf("the memory is mapped one-to-one for these devices, and "
                      "for no others"));
    free(ids);
}

/* A unit whose list of devices is empty. */
static void unit(struct judge *j, const struct node *n)
{
    size_t i;

    for ( i = 0; i < n->nr_kids; i++ )
        if ( n->kids[i].rc == 1 && n->kids[i].hv.entry.kind !=
                                   IVRS_ENTRY_SPECIAL )
            return;
    judge_add(j, SEV_WARN, n->offset, xprintf("AMD IOMMU 5.2.2.2"),
              xprintf("%s at %03zXh: the unit is for no device at all",
                      n->fmt->name, n->offset),
              xprintf("Whatever device the firmware meant is behind no unit, "
                      "and cannot be given to a guest."), NULL);
}

void verdict_ivrs(struct judge *j)
{
    size_t i;

    for ( i = 0; i < j->t->nr_records; i++ )
    {
        const struct node *n = &j->t->records[i];

        if ( is_memory(n) )
        {
            uncovered(j, n);
            exclusion(j, n);
        }
        else if ( n->kind == NODE_RECORD && n->rc == 1 && n->fmt )
            unit(j, n);
    }
}
