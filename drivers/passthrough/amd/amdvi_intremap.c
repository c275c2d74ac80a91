/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt remapping: a table for each requester (XSA-36), found through
 * its device table entry. AMD IOMMU specification (48882, rev. 3.07) 2.2.5.
 *
 * The data of an MSI, or vector and delivery mode of an IO-APIC's entry, is
 * the index into the sender's own table: who sends is checked by the unit,
 * as nobody can reach another's entries. Ids that cannot be told apart (an
 * alias, a bridge's) share one table.
 *
 * With 32-bit destinations entries are of 128 bits, else of 32, two to a
 * word; all writers of a table hold the unit's interrupt lock, so that the
 * other half of a word is stored as it is.
 */
#include "amdvi_unit.h"

#define RTE_VECTOR      MOAT_MASK(7, 0)
#define RTE_DELIVERY    MOAT_MASK(10, 8)
#define RTE_LOGICAL     MOAT_BIT(11)
#define RTE_DEST        MOAT_MASK(63, 32)
#define MSI_ADDR        0xfee00000u

static size_t irt_size(const struct amdvi_unit *a)
{
    return a->x2apic ? AMDVI_INTR_ENTRIES * 16u : MOAT_PAGE_SIZE;
}

struct amdvi_irt *amdvi_irt_find(const struct amdvi_unit *a, uint16_t rid)
{
    struct amdvi_irt **bus = HOST_READ_ONCE(a->irt[rid >> 8]);

    return bus ? HOST_READ_ONCE(bus[rid & 0xff]) : NULL;
}

static struct amdvi_irt *irt_alloc(const struct amdvi_unit *a)
{
    struct amdvi_irt *t = host_alloc(sizeof(*t));

    if ( !t )
        return NULL;
    t->va = host_dma_alloc(irt_size(a), a->unit.node, &t->pa);
    if ( t->va )
        return t;
    host_free(t);
    return NULL;
}

static void irt_drop(const struct amdvi_unit *a, struct amdvi_irt *t)
{
    if ( t->users && --t->users )
        return;
    host_dma_free(t->va, irt_size(a));
    host_free(t);
}

void amdvi_irt_free_all(struct amdvi_unit *a)
{
    unsigned int bus, fn;

    for ( bus = 0; bus < ARRAY_SIZE(a->irt); bus++ )
    {
        for ( fn = 0; a->irt[bus] && fn < 256; fn++ )
            if ( a->irt[bus][fn] )
                irt_drop(a, a->irt[bus][fn]);
        host_free(a->irt[bus]);
        a->irt[bus] = NULL;
    }
}

/* The core gives up what it kept there. */
static void irt_forget_core(const struct amdvi_unit *a)
{
    unsigned int bus, fn;

    for ( bus = 0; bus < ARRAY_SIZE(a->irt); bus++ )
        for ( fn = 0; a->irt[bus] && fn < 256; fn++ )
            if ( a->irt[bus][fn] )
                a->irt[bus][fn]->space = NULL;
}

/* Unit lock held. Memory for the pointers of a bus. */
static int bus_prepare(struct amdvi_unit *a, unsigned int bus)
{
    struct amdvi_irt **p;

    if ( a->irt[bus] )
        return 0;
    p = host_alloc(256 * sizeof(*p));
    if ( !p )
        return -ENOMEM;
    host_wmb();
    HOST_WRITE_ONCE(a->irt[bus], p);
    return 0;
}

/* The one table some of @rids have. -EBUSY: they have different ones. */
static int common_table(const struct amdvi_unit *a, const uint16_t *rids,
                        unsigned int n, struct amdvi_irt **t)
{
    unsigned int i;

    *t = NULL;
    for ( i = 0; i < n; i++ )
    {
        struct amdvi_irt *have = amdvi_irt_find(a, rids[i]);

        if ( have && *t && have != *t )
            return -EBUSY;
        *t = have ? have : *t;
    }
    return 0;
}

/* Unit lock held. Sets *@changed where an entry must be flushed. */
static int prepare_locked(struct amdvi_unit *a, const uint16_t *rids,
                          unsigned int n, bool *changed)
{
    struct amdvi_irt *t;
    unsigned int i;
    int rc = common_table(a, rids, n, &t);

    for ( i = 0; !rc && i < n; i++ )
        rc = amdvi_dte_at(a, rids[i]) ? bus_prepare(a, rids[i] >> 8)
                                      : -ENODEV;
    if ( rc )
        return rc;
    if ( !t )
        t = irt_alloc(a);
    if ( !t )
        return -ENOMEM;

    for ( i = 0; i < n; i++ )
    {
        if ( a->irt[rids[i] >> 8][rids[i] & 0xff] )
            continue;
        t->users++;
        host_wmb();
        HOST_WRITE_ONCE(a->irt[rids[i] >> 8][rids[i] & 0xff], t);
        amdvi_dte_intr(a, rids[i]);
        *changed = true;
    }
    return 0;
}

/*
 * Give the ids of one requester a table, the same for all. Tables stay until
 * remapping is switched off. Device lock held, interrupts on. -ENOMEM;
 * -ENODEV: an id beyond the device table; -EBUSY: some have tables already,
 * and not the same.
 */
int cf_check amdvi_intr_prepare(struct moat_unit *u, const uint16_t *rids,
                                unsigned int n)
{
    struct amdvi_unit *a = to_amdvi(u);
    struct hw_flush f;
    bool changed = false;
    uint32_t token;
    unsigned int i;
    int rc;

    if ( !a->ready || !a->intremap )
        return 0;

    host_lock(&u->lock);
    rc = n ? prepare_locked(a, rids, n, &changed) : 0;
    host_unlock(&u->lock);

    memset(&f, 0, sizeof(f));
    f.kind = HW_FLUSH_ENTRY;
    for ( i = 0; !rc && changed && i < n; i++ )
    {
        f.rid = rids[i];
        rc = amdvi_flush_submit(u, &f, 1, &token);
        rc = rc ? rc : amdvi_flush_wait(u, token);
    }
    return rc;
}

struct intr_table **cf_check amdvi_intr_space(struct moat_unit *u,
                                              uint16_t rid)
{
    struct amdvi_irt *t = amdvi_irt_find(to_amdvi(u), rid);

    return t ? &t->space : NULL;
}

/* IO-APICs and HPETs: their ids are known from the table alone. */
static int prepare_special(struct amdvi_unit *a)
{
    const struct unit_scope *sc;
    int rc = 0;

    for ( sc = a->unit.scopes; sc && !rc; sc = sc->next )
        if ( sc->kind == SCOPE_IOAPIC || sc->kind == SCOPE_HPET )
        {
            uint16_t rid = MOAT_SBDF_RID(sc->dev);

            rc = amdvi_intr_prepare(&a->unit, &rid, 1);
        }
    return rc;
}

int cf_check amdvi_enable_intremap(struct moat_unit *u, bool x2apic)
{
    struct amdvi_unit *a = to_amdvi(u);
    int rc;

    if ( !a->ready || a->on || a->intremap )
        return a->ready ? -EBUSY : -ENODEV;
    if ( x2apic && !u->caps.x2apic )
        return -EOPNOTSUPP;

    rc = amdvi_dte_stage(a);
    if ( rc )
        return rc;
    a->x2apic = x2apic;
    a->intremap = true;
    amdvi_dte_intr_all(a);
    rc = prepare_special(a);
    if ( !rc )
        rc = amdvi_on(a);
    if ( rc )
        amdvi_disable_intremap(u);
    return rc;
}

void cf_check amdvi_disable_intremap(struct moat_unit *u)
{
    struct amdvi_unit *a = to_amdvi(u);

    if ( !a->intremap )
        return;
    a->intremap = false;
    irt_forget_core(a);

    if ( !a->dma_on && a->on && amdvi_off(a) )
    {
        host_log_err(AMDVI_FMT "goes on remapping interrupts",
                     AMDVI_ARG(a));
        a->intremap = true;
        return;
    }
    amdvi_dte_intr_all(a);
    /* With translation on, the tables must be out of the unit first. */
    if ( a->on && amdvi_flush_everything(a) )
        return;
    amdvi_irt_free_all(a);
    if ( !a->dma_on )
        amdvi_dte_unstage(a);
    a->x2apic = false;
}

/* ---- Entries ---- */

/* The word (pair, at 128 bits) that holds entry @index of @rid; or NULL. */
static uint64_t *irte_at(const struct amdvi_unit *a, uint16_t rid,
                         unsigned int index)
{
    const struct amdvi_irt *t = amdvi_irt_find(a, rid);

    if ( !t || index >= AMDVI_INTR_ENTRIES )
        return NULL;
    return t->va + (a->x2apic ? 2 * (size_t)index : index / 2);
}

static int irte_check(const struct amdvi_unit *a, const struct hw_irte *e)
{
    /* 2.2.5.2: nothing else can be sent by an entry; nor posted, yet. */
    if ( e->pi_desc )
        return -EOPNOTSUPP;
    if ( e->intr.delivery > AMDVI_INTTYPE_ARBITRATED )
        return -EINVAL;
    if ( !a->x2apic && e->intr.dest > 0xff )
        return -EINVAL;
    return 0;
}

int cf_check amdvi_irte_set(struct moat_unit *u, unsigned int index,
                            const struct hw_irte *e)
{
    struct amdvi_unit *a = to_amdvi(u);
    uint64_t *p = irte_at(a, e->rid, index), w;
    struct amdvi_words old, new;
    unsigned int shift = index & 1 ? 32 : 0;
    int rc = e->present ? irte_check(a, e) : 0;

    host_lock_assert(&u->intr_lock);
    if ( !p || rc )
        return rc ? rc : -ENODEV;

    if ( !a->x2apic )
    {
        w = HOST_READ_ONCE(*p) & ~((uint64_t)0xffffffffu << shift);
        host_store64(p, w | (uint64_t)amdvi_make_irte32(e) << shift);
        return 0;
    }

    new = amdvi_make_irte128(e);
    do {
        old.w[0] = HOST_READ_ONCE(p[0]);
        old.w[1] = HOST_READ_ONCE(p[1]);
    } while ( !host_cmpxchg16(p, old.w, new.w) );
    return 0;
}

int cf_check amdvi_irte_get(struct moat_unit *u, unsigned int index,
                            struct hw_irte *e)
{
    struct amdvi_unit *a = to_amdvi(u);
    uint64_t *p = irte_at(a, e->rid, index);
    struct amdvi_words d;

    if ( !p )
        return -ENODEV;
    memset(&e->intr, 0, sizeof(e->intr));
    e->pi_desc = 0;
    /* Who may use it follows from whose table it is: left as it was given. */
    if ( !a->x2apic )
    {
        amdvi_parse_irte32((uint32_t)(HOST_READ_ONCE(*p) >>
                                      (index & 1 ? 32 : 0)), e);
        return 0;
    }
    d.w[0] = HOST_READ_ONCE(p[0]);
    d.w[1] = HOST_READ_ONCE(p[1]);
    amdvi_parse_irte128(&d, e);
    return 0;
}

/*
 * 2.2.5: the index is the data of the message. A device with @n messages
 * changes its low bits, which is why runs of entries are aligned.
 */
void cf_check amdvi_msi_compose(const struct moat_unit *u,
                                unsigned int index, unsigned int n,
                                struct moat_msi_msg *msg)
{
    (void)u;
    (void)n;
    msg->addr_lo = MSI_ADDR;
    msg->addr_hi = 0;
    msg->data = index;
}

/* The index takes the place of vector and delivery mode. */
uint64_t cf_check amdvi_rte_compose(const struct moat_unit *u,
                                    unsigned int index, uint64_t rte)
{
    (void)u;
    rte &= ~(RTE_VECTOR | RTE_DELIVERY | RTE_LOGICAL | RTE_DEST);
    return rte | FIELD_PREP(RTE_VECTOR, index & 0xff) |
           FIELD_PREP(RTE_DELIVERY, index >> 8);
}

/*
 * A programmed word does not tell whether it was meant as an index: with
 * remapping on, the unit takes every one for such.
 */
int cf_check amdvi_rte_index(const struct moat_unit *u, uint64_t hw)
{
    const struct amdvi_unit *a = to_amdvi_const(u);
    unsigned int index = (unsigned int)(FIELD_GET(RTE_VECTOR, hw) |
                                        FIELD_GET(RTE_DELIVERY, hw) << 8);

    return a->intremap && index < AMDVI_INTR_ENTRIES ? (int)index : -ENOENT;
}
