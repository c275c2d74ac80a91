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
/* rig_place.c: remember where devices are; QEMU's arguments for them, blank-
 * separated (@second may be NULL). Then number buses, place registers. */
#define RIG_NIC_BAR(n)  (0xe1000000u + 0x100000u * (n))
#define RIG_EDU_BAR     0xe2000000u
void place_set(const struct rig_config *c, const char **first,
               const char **second);
void place_open(void);
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
