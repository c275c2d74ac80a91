/* SPDX-License-Identifier: GPL-2.0-only */
/* What scenarios are made of: a platform, devices, domains, pages. */
#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include <core/device.h>
#include <core/did.h>
#include <core/flush.h>
#include <core/intr.h>

#include "drv.h"
#include "port.h"
#include "things.h"

#define WORLD_DEVS      4u
#define WORLD_GUESTS    3u

/* Device n is 0000:00:0n.0; ids of guests from 1 on. */
#define WORLD_DEV(n)    MOAT_SBDF(0, 0, 4 + (n), 0)
/* Pages that guests own; where they appear to devices. */
#define WORLD_PAGE(n)   (0x100000000u + (uint64_t)(n) * 0x1000u)
#define WORLD_IOVA(n)   (0x40000000u + (uint64_t)(n) * 0x1000u)
#define WORLD_RESERVED  0x7f000000u

struct world
{
    struct moat_platform *p;
    struct moat_domain *home, *guest[WORLD_GUESTS];
    struct moat_device *dev[WORLD_DEVS];
    unsigned int n_devs;
    unsigned long ids;              /* free on unit 0 when all was set up */
    unsigned long intrs;
    int rc[4];                      /* what processors got */
    bool leaks;                     /* something was kept for good */
    bool tables[WORLD_GUESTS];      /* it has the page table it shall have */
};
extern struct world w;

/* Before world_start(): an empty machine; then set drv.*, dev_ats. */
void world_reset(void);
void world_reserve(unsigned int dev, uint64_t page);

#define WORLD_ATS       0x1u        /* device 0 has a TLB of its own */
#define WORLD_PHANTOM   0x2u        /* device 0 uses two requester ids */
#define WORLD_INTR      0x4u        /* interrupt remapping on */
/* Units on, @devs devices, all dom0's, and @guests domains. */
void world_start(unsigned int devs, unsigned int guests, unsigned int flags);
/* Ids are what must be free now: judge by that at the end. */
void world_settled(void);

void world_move(unsigned int dev, struct moat_domain *to);
/* The same, under the device lock, with its result. */
int world_try_move(unsigned int dev, struct moat_domain *to);
void world_map(struct moat_domain *d, unsigned int iova, unsigned int page);
/* Unmap, flush, and give the page to somebody else. */
void world_unmap_free(struct moat_domain *d, unsigned int iova,
                      unsigned int page);
/* The page belongs to somebody else now: nothing may reach it. */
void world_page_freed(unsigned int page);

/* ---- Judgement ---- */

#define EXPECT(cond)                                                    \
    do {                                                                \
        if ( !(cond) )                                                  \
            port_fail("%s:%d: not so: %s", __FILE__, __LINE__, #cond);  \
    } while ( 0 )

/* Device @dev is behind @d (NULL: quarantine), all its ids are, and its unit
 * knows nothing else of it. */
void world_expect_at(unsigned int dev, const struct moat_domain *d);
/* Everything back, everything freed, ids and entries as they were. */
void world_stop(void);
/*
 * From the next submission on the unit does not answer, and nothing helps.
 * world_dead_end(): its @n devices, each a guest's that was mapped its page
 * of the same number, are cut off and reported; ends the scenario.
 */
void world_dead(void);
void world_dead_end(unsigned int n);
/* Which device sends @rid. */
moat_sbdf_t world_dev_of(uint16_t rid);

/* did_view.c: the domain-id table from the inside */
void did_view_reset(void);
/* Check the table of every unit; the unit's lock is about to be released. */
void did_view_check(const struct moat_unit *u);
bool did_view_live(const struct moat_unit *u, unsigned int did,
                   const struct moat_domain *d);

#endif /* MODEL_WORLD_H */
