/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AMD-Vi units on registers in memory (amdvi_sim.c): bring-up, device table,
 * sleep, crash. Offsets and bits are literals of the specification (48882).
 */
#include "amdvi_world.h"

#define CTRL    0x18
#define STATUS  0x2020
#define CTRL_BASE 0x1405ull     /* IommuEn, EventLogEn, Coherent, CmdBufEn */

static const uint64_t page = 0x1000;

static int dma(moat_sbdf_t dev, uint64_t iova, uint64_t *out)
{
    return asim_dma(U1, MOAT_SBDF_RID(dev), iova, true, out);
}

static bool blocked(moat_sbdf_t dev, uint64_t iova)
{
    uint64_t out;

    return dma(dev, iova, &out) == -EFAULT;
}

/* ---- Bring-up ---- */

TEST(bring_up)
{
    uint64_t v, w[4], out;

    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-good", NULL, false, false));
    /* Nothing is on before enable_dma(): DMA is as it was. */
    CHECK_EQ(asim_reg(U1, CTRL), 0);
    REQUIRE(world_add(NIC));
    REQUIRE(!world_map(DOM0, 0x200000, 0x300000, page));
    CHECK(!dma(NIC, 0x200123, &out) && out == 0x200123);
    REQUIRE(!world_enable());

    /* 8 segments (3 at 36:34), PPR log, time-out 10 ms (2 at 7:5). */
    CHECK_EQ(asim_reg(U1, CTRL), CTRL_BASE | 3ull << 34 | 1 << 13 | 2 << 5);
    CHECK_EQ(asim_reg(U1, 0x20), 0);
    v = asim_reg(U1, 0x00);
    /* 2000h entries of 32 bytes: 40h pages. */
    CHECK_EQ(v & 0x1ff, 0x3f);
    CHECK_EQ(asim_reg(U1, 0x130) & 0x1ff, 0x3f);
    CHECK_EQ(asim_reg(U1, 0x08) >> 56, 8);      /* 256 commands */
    CHECK_EQ(asim_reg(U1, 0x10) >> 56, 9);      /* 512 events */
    CHECK_EQ(asim_reg(U1, 0x38) >> 56, 9);
    CHECK(asim_count(U1, 8) >= 1);              /* caches emptied */

    CHECK(!dma(NIC, 0x200123, &out) && out == 0x300123);
    CHECK(blocked(NIC, 0x300123));
    /* Ids nobody spoke of are blocked, first and last alike. */
    CHECK(blocked(DISK, 0x200123));
    CHECK(blocked(MOAT_SBDF(0, 0, 0, 0), 0x200123));
    CHECK(blocked(MOAT_SBDF(0, 0xff, 31, 7), 0x200123));
    REQUIRE(asim_dte(U1, 0x28, w));
    CHECK_EQ(w[0] & 0x6000000000000fff, 0x203);
    CHECK_EQ(w[1], 0);
    CHECK_EQ(w[2], 0);
    world_end();
}

TEST(bring_up_old)
{
    uint64_t out;

    world_hardware(EFR_OLD);
    REQUIRE(!world_up("scan-f3", NULL, false, false));
    REQUIRE(world_add(NIC));
    REQUIRE(!world_map(DOM0, 0x200000, 0x300000, page));
    REQUIRE(!world_enable());
    /* One segment for ids to ffh: 8 KiB. No PPR log. */
    CHECK_EQ(asim_reg(U1, 0x00) & 0x1ff, 1);
    CHECK_EQ(asim_reg(U1, CTRL), CTRL_BASE | 2 << 5);
    /* No INVALIDATE_IOMMU_ALL: each entry, each domain. */
    CHECK_EQ(asim_count(U1, 8), 0);
    CHECK(asim_count(U1, 3) > 0);
    CHECK(U1->n_cmds > 0x10000);
    CHECK(!dma(NIC, 0x200123, &out) && out == 0x300123);
    world_end();
}

/* With interrupts: on, but DMA passes until enable_dma(), id by id. */
TEST(bring_up_intremap_first)
{
    struct amdvi_unit *a;
    uint64_t w[4], out;

    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-good", NULL, true, false));
    a = world_unit(0);
    CHECK_EQ(asim_reg(U1, CTRL) & CTRL_BASE, CTRL_BASE);
    CHECK(!dma(NIC, 0x200123, &out) && out == 0x200123);
    REQUIRE(asim_dte(U1, 0x20, w));
    CHECK_EQ(w[0], 0);
    CHECK_EQ(w[2], 1);              /* IV, and no table: aborted */
    REQUIRE(asim_dte(U1, 0xa0, w));
    CHECK_EQ(w[2] & 0xf00000000000003f, 0xe000000000000013);

    REQUIRE(world_add(NIC));
    REQUIRE(!world_map(DOM0, 0x200000, 0x300000, page));
    CHECK(!dma(NIC, 0x200123, &out) && out == 0x200123);
    CHECK(a->stage);
    asim_forget(U1);
    REQUIRE(!world_enable());
    CHECK(!a->stage);
    CHECK(asim_count(U1, 8) >= 1);  /* what was cached of "as it comes" */
    CHECK(!dma(NIC, 0x200123, &out) && out == 0x300123);
    CHECK(blocked(DISK, 0x200123));

    /* Back, with interrupts still remapped. */
    a->unit.ops->disable_dma(&a->unit);
    a->unit.state = UNIT_READY;
    CHECK(!dma(NIC, 0x200123, &out) && out == 0x200123);
    REQUIRE(asim_dte(U1, 0x20, w));
    CHECK_EQ(w[2] & 1, 1);
    REQUIRE(!world_enable());
    CHECK(!dma(NIC, 0x200123, &out) && out == 0x300123);
    world_end();
}

TEST(left_on_by_firmware)
{
    world_hardware(EFR_NEW);
    asim_set_reg(U1, CTRL, 0x1005);
    asim_set_reg(U1, STATUS, 0x18);
    REQUIRE(!world_up("scan-good", NULL, false, false));
    CHECK_LOG("left on by firmware");
    CHECK_EQ(asim_reg(U1, CTRL), 0);
    CHECK_EQ(asim_reg(U1, STATUS) & 0x98, 0);
    REQUIRE(!world_enable());
    world_end();
}

/* The command ring never runs: said, the unit off, the machine goes on. */
TEST(never_runs)
{
    uint64_t out;

    world_hardware(EFR_NEW);
    U1->deaf = true;
    REQUIRE(!world_up("scan-good", NULL, false, false));
    CHECK_EQ(world_enable(), -EIO);
    CHECK_LOG("does not take commands (-");
    CHECK_EQ(asim_reg(U1, CTRL) & 1, 0);
    CHECK(!dma(NIC, 0x200123, &out));
    world_end();
}

TEST(takes_no_commands)
{
    world_hardware(EFR_NEW);
    U1->mute = true;
    REQUIRE(!world_up("scan-good", NULL, false, false));
    CHECK_EQ(world_enable(), -EIO);
    CHECK_EQ(asim_reg(U1, CTRL) & 1, 0);
    world_end();
}

TEST(intremap_does_not_start)
{
    world_hardware(EFR_NEW);
    U1->mute = true;
    CHECK(world_up("scan-good", NULL, true, false) < 0);
    CHECK_EQ(asim_reg(U1, CTRL), 0);
    U1->mute = false;
    world_down();
    REQUIRE(!world_up("scan-good", NULL, true, false));
    world_end();
}

/* Registers that read ones from some moment on. */
TEST(vanishes)
{
    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-good", NULL, false, false));
    REQUIRE(world_add(NIC));
    REQUIRE(!world_enable());
    U1->gone = true;
    CHECK_EQ(world_map(DOM0, 0x200000, 0x300000, page), 0);
    world_map(DOM0, 0x200000, 0x400000, page);
    CHECK_EQ(world_unit(0)->unit.state, UNIT_DEAD);
    CHECK_LOG("the 1 devices behind it were cut off");
    sim_leaks_allow();
    world_down();
    asim_free(U1);
    asim_free(U2);
}

/* No memory at any point of bring-up: an error, and nothing left behind. */
static void no_memory(bool intremap)
{
    unsigned long n;
    int rc = -1;

    world_hardware(EFR_NEW);
    for ( n = 1; n < 400; n++ )
    {
        sim_fail_nth(n);
        rc = world_up("scan-good", NULL, intremap, false);
        if ( !rc )
            rc = world_add(NIC) ? 0 : -ENOMEM;
        if ( !rc )
            rc = world_enable();
        if ( !sim_fail_fired() )
            break;
        sim_fail_nth(0);
        world_down();
        CHECK_EQ(asim_reg(U1, CTRL), 0);
        if ( sim_leaks() )
        {
            test_fail(__FILE__, __LINE__, "leak at allocation %lu", n);
            break;
        }
    }
    sim_fail_nth(0);
    CHECK_EQ(rc, 0);
    CHECK(n > 20 && n < 400);
    world_end();
}

TEST(no_memory_dma)
{
    no_memory(false);
}

TEST(no_memory_intremap)
{
    no_memory(true);
}

/* ---- Device table ---- */

TEST(entry_swap)
{
    struct hw_entry none = { .kind = HW_ENTRY_NONE }, e, got;
    struct hw_entry pt = { .kind = HW_ENTRY_PASSTHROUGH, .did = 9 };
    struct amdvi_unit *a;
    struct moat_unit *u;
    uint64_t out;

    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-f3", NULL, false, false));
    REQUIRE(!world_enable());
    a = world_unit(0);
    u = &a->unit;
    memset(&e, 0, sizeof(e));
    e.kind = HW_ENTRY_TABLE;
    e.did = 5;
    e.levels = 4;
    e.root = a->empty_pa;

    CHECK_EQ(u->ops->entry_prepare(u, 0x20), 0);
    CHECK_EQ(u->ops->entry_prepare(u, 0x100), -ENODEV);
    CHECK_EQ(u->ops->entry_swap(u, 0x100, &none, &e), -ENODEV);
    CHECK_EQ(u->ops->entry_swap(u, 0x20, &e, &none), -EILSEQ);
    CHECK_EQ(u->ops->entry_swap(u, 0x20, &none, &pt), 0);
    CHECK(!dma(NIC, 0x12345678, &out) && out == 0x12345678);
    CHECK_EQ(u->ops->entry_get(u, 0x20, &got), 0);
    CHECK_EQ(got.kind, HW_ENTRY_PASSTHROUGH);
    CHECK_EQ(u->ops->entry_swap(u, 0x20, &none, &e), -EILSEQ);
    CHECK_EQ(u->ops->entry_swap(u, 0x20, &pt, &e), 0);
    CHECK(blocked(NIC, 0x12345678));
    CHECK_EQ(u->ops->entry_get(u, 0x20, &got), 0);
    CHECK(!memcmp(&got, &e, sizeof(e)));
    e.levels = 7;
    CHECK_EQ(u->ops->entry_swap(u, 0x20, &none, &e), -EINVAL);
    e.levels = 4;
    CHECK_EQ(u->ops->entry_swap(u, 0x20, &e, &none), 0);
    world_end();
}

/* ---- Sleep, crash ---- */

TEST(sleep)
{
    uint64_t out, ctrl, save[8];
    unsigned int i;

    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-good", NULL, true, false));
    REQUIRE(world_add(NIC));
    REQUIRE(!world_map(DOM0, 0x200000, 0x300000, page));
    REQUIRE(!world_enable());
    ctrl = asim_reg(U1, CTRL);
    for ( i = 0; i < 8; i++ )
        save[i] = asim_reg(U1, 8 * i);

    CHECK_EQ(moat_platform_suspend(P), 0);
    CHECK_EQ(asim_reg(U1, CTRL), 0);
    for ( i = 0; i < 8; i++ )
        if ( i != 6 )
            asim_set_reg(U1, 8 * i, 0);
    asim_forget(U1);
    CHECK_EQ(moat_platform_resume(P), 0);
    CHECK_EQ(asim_reg(U1, CTRL), ctrl);
    for ( i = 0; i < 8; i++ )
        CHECK_EQ(asim_reg(U1, 8 * i), save[i]);
    CHECK(asim_count(U1, 8) >= 1);
    CHECK(!dma(NIC, 0x200123, &out) && out == 0x300123);

    U1->deaf = true;
    CHECK_EQ(moat_platform_suspend(P), 0);
    CHECK(moat_platform_resume(P) < 0);
    CHECK_LOG("did not come back from suspend");
    U1->deaf = false;
    sim_leaks_allow();
    world_end();
}

TEST(crash)
{
    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-good", NULL, true, false));
    REQUIRE(!world_enable());
    U1->mute = U1->stuck = true;
    moat_platform_crash(P);
    CHECK_EQ(asim_reg(U1, CTRL), 0);
    U1->mute = U1->stuck = false;
    world_end();
}

/* For shutdown: no interrupts; the lock's holder may have been stopped. */
TEST(quiesce)
{
    static const struct moat_msi_msg m = { 0xfee01000, 0, 0x4031 };
    struct moat_unit *u;
    unsigned long flags;
    uint64_t ctrl;

    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-good", NULL, true, false));
    REQUIRE(!world_enable());
    /* An index takes the place of an IO-APIC entry's vector. */
    CHECK(!moat_platform_caps(P)->rte_vector);
    u = moat_unit_get(P, 0);
    moat_unit_irq_message(u, &m);
    moat_unit_irq_mask(u, true);
    ctrl = asim_reg(U1, CTRL);
    moat_unit_irq_mask(u, false);
    CHECK(asim_reg(U1, CTRL) & 8);

    flags = host_lock_irqsave(&to_amdvi(u)->reg_lock);
    moat_platform_quiesce(P);
    host_unlock_irqrestore(&to_amdvi(u)->reg_lock, flags);
    CHECK_EQ(asim_reg(U1, CTRL), ctrl);
    world_end();
}

/* A unit that does not stop keeps its memory. */
TEST(does_not_stop)
{
    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-good", NULL, false, false));
    REQUIRE(!world_enable());
    U1->stuck = true;
    sim_leaks_allow();
    world_end();
    CHECK_LOG("does not stop: status");
    CHECK_LOG("its memory is given up");
}

TEST(quirk_registers)
{
    struct moat_unit *u = world_ready(EFR_NEW);

    sim_pci_set16(U1->pci, 0, 0x1022);
    sim_pci_set16(U1->pci, 2, 0x1419);
    amdvi_quirks_unit(to_amdvi(u));
    CHECK_LOG("746");
    CHECK_EQ(sim_pci_get32(U1->pci, 0xf4), 4);
    CHECK_EQ(sim_pci_get32(U1->pci, 0xf0), 0x90);
    sim_log_clear();
    amdvi_quirks_unit(to_amdvi(u));
    CHECK(!sim_log_has("746"));
    world_end();
}

TEST(dump)
{
    struct moat_unit *u = world_ready(EFR_NEW);

    sim_log_clear();
    moat_dump_units(P);
    CHECK_LOG("AMD-Vi at 0x100000000, function 0000:00:00.2");
    (void)u;
    world_end();
}
