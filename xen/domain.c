/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains: which of them have a table, whose, and for how long.
 */

#include "port.h"

#include <xen/event.h>
#include <xen/paging.h>
#include <asm/mem_paging.h>
#include <asm/mem_sharing.h>
#include <asm/p2m.h>

#include <xen/vm_event.h>

/* Levels of the tables that Xen builds for EPT. */
#define EPT_LEVELS 4

static void __hwdom_init check_hwdom(struct domain *d)
{
    if ( port_hwdom_none || !is_hvm_domain(d) )
        return;

    iommu_hwdom_passthrough = false;
    iommu_hwdom_strict = true;

    if ( !is_iommu_enabled(d) )
        panic("moat: a PVH hardware domain needs an IOMMU\n");
}

static enum moat_domain_kind domain_kind(const struct domain *d)
{
    if ( is_hardware_domain(d) && iommu_hwdom_passthrough )
        return MOAT_DOMAIN_PASSTHROUGH;

    if ( iommu_use_hap_pt(d) )
        return MOAT_DOMAIN_SHARED;

    /*
     * Translation is decided here by the type of the domain, because its
     * paging mode is set only later in its construction.
     */
    return is_hvm_domain(d) ? MOAT_DOMAIN_HOST_P2M : MOAT_DOMAIN_OWN;
}

/*
 * Called for every domain, before its p2m exists; dom_io, which owns what is
 * in quarantine, has no table (the core makes one for each group).
 */
int iommu_domain_init(struct domain *d, unsigned int opts)
{
    struct domain_iommu *hd = dom_iommu(d);
    struct moat_domain *m;
    int rc;

    if ( is_hardware_domain(d) )
        check_hwdom(d);

    if ( !is_iommu_enabled(d) )
        return 0;

#ifdef CONFIG_NUMA
    hd->node = NUMA_NO_NODE;
#endif
    hd->platform_ops = &iommu_ops;

    if ( is_system_domain(d) )
        return 0;

    hd->hap_pt_share = hap_enabled(d) && iommu_hap_pt_share &&
                       !(opts & XEN_DOMCTL_IOMMU_no_sharept);
    /*
     * A relaxed dom0 has all memory mapped from the start, so that there is
     * nothing to follow.
     */
    hd->need_sync = (!is_hardware_domain(d) || iommu_hwdom_strict) &&
                    !hd->hap_pt_share;

    rc = moat_domain_create(port_platform, domain_kind(d), d, HOST_NO_NODE,
                            &m);
    if ( rc )
        return rc;

    port_domain_set(d, m);

    return 0;
}

int port_domain_prepare(struct domain *d)
{
#ifdef CONFIG_HVM
    if ( iommu_use_hap_pt(d) )
    {
        pagetable_t root = p2m_get_pagetable(p2m_get_hostp2m(d));

        return moat_domain_set_shared_root(port_domain(d),
                                           pagetable_get_paddr(root),
                                           EPT_LEVELS);
    }
#endif

    return 0;
}

/* tboot checks the contents of these tables when the machine sleeps. */
void port_domain_note_root(struct domain *d)
{
#ifdef CONFIG_TBOOT
    struct arch_iommu *arch = &dom_iommu(d)->arch;
    unsigned int levels;

    if ( arch->vtd.pgd_maddr || !port_domain(d) )
        return;

    arch->vtd.pgd_maddr = moat_domain_root(port_domain(d), &levels);
    if ( arch->vtd.pgd_maddr )
        arch->vtd.agaw = levels - 2;
#endif
}

/* The domain is dying and has no devices any more. */
int iommu_free_pgtables(struct domain *d)
{
    int rc;

    if ( !is_iommu_enabled(d) || !port_domain(d) )
        return 0;

    dom_iommu(d)->arch.vtd.pgd_maddr = 0;
    do {
        rc = moat_domain_free_tables(port_domain(d));
    } while ( rc == -ERESTART && !general_preempt_check() );

    return rc;
}

/* Also for a domain whose construction failed anywhere. */
void iommu_domain_destroy(struct domain *d)
{
    struct moat_domain *m = port_domain(d);

    if ( !is_iommu_enabled(d) || !m )
        return;

    dom_iommu(d)->arch.vtd.pgd_maddr = 0;
    while ( moat_domain_free_tables(m) == -ERESTART )
        host_process_softirqs();
    moat_domain_destroy(m);
    port_domain_set(d, NULL);
}

/* Features that need a fault-and-retry from devices, which have none. */
bool arch_iommu_use_permitted(const struct domain *d)
{
    return d == dom_io ||
           (likely(!mem_sharing_enabled(d)) &&
            likely(!mem_paging_enabled(d)) &&
            likely(!p2m_pod_active(d)) &&
            likely(!p2m_is_global_logdirty(d)));
}
