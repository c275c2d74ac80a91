/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A group of three members and twelve requester ids (a bridge's, phantom
 * functions) under every failure: the n-th allocation, the n-th entry that
 * resists, that and the way back, the n-th wait after which the unit is mute;
 * for every n of every operation. After each: all ids are in one place, where
 * the owners' books say, with their reserved memory, or all is cut off.
 */
#include "moves.h"

#define PCI_C       MOAT_SBDF(0, 1, 3, 0)
#define SEC         MOAT_SBDF(0, 1, 0, 0)
#define GROUP_RMRR  0x7d000000ull
#define B_RMRR      0x7c000000ull
#define NEVER       1000u

static struct moat_device *dev[3];      /* PCI_A, PCI_B, PCI_C */
static unsigned long base_ids;          /* free, all at home */

static int regions(struct moat_platform *p)
{
    int rc = resv_add(p, GROUP_RMRR, GROUP_RMRR + 0x1fff, MOAT_RW, BRIDGE, 0);

    return rc ? rc : resv_add(p, B_RMRR, B_RMRR + 0xfff, MOAT_RW, PCI_B, 0);
}

static int add_c(void)
{
    struct moat_device_info info = { .dev = PCI_C, .phantom_stride = 1 };
    int rc;

    host_devices_lock();
    rc = moat_device_add(m.p, &info, m.dom0, &dev[2]);
    if ( rc )
        dev[2] = NULL;
    host_devices_unlock();
    return rc;
}

static int unplug(unsigned int i)
{
    int rc;

    host_devices_lock();
    rc = moat_device_remove(dev[i]);
    host_devices_unlock();
    dev[i] = NULL;
    return rc;
}

static void up_group(bool with_c)
{
    if ( sim_pci_find(PCI_C) )
        sim_pci_remove(PCI_C);
    sim_pci_set16(sim_pci_add(PCI_C, 0x8086, 0x1000, 0x020000), 4, 6);
    up(regions);
    moves_watching = false;
    sim_hooks_set(NULL);
    REQUIRE(machine_add(&m, BRIDGE) != NULL);
    REQUIRE((dev[0] = machine_add(&m, PCI_A)) != NULL);
    REQUIRE((dev[1] = machine_add(&m, PCI_B)) != NULL);
    dev[2] = NULL;
    if ( with_c )
        REQUIRE(!add_c());
    base_ids = counts().free_ids;
}

/* ---- The operations: a state to start from, and what to do ---- */

static void all_quarantine(void)
{
    unsigned int i;

    for ( i = 0; i < 3; i++ )
        REQUIRE(!move(dev[i], NULL));
}

static void all_a(void)
{
    unsigned int i;

    all_quarantine();
    for ( i = 0; i < 3; i++ )
        REQUIRE(!move(dev[i], m.a));
}

static void home(void) { }
static void last_home(void)
{
    REQUIRE(!move(dev[0], NULL));
    REQUIRE(!move(dev[1], NULL));
}
static void last_a(void)
{
    all_a();
    REQUIRE(!move(dev[0], NULL));
    REQUIRE(!move(dev[1], NULL));
}

static int to_quarantine(void) { return move(dev[2], NULL); }
static int to_a(void) { return move(dev[2], m.a); }
static int to_b(void) { return move(dev[2], m.b); }
static int to_home(void) { return move(dev[2], m.dom0); }
static int remove_c(void) { return unplug(2); }

static const struct op
{
    const char *name;
    bool with_c;
    void (*start)(void);
    int (*run)(void);
    int to;             /* 0: dom0, 1: a, 2: b, 3: quarantine, 4: gone */
} ops[] = {
    { "add", false, home, add_c, 0 },
    { "first pending", true, home, to_quarantine, 3 },
    { "last to quarantine", true, last_home, to_quarantine, 3 },
    { "last straight to a guest", true, last_home, to_a, 1 },
    { "first to a guest", true, all_quarantine, to_a, 1 },
    { "first home", true, all_quarantine, to_home, 0 },
    { "last from a guest", true, last_a, to_quarantine, 3 },
    { "last from guest to guest", true, last_a, to_b, 2 },
    { "last from a guest home", true, last_a, to_home, 0 },
    { "removed at home", true, home, remove_c, 4 },
    { "removed from a guest", true, all_a, remove_c, 4 },
    { "last removed, rest due", true, last_home, remove_c, 4 },
};

static struct moat_domain *target(int to)
{
    return to == 0 ? m.dom0 : to == 1 ? m.a : to == 2 ? m.b : NULL;
}

/* ---- What is always true ---- */

static const struct op *now;
static const char *how;
static unsigned long nth;

static void broken(const char *what, moat_sbdf_t id)
{
    test_fail(__FILE__, __LINE__, "%s, %s %lu: %s (" MOAT_PRI_SBDF ")",
              now->name, how, nth, what, MOAT_SBDF_ARG(id));
}

/* Every id of the group says the same, as the group's books do. */
static void check_entries(void)
{
    const struct dev_group *g = dev[0]->group;
    const struct rid_entry *e;
    unsigned int n = 0;

    for ( e = g->entries; e; e = e->next, n++ )
    {
        const struct hw_entry *h = &u->mem[MOAT_SBDF_RID(e->id)];

        if ( h->kind != e->now.kind ||
             (h->kind && (h->root != e->now.root || h->did != e->now.did)) )
            broken("the books are wrong", e->id);
        if ( h->kind && (h->root != g->now.root || h->did != g->now.did) )
            broken("an id is elsewhere", e->id);
        if ( !h->kind && g->attached )
            broken("an id is blocked alone", e->id);
        if ( registry_find_rid(m.p, e->id) != e )
            broken("an id is not registered", e->id);
    }
    if ( n != (dev[2] ? 12u : 4u) )
        broken("ids are missing, or left over", n);
}

static void check_reach(void)
{
    const struct dev_group *g = dev[0]->group;
    const struct rid_entry *e;

    for ( e = g->entries; e; e = e->next )
    {
        check_behind(e->id, g->cur == g->quar ? NULL : g->cur);
        if ( reach(e->id, GROUP_RMRR + 0x1000) != GROUP_RMRR + 0x1000 ||
             reach(e->id, B_RMRR) != B_RMRR )
            broken("reserved memory is not reached", e->id);
    }
}

static void check_owners(int rc, struct moat_domain *from)
{
    unsigned int i;

    for ( i = 0; i < 3; i++ )
    {
        if ( !dev[i] )
            continue;
        if ( dev[i]->failed != (rc == -EIO) ||
             dev[i]->failed == machine_mastering(dev[i]->dev) )
            broken("failed, or not, by half", dev[i]->dev);
        if ( dev[i]->owner && dev[i]->owner != dev[0]->group->cur &&
             !dev[i]->failed )
            broken("its owner's tables are not where it is", dev[i]->dev);
    }
    if ( dev[2] && now->to != 4 && dev[2]->owner !=
         (rc == -EIO ? NULL : rc ? from : target(now->to)) )
        broken("has the wrong owner", PCI_C);
}

/* All back, and nothing lost. */
static void check_undone(void)
{
    unsigned int i;

    for ( i = 0; i < 3; i++ )
        if ( dev[i] && dev[i]->owner != m.dom0 )
            CHECK_EQ(move(dev[i], NULL), 0);
    for ( i = 0; i < 3; i++ )
        if ( dev[i] )
            CHECK_EQ(move(dev[i], m.dom0), 0);
    check_entries();
    if ( counts().free_ids != base_ids )
        broken("domain ids are lost", 0);
    CHECK(!moat_domain_has_devices(m.a));
    CHECK(!moat_domain_has_devices(m.b));
    check_no_maps(m.a, GROUP_RMRR);
    check_no_maps(m.b, B_RMRR);
}

/* ---- The failures ---- */

static void fail_alloc(unsigned long n) { sim_fail_nth(n); }
static void fail_swap(unsigned long n) { u->fail_swap = n; }
static void fail_undo(unsigned long n)
{
    u->fail_swap = n;
    u->fail_swap_more = 1;
}
static void fail_mute(unsigned long n) { u->mute_wait = n; }
static void fail_once(unsigned long n) { u->fail_wait = n; }

static bool fired(void (*arm)(unsigned long))
{
    if ( arm == fail_alloc )
        return sim_fail_fired();
    if ( arm == fail_mute )
        return u->mute;
    if ( arm == fail_undo )
        return !u->fail_swap_more;
    return arm == fail_once ? !u->fail_wait : !u->fail_swap;
}

static void disarm(void)
{
    sim_fail_nth(0);
    u->fail_swap = u->fail_swap_more = u->fail_wait = u->mute_wait = 0;
}

/* One run; false when there was no n-th. */
static bool run_one(const struct op *op, void (*arm)(unsigned long))
{
    struct moat_domain *from;
    bool went_off, unlucky = arm == fail_undo || arm == fail_mute;
    int rc;

    up_group(op->with_c);
    if ( unlucky )
        sim_leaks_allow();
    op->start();
    from = dev[2] ? dev[2]->owner : NULL;
    arm(nth);
    rc = op->run();
    went_off = fired(arm);
    disarm();
    sim_work_run();
    if ( unlucky && dev[0]->failed && rc != -EIO )
        rc = -EIO;              /* said by the work, as nobody moved */
    else if ( op->to == 4 )
        rc = 0;
    if ( !went_off && rc )
        broken("fails without a failure", 0);
    check_owners(rc, from);
    if ( rc != -EIO )
    {
        check_entries();
        check_reach();
        check_undone();
    }
    down();
    return went_off;
}

static void sweep(const char *name, void (*arm)(unsigned long),
                  unsigned long at_least)
{
    unsigned long total = 0;
    unsigned int i;

    how = name;
    for ( i = 0; i < ARRAY_SIZE(ops) && !test_failing(); i++ )
    {
        now = &ops[i];
        for ( nth = 1; run_one(now, arm) && nth < NEVER && !test_failing(); )
            nth++;
        total += nth - 1;
    }
    test_note("%s: %lu failures", name, total);
    CHECK(total >= at_least);
}

TEST(group_alloc) { sweep("allocation", fail_alloc, 30); }
TEST(group_swap) { sweep("entry", fail_swap, 60); }
TEST(group_swap_and_undo) { sweep("entry and undo", fail_undo, 60); }
TEST(group_mute) { sweep("mute from wait", fail_mute, 10); }
TEST(group_stutter) { sweep("one wait", fail_once, 10); }
