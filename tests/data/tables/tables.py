#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes tables from the sources of this folder, and damaged ones from those.

    tables.py FOLDER    writes NAME.dat for every NAME.dsl and every line of
                        damage.txt

The sources are for iasl, the compiler of acpica-tools. What its version for
Debian 12 does not know it is told in plain numbers, as a table with a
signature spelt backwards: a signature that it knows would not let it.
"""
import glob
import os
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BACKWARDS = {b"MARD": b"DMAR", b"SRVI": b"IVRS"}


def checksum(table, error=0):
    """The bytes that the header announces add up to zero, but for error."""
    if len(table) > 9:
        announced = struct.unpack_from("<I", table, 4)[0]
        table[9] = 0
        table[9] = (error - sum(table[:announced])) & 0xff


def set_length(table):
    struct.pack_into("<I", table, 4, len(table))


def compile_source(source, folder):
    """The table that iasl makes of a source."""
    name = os.path.splitext(os.path.basename(source))[0]
    base = os.path.join(folder, name)
    done = subprocess.run(["iasl", "-p", base, source], timeout=20,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True)
    if done.returncode or not os.path.exists(base + ".aml"):
        raise SystemExit("%s: iasl failed:\n%s" % (source, done.stdout))
    with open(base + ".aml", "rb") as f:
        table = bytearray(f.read())
    os.unlink(base + ".aml")
    set_length(table)
    table[:4] = BACKWARDS.get(bytes(table[:4]), bytes(table[:4]))
    checksum(table)
    return name, bytes(table)


def damage(table, edits):
    table = bytearray(table)
    error = 0
    for edit in edits:
        what, value = edit.split("=")
        if what == "end" or what == "cut":
            del table[int(value, 16):]
        elif what == "add":
            table += bytes.fromhex(value)
        elif what == "sum":
            error = int(value, 16)
        elif what.startswith("@"):
            at, new = int(what[1:], 16), bytes.fromhex(value)
            if at + len(new) > len(table):
                raise SystemExit("damage.txt: %s is beyond the end" % edit)
            table[at:at + len(new)] = new
        else:
            raise SystemExit("damage.txt: %s?" % edit)
        if what in ("end", "add"):
            set_length(table)
    checksum(table, error)
    return bytes(table)


def damages():
    """(name, table, status, [offsets], [edits]) for each line."""
    with open(os.path.join(HERE, "damage.txt"), encoding="ascii") as f:
        for line in f:
            words = line.split("#")[0].split()
            if words:
                offsets = [int(o, 16) for o in words[3].split(",")
                           if o != "-"]
                yield words[0], words[1], int(words[2]), offsets, words[4:]


def build(folder):
    """Name -> bytes of all, which are written to the folder, too."""
    os.makedirs(folder, exist_ok=True)
    tables = {}
    for source in sorted(glob.glob(os.path.join(HERE, "*.dsl"))):
        name, table = compile_source(source, folder)
        tables[name] = table
    for name, base, _, _, edits in damages():
        if name in tables:
            raise SystemExit("damage.txt: %s twice" % name)
        tables[name] = damage(tables[base], edits)
    for name, table in tables.items():
        with open(os.path.join(folder, name + ".dat"), "wb") as f:
            f.write(table)
    return tables


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    print("%d tables" % len(build(sys.argv[1])))
