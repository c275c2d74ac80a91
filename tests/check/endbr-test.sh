#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# endbr.py on objects made to be right and wrong: it must find the one function
# that lacks the mark, in each way an address can be taken, and no other.
set -u
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0
flags="-std=gnu99 -O2 -fcf-protection=branch -mmanual-endbr -ffunction-sections
       -fno-jump-tables -fno-asynchronous-unwind-tables -ffreestanding"

# try NAME pass|fail FLAGS <<SOURCE
try()
{
    local name=$1 want=$2 more=$3 out got
    rm -rf "$dir/$name"
    mkdir "$dir/$name"
    {
        echo '#define cf_check __attribute__((__cf_check__))'
        echo '#define apart __attribute__((__noinline__))'
        echo '#define init __attribute__((__noinline__, __section__(".x.text")))'
        cat
    } > "$dir/$name/a.c"
    # shellcheck disable=SC2086
    if ! gcc $flags $more -c "$dir/$name/a.c" -o "$dir/$name/a.o"; then
        echo "FAIL endbr-test $name: does not compile"
        failed=$((failed + 1))
        return
    fi
    [ -e "$dir/other.o" ] && mv "$dir/other.o" "$dir/$name/"
    got=pass
    out=$("$here/endbr.py" "$dir/$name") || got=fail
    if [ $got = fail ] && ! grep -q 'FAIL endbr: wrong ' <<< "$out"; then
        got="a complaint about something else: $out"
    fi
    if [ "$got" = "$want" ]; then
        echo "PASS endbr-test $name"
        passed=$((passed + 1))
    else
        echo "FAIL endbr-test $name: expected $want, got $got"
        failed=$((failed + 1))
    fi
}

for pic in -fpic "-fno-pic -mcmodel=kernel"; do
    tag=$(tr -d ' ' <<< "${pic##*-}")
    try "right-$tag" pass "$pic" <<'EOF'
static apart cf_check int f(int x) { return x + 1; }
static apart int called(int x) { return x * x; }
struct ops { int (*f)(int); };
extern const struct ops ops;
const struct ops ops = { f };
typedef int fn_t(int);
extern void take(fn_t *);
int user(int x) { take(f); return called(x) + called(x + 1); }
EOF
    try "data-$tag" fail "$pic" <<'EOF'
static apart int wrong(int x) { return x + 1; }
struct ops { int (*f)(int); };
extern const struct ops ops;
const struct ops ops = { wrong };
EOF
    try "code-$tag" fail "$pic" <<'EOF'
static apart int wrong(int x) { return x + 1; }
typedef int fn_t(int);
extern void take(fn_t *);
void user(void) { take(wrong); }
EOF
    try "own-section-$tag" fail "$pic" <<'EOF'
static init int wrong(int x) { return x + 1; }
typedef int fn_t(int);
extern void take(fn_t *);
init void user(void) { take(wrong); }
EOF
    try "global-$tag" fail "$pic" <<'EOF'
apart int wrong(int x) { return x + 1; }
typedef int fn_t(int);
extern void take(fn_t *);
void user(void) { take(wrong); }
EOF
done

# Taken in one object, defined in another.
echo 'int wrong(int x) { return x + 1; }' > "$dir/other.c"
# shellcheck disable=SC2086
gcc $flags -fpic -c "$dir/other.c" -o "$dir/other.o"
try "other-object" fail -fpic <<'EOF'
typedef int fn_t(int);
extern int wrong(int);
extern void take(fn_t *);
void user(void) { take(wrong); }
EOF
try "not-judged" pass -fpic <<'EOF'
typedef int fn_t(int);
extern int elsewhere(int);
extern void take(fn_t *);
void user(void) { take(elsewhere); }
EOF

# Nothing to look at is not a success.
mkdir "$dir/nothing"
if "$here/endbr.py" "$dir/nothing" > /dev/null; then
    echo "FAIL endbr-test nothing: passes without objects"
    failed=$((failed + 1))
else
    echo "PASS endbr-test nothing"
    passed=$((passed + 1))
fi

echo "$passed passed, $failed failed"
[ $failed = 0 ]
