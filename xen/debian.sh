#!/bin/bash
# Fetches and unpacks Debian's Xen source package into build/source/xen: the
# newest that can be had of the Xen that this machine's release has.
#
# apt-get source needs deb-src entries, which most machines lack. They are
# derived from the machine's own deb entries into a private folder, with
# private package lists; the system's configuration is only read.
#
# build/source/listed has all versions that were known at the last attempt.
# It is repeated when a newer one becomes known, and after a day.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/xen/common.sh"
. "$ROOT/xen/source.sh"

OUT=$BUILD/source
APT=$OUT/apt

# Copies the machine's deb entries as deb-src entries, one-line style (*.list)
# and deb822 style (*.sources).
make_lists()
{
    local etc file parts main

    eval "$(apt-config shell etc Dir::Etc/f main Dir::Etc::sourcelist/f \
            parts Dir::Etc::sourceparts/d)"
    rm -rf "$APT"
    mkdir -p "$APT/parts" "$APT/lists/partial"
    for file in "$main" "$parts"/*.list; do
        [ -f "$file" ] || continue
        sed -nE 's/^[[:space:]]*deb([[:space:]])/deb-src\1/p' "$file" \
            >"$APT/parts/$(basename "$file" .list)-src.list"
    done
    for file in "$parts"/*.sources; do
        [ -f "$file" ] || continue
        sed -E 's/^Types:.*/Types: deb-src/' "$file" \
            >"$APT/parts/$(basename "$file")"
    done
}

apt_src()
{
    local tool=$1

    shift
    "$tool" -o Dir::Etc::sourcelist=/dev/null \
        -o Dir::Etc::sourceparts="$APT/parts" \
        -o Dir::State::Lists="$APT/lists" \
        -o Dir::Cache::srcpkgcache= -o Dir::Cache::pkgcache= \
        -o Debug::NoLocking=1 -o APT::Sandbox::User= "$@"
}

# What is there already, if anything
have()
{
    cat "$OUT/xen/.moat-version" 2>/dev/null || :
}

fetch()
{
    local version versions of log=$LOGS/source.log

    say "reading the lists of source packages (log: $log)"
    make_lists
    apt_src apt-get -qq update >"$log" 2>&1 ||
        say "some lists could not be read; going on with the others"
    versions=$(apt_src apt-cache showsrc xen 2>>"$log" |
               sed -n 's/^Version: //p' | sort -rVu) || versions=
    of=$(minor "$(debian_candidate)")
    # Lists of several releases: this machine's is the one that apt would take.
    [ -z "$of" ] || versions=$(grep -F "$of." <<<"$versions") || versions=
    printf '%s\n' $versions $(debian_candidate) >"$OUT/listed"
    [ -n "$versions$(have)" ] ||
        die "no source package xen${of:+ $of} in any list; see $log"
    for version in $versions; do
        [ "$(newest "$version" "$(have)")" != "$(have)" ] || return 0
        dpkg --compare-versions "$version" ge 4.17 ||
            die "Debian has Xen $version here, and this layer is for 4.17" \
                "and later: name another with SRC=FOLDER"
        rm -rf "$OUT/new"
        mkdir -p "$OUT/new"
        say "fetching and unpacking xen $version"
        if (cd "$OUT/new" && apt_src apt-get -qq source "xen=$version") \
            >>"$log" 2>&1; then
            rm -rf "$OUT/xen"
            mv "$OUT"/new/xen-*/ "$OUT/xen"
            rm -rf "$OUT/new"
            echo "$version" >"$OUT/xen/.moat-version"
            say "took xen $version"
            return 0
        fi
        say "xen $version is listed but cannot be had"
    done
    [ -n "$(have)" ] ||
        die "no version of the source package could be fetched; see $log." \
            "SRC=FOLDER builds another Xen"
}

mkdir -p "$OUT"
lock source
wanted=$(debian_wanted)
if [ -n "$(have)" ] && [ -e "$OUT/listed" ]; then
    [ "$(newest "$wanted" "$(have)")" != "$(have)" ] || exit 0
    ! grep -qxF "$wanted" "$OUT/listed" ||
        [ -n "$(find "$OUT/listed" -mmin +1440)" ] || exit 0
fi
need dpkg-dev apt
need_lists xen-system-amd64
fetch
