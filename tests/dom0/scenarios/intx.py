"""Interrupts by wire, through an IO-APIC whose entries hold the number of a
remapping entry: each one arrives, and is over when dom0 says so. Xen ends it
before the handler (ioapic_ack=old) or after it (new).
"""
from harness import Scenario
from machine import Failure, until

READS = 2000


def count(m, name):
    """Interrupts of a wire so far, by dom0's name for it."""
    lines = [l.split() for l in m.sh("cat /proc/interrupts").splitlines()
             if name in l]
    if not lines or not all("level" in l for l in map(" ".join, lines)):
        raise Failure("no wire's: %s" % lines)
    return sum(int(l[1]) for l in lines)


def intx(name, ack, **options):
    s = Scenario(name, dict(options, xen_args="ioapic_ack=" + ack,
                            dom0_args="pci=nomsi"))

    @s.step("dom0 boots, its disk's interrupts come by wire")
    def _(m):
        m.wait_dom0()
        m.wait_log(r"Interrupt remapping enabled", 1)
        m.wait_log(r"Using %s ACK method" % ack, 1)
        m.sh(until("[ -b /dev/nvme0n1 ]", 30), 40)
        m.before = count(m, "nvme0q")

    @s.step("%d reads, and about as many interrupts" % READS)
    def _(m):
        m.sh("dd if=/dev/nvme0n1 of=/dev/null bs=4k count=%d iflag=direct" %
             READS, 60)
        n = count(m, "nvme0q") - m.before
        if not READS <= n < 2 * READS:
            raise Failure("there were %d" % n)

    @s.step("the NIC's come, too: it pings")
    def _(m):
        # Its driver asks for it when the NIC is switched on.
        m.sh("ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0")
        before = count(m, "eth0")
        m.sh("ping -c 20 -i 0.1 -W 2 10.0.2.2", 40)
        if count(m, "eth0") < before + 10:
            raise Failure("too few: " + m.sh("cat /proc/interrupts"))

    @s.step("the machine powers off")
    def _(m):
        m.power_off()

    return s


intel = [intx("intx-new", "new"), intx("intx-old", "old")]
amd = [intx("amd-intx-new", "new", iommu="amd"),
       intx("amd-intx-old", "old", iommu="amd")]
