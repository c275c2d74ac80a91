"""An HVM guest on I/O page tables of its own.

In an HVM guest the addresses a driver gives its device are the guest's, not
the machine's: only a real translation makes DMA arrive. The processor here is
AMD's with nested paging, so the tables cannot be the processor's (whose
format a VT-d unit does not read): the layer has to build them.
"""
import probe
from guest import Guest
from harness import Scenario
from machine import EDU, Failure, until
from oracle import expect_fault, io_mappings

MEMORY = 160                    # of the guest, MiB

hvm = Scenario("hvm", dict(hvm=True), needs=("device model",))


@hvm.step("dom0 takes NIC, NVMe and edu for a guest")
def _(m):
    m.wait_dom0()
    for device in (m.nic, m.nvme, EDU):
        m.sh("xl pci-assignable-add " + device)


@hvm.step("an HVM guest with the three is created")
def _(m):
    m.guest = Guest(m, "hvm", [m.nic, m.nvme, EDU], kind="hvm",
                    memory=MEMORY).create(90)


@hvm.step("the guest gets a DHCP lease and pings")
def _(m):
    m.guest.use_nic(60)


@hvm.step("the disk's magic is read, data written and read back by checksum")
def _(m):
    m.guest.use_nvme()


@hvm.step("debug key o shows the guest's own I/O page tables, not empty")
def _(m):
    n = io_mappings(m, m.guest.domid())
    if not n:
        raise Failure("no mapping is shown for the guest")


@hvm.step("edu reaches the guest's memory at the guest's address")
def _(m):
    m.edu = m.guest.sh(
        "cd /sys/bus/pci/devices; for d in *; do "
        "grep -q 0x11e8 $d/device && echo $d; done; true").strip()
    if not m.edu:
        raise Failure("the guest does not see edu")
    frame, m.page = probe.page(m, "hvm", m.guest.sh)
    m.address = frame << 12
    if m.address == m.page:
        raise Failure("guest and machine address agree: nothing is shown")
    probe.reaches(m, m.address, m.edu, m.guest.sh, at=m.page)


@hvm.step("its DMA to dom0's memory is blocked")
def _(m):
    _, m.foreign = probe.page(m, "dom0")
    if m.foreign >> 20 < MEMORY:
        raise Failure("dom0's page is at 0x%x, which is an address of the "
                      "guest's, too" % m.foreign)
    m.since = m.mark()
    probe.blocked_write(m, m.foreign, m.foreign, m.edu, m.guest.sh)


@hvm.step("the fault message names edu, the guest, address, access, reason",
          vital=False, needs="fault log")
def _(m):
    expect_fault(m, m.since, EDU, "d%d" % m.guest.domid(), "write", m.foreign)


@hvm.step("the disk is detached from and attached to the running guest")
def _(m):
    m.sh("xl pci-detach hvm " + m.nvme)
    m.guest.sh(until("! [ -b /dev/nvme0n1 ]", 10))
    m.sh("xl pci-attach hvm " + m.nvme)
    m.guest.use_nvme()


@hvm.step("the guest is destroyed, the machine powers off")
def _(m):
    m.guest.destroy()
    m.power_off()


# The same through AMD's unit.
amd = Scenario("amd-hvm", dict(hvm=True, iommu="amd"),
               needs=("device model",))
amd.steps = hvm.steps
