#!/bin/bash
# Builds the part of Xen's tool stack that dom0's ramdisk needs: xl, its
# libraries, xenstored, the console and hvmloader. No bindings, no
# documentation, and no device model: that is Debian's.
#
#   tests/dom0/tools.sh SOURCE FOLDER [QEMU]
#
# SOURCE, an unpacked Xen tree, is only read. FOLDER gets the files below usr,
# with headers and static libraries; its neighbour FOLDER.tree is the copy that
# the build takes place in. With QEMU, Debian's device model, FOLDER gets the
# library, too, by which that speaks to this Xen.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ROOT/xen/common.sh"

src=${1:?usage: $0 SOURCE FOLDER [QEMU]}
out=$(realpath -m "${2:?usage: $0 SOURCE FOLDER [QEMU]}")
qemu=${3:-}
tree=$out.tree
log=$LOGS/tools-$(basename "$(dirname "$out")").log
parts="include libs flask/utils xs-clients xenstored console helpers xl
    firmware"

[ -x "$src/configure" ] && [ -d "$src/tools/xl" ] ||
    die "$src has no tool stack: no configure and tools/xl"

# What the tool stack is made from, and how.
inputs()
{
    sha256sum <"$0"
    unstable
    cd "$src"
    find Config.mk config configure m4 tools xen/common xen/include xen/lib \
        xen/tools -type f ! -name '*.o' -exec sha256sum {} + | LC_ALL=C sort
}

# The library without a stable interface that QEMU was linked with, and the
# version of its symbols, if there is a QEMU: "libxenctrl.so.4.17 VERS_4.17.0".
unstable()
{
    [ -z "$qemu" ] || objdump -p "$qemu" |
        awk '/required from/ { name = $3 }
             name ~ /^libxenctrl/ && NF == 4 { sub(":", "", name)
                                               print name, $4 }'
}

# What QEMU calls of it is the same in all versions; what it then says to Xen
# is not. So this tree's library is linked once more, under that name.
device_model_library()
{
    local name version lib=$out.new/usr/lib/x86_64-linux-gnu needed

    read -r name version < <(unstable) ||
        die "$qemu is not linked with libxenctrl"
    needed=$(objdump -p "$lib/libxenctrl.so" |
             awk '$1 == "NEEDED" { print "-l:" $2 }')
    # shellcheck disable=SC2086
    gcc -shared -o "$lib/$name" -Wl,-soname,"$name" \
        -Wl,--version-script=<(echo "$version { *; };") \
        "$tree"/tools/libs/ctrl/*.opic -L"$lib" $needed
}

build()
{
    local part

    for part in $parts; do
        make -C "$tree/tools/$part" -j"$JOBS" debug=n all
        make -C "$tree/tools/$part" debug=n DESTDIR="$out.new" install
    done
    [ -z "$qemu" ] || device_model_library
}

need gcc make bison flex perl python3 python3-dev acpica-tools uuid-dev \
    libncurses-dev libyajl-dev zlib1g-dev pkgconf libc6-dev binutils
now=$(inputs | sha256sum)
[ "$now" != "$(cat "$out/.inputs" 2>/dev/null)" ] || exit 0
say "copying the tool stack's tree to ${tree#"$ROOT"/}"
rm -rf "$tree" "$out" "$out.new"
mkdir -p "$tree"
tar -C "$src" --exclude=.git --exclude='*.[oa]' --exclude=./docs \
    --exclude=./stubdom -cf - . | tar -xf - -C "$tree"
say "configuring it (log: $log)"
# The layout is that of Debian's packages, and the Python is Debian's.
(cd "$tree" && PYTHON=/usr/bin/python3 ./configure --prefix=/usr \
    --libdir=/usr/lib/x86_64-linux-gnu --libexecdir=/usr/lib \
    --sysconfdir=/etc --localstatedir=/var --disable-xen --disable-docs \
    --disable-stubdom --disable-ocamltools --disable-golang --disable-pygrub \
    --disable-seabios --disable-ovmf --disable-ipxe --disable-rombios \
    --disable-qemu-traditional --disable-pvshim --disable-9pfs \
    --disable-libfsimage --disable-monitors --disable-xsmpolicy \
    --disable-systemd --disable-werror \
    --with-system-qemu=/usr/libexec/xen-qemu-system-i386 \
    --with-system-seabios=/usr/share/seabios/bios-256k.bin) \
    >"$log" 2>&1 || {
    tail -n 5 "$log" >&2
    die "the tool stack cannot be configured; see $log"
}
say "building the tool stack, once for this tree (a minute or more)"
progress "$log" 2530 build
find "$out.new/usr" -type f \( -name '*.so*' -o -perm /111 \) \
    -exec strip --strip-unneeded {} + 2>/dev/null || true
printf '%s\n' "$now" >"$out.new/.inputs"
mv "$out.new" "$out"
