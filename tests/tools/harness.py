# SPDX-License-Identifier: GPL-2.0-only
"""Running iommu-tables, and counting what came of it."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "data", "tables"))


class Result:
    def __init__(self, done):
        self.status = done.returncode
        self.out_bytes = done.stdout
        self.out = done.stdout.decode("utf-8", "replace")
        self.err = done.stderr.decode("utf-8", "replace")

    def __repr__(self):
        return "status %d, out %r, err %r" % (self.status, self.out[-300:],
                                              self.err[-600:])


class Tests:
    def __init__(self, program, folder):
        self.program = os.path.abspath(program)
        self.folder = folder
        self.passed = self.failed = self.skipped = 0

    def run(self, *args, stdin=b""):
        """iommu-tables; a sanitizer's complaint has status 99."""
        env = dict(os.environ, ASAN_OPTIONS="exitcode=99",
                   UBSAN_OPTIONS="exitcode=99", LC_ALL="C")
        done = subprocess.run((self.program,) + args, input=stdin, env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=60)
        return Result(done)

    def file(self, name, content):
        """A file with that content in the tests' folder: its path."""
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes)
                    else content.encode())
        return path

    def check(self, good, name, why=""):
        if good:
            self.passed += 1
            print("PASS %s" % name)
        else:
            self.failed += 1
            print("FAIL %s: %s" % (name, why))

    def skip(self, name, why):
        self.skipped += 1
        print("SKIP %s: %s" % (name, why))

    def check_all(self, name, complaints):
        """One check of many things: complaints says which of them failed."""
        complaints = list(complaints)
        for c in complaints[1:10]:
            print("   %s" % c)
        self.check(not complaints, name,
                   "%d, the first: %s" % (len(complaints), complaints[0])
                   if complaints else "")

    def says(self, name, result, status, *fragments, err=()):
        """Status, what is in the output, what is on standard error."""
        missing = [f for f in fragments if f not in result.out]
        missing += [f for f in err if f not in result.err]
        self.check(result.status == status and not missing, name,
                   "missing %r in %r" % (missing, result))
