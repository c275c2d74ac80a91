/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The requester-id resolver against a twin that knows the tree: topologies
 * are grown at random with pointers to parents, buses are numbered the way
 * firmware does, and the expected set follows the pointers. Then: nodes of
 * pure noise, which must give an answer or an error, and nothing else.
 */
#include "test.h"

#include "core/rid.h"

#define MAX_FNS     120

struct fn
{
    struct fn *up;              /* the bridge it is behind; NULL: root bus */
    enum rid_kind kind;
    unsigned int devfn, bus, sec, sub, stride;
};

static struct fn fns[MAX_FNS];
static unsigned int n_fns;

static bool bridges(enum rid_kind kind)
{
    return kind == RID_PCIE_BRIDGE || kind == RID_PCIE_TO_PCI ||
           kind == RID_PCI_TO_PCIE || kind == RID_LEGACY_BRIDGE;
}

static bool taken(const struct fn *up, unsigned int devfn)
{
    unsigned int i;

    for ( i = 0; i < n_fns; i++ )
        if ( fns[i].up == up && fns[i].devfn == devfn )
            return true;
    return false;
}

static void grow(struct test_rng *rng, unsigned int n)
{
    memset(fns, 0, sizeof(fns));
    for ( n_fns = 0; n_fns < n; )
    {
        struct fn *f = &fns[n_fns];
        struct fn *up = n_fns ? &fns[test_rand(rng) % n_fns] : NULL;
        static const enum rid_kind some[] = {
            RID_ENDPOINT, RID_PCI, RID_PCIE_BRIDGE, RID_PCIE_TO_PCI,
            RID_PCI_TO_PCIE, RID_LEGACY_BRIDGE };

        if ( up && (!bridges(up->kind) || !(test_rand(rng) % 6)) )
            up = NULL;
        f->devfn = test_rand(rng) & 0xff;
        if ( taken(up, f->devfn) )
            continue;
        f->up = up;
        f->kind = some[test_rand(rng) % ARRAY_SIZE(some)];
        if ( !bridges(f->kind) && !(test_rand(rng) % 4) )
            f->stride = 1u << (test_rand(rng) % 3);
        n_fns++;
    }
}

/* Number the buses depth first, from @next; returns the next free number. */
static unsigned int number(struct fn *up, unsigned int bus, unsigned int next)
{
    unsigned int i;

    for ( i = 0; i < n_fns; i++ )
    {
        if ( fns[i].up != up )
            continue;
        fns[i].bus = bus;
        if ( !bridges(fns[i].kind) )
            continue;
        fns[i].sec = next;
        next = number(&fns[i], next, next + 1);
        fns[i].sub = next - 1;
    }
    return next;
}

static void want(struct rid_set *s, unsigned int bus, unsigned int devfn)
{
    moat_sbdf_t id = bus << 8 | devfn;
    unsigned int i;

    for ( i = 0; i < s->n; i++ )
        if ( s->ids[i].id == id )
            return;
    if ( s->n < RID_SET_MAX )
        s->ids[s->n].id = id;
    s->n++;                     /* may pass the maximum: E2BIG */
}

/* What the head of rid.c says, along the pointers. */
static void expect(const struct fn *f, struct rid_set *s)
{
    const struct fn *b, *top = NULL;
    unsigned int i;

    memset(s, 0, sizeof(*s));
    want(s, f->bus, f->devfn);
    if ( f->stride && (f->devfn & 7) < f->stride )
        for ( i = 1; i < 8; i++ )
            if ( i % f->stride == 0 && (f->devfn & 7) + i < 8 )
                want(s, f->bus, f->devfn + i);

    for ( b = f->up; b; b = b->up )
    {
        if ( b->kind == RID_PCIE_BRIDGE )
            continue;
        top = b;
        want(s, b->bus, b->devfn);
        if ( b->kind == RID_PCIE_TO_PCI )
            want(s, b->sec, 0);
        if ( b->kind == RID_LEGACY_BRIDGE && b->up )
            want(s, b->sec, 0);
    }

    if ( !top )
        s->msi_sid = f->bus << 8 | f->devfn;
    else if ( top->kind == RID_PCIE_TO_PCI )
    {
        s->msi_bus_range = true;
        s->msi_bus_first = top->sec;
        s->msi_bus_last = top->sub;
    }
    else if ( top->kind == RID_LEGACY_BRIDGE && top->up )
    {
        s->msi_bus_range = true;
        s->msi_bus_first = top->bus;
        s->msi_bus_last = top->sub;
    }
    else
        s->msi_sid = top->bus << 8 | top->devfn;
}

static int by_dev(const void *a, const void *b)
{
    const struct rid_node *x = a, *y = b;

    return (x->dev > y->dev) - (x->dev < y->dev);
}

static bool has(const struct rid_set *s, moat_sbdf_t id)
{
    unsigned int i;

    for ( i = 0; i < s->n && i < RID_SET_MAX; i++ )
        if ( s->ids[i].id == id )
            return true;
    return false;
}

static void compare(const struct rid_topo *topo, const struct fn *f)
{
    struct rid_set got, exp;
    moat_sbdf_t dev = f->bus << 8 | f->devfn;
    unsigned int i;
    int rc = rid_resolve(topo, dev, &got);

    expect(f, &exp);
    if ( exp.n > RID_SET_MAX )
    {
        CHECK_EQ(rc, -E2BIG);
        return;
    }
    CHECK_EQ(rc, 0);
    CHECK_EQ(got.n, exp.n);
    for ( i = 0; i < exp.n; i++ )
        CHECK_MSG(has(&got, exp.ids[i].id), "%04x lacks %04x", dev,
                  exp.ids[i].id);
    CHECK_EQ(got.msi_bus_range, exp.msi_bus_range);
    CHECK_EQ(got.msi_bus_first, exp.msi_bus_first);
    CHECK_EQ(got.msi_bus_last, exp.msi_bus_last);
    if ( !exp.msi_bus_range )
        CHECK_EQ(got.msi_sid, exp.msi_sid);
}

TEST(rid_trees)
{
    struct test_rng rng = { 0x9e3779b97f4a7c15ULL };
    struct rid_node nodes[MAX_FNS];
    struct rid_topo topo = { nodes, 0, NULL, 0 };
    unsigned int round, i, big = 0, range = 0;

    for ( round = 0; round < 2000; round++ )
    {
        grow(&rng, 1 + test_rand(&rng) % MAX_FNS);
        REQUIRE(number(NULL, 0, 1) <= 256);

        memset(nodes, 0, sizeof(nodes));
        for ( i = 0; i < n_fns; i++ )
        {
            nodes[i].dev = fns[i].bus << 8 | fns[i].devfn;
            nodes[i].kind = fns[i].kind;
            nodes[i].secondary = fns[i].sec;
            nodes[i].subordinate = fns[i].sub;
            nodes[i].phantom_stride = fns[i].stride;
        }
        topo.n_nodes = n_fns;
        qsort(nodes, n_fns, sizeof(nodes[0]), by_dev);

        for ( i = 0; i < n_fns; i++ )
        {
            struct rid_set s;

            compare(&topo, &fns[i]);
            big += rid_resolve(&topo, fns[i].bus << 8 | fns[i].devfn, &s) ==
                   -E2BIG;
            range += s.msi_bus_range;
        }
        if ( test_failing() )
            break;
    }
    test_note("%u sets too big, %u with a bus range", big, range);
    CHECK(range);
}

TEST(rid_noise)
{
    struct test_rng rng = { 0x123456789abcdefULL };
    struct rid_node nodes[MAX_FNS];
    struct rid_alias aliases[16];
    struct rid_topo topo = { nodes, 0, aliases, 16 };
    unsigned int round, i, n, sound = 0, loops = 0;

    for ( round = 0; round < 2000; round++ )
    {
        unsigned int mask = round & 1 ? 0x0fff : 0x103ff;

        for ( n = 0; n < MAX_FNS; n++ )
        {
            uint64_t r = test_rand(&rng);

            nodes[n] = (struct rid_node){
                .dev = r & mask, .kind = (r >> 20) % 9,
                .phantom_stride = (r >> 24) & 7 ? 0 : (r >> 27) & 7,
                .secondary = (r >> 32) & (mask >> 8),
                .subordinate = (r >> 40) & (mask >> 8),
                .is_virtfn = !((r >> 48) & 15), .physfn = (r >> 52) & mask };
        }
        qsort(nodes, n, sizeof(nodes[0]), by_dev);
        for ( i = 0; i < 16; i++ )
        {
            aliases[i].dev = nodes[test_rand(&rng) % n].dev;
            aliases[i].alias = test_rand(&rng) & mask;
        }
        topo.n_nodes = n;

        for ( i = 0; i < n; i++ )
        {
            struct rid_set s;
            int rc = rid_resolve(&topo, nodes[i].dev, &s);

            CHECK(rc == 0 || rc == -ENODEV || rc == -ELOOP || rc == -E2BIG ||
                  rc == -EINVAL);
            CHECK(rc ? !s.n : s.n >= 1 && s.n <= RID_SET_MAX);
            CHECK(rc || s.ids[0].id == nodes[i].dev);
            CHECK(s.msi_bus_first <= s.msi_bus_last);
            sound += !rc;
            loops += rc == -ELOOP;
        }
    }
    CHECK(sound && loops);
}
