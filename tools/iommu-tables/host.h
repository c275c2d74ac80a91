/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine made of a table and of what is known about its PCI devices, for
 * the hypervisor's core to run on. Units answer as generous ones do, memory
 * is all reserved unless a map says otherwise; nothing is ever switched on.
 */
#ifndef TOOL_HOST_H
#define TOOL_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memmap;
struct pci;
struct table;

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log_line
{
    enum log_level level;
    char *text;
};

struct host_log
{
    struct log_line *lines;
    size_t nr;
};

struct host_machine
{
    const struct table *table;
    const struct pci *pci;
    const struct memmap *memmap;    /* NULL: not known */
};

/*
 * Call @fn, which may use the core, on that machine. What the core says is
 * added to @log. Memory that the core did not give back is freed. False: the
 * core cannot go on (its last line in @log says why), @fn did not return.
 */
bool host_run(const struct host_machine *m, struct host_log *log,
              void (*fn)(void *arg), void *arg);
void host_log_free(struct host_log *log);

/* Inside of the host: host.c, host_dev.c. */
extern const struct host_machine *host_now;
/* One more look at configuration space: ends the run when there are many. */
void host_count_read(void);

#endif /* TOOL_HOST_H */
