/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the hypervisor's parsers refuse, or doubt: where, by which rule, and
 * what it costs.
 */
#include "verdict_priv.h"

#include <stdlib.h>
#include <string.h>

static const char only_dom0[] =
    "They work for dom0; none of them can be given to a guest.";

/* ---- DMAR ---- */

static char *lost_unit(const struct judge *j, const struct node *n)
{
    char *names = judge_scopes(j, n), *text;

    if ( node_value(n, "flags", 0) & 1 )
        text = xprintf("An IOMMU is lost: the one for all devices that no "
                       "other unit names. %s", only_dom0);
    else
        text = xprintf("An IOMMU is lost, and with it the protection from "
                       "%s. %s", names ? names : "the devices it is for",
                       only_dom0);
    free(names);
    return text;
}

static char *lost_region(const struct judge *j, const struct node *n)
{
    char *names = judge_scopes(j, n), *text;

    text = names
           ? xprintf("The memory that %s must be able to reach is not known, "
                     "so handing over such a device would not be safe. %s",
                     names, only_dom0)
           : xprintf("Whose memory this is cannot be told, so nothing is kept "
                     "for it: if there is a device that uses it, its requests "
                     "there are refused and logged as faults.");
    free(names);
    return text;
}

static char *cost_of_scope(const struct node *record)
{
    if ( record->type == DMAR_RMRR && record->rc == 1 )
        return xprintf("The device that this was to name goes without the "
                       "region: if it uses that memory, its requests there "
                       "are refused and logged as faults.");
    if ( record->type == DMAR_DRHD )
        return xprintf("The device that this was to name belongs to another "
                       "unit now, or to none: it may not work once "
                       "translation is on.");
    if ( record->type == DMAR_ATSR || record->type == DMAR_SATC )
        return xprintf("The device that this was to name goes without a "
                       "translation cache of its own: slower, no more.");
    return NULL;
}

static char *cost_in_dmar(const struct judge *j, const struct node *record,
                          const struct node *n)
{
    if ( n != record )
        return cost_of_scope(record);
    switch ( record->type )
    {
    case DMAR_DRHD:
        return lost_unit(j, n);
    case DMAR_RMRR:
        return lost_region(j, n);
    case DMAR_ATSR:
    case DMAR_SATC:
        return xprintf("Devices there go without translation caches of their "
                       "own: slower, no more.");
    case DMAR_RHSA:
        return xprintf("Which memory is near a unit is not known: slower, no "
                       "more.");
    default:
        return xprintf("Nothing depends on it.");
    }
}

/* ---- IVRS ---- */

/* Is there a sound block for the same unit? */
static bool has_twin(const struct judge *j, const struct node *n)
{
    size_t i;

    for ( i = 0; i < j->t->nr_records; i++ )
    {
        const struct node *o = &j->t->records[i];

        if ( o != n && o->rc == 1 && ivrs_is_ivhd(o->type) &&
             node_value(o, "segment", 0) == node_value(n, "segment", 0) &&
             node_value(o, "device_id", 0) == node_value(n, "device_id", 1) )
            return true;
    }
    return false;
}

static char *lost_memory(const struct node *n)
{
    uint64_t id = node_value(n, "device_id", 0);

    if ( n->type != IVRS_IVMD_ALL && !node_value(n, "memory_length", 1) )
        return xprintf("It asks for nothing, on behalf of %02x:%02x.%x, so "
                       "nothing is lost. Hypervisors that take it at its word "
                       "switch the IOMMU off, or stop at boot: this is the "
                       "record to blame if yours did.",
                       (unsigned int)id >> 8, (unsigned int)id >> 3 & 0x1f,
                       (unsigned int)id & 7);
    return xprintf("Nothing is kept for it: a device that uses that memory "
                   "has its requests there refused and logged as faults.");
}

static char *cost_in_ivrs(const struct judge *j, const struct node *record,
                          const struct node *n)
{
    if ( n != record )
        return xprintf("Which devices this was to name nobody knows: those "
                       "that no other entry names closely may be among them. "
                       "%s", only_dom0);
    if ( !ivrs_is_ivhd(record->type) )
        return lost_memory(n);
    if ( has_twin(j, n) )
        return xprintf("Another block describes the same unit and is used: "
                       "nothing is lost.");
    return xprintf("An IOMMU is lost, with all the devices that it is for. "
                   "%s", only_dom0);
}

/* ---- Complaints ---- */

/* What comes after the rule and "(value): ". */
static char *cost_in_log(const char *log)
{
    const char *cost = log ? strstr(log, "): ") : NULL;

    return cost ? xprintf("%s", cost + 3) : NULL;
}

/* In a block that the hypervisor does not use, as another one says more. */
static void idle_complaint(struct judge *j, const struct node *n, char *rule,
                           char *message)
{
    judge_add(j, SEV_WARN, n->err.offset, rule, message,
              xprintf("Another block describes the same unit and is used: "
                      "nothing is lost."),
              xprintf("this block is not looked at"));
}

static void complaint(struct judge *j, const struct node *record,
                      const struct node *n)
{
    const char *section = n->fmt ? n->fmt->section
                          : record->fmt ? record->fmt->section
                          : j->t->header.fmt->section;
    const char *log = judge_log(j, n->err.offset, n->err.rule);
    char room[32], *action = cost_in_log(log), *message;
    struct finding *x;

    message = xprintf("%s at %03zXh: %s; there is %#llx",
                      node_name(n, room, sizeof(room)), n->offset,
                      n->err.rule, (unsigned long long)n->err.value);
    if ( !log && n != record && j->t->kind == TABLE_IVRS && !j->t->end_rc &&
         has_twin(j, record) )
    {
        free(action);
        idle_complaint(j, n, xprintf("%s", section), message);
        return;
    }
    x = judge_add(j, SEV_ERROR, n->err.offset, xprintf("%s", section),
                  message, j->t->kind == TABLE_DMAR ? cost_in_dmar(j, record, n)
                                           : cost_in_ivrs(j, record, n),
                  action ? action : xprintf("this is not used"));
    if ( log )
        x->log = xprintf("%s", log);
    /* An empty range, asked for by mistake: nothing is lost. */
    if ( n == record && j->t->kind == TABLE_IVRS &&
         !ivrs_is_ivhd(record->type) && node_value(n, "memory_length", 1) == 0 )
        x->severity = SEV_WARN;
}

static void complaints(struct judge *j, const struct node *record,
                       const struct node *n)
{
    size_t i;

    if ( n->rc < 0 )
        complaint(j, record, n);
    for ( i = 0; i < n->nr_kids; i++ )
        complaints(j, record, &n->kids[i]);
}

/* ---- The table itself ---- */

static void doubt(struct judge *j, size_t offset, char *message,
                  const char *consequence)
{
    const char *log = judge_log(j, offset, "");
    struct finding *x;

    x = judge_add(j, SEV_WARN, offset,
                  xprintf("%s", j->t->header.fmt->section), message,
                  xprintf("%s", consequence),
                  xprintf("the table is used all the same"));
    if ( log )
        x->log = xprintf("%s", log);
}

static void doubts(struct judge *j)
{
    const struct table *t = j->t;
    unsigned int doubts = t->kind == TABLE_DMAR ? t->hv.dmar.doubts
                                                : t->hv.ivrs.doubts;
    unsigned int sum = 0;
    size_t i;

    for ( i = 0; i < t->used; i++ )
        sum += t->bytes[i];
    if ( doubts & DMAR_DOUBT_LENGTH )
        doubt(j, 4, xprintf("the header announces %llu bytes, there are %zu",
                            (unsigned long long)get_le(t->bytes + 4, 4),
                            t->len),
              "What is missing nobody knows: this is not all of the table.");
    if ( doubts & DMAR_DOUBT_CHECKSUM )
        doubt(j, 9, xprintf("the checksum is wrong: all bytes must add up to "
                            "00h, and add up to %02Xh", sum & 0xff),
              "The table was changed after it was made, by the firmware or on "
              "the way: trust the rest of it less.");
    if ( doubts & DMAR_DOUBT_REVISION )
        doubt(j, 8, xprintf("the table's revision must not be 0"),
              "It is read as one of revision 1.");
    if ( t->kind == TABLE_DMAR && (doubts & DMAR_DOUBT_HAW) )
        doubt(j, 36, xprintf("the machine's address width is said to be %llu "
                             "bits, which cannot be",
                             (unsigned long long)t->bytes[36] + 1),
              "It is taken to be 52 bits.");
}

static void unusable(struct judge *j)
{
    const struct table *t = j->t;
    const char *log = judge_log(j, t->end.offset, t->end.rule);
    struct finding *x;

    x = judge_add(j, SEV_FATAL, t->end.offset,
                  xprintf("%s", t->header.fmt->section),
                  xprintf("%s; there is %#llx", t->end.rule,
                          (unsigned long long)t->end.value),
                  xprintf("Where the next record begins cannot be told from "
                          "here on, so what follows is unknown, and what is "
                          "unknown may concern any device. The machine boots, "
                          "without an IOMMU: no device can be given to a "
                          "guest safely."),
                  xprintf("nothing of this table is used, the IOMMU stays "
                          "off"));
    if ( log )
        x->log = xprintf("%s", log);
}

void verdict_records(struct judge *j)
{
    const struct table *t = j->t;
    size_t i;

    if ( t->rc != -EINVAL )
        doubts(j);
    if ( t->end_rc )
        unusable(j);
    for ( i = 0; i < t->nr_records; i++ )
        if ( t->records[i].kind != NODE_REST )
            complaints(j, &t->records[i], &t->records[i]);
}
