#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh [NAME]: Eva over driver.c, from each of its entries; then over copies
# of the parsers with a check taken out, which it must notice. README.md. The
# last line is "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
only=${1:-}
out=build/eva
passed=0 failed=0
mkdir -p "$out"

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

# The alarms of a run, "file: text", each once.
alarms()
{
    awk '/^\[eva:alarm\]/ { sub(/^\[eva:alarm\] */, ""); sub(/.*\//, "")
             sub(/:[0-9]+: Warning: */, ":"); getline t; sub(/^ */, "", t)
             print $0 " " t }' "$1" | sort -u
}

# eva ENTRY FIRST LAST FOLDER LOG: 0 if it came to its end.
eva()
{
    local states

    case $1 in
    dmar_*) states=open_scopes:3,walk_scopes:3,walk_dmar:300,dmar_next:300
            states+=,walk_record:60,parse_record:60,dmar_open:100 ;;
    ivrs_*) states=walk_entries:10,walk_ivrs:100,ivrs_next:100
            states+=,ivrs_entry_next:100,ivrs_open:100 ;;
    esac
    frama-c -machdep gcc_x86_64 -main "$1" \
        -cpp-extra-args="-Itests/eva -Iinclude -I$4 -DFIRST=$2 -DLAST=$3" \
        -eva -eva-domains equality -eva-slevel 20 \
        -eva-slevel-function "$states" -eva-auto-loop-unroll 8 \
        -eva-split-return-function fw_fits:0 -eva-split-limit 1000 \
        -eva-partition-history 2 -eva-interprocedural-history \
        -eva-no-show-progress -eva-no-print \
        tests/eva/driver.c "$4"/fw/*.c >"$5" 2>&1 &&
        grep -q 'ANALYSIS SUMMARY' "$5" &&
        ! grep -q 'split on more than\|:recursion\|degenerat' "$5"
}

# show NAME ENTRY FIRST LAST [ALARM]: no alarm, or this one, of README.md.
show()
{
    local log=$out/$1.log got

    [ -z "$only" ] || [ "$only" = "$1" ] || return 0
    eva "$2" "$3" "$4" drivers/passthrough "$log"
    status=$?
    got=$(alarms "$log")
    [ $status = 0 ] && [ "$got" = "${5:-}" ]
    verdict $? "$1: ${5:+but for what README.md explains, }no run-time error" \
            "(log $log)"
    [ "$got" = "${5:-}" ] || printf '%s\n' "$got"
}

# planted NAME FILE SED ENTRY FIRST LAST ALARM: this alarm must be there.
planted()
{
    local dir=$out/$1 log=$out/$1.log

    [ -z "$only" ] || [ "$only" = "$1" ] || return 0
    rm -rf "$dir"
    mkdir -p "$dir"
    cp -r drivers/passthrough/fw "$dir"
    sed -i "$3" "$dir/fw/$2"
    if cmp -s "$dir/fw/$2" "drivers/passthrough/fw/$2"; then
        verdict 1 "$1: nothing was taken out of $2"
        return
    fi
    eva "$4" "$5" "$6" "$dir" "$log" && alarms "$log" | grep -qF "$7"
    verdict $? "$1: noticed (log $log)"
}

read_beyond='out of bounds read.'
show dmar_header dmar_header 0 60
show dmar_header_long dmar_header 65530 65536
show dmar_records dmar_records 0 0
show dmar_path dmar_path 0 0
show ivrs_header ivrs_header 0 60
show ivrs_header_long ivrs_header 65530 65536
show ivrs_blocks ivrs_blocks 0 0 "cursor.h: $read_beyond"
show ivrs_text ivrs_text 0 0
show ivrs_number ivrs_number 0 0
planted no_length_check dmar_parse.c 's/announced > len/len > announced/' \
    dmar_header 40 60 "dmar_parse.c: $read_beyond"
planted no_room_for_acpi ivrs_entry.c 's/ || !fw_fits(c, ACPI_LEN)//' \
    ivrs_blocks 0 0 "ivrs_entry.c: $read_beyond"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
