#!/bin/bash
# Builds the hypervisor of Debian's Xen source package, with Debian's release
# configuration: as it is (stock), or with this project's layer laid over it
# (moat).
#
#   xen/build.sh stock|moat [--config NAME=VALUE]... [--out FOLDER]
#                           [--also SCRIPT]
#
# Results: xen, xen.gz, xen-syms and xen.efi in build/xen-stock or build/xen,
# or in the folder given (relative to the checkout). --config adds to the
# configuration, and fails if Kconfig does not take it. --also names a script
# NAME.sh that changes the tree, its argument, and depends on NAME*.[ch].
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/xen/common.sh"

usage()
{
    die "usage: $0 stock|moat [--config NAME=VALUE]... [--out FOLDER]" \
        "[--also SCRIPT]"
}

kind=${1:-}
case $kind in
stock) out=$BUILD/xen-stock ;;
moat) out=$BUILD/xen ;;
*) usage ;;
esac
shift
config=() also=
while [ $# -gt 0 ]; do
    case $1 in
    --config) config+=("${2:?}"); shift 2 ;;
    --out) out=$(cd "$ROOT" && realpath -m "${2:?}"); shift 2 ;;
    --also) also=$(realpath "${2:?}"); shift 2 ;;
    *) usage ;;
    esac
done

name=$(basename "$out")
tree=$out/tree
log=$LOGS/build-$name.log

# A fresh copy of the package's tree when there is none, or when another
# version of the package has been fetched. Timestamps are kept, so that a
# second build compiles only what changed.
copy_tree()
{
    cmp -s "$BUILD/source/xen/.moat-version" "$tree/.moat-version" && return 0
    say "copying the source tree to ${tree#"$ROOT"/}"
    rm -rf "$tree"
    mkdir -p "$tree"
    (cd "$BUILD/source/xen" && tar -cf - Config.mk COPYING config scripts \
        debian/xen-kconfig debian/control tools/flask xen) | tar -xf - -C "$tree"
    cp "$BUILD/source/xen/.moat-version" "$tree/"
}

# Debian's configuration plus what was asked for. Only written when different.
configure()
{
    local c wanted=$tree/.moat-config

    {
        cat "$tree/debian/xen-kconfig"
        for c in "${config[@]}"; do
            printf '%s\n' "$c"
        done
    } >"$wanted.new"
    [ -e "$tree/xen/.config" ] && cmp -s "$wanted.new" "$wanted" && return 0
    cp "$wanted.new" "$tree/xen/.config"
    xen_make olddefconfig >"$log" 2>&1 || die "configuration failed; see $log"
    for c in "${config[@]}"; do
        if [ "${c#*=}" = n ]; then
            ! grep -q "^${c%%=*}=" "$tree/xen/.config"
        else
            grep -qxF "$c" "$tree/xen/.config"
        fi || die "Kconfig does not take $c"
    done
    mv "$wanted.new" "$wanted"
}

xen_make()
{
    make -C "$tree/xen" -j"$JOBS" XEN_TARGET_ARCH=x86_64 debug=n \
        XEN_CONFIG_EXPERT=y XEN_BUILD_DATE="$(date -u -r "$tree/.moat-version")" \
        XEN_WHOAMI=moat XEN_DOMAIN=moat XEN_BUILD_HOST=moat "$@"
}

# Copies a result only when it changed, so that what depends on it rests too.
publish()
{
    [ -s "$1" ] || die "the build gave no ${1##*/}; see $log"
    cmp -s "$1" "$out/${1##*/}" || cp "$1" "$out/${1##*/}"
}

# What the results depend on: when it is as it was, there is nothing to do.
inputs()
{
    cat "$BUILD/source/xen/.moat-version"
    printf '%s\n' "$kind" "${config[@]}"
    sha256sum "$0"
    [ -z "$also" ] || sha256sum "${also%.*}".*
    [ "$kind" = stock ] ||
        find "$ROOT/drivers" "$ROOT/include" "$ROOT/xen" -type f \
            -exec sha256sum {} + | LC_ALL=C sort
}

need gcc make bison flex python3 dpkg-dev libc6-dev binutils
case " ${config[*]} " in
*CONFIG_XSM_FLASK_POLICY=y*) need checkpolicy m4 ;;
esac
"$ROOT/xen/source.sh"
lock "$name"
now=$(inputs)
if [ "$now" = "$(cat "$out/.inputs" 2>/dev/null)" ] && [ -s "$out/xen" ]; then
    say "up to date: ${out#"$ROOT"/}"
    exit 0
fi
rm -f "$out/.inputs"
copy_tree
if [ "$kind" = moat ]; then
    say "laying this layer over ${tree#"$ROOT"/}"
    "$ROOT/xen/overlay.sh" "$tree"
fi
[ -z "$also" ] || "$also" "$tree"
configure
say "building the hypervisor: $kind${config[*]:+, with ${config[*]}}"
total=660
[ -e "$tree/xen/xen-syms" ] && total=20
progress "$log" $total xen_make
for file in xen xen.gz xen-syms xen.efi; do
    publish "$tree/xen/$file"
done
printf '%s\n' "$now" >"$out/.inputs"
say "ready: ${out#"$ROOT"/}/{xen,xen.gz,xen-syms,xen.efi}"
