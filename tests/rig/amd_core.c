/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The whole layer on QEMU's amd-iommu: found by QEMU's IVRS, brought up in
 * the order a hypervisor uses, devices moved between owners, DMA judged by
 * its bytes.
 *
 * The oracle is QEMU's unit, which is not quite AMD's (version 7.2): an entry
 * with V=1 and TV=0 passes DMA, and faults do not reach the log. What the
 * specification says of these is judged in tests/unit on a unit in memory.
 */
#include "rig.h"

#include <core/platform.h>

#include "amd/amdvi_unit.h"

const struct hw_vendor *const hw_vendors[] = { &amdvi_vendor, NULL };

#define IOVA    ((moat_iova_t)0x40000000)
#define PAGE_A  ((moat_paddr_t)0x800000)
#define PAGE_B  ((moat_paddr_t)0x801000)
#define UNITY   ((moat_paddr_t)(RIG_RAM - 0x2000))
#define RANGE   ((moat_paddr_t)(RIG_RAM - 0x8000))
#define DOM0    ((void *)1)
#define GUEST   ((void *)7)

struct machine
{
    struct moat_platform *p;
    struct moat_domain *dom0, *guest;
    struct moat_device *nic, *edu;
    uint8_t ivrs[1024];
};

static const struct moat_options options = {
    .intremap = true, .qinval = true, .superpages = true, .snoop = true,
    .igfx = true, .quarantine = MOAT_QUARANTINE_BASIC, .timeout_ms = 200,
    .devtlb_timeout_ms = 100,
};
static const struct rig_config amd = { .amd = true };

static void put(uint8_t *p, unsigned int bytes, uint64_t v)
{
    while ( bytes-- )
    {
        *p++ = (uint8_t)v;
        v >>= 8;
    }
}

/* An IVMD: unity, read and write. */
static size_t ivmd(uint8_t *p, uint8_t type, uint16_t first, uint16_t last,
                   moat_paddr_t start, uint64_t size)
{
    memset(p, 0, 32);
    p[0] = type;
    p[1] = 0x07;
    p[2] = 32;
    put(p + 4, 2, first);
    put(p + 6, 2, last);
    put(p + 16, 8, start);
    put(p + 24, 8, size);
    return 32;
}

/* QEMU's IVRS; two pages for the e1000, two for all of bus 0. */
static void add_regions(struct machine *m)
{
    size_t len, i;
    const void *t = rig_acpi_table("IVRS", &len);
    uint8_t sum = 0;

    REQUIRE(t && len + 64 <= sizeof(m->ivrs));
    memcpy(m->ivrs, t, len);
    len += ivmd(m->ivrs + len, 0x21, MOAT_SBDF_RID(RIG_E1000), 0, UNITY,
                0x2000);
    len += ivmd(m->ivrs + len, 0x22, 0x0001, 0x00ff, RANGE, 0x2000);
    put(m->ivrs + 4, 4, len);
    m->ivrs[9] = 0;
    for ( i = 0; i < len; i++ )
        sum = (uint8_t)(sum + m->ivrs[i]);
    m->ivrs[9] = (uint8_t)-sum;
    rig_dmar_set(m->ivrs, len);
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
static void boot(struct machine *m, const struct moat_options *opts,
                 bool regions)
{
    memset(m, 0, sizeof(*m));
    rig_start(&amd);
    rig_probe_init();
    if ( regions )
        add_regions(m);
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

static void owners(const struct moat_options *opts)
{
    struct machine m;

    boot(&m, opts, false);
    CHECK_DMA(PAGE_A, PAGE_A, true);
    CHECK_DMA(IOVA, PAGE_A, false);

    map(m.guest, IOVA, PAGE_B, 4096);
    CHECK_EQ(move(m.nic, NULL), 0);
    CHECK_DMA(PAGE_A, PAGE_A, false);
    CHECK_EQ(move(m.nic, m.guest), 0);
    CHECK_DMA(IOVA, PAGE_B, true);
    CHECK_DMA(PAGE_A, PAGE_A, false);

    /* Mapped and unmapped while the device is there; split and whole. */
    map(m.guest, IOVA + 0x200000, 0x1000000, 2 << 20);
    CHECK_DMA(IOVA + 0x200000 + 0x5000, 0x1005000, true);
    unmap(m.guest, IOVA + 0x200000 + 0x5000, 4096);
    CHECK_DMA(IOVA + 0x200000 + 0x5000, 0x1005000, false);
    CHECK_DMA(IOVA + 0x200000 + 0x6000, 0x1006000, true);
    unmap(m.guest, IOVA + 0x200000, 2 << 20);
    CHECK_DMA(IOVA + 0x200000 + 0x6000, 0x1006000, false);
    /* The same address leading elsewhere: nothing of the old is left. */
    map(m.guest, IOVA, PAGE_A, 4096);
    CHECK_DMA(IOVA, PAGE_A, true);

    CHECK_EQ(move(m.nic, NULL), 0);
    CHECK_DMA(IOVA, PAGE_A, false);
    CHECK_EQ(move(m.nic, m.dom0), 0);
    CHECK_DMA(PAGE_A, PAGE_A, true);
    CHECK_EQ(move(m.nic, m.guest), 0);
    CHECK_DMA(IOVA, PAGE_A, true);
    CHECK_EQ(move(m.nic, m.dom0), 0);
    halt(&m);
}

RIG_TEST(amd_owners)
{
    struct moat_options opts = options;

    opts.intremap = false;
    owners(&opts);
}

RIG_TEST(amd_owners_intremap)
{
    owners(&options);
}

/* Untranslated until enable_dma(), although the unit is on by then. */
RIG_TEST(amd_before_translation)
{
    struct moat_device *nic;
    struct machine m;

    memset(&m, 0, sizeof(m));
    rig_start(&amd);
    rig_probe_init();
    REQUIRE(!moat_platform_create(&options, &m.p));
    CHECK_DMA(PAGE_A, PAGE_A, true);
    REQUIRE(!moat_platform_enable_intremap(m.p, false));
    CHECK_DMA(PAGE_A, PAGE_A, true);
    REQUIRE(!moat_platform_setup(m.p));
    REQUIRE(!moat_domain_create(m.p, MOAT_DOMAIN_OWN, DOM0, HOST_NO_NODE,
                                &m.dom0));
    host_devices_lock();
    nic = add(&m, RIG_E1000);
    map(m.dom0, IOVA, PAGE_B, 4096);
    CHECK_DMA(PAGE_A, PAGE_A, true);
    CHECK_EQ(moat_platform_enable_dma(m.p), 0);
    CHECK_DMA(PAGE_A, PAGE_A, false);
    CHECK_DMA(IOVA, PAGE_B, true);
    CHECK_EQ(moat_device_remove(nic), 0);
    CHECK_DMA(IOVA, PAGE_B, false);
    host_devices_unlock();
    free_domain(m.dom0);
    moat_platform_destroy(m.p);
    CHECK_DMA(PAGE_A, PAGE_A, true);
}

RIG_TEST(amd_passthrough)
{
    struct moat_options opts = options;
    struct moat_domain *pt;
    struct machine m;

    boot(&m, &opts, false);
    REQUIRE(!moat_domain_create(m.p, MOAT_DOMAIN_PASSTHROUGH, (void *)9,
                                HOST_NO_NODE, &pt));
    CHECK_DMA(0x8000000, 0x8000000, false);
    CHECK_EQ(move(m.nic, pt), 0);
    CHECK_DMA(0x8000000, 0x8000000, true);
    CHECK_EQ(move(m.nic, m.dom0), 0);
    CHECK_DMA(0x8000000, 0x8000000, false);
    moat_domain_destroy(pt);
    halt(&m);
}

/*
 * F9: reachable for every owner, quarantine among them; and by nobody else,
 * and not a page more.
 */
RIG_TEST(amd_unity)
{
    struct machine m;

    boot(&m, &options, true);
    CHECK_DMA(UNITY, UNITY, true);
    CHECK_DMA(RANGE + 0x1000, RANGE + 0x1000, true);
    CHECK_EQ(move(m.nic, NULL), 0);
    CHECK_DMA(UNITY + 0x1000, UNITY + 0x1000, true);
    CHECK_DMA(RANGE, RANGE, true);
    CHECK_DMA(PAGE_A, PAGE_A, false);
    CHECK_DMA(UNITY - 0x1000, UNITY - 0x1000, false);
    CHECK_DMA(RANGE + 0x2000, RANGE + 0x2000, false);
    CHECK_EQ(move(m.edu, NULL), 0);
    CHECK_EQ(move(m.nic, m.guest), 0);
    CHECK_DMA(UNITY, UNITY, true);
    CHECK_DMA(RANGE, RANGE, true);
    CHECK_DMA(UNITY - 0x1000, UNITY - 0x1000, false);
    CHECK_EQ(move(m.nic, NULL), 0);
    CHECK_DMA(UNITY, UNITY, true);
    CHECK_EQ(move(m.nic, m.dom0), 0);
    CHECK_DMA(UNITY, UNITY, true);
    CHECK_EQ(move(m.edu, m.dom0), 0);
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
    struct rig_dma a, b;

    (void)where;
    if ( w->inside || kind == TEST_STEP_SYNC )
        return;
    w->inside = true;
    a = rig_probe(UNITY, UNITY);
    b = rig_probe(RANGE, RANGE);
    w->steps++;
    w->blocked += !a.read || !a.write || !b.read || !b.write;
    w->inside = false;
}

RIG_TEST(amd_unity_at_every_step)
{
    struct watch w = { 0, 0, false };
    struct sim_hooks hooks = { .step = watch_step, .arg = &w };
    struct machine m;

    boot(&m, &options, true);
    CHECK_EQ(move(m.edu, NULL), 0);
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

RIG_TEST(amd_msi)
{
    struct moat_intr intr = { .vector = 0x61 };
    struct moat_msi_msg msg;
    struct machine m;
    int index = -1;

    boot(&m, &options, false);
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
    /* An index that is not in the device's own table reaches nothing. */
    msg.data += 8;
    rig_edu_msi_set(&msg);
    intr.vector = 0x63;
    rig_edu_msi_raise();
    CHECK(!rig_irr_has(msg.data & 0xff));
    moat_intr_free(m.p, MOAT_INTR_PCI, RIG_EDU, index, 1);
    halt(&m);
}

RIG_TEST(amd_suspend)
{
    struct machine m;

    boot(&m, &options, false);
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

/* The ring goes round many times; the unit goes on. */
RIG_TEST(amd_many_flushes)
{
    struct machine m;
    unsigned int i;

    boot(&m, &options, false);
    CHECK_EQ(move(m.nic, NULL), 0);
    CHECK_EQ(move(m.nic, m.guest), 0);
    for ( i = 0; i < 700; i++ )
    {
        map(m.guest, IOVA, i & 1 ? PAGE_A : PAGE_B, 4096);
        if ( !(i % 50) )
            CHECK_DMA(IOVA, i & 1 ? PAGE_A : PAGE_B, true);
    }
    CHECK_DMA(IOVA, PAGE_A, true);
    CHECK_EQ(move(m.nic, NULL), 0);
    CHECK_EQ(move(m.nic, m.dom0), 0);
    halt(&m);
}
