#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every header compiles alone, and twice, with gcc and with clang.
# Usage: headers.sh [ROOT]. The host port of Xen (xen/) and the benchmark in Xen
# need Xen's tree and are compiled there.
set -u
cd "${1:-.}" || exit 2
out=$(mktemp) || exit 2
trap 'rm -f "$out"' EXIT
flags="-std=gnu99 -Wall -Wextra -Werror -Wvla -Wdeclaration-after-statement
       -Wredundant-decls -Wnested-externs -Wno-unused-function -fsyntax-only
       -Itests/lib -Iinclude -Idrivers/passthrough -Itests/unit -Itests/rig
       -Itools/iommu-tables"
total=0 failed=0 compilers=

for cc in gcc clang; do
    command -v $cc > /dev/null && compilers="$compilers $cc"
done
if [ -z "$compilers" ]; then
    echo "FAIL headers: neither gcc nor clang is installed"
    exit 1
fi
case $compilers in
*gcc*clang) ;;
*) echo "headers: only with$compilers" ;;
esac

while read -r h; do
    total=$((total + 1))
    for cc in $compilers; do
        # shellcheck disable=SC2086
        if ! printf '#include "%s"\n#include "%s"\n' "$PWD/$h" "$PWD/$h" |
             $cc $flags -x c - > "$out" 2>&1; then
            echo "FAIL headers: $h does not compile alone with $cc:" \
                 "$(grep -m1 error "$out")"
            failed=$((failed + 1))
        fi
    done
done < <(find include drivers/passthrough tests tools -name '*.h' \
             ! -path 'tests/bench/xen_*' 2> /dev/null |
         LC_ALL=C sort)

if [ $total = 0 ]; then
    echo "FAIL headers: there are none in $PWD"
    exit 1
fi
[ $failed = 0 ] && echo "PASS headers: $total with$compilers"
[ $failed = 0 ]
