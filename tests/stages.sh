#!/bin/bash
# stages.sh NAME:COMMAND...: runs every command, whatever the others do, and
# adds up the lines "N passed, N failed[, N skipped]" that each ends with. A
# stage without that line, that fails without saying what, or that skips all
# there was, counts as one failure.
set -uo pipefail

logs=$(cd "$(dirname "$0")/.." && pwd)/build/logs
mkdir -p "$logs"
passed=0 failed=0 skipped=0
for stage; do
    name=${stage%%:*}
    log=$logs/stage-$name.log
    echo "== $name"
    bash -c "${stage#*:}" 2>&1 | tee "$log"
    status=$?
    result=$(grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' \
                 "$log" | tail -n 1)
    # As words: N passed, N failed, N skipped
    read -r p _ f _ s _ <<<"${result:-0 passed, 0 failed}"
    why=
    if [ -z "$result" ]; then
        why="no result, exit status $status"
    elif [ "$f" != 0 ]; then
        :
    elif [ "$p" = 0 ] && [ "${s:-0}" != 0 ]; then
        why="nothing passed, all was skipped"
    elif [ $status != 0 ]; then
        why="exit status $status"
    fi
    [ -z "$why" ] || echo "FAIL $name: $why (see $log)"
    passed=$((passed + p))
    failed=$((failed + f + (${#why} > 0)))
    skipped=$((skipped + ${s:-0}))
done
[ $# != 0 ] || echo "no tests here yet"
total="$passed passed, $failed failed"
[ $skipped = 0 ] || total+=", $skipped skipped"
echo "$total"
[ $failed = 0 ] && [ $passed != 0 ]
