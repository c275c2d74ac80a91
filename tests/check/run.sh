#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run the checks on this tree; the last line is "N passed, N failed" and, where
# there were any, ", N skipped". What was built of Xen is looked at:
# build/xen*/tree; in that of build/xen-stock every function is known to be
# right. xen/PARITY.md is compared with the sources that were built from.
set -u
cd "$(dirname "$0")/../.." || exit 2
(ROOT=$PWD; . xen/common.sh
 need gcc clang libc6-dev python3 libjansson-dev libpci-dev) || exit 2
out=$(mktemp) || exit 2
trap 'rm -f "$out"' EXIT

# check NAME COMMAND...: one that says nothing of itself has failed.
check()
{
    local rc
    "${@:2}" > "$out" 2>&1
    rc=$?
    grep -vE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$out"
    passed=$((passed + $(grep -c '^PASS ' "$out")))
    failed=$((failed + $(grep -c '^FAIL ' "$out")))
    skipped=$((skipped + $(grep -c '^SKIP ' "$out")))
    if [ $rc != 0 ] && ! grep -q '^FAIL ' "$out"; then
        echo "FAIL $1: exit code $rc"
        failed=$((failed + 1))
    elif [ $rc = 0 ] && ! grep -q '^PASS ' "$out"; then
        echo "FAIL $1: it says nothing"
        failed=$((failed + 1))
    fi
}

# skip WHY
skip()
{
    echo "SKIP $1"
    skipped=$((skipped + 1))
}

passed=0 failed=0 skipped=0
check include-rules tests/check/include-rules.py
check headers tests/check/headers.sh
check style tests/check/style.sh
check selftest tests/check/selftest.sh
check endbr-test tests/check/endbr-test.sh
check userspace tests/check/userspace-test.py
check source-test tests/check/source-test.sh

sources=()
while read -r s; do
    [ ! -f "$s/xen/Makefile" ] || sources+=("$s")
done < <({ realpath build/source/xen; cat build/xen*/source; } 2> /dev/null |
         sort -u)
[ ${#sources[@]} != 0 ] ||
    skip "parity: Xen's side: there is no source yet (make xen)"
check parity tests/check/parity.py "${sources[@]}"
for s in "${sources[@]}"; do
    check probe tests/check/probe-test.py "$s"
done
shopt -s nullglob
for tree in $(printf '%s/\n' build/xen build/xen-stock build/xen*/ |
              tr -s / | sort -u); do
    objects=${tree}tree/xen/drivers/passthrough
    if [ -n "$(find $objects -name '*.o' -print -quit 2> /dev/null)" ]; then
        echo "endbr: $objects"
        check endbr tests/check/endbr.py $objects
    else
        skip "endbr: $objects is not built"
    fi
done
total="$passed passed, $failed failed"
[ $skipped = 0 ] || total+=", $skipped skipped"
echo "$total"
[ $failed = 0 ]
