/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The core's moves on AMD-Vi: unity ranges never go away (F9), and a change
 * of a device table entry is followed by the flush of what the old one may
 * have left behind. Judged by a walk of device table and page tables, as the
 * unit would do it, after each store that the unit could see.
 */
#include "amdvi_world.h"

/* Of scan-f3: for every device served, and one that may only be written. */
#define UNITY       0xa0000800ull
#define WRITE_ONLY  0xc0000800ull
#define RID         0x20

static unsigned long looks, breaks;
static bool watching;

static bool reaches(uint64_t iova, bool write)
{
    uint64_t out;

    return !asim_dma(U1, RID, iova, write, &out) && out == iova;
}

static void look(void *arg, enum test_step kind,
                          const volatile void *where)
{
    (void)arg;
    (void)where;
    if ( !watching || kind == TEST_STEP_SYNC )
        return;
    looks++;
    if ( !reaches(UNITY, true) || !reaches(UNITY, false) ||
         !reaches(WRITE_ONLY, true) )
        breaks++;
}

static void watch(bool on)
{
    static const struct sim_hooks hooks = { .step = look };

    sim_hooks_set(on ? &hooks : NULL);
    watching = on;
}

/* The walk of a quarantined device finds nothing but its ranges. */
static void check_quarantine(void)
{
    uint64_t out;

    CHECK(reaches(UNITY, true) && reaches(UNITY, false));
    CHECK(reaches(WRITE_ONLY, true));
    CHECK(!reaches(WRITE_ONLY, false));
    CHECK_EQ(asim_dma(U1, RID, 0x200000, true, &out), -EFAULT);
    CHECK_EQ(asim_dma(U1, RID, 0xa0001000, true, &out), -EFAULT);
    CHECK_EQ(asim_dma(U1, RID, 0, true, &out), -EFAULT);
}

static uint16_t did_of(uint16_t rid)
{
    uint64_t w[4];

    REQUIRE(asim_dte(U1, rid, w));
    return (uint16_t)w[1];
}

static unsigned int mode_of(uint16_t rid)
{
    uint64_t w[4];

    REQUIRE(asim_dte(U1, rid, w));
    return (unsigned int)(w[0] >> 9) & 7;
}

/* XSA-442: entry, then all pages of the old domain id, in that order. */
static void check_flushed(uint16_t old_did)
{
    unsigned int i, entry = ~0u, fence = ~0u, pages = ~0u;

    for ( i = 0; i < U1->n_cmds; i++ )
    {
        uint64_t w0 = U1->cmd[i].w[0];

        if ( w0 == (0x2000000000000000 | RID) && entry == ~0u )
            entry = i;
        if ( w0 == 0x1000000000000004 && entry != ~0u && fence == ~0u )
            fence = i;
        if ( w0 == (0x3000000000000000 | (uint64_t)old_did << 32) &&
             U1->cmd[i].w[1] == 0x7ffffffffffff003 && fence != ~0u )
            pages = i;
    }
    CHECK(entry < fence && fence < pages && pages != ~0u);
}

static struct moat_device *start(bool intremap)
{
    struct moat_device *nic;

    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-f3", NULL, intremap, false));
    nic = world_add(NIC);
    REQUIRE(nic && !world_map(DOM0, 0x200000, 0x200000, 0x100000));
    looks = breaks = 0;
    return nic;
}

static void unity(bool intremap)
{
    struct moat_device *nic = start(intremap);
    unsigned int round;
    uint16_t old;

    /* Before translation starts every address passes; then the tables. */
    if ( intremap )
        watch(true);
    REQUIRE(!world_enable());
    watch(true);
    REQUIRE(!world_map(D1, 0x200000, 0x800000, 0x1000));

    for ( round = 0; round < 3; round++ )
    {
        unsigned int depth = mode_of(RID);

        old = did_of(RID);
        asim_forget(U1);
        REQUIRE(!world_move(nic, NULL));
        check_quarantine();
        check_flushed(old);
        /* XSA-445: as deep as everything else. */
        CHECK_EQ(mode_of(RID), depth);

        old = did_of(RID);
        asim_forget(U1);
        REQUIRE(!world_move(nic, D1));
        check_flushed(old);
        CHECK(reaches(UNITY, true));

        REQUIRE(!world_move(nic, NULL));
        check_quarantine();
        REQUIRE(!world_move(nic, DOM0));
        CHECK(reaches(UNITY, true) && reaches(0x200000, true));
    }
    watch(false);
    CHECK_MSG(looks > 100, "%lu looks", looks);
    CHECK_EQ(breaks, 0);
    world_end();
}

TEST(unity_always)
{
    unity(false);
}

TEST(unity_always_intremap)
{
    unity(true);
}

/* Scratch page: every other address reaches one page, the ranges do not. */
TEST(unity_scratch)
{
    struct moat_options o = world_options();
    struct moat_device *nic;
    uint64_t out, other;

    o.quarantine = MOAT_QUARANTINE_SCRATCH;
    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-f3", &o, false, false));
    nic = world_add(NIC);
    REQUIRE(nic && !world_enable());
    watch(true);
    looks = breaks = 0;
    REQUIRE(!world_move(nic, NULL));
    watch(false);
    CHECK_EQ(breaks, 0);
    CHECK(reaches(UNITY, true));
    CHECK(!asim_dma(U1, RID, 0x123456789000, false, &out));
    CHECK(!asim_dma(U1, RID, 0x200000, false, &other));
    CHECK_EQ(out, other);
    world_end();
}

/* Two devices of one range: one guest at a time. */
TEST(unity_shared)
{
    struct moat_device *nic = start(false), *disk = world_add(DISK);

    REQUIRE(disk && !world_enable());
    REQUIRE(!world_move(nic, NULL));
    CHECK_EQ(world_move(nic, D1), -EBUSY);
    REQUIRE(!world_move(disk, NULL));
    CHECK_LOG("shares reserved memory with 0000:00:05.0");
    CHECK_EQ(world_move(nic, D1), 0);
    CHECK_EQ(world_move(disk, D1), 0);
    world_end();
}

/* All allocations of a move, failed one by one: undone or done. */
TEST(unity_no_memory)
{
    struct moat_device *nic = start(false);
    unsigned long n;
    uint64_t out;
    int rc = -1;

    REQUIRE(!world_enable());
    watch(true);
    for ( n = 1; n < 100; n++ )
    {
        sim_fail_nth(n);
        rc = world_move(nic, NULL);
        if ( !sim_fail_fired() )
            break;
        CHECK(rc < 0 || moat_device_owner(nic) == NULL);
        if ( rc < 0 )
            CHECK(!asim_dma(U1, RID, 0x200000, true, &out));
        else
            break;
    }
    sim_fail_nth(0);
    watch(false);
    CHECK_EQ(rc, 0);
    CHECK_EQ(breaks, 0);
    world_end();
}

/* The unit stops answering in the middle: the device is cut off, not free. */
TEST(unit_dies_in_move)
{
    struct moat_device *nic = start(false);

    REQUIRE(!world_enable());
    U1->mute = true;
    CHECK(world_move(nic, NULL) < 0);
    CHECK_EQ(sim_pci_get16(sim_pci_find(NIC), 4) & 4, 0);
    CHECK_EQ(moat_unit_get(P, 0)->state, UNIT_DEAD);
    sim_leaks_allow();
    world_end();
}

/* A device behind an alias: both ids move as one. */
TEST(alias_moves)
{
    struct moat_device *dev;
    uint64_t out;

    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-good", NULL, false, false));
    dev = world_add(LEGACY);
    REQUIRE(dev && !world_map(DOM0, 0x200000, 0x200000, 0x1000));
    REQUIRE(!world_enable());
    CHECK_EQ(asim_dma(U1, 0xff08, 0x200000, true, &out), 0);
    CHECK_EQ(asim_dma(U1, 0x00a5, 0x200000, true, &out), 0);
    CHECK_EQ(asim_dma(U1, 0xff10, 0x200000, true, &out), -EFAULT);
    REQUIRE(!world_move(dev, NULL));
    CHECK_EQ(asim_dma(U1, 0xff08, 0x200000, true, &out), -EFAULT);
    CHECK_EQ(asim_dma(U1, 0x00a5, 0x200000, true, &out), -EFAULT);
    world_end();
}
