/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocation of interrupt-remapping entries: the summaries of struct
 * intr_table make it three looks, whatever the fill (S16: no scan with
 * interrupts off).
 */

#include "intr.h"

int intr_table_init(struct moat_unit *u)
{
    struct intr_table *t;

    return u->intr || u->caps.intr_per_rid ? 0 : intr_table_add(u, &t);
}

int intr_table_add(struct moat_unit *u, struct intr_table **slot)
{
    unsigned int entries = u->caps.intr_entries, w, o;
    struct intr_table *t;

    if ( entries < 64 || entries > INTR_MAX_ENTRIES || !is_pow2(entries) )
        return -EINVAL;
    t = host_alloc(sizeof(*t));
    if ( !t )
        return -ENOMEM;
    t->word = host_alloc(entries / 64 * sizeof(*t->word));
    if ( !t->word )
    {
        host_free(t);
        return -ENOMEM;
    }

    t->entries = entries;
    for ( w = 0; w < entries / 64; w++ )
    {
        t->word[w] = ~(uint64_t)0;
        for ( o = 0; o <= INTR_MAX_ORDER; o++ )
        {
            t->mid[o][w / 64] |= MOAT_BIT(w % 64);
            t->top[o] |= MOAT_BIT(w / 64);
        }
    }
    t->next = u->intr;
    u->intr = t;
    *slot = t;
    return 0;
}

void intr_table_fini(struct moat_unit *u)
{
    struct intr_table *t;

    while ( (t = u->intr) != NULL )
    {
        u->intr = t->next;
        host_free(t->word);
        host_free(t);
    }
}

struct intr_table *intr_table_of(struct moat_unit *u, uint16_t rid)
{
    struct intr_table **slot;

    if ( !u->caps.intr_per_rid )
        return u->intr;
    slot = u->ops->intr_space(u, rid);
    return slot ? *slot : NULL;
}

unsigned long intr_used(const struct moat_unit *u, unsigned long *total)
{
    const struct intr_table *t;
    unsigned long used = 0;

    *total = 0;
    for ( t = u->intr; t; t = t->next )
    {
        used += HOST_READ_ONCE(t->used);
        *total += t->entries;
    }
    return used;
}

/* Where an aligned run of 2^order may start in a word. */
static const uint64_t run_starts[INTR_MAX_ORDER + 1] = {
    0xffffffffffffffffu, 0x5555555555555555u, 0x1111111111111111u,
    0x0101010101010101u, 0x0001000100010001u, 0x0000000100000001u,
    0x0000000000000001u,
};

/*
 * Bit i of the result: @free has an aligned run of 2^order at i. Each step
 * joins two neighbours of the size below.
 */
static uint64_t runs(uint64_t free, unsigned int order)
{
    unsigned int o;

    for ( o = 0; o < order; o++ )
        free &= free >> (1u << o);
    return free & run_starts[order];
}

static void summarise(struct intr_table *t, unsigned int w)
{
    uint64_t free = t->word[w];
    unsigned int o;

    /* As runs() does, each size from the one below. */
    for ( o = 0; o <= INTR_MAX_ORDER; o++ )
    {
        if ( o )
            free &= free >> (1u << (o - 1));
        if ( free & run_starts[o] )
            t->mid[o][w / 64] |= MOAT_BIT(w % 64);
        else
            t->mid[o][w / 64] &= ~MOAT_BIT(w % 64);
        if ( t->mid[o][w / 64] )
            t->top[o] |= MOAT_BIT(w / 64);
        else
            t->top[o] &= ~MOAT_BIT(w / 64);
    }
}

static uint64_t mask_of(unsigned int index, unsigned int n)
{
    return (~(uint64_t)0 >> (64 - n)) << (index % 64);
}

int intr_alloc(struct intr_table *t, unsigned int n)
{
    unsigned int order, m, w, bit;

    if ( !is_pow2(n) || n > 1u << INTR_MAX_ORDER )
        return -EINVAL;
    order = log2_floor(n);
    if ( !t->top[order] )
        return -ENOSPC;
    m = (unsigned int)__builtin_ctzll(t->top[order]);
    w = m * 64 + (unsigned int)__builtin_ctzll(t->mid[order][m]);
    bit = (unsigned int)__builtin_ctzll(runs(t->word[w], order));
    t->word[w] &= ~mask_of(bit, n);
    t->used += n;
    summarise(t, w);
    return (int)(w * 64 + bit);
}

void intr_release(struct intr_table *t, unsigned int index, unsigned int n)
{
    t->word[index / 64] |= mask_of(index, n);
    t->used -= n;
    summarise(t, index / 64);
}

bool intr_is_used(const struct intr_table *t, unsigned int index,
                  unsigned int n)
{
    if ( !is_pow2(n) || n > 64 || index % n || index >= t->entries ||
         n > t->entries - index )
        return false;
    return !(t->word[index / 64] & mask_of(index, n));
}
