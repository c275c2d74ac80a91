# SPDX-License-Identifier: GPL-2.0-only
"""--pci: all that lspci writes, and what it does not."""
import os
import random

import flat
import lspci

NO_CAPS = "does not tell what kind"
NO_BUSES = "does not tell where"


def judged(t, name, content, stdin=None):
    path = t.file("lspci/%s.txt" % name, content)
    return t.run("-v", "--pci=" + path,
                 os.path.join(t.folder, "own", "dmar-laptop.dat"))


def forms(t):
    """The same machine in each form: as much as the form can tell."""
    whole = judged(t, "text", lspci.text("laptop.txt"))
    t.says("lspci -D -nn -vvv", whole, 0, "03:01.0", "Besides 4 bridges")
    t.check(NO_CAPS not in whole.out and NO_BUSES not in whole.out,
            "it tells all", repr(whole))
    for name, content in (
            ("lspci -D -xxx", lspci.dump("laptop.txt")),
            ("ends of lines of another system",
             lspci.text("laptop.txt").replace("\n", "\r\n")),
            ("without segments",
             lspci.text("laptop.txt").replace("\n0000:", "\n")),
            ("each device twice", lspci.text("laptop.txt") * 2),
            ("a device of a segment that hardware has not",
             lspci.text("laptop.txt") +
             "\n10000:e1:00.0 Thing [0108]: X [8086:0001]\n"
             "\tBus: primary=00, secondary=01, subordinate=ff\n")):
        r = judged(t, "form", content)
        t.check(r.out == whole.out and r.status == 0,
                "%s: the same" % name, repr(r))

    # The devices below the bridge to old PCI are found to be one group only
    # where it is told that it is such a bridge, and where it leads.
    together = "carry the same id"
    t.check(together in whole.out, "a group below a bridge", repr(whole))
    for name, content, notes in (
            ("lspci -D -x", lspci.dump("laptop.txt", 64), [NO_CAPS]),
            ("not root", lspci.not_root("laptop.txt"), [NO_CAPS]),
            ("lspci -D -n", lspci.numbers("laptop.txt"),
             [NO_CAPS, NO_BUSES]),
            ("lspci -mm -D -n", lspci.machine("laptop.txt"),
             [NO_CAPS, NO_BUSES]),
            ("lspci -mm -n -D -vvv", lspci.records("laptop.txt"),
             [NO_CAPS, NO_BUSES])):
        r = judged(t, "form", content)
        t.says(name, r, 0, "03:01.0", "known to issue its requests as "
               "01:00.1", "Besides 4 bridges", *notes)
        t.check(together not in r.out, "%s: less is told" % name, repr(r))


def virtual(t):
    """Functions that are of another one's bus."""
    text = ("0000:01:00.0 Ethernet controller [0200]: X [8086:1572]\n"
            "\tCapabilities: [a0] Express (v2) Endpoint, MSI 00\n"
            "\t\tInitial VFs: 64, Total VFs: 64, Number of VFs: 2, "
            "Function Dependency Link: 00\n"
            "\t\tVF offset: 256, stride: 1, Device ID: 154c\n"
            "\n0000:02:00.0 Ethernet controller [0200]: X [8086:154c]\n"
            "\tCapabilities: [a0] Express (v2) Endpoint, MSI 00\n"
            "\n0000:00:1c.0 PCI bridge [0604]: X [8086:9db8]\n"
            "\tBus: primary=00, secondary=01, subordinate=01\n"
            "\tCapabilities: [40] Express (v2) Root Port (Slot+), MSI 00\n"
            "\n0000:00:1e.0 PCI bridge [0604]: X [8086:244e]\n"
            "\tBus: primary=00, secondary=02, subordinate=02\n")
    path = t.file("lspci/vf.txt", text)
    dmar = os.path.join(t.folder, "own", "dmar-laptop.dat")
    r = t.run("-e", "02:00.0", "--pci=" + path, dmar)
    # As a function of its own it would be behind the bridge 00:1e.0.
    t.says("a virtual function is where its physical one is", r, 0,
           "02:00.0: its own")
    t.check("00:1e.0" not in r.out, "and behind no bridge of its bus",
            repr(r))


def damaged(t):
    """Files that are none, and ones that somebody cut or changed."""
    dmar = os.path.join(t.folder, "own", "dmar-laptop.dat")
    r = judged(t, "empty", "")
    t.says("an empty file", r, 2, err=["no PCI devices in it", "lspci -D"])
    r = judged(t, "mail", "Hello,\n\nnothing here: 00\n")
    t.says("some other file", r, 2, err=["no PCI devices in it"])
    r = t.run("-v", "--pci=" + os.path.join(t.folder, "nothing"), dmar)
    t.says("no such file", r, 2, err=["nothing: No such file"])

    rng, bad = random.Random(1), []
    sources = [lspci.text("laptop.txt"), lspci.dump("laptop.txt"),
               lspci.machine("laptop.txt"), lspci.records("laptop.txt")]
    for i in range(60):
        data = bytearray(rng.choice(sources).encode())
        for _ in range(rng.choice((1, 5, 50))):
            data[rng.randrange(len(data))] = rng.choice(b"\n\t :.0f[]\"\xff\0")
        data = bytes(data[:rng.randrange(1, len(data))])
        r = judged(t, "damaged", data)
        if r.status not in (0, 1, 2) or (r.status == 2 and not r.err):
            bad.append("%d: %r" % (i, r))
    t.check_all("damaged text of lspci is read to its end", bad)


def memory_maps(t):
    """--memmap, in each form; the region is at 8a785000."""
    dmar = os.path.join(t.folder, "own", "dmar-laptop.dat")
    forms = {
        "iomem": "00001000-0009ffff : System RAM\n"
                 "8a000000-8affffff : System RAM\n  8a100000-8a2fffff : "
                 "Kernel code\n",
        "Linux": "[    0.000000] BIOS-e820: [mem 0x000000008a000000-"
                 "0x000000008affffff] usable\n",
        "Xen": "(XEN)  [000000008a000000, 000000008affffff] (usable)\n",
    }
    for name, text in forms.items():
        r = t.run("-v", "--memmap=" + t.file("map.txt", text), dmar)
        flat.says(t, "a region in RAM, by a map of %s" % name, r, 1,
                  "1 problem: error at 078h: the region lies in memory that "
                  "the memory map calls ordinary RAM", "iommu=rmrr-in-ram",
                  "Stay with dom0: 00:14.0")
        free = text.replace("8a000000", "1a000000").replace("8affffff",
                                                            "1affffff")
        r = t.run("-v", "--memmap=" + t.file("map.txt", free), dmar)
        t.says("one that is not, by a map of %s" % name, r, 0, "sound")
    r = t.run("-v", "--memmap=" + t.file("map.txt", "00000000-00000000 : "
                                         "System RAM\n"), dmar)
    t.says("a map seen by somebody who is not root", r, 2,
           err=["no RAM in it", "as root"])


def run(t, own):
    forms(t)
    virtual(t)
    damaged(t)
    memory_maps(t)
