/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A scan that never ends, were it not for the host's patience: 0 if the run
 * is broken off with a line that says so, and what the scan took is given
 * back (which the leak sanitizer looks at).
 */
#include "host.h"

#include <moat/host.h>
#include <stdio.h>
#include <string.h>

static void scan_for_ever(void *arg)
{
    (void)arg;
    if ( !host_alloc(4096) )
        return;
    for ( ; ; )
        host_count_read();
}

int main(void)
{
    const struct host_machine machine = { 0 };
    struct host_log log = { 0 };
    bool ended = host_run(&machine, &log, scan_for_ever, NULL);
    bool said = log.nr == 1 && log.lines[0].level == LOG_ERR &&
                strstr(log.lines[0].text, "does not come to an end");

    puts(log.nr ? log.lines[0].text : "nothing was said");
    host_log_free(&log);
    return ended || !said;
}
