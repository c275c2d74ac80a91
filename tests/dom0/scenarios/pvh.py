"""A PVH dom0 sees its devices through Xen's vPCI, whose handlers go with the
owner: a device that comes back from quarantine has its own again, or dom0's
driver would program the hardware with what only dom0 understands.

And its memory is where Xen puts it, but for what firmware reserved.
"""
import re

import probe
import tree
from harness import Scenario
from machine import EDU, Failure, until
from regions import FIRST, LAST


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
        return sum(int(word) for line in
                   m.sh("cat /proc/interrupts").splitlines() if "eth0" in line
                   for word in line.split()[1:] if word.isdigit())

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


def no_reset(m):
    if not tree.has(m, "include/public/physdev.h",
                    "PHYSDEVOP_pci_device_reset"):
        return "this Xen is not told of resets (4.20 is)"
    return None


@pvh.step("a reset that dom0 announces is taken, of a device there is, and the "
          "NIC works after that", needs=no_reset)
def _(m):
    m.sh("echo %s >/sys/bus/pci/drivers/e1000e/unbind" % m.nic)
    m.sh("echo 1 >/sys/bus/pci/devices/%s/reset" % m.nic)
    for question, answer in (
            ("reset 0 " + m.nic, "reset: done"),
            ("reset-how 0 " + m.nic, "reset-how: EINVAL"),
            ("reset 0 0000:00:1e.7", "reset: ENODEV")):
        said = m.sh("hyper ask " + question)
        if said != answer:
            raise Failure("%s: %s" % (question, said))
    m.sh("echo %s >/sys/bus/pci/drivers_probe" % m.nic)
    lease(m)


@pvh.step("the machine powers off")
def _(m):
    m.power_off()


amd = Scenario("amd-pvh-owner", dict(hvm=True, iommu="amd",
                                     xen_args="dom0=pvh"), needs=pvh.needs)
amd.steps = pvh.steps


# -- Reserved regions ---------------------------------------------------------

region = Scenario("pvh-region", dict(
    hvm=True, xen_args="dom0=pvh rmrr=0x%x-0x%x=%s" % (
        FIRST >> 12, LAST >> 12, EDU)))


def reaches_region(m):
    for page in (FIRST, LAST & ~0xfff):
        probe.reaches(m, page)


@region.step("the region is no memory of dom0's, a PVH one")
def _(m):
    m.wait_dom0(120)
    m.wait_log(r"Building a PVH Dom0", 1)
    for line in m.sh("cat /proc/iomem").splitlines():
        first, last = (int(n, 16) for n in line.split()[0].split("-"))
        if "System RAM" in line and first <= LAST and last >= FIRST:
            raise Failure(line)


@region.step("edu of dom0 reaches it at its own address, and dom0's memory at "
             "dom0's")
def _(m):
    reaches_region(m)
    frame, m.page = probe.page(m, "dom0")
    m.address = frame << 12
    probe.reaches(m, m.address, at=m.page)


@region.step("edu in quarantine reaches it, and nothing else")
def _(m):
    probe.load(m, m.address, at=m.page)
    m.sh("xl pci-assignable-add " + EDU)
    probe.blocked_write(m, m.address, m.page)
    reaches_region(m)


@region.step("back in dom0 it reaches both")
def _(m):
    m.sh("xl pci-assignable-remove " + EDU)
    reaches_region(m)
    probe.reaches(m, m.address, at=m.page)


@region.step("the machine powers off")
def _(m):
    m.power_off()


amd_region = Scenario("amd-pvh-region", dict(
    hvm=True, iommu="amd", xen_args="dom0=pvh ivmd=0x%x-0x%x=%s" % (
        FIRST >> 12, LAST >> 12, EDU[5:])))
amd_region.steps = region.steps
