/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's own lines. Those that belong to a finding are shown there;
 * of the others the known ones are explained, and the rest is quoted: nothing
 * that it complains about is kept back.
 */
#include "verdict_priv.h"

#include "lines.h"

#include <stdlib.h>
#include <string.h>

bool judge_log_offset(const char *text, size_t *offset)
{
    struct line s = { text, strlen(text) };
    uint64_t v;

    if ( !line_find(&s, "offset ") )
        return false;
    (void)line_take(&s, "0x");
    if ( !line_hex(&s, &v) )
        return false;
    *offset = (size_t)v;
    return true;
}

const char *judge_log(struct judge *j, size_t offset, const char *words)
{
    size_t i, at;

    for ( i = 0; i < j->s->log.nr; i++ )
    {
        const char *text = j->s->log.lines[i].text;

        if ( j->said[i] || !judge_log_offset(text, &at) || at != offset ||
             !strstr(text, words) )
            continue;
        j->said[i] = true;
        return text;
    }
    return NULL;
}

/* A line that has @words in it. */
struct known
{
    const char *words;
    enum severity severity;
    const char *rule;
    const char *message;        /* NULL: the line says it best */
    const char *consequence, *action;
};

static const struct known known[] =
{
    { "lies in ordinary RAM", SEV_ERROR, "VT-d 8.4",
      "the region lies in memory that the memory map calls ordinary RAM",
      "The hypervisor gives ordinary RAM to whoever needs it: a device that "
      "may reach there could read and change another guest's memory. The "
      "devices of the region work for dom0; they cannot be given to a guest.",
      "the region is not used; iommu=rmrr-in-ram accepts it, if you know that "
      "the memory map is what is wrong" },
    { "overlaps another region of other rights", SEV_ERROR, "AMD IOMMU 5.2.3",
      "the region overlaps another one that has other rights",
      "Which rights count where both are cannot be told. The devices of this "
      "one work for dom0; they cannot be given to a guest.",
      "the first one is used, this one is not" },
    { "lies beyond the processor's addresses", SEV_ERROR, "VT-d 8.4",
      "the region lies where no memory can be",
      "The devices of the region work for dom0; they cannot be given to a "
      "guest.", "the region is not used" },
    { "not a range of whole pages", SEV_ERROR, "VT-d 8.4",
      "the region is not one of whole pages", NULL,
      "the region is not used" },
    { "its scopes are joined", SEV_WARN, "VT-d 8.3",
      "the unit is described twice", "Nothing is lost.",
      "what both say is joined" },
    { "names a device that is not there", SEV_INFO, "VT-d 8.3.1",
      "a bridge on the way to the device that is named is not there",
      "The firmware describes a slot that is empty, or that this machine does "
      "not have. Nothing is lost.", "the scope is not used" },
    { "for a device that is not there", SEV_INFO, "VT-d 8.4",
      "a bridge on the way to the device of the region is not there",
      "The firmware describes a slot that is empty, or that this machine does "
      "not have. Nothing is lost.", "the scope is not used" },
    { "node of a unit that no record", SEV_WARN, "VT-d 8.6",
      "tells where a unit is that no record describes", "Nothing is lost.",
      "the record is not used" },
    { "both claim ids", SEV_WARN, "AMD IOMMU 5.2.2.2",
      NULL,
      "Which of the two sees such a device's requests is not known. Devices "
      "there work for dom0; they cannot be given to a guest.", NULL },
    { "this block is not used", SEV_WARN, "AMD IOMMU 5.2.2",
      "the unit is described twice by blocks of one type",
      "Nothing is lost if both say the same.",
      "the first one is used" },
    { "alias not used", SEV_WARN, "AMD IOMMU 5.2.2.5",
      "the id that requests are said to carry belongs to another unit", NULL,
      "the alias is not used" },
    { "none of them the southbridge's", SEV_ERROR, "AMD IOMMU 5.2.2.7",
      "no entry tells which requester id the chipset's IO-APIC (at 00:14.0) "
      "uses",
      "Its interrupts cannot be checked, so interrupt remapping stays off as "
      "a whole: a guest with a device could send interrupts it should not. "
      "The memory of others stays protected. What helps is to tell the "
      "hypervisor yourself: ivrs_ioapic[ID]=00:14.0 on its command line, "
      "where ID is the APIC id of the first IO-APIC in the boot log.",
      "DMA is remapped, interrupts are not" },
    { "ivrs_ioapic[", SEV_ERROR, "AMD IOMMU 5.2.2.7",
      NULL,
      "Its interrupts cannot be checked, so interrupt remapping stays off as "
      "a whole: a guest with a device could send interrupts it should not. "
      "The memory of others stays protected. What helps is to tell the "
      "hypervisor which is right: ivrs_ioapic[ID]=BB:DD.F on its command "
      "line.",
      "DMA is remapped, interrupts are not" },
    { "ivrs_hpet[", SEV_WARN, "AMD IOMMU 5.2.2.7",
      NULL, NULL,
      "the first of the two is used" },
    { "in configuration space: no interrupt", SEV_WARN, "AMD IOMMU 5.2.2",
      "the unit's own PCI function is hidden",
      "The unit works. It cannot report refused requests at once, and devices "
      "behind it have no translation caches of their own.",
      "faults are looked for now and then" },
};

/* These are told elsewhere, or have been in the line before. */
static const char *const elsewhere[] =
{
    "in no unit's scope", "known to issue DMA as", " not used (-22)",
};

static const struct known *find_known(const char *text)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(known); i++ )
        if ( strstr(text, known[i].words) )
            return &known[i];
    return NULL;
}

static bool is_elsewhere(const char *text)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(elsewhere); i++ )
        if ( strstr(text, elsewhere[i]) )
            return true;
    return false;
}

static char *copy(const char *s)
{
    return s ? xprintf("%s", s) : NULL;
}

/* "IVRS offset 0xc8: IO-APIC 0 is ...: interrupts are not remapped": what
 * stands in the middle. */
static char *clause_of(const char *text)
{
    struct line s = { text, strlen(text) }, rest;

    (void)line_find(&s, ": ");
    rest = s;
    if ( line_find(&rest, ": ") )
        s.len = (size_t)(rest.p - s.p) - 2;
    return line_copy(&s);
}

/* Has this been said of the same place? Regions are, for each device. */
static bool is_repeated(const struct judge *j, size_t offset,
                        const char *message)
{
    size_t i;

    for ( i = 0; i < j->f->nr; i++ )
        if ( j->f->list[i].table == j->t && j->f->list[i].offset == offset &&
             !strcmp(j->f->list[i].message, message) )
            return true;
    return false;
}

/* Regions are of either table. */
static char *rule_of(const struct judge *j, const struct known *k)
{
    if ( j->t->kind == TABLE_IVRS && !strcmp(k->rule, "VT-d 8.4") )
        return copy("AMD IOMMU 5.2.3");
    return copy(k->rule);
}

static void add_line(struct judge *j, const struct log_line *l)
{
    const struct known *k = find_known(l->text);
    struct finding *x;
    size_t offset = 0;
    char *message;

    (void)judge_log_offset(l->text, &offset);
    if ( !k )
    {
        judge_add(j, l->level == LOG_ERR ? SEV_ERROR : SEV_WARN, offset,
                  copy(j->t->header.fmt->section), copy(l->text), NULL, NULL);
        return;
    }
    message = k->message ? copy(k->message) : clause_of(l->text);
    if ( is_repeated(j, offset, message) )
    {
        free(message);
        return;
    }
    x = judge_add(j, k->severity, offset, rule_of(j, k), message,
                  copy(k->consequence), copy(k->action));
    x->log = copy(l->text);
}

/* The first one of the table that is as bad as that; NULL: none. */
static const struct finding *first_of(const struct judge *j,
                                      enum severity severity)
{
    size_t i;

    for ( i = 0; i < j->f->nr; i++ )
        if ( j->f->list[i].table == j->t &&
             j->f->list[i].severity == severity )
            return &j->f->list[i];
    return NULL;
}

/* The scan failed, and the reason is not one that was said as such. */
static void add_failure(struct judge *j)
{
    const struct finding *reason = first_of(j, SEV_ERROR);
    const struct host_log *log = &j->s->log;
    struct finding *x;
    char *message = copy("not one unit of this table can be used");

    if ( reason )
        message = say_more(message, ": %s", reason->message);
    x = judge_add(j, SEV_FATAL, reason ? reason->offset : 0,
                  copy(j->t->header.fmt->section), message,
                  copy("The machine boots, without an IOMMU: no device can be "
                       "given to a guest safely."),
                  copy("the IOMMU stays off"));
    x->log = log->nr ? copy(log->lines[log->nr - 1].text) : NULL;
}

void verdict_log(struct judge *j)
{
    const struct host_log *log = &j->s->log;
    size_t i, last = log->nr - 1;

    for ( i = 0; i < log->nr; i++ )
        if ( !j->said[i] && log->lines[i].level <= LOG_WARN &&
             !is_elsewhere(log->lines[i].text) &&
             /* The last words of a scan that failed: below. */
             !(j->s->rc && (i == last || strstr(log->lines[i].text,
                                                "usable"))) )
            add_line(j, &log->lines[i]);
    if ( j->s->rc && !first_of(j, SEV_FATAL) )
        add_failure(j);
}
