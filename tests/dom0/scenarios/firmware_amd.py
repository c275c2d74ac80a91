"""Bad IVRSs, handed to Xen through GRUB; the principle is that of
firmware.py. Several are made after tables of real machines, on which other
systems lose the whole IOMMU.
"""
import ivrs
import probe
from firmware import boots, ends, hopeless, nic_works, refused
from grub import boot
from harness import Scenario
from ivrs import (ONE, RANGE, READ, RW, UNITY, WRITE, Table, ioapic, rid,
                  select, span)
from machine import EDU, LOW, SPARE, Failure
from oracle import expect_complaint

# Further edu devices, each with something about it.
OTHERS = ["0000:00:%02x.0" % n for n in range(5, 11)]
MORE = [word for n in range(5, 11)
        for word in ("-device", "edu,addr=0x%x,dma_mask=0xffffffffffffffff" % n)]
PAGE = 0x1000
FIRST = LOW - PAGE
OTHER = LOW - 2 * PAGE


# -- Blocks that are wrong, each in its own way -------------------------------

IN_RAM, RIGHTS, COVERED, NO_UNIT, ONE_WAY, OTHER_WAY = OTHERS

# The host bridge, 00:00.0, and the unit's own function, 00:02.0, are in no
# unit's list: firmware often has it so.
_bad = Table()
_bad.main_unit(select("0000:00:01.0"), span(rid(EDU), rid(COVERED) | 7),
               span(rid(ONE_WAY), 0x8f), span(0xf8, 0xff), ioapic())
# Kept on one Zen 5 machine for 00:0c.0, all zero.
_bad.memory("empty", ONE, RW, 0, 0, 0x60)
_bad.block("unknown type", 0x51, 0, bytes(20))
_bad.memory("in ordinary RAM", ONE, RW, 0x10000000, PAGE, rid(IN_RAM))
_bad.memory("sound", ONE, RW, FIRST, PAGE, rid(EDU))
_bad.memory("other rights", ONE, UNITY | READ, FIRST, PAGE, rid(RIGHTS))
_bad.memory("in part behind no unit", RANGE, RW, OTHER, PAGE, rid(COVERED),
            rid(NO_UNIT) | 7)
_bad.memory("of no device", RANGE, RW, OTHER, PAGE, 0xfe00, 0xffff)
_bad.memory("for a device behind no unit", ONE, RW, OTHER, PAGE, 0xff00)
_bad.memory("range turned round", RANGE, RW, OTHER, PAGE, 0x40, 0x38)
_bad.memory("to be read", ONE, UNITY | READ, LOW - 3 * PAGE, PAGE,
            rid(ONE_WAY))
_bad.memory("to be written", ONE, UNITY | WRITE, LOW - 4 * PAGE, PAGE,
            rid(OTHER_WAY))
_bad.block("too short", ONE, RW, bytes(16))

records = Scenario("amd-bad-records", dict(
    iommu="amd", more=MORE, boot=boot(_bad.bytes())))


@records.step("Xen boots dom0 with I/O virtualisation all the same")
def _(m):
    boots(m)
    m.wait_log(r"I/O virtualisation enabled", 1)


@records.step("and remaps interrupts")
def _(m):
    m.wait_log(r"Interrupt remapping enabled", 1)


for _name in ("empty", "in ordinary RAM", "other rights",
              "in part behind no unit", "of no device",
              "for a device behind no unit", "range turned round",
              "too short"):
    @records.step("the memory (%s) is named by its offset, with the reason" %
                  _name, vital=False)
    def _(m, name=_name):
        expect_complaint(m, _bad, name)


@records.step("the sound region is mapped for its device in quarantine")
def _(m):
    m.sh("xl pci-assignable-add " + EDU)
    probe.reaches(m, FIRST)


@records.step("so is the one that names devices behind no unit, for the other")
def _(m):
    m.sh("xl pci-assignable-add " + COVERED)
    probe.reaches(m, OTHER, COVERED)


@records.step("a region to be read is read in quarantine, and not written")
def _(m):
    one, two = LOW - 3 * PAGE, LOW - 4 * PAGE
    for device in (ONE_WAY, OTHER_WAY):
        m.sh("xl pci-assignable-add " + device)
    data = probe.pattern(256)
    m.ram.write(one, data)
    probe.get(m, one, 256, ONE_WAY)
    probe.blocked_write(m, one, one, ONE_WAY)
    # What it read shows in dom0, where it may write.
    m.sh("xl pci-assignable-remove " + ONE_WAY)
    _, m.page = probe.page(m, "dom0")
    probe.put(m, m.page, 256, ONE_WAY)
    if m.ram.read(m.page, 256) != data:
        raise Failure("it does not read its region")
    # The other one is loaded by dom0, and brings it to the region.
    m.sh("xl pci-assignable-remove " + OTHER_WAY)
    data = probe.load(m, m.page, OTHER_WAY)
    m.sh("xl pci-assignable-add " + OTHER_WAY)
    probe.put(m, two, 256, OTHER_WAY)
    if m.ram.read(two, 256) != data:
        raise Failure("it does not write its region")
    m.ram.write(two, bytes(256))


@records.step("a region to be written is not read")
def _(m):
    two = LOW - 4 * PAGE
    secret = probe.pattern(256)
    m.ram.write(two, secret)
    probe.get(m, two, 256, OTHER_WAY)
    m.sh("xl pci-assignable-remove " + OTHER_WAY)
    probe.put(m, m.page, 256, OTHER_WAY)
    if m.ram.read(m.page, 256) == secret:
        raise Failure("it reads it")


@records.step("the NIC works in a guest")
def _(m):
    nic_works(m)


for _name, _device in (("a region in ordinary RAM", IN_RAM),
                       ("a region that another has with other rights",
                        RIGHTS),
                       ("no unit", NO_UNIT)):
    @records.step("the device with %s is refused" % _name, vital=False)
    def _(m, device=_device):
        refused(m, device)


@records.step("the machine powers off")
def _(m):
    ends(m)


# -- Units that are not there, and devices that two of them claim -------------

# The registers of AMD's units take 16 KiB.
ONES, MUTE = LOW - 0x1c000, LOW - 0x18000
EFR, STATUS = 0x30, 0x2020
assert ONES >= SPARE

_units = Table()
_units.main_unit(span(0, 0x27), span(rid(OTHERS[3]), 0x8f), span(0xf8, 0xff),
                 ioapic())
_units.unit("registers read all ones", ONES, 0x7000, select(OTHERS[0]))
_units.unit("never answers", MUTE, 0x7100, select(OTHERS[1]))
_units.unit("unaligned address", 0xfed91230, 0x7200, select(OTHERS[2]))
# These claim devices that the main unit claims, too.
_units.unit("beyond the host's addresses", 1 << 45, 0x7300, select(OTHERS[4]))
_units.unit("registers read zero", 0xfed98000, 0x7400, select(OTHERS[5]))

units = Scenario("amd-bad-units", dict(
    iommu="amd", more=MORE, boot=boot(_units.bytes(), {
        ONES + EFR: [0xffffffff] * 2, ONES + STATUS: [0xffffffff] * 2})))


@units.step("Xen boots dom0 with I/O virtualisation all the same")
def _(m):
    boots(m)
    m.wait_log(r"I/O virtualisation enabled", 1)


# Each unit's own message: all units are announced, so that a message that
# names the unit shows nothing.
for _name, _why in (
        ("registers read all ones", r"0x%x: nothing answers" % ONES),
        ("never answers", r"0x%x: does not take commands" % MUTE),
        ("unaligned address", r"0x%x: a .* must be aligned to 16 KiB" %
         (_units.extents["unaligned address"][0] + 8)),
        ("beyond the host's addresses", r"0x%x: .* cannot be mapped" %
         (1 << 45)),
        ("registers read zero", r"0xfed98000: does not take commands")):
    @units.step("the unit (%s) is named, with the reason" % _name,
                vital=False)
    def _(m, why=_why):
        m.wait_log("moat: .*" + why, 1)


@units.step("that two units claim devices is said, with their ids",
            vital=False)
def _(m):
    m.wait_log(r"moat: .*both claim ids 0x%x to" % rid(OTHERS[4]), 1)


@units.step("the NIC works in a guest")
def _(m):
    nic_works(m)


for _name, _device in zip(
        ("of a unit that reads all ones", "of a unit that never answers",
         "of a unit at an unaligned address",
         "claimed by a unit that is nowhere",
         "claimed by a unit that reads zero"),
        OTHERS[:3] + OTHERS[4:]):
    @units.step("the device %s is refused" % _name, vital=False)
    def _(m, device=_device):
        refused(m, device)


@units.step("a device of the sound unit is in quarantine, and blocked")
def _(m):
    _, page = probe.page(m, "dom0")
    m.sh("xl pci-assignable-add " + OTHERS[3])
    probe.blocked_write(m, page, page, OTHERS[3])


@units.step("the machine powers off")
def _(m):
    ends(m)


# -- An IO-APIC that the table does not name ----------------------------------

_unnamed = Table().main_unit(span(0, 0xff))

ioapic_unnamed = Scenario("amd-ioapic", dict(
    iommu="amd", boot=boot(_unnamed.bytes())))
ioapic_given = Scenario("amd-ioapic-option", dict(
    iommu="amd", boot=boot(_unnamed.bytes()),
    xen_args="ivrs_ioapic[0]=00:14.0"))
ioapic_force = Scenario("amd-ioapic-force", dict(
    iommu="amd", boot=boot(_unnamed.bytes()), xen_args="iommu=force"))


@ioapic_unnamed.step("Xen boots dom0 with I/O virtualisation all the same")
def _(m):
    boots(m)
    m.wait_log(r"I/O virtualisation enabled", 1)


@ioapic_unnamed.step("interrupts are not remapped, and Xen says so")
def _(m):
    m.wait_log(r"Interrupt remapping disabled", 1)


@ioapic_unnamed.step("the message suggests the option that would help",
                     vital=False)
def _(m):
    m.wait_log(r"moat: .*not remapped.*ivrs_ioapic\[", 1)


@ioapic_given.step("with that option interrupts are remapped")
def _(m):
    boots(m)
    m.wait_log(r"I/O virtualisation enabled", 1)
    m.wait_log(r"Interrupt remapping enabled", 1)


for _s in (ioapic_unnamed, ioapic_given):
    @_s.step("the NIC works in a guest")
    def _(m):
        nic_works(m)

    @_s.step("edu in quarantine is blocked")
    def _(m):
        _, page = probe.page(m, "dom0")
        m.sh("xl pci-assignable-add " + EDU)
        probe.blocked_write(m, page, page)

    @_s.step("the machine powers off")
    def _(m):
        ends(m)


@ioapic_force.step("with iommu=force Xen stops")
def _(m):
    m.stopping = True           # what is a crash elsewhere is wanted here
    m.wait_log(r"Panic on CPU", 30)


@ioapic_force.step("and has said which option would help", vital=False)
def _(m):
    m.wait_log(r"moat: .*ivrs_ioapic\[", 1)


# -- Nothing can be trusted ---------------------------------------------------

_zero = Table().main_unit().block("zero", ONE, RW, bytes(28), length=0)
_past = Table().main_unit().memory("past", ONE, RW, FIRST, PAGE, rid(EDU),
                                   length=200)

off = [
    hopeless("amd-block-zero", "a block of length zero", _zero, "zero",
             iommu="amd"),
    hopeless("amd-block-past-end", "a block past the table's end", _past,
             "past", iommu="amd"),
]
