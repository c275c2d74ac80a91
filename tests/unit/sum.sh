#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Pass the output of several test programs through and print the sum of their
# last lines. A program that ends without one counts as one failure.
# Usage: ... | sum.sh LOG
tee "$1" | awk '
    function program_ends() {
        if ( name != "" && !told )
        {
            print "FAIL " name ": ended without its last line"
            failed++
        }
    }
    /^== /                              { program_ends(); name = $2; told = 0 }
    /^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ {
        passed += $1; failed += $3; skipped += $5; told = 1
    }
    /^exit [0-9]+$/ { next }
    { print; fflush() }
    END {
        program_ends()
        printf "%d passed, %d failed", passed, failed
        printf skipped ? ", %d skipped\n" : "\n", skipped
        exit !passed || failed
    }'
