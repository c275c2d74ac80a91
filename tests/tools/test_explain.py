# SPDX-License-Identifier: GPL-2.0-only
"""--explain: everything about one device."""
import os

import flat
import lspci

DMAR, IVRS = "dmar-laptop", "ivrs-desktop"

# (table, device, lspci file or None, status, fragments, never)
CASES = [
    (DMAR, "00:02.0", "laptop.txt", 0,
     ["00:02.0 (VGA", "Yes, on its own", "record at 030h", "0xfed90000",
      "00:02.0: its own", "0x8b800000-0x8fffffff (72 MiB), by the record at "
      "0A0h: the graphics device's own memory",
      "xl pci-assignable-add 0000:00:02.0",
      "pci = [ '0000:00:02.0,rdm_policy=strict' ]",
      "rdm = \"strategy=host,policy=strict\"", "None."], ["00:14.0"]),
    (DMAR, "00:14.0", "laptop.txt", 0,
     ["Yes, together with 00:1d.0 (USB controller",
      "or alone, if these are given to nobody else",
      "xl pci-assignable-add 0000:00:14.0", "xl pci-assignable-add "
      "0000:00:1d.0", "'0000:00:14.0,rdm_policy=strict', "
      "'0000:00:1d.0,rdm_policy=strict'", "record at 048h",
      "for all devices that no other unit names",
      "a way from one to the other"], ["Yes, on its own"]),
    (DMAR, "0000:03:02.0", "laptop.txt", 0,
     ["Yes, but only together with 03:01.0 (Multimedia",
      "pci = [ '0000:03:01.0', '0000:03:02.0' ]",
      "02:00.0: of the bridge above it", "03:00.0: what such bridges",
      "requests of these carry the same id"], ["rdm_policy"]),
    (DMAR, "01:00.0", "laptop.txt", 0,
     ["Yes, on its own", "01:00.1: an alias",
      "known to issue its requests as 01:00.1"], []),
    (DMAR, "00:1c.0", "laptop.txt", 0,
     ["No, and there is no need to: it is a bridge"], ["xl pci"]),
    # Without --pci: what the table names, no more.
    (DMAR, "0:14.0", None, 0,
     ["Yes, together with 00:1d.0", "come with --pci"], []),
    ("dmar-server", "17:02.0", None, 0, ["it is a bridge"], []),
    # Not to be given away.
    ("rmrr-reversed", "00:1d.0", "laptop.txt", 1,
     ["No: firmware describes its reserved memory wrongly",
      "error at 088h (VT-d 8.4): RMRR at 078h: a region's limit"],
     ["xl pci"]),
    ("drhd-zero", "00:02.0", "laptop.txt", 1,
     ["No: the unit that it is behind cannot be used", "of no use"],
     ["xl pci"]),
    (IVRS, "00:00.2", "desktop.txt", 0, ["No: it is an IOMMU"], ["xl pci"]),
    # An alias that the firmware tells.
    (IVRS, "ff:05.0", "desktop.txt", 0,
     ["Yes, but only together with ff:06.0", "00:14.4: "], []),
]


def cases(t):
    for table, bdf, pci, status, fragments, never in CASES:
        args = ["--explain", bdf,
                os.path.join(t.folder, "own", table + ".dat")]
        if pci:
            args.append("--pci=" + t.file("lspci/" + pci, lspci.text(pci)))
        flat.says(t, "explain %s of %s" % (bdf, table), t.run(*args), status,
                  *fragments, never=never)


def tied(t, own):
    """One that shares memory with a device that nobody can give away."""
    table = bytearray(own[DMAR])
    # The second scope of the shared region is now the device that is in no
    # unit's scope: the unit for all others is not one any more.
    table[0x4c] = 0
    table[0x9e:0xa0] = b"\x02\x00"
    table[9] = 0
    table[9] = -sum(table) & 0xff
    pci = t.file("lspci/laptop.txt", lspci.text("laptop.txt"))
    r = t.run("-e", "00:02.0", "--pci=" + pci,
              t.file("tied.dat", bytes(table)))
    flat.says(t, "a sharer that stays keeps the other", r, 1,
              "No: it reaches the same reserved memory as 00:14.0 (USB",
              "rdm_policy=relaxed", never=["xl pci-assignable-add"])


def refused(t):
    dmar = os.path.join(t.folder, "own", DMAR + ".dat")
    pci = t.file("lspci/laptop.txt", lspci.text("laptop.txt"))
    for bdf in ("xx", "00:14", "00:14.8", "00:20.0", "100:00.0.0", "",
                "10000:00:14.0", "00:14.0 ", "0:0:0:0.0"):
        t.says("a device that is none: %r" % bdf, t.run("-e", bdf, dmar), 2,
               err=["a device is [SSSS:]BB:DD.F"])
    t.says("a device that the table does not name",
           t.run("-e", "05:00.0", dmar), 2, err=["with --pci"])
    t.says("a device that is not there",
           t.run("-e", "05:00.0", "--pci=" + pci, dmar), 2,
           err=["there is no such device"])
    t.says("a device of a table that is not used",
           t.run("-e", "00:14.0", os.path.join(t.folder, "own",
                                               "record-zero.dat")), 2,
           err=["uses nothing of this DMAR"])


def run(t, own):
    cases(t)
    tied(t, own)
    refused(t)
