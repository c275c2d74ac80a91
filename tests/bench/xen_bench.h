/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The benchmark inside Xen: the same objects in Debian's Xen and in this one
 * (tests/bench/xen_bench.sh lays them down), so that both are asked the same.
 *
 *   xen_bench.c       measures maps and unmaps, on the key 'y'
 *   xen_bench_dev.c   the same for devices, interrupts and faults
 *   xen_bench_sums.c  adds up what Xen spends in the layer on its own account;
 *                     the key 'Y' prints the sums and starts anew
 *
 * QEMU counts instructions in the time stamp counter (-icount shift=0). A
 * write to the scratch register of COM2 marks the ends of each measured
 * stretch in QEMU's trace, where commands and register accesses are counted.
 */
#ifndef XEN_BENCH_H
#define XEN_BENCH_H

#include <xen/iommu.h>
#include <xen/sched.h>
#include <asm/io.h>
#include <asm/msr.h>

#define BENCH_SCRATCH   0x2ff       /* COM2's scratch register */
#define BENCH_BEGIN     0xb1
#define BENCH_END       0xb2
#define BENCH_SUMS      0xb3

extern struct domain *bench_dom;            /* the guest */
extern unsigned int bench_devices;          /* that it has */

struct bench_record;
/* Never inlined: tests/bench/profile.py looks for the two. */
struct bench_record *bench_begin(const char *op, const char *shape,
                                 unsigned long pages);
void bench_end(struct bench_record *r, uint64_t ticks, int rc);

/* @call: an expression of type int. */
#define MEASURE(op, shape, pages, call) do {                    \
    struct bench_record *r_ = bench_begin(op, shape, pages);    \
    uint64_t t_ = rdtsc();                                      \
    int rc_ = (call);                                           \
                                                                \
    t_ = rdtsc() - t_;                                          \
    bench_end(r_, t_, rc_);                                     \
} while ( 0 )

#define BENCH_DEVICES   8                   /* that there are: edu, each */

void bench_assign(void);
/* The guest is to have @n devices. */
void bench_give(unsigned int n);
/* While the guest has edu. */
void bench_interrupt(void);
void bench_fault(void);

#endif /* XEN_BENCH_H */
