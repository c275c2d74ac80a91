/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reserved regions: memory that firmware says devices go on using whoever
 * owns them (RMRR, IVMD). Two objects: the platform's list of regions, sorted
 * and disjoint and fixed after the scan, and per domain the regions that are
 * installed in its tables, counted.
 */
#ifndef MOAT_CORE_RESV_H
#define MOAT_CORE_RESV_H

#include "domain.h"

struct resv_dev
{
    moat_sbdf_t dev;
    struct resv_dev *next;
};

struct resv_region
{
    moat_paddr_t first, last;
    unsigned int prot;
    size_t fw_offset;
    struct resv_dev *devs;          /* who uses it */
    struct resv_region *next;
};

/* A region in a domain's tables; under its map lock. */
struct resv_inst
{
    struct resv_region *region;
    unsigned int refs;
    /*
     * Of a table of our own: what the host itself has mapped of the region's
     * pages, two bits of rights each. Removing the region leaves the domain
     * with exactly that, and the host's unmapping leaves the region.
     */
    uint8_t *host;
    struct resv_inst *next;         /* ascending */
};

/* As resv_add(); @may_be_ram: given by hand, trusted to lie in RAM. */
int resv_add_checked(struct moat_platform *p, moat_paddr_t first,
                     moat_paddr_t last, unsigned int prot, moat_sbdf_t dev,
                     size_t fw_offset, bool may_be_ram);
void resv_free_all(struct moat_platform *p);
bool resv_region_has(const struct resv_region *r, moat_sbdf_t dev);
/* The region that holds @addr, or NULL. */
const struct resv_region *resv_at(const struct moat_platform *p,
                                  uint64_t addr);

/*
 * Install @r in @d, or count one more user. Device lock held, nothing else.
 * On return hardware sees it. -ENOMEM; -EINVAL: something else is mapped
 * there (said); what the host's own identity map says.
 */
int resv_get(struct moat_domain *d, struct resv_region *r);
/* Drop one user; the last takes the mapping away, flushed. */
void resv_put(struct moat_domain *d, struct resv_region *r);

/* Forget what is installed in tables that nothing walks any more. */
void resv_drop_all(struct moat_domain *d);

/*
 * Map and unmap requests of the host on a table of our own, around the
 * regions installed in it. Map lock held. Return as iopt_map/unmap; -EBUSY:
 * the request would replace a region (said).
 */
int resv_map_locked(struct moat_domain *d, moat_iova_t iova, moat_paddr_t pa,
                    uint64_t len, unsigned int prot, struct moat_flush *f);
int resv_unmap_locked(struct moat_domain *d, moat_iova_t iova, uint64_t len,
                      struct moat_flush *f);

#endif /* MOAT_CORE_RESV_H */
