#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh fuzz|many|replay SECONDS|RUNS|0 NAME:SEEDS...: see fuzz.mk. The last
# line is "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
how=$1 amount=$2 binary=libfuzzer
shift 2
passed=0 failed=0

verdict()
{
    if [ "$1" = 0 ]; then
        echo "PASS $2"
        passed=$((passed + 1))
    else
        echo "FAIL $2"
        failed=$((failed + 1))
    fi
}

# Inputs that crash are kept beside the others: each is to become a test.
by_libfuzzer()
{
    local log=$dir/libfuzzer.log

    "$dir/$binary" -max_len=2048 -print_final_stats=1 -verbosity=1 \
        -artifact_prefix="$dir/crashes/" "$@" >"$log" 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    [ -n "$runs" ] || runs=$(grep -c '^Executed' "$log")
    verdict $status "$name: libFuzzer, $runs inputs (log $log)"
}

by_afl()
{
    local log=$dir/afl.log out=$dir/afl.out n=0

    rm -rf "$out"
    AFL_SKIP_CPUFREQ=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_QUIET=1 \
    AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
        afl-fuzz -V "$amount" -i "$dir/seeds" -o "$out" -m none \
        -- "$dir/afl" >"$log" 2>&1
    status=$?
    runs=$(sed -n 's/^execs_done *: *//p' "$out/default/fuzzer_stats")
    for f in "$out"/default/{crashes,hangs}/id*; do
        [ -e "$f" ] || continue
        cp "$f" "$dir/crashes/afl-$(basename "$f")"
        n=$((n + 1))
    done
    [ $n = 0 ] || status=1
    verdict $status "$name: AFL++, ${runs:-no} inputs, $n bad (log $log)"
}

for target; do
    name=${target%%:*} dir=build/fuzz/${target%%:*}
    mkdir -p "$dir/seeds" "$dir/corpus" "$dir/crashes"
    python3 "${target#*:}" "$dir/seeds"
    if [ "$how" = replay ]; then
        by_libfuzzer -runs=0 "$dir/seeds" "$dir/corpus" "$dir/crashes"
    elif [ "$how" = many ]; then
        binary=many
        by_libfuzzer -runs="$amount" "$dir/corpus" "$dir/seeds"
    else
        by_libfuzzer -max_total_time="$amount" "$dir/corpus" "$dir/seeds"
        by_afl
    fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
