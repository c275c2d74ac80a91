/* SPDX-License-Identifier: GPL-2.0-only */
/* The core's host: memory, log, upcalls. Its machine: host_dev.c. */
#include "host.h"

#include "util.h"

#include <moat/host.h>

#include <setjmp.h>
#include <stdlib.h>

/*
 * What no table of a real machine needs: one that was made to keep the scan
 * busy is given up.
 */
#define READS_MAX   (64u << 20)

const struct host_machine *host_now;
static struct host_log *log_now;
static jmp_buf way_out;
static unsigned int reads;

/* ---- Heap: a list, so that a run that ends early loses nothing ---- */

struct block
{
    struct block *next, *prev;
    uint8_t data[] __attribute__((aligned(16)));
};
static struct block heap = { &heap, &heap };

void *host_alloc(size_t size)
{
    struct block *b = xalloc(sizeof(*b) + size);

    b->next = &heap;
    b->prev = heap.prev;
    b->prev->next = heap.prev = b;
    return b->data;
}

void host_free(void *p)
{
    struct block *b = p ? container_of(p, struct block, data) : NULL;

    if ( !b )
        return;
    b->prev->next = b->next;
    b->next->prev = b->prev;
    free(b);
}

/* Nothing is ever brought up, so nothing is allocated for hardware. */
void *host_dma_alloc(size_t size, unsigned int node, moat_paddr_t *pa)
{
    (void)size;
    (void)node;
    (void)pa;
    return NULL;
}

void host_dma_free(void *p, size_t size)
{
    (void)size;
    if ( p )
        host_bug("memory of hardware given back that was never had");
}

void *host_table_alloc(void *owner, unsigned int node, moat_paddr_t *pa)
{
    (void)owner;
    return host_dma_alloc(MOAT_PAGE_SIZE, node, pa);
}

void *host_table_va(moat_paddr_t pa)
{
    host_bug("there is no table page at %#" PRIx64, pa);
}

void host_tables_init(struct host_tables *list)
{
    memset(list, 0, sizeof(*list));
}

bool host_tables_empty(const struct host_tables *list)
{
    return !list->n;
}

void host_tables_add(struct host_tables *list, void *page)
{
    (void)list;
    host_bug("there is no table page %p", page);
}

void host_tables_splice(struct host_tables *to, struct host_tables *from)
{
    (void)to;
    (void)from;
}

unsigned long host_tables_free(struct host_tables *list)
{
    return list->n;
}

unsigned long host_tables_free_some(struct host_tables *list,
                                    unsigned long max)
{
    (void)max;
    return list->n;
}

void host_cache_writeback(const void *p, size_t size)
{
    (void)p;
    (void)size;
}

/* ---- One thread ---- */

void host_lock_init(struct host_lock *l, unsigned int rank)
{
    l->rank = rank;
}

void host_lock(struct host_lock *l) { (void)l; }
void host_unlock(struct host_lock *l) { (void)l; }
void host_lock_assert(const struct host_lock *l) { (void)l; }
void host_devices_lock(void) { }
void host_devices_unlock(void) { }
void host_devices_assert_locked(void) { }

unsigned long host_lock_irqsave(struct host_lock *l)
{
    (void)l;
    return 0;
}

void host_unlock_irqrestore(struct host_lock *l, unsigned long flags)
{
    (void)l;
    (void)flags;
}

/* Time goes on with each look at it, so that no wait is for ever. */
uint64_t host_now_ns(void)
{
    static uint64_t ns;

    return ns += 1000000;
}

void host_work_init(struct host_work *w, void (*fn)(void *arg), void *arg)
{
    w->fn = fn;
    w->arg = arg;
}

void host_work_schedule(struct host_work *w) { (void)w; }
void host_work_kill(struct host_work *w) { (void)w; }
void host_process_softirqs(void) { }

/* ---- Upcalls ---- */

int host_identity_map(void *cookie, moat_iova_t first, moat_iova_t last,
                      unsigned int prot, unsigned int flags)
{
    (void)cookie;
    (void)first;
    (void)last;
    (void)prot;
    (void)flags;
    return -EOPNOTSUPP;
}

int host_identity_unmap(void *cookie, moat_iova_t first, moat_iova_t last)
{
    return host_identity_map(cookie, first, last, 0, 0);
}

int host_unit_irq_request(struct moat_unit *unit)
{
    (void)unit;
    return -EOPNOTSUPP;
}

void host_unit_irq_release(struct moat_unit *unit) { (void)unit; }

const char *host_domain_name(void *cookie, char *buf, size_t size)
{
    (void)cookie;
    snprintf(buf, size, "dom0");
    return buf;
}

void host_domain_crash(void *cookie) { (void)cookie; }
void host_device_failed(moat_sbdf_t dev) { (void)dev; }

bool host_log_ratelimit(void)
{
    return true;
}

static void add_line(enum log_level level, char *text)
{
    struct host_log *log = log_now;

    log->lines = grow(log->lines, log->nr, sizeof(*log->lines));
    log->lines[log->nr].level = level;
    log->lines[log->nr++].text = text;
}

void host_log(unsigned int level, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add_line(level, xvprintf(fmt, args));
    va_end(args);
}

void host_bug(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add_line(LOG_ERR, xvprintf(fmt, args));
    va_end(args);
    longjmp(way_out, 1);
}

void host_count_read(void)
{
    if ( ++reads > READS_MAX )
        host_bug("the scan of the table does not come to an end: more than "
                 "%u looks at configuration space", READS_MAX);
}

/* ---- The run ---- */

void host_log_free(struct host_log *log)
{
    size_t i;

    for ( i = 0; i < log->nr; i++ )
        free(log->lines[i].text);
    free(log->lines);
    memset(log, 0, sizeof(*log));
}

bool host_run(const struct host_machine *m, struct host_log *log,
              void (*fn)(void *arg), void *arg)
{
    volatile bool ended = false;

    host_now = m;
    log_now = log;
    reads = 0;
    if ( !setjmp(way_out) )
    {
        fn(arg);
        ended = true;
    }
    while ( heap.next != &heap )
        host_free(heap.next->data);
    host_now = NULL;
    log_now = NULL;

    return ended;
}
