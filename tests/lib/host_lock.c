/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Locks of the userspace host. Each acquisition asserts the order of
 * core/hw.h (every lock held has a lower rank), that a lock's interrupt class
 * never changes, and that no thread waits for itself.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

#define LOCK_MAGIC  0x6c6f636bu
#define MAX_HELD    16u

static __thread struct host_lock *held[MAX_HELD];
static __thread unsigned int n_held;
static __thread unsigned int irqs_off;

static int thread_number(void)
{
    static int last;
    static __thread int number;

    if ( !number )
        number = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
    return number + 1;
}

void sim_irqs_off(void)
{
    irqs_off++;
}

void sim_irqs_on(void)
{
    if ( !irqs_off )
        host_bug("sim_irqs_on(): interrupts are on");
    irqs_off--;
}

bool sim_irqs_are_off(void)
{
    return irqs_off;
}

/* ---- The device lock: recursive, outermost, interrupts on ---- */

static pthread_mutex_t devices_mutex = PTHREAD_MUTEX_INITIALIZER;
static __thread unsigned int devices_depth;

void host_devices_lock(void)
{
    if ( n_held )
        host_bug("device lock taken with a lock of rank %u held",
                 held[n_held - 1]->rank);
    if ( irqs_off )
        host_bug("device lock taken with interrupts off");
    if ( !devices_depth++ )
        pthread_mutex_lock(&devices_mutex);
}

void host_devices_unlock(void)
{
    if ( !devices_depth )
        host_bug("device lock released, but not held");
    if ( !--devices_depth )
        pthread_mutex_unlock(&devices_mutex);
}

void host_devices_assert_locked(void)
{
    if ( !devices_depth )
        host_bug("device lock not held");
}

/* ---- Ranked locks ---- */

void host_lock_init(struct host_lock *l, unsigned int rank)
{
    memset(l, 0, sizeof(*l));
    pthread_mutex_init(&l->mutex, NULL);
    l->magic = LOCK_MAGIC;
    l->rank = rank;
}

/* Looked at without the lock, to tell misuse: as single words. */
#define load(p)     ((int)__atomic_load_n(p, __ATOMIC_RELAXED))
#define store(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)

static void lock_acquire(struct host_lock *l, int class)
{
    int me = thread_number(), known = load(&l->class);
    unsigned int i;

    test_step(TEST_STEP_SYNC, l);
    if ( l->magic != LOCK_MAGIC )
        host_bug("lock %p was never initialised", (void *)l);
    if ( load(&l->owner) == me )
        host_bug("lock of rank %u: this thread holds it already", l->rank);
    for ( i = 0; i < n_held; i++ )
        if ( held[i]->rank >= l->rank )
            host_bug("lock order: rank %u taken with rank %u held", l->rank,
                     held[i]->rank);
    if ( known != LOCK_UNUSED && known != class )
        host_bug("lock of rank %u is taken with and without irqsave",
                 l->rank);
    if ( class == LOCK_IRQS_ON && irqs_off )
        host_bug("lock of rank %u taken with interrupts off", l->rank);
    if ( n_held == MAX_HELD )
        host_bug("more than %u locks held", MAX_HELD);

    while ( pthread_mutex_trylock(&l->mutex) )
    {
        if ( sim_lock_wait_hook(l) )
            continue;
        pthread_mutex_lock(&l->mutex);
        break;
    }
    store(&l->owner, me);
    store(&l->class, class);
    held[n_held++] = l;
}

static void lock_release(struct host_lock *l)
{
    unsigned int i;

    if ( load(&l->owner) != thread_number() )
        host_bug("lock of rank %u released by a thread that does not hold it",
                 l->rank);
    for ( i = 0; i < n_held && held[i] != l; i++ )
        continue;
    for ( n_held--; i < n_held; i++ )
        held[i] = held[i + 1];
    store(&l->owner, 0);
    pthread_mutex_unlock(&l->mutex);
    test_step(TEST_STEP_SYNC, l);
}

void host_lock(struct host_lock *l)
{
    lock_acquire(l, LOCK_IRQS_ON);
}

void host_unlock(struct host_lock *l)
{
    if ( l->class == LOCK_IRQSAVE )
        host_bug("host_unlock() of an irqsave lock of rank %u", l->rank);
    lock_release(l);
}

unsigned long host_lock_irqsave(struct host_lock *l)
{
    unsigned long flags = irqs_off++;

    lock_acquire(l, LOCK_IRQSAVE);
    return flags;
}

void host_unlock_irqrestore(struct host_lock *l, unsigned long flags)
{
    if ( l->class != LOCK_IRQSAVE )
        host_bug("host_unlock_irqrestore() of a lock of rank %u taken without",
                 l->rank);
    if ( flags + 1 != irqs_off )
        host_bug("lock of rank %u: wrong interrupt state given back", l->rank);
    lock_release(l);
    irqs_off = (unsigned int)flags;
}

void host_lock_assert(const struct host_lock *l)
{
    if ( load(&l->owner) != thread_number() )
        host_bug("lock of rank %u not held", l->rank);
}

unsigned int sim_locks_held(void)
{
    return n_held + !!devices_depth;
}

void sim_locks_reset(void)
{
    while ( n_held )
    {
        n_held--;
        held[n_held]->owner = 0;
        pthread_mutex_unlock(&held[n_held]->mutex);
    }
    if ( devices_depth )
    {
        devices_depth = 0;
        pthread_mutex_unlock(&devices_mutex);
    }
    irqs_off = 0;
}

void sim_lock_check_relax(unsigned int rank)
{
    unsigned int i;

    for ( i = 0; i < n_held; i++ )
        if ( held[i]->rank && held[i]->rank <= rank )
            host_bug("waiting for hardware with a lock of rank %u held",
                     held[i]->rank);
}

void sim_lock_check_alloc(const char *what)
{
    if ( irqs_off )
        host_bug("%s with interrupts off", what);
}

void sim_lock_check_none(const char *what)
{
    if ( n_held )
        host_bug("%s with a lock of rank %u held", what, held[0]->rank);
    sim_lock_check_alloc(what);
}
