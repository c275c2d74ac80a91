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
/* One request of the qtest protocol: the value of the answer "OK [value]". */
uint64_t qtest_request(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2)));

#endif /* RIG_PRIV_H */
