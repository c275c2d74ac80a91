#!/bin/bash
# Builds the hypervisor of a Xen source tree: as it is (stock), or with this
# project's layer laid over it (moat).
#
#   xen/build.sh stock|moat [--src FOLDER] [--out FOLDER]
#                           [--config NAME=VALUE]... [--also SCRIPT]
#
# --src names any unpacked Xen, 4.17 or later, which is read only; without it,
# Debian's source package of the release that this machine runs is fetched.
# Results: xen, xen.gz, xen-syms and xen.efi in build/xen-stock or build/xen,
# or in the folder given (relative to the checkout), with tree/ (what was
# compiled), version and source. --config adds to the configuration, and fails
# if Kconfig does not take it. --also names a script NAME.sh that changes the
# tree, its argument, and depends on NAME*.[ch].
#
# Where Debian has a newer one, no xen.gz and xen.efi are made, but with
# ALLOW_OLDER=yes in the environment; the folder's file "older" says why.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/xen/common.sh"
. "$ROOT/xen/source.sh"

usage()
{
    die "usage: $0 stock|moat [--src FOLDER] [--out FOLDER]" \
        "[--config NAME=VALUE]... [--also SCRIPT]"
}

config=() also= src= out= kind=
while [ $# -gt 0 ]; do
    case $1 in
    stock | moat) kind=$1; shift ;;
    --src) src=${2:?}; shift 2 ;;
    --config) config+=("${2:?}"); shift 2 ;;
    --out) out=$(cd "$ROOT" && realpath -m "${2:?}"); shift 2 ;;
    --also) also=$(realpath "${2:?}"); shift 2 ;;
    *) usage ;;
    esac
done
[ -n "$kind" ] || usage
[ -n "$out" ] || out=$BUILD/xen$([ "$kind" = moat ] || echo -stock)
# What make was told here means other things to Xen's makefiles.
unset SRC OUT XEN KERNEL IOMMU ONLY

name=$(basename "$out")
tree=$out/tree
log=$LOGS/build-$name.log

# A fresh copy of the source when there is none, or it has changed, or the
# folder is another's. Timestamps are kept, so that a second build compiles
# only what changed.
copy_tree()
{
    local mark=$tree/.moat-source now old

    now=$(printf '%s\n' "$src" "$kind${also:+ with $also}" "$print")
    old=$(cat "$mark" 2>/dev/null) || old=
    [ "$now" != "$old" ] || return 0
    if [ "${old%$'\n'*}" = "${now%$'\n'*}" ]; then
        say "$src has changed: copying it again"
    elif [ -n "$old" ]; then
        say "${out#"$ROOT"/} was made from ${old%%$'\n'*}: starting afresh"
    fi
    say "copying $src to ${tree#"$ROOT"/}"
    rm -rf "$tree"
    mkdir -p "$tree"
    source_files "$src" ! -type d -print0 |
        tar -C "$src" --null --no-recursion -T - --mode=u+rw -cf - |
        tar -xf - -C "$tree"
    # By its own rules it removes what a build there has left.
    ! source_built "$src" || xen_make distclean >"$log" 2>&1 ||
        die "$src was built, and its copy cannot be cleaned; see $log"
    printf '%s\n' "$now" >"$mark"
}

# The tree's own configuration, or else Xen's defaults, plus what was asked
# for. Only written when different.
configure()
{
    local c wanted=$tree/.moat-config

    {
        c=$(source_config "$src")
        [ -z "$c" ] || cat "$c"
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
        XEN_CONFIG_EXPERT=y \
        XEN_BUILD_DATE="$(LC_ALL=C date -u -d "@$date")" \
        XEN_BUILD_TIME="$(LC_ALL=C date -u -d "@$date" +%T)" \
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
    printf '%s\n' "$src" "$print" "$kind" "${made[*]}" "${config[@]}"
    sha256sum "$0" "$ROOT/xen/source.sh"
    [ -z "$also" ] || sha256sum "${also%.*}".*
    [ "$kind" = stock ] ||
        find "$ROOT/drivers" "$ROOT/include" "$ROOT/xen" -type f \
            -exec sha256sum {} + | LC_ALL=C sort
}

# Which Xen, and what there is to say about it whatever is done then
listed=
if [ -n "$src" ]; then
    src=$(realpath -m "$src")
    check_source "$src"
    installed=$(newest $(installed_hypervisors \
                         "$(minor "$(source_version "$src")")"))
else
    "$ROOT/xen/debian.sh"
    src=$BUILD/source/xen
    listed=$(debian_wanted)
    installed=$(newest $(installed_hypervisors))
fi
check_out "$out" "$src"
have=$(source_compared "$src")
older=$(older "$have" "$listed" "$installed")
made=(xen xen-syms xen.gz xen.efi)
words=()
if [ -n "$older" ] && [ "${ALLOW_OLDER:-}" = yes ]; then
    words+=("$older ALLOW_OLDER=yes: xen.gz and xen.efi are made nevertheless.")
elif [ -n "$older" ]; then
    words+=("$older No xen.gz, no xen.efi, but with ALLOW_OLDER=yes.")
    made=(xen xen-syms)
fi
[ "$kind" = stock ] || lost=$(losses "$src")
[ -z "${lost:-}" ] || words+=("$lost")
warn_all()
{
    local w

    for w in "${words[@]}"; do
        warn "$w"
    done
}
warn_all

need gcc make bison flex python3 dpkg-dev libc6-dev binutils
case " ${config[*]} " in
*CONFIG_XSM_FLASK_POLICY=y*) need checkpolicy m4 ;;
esac
lock "$name"
print=$(source_print "$src")
now=$(inputs)
if [ "$now" = "$(cat "$out/.inputs" 2>/dev/null)" ] && [ -s "$out/xen" ]; then
    say "up to date: ${out#"$ROOT"/}"
    exit 0
fi
mkdir -p "$out"
# Says whose folder it is, and that it is not ready.
echo building >"$out/.inputs"
rm -f "$out/older" "$out"/xen.{gz,efi}
[ -z "$older" ] || echo "$older" >"$out/older"
date=$(source_date "$src")
copy_tree
echo "$src" >"$out/source"
source_version "$src" >"$out/version"
if [ "$kind" = moat ]; then
    say "laying this layer over ${tree#"$ROOT"/}"
    "$ROOT/xen/overlay.sh" "$tree"
fi
[ -z "$also" ] || "$also" "$tree"
configure
say "building the hypervisor: Xen $have, $kind${config[*]:+, with ${config[*]}}"
total=660
[ -e "$tree/xen/xen-syms" ] && total=20
progress "$log" $total xen_make
for file in "${made[@]}"; do
    publish "$tree/xen/$file"
done
[ ${#made[@]} = 4 ] || rm -f "$tree"/xen/xen.{gz,efi}*
printf '%s\n' "$now" >"$out/.inputs"
say "ready: ${out#"$ROOT"/}/{$(IFS=,; echo "${made[*]}")}"
# Again, below the steps of the build.
warn_all
