"""Guests: their configuration for xl, and a shell in them."""
import base64

from machine import Failure, patience, until


class Guest:
    """later: devices come when the guest runs, so xl has to be told early.
    more: further lines of its configuration."""

    def __init__(self, machine, name, pci=(), kind="pv", memory=96,
                 later=False, more=()):
        self.machine, self.name = machine, name
        self.log = "/var/log/xen/console/guest-%s.log" % name
        lines = ['name = "%s"' % name, 'type = "%s"' % kind, "vcpus = 1",
                 "memory = %d" % memory, 'ramdisk = "/guest/guest.cpio"',
                 'on_crash = "preserve"', "vga = 'none'", "vnc = 0",
                 "nographic = 1"]
        if kind == "hvm":
            lines += ['kernel = "/guest/bzImage"',
                      'cmdline = "console=hvc0 loglevel=5"']
        else:
            lines += ['kernel = "/guest/vmlinux"',
                      'cmdline = "console=hvc0 iommu=soft loglevel=5"']
        if pci:
            lines.append("pci = [ %s ]" % ", ".join('"%s"' % p for p in pci))
        if later:
            lines += ['passthrough = "sync_pt"']
        if later and kind == "pv":
            lines += ["e820_host = 1"]
        lines += more
        machine.put_file("/tmp/%s.cfg" % name, "\n".join(lines))

    def create(self, seconds=40, wait=True, paused=False):
        """paused: it never runs a single instruction."""
        self.machine.sh("rm -f %s; xl create %s/tmp/%s.cfg" % (
            self.log, "-p " if paused else "", self.name), seconds)
        if wait and not paused:
            self.wait(seconds)
        return self

    def wait(self, seconds=40):
        """Until the guest's shell is there."""
        self.machine.sh("(%s) || { tail -n 15 %s; exit 1; }" % (
            until("grep -q 'moat: guest init' " + self.log, seconds),
            self.log), seconds + 10)

    def attach(self, device):
        """Returns when the guest has found the device: until then its kernel
        writes to the command register."""
        count = "ls /sys/bus/pci/devices 2>/dev/null | wc -l"
        before = int(self.sh(count))
        self.machine.sh("xl pci-attach %s %s" % (self.name, device))
        self.sh(until("[ $(%s) -gt %d ]" % (count, before), 20))

    def domid(self):
        return int(self.machine.sh("xl domid " + self.name))

    def _line(self, command, seconds, how):
        m = self.machine
        m.guest_numbers += 1
        self.number = m.guest_numbers
        return "guest-run %s %s %d %d %s" % (
            how, self.name, self.number, patience(seconds),
            base64.b64encode(command.encode()).decode())

    def run(self, command, seconds=30):
        """Runs shell text in the guest: (status, output)."""
        return self.machine.run(self._line(command, seconds, "run"),
                                seconds + 15)

    def sh(self, command, seconds=30):
        """Like run, but the command must succeed; gives its output."""
        status, output = self.run(command, seconds)
        if status:
            raise Failure("guest %s: %s: status %d: %s" % (
                self.name, command, status, output[-400:] or "no output"))
        return output

    def start(self, command):
        """Begins a command in the guest; finish() waits for its end."""
        self.machine.sh(self._line(command, 0, "start"))

    def finish(self, seconds):
        status, output = self.machine.run(
            "guest-run finish %s %d %d -" % (
                self.name, self.number, patience(seconds)), seconds + 15)
        if status:
            raise Failure("guest %s: status %d: %s" % (
                self.name, status, output[-400:] or "no output"))
        return output

    def destroy(self, seconds=40):
        self.machine.sh("xl destroy " + self.name, seconds)

    # -- what guests do with their devices ------------------------------------

    def use_nic(self, seconds=40):
        """A lease from QEMU's DHCP server, and three pings to it."""
        self.sh(
            until("[ -e /sys/class/net/eth0 ]", 10) +
            "; ip link set eth0 up; udhcpc -i eth0 -n -q -t %d -T 1 "
            "-s /tmp/dhcp && ping -c 3 -W 5 10.0.2.2" % patience(12), seconds)
        return self.sh("ip -4 -o addr show eth0")

    def use_nvme(self, seconds=60):
        """The magic that the test wrote, and a pattern there and back."""
        self.sh(until("[ -b /dev/nvme0n1 ]", 20), seconds)
        magic = self.sh("head -c 15 /dev/nvme0n1")
        if "moat nvme magic" not in magic:
            raise Failure("the disk's magic reads " + repr(magic))
        sums = self.sh(
            "dd if=/dev/urandom of=/tmp/data bs=64k count=16 2>/dev/null; "
            "dd if=/tmp/data of=/dev/nvme0n1 bs=64k seek=16 conv=fsync && "
            "echo 3 >/proc/sys/vm/drop_caches; "
            "sha256sum </tmp/data; "
            "dd if=/dev/nvme0n1 bs=64k skip=16 count=16 | sha256sum", seconds)
        sums = [line.split()[0] for line in sums.splitlines()
                if line.endswith("-")]
        if len(sums) != 2 or sums[0] != sums[1]:
            raise Failure("what was written reads back differently: %s" % sums)
        return sums[0]
