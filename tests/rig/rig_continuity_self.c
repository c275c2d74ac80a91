/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does the judge see what it is there to see? The driver's own operations are
 * replaced by ones that do the right things in a wrong order, or not at
 * all; every one of them must be noticed.
 */
#include "continuity.h"
#include "amd/amdvi_unit.h"

#define LEAF_PAGE(e)    ((e) & 0x000ffffffffff000ull)
/* A leaf with all rights. */
#define VTD_LEAF        0x3ull
#define AMD_LEAF        0x6000000000000001ull

static const struct hw_ops *real;
static struct hw_ops wrong;
static struct machine m;
static uint64_t saved;

/* Does an entry lead to another table? */
static bool leads_on(uint64_t entry)
{
    return rig_amd() ? (entry & 1) && (entry & 0xe00)
                     : (entry & 3) && !(entry & 0x80);
}

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
        if ( level > 1 && !leads_on(*p) )
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
        host_store64(leaf, BEFORE | (rig_amd() ? AMD_LEAF : VTD_LEAF));
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

/* The write-only page can be read as well. */
static int too_many_rights(struct moat_unit *u, uint16_t rid,
                           const struct hw_entry *old,
                           const struct hw_entry *new)
{
    uint64_t *leaf = leaf_of(new, WRITE_ONLY);

    if ( leaf )
        host_store64(leaf, WRITE_ONLY | AMD_LEAF);
    return real->entry_swap(u, rid, old, new);
}

static int right_late(struct moat_unit *u, uint16_t rid,
                      const struct hw_entry *old,
                      const struct hw_entry *new)
{
    uint64_t *leaf = leaf_of(new, READ_ONLY), right = leaf ? *leaf : 0;
    int rc;

    if ( leaf )
        host_store64(leaf, 0);
    rc = real->entry_swap(u, rid, old, new);
    if ( leaf )
        host_store64(leaf, right);
    return rc;
}

/* ---- Wrong ways to store a device table entry ---- */

static struct amdvi_words words_of(struct moat_unit *u, uint16_t rid,
                                   const struct hw_entry *e)
{
    return amdvi_make_dte(e, amdvi_settings(to_amdvi(u), rid),
                          to_amdvi(u)->empty_pa);
}

/* What is to be there after the swap, one word after the other. */
static int in_halves(struct moat_unit *u, uint16_t rid,
                     const struct hw_entry *new, unsigned int first,
                     bool through_invalid)
{
    struct amdvi_words w = words_of(u, rid, new);
    uint64_t *dte = amdvi_dte_at(to_amdvi(u), rid);

    /* A cache may be empty at any time: what comes in now, comes from here. */
    rig_unit_evict();
    if ( through_invalid )
        host_store64(&dte[0], 0);
    host_store64(&dte[first], w.w[first]);
    host_store64(&dte[!first], w.w[!first]);
    return 0;
}

static int id_before_root(struct moat_unit *u, uint16_t rid,
                          const struct hw_entry *old,
                          const struct hw_entry *new)
{
    (void)old;
    return in_halves(u, rid, new, 1, false);
}

static int through_invalid(struct moat_unit *u, uint16_t rid,
                           const struct hw_entry *old,
                           const struct hw_entry *new)
{
    (void)old;
    return in_halves(u, rid, new, 1, true);
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
}, amd_ways[] = {
    { "a right too many", too_many_rights, NULL, false },
    { "the right to read comes after the entry", right_late, NULL, true },
    { "the new id with the old tables", id_before_root, NULL, false },
    { "an entry that is not valid in between", through_invalid, NULL, true },
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

static unsigned int check_ways(struct judge *j, const struct wrong_way *way,
                               unsigned int n)
{
    unsigned int found = 0;
    unsigned long got;

    for ( ; n; n--, way++ )
    {
        got = noticed(j, way);
        if ( way->what )
            CHECK_MSG(got, "not noticed: %s", way->what);
        else
            CHECK_EQ(got, 0);
        found += way->what && got;
        /* What went wrong is not taken down in order. */
        machine_recycle(&m);
    }
    return found;
}

static void check_self(const struct plan *p)
{
    struct judge j;
    unsigned int n;

    machine_start(&m, &p->machine);
    judge_init(&j, &m);
    j.quiet = true;
    n = check_ways(&j, ways, ARRAY_SIZE(ways));
    if ( rig_amd() )
        n += check_ways(&j, amd_ways, ARRAY_SIZE(amd_ways));
    test_note("%u wrong ways noticed", n);
    add_totals(&j);
}

VARIANT(self_check, check_self, 0, )
VARIANT(amd_self_check, check_self, 0,
        (p.machine.rig.amd = true, p.machine.rights = true))
