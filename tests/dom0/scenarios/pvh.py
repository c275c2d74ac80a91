"""A PVH dom0 sees its devices through Xen's vPCI, whose handlers go with the
owner: a device that comes back from quarantine has its own again, or dom0's
driver would program the hardware with what only dom0 understands.
"""
import re

import tree
from harness import Scenario
from machine import Failure, until


def no_owner(m):
    if not tree.has(m, "include/xen/vpci.h", "vpci_assign_device("):
        return "in this Xen vPCI's handlers stay dom0's (until 4.18)"
    return None


def handled(m, device):
    """Whether vPCI knows of the device's MSIs, by debug key M."""
    m.sh("xl dmesg -c >/dev/null; xl debug-keys M")
    return bool(re.search(r"\) +%s MSI" % device, m.sh("xl dmesg")))


def lease(m):
    """The NIC works, and what wakes its driver are interrupts of its own."""
    def arrived():
        return sum(int(l.split()[1]) for l in
                   m.sh("cat /proc/interrupts").splitlines() if "eth0" in l)

    m.sh(until("[ -e /sys/class/net/eth0 ]", 10))
    before = arrived()
    m.sh("ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0; "
         "ping -c 5 -W 2 10.0.2.2", 40)
    if arrived() < before + 3:
        raise Failure("no interrupts arrive: " + m.sh("cat /proc/interrupts"))


pvh = Scenario("pvh-owner", dict(hvm=True, xen_args="dom0=pvh"),
               needs=(no_owner,))


@pvh.step("dom0, a PVH one, uses its NIC")
def _(m):
    m.wait_dom0(120)
    m.wait_log(r"Building a PVH Dom0", 1)
    lease(m)
    if not handled(m, m.nic):
        raise Failure("debug key M shows nothing of it")


@pvh.step("the NIC goes to quarantine and comes back, and works")
def _(m):
    m.sh("xl pci-assignable-add " + m.nic)
    m.sh("xl pci-assignable-remove %s; "
         "echo %s >/sys/bus/pci/drivers_probe" % (m.nic, m.nic))
    lease(m)
    if not handled(m, m.nic):
        raise Failure("debug key M shows nothing of it")


@pvh.step("the machine powers off")
def _(m):
    m.power_off()


amd = Scenario("amd-pvh-owner", dict(hvm=True, iommu="amd",
                                     xen_args="dom0=pvh"), needs=pvh.needs)
amd.steps = pvh.steps
