/* SPDX-License-Identifier: GPL-2.0-only */
/* The test framework of test.h. */
#include <stdarg.h>

#include "test.h"

static struct test *tests, **tests_tail = &tests;
static struct test *current;
static unsigned int failures, skipped;
static jmp_buf stop;

void test_register(struct test *t)
{
    *tests_tail = t;
    tests_tail = &t->next;
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    if ( ++failures > 20 )
        return;
    printf("%s:%d: %s: ", file, line, current ? current->name : "?");
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("%s\n", failures == 20 ? " (more failures are not shown)" : "");
}

void test_stop(void)
{
    longjmp(stop, 1);
}

void test_note(const char *fmt, ...)
{
    va_list ap;

    printf("%s: ", current ? current->name : "?");
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
}

bool test_failing(void)
{
    return failures;
}

void test_skip(const char *fmt, ...)
{
    va_list ap;

    skipped++;
    printf("SKIP %s: ", current ? current->name : "?");
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
}

static bool run_one(struct test *t)
{
    current = t;
    failures = 0;
    sim_reset();
    if ( !setjmp(stop) )
    {
        t->fn();
        if ( sim_locks_held() )
            test_fail(t->file, t->line, "a lock is held at the end");
        if ( sim_irqs_are_off() )
            test_fail(t->file, t->line, "interrupts are off at the end");
        if ( sim_pci_holds() )
            test_fail(t->file, t->line, "configuration space is held");
        if ( sim_leaks() )
            test_fail(t->file, t->line, "allocated and not freed (see log)");
    }
    if ( failures )
        printf("FAIL %s (%u)\n%s", t->name, failures, sim_log_text());
    fflush(stdout);
    sim_reset();
    return !failures;
}

int test_main(int argc, char **argv);
int test_main(int argc, char **argv)
{
    unsigned int passed = 0, failed = 0;
    struct test *t;
    int i;

    for ( t = tests; t; t = t->next )
    {
        bool wanted = argc < 2;

        if ( argc == 2 && !strcmp(argv[1], "-l") )
        {
            printf("%s\n", t->name);
            continue;
        }
        for ( i = 1; i < argc; i++ )
            wanted |= strstr(t->name, argv[i]) != NULL;
        if ( !wanted )
            continue;
        if ( run_one(t) )
            passed++;
        else
            failed++;
    }
    printf("%u passed, %u failed", passed, failed);
    if ( skipped )
        printf(", %u skipped", skipped);
    printf("\n");
    return failed || !passed;
}
