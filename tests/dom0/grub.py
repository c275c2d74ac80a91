#!/usr/bin/env python3
"""Boots a machine through GRUB, which hands Xen a DMAR or IVRS of our making.

QEMU's own comes first whatever -acpitable says, so GRUB takes it out and puts
ours in ("acpi --exclude"). The ISO with GRUB is the same for all; what
to boot is on a small disk that is a tar archive, which GRUB can read. GRUB
can also fill memory before it starts Xen: that is how a remapping unit is
made whose registers answer nonsense.

Run as a program, it makes the ISO: build/dom0/grub.iso.
"""
import io
import os
import struct
import subprocess
import sys
import tarfile
import tempfile

from machine import IMAGES, LOGS

ISO = os.path.join(IMAGES, "grub.iso")

CONFIG = """
set timeout=0
insmod tar
insmod acpi
insmod memrw
insmod multiboot2
search --no-floppy --set=root --file /boot.cfg
configfile /boot.cfg
"""


def quote(words):
    """For GRUB's shell, in which some characters of Xen's options mean
    something."""
    return "'" + words.replace("'", "'\\''") + "'"


def boot(table, fill=None):
    """The boot argument of a Machine: with this table (bytes), in place of
    QEMU's of the same signature, and with fill, {address: 32-bit words},
    written to memory beforehand."""

    def arguments(m, folder):
        kernel, initrd = m.images()
        lines = ["acpi --exclude=%s /table.bin" % table[:4].decode()]
        for address, words in (fill or {}).items():
            lines += ["write_dword 0x%x 0x%x" % (address + 4 * i, w)
                      for i, w in enumerate(words)]
        words = " ".join(quote(w) for w in m.xen_args.split())
        dom0 = " ".join(quote(w) for w in m.dom0_args.split())
        lines += ["multiboot2 /xen placeholder " + words,
                  "module2 /vmlinux placeholder " + dom0,
                  "module2 /initrd", "boot", ""]
        disk = os.path.join(folder, "boot.tar")
        with tarfile.open(disk, "w", format=tarfile.USTAR_FORMAT) as tar:
            for name, content in (("boot.cfg", "\n".join(lines).encode()),
                                  ("table.bin", table)):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            for name, path in (("xen", m.xen), ("vmlinux", kernel),
                               ("initrd", initrd)):
                tar.add(os.path.realpath(path), arcname=name)
        return ["-drive", "if=none,id=iso,media=cdrom,format=raw,readonly=on,"
                "file=" + ISO, "-device", "ide-cd,bus=ide.0,drive=iso,"
                "bootindex=0",
                "-drive", "if=none,id=boot,format=raw,file=" + disk,
                "-device", "ide-hd,bus=ide.1,drive=boot"]

    return arguments


def registers(version, cap, ecap):
    """The first registers of a unit that then never does anything."""
    return [version, 0] + list(struct.unpack("<4I", struct.pack(
        "<QQ", cap, ecap))) + [0] * 58


def make_iso():
    if os.path.exists(ISO):
        return
    print("== making the boot loader's image", flush=True)
    log = os.path.join(LOGS, "grub.log")
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "boot", "grub"))
        with open(os.path.join(folder, "boot", "grub", "grub.cfg"), "w") as f:
            f.write(CONFIG)
        with open(log, "w") as f:
            done = subprocess.run(
                ["grub-mkrescue", "-d", "/usr/lib/grub/i386-pc", "-o",
                 ISO + ".new", "--locales=", "--fonts=", "--themes=", folder],
                stdout=f, stderr=f)
    if done.returncode:
        raise SystemExit("error: grub-mkrescue failed; see " + log)
    os.rename(ISO + ".new", ISO)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    make_iso()
