/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupt entries: allocation, source checks, what is stale when. */
#include "fake_unit.h"

static struct machine m;
static struct fake_unit *u;

#define IOAPIC_SID  0xf0f8u
#define HPET_SID    0x00f8u

static int scopes(struct moat_platform *p)
{
    static const uint8_t apic_path[2] = { 0x1f, 0 }, hpet_path[2] = { 0x1f, 0 };
    struct dmar_scope apic = {
        .type = DMAR_SCOPE_IOAPIC, .enum_id = 2, .start_bus = 0xf0,
        .path = apic_path, .depth = 1,
    };
    struct dmar_scope hpet = {
        .type = DMAR_SCOPE_HPET, .enum_id = 0, .path = hpet_path, .depth = 1,
    };
    int rc = unit_add_scope(&u->unit, &apic);

    (void)p;
    return rc ? rc : unit_add_scope(&u->unit, &hpet);
}

static void up(bool x2apic)
{
    static const moat_sbdf_t all[] = { NIC, DISK, BRIDGE, PCI_A, PCI_B };
    unsigned int i;

    machine_pci();
    u = fake_add();
    fake_scan_more = scopes;
    REQUIRE(!machine_create(&m, NULL));
    REQUIRE(!moat_platform_enable_intremap(m.p, x2apic));
    for ( i = 0; i < ARRAY_SIZE(all); i++ )
        REQUIRE(machine_add(&m, all[i]) != NULL);
    /* From here on as Xen calls: interrupts off, under a lock of its own. */
    sim_irqs_off();
}

static void down(void)
{
    sim_irqs_on();
    moat_platform_disable_intremap(m.p);
    machine_destroy(&m);
}

static int set(moat_sbdf_t dev, uint8_t vector, uint32_t dest, unsigned int n,
               int *index)
{
    struct moat_intr intr = { .vector = vector, .dest = dest };
    struct moat_msi_msg msg;

    return moat_intr_set(m.p, MOAT_INTR_PCI, dev, &intr, n, index, &msg);
}

/* The vector that an interrupt arrives at; -1: blocked. */
static int fire(int index, uint16_t sid)
{
    uint8_t vector;

    return fake_interrupt(u, (unsigned int)index, sid, &vector) ? -1 : vector;
}

TEST(msi_life)
{
    int i = -1, j;

    up(false);
    REQUIRE(!set(NIC, 0x40, 1, 1, &i));
    CHECK_EQ(fire(i, MOAT_SBDF_RID(NIC)), 0x40);
    CHECK_EQ(fire(i, MOAT_SBDF_RID(DISK)), -1);
    /* Changed while cached: nobody goes by the old after the return. */
    j = i;
    REQUIRE(!set(NIC, 0x51, 2, 1, &j));
    CHECK_EQ(j, i);
    CHECK_EQ(fire(i, MOAT_SBDF_RID(NIC)), 0x51);
    moat_intr_free(m.p, MOAT_INTR_PCI, NIC, i, 1);
    CHECK_EQ(fire(i, MOAT_SBDF_RID(NIC)), -1);
    CHECK_EQ(u->unit.intr->used, 0);
    moat_intr_free(m.p, MOAT_INTR_PCI, NIC, i, 1);
    CHECK_EQ(u->unit.intr->used, 0);
    CHECK_EQ(set(NIC, 0x40, 1, 1, &j), -EINVAL);
    down();
}

TEST(unchanged_is_not_flushed)
{
    unsigned long flushes;
    int i = -1;

    up(false);
    flushes = u->flushes[HW_FLUSH_INTR];
    REQUIRE(!set(NIC, 0x40, 1, 1, &i));
    CHECK_EQ(u->flushes[HW_FLUSH_INTR], flushes);
    REQUIRE(!set(NIC, 0x40, 1, 1, &i));
    CHECK_EQ(u->flushes[HW_FLUSH_INTR], flushes);
    REQUIRE(!set(NIC, 0x40, 2, 1, &i));
    CHECK_EQ(u->flushes[HW_FLUSH_INTR], flushes + 1);
    moat_intr_free(m.p, MOAT_INTR_PCI, NIC, i, 1);
    /* Absent entries may be cached, too. */
    u->unit.caps.flush_absent = true;
    CHECK_EQ(fire(i, MOAT_SBDF_RID(NIC)), -1);
    i = -1;
    REQUIRE(!set(NIC, 0x40, 1, 1, &i));
    CHECK_EQ(fire(i, MOAT_SBDF_RID(NIC)), 0x40);
    moat_intr_free(m.p, MOAT_INTR_PCI, NIC, i, 1);
    down();
}

TEST(source_checks)
{
    int i = -1, j;

    up(false);
    CHECK_EQ(set(MOAT_SBDF(0, 0, 9, 0), 0x40, 1, 1, &i), -ENODEV);
    CHECK_LOG("0000:00:09.0: interrupts refused");
    /* Behind a PCIe-to-PCI bridge: whatever comes from its buses. */
    REQUIRE(!set(PCI_A, 0x40, 1, 1, &i));
    CHECK_EQ(fire(i, MOAT_SBDF_RID(PCI_A)), 0x40);
    CHECK_EQ(fire(i, 0x0100), 0x40);
    CHECK_EQ(fire(i, MOAT_SBDF_RID(NIC)), -1);
    /* Another's entry, by a stray index. */
    j = i;
    CHECK_EQ(set(NIC, 0x66, 1, 1, &j), -EINVAL);
    CHECK_EQ(fire(i, 0x0100), 0x40);
    j = 77;
    CHECK_EQ(set(NIC, 0x66, 1, 1, &j), -EINVAL);
    moat_intr_free(m.p, MOAT_INTR_PCI, PCI_A, i, 1);
    down();
}

/* A device with phantom functions sends messages as any of them. */
TEST(phantom_functions)
{
    struct moat_device_info info = { .dev = GFX, .phantom_stride = 2 };
    struct moat_device *dev;
    uint16_t rid = MOAT_SBDF_RID(GFX);
    int i = -1;

    up(false);
    sim_irqs_on();
    host_devices_lock();
    REQUIRE(!moat_device_add(m.p, &info, m.dom0, &dev));
    host_devices_unlock();
    sim_irqs_off();
    REQUIRE(!set(GFX, 0x40, 1, 1, &i));
    CHECK_EQ(fire(i, rid), 0x40);
    CHECK_EQ(fire(i, rid + 2), 0x40);
    CHECK_EQ(fire(i, rid + 6), 0x40);
    CHECK_EQ(fire(i, rid + 1), -1);
    CHECK_EQ(fire(i, MOAT_SBDF_RID(NIC)), -1);
    moat_intr_free(m.p, MOAT_INTR_PCI, GFX, i, 1);
    down();
}

TEST(multi_vector)
{
    struct moat_intr intr = { .vector = 0x60, .dest = 3 };
    struct moat_msi_msg msg;
    int a = -1, b = -1, one = -1, k;

    up(false);
    REQUIRE(!set(NIC, 0x40, 1, 1, &one));
    CHECK_EQ(moat_intr_set(m.p, MOAT_INTR_PCI, NIC, &intr, 8, &a, &msg), 0);
    CHECK_EQ(a % 8, 0);
    CHECK_EQ(msg.data, 8);
    for ( k = 0; k < 8; k++ )
        CHECK_EQ(fire(a + k, MOAT_SBDF_RID(NIC)), 0x60 + k);
    CHECK_EQ(moat_intr_set(m.p, MOAT_INTR_PCI, NIC, &intr, 3, &b, &msg),
             -EINVAL);
    CHECK_EQ(moat_intr_set(m.p, MOAT_INTR_PCI, NIC, &intr, 64, &b, &msg), 0);
    CHECK_EQ(b % 64, 0);
    CHECK_EQ(u->unit.intr->used, 73);
    moat_intr_free(m.p, MOAT_INTR_PCI, NIC, a, 8);
    for ( k = 0; k < 8; k++ )
        CHECK_EQ(fire(a + k, MOAT_SBDF_RID(NIC)), -1);
    moat_intr_free(m.p, MOAT_INTR_PCI, NIC, b, 64);
    moat_intr_free(m.p, MOAT_INTR_PCI, NIC, one, 1);
    CHECK_EQ(u->unit.intr->used, 0);
    down();
}

/* The allocator against a plain map of what is used. */
TEST(allocator_random)
{
    struct test_rng r = { .s = 0x1234567 };
    uint8_t size[FAKE_INTR] = { 0 };
    bool used[FAKE_INTR] = { false };
    unsigned int step, n, i, k, total = 0;
    bool room;
    int at;

    up(false);
    for ( step = 0; step < 20000 && !test_failing(); step++ )
    {
        if ( test_rand(&r) % 5 < 3 )
        {
            n = 1u << test_rand(&r) % 7;
            at = intr_alloc(u->unit.intr, n);
            if ( at < 0 )
            {
                CHECK_EQ(at, -ENOSPC);
                for ( i = 0; i < FAKE_INTR; i += n )
                {
                    room = true;
                    for ( k = i; k < i + n; k++ )
                        room &= !used[k];
                    CHECK(!room);
                }
                continue;
            }
            CHECK_EQ((unsigned int)at % n, 0);
            for ( k = 0; k < n; k++ )
            {
                CHECK(!used[(unsigned int)at + k]);
                used[(unsigned int)at + k] = true;
            }
            CHECK(intr_is_used(u->unit.intr, (unsigned int)at, n));
            size[at] = (uint8_t)n;
            total += n;
        }
        else
        {
            i = (unsigned int)test_rand(&r) % FAKE_INTR;
            if ( !size[i] )
                continue;
            intr_release(u->unit.intr, i, size[i]);
            for ( k = 0; k < size[i]; k++ )
                used[i + k] = false;
            total -= size[i];
            size[i] = 0;
        }
        CHECK_EQ(u->unit.intr->used, total);
    }
    for ( i = 0; i < FAKE_INTR; i++ )
        if ( size[i] )
            intr_release(u->unit.intr, i, size[i]);
    CHECK_EQ(u->unit.intr->used, 0);
    down();
}

TEST(exhaustion)
{
    int index[FAKE_INTR], i, more = -1;

    up(false);
    for ( i = 0; i < (int)FAKE_INTR; i++ )
    {
        index[i] = -1;
        REQUIRE(!set(NIC, 0x40, 1, 1, &index[i]));
    }
    CHECK_EQ(set(NIC, 0x40, 1, 1, &more), -ENOSPC);
    CHECK_LOG("no 1 interrupt entries in one piece left of 256");
    CHECK_EQ(more, -1);
    moat_intr_free(m.p, MOAT_INTR_PCI, NIC, index[100], 1);
    CHECK_EQ(set(NIC, 0x40, 1, 1, &more), 0);
    CHECK_EQ(more, index[100]);
    for ( i = 0; i < (int)FAKE_INTR; i++ )
        moat_intr_free(m.p, MOAT_INTR_PCI, NIC, index[i], 1);
    CHECK_EQ(u->unit.intr->used, 0);
    down();
}

/* Freed while the flush cannot complete: never handed out again. */
TEST(failed_flush_keeps_entry)
{
    int i = -1, j, k;

    up(false);
    sim_leaks_allow();
    REQUIRE(!set(NIC, 0x40, 1, 1, &i));
    CHECK_EQ(fire(i, MOAT_SBDF_RID(NIC)), 0x40);
    u->mute = true;
    moat_intr_free(m.p, MOAT_INTR_PCI, NIC, i, 1);
    u->mute = false;
    CHECK_LOG("interrupt entries 0-0 are not used again");
    CHECK_EQ(u->unit.intr->leaked, 1);
    for ( k = 0; k < (int)FAKE_INTR - 1; k++ )
    {
        j = intr_alloc(u->unit.intr, 1);
        CHECK(j >= 0 && j != i);
    }
    CHECK_EQ(intr_alloc(u->unit.intr, 1), -ENOSPC);
    down();
}

/* At every step between the free and its completed flush: not free. */
static int parked;
static unsigned long parked_steps;

static void parked_step(void *arg, enum test_step kind,
                        const volatile void *where)
{
    (void)arg;
    (void)kind;
    (void)where;
    /* While the entry still works, it must not be the allocator's. */
    if ( u->irte_cached[parked] && u->irte_cache[parked].present )
    {
        parked_steps++;
        CHECK(intr_is_used(u->unit.intr, (unsigned int)parked, 1));
    }
}

TEST(freed_entry_is_parked)
{
    static const struct sim_hooks hooks = { .step = parked_step };

    up(false);
    parked = -1;
    REQUIRE(!set(NIC, 0x40, 1, 1, &parked));
    CHECK_EQ(fire(parked, MOAT_SBDF_RID(NIC)), 0x40);
    parked_steps = 0;
    sim_hooks_set(&hooks);
    moat_intr_free(m.p, MOAT_INTR_PCI, NIC, parked, 1);
    sim_hooks_set(NULL);
    CHECK(parked_steps > 0);
    CHECK(!intr_is_used(u->unit.intr, (unsigned int)parked, 1));
    down();
}

TEST(hpet)
{
    struct moat_intr intr = { .vector = 0x70 };
    struct moat_msi_msg msg;
    int i = -1;

    up(false);
    CHECK_EQ(moat_intr_set(m.p, MOAT_INTR_HPET, 0, &intr, 1, &i, &msg), 0);
    CHECK_EQ(fire(i, HPET_SID), 0x70);
    CHECK_EQ(fire(i, MOAT_SBDF_RID(NIC)), -1);
    moat_intr_free(m.p, MOAT_INTR_HPET, 0, i, 1);
    i = -1;
    CHECK_EQ(moat_intr_set(m.p, MOAT_INTR_HPET, 1, &intr, 1, &i, &msg),
             -ENODEV);
    CHECK_LOG("HPET 1 is in no unit's scope");
    down();
}

/* ---- IO-APICs ---- */

#define MASKED  0x10000ull

TEST(ioapic_pins)
{
    uint64_t hw, hw2, rte = 0x05000000000000a1ull;  /* APIC 5, vector a1 */
    int i;

    up(false);
    CHECK(moat_intr_ioapic_known(m.p, 2));
    CHECK(!moat_intr_ioapic_known(m.p, 3));
    /* Reset state: masked, no vector: no entry is spent on it. */
    CHECK_EQ(moat_intr_ioapic_set(m.p, 2, 4, MASKED, &hw), 0);
    CHECK(hw & MASKED);
    CHECK_EQ(u->unit.intr->used, 0);
    CHECK_EQ(moat_intr_ioapic_get(m.p, 2, 4, hw), MASKED);

    CHECK_EQ(moat_intr_ioapic_set(m.p, 2, 4, rte, &hw), 0);
    i = u->unit.ops->rte_index(&u->unit, hw);
    CHECK(i >= 0);
    CHECK_EQ(u->irte[i].intr.dest, 5);
    CHECK_EQ(fire(i, IOAPIC_SID), 0xa1);
    CHECK_EQ(fire(i, MOAT_SBDF_RID(NIC)), -1);
    CHECK_EQ(moat_intr_ioapic_get(m.p, 2, 4, hw), rte);
    /* Live bits and the mask come from the hardware. */
    CHECK_EQ(moat_intr_ioapic_get(m.p, 2, 4, hw | 0x5000), rte | 0x5000);
    CHECK_EQ(moat_intr_ioapic_get(m.p, 2, 4, hw | MASKED), rte | MASKED);

    /* The entry is the pin's for ever; changes reach it. */
    CHECK_EQ(moat_intr_ioapic_set(m.p, 2, 4, rte | MASKED, &hw2), 0);
    CHECK_EQ(u->unit.ops->rte_index(&u->unit, hw2), i);
    CHECK_EQ(moat_intr_ioapic_set(m.p, 2, 4, 0x06000000000080b2ull, &hw2),
             0);
    CHECK_EQ(u->unit.ops->rte_index(&u->unit, hw2), i);
    CHECK_EQ(fire(i, IOAPIC_SID), 0xb2);
    CHECK(u->irte[i].intr.level);
    CHECK_EQ(u->unit.intr->used, 1);
    CHECK_EQ(moat_intr_ioapic_set(m.p, 2, 5, rte, &hw), 0);
    CHECK_EQ(u->unit.intr->used, 2);

    CHECK_EQ(moat_intr_ioapic_set(m.p, 3, 4, rte, &hw), -ENODEV);
    CHECK_EQ(hw, MASKED);
    CHECK_LOG("IO-APIC 3 is in no unit's scope: its pins stay masked");
    /* An entry that was never translated. */
    CHECK_EQ(moat_intr_ioapic_get(m.p, 2, 9, rte), rte);
    down();
}

TEST(ioapic_x2apic)
{
    uint64_t hw, rte = 0x12345678000000a1ull;
    int i;

    up(true);
    CHECK_EQ(moat_intr_ioapic_set(m.p, 2, 0, rte, &hw), 0);
    i = u->unit.ops->rte_index(&u->unit, hw);
    CHECK_EQ(u->irte[i].intr.dest, 0x12345678);
    CHECK_EQ(moat_intr_ioapic_get(m.p, 2, 0, hw), rte);
    down();
}

TEST(off_means_untouched)
{
    uint64_t hw;

    up(false);
    sim_irqs_on();
    moat_platform_disable_intremap(m.p);
    sim_irqs_off();
    CHECK_EQ(moat_intr_ioapic_set(m.p, 2, 0, 0x1234, &hw), 0);
    CHECK_EQ(hw, 0x1234);
    CHECK_EQ(moat_intr_ioapic_get(m.p, 2, 0, hw), 0x1234);
    down();
}

TEST(posting)
{
    int i = -1;

    up(false);
    REQUIRE(!set(NIC, 0x40, 1, 1, &i));
    CHECK_EQ(moat_intr_post(m.p, NIC, i, 0x123440, 0x55), 0);
    CHECK_EQ(u->irte[i].pi_desc, 0x123440);
    CHECK_EQ(u->irte[i].intr.vector, 0x55);
    CHECK_EQ(moat_intr_post(m.p, DISK, i, 0x123440, 0x55), -EINVAL);
    CHECK_EQ(moat_intr_post(m.p, NIC, 200, 0x123440, 0x55), -EINVAL);
    CHECK_EQ(moat_intr_post(m.p, NIC, i, 0, 0x40), 0);
    CHECK_EQ(u->irte[i].pi_desc, 0);
    moat_intr_free(m.p, MOAT_INTR_PCI, NIC, i, 1);
    down();
}
