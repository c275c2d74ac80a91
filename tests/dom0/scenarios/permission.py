"""What a guest must not ask of Xen (XSA-492): who is in a device's group,
whether a device can be had, to have it, to lose it, that it comes or goes.

The refusal is the same whatever the device is and wherever it is, or it would
tell the guest something; and of what is refused nothing is answered. What a
guest may not do, a device model's domain may not do to its guest either.
"""
import shlex

import tree
from guest import Guest
from harness import Scenario
from machine import EDU, Failure

ABSENT = "0000:00:1e.7"
DOM_IO = 0x7ff1
# Linux itself would refuse a guest's programs; a guest may have other kernels.
FREE = ['cmdline = "console=hvc0 iommu=soft xen_privcmd.unrestricted=1"']
# Nested paging, for the guest that has a device model; nothing else of HVM.
NESTED = ["-cpu", "qemu64,+rdrand,+npt"]


def questions(m, *domids):
    """Shell text that asks everything, a line for each answer."""
    calls = ["add", "virtual", "remove"]
    if tree.has(m, "include/public/physdev.h", "PHYSDEVOP_pci_device_reset"):
        calls += ["reset"]
    text = []
    for device in (m.nic, m.nvme, EDU, ABSENT):
        for domid in domids:
            for call in ("group", "test", "assign", "deassign"):
                # A test is for a guest that may be; group needs one, too.
                if domid != DOM_IO or call.endswith("assign"):
                    text.append("%s %d %s" % (call, domid, device))
        text += ["%s 0 %s %s" % (call, device, m.nic if call == "virtual"
                                 else "") for call in calls]
    return text


def all_refused(asked, sh, error):
    out = sh("printf '%%s\\n' %s | while read -r q; do "
             "echo \"$(hyper ask $q) [$q]\"; done" %
             " ".join(shlex.quote(q) for q in asked), 120).splitlines()
    wrong = [line for line in out if not line.split("[")[0].strip() ==
             "%s: %s" % (line.split(":")[0], error)]
    if len(out) != len(asked) or wrong:
        raise Failure("%d questions, %d answers; not %s: %s" % (
            len(asked), len(out), error, " | ".join(wrong[:6])))


def places(m):
    """Who has what, as xl knows it."""
    return m.sh("xl pci-list mine; xl pci-assignable-list; "
                "ls /sys/bus/pci/devices; ls -l /sys/bus/pci/devices/%s/driver"
                % m.nvme)


def permission(name, error="EPERM", label="", build="", **options):
    s = Scenario(name, dict(options, more=NESTED), build=build)

    @s.step("dom0 asks, and is answered")
    def _(m):
        m.wait_dom0()
        for device in (m.nic, EDU):
            m.sh("xl pci-assignable-add " + device)
            if label:
                m.sh("flask-label-pci %s %s" % (device, label))
        m.guest = Guest(m, "mine", [m.nic], more=FREE).create()
        for question, answer in (
                ("group 0 " + EDU, "group: done"),
                ("test 0 " + EDU, "test: EINVAL"),      # for itself
                ("test %d %s" % (m.guest.domid(), EDU), "test: done"),
                ("remove 0 " + ABSENT, "remove: ENODEV")):
            said = m.sh("hyper ask " + question)
            if said != answer:
                raise Failure("%s: %s" % (question, said))

    @s.step("a guest is refused all of it, for its own device, one in "
            "quarantine, one of dom0, and none")
    def _(m):
        m.before = places(m)
        own = m.guest.domid()
        # Flask comes after the question whether a domain means itself.
        all_refused(questions(m, *([0, DOM_IO] if label else
                                   [0, own, DOM_IO])), m.guest.sh, error)

    @s.step("and nothing has changed")
    def _(m):
        if places(m) != m.before:
            raise Failure("it was " + m.before + "; now " + places(m))
        m.guest.use_nic()

    def policy_forbids(_):
        return label and "the policy lets this guest serve no other"

    @s.step("the domain of a device model is refused, too",
            needs=policy_forbids)
    def _(m):
        m.sh("xl pci-assignable-add " + m.nvme)
        m.before = places(m)
        served = int(m.sh("hyper serve %d" % m.guest.domid()))
        if m.sh("hyper ask test %d %s" % (served, EDU)) != "test: done":
            raise Failure("a device cannot be given to what it serves")
        all_refused(questions(m, served), m.guest.sh, error)
        if places(m) != m.before:
            raise Failure("it was " + m.before + "; now " + places(m))

    @s.step("the machine powers off")
    def _(m):
        m.guest.destroy()
        m.power_off()

    return s


intel = permission("permission")
amd = permission("amd-permission", iommu="amd")
flask = permission("flask-permission", "EACCES",
                   "system_u:object_r:nic_dev_t", "xsm")
