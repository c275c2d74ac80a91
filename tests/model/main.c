/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The explorer's program.
 *
 *     model [OPTIONS] [NAME...]                explore (all, or those named)
 *         --limit N       stop a scenario after so many schedules
 *         --unbounded     do without bounds on preemptions
 *         --full          do without reduction
 *     model --list
 *     model --replay SCHEDULE NAME             one schedule, with its trace
 *
 * The last line is "N passed, N failed".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "mx.h"

extern const struct mx_scenario *const scenarios[];
extern const struct mx_scenario *const vtd_scenarios[];
extern const struct mx_scenario *const amd_scenarios[];
const char *model_log_text(void);

/* Of processor time. */
static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned long total;
static bool complete = true;
static unsigned int bounded;

static bool explore(const struct mx_scenario *s, const struct mx_options *o)
{
    struct mx_result r;
    double from = seconds();

    mx_explore(s, o, &r);
    total += r.schedules;
    complete &= r.all || o->replay;
    if ( !r.failed && !o->replay && r.schedules < s->least )
    {
        r.failed = true;
        snprintf(r.why, sizeof(r.why), "only %lu schedules, not %lu: the "
                 "explorer misses some", r.schedules, s->least);
    }
    printf("%s %s: %lu schedules", r.failed ? "FAIL" : "PASS", s->name,
           r.schedules);
    if ( r.all && s->preemptions && !o->unbounded && !o->full )
    {
        printf(" (all with up to %u preemptions)", s->preemptions);
        bounded++;
    }
    else if ( r.all )
        printf(" (all)");
    else if ( !r.failed && !o->replay )
        printf(" (STOPPED)");
    printf(", %lu cut short, %lu steps, longest %u, %.1f s\n", r.cut,
           r.transitions, r.longest, seconds() - from);
    if ( r.failed )
    {
        printf("  why: %s\n", r.why);
        if ( model_log_text()[0] )
            printf("  log:\n%s", model_log_text());
        if ( r.schedule[0] )
            printf("  again: build/model/model --replay %s %s\n", r.schedule,
                   s->name);
    }
    fflush(stdout);
    return !r.failed;
}

static bool wanted(const struct mx_scenario *s, int argc, char **argv)
{
    int i;

    for ( i = 0; i < argc; i++ )
        if ( !strcmp(s->name, argv[i]) )
            return true;
    return !argc;
}

static unsigned int passed, failed;

static void list(const struct mx_scenario *const *s)
{
    for ( ; *s; s++ )
        printf("%-24s %s\n", (*s)->name, (*s)->about);
}

static void explore_all(const struct mx_scenario *const *s,
                        const struct mx_options *o, int argc, char **argv)
{
    for ( ; *s; s++ )
    {
        if ( !wanted(*s, argc, argv) )
            continue;
        if ( explore(*s, o) )
            passed++;
        else
            failed++;
    }
}

int main(int argc, char **argv)
{
    struct mx_options o;
    int arg;

    memset(&o, 0, sizeof(o));
    for ( arg = 1; arg < argc && argv[arg][0] == '-'; arg++ )
    {
        if ( !strcmp(argv[arg], "--list") )
        {
            list(scenarios);
            list(vtd_scenarios);
            list(amd_scenarios);
            return 0;
        }
        else if ( !strcmp(argv[arg], "--full") )
            o.full = true;
        else if ( !strcmp(argv[arg], "--unbounded") )
            o.unbounded = true;
        else if ( !strcmp(argv[arg], "--limit") && arg + 1 < argc )
            o.limit = strtoul(argv[++arg], NULL, 10);
        else if ( !strcmp(argv[arg], "--replay") && arg + 1 < argc )
        {
            o.replay = argv[++arg];
            o.trace = true;
        }
        else
        {
            fprintf(stderr, "unknown option %s\n", argv[arg]);
            return 2;
        }
    }
    if ( arg == argc && !o.replay )
    {
        if ( mx_self_test() )
            passed++;
        else
            failed++;
    }
    explore_all(scenarios, &o, argc - arg, argv + arg);
    explore_all(vtd_scenarios, &o, argc - arg, argv + arg);
    explore_all(amd_scenarios, &o, argc - arg, argv + arg);
    printf("schedules: %lu, %s", total, complete ? "all there are"
           : "not all: a scenario failed or was stopped");
    if ( complete && bounded )
        printf(", but for %u scenarios: of these all with few preemptions",
               bounded);
    printf("\n");
    printf("%u passed, %u failed\n", passed, failed);
    return failed || !passed;
}
