"""Stock Xen beside this layer: what each does with reserved memory.

The unity scenario is played with both. Stock Xen must fail the steps of
unity.GAP, which show the regions in quarantine, and no other; this layer
must pass them all. Anything else is a failure: of the layer, or of the test,
which then shows nothing.
"""
import os

import machine
import unity
from harness import Report, Scenario


class Steps(Report):
    """Keeps what came out; the steps of Xen as it is do not count."""

    def __init__(self, whose):
        super().__init__()
        self.whose, self.results = whose, {}

    def passes(self, name):
        self.results[name.split(": ", 1)[1]] = None

    def fails(self, name, why, log):
        self.results[name.split(": ", 1)[1]] = str(why)
        self.note("%s fails: %s: %s" % (self.whose, name, why))

    def skips(self, name, why, steps=1):
        self.fails(name, "skipped: " + why, None)


def play(name, whose, xen):
    s = Scenario(name, unity.unity.options)
    s.steps = unity.unity.steps
    steps = Steps(whose)
    s.run(steps, xen)
    return steps.results


def compare(stock, ours, report):
    """Both, one after the other; a line for each step into the report."""
    expected = [("unity-stock", "stock Xen", stock, set(unity.GAP)),
                ("unity", "this layer", ours, set())]
    for name, whose, xen, gap in expected:
        results = play(name, whose, xen)
        log = os.path.join(machine.LOGS, machine.FOLDER, name + ".log")
        for title, _, _, _ in unity.unity.steps:
            why = results.get(title, "it was not played")
            # What failed for want of a machine shows nothing of the gap.
            reach = why and "does not reach its memory" in why
            full = "%s %s: %s" % (whose, "fails" if title in gap else
                                  "passes", title)
            if title in gap and not why:
                report.fails(full, "it passes", log)
            elif title in gap and not reach:
                report.fails(full, "for another reason: " + why, log)
            elif title not in gap and why:
                report.fails(full, why, log)
            else:
                report.passes(full)
