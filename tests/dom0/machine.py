"""An emulated machine that runs Xen and a Debian-built dom0.

COM1 carries the console of Xen and dom0 and goes to a log file, which is
watched for crashes. COM2 is a shell in dom0. QEMU's monitor (QMP) is a
socket. The machine's RAM is a shared memory file of QEMU's, which Ram reads
and writes behind the back of everything that runs in the machine: that is how
a DMA is judged by the bytes that arrived.
"""
import fcntl
import json
import os
import re
import select
import shlex
import shutil
import socket
import subprocess
import tempfile
import time

from userspace import userspace

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build")
LOGS = os.path.join(BUILD, "logs")
IMAGES = os.path.join(BUILD, "dom0")

# Half of the RAM is below 4 GiB, half above it. The last pages of the lower
# half are reserved by the firmware, which uses none of them from SPARE on.
LOW, HIGH = 1 << 30, 1 << 30
MEMORY = LOW + HIGH
SPARE = LOW - 0x1d000

EDU = "0000:00:04.0"

# From the command line of run.py, for all machines: more for Xen's command
# line, and the folder, in that of the logs, of this Xen's.
EXTRA_XEN_ARGS = ""
FOLDER = ""

CRASH = re.compile(
    r"Panic on CPU|Xen BUG at|Xen WARN at|FATAL TRAP|Assertion .* failed at|"
    r"Kernel panic - not syncing|Xen crash|Hardware Dom0 (crashed|halted)|"
    r"System shutdown")


def patience(seconds):
    """A time limit, longer where others keep the processors busy."""
    return seconds * min(10, max(1, os.getloadavg()[0] / os.cpu_count()))


def until(condition, seconds):
    """Shell text that waits until a condition, shell text, is true. To look
    takes programs, of an emulated processor, which whatever is waited for
    needs: the less often, the busier the machine."""
    return ("n=0; until %s; do n=$((n+1)); [ $n -lt %d ] || exit 1; "
            "sleep %.1f; done" % (condition, seconds * 5, patience(0.2)))


class Failure(Exception):
    """What was expected did not happen."""


class Dead(Failure):
    """The machine stopped: nothing more can be asked of it."""


class Ram:
    """The machine's memory, by machine address."""

    def __init__(self, pid):
        for fd in os.listdir("/proc/%d/fd" % pid):
            path = "/proc/%d/fd/%s" % (pid, fd)
            try:
                if ("memfd:" in os.readlink(path) and
                        os.stat(path).st_size == MEMORY):
                    self.fd = os.open(path, os.O_RDWR)
                    return
            except OSError:
                continue
        raise Failure("QEMU's memory file is not to be found")

    def offset(self, addr):
        """Where the memory file holds what is at a machine address."""
        if addr < LOW:
            return addr
        if 4 << 30 <= addr < (4 << 30) + HIGH:
            return addr - (4 << 30) + LOW
        raise Failure("no memory at machine address 0x%x" % addr)

    def read(self, addr, length):
        return os.pread(self.fd, length, self.offset(addr))

    def write(self, addr, data):
        if os.pwrite(self.fd, data, self.offset(addr)) != len(data):
            raise Failure("cannot write the machine's memory")

    def find_page(self, content):
        """Machine addresses of the pages that hold exactly these bytes."""
        found, at, step = [], 0, 16 << 20
        while at < MEMORY:
            try:
                start = os.lseek(self.fd, at, os.SEEK_DATA)
                end = os.lseek(self.fd, start, os.SEEK_HOLE)
            except OSError:
                break
            start &= ~0xfff
            for chunk in range(start, end, step):
                data = os.pread(self.fd, min(step, end - chunk), chunk)
                i = data.find(content)
                while i >= 0:
                    if i % 4096 == 0:
                        found.append(chunk + i)
                    i = data.find(content, i + 1)
            at = end
        return [at if at < LOW else at - LOW + (4 << 30) for at in found]


class Machine:
    """One QEMU. Keyword arguments, all optional:

    xen        the hypervisor, a path
    kernel     "small" or "debian"
    hvm        the processor has nested paging; dom0 the device model, if
               there is one
    cpus       how many processors
    iommu      "intel", "intel-nocm" (caching mode off) or None
    xen_args   more words for Xen's command line
    dom0_args  more words for dom0's
    more       QEMU arguments for devices beside the standard ones, or a
               function (machine) that gives them
    boot       a function (machine, folder) giving other boot arguments than
               -kernel (see grub.py)
    """

    def __init__(self, name, xen, kernel="small", hvm=False, iommu="intel",
                 xen_args="", dom0_args="", more=(), boot=None, cpus=1):
        self.name, self.xen, self.kernel, self.hvm = name, xen, kernel, hvm
        self.iommu, self.boot, self.cpus = iommu, boot, cpus
        self.space = userspace(xen)
        # QEMU's AMD unit takes every bus for bus 0: there all are on that.
        self.nic, self.nvme = (
            ("0000:00:10.0", "0000:00:11.0") if iommu == "amd" else
            ("0000:01:00.0", "0000:02:00.0"))
        self.xen_args = (
            "console=com1 com1=115200,8n1 dom0_mem=640M,max:640M iommu=verbose "
            "loglvl=all guest_loglvl=all noreboot=1 conring_size=4M " +
            xen_args + " " + EXTRA_XEN_ARGS).strip()
        self.dom0_args = (
            "console=hvc0 random.trust_cpu=on loglevel=5 " + dom0_args).strip()
        self.more = more
        logs = os.path.join(LOGS, FOLDER)
        self.log_path = os.path.join(logs, name + ".log")
        self.shell_log_path = os.path.join(logs, name + ".dom0-shell.log")
        self.log = ""
        self.state = {}
        self.process = self.com2 = self.ram = self.sockets = None
        self.pending = b""
        self.number = 0
        self.guest_numbers = 0
        self.stopping = False

    def lacks(self, what):
        """Why this machine, its Xen or its user space cannot do that, or None.
        A function (machine) gives that itself."""
        if callable(what):
            try:
                return what(self)
            except Failure as e:        # nothing to ask
                return str(e)
        if what == "device model":
            return self.space.why_no_hvm
        if what == "fault log" and self.iommu == "amd":
            return "QEMU's AMD unit writes no fault records"
        if what == "buses" and self.iommu == "amd":
            return "QEMU's AMD unit takes every bus for bus 0"
        if what == "xen.efi":
            return self.withheld(what)
        return None

    def withheld(self, name):
        """Why xen/build.sh did not make it, where Debian has a newer Xen."""
        folder = os.path.dirname(self.xen)
        path = os.path.join(folder, "older")
        if os.path.exists(os.path.join(folder, name)) or \
           not os.path.exists(path):
            return None
        with open(path) as f:
            return f.read().strip()

    # -- the command line -----------------------------------------------------

    def images(self):
        """The kernel and the ramdisk of dom0."""
        folder = "debian" if self.kernel == "debian" else ""
        return (os.path.join(IMAGES, folder, "vmlinux"),
                self.space.ramdisk(self.kernel, self.hvm))

    def nvme_image(self, name="nvme.img"):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(b"moat nvme magic\n".ljust(4096, b"."))
            f.truncate(16 << 20)
        return path

    def standard_devices(self):
        """NIC and NVMe behind root ports of their own, edu on the root bus."""
        ports, nic, nvme = [
            "-device", "pcie-root-port,id=rp1,slot=1,chassis=1,addr=2",
            "-device", "pcie-root-port,id=rp2,slot=2,chassis=2,addr=3"
        ], "bus=rp1", "bus=rp2"
        if self.iommu == "amd":
            ports, nic, nvme = [], "addr=0x10", "addr=0x11"
        return ports + [
                "-netdev", "user,id=n0", "-device", "e1000e,netdev=n0," + nic,
                "-drive", "if=none,id=d0,format=raw,file=" + self.nvme_image(),
                "-device", "nvme,drive=d0,serial=moat," + nvme,
                "-device", "edu,addr=4,dma_mask=0xffffffffffffffff"]

    def command(self, com1=None):
        kernel, initrd = self.images()
        args = ["qemu-system-x86_64", "-M",
                "q35,kernel-irqchip=split,memory-backend=ram,"
                "max-ram-below-4g=%d" % LOW,
                "-object", "memory-backend-memfd,id=ram,size=%d,share=on" %
                MEMORY,
                "-m", "%dM" % (MEMORY >> 20), "-accel", "tcg,thread=multi",
                "-cpu", "qemu64,+rdrand" + (",+npt" if self.hvm else ""),
                "-smp", str(self.cpus), "-display", "none", "-nodefaults",
                "-vga", "std", "-no-reboot"]
        if self.iommu == "amd":
            args += ["-device", "amd-iommu,intremap=on"]
        elif self.iommu:
            args += ["-device", "intel-iommu,intremap=on,caching-mode=%s" %
                     ("off" if self.iommu == "intel-nocm" else "on")]
        if self.boot:
            args += self.boot(self, self.folder)
        else:
            args += ["-kernel", self.xen, "-append", self.xen_args, "-initrd",
                     "%s %s,%s" % (kernel, self.dom0_args.replace(",", ",,"),
                                   initrd)]
        args += self.standard_devices()
        args += self.more(self) if callable(self.more) else list(self.more)
        if com1:
            return args + com1
        return args + [
            "-chardev", "file,id=com1,path=" + self.log_path,
            "-chardev", "socket,id=com2,server=on,wait=off,path=%s/com2" %
            self.sockets,
            "-serial", "chardev:com1", "-serial", "chardev:com2",
            "-qmp", "unix:%s/qmp,server=on,wait=off" % self.sockets]

    # -- life -----------------------------------------------------------------

    def prepare(self):
        os.makedirs(os.path.dirname(self.log_path), exist_ok=True)
        # Images stay for who wants to look; sockets need a short path.
        self.folder = os.path.join(BUILD, "machines", FOLDER, self.name)
        os.makedirs(self.folder, exist_ok=True)
        # Two runs at a time would share image and log: the second one waits.
        self.turn = open(os.path.join(self.folder, "lock"), "w")
        fcntl.flock(self.turn, fcntl.LOCK_EX)
        os.set_inheritable(self.turn.fileno(), True)
        self.sockets = tempfile.mkdtemp(prefix="moat-")

    def start(self):
        self.prepare()
        self.args = self.command()
        with open(self.log_path, "w"), \
                open(self.shell_log_path, "w") as self_log:
            self_log.write("# " + shlex.join(self.args) + "\n")
        self.stderr = open(os.path.join(self.folder, "stderr"), "w+")
        self.process = subprocess.Popen(
            self.args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self.stderr)
        self.log_file = open(self.log_path, "rb")
        self.qmp = self._connect("qmp")
        self.com2 = self._connect("com2")
        self._qmp_read()
        self.monitor("qmp_capabilities")
        self.ram = Ram(self.process.pid)

    def _connect(self, name):
        end = time.monotonic() + 10
        while True:
            s = socket.socket(socket.AF_UNIX)
            try:
                s.connect(os.path.join(self.sockets, name))
                return s
            except OSError:
                s.close()
            self.check_alive()
            if time.monotonic() > end:
                raise Dead("QEMU does not open its socket " + name)
            time.sleep(0.02)

    def stop(self):
        """Ends QEMU, whatever state it is in."""
        if self.process:
            if self.process.poll() is None:
                self.process.terminate()
                try:
                    self.process.wait(5)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
            self.read_log()
            self.stderr.close()
            self.log_file.close()
            for s in (self.qmp, self.com2):
                s.close()
            if self.ram:
                os.close(self.ram.fd)
            self.process = None
        if self.sockets:
            shutil.rmtree(self.sockets, ignore_errors=True)
            self.turn.close()

    def read_log(self):
        new = self.log_file.read().decode("utf-8", "replace")
        self.log += new.replace("\r", "")

    def check_alive(self):
        """Raises Dead at once when QEMU ended, or Xen or dom0 crashed."""
        if self.log_path and hasattr(self, "log_file"):
            self.read_log()
        crash = None if self.stopping else CRASH.search(self.log)
        if crash:
            time.sleep(0.5)             # for the reason, a line or two later
            self.read_log()
            text = self.log[self.log.rfind("\n", 0, crash.start()) + 1:]
            raise Dead("the machine crashed: " + " ".join(
                line.replace("(XEN)", "").strip(" *")
                for line in text.split("\n")[:3]))
        if self.process.poll() is not None and not self.stopping:
            raise Dead("QEMU ended with status %d %s" %
                       (self.process.returncode, self.stderr_text()))

    def stderr_text(self):
        """The last thing QEMU complained of."""
        if self.process is None:
            return ""
        self.stderr.seek(0)
        return self.stderr.read().strip().split("\n")[-1]

    def wait_for(self, what, test, seconds):
        """Polls test() until it gives something true; Failure at the end."""
        end = time.monotonic() + patience(seconds)
        while True:
            self.check_alive()
            result = test()
            if result:
                return result
            if time.monotonic() > end:
                raise Failure("%s: not within %g s" % (what, seconds))
            time.sleep(0.05)

    def wait_log(self, pattern, seconds=60, since=0):
        regex = re.compile(pattern, re.M)
        return self.wait_for("the log never says /%s/" % pattern,
                             lambda: regex.search(self.log, since), seconds)

    def mark(self):
        """The place in the log that later messages follow."""
        self.read_log()
        return len(self.log)

    # -- QEMU's monitor -------------------------------------------------------

    def _qmp_read(self):
        data = b""
        end = time.monotonic() + 10
        while not data.endswith(b"\n"):
            if not select.select([self.qmp], [], [], 0.2)[0]:
                self.check_alive()
                if time.monotonic() > end:
                    raise Dead("QEMU's monitor does not answer")
                continue
            new = self.qmp.recv(65536)
            if not new:
                raise Dead("QEMU's monitor closed its socket")
            data += new
        return [json.loads(line) for line in data.decode().splitlines()]

    def monitor(self, command, **arguments):
        self.qmp.sendall(json.dumps(
            {"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            for message in self._qmp_read():
                if "return" in message:
                    return message["return"]
                if "error" in message:
                    raise Failure("QEMU: " + message["error"]["desc"])

    def shell_note(self, text):
        with open(self.shell_log_path, "a") as log:
            log.write(text + "\n")

    # -- dom0 -----------------------------------------------------------------

    def wait_dom0(self, seconds=90):
        up = self.wait_log(r"moat: (xl of .*)|moat: xl up: (\w+)", seconds)
        if up.group(1):
            raise Dead(up.group(1))
        if up.group(2) != "yes":
            raise Dead("dom0 came up without xenstore")
        # What is sent before dom0 opens COM2 is lost.
        self.wait_for("dom0's shell on COM2", self._com2_ready, 10)

    def _com2_ready(self):
        if select.select([self.com2], [], [], 0)[0]:
            self.pending += self.com2.recv(65536)
        return b"@@ready" in self.pending

    def run(self, command, seconds=30):
        """Runs shell text in dom0: (status, output)."""
        self.number += 1
        self.pending = b""
        marker = "@@end-%d " % self.number
        text = ("( %s\n) </dev/null 2>&1; s=$?; echo; "
                "echo \"@@\"end-%d $s\n" %
                (command, self.number))
        self.shell_note("dom0# " + command)
        self.com2.sendall(text.encode())
        end = time.monotonic() + patience(seconds)
        regex = re.compile(r"(?:^|\n)" + marker + r"(\d+)\r?\n")
        while True:
            if select.select([self.com2], [], [], 0.05)[0]:
                self.pending += self.com2.recv(65536)
            output = self.pending.decode("utf-8", "replace")
            found = regex.search(output)
            if found:
                self.pending = b""
                output = output[:found.start()].replace("\r", "").strip("\n")
                self.shell_note("%s\n[%s]" % (output, found.group(1)))
                return int(found.group(1)), output
            self.check_alive()
            if time.monotonic() > end:
                self.shell_note("%s\n[no end in %g s]" % (output, seconds))
                raise Dead("dom0 did not finish in %g s: %s" %
                           (seconds, command))

    def sh(self, command, seconds=30):
        """Like run, but the command must succeed; gives its output."""
        status, output = self.run(command, seconds)
        if status:
            raise Failure("dom0: %s: status %d: %s" %
                          (command, status, output[-300:] or "no output"))
        return output

    def put_file(self, path, content):
        self.sh("cat >%s <<'MOAT-END'\n%s\nMOAT-END" % (path, content))

    def power_off(self, seconds=20):
        self.stopping = True
        self.com2.sendall(b"poweroff -f\n")
        try:
            self.process.wait(patience(seconds))
        except subprocess.TimeoutExpired:
            raise Failure("the machine does not power off in %g s" % seconds)
        self.read_log()
        if re.search(r"Panic on CPU|Xen BUG at", self.log):
            raise Failure("Xen crashed while powering off")
