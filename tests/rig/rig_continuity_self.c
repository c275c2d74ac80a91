/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does the judge see what it is there to see? The driver's own operations are
 * replaced by ones that do the right things in a wrong order, or not at
 * all; every one of them must be noticed.
 */
#include "continuity.h"
#include "core/hw.h"

#define LEAF_PAGE(e)    ((e) & 0x000ffffffffff000ull)

static const struct hw_ops *real;
static struct hw_ops wrong;
static struct machine m;
static uint64_t saved;

/* The entry of @iova's page in the tables of @e; NULL: no table there. */
static uint64_t *leaf_of(const struct hw_entry *e, moat_iova_t iova)
{
    moat_paddr_t table = e->root;
    unsigned int level;
    uint64_t *p = NULL;

    if ( e->kind != HW_ENTRY_TABLE )
        return NULL;
    for ( level = e->levels; level; level-- )
    {
        p = (uint64_t *)rig_ram(table) +
            ((iova >> (12 + 9 * (level - 1))) & 511);
        table = LEAF_PAGE(*p);
        if ( level > 1 && (!(*p & 3) || (*p & 0x80)) )
            return NULL;
    }
    return p;
}

static void take_out(const struct hw_entry *e)
{
    uint64_t *leaf = leaf_of(e, REGION);

    saved = leaf ? *leaf : 0;
    if ( leaf )
        host_store64(leaf, 0);
}

static void put_back(const struct hw_entry *e)
{
    uint64_t *leaf = leaf_of(e, REGION);

    if ( leaf )
        host_store64(leaf, saved);
}

static bool is_quarantine(const struct hw_entry *e)
{
    unsigned int i, levels;

    for ( i = 0; i < OWNERS; i++ )
        if ( e->root == moat_domain_root(m.dom[i], &levels) )
            return false;
    return e->kind == HW_ENTRY_TABLE;
}

/* ---- Wrong ways to swap an entry ---- */

static int through_nothing(struct moat_unit *u, uint16_t rid,
                           const struct hw_entry *old,
                           const struct hw_entry *new)
{
    static const struct hw_entry none;
    int rc = real->entry_swap(u, rid, old, &none);

    return rc ? rc : real->entry_swap(u, rid, &none, new);
}

static int region_late(struct moat_unit *u, uint16_t rid,
                       const struct hw_entry *old,
                       const struct hw_entry *new)
{
    int rc;

    take_out(new);
    rc = real->entry_swap(u, rid, old, new);
    put_back(new);
    return rc;
}

static int region_gone_early(struct moat_unit *u, uint16_t rid,
                             const struct hw_entry *old,
                             const struct hw_entry *new)
{
    int rc;

    take_out(old);
    rc = real->entry_swap(u, rid, old, new);
    put_back(old);
    return rc;
}

static int bare_quarantine(struct moat_unit *u, uint16_t rid,
                           const struct hw_entry *old,
                           const struct hw_entry *new)
{
    if ( is_quarantine(new) )
        take_out(new);
    return real->entry_swap(u, rid, old, new);
}

static int region_too_wide(struct moat_unit *u, uint16_t rid,
                           const struct hw_entry *old,
                           const struct hw_entry *new)
{
    uint64_t *leaf = leaf_of(new, BEFORE);

    if ( leaf )
        host_store64(leaf, BEFORE | 3);
    return real->entry_swap(u, rid, old, new);
}

static struct hw_entry exchange(const struct hw_entry *e)
{
    unsigned int levels;
    struct hw_entry other = *e;

    if ( e->root && e->root == moat_domain_root(m.dom[GUEST_A], &levels) )
        other.root = moat_domain_root(m.dom[GUEST_B], &levels);
    return other;
}

static int wrong_guest(struct moat_unit *u, uint16_t rid,
                       const struct hw_entry *old,
                       const struct hw_entry *new)
{
    struct hw_entry from = exchange(old), to = exchange(new);

    return real->entry_swap(u, rid, &from, &to);
}

/* ---- Wrong ways to flush ---- */

static int drop_kind(struct moat_unit *u, const struct hw_flush *f,
                     unsigned int n, uint32_t *token, enum hw_flush_kind a,
                     enum hw_flush_kind b)
{
    struct hw_flush kept[32];
    unsigned int i, k = 0;

    for ( i = 0; i < n && k < ARRAY_SIZE(kept); i++ )
        if ( f[i].kind != a && f[i].kind != b )
            kept[k++] = f[i];
    return real->flush_submit(u, kept, k, token);
}

static int no_id_flush(struct moat_unit *u, const struct hw_flush *f,
                       unsigned int n, uint32_t *token)
{
    return drop_kind(u, f, n, token, HW_FLUSH_DID, HW_FLUSH_DID_RANGE);
}

static int no_entry_flush(struct moat_unit *u, const struct hw_flush *f,
                          unsigned int n, uint32_t *token)
{
    return drop_kind(u, f, n, token, HW_FLUSH_ENTRY, HW_FLUSH_ENTRY);
}

/* ---- Is it noticed? ---- */

static const struct wrong_way
{
    const char *what;
    int (*entry_swap)(struct moat_unit *u, uint16_t rid,
                      const struct hw_entry *old,
                      const struct hw_entry *new);
    int (*flush_submit)(struct moat_unit *u, const struct hw_flush *f,
                        unsigned int n, uint32_t *token);
    bool evict;                 /* what full caches would hide */
} ways[] = {
    { "an entry goes through non-present", through_nothing, NULL, true },
    { "the region comes after the entry", region_late, NULL, true },
    { "the region goes before the entry", region_gone_early, NULL, true },
    { "quarantine without regions", bare_quarantine, NULL, false },
    { "a region too wide", region_too_wide, NULL, false },
    { "another guest's tables", wrong_guest, NULL, false },
    { "the old id is not flushed", NULL, no_id_flush, false },
    { "the old entry is not flushed", NULL, no_entry_flush, false },
    { NULL, NULL, NULL, false }, { NULL, NULL, NULL, true },
};

/* Dom0 to quarantine, to guest A, to guest B; violations are counted. */
static unsigned long noticed(struct judge *j, const struct wrong_way *way)
{
    const struct plan *p = &plans[0];
    struct moat_unit *u;
    unsigned int i;

    j->evict = way->evict;
    j->violations = 0;
    REQUIRE(!machine_up(&m));
    REQUIRE(!judge_look(j, 0, DOM0));
    u = moat_unit_get(m.p, 0);
    real = u->ops;
    wrong = *real;
    if ( way->entry_swap )
        wrong.entry_swap = way->entry_swap;
    if ( way->flush_submit )
        wrong.flush_submit = way->flush_submit;
    u->ops = &wrong;
    for ( i = 0; i < 3; i++ )
    {
        CHECK_EQ(plan_play(j, p, i, true), 0);
        j->violations += judge_look(j, 0, p->ops[i].after[0]);
    }
    u->ops = real;
    return j->violations;
}

RIG_TEST(self_check)
{
    struct judge j;
    unsigned int i;
    unsigned long n;

    machine_start(&m, &plans[0].machine);
    judge_init(&j, &m);
    j.quiet = true;
    for ( i = 0; i < ARRAY_SIZE(ways); i++ )
    {
        n = noticed(&j, &ways[i]);
        if ( ways[i].what )
            CHECK_MSG(n, "not noticed: %s", ways[i].what);
        else
            CHECK_EQ(n, 0);
        /* What went wrong is not taken down in order. */
        machine_recycle(&m);
    }
    test_note("%u wrong ways noticed", i - 2);
    add_totals(&j);
}
