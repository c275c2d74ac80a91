/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the two halves of the AMD-Vi unit. */
#ifndef MODEL_UNIT_AMD_PRIV_H
#define MODEL_UNIT_AMD_PRIV_H

#include "amd.h"
#include "hw.h"
#include "hw_priv.h"

/* 3.4: offsets */
#define A_DEVTAB    0x00u
#define A_CMD_BASE  0x08u
#define A_EVT_BASE  0x10u
#define A_CTRL      0x18u
#define A_EFR       0x30u
#define A_CMD_HEAD  0x2000u
#define A_CMD_TAIL  0x2008u
#define A_EVT_HEAD  0x2010u
#define A_EVT_TAIL  0x2018u
#define A_STATUS    0x2020u

/* 3.4.5, 3.4.14 */
#define C_IOMMU     0x1u
#define C_EVT       0x4u
#define C_CMD       0x1000u
#define C_GA        0x20000u
#define C_XT        ((uint64_t)1 << 50)
#define S_OVERFLOW  0x1u
#define S_EVT_RUN   0x8u
#define S_CMD_RUN   0x10u

struct hwa
{
    uint64_t devtab, cmd_base, evt_base, ctrl, status;
    unsigned int head, tail, taken;     /* commands */
    unsigned int evt_head, evt_tail;
    struct hwa_flight
    {
        unsigned int number, first, last;
        uint64_t store, data;
        enum hwa_fate fate;
        bool begun;
        uint16_t mute;                  /* whose TLB does not answer */
    } fl[16];
    unsigned int n_fl;
};
extern struct hwa hwa;

void hwa_touch_reg(unsigned int off, bool write);
void hwa_touch_queue(bool write);
/* amd_tables.c */
uint64_t hwa_word(uint64_t pa);

/* amd_cmd.c: the unit takes up what is before the tail; gives it up again. */
void hwa_take_up(void);
void hwa_drop_flights(void);

#endif /* MODEL_UNIT_AMD_PRIV_H */
