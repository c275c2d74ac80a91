/* SPDX-License-Identifier: GPL-2.0-only */
/* Every scenario on every machine of matrix.def. */
#include "matrix.h"

struct matrix_totals matrix_totals;

static const struct cell cells[] = {
#define CELL(name, aw, cm, dt, ir, eim, snoop, pt, place)               \
    { #name, false, aw, cm, dt, ir, eim, snoop, pt, RIG_##place },
#define AMD_CELL(name, dt, ir, pt, place)                               \
    { #name, true, 0, false, dt, ir, false, false, pt, RIG_##place },
#include "matrix.def"
#undef CELL
#undef AMD_CELL
};

static const struct scenario
{
    const char *name;
    bool (*play)(struct machine *m);
} scenarios[] = {
    { "bring-up and tear-down", sc_as_found },
    { "messages", sc_messages },
    { "messages from the wrong source", sc_wrong_source },
    { "unmap needs a flush", sc_needs_flush },
    { "superpages", sc_superpages },
    { "DMA", sc_dma },
    { "rights", sc_rights },
    { "pass-through", sc_pass_through },
    { "changes of owner", sc_moves },
    { "fault storm", sc_storm },
    { "sleep", sc_sleep },
};

/* ---- What scenarios share ---- */

void move_group(struct machine *m, enum owner to)
{
    struct moat_device *all[RIG_NICS + 1] = { m->nic[0] };
    struct moat_domain *d = to < OWNERS ? m->dom[to] : NULL;
    unsigned int i, n = 1;

    if ( m->cfg.rig.place == RIG_BRIDGE )
    {
        all[n++] = m->nic[1];
        all[n++] = m->edu;
    }
    for ( i = 0; i < n; i++ )
        CHECK_EQ(machine_move(m, all[i], NULL, 0), 0);
    for ( i = 0; d && i < n; i++ )
        CHECK_EQ(machine_move(m, all[i], d, 0), 0);
}

void check_dma(unsigned int nic, moat_iova_t iova, moat_paddr_t pa, bool ok)
{
    CHECK_DMA(nic, iova, pa, ok);
    matrix_totals.probes += 2;
}

void no_faults(struct machine *m)
{
    moat_faults_poll(m->p);
    sim_log_clear();
}

bool faults_logged(void)
{
    return !rig_amd();
}

void check_fault(struct machine *m, const char *owner, const char *access,
                 moat_iova_t addr, const char *reason)
{
    char want[256];

    if ( !faults_logged() )
        return;
    snprintf(want, sizeof(want), "fault: " MOAT_PRI_SBDF " (%s) %s 0x%016"
             PRIx64 " blocked: %s", MOAT_SBDF_ARG(rig_nic_id(0)), owner,
             access, addr, reason);
    sim_log_clear();
    moat_faults_poll(m->p);
    CHECK_LOG(want);
    CHECK_EQ(sim_log_count("fault: "), 1);
}

/* ---- A cell ---- */

static void set_config(const struct cell *c, struct machine_config *mc)
{
    memset(mc, 0, sizeof(*mc));
    mc->rig.amd = c->amd;
    mc->rig.aw_bits = c->aw_bits;
    mc->rig.caching_mode = c->caching_mode;
    mc->rig.device_iotlb = c->device_iotlb;
    mc->rig.no_intremap = !c->intremap;
    mc->rig.eim = c->eim;
    mc->rig.snoop_control = c->snoop;
    mc->rig.no_pt = !c->pt;
    mc->rig.place = c->place;
    mc->rig.two_nics = c->place == RIG_BRIDGE;
    mc->reserved_for = mc->rig.two_nics ? 3 : 1;
}

/* Did the unit get what the cell says? */
static void check_amd_unit(const struct cell *c)
{
    const char *unit = strstr(rig_monitor("info qtree"), "dev: amd-iommu");

    REQUIRE(unit);
    /* Quotation marks become blanks in a monitor's answer. */
    CHECK(strstr(unit, c->intremap ? "intremap =  on " : "intremap =  off "));
    CHECK(strstr(unit, c->device_iotlb ? "device-iotlb = true"
                                       : "device-iotlb = false"));
    CHECK(strstr(unit, c->pt ? "pt = true" : "pt = false"));
}

static void check_unit(const struct cell *c)
{
    uint64_t cap = rig_read(RIG_VTD_BASE + 8, 8);
    uint64_t ecap = rig_read(RIG_VTD_BASE + 0x10, 8);

    CHECK_EQ(((cap >> 16) & 0x3f) + 1, c->aw_bits);
    CHECK_EQ((cap >> 7) & 1, c->caching_mode);
    CHECK_EQ((ecap >> 2) & 1, c->device_iotlb);
    CHECK_EQ((ecap >> 3) & 1, c->intremap);
    CHECK_EQ((ecap >> 4) & 1, c->eim);
    CHECK_EQ((ecap >> 6) & 1, c->pt);
    CHECK_EQ((ecap >> 7) & 1, c->snoop);
}

static void play_cell(const struct cell *c)
{
    struct machine_config mc;
    struct machine m;
    unsigned int i;

    set_config(c, &mc);
    machine_start(&m, &mc);
    if ( c->amd )
        check_amd_unit(c);
    else
        check_unit(c);
    for ( i = 0; i < ARRAY_SIZE(scenarios); i++ )
    {
        sim_log_clear();
        if ( scenarios[i].play(&m) )
            matrix_totals.scenarios++;
        else
            matrix_totals.skipped++;
        CHECK_EQ(sim_leaks(), 0);
        if ( !test_failing() )
            continue;
        test_note("in the scenario \"%s\"", scenarios[i].name);
        break;
    }
    matrix_totals.cells++;
}

#define CELL(nm, ...)                                                   \
    RIG_TEST(nm)                                                        \
    {                                                                   \
        unsigned int i;                                                 \
                                                                        \
        for ( i = 0; strcmp(cells[i].name, #nm); i++ )                  \
            continue;                                                   \
        play_cell(&cells[i]);                                           \
    }
#define AMD_CELL CELL
#include "matrix.def"
#undef CELL
#undef AMD_CELL

/* ---- Is it the matrix that it is said to be? ---- */

#define PARAMS  8u
#define PLACE   (PARAMS - 1)
#define INTREMAP 3u
#define EIM     4u

static unsigned int param(const struct cell *c, unsigned int i)
{
    const unsigned int v[PARAMS] = {
        c->aw_bits == 48, c->caching_mode, c->device_iotlb, c->intremap,
        c->eim, c->snoop, c->pt, (unsigned int)c->place,
    };

    return v[i];
}

/* Does a machine of that vendor have a choice there? */
static bool has_param(bool amd, unsigned int i)
{
    return !amd || i == 2 || i == INTREMAP || i == 6 || i == PLACE;
}

static bool have(bool amd, const unsigned int at[3],
                 const unsigned int want[3])
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(cells); i++ )
        if ( cells[i].amd == amd && param(&cells[i], at[0]) == want[0] &&
             param(&cells[i], at[1]) == want[1] &&
             param(&cells[i], at[2]) == want[2] )
            return true;
    return false;
}

/* EIM without interrupt remapping is no machine. */
static bool possible(const unsigned int at[3], const unsigned int want[3])
{
    bool no_ir = false, eim = false;
    unsigned int i;

    for ( i = 0; i < 3; i++ )
    {
        no_ir |= at[i] == INTREMAP && !want[i];
        eim |= at[i] == EIM && want[i];
    }
    return !no_ir || !eim;
}

static unsigned int values(unsigned int i)
{
    return i == PLACE ? 3 : 2;
}

/* All values of three parameters; how many there are. */
static unsigned int check_triple(bool amd, const unsigned int at[3])
{
    unsigned int w[3], n = 0;

    if ( !has_param(amd, at[0]) || !has_param(amd, at[1]) ||
         !has_param(amd, at[2]) )
        return 0;
    for ( w[0] = 0; w[0] < values(at[0]); w[0]++ )
        for ( w[1] = 0; w[1] < values(at[1]); w[1]++ )
            for ( w[2] = 0; w[2] < values(at[2]); w[2]++ )
            {
                if ( !possible(at, w) )
                    continue;
                n++;
                CHECK_MSG(have(amd, at, w), "no cell has columns %u, %u, %u "
                          "at %u, %u, %u", at[0], at[1], at[2], w[0], w[1],
                          w[2]);
            }
    return n;
}

static unsigned int check_triples(bool amd)
{
    unsigned int at[3], n = 0;

    for ( at[0] = 0; at[0] < PARAMS; at[0]++ )
        for ( at[1] = at[0] + 1; at[1] < PARAMS; at[1]++ )
            for ( at[2] = at[1] + 1; at[2] < PARAMS; at[2]++ )
                n += check_triple(amd, at);
    return n;
}

TEST(triples)
{
    unsigned int vtd = check_triples(false), amd = check_triples(true);

    test_note("%zu cells for %u triples of values of VT-d's, %u of AMD-Vi's",
              ARRAY_SIZE(cells), vtd, amd);
}

TEST(total)
{
    const struct matrix_totals *t = &matrix_totals;

    test_note("%lu cells, %lu scenarios played, %lu not to be borne by their "
              "cell; %lu steps that hardware can see, %lu DMA probes",
              t->cells, t->scenarios, t->skipped, t->steps, t->probes);
    CHECK_EQ(t->cells, ARRAY_SIZE(cells));
    CHECK(t->scenarios >= 9 * t->cells);
}
