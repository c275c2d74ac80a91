/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few services of a host that the page-table engine needs, as cheap as
 * they can be: table pages come from one arena, in order.
 */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

void bench_arena_init(void);
/* All pages are free again. */
void bench_forget_pages(void);

#endif /* BENCH_HOST_H */
