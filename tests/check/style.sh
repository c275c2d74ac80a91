#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a machine can see of the project's style.
# Usage: style.sh [ROOT]
#
#   all text         no trailing blanks, no tabs (but in makefiles)
#   C                80 columns; functions of 60 lines, braces included
#   C and scripts    files of 500 lines
#   all text         no words that do not belong: see words() below
set -u
cd "${1:-.}" || exit 2
out=$(mktemp) list=$(mktemp) || exit 2
trap 'rm -f "$out" "$list"' EXIT
# The patterns below are written with [] so that this file does not match.

# Files that are ours, committed or about to be; a licence and another
# project's configuration language are not.
if [ "$(git rev-parse --show-toplevel 2> /dev/null)" = "$(pwd -P)" ]; then
    git ls-files -co --exclude-standard
else
    find . -type f ! -path './build/*' ! -path './.git/*' | sed 's,^\./,,'
fi | grep -vE '(^|/)LICENSE$|\.config$|\.pyc$' | LC_ALL=C sort |
    while read -r f; do
        [ -f "$f" ] && grep -Iq . "$f" && echo "$f"
    done > "$list"

failed=0
# report NAME: complaints come in on standard input.
report()
{
    if [ -s "$out" ]; then
        sed "s/^/FAIL style: /" "$out" | head -n 40
        failed=$((failed + 1))
    else
        echo "PASS style: $1"
    fi
}

# matching FILES-PATTERN NOT-FILES-PATTERN: names from the list, NUL-ended
matching()
{
    grep -E "$1" "$list" | grep -vE "$2" | tr '\n' '\0'
}

# lines WHY PATTERN: complain about each line of the files on standard input
lines()
{
    xargs -0r grep -nE -- "$2" /dev/null | cut -c1-120 | sed "s/^/$1: /"
}

count=$(wc -l < "$list")
if [ "$count" = 0 ]; then
    echo "FAIL style: no files in $PWD"
    exit 1
fi

none='^$'
matching . "$none" | lines "trailing blanks" '[[:blank:]]+$' > "$out"
report "no trailing blanks ($count files)"

matching . '(^|/)Makefile$|\.mk$' | lines "tab" "$(printf '\t')" > "$out"
report "no tabs"

matching '\.[ch]$' "$none" | LC_ALL=C.UTF-8 xargs -0r awk '
    length($0) > 80 { print FILENAME ":" FNR ": " length($0) " columns" }
' > "$out"
report "C within 80 columns"

# A function: from a brace in the first column to one alone in the first.
matching '\.[ch]$' "$none" | xargs -0r awk '
    FNR == 1 { start = 0 }
    /^{/ { start = FNR }
    /^}/ {
        if ( start && $0 == "}" && FNR - start + 1 > 60 )
            print FILENAME ":" start ": a function of " FNR - start + 1 " lines"
        start = 0
    }' > "$out"
report "functions within 60 lines"

matching '\.(c|h|py|sh|mk)$|(^|/)Makefile$' "$none" | xargs -0r awk '
    FNR == 501 { print FILENAME ": more than 500 lines" }' > "$out"
report "files within 500 lines"

words()
{
    # Unfinished work.
    matching . "$none" | lines "mark" '\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b'
    matching '^(drivers|include|xen)/' "$none" |
        lines "mark" '\b([Ss]tu[b]|STU[B])\b'
    # Paths of somebody's machine. What runs inside a virtual machine has
    # a /tm[p] and a home of its own.
    matching . "$none" | lines "path" '(^|[^[:alnum:]_.])/wor[k](/|\b)'
    matching . '^tests/dom0/' | lines "path" \
        '(^|[^[:alnum:]_.}])/(tm[p]|roo[t]|hom[e])(/|\b)'
    # Workplace.
    matching . "$none" | lines "word" \
        '\bfar[m]-[a-z]+|\bissue[s] (show|list|create|comment)\b'
    matching . "$none" | lines "number" '\b[Ii]ssu[e]s? #?[0-9]{1,3}\b'
    # Hosts that anybody can reach, and no others.
    matching . "$none" | xargs -0r grep -noE 'https?:/[/][^/" )>]*' /dev/null |
        grep -vE ':/[/]([a-z0-9-]+\.)*(debian|xenproject|kernel|qemu|spdx|gnu|uefi|coreboot|linux-hardware|w3)\.org$' |
        grep -vE ':/[/]([a-z0-9-]+\.)*(github|intel|amd|pcisig)\.com$' |
        sed 's/^/host: /'
}
words > "$out"
report "no words that do not belong"

[ $failed = 0 ]
