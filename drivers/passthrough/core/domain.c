/* SPDX-License-Identifier: GPL-2.0-only */
/* Domains: life, kind, what a unit's entry says of them. */

#include "domain.h"
#include "flush.h"
#include "resv.h"

#define FREE_AT_ONCE    64ul        /* table pages, between preemptions */
#define LONG_BITS       (8 * sizeof(unsigned long))

const char *domain_label(const struct moat_domain *d, char *buf, size_t size)
{
    static const char quar[] = "quarantine";

    if ( d && !d->quarantine )
        return host_domain_name(d->cookie, buf, size);
    if ( size > sizeof(quar) )
        size = sizeof(quar);
    memcpy(buf, quar, size);
    buf[size - 1] = '\0';
    return buf;
}

struct moat_domain *domain_alloc(struct moat_platform *p,
                                 enum moat_domain_kind kind, bool quarantine,
                                 void *cookie, unsigned int node)
{
    size_t words = (p->n_units + LONG_BITS - 1) / LONG_BITS;
    struct moat_domain *d = host_alloc(sizeof(*d));
    struct moat_unit *u;

    if ( !d )
        return NULL;
    d->att = host_alloc(p->n_units * sizeof(*d->att) +
                        words * sizeof(*d->published));
    d->published = d->att ? host_alloc(words * sizeof(*d->published)) : NULL;
    if ( !d->published )
    {
        host_free(d->att);
        host_free(d);
        return NULL;
    }
    for ( u = p->units; u; u = u->next )
        d->att[u->index].unit = u;
    d->platform = p;
    d->kind = kind;
    d->quarantine = quarantine;
    d->cookie = cookie;
    d->node = node;
    host_lock_init(&d->map_lock, MOAT_RANK_MAP);
    host_lock_init(&d->attach_lock, MOAT_RANK_ATTACH);

    host_lock(&p->dom_lock);
    d->next = p->domains;
    if ( d->next )
        d->next->prev = d;
    p->domains = d;
    host_unlock(&p->dom_lock);
    return d;
}

void domain_free(struct moat_domain *d)
{
    struct moat_platform *p = d->platform;

    host_lock(&p->dom_lock);
    if ( d->prev )
        d->prev->next = d->next;
    else
        p->domains = d->next;
    if ( d->next )
        d->next->prev = d->prev;
    host_unlock(&p->dom_lock);
    host_free(d->published);
    host_free(d->att);
    host_free(d);
}

int moat_domain_create(struct moat_platform *p, enum moat_domain_kind kind,
                       void *cookie, unsigned int node,
                       struct moat_domain **d)
{
    if ( kind == MOAT_DOMAIN_PASSTHROUGH && !p->caps.passthrough )
        return -EOPNOTSUPP;
    *d = domain_alloc(p, kind, false, cookie, node);
    return *d ? 0 : -ENOMEM;
}

int moat_domain_set_kind(struct moat_domain *d, enum moat_domain_kind kind)
{
    int rc = 0;

    if ( kind == MOAT_DOMAIN_PASSTHROUGH && !d->platform->caps.passthrough )
        return -EOPNOTSUPP;
    host_lock(&d->map_lock);
    /* A table that holds nothing but its root counts as no mappings. */
    if ( d->n_refs || (d->has_pt && d->pt.pages > 1) )
        rc = -EBUSY;
    else
        d->kind = kind;
    host_unlock(&d->map_lock);
    return rc;
}

int moat_domain_set_shared_root(struct moat_domain *d, moat_paddr_t root,
                                unsigned int levels)
{
    if ( d->kind != MOAT_DOMAIN_SHARED )
        return -EINVAL;
    if ( !(d->platform->caps.ept_levels & MOAT_BIT(levels)) ||
         !d->platform->caps.ept_compatible )
        return -EOPNOTSUPP;
    if ( d->n_refs && d->shared_root != root )
        return -EBUSY;
    d->shared_root = root;
    d->shared_levels = levels;
    return 0;
}

static int table_create(struct moat_domain *d)
{
    const struct moat_platform *p = d->platform;
    struct iopt_cfg cfg = {
        .fmt = p->fmt,
        .levels = p->caps.levels,
        .leaf_levels = p->leaf_levels,
        .iova_bits = p->caps.iova_bits,
        .pa_bits = 52,
        .node = d->node,
        .coherent = p->caps.coherent,
        .snoop = p->caps.snoop_control,
        .owner = d->cookie,
    };
    int rc;

    cfg.leaf_levels &= (unsigned int)
        (MOAT_BIT(cfg.fmt->max_leaf_level + 1) - 1);
    rc = iopt_init(&d->pt, &cfg);
    if ( !rc )
        d->has_pt = true;
    return rc;
}

int domain_table_locked(struct moat_domain *d)
{
    host_lock_assert(&d->map_lock);
    if ( d->closing )
        return -EBUSY;
    return d->has_pt ? 0 : table_create(d);
}

int domain_entry(struct moat_domain *d, struct moat_unit *u,
                 struct hw_entry *e)
{
    int rc = 0;

    e->devtlb = false;
    if ( d->kind == MOAT_DOMAIN_PASSTHROUGH )
    {
        /* VT-d 9.3: the widest the unit has. */
        e->kind = HW_ENTRY_PASSTHROUGH;
        e->levels = log2_floor(u->caps.levels);
        e->root = 0;
        return u->caps.passthrough ? 0 : -EOPNOTSUPP;
    }

    e->kind = HW_ENTRY_TABLE;
    if ( d->kind == MOAT_DOMAIN_SHARED )
    {
        e->levels = d->shared_levels;
        e->root = d->shared_root;
        if ( !e->root )
            return -EINVAL;
        return (u->caps.levels & MOAT_BIT(e->levels)) ? 0 : -EOPNOTSUPP;
    }

    host_lock(&d->map_lock);
    rc = domain_table_locked(d);
    if ( !rc )
    {
        e->levels = unit_levels(u, d->pt.levels);
        if ( e->levels == d->pt.levels )
            e->root = d->pt.root_pa;
        else
            rc = iopt_root_at(&d->pt, e->levels, &e->root);
    }
    host_unlock(&d->map_lock);
    return rc;
}

void domain_taint(struct moat_domain *d)
{
    HOST_WRITE_ONCE(d->tainted, true);
}

static void leak_domain_tables(struct moat_domain *d)
{
    char name[DOMAIN_LABEL];
    struct moat_platform *p = d->platform;

    host_lock(&p->dom_lock);
    p->leaks++;
    host_unlock(&p->dom_lock);
    host_log_err("the %lu table pages of %s are kept for good: a unit that "
                 "may hold them does not answer", d->pt.pages,
                 domain_label(d, name, sizeof(name)));
    d->has_pt = false;
    memset(&d->pt, 0, sizeof(d->pt));
}

int moat_domain_free_tables(struct moat_domain *d)
{
    if ( d->n_refs )
        return -EBUSY;
    if ( d->has_deferred )
        moat_flush_all(d);

    /* Who holds the lock now is done with the table; later ones stay out. */
    host_lock(&d->map_lock);
    d->closing = d->has_pt;
    host_unlock(&d->map_lock);
    if ( !d->closing )
        return 0;

    if ( HOST_READ_ONCE(d->tainted) )
        leak_domain_tables(d);
    else if ( !iopt_free_some(&d->pt, FREE_AT_ONCE) )
        return -ERESTART;

    host_lock(&d->map_lock);
    d->has_pt = d->closing = false;
    host_unlock(&d->map_lock);
    return 0;
}

void moat_domain_destroy(struct moat_domain *d)
{
    if ( !d )
        return;
    if ( d->n_refs || d->resv )
        host_bug("a domain is destroyed that has devices");
    while ( moat_domain_free_tables(d) == -ERESTART )
        continue;
    if ( d == d->platform->home )
        d->platform->home = NULL;
    domain_free(d);
}

bool moat_domain_has_devices(const struct moat_domain *d)
{
    return d->n_refs;
}

unsigned long moat_domain_table_pages(const struct moat_domain *d)
{
    return d->has_pt ? HOST_READ_ONCE(d->pt.pages) : 0;
}

moat_paddr_t moat_domain_root(const struct moat_domain *d,
                              unsigned int *levels)
{
    if ( d->kind == MOAT_DOMAIN_SHARED )
    {
        *levels = d->shared_levels;
        return d->shared_root;
    }
    *levels = d->has_pt ? d->pt.levels : 0;
    return d->has_pt ? d->pt.root_pa : 0;
}

/* ---- Mapping ---- */

static bool has_own_table(const struct moat_domain *d)
{
    return d->kind == MOAT_DOMAIN_OWN || d->kind == MOAT_DOMAIN_HOST_P2M;
}

int moat_map(struct moat_domain *d, moat_iova_t iova, moat_paddr_t pa,
             uint64_t len, unsigned int prot, struct moat_flush *f)
{
    int rc;

    if ( !has_own_table(d) )
        return -EOPNOTSUPP;
    host_lock(&d->map_lock);
    rc = domain_table_locked(d);
    if ( !rc )
    {
        if ( d->resv )
            rc = resv_map_locked(d, iova, pa, len, prot, f);
        else
            rc = iopt_map(&d->pt, iova, pa, len, prot, f);
    }
    host_unlock(&d->map_lock);
    return rc;
}

int moat_unmap(struct moat_domain *d, moat_iova_t iova, uint64_t len,
               struct moat_flush *f)
{
    int rc = 0;

    if ( !has_own_table(d) )
        return -EOPNOTSUPP;
    host_lock(&d->map_lock);
    if ( d->has_pt && !d->closing )
    {
        if ( d->resv )
            rc = resv_unmap_locked(d, iova, len, f);
        else
            rc = iopt_unmap(&d->pt, iova, len, f);
    }
    host_unlock(&d->map_lock);
    return rc;
}

int moat_lookup(struct moat_domain *d, moat_iova_t iova, moat_paddr_t *pa,
                unsigned int *prot, unsigned int *order)
{
    unsigned int level = 1;
    int rc = -ENOENT;

    host_lock(&d->map_lock);
    if ( d->has_pt && !d->closing )
        rc = iopt_lookup(&d->pt, iova, pa, prot, &level);
    host_unlock(&d->map_lock);
    *order = rc ? 0 : 9 * (level - 1);
    return rc;
}

int moat_walk(struct moat_domain *d,
              int (*fn)(void *arg, moat_iova_t iova, moat_paddr_t pa,
                        unsigned int order, unsigned int prot),
              void *arg)
{
    int rc = 0;

    host_lock(&d->map_lock);
    if ( d->has_pt && !d->closing )
        rc = iopt_walk(&d->pt, fn, arg);
    host_unlock(&d->map_lock);
    return rc;
}
