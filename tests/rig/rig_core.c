/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The whole layer on QEMU's unit: found by QEMU's DMAR, brought up in the
 * order a hypervisor uses, devices moved between owners, DMA judged.
 */
#include "rig.h"

#define IOVA    ((moat_iova_t)0x40000000)
#define PAGE_A  ((moat_paddr_t)0x800000)
#define PAGE_B  ((moat_paddr_t)0x801000)
#define RMRR    ((moat_paddr_t)(RIG_RAM - 0x2000))
#define DOM0    ((void *)1)
#define GUEST   ((void *)7)

struct machine
{
    struct moat_platform *p;
    struct moat_domain *dom0, *guest;
    struct moat_device *nic, *edu;
    uint8_t dmar[1024];
};

static const struct moat_options options = {
    .intremap = true, .qinval = true, .superpages = true, .snoop = true,
    .igfx = true, .quarantine = MOAT_QUARANTINE_BASIC, .timeout_ms = 200,
};

/* QEMU's DMAR and one RMRR for the e1000: two pages. */
static void add_rmrr(struct machine *m)
{
    static const uint8_t head[] = { 1, 0, 32, 0, 0, 0, 0, 0 };
    static const uint8_t scope[] = { 1, 8, 0, 0, 0, 0, 5, 0 };
    const moat_paddr_t range[2] = { RMRR, RMRR + 0x1fff };
    uint32_t len32;
    size_t len, i;
    const void *t = rig_acpi_table("DMAR", &len);
    uint8_t sum = 0;

    REQUIRE(t && len + 32 <= sizeof(m->dmar));
    memcpy(m->dmar, t, len);
    memcpy(m->dmar + len, head, 8);
    memcpy(m->dmar + len + 8, range, 16);
    memcpy(m->dmar + len + 24, scope, 8);
    len += 32;
    len32 = (uint32_t)len;
    memcpy(m->dmar + 4, &len32, 4);
    m->dmar[9] = 0;
    for ( i = 0; i < len; i++ )
        sum = (uint8_t)(sum + m->dmar[i]);
    m->dmar[9] = (uint8_t)-sum;
    rig_dmar_set(m->dmar, len);
}

static struct moat_device *add(struct machine *m, moat_sbdf_t dev)
{
    struct moat_device_info info = { .dev = dev };
    struct moat_device *d = NULL;

    CHECK_EQ(moat_device_add(m->p, &info, m->dom0, &d), 0);
    REQUIRE(d);
    return d;
}

static void map(struct moat_domain *d, moat_iova_t iova, moat_paddr_t pa,
                uint64_t len)
{
    struct moat_flush f;

    moat_flush_begin(&f);
    CHECK_EQ(moat_map(d, iova, pa, len, MOAT_RW, &f), 0);
    moat_flush_end(d, &f);
}

static void unmap(struct moat_domain *d, moat_iova_t iova, uint64_t len)
{
    struct moat_flush f;

    moat_flush_begin(&f);
    CHECK_EQ(moat_unmap(d, iova, len, &f), 0);
    moat_flush_end(d, &f);
}

/* As a hypervisor does it at boot. */
static void boot(struct machine *m, const struct rig_config *cfg,
                 const struct moat_options *opts, bool rmrr)
{
    memset(m, 0, sizeof(*m));
    rig_start(cfg);
    rig_probe_init();
    if ( rmrr )
        add_rmrr(m);
    REQUIRE(!moat_platform_create(opts, &m->p));
    if ( opts->intremap )
        CHECK_EQ(moat_platform_enable_intremap(m->p, false), 0);
    REQUIRE(!moat_platform_setup(m->p));
    REQUIRE(!moat_domain_create(m->p, MOAT_DOMAIN_OWN, DOM0, HOST_NO_NODE,
                                &m->dom0));
    REQUIRE(!moat_domain_create(m->p, MOAT_DOMAIN_OWN, GUEST, HOST_NO_NODE,
                                &m->guest));
    host_devices_lock();
    m->nic = add(m, RIG_E1000);
    m->edu = add(m, RIG_EDU);
    map(m->dom0, 0, 0, 64 << 20);
    CHECK_EQ(moat_platform_enable_dma(m->p), 0);
    host_devices_unlock();
}

static int move(struct moat_device *dev, struct moat_domain *to)
{
    int rc;

    host_devices_lock();
    rc = moat_device_move(dev, to, 0);
    host_devices_unlock();
    return rc;
}

static void free_domain(struct moat_domain *d)
{
    while ( moat_domain_free_tables(d) == -ERESTART )
        continue;
    moat_domain_destroy(d);
}

static void halt(struct machine *m)
{
    host_devices_lock();
    CHECK_EQ(moat_device_remove(m->nic), 0);
    CHECK_EQ(moat_device_remove(m->edu), 0);
    host_devices_unlock();
    free_domain(m->guest);
    free_domain(m->dom0);
    moat_platform_destroy(m->p);
}

#define CHECK_DMA(iova, pa, ok)                                         \
    do {                                                                \
        struct rig_dma dma_ = rig_probe(iova, pa);                      \
        if ( dma_.read != (ok) || dma_.write != (ok) )                  \
            test_fail(__FILE__, __LINE__, "DMA at %#" PRIx64            \
                      ": read %s, write %s", (uint64_t)(iova),          \
                      dma_.read ? "passed" : "blocked",                 \
                      dma_.write ? "passed" : "blocked");               \
    } while ( 0 )

static void owners(const struct rig_config *cfg,
                   const struct moat_options *opts)
{
    struct machine m;

    boot(&m, cfg, opts, false);
    CHECK_DMA(PAGE_A, PAGE_A, true);
    CHECK_DMA(IOVA, PAGE_A, false);

    map(m.guest, IOVA, PAGE_B, 4096);
    CHECK_EQ(move(m.nic, NULL), 0);
    CHECK_DMA(PAGE_A, PAGE_A, false);
    CHECK_EQ(move(m.nic, m.guest), 0);
    CHECK_DMA(IOVA, PAGE_B, true);
    CHECK_DMA(PAGE_A, PAGE_A, false);

    /* Mapped and unmapped while the device is there. */
    map(m.guest, IOVA + 0x200000, 0x1000000, 2 << 20);
    CHECK_DMA(IOVA + 0x200000 + 0x5000, 0x1005000, true);
    unmap(m.guest, IOVA + 0x200000 + 0x5000, 4096);
    CHECK_DMA(IOVA + 0x200000 + 0x5000, 0x1005000, false);
    CHECK_DMA(IOVA + 0x200000 + 0x6000, 0x1006000, true);
    unmap(m.guest, IOVA + 0x200000, 2 << 20);
    CHECK_DMA(IOVA + 0x200000 + 0x6000, 0x1006000, false);

    CHECK_EQ(move(m.nic, NULL), 0);
    CHECK_DMA(IOVA, PAGE_B, false);
    CHECK_EQ(move(m.nic, m.dom0), 0);
    CHECK_DMA(PAGE_A, PAGE_A, true);
    CHECK_EQ(move(m.nic, m.guest), 0);
    CHECK_DMA(IOVA, PAGE_B, true);
    CHECK_EQ(move(m.nic, m.dom0), 0);
    halt(&m);
}

RIG_TEST(owners_queue)
{
    static const struct rig_config cfg = { .aw_bits = 48 };

    owners(&cfg, &options);
}

RIG_TEST(owners_caching_mode)
{
    static const struct rig_config cfg = { .aw_bits = 48,
                                           .caching_mode = true };

    owners(&cfg, &options);
}

RIG_TEST(owners_39_bits)
{
    static const struct rig_config cfg = { .aw_bits = 39 };

    owners(&cfg, &options);
}

RIG_TEST(owners_registers)
{
    static const struct rig_config cfg = { .aw_bits = 48,
                                           .no_intremap = true };
    struct moat_options opts = options;

    opts.qinval = opts.intremap = false;
    owners(&cfg, &opts);
}

RIG_TEST(fault_message)
{
    static const struct rig_config cfg = { .aw_bits = 48 };
    struct machine m;

    boot(&m, &cfg, &options, false);
    CHECK_EQ(move(m.nic, NULL), 0);
    CHECK_EQ(move(m.nic, m.guest), 0);
    CHECK_DMA(0xdeadb000, PAGE_A, false);
    moat_faults_poll(m.p);
    CHECK_LOG("fault: 0000:00:05.0 (d7) read 0x00000000deadb000 blocked: ");
    CHECK_EQ(move(m.nic, NULL), 0);
    CHECK_DMA(0xdeadb000, PAGE_A, false);
    moat_faults_poll(m.p);
    CHECK_LOG("fault: 0000:00:05.0 (quarantine) read");
    CHECK_EQ(move(m.nic, m.dom0), 0);
    halt(&m);
}

/* Reachable for every owner; and another device never reaches it. */
RIG_TEST(reserved_region)
{
    static const struct rig_config cfg = { .aw_bits = 48 };
    struct machine m;

    boot(&m, &cfg, &options, true);
    CHECK_DMA(RMRR, RMRR, true);
    CHECK_DMA(RMRR + 0x1000, RMRR + 0x1000, true);
    CHECK_EQ(move(m.nic, NULL), 0);
    CHECK_DMA(RMRR, RMRR, true);
    CHECK_DMA(PAGE_A, PAGE_A, false);
    CHECK_EQ(move(m.nic, m.guest), 0);
    CHECK_DMA(RMRR + 0x1000, RMRR + 0x1000, true);
    CHECK_DMA(RMRR - 0x1000, RMRR - 0x1000, false);
    CHECK_EQ(move(m.nic, NULL), 0);
    CHECK_DMA(RMRR, RMRR, true);
    CHECK_EQ(move(m.nic, m.dom0), 0);
    CHECK_DMA(RMRR, RMRR, true);
    halt(&m);
}

/* The same at every step that hardware can see of every move. */
struct watch
{
    unsigned int steps, blocked;
    bool inside;
};

static void watch_step(void *arg, enum test_step kind,
                       const volatile void *where)
{
    struct watch *w = arg;
    struct rig_dma dma;

    (void)where;
    if ( w->inside || kind == TEST_STEP_SYNC )
        return;
    w->inside = true;
    dma = rig_probe(RMRR, RMRR);
    w->steps++;
    w->blocked += !dma.read || !dma.write;
    w->inside = false;
}

RIG_TEST(reserved_region_at_every_step)
{
    static const struct rig_config cfg = { .aw_bits = 48 };
    struct watch w = { 0, 0, false };
    struct sim_hooks hooks = { .step = watch_step, .arg = &w };
    struct machine m;

    boot(&m, &cfg, &options, true);
    sim_hooks_set(&hooks);
    CHECK_EQ(move(m.nic, NULL), 0);
    CHECK_EQ(move(m.nic, m.guest), 0);
    CHECK_EQ(move(m.nic, NULL), 0);
    CHECK_EQ(move(m.nic, m.dom0), 0);
    CHECK_EQ(move(m.nic, m.guest), 0);
    CHECK_EQ(move(m.nic, m.dom0), 0);
    sim_hooks_set(NULL);
    CHECK_EQ(w.blocked, 0);
    CHECK_MSG(w.steps > 30, "only %u steps", w.steps);
    test_note("%u steps judged", w.steps);
    halt(&m);
}

RIG_TEST(msi_through_the_core)
{
    static const struct rig_config cfg = { .aw_bits = 48 };
    struct moat_intr intr = { .vector = 0x61 };
    struct moat_msi_msg msg;
    struct machine m;
    int index = -1;

    boot(&m, &cfg, &options, false);
    CHECK_EQ(moat_intr_set(m.p, MOAT_INTR_PCI, RIG_EDU, &intr, 1, &index,
                           &msg), 0);
    rig_edu_msi_set(&msg);
    rig_edu_msi_raise();
    CHECK(rig_irr_has(0x61));
    intr.vector = 0x62;
    CHECK_EQ(moat_intr_set(m.p, MOAT_INTR_PCI, RIG_EDU, &intr, 1, &index,
                           &msg), 0);
    rig_edu_msi_raise();
    CHECK(rig_irr_has(0x62));
    moat_intr_free(m.p, MOAT_INTR_PCI, RIG_EDU, index, 1);
    CHECK_EQ(moat_intr_set(m.p, MOAT_INTR_PCI, RIG_E1000, &intr, 1, &index,
                           &msg), -EINVAL);
    halt(&m);
}

RIG_TEST(suspend_and_resume)
{
    static const struct rig_config cfg = { .aw_bits = 48 };
    struct machine m;

    boot(&m, &cfg, &options, false);
    map(m.guest, IOVA, PAGE_B, 4096);
    CHECK_EQ(move(m.nic, m.guest), 0);
    CHECK_EQ(moat_platform_suspend(m.p), 0);
    rig_monitor("system_reset");
    rig_probe_init();
    CHECK_EQ(moat_platform_resume(m.p), 0);
    CHECK_DMA(IOVA, PAGE_B, true);
    CHECK_DMA(PAGE_A, PAGE_A, false);
    CHECK_EQ(move(m.nic, m.dom0), 0);
    CHECK_DMA(PAGE_A, PAGE_A, true);
    moat_dump_units(m.p);
    halt(&m);
}
