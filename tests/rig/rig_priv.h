/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the rig. */
#ifndef RIG_PRIV_H
#define RIG_PRIV_H

#include "rig.h"

/* rig_qemu.c: start with these arguments (NULL-terminated); stop. */
struct qemu
{
    int pid;
    int qtest, qmp;             /* sockets, -1: none */
    uint8_t *ram;
    unsigned long requests;
    char dir[64];               /* sockets, RAM, firmware */
};
extern struct qemu rig_qemu;
bool qemu_start(const struct rig_config *cfg);
void qemu_stop(void);
/* rig_unit.c: the unit's vendor; and hear of each write to a register. */
void unit_set(const struct rig_config *c);
void unit_wrote(moat_paddr_t pa, uint64_t v);
/*
 * rig_place.c: remember where devices are; QEMU's arguments, the first blank-
 * separated, each of the others a device: how many. Then number buses, place
 * registers. Functions from @dev up to bus 0: how many.
 */
#define PLACE_ARGS      (2 + RIG_NICS)
#define RIG_NIC_BAR(n)  (0xe1000000u + 0x100000u * (n))
#define RIG_EDU_BAR     0xe2000000u
unsigned int place_set(const struct rig_config *c,
                       const char *args[PLACE_ARGS]);
void place_open(void);
unsigned int place_way(moat_sbdf_t dev, moat_sbdf_t way[RIG_MAX_FUNCTIONS]);
/* One request of the qtest protocol: the value of the answer "OK [value]". */
uint64_t qtest_request(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2)));
/* All posted ones are carried out. */
void qtest_sync(void);
/* One that need not be carried out before the next one that is not posted;
 * its answer has no value. */
void qtest_post(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2)));

#endif /* RIG_PRIV_H */
