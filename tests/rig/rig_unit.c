/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's unit as an onlooker sees it, of either vendor: is it on, whom does it
 * translate for, what was it asked to forget; and how to make it forget
 * behind its driver's back. Nothing of the drivers is used here.
 *
 * What is needed often is kept, not read: every register write of the process
 * comes by here.
 */
#include "rig_priv.h"

/* VT-d 11.4: offsets, and the functions of GCMD that stay as written. */
#define VTD_GCMD        (RIG_VTD_BASE + 0x18)
#define VTD_GSTS        (RIG_VTD_BASE + 0x1c)
#define VTD_IQT         (RIG_VTD_BASE + 0x88)
#define VTD_KEPT        0x96800000u
#define VTD_TE          0x80000000u
#define VTD_SRTP        0x40000000u

/* AMD IOMMU specification (48882), 3.4. */
#define AMD_DEVTAB      (RIG_AMD_BASE + 0x00)
#define AMD_CMD_BASE    (RIG_AMD_BASE + 0x08)
#define AMD_CTRL        (RIG_AMD_BASE + 0x18)
#define AMD_CMD_HEAD    (RIG_AMD_BASE + 0x2000)
#define AMD_CMD_TAIL    (RIG_AMD_BASE + 0x2008)
#define AMD_ON          1u
#define AMD_CMD_ON      0x1000u
#define AMD_ADDRESS     0x000ffffffffff000ull
#define AMD_DTE_SIZE    32u
#define AMD_COMMAND     16u

/* A ring of the rig's own, with one command in it. */
#define OWN_RING        ((moat_paddr_t)0x2000)
#define OWN_RING_LEN    0x0800000000000000ull   /* 256 commands */
#define INV_ALL         0x8000000000000000ull   /* 2.4.8 */

static bool amd;
static struct
{
    uint32_t gcmd;
    uint64_t devtab, ring, ctrl, head, tail;
} regs;

void unit_set(const struct rig_config *c)
{
    amd = c->amd;
    memset(&regs, 0, sizeof(regs));
}

bool rig_amd(void)
{
    return amd;
}

/* ---- Commands: which device table entries were to be forgotten ---- */

#define DIRTY_MAX       32u

static uint16_t dirty[DIRTY_MAX];
static unsigned int n_dirty;

static void clean(unsigned int i)
{
    dirty[i] = dirty[--n_dirty];
}

static void heed(const uint64_t *cmd)
{
    unsigned int i;

    switch ( cmd[0] >> 60 )
    {
    case 2:                     /* INVALIDATE_DEVTAB_ENTRY, 2.4.2 */
        for ( i = n_dirty; i-- > 0; )
            if ( dirty[i] == (uint16_t)cmd[0] )
                clean(i);
        break;
    case 8:                     /* INVALIDATE_IOMMU_ALL, 2.4.8 */
        n_dirty = 0;
        break;
    }
}

/* QEMU carries out all there are before the write is answered. */
static void run_commands(void)
{
    uint64_t size = AMD_COMMAND << ((regs.ring >> 56) & 0xf);

    if ( (regs.ctrl & (AMD_ON | AMD_CMD_ON)) != (AMD_ON | AMD_CMD_ON) )
        return;
    for ( ; regs.head != regs.tail;
          regs.head = (regs.head + AMD_COMMAND) & (size - 1) )
        heed(rig_ram((regs.ring & AMD_ADDRESS) + regs.head));
}

static bool is_a_nics(unsigned int rid)
{
    unsigned int i;

    for ( i = 0; i < rig_nics(); i++ )
        if ( rid == MOAT_SBDF_RID(rig_nic_id(i)) )
            return true;
    return false;
}

bool rig_unit_stored(const volatile void *where)
{
    size_t at = (size_t)((uintptr_t)where - (uintptr_t)rig_ram(0));
    size_t table = regs.devtab & AMD_ADDRESS;
    unsigned int rid, i;

    if ( !amd )
        return true;
    if ( !(regs.ctrl & AMD_ON) )
        return false;
    if ( at < table ||
         at - table >= ((regs.devtab & 0x1ff) + 1) << MOAT_PAGE_SHIFT )
        return true;
    rid = (unsigned int)((at - table) / AMD_DTE_SIZE);
    for ( i = 0; i < n_dirty && dirty[i] != rid; i++ )
        continue;
    if ( i == n_dirty && n_dirty < DIRTY_MAX )
        dirty[n_dirty++] = (uint16_t)rid;
    return is_a_nics(rid);
}

unsigned int rig_unit_unflushed(void)
{
    unsigned int n = n_dirty;

    n_dirty = 0;
    return n;
}

void unit_wrote(moat_paddr_t pa, uint64_t v)
{
    if ( !amd )
    {
        if ( pa == VTD_GCMD )
            regs.gcmd = (uint32_t)v & VTD_KEPT;
        return;
    }
    switch ( pa )
    {
    case AMD_DEVTAB:
        regs.devtab = v;
        return;
    case AMD_CMD_BASE:          /* in QEMU this sets both pointers to 0 */
        regs.ring = v;
        regs.head = regs.tail = 0;
        return;
    case AMD_CTRL:
        regs.ctrl = v;
        break;
    case AMD_CMD_HEAD:
        regs.head = v;
        break;
    case AMD_CMD_TAIL:
        regs.tail = v;
        break;
    default:
        return;
    }
    if ( !(regs.ctrl & AMD_ON) )
        n_dirty = 0;            /* 2.6: nothing is held while it is off */
    run_commands();
}

/* ---- What it does ---- */

uint64_t rig_unit_status(void)
{
    return amd ? rig_read(AMD_CTRL, 8) : rig_read(VTD_GSTS, 4);
}

bool rig_unit_on(void)
{
    return rig_unit_status() & (amd ? AMD_ON : VTD_TE);
}

bool rig_unit_translates(unsigned int nic)
{
    const uint64_t *dte;

    if ( !rig_unit_on() || !amd )
        return rig_unit_on();
    /* V=0: as if the unit were off (2.2.2.1). */
    dte = rig_ram((regs.devtab & AMD_ADDRESS) +
                  (moat_paddr_t)AMD_DTE_SIZE *
                  MOAT_SBDF_RID(rig_nic_id(nic)));
    return *dte & 1;
}

bool rig_unit_is_tail(moat_paddr_t pa)
{
    /* Not where a ring that stands still is set up. */
    return amd ? pa == AMD_CMD_TAIL && (regs.ctrl & AMD_CMD_ON)
               : pa == VTD_IQT;
}

/* ---- Behind the driver's back ---- */

static void put(moat_paddr_t pa, uint64_t v)
{
    qtest_post("writeq 0x%" PRIx64 " 0x%" PRIx64 "\n", pa, v);
}

/*
 * The unit carries out a command of ours, from a ring of ours, and finds the
 * driver's again as it was. Pointers are only set while no ring runs.
 */
static void amd_evict(void)
{
    uint64_t *ring = rig_ram(OWN_RING), rest = regs.ctrl & ~AMD_CMD_ON;

    if ( !(regs.ctrl & AMD_ON) )
        return;
    ring[0] = INV_ALL;
    ring[1] = 0;
    put(AMD_CMD_BASE, OWN_RING | OWN_RING_LEN);
    put(AMD_CTRL, rest | AMD_CMD_ON);
    put(AMD_CMD_TAIL, AMD_COMMAND);
    put(AMD_CTRL, rest);
    put(AMD_CMD_BASE, regs.ring);
    put(AMD_CMD_HEAD, regs.head);
    put(AMD_CMD_TAIL, regs.tail);
    put(AMD_CTRL, regs.ctrl);
}

void rig_unit_evict(void)
{
    if ( amd )
        amd_evict();
    /* Setting the root table pointer again, to what it is. */
    else if ( regs.gcmd & VTD_TE )
        qtest_post("writel 0x%" PRIx64 " 0x%x\n", VTD_GCMD,
                   regs.gcmd | VTD_SRTP);
}

void rig_unit_off(void)
{
    static const unsigned int order[] = { 31, 25, 26 };
    uint32_t gsts;
    unsigned int i;

    if ( amd )
        rig_write(AMD_CTRL, 8, 0);
    for ( i = 0; !amd && i < ARRAY_SIZE(order); i++ )
    {
        gsts = (uint32_t)rig_unit_status() & VTD_KEPT;
        if ( gsts & (1u << order[i]) )
            rig_write(VTD_GCMD, 4, gsts & ~(1u << order[i]));
    }
}

void rig_reset(void)
{
    rig_monitor("system_reset");
    memset(&regs, 0, sizeof(regs));
    n_dirty = 0;
    rig_probe_init();
}
