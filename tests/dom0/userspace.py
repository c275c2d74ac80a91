"""The user space that fits a hypervisor: dom0's xl stack of the same Xen.

xl and the libraries below it speak one version of Xen's interface, that of
their own release. So there is a set of ramdisks for each MAJOR.MINOR, made by
prepare.sh: build/dom0/xl-MAJOR.MINOR/{dom0,dom0-hvm,dom0-debian}.cpio.
"""
import functools
import os
import re
import select
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build")


def series(version):
    """MAJOR.MINOR of a version, or None: "4.17.5", "4.23-unstable"."""
    found = re.match(r"\d+\.\d+(?![\d])", version)
    return found and found[0]


def asked(xen):
    """The version that a hypervisor prints when it boots, or None."""
    process = subprocess.Popen(
        ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-m", "512M",
         "-display", "none", "-nodefaults", "-vga", "std", "-no-reboot",
         "-serial", "stdio", "-kernel", xen, "-append",
         "console=com1 noreboot=1"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL)
    said, end = b"", time.monotonic() + 30
    try:
        while time.monotonic() < end:
            if not select.select([process.stdout], [], [], 0.5)[0]:
                continue
            new = os.read(process.stdout.fileno(), 4096)
            said += new
            found = re.search(rb"Xen version (\S+) ", said)
            if found or not new:
                return found and found[1].decode()
    finally:
        process.kill()
        process.wait()
    return None


@functools.lru_cache(None)
def version_of(xen):
    """A hypervisor's version: from the file beside it, or else from itself."""
    path = os.path.join(os.path.dirname(os.path.realpath(xen)), "version")
    if os.path.exists(path):
        with open(path) as f:
            version = f.read().strip()
    else:
        version = asked(xen) or ""
    if not series(version):
        raise SystemExit("error: the version of %s is not to be found: %s" % (
            xen, "%s says \"%s\"" % (path, version) if os.path.exists(path) else
            "there is no %s, and it does not boot" % path))
    return version


class Userspace:
    """What there is for one hypervisor, a path."""

    def __init__(self, xen):
        self.xen = xen
        self.version = version_of(xen)
        self.series = series(self.version)
        self.folder = os.path.join(BUILD, "dom0", "xl-" + self.series)

    def path(self, name):
        return os.path.join(self.folder, name)

    @property
    def source(self):
        """The tree that the hypervisor was built from, or None."""
        path = os.path.join(os.path.dirname(os.path.realpath(self.xen)),
                            "source")
        if not os.path.exists(path):
            return None
        with open(path) as f:
            return f.read().strip()

    @property
    def origin(self):
        """Where the ramdisks' files come from, in words; None: not made."""
        if not os.path.exists(self.path("origin")):
            return None
        with open(self.path("origin")) as f:
            return f.read().strip()

    @property
    def debian(self):
        """From Debian's packages, not built from the tree."""
        return (self.origin or "").startswith("Debian")

    @property
    def hvm(self):
        """Is there a device model, which HVM guests need?"""
        return os.path.exists(self.path("dom0-hvm.cpio"))

    @property
    def why_no_hvm(self):
        return None if self.hvm else (
            "the user space of Xen %s is built from its tree, and Debian's "
            "device model could not be had" % self.series)

    def ramdisk(self, kernel="small", hvm=False):
        """Where it is. PVH dom0 wants a processor as HVM guests do, but no
        device model."""
        path = self.path("dom0-debian.cpio" if kernel == "debian" else
                         "dom0-hvm.cpio" if hvm and self.hvm else "dom0.cpio")
        if not os.path.exists(path):
            raise FileNotFoundError(
                "no %s for Xen %s: tests/dom0/prepare.sh %s %s makes it" % (
                    os.path.relpath(path, os.path.dirname(BUILD)), self.series,
                    kernel, self.xen))
        return path


def userspace(xen):
    return Userspace(xen)
