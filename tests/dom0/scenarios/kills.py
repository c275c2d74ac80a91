"""A guest is destroyed while its devices do DMA, again and again."""
import re
import socket
import threading
import time

import probe
from guest import Guest
from harness import Scenario
from machine import EDU, Dead, Failure, patience, until
from oracle import FAULT, OWNER, counts, unchanged


KILLS = 20


class Flood:
    """Sends bytes without end to who connected last; guests find it at
    10.0.2.2. Not as fast as it can, or an emulated guest that receives does
    nothing else."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.last = None
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            before, self.last = self.last, s
            threading.Thread(target=self._send, args=(s,), daemon=True).start()
            if before:
                self._end(before)

    @staticmethod
    def _send(s):
        try:
            while True:
                s.sendall(bytes(8192))
                time.sleep(0.01)
        except OSError:
            s.close()

    @staticmethod
    def _end(s):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass                # it has ended


# What a guest runs until it dies, and what it waits for before that: both
# devices are at work now, in this guest. Nothing is started to look at them,
# which takes long while they are.
WORK = """ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0
(while :; do nc 10.0.2.2 %d; sleep 0.1; done) >/dev/null 2>&1 &
(while :; do dd if=/dev/zero of=/dev/nvme0n1 bs=16k seek=64 count=512 \
oflag=direct; done) >/dev/null 2>&1 &
n=0; r=0; w=0
until [ $r -gt 100000 ] && [ $w -gt 1000 ]; do
    sleep 0.2
    n=$((n+1)); [ $n -lt %d ] || { echo "received $r bytes, wrote $w sectors"
        grep -E 'eth0|nvme' /proc/interrupts; dmesg | tail -n 5; exit 1; }
    read r </sys/class/net/eth0/statistics/rx_bytes
    read a a a a a a w a </sys/block/nvme0n1/stat
done"""

kills = Scenario("kills", seconds=1800)


@kills.step("Xen boots dom0, NIC and disk are in quarantine")
def _(m):
    m.wait_dom0()
    for device in (m.nic, m.nvme):
        m.sh("xl pci-assignable-add " + device)
    m.flood = Flood()
    m.guest = Guest(m, "victim", [m.nic, m.nvme])
    m.before = counts(m)
    m.since = m.mark()


@kills.step("%d times a guest is destroyed while its NIC receives and its "
            "disk writes" % KILLS)
def _(m):
    for i in range(KILLS):
        try:
            m.guest.create()
            m.guest.sh(until("[ -e /sys/class/net/eth0 ] && "
                             "[ -b /dev/nvme0n1 ]", 20) + "\n" +
                       WORK % (m.flood.port, patience(40)), 40)
            m.guest.destroy()
        except Dead:
            raise
        except Failure as e:
            raise Failure("guest %d: %s" % (i + 1, e)) from None


@kills.step("nothing but what a dead guest's device had begun was blocked",
            vital=False, needs="fault log")
def _(m):
    m.read_log()
    for f in FAULT.finditer(m.log, m.since):
        if not re.fullmatch(OWNER["quarantine"], f["owner"]):
            raise Failure(f[0])


@kills.step("domain ids, table pages and interrupt entries are as before",
            vital=False)
def _(m):
    unchanged(m, m.before)


# As in a reset that an interrupt comes into: Xen then masks MSI-X as a whole,
# and must not hold that against the next guest.
@kills.step("a NIC that decodes no memory when its guest dies works in the "
            "next", vital=False)
def _(m):
    first = Guest(m, "first", [m.nic]).create()
    first.use_nic()
    since = m.mark()
    m.sh("printf '\\000\\004' | dd of=/sys/bus/pci/devices/%s/config bs=1 "
         "seek=4 conv=notrunc" % m.nic)
    first.destroy()
    m.wait_log("masking MSI-X on Dom", 5, since)
    second = Guest(m, "second", [m.nic]).create()
    second.use_nic()
    second.destroy()


@kills.step("the disk holds what was written, and works in dom0")
def _(m):
    m.sh("xl pci-assignable-remove %s; echo %s >/sys/bus/pci/drivers_probe" %
         (m.nvme, m.nvme))
    m.sh(until("[ -b /dev/nvme0n1 ]", 20))
    if "moat nvme magic" not in m.sh("head -c 15 /dev/nvme0n1"):
        raise Failure("the disk's magic is gone")
    m.sh("dd if=/dev/nvme0n1 bs=64k skip=16 count=1 2>/dev/null | "
         "cmp -n 65536 - /dev/zero")


@kills.step("edu in quarantine is blocked, and works in dom0", vital=False)
def _(m):
    _, page = probe.page(m, "dom0")
    probe.reaches(m, page)
    m.sh("xl pci-assignable-add " + EDU)
    probe.blocked_write(m, page, page)


@kills.step("the machine powers off")
def _(m):
    m.flood.listener.close()
    m.power_off()


amd = Scenario("amd-kills", dict(iommu="amd"), seconds=kills.seconds)
amd.steps = kills.steps
