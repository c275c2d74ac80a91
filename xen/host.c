/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Host services: memory and registers.
 *
 * Table pages come from the Xen heap rather than the domain heap, because
 * they must stay mapped: on machines with more memory than the direct map
 * reaches, domain-heap pages are not.
 */

#include "port.h"

#include <xen/iocap.h>
#include <xen/mm.h>
#include <xen/numa.h>
#include <xen/vmap.h>
#include <asm/cache.h>
#include <asm/io.h>

/* What firmware tables give for a unit is a proximity domain. */
nodeid_t port_node(unsigned int pxm)
{
    return pxm == HOST_NO_NODE ? NUMA_NO_NODE : pxm_to_node(pxm);
}

static unsigned int node_flags(unsigned int pxm)
{
    return MEMF_node(port_node(pxm));
}

/* ---- Heap ---- */

void *host_alloc(size_t size)
{
    return xzalloc_bytes(size);
}

void host_free(void *p)
{
    xfree(p);
}

/* ---- DMA memory ---- */

void *host_dma_alloc(size_t size, unsigned int node, moat_paddr_t *pa)
{
    unsigned int order = get_order_from_bytes(size);
    void *p = alloc_xenheap_pages(order, node_flags(node));

    if ( !p )
        return NULL;

    memset(p, 0, PAGE_SIZE << order);
    *pa = virt_to_maddr(p);

    return p;
}

void host_dma_free(void *p, size_t size)
{
    if ( p )
        free_xenheap_pages(p, get_order_from_bytes(size));
}

/* ---- Table pages ---- */

/*
 * A split of a superpage at each end of a range needs at most two pages
 * each; several processors may be at it at a time.
 */
#define RESERVE_PAGES 32

static struct host_tables reserve;
static DEFINE_SPINLOCK(reserve_lock);
static DEFINE_PER_CPU(unsigned int, reserve_users);

static struct page_list_head *page_list(struct host_tables *list)
{
    BUILD_BUG_ON(offsetof(struct host_tables, next) !=
                 offsetof(struct page_list_head, next));
    BUILD_BUG_ON(offsetof(struct host_tables, tail) !=
                 offsetof(struct page_list_head, tail));
    BUILD_BUG_ON(offsetof(struct host_tables, n) !=
                 sizeof(struct page_list_head));

    return (struct page_list_head *)list;
}

void port_reserve_begin(void)
{
    this_cpu(reserve_users)++;
}

void port_reserve_end(void)
{
    this_cpu(reserve_users)--;
}

static void *reserve_take(void)
{
    struct page_info *pg;

    spin_lock(&reserve_lock);
    pg = page_list_remove_head(page_list(&reserve));
    if ( pg )
        reserve.n--;
    spin_unlock(&reserve_lock);

    return pg ? page_to_virt(pg) : NULL;
}

/* A look without the lock: the worst is a page too many or a later refill. */
void port_reserve_refill(void)
{
    while ( ACCESS_ONCE(reserve.n) < RESERVE_PAGES )
    {
        void *p = alloc_xenheap_page();

        if ( !p )
            return;

        spin_lock(&reserve_lock);
        host_tables_add(&reserve, p);
        spin_unlock(&reserve_lock);
    }
}

void *host_table_alloc(void *owner, unsigned int node, moat_paddr_t *pa)
{
    void *p = alloc_xenheap_pages(0, node_flags(node));

    if ( !p && this_cpu(reserve_users) )
        p = reserve_take();
    if ( !p )
        return NULL;

    clear_page(p);
    *pa = virt_to_maddr(p);

    return p;
}

void host_tables_add(struct host_tables *list, void *page)
{
    page_list_add_tail(virt_to_page(page), page_list(list));
    list->n++;
}

void host_tables_splice(struct host_tables *to, struct host_tables *from)
{
    page_list_splice(page_list(from), page_list(to));
    to->n += from->n;
    host_tables_init(from);
}

unsigned long host_tables_free_some(struct host_tables *list,
                                    unsigned long max)
{
    unsigned long done = 0;

    while ( done < max )
    {
        struct page_info *pg = page_list_remove_head(page_list(list));

        if ( !pg )
            break;

        free_xenheap_page(page_to_virt(pg));
        list->n--;
        done++;
    }

    return done;
}

unsigned long host_tables_free(struct host_tables *list)
{
    return host_tables_free_some(list, ~0UL);
}

/* ---- Caches ---- */

void host_cache_writeback(const void *p, size_t size)
{
    cache_writeback(p, size);
}

/* ---- Registers ---- */

/* Every range mapped: these are the units' registers. */
static struct host_mmio *__read_mostly mmio_list;

/*
 * The address is the firmware's word: one that no processor can form, or
 * that is memory, must not reach a page table.
 */
static bool mmio_plausible(moat_paddr_t pa, size_t size)
{
    moat_paddr_t last = pa + size - 1;

    if ( !size || last < pa || (last >> paddr_bits) || pa < MB(1) )
        return false;

    return !page_is_ram_type(PFN_DOWN(pa), RAM_TYPE_CONVENTIONAL) &&
           !page_is_ram_type(PFN_DOWN(last), RAM_TYPE_CONVENTIONAL);
}

struct host_mmio *host_mmio_map(moat_paddr_t pa, size_t size)
{
    struct host_mmio *m;

    if ( !mmio_plausible(pa, size) )
        return NULL;

    m = xzalloc(struct host_mmio);
    if ( !m )
        return NULL;

    m->va = ioremap(pa, size);
    /* ioremap() adds the offset into the page to what it got. */
    if ( (unsigned long)m->va < PAGE_SIZE )
    {
        xfree(m);
        return NULL;
    }

    m->first = pa;
    m->last = pa + size - 1;
    m->next = mmio_list;
    mmio_list = m;

    return m;
}

void host_mmio_unmap(struct host_mmio *m)
{
    struct host_mmio **p;

    if ( !m )
        return;

    for ( p = &mmio_list; *p; p = &(*p)->next )
        if ( *p == m )
        {
            *p = m->next;
            break;
        }

    iounmap(m->va);
    xfree(m);
}

bool port_has_unit_page(unsigned long pfn, unsigned long nr)
{
    const struct host_mmio *m;

    for ( m = mmio_list; m; m = m->next )
        if ( pfn <= PFN_DOWN(m->last) && pfn + nr > PFN_DOWN(m->first) )
            return true;

    return false;
}

bool port_is_unit_page(unsigned long pfn)
{
    return port_has_unit_page(pfn, 1);
}

int port_deny_units(struct domain *d)
{
    const struct host_mmio *m;
    int rc = 0;

    for ( m = mmio_list; m && !rc; m = m->next )
        rc = iomem_deny_access(d, PFN_DOWN(m->first), PFN_DOWN(m->last));

    return rc;
}

uint32_t host_mmio_read32(struct host_mmio *m, unsigned int off)
{
    return readl(m->va + off);
}

uint64_t host_mmio_read64(struct host_mmio *m, unsigned int off)
{
    return readq(m->va + off);
}

void host_mmio_write32(struct host_mmio *m, unsigned int off, uint32_t v)
{
    writel(v, m->va + off);
}
