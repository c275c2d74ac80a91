/* SPDX-License-Identifier: GPL-2.0-only */
/* A domain: one table, one attachment per unit, installed regions. */
#ifndef MOAT_CORE_DOMAIN_H
#define MOAT_CORE_DOMAIN_H

#include "platform.h"

/* A domain's id on one unit; under that unit's lock, but for @unit. */
struct domain_unit
{
    struct moat_unit *unit;     /* fixed */
    uint16_t did;
    bool has_did;           /* LIVE or DRAINING there */
};

/*
 * An entry whose device may hold translations of this domain in a TLB of its
 * own. Numbered in ascending order, so that a walk in steps, which lets go of
 * the lock in between, finds its place again (@seq), whatever came or went.
 */
struct ats_link
{
    struct rid_entry *entry;
    struct moat_domain *domain;     /* NULL: not on a list */
    unsigned long seq;
    struct ats_link *next, *prev;
};

struct resv_inst;

struct moat_domain
{
    struct moat_platform *platform;
    enum moat_domain_kind kind;
    bool quarantine;                /* a group's: no cookie, never mapped */
    void *cookie;
    unsigned int node;

    struct host_lock map_lock;      /* table, regions, deferred flush */
    bool has_pt;
    bool closing;                   /* being freed: out of bounds */
    struct iopt pt;
    moat_paddr_t shared_root;
    unsigned int shared_levels;
    struct resv_inst *resv;
    bool has_deferred;
    struct moat_flush deferred;

    struct host_lock attach_lock;   /* list of device TLBs */
    struct ats_link *ats_first, *ats_last;
    unsigned long ats_seq;
    unsigned int n_ats;

    unsigned int n_refs;            /* device lock: devices, groups */
    /* A unit failed that may hold anything of this domain's: its tables
     * are never freed. Only ever set. */
    bool tainted;

    struct moat_domain *next, *prev;    /* dom_lock */

    /*
     * Units that may hold translations of this domain. A bit is set before
     * the first entry goes live there and cleared after the last flush:
     *
     *   attach: set bit, full barrier, entry live, hardware walks the table
     *   map:    store to the table, full barrier, read bits
     *
     * so either the reader sees the bit and flushes, or the hardware's first
     * walk already sees the store. The same argument covers a changed id: it
     * is written before the bit is set.
     */
    unsigned long *published;
    struct domain_unit *att;        /* by unit index */
};

/* Is it a domain that is trusted with neither its peers nor the host? */
static inline bool domain_is_guest(const struct moat_domain *d)
{
    return d && !d->quarantine && d != d->platform->home;
}
/* "d3", "dom0" or "quarantine". Returns buf. */
const char *domain_label(const struct moat_domain *d, char *buf, size_t size);
#define DOMAIN_LABEL 24

struct moat_domain *domain_alloc(struct moat_platform *p,
                                 enum moat_domain_kind kind, bool quarantine,
                                 void *cookie, unsigned int node);
void domain_free(struct moat_domain *d);
/* Has the domain a table of its own? Else allocate it. Map lock held. */
int domain_table_locked(struct moat_domain *d);
/*
 * What an entry of @u must say to put a requester behind @d, but for the id.
 * Takes the map lock. -ENOMEM; -EOPNOTSUPP: the unit cannot walk the host's
 * table; -EINVAL: no shared root named yet.
 */
int domain_entry(struct moat_domain *d, struct moat_unit *u,
                 struct hw_entry *e);
void domain_taint(struct moat_domain *d);

#endif /* MOAT_CORE_DOMAIN_H */
