#!/bin/bash
# make bench [SRC=FOLDER]: Xen as it is and with this layer, the same benchmark
# in both, in QEMU on either kind of unit; look-ups and the page-table engine
# in userspace.
#
#   bench.sh [FOLDER [OUT]]     FOLDER: a Xen; Debian's if it is empty
#
# Prints the tables; OUT (build/bench/) keeps them (report.txt, bench.svg,
# *.json).
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ROOT/xen/common.sh"

need qemu-system-x86 python3 gcc libc6-dev valgrind
cd "$ROOT"
src=${1:-}
out=${2:-build/bench}
mkdir -p "$out"
for kind in stock moat; do
    xen/build.sh $kind ${src:+--src "$src"} --out "$out/xen-$kind" \
        --also tests/bench/xen_bench.sh
done
say "counting in QEMU (logs: $out/*.log)"
tests/bench/machines.py --stock "$out/xen-stock/xen" \
    --ours "$out/xen-moat/xen" --out "$out"
say "look-ups, in userspace, by callgrind"
tests/bench/lookup.py | tee "$out/lookup.txt"
say "the page-table engine, in userspace, by callgrind"
tests/bench/iopt.sh | tee "$out/iopt.txt"
tests/bench/report.py "$out" | tee "$out/report.txt"
say "done in $SECONDS s; kept: $out/{report,lookup,iopt}.txt, *.json"
