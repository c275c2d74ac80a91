/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers of the AMD-Vi unit; see amd.h. */
#include "amd_priv.h"

/*
 * 3.4.7: x2APIC, INVALIDATE_IOMMU_ALL, entries of 128 bits; four levels, one
 * segment, no page requests.
 */
#define EFR (0x4u | 0x40u | 0x80u)
#define C_RESTART   (C_IOMMU | C_CMD)

struct hwa hwa;

void hwa_reset(void)
{
    memset(&hwa, 0, sizeof(hwa));
    hwu_amd();
}

/* ---- What a step has to do with ---- */

void hwa_touch_reg(unsigned int off, bool write)
{
    hwu_touch(HWU_THING_UNIT, 0, 0x100 + off, write);
}

void hwa_touch_queue(bool write)
{
    hwu_touch(HWU_THING_UNIT, 0, 0, write);
}

static unsigned int pointer(uint64_t x)
{
    return (unsigned int)(x >> 4) & 0x7fff;
}

static bool commands_on(void)
{
    return (hwa.ctrl & C_RESTART) == C_RESTART;
}

/*
 * 3.4.5. Commands start at the head when they are switched on, and what was
 * fetched and not done is forgotten when they are switched off. A unit that
 * is off uses none of its caches.
 */
static void write_ctrl(uint64_t x)
{
    uint64_t was = hwa.ctrl;
    bool ran = commands_on();

    hwa_touch_queue(true);
    hwa_touch_reg(A_STATUS, true);
    hwa_touch_reg(A_CMD_HEAD, true);
    hwa.ctrl = x;
    if ( ran && !commands_on() )
    {
        hwa_drop_flights();
        hwa.status &= ~(uint64_t)S_CMD_RUN;
    }
    if ( !(x & C_IOMMU) || !(x & C_EVT) )
        hwa.status &= ~(uint64_t)S_EVT_RUN;
    else if ( !(hwa.status & S_OVERFLOW) )
        hwa.status |= S_EVT_RUN;
    hwa_look();
    if ( (was & C_IOMMU) && !(x & C_IOMMU) )
        hwu_forget_all(0);
    if ( !ran && commands_on() )
    {
        hwa.status |= S_CMD_RUN;
        hwa.taken = hwa.head;
        hwa_take_up();
    }
}

static void write_tail(uint64_t x)
{
    hwa_touch_queue(true);
    hwa_touch_reg(A_STATUS, false);
    hwa.tail = pointer(x);
    if ( hwa.status & S_CMD_RUN )
        hwa_take_up();
}

static void write_head(uint64_t x)
{
    hwa_touch_queue(true);
    hwa_touch_reg(A_STATUS, false);
    if ( hwa.status & S_CMD_RUN )
        hwu_broken("the head of the command buffer is moved while it runs");
    hwa.head = pointer(x);
}

uint64_t hwa_read(unsigned int off, unsigned int bytes)
{
    if ( bytes != 8 )
        hwu_broken("register %#x is read by %u bytes", off, bytes);
    hwa_touch_reg(off, false);
    if ( hwa_gone() )
        return ~(uint64_t)0;
    switch ( off )
    {
    case A_DEVTAB:      return hwa.devtab;
    case A_CMD_BASE:    return hwa.cmd_base;
    case A_EVT_BASE:    return hwa.evt_base;
    case A_CTRL:        return hwa.ctrl;
    case A_EFR:         return EFR;
    case A_CMD_HEAD:    return (uint64_t)hwa.head << 4;
    case A_CMD_TAIL:    return (uint64_t)hwa.tail << 4;
    case A_EVT_HEAD:    return (uint64_t)hwa.evt_head << 4;
    case A_EVT_TAIL:    return (uint64_t)hwa.evt_tail << 4;
    case A_STATUS:      return hwa.status;
    default:            return 0;
    }
}

/* What says where tables and rings are is read once, when the unit is on. */
static void write_base(uint64_t *reg, uint64_t x)
{
    if ( hwa.ctrl & C_IOMMU )
        hwu_broken("a base register is written while the unit is on");
    *reg = x;
}

void hwa_write(unsigned int off, unsigned int bytes, uint64_t x)
{
    if ( bytes != 8 )
        hwu_broken("register %#x is written by %u bytes", off, bytes);
    hwa_touch_reg(off, true);
    if ( hwa_gone() )
        return;
    switch ( off )
    {
    case A_DEVTAB:      write_base(&hwa.devtab, x); break;
    case A_CMD_BASE:    write_base(&hwa.cmd_base, x); break;
    case A_EVT_BASE:    write_base(&hwa.evt_base, x); break;
    case A_CTRL:        write_ctrl(x); break;
    case A_CMD_HEAD:    write_head(x); break;
    case A_CMD_TAIL:    write_tail(x); break;
    case A_EVT_HEAD:    hwa.evt_head = pointer(x); break;
    case A_EVT_TAIL:    hwa.evt_tail = pointer(x); break;
    case A_STATUS:      hwa.status &= ~(x & 0x7); break;
    default:            break;
    }
}
