#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Instructions per page of the page-table engine, counted by callgrind.
# Usage, from the project's root: tests/bench/iopt.sh [CC]
set -eu
cc=${1:-gcc}
b=build/bench
mkdir -p $b
command -v valgrind > /dev/null || {
    echo "valgrind is missing: apt-get install valgrind" >&2
    exit 1
}
# Valgrind 3.19 reads no newer debug format than 4.
# The flags that matter of a hypervisor's build: no vector registers.
for f in iopt iopt_tree iopt_read iopt_fmt; do
    $cc -std=gnu99 -O2 -gdwarf-4 -fno-builtin -fno-strict-aliasing -mno-sse -Wall \
        -Wextra -Itests/bench -Iinclude -Idrivers/passthrough -c \
        drivers/passthrough/pt/$f.c -o $b/$f.o
done
$cc -std=gnu99 -O2 -gdwarf-4 -Itests/bench -Iinclude -Idrivers/passthrough \
    tests/bench/iopt_bench.c $b/iopt.o $b/iopt_tree.o $b/iopt_read.o \
    $b/iopt_fmt.o -o $b/iopt_bench

# scenario, how many pages (or calls) its figure is divided by
table='map_run 65536
remap_run 65536
unmap_most 65408
unmap_run 65536
map_one 1
unmap_one 1
map_far 1
unmap_far 1
map_each 512
unmap_each 512
map_1g 64
lookup 1'

for fmt in vtd amd; do
    echo "$table" | while read -r name n; do
        out=$b/$fmt.$name.out
        valgrind --tool=callgrind --callgrind-out-file=$out \
            --toggle-collect=bench_$name $b/iopt_bench $fmt \
            > $b/valgrind.log 2>&1 || {
            echo "$fmt $name: valgrind failed:" >&2
            cat $b/valgrind.log >&2
            exit 1
        }
        ir=$(sed -n 's/^summary: //p' $out)
        [ -n "$ir" ] || ir=$(sed -n 's/^totals: //p' $out)
        echo "$fmt $name $ir $n" |
            awk '{ printf "%-4s %-11s %9d instructions / %5d = %.2f\n",
                   $1, $2, $3, $4, $3 / $4 }'
    done
done
