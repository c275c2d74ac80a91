/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Moves without end, at random, with DMA all the while: nothing is lost,
 * nothing is left behind. COUNT in the environment says how many (100000),
 * SEED which.
 */
#include <stdlib.h>
#include <time.h>

#include "judge.h"
#include "core/did.h"

#define DEFAULT_COUNT   100000ul
#define MACHINES        5u      /* share COUNT */
#define PAUSE           500u    /* moves from one count of everything to the
                                 * next */
#define JUDGED          7u      /* each n-th step: another one every time */
#define RANGES          16u     /* that guests have mapped at random */

struct balance
{
    struct moat_counts counts;
    unsigned long live[SIM_ALLOC_KINDS], maps;
};

struct soak
{
    struct machine m;
    struct judge j;
    struct test_rng rng;
    struct balance base;
    unsigned long moves, refused, reborn, readded, wanted;
    struct
    {
        enum owner who;
        moat_iova_t iova;
        uint64_t len;
    } range[RANGES];
    unsigned int next;
};

static struct soak s;

static unsigned long number(const char *name, unsigned long otherwise)
{
    const char *v = getenv(name);
    unsigned long n = v ? strtoul(v, NULL, 0) : 0;

    return n ? n : otherwise;
}

static double seconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static unsigned int any(unsigned int n)
{
    return (unsigned int)(test_rand(&s.rng) >> 33) % n;
}

/* ---- Who has what ---- */

static enum owner owner_of(const struct moat_device *d)
{
    const struct moat_domain *o = moat_device_owner(d);
    unsigned int i;

    for ( i = 0; i < OWNERS && s.m.dom[i] != o; i++ )
        continue;
    return (enum owner)i;
}

static struct moat_device *device(unsigned int i)
{
    return i < rig_nics() ? s.m.nic[i] : s.m.edu;
}

/*
 * Whose tables the NIC is behind. Below the bridge, whoever of the group is
 * somebody's decides for all.
 */
static enum owner reach(unsigned int nic)
{
    enum owner who = owner_of(s.m.nic[nic]);
    unsigned int i;

    if ( s.m.cfg.rig.place == RIG_BRIDGE )
        for ( i = 0; i <= rig_nics() && who == NOBODY; i++ )
            who = owner_of(device(i));
    return who;
}

static unsigned int bit(enum owner who)
{
    return who == NOBODY ? 0 : OWNER_BIT(who);
}

/* ---- One move ---- */

static void check_reach(void)
{
    unsigned int nic;

    for ( nic = 0; nic < rig_nics(); nic++ )
        judge_now(&s.j, nic, reach(nic));
}

/* dom0's driver switches on what it uses. */
static void master_on(void)
{
    unsigned int nic;

    for ( nic = 0; nic < rig_nics(); nic++ )
        if ( owner_of(s.m.nic[nic]) == DOM0 && !judge_mastering(nic) )
            rig_pci_write(rig_nic(nic), 4, 2, 6);
}

static void move_to(unsigned int i, enum owner to)
{
    struct moat_device *d = device(i);
    enum owner from = owner_of(d);
    unsigned int nic;
    int rc;

    for ( nic = 0; nic < rig_nics(); nic++ )
        s.j.nic[nic].parties = bit(reach(nic)) | bit(to);
    judge_on(&s.j);
    rc = machine_move(&s.m, d, to == NOBODY ? NULL : s.m.dom[to], 0);
    judge_off(&s.j);
    CHECK_MSG(!rc || rc == -EBUSY, "move %lu: %d", s.moves, rc);
    CHECK_EQ(owner_of(d), rc ? from : to);
    s.refused += rc != 0;
    s.moves += !rc && from != to;
    master_on();
    check_reach();
}

/* ---- And what goes on besides ---- */

static void drop_range(unsigned int i)
{
    if ( s.range[i].len )
        CHECK_EQ(machine_unmap(s.m.dom[s.range[i].who], s.range[i].iova,
                               s.range[i].len), 0);
    s.range[i].len = 0;
}

static void drop_ranges(enum owner who)
{
    unsigned int i;

    for ( i = 0; i < RANGES; i++ )
        if ( s.range[i].who == who )
            drop_range(i);
}

/* A range comes, the oldest goes: pages, superpages, parts of them. */
static void churn(void)
{
    unsigned int i = s.next++ % RANGES;
    uint64_t len = any(4) ? 0x1000 * (uint64_t)(1 + any(64)) : 0x200000;

    drop_range(i);
    s.range[i].who = any(2) ? GUEST_A : GUEST_B;
    s.range[i].iova = 0x100000000 + 0x400000 * (uint64_t)i;
    s.range[i].len = len;
    CHECK_EQ(machine_map(s.m.dom[s.range[i].who], s.range[i].iova, 0x2c00000,
                         len), 0);
    if ( len == 0x200000 )
        CHECK_EQ(machine_unmap(s.m.dom[s.range[i].who],
                               s.range[i].iova + 0x3000, 0x1000), 0);
}

static void rebirth(enum owner who)
{
    if ( moat_domain_has_devices(s.m.dom[who]) )
        return;
    drop_ranges(who);
    machine_kill(&s.m, who);
    CHECK_EQ(machine_guest(&s.m, who), 0);
    s.reborn++;
}

/* Out and in again; only dom0's, where it comes back to. */
static void readd(unsigned int nic)
{
    unsigned int i;

    for ( i = 0; i <= rig_nics(); i++ )
        if ( owner_of(device(i)) != DOM0 )
            return;
    CHECK_EQ(machine_remove(&s.m, s.m.nic[nic]), 0);
    REQUIRE(machine_add(&s.m, rig_nic(nic)));
    s.readded++;
}

static void interrupt(void)
{
    struct moat_intr intr = { .vector = 0x31 };
    struct moat_msi_msg msg;
    int index = -1;

    CHECK_EQ(moat_intr_set(s.m.p, MOAT_INTR_PCI, rig_edu(), &intr, 1, &index,
                           &msg), 0);
    moat_intr_free(s.m.p, MOAT_INTR_PCI, rig_edu(), index, 1);
}

/* ---- Is it all there? ---- */

static void take_balance(struct balance *b)
{
    unsigned int i;

    memset(b, 0, sizeof(*b));
    moat_unit_counts(moat_unit_get(s.m.p, 0), &b->counts);
    for ( i = 0; i < SIM_ALLOC_KINDS; i++ )
        b->live[i] = sim_alloc_stats(i)->live;
    b->maps = sim_mmio_maps();
}

static void all_home(void)
{
    unsigned int i;

    for ( i = 0; i <= rig_nics(); i++ )
        if ( owner_of(device(i)) != DOM0 )
            move_to(i, NOBODY);
    for ( i = 0; i <= rig_nics(); i++ )
        move_to(i, DOM0);
    drop_ranges(GUEST_A);
    drop_ranges(GUEST_B);
}

/* A refusal, with its reason and what to do; or a fault. */
static bool is_expected(const char *line, size_t len)
{
    static const char *const texts[] = {
        ": not assigned: ", ": give all of these to the same domain",
        ": these go together", ": in use (-16): stays with ", " blocked: ",
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(texts); i++ )
        if ( memmem(line, len, texts[i], strlen(texts[i])) )
            return true;
    return false;
}

/* Nothing else was complained of. */
static void check_log(void)
{
    const char *line = sim_log_text(), *next;

    for ( ; (next = strchr(line, '\n')); line = next + 1 )
        if ( *line == 'E' && !is_expected(line, (size_t)(next - line)) )
            test_fail(__FILE__, __LINE__, "%.*s", (int)(next - line), line);
    sim_log_clear();
}

static void check_balance(void)
{
    struct balance now;
    unsigned int i;

    all_home();
    moat_faults_poll(s.m.p);
    check_log();
    take_balance(&now);
    CHECK_EQ(now.counts.free_ids, s.base.counts.free_ids);
    CHECK_EQ(now.counts.table_pages, s.base.counts.table_pages);
    CHECK_EQ(now.counts.intr_used, s.base.counts.intr_used);
    for ( i = 0; i < SIM_ALLOC_KINDS; i++ )
        CHECK_EQ(now.live[i], s.base.live[i]);
    CHECK_EQ(now.maps, s.base.maps);
}

/* ---- The run ---- */

/*
 * What the core keeps of ids is allocated as they are first used, for good:
 * use each once, so that the heap can be compared from then on.
 */
static void touch_ids(void)
{
    struct moat_unit *u = moat_unit_get(s.m.p, 0);
    struct did_drain drain;
    struct moat_counts c;
    unsigned long i;
    uint16_t did;

    moat_unit_counts(u, &c);
    host_devices_lock();
    for ( i = 0; i < c.total_ids; i++ )
    {
        REQUIRE(!did_get(u, s.m.dom[GUEST_A], &did));
        did_put(u, s.m.dom[GUEST_A], &drain);
        did_drained(&drain, true);
    }
    host_devices_unlock();
}

static void progress(const char *name, double start, bool end)
{
    double t = seconds() - start;

    printf("%s: %lu of %lu moves, %lu refused, %lu guests born, %lu devices "
           "added, %lu steps judged, %lu probes; %.0f moves a second%s\n",
           name, s.moves, s.wanted, s.refused, s.reborn, s.readded,
           s.j.steps, s.j.probes, t > 0 ? (double)s.moves / t : 0,
           end ? ", nothing lost" : "");
    fflush(stdout);
}

static void begin(const struct machine_config *cfg)
{
    unsigned int nic;

    memset(&s, 0, sizeof(s));
    s.rng.s = number("SEED", 1);
    s.wanted = number("COUNT", DEFAULT_COUNT) / MACHINES + 1;
    machine_start(&s.m, cfg);
    judge_init(&s.j, &s.m);
    s.j.what = "soak";
    s.j.every = JUDGED;
    REQUIRE(!machine_up(&s.m));
    touch_ids();
    for ( nic = 0; nic < rig_nics(); nic++ )
        s.j.nic[nic].rule = JUDGE_KEEP;
    take_balance(&s.base);
}

static void one_round(unsigned long i)
{
    /* Full caches and empty ones by turns. */
    s.j.evict = any(2);
    move_to(any(rig_nics() + 1), (enum owner)any(OWNERS + 1));
    if ( !any(3) )
        churn();
    if ( !any(11) )
        interrupt();
    if ( !any(31) )
        rebirth(any(2) ? GUEST_A : GUEST_B);
    if ( !any(7) && i )
        readd(any(rig_nics()));
}

static void soak(const char *name, const struct machine_config *cfg)
{
    unsigned long i, next = PAUSE, told = 0;
    double start;

    begin(cfg);
    start = seconds();
    for ( i = 0; s.moves < s.wanted && !test_failing(); i++ )
    {
        one_round(i);
        if ( s.moves < next )
            continue;
        next = s.moves + PAUSE;
        check_balance();
        if ( s.moves - told < s.wanted / 10 )
            continue;
        told = s.moves;
        progress(name, start, false);
    }
    check_balance();
    progress(name, start, !test_failing());
    machine_down(&s.m);
}

RIG_TEST(soak_share)
{
    static const struct machine_config cfg = {
        .rig = { .aw_bits = 48, .two_nics = true, .place = RIG_PORT },
        .reserved_for = 3 };

    soak("two that share, behind ports", &cfg);
}

RIG_TEST(soak_group)
{
    static const struct machine_config cfg = {
        .rig = { .aw_bits = 48, .two_nics = true, .place = RIG_BRIDGE },
        .reserved_for = 3 };

    soak("a group behind a bridge", &cfg);
}

RIG_TEST(soak_caching_mode)
{
    static const struct machine_config cfg = {
        .rig = { .aw_bits = 39, .two_nics = true, .caching_mode = true },
        .reserved_for = 3, .follow = true, .scratch = true };

    soak("caching mode, scratch pages", &cfg);
}

RIG_TEST(soak_amd_share)
{
    static const struct machine_config cfg = {
        .rig = { .amd = true, .two_nics = true }, .form = RIG_RANGE,
        .reserved_for = 3, .rights = true };

    soak("AMD-Vi: two that share, with rights", &cfg);
}

RIG_TEST(soak_amd_group)
{
    static const struct machine_config cfg = {
        .rig = { .amd = true, .two_nics = true, .place = RIG_BRIDGE },
        .reserved_for = 3, .scratch = true };

    soak("AMD-Vi: a group behind a bridge, scratch pages", &cfg);
}
