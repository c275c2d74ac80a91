"""Memory that the IVRS reserves for devices, whoever owns them.

One region is for one device (IVMD 21h), one for a range of ids with two
devices in it (IVMD 22h). DMA shows that the device reaches its region: for
dom0, in quarantine, in a guest, and on the way back.

Stock Xen 4.17 unmaps the regions while the device is in quarantine: "make
compare-unity" plays this with both and demands just that difference.
"""
import ivrs
import probe
from grub import boot
from guest import Guest
from harness import Scenario
from ivrs import ONE, RANGE, RW, Table
from machine import EDU, LOW

# In memory that the emulated firmware reserves and does not use.
FIRST, LAST = LOW - 0x2000, LOW - 1
RANGE_FIRST, RANGE_LAST = LOW - 0x6000, LOW - 0x4001

# Further edu devices, on 00:05.0 and 00:06.0.
FIFTH, SIXTH = "0000:00:05.0", "0000:00:06.0"
MORE = ["-device", "edu,addr=5,dma_mask=0xffffffffffffffff",
        "-device", "edu,addr=6,dma_mask=0xffffffffffffffff"]

_table = Table().main_unit()
_table.memory("one", ONE, RW, FIRST, LAST + 1 - FIRST, ivrs.rid(EDU))
_table.memory("range", RANGE, RW, RANGE_FIRST, RANGE_LAST + 1 - RANGE_FIRST,
              ivrs.rid(FIFTH), ivrs.rid("0000:00:07.7"))

unity = Scenario("unity", dict(iommu="amd", more=MORE,
                               boot=boot(_table.bytes())))

# The steps that stock Xen fails.
GAP = []


def gap(title):
    GAP.append(title)
    return unity.step(title, vital=False)


def both_pages(m, first, last, device):
    for page in (first, last & ~0xfff):
        probe.reaches(m, page, device)


def range_pages(m, *devices):
    for device in devices:
        both_pages(m, RANGE_FIRST, RANGE_LAST, device)


def nothing_else(m):
    """Neither dom0's memory nor the other's region, in either direction."""
    for device, other in ((EDU, RANGE_FIRST), (FIFTH, FIRST),
                          (SIXTH, LAST & ~0xfff)):
        probe.blocked_write(m, m.foreign, m.foreign, device)
        probe.blocked_write(m, other, other, device)


@unity.step("Xen boots dom0 with I/O virtualisation")
def _(m):
    m.wait_dom0()
    m.wait_log(r"ACPI: IVRS .*MOAT", 1)
    m.wait_log(r"I/O virtualisation enabled", 1)


@unity.step("the device of dom0 reaches its region")
def _(m):
    both_pages(m, FIRST, LAST, EDU)
    _, m.foreign = probe.page(m, "dom0")
    probe.reaches(m, m.foreign)


@unity.step("so do the devices of the range")
def _(m):
    range_pages(m, FIFTH, SIXTH)


@gap("the device in quarantine reaches its region")
def _(m):
    for device in (EDU, FIFTH, SIXTH):
        m.sh("xl pci-assignable-add " + device)
    both_pages(m, FIRST, LAST, EDU)


@gap("so do the devices of the range in quarantine")
def _(m):
    range_pages(m, FIFTH, SIXTH)


@unity.step("and nothing else")
def _(m):
    nothing_else(m)


@unity.step("the devices in a guest reach their regions")
def _(m):
    m.guest = Guest(m, "unity", ["%s,rdm_policy=relaxed" % d
                                 for d in (EDU, FIFTH)]).create()
    both_pages(m, FIRST, LAST, EDU)
    range_pages(m, FIFTH)


@unity.step("and the guest's memory, and nothing of dom0's")
def _(m):
    _, page = probe.page(m, "guest", m.guest.sh)
    for device in (EDU, FIFTH):
        probe.reaches(m, page, device)
        probe.blocked_write(m, m.foreign, m.foreign, device)
        probe.blocked_read(m, m.foreign, m.foreign, page, page, device)


@gap("the device back in quarantine reaches its region")
def _(m):
    for device in (EDU, FIFTH):
        m.sh("xl pci-detach unity " + device)
    both_pages(m, FIRST, LAST, EDU)


@gap("so does that of the range")
def _(m):
    range_pages(m, FIFTH)


@unity.step("and nothing else any more")
def _(m):
    nothing_else(m)


@unity.step("the devices back in dom0 reach their regions and dom0's memory")
def _(m):
    for device in (EDU, FIFTH, SIXTH):
        m.sh("xl pci-assignable-remove " + device)
        probe.reaches(m, m.foreign, device)
    both_pages(m, FIRST, LAST, EDU)
    range_pages(m, FIFTH, SIXTH)


@unity.step("the machine powers off")
def _(m):
    m.guest.destroy()
    m.power_off()
