"""Bad firmware tables, handed to Xen through GRUB.

Where the records can be told apart, a bad one costs what it describes and no
more; where they cannot, the layer stays off, says where in the table it lost
its way, and Xen boots without passthrough.
"""
import re

import dmar
import probe
from dmar import BRIDGE, ENDPOINT, Table, endpoint, scope
from grub import boot, registers
from guest import Guest
from harness import Scenario
from machine import EDU, LOW, SPARE, Failure
from oracle import expect_complaint

# Further edu devices, each with something wrong about it.
OTHERS = ["0000:00:%02x.0" % n for n in range(5, 10)]
MORE = [word for n in range(5, 10)
        for word in ("-device", "edu,addr=%d,dma_mask=0xffffffffffffffff" % n)]

FIRST, LAST = LOW - 0x2000, LOW - 1
ONES, MUTE = SPARE, SPARE + 0x1000
# Version 1.0 and the capabilities of QEMU's unit: credible, but it is memory.
MUTE_REGISTERS = registers(0x10, 0x00d2008c22260286, 0xf00f4a)


def boots(m):
    m.wait_dom0()
    m.wait_log(r"ACPI: (DMAR|IVRS) .*MOAT", 1)


def refused(m, device):
    """A guest does not get the device, and Xen says why."""
    since = m.mark()
    m.run("xl pci-assignable-add " + device)
    name = "no" + device[8:10]
    Guest(m, name, [device])
    status, out = m.run("xl create /tmp/%s.cfg" % name, 60)
    if status == 0:
        raise Failure("%s was given to a guest" % device)
    m.check_alive()
    if not re.search(r"moat: .*%s.*[a-z]{2,} [a-z]{2,}" % re.escape(device),
                     m.log[since:]):
        raise Failure("%s is refused, but Xen does not say why: %s" %
                      (device, m.log[since:][-200:]))


def nic_works(m):
    m.sh("xl pci-assignable-add " + m.nic)
    m.guest = Guest(m, "sound", [m.nic]).create()
    m.guest.use_nic()


def ends(m):
    m.guest.destroy()
    m.power_off()


# -- Records that are wrong, each in its own way ------------------------------

INVERTED, IN_RAM, NO_SCOPE = OTHERS[0], OTHERS[1], OTHERS[2]

_bad = Table()
_bad.unit("main", dmar.UNIT,
          scope(dmar.IOAPIC, dmar.IOAPIC_BUS, dmar.IOAPIC_PATH,
                ident=dmar.IOAPIC_ID),
          scope(BRIDGE, 0, (2, 0)), scope(BRIDGE, 0, (3, 0)),
          *[scope(ENDPOINT, 0, path) for path in
            ((0, 0), (1, 0), (4, 0), (5, 0), (6, 0),
             (0x1f, 0), (0x1f, 2), (0x1f, 3))])
_bad.region("limit below base", LAST + 1 - 0x1000, FIRST - 1,
            endpoint(INVERTED))
_bad.region("in ordinary RAM", 0x10000000, 0x10000fff, endpoint(IN_RAM))
_bad.region("empty scope", FIRST, LAST)
_bad.record("too short", 1, bytes(16))
_bad.record("unknown type", 99, bytes(12))
_bad.region("sound", FIRST, LAST, endpoint(EDU))

records = Scenario("bad-records", dict(boot=boot(_bad.bytes()), more=MORE))


@records.step("Xen boots dom0 with I/O virtualisation all the same")
def _(m):
    boots(m)
    m.wait_log(r"I/O virtualisation enabled", 1)


for _name in ("limit below base", "in ordinary RAM", "empty scope",
              "too short"):
    @records.step("the region (%s) is named by its offset, with the reason" %
                  _name, vital=False)
    def _(m, name=_name):
        expect_complaint(m, _bad, name)


@records.step("the sound region is mapped for its device in quarantine")
def _(m):
    m.sh("xl pci-assignable-add " + EDU)
    probe.reaches(m, FIRST)


@records.step("the NIC works in a guest")
def _(m):
    nic_works(m)


@records.step("the device with a region in ordinary RAM is refused",
              vital=False)
def _(m):
    refused(m, IN_RAM)


@records.step("a device in no unit's scope is refused", vital=False)
def _(m):
    refused(m, NO_SCOPE)


@records.step("the machine powers off")
def _(m):
    ends(m)


# -- Units that are not there, or not well ------------------------------------

_units = Table()
_units.unit("registers read zero", 0xfed98000, endpoint(OTHERS[0]))
_units.unit("registers read all ones", ONES, endpoint(OTHERS[1]))
_units.unit("never answers", MUTE, endpoint(OTHERS[2]))
_units.unit("beyond the host's addresses", 1 << 45, endpoint(OTHERS[3]))
_units.unit("unaligned address", 0xfed90123, endpoint(OTHERS[4]))
_units.main_unit()

units = Scenario("bad-units", dict(more=MORE, boot=boot(
    _units.bytes(), {ONES: [0xffffffff] * 256, MUTE: MUTE_REGISTERS})))


@units.step("Xen boots dom0 with I/O virtualisation all the same")
def _(m):
    boots(m)
    m.wait_log(r"I/O virtualisation enabled", 1)


for _name in list(_units.extents)[:-1]:
    @units.step("the unit (%s) is named, with the reason" % _name,
                vital=False)
    def _(m, name=_name):
        expect_complaint(m, _units, name)


@units.step("the NIC works in a guest")
def _(m):
    nic_works(m)


for _name, _device in zip(_units.extents, OTHERS):
    @units.step("the device of the unit (%s) is refused" % _name, vital=False)
    def _(m, device=_device):
        refused(m, device)


@units.step("the machine powers off")
def _(m):
    ends(m)


# -- Nothing can be trusted ---------------------------------------------------

def hopeless(name, title, table, record, length=None, fill=None, **options):
    s = Scenario(name, dict(options, boot=boot(table.bytes(length), fill)))

    @s.step("(%s) Xen boots dom0 all the same" % title)
    def _(m):
        boots(m)

    @s.step("the place in the table, or the unit, and the reason are named",
            vital=False)
    def _(m):
        expect_complaint(m, table, record)

    @s.step("the layer stays off: xl info promises nothing", vital=False)
    def _(m):
        caps = m.sh("xl info virt_caps").split()
        if "pv_directio" in caps or "hvm_directio" in caps:
            raise Failure("virt_caps are " + " ".join(caps))

    @s.step("xl refuses a guest with a device, and gives the reason",
            vital=False)
    def _(m):
        m.run("xl pci-assignable-add " + m.nic)
        Guest(m, "refused", [m.nic])
        status, out = m.run("xl create /tmp/refused.cfg")
        if status == 0 or "not supported on this platform" not in out:
            raise Failure("status %d: %s" % (status, out[-200:]))

    @s.step("the machine powers off")
    def _(m):
        m.power_off()

    return s


_zero = Table().main_unit().record("zero", 1, bytes(20), length=0)
_past = Table().main_unit().region("past", FIRST, LAST, endpoint(EDU),
                                   length=200)
_mute = Table().unit("mute", MUTE, everything=True)

off = [
    hopeless("record-zero", "a record of length zero", _zero, "zero"),
    hopeless("record-past-end", "a record past the table's end", _past,
             "past"),
    hopeless("table-truncated", "the table ends within a record", _past,
             "past", length=len(_past.bytes()) - 9),
    hopeless("unit-mute", "the only unit never answers", _mute, "mute",
             fill={MUTE: MUTE_REGISTERS}),
]

force = Scenario("force", dict(boot=boot(_zero.bytes()),
                               xen_args="iommu=force"))


@force.step("with iommu=force and a record of length zero Xen stops")
def _(m):
    m.stopping = True           # what is a crash elsewhere is wanted here
    m.wait_log(r"Panic on CPU", 30)


@force.step("the place in the table and the reason are named", vital=False)
def _(m):
    expect_complaint(m, _zero, "zero")
