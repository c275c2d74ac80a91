/* SPDX-License-Identifier: GPL-2.0-only */
/* The userspace host checks what it promises to check. */
#include "test.h"

static struct host_lock a, b;

static void order_wrong(void *arg)
{
    (void)arg;
    host_lock(&b);
    host_lock(&a);
}

static void twice(void *arg)
{
    (void)arg;
    host_lock(&a);
    host_lock(&a);
}

static void class_wrong(void *arg)
{
    (void)arg;
    host_lock(&b);
    host_unlock(&b);
    (void)host_lock_irqsave(&b);
}

static void irqs_off(void *arg)
{
    (void)arg;
    sim_irqs_off();
    host_lock(&a);
}

static void alloc_irqs_off(void *arg)
{
    sim_irqs_off();
    *(void **)arg = host_alloc(1);
}

static void relax_locked(void *arg)
{
    (void)arg;
    host_lock(&a);
    host_relax();
}

static void devices_inside(void *arg)
{
    (void)arg;
    host_lock(&a);
    host_devices_lock();
}

TEST(host_locks)
{
    void *p = NULL;

    host_lock_init(&a, 1);
    host_lock_init(&b, 2);
    host_lock(&a);
    host_lock(&b);
    host_lock_assert(&a);
    host_unlock(&a);
    host_unlock(&b);
    CHECK_BUG("lock order: rank 1 taken with rank 2", order_wrong, NULL);
    CHECK_BUG("holds it already", twice, NULL);
    CHECK_BUG("with and without irqsave", class_wrong, NULL);
    CHECK_BUG("interrupts off", irqs_off, NULL);
    CHECK_BUG("interrupts off", alloc_irqs_off, &p);
    CHECK_BUG("waiting for hardware", relax_locked, NULL);
    CHECK_BUG("device lock taken", devices_inside, NULL);
    CHECK_EQ(sim_locks_held(), 0);
    host_devices_lock();
    host_devices_lock();
    host_devices_unlock();
    host_devices_assert_locked();
    host_devices_unlock();
}

static void free_stranger(void *arg)
{
    host_free((char *)arg + 64);
}

TEST(host_memory)
{
    struct host_tables list;
    moat_paddr_t pa, pa2;
    uint64_t *p, *q;
    char *h;
    unsigned int i, got = 0;

    h = host_alloc(200);
    REQUIRE(h);
    CHECK_EQ(h[199], 0);
    CHECK_BUG("did not return", free_stranger, h);
    host_free(h);

    p = host_dma_alloc(3 * MOAT_PAGE_SIZE, HOST_NO_NODE, &pa);
    REQUIRE(p);
    CHECK_EQ(pa & (4 * MOAT_PAGE_SIZE - 1), 0);
    CHECK(pa >> 32);
    CHECK(sim_pa_to_va(pa, 3 * MOAT_PAGE_SIZE) == p);
    CHECK(!sim_pa_to_va(pa, 4 * MOAT_PAGE_SIZE));
    host_dma_free(p, 3 * MOAT_PAGE_SIZE);
    CHECK(!sim_pa_to_va(pa, 8));

    host_tables_init(&list);
    p = host_table_alloc(NULL, HOST_NO_NODE, &pa);
    q = host_table_alloc(NULL, HOST_NO_NODE, &pa2);
    REQUIRE(p && q);
    CHECK(host_table_va(pa2) == q);
    host_tables_add(&list, p);
    host_tables_add(&list, q);
    CHECK_EQ(sim_page_state(pa), SIM_PAGE_LISTED);
    CHECK_EQ(host_tables_free_some(&list, 1), 1);
    CHECK_EQ(host_tables_free(&list), 1);
    CHECK(host_tables_empty(&list));

    sim_fail_nth(3);
    for ( i = 0; i < 5; i++ )
    {
        h = host_alloc(8);
        got |= !!h << i;
        host_free(h);
    }
    CHECK_EQ(got, 0x1b);
    CHECK(sim_fail_fired());
}

TEST(host_shadow)
{
    struct host_tables list;
    moat_paddr_t pa;
    uint64_t *p;

    sim_shadow_enable();
    host_tables_init(&list);
    p = host_table_alloc(NULL, HOST_NO_NODE, &pa);
    REQUIRE(p);
    CHECK_EQ(sim_hw_read64(pa), 0xdbdbdbdbdbdbdbdbULL);
    host_store64(p + 9, 5);
    host_cache_writeback(p, 64);
    CHECK_EQ(sim_hw_read64(pa), 0);
    CHECK_EQ(sim_hw_read64(pa + 72), 0xdbdbdbdbdbdbdbdbULL);
    host_cache_writeback(p + 9, 8);
    CHECK_EQ(sim_hw_read64(pa + 72), 5);
    CHECK_EQ(sim_writeback_lines(), 2);
    host_tables_add(&list, p);
    host_tables_free(&list);
}

TEST(host_clock)
{
    uint64_t t0 = host_now_ns(), t1;

    CHECK_EQ(host_now_ns() - t0, 10000);
    sim_clock_virtual(7);
    t0 = host_now_ns();
    sim_clock_advance(100);
    CHECK_EQ(host_now_ns() - t0, 107);
    sim_clock_real();
    t0 = host_now_ns();
    t1 = host_now_ns();
    CHECK(t1 >= t0);
}

static unsigned int ran;
static struct host_work w1, w2;

static void work_fn(void *arg)
{
    ran++;
    if ( arg )
        host_work_schedule(&w1);
}

TEST(host_work)
{
    host_work_init(&w1, work_fn, &w1);
    host_work_init(&w2, work_fn, NULL);
    ran = 0;
    host_work_schedule(&w1);
    host_work_schedule(&w2);
    host_work_schedule(&w1);
    CHECK_EQ(sim_work_run(), 2);
    CHECK_EQ(ran, 2);
    host_work_kill(&w1);
    CHECK_EQ(sim_work_run(), 0);
    host_work_schedule(&w2);
    CHECK_EQ(sim_work_run(), 1);
}

TEST(host_pci)
{
    moat_sbdf_t dev = MOAT_SBDF(0, 0, 4, 0);
    struct sim_pci *p = sim_pci_add(dev, 0x1234, 0x11e8, 0x00ff00);
    unsigned int at;

    CHECK_EQ(host_pci_read16(dev, 0), 0x1234);
    CHECK_EQ(host_pci_read32(dev, 8) >> 8, 0x00ff00);
    host_pci_write32(dev, 0, 0);
    CHECK_EQ(host_pci_read16(dev, 2), 0x11e8);
    host_pci_write16(dev, 4, 6);
    CHECK_EQ(host_pci_read16(dev, 4), 6);
    p->ro[4] = 4;                       /* bus mastering cannot be cleared */
    host_pci_write16(dev, 4, 0);
    CHECK_EQ(host_pci_read16(dev, 4), 4);
    sim_pci_cap(p, 5, 10);
    at = sim_pci_express(p, 0);
    CHECK_EQ(at, 0x4c);
    CHECK_EQ(host_pci_read8(dev, 0x34), 0x40);
    CHECK_EQ(host_pci_read8(dev, 0x41), at);
    CHECK_EQ(host_pci_read8(dev, at), 0x10);
    sim_pci_remove(dev);
    CHECK_EQ(host_pci_read32(dev, 0), 0xffffffffu);
}

TEST(host_log)
{
    host_log_err("unit %u: at %#" PRIx64, 3, (uint64_t)0xfed90000);
    host_log_info("second");
    CHECK_LOG("E moat: unit 3: at 0xfed90000");
    CHECK_EQ(sim_log_count("moat:"), 2);
    sim_log_clear();
    CHECK(!sim_log_has("second"));
}
