/* SPDX-License-Identifier: GPL-2.0-only */
/* See judge.h. */
#include <sanitizer/common_interface_defs.h>

#include "judge.h"

#define LEN         64u         /* bytes of a packet */
#define PACKETS     5u          /* and two more for rights */
#define PROBES      6u          /* reads and writes that are judged in these */

/*
 * Each NIC has 1 KiB of every page. In the region's first page: rings and
 * the bytes to send; in its second: what arrives. In the other pages:
 * secrets to be read, and room to be written.
 */
#define SLICE(nic)  (0x400u * (nic))
#define SOURCE      0x100u
#define ARRIVED     0x000u
#define OUT_ARRIVED 0x080u
#define OWN_ARRIVED 0x100u
#define WO_ARRIVED  0x180u
#define OUT_SECRET  0x000u
#define OUT_ROOM    0x080u
#define OWN_SECRET  0x100u
#define OWN_ROOM    0x180u

void judge_init(struct judge *j, struct machine *m)
{
    struct rig_packet p = { RIG_CTRL + 0x100, RIG_CTRL + 0x200, LEN };
    unsigned int nic;

    memset(j, 0, sizeof(*j));
    j->m = m;
    j->what = "nothing";
    j->how = "";
    /* Translation is off: this is when loop-back can be seen to work. */
    for ( nic = 0; nic < rig_nics(); nic++ )
        REQUIRE(rig_burst(nic, RIG_CTRL, RIG_CTRL, &p, 1) == 1);
}

bool judge_mastering(unsigned int nic)
{
    return rig_pci_read(rig_nic(nic), 4, 2) & 4;
}

/* ---- One look ---- */

struct look
{
    unsigned int nic;
    uint64_t seq;
    moat_paddr_t out;           /* BEFORE and BEHIND by turns */
    bool inside, out_read, out_write;
    bool wrong_right;           /* read where it may not, or written */
    unsigned int own_read, own_write;
};

static uint8_t *bytes(moat_paddr_t pa)
{
    return rig_ram(pa);
}

static void paint(uint8_t *p, uint64_t seq, unsigned int salt)
{
    unsigned int i;

    for ( i = 0; i < LEN; i++ )
        p[i] = (uint8_t)((seq >> (8 * (i & 7))) + salt + 3 * i);
}

static bool blank(const uint8_t *p)
{
    unsigned int i;

    for ( i = 0; i < LEN && !p[i]; i++ )
        continue;
    return i == LEN;
}

/* Read-only and write-only pages have bytes at 0, and room behind. */
#define SECRET      0x000u
#define ROOM        0x080u

static void prepare_rights(const struct look *l)
{
    moat_paddr_t slice = SLICE(l->nic);

    paint(bytes(READ_ONLY + slice + SECRET), l->seq, 50);
    memset(bytes(READ_ONLY + slice + ROOM), 0, LEN);
    paint(bytes(WRITE_ONLY + slice + SECRET), l->seq, 60);
    memset(bytes(WRITE_ONLY + slice + ROOM), 0, LEN);
}

static void evaluate_rights(struct look *l)
{
    moat_paddr_t slice = SLICE(l->nic);

    l->inside &= !memcmp(bytes(WRITE_ONLY + slice + ROOM),
                         bytes(READ_ONLY + slice + SECRET), LEN);
    l->wrong_right = !blank(bytes(READ_ONLY + slice + ROOM)) ||
                     !memcmp(bytes(REGION + 0x1000 + slice + WO_ARRIVED),
                             bytes(WRITE_ONLY + slice + SECRET), LEN);
}

static void prepare(const struct look *l)
{
    moat_paddr_t slice = SLICE(l->nic);
    unsigned int who;

    paint(bytes(REGION + slice + SOURCE), l->seq, 1);
    memset(bytes(REGION + 0x1000 + slice), 0, WO_ARRIVED + LEN);
    paint(bytes(l->out + slice + OUT_SECRET), l->seq, 77);
    memset(bytes(l->out + slice + OUT_ROOM), 0, LEN);
    for ( who = 0; who < OWNERS; who++ )
    {
        paint(bytes(OWN_PAGE(who) + slice + OWN_SECRET), l->seq, 100 + who);
        memset(bytes(OWN_PAGE(who) + slice + OWN_ROOM), 0, LEN);
    }
}

static void evaluate(struct look *l)
{
    const uint8_t *in = bytes(REGION + 0x1000 + SLICE(l->nic));
    const uint8_t *sent = bytes(REGION + SLICE(l->nic) + SOURCE);
    const uint8_t *own;
    unsigned int who;

    l->inside = !memcmp(in + ARRIVED, sent, LEN);
    l->out_read = !memcmp(in + OUT_ARRIVED,
                          bytes(l->out + SLICE(l->nic) + OUT_SECRET), LEN);
    l->out_write = !blank(bytes(l->out + SLICE(l->nic) + OUT_ROOM));
    for ( who = 0; who < OWNERS; who++ )
    {
        own = bytes(OWN_PAGE(who) + SLICE(l->nic));
        if ( !memcmp(in + OWN_ARRIVED, own + OWN_SECRET, LEN) )
            l->own_read |= OWNER_BIT(who);
        if ( !blank(own + OWN_ROOM) )
            l->own_write |= OWNER_BIT(who);
    }
}

static unsigned int packets(const struct judge *j)
{
    return PACKETS + (j->m->cfg.rights ? 2 : 0);
}

static void look_begin(struct judge *j, unsigned int nic, struct look *l)
{
    moat_paddr_t slice = SLICE(nic), in = REGION + slice, dst = in + 0x1000;
    struct rig_packet p[PACKETS + 2] = {
        { in + SOURCE, dst + ARRIVED, LEN },
        { 0, dst + OUT_ARRIVED, LEN },
        { in + SOURCE, 0, LEN },
        { OWN + slice + OWN_SECRET, dst + OWN_ARRIVED, LEN },
        { in + SOURCE, OWN + slice + OWN_ROOM, LEN },
        { READ_ONLY + slice + SECRET, WRITE_ONLY + slice + ROOM, LEN },
        { WRITE_ONLY + slice + SECRET, dst + WO_ARRIVED, LEN },
    };

    memset(l, 0, sizeof(*l));
    l->nic = nic;
    l->seq = ++j->seq;
    l->out = j->seq & 1 ? BEHIND : BEFORE;
    p[1].from = l->out + slice + OUT_SECRET;
    p[2].to = l->out + slice + OUT_ROOM;
    if ( j->seq & 2 )
    {
        p[6].from = in + SOURCE;
        p[6].to = READ_ONLY + slice + ROOM;
    }
    prepare(l);
    if ( j->m->cfg.rights )
        prepare_rights(l);
    rig_burst_begin(nic, in, in, p, packets(j));
}

static void look_end(struct judge *j, struct look *l)
{
    unsigned int n = rig_burst_end(l->nic, REGION + SLICE(l->nic),
                                   packets(j));

    evaluate(l);
    l->inside &= n == packets(j);
    if ( j->m->cfg.rights )
        evaluate_rights(l);
    j->probes += l->inside ? PROBES + 3 * (packets(j) - PACKETS) / 2 : 1;
    j->nic[l->nic].inside = l->inside;
    j->nic[l->nic].own_read = l->own_read;
    j->nic[l->nic].own_write = l->own_write;
}

static void look(struct judge *j, unsigned int nic, struct look *l)
{
    look_begin(j, nic, l);
    look_end(j, l);
}

/* ---- The rule ---- */

static void violation(struct judge *j, const struct look *l, const char *why)
{
    if ( !j->violations++ && !j->quiet )
        __sanitizer_print_stack_trace();
    if ( !j->quiet )
        test_fail(__FILE__, __LINE__, "%s%s, step %lu: NIC %u: %s",
                  j->what, j->how, j->steps, l->nic, why);
}

static void judge_inside(struct judge *j, const struct look *l)
{
    enum judge_rule rule = j->nic[l->nic].rule;

    if ( l->inside && j->nic[l->nic].gone )
        violation(j, l, "was out, and is back in its region");
    j->nic[l->nic].came |= l->inside;
    if ( l->inside || !judge_mastering(l->nic) )
        return;
    if ( rule == JUDGE_LEAVE && j->nic[l->nic].changed )
        j->nic[l->nic].gone = true;
    else if ( rule != JUDGE_ENTER || j->nic[l->nic].came )
        violation(j, l, "its region is out of reach");
}

static void judge_outside(struct judge *j, const struct look *l)
{
    unsigned int parties = j->nic[l->nic].parties;

    if ( !l->out_read && !l->out_write && !l->wrong_right &&
         !((l->own_read | l->own_write) & ~parties) )
        return;
    /* Without translation nothing is outside. */
    if ( !(j->booting ? rig_unit_translates(l->nic) : rig_unit_on()) )
        return;
    if ( l->wrong_right )
        violation(j, l, "has a right that its region does not give");
    if ( l->out_read )
        violation(j, l, "read beside its region");
    if ( l->out_write )
        violation(j, l, "wrote beside its region");
    if ( (l->own_read | l->own_write) & ~parties )
        violation(j, l, "reached memory of somebody else's");
}

/* False: there is no NIC to judge. */
static bool judge_all(struct judge *j)
{
    struct look l[RIG_NICS];
    unsigned int nic, i, n = 0;

    for ( nic = 0; nic < rig_nics(); nic++ )
        if ( j->nic[nic].rule != JUDGE_OFF )
            look_begin(j, nic, &l[n++]);
    for ( i = 0; i < n; i++ )
    {
        look_end(j, &l[i]);
        judge_inside(j, &l[i]);
        judge_outside(j, &l[i]);
    }
    return n;
}

static void judge_step(struct judge *j)
{
    if ( j->late && !j->lost && !sim_fail_fired() )
        return;
    if ( ++j->skipped < j->every )
        return;
    j->skipped = 0;
    if ( !judge_all(j) )
        return;
    j->steps++;
    if ( !j->evict )
        return;
    rig_unit_evict();
    (void)judge_all(j);
}

/* ---- Hearing of steps ---- */

static void stored(void *arg, enum test_step kind,
                   const volatile void *where)
{
    struct judge *j = arg;
    unsigned int nic;
    bool seen;

    /* Told before a register is written; written() tells after. */
    if ( kind == TEST_STEP_SYNC || kind == TEST_STEP_MMIO )
        return;
    seen = rig_unit_stored(where);
    for ( nic = 0; nic < RIG_NICS && kind == TEST_STEP_CMPXCHG; nic++ )
        j->nic[nic].changed = true;
    if ( seen )
        judge_step(j);
}

static void written(void *arg)
{
    judge_step(arg);
}

static bool loses(struct judge *j, bool tail)
{
    if ( !j->lost && (!tail || --j->lose_at) )
        return false;
    j->lost = true;
    j->mute |= j->lose == LOSE_ALL || j->lose == LOSE_TAILS;
    if ( !tail )
        return j->lose == LOSE_ALL;
    if ( j->lose == LOSE_ONE )
        j->lose = LOSE_NOTHING;
    if ( j->lose == LOSE_THREE && ++j->lose_at == 3 )
        j->lose = LOSE_NOTHING;
    return true;
}

static bool may_write(void *arg, moat_paddr_t pa, uint64_t v)
{
    struct judge *j = arg;
    bool tail = rig_unit_is_tail(pa);

    (void)v;
    j->tails += tail;
    if ( j->lose == LOSE_NOTHING || !loses(j, tail) )
        return true;
    judge_step(j);
    return false;
}

void judge_on(struct judge *j)
{
    struct sim_hooks hooks = { .step = stored, .arg = j };
    struct rig_tap tap = { .before = may_write, .after = written, .arg = j };
    unsigned int nic;

    j->tails = 0;
    j->mute &= j->lose != LOSE_NOTHING;
    (void)rig_unit_unflushed();
    for ( nic = 0; nic < RIG_NICS; nic++ )
        j->nic[nic].changed = j->nic[nic].gone = j->nic[nic].came = false;
    sim_hooks_set(&hooks);
    rig_tap_set(&tap);
}

void judge_off(struct judge *j)
{
    unsigned int n = rig_unit_unflushed();

    sim_hooks_set(NULL);
    rig_tap_set(NULL);
    j->lose = LOSE_NOTHING;
    if ( !n || j->mute )
        return;
    j->violations++;
    if ( !j->quiet )
        test_fail(__FILE__, __LINE__, "%s%s: %u device table entries changed "
                  "that no command named", j->what, j->how, n);
}

void judge_lose(struct judge *j, enum judge_lose what, unsigned long nth)
{
    j->lose = what;
    j->lose_at = nth;
    j->lost = j->mute = false;
}

/* ---- At rest ---- */

unsigned int judge_look(struct judge *j, unsigned int nic, enum owner who)
{
    unsigned int want = who == NOBODY ? 0 : OWNER_BIT(who);
    struct look l;

    look(j, nic, &l);
    if ( !l.inside && !judge_mastering(nic) )
        return 0;
    return !l.inside || l.out_read || l.out_write || l.wrong_right ||
           l.own_read != want || l.own_write != want;
}

void judge_now(struct judge *j, unsigned int nic, enum owner who)
{
    static const char *const names[] = { "dom0", "guest A", "guest B",
                                         "nobody" };

    if ( judge_look(j, nic, who) )
        test_fail(__FILE__, __LINE__, "%s%s: NIC %u should be %s's: its "
                  "region is %s reach, OWN reads from %#x and writes to %#x "
                  "(owners, a bit each)", j->what, j->how, nic, names[who],
                  j->nic[nic].inside ? "within" : "out of",
                  j->nic[nic].own_read, j->nic[nic].own_write);
}

void judge_nothing(struct judge *j, unsigned int nic)
{
    struct look l;

    look(j, nic, &l);
    if ( l.inside || l.out_read || l.out_write || l.wrong_right ||
         l.own_read || l.own_write )
        test_fail(__FILE__, __LINE__, "%s%s: NIC %u can still do DMA",
                  j->what, j->how, nic);
}
