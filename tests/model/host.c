/* SPDX-License-Identifier: GPL-2.0-only */
/* The explorer as a host: locks, memory, time, work, the log, upcalls. */
#include <stdarg.h>
#include <stdio.h>

#include <moat/host.h>

#include "mem.h"
#include "mx_priv.h"
#include "port.h"
#include "unit/hw.h"

#define PC          __builtin_return_address(0)
#define CPUS        (MX_PROCS + 1)
#define MAX_HELD    8u
#define LOCK_MAGIC  0x6c6f636bu
#define DEVICES     MX_OBJ(MX_LOCK, 1)
/* A wait looks once more, then its deadline has passed. */
#define RELAX_NS    2500000u

static struct cpu
{
    struct host_lock *held[MAX_HELD];
    unsigned int n_held, irqs_off, devices;
    uint64_t now;
} cpus[CPUS];

static struct cpu *me(void)
{
    return &cpus[mx_cpu()];
}

/* ---- Locks ---- */

void host_lock_init(struct host_lock *l, unsigned int rank)
{
    memset(l, 0, sizeof(*l));
    l->magic = LOCK_MAGIC;
    l->rank = rank;
}

static void take(struct host_lock *l, int class, const void *pc)
{
    struct cpu *c = me();
    unsigned int i;

    if ( l->magic != LOCK_MAGIC )
        host_bug("lock %p was never initialised", (void *)l);
    for ( i = 0; i < c->n_held; i++ )
        if ( c->held[i]->rank >= l->rank )
            host_bug("lock order: rank %u taken with rank %u held", l->rank,
                     c->held[i]->rank);
    if ( (int)l->class != LOCK_UNUSED && (int)l->class != class )
        host_bug("lock of rank %u is taken with and without irqsave",
                 l->rank);
    if ( class == LOCK_IRQS_ON && c->irqs_off )
        host_bug("lock of rank %u taken with interrupts off", l->rank);
    if ( c->n_held == MAX_HELD )
        host_bug("too many locks held");
    mx_acquire(MX_OBJ(MX_LOCK, (uintptr_t)l), pc);
    model_barrier();
    l->owner = mx_cpu() + 1;
    l->class = class;
    c->held[c->n_held++] = l;
}

/* Set by whoever looks at what a lock protects when it is let go. */
void (*model_unlocked)(struct host_lock *l);

static void drop(struct host_lock *l)
{
    struct cpu *c = me();
    unsigned int i;

    if ( l->owner != mx_cpu() + 1 )
        host_bug("lock of rank %u released, but not held", l->rank);
    if ( model_unlocked )
        model_unlocked(l);
    for ( i = 0; c->held[i] != l; i++ )
        continue;
    for ( c->n_held--; i < c->n_held; i++ )
        c->held[i] = c->held[i + 1];
    l->owner = 0;
    mx_release(MX_OBJ(MX_LOCK, (uintptr_t)l));
}

void host_lock(struct host_lock *l)
{
    take(l, LOCK_IRQS_ON, PC);
}

void host_unlock(struct host_lock *l)
{
    drop(l);
}

unsigned long host_lock_irqsave(struct host_lock *l)
{
    struct cpu *c = me();
    unsigned long flags = c->irqs_off++;

    take(l, LOCK_IRQSAVE, PC);
    return flags;
}

void host_unlock_irqrestore(struct host_lock *l, unsigned long flags)
{
    drop(l);
    me()->irqs_off = (unsigned int)flags;
}

void host_lock_assert(const struct host_lock *l)
{
    if ( l->owner != mx_cpu() + 1 )
        host_bug("lock of rank %u not held", l->rank);
}

void host_devices_lock(void)
{
    struct cpu *c = me();

    if ( c->n_held || c->irqs_off )
        host_bug("device lock taken with another held");
    if ( !c->devices )
        mx_acquire(DEVICES, PC);
    c->devices++;
}

void host_devices_unlock(void)
{
    if ( !me()->devices )
        host_bug("device lock released, but not held");
    if ( !--me()->devices )
        mx_release(DEVICES);
}

void host_devices_assert_locked(void)
{
    if ( !me()->devices )
        host_bug("device lock not held");
}

/* ---- Memory ---- */

struct head
{
    size_t size, magic;
};

static unsigned long live;

static void irqs_on(const char *what)
{
    if ( me()->irqs_off )
        host_bug("%s with interrupts off", what);
}

void *host_alloc(size_t size)
{
    struct head *h;

    irqs_on("host_alloc()");
    h = mem_heap(sizeof(*h) + size);
    h->size = size;
    h->magic = LOCK_MAGIC;
    live++;
    return h + 1;
}

void host_free(void *p)
{
    struct head *h = p;

    irqs_on("host_free()");
    if ( !p )
        return;
    h--;
    mem_access(p, h->size ? 1 : 0, false, PC);
    if ( h->magic != LOCK_MAGIC )
        host_bug("host_free() of what host_alloc() did not return");
    h->magic = 0;
    mem_release(p, h->size);
    live--;
}

struct host_table_node
{
    enum { PAGE_NONE, PAGE_DMA, PAGE_TABLE, PAGE_LISTED } state;
    void *owner;
    struct host_table_node *next;
};

#define PAGES   (MEM_CPUS * MEM_PAGES_SIZE / 4096)
static struct host_table_node nodes[PAGES];
static unsigned int table_fail;

static struct host_table_node *node_of(const void *p)
{
    if ( !mem_is_page(p) )
        host_bug("%p is no page", p);
    return &nodes[((uintptr_t)p - MEM_PAGES) / 4096];
}

static void *page_of(const struct host_table_node *n)
{
    return (void *)(uintptr_t)(MEM_PAGES + (uintptr_t)(n - nodes) * 4096);
}

void *host_dma_alloc(size_t size, unsigned int node, moat_paddr_t *pa)
{
    size_t n = 1;
    void *p;

    (void)node;
    irqs_on("host_dma_alloc()");
    while ( n * 4096 < size )
        n *= 2;
    p = mem_pages(n);
    node_of(p)->state = PAGE_DMA;
    *pa = mem_pa(p);
    live++;
    return p;
}

/* What hardware may still reach is not given back. */
static void check_free(void *p, const char *what)
{
    hwu_check_page(mem_pa(p), true, what);
}

void host_dma_free(void *p, size_t size)
{
    if ( !p )
        return;
    irqs_on("host_dma_free()");
    if ( node_of(p)->state != PAGE_DMA )
        host_bug("host_dma_free(): no such block");
    mx_point("frees DMA memory", MX_OBJ(MX_PAGE, mem_pa(p)), PC);
    check_free(p, "freed: the page");
    node_of(p)->state = PAGE_NONE;
    mem_release(p, size);
    live--;
}

void *host_table_alloc(void *owner, unsigned int node, moat_paddr_t *pa)
{
    void *p;

    (void)node;
    irqs_on("host_table_alloc()");
    if ( table_fail && !--table_fail )
        return NULL;
    p = mem_pages(1);
    node_of(p)->state = PAGE_TABLE;
    node_of(p)->owner = owner;
    *pa = mem_pa(p);
    live++;
    return p;
}

void *host_table_va(moat_paddr_t pa)
{
    struct host_table_node *n = node_of(mem_va(pa));

    if ( n->state != PAGE_TABLE && n->state != PAGE_LISTED )
        host_bug("host_table_va(0x%" PRIx64 "): not a table page", pa);
    return mem_va(pa);
}

void host_tables_init(struct host_tables *list)
{
    list->head = NULL;
    list->n = 0;
}

bool host_tables_empty(const struct host_tables *list)
{
    mem_access(list, sizeof(*list), false, PC);
    return !list->head;
}

void host_tables_add(struct host_tables *list, void *page)
{
    struct host_table_node *n = node_of(page);

    mem_access(list, sizeof(*list), true, PC);
    if ( n->state != PAGE_TABLE )
        host_bug("host_tables_add(): not a table page, or listed already");
    n->state = PAGE_LISTED;
    n->next = list->head;
    list->head = n;
    list->n++;
}

void host_tables_splice(struct host_tables *to, struct host_tables *from)
{
    struct host_table_node **p = &to->head;

    mem_access(to, sizeof(*to), true, PC);
    mem_access(from, sizeof(*from), true, PC);
    while ( *p )
        p = &(*p)->next;
    *p = from->head;
    to->n += from->n;
    host_tables_init(from);
}

unsigned long host_tables_free_some(struct host_tables *list,
                                    unsigned long max)
{
    struct host_table_node *n;
    unsigned long done = 0;

    irqs_on("host_tables_free()");
    while ( (n = list->head) != NULL && done < max )
    {
        mx_point("frees a table", MX_OBJ(MX_PAGE, mem_pa(page_of(n))), PC);
        check_free(page_of(n), "freed: the table page");
        list->head = n->next;
        list->n--;
        n->state = PAGE_NONE;
        mem_release(page_of(n), 4096);
        live--;
        done++;
    }
    return done;
}

unsigned long host_tables_free(struct host_tables *list)
{
    return host_tables_free_some(list, ~0ul);
}

void host_cache_writeback(const void *p, size_t size)
{
    (void)p;
    (void)size;
}

void *port_memory(moat_paddr_t pa)
{
    void *p = mem_va(pa);

    return mem_is_page(p) && mem_state(p) != MEM_NONE ? p : NULL;
}

bool port_memory_freed(moat_paddr_t pa)
{
    return mem_state(mem_va(pa)) != MEM_USED;
}

static uint64_t tables_of(const void *p)
{
    const struct host_table_node *n = node_of(p);

    if ( n->state != PAGE_TABLE && n->state != PAGE_LISTED )
        return 0;
    return MX_OBJ(MX_TABLES, n->owner ? (uintptr_t)n->owner & 0xffff
                                      : 0xfffff);
}

uint64_t model_tables_of(moat_paddr_t pa)
{
    return mem_is_page(mem_va(pa)) ? tables_of(mem_va(pa)) : 0;
}

/* A store to DMA memory: entries, perhaps. */
void (*model_dma_stored)(void);

static void stored(void *p, uint64_t old)
{
    if ( tables_of(p) )
        hwu_stored(mem_pa(p), mx_cpu(), old, mem_stamp());
    else if ( model_dma_stored && node_of(p)->state == PAGE_DMA )
        model_dma_stored();
}

void mx_settled(void)
{
    unsigned int i;

    for ( i = 0; i < CPUS; i++ )
        hwu_drained(i, ~0u);
}

/* Stores leave a processor in order: who saw a later one saw these. */
static void seen(unsigned int cpu, unsigned int stamp)
{
    hwu_drained(cpu, stamp);
}

/* Taking a lock is one, and every atomic change; releasing one is not. */
void model_barrier(void)
{
    hwu_drained(mx_cpu(), ~0u);
}

void port_table_fail(unsigned int nth)
{
    table_fail = nth;
}

/* ---- Time ---- */

void (*model_relax)(void);

uint64_t host_now_ns(void)
{
    /* Everyone has a clock: waiting makes no one else late. */
    return ++me()->now;
}

void host_relax(void)
{
    struct cpu *c = me();
    unsigned int i;

    for ( i = 0; i < c->n_held; i++ )
        if ( c->held[i]->rank <= 4 )
            host_bug("waiting for hardware with a lock of rank %u held",
                     c->held[i]->rank);
    mx_point("waits", 0, PC);
    c->now += RELAX_NS;
    if ( model_relax )
        model_relax();
}

void host_process_softirqs(void)
{
    if ( me()->n_held || me()->devices || me()->irqs_off )
        host_bug("host_process_softirqs() with a lock held");
}

/* ---- Reset ---- */

void model_host_reset(void);

void port_reset(void)
{
    memset(cpus, 0, sizeof(cpus));
    memset(nodes, 0, sizeof(nodes));
    live = 0;
    table_fail = 0;
    mem_stored = stored;
    mem_tables_of = tables_of;
    mem_seen = seen;
    model_relax = NULL;
    model_dma_stored = NULL;
    model_unlocked = NULL;
    mem_start();
    model_host_reset();
    hwu_reset();
}

unsigned long port_live(void)
{
    return live;
}

void port_hw_lock(void)
{
}

void port_hw_unlock(void)
{
}

void port_relax_set(void (*fn)(void))
{
    model_relax = fn;
}

void port_status_write(uint64_t *p, uint64_t v)
{
    mx_access(MX_OBJ(MX_WORD, (uintptr_t)p & ~(uintptr_t)7), true);
    *p = v;
}
