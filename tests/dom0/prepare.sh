#!/bin/bash
# Makes everything that the machines need beside the hypervisor: the kernel,
# the ramdisks, the boot loader's image. With "debian" Debian's kernel, too.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ROOT/xen/common.sh"

need qemu-system-x86 python3 gcc libc6-dev dpkg-dev grub-pc-bin grub-common \
    xorriso mtools kmod
need_lists linux-source-6.1
"$ROOT/tests/dom0/kernel.sh" small
[ "${1:-small}" = debian ] && "$ROOT/tests/dom0/kernel.sh" debian
lock dom0
python3 "$ROOT/tests/dom0/initrd.py" "${1:-small}"
python3 "$ROOT/tests/dom0/grub.py"
