/* SPDX-License-Identifier: GPL-2.0-only */
/* The domain-id table: states, drain, revival, exhaustion. */
#include "fake_unit.h"

static struct machine m;
static struct fake_unit *u;

static void up(unsigned int did_bits, unsigned int reserved)
{
    u = fake_add();
    u->unit.caps.did_bits = did_bits;
    u->unit.caps.did_reserved = reserved;
    REQUIRE(!machine_create(&m, NULL));
}

static bool published(const struct moat_domain *d)
{
    return host_test_bit(u->unit.index, d->published);
}

static unsigned long free_ids(void)
{
    unsigned long n, total;

    did_counts(&u->unit, &n, &total);
    return n;
}

TEST(did_life)
{
    struct did_drain drain;
    uint16_t id, again, other;
    unsigned long all;

    up(8, 1);
    all = free_ids();
    CHECK_EQ(all, 255);
    REQUIRE(!did_get(&u->unit, m.a, &id));
    CHECK(id >= 1);
    CHECK(published(m.a));
    REQUIRE(!did_get(&u->unit, m.a, &again));
    CHECK_EQ(again, id);
    CHECK_EQ(free_ids(), all - 1);

    did_put(&u->unit, m.a, &drain);
    CHECK(!drain.last);
    did_drained(&drain, true);
    CHECK(published(m.a));
    did_put(&u->unit, m.a, &drain);
    CHECK(drain.last);
    /* Draining: still published, still not free, not another's. */
    CHECK(published(m.a));
    CHECK_EQ(free_ids(), all - 1);
    REQUIRE(!did_get(&u->unit, m.b, &other));
    CHECK(other != id);
    did_drained(&drain, true);
    CHECK(!published(m.a));
    CHECK_EQ(free_ids(), all - 1);
    did_put(&u->unit, m.b, &drain);
    did_drained(&drain, true);
    CHECK_EQ(free_ids(), all);
    machine_destroy(&m);
}

TEST(did_revival)
{
    struct did_drain first, second;
    uint16_t id, again;
    unsigned long all;

    up(8, 1);
    all = free_ids();
    REQUIRE(!did_get(&u->unit, m.a, &id));
    did_put(&u->unit, m.a, &first);
    REQUIRE(!did_get(&u->unit, m.a, &again));
    CHECK_EQ(again, id);
    /* The flush of the first drain completes: it is in use again. */
    did_drained(&first, true);
    CHECK(published(m.a));
    CHECK_EQ(free_ids(), all - 1);
    did_put(&u->unit, m.a, &second);
    CHECK(second.last);
    /* A late completion of the first must not end the second. */
    did_drained(&first, true);
    CHECK(published(m.a));
    CHECK_EQ(free_ids(), all - 1);
    did_drained(&second, true);
    CHECK(!published(m.a));
    CHECK_EQ(free_ids(), all);
    machine_destroy(&m);
}

TEST(did_failed_flush_leaks)
{
    struct did_drain drain;
    uint16_t id, other;
    unsigned long all, i;

    up(4, 0);
    all = free_ids();
    CHECK_EQ(all, 16);
    REQUIRE(!did_get(&u->unit, m.a, &id));
    did_put(&u->unit, m.a, &drain);
    did_drained(&drain, false);
    CHECK_LOG("is not used again");
    CHECK_EQ(free_ids(), all - 1);
    CHECK(!published(m.a));
    /* Never again, however often the table wraps. */
    for ( i = 0; i < 3 * all; i++ )
    {
        REQUIRE(!did_get(&u->unit, m.b, &other));
        CHECK(other != id);
        did_put(&u->unit, m.b, &drain);
        did_drained(&drain, true);
    }
    machine_destroy(&m);
}

TEST(did_exhaustion)
{
    struct moat_domain *d[20] = { NULL };
    struct did_drain drain;
    bool seen[16] = { false };
    unsigned int i, n = 0;
    uint16_t id;
    int rc = 0;

    up(4, 3);
    CHECK_EQ(free_ids(), 13);
    for ( i = 0; i < ARRAY_SIZE(d) && !rc; i++ )
    {
        REQUIRE(!moat_domain_create(m.p, MOAT_DOMAIN_OWN, COOKIE(3),
                                    HOST_NO_NODE, &d[i]));
        rc = did_get(&u->unit, d[i], &id);
        if ( rc )
            break;
        n++;
        CHECK(id >= 3 && id < 16);
        CHECK(!seen[id]);
        seen[id] = true;
    }
    CHECK_EQ(n, 13);
    CHECK_EQ(rc, -ENOSPC);
    CHECK_LOG("no domain id left of 13");
    did_put(&u->unit, d[5], &drain);
    CHECK_EQ(did_get(&u->unit, d[i], &id), -ENOSPC);
    did_drained(&drain, true);
    CHECK_EQ(did_get(&u->unit, d[i], &id), 0);
    CHECK_EQ(id, drain.did);
    did_put(&u->unit, d[i], &drain);
    did_drained(&drain, true);
    for ( i = 0; i < n; i++ )
        if ( i != 5 )
        {
            did_put(&u->unit, d[i], &drain);
            did_drained(&drain, true);
        }
    CHECK_EQ(free_ids(), 13);
    for ( i = 0; i < ARRAY_SIZE(d); i++ )
        moat_domain_destroy(d[i]);
    machine_destroy(&m);
}

static void put_unheld(void *arg)
{
    struct did_drain drain;

    (void)arg;
    did_put(&u->unit, m.a, &drain);
}

TEST(did_put_unheld_is_a_bug)
{
    up(8, 1);
    CHECK_BUG("not held", put_unheld, NULL);
    sim_locks_reset();
    /* The unit's lock was left held by the bug: give the host another. */
    host_lock_init(&u->unit.lock, MOAT_RANK_UNIT);
    machine_destroy(&m);
}

TEST(did_wide)
{
    struct did_drain drain;
    uint16_t id;
    unsigned int i;

    up(16, 1);
    CHECK_EQ(free_ids(), 65535);
    /* Next-fit: an id rests before it is used again. */
    for ( i = 0; i < 2000; i++ )
    {
        REQUIRE(!did_get(&u->unit, m.a, &id));
        CHECK_EQ(id, 1 + i);
        did_put(&u->unit, m.a, &drain);
        did_drained(&drain, true);
    }
    machine_destroy(&m);
}
