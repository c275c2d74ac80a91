#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Does every function whose address is taken start with endbr64?

    endbr.py OBJDIR|OBJECT ...

Xen is compiled with -fcf-protection=branch -mmanual-endbr: only functions
marked cf_check get the instruction, and a processor with IBT stops at an
indirect call of any other. Forgetting the mark builds cleanly and runs on
everything else, so it is looked for here, in the relocatable objects:

  - pointers in data sections (absolute relocations to the start of a function),
  - absolute and GOT relocations in code,
  - RIP-relative relocations in code other than calls and jumps,
  - lea of a function in its own section, which leaves no relocation at all and
    is taken from the disassembly (objdump).

Functions defined in none of the objects given are counted, not judged.
Prints PASS or FAIL lines and exits 1 on a failure, 2 if there is nothing to
look at.
"""
import os
import re
import struct
import subprocess
import sys

ENDBR64 = b"\xf3\x0f\x1e\xfa"
SHT_SYMTAB, SHT_RELA, SHT_NOBITS, SHN_XINDEX = 2, 4, 8, 0xffff
SHF_ALLOC, SHF_EXECINSTR = 2, 4
STT_NOTYPE, STT_FUNC, STT_SECTION = 0, 2, 3
R_64, R_PC32, R_PLT32, R_GOTPCREL, R_32, R_32S = 1, 2, 4, 9, 10, 11
R_GOTPCRELX, R_REX_GOTPCRELX = 41, 42
# Addresses of code that are not for calling: where an exception may happen,
# what is patched, what a debugger wants.
NOT_POINTERS = re.compile(
    r"\.(altinstructions|bug_frames|comment|debug|discard|eh_frame|ex_table|"
    r"note|return_sites|retpoline_sites)\b")
LEA = re.compile(r"^\s*([0-9a-f]+):\s+lea[lq]?\s.*\(%rip\).*#\s*([0-9a-f]+)\b")


class Object:
    """The parts of an ELF64 relocatable object that matter here."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as f:
            self.raw = f.read()
        shoff, = struct.unpack_from("<Q", self.raw, 40)
        shnum, shstr = struct.unpack_from("<HH", self.raw, 60)
        self.sections = [self.section(shoff + 64 * i) for i in range(shnum)]
        if not shnum:
            raise ValueError("too many sections")
        for s in self.sections:
            s["name"] = self.string(self.sections[shstr], s["nameoff"])
        self.symbols = []
        for s in self.sections:
            if s["type"] == SHT_SYMTAB:
                self.read_symbols(s)
        # (section, offset) -> name, of functions
        self.functions = {}
        self.globals = {}
        for sym in self.symbols:
            sec = sym["shndx"]
            if not 0 < sec < len(self.sections) or not self.is_code(sec):
                continue
            if sym["type"] == STT_FUNC or (sym["type"] == STT_NOTYPE
                                           and sym["bind"]):
                self.functions[sec, sym["value"]] = sym["name"]
                if sym["bind"]:
                    self.globals[sym["name"]] = (sec, sym["value"])

    def section(self, at):
        name, kind, flags, _, off, size, link, info, _, _ = (
            struct.unpack_from("<IIQQQQIIQQ", self.raw, at))
        return dict(nameoff=name, type=kind, flags=flags, off=off, size=size,
                    link=link, info=info)

    def string(self, table, off):
        start = table["off"] + off
        return self.raw[start:self.raw.index(b"\0", start)].decode()

    def read_symbols(self, s):
        for at in range(s["off"], s["off"] + s["size"], 24):
            name, info, _, shndx, value, _ = struct.unpack_from(
                "<IBBHQQ", self.raw, at)
            if shndx == SHN_XINDEX:
                raise ValueError("extended section indices")
            self.symbols.append(dict(
                name=self.string(self.sections[s["link"]], name),
                type=info & 15, bind=info >> 4, shndx=shndx, value=value))

    def is_code(self, index):
        s = self.sections[index]
        return s["flags"] & SHF_EXECINSTR and s["type"] != SHT_NOBITS

    def relocations(self):
        """(section index, offset, type, symbol, addend) of all of them."""
        for s in self.sections:
            if s["type"] != SHT_RELA:
                continue
            for at in range(s["off"], s["off"] + s["size"], 24):
                off, info, add = struct.unpack_from("<QQq", self.raw, at)
                yield s["info"], off, info & 0xffffffff, (
                    self.symbols[info >> 32]), add

    def is_branch(self, sec, off):
        """Is the 32-bit field at off that of a call or jump?"""
        s = self.sections[sec]
        before = self.raw[s["off"] + max(0, off - 2):s["off"] + off]
        return (before[-1:] in (b"\xe8", b"\xe9")
                or (len(before) == 2 and before[0] == 0x0f
                    and 0x80 <= before[1] <= 0x8f)
                or before in (b"\xff\x15", b"\xff\x25"))

    def starts_with_endbr(self, sec, off):
        s = self.sections[sec]
        return self.raw[s["off"] + off:s["off"] + off + 4] == ENDBR64

    def local_leas(self):
        """(section index, offset, target offset) of lea within a section."""
        fixed = {(sec, off) for sec, off, _, _, _ in self.relocations()}
        names = {}
        for i, s in enumerate(self.sections):
            names.setdefault(s["name"], []).append(i)
        text = subprocess.run(["objdump", "-d", "--no-show-raw-insn",
                               self.path], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        sec = None
        for line in text.splitlines():
            if line.startswith("Disassembly of section "):
                name = line[len("Disassembly of section "):].rstrip(":")
                # Sections of one name are disassembled in their order.
                sec = names[name].pop(0) if names.get(name) else None
                continue
            m = LEA.match(line)
            if not m or sec is None:
                continue
            at, target = int(m.group(1), 16), int(m.group(2), 16)
            if not any((sec, at + i) in fixed for i in (2, 3)):
                yield sec, at, target


def pointers(obj):
    """(section, offset, symbol or None, target section, target offset, how) of
    every place where an address is formed."""
    for sec, off, kind, sym, add in obj.relocations():
        s = obj.sections[sec]
        if not s["flags"] & SHF_ALLOC or NOT_POINTERS.match(s["name"]):
            continue
        code = obj.is_code(sec)
        if kind in (R_64, R_32, R_32S):
            how = "absolute address in code" if code else "pointer in data"
        elif not code:
            continue
        elif kind in (R_PC32, R_PLT32) and not obj.is_branch(sec, off):
            add, how = add + 4, "address in code"
        elif (kind in (R_GOTPCREL, R_GOTPCRELX, R_REX_GOTPCRELX)
              and not obj.is_branch(sec, off)):
            add, how = 0, "address from the GOT"
        else:
            continue
        yield sec, off, sym, sym["shndx"], sym["value"] + add, how
    for sec, off, target in obj.local_leas():
        yield sec, off, None, sec, target, "address in code"


def find(args):
    """Objects in the folders given; what the linker joined is left out."""
    for arg in args:
        if os.path.isfile(arg):
            yield arg
        for folder, subs, files in os.walk(arg):
            subs.sort()
            for name in sorted(files):
                if (name.endswith(".o") and not name.startswith(".")
                        and name not in ("built_in.o", "prelink.o",
                                         "prelink-efi.o")):
                    yield os.path.join(folder, name)


def main():
    objects = []
    for path in find(sys.argv[1:]):
        try:
            with open(path, "rb") as f:
                head = f.read(20)
            if head[:6] == b"\x7fELF\2\1" and head[16:20] == b"\1\0\x3e\0":
                objects.append(Object(path))
        except (ValueError, struct.error) as e:
            print("FAIL endbr: %s: %s" % (path, e))
            return 1
    if not objects:
        print("FAIL endbr: no x86-64 objects in " + " ".join(sys.argv[1:]))
        return 2

    everywhere = {}
    for obj in objects:
        for name, place in obj.globals.items():
            everywhere.setdefault(name, []).append((obj,) + place)

    taken, outside, bad = set(), set(), []
    for obj in objects:
        for sec, off, sym, tsec, toff, how in pointers(obj):
            if tsec:
                targets = [(obj, tsec, toff)]
            else:
                targets = everywhere.get(sym["name"], [])
                if not targets:
                    outside.add(sym["name"])
            for tobj, ts, to in targets:
                name = tobj.functions.get((ts, to))
                if name is None:
                    continue
                taken.add((name, tobj.path))
                if not tobj.starts_with_endbr(ts, to):
                    bad.append("%s (%s) has no endbr64; %s: %s %s+%#x"
                               % (name, tobj.path, obj.path, how,
                                  obj.sections[sec]["name"], off))

    for line in sorted(set(bad)):
        print("FAIL endbr: " + line)
    if not bad:
        print("PASS endbr: %d functions whose address is taken, in %d objects"
              " (%d symbols of other objects not judged)"
              % (len(taken), len(objects), len(outside)))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
