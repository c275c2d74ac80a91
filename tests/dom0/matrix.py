#!/usr/bin/env python3
"""Every Xen, every build of it, every scenario: one table.

  matrix.py FOLDER...      each an unpacked tree of Xen ("make matrix")

For each tree: the hypervisor and its variants are built, its user space is
prepared, and the scenarios of "make test-xen" are played on both vendors'
units, two machines at a time. What came out stands in build/matrix/report.txt
and report.html, as of the last scenario. A result is kept as long as what it
depends on (hypervisor, ramdisk, the tests' own files) is as it was.

Options: --only NAME[,NAME...], --iommu intel|amd (default: both), --fresh,
--cc "COMPILER..." (builds with each of these, too; gcc-14 for example)
"""
import argparse
import fcntl
import functools
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import run                      # finds the scenarios; first, for its paths
import harness
import machine
import page
from userspace import userspace

MATRIX = os.path.join(machine.BUILD, "matrix")
# Of the build, by what "make xen" goes on with: the rows of the table.
VARIANTS = {"": "xen", "-nohvm": "HVM=n", "-debug": "debug=y", "-xsm": "XSM=y"}
SPACE = "user space"
ended = threading.Event()       # by the user


# -- What a result depends on -------------------------------------------------

@functools.lru_cache(None)
def digest(path, size, when):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def of_file(path):
    info = os.stat(path)
    return digest(path, info.st_size, info.st_mtime_ns)


@functools.lru_cache(None)
def modules(name):
    """The files of a module of the tests, and of those that it imports."""
    for folder in (machine.HERE, os.path.join(machine.HERE, "scenarios")):
        path = os.path.join(folder, name + ".py")
        if os.path.exists(path):
            with open(path) as f:
                names = re.findall(r"(?m)^(?:from|import) (\w+)", f.read())
            return {path}.union(*map(modules, names))
    return set()


@functools.lru_cache(None)
def emulator():
    return subprocess.run(["qemu-system-x86_64", "--version"], check=True,
                          stdout=subprocess.PIPE).stdout.decode()


def inputs(scenario, xen):
    """A sum over all of it."""
    if scenario.build:
        xen = harness.variant(xen, scenario.build)
    files = {xen} if os.path.exists(xen) else set()
    if files:
        files.update(machine.Machine(scenario.name, xen,
                                     **scenario.options).images())
    for name in {"harness"} | {step[1].__module__ for step in scenario.steps}:
        files |= modules(name)
    text = [emulator(), repr([step[0] for step in scenario.steps])]
    text += ["%s %s" % (os.path.relpath(f, machine.ROOT), of_file(f))
             for f in sorted(files)]
    return hashlib.sha256("\n".join(text).encode()).hexdigest()


# -- Results ------------------------------------------------------------------

class Result(harness.Report):
    """What came of one row for one tree: printed, and kept."""

    def __init__(self, prefix="", **known):
        super().__init__()
        self.prefix, self.lines, self.seconds, self.inputs = prefix, [], 0, ""
        self.__dict__.update(known)

    def passes(self, name):
        super().passes(self.prefix + name)

    def fails(self, name, why, log):
        if ended.is_set():
            return
        self.lines.append(["FAIL", name, " ".join(str(why).split())])
        super().fails(self.prefix + name, why, log)

    def skips(self, name, why, steps=1):
        self.lines.append(["SKIP", name, why])
        super().skips(self.prefix + name, why, steps)

    def note(self, text):
        if "starting a machine" not in text and not ended.is_set():
            super().note(self.prefix + text)

    @property
    def kind(self):
        return ("FAIL" if self.failed else "PASS" if self.passed else
                "SKIP" if self.skipped else "")

    def saved(self):
        return {name: getattr(self, name) for name in (
            "passed", "failed", "skipped", "lines", "seconds", "inputs")}


class Tree:
    """One tree of Xen, and its column of the table."""

    def __init__(self, source):
        self.source = os.path.abspath(source)
        name = re.sub(r"^xen-", "", os.path.basename(self.source))
        self.name = re.sub(r"[^A-Za-z0-9.+_~-]", "-", name)
        self.out = os.path.join(machine.BUILD, "xen-" + self.name)
        self.xen = os.path.join(self.out, "xen")
        self.results, self.version, self.origin = {}, "", ""

    def learn(self):
        space = userspace(self.xen)
        self.version, self.origin = space.version, space.origin or ""


class Matrix:
    """The table, on disk, too."""

    def __init__(self, trees, rows, builds, about):
        self.trees, self.rows, self.builds = trees, rows, builds
        self.about, self.state = about, "under way"
        self.lock, self.path = threading.Lock(), os.path.join(
            MATRIX, "results.json")
        self.kept = {}
        if os.path.exists(self.path):
            with open(self.path) as f:
                self.kept = json.load(f)

    def old(self, tree, row, now):
        """The result of an earlier run, if it still holds."""
        saved = self.kept.get("%s %s" % (tree.source, row))
        return (Result(**saved) if saved and saved["inputs"] == now
                else None)

    def put(self, tree, row, result):
        with self.lock:
            tree.results[row] = result
            self.kept["%s %s" % (tree.source, row)] = result.saved()
            write(self.path, json.dumps(self.kept, indent=1))
            self.write()

    def write(self):
        write(os.path.join(MATRIX, "report.txt"), page.text(self))
        write(os.path.join(MATRIX, "report.html"), page.html(self))

    def sums(self):
        found = [r for t in self.trees for r in t.results.values()]
        return [sum(getattr(r, what) for r in found)
                for what in ("passed", "failed", "skipped")]

    def missing(self):
        return sum(len(self.rows) + len(self.builds) - len(t.results)
                   for t in self.trees)


def write(path, text):
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


# -- Building -----------------------------------------------------------------

def command(words, log, **more):
    """Runs a script of the project: None, or why it failed."""
    env = {k: v for k, v in os.environ.items() if k not in (
        "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL")}
    with open(log, "w") as f:
        status = subprocess.run(words, cwd=machine.ROOT, stdout=f, stderr=f,
                                stdin=subprocess.DEVNULL,
                                env=dict(env, **more)).returncode
    if not status:
        return None
    with open(log, errors="replace") as f:
        lines = [line.strip() for line in f if line.strip()]
    # The first thing that went wrong, not what make says of it in the end.
    wrong = [line for line in lines
             if re.search(r"\berror:|\bundefined reference\b", line)]
    return (wrong or lines or ["status %d" % status])[0]


def make(tree, variant, out=None, **env):
    """Builds one variant: None, or why there is none."""
    log = os.path.join(MATRIX, "build-%s%s.log" % (
        os.path.basename(out or tree.out), variant))
    return command(["make", "--no-print-directory", "xen" + variant,
                    "SRC=" + tree.source, "OUT=" + (out or tree.out)],
                   log, **env), log


def compiler(tree, cc, variant):
    """The same with another compiler, into a folder that goes again. It is
    found under the name that Xen's makefiles call it by."""
    folder = os.path.join(MATRIX, "cc", cc)
    out = os.path.join(MATRIX, "cc", "%s-%s" % (tree.name, cc))
    name = "clang" if cc.startswith("clang") else "gcc"
    os.makedirs(folder, exist_ok=True)
    link = os.path.join(folder, name)
    if not os.path.lexists(link):
        os.symlink(shutil.which(cc), link)
    why = make(tree, variant, out,
               PATH=folder + os.pathsep + os.environ["PATH"],
               clang="y" if name == "clang" else "n")
    shutil.rmtree(os.path.join(out + variant, "tree"), ignore_errors=True)
    return why


def build_rows(ccs, variants):
    """(row, function (tree, result))."""
    rows = []

    def built(row, how):
        def job(tree, result):
            why, log = how(tree)
            if why:
                result.fails(row, why, log)
            else:
                result.passes(row)
        rows.append((row, job))

    for variant, title in variants.items():
        built(title, lambda t, v=variant: make(t, v))
    for cc in ccs:
        for variant, title in variants.items():
            row = "%s, %s" % (title, cc)
            if shutil.which(cc):
                built(row, lambda t, c=cc, v=variant: compiler(t, c, v))
            else:
                rows.append((row, lambda t, r, c=cc, n=row: r.skips(
                    n, "there is no " + c)))

    def space(tree):
        log = os.path.join(MATRIX, "userspace-%s.log" % tree.name)
        why = command(["tests/dom0/prepare.sh", "debian", tree.xen], log)
        if not why:
            tree.learn()
        return why, log
    built(SPACE, space)
    return rows


# -- Playing ------------------------------------------------------------------

def play(matrix, tree, scenario, fresh):
    if ended.is_set():
        return
    row, began = scenario.name, time.monotonic()
    now = inputs(scenario, tree.xen)
    result = None if fresh else matrix.old(tree, row, now)
    if result:
        print("== %s %s: kept: %s" % (tree.name, row, harness.total(
            result.passed, result.failed, result.skipped)), flush=True)
    else:
        result = Result(tree.name + " ")
        scenario.run(result, tree.xen)
        result.inputs, result.seconds = now, time.monotonic() - began
    if not ended.is_set():
        matrix.put(tree, row, result)


def one_tree(matrix, tree, scenarios, builds, fresh):
    for row, job in builds:
        if ended.is_set():
            return
        result, began = Result(tree.name + " "), time.monotonic()
        print("== %s: %s" % (tree.name, row), flush=True)
        if row == SPACE and not os.path.exists(tree.xen):
            result.skips(row, "there is no hypervisor")
        else:
            job(tree, result)
        result.seconds = time.monotonic() - began
        if not ended.is_set():
            matrix.put(tree, row, result)
    jobs = []
    for s in scenarios:
        # Of a build that failed, that of another day may be there still.
        rows = ["xen", SPACE, VARIANTS["-" * bool(s.build) + s.build]]
        lost = [row for row in rows if tree.results[row].kind != "PASS"]
        if lost:
            result = Result(tree.name + " ")
            result.skips(s.name, lost[0] + " did not pass", len(s.steps))
            matrix.put(tree, s.name, result)
        else:
            jobs.append(lambda s=s: play(matrix, tree, s, fresh))
    run.use(tree.xen)
    harness.run_all(jobs, None, 2)


def end(_signal, _frame):
    """Machines get the signal, too, if it came from the terminal: what is
    being played shows nothing any more."""
    if ended.is_set():
        os._exit(1)
    ended.set()
    print("== ending; once more to end at once", flush=True)


def options():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--only")
    parser.add_argument("--iommu", choices=["intel", "amd"])
    parser.add_argument("--cc", default="")
    parser.add_argument("--fresh", action="store_true")
    return parser.parse_args()


def main():
    given = options()
    trees = [Tree(folder) for folder in given.folders]
    names = [tree.name for tree in trees]
    for name in names:
        if names.count(name) > 1:
            raise SystemExit("error: two of the trees are called " + name)
    lists = {"intel": run.INTEL, "amd": run.AMD}
    scenarios = run.only(sum([lists[vendor] for vendor in lists
                              if given.iommu in (None, vendor)], []),
                         given.only)
    os.makedirs(MATRIX, exist_ok=True)
    turn = open(os.path.join(MATRIX, "lock"), "w")
    fcntl.flock(turn, fcntl.LOCK_EX)
    # Of chosen scenarios: what these need.
    needed = {""} | {"-" * bool(s.build) + s.build for s in scenarios}
    builds = build_rows(given.cc.split(), {
        v: title for v, title in VARIANTS.items()
        if not given.only or v in needed})
    matrix = Matrix(trees, [s.name for s in scenarios],
                    [row for row, _ in builds],
                    emulator().split("\n")[0])
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    for tree in trees:
        one_tree(matrix, tree, scenarios, builds, given.fresh)
    missing = matrix.missing()
    matrix.state = ("not all was played: %d of the table are missing" % missing
                    if missing else "complete")
    matrix.write()
    sys.stdout.write(page.text(matrix))
    passed, failed, _ = matrix.sums()
    return 1 if failed or missing or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
