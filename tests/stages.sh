#!/bin/bash
# stages.sh NAME:COMMAND...: runs every command, whatever the others do, and
# adds up the lines "N passed, N failed" that each ends with. A stage without
# that line, or that fails without saying what, counts as one failure.
set -uo pipefail

logs=$(cd "$(dirname "$0")/.." && pwd)/build/logs
mkdir -p "$logs"
passed=0
failed=0
for stage; do
    name=${stage%%:*}
    log=$logs/stage-$name.log
    echo "== $name"
    bash -c "${stage#*:}" 2>&1 | tee "$log"
    status=$?
    result=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
    if [ -z "$result" ]; then
        echo "FAIL $name: no result, exit status $status (see $log)"
        result="0 passed, 1 failed"
    elif [ $status != 0 ] && [ "${result#*, }" = "0 failed" ]; then
        echo "FAIL $name: exit status $status (see $log)"
        result="${result%,*}, 1 failed"
    fi
    passed=$((passed + ${result%% *}))
    n=${result#*, }
    failed=$((failed + ${n%% *}))
done
[ $# != 0 ] || echo "no tests here yet"
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed != 0 ]
