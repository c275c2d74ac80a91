/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands of AMD-Vi (48882, 2.4) as the unit finds them, and what goes wrong
 * with them: refused, unreadable, unanswered, a device that does not answer.
 */
#include "amdvi_world.h"

#define STATUS  0x2020

static const uint64_t page = 0x1000;

/* ---- Commands ---- */

TEST(flush_words)
{
    struct hw_flush f[] = {
        { .kind = HW_FLUSH_ENTRY, .rid = 0x20 },
        { .kind = HW_FLUSH_DID, .did = 0x1234 },
        { .kind = HW_FLUSH_DEVTLB, .rid = 0x20, .pfsid = 0x20,
          .queue_depth = 32, .first = 0, .last = ~0ull },
        { .kind = HW_FLUSH_INTR, .rid = 0x28 },
    };
    struct moat_unit *u = world_ready(EFR_NEW);
    unsigned long tails = U1->tail_writes;

    CHECK_EQ(world_flush(u, f, 4), 0);
    /* Entry, fence, pages, fence, device TLB, interrupts, marker. */
    CHECK_EQ(U1->n_cmds, 7);
    CHECK_EQ(U1->cmd[0].w[0], 0x2000000000000020);
    CHECK_EQ(U1->cmd[1].w[0], 0x1000000000000004);
    CHECK_EQ(U1->cmd[2].w[0], 0x3000123400000000);
    CHECK_EQ(U1->cmd[2].w[1], 0x7ffffffffffff003);
    CHECK_EQ(U1->cmd[3].w[0], 0x1000000000000004);
    CHECK_EQ(U1->cmd[4].w[0], 0x4000002020000020);
    CHECK_EQ(U1->cmd[4].w[1], 0x7ffffffffffff001);
    CHECK_EQ(U1->cmd[5].w[0], 0x5000000000000028);
    CHECK_EQ(U1->cmd[6].w[0] & 0xf000000000000007, 0x1000000000000005);
    /* One write of the tail for all of it, and no read of the head. */
    CHECK_EQ(U1->tail_writes, tails + 1);
    CHECK_EQ(U1->head_reads, 0);

    /* Phantom functions. */
    f[0].fn_mask = 6;
    asim_forget(U1);
    CHECK_EQ(world_flush(u, f, 1), 0);
    CHECK_EQ(asim_count(U1, 2), 4);
    CHECK(asim_has(U1, 0x2000000000000026, 0));
    world_end();
}

/* The pages that the commands since asim_forget() name, of 64. */
static uint64_t covered(unsigned int *n)
{
    uint64_t map = 0;
    unsigned int i, bit;

    *n = 0;
    for ( i = 0; i < U1->n_cmds; i++ )
    {
        uint64_t w = U1->cmd[i].w[1], size = 1, at = w >> 12, k;

        if ( U1->cmd[i].w[0] >> 60 != 3 )
            continue;
        ++*n;
        if ( w & 1 )
        {
            for ( bit = 0; (at >> bit) & 1; bit++ )
                continue;
            size = 2ull << bit;
            at &= ~(size - 1);
        }
        for ( k = 0; k < size && at + k < 64; k++ )
            map |= 1ull << (at + k);
    }
    return map;
}

/* All ranges of 64 pages: exact, or whole by one command if that is long. */
TEST(flush_ranges)
{
    struct moat_unit *u = world_ready(EFR_NEW);
    struct hw_flush f = { .kind = HW_FLUSH_DID_RANGE, .did = 3 };
    unsigned int first, last, n;
    uint64_t want, got;

    for ( first = 0; first < 64; first++ )
        for ( last = first; last < 64; last++ )
        {
            f.first = first * page;
            f.last = (last + 1) * page - 1;
            asim_forget(U1);
            REQUIRE(!world_flush(u, &f, 1));
            want = (~0ull >> (63 - last)) & ~((1ull << first) - 1);
            got = covered(&n);
            CHECK_MSG(n <= 8 && (n == 1 ? (got & want) == want
                                        : got == want),
                      "%u-%u: %u commands, %016" PRIx64, first, last, n, got);
        }

    /* Across all bits: one command, all there is. */
    f.first = 0x7ffffffff000;
    f.last = 0xffff800000000fff;
    asim_forget(U1);
    CHECK_EQ(world_flush(u, &f, 1), 0);
    CHECK(asim_has(U1, 0x3000000300000000, 0x7ffffffffffff001) ||
          asim_count(U1, 3) > 1);
    f.big_leaf = true;
    f.first = 0x40000000;
    f.last = 0x7fffffff;
    asim_forget(U1);
    CHECK_EQ(world_flush(u, &f, 1), 0);
    CHECK(asim_has(U1, 0x3000000300000000, 0x5ffff003));
    f.first = 2 * page;
    f.last = page;
    CHECK_EQ(world_flush(u, &f, 1), -EINVAL);
    world_end();
}

/* D8: a command that the unit refuses fails its submission, nothing else. */
TEST(illegal_command)
{
    struct hw_flush f = { .kind = HW_FLUSH_DID, .did = 7 };
    struct moat_unit *u = world_ready(EFR_NEW);
    struct moat_fault fault[4];
    uint32_t good, bad, late;
    bool lost = false;

    REQUIRE(!u->ops->flush_submit(u, &f, 1, &good));
    U1->illegal_at = 1;
    REQUIRE(!u->ops->flush_submit(u, &f, 1, &bad));
    REQUIRE(!u->ops->flush_submit(u, &f, 1, &late));
    CHECK_EQ(u->ops->flush_wait(u, good), 0);
    CHECK_EQ(asim_reg(U1, STATUS) & 0x10, 0);
    CHECK_EQ(u->ops->flush_wait(u, bad), -EIO);
    CHECK_LOG("stopped the ring: taken out");
    CHECK_EQ(u->ops->flush_wait(u, late), 0);
    CHECK_EQ(world_flush(u, &f, 1), 0);
    CHECK_EQ(u->ops->faults_take(u, fault, 4, &lost), 1);
    CHECK_EQ(fault[0].code, 5);
    world_end();
}

TEST(command_hardware_error)
{
    struct hw_flush f = { .kind = HW_FLUSH_DID, .did = 7 };
    struct moat_unit *u = world_ready(EFR_NEW);

    U1->hw_error_at = 1;
    CHECK_EQ(world_flush(u, &f, 1), -EIO);
    CHECK_EQ(world_flush(u, &f, 1), 0);
    /* The event lost: the head tells where it stopped. */
    U1->hw_error_at = 1;
    U1->late_entry = 1;
    CHECK_EQ(world_flush(u, &f, 1), -EIO);
    CHECK_EQ(world_flush(u, &f, 1), 0);
    world_end();
}

/* A unit that refuses everything is given up after a few attempts. */
TEST(always_illegal)
{
    struct hw_flush f = { .kind = HW_FLUSH_DID, .did = 7 };
    struct moat_unit *u = world_ready(EFR_NEW);
    unsigned int i;
    uint32_t token[8];

    U1->always_illegal = true;
    for ( i = 0; i < 8; i++ )
        REQUIRE(!u->ops->flush_submit(u, &f, 1, &token[i]));
    for ( i = 0; i < 8; i++ )
        CHECK_EQ(u->ops->flush_wait(u, token[i]), -EIO);
    CHECK(u->ops->flush_rescue(u) < 0);
    CHECK_LOG("command ring does not work");
    U1->always_illegal = false;
    CHECK_EQ(u->ops->flush_rescue(u), 0);
    CHECK_LOG("command ring restarted");
    CHECK_EQ(world_flush(u, &f, 1), 0);
    world_end();
}

/* No answer at all: the deadline, then the ring anew. */
TEST(mute_and_rescued)
{
    struct hw_flush f = { .kind = HW_FLUSH_DID, .did = 7 };
    struct moat_unit *u = world_ready(EFR_NEW);
    uint32_t token;

    U1->mute = true;
    REQUIRE(!u->ops->flush_submit(u, &f, 1, &token));
    CHECK_EQ(u->ops->flush_wait(u, token), -ETIMEDOUT);
    CHECK_EQ(u->ops->flush_rescue(u), -ETIMEDOUT);
    CHECK_EQ(world_flush(u, &f, 1), -EIO);
    U1->mute = false;
    asim_forget(U1);
    CHECK_EQ(u->ops->flush_rescue(u), 0);
    CHECK(asim_count(U1, 8) >= 1);
    CHECK_EQ(u->ops->flush_wait(u, token), -EIO);
    CHECK_EQ(world_flush(u, &f, 1), 0);
    world_end();
}

/* The ring full, many times round. */
TEST(many_commands)
{
    struct hw_flush f = { .kind = HW_FLUSH_DID, .did = 7 };
    struct moat_unit *u = world_ready(EFR_NEW);
    unsigned int i;

    for ( i = 0; i < 2000; i++ )
        REQUIRE(!world_flush(u, &f, 1));
    CHECK_EQ(asim_count(U1, 3), 2000);
    world_end();
}

/* A device TLB that does not answer fails what asked for it, and is said. */
TEST(devtlb_timeout)
{
    struct hw_flush f = { .kind = HW_FLUSH_DEVTLB, .rid = 0x20,
                          .pfsid = 0x20, .queue_depth = 32, .first = 0,
                          .last = 0xfff };
    struct hw_flush other = f, did = { .kind = HW_FLUSH_DID, .did = 7 };
    struct moat_unit *u = world_ready(EFR_NEW);
    struct moat_fault fault[4];
    uint32_t before, bad, after;
    bool lost = false;

    other.rid = other.pfsid = 0x28;
    REQUIRE(!world_flush(u, &f, 1));
    REQUIRE(!u->ops->flush_submit(u, &did, 1, &before));
    CHECK_EQ(u->ops->flush_wait(u, before), 0);
    U1->timeout_rid = 0x20;
    REQUIRE(!u->ops->flush_submit(u, &f, 1, &bad));
    REQUIRE(!u->ops->flush_submit(u, &other, 1, &after));
    CHECK_EQ(u->ops->flush_wait(u, bad), -ETIMEDOUT);
    /* Made before the failure was known: not to be believed, repeated. */
    CHECK_EQ(u->ops->flush_wait(u, after), -ETIMEDOUT);
    CHECK_EQ(world_flush(u, &other, 1), 0);
    CHECK_EQ(world_flush(u, &f, 1), -ETIMEDOUT);
    CHECK_EQ(world_flush(u, &did, 1), 0);
    CHECK_EQ(u->ops->faults_take(u, fault, 4, &lost), 2);
    CHECK_EQ(fault[0].source, NIC);
    CHECK_STR(fault[0].reason,
              "it did not answer an invalidation of its address cache");
    U1->timeout_rid = -1;
    CHECK_EQ(world_flush(u, &f, 1), 0);
    world_end();
}

/* Others asked first, and went well since: the failed one stays failed. */
TEST(devtlb_timeout_asked_late)
{
    struct hw_flush f = { .kind = HW_FLUSH_DEVTLB, .rid = 0x20,
                          .pfsid = 0x20, .queue_depth = 32, .first = 0,
                          .last = 0xfff };
    struct hw_flush did = { .kind = HW_FLUSH_DID, .did = 7 };
    struct moat_unit *u = world_ready(EFR_NEW);
    uint32_t bad, again;

    U1->timeout_rid = 0x20;
    REQUIRE(!u->ops->flush_submit(u, &f, 1, &bad));
    CHECK_EQ(world_flush(u, &did, 1), -ETIMEDOUT);
    CHECK_EQ(world_flush(u, &did, 1), 0);
    REQUIRE(!u->ops->flush_submit(u, &f, 1, &again));
    CHECK_EQ(world_flush(u, &did, 1), -ETIMEDOUT);
    CHECK_EQ(world_flush(u, &did, 1), 0);
    CHECK_EQ(u->ops->flush_wait(u, bad), -ETIMEDOUT);
    CHECK_EQ(u->ops->flush_wait(u, again), -ETIMEDOUT);
    U1->timeout_rid = -1;
    CHECK_EQ(world_flush(u, &f, 1), 0);
    world_end();
}

/* The log full when the device does not answer: not taken for an answer. */
TEST(devtlb_timeout_log_full)
{
    struct hw_flush f = { .kind = HW_FLUSH_DEVTLB, .rid = 0x20,
                          .pfsid = 0x20, .queue_depth = 32, .first = 0,
                          .last = 0xfff };
    struct moat_unit *u = world_ready(EFR_NEW);
    struct moat_fault fault[4];
    bool lost = false;

    while ( asim_event(U1, 0x2020000700000028, 0x1000) )
        continue;
    U1->timeout_rid = 0x20;
    CHECK_EQ(world_flush(u, &f, 1), -ETIMEDOUT);
    CHECK_EQ(asim_reg(U1, STATUS) & 9, 8);      /* the log runs again */
    CHECK_EQ(world_flush(u, &f, 1), -ETIMEDOUT);
    U1->timeout_rid = -1;
    CHECK_EQ(world_flush(u, &f, 1), 0);
    u->ops->faults_take(u, fault, 4, &lost);
    CHECK(lost);
    world_end();
}
