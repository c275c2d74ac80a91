"""The PV part: what every change must keep working."""

import probe
from guest import Guest
from harness import Scenario
from machine import EDU, Failure, until
from oracle import expect_fault

pv = Scenario("pv")
# With Debian's own kernel as dom0: the same, without what the first has shown.
debian = Scenario("debian-dom0", dict(
    kernel="debian", xen_args="dom0-iommu=passthrough iommu=no-igfx"))


@pv.step("Xen boots dom0, xl works")
def _(m):
    m.wait_dom0()


@pv.step("Xen says that I/O virtualisation is enabled")
def _(m):
    m.wait_log(r"I/O virtualisation enabled", 1)
    m.wait_log("Dom0 mode: " + ("Passthrough" if "passthrough" in m.xen_args
                                else "Relaxed"), 1)


@pv.step("xl info says pv_directio and hvm_directio")
def _(m):
    caps = m.sh("xl info virt_caps").split()
    for word in ("pv_directio", "hvm_directio"):
        if word not in caps:
            raise Failure("virt_caps are " + " ".join(caps))


@pv.step("xl pci-assignable-add takes the e1000e from dom0")
def _(m):
    m.sh("xl pci-assignable-add " + m.nic)
    if m.nic[5:] not in m.sh("xl pci-assignable-list"):
        raise Failure("xl pci-assignable-list does not list it")


@pv.step("a PV guest with the NIC is created")
def _(m):
    m.guest = Guest(m, "pv", [m.nic]).create()


@pv.step("the guest gets a DHCP lease and pings")
def _(m):
    m.guest.use_nic()


@pv.step("an NVMe disk is attached to the running guest")
def _(m):
    m.sh("xl pci-assignable-add " + m.nvme)
    m.sh("xl pci-attach pv " + m.nvme)
    if m.nvme[5:] not in m.sh("xl pci-list pv"):
        raise Failure("xl pci-list does not list it")


@pv.step("the disk's magic is read, data written and read back by checksum")
def _(m):
    m.guest.use_nvme()


@pv.step("the NIC is detached and gone from the guest")
def _(m):
    m.sh("xl pci-detach pv " + m.nic)
    m.sh(until("! xl pci-list pv | grep -q " + m.nic[5:], 10))
    m.guest.sh(until("! [ -e /sys/class/net/eth0 ]", 5))


@pv.step("the guest is destroyed")
def _(m):
    m.guest.destroy()
    m.sh("xl list | grep -q '^pv ' && exit 1; true")


@pv.step("the guest is created again with the NIC, which works")
def _(m):
    m.guest.create()
    m.guest.use_nic()


@pv.step("dom0's edu copies memory there and back")
def _(m):
    _, m.page = probe.page(m, "dom0")
    probe.reaches(m, m.page)


@pv.step("edu in quarantine: its DMA is blocked, memory stays as it was")
def _(m):
    probe.load(m, m.page)
    m.sh("xl pci-assignable-add " + EDU)
    m.since = m.mark()
    probe.blocked_write(m, m.page, m.page)


@pv.step("the fault message names edu, quarantine, address, access, reason",
         vital=False, needs="fault log")
def _(m):
    expect_fault(m, m.since, EDU, "quarantine", "write", m.page)


@pv.step("edu in a guest reaches the guest's memory")
def _(m):
    m.sh("xl pci-attach pv " + EDU)
    _, m.guest_page = probe.page(m, "guest", m.guest.sh)
    probe.reaches(m, m.guest_page)


@pv.step("edu in the guest: writes to dom0's memory are blocked")
def _(m):
    m.since = m.mark()
    probe.blocked_write(m, m.page, m.page)


@pv.step("the fault message names edu, the guest, address, write, reason",
         vital=False, needs="fault log")
def _(m):
    expect_fault(m, m.since, EDU, "d%d" % m.guest.domid(), "write", m.page)


@pv.step("edu in the guest: reads of dom0's memory are blocked")
def _(m):
    m.since = m.mark()
    probe.blocked_read(m, m.page, m.page, m.guest_page, m.guest_page)


@pv.step("the fault message names edu, the guest, address, read, reason",
         vital=False, needs="fault log")
def _(m):
    expect_fault(m, m.since, EDU, "d%d" % m.guest.domid(), "read", m.page)


@pv.step("a write to an address where there is no memory is blocked and named",
         vital=False, needs="fault log")
def _(m):
    since = m.mark()
    probe.put(m, 0xdeadb000)
    expect_fault(m, since, EDU, "d%d" % m.guest.domid(), "write", 0xdeadb000)


@pv.step("edu goes back to dom0 and reaches dom0's memory again")
def _(m):
    m.sh("xl pci-detach pv %s; xl pci-assignable-remove %s" % (EDU, EDU))
    probe.reaches(m, m.page)


@pv.step("the machine powers off")
def _(m):
    m.guest.destroy()
    m.power_off()


debian.steps = [s for s in pv.steps if "created again" not in s[0] and
                "no memory" not in s[0] and "guest is destroyed" not in s[0]]

amd = Scenario("amd-pv", dict(iommu="amd"))
amd.steps = pv.steps
