/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domain ids (XSA-399): draining, revival, exhaustion. The table promises
 * more than today's callers, who hold the device lock, need of it: these
 * scenarios use it from several processors at once.
 */
#include "ids.h"

#define A   w.guest[0]
#define B   w.guest[1]
#define C   w.guest[2]
#define U   drv.unit[0]

/* Requesters that the core knows nothing of: one for each processor. */
#define RID(n)  ((uint16_t)(first_rid + (n)))
static uint16_t first_rid;

static struct hw_entry now[MX_PROCS];

/* Put requester @n behind @d; the id was had. */
static void go_live(unsigned int n, struct moat_domain *d, uint16_t did)
{
    struct hw_entry e;

    memset(&e, 0, sizeof(e));
    EXPECT(!domain_entry(d, U, &e));
    e.did = did;
    EXPECT(!U->ops->entry_swap(U, RID(n), &now[n], &e));
    now[n] = e;
}

/*
 * Take it away again, and let go of the id. Entries are flushed first: from
 * then on only what is tagged with the id is left for the last user.
 */
static void go_away(unsigned int n, struct moat_domain *d)
{
    static const struct hw_entry none;
    struct did_drain drain;
    struct hw_flush f;

    EXPECT(!U->ops->entry_swap(U, RID(n), &now[n], &none));
    memset(&f, 0, sizeof(f));
    f.kind = HW_FLUSH_ENTRY;
    f.rid = RID(n);
    f.did = now[n].did;
    EXPECT(!unit_flush(U, &f, 1));
    did_put(U, d, &drain);
    f.kind = HW_FLUSH_DID;
    EXPECT(!drain.last || !unit_flush(U, &f, 1));
    did_drained(&drain, true);
    now[n] = none;
}

void ids_machine(uint16_t rid)
{
    unsigned int i;

    first_rid = rid;
    memset(now, 0, sizeof(now));
    world_start(0, 3, 0);
    for ( i = 0; i < MX_PROCS; i++ )
    {
        hwu_requester(0, RID(i));
        world_map(w.guest[i], i, i);
    }
    world_settled();
}

static void machine(unsigned int ids)
{
    world_reset();
    /* Four bits, most of them reserved; one is dom0's. */
    drv.caps.did_reserved = 16 - ids;
    ids_machine(0x0100);
}

void ids_end(void)
{
    world_stop();
}

static bool get_use_put(unsigned int n, struct moat_domain *d)
{
    uint16_t did;
    int rc = did_get(U, d, &did);

    w.rc[n] = rc;
    if ( rc )
        return false;
    go_live(n, d, did);
    /* A flush of the domain must not be skipped now. */
    world_unmap_free(d, n, n);
    go_away(n, d);
    return true;
}

void ids_put_a(void)
{
    go_away(0, A);
}

void ids_get_a(void)
{
    uint16_t did;

    EXPECT(!did_get(U, A, &did));
    EXPECT(did_view_live(U, did, A));
    go_live(1, A, did);
    world_unmap_free(A, 0, 0);
    go_away(1, A);
}

void ids_get_b(void)
{
    get_use_put(2, B);
}

void ids_a_lives(void)
{
    uint16_t did;

    EXPECT(!did_get(U, A, &did));
    go_live(0, A, did);
}

static void a_lives(unsigned int ids)
{
    machine(ids);
    ids_a_lives();
}

/* ---- Revival ---- */

static void revive_setup(void)
{
    a_lives(4);
}

const struct mx_scenario sc_revive = {
    .name = "did-revive",
    .about = "the last user of an id leaves, another of the same domain "
             "comes",
    .procs = 2,
    .setup = revive_setup,
    .cpu = { ids_put_a, ids_get_a },
    .end = ids_end,
    .least = 20,
};

/* ---- The last id: B can only have A's ---- */

static void reuse_setup(void)
{
    a_lives(1);
    world_map(B, 2, 2);
}

static void reuse_end(void)
{
    EXPECT(!w.rc[2] || w.rc[2] == -ENOSPC);
    EXPECT(!w.rc[2] == !port_log_has("no domain id left"));
    /* Refused is not for ever. */
    world_map(B, 2, 2);
    EXPECT(get_use_put(2, B));
    ids_end();
}

const struct mx_scenario sc_reuse = {
    .name = "did-reuse",
    .about = "the only id there is drains while another domain wants one",
    .procs = 2,
    .setup = reuse_setup,
    .cpu = { ids_put_a, ids_get_b },
    .end = reuse_end,
    .least = 3,
};

/* ---- Revival and another's wish ---- */

static void three_setup(void)
{
    a_lives(2);
    world_map(B, 2, 2);
}

static void three_end(void)
{
    /* A's reviver and B had two ids between them. */
    EXPECT(!w.rc[2]);
    ids_end();
}

const struct mx_scenario sc_three = {
    .name = "did-revive-reuse",
    .about = "an id drains, its domain wants it back, another wants one",
    .procs = 3,
    .setup = three_setup,
    .cpu = { ids_put_a, ids_get_a, ids_get_b },
    .end = three_end,
    .least = 100,
};

/* ---- Two deaths, no id left ---- */

static void deaths_setup(void)
{
    uint16_t did;

    a_lives(2);
    EXPECT(!did_get(U, B, &did));
    go_live(1, B, did);
}

static void put_b(void)
{
    go_away(1, B);
}

static void get_c(void)
{
    get_use_put(2, C);
}

static void deaths_end(void)
{
    EXPECT(!w.rc[2] || w.rc[2] == -ENOSPC);
    EXPECT(!w.rc[2] == !port_log_has("no domain id left"));
    world_map(C, 2, 2);
    EXPECT(get_use_put(2, C));
    ids_end();
}

const struct mx_scenario sc_deaths = {
    .name = "did-two-deaths",
    .about = "two domains die at once, no id is left, a third wants one",
    .procs = 3,
    .setup = deaths_setup,
    .cpu = { ids_put_a, put_b, get_c },
    .end = deaths_end,
    .least = 20,
};

/* ---- The same through moves ---- */

/* dom0, two quarantines, A: four ids, and none for B. */
static void full_setup(void)
{
    world_reset();
    drv.caps.did_reserved = 16 - 4;
    world_start(2, 2, 0);
    world_settled();
    world_map(A, 0, 0);
    world_map(B, 1, 1);
    world_move(0, A);
}

static void a_dies(void)
{
    w.rc[0] = world_try_move(0, NULL);
    moat_domain_destroy(A);
    A = NULL;
}

static void to_b(void)
{
    w.rc[1] = world_try_move(1, B);
}

static void full_end(void)
{
    EXPECT(!w.rc[0]);
    EXPECT(!w.rc[1] || w.rc[1] == -ENOSPC);
    EXPECT(!w.rc[1] == !port_log_has("no domain id left"));
    world_expect_at(0, NULL);
    if ( w.rc[1] )
    {
        /* Where it was, and it can go now. */
        world_expect_at(1, w.home);
        world_move(1, B);
    }
    world_expect_at(1, B);
    world_move(1, NULL);
    world_move(1, w.home);
    world_move(0, w.home);
    w.ids += 2;
    world_stop();
}

static void b_unmaps(void)
{
    world_unmap_free(B, 1, 1);
}

const struct mx_scenario sc_full = {
    .name = "exhausted-moves",
    .about = "all ids are in use: a guest dies, another is to get a device, "
             "and gives a page away",
    .procs = 3,
    .setup = full_setup,
    .cpu = { a_dies, to_b, b_unmaps },
    .end = full_end,
    .least = 10,
};
