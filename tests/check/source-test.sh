#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The choice of the Xen that is built, and what is said about it: xen/build.sh,
# source.sh and debian.sh with small folders that look like Xen's source, and
# with apt and dpkg-query that answer from files. Nothing is fetched.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 2
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
chmod 755 "$dir"
passed=0 failed=0
unset SRC OUT XEN ALLOW_OLDER MAKEFLAGS MFLAGS MAKELEVEL TYPED_IN
export GIT_CONFIG_GLOBAL=/dev/null
for who in AUTHOR COMMITTER; do
    export GIT_${who}_NAME=a GIT_${who}_EMAIL=a@example.com
done

# -- A checkout, a Debian, a Xen ----------------------------------------------

mkdir -p "$dir"/{top,bin,apt,src}
cp -r "$top/xen" "$dir/top/"
B=$dir/top/build

# What they answer is in apt/: candidate, sources (versions listed), there (of
# these, what can be had), hypervisors (installed).
cat >"$dir/bin/apt-cache" <<'END'
#!/bin/bash
apt=$(dirname "$0")/../apt
case " $* " in
*" policy "*) echo "  Candidate: $(cat "$apt/candidate")" ;;
*" showsrc "*) sed 's/^/Version: /' "$apt/sources" ;;
*) echo yes ;;
esac
END
cat >"$dir/bin/apt-get" <<'END'
#!/bin/bash
apt=$(dirname "$0")/../apt
echo "$*" >>"$apt/calls"
for v; do :; done
case $v in
xen=*) grep -qxF "${v#xen=}" "$apt/there" && cp -r "$apt/xen" "xen-${v#xen=}" &&
    sed -i "1s/.*/xen (${v#xen=}) x; y/" xen-*/debian/changelog ;;
esac
END
cat >"$dir/bin/dpkg-query" <<'END'
#!/bin/bash
case $* in
*xen-hypervisor*) sed 's/^/installed /' "$(dirname "$0")/../apt/hypervisors" ;;
*) echo installed ;;
esac
END
printf '#!/bin/sh\nexec 2>/dev/null\necho "etc=/nowhere main=no parts=no"\n' \
    >"$dir/bin/apt-config"
# So that what waits for a build to end sees it soon.
printf '#!/bin/sh\nexec %s 0.05\n' "$(command -v sleep)" >"$dir/bin/sleep"
chmod 755 "$dir"/bin/*
export PATH=$dir/bin:$PATH HOME=$dir

# tree NAME VERSION: like Xen's source, in src/NAME; its build copies.
tree()
{
    local s=$dir/src/$1 f p=xen/drivers/passthrough

    chmod -R u+w "$s" 2>/dev/null
    rm -rf "$s"
    mkdir -p "$s"/{config,scripts,tools/flask,xen/arch/x86} "$s/$p"/{x86,vtd,amd,arm}
    touch "$s/Config.mk" "$s/COPYING"
    for f in iommu.c pci.c msi.c x86/iommu.c x86/hvm.c vtd/iommu.c arm/smmu.c; do
        echo "int $f;" >"$s/$p/$f"
    done
    sed 's/^    /\t/' >"$s/xen/Makefile" <<END
export XEN_VERSION       = ${2%%.*}
export XEN_SUBVERSION    = $(cut -d. -f2 <<<"$2" | sed 's/-.*//')
export XEN_EXTRAVERSION ?= $(sed -E 's/^[0-9]+\.[0-9]+//' <<<"$2")\$(XEN_VENDORVERSION)
all:
    for f in xen xen.gz xen-syms xen.efi; do cat Makefile Config >\$\$f; done
olddefconfig:
    cp .config Config
distclean:
    rm -f left.h
END
}

# debian CANDIDATE "LISTED" "THERE" "INSTALLED": a machine that has nothing yet
debian()
{
    rm -rf "$B"
    echo "$1" >"$dir/apt/candidate"
    printf '%s\n' $2 >"$dir/apt/sources"
    printf '%s\n' $3 >"$dir/apt/there"
    printf '%s\n' $4 >"$dir/apt/hypervisors"
}

# -- What is expected ---------------------------------------------------------

verdict()
{
    if [ "$2" = 0 ]; then
        echo "PASS source-test $1"
        passed=$((passed + 1))
    else
        echo "FAIL source-test $1: ${*:3}"
        failed=$((failed + 1))
    fi
}

# build ARGUMENT...: what it says is in $said, its exit code in $rc
build()
{
    said=$("$dir/top/xen/build.sh" stock "$@" 2>&1 </dev/null)
    rc=$?
}

# says NAME PATTERN: it has ended well, and said that; "" for no warning.
says()
{
    if [ -z "$2" ]; then
        [ $rc = 0 ] && ! grep -qE '^(!!|error)' <<<"$said"
    else
        [ $rc = 0 ] && grep -qE -- "$2" <<<"$said"
    fi
    verdict "$1" $? "exit code $rc: $said"
}

# refuses NAME PATTERN ARGUMENT...: in one line, and makes nothing
refuses()
{
    rm -rf "$B/out"
    build --out "$B/out" "${@:3}"
    [ $rc = 1 ] && [ "$(wc -l <<<"$said")" = 1 ] &&
        grep -qE -- "^error: $2" <<<"$said" && [ ! -e "$B/out/tree" ]
    verdict "$1" $? "exit code $rc: $said"
}

# losses NAME TREE PATTERN: "" for none
losses()
{
    said=$(ROOT=$dir/top MOAT_RELEASES=$dir/sums bash -c \
        '. "$ROOT/xen/common.sh"; . "$ROOT/xen/source.sh"
         set -euo pipefail; losses "$1"' losses "$dir/src/$2" 2>&1)
    rc=$?
    [ $rc = 0 ] && if [ -n "$3" ]; then grep -qE -- "$3" <<<"$said"
                   else [ -z "$said" ]; fi
    verdict "$1" $? "exit code $rc: $said"
}

# -- Bad input ----------------------------------------------------------------

s=$dir/src p=xen/drivers/passthrough
debian '' '' '' ''
refuses "no folder" '.*/src/none does not exist' --src "$s/none"
touch "$s/xen.tar.gz"
refuses "an archive" '.* is no folder: unpack it' --src "$s/xen.tar.gz"
mkdir "$s/empty"
refuses "no Xen" '.*/src/empty is not Xen.s source: .*xen/Makefile' \
    --src "$s/empty"
tree a 4.18.1
refuses "a part of Xen" '.*/a/xen is a part .*the folder above' --src "$s/a/xen"
rm -r "$s/a/$p"
refuses "no drivers/passthrough" '.*/a is not Xen.s source: .*passthrough' \
    --src "$s/a"
tree a 4.18.1
rm "$s/a/$p/x86/hvm.c"
refuses "half of Xen" '.*/a is not all of Xen.s .*x86/hvm\.c' --src "$s/a"
tree a 4.16.7
refuses "too old" '.*/a is Xen 4\.16\.7: .*4\.17 and later' --src "$s/a"
tree a 4.18.1
mv "$s/a/xen/arch/x86" "$s/a/xen/arch/arm"
refuses "Arm only" '.*/a has no xen/arch/x86' --src "$s/a"
for f in port core; do
    tree a 4.18.1
    mkdir "$s/a/$p/$f"
    refuses "laid over: $f" ".*/a has this layer in it already.*$f" --src "$s/a"
done
tree a 4.18.1
echo '# Made by xen/overlay.sh.' >"$s/a/$p/Makefile"
refuses "laid over: Makefile" '.*/a has this layer in it already' --src "$s/a"
tree a 4.18.1
sed -i /XEN_VERSION/d "$s/a/xen/Makefile"
refuses "no version" '.*/a: xen/Makefile does not say which' --src "$s/a"
tree a 4.18.1
refuses "built into its source" 'the build may not go into its source' \
    --src "$s/a" --out "$s/a/build"
refuses "source in the build" 'the source .*/a lies in .*/src, where' \
    --src "$s/a" --out "$s"
refuses "source is the build" '.*/a is the source and where' --src "$s/a" \
    --out "$s/a"
mkdir -p "$dir/mine/tree"
touch "$dir/mine/tree/letter"
refuses "a stranger's folder" '.*/mine is not empty and was not made here' \
    --src "$s/a" --out "$dir/mine"
[ -e "$dir/mine/tree/letter" ]
verdict "the stranger's folder is whole" $? "it is not"

# -- Good input ---------------------------------------------------------------

# A user who may not write there, if somebody can be one.
as=()
[ "$(id -u)" != 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
mkdir -p "$B"
[ "$(id -u)" != 0 ] || chown -R 65534 "$B"
tree a 4.18.1
chmod -R a-w "$s/a"
before=$(find "$s/a" -printf '%p %T@ %C@ %s\n' | sort)
said=$("${as[@]}" "$dir/top/xen/build.sh" stock --src "$s/a" 2>&1)
rc=$?
says "a read-only folder" '^== ready: build/xen-stock/'
[ "$before" = "$(find "$s/a" -printf '%p %T@ %C@ %s\n' | sort)" ] &&
    [ -z "$(find "$B/xen-stock/tree" ! -perm -u+w)" ]
verdict "it is as it was, and its copy can be written" $? "$before"
[ "$(cat "$B/xen-stock/version" "$B/xen-stock/source")" = "4.18.1
$s/a" ]
verdict "version and source" $? "$(head "$B"/xen-stock/{version,source})"
chmod u+w "$s/a"/Config.mk
chmod a-r "$s/a"/Config.mk
said=$("${as[@]}" "$dir/top/xen/build.sh" stock --src "$s/a" 2>&1)
[ $? = 1 ] && grep -q '^error: .*/a: Config.mk cannot be read' <<<"$said"
verdict "a folder that cannot be read" $? "$said"

rm -rf "$B"
tree a 4.18.1
tree b 4.23-unstable
build --src "$s/a" --out "$B/out"
build --src "$s/a" --out "$B/out"
says "nothing has changed" '^== up to date'
echo 'int more;' >>"$s/a/$p/msi.c"
build --src "$s/a" --out "$B/out"
says "a file has changed" '^== .*/a has changed: copying it again'
grep -q more "$B/out/tree/$p/msi.c"
verdict "it is copied" $? "it is not"
build --src "$s/b" --out "$B/out"
says "another source" '^== build/out was made from .*/a: starting afresh'
[ "$(cat "$B/out/version")" = 4.23-unstable ]
verdict "its version" $? "$(cat "$B/out/version")"

tree a 4.18.1
touch "$s/a/xen/"{x.o,.x.o.cmd,left.h,xen,xen.efi.map}
build --src "$s/a" --out "$B/out"
[ $rc = 0 ] && [ -e "$B/out/xen" ] && [ -z "$(find "$B/out/tree/xen" \
    -name 'x.o' -o -name '.x.o.cmd' -o -name left.h -o -name xen.efi.map)" ]
verdict "what a build has left in the source" $? "$(ls -A "$B/out/tree/xen")"

echo CONFIG_A=y >"$s/a/xen/.config"
build --src "$s/a" --out "$B/out" --config CONFIG_B=y
[ $rc = 0 ] && [ "$(cat "$B/out/tree/xen/.config")" = "CONFIG_A=y
CONFIG_B=y" ]
verdict "the tree's own configuration" $? "$said"
mkdir "$s/a/debian"
echo CONFIG_C=y >"$s/a/debian/xen-kconfig"
build --src "$s/a" --out "$B/out"
[ $rc = 0 ] && [ "$(cat "$B/out/tree/xen/.config")" = CONFIG_C=y ]
verdict "Debian's configuration" $? "$said"

# make_says NAME PATTERN FOLDER ARGUMENT...
make_says()
{
    said=$(cd "$3" && make -n "${@:4}" 2>&1)
    rc=$?
    says "$1" "$2"
}
make_says "SRC where make is typed" \
    "xen/build.sh --src '$s/a' --out build/xen-a moat" \
    "$dir" -C "$top" xen SRC=src/a
mv "$s/b" "$s/xen-it's"
make_says "SRC's name gives OUT" "--out build/xen-it-s-stock stock" \
    "$top" xen-stock SRC="$s/xen-it's"

# -- Debian's -----------------------------------------------------------------

old=4.17.5+72-g01-1 new=4.17.7+13-g24-0+deb12u1
tree ../apt/xen 4.17.5
mkdir "$dir/apt/xen/debian"
printf '%s\n' x '' ' -- A B <a@b>  Thu, 01 Jan 2026 00:00:00 +0000' \
    >"$dir/apt/xen/debian/changelog"
o=$B/xen-stock

debian $new "$new $old" "$new $old" ''
build
says "the newest can be had" ''
[ ! -e "$o/older" ] && [ -s "$o/xen.gz" ] && [ -s "$o/xen.efi" ]
verdict "and is made whole" $? "$(ls "$o")"

debian $new "$new $old" $old ''
build
says "an older one is built" \
    "^!! OLDER THAN DEBIAN'S: this is Xen ${old//+/.}; ${new//+/.} is listed:"
[ ! -e "$o/xen.gz" ] && [ ! -e "$o/xen.efi" ] && [ -s "$o/xen" ] &&
    [ ! -e "$o/tree/xen/xen.gz" ] && [ ! -e "$o/tree/xen/xen.efi" ] &&
    grep -q "^OLDER THAN" "$o/older"
verdict "nothing to install is made of it" $? "$(ls "$o" "$o/tree/xen")"
: >"$dir/apt/calls"
build
says "up to date, and said again" "^!! OLDER THAN DEBIAN'S"
[ ! -s "$dir/apt/calls" ]
verdict "and nothing was fetched" $? "$(cat "$dir/apt/calls")"
ALLOW_OLDER=yes build
says "ALLOW_OLDER" "^!! OLDER THAN DEBIAN'S.*ALLOW_OLDER=yes: .*made"
[ -s "$o/xen.gz" ] && [ -s "$o/xen.efi" ]
verdict "ALLOW_OLDER makes it" $? "$(ls "$o")"
build
[ $rc = 0 ] && [ ! -e "$o/xen.gz" ] && [ ! -e "$o/xen.efi" ] &&
    [ ! -e "$o/tree/xen/xen.efi" ]
verdict "without it it goes again" $? "$(ls "$o")"
echo "$new" >>"$dir/apt/there"
touch -d '2 days ago' "$B/source/listed"
build
says "after a day it is tried again" "^== took xen ${new//+/.}"
says "and not older any more" 'ready.*xen\.efi'
newer=4.17.8-1
printf '%s\n' $newer >>"$dir/apt/there"
printf '%s\n' $newer >>"$dir/apt/sources"
echo $newer >"$dir/apt/candidate"
build
says "a newer one becomes known" '^== took xen 4\.17\.8-1'

debian $old $old $old $new
build
says "a newer one is installed" "^!! OLDER .*; ${new//+/.} is installed here"
debian $new "$new 4.20.4-1" "$new 4.20.4-1" ''
build
says "lists of two releases" "^== took xen ${new//+/.}"
debian 4.14.6-1 4.14.6-1 4.14.6-1 ''
build
[ $rc = 1 ] && grep -q '^error: Debian has Xen 4\.14\.6-1 here' <<<"$said"
verdict "a Debian whose Xen is too old" $? "$said"
debian '(none)' '' '' ''
build
[ $rc = 1 ] && grep -q '^error: no source package xen' <<<"$said"
verdict "no lists" $? "$said"

tree a 4.17.7
debian '' '' '' "$new 4.20.4-1"
build --src "$s/a"
says "SRC older than what is installed" \
    "^!! OLDER .*Xen 4\.17\.7; ${new//+/.} is installed here"
tree a 4.18.1
build --src "$s/a"
says "SRC of another minor version" ''

# -- What is lost -------------------------------------------------------------

tree a 4.17.6
ROOT=$dir/top bash -c '. "$ROOT/xen/common.sh"; . "$ROOT/xen/source.sh"
    source_sums "$1" | sed "s/$/ 4.17.5 4.17.6/"' sums "$s/a" >"$dir/sums"
losses "as released" a ''
echo more >>"$s/a/$p/msi.c"
echo more >>"$s/a/$p/x86/hvm.c"
losses "what stays may change" a ''
echo more >>"$s/a/$p/vtd/iommu.c"
losses "one file has changed" a \
    '^changed in this Xen, .*layer: vtd/iommu\.c; what .* is lost$'
rm "$s/a/$p/pci.c"
echo more >"$s/a/$p/amd/new.c"
losses "one is gone, one is new" a ': amd/new\.c, pci\.c, vtd/iommu\.c;'
mkdir "$dir/SOURCES"
echo "+++ b/$p/vtd/iommu.c" >"$dir/SOURCES/0605-x.patch"
echo "+++ b/$p/vtd/iommu.cc" >"$dir/SOURCES/0606-y.patch"
losses "the patch is named" a 'vtd/iommu\.c \(0605-x\.patch\)'
rm -r "$dir/SOURCES"
tree a 4.17.9
losses "not a release that is known" a '^whether .* cannot be known: Xen 4\.17\.9'

mkdir -p "$s/a/debian/patches/misc"
echo 'xen (4.17.5+72-g01-1) x; y' >"$s/a/debian/changelog"
printf '# c\nmisc/a.diff\n' >"$s/a/debian/patches/series"
printf '+++ xen/%s\n' "$p/msi.c" "tools/x.c" >"$s/a/debian/patches/misc/a.diff"
losses "a package's patches of other files" a ''
echo "+++ xen/$p/pci.c  x" >>"$s/a/debian/patches/misc/a.diff"
losses "a package's patch" a ': pci\.c \(a\.diff\);'

tree a 4.17.6
git -C "$s/a" init -q
git -C "$s/a" add . && git -C "$s/a" commit -qm a
git -C "$s/a" tag -a -m r RELEASE-4.17.6
sed -i 's/= \.6/= .7-pre/' "$s/a/xen/Makefile"
losses "a checkout" a ''
echo more >>"$s/a/$p/pci.c"
git -C "$s/a" commit -qam b
echo more >>"$s/a/$p/vtd/iommu.c"
losses "a checkout with changes" a \
    'pci\.c \(1 commits since 4\.17\.6\), vtd/iommu\.c \(not committed\);'
sed -i 's/= 17/= 23/; s/= \.7-pre/= -pre/' "$s/a/xen/Makefile"
losses "a development checkout" a ': vtd/iommu\.c \(not committed\);'
debian '' '' '' '4.23.0-1'
build --src "$s/a"
says "a development checkout older than what is installed" \
    '^!! OLDER .*: this is Xen 4\.23~pre; 4\.23\.0-1 is installed here'

echo "$passed passed, $failed failed"
[ $failed = 0 ]
