# SPDX-License-Identifier: GPL-2.0-only
"""Options, exit statuses, differences, and what is told about all that."""
import json
import os
import pty
import re
import subprocess

import harness

TOOL = os.path.join(harness.ROOT, "tools", "iommu-tables")


def options(t, own):
    dmar = os.path.join(t.folder, "own", "dmar-laptop.dat")
    t.says("--help", t.run("--help"), 0, "Usage: iommu-tables", "Examples:",
           "Exit status: 0 sound, 1 findings, 2 unusable")
    t.says("--version", t.run("-V"), 0, "iommu-tables 1.")
    t.says("an unknown option", t.run("--nonsense"), 2,
           err=["unrecognized option", "Try: iommu-tables --help"])
    t.says("two outputs", t.run("--json", "--decode", dmar), 2,
           err=["two options that say what is shown"])
    t.says("--color=blue", t.run("--color=blue", dmar), 2,
           err=["--color=blue: auto, always or never"])
    t.says("--table=x", t.run("--table=x", dmar), 2, err=["--table=x: a"])
    t.says("--table=-1", t.run("--table=-1", dmar), 2, err=["--table=-1: a"])
    t.says("--diff of one file", t.run("--diff", dmar), 2,
           err=["--diff: needs two files"])
    t.says("--compile of two", t.run("-c", dmar, dmar), 2,
           err=["--compile: needs one file"])
    plain, coloured = t.run(dmar), t.run("--color=always", dmar)
    t.check("\033" not in plain.out and "\033[" in coloured.out and
            re.sub(r"\033\[[0-9;]*m", "", coloured.out) == plain.out,
            "colours: none to a pipe, on request the same text with them")
    path = os.path.join(t.folder, "out.txt")
    r = t.run("-o", path, dmar)
    with open(path, "rb") as f:
        t.check(not r.out and f.read() == plain.out_bytes, "--output",
                repr(r))
    t.says("an output that cannot be", t.run("-o", t.folder, dmar), 2,
           err=["Is a directory"])
    t.says("a full disk", t.run("-o", "/dev/full", dmar), 2,
           err=["/dev/full: No space left on device"])
    t.run("-c", "-o", path, "-", stdin=b"{}")
    with open(path, "rb") as f:
        t.check(f.read() == plain.out_bytes,
                "--output: what cannot be made leaves the file as it was")


def on_terminal(t, *args, **env):
    """What the program writes to a terminal."""
    main, side = pty.openpty()
    done = subprocess.Popen((t.program,) + args, stdin=subprocess.DEVNULL,
                            stdout=side, stderr=side,
                            env=dict(os.environ, TERM="xterm", **env))
    os.close(side)
    out = b""
    while True:
        try:
            some = os.read(main, 65536)
        except OSError:         # the other side is closed
            break
        if not some:
            break
        out += some
    os.close(main)
    done.wait(timeout=60)
    return out


def terminal(t, own):
    path = os.path.join(t.folder, "own", "rmrr-reversed.dat")
    t.check(b"\033[31m" in on_terminal(t, path), "colours on a terminal")
    for name, args, env in (("NO_COLOR", (), {"NO_COLOR": "1"}),
                            ("--color=never", ("--color=never",), {})):
        out = on_terminal(t, *args, path, **env)
        t.check(b"DRHD" in out and b"\033" not in out,
                "no colours on a terminal with %s" % name)


def statuses(t, own):
    for name, status in (("dmar-server", 0), ("ivrs-entries", 1),
                         ("checksum", 1), ("rmrr-reversed", 1),
                         ("scope-zero", 1), ("record-zero", 2),
                         ("block-zero", 2), ("length-beyond", 2)):
        path = os.path.join(t.folder, "own", name + ".dat")
        got = [t.run(*args, path).status
               for args in ((), ("-d",), ("-v",), ("-j",))]
        t.check(got == [status] * 4, "status of %s" % name, repr(got))
    both = [os.path.join(t.folder, "own", n + ".dat")
            for n in ("dmar-laptop", "checksum")]
    t.check(t.run(*both).status == 1, "status of two: the worse")


def differences(t, own):
    def diff(a, b):
        return t.run("--diff", os.path.join(t.folder, "own", a + ".dat"),
                     os.path.join(t.folder, "own", b + ".dat"))

    r = diff("dmar-laptop", "dmar-laptop")
    t.check(r.status == 0 and not r.out, "--diff: the same", repr(r))
    t.says("--diff: a field", diff("dmar-laptop", "rmrr-reversed"), 1,
           "RMRR at 078h: Reserved Memory Region Limit Address was "
           "0x8a7a4fff, is 0xfff\n")
    t.says("--diff: a path", diff("dmar-laptop", "scope-device"), 1,
           "RMRR at 078h, Device Scope at 098h: was Path 1d.0, is Path 20.0")
    t.says("--diff: a record that goes", diff("dmar-laptop", "bytes-behind"),
           1, "only in the first: ANDD at 0C0h: ACPI Device Number 1, ACPI "
           "Object Name \"\\_SB.PCI0.I2C0\"")
    t.says("--diff: a record that comes", diff("no-records", "dmar-laptop"),
           1, "only in the second: RMRR at 078h: ", "with 2 scopes")
    t.says("--diff: padding", diff("dmar-laptop", "andd-padded"), 1,
           "43 31 00, is", "43 31 00 00 00 00")
    t.says("--diff: a checksum", diff("dmar-laptop", "checksum"), 1,
           "all records are the same")
    t.says("--diff: a flag of an entry", diff("ivrs-desktop",
                                              "special-variety"), 1,
           "IVHD 10h at 030h, Special at 060h: Variety was HPET (2), is 3")
    t.says("--diff: another kind", diff("dmar-laptop", "ivrs-desktop"), 1,
           "the first is a DMAR, the second a IVRS")
    doc = json.loads(t.run("-j", os.path.join(t.folder, "own",
                                              "dmar-laptop.dat")).out)
    del doc["tables"][0]["records"][2]["scopes"][1]
    t.file("own/scope-less.dat",
           t.run("-c", "-", stdin=json.dumps(doc).encode()).out_bytes)
    r = diff("dmar-laptop", "scope-less")
    t.check(r.status == 1 and r.out.count("\n") == 1 and
            r.out.startswith("only in the first: RMRR at 078h, Device Scope "
                             "at 098h: "),
            "--diff: a scope less; lengths do not count", repr(r))
    r = diff("dmar-laptop", "dmar-server")
    t.check(r.status == 1 and r.out.count("only in the") > 5 and
            "OEM Table ID was \"LAPTOP\", is \"SERVER\"" in r.out,
            "--diff: two machines", repr(r))
    t.says("--diff: no such file", diff("dmar-laptop", "nothing"), 2,
           err=["No such file"])


def manual(t, own):
    """Man page and completion know every option that --help has."""
    long_options = set(re.findall(r"--[a-z]+", t.run("--help").out))
    long_options -= {"--mm", "--vvv"}
    with open(os.path.join(TOOL, "iommu-tables.8"), encoding="ascii") as f:
        page = f.read().replace("\\-", "-")
    t.check_all("the man page has every option",
                sorted(o for o in long_options if o not in page))
    with open(os.path.join(TOOL, "iommu-tables.bash"),
              encoding="ascii") as f:
        bash = f.read()
    t.check_all("the completion has every option",
                sorted(o for o in long_options if o not in bash))
    done = subprocess.run(["man", "--warnings", "-l",
                           os.path.join(TOOL, "iommu-tables.8")],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60,
                          env=dict(os.environ, MANWIDTH="80", LC_ALL="C"))
    t.check(done.returncode == 0 and not done.stderr and
            b"EXIT STATUS" in done.stdout, "the man page is sound",
            done.stderr.decode())


def completion(t, own):
    """What bash offers for a beginning."""
    script = os.path.join(TOOL, "iommu-tables.bash")
    source = ". /usr/share/bash-completion/bash_completion; . '%s'; " % script
    for words, expected in (
            (["--ver"], {"--verdicts", "--version"}),
            (["--color", "a"], {"auto", "always"}),
            (["--exp"], {"--explain="}),
            (["--d"], {"--decode", "--diff"})):
        line = ["iommu-tables"] + words
        command = source + (
            "COMP_WORDS=(%s); COMP_CWORD=%d; COMP_LINE='%s'; "
            "COMP_POINT=%d; _iommu_tables; printf '%%s\\n' "
            "\"${COMPREPLY[@]}\"" %
            (" ".join(line), len(line) - 1, " ".join(line),
             len(" ".join(line))))
        done = subprocess.run(["bash", "-c", command], timeout=20,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        got = {w.strip() for w in done.stdout.decode().split()}
        t.check(got == expected, "completion of %s" % words[-1],
                "%r %s" % (got, done.stderr.decode()))


def run(t, own):
    options(t, own)
    terminal(t, own)
    statuses(t, own)
    differences(t, own)
    manual(t, own)
    completion(t, own)
