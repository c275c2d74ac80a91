"""More than one device, guest and round; the unit's caching mode off.

With caching mode off, hardware caches nothing that is not present: a layer
that leans on the flushes that caching mode asks for fails here.
"""
import crash
import probe
from guest import Guest
from harness import Scenario
from machine import EDU, Failure, until
from oracle import counts, expect_fault, unchanged

# By hypercall; and through xl, with a driver that uses the device.
ROUNDS, XL_ROUNDS = 200, 3

two = Scenario("two-guests", dict(iommu="intel-nocm"))


@two.step("Xen boots dom0 with caching mode off")
def _(m):
    m.wait_dom0()
    m.wait_log(r"I/O virtualisation enabled", 1)
    for device in (m.nic, m.nvme, EDU):
        m.sh("xl pci-assignable-add " + device)


@two.step("two guests are created, with a NIC and with a disk and edu")
def _(m):
    m.first = Guest(m, "first", [m.nic]).create(wait=False)
    m.second = Guest(m, "second", [m.nvme, EDU]).create()
    m.first.wait()


@two.step("both use their devices at the same time")
def _(m):
    m.first.start("ip link set eth0 up; udhcpc -i eth0 -n -q -t 12 -T 1 "
                  "-s /tmp/dhcp && ping -c 8 -i 0.5 10.0.2.2")
    for _ in range(3):
        m.second.use_nvme()
    out = m.first.finish(40)
    if " 0% packet loss" not in out:
        raise Failure("pings got lost: " + out[-200:])


@two.step("edu in the second guest cannot write the first guest's memory")
def _(m):
    _, theirs = probe.page(m, "first", m.first.sh)
    _, own = probe.page(m, "second", m.second.sh)
    probe.reaches(m, own)
    m.since, m.theirs = m.mark(), theirs
    probe.blocked_write(m, theirs, theirs)


@two.step("nor read it")
def _(m):
    _, own = probe.page(m, "again", m.second.sh)
    probe.blocked_read(m, m.theirs, m.theirs, own, own)


@two.step("the fault message names edu and the second guest", vital=False, needs="fault log")
def _(m):
    expect_fault(m, m.since, EDU, "d%d" % m.second.domid(), "write", m.theirs)


@two.step("one guest is destroyed, the other's device goes on working")
def _(m):
    m.first.destroy()
    m.second.use_nvme()


@two.step("the machine powers off")
def _(m):
    m.second.destroy()
    m.power_off()


# Two processors: interrupts move between them, and both flush.
rounds = Scenario("rounds", dict(xen_args=crash.OPTION, cpus=2), seconds=600)


@rounds.step("Xen boots dom0, NIC, disk and edu are in quarantine")
def _(m):
    m.wait_dom0()
    for device in (m.nic, m.nvme, EDU):
        m.sh("xl pci-assignable-add " + device)
    m.guest = Guest(m, "rounds", later=True)


@rounds.step("debug key V counts what each unit has in use", vital=False)
def _(m):
    m.before = counts(m)


@rounds.step("%d rounds of assigning the three to a guest and back" % ROUNDS)
def _(m):
    m.guest.create()
    m.during = counts(m)
    m.sh("hyper rounds %d %d %s %s %s" % (
        m.guest.domid(), ROUNDS, m.nic, m.nvme, EDU), 60)


@rounds.step("the counts are as before them", vital=False)
def _(m):
    unchanged(m, m.during)


@rounds.step("%d rounds through xl, with the NIC's driver in the guest" %
             XL_ROUNDS)
def _(m):
    # The guest's driver must have the NIC before it goes again: only then
    # has it had interrupts.
    m.guest.start(
        "r=0; while [ $r -lt %d ]; do r=$((r+1)); "
        "until [ -e /sys/class/net/eth0 ]; do sleep 0.1; done; "
        "ip link set eth0 up; echo up; "
        "while [ -e /sys/class/net/eth0 ]; do sleep 0.1; done; done" %
        XL_ROUNDS)
    for i in range(XL_ROUNDS):
        m.sh("xl pci-attach rounds %s; xl pci-attach rounds %s" % (EDU, m.nic))
        m.sh(until("[ $(grep -c '^up' %s) -gt %d ]" % (m.guest.log, i), 20),
             40)
        m.sh("xl pci-detach rounds %s; xl pci-detach rounds %s" % (m.nic, EDU))
    m.guest.finish(20)


@rounds.step("the counts are others while both are assigned", vital=False)
def _(m):
    for device in (EDU, m.nic):
        m.sh("xl pci-attach rounds " + device)
    m.guest.sh("until [ -e /sys/class/net/eth0 ]; do sleep 0.1; done; "
               "ip link set eth0 up; sleep 0.5")
    now = counts(m)
    for what, old, new in zip(("ids", "pages", "entries"), m.before[0], now[0]):
        if old == new:
            raise Failure("%s are %d before and during" % (what, old))


@rounds.step("the guest is destroyed")
def _(m):
    m.guest.destroy()


@rounds.step("domain ids, table pages and interrupt entries are as before",
             vital=False)
def _(m):
    if not hasattr(m, "before"):
        raise Failure("there is no count from before")
    unchanged(m, m.before)


@rounds.step("a new guest with the NIC gets a lease and pings")
def _(m):
    m.sh("xl pci-assignable-remove " + EDU)
    m.guest = Guest(m, "last", [m.nic]).create()
    m.guest.use_nic()


crash.add(rounds, lambda m: m.guest)


amd_rounds = Scenario("amd-rounds", dict(
    iommu="amd", cpus=2,
    xen_args=crash.OPTION + " dom0-iommu=passthrough"), seconds=600)
amd_rounds.steps = rounds.steps


none = Scenario("no-iommu", dict(iommu=None))


@none.step("a machine without IOMMU boots Xen and dom0")
def _(m):
    m.wait_dom0()


@none.step("Xen says that there is none")
def _(m):
    m.wait_log(r"(?i)(I/O virtualisation disabled|no (DMAR|IOMMU|unit))", 1)


@none.step("xl info does not promise passthrough")
def _(m):
    caps = m.sh("xl info virt_caps").split()
    if "pv_directio" in caps or "hvm_directio" in caps:
        raise Failure("virt_caps are " + " ".join(caps))


@none.step("xl refuses a guest with a device, and gives the reason")
def _(m):
    m.run("xl pci-assignable-add " + m.nic)
    Guest(m, "refused", [m.nic])
    status, out = m.run("xl create /tmp/refused.cfg")
    if status == 0:
        raise Failure("xl created a guest with a device")
    if "not supported on this platform" not in out:
        raise Failure("no reason: " + out[-200:])


@none.step("the machine powers off")
def _(m):
    m.power_off()
