"""Driver domains, as Qubes uses them: one guest has the NIC, one the USB
controller, and a third has neither and reaches the network through the first.

What the third guest sends is memory of its own, granted to the first, and
read there by the NIC: the grant has to be in the first guest's I/O page
tables while it is mapped.
"""
import os
import threading
import time

import probe
from guest import Guest
from harness import Scenario
from machine import EDU, Failure, patience, until

STICK = b"moat usb stick magic\n"


def devices(m):
    image = os.path.join(m.folder, "stick.img")
    with open(image, "wb") as f:
        f.write(STICK.ljust(4096, b"."))
        f.truncate(8 << 20)
    words = [] if m.iommu == "amd" else [
        "-device", "pcie-root-port,id=rp3,slot=3,chassis=3,addr=5"]
    return words + [
        "-device", "qemu-xhci,id=xhci," +
        ("addr=0x12" if m.iommu == "amd" else "bus=rp3"),
        "-drive", "if=none,id=stick,format=raw,file=" + image,
        "-device", "usb-storage,bus=xhci.0,drive=stick"]


def usb(m):
    return "0000:00:12.0" if m.iommu == "amd" else "0000:03:00.0"


def read_stick(sh, disk):
    sh(until("[ -b %s ]" % disk, 30), 40)
    if "moat usb stick" not in sh("head -c 20 " + disk):
        raise Failure("the stick reads otherwise")


qubes = Scenario("qubes", dict(more=devices))


@qubes.step("dom0 reads the USB stick")
def _(m):
    m.wait_dom0()
    read_stick(m.sh, "/dev/sda")


@qubes.step("a guest with the NIC and one with the USB controller start")
def _(m):
    for device in (m.nic, usb(m), EDU):
        m.sh("xl pci-assignable-add " + device)
    m.net = Guest(m, "net", [m.nic, EDU], memory=128).create(wait=False)
    m.usb = Guest(m, "usb", [usb(m)]).create()
    m.net.wait()


@qubes.step("the first gets a lease and pings")
def _(m):
    m.net.use_nic()


@qubes.step("the second reads the stick, writes to it, and reads it back")
def _(m):
    read_stick(m.usb.sh, "/dev/sda")
    sums = m.usb.sh(
        "dd if=/dev/urandom of=/tmp/data bs=64k count=8 2>/dev/null; "
        "dd if=/tmp/data of=/dev/sda bs=64k seek=16 conv=fsync 2>/dev/null; "
        "echo 3 >/proc/sys/vm/drop_caches; sha256sum </tmp/data; "
        "dd if=/dev/sda bs=64k skip=16 count=8 2>/dev/null | sha256sum",
        60).split()
    if len(sums) != 4 or sums[0] != sums[2]:
        raise Failure("what was written reads back differently: %s" % sums)


@qubes.step("a third guest pings through the first, with memory granted to it")
def _(m):
    m.app = Guest(m, "app", more=['vif = [ "backend=net" ]'])
    m.sh("rm -f %s; xl create /tmp/app.cfg" % m.app.log, 40)
    path = "/local/domain/%d/backend/vif/%d/0" % (
        m.net.domid(), m.app.domid())
    m.net.sh(until("[ -e /sys/class/net/vif%d.0 ]" % m.app.domid(), 20))
    # What a hotplug script in the first guest would do and say.
    m.net.sh("v=vif%d.0; for f in all/forwarding all/proxy_arp eth0/proxy_arp "
             "$v/proxy_arp; do echo 1 >/proc/sys/net/ipv4/conf/$f; done; "
             "ip link set $v up; ip route add 10.0.2.99 dev $v" %
             m.app.domid())
    m.sh("xenstore-write %s/hotplug-status connected" % path)
    m.app.wait()
    m.app.sh("ip link set eth0 up; ip addr add 10.0.2.99/24 dev eth0")
    # The first ones may be lost while addresses are resolved.
    m.app.run("ping -c 4 10.0.2.2", 40)
    # Longer than what the backend copies instead of mapping it.
    out = m.app.sh("ping -c 20 -i 0.1 -s 1400 -W 2 10.0.2.2", 60)
    if " 0% packet loss" not in out:
        raise Failure("pings got lost: " + out[-300:])


@qubes.step("no fault, and edu in the first guest cannot write the third's "
            "memory", vital=False)
def _(m):
    if "moat: fault" in m.log:
        raise Failure(m.log[m.log.index("moat: fault"):][:200])
    _, theirs = probe.page(m, "app", m.app.sh)
    _, own = probe.page(m, "net", m.net.sh)
    probe.reaches(m, own)
    probe.blocked_write(m, theirs, theirs)


@qubes.step("memory that a guest gives back is out of its devices' reach",
            vital=False)
def _(m):
    m.net.start("ping -c 60 -i 0.1 10.0.2.2")
    m.sh("xl mem-set net 96")
    m.sh(until("[ $(xl list net | awk 'END { print $3 }') -le 97 ]", 10))
    m.sh("xl mem-set net 128")
    m.sh(until("[ $(xl list net | awk 'END { print $3 }') -ge 127 ]", 10))
    if " 0% packet loss" not in m.net.finish(40):
        raise Failure("pings got lost")
    _, own = probe.page(m, "grown", m.net.sh)
    probe.reaches(m, own)


@qubes.step("all are destroyed; the stick is dom0's again, which reads it")
def _(m):
    for guest in (m.app, m.usb):
        guest.destroy()
    m.sh("xl pci-assignable-remove -r %s 2>&1 || xl pci-assignable-remove %s; "
         "echo %s >/sys/bus/pci/drivers_probe" % ((usb(m),) * 3))
    read_stick(m.sh, "/dev/sda")


@qubes.step("the machine sleeps and wakes")
def _(m):
    m.sh("xl pci-assignable-add " + m.nvme)
    sleep_and_wake(m)


@qubes.step("dom0's devices work after that", vital=False)
def _(m):
    read_stick(m.sh, "/dev/sda")


@qubes.step("edu of the guest reaches its memory, and no other", vital=False)
def _(m):
    _, own = probe.page(m, "awake", m.net.sh)
    _, foreign = probe.page(m, "dom0")
    probe.reaches(m, own)
    probe.blocked_write(m, foreign, foreign)


@qubes.step("the disk that was in quarantine works in a new guest")
def _(m):
    m.net.destroy()
    m.last = Guest(m, "awake", [m.nvme]).create()
    m.last.use_nvme()


@qubes.step("edu in quarantine is blocked", vital=False)
def _(m):
    _, foreign = probe.page(m, "dom0")
    probe.blocked_write(m, foreign, foreign)


# Not powered off: after S3 the emulated machine does not end by itself, with
# Xen as it is either ("Entering ACPI S5 state", "Finishing wakeup from" it).
@qubes.step("the guest is destroyed, and xl still works")
def _(m):
    m.last.destroy()
    m.sh("xl info >/dev/null; xl list | grep -q Domain-0")


def sleep_and_wake(m):
    """S3 of the whole machine, by way of dom0. Nothing is sent to dom0 before
    it is back: its serial line would lose it."""
    def wake():
        end = time.monotonic() + patience(30)
        while m.monitor("query-status")["status"] != "suspended":
            if time.monotonic() > end:
                return
            time.sleep(0.1)
        m.monitor("system_wakeup")

    thread = threading.Thread(target=wake)
    thread.start()
    m.sh("echo mem >/sys/power/state", 60)
    thread.join()
    m.wait_log("Finishing wakeup from ACPI S3", 1)


amd = Scenario("amd-qubes", dict(iommu="amd", more=devices))
amd.steps = qubes.steps
