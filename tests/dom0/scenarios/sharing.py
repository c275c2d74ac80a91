"""Reserved memory that two devices share, and a guest's use of it.

One guest at a time reaches the region: the two may be given together, or one
while nobody uses the other. In quarantine, a device that a guest has had
stays off the bus while another guest holds the region.
"""
import re

import probe
from guest import Guest
from harness import Scenario
from machine import EDU, LOW, Failure

OTHER = "0000:00:05.0"
MORE = ["-device", "edu,addr=5,dma_mask=0xffffffffffffffff"]
FIRST, LAST = LOW - 0x2000, LOW - 1

# More than there is below the region, so that an HVM guest has memory there.
BIG = (LOW >> 20) + 16

shared = Scenario("rmrr-shared", dict(
    hvm=True, more=MORE, xen_args="rmrr=0x%x-0x%x=%s,%s" % (
        FIRST >> 12, LAST >> 12, EDU, OTHER)))
amd = Scenario("ivmd-shared", dict(
    hvm=True, more=MORE, iommu="amd", xen_args="ivmd=0x%x-0x%x=%s-00:05.7" % (
        FIRST >> 12, LAST >> 12, EDU[5:])))


def reach(m, *devices):
    for device in devices:
        for page in (FIRST, LAST & ~0xfff):
            probe.reaches(m, page, device)


def refused(m, command, *words):
    """The command fails, and Xen says why: with these words in one line."""
    since = m.mark()
    status, out = m.run(command, 60)
    if status == 0:
        raise Failure("not refused: " + command)

    def said():
        return [l for l in m.log[since:].split("\n") if "moat: " in l and
                all(re.search(w, l) for w in words)]
    try:
        return m.wait_for("message", said, 3)[0]
    except Failure:
        raise Failure("Xen does not say why, with %s: %s" % (
            " and ".join(words), m.log[since:][-400:] or "nothing")) from None


def sharer_named(m, guest, device, other, owner):
    refused(m, "xl pci-attach %s %s" % (guest, device), re.escape(device),
            re.escape(other), r"\b(%s)\b" % owner, "reserved")


def not_permitted(m, guest, device):
    """xl says EXDEV, Xen why."""
    since = m.mark()
    status, out = m.run("xl pci-attach %s %s" % (guest, device), 60)
    if status == 0 or "cross-device" not in out:
        raise Failure("status %d: %s" % (status, out[-300:]))
    m.read_log()
    if not re.search(r"moat: .*%s.*[a-z]{3,} [a-z]{3,}" % re.escape(device),
                     m.log[since:]):
        raise Failure("Xen does not say why: " + m.log[since:][-200:])


def steps(s):
    @s.step("Xen boots dom0, whose devices reach the shared region")
    def _(m):
        m.wait_dom0()
        m.wait_log(r"I/O virtualisation enabled", 1)
        reach(m, EDU, OTHER)
        _, m.foreign = probe.page(m, "dom0")
        m.first = Guest(m, "first", later=True).create()
        m.sh("xl pci-assignable-add " + EDU)

    @s.step("one is refused to a guest while dom0 uses the other, by name",
            vital=False)
    def _(m):
        sharer_named(m, "first", EDU, OTHER, "dom0|d0")

    @s.step("with both in quarantine, one is given to a guest and works")
    def _(m):
        m.sh("xl pci-assignable-add " + OTHER)
        m.first.attach(EDU)
        reach(m, EDU)
        _, page = probe.page(m, "first", m.first.sh)
        probe.reaches(m, page)

    @s.step("the other is refused to a second guest, which is told why",
            vital=False)
    def _(m):
        m.second = Guest(m, "second", later=True).create()
        sharer_named(m, "second", OTHER, EDU, "d%d" % m.first.domid())

    @s.step("attached to the first guest, it works beside the one")
    def _(m):
        m.first.attach(OTHER)
        reach(m, EDU, OTHER)
        _, page = probe.page(m, "both", m.first.sh)
        probe.reaches(m, page, OTHER)
        probe.blocked_write(m, m.foreign, m.foreign, OTHER)

    @s.step("both are detached; given together at creation, both work")
    def _(m):
        m.sh("xl pci-detach first %s; xl pci-detach first %s" % (EDU, OTHER))
        m.first.destroy()
        m.second.destroy()
        m.first = Guest(m, "together", [EDU, OTHER]).create()
        _, page = probe.page(m, "together", m.first.sh)
        reach(m, EDU, OTHER)
        for device in (EDU, OTHER):
            probe.reaches(m, page, device)

    @s.step("one in quarantine after that cannot be switched on by dom0 while "
            "a guest holds the region", vital=False)
    def _(m):
        m.sh("xl pci-detach together %s" % EDU)
        m.sh("xl pci-detach together %s" % OTHER)
        m.first.attach(OTHER)
        status, out = m.run("dma enable " + EDU)
        if status != 2 or "stays off" not in out:
            raise Failure("status %d: %s" % (status, out))
        reach(m, OTHER)

    @s.step("when the region is free, it works in another guest")
    def _(m):
        m.first.destroy()
        m.first = Guest(m, "third", [EDU]).create()
        _, page = probe.page(m, "third", m.first.sh)
        reach(m, EDU)
        probe.reaches(m, page, EDU)
        m.first.destroy()

    @s.step("a running HVM guest with memory at the region is refused the "
            "device, and told why", vital=False,
            needs="device model")
    def _(m):
        m.hvm = Guest(m, "nordm", kind="hvm", later=True, memory=BIG)
        m.hvm.create(paused=True)
        refused(m, "xl pci-attach nordm " + EDU, re.escape(EDU),
                r"0x0*%x" % FIRST, "[a-z]{3,} [a-z]{3,}")

    @s.step("a guest whose memory is tracked is refused a device by Xen, one "
            "that is filled on demand by xl", vital=False,
            needs="device model")
    def _(m):
        m.sh("hyper logdirty %d" % m.hvm.domid())
        not_permitted(m, "nordm", OTHER)
        m.hvm.destroy()
        Guest(m, "pod", kind="hvm", later=True, memory=96,
              more=["maxmem = 160"])
        status, out = m.run("xl create -p /tmp/pod.cfg", 60)
        if status == 0 or "PoD" not in out:
            raise Failure("status %d: %s" % (status, out[-300:]))

    @s.step("with rdm=\"strategy=host\" both are attached, and reach it",
            needs="device model")
    def _(m):
        m.run("xl destroy nordm")
        m.hvm = Guest(m, "rdm", kind="hvm", later=True, memory=BIG,
                      more=['rdm = "strategy=host"', "rdm_mem_boundary = 512"])
        m.hvm.create(paused=True)
        for device in (EDU, OTHER):
            m.sh("xl pci-attach rdm " + device)
        reach(m, EDU, OTHER)
        probe.load(m, FIRST)
        probe.blocked_write(m, m.foreign, m.foreign)

    @s.step("while it has them, its memory cannot be tracked", vital=False,
            needs="device model")
    def _(m):
        status, out = m.run("hyper logdirty %d" % m.hvm.domid())
        if status != 1 or not re.search("EINVAL|EXDEV", out):
            raise Failure("status %d: %s" % (status, out))
        reach(m, EDU, OTHER)

    @s.step("each is known to have the region, a third device is not",
            vital=False)
    def _(m):
        region = "0x%x-0x%x" % (FIRST, LAST)
        for device in (EDU, OTHER):
            if m.sh("hyper rdm " + device).split() != [region]:
                raise Failure("not the region of " + device)
        if m.sh("hyper rdm " + m.nic):
            raise Failure("a region of the NIC")

    @s.step("the guest is destroyed; back in dom0 they reach the region and "
            "dom0's memory")
    def _(m):
        if not m.lacks("device model"):
            m.hvm.destroy()
        for device in (EDU, OTHER):
            m.sh("xl pci-assignable-remove " + device)
            probe.reaches(m, m.foreign, device)
        reach(m, EDU, OTHER)

    @s.step("the machine powers off")
    def _(m):
        m.power_off()


steps(shared)
steps(amd)
