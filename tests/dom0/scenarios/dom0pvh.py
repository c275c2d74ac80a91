"""dom0 as a PVH guest: its addresses are its own, so that its devices' tables
translate, and devices change hands while dom0 sees them through Xen only.
"""
import probe
import tree
from guest import Guest
from harness import Scenario
from machine import EDU, Failure, until
from oracle import counts, expect_fault, unchanged

ROUNDS = 50

pvh = Scenario("dom0-pvh", dict(hvm=True, xen_args="dom0=pvh"))
amd = Scenario("amd-dom0-pvh", dict(hvm=True, iommu="amd",
                                    xen_args="dom0=pvh"))


def read_disk(m):
    if "moat nvme magic" not in m.sh("head -c 15 /dev/nvme0n1"):
        raise Failure("the disk's magic is not there")


@pvh.step("Xen boots dom0 as a PVH guest")
def _(m):
    m.wait_dom0(120)
    m.wait_log(r"Building a PVH Dom0", 1)
    m.wait_log(r"I/O virtualisation enabled", 1)


@pvh.step("dom0's edu reaches its memory at dom0's addresses")
def _(m):
    frame, m.page = probe.page(m, "dom0")
    m.address = frame << 12
    if m.address == m.page:
        raise Failure("dom0's and machine address agree: nothing is shown")
    probe.reaches(m, m.address, at=m.page)


@pvh.step("and not at the machine's")
def _(m):
    probe.blocked_write(m, m.page, m.page)


@pvh.step("dom0 reads its disk")
def _(m):
    read_disk(m)


@pvh.step("edu in quarantine: its DMA is blocked, at both addresses")
def _(m):
    probe.load(m, m.address, at=m.page)
    m.sh("xl pci-assignable-add " + EDU)
    m.since = m.mark()
    probe.blocked_write(m, m.address, m.page)
    probe.blocked_write(m, m.page, m.page)


@pvh.step("the fault message names edu, quarantine, address, access, reason",
          vital=False, needs="fault log")
def _(m):
    expect_fault(m, m.since, EDU, "quarantine", "write", m.address)


@pvh.step("edu given to a PV guest reaches the guest's memory, not dom0's")
def _(m):
    # Not "later": e820_host is of no use to a dom0 that is no PV guest.
    m.guest = Guest(m, "guest", more=['passthrough = "sync_pt"']).create()
    m.sh("hyper assign %d %s" % (m.guest.domid(), EDU))
    _, page = probe.page(m, "guest", m.guest.sh)
    probe.reaches(m, page)
    probe.blocked_write(m, m.page, m.page)


@pvh.step("%d rounds of assigning edu, NIC and disk leave nothing behind" %
          ROUNDS)
def _(m):
    m.sh("hyper deassign %d %s" % (m.guest.domid(), EDU))
    for device in (m.nic, m.nvme):
        m.sh("xl pci-assignable-add " + device)
    m.before = counts(m)
    m.sh("hyper rounds %d %d %s %s %s" % (
        m.guest.domid(), ROUNDS, m.nic, m.nvme, EDU), 60)
    unchanged(m, m.before)


@pvh.step("edu back in dom0 reaches dom0's memory at dom0's addresses")
def _(m):
    m.guest.destroy()
    m.sh("xl pci-assignable-remove " + EDU)
    probe.reaches(m, m.address, at=m.page)
    probe.blocked_write(m, m.page, m.page)


def untold(m):
    """Linux resets what it takes back, and tells Xen of it since 6.12. vPCI
    would take the registers for what they were before."""
    if not tree.has(m, "include/public/physdev.h",
                    "PHYSDEVOP_pci_device_reset"):
        return "this Xen is not told of resets (4.20 is)"
    release = m.sh("uname -r")
    if tuple(map(int, release.split(".")[:2])) < (6, 12):
        return "dom0's Linux %s tells Xen nothing of resets" % release
    return None


@pvh.step("the disk back in dom0 is read again", vital=False, needs=untold)
def _(m):
    m.sh("xl pci-assignable-remove %s; echo %s >/sys/bus/pci/drivers_probe" %
         (m.nvme, m.nvme))
    m.sh(until("[ -b /dev/nvme0n1 ]", 20), 40)
    read_disk(m)


@pvh.step("the machine powers off")
def _(m):
    m.power_off()


amd.steps = pvh.steps
