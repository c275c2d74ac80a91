/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the parts of the model's IOMMU. */
#ifndef MODEL_UNIT_HW_PRIV_H
#define MODEL_UNIT_HW_PRIV_H

#include "hw.h"

#define HWU_HASH    2048u
#define HWU_GIVEN   16u

struct hwu_rid
{
    uint8_t unit;
    uint16_t rid;
    struct hwu_entry entry;         /* in memory */
    uint64_t iroot;
    uint64_t reserved;              /* a page; 0: none */
};

struct hwu_flight
{
    unsigned int unit, n;
    struct hwu_cmd c[HWU_CMDS];
};

struct hwu_state
{
    bool armed, again;
    bool amd;                       /* format of page tables */
    uint32_t in_flight;
    struct hwu_flight flights[HWU_FLIGHTS];
    uint64_t iovas[HWU_IOVAS];
    struct hwu_rid rids[HWU_RIDS];
    struct hwu_line lines[HWU_LINES];
    struct hwu_entry irtes[HWU_UNITS * HWU_IRTES];
    struct
    {
        uint64_t pa, old;
        unsigned int stamp;
    } buffer[HWU_CPUS][HWU_BUFFER];
    unsigned int n_buffer[HWU_CPUS];
    uint64_t given[HWU_GIVEN];      /* pages that are somebody else's */
    unsigned int n_given;
    unsigned int n_iovas, n_rids, n_lines;
    uint16_t hash[HWU_HASH];        /* line's number + 1 */
};
extern struct hwu_state hwu;

struct hwu_rid *hwu_find(unsigned int unit, uint16_t rid);
void hwu_refresh(void);
/* Where @iova ends by way of @e now: 0, or a page with rights. */
uint64_t hwu_walk(const struct hwu_entry *e, uint64_t iova);
void hwu_check_reserved(void);
/* @l is new: may it be there at all? */
void hwu_check_given(const struct hwu_line *l);
/* Drop what any of the submissions @doom ends. */
void hwu_drop_lines(uint32_t doom);
/* @l came (@write) or went. */
void hwu_touch_line(const struct hwu_line *l, bool write);

#endif /* MODEL_UNIT_HW_PRIV_H */
