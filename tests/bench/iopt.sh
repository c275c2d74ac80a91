#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Time and instructions of the page-table engine, for both formats: tables on
# standard output, and build/bench/iopt.json.
# Usage, from the project's root: tests/bench/iopt.sh [CC...]
#
# Nanoseconds are the best of many runs. Instructions are those of the
# processor's counter or, where the machine has none, counted by callgrind.
set -eu
ROOT=${ROOT:-$PWD}
. xen/common.sh
[ $# -gt 0 ] || set -- gcc clang
need "$@" libc6-dev valgrind python3

# The flags that matter of a hypervisor's build: no vector registers.
# Valgrind 3.19 reads no newer debug format than 4.
flags=(-std=gnu99 -O2 -gdwarf-4 -fno-builtin -fno-strict-aliasing -mno-sse
       -Wall -Wextra -Werror -Itests/bench -Iinclude -Idrivers/passthrough)

# bench CC: results in build/bench/CC/{vtd,amd}.txt; where these have no
# instructions, callgrind's counts beside them.
bench()
{
    local cc=$1 b=build/bench/$1 f format objects=()

    mkdir -p "$b"
    for f in iopt iopt_tree iopt_read iopt_fmt; do
        "$cc" "${flags[@]}" -c drivers/passthrough/pt/$f.c -o "$b/$f.o"
        objects+=("$b/$f.o")
    done
    "$cc" "${flags[@]}" tests/bench/{bench_host,iopt_bench}.c "${objects[@]}" \
        -o "$b/iopt_bench"
    for format in vtd amd; do
        "$b/iopt_bench" $format > "$b/$format.txt"
        grep -q -- '-$' "$b/$format.txt" || continue
        rm -f "$b/$format".callgrind*
        valgrind --tool=callgrind \
            --callgrind-out-file="$b/$format.callgrind" \
            "$b/iopt_bench" $format > "$b/valgrind.log" 2>&1 || {
            cat "$b/valgrind.log" >&2
            die "valgrind failed"
        }
    done
}

for cc; do
    bench "$cc"
done
exec python3 tests/bench/iopt_report.py build/bench "$@"
