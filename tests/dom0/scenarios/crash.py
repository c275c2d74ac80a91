"""Xen crashes, and what was loaded for that case runs with devices whose DMA
no table is in the way of any more: as a crash kernel needs it.

There is no kernel here: a few instructions print a line and start a transfer
of edu, which Xen had given to a guest.
"""
import base64
import struct

import probe
from machine import EDU, SPARE, Failure

# For Xen's command line. Below 4 GiB, for 32-bit code; and the units are left
# on otherwise, for a crash kernel that knows them.
OPTION = "crashkernel=16M@256M iommu=crash-disable"
COM1 = 0x3f8
# edu's registers (dma.c).
SRC, DST, COUNT, COMMAND = 0x80, 0x88, 0x90, 0x98
BUFFER, RUN_TO_RAM = 0x40000, 3


def store(addr, value):
    return b"\xc7\x05" + struct.pack("<II", addr, value)


def say(text):
    code = b"\x66\xba" + struct.pack("<H", COM1)        # mov $COM1, %dx
    for c in text.encode():
        code += b"\xb0" + bytes([c]) + b"\xee"          # mov $c, %al; out
    return code


def image(bar, target):
    """32-bit code: edu writes 256 bytes to target, which is below 4 GiB; then
    nothing more."""
    return (say("\nmoat: the crash image runs\n") +
            store(bar + SRC, BUFFER) + store(bar + DST, target) +
            store(bar + COUNT, 256) + store(bar + COMMAND, RUN_TO_RAM) +
            b"\xf4\xeb\xfd")                            # hlt; jmp to it


def add(s, guest):
    """Two last steps of a scenario whose machine has OPTION; guest(m) gives a
    guest that may have edu."""

    @s.step("an image for a crash of Xen is loaded")
    def _(m):
        _, page = probe.page(m, "crash")
        m.data = probe.load(m, page)
        bar = int(m.sh("head -n 1 /sys/bus/pci/devices/%s/resource" %
                       EDU).split()[0], 16)
        code = base64.b64encode(image(bar, SPARE)).decode()
        m.sh("echo %s | base64 -d >/tmp/crash; hyper crash /tmp/crash" % code)
        m.sh("xl pci-assignable-add " + EDU)
        guest(m).attach(EDU)
        probe.blocked_write(m, SPARE, SPARE)

    @s.step("Xen crashes, the image runs, and DMA is no longer translated")
    def _(m):
        m.ram.write(SPARE, bytes(256))
        m.stopping = True       # what is a crash elsewhere is wanted here
        m.com2.sendall(b"xl debug-keys C\n")
        m.wait_log(r"the crash image runs", 30)
        m.wait_for("the bytes arrive",
                   lambda: m.ram.read(SPARE, 256) == m.data, 10)
        if "moat: fault" in m.log[m.log.index("the crash image runs"):]:
            raise Failure("a fault is reported")
