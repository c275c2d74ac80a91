#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The checks, checked: each is given a small tree that is right, then the same
# with one thing wrong, and has to say so for that reason.
set -u
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0
t=$dir/tree

fresh()
{
    local d
    rm -rf "$t"
    for d in include/moat drivers/passthrough/{core,fw,pt,queue,vtd,amd} \
             tests/lib tests/model/unit xen; do
        mkdir -p "$t/$d"
    done
    echo '#include <stdint.h>' > "$t/tests/lib/host-port.h"
    header include/moat/types.h '#include "host-port.h"'
    header include/moat/moat.h '#include "types.h"'
    header drivers/passthrough/fw/fw.h '#include <moat/types.h>'
    header drivers/passthrough/core/bits.h '#include <moat/types.h>'
    header drivers/passthrough/core/hw.h \
        '#include <moat/moat.h>' '#include "../fw/fw.h"'
    header drivers/passthrough/core/rid.h '#include <moat/types.h>'
    header drivers/passthrough/queue/cmdq.h '#include "../core/bits.h"'
    header drivers/passthrough/vtd/vtd.h '#include "../core/hw.h"' \
        '#include "../queue/cmdq.h"'
    header drivers/passthrough/amd/amd.h '#include "../core/hw.h"'
    printf '#include <xen/sched.h>\n#include <moat/moat.h>\n' > "$t/xen/ops.c"
    printf '#include <stdlib.h>\n#include <moat/types.h>\n' \
        > "$t/tests/model/unit/model.c"
    # What is said of hosts in comments and strings is nobody's business.
    printf '/* as Xen does */\nconst char *s = "xen";\nint max_entries;\n' \
        > "$t/drivers/passthrough/core/c.c"
}

# header PATH LINES...: with a guard
header()
{
    local g
    g=$(tr -c 'A-Za-z0-9\n' '_' <<< "$1" | tr a-z A-Z)
    { echo "#ifndef $g"; echo "#define $g"; printf '%s\n' "${@:2}"
      echo "#endif"; } > "$t/$1"
}

# verdict NAME SCRIPT pass|PATTERN
verdict()
{
    local out rc
    out=$("$here/$2" "$t" 2>&1)
    rc=$?
    if { [ "$3" = pass ] && [ $rc = 0 ] && grep -q '^PASS' <<< "$out"; } ||
       { [ "$3" != pass ] && [ $rc != 0 ] &&
         grep '^FAIL' <<< "$out" | grep -qE -- "$3"; }; then
        echo "PASS selftest $1"
        passed=$((passed + 1))
    else
        echo "FAIL selftest $1: exit code $rc:" "${out:-no output}"
        failed=$((failed + 1))
    fi
}

# rule FILE LINE PATTERN: with LINE added to FILE
rule()
{
    fresh
    printf '%s\n' "$2" >> "$t/$1"
    verdict "include-rules: $1: $2" include-rules.py "$3"
}

fresh
verdict "include-rules: right" include-rules.py pass
p=drivers/passthrough
rule $p/core/rid.h '#include "../vtd/vtd.h"' 'may not include .*vtd\.h'
rule $p/core/rid.h '#include "queue/cmdq.h"' 'may not include .*cmdq\.h'
rule $p/fw/fw.h '#include <moat/moat.h>' 'may not include .*moat\.h'
rule $p/fw/fw.h '#include "core/bits.h"' 'may not include .*bits\.h'
rule $p/queue/cmdq.h '#include "../core/hw.h"' 'may not include .*hw\.h'
rule $p/vtd/vtd.h '#include "../amd/amd.h"' 'may not include .*amd\.h'
rule $p/amd/amd.h '  #  include "vtd/vtd.h"' 'may not include .*vtd\.h'
rule $p/vtd/vtd.h '#include "../core/rid.h"' 'may not include .*rid\.h'
rule $p/core/rid.h '#include <string.h>' 'may not include <string\.h>'
rule $p/core/rid.h '#include <xen/lib.h>' 'may not include <xen/lib\.h>'
rule $p/core/rid.h '#include HEADER' 'macro'
rule include/moat/moat.h '#include "core/hw.h"' 'may not include'
rule include/moat/moat.h '#include <stdint.h>' 'may not include'
rule xen/ops.c '#include "core/hw.h"' 'may not include .*hw\.h'
rule tests/model/unit/model.c '#include <moat/moat.h>' 'may not include'
rule tests/model/unit/model.c '#include "vtd/vtd.h"' 'may not include'
rule $p/core/c.c 'int f(void) { return printk("x"); }' 'names a host: printk'
rule $p/core/c.c '#ifdef __XEN__' 'names a host: __XEN__'
rule $p/core/c.c 'int x = IS_ENABLED(CONFIG_HVM);' 'names a host: CONFIG_HVM'
fresh
mkdir $t/$p/other
echo 'int x;' > $t/$p/other/x.c
verdict "include-rules: a folder without rules" include-rules.py 'no folder'
rm -rf "$t"
mkdir "$t"
verdict "include-rules: nothing" include-rules.py 'no sources'
verdict "headers: nothing" headers.sh 'there are none'
verdict "style: nothing" style.sh 'no files'

fresh
verdict "headers: right" headers.sh pass
header $p/core/rid.h 'uint8_t f(void);'
verdict "headers: leans on another" headers.sh 'rid\.h does not compile alone'
fresh
echo 'struct x { int y; };' > "$t/$p/core/bits.h"
verdict "headers: no guard" headers.sh 'bits\.h does not compile alone'

fresh
verdict "style: right" style.sh pass
# style WHAT FILE TEXT PATTERN
style()
{
    fresh
    printf '%b' "$3" >> "$t/$2"
    verdict "style: $1" style.sh "$4"
}
long=$(printf '%079d' 0)
style "81 columns" $p/core/c.c "/$long/\n" 'c\.c:4: 81 columns'
style "tab" $p/core/c.c 'int a;\n\tint b;\n' 'tab: .*c\.c:5'
style "trailing blank" xen/ops.c 'int a; \n' 'trailing blanks: .*ops\.c:3'
body=$(printf '    f();\\n%.0s' {1..59})
style "function of 61 lines" $p/core/c.c "void g(void)\n{\n$body}\n" \
    'c\.c:5: a function of 61 lines'
style "file of 501 lines" $p/fw/x.c "$(printf 'int a;\\n%.0s' {1..501})" \
    'x\.c: more than 500 lines'
style "mark" $p/core/c.c '/* TOD''O: later */\n' 'mark: .*TOD'
style "unfinished" $p/core/c.c '/* a stu''b */\n' 'mark: .*stu'
style "machine path" tests/lib/a.sh 'cd /wor''k/main\n' 'path: .*a\.sh'
style "temporary path" tests/lib/a.sh 'ls /tm''p/x\n' 'path: .*a\.sh'
style "tool" tests/lib/a.sh '# farm''-run it\n' 'word: .*a\.sh'
style "number" tests/lib/a.sh '# see issue'' 12\n' 'number: .*a\.sh'
style "host" tests/lib/a.sh '# https:/''/registry.example.com/x\n' 'host: '
# Exactly at the limits.
fresh
body=$(printf '    f();\\n%.0s' {1..58})
printf '%b' "void g(void)\n{\n$body}\n" >> $t/$p/core/c.c
[ "$(wc -l < $t/$p/core/c.c)" = 64 ] || exit 2
printf '%s\n' "${long}0" >> $t/$p/core/c.c
verdict "style: at the limits" style.sh pass

# stages WANTED STATUS LINE...: stages that print these, then WANTED is said.
stages()
{
    local out rc i=0 args=()
    for line in "${@:3}"; do
        args+=("selftest-$((i++)):$line")
    done
    out=$("$here/../stages.sh" "${args[@]}" 2>&1)
    rc=$?
    if [ $rc = "$2" ] && [ "${out##*$'\n'}" = "$1" ]; then
        echo "PASS selftest stages: $1"
        passed=$((passed + 1))
    else
        echo "FAIL selftest stages: exit code $rc, not $2, or not $1: $out"
        failed=$((failed + 1))
    fi
}
stages "4 passed, 0 failed" 0 "echo 3 passed, 0 failed" \
    "echo 1 passed, 0 failed"
stages "5 passed, 0 failed, 6 skipped" 0 "echo 3 passed, 0 failed, 2 skipped" \
    "echo 2 passed, 0 failed, 4 skipped"
stages "3 passed, 1 failed, 4 skipped" 1 "echo 3 passed, 0 failed" \
    "echo 0 passed, 0 failed, 4 skipped"
stages "3 passed, 2 failed, 1 skipped" 1 \
    "echo 3 passed, 2 failed, 1 skipped; exit 1"
stages "3 passed, 2 failed" 1 "echo 3 passed, 0 failed; exit 3" true
rm -f "$here"/../../build/logs/stage-selftest-*

echo "$passed passed, $failed failed"
[ $failed = 0 ]
