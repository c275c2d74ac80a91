"""Devices that are not simply there: behind a bridge whose id they share,
added and removed at run time, virtual functions.
"""
import re

import probe
from guest import Guest
from harness import Scenario
from machine import EDU, Failure, until
from sharing import refused

MASK = "dma_mask=0xffffffffffffffff"


def devices(m):
    """Bridges at 00:06.0 (one edu) and 00:07.0 (two), an empty hot-plug port
    at 00:08.0, an NVMe controller with virtual functions at 00:09.0."""
    vf = ("sriov_max_vfs=2,sriov_vq_flexible=4,sriov_vi_flexible=2,"
          "max_ioqpairs=8,msix_qsize=9")
    words = [
        "-device", "nvme-subsys,id=ss0",
        "-drive", "if=none,id=d1,format=raw,file=" + m.nvme_image("vf.img"),
        "-device", "pcie-root-port,id=rp4,slot=4,chassis=4,addr=8"]
    if m.iommu == "amd":
        return words + [
            "-device", "nvme,id=pf,serial=pf,subsys=ss0,addr=9," + vf,
            "-device", "nvme-ns,drive=d1,bus=pf"]
    return words + [
        "-device", "pcie-pci-bridge,id=pb1,addr=6",
        "-device", "edu,bus=pb1,addr=1," + MASK,
        "-device", "pcie-pci-bridge,id=pb2,addr=7",
        "-device", "edu,bus=pb2,addr=1," + MASK,
        "-device", "edu,bus=pb2,addr=2," + MASK,
        "-device", "pcie-root-port,id=rp5,slot=5,chassis=5,addr=9,"
        "mem-reserve=4M",
        "-device", "nvme,id=pf,serial=pf,subsys=ss0,bus=rp5," + vf,
        "-device", "nvme-ns,drive=d1,bus=pf"]


def behind(m, bridge):
    """The devices on the bus behind a bridge, in dom0's view."""
    out = m.sh("ls /sys/bus/pci/devices/%s | grep '^0000:'; true" % bridge)
    return sorted(w for w in out.split()
                  if re.fullmatch(r"0000:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]", w))


def in_guest(m, guest, *found):
    """DMA of each reaches the guest's memory, and not dom0's."""
    _, page = probe.page(m, guest.name, guest.sh)
    for device in found:
        probe.reaches(m, page, device)
        probe.blocked_write(m, m.foreign, m.foreign, device)


def appears(m, device, seconds=20):
    m.sh(until("[ -e /sys/bus/pci/devices/%s ]" % device, seconds),
         seconds + 10)


topology = Scenario("topology", dict(more=devices))


@topology.step("Xen boots dom0 with I/O virtualisation")
def _(m):
    m.wait_dom0()
    m.wait_log(r"I/O virtualisation enabled", 1)
    _, m.foreign = probe.page(m, "dom0")
    m.guest = Guest(m, "guest", later=True).create()


@topology.step("a device behind a PCIe-to-PCI bridge reaches dom0's memory",
               needs="buses")
def _(m):
    m.single, = behind(m, "0000:00:06.0")
    m.pair = behind(m, "0000:00:07.0")
    for device in [m.single] + m.pair:
        probe.reaches(m, m.foreign, device)


@topology.step("in quarantine it does not", needs="buses")
def _(m):
    probe.load(m, m.foreign, m.single)
    m.sh("xl pci-assignable-add " + m.single)
    probe.blocked_write(m, m.foreign, m.foreign, m.single)


@topology.step("in a guest it reaches the guest's memory, and no other",
               needs="buses")
def _(m):
    m.guest.attach(m.single)
    in_guest(m, m.guest, m.single)
    m.sh("xl pci-detach guest %s; xl pci-assignable-remove %s" % (
        m.single, m.single))
    probe.reaches(m, m.foreign, m.single)


@topology.step("Xen names the other as one of its group", vital=False,
               needs="buses")
def _(m):
    first, second = m.pair
    for device, other in ((first, second), (second, first)):
        found = m.sh("hyper group 0 " + device).split()
        if other not in found or m.single in found:
            raise Failure("the group of %s is %s" % (device, found))


@topology.step("of two behind one bridge, one alone is refused, and the other "
               "named", vital=False, needs="buses")
def _(m):
    first, second = m.pair
    m.sh("xl pci-assignable-add " + first)
    refused(m, "xl pci-attach guest " + first, re.escape(first),
            re.escape(second), r"\b(dom0|d0)\b")
    # It still is where the other is.
    probe.reaches(m, m.foreign, second)


@topology.step("together they are given to a guest, and work", needs="buses")
def _(m):
    m.sh("xl pci-assignable-add " + m.pair[1])
    for device in m.pair:
        probe.blocked_write(m, m.foreign, m.foreign, device)
        m.guest.attach(device)
    in_guest(m, m.guest, *m.pair)


@topology.step("and go back to dom0 together", needs="buses")
def _(m):
    for device in m.pair:
        m.sh("xl pci-detach guest " + device)
    for device in m.pair:
        m.sh("xl pci-assignable-remove " + device)
    for device in m.pair:
        probe.reaches(m, m.foreign, device)


@topology.step("a device of dom0 is removed and found again, and works")
def _(m):
    probe.reaches(m, m.foreign)
    m.sh("echo 1 >/sys/bus/pci/devices/%s/remove" % EDU)
    m.sh("[ ! -e /sys/bus/pci/devices/%s ]; echo 1 >/sys/bus/pci/rescan" % EDU)
    appears(m, EDU)
    probe.reaches(m, m.foreign)


@topology.step("one in quarantine is removed, found again, and works in a "
               "guest")
def _(m):
    m.sh("xl pci-assignable-add " + EDU)
    probe.blocked_write(m, m.foreign, m.foreign)
    m.sh("echo 1 >/sys/bus/pci/devices/%s/remove" % EDU)
    m.sh("echo 1 >/sys/bus/pci/rescan")
    appears(m, EDU)
    m.guest.attach(EDU)
    in_guest(m, m.guest, EDU)
    m.sh("xl pci-detach guest " + EDU)
    probe.blocked_write(m, m.foreign, m.foreign)


@topology.step("a device that is plugged in works in dom0")
def _(m):
    m.monitor("device_add", driver="edu", id="hot", bus="rp4",
              dma_mask=0xffffffffffffffff)
    m.wait_for("a device behind the port",
               lambda: behind(m, "0000:00:08.0"), 20)
    m.hot, = behind(m, "0000:00:08.0")
    probe.reaches(m, m.foreign, m.hot)


@topology.step("in quarantine it is blocked, in a guest it works")
def _(m):
    m.sh("xl pci-assignable-add " + m.hot)
    probe.blocked_write(m, m.foreign, m.foreign, m.hot)
    m.guest.attach(m.hot)
    in_guest(m, m.guest, m.hot)


@topology.step("unplugged and plugged again, it is dom0's, and works")
def _(m):
    m.sh("xl pci-detach guest %s; xl pci-assignable-remove %s" % (
        m.hot, m.hot))
    m.monitor("device_del", id="hot")
    m.wait_for("the device goes",
               lambda: not behind(m, "0000:00:08.0"), 20)
    m.monitor("device_add", driver="edu", id="again", bus="rp4",
              dma_mask=0xffffffffffffffff)
    appears(m, m.hot)
    probe.reaches(m, m.foreign, m.hot)


@topology.step("the machine powers off")
def _(m):
    m.guest.destroy()
    m.power_off()


amd = Scenario("amd-topology", dict(iommu="amd", more=devices))
amd.steps = topology.steps


# -- A virtual function -------------------------------------------------------

virtual = Scenario("virtual", dict(hvm=True, more=devices))


@virtual.step("Xen boots dom0 with I/O virtualisation")
def _(m):
    m.wait_dom0()
    m.wait_log(r"I/O virtualisation enabled", 1)


def controller(m, bdf):
    """The name of an NVMe controller, nvme0 or another."""
    return m.sh("ls /sys/bus/pci/devices/%s/nvme" % bdf).strip()


def make_virtual(m):
    """Of the NVMe controller one virtual function, m.vf, which no driver has
    yet."""
    m.pf = "0000:00:09.0" if m.iommu == "amd" else behind(m, "0000:00:09.0")[0]
    m.vf = m.pf[:-1] + "1"
    name = controller(m, m.pf)
    # Virtualization Management (NVMe 1.4, section 5.22): the flexible queues
    # (0) and interrupts (1) are taken from the primary controller (action 1),
    # which notices at its next reset.
    for kind in (1, 0):
        m.sh("dma nvme /dev/%s 0x1c 0x%x 0" % (name, kind << 8 | 1))
    m.sh("echo 1 >/sys/bus/pci/devices/%s/reset" % m.pf, 60)
    m.sh("echo 0 >/sys/bus/pci/devices/%s/sriov_drivers_autoprobe" % m.pf)
    m.sh("echo 1 >/sys/bus/pci/devices/%s/sriov_numvfs" % m.pf)
    appears(m, m.vf)
    m.sh("echo 1 >/sys/bus/pci/devices/%s/sriov_drivers_autoprobe" % m.pf)
    name = controller(m, m.pf)
    # Given to secondary controller 1 (action 8), which goes online (9).
    for kind, action, n in ((1, 8, 1), (0, 8, 2), (0, 9, 0)):
        m.sh("dma nvme /dev/%s 0x1c 0x%x %d" % (
            name, 1 << 16 | kind << 8 | action, n))


@virtual.step("dom0 makes a virtual function of an NVMe controller")
def _(m):
    make_virtual(m)


# An HVM guest: a virtual function has no interrupt line, and pcifront gives
# QEMU's NVMe no MSI-X.
@virtual.step("the virtual function works in a guest", needs="device model")
def _(m):
    m.sh("xl pci-assignable-add " + m.vf)
    guest = Guest(m, "virtual", [m.vf], kind="hvm", memory=160).create(90)
    guest.use_nvme()
    guest.destroy()


@virtual.step("the machine powers off")
def _(m):
    m.power_off()


amd_virtual = Scenario("amd-virtual", dict(iommu="amd", hvm=True,
                                           more=devices))
amd_virtual.steps = virtual.steps
