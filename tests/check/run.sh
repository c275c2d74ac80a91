#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run the checks on this tree; the last line is "N passed, N failed".
# The build of Xen is looked at if there is one: build/xen/tree, and the stock
# one, build/xen-stock/tree, where every function is known to be right.
set -u
cd "$(dirname "$0")/../.." || exit 2
out=$(mktemp) || exit 2
trap 'rm -f "$out"' EXIT

# check NAME COMMAND...: one that says nothing of itself has failed.
check()
{
    local rc
    "${@:2}" > "$out" 2>&1
    rc=$?
    grep -vE '^[0-9]+ passed, [0-9]+ failed$' "$out"
    passed=$((passed + $(grep -c '^PASS ' "$out")))
    failed=$((failed + $(grep -c '^FAIL ' "$out")))
    if [ $rc != 0 ] && ! grep -q '^FAIL ' "$out"; then
        echo "FAIL $1: exit code $rc"
        failed=$((failed + 1))
    elif [ $rc = 0 ] && ! grep -q '^PASS ' "$out"; then
        echo "FAIL $1: it says nothing"
        failed=$((failed + 1))
    fi
}

passed=0 failed=0
check include-rules tests/check/include-rules.py
check headers tests/check/headers.sh
check style tests/check/style.sh
check selftest tests/check/selftest.sh
check endbr-test tests/check/endbr-test.sh
if [ -d build/source/xen ]; then
    check parity tests/check/parity.py build/source/xen
else
    echo "parity: Xen's side skipped, build/source/xen is not there (make xen)"
    check parity tests/check/parity.py
fi
for tree in xen xen-stock; do
    objects=build/$tree/tree/xen/drivers/passthrough
    if [ -n "$(find $objects -name '*.o' -print -quit 2> /dev/null)" ]; then
        echo "endbr: $objects"
        check endbr tests/check/endbr.py $objects
    else
        echo "endbr: skipped, $objects is not built (make $tree)"
    fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
