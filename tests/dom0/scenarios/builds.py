"""What make builds beside the hypervisor, and options, each in a machine of
its own: boots, hands out devices, keeps others out.
"""
import os
import struct

import probe
from guest import Guest
from harness import Scenario
from machine import EDU, Failure


def efi_is_sound(path):
    with open(path, "rb") as f:
        data = f.read(4096)
    at, = struct.unpack_from("<I", data, 0x3c)
    # PE: signature, machine (8664h: x86-64), and the optional header's
    # subsystem (10: UEFI application).
    if (data[:2] != b"MZ" or data[at:at + 4] != b"PE\0\0" or
            struct.unpack_from("<H", data, at + 4)[0] != 0x8664 or
            struct.unpack_from("<H", data, at + 24 + 68)[0] != 10):
        raise Failure(path + " is none")


def build(name, variant, what, config, says="", label="", **options):
    """A scenario with a variant of the hypervisor, whose configuration has
    the lines config, and whose log says the pattern; under Flask, devices for
    guests get the label, and are refused before."""
    s = Scenario(name, options, build=variant)

    @s.step("Xen built with %s boots dom0" % what)
    def _(m):
        out = os.path.dirname(m.xen)
        with open(os.path.join(out, "tree", "xen", ".config")) as f:
            lines = f.read().split("\n")
        for line in config:
            if line not in lines:
                raise Failure("its configuration lacks " + line)
        m.wait_dom0()
        m.wait_log(r"I/O virtualisation enabled", 1)
        if says:
            m.wait_log(says, 1)

    @s.step("xen.efi is a 64-bit program for UEFI", vital=False,
            needs="xen.efi")
    def _(m):
        out = os.path.dirname(m.xen)
        for folder in (out[:-len("-" + variant)], out):
            efi_is_sound(os.path.join(folder, "xen.efi"))

    if label:
        @s.step("the policy refuses a guest a device that has no label")
        def _(m):
            m.sh("xl pci-assignable-add " + m.nic)
            m.guest = Guest(m, "none", [m.nic])
            if m.run("xl create /tmp/none.cfg", 60)[0] == 0:
                raise Failure("the guest is created")
            m.sh("xl list | grep -q '^none ' && exit 1; "
                 "xl pci-assignable-remove " + m.nic)

    @s.step("a PV guest with NIC and disk uses both")
    def _(m):
        for device in (m.nic, m.nvme):
            if label:
                m.sh("flask-label-pci %s %s" % (device, label))
            m.sh("xl pci-assignable-add " + device)
        m.guest = Guest(m, "guest", [m.nic, m.nvme]).create()
        m.guest.use_nic()
        m.guest.use_nvme()

    @s.step("edu in quarantine is blocked")
    def _(m):
        _, page = probe.page(m, "dom0")
        _, other = probe.page(m, "other")
        probe.load(m, page)
        m.sh("xl pci-assignable-add " + EDU)
        probe.blocked_write(m, page, page)
        # What it reads now shows when it is back in dom0.
        secret = probe.pattern(256)
        m.ram.write(other, secret)
        probe.get(m, other)
        m.sh("xl pci-assignable-remove " + EDU)
        probe.put(m, page)
        if m.ram.read(page, 256) == secret:
            raise Failure("it reads dom0's memory")

    @s.step("the machine powers off")
    def _(m):
        m.guest.destroy()
        m.power_off()

    return s


def nohvm(name, **options):
    return build(name, "nohvm", "HVM=n", ["# CONFIG_HVM is not set"],
                 **options)


def debug(name, **options):
    return build(name, "debug", "assertions, and a scratch page in "
                 "quarantine,", [
                     "CONFIG_DEBUG=y",
                     "CONFIG_IOMMU_QUARANTINE_SCRATCH_PAGE=y"],
                 "Xen version.*debug=y", **options)


def xsm(name, **options):
    return build(name, "xsm", "Flask and a policy", [
        "CONFIG_XSM_FLASK=y", "CONFIG_XSM_FLASK_POLICY=y"],
                 "Flask:.*[Ee]nforcing", "system_u:object_r:nic_dev_t",
                 **options)


intel = [nohvm("no-hvm"), debug("debug"), xsm("flask")]
amd = [debug("amd-debug", iommu="amd"), xsm("amd-flask", iommu="amd")]
