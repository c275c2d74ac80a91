/* SPDX-License-Identifier: GPL-2.0-only */
/* See plan.h. */
#include "plan.h"

#define MOVE(what, dev, to, rc, ...) { what, OP_MOVE, dev, to, rc, __VA_ARGS__ }

static const struct op one[] = {
    MOVE("dom0 to quarantine", 0, NOBODY, 0, { NOBODY }),
    MOVE("quarantine to guest A", 0, GUEST_A, 0, { GUEST_A }),
    MOVE("guest A to guest B", 0, GUEST_B, 0, { GUEST_B }),
    MOVE("guest B to quarantine", 0, NOBODY, 0, { NOBODY }),
    MOVE("quarantine to dom0", 0, DOM0, 0, { DOM0 }),
    { "mapped over by the host", OP_MAP_OVER, 0, DOM0, 0, { DOM0 } },
    MOVE("dom0 to guest A", 0, GUEST_A, 0, { GUEST_A }),
    { "sleep with guest A", OP_SLEEP, 0, NOBODY, 0, { GUEST_A } },
    MOVE("guest A to dom0", 0, DOM0, 0, { DOM0 }),
    MOVE("dom0 to guest B", 0, GUEST_B, 0, { GUEST_B }),
    MOVE("guest B to guest A", 0, GUEST_A, 0, { GUEST_A }),
    MOVE("guest A ends: to quarantine", 0, NOBODY, 0, { NOBODY }),
    { "guest A ends", OP_KILL, 0, GUEST_A, 0, { NOBODY } },
    { "removed from quarantine", OP_REMOVE, 0, NOBODY, 0, { GONE } },
    { "added", OP_ADD, 0, DOM0, 0, { DOM0 } },
    MOVE("dom0 to the new guest A", 0, GUEST_A, 0, { GUEST_A }),
    { "removed from guest A", OP_REMOVE, 0, NOBODY, 0, { GONE } },
    { "added again", OP_ADD, 0, DOM0, 0, { DOM0 } },
    { "removed from dom0", OP_REMOVE, 0, NOBODY, 0, { GONE } },
};

static const struct op shared[] = {
    MOVE("NIC 0 to quarantine, NIC 1 stays", 0, NOBODY, 0, { NOBODY, DOM0 }),
    MOVE("NIC 0 to guest A, refused: NIC 1 is dom0's", 0, GUEST_A, -EBUSY,
         { NOBODY, DOM0 }),
    { "NIC 0 to guest A by a relaxed policy", OP_RELAXED, 0, GUEST_A, 0,
      { GUEST_A, DOM0 } },
    MOVE("NIC 0 back to quarantine", 0, NOBODY, 0, { NOBODY, DOM0 }),
    MOVE("NIC 1 to quarantine", 1, NOBODY, 0, { NOBODY, NOBODY }),
    MOVE("NIC 0 to guest A", 0, GUEST_A, 0, { GUEST_A, NOBODY }),
    MOVE("NIC 1 to guest B, refused: NIC 0 is guest A's", 1, GUEST_B,
         -EBUSY, { GUEST_A, NOBODY }),
    MOVE("NIC 1 to guest A", 1, GUEST_A, 0, { GUEST_A, GUEST_A }),
    MOVE("NIC 0 to guest B, refused: NIC 1 is guest A's", 0, GUEST_B,
         -EBUSY, { GUEST_A, GUEST_A }),
    MOVE("NIC 0 to quarantine", 0, NOBODY, 0, { NOBODY, GUEST_A }),
    MOVE("NIC 1 to quarantine, too", 1, NOBODY, 0, { NOBODY, NOBODY }),
    { "guest A ends", OP_KILL, 0, GUEST_A, 0, { NOBODY, NOBODY } },
    /* Guest A programmed NIC 1: its bus mastering goes off for this. */
    MOVE("NIC 0 to guest B", 0, GUEST_B, 0, { GUEST_B, NOBODY }),
    /* It, too, was left behind by guest A while NIC 1 was still there. */
    { "NIC 0 is used again", OP_MASTER, 0, DOM0, 0, { GUEST_B, NOBODY } },
    MOVE("NIC 0 from guest B to dom0", 0, DOM0, 0, { DOM0, NOBODY }),
    MOVE("NIC 1 to dom0", 1, DOM0, 0, { DOM0, DOM0 }),
    { "NIC 1 is used again", OP_MASTER, 1, DOM0, 0, { DOM0, DOM0 } },
    { "NIC 0 removed", OP_REMOVE, 0, NOBODY, 0, { GONE, DOM0 } },
    { "NIC 0 added", OP_ADD, 0, DOM0, 0, { DOM0, DOM0 } },
    { "NIC 1 removed", OP_REMOVE, 1, NOBODY, 0, { DOM0, GONE } },
};

static const struct op group[] = {
    MOVE("NIC 0 given away, the group stays", 0, NOBODY, 0, { DOM0, DOM0 }),
    MOVE("NIC 0 to guest A, refused: others are dom0's", 0, GUEST_A, -EBUSY,
         { DOM0, DOM0 }),
    MOVE("edu given away, the group stays", EDU, NOBODY, 0, { DOM0, DOM0 }),
    MOVE("NIC 1, the last: to quarantine", 1, NOBODY, 0, { NOBODY, NOBODY }),
    MOVE("NIC 0 to guest A, and the group", 0, GUEST_A, 0,
         { GUEST_A, GUEST_A }),
    MOVE("NIC 1 to guest B, refused", 1, GUEST_B, -EBUSY,
         { GUEST_A, GUEST_A }),
    MOVE("NIC 1 to guest A", 1, GUEST_A, 0, { GUEST_A, GUEST_A }),
    MOVE("NIC 0 taken from guest A", 0, NOBODY, 0, { GUEST_A, GUEST_A }),
    MOVE("NIC 1, the last: to quarantine again", 1, NOBODY, 0,
         { NOBODY, NOBODY }),
    { "guest A ends", OP_KILL, 0, GUEST_A, 0, { NOBODY, NOBODY } },
    MOVE("edu to guest B, and the group", EDU, GUEST_B, 0,
         { GUEST_B, GUEST_B }),
    MOVE("edu to dom0, and the group", EDU, DOM0, 0, { DOM0, DOM0 }),
    MOVE("NIC 1 to dom0", 1, DOM0, 0, { DOM0, DOM0 }),
    MOVE("NIC 0 to dom0", 0, DOM0, 0, { DOM0, DOM0 }),
    { "edu removed", OP_REMOVE, EDU, NOBODY, 0, { DOM0, DOM0 } },
    { "NIC 0 removed", OP_REMOVE, 0, NOBODY, 0, { GONE, DOM0 } },
    { "NIC 0 added", OP_ADD, 0, DOM0, 0, { DOM0, DOM0 } },
    { "NIC 1 removed", OP_REMOVE, 1, NOBODY, 0, { DOM0, GONE } },
    { "NIC 0 removed, the last", OP_REMOVE, 0, NOBODY, 0, { GONE, GONE } },
};

const struct plan plans[PLANS] = {
    { "one device",
      { .rig = { .aw_bits = 48 }, .reserved_for = 1 },
      one, ARRAY_SIZE(one) },
    { "two that share a region",
      { .rig = { .aw_bits = 48, .two_nics = true }, .reserved_for = 3 },
      shared, ARRAY_SIZE(shared) },
    { "a group behind a bridge",
      { .rig = { .aw_bits = 48, .two_nics = true, .place = RIG_BRIDGE },
        .reserved_for = 3 },
      group, ARRAY_SIZE(group) },
};

enum owner plan_owner(const struct plan *p, unsigned int n, unsigned int nic)
{
    return n ? p->ops[n - 1].after[nic] : DOM0;
}

/* ---- One operation ---- */

static struct moat_device *device_of(const struct machine *m, unsigned int i)
{
    return i == EDU ? m->edu : m->nic[i];
}

static int map_over(struct machine *m)
{
    struct moat_domain *d = m->dom[DOM0];
    int rc = machine_map(d, REGION, REGION, 0x2000);

    if ( !rc )
        rc = machine_unmap(d, REGION, 0x1000);
    /* Close by: the same table page, and more than it. */
    if ( !rc )
        rc = machine_map(d, REGION - 0x200000, 0x3000000, 0x1f0000);
    if ( !rc )
        rc = machine_unmap(d, REGION - 0x200000, 0x200000);
    return rc ? rc : machine_unmap(d, REGION, 0x2000);
}

static int perform(struct machine *m, const struct op *o)
{
    struct moat_domain *to = o->to < OWNERS ? m->dom[o->to] : NULL;
    int rc;

    switch ( o->kind )
    {
    case OP_MOVE:
        return machine_move(m, device_of(m, o->dev), to, 0);
    case OP_RELAXED:
        return machine_move(m, device_of(m, o->dev), to, MOAT_MOVE_RELAXED);
    case OP_KILL:
        machine_kill(m, o->to);
        return machine_guest(m, o->to);
    case OP_MAP_OVER:
        return map_over(m);
    case OP_SLEEP:
        rc = moat_platform_suspend(m->p);
        return rc ? rc : moat_platform_resume(m->p);
    case OP_REMOVE:
        return machine_remove(m, device_of(m, o->dev));
    case OP_ADD:
        return machine_add(m, rig_nic(o->dev)) ? 0 : -ENOMEM;
    case OP_MASTER:
        rig_pci_write(rig_nic(o->dev), 4, 2, 6);
        return 0;
    }
    return -EINVAL;
}

static enum judge_rule rule_of(const struct plan *p, unsigned int i,
                               unsigned int nic)
{
    const struct op *o = &p->ops[i];
    bool was = plan_owner(p, i, nic) != GONE;

    if ( nic >= rig_nics() || (!was && o->after[nic] == GONE) )
        return JUDGE_OFF;
    if ( o->kind == OP_REMOVE && o->dev == nic )
        return JUDGE_LEAVE;
    return was ? JUDGE_KEEP : JUDGE_ENTER;
}

static unsigned int party(enum owner who)
{
    return who < OWNERS ? OWNER_BIT(who) : 0;
}

int plan_play(struct judge *j, const struct plan *p, unsigned int i,
              bool judged)
{
    unsigned int nic;
    int rc;

    j->what = p->ops[i].what;
    if ( !judged )
        return perform(j->m, &p->ops[i]);
    for ( nic = 0; nic < RIG_NICS; nic++ )
    {
        j->nic[nic].rule = rule_of(p, i, nic);
        j->nic[nic].parties = party(plan_owner(p, i, nic)) |
                              party(p->ops[i].after[nic]);
    }
    judge_on(j);
    rc = perform(j->m, &p->ops[i]);
    judge_off(j);
    return rc;
}

void plan_replay(struct judge *j, const struct plan *p, unsigned int n)
{
    unsigned int i;

    for ( i = 0; i < n; i++ )
        if ( plan_play(j, p, i, false) != p->ops[i].rc )
        {
            test_fail(__FILE__, __LINE__, "%s: on the way: %s", p->name,
                      p->ops[i].what);
            test_stop();
        }
}

void plan_check(struct judge *j, const struct plan *p, unsigned int n)
{
    bool all_gone = true;
    unsigned int nic;

    for ( nic = 0; nic < rig_nics(); nic++ )
        all_gone &= plan_owner(p, n, nic) == GONE;
    for ( nic = 0; nic < rig_nics(); nic++ )
    {
        if ( plan_owner(p, n, nic) != GONE )
            judge_now(j, nic, plan_owner(p, n, nic));
        /* Below the bridge it still has the id of those that remain. */
        else if ( all_gone || p->machine.rig.place != RIG_BRIDGE )
            judge_nothing(j, nic);
    }
}

int plan_boot(struct judge *j, enum judge_rule rule)
{
    unsigned int nic;
    int rc;

    j->what = "boot";
    for ( nic = 0; nic < rig_nics(); nic++ )
    {
        j->nic[nic].rule = rule;
        j->nic[nic].parties = OWNER_BIT(DOM0);
    }
    j->booting = true;
    judge_on(j);
    rc = machine_up(j->m);
    judge_off(j);
    j->booting = false;
    return rc;
}
