#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Apply each mutant to a copy of the tree, run the check it names, and expect
# that check to fail, for the reason the mutant names.
# Usage: run.sh [NAME...]
#
# A mutant is a patch with a head:
#
#   Advisory: the published bug it brings back, or is akin to
#   Check: PROGRAM TEST         what must fail: "model SCENARIO" or
#                               "test_NAME TEST" (a unit test)
#   Says: REGEX                 found in what the failing check prints
#   Hangs: SECONDS              optional: it must not end within these, while
#                               without the mutant it passes in fewer
#
# followed by what is taken out, in words. A patch that does not apply, a copy
# that does not build, and a check that fails without the mutant, are failures.
set -u
cd "$(dirname "$0")/../.." || exit 2
here=tests/mutants
out=build/mutants
log=build/mutants/log
mkdir -p $out
: > $log

head_of()
{
    sed -n "s/^$2: *//p;/^---/q" "$1"
}

# Which makefile builds a check's program, and what it makes.
target()
{
    case $1 in
    model)  echo "tests/model/tests.mk build/model/model" ;;
    *)      echo "tests/unit/tests.mk build/unit/$1" ;;
    esac
}

# build DIR PROGRAM: its output goes to the log.
build()
{
    local makefile made
    read -r makefile made < <(target "$2")
    make -C "$1" --no-print-directory -f "$makefile" "$made" >> $log 2>&1
}

# check DIR PROGRAM TEST [HANGS]: run one test; its output to DIR/out. 0: it
# passed. Anything but a judgement (a program that is not there, that knows no
# such test, that is killed) is 2; but with HANGS a test that does not end
# within so many seconds has failed.
check()
{
    local made
    read -r _ made < <(target "$2")
    (cd "$1" && timeout "${4:-300}" "$made" "$3") > "$1/out" 2>&1
    case $? in
    124) [ -n "${4:-}" ] || return 2
        echo "$3 hangs" >> "$1/out"
        return 1 ;;
    0)  grep -qE '^[1-9][0-9]* passed, 0 failed($|,)' "$1/out" || return 2 ;;
    1)  grep -qE "^FAIL $3\b" "$1/out" && return 1
        return 2 ;;
    *)  # A unit test that dies of host_bug() or a sanitizer has failed.
        grep -qE '^host_bug: |Sanitizer|runtime error' "$1/out" && return 1
        return 2 ;;
    esac
}

copy()
{
    local made
    rm -rf "$1"
    mkdir -p "$1/tests"
    cp -a drivers include "$1/"
    cp -a tests/lib tests/unit tests/model tests/data "$1/tests/"
    # What is built already, with its times: only what is older is made anew.
    mkdir -p "$1/build"
    for made in build/unit build/model; do
        [ -d $made ] && cp -a $made "$1/build/"
    done
}

patches=()
if [ $# = 0 ]; then
    patches=("$here"/*.patch)
else
    for name; do patches+=("$here/$name.patch"); done
fi

# ---- Without mutants every check passes ----

passed=0
failed=0
fail()
{
    echo "FAIL $1: $2"
    failed=$((failed + 1))
}

base=$out/base
copy $base
declare -A good
for p in "${patches[@]}"; do
    read -r program test < <(head_of "$p" Check)
    [ -n "${good[$program $test]:-}" ] && continue
    good[$program $test]=no
    if ! build $base "$program"; then
        echo "FAIL $program: does not build (see $log)"
    elif check $base "$program" "$test"; then
        good[$program $test]=yes
    else
        echo "FAIL $program $test: fails without any mutant"
        tail -n 5 $base/out
    fi
done

# ---- With each ----

# mutant PATCH: 0 if it was caught where it says.
mutant()
{
    local p=$1 name advisory program test says hangs dir
    name=$(basename "$p" .patch)
    dir=$out/$name
    advisory=$(head_of "$p" Advisory)
    read -r program test < <(head_of "$p" Check)
    says=$(head_of "$p" Says)
    hangs=$(head_of "$p" Hangs)
    if [ -z "$advisory" ] || [ -z "$test" ] || [ -z "$says" ]; then
        why="its head is not complete"
        return 1
    fi
    if [ "${good[$program $test]}" != yes ]; then
        why="its check does not pass without it"
        return 1
    fi
    rm -rf "$dir"
    cp -a $base "$dir"
    if ! patch -d "$dir" -p1 --fuzz=2 --no-backup-if-mismatch < "$p" \
            >> $log 2>&1; then
        why="the patch does not apply any more (see $log)"
        return 1
    fi
    if ! build "$dir" "$program"; then
        why="the copy does not build (see $log)"
        return 1
    fi
    check "$dir" "$program" "$test" "$hangs"
    case $? in
    0)  why="NOT CAUGHT by $program $test"
        return 1 ;;
    2)  why="$program $test came to no judgement (see $dir/out)"
        return 1 ;;
    esac
    why=$(grep -E -m1 -o -- ".{0,60}$says.{0,60}" "$dir/out")
    if [ -z "$why" ]; then
        why="$program $test fails, but does not say \"$says\" (see $dir/out)"
        return 1
    fi
    why="$advisory: $program $test: $why"
    rm -rf "$dir"
    return 0
}

for p in "${patches[@]}"; do
    if mutant "$p"; then
        echo "PASS $(basename "$p" .patch): $why"
        passed=$((passed + 1))
    else
        fail "$(basename "$p" .patch)" "$why"
    fi
done
echo "mutants: caught $passed of ${#patches[@]}"
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed != 0 ]
