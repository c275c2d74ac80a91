/* SPDX-License-Identifier: GPL-2.0-only */
/* See rig_vtd_world.h. */
#include "rig_vtd_world.h"

const struct moat_options world_options = {
    .intremap = true, .qinval = true, .superpages = true, .snoop = true,
    .igfx = true, .ats = true, .intpost = true, .timeout_ms = 200,
};
const struct hw_entry world_none = { .kind = HW_ENTRY_NONE };

void world_find(struct world *w, const struct rig_config *cfg,
                const struct moat_options *opts)
{
    struct moat_platform *p;
    const void *dmar;
    size_t len;

    rig_start(cfg);
    memset(w, 0, sizeof(*w));
    w->opts = *opts;
    p = stub_platform(&w->opts);
    dmar = host_acpi_table("DMAR", &len);
    REQUIRE(dmar);
    REQUIRE(!vtd_vendor.scan(p, dmar, len));
    w->u = stub_units();
    REQUIRE(w->u && !w->u->next);
    w->v = to_vtd(w->u);
    w->ops = w->u->ops;
    CHECK_EQ(w->u->reg_pa, RIG_VTD_BASE);
    w->levels = w->u->caps.levels & (1u << 4) ? 4 : 3;
    w->next = 0x100000;
}

void world_up(struct world *w, const struct rig_config *cfg,
              const struct moat_options *opts)
{
    world_find(w, cfg, opts);
    rig_probe_init();
    REQUIRE(!w->ops->start_queue(w->u));
    REQUIRE(!w->ops->setup(w->u));
    REQUIRE(!w->ops->enable_dma(w->u));
    REQUIRE(!w->ops->entry_prepare(w->u, MOAT_SBDF_RID(RIG_E1000)));
    REQUIRE(!w->ops->entry_prepare(w->u, MOAT_SBDF_RID(RIG_EDU)));
}

void world_down(struct world *w)
{
    w->ops->disable_dma(w->u);
    w->ops->disable_intremap(w->u);
    w->ops->stop_queue(w->u);
    w->ops->release(w->u);
}

moat_paddr_t world_table(struct world *w)
{
    moat_paddr_t pa = w->next;

    w->next += 4096;
    memset(rig_ram(pa), 0, 4096);
    return pa;
}

void world_map(struct world *w, moat_paddr_t root, moat_iova_t iova,
               moat_paddr_t pa, unsigned int bits)
{
    unsigned int level;
    uint64_t *e;

    for ( level = w->levels; ; level-- )
    {
        e = (uint64_t *)rig_ram(root) +
            ((iova >> (12 + 9 * (level - 1))) & 511);
        if ( level == 1 )
            break;
        if ( !*e )
            *e = world_table(w) | 3;
        root = *e & 0x000ffffffffff000;
    }
    *e = bits ? pa | bits : 0;
}

struct hw_entry world_entry(const struct world *w, moat_paddr_t root,
                            unsigned int did)
{
    struct hw_entry e = { .kind = HW_ENTRY_TABLE, .did = (uint16_t)did,
                          .levels = w->levels, .root = root };

    return e;
}

int world_flush(struct world *w, const struct hw_flush *f, unsigned int n)
{
    uint32_t token;
    int rc = w->ops->flush_submit(w->u, f, n, &token);

    return rc ? rc : w->ops->flush_wait(w->u, token);
}

void world_swap(struct world *w, moat_sbdf_t dev, const struct hw_entry *old,
                const struct hw_entry *new)
{
    struct hw_flush f[2];

    memset(f, 0, sizeof(f));
    f[0].kind = HW_FLUSH_ENTRY;
    f[0].did = f[1].did = old->did;
    f[0].rid = MOAT_SBDF_RID(dev);
    f[1].kind = HW_FLUSH_DID;
    CHECK_EQ(w->ops->entry_swap(w->u, f[0].rid, old, new), 0);
    /* What was absent is cached only in caching mode, under id 0. */
    if ( old->kind == HW_ENTRY_NONE && !w->u->caps.flush_absent )
        return;
    CHECK_EQ(world_flush(w, f, 2), 0);
}

void world_expect_fault(struct world *w, moat_sbdf_t dev,
                        enum moat_access access, uint64_t addr,
                        unsigned int code)
{
    struct moat_fault f[4];
    bool overflow = false;
    unsigned int n = w->ops->faults_take(w->u, f, 4, &overflow);

    CHECK_EQ(n, 1);
    if ( !n )
        return;
    CHECK_EQ(f[0].source, dev);
    CHECK_EQ(f[0].access, access);
    CHECK_EQ(f[0].addr, addr);
    CHECK_EQ(f[0].code, code);
    CHECK_STR(f[0].reason, vtd_fault_reason(code));
}

void world_expect_no_fault(struct world *w)
{
    struct moat_fault f;
    bool overflow = false;

    CHECK_EQ(w->ops->faults_take(w->u, &f, 1, &overflow), 0);
    CHECK(!overflow);
}
