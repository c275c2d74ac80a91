/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small test framework.
 *
 *     TEST(name) { CHECK(x); CHECK_EQ(got, want); REQUIRE(p); }
 *
 * Run a program with arguments to run only the tests whose name contains one
 * of them; -l lists. The last line is "N passed, N failed", with ", N skipped"
 * if there were any; the exit code is 1 if any failed. After a test,
 * everything it allocated through the host must be gone and no lock held. What
 * was logged is printed when a test fails, or as it comes with VERBOSE=1.
 */
#ifndef TEST_TEST_H
#define TEST_TEST_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

struct test
{
    const char *name, *file;
    int line;
    void (*fn)(void);
    struct test *next;
};
void test_register(struct test *t);

#define TEST(nm)                                                        \
    static void test_fn_##nm(void);                                     \
    static struct test test_##nm = {                                    \
        .name = #nm, .file = __FILE__, .line = __LINE__,                \
        .fn = test_fn_##nm };                                           \
    static void __attribute__((__constructor__)) test_reg_##nm(void)    \
    { test_register(&test_##nm); }                                      \
    static void test_fn_##nm(void)

/* Count a failure; prints at most the first 20 of a test. */
void test_fail(const char *file, int line, const char *fmt, ...)
    __attribute__((__format__(__printf__, 3, 4)));
/* Leave the test at once. */
void test_stop(void) __attribute__((__noreturn__));
/* Say something under the test's name. */
void test_note(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2)));
/* Say that a part of the test cannot be run here, and count that. */
void test_skip(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2)));
bool test_failing(void);

/* Go on after a failure. */
#define CHECK(cond)                                                     \
    do {                                                                \
        if ( !(cond) )                                                  \
            test_fail(__FILE__, __LINE__, "%s", #cond);                 \
    } while ( 0 )

#define CHECK_MSG(cond, ...)                                            \
    do {                                                                \
        if ( !(cond) )                                                  \
            test_fail(__FILE__, __LINE__, __VA_ARGS__);                 \
    } while ( 0 )

/* Integers of any type up to 64 bits; both values are printed. */
#define CHECK_EQ(got, want)                                             \
    do {                                                                \
        uint64_t got_ = (uint64_t)(got), want_ = (uint64_t)(want);      \
        if ( got_ != want_ )                                            \
            test_fail(__FILE__, __LINE__,                               \
                      "%s is %#" PRIx64 " (%" PRId64 "), "              \
                      "%s is %#" PRIx64 " (%" PRId64 ")",               \
                      #got, got_, (int64_t)got_,                        \
                      #want, want_, (int64_t)want_);                    \
    } while ( 0 )

#define CHECK_STR(got, want)                                            \
    do {                                                                \
        const char *got_ = (got), *want_ = (want);                      \
        if ( strcmp(got_, want_) )                                      \
            test_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"",   \
                      #got, got_, want_);                               \
    } while ( 0 )

/* The log must hold this text. */
#define CHECK_LOG(text)                                                 \
    do {                                                                \
        if ( !sim_log_has(text) )                                       \
            test_fail(__FILE__, __LINE__, "not logged: \"%s\"", text);  \
    } while ( 0 )

/* fn(arg) must end in a host_bug() whose message holds @text. */
#define CHECK_BUG(text, fn, arg)                                        \
    do {                                                                \
        const char *bug_ = sim_catch_bug(fn, arg);                      \
        if ( !bug_ )                                                    \
            test_fail(__FILE__, __LINE__, "%s(): no host_bug", #fn);    \
        else if ( !strstr(bug_, text) )                                 \
            test_fail(__FILE__, __LINE__, "%s(): \"%s\" lacks \"%s\"",  \
                      #fn, bug_, text);                                 \
    } while ( 0 )

/* Without this the test cannot go on. */
#define REQUIRE(cond)                                                   \
    do {                                                                \
        if ( !(cond) )                                                  \
        {                                                               \
            test_fail(__FILE__, __LINE__, "%s", #cond);                 \
            test_stop();                                                \
        }                                                               \
    } while ( 0 )

/* Deterministic random numbers. */
struct test_rng { uint64_t s; };
static inline uint64_t test_rand(struct test_rng *r)
{
    r->s ^= r->s << 13;
    r->s ^= r->s >> 7;
    r->s ^= r->s << 17;
    return r->s * 0x2545f4914f6cdd1dULL;
}

#endif /* TEST_TEST_H */
