"""The machine restarts: no unit may interrupt what comes next.

QEMU stops where it would begin anew, and the units' registers are read.
"""
import re

import tree
from harness import Scenario
from machine import Failure


def register(m, addr, width):
    text = m.monitor("human-monitor-command",
                     **{"command-line": "xp /1%sx 0x%x" % (width, addr)})
    return int(re.search(r": 0x([0-9a-f]+)", text).group(1), 16)


def interrupts_are_on(m):
    """Of the unit itself: VT-d's mask for faults (11.4.7.2), or that for the
    event log in AMD-Vi's control register (3.4.2)."""
    if m.iommu == "amd":
        return bool(register(m, 0xfed80018, "g") & 1 << 3)
    return not register(m, 0xfed90038, "w") & 1 << 31


def no_hook(m):
    if not tree.has(m, "include/xen/iommu.h", "iommu_quiesce("):
        return "this Xen does not ask for it (4.18.6 does)"
    return None


restart = Scenario("restart", dict(more=["-no-shutdown"]), needs=(no_hook,))


@restart.step("Xen boots dom0; the unit reports faults by interrupt")
def _(m):
    m.wait_dom0()
    m.wait_log(r"I/O virtualisation enabled", 1)
    if not interrupts_are_on(m):
        raise Failure("the unit's interrupt is masked")


@restart.step("when dom0 restarts the machine, the unit is silent")
def _(m):
    m.stopping = True
    m.com2.sendall(b"reboot -f\n")
    m.wait_for("the machine stops",
               lambda: m.monitor("query-status")["status"] == "shutdown", 30)
    if interrupts_are_on(m):
        raise Failure("its interrupt is on")
    if re.search(r"Panic on CPU|Xen BUG at", m.log):
        raise Failure("Xen crashed")


amd = Scenario("amd-restart", dict(iommu="amd", more=["-no-shutdown"]),
               needs=restart.needs)
amd.steps = restart.steps
