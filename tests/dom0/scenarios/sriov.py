"""Virtual functions and the physical one they are of: Xen's MSI code goes from
the one to the other, so neither may be there without the other. Needs no HVM
guest: dom0's own driver uses the virtual function, which has MSI-X only.
"""
import topology
import tree
from guest import Guest
from harness import Scenario
from machine import Failure, until

ABSENT = "0000:00:1e.0"
ABSENT_VF, OTHER_VF = "0000:00:1e.1", "0000:00:1e.2"


def no_links(m):
    if not tree.has(m, "include/xen/pci.h", "vf_list;"):
        return "this Xen has no links between them (4.19.5 has)"
    return None


def ask(m, question, answer):
    said = m.sh("hyper ask " + question).split(": ")[1]
    if said != answer:
        raise Failure("%s: %s, not %s" % (question, said, answer))


def works_in_dom0(m):
    """Its driver reads the disk; interrupts are MSI-X, and arrive."""
    m.sh("echo %s >/sys/bus/pci/drivers_probe" % m.vf)
    m.sh(until("ls -d /sys/bus/pci/devices/%s/nvme/nvme*/nvme*n1" % m.vf, 30),
         40)
    name = topology.controller(m, m.vf)
    if "moat nvme magic" not in m.sh("head -c 15 /dev/%sn1" % name):
        raise Failure("the disk's magic is not there")
    lines = [l.split() for l in m.sh("cat /proc/interrupts").splitlines()
             if name + "q" in l]
    if not lines or not all("msi-x" in l for l in map(" ".join, lines)):
        raise Failure("its interrupts are no MSI-X: %s" % lines)
    if not all(int(l[1]) for l in lines):
        raise Failure("no interrupt arrives: %s" % lines)
    # Without its size Xen takes dom0's word for where the MSI-X table is.
    m.read_log()
    if "Xen WARN at" in m.log:
        raise Failure("Xen did not find the table by itself: " +
                      m.log[m.log.index("Xen WARN at"):][:80])


sriov = Scenario("sriov", dict(more=topology.devices))


@sriov.step("dom0 makes a virtual function of an NVMe controller")
def _(m):
    m.wait_dom0()
    topology.make_virtual(m)


@sriov.step("it works in dom0, by MSI-X")
def _(m):
    works_in_dom0(m)
    m.sh("echo %s >/sys/bus/pci/devices/%s/driver/unbind" % (m.vf, m.vf))


@sriov.step("one of a physical function that is not there is refused",
            vital=False)
def _(m):
    since = m.mark()
    ask(m, "virtual 0 %s %s" % (ABSENT_VF, ABSENT), "ENODEV")
    m.wait_log(r"moat: .*" + ABSENT, 1, since)
    for device in (ABSENT, ABSENT_VF):
        ask(m, "remove 0 " + device, "ENODEV")


@sriov.step("one of another virtual function is refused", vital=False,
            needs=no_links)
def _(m):
    ask(m, "virtual 0 %s %s" % (OTHER_VF, m.vf), "ENODEV")
    ask(m, "remove 0 " + OTHER_VF, "ENODEV")


@sriov.step("the physical one is not removed before its virtual one: Xen says "
            "so, and neither is to be had any more", needs=no_links)
def _(m):
    since = m.mark()
    ask(m, "remove 0 " + m.pf, "EBUSY")
    m.wait_log(r"moat: %s: .*virtual" % m.pf, 1, since)
    guest = Guest(m, "guest", later=True).create(paused=True)
    m.sh("xl pci-assignable-add " + m.vf)
    ask(m, "assign %d %s" % (guest.domid(), m.vf), "EBADF")
    m.sh("xl destroy guest; xl pci-assignable-remove " + m.vf)


@sriov.step("after both are removed and found again, both work")
def _(m):
    path = "/sys/bus/pci/devices/" + m.pf
    m.sh("echo 0 >%s/sriov_numvfs" % path)
    m.sh("echo 1 >%s/remove; [ ! -e %s ]; echo 1 >/sys/bus/pci/rescan" % (
        path, path))
    topology.appears(m, m.pf)
    m.sh(until("[ -e %s/nvme ]" % path, 20))
    topology.make_virtual(m)
    works_in_dom0(m)


@sriov.step("the machine powers off")
def _(m):
    m.power_off()


amd = Scenario("amd-sriov", dict(iommu="amd", more=topology.devices))
amd.steps = sriov.steps
