"""Scenarios, their steps, and the report on them.

A scenario is a machine and a list of steps, written as functions:

    pv = Scenario("pv", dict(iommu="intel"))

    @pv.step("xl info says hvm_directio")
    def _(m):
        ...raise Failure when it is not so

Steps run in order. After a step that others stand on ("vital", the default)
failed, or when the machine died, the rest is reported as failed too, with
that reason. What needs something that the Xen, its user space or the emulated
machine does not have is skipped: one line with the reason for a step, one for
a scenario, which counts as all its steps. Nothing is skipped in silence.
"""
import os
import shlex
import threading
import time
import traceback

import machine
from machine import Dead, Failure, Machine, patience


class Report:
    """Prints one line per step; shared by scenarios that run side by side."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.lock = threading.Lock()

    def passes(self, name):
        with self.lock:
            self.passed += 1
            print("PASS " + name, flush=True)

    def fails(self, name, why, log):
        with self.lock:
            self.failed += 1
            print("FAIL %s: %s (see %s)" % (
                name, " ".join(str(why).split()),
                os.path.relpath(log, machine.ROOT)), flush=True)

    def skips(self, name, why, steps=1):
        with self.lock:
            self.skipped += steps
            print("SKIP %s: %s%s" % (
                name, "%d steps: " % steps if steps > 1 else "", why),
                flush=True)

    def note(self, text):
        with self.lock:
            print("== " + text, flush=True)

    def total(self):
        print(total(self.passed, self.failed, self.skipped), flush=True)
        return 1 if self.failed or not self.passed else 0


def total(passed, failed, skipped):
    return "%d passed, %d failed%s" % (
        passed, failed, ", %d skipped" % skipped if skipped else "")


def variant(xen, build):
    """The hypervisor of a variant of the build (nohvm, debug, xsm), which is
    beside that of the build itself."""
    folder, name = os.path.split(os.path.abspath(xen))
    return os.path.join(folder + "-" + build, name)


class Scenario:
    """build: the variant of Xen that it is for. needs: what Machine.lacks
    knows, for all steps."""

    def __init__(self, name, options=None, seconds=300, build="", needs=()):
        self.name, self.options, self.steps = name, options or {}, []
        self.seconds, self.build, self.needs = seconds, build, needs

    def step(self, name, vital=True, needs=None):
        def add(function):
            self.steps.append((name, function, vital, needs))
            return function
        return add

    def run(self, report, xen, **more):
        name = self.name
        if self.build:
            xen = variant(xen, self.build)
            if not os.path.exists(xen):
                return report.skips(name, "there is no " + os.path.relpath(
                    xen, machine.ROOT), len(self.steps))
        m = Machine(name, xen, **dict(self.options, **more))
        for why in filter(None, map(m.lacks, self.needs)):
            return report.skips(name, why, len(self.steps))
        lost, began, failures = None, time.monotonic(), 0
        report.note("%s: starting a machine" % name)
        try:
            try:
                m.start()
            except (Failure, OSError) as e:
                lost = "the machine does not start: %s %s" % (e, m.stderr_text())
            for title, function, vital, needs in self.steps:
                full = "%s: %s" % (name, title)
                if needs and m.lacks(needs):
                    report.skips(full, m.lacks(needs))
                    continue
                start = time.monotonic()
                why = lost or self._one(m, function, began)
                m.shell_note("%s: %.1f s" % (title, time.monotonic() - start))
                if why is None:
                    report.passes(full)
                    continue
                report.fails(full, why, m.log_path)
                failures += 1
                if not lost and (vital or isinstance(why, Dead)):
                    lost = "not tried after \"%s\"" % title
        finally:
            m.stop()
        if failures:
            report.note("%s: the QEMU of what failed (log of dom0's shell: %s):"
                        "\n%s" % (name, os.path.relpath(
                            m.shell_log_path, machine.ROOT),
                            shlex.join(getattr(m, "args", []))))
        report.note("%s: %.0f s" % (name, time.monotonic() - began))

    def _one(self, m, function, began):
        """None, or why the step failed."""
        if time.monotonic() - began > patience(self.seconds):
            return Dead("the scenario takes more than %d s" % self.seconds)
        try:
            function(m)
            m.check_alive()
        except Failure as e:
            return e
        except Exception as e:  # a mistake in the test is a failure, too
            traceback.print_exc()
            return Dead("the test itself failed: %r" % e)
        return None


def run_all(jobs, report, width):
    """Runs jobs (callables), width at a time, in order of the list."""
    jobs, lock = list(jobs), threading.Lock()

    def worker():
        while True:
            with lock:
                if not jobs:
                    return
                job = jobs.pop(0)
            job()

    threads = [threading.Thread(target=worker) for _ in range(width)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
