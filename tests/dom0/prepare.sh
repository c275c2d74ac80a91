#!/bin/bash
# Makes everything that the machines need beside the hypervisor: the kernel,
# the ramdisks, the boot loader's image.
#
#   prepare.sh small|debian [XEN]     with "debian" Debian's kernel, too
#
# XEN is the hypervisor that dom0's user space is to fit: a file or the folder
# it is in (default build/xen).
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ROOT/xen/common.sh"

kernel=${1:-small}
xen=${2:-$BUILD/xen}
[ ! -d "$xen" ] || xen=$xen/xen
[ -s "$xen" ] || die "no hypervisor at $xen: which user space is wanted?"

need qemu-system-x86 python3 gcc libc6-dev dpkg-dev grub-pc-bin grub-common \
    xorriso mtools kmod
"$ROOT/tests/dom0/kernel.sh" small
[ "$kernel" != debian ] || "$ROOT/tests/dom0/kernel.sh" debian
lock dom0
python3 "$ROOT/tests/dom0/initrd.py" "$kernel" "$xen"
python3 "$ROOT/tests/dom0/grub.py"
