"""What make builds beside build/xen/xen."""
import os
import struct

import probe
from guest import Guest
from harness import Scenario
from machine import BUILD, EDU, Failure

NO_HVM = os.path.join(BUILD, "xen-nohvm")

nohvm = Scenario("no-hvm", dict(xen=os.path.join(NO_HVM, "xen")))


@nohvm.step("Xen built without HVM boots dom0")
def _(m):
    with open(os.path.join(NO_HVM, "tree", "xen", ".config")) as f:
        if "CONFIG_HVM=y" in f.read():
            raise Failure("it is built with HVM")
    m.wait_dom0()
    m.wait_log(r"I/O virtualisation enabled", 1)


@nohvm.step("xen.efi is a 64-bit program for UEFI, with and without HVM",
            vital=False)
def _(m):
    for name in ("xen", "xen-nohvm"):
        path = os.path.join(BUILD, name, "xen.efi")
        with open(path, "rb") as f:
            data = f.read(4096)
        at, = struct.unpack_from("<I", data, 0x3c)
        # PE: signature, machine (8664h: x86-64), and the optional header's
        # subsystem (10: UEFI application).
        if (data[:2] != b"MZ" or data[at:at + 4] != b"PE\0\0" or
                struct.unpack_from("<H", data, at + 4)[0] != 0x8664 or
                struct.unpack_from("<H", data, at + 24 + 68)[0] != 10):
            raise Failure(path + " is none")


@nohvm.step("a PV guest with the NIC gets a lease and pings")
def _(m):
    m.sh("xl pci-assignable-add " + m.nic)
    m.guest = Guest(m, "nohvm", [m.nic]).create()
    m.guest.use_nic()


@nohvm.step("edu in quarantine is blocked")
def _(m):
    _, page = probe.page(m, "dom0")
    probe.load(m, page)
    m.sh("xl pci-assignable-add " + EDU)
    probe.blocked_write(m, page, page)


@nohvm.step("the machine powers off")
def _(m):
    m.guest.destroy()
    m.power_off()
