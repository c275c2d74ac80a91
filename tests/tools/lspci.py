# SPDX-License-Identifier: GPL-2.0-only
"""PCI devices of the files in tests/data/lspci, in all forms of lspci."""
import os
import re
import struct

import harness

FOLDER = os.path.join(harness.ROOT, "tests", "data", "lspci")
TYPES = [("Root Port", 4), ("Endpoint", 0), ("Legacy Endpoint", 1),
         ("PCI-Express to PCI/PCI-X Bridge", 7),
         ("Root Complex Integrated Endpoint", 9)]


def text(name):
    """As lspci -D -nn -vvv writes it, which indents by tabs."""
    with open(os.path.join(FOLDER, name), encoding="ascii") as f:
        return "".join(re.sub("^((?: {8})+)",
                              lambda m: "\t" * (len(m.group(1)) // 8), line)
                       for line in f)


class Device:
    def __init__(self, block):
        head = re.match(r"(\S+) .*?\[([0-9a-f]{4})\]: .*\[([0-9a-f]{4}):"
                        r"([0-9a-f]{4})\](?: \(rev ([0-9a-f]{2})\))?", block)
        self.slot = head.group(1)
        self.cls, self.vendor, self.device = (int(head.group(i), 16)
                                              for i in (2, 3, 4))
        self.rev = int(head.group(5) or "0", 16)
        bus = re.search(r"secondary=(\w\w), subordinate=(\w\w)", block)
        self.buses = [int(b, 16) for b in bus.groups()] if bus else None
        self.pcie = None
        for words, number in TYPES:
            if re.search(r"Express \(v\d\) %s" % re.escape(words), block):
                self.pcie = number

    def config(self, size):
        """Its configuration space, as far as it is known here."""
        c = bytearray(256)
        struct.pack_into("<HH", c, 0, self.vendor, self.device)
        c[8] = self.rev
        struct.pack_into("<H", c, 0x0a, self.cls)
        if self.buses:
            c[0x0e] = 1
            c[0x18:0x1b] = [int(self.slot[5:7], 16)] + self.buses
        if self.pcie is not None:
            c[6] = 0x10
            c[0x34] = 0x48              # one that is passed over first
            c[0x48:0x4a] = b"\x01\x60"
            c[0x60:0x64] = struct.pack("<BBH", 0x10, 0, 2 | self.pcie << 4)
        return bytes(c[:size])


def devices(name):
    blocks = re.split(r"\n\s*\n", text(name).strip())
    return [Device(b) for b in blocks]


def dump(name, size=256):
    """lspci -D -x (64 bytes) or -xxx."""
    out = []
    for d in devices(name):
        out.append("%s Thing: Nobody's" % d.slot)
        c = d.config(size)
        out += ["%02x: %s" % (at, " ".join("%02x" % b
                                           for b in c[at:at + 16]))
                for at in range(0, size, 16)]
        out.append("")
    return "\n".join(out)


def numbers(name):
    """lspci -D -n"""
    return "".join("%s %04x: %04x:%04x (rev %02x)\n" %
                   (d.slot, d.cls, d.vendor, d.device, d.rev)
                   for d in devices(name))


def machine(name):
    """lspci -mm -D -n"""
    return "".join('%s "%04x" "%04x" "%04x" -r%02x "1af4" "1100"\n' %
                   (d.slot, d.cls, d.vendor, d.device, d.rev)
                   for d in devices(name))


def records(name):
    """lspci -mm -n -D -vvv"""
    return "\n".join("Slot:\t%s\nClass:\t%04x\nVendor:\t%04x\nDevice:\t%04x\n"
                     "SVendor:\t1af4\nRev:\t%02x\n" %
                     (d.slot, d.cls, d.vendor, d.device, d.rev)
                     for d in devices(name))


def not_root(name):
    """lspci -D -nn -vvv of somebody who is not root."""
    return re.sub(r"\n\tCapabilities: .*(\n\t\t.*)*",
                  "\n\tCapabilities: <access denied>", text(name))
