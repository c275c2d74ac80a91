/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The requester-id resolver on the topologies of tests/data/topo/NAME.txt.
 * A line of such a file is one of
 *
 *   KIND DEV [bus FIRST-LAST] [phantom STRIDE] [vf-of DEV]    a function
 *            [port down] [acs on] [type integrated] [ids both]
 *   alias DEV ALIAS
 *   ids DEV = self [ID:WHY ...] msi exact ID [ignore BITS] | msi bus FIRST-LAST
 *   count DEV N            of ids
 *   error DEV NAME         of an errno
 *   upstream BUS DEV|none
 *   share DEV DEV, apart DEV DEV      the sets do, or do not, overlap
 *   peer DEV DEV none|function|switch PORT    reach past the IOMMU
 *
 * with KIND one of host-bridge, endpoint, pci, pcie-bridge, pcie-to-pci,
 * pci-to-pcie, legacy; WHY bridge, secondary, phantom, alias; numbers in hex
 * but for N; DEV [SSSS:]BB:DD.F.
 */
#include <dirent.h>

#include "test.h"

#include "core/rid.h"

#define MAX_NODES   64
#define MAX_WORDS   64

static struct
{
    struct rid_node nodes[MAX_NODES];
    struct rid_alias aliases[MAX_NODES];
    struct rid_topo topo;
    const char *file;
    unsigned int line, checks;
} world;

static const struct { const char *word; enum rid_kind kind; } kinds[] = {
    { "host-bridge", RID_HOST_BRIDGE }, { "endpoint", RID_ENDPOINT },
    { "pci", RID_PCI }, { "pcie-bridge", RID_PCIE_BRIDGE },
    { "pcie-to-pci", RID_PCIE_TO_PCI }, { "pci-to-pcie", RID_PCI_TO_PCIE },
    { "legacy", RID_LEGACY_BRIDGE },
};
static const struct { const char *word; int value; } errors[] = {
    { "ENODEV", -ENODEV }, { "ELOOP", -ELOOP }, { "E2BIG", -E2BIG },
    { "EINVAL", -EINVAL },
};
static const char *const whys[] = { "self", "phantom", "alias", "bridge",
                                    "secondary" };

/* A wrong test file is not a failed test: it stops everything. */
static void __attribute__((__noreturn__)) bad_line(const char *why)
{
    test_fail(world.file, world.line, "the test file is wrong: %s", why);
    test_stop();
}

static moat_sbdf_t parse_dev(const char *s)
{
    unsigned int seg = 0, bus, dev, fn;
    int end = 0;

    if ( (sscanf(s, "%4x:%2x:%2x.%1x%n", &seg, &bus, &dev, &fn, &end) == 4 &&
          !s[end]) )
        return MOAT_SBDF(seg, bus, dev, fn);
    end = 0;
    if ( sscanf(s, "%2x:%2x.%1x%n", &bus, &dev, &fn, &end) == 3 && !s[end] )
        return MOAT_SBDF(0, bus, dev, fn);
    bad_line(s);
}

static void parse_range(const char *s, uint8_t *first, uint8_t *last)
{
    unsigned int f, l;

    if ( sscanf(s, "%2x-%2x", &f, &l) != 2 )
        bad_line(s);
    *first = f;
    *last = l;
}

static int by_dev(const void *a, const void *b)
{
    const struct rid_node *x = a, *y = b;

    return (x->dev > y->dev) - (x->dev < y->dev);
}

static int by_alias(const void *a, const void *b)
{
    const struct rid_alias *x = a, *y = b;

    return (x->dev > y->dev) - (x->dev < y->dev);
}

static bool parse_node(char **w, unsigned int n)
{
    struct rid_node *node = &world.nodes[world.topo.n_nodes];
    unsigned int i, k;

    for ( k = 0; k < ARRAY_SIZE(kinds) && strcmp(w[0], kinds[k].word); k++ )
        ;
    if ( k == ARRAY_SIZE(kinds) )
        return false;
    if ( n < 2 || n % 2 || world.topo.n_nodes == MAX_NODES )
        bad_line(w[0]);

    memset(node, 0, sizeof(*node));
    node->kind = kinds[k].kind;
    node->dev = parse_dev(w[1]);
    for ( i = 2; i < n; i += 2 )
    {
        if ( !strcmp(w[i], "bus") )
            parse_range(w[i + 1], &node->secondary, &node->subordinate);
        else if ( !strcmp(w[i], "phantom") )
            node->phantom_stride = strtoul(w[i + 1], NULL, 16);
        else if ( !strcmp(w[i], "vf-of") )
        {
            node->is_virtfn = true;
            node->physfn = parse_dev(w[i + 1]);
        }
        else if ( !strcmp(w[i], "port") && !strcmp(w[i + 1], "down") )
            node->switch_down = true;
        else if ( !strcmp(w[i], "acs") && !strcmp(w[i + 1], "on") )
            node->redirects = true;
        else if ( !strcmp(w[i], "ids") && !strcmp(w[i + 1], "both") )
            node->both_ids = true;
        else if ( !strcmp(w[i], "type") && !strcmp(w[i + 1], "integrated") )
            node->integrated = true;
        else
            bad_line(w[i]);
    }
    world.topo.n_nodes++;
    qsort(world.nodes, world.topo.n_nodes, sizeof(*node), by_dev);
    return true;
}

static bool set_has(const struct rid_set *set, moat_sbdf_t id,
                    enum rid_why why)
{
    unsigned int i;

    for ( i = 0; i < set->n; i++ )
        if ( set->ids[i].id == id )
            return set->ids[i].why == why;
    return false;
}

static void fail_set(const struct rid_set *set, const char *what)
{
    char got[1024];
    unsigned int i;
    size_t at = 0;

    got[0] = '\0';
    for ( i = 0; i < set->n; i++ )
        at += snprintf(got + at, sizeof(got) - at, " " MOAT_PRI_SBDF ":%s",
                       MOAT_SBDF_ARG(set->ids[i].id), whys[set->ids[i].why]);
    test_fail(world.file, world.line,
              "%s:%s msi range=%d sid=%04x ignore=%u bus=%02x-%02x", what,
              got, set->msi_bus_range, set->msi_sid, set->msi_fn_ignore,
              set->msi_bus_first, set->msi_bus_last);
}

static void check_msi(char **w, unsigned int n, const struct rid_set *set)
{
    struct rid_set want = { .n = 0 };

    if ( n < 3 )
        bad_line("msi");
    if ( !strcmp(w[1], "bus") )
    {
        want.msi_bus_range = true;
        parse_range(w[2], &want.msi_bus_first, &want.msi_bus_last);
    }
    else
    {
        want.msi_sid = MOAT_SBDF_RID(parse_dev(w[2]));
        if ( n == 5 && !strcmp(w[3], "ignore") )
            want.msi_fn_ignore = atoi(w[4]);
    }
    if ( want.msi_bus_range != set->msi_bus_range ||
         want.msi_bus_first != set->msi_bus_first ||
         want.msi_bus_last != set->msi_bus_last ||
         want.msi_fn_ignore != set->msi_fn_ignore ||
         (!want.msi_bus_range && want.msi_sid != set->msi_sid) )
        fail_set(set, "msi");
}

/* w[0] is the device. */
static void check_ids(char **w, unsigned int n)
{
    moat_sbdf_t dev = parse_dev(w[0]);
    struct rid_set set;
    unsigned int i, ids = 0;
    int rc = rid_resolve(&world.topo, dev, &set);

    if ( rc )
    {
        test_fail(world.file, world.line, "error %d", rc);
        return;
    }
    if ( set.ids[0].id != dev || set.ids[0].why != RID_SELF )
        fail_set(&set, "the first is not the device");

    for ( i = 2; i < n && strcmp(w[i], "msi"); i++, ids++ )
    {
        char *why = strrchr(w[i], ':');
        unsigned int k;

        if ( !strcmp(w[i], "self") )
            continue;
        if ( !why )
            bad_line(w[i]);
        *why++ = '\0';
        for ( k = 0; k < ARRAY_SIZE(whys) && strcmp(whys[k], why); k++ )
            ;
        if ( k == ARRAY_SIZE(whys) )
            bad_line(why);
        if ( !set_has(&set, parse_dev(w[i]), k) )
            fail_set(&set, w[i]);
    }
    if ( ids != set.n )
        fail_set(&set, "number of ids");
    check_msi(w + i, n - i, &set);
}

static void check_error(const char *dev, const char *word)
{
    static const struct rid_set zero;
    struct rid_set set;
    unsigned int i;
    int rc;

    memset(&set, 0xff, sizeof(set));
    rc = rid_resolve(&world.topo, parse_dev(dev), &set);
    for ( i = 0; i < ARRAY_SIZE(errors); i++ )
        if ( !strcmp(errors[i].word, word) )
        {
            if ( rc != errors[i].value )
                test_fail(world.file, world.line, "%s: %d", word, rc);
            if ( memcmp(&set, &zero, sizeof(set)) )
                test_fail(world.file, world.line, "the set is not empty");
            return;
        }
    bad_line(word);
}

static void check_upstream(const char *bus, const char *dev)
{
    unsigned int seg = 0, b;
    const struct rid_node *got;

    if ( sscanf(bus, "%4x:%2x", &seg, &b) != 2 )
    {
        seg = 0;
        b = strtoul(bus, NULL, 16);
    }
    got = rid_upstream(&world.topo, seg, b);
    if ( !strcmp(dev, "none") ? !!got : (!got || got->dev != parse_dev(dev)) )
        test_fail(world.file, world.line, "upstream of %s is %x", bus,
                  got ? got->dev : ~0u);
}

static void check_overlap(const char *a, const char *b, bool want)
{
    struct rid_set x, y;

    if ( rid_resolve(&world.topo, parse_dev(a), &x) ||
         rid_resolve(&world.topo, parse_dev(b), &y) )
        test_fail(world.file, world.line, "no set");
    else if ( rid_sets_overlap(&x, &y) != want ||
              rid_sets_overlap(&y, &x) != want )
        test_fail(world.file, world.line, "%s and %s", a, b);
}

/* Both ways round, and within the buses that are looked at. */
static void check_peer(char **w, unsigned int n)
{
    static const char *const words[] = { "none", "function", "switch" };
    moat_sbdf_t a = parse_dev(w[0]), b = parse_dev(w[1]), via, back;
    enum rid_peer how = rid_peer(&world.topo, a, b, &via);
    uint8_t first, last;

    if ( strcmp(words[how], w[2]) ||
         rid_peer(&world.topo, b, a, &back) != how )
        test_fail(world.file, world.line, "%s", words[how]);
    if ( n == 4 && via != parse_dev(w[3]) )
        test_fail(world.file, world.line, "by way of %x", via);
    if ( how != RID_PEER_NONE &&
         (!rid_peer_buses(&world.topo, a, &first, &last) ||
          MOAT_SBDF_BUS(b) < first || MOAT_SBDF_BUS(b) > last) )
        test_fail(world.file, world.line, "not looked for");
}

/* @nodes: only take the topology; else: only the statements about it. */
static void run_line(char *line, bool nodes)
{
    char *w[MAX_WORDS], *p;
    unsigned int n = 0;

    for ( p = strtok(line, " \n"); p && n < MAX_WORDS; p = strtok(NULL, " \n") )
        w[n++] = p;
    if ( !n || w[0][0] == '#' )
        return;
    if ( !strcmp(w[0], "alias") && n == 3 )
    {
        struct rid_alias *a = &world.aliases[world.topo.n_aliases];

        if ( nodes )
        {
            a->dev = parse_dev(w[1]);
            a->alias = parse_dev(w[2]);
            world.topo.n_aliases++;
            qsort(world.aliases, world.topo.n_aliases, sizeof(*a), by_alias);
        }
        return;
    }
    if ( nodes )
    {
        (void)parse_node(w, n);
        return;
    }
    world.checks++;
    if ( !strcmp(w[0], "ids") && n > 5 )
        check_ids(w + 1, n - 1);
    else if ( !strcmp(w[0], "error") && n == 3 )
        check_error(w[1], w[2]);
    else if ( !strcmp(w[0], "upstream") && n == 3 )
        check_upstream(w[1], w[2]);
    else if ( (!strcmp(w[0], "share") || !strcmp(w[0], "apart")) && n == 3 )
        check_overlap(w[1], w[2], w[0][0] == 's');
    else if ( !strcmp(w[0], "peer") && (n == 4 || n == 5) )
        check_peer(w + 1, n - 1);
    else if ( !strcmp(w[0], "count") && n == 3 )
    {
        struct rid_set set;

        if ( rid_resolve(&world.topo, parse_dev(w[1]), &set) ||
             set.n != strtoul(w[2], NULL, 10) )
            fail_set(&set, "count");
    }
    else
    {
        unsigned int k;

        for ( k = 0; k < ARRAY_SIZE(kinds); k++ )
            if ( !strcmp(w[0], kinds[k].word) )
                break;
        if ( k == ARRAY_SIZE(kinds) )
            bad_line(w[0]);
        world.checks--;
    }
}

static void run_file(const char *path, const char *name)
{
    char line[1024];
    FILE *f = fopen(path, "r");
    int pass;

    REQUIRE(f);
    memset(&world, 0, sizeof(world));
    world.topo.nodes = world.nodes;
    world.topo.aliases = world.aliases;
    world.file = name;

    for ( pass = 0; pass < 2; pass++, rewind(f) )
        for ( world.line = 1; fgets(line, sizeof(line), f); world.line++ )
            run_line(line, !pass);
    CHECK_MSG(world.checks, "%s says nothing", name);
    fclose(f);
}

TEST(rid_topologies)
{
    const char *slash = strrchr(__FILE__, '/');
    char dir[256], path[600];
    struct dirent *e;
    unsigned int files = 0;
    DIR *d;

    snprintf(dir, sizeof(dir), "%.*s/../data/topo",
             slash ? (int)(slash - __FILE__) : 1, slash ? __FILE__ : ".");
    d = opendir(dir);
    REQUIRE(d);
    while ( (e = readdir(d)) != NULL )
    {
        if ( e->d_name[0] == '.' )
            continue;
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        run_file(path, e->d_name);
        files++;
    }
    closedir(d);
    CHECK(files >= 18);
}

TEST(rid_empty)
{
    struct rid_topo topo = { NULL, 0, NULL, 0 };
    struct rid_set set;

    CHECK_EQ(rid_resolve(&topo, 0, &set), -ENODEV);
    CHECK(!rid_upstream(&topo, 0, 0));
    CHECK(!rid_sets_overlap(&set, &set));
}
