#!/bin/bash
# Fetches and unpacks Debian's Xen source package into build/source/xen.
#
# apt-get source needs deb-src entries, which most machines lack. They are
# derived from the machine's own deb entries into a private folder, with
# private package lists; the system's configuration is only read.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/xen/common.sh"

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

fetch()
{
    local version versions log=$LOGS/source.log

    say "reading the lists of source packages (log: $log)"
    make_lists
    apt_src apt-get -qq update >"$log" 2>&1 ||
        say "some lists could not be read; going on with the others"
    versions=$(apt_src apt-cache showsrc xen 2>>"$log" |
               sed -n 's/^Version: //p' | sort -rVu) || versions=
    [ -n "$versions" ] || die "no source package xen in any list; see $log"
    for version in $versions; do
        case $version in
        4.17.*) ;;
        *) say "skipping xen $version: this layer is for 4.17"; continue ;;
        esac
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
        say "xen $version is listed but cannot be had; trying the next"
    done
    die "no version of the source package could be fetched; see $log"
}

lock source
[ -e "$OUT/xen/.moat-version" ] && exit 0
need dpkg-dev apt
fetch
