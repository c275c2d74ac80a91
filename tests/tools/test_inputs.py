# SPDX-License-Identifier: GPL-2.0-only
"""Where tables come from."""
import os
import shutil
import subprocess


def acpidump(path):
    """What acpidump itself writes of a table."""
    return subprocess.run(["acpidump", "-f", path], check=True,
                          stdout=subprocess.PIPE, timeout=20).stdout.decode()


def other_table(signature):
    table = bytearray(signature + b"\x2c\0\0\0" + bytes(36))
    table[9] = -sum(table) & 0xff
    return bytes(table)


def text_inputs(t, own):
    dmar = os.path.join(t.folder, "own", "dmar-laptop.dat")
    ivrs = os.path.join(t.folder, "own", "ivrs-desktop.dat")
    facp = t.file("facp.dat", other_table(b"FACP"))
    raw = t.run("-dx", dmar)
    whole = acpidump(facp) + acpidump(dmar) + acpidump(ivrs)

    def same(name, text, expected=raw.out.split("\n", 1)[1]):
        r = t.run("-dx", "-", stdin=text.encode())
        t.check(r.status == 0 and r.out.split("\n", 1)[1] == expected, name,
                repr(r))

    same("acpidump's text of one table", acpidump(dmar))
    same("with the lines of a mail around it", "Hi,\n\nsee below\n\n" +
         acpidump(dmar) + "\n-- \nme\n")
    same("with ends of lines of another system",
         acpidump(dmar).replace("\n", "\r\n"))
    same("without the characters", "\n".join(
        line[:57].rstrip() for line in acpidump(dmar).splitlines()))
    subprocess.run(["iasl", "-p", os.path.join(t.folder, "by-iasl"), "-d",
                    dmar], check=True, stdin=subprocess.DEVNULL, timeout=20,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(os.path.join(t.folder, "by-iasl.dsl"), encoding="ascii") as f:
        same("the text of iasl -d, which ends with the bytes", f.read())
    same("in small letters", acpidump(dmar).lower())
    r = t.run("-d", "-", stdin=whole.encode())
    t.check(r.status == 0 and "DRHD" in r.out and "IVMD 22h" in r.out and
            "FACP" not in r.out, "acpidump's text of several tables", repr(r))
    r = t.run("-d", dmar, "-", stdin=acpidump(ivrs).encode())
    t.says("a file and standard input", r, 0, "dmar-laptop.dat, 238 bytes",
           "standard input, 336 bytes")
    t.says("text with other tables only",
           t.run("-", stdin=acpidump(facp).encode()), 2,
           err=["standard input: no DMAR and no IVRS; tables in it: 1"])
    lines = acpidump(dmar).splitlines(True)
    t.says("text with a line missing",
           t.run("-", stdin="".join(lines[:3] + lines[4:]).encode()), 2,
           err=["standard input: line 4: bytes are missing before this line"])
    t.says("text with letters for digits",
           t.run("-", stdin=acpidump(dmar).replace("EE 00", "GG 00", 1)
                 .encode()), 2,
           err=["line 2: not bytes as two hexadecimal digits each"])
    t.says("text cut short",
           t.run("-d", "-", stdin="".join(lines[:5]).encode()), 2,
           "must not exceed the bytes there are")
    t.says("some text", t.run("-", stdin=b"hello\nworld\n"), 2,
           err=["standard input: neither a table nor text of acpidump"])


def extracted(t, own):
    """acpixtract makes files of acpidump's text: raw tables."""
    folder = os.path.join(t.folder, "extracted")
    os.makedirs(folder)
    text = acpidump(os.path.join(t.folder, "own", "dmar-laptop.dat"))
    t.file("extracted/all.txt", text)
    subprocess.run(["acpixtract", "-a", "all.txt"], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL, timeout=20)
    r = t.run("-d", os.path.join(folder, "dmar.dat"))
    t.says("acpixtract's output", r, 0, "DRHD", "ANDD")
    t.check(not r.err, "acpixtract's output: nothing to complain about",
            r.err)


def folders(t, own):
    folder = os.path.join(t.folder, "sysfs")
    os.makedirs(os.path.join(folder, "data"))
    shutil.copy(os.path.join(t.folder, "own", "dmar-laptop.dat"),
                os.path.join(folder, "DMAR"))
    t.file("sysfs/FACP", other_table(b"FACP"))
    t.file("sysfs/README", "nothing here\n")
    t.file("sysfs/data/DMAR", b"not looked at")
    r = t.run("-d", folder)
    t.says("a directory", r, 0, "sysfs/DMAR, 238 bytes")
    t.check(not r.err and r.out.count(" bytes\n") == 1,
            "a directory: other files are passed over", repr(r))
    t.file("sysfs/dump.txt",
           acpidump(os.path.join(t.folder, "own", "ivrs-desktop.dat")))
    t.says("a directory with a dump", t.run("-d", folder), 0,
           "sysfs/dump.txt, 336 bytes", "sysfs/DMAR, 238 bytes")
    empty = os.path.join(t.folder, "empty")
    os.makedirs(empty)
    t.says("an empty directory", t.run(empty), 2,
           err=["empty: no DMAR and no IVRS in this directory"])


def large(t, own):
    """As many records and entries as 64 KiB hold: in time."""
    records = bytearray(own["no-records"]) + b"\x09\0\x04\0" * 16000
    block = bytearray(own["ivrs-empty"]) + own["ivrs-entries"][0x30:0x48]
    block[0x32:0x34] = (24 + 4 * 16000).to_bytes(2, "little")
    block += b"\2\x08\0\0" * 16000
    for name, table in (("records", records), ("entries", block)):
        table[4:8] = len(table).to_bytes(4, "little")
        table[9] = 0
        table[9] = -sum(table) & 0xff
        path = t.file(name + ".dat", bytes(table))
        table[100] ^= 1
        table[-100] ^= 1
        other = t.file(name + "2.dat", bytes(table))
        r = t.run("-d", path)
        t.check(r.status in (0, 1, 2) and r.out.count("\n") > 16000,
                "64 KiB of %s" % name, repr(r))
        r = t.run("--diff", path, other)
        t.check(r.status == 1 and 2 <= r.out.count("\n") <= 8,
                "--diff of 64 KiB of %s" % name, repr(r))


def unusable(t, own):
    t.says("no such file", t.run(os.path.join(t.folder, "nowhere")), 2,
           err=["nowhere: No such file or directory"])
    t.says("an empty file", t.run(t.file("nothing.dat", b"")), 2,
           err=["nothing.dat: empty"])
    t.says("another table", t.run(t.file("facp.dat",
                                         other_table(b"FACP"))), 2,
           err=["facp.dat: a table FACP, neither DMAR nor IVRS"])
    t.says("some bytes", t.run(t.file("noise.dat", bytes(range(128, 256)))),
           2, err=["noise.dat: neither a table nor text of acpidump"])
    good = os.path.join(t.folder, "own", "dmar-laptop.dat")
    t.says("one of two files is missing: the other one is shown",
           t.run("-d", os.path.join(t.folder, "nowhere"), good), 2,
           "DRHD", err=["nowhere: No such file"])
    huge = bytearray(own["dmar-laptop"])
    huge[4:8] = (2 << 20).to_bytes(4, "little")
    huge += b"\x09\0\x04\0" * ((2 << 18) - 59) + bytes(2)
    t.says("a table of two MiB", t.run(t.file("huge.dat", bytes(huge))), 2,
           err=["huge.dat: a table of more than 1024 KiB"])
    with open(t.file("long.txt", b""), "wb") as f:
        f.truncate((64 << 20) + 1)
    t.says("a file of more than 64 MiB",
           t.run(os.path.join(t.folder, "long.txt")), 2,
           err=["long.txt: more than 64 MiB"])
    if not any(os.path.exists("/sys/firmware/acpi/tables/" + n)
               for n in ("DMAR", "IVRS")):
        t.says("a machine without an IOMMU", t.run(), 2,
               err=["no DMAR and no IVRS: this machine has no IOMMU, or it "
                    "is switched off in the firmware's setup"])
    t.says("four bytes of a table", t.run(t.file("four.dat", b"DMAR\0")), 2,
           "!! at 000h: a DMAR must hold a header of 48 bytes")
    every = []
    # Of fewer bytes nobody can tell that they were meant to be a table.
    for n in range(6, 238):
        r = t.run("-", stdin=own["dmar-laptop"][:n])
        if r.status != 2 or "!! at" not in r.out:
            every.append("%d bytes: %r" % (n, r))
    t.check_all("a DMAR cut anywhere is unusable, and says so", every)


def endless(t):
    """A scan that no table is known to make any more (endless.c)."""
    done = subprocess.run([os.path.join(os.path.dirname(t.program),
                                        "endless")],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=60)
    t.check(done.returncode == 0, "a scan without end is broken off",
            done.stdout.decode("utf-8", "replace"))


def run(t, own):
    text_inputs(t, own)
    extracted(t, own)
    folders(t, own)
    large(t, own)
    unusable(t, own)
    endless(t)
