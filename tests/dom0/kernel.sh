#!/bin/bash
# Builds the small kernel of the tests from Debian's linux-source-6.1 into
# build/dom0/{vmlinux,bzImage}, or with the argument "debian" takes Debian's own
# linux-image apart into build/dom0/debian/{vmlinux,modules}.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ROOT/xen/common.sh"

OUT=$BUILD/dom0

# The release that has Linux 6.1, whatever this machine runs: the same kernel
# everywhere.
debian()
{
    python3 "$ROOT/tests/dom0/debian.py" linux-source-6.1 "$@"
}

# fetch PACKAGE...: downloads the first of them that the archive really has, in
# its newest version, into $OUT/debs, and prints the file's name.
fetch()
{
    local package version file

    mkdir -p "$OUT/debs"
    for package; do
        for version in $(debian apt-cache madison "$package" |
                         awk '{print $3}' | sort -rVu); do
            file=$OUT/debs/${package}_${version//:/%3a}
            if ls "$file"_*.deb >/dev/null 2>&1 ||
                (cd "$OUT/debs" &&
                 debian apt-get -qq download "$package=$version") \
                    >>"$LOGS/apt.log" 2>&1; then
                ls "$file"_*.deb
                return 0
            fi
            say "$package $version cannot be downloaded; trying another" >&2
        done
    done
    die "none can be downloaded of: $*; see $LOGS/apt.log"
}

debian_kernel()
{
    local deb images dir=$OUT/debian

    [ -s "$dir/vmlinux" ] && return 0
    need xz-utils dpkg-dev
    images=$(debian apt-cache show linux-image-amd64 |
             sed -n 's/^Depends: \(linux-image-[^ ,]*\).*/\1/p' | uniq)
    say "fetching Debian's kernel"
    # shellcheck disable=SC2086
    deb=$(fetch $images)
    rm -rf "$dir"
    mkdir -p "$dir"
    dpkg-deb -x "$deb" "$dir/package"
    python3 "$ROOT/tests/dom0/vmlinux.py" "$dir"/package/boot/vmlinuz-* \
        "$dir/vmlinux.new"
    mv "$dir"/package/lib/modules "$dir/modules"
    rm -rf "$dir/package"
    mv "$dir/vmlinux.new" "$dir/vmlinux"
    say "Debian's kernel is in $dir/vmlinux"
}

# A PV guest of Linux 6.1 that gives up MSI-X tells dom0 that it gives up MSI,
# and is refused MSI-X from then on. So NVMe, which asks twice, is left with
# INTx; and of that QEMU's never lets go again, when a guest has died that had
# not seen all of it: an interrupt storm.
MSIX_FIX='/^static void xen_pv_teardown_msi_irqs/,/^}/s/msix_enabled/msix_base/'

small_kernel()
{
    local deb tree=$OUT/linux config=$ROOT/tests/dom0/kernel.config

    if [ -s "$OUT/vmlinux" ] && [ -s "$OUT/bzImage" ] &&
            { cat "$config"; echo "# $MSIX_FIX"; } |
            cmp -s - "$OUT/vmlinux.config"; then
        return 0
    fi
    need gcc make flex bison bc xz-utils libc6-dev binutils libelf-dev
    if [ ! -e "$tree/Makefile" ]; then
        say "fetching linux-source-6.1"
        deb=$(fetch linux-source-6.1)
        rm -rf "$tree" "$OUT/linux.new"
        mkdir -p "$OUT/linux.new"
        say "unpacking $(basename "$deb")"
        dpkg-deb --fsys-tarfile "$deb" |
            tar -xO --wildcards '*/linux-source-6.1.tar.xz' |
            tar -xJ -C "$OUT/linux.new" --strip-components=1
        mv "$OUT/linux.new" "$tree"
        rm -f "$deb"
    fi
    sed -i "$MSIX_FIX" "$tree/arch/x86/pci/xen.c"
    grep -q 'if (dev->msix_base)' "$tree/arch/x86/pci/xen.c" ||
        die "this kernel's xen_pv_teardown_msi_irqs is another one"
    say "building the small kernel, once (five to ten minutes)"
    KCONFIG_ALLCONFIG=$config make -C "$tree" allnoconfig \
        >"$LOGS/kernel-config.log" 2>&1 ||
        die "kernel configuration failed; see $LOGS/kernel-config.log"
    check_config "$config" "$tree/.config"
    progress "$LOGS/kernel.log" 1760 make -C "$tree" -j"$JOBS" bzImage
    strip -o "$OUT/vmlinux.new" "$tree/vmlinux"
    cp "$tree/arch/x86/boot/bzImage" "$OUT/bzImage"
    { cat "$config"; echo "# $MSIX_FIX"; } >"$OUT/vmlinux.config"
    mv "$OUT/vmlinux.new" "$OUT/vmlinux"
}

# An option that Kconfig dropped (renamed, or a dependency is missing) would
# show itself only as a strange failure much later.
check_config()
{
    local line lost=

    while read -r line; do
        case $line in
        *=n) grep -q "^${line%=n}=" "$2" && lost="$lost $line" ;;
        CONFIG_*) grep -qxF "$line" "$2" || lost="$lost $line" ;;
        esac
    done <"$1"
    [ -z "$lost" ] || die "the kernel's configuration lost:$lost"
}

lock kernel
case ${1:-small} in
small) small_kernel ;;
debian) debian_kernel ;;
*) die "usage: $0 [small|debian]" ;;
esac
