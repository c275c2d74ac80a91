"""Reserved memory regions: reachable for the device whoever owns it.

The region lies in memory that the emulated firmware reserves and does not
use. The device's DMA shows that the region is mapped: for dom0, in
quarantine, in a guest, and on the way back.
"""
import probe
from dmar import Table, endpoint
from grub import boot
from guest import Guest
from harness import Scenario
from machine import EDU, LOW
from oracle import expect_fault

FIRST, LAST = LOW - 0x2000, LOW - 1

option = Scenario("rmrr-option", dict(
    xen_args="dom0-iommu=strict,map-reserved rmrr=0x%x-0x%x=%s" % (
        FIRST >> 12, LAST >> 12, EDU)))
table = Scenario("rmrr-table", dict(
    xen_args="dom0-iommu=map-inclusive", boot=boot(Table().main_unit().region(
        "edu", FIRST, LAST, endpoint(EDU)).bytes())))
# For a range of ids: the region is that of the one device there is.
ivmd = Scenario("ivmd-option", dict(
    iommu="amd", xen_args="dom0-iommu=strict ivmd=0x%x-0x%x=%s-%s" % (
        FIRST >> 12, LAST >> 12, EDU[5:], "00:05.7")))


def both_pages(m):
    for page in (FIRST, LAST & ~0xfff):
        probe.reaches(m, page)


def foreign_is_blocked(m, owner):
    since = m.mark()
    probe.load(m, FIRST)
    probe.blocked_write(m, m.foreign, m.foreign)
    m.since, m.owner = since, owner


def steps(s):
    @s.step("Xen boots dom0 with I/O virtualisation")
    def _(m):
        m.wait_dom0()
        m.wait_log(r"I/O virtualisation enabled", 1)
        m.wait_log("Dom0 mode: " + ("Strict" if "strict" in m.xen_args else
                                    "Relaxed"), 1)
        if m.boot:
            m.wait_log(r"ACPI: DMAR .*MOAT", 1)

    @s.step("edu of dom0 reaches the region")
    def _(m):
        both_pages(m)
        _, m.foreign = probe.page(m, "dom0")

    @s.step("edu in quarantine reaches the region")
    def _(m):
        m.sh("xl pci-assignable-add " + EDU)
        both_pages(m)

    @s.step("and nothing else")
    def _(m):
        foreign_is_blocked(m, "quarantine")

    @s.step("edu in a guest reaches the region")
    def _(m):
        m.guest = Guest(m, "regions")
        m.sh("sed -i '/^pci/d' /tmp/regions.cfg; "
             "echo 'pci = [ \"%s,rdm_policy=relaxed\" ]' >>/tmp/regions.cfg" %
             EDU)
        m.guest.create()
        both_pages(m)

    @s.step("and the guest's memory, and nothing of dom0's")
    def _(m):
        _, page = probe.page(m, "guest", m.guest.sh)
        probe.reaches(m, page)
        foreign_is_blocked(m, "d%d" % m.guest.domid())

    @s.step("edu back in quarantine reaches the region")
    def _(m):
        m.sh("xl pci-detach regions " + EDU)
        both_pages(m)
        foreign_is_blocked(m, "quarantine")

    @s.step("the fault messages name edu and its owner", vital=False,
            needs="fault log")
    def _(m):
        expect_fault(m, m.since, EDU, "quarantine", "write", m.foreign)

    @s.step("edu back in dom0 reaches the region and dom0's memory")
    def _(m):
        m.sh("xl pci-assignable-remove " + EDU)
        both_pages(m)
        probe.reaches(m, m.foreign)

    @s.step("the machine powers off")
    def _(m):
        m.guest.destroy()
        m.power_off()


steps(option)
steps(table)
steps(ivmd)
