/* SPDX-License-Identifier: GPL-2.0-only */
/* What the core asks of its hypervisor, in the userspace host. */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

/* ---- Identity maps ---- */

struct identity
{
    void *cookie;
    moat_iova_t first, last;
    unsigned int prot;
    struct identity *next;
};
static struct identity *identities;
static unsigned long identity_fail;

static struct identity **identity_find(void *cookie, moat_iova_t first,
                                       moat_iova_t last)
{
    struct identity **p;

    for ( p = &identities; *p; p = &(*p)->next )
        if ( (*p)->cookie == cookie && (*p)->first == first &&
             (*p)->last == last )
            break;
    return p;
}

unsigned long sim_identity_count(void)
{
    struct identity *i;
    unsigned long n = 0;

    for ( i = identities; i; i = i->next )
        n++;
    return n;
}

bool sim_identity_has(void *cookie, moat_iova_t first, moat_iova_t last,
                      unsigned int prot)
{
    struct identity *i = *identity_find(cookie, first, last);

    return i && i->prot == prot;
}

void sim_identity_fail_nth(unsigned long n)
{
    identity_fail = n;
}

int host_identity_map(void *cookie, moat_iova_t first, moat_iova_t last,
                      unsigned int prot, unsigned int flags)
{
    struct identity *i;

    sim_lock_check_none("host_identity_map()");
    if ( identity_fail && !--identity_fail )
        return -ENOMEM;
    if ( sim_backend.identity_map )
        return sim_backend.identity_map(sim_backend.ctx, cookie, first, last,
                                        prot, flags);
    if ( *identity_find(cookie, first, last) )
        host_bug("identity map %#" PRIx64 "-%#" PRIx64 " is there already",
                 first, last);
    i = calloc(1, sizeof(*i));
    i->cookie = cookie;
    i->first = first;
    i->last = last;
    i->prot = prot;
    i->next = identities;
    identities = i;
    return 0;
}

int host_identity_unmap(void *cookie, moat_iova_t first, moat_iova_t last)
{
    struct identity **p, *gone;

    sim_lock_check_none("host_identity_unmap()");
    if ( sim_backend.identity_unmap )
        return sim_backend.identity_unmap(sim_backend.ctx, cookie, first, last);
    p = identity_find(cookie, first, last);
    gone = *p;
    if ( !gone )
        host_bug("identity map %#" PRIx64 "-%#" PRIx64 " is not there", first,
                 last);
    *p = gone->next;
    free(gone);
    return 0;
}

/* ---- Upcalls ---- */

#define MAX_UPCALLS 64
static struct { void *cookie; const char *name; } names[MAX_UPCALLS];
static unsigned int n_names;
static struct { void *cookie; unsigned long n; } crashes[MAX_UPCALLS];
static unsigned int n_crashes;
static struct { moat_sbdf_t dev; unsigned long n; } failures[MAX_UPCALLS];
static unsigned int n_failures;
static pthread_mutex_t upcall_mutex = PTHREAD_MUTEX_INITIALIZER;

int host_unit_irq_request(struct moat_unit *unit)
{
    return sim_backend.unit_irq_request
           ? sim_backend.unit_irq_request(sim_backend.ctx, unit) : -EOPNOTSUPP;
}

void host_unit_irq_release(struct moat_unit *unit)
{
    if ( sim_backend.unit_irq_release )
        sim_backend.unit_irq_release(sim_backend.ctx, unit);
}

void sim_domain_name(void *cookie, const char *name)
{
    if ( n_names == MAX_UPCALLS )
        host_bug("sim_domain_name(): too many");
    names[n_names].cookie = cookie;
    names[n_names++].name = name;
}

const char *host_domain_name(void *cookie, char *buf, size_t size)
{
    unsigned int i;

    if ( sim_backend.domain_name )
        return sim_backend.domain_name(sim_backend.ctx, cookie, buf, size);
    for ( i = 0; i < n_names && names[i].cookie != cookie; i++ )
        continue;
    if ( i < n_names )
        snprintf(buf, size, "%s", names[i].name);
    else if ( (uintptr_t)cookie < 65536 )
        snprintf(buf, size, "d%u", (unsigned int)(uintptr_t)cookie);
    else
        snprintf(buf, size, "d?");
    return buf;
}

void host_domain_crash(void *cookie)
{
    unsigned int i;

    pthread_mutex_lock(&upcall_mutex);
    for ( i = 0; i < n_crashes && crashes[i].cookie != cookie; i++ )
        continue;
    if ( i < MAX_UPCALLS )
    {
        crashes[i].cookie = cookie;
        crashes[i].n++;
        n_crashes += i == n_crashes;
    }
    pthread_mutex_unlock(&upcall_mutex);
    if ( sim_backend.domain_crash )
        sim_backend.domain_crash(sim_backend.ctx, cookie);
}

unsigned long sim_domain_crashes(void *cookie)
{
    unsigned int i;

    for ( i = 0; i < n_crashes; i++ )
        if ( crashes[i].cookie == cookie )
            return crashes[i].n;
    return 0;
}

void host_device_failed(moat_sbdf_t dev)
{
    unsigned int i;

    pthread_mutex_lock(&upcall_mutex);
    for ( i = 0; i < n_failures && failures[i].dev != dev; i++ )
        continue;
    if ( i < MAX_UPCALLS )
    {
        failures[i].dev = dev;
        failures[i].n++;
        n_failures += i == n_failures;
    }
    pthread_mutex_unlock(&upcall_mutex);
    if ( sim_backend.device_failed )
        sim_backend.device_failed(sim_backend.ctx, dev);
}

unsigned long sim_device_failures(moat_sbdf_t dev)
{
    unsigned int i;

    for ( i = 0; i < n_failures; i++ )
        if ( failures[i].dev == dev )
            return failures[i].n;
    return 0;
}

bool host_log_ratelimit(void)
{
    return !sim_backend.log_ratelimit ||
           sim_backend.log_ratelimit(sim_backend.ctx);
}

void sim_upcall_reset(void)
{
    while ( identities )
    {
        struct identity *i = identities;

        identities = i->next;
        free(i);
    }
    identity_fail = 0;
    n_names = n_crashes = n_failures = 0;
    memset(crashes, 0, sizeof(crashes));
    memset(failures, 0, sizeof(failures));
}
