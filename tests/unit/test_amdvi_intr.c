/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Logs of AMD-Vi, the interrupt that announces them, and interrupt tables
 * (48882, 2.5, 2.6, 2.2.5).
 */
#include "amdvi_world.h"

#define STATUS  0x2020
#define CTRL    0x18

/* ---- Logs ---- */

TEST(events)
{
    struct moat_unit *u = world_ready(EFR_NEW);
    struct moat_fault f[16];
    bool lost = false;
    unsigned int i, n, round;

    CHECK_EQ(u->ops->faults_take(u, f, 16, &lost), 0);
    /* More than twice round the log, in portions. */
    for ( round = 0, i = 0; round < 120; round++ )
    {
        for ( n = 0; n < 10; n++ )
            REQUIRE(asim_event(U1, 0x2020000700000020,
                               (uint64_t)(10 * round + n) << 12));
        n = u->ops->faults_take(u, f, 7, &lost);
        CHECK_EQ(n, 7);
        CHECK_EQ(f[0].addr, (uint64_t)i << 12);
        CHECK_EQ(f[6].addr, (uint64_t)(i + 6) << 12);
        n = u->ops->faults_take(u, f, 16, &lost);
        CHECK_EQ(n, 3);
        CHECK_EQ(f[2].source, NIC);
        CHECK_EQ(f[2].access, MOAT_ACCESS_WRITE);
        i += 10;
    }
    CHECK(!lost);
    CHECK_EQ(asim_reg(U1, 0x2010), asim_reg(U1, 0x2018));
    CHECK_EQ(asim_reg(U1, STATUS) & 2, 0);
    world_end();
}

TEST(events_overflow)
{
    struct moat_unit *u = world_ready(EFR_NEW);
    struct moat_fault f[16];
    unsigned int n, total = 0;
    bool lost = false;

    while ( asim_event(U1, 0x2020000700000020, 0x1000) )
        continue;
    CHECK_EQ(asim_reg(U1, STATUS) & 9, 1);
    do {
        n = u->ops->faults_take(u, f, 16, &lost);
        total += n;
    } while ( n == 16 );
    CHECK_EQ(total, 511);
    CHECK(lost);
    CHECK_EQ(asim_reg(U1, STATUS) & 9, 8);
    CHECK(asim_event(U1, 0x2020000700000020, 0x2000));
    lost = false;
    CHECK_EQ(u->ops->faults_take(u, f, 16, &lost), 1);
    CHECK_EQ(f[0].addr, 0x2000);
    CHECK(!lost);
    world_end();
}

/* Errata 732, 733: the tail runs ahead; the entry is taken when it is there. */
TEST(events_late)
{
    struct moat_unit *u = world_ready(EFR_NEW);
    struct moat_fault f[4];
    uint64_t *log;
    bool lost = false;

    U1->late_entry = 1;
    REQUIRE(asim_event(U1, 0x2020000700000020, 0x5000));
    CHECK_EQ(u->ops->faults_take(u, f, 4, &lost), 0);
    log = sim_pa_to_va(asim_reg(U1, 0x10) & 0xffffffffff000, 16);
    log[0] = 0x2020000700000020;
    CHECK_EQ(u->ops->faults_take(u, f, 4, &lost), 1);
    CHECK_EQ(f[0].addr, 0x5000);
    world_end();
}

TEST(page_requests)
{
    struct moat_unit *u = world_ready(EFR_NEW);
    struct moat_fault f[4];
    bool lost = false;
    unsigned int i;

    REQUIRE(asim_ppr(U1, 0x1000000000000020, 0x7000));
    CHECK_EQ(u->ops->faults_take(u, f, 4, &lost), 1);
    CHECK_EQ(f[0].source, NIC);
    CHECK_EQ(f[0].access, MOAT_ACCESS_TRANSLATE);
    CHECK_EQ(f[0].addr, 0x7000);
    for ( i = 0; asim_ppr(U1, 0x1000000000000020, 0x7000); i++ )
        continue;
    CHECK_EQ(i, 511);
    while ( u->ops->faults_take(u, f, 4, &lost) == 4 )
        continue;
    CHECK(lost);
    CHECK_EQ(asim_reg(U1, STATUS) & 0xa0, 0x80);
    world_end();
}

TEST(own_interrupt)
{
    struct moat_msi_msg m = { .addr_lo = 0xfee03004, .addr_hi = 0x12345600,
                              .data = 0x4131 };
    struct moat_unit *u = world_ready(EFR_NEW);
    unsigned int pos = world_unit(0)->msi_pos;

    u->ops->irq_message(u, &m);
    CHECK_EQ(sim_pci_get32(U1->pci, pos + 4), 0xfee03004);
    CHECK_EQ(sim_pci_get32(U1->pci, pos + 8), 0x12345600);
    CHECK_EQ(sim_pci_get16(U1->pci, pos + 12), 0x4131);
    CHECK_EQ(sim_pci_get16(U1->pci, pos + 2) & 0x71, 1);
    u->ops->irq_mask(u, false);
    CHECK_EQ(asim_reg(U1, CTRL) & 0x4008, 0x4008);
    asim_event(U1, 0x2020000700000020, 0x1000);
    CHECK_EQ(U1->interrupts, 1);
    u->ops->irq_mask(u, true);
    CHECK_EQ(asim_reg(U1, CTRL) & 0x4008, 0);
    world_end();
}

TEST(own_interrupt_x2apic)
{
    struct moat_msi_msg m = { .addr_lo = 0xfee78004, .addr_hi = 0x12345600,
                              .data = 0x4131 };
    struct moat_unit *u;

    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-good", NULL, true, true));
    u = &world_unit(0)->unit;
    /* GAEn 17, XTEn 50, IntCapXTEn 51. */
    CHECK_EQ(asim_reg(U1, CTRL) & 0xc000000020000, 0xc000000020000);
    u->ops->irq_message(u, &m);
    /* Logical; destination 12345678h; vector 31h; lowest priority. */
    CHECK_EQ(asim_reg(U1, 0x170), 0x1200013134567804);
    CHECK_EQ(asim_reg(U1, 0x178), 0x1200013134567804);
    world_end();
}

/* ---- Interrupt tables ---- */

static struct moat_intr intr_of(uint8_t vector, uint32_t dest)
{
    struct moat_intr i = { .vector = vector, .dest = dest };

    return i;
}

static void check_intr(bool x2apic)
{
    struct moat_intr i = intr_of(0x41, x2apic ? 0x12345678 : 5);
    struct moat_msi_msg msg, other;
    int index = -1, index2 = -1;
    unsigned int vector, k;
    struct moat_counts c;
    uint32_t dest;

    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-good", NULL, true, x2apic));
    REQUIRE(world_add(NIC) && world_add(DISK));
    REQUIRE(!world_enable());

    CHECK_EQ(asim_msi(U1, 0x20, 0, &vector, &dest), -EFAULT);
    REQUIRE(!moat_intr_set(P, MOAT_INTR_PCI, NIC, &i, 4, &index, &msg));
    CHECK_EQ(msg.addr_lo, 0xfee00000);
    CHECK_EQ(msg.data, (uint32_t)index);
    CHECK_EQ(index % 4, 0);
    for ( k = 0; k < 4; k++ )
    {
        CHECK_EQ(asim_msi(U1, 0x20, msg.data + k, &vector, &dest), 0);
        CHECK_EQ(vector, 0x41 + k);
        CHECK_EQ(dest, i.dest);
    }
    CHECK_EQ(asim_msi(U1, 0x20, msg.data + 4, &vector, &dest), -EFAULT);
    /* Another requester does not reach them, whatever it sends. */
    for ( k = 0; k < 2048; k++ )
        CHECK_EQ(asim_msi(U1, 0x28, k, &vector, &dest), -EFAULT);

    /* Each has indices of its own, from the same number on. */
    REQUIRE(!moat_intr_set(P, MOAT_INTR_PCI, DISK, &i, 1, &index2, &other));
    CHECK_EQ(index2, index);
    moat_unit_counts(moat_unit_get(P, 0), &c);
    CHECK_EQ(c.intr_used, 5);

    /* A change is flushed, for this id; a freed entry is gone. */
    asim_forget(U1);
    i = intr_of(0x51, 7);
    REQUIRE(!moat_intr_set(P, MOAT_INTR_PCI, NIC, &i, 4, &index, &msg));
    CHECK(asim_has(U1, 0x5000000000000020, 0));
    CHECK_EQ(asim_msi(U1, 0x20, msg.data, &vector, &dest), 0);
    CHECK_EQ(vector, 0x51);
    asim_forget(U1);
    moat_intr_free(P, MOAT_INTR_PCI, NIC, index, 4);
    CHECK(asim_has(U1, 0x5000000000000020, 0));
    CHECK_EQ(asim_msi(U1, 0x20, msg.data, &vector, &dest), -EFAULT);
    CHECK_EQ(asim_msi(U1, 0x28, other.data, &vector, &dest), 0);
    moat_intr_free(P, MOAT_INTR_PCI, DISK, index2, 1);
    moat_unit_counts(moat_unit_get(P, 0), &c);
    CHECK_EQ(c.intr_used, 0);
    world_end();
}

TEST(interrupts_32)
{
    check_intr(false);
}

TEST(interrupts_128)
{
    check_intr(true);
}

/* What an entry cannot say is refused. */
TEST(interrupts_refused)
{
    struct moat_intr i = intr_of(0x41, 0x100);
    struct moat_msi_msg msg;
    int index = -1, k, many[600];

    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-good", NULL, true, false));
    REQUIRE(world_add(NIC));
    CHECK_EQ(moat_intr_set(P, MOAT_INTR_PCI, NIC, &i, 1, &index, &msg),
             -EINVAL);
    i = intr_of(0x41, 1);
    i.delivery = 4;
    CHECK_EQ(moat_intr_set(P, MOAT_INTR_PCI, NIC, &i, 1, &index, &msg),
             -EINVAL);
    CHECK_EQ(moat_intr_set(P, MOAT_INTR_PCI, DISK, &i, 1, &index, &msg),
             -ENODEV);
    i.delivery = 0;
    for ( k = 0; k < 513; k++ )
    {
        many[k] = -1;
        if ( moat_intr_set(P, MOAT_INTR_PCI, NIC, &i, 1, &many[k], &msg) )
            break;
    }
    CHECK_EQ(k, 512);
    world_end();
}

/* Devices behind one alias share its table, as nobody can tell them apart. */
TEST(interrupts_alias)
{
    struct moat_intr i = intr_of(0x61, 1);
    struct moat_msi_msg msg;
    unsigned int vector;
    uint32_t dest;
    int index = -1;

    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-good", NULL, true, false));
    REQUIRE(world_add(LEGACY));
    REQUIRE(!moat_intr_set(P, MOAT_INTR_PCI, LEGACY, &i, 1, &index, &msg));
    CHECK_EQ(asim_msi(U1, 0xff08, msg.data, &vector, &dest), 0);
    CHECK_EQ(vector, 0x61);
    CHECK_EQ(asim_msi(U1, 0x00a5, msg.data, &vector, &dest), 0);
    CHECK_EQ(vector, 0x61);
    CHECK_EQ(asim_msi(U1, 0xff10, msg.data, &vector, &dest), -EFAULT);
    world_end();
}

TEST(interrupts_ioapic)
{
    uint64_t hw;
    unsigned int vector, pin;
    uint32_t dest;

    world_hardware(EFR_NEW);
    REQUIRE(!world_up("scan-good", NULL, true, false));
    for ( pin = 0; pin < 24; pin++ )
    {
        /* Level, destination 3, vector 70h + pin. */
        REQUIRE(!moat_intr_ioapic_set(P, 2, pin,
                                      0x0300000000008070 + pin, &hw));
        CHECK_EQ(asim_msi(U1, 0xa0, (uint32_t)hw & 0x7ff, &vector, &dest),
                 0);
        CHECK_EQ(vector, 0x70 + pin);
        CHECK_EQ(dest, 3);
        CHECK_EQ(hw & 0x8000, 0x8000);
        CHECK_EQ(moat_intr_ioapic_get(P, 2, pin, hw),
                 0x0300000000008070 + pin);
    }
    CHECK_EQ(moat_intr_ioapic_set(P, 9, 0, 0x70, &hw), -ENODEV);
    world_end();
}

/* ---- IO-APIC ids: one byte, all of it (D10) ---- */

#define APICS   250u
#define APIC(n) ((uint16_t)(0x0100 + 8 * (n)))

static uint8_t many[48 + 24 + 8 + 8 * (APICS + 1)];
static size_t many_len;

static void put(uint64_t v, unsigned int bytes)
{
    for ( ; bytes--; v >>= 8 )
        many[many_len++] = (uint8_t)v;
}

static void put_special(unsigned int id, uint16_t rid)
{
    put(0x48, 1);
    put(0, 3);
    put(id, 1);
    put(rid, 2);
    put(1, 1);
}

/* More IO-APICs than any machine has, the last ids among them. */
static void make_many(void)
{
    unsigned int i;
    uint8_t sum = 0;

    memcpy(many, "IVRS", 4);
    many[8] = 2;
    many_len = 48;
    put(0x10, 2);
    put(sizeof(many) - 48, 2);
    put(MOAT_SBDF_RID(UNIT1), 2);
    put(0x40, 2);
    put(BASE1, 8);
    put(0, 8);
    put(3, 1);
    put(0x20, 3);
    put(4, 1);
    put(0xfffe, 3);
    put_special(0, 0xa0);
    for ( i = 0; i < APICS; i++ )
        put_special(255 - i, APIC(i));
    many[4] = (uint8_t)many_len;
    many[5] = (uint8_t)(many_len >> 8);
    for ( i = 0; i < many_len; i++ )
        sum = (uint8_t)(sum + many[i]);
    many[9] = (uint8_t)-sum;
    CHECK_EQ(many_len, sizeof(many));
}

/* Each one that the table names works, whether it exists or not. */
TEST(interrupts_ioapics_many)
{
    struct moat_options o = world_options();
    unsigned int i, vector;
    uint32_t dest;
    uint64_t hw;

    make_many();
    world_hardware(EFR_NEW);
    sim_acpi_set("IVRS", many, sizeof(many));
    DOM0 = D1 = NULL;
    REQUIRE(!moat_platform_create(&o, &P));
    REQUIRE(!moat_platform_enable_intremap(P, false));
    for ( i = 0; i < APICS; i++ )
    {
        CHECK(moat_intr_ioapic_known(P, 255 - i));
        REQUIRE(!moat_intr_ioapic_set(P, 255 - i, i % 24,
                                      0x0300000000008030 + i % 200, &hw));
        CHECK_EQ(asim_msi(U1, APIC(i), (uint32_t)hw & 0x7ff, &vector, &dest),
                 0);
        CHECK_EQ(vector, 0x30 + i % 200);
        /* Nobody else's. */
        CHECK_EQ(asim_msi(U1, APIC(i) + 1, (uint32_t)hw & 0x7ff, &vector,
                          &dest), -EFAULT);
    }
    CHECK(moat_intr_ioapic_known(P, 0));
    CHECK(!moat_intr_ioapic_known(P, 1) && !moat_intr_ioapic_known(P, 5));
    CHECK(!moat_intr_ioapic_known(P, 256));
    CHECK(!moat_intr_ioapic_known(P, ~0u));
    CHECK_EQ(moat_intr_ioapic_set(P, 1, 0, 0x70, &hw), -ENODEV);
    CHECK_EQ(moat_intr_ioapic_set(P, 256, 0, 0x70, &hw), -ENODEV);
    world_end();
}
