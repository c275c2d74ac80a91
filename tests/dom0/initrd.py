#!/usr/bin/env python3
"""Packs the initial ramdisks of the tests into build/dom0:

  guest.cpio       busybox and the dma tool: for guests, PV and HVM
  dom0.cpio        the xl stack with everything PV guests need, and guest.cpio
  dom0-hvm.cpio    the same, with the device model that HVM guests need

With "debian" as argument also dom0-debian.cpio, which carries the modules of
Debian's own kernel. Everything comes from Debian's binary packages, which
are downloaded and taken apart, not installed.
"""
import hashlib
import os
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build")
OUT = os.path.join(BUILD, "dom0")
LOG = os.path.join(BUILD, "logs", "initrd.log")

PACKAGES = ["xen-utils-4.17", "xen-utils-common", "xenstore-utils",
            "qemu-system-xen", "seabios", "ipxe-qemu", "busybox-static",
            "libxen-dev"]

XEN_LIB = "usr/lib/xen-4.17"
DOM0_FILES = [XEN_LIB + "/bin/" + name for name in
              ("xl", "xenstored", "xenconsoled", "xenconsole",
               "xen-init-dom0", "libxl-save-helper", "flask-label-pci")]
DOM0_FILES += ["usr/bin/xenstore-" + name for name in
               ("read", "write", "ls", "list", "exists", "watch")]
# The C library loads it when a thread is cancelled, which xl does.
DOM0_FILES += ["usr/lib/x86_64-linux-gnu/libgcc_s.so.1",
               "lib64/ld-linux-x86-64.so.2"]
HVM_FILES = ["usr/libexec/xen-qemu-system-i386", XEN_LIB + "/boot/hvmloader",
             "usr/share/seabios/bios-256k.bin",
             "usr/share/seabios/vgabios-stdvga.bin",
             "usr/share/qemu/linuxboot.bin", "usr/share/qemu/linuxboot_dma.bin",
             "usr/share/qemu/kvmvapic.bin", "usr/share/qemu/keymaps/en-us"]
MODULES = ["xen-privcmd", "xenfs", "xen-evtchn", "xen-gntdev", "xen-gntalloc",
           "xen-pciback"]


def say(text):
    print("== " + text, flush=True)


# -- Debian's packages --------------------------------------------------------

def run_logged(command, **options):
    with open(LOG, "ab") as log:
        return subprocess.run(command, stdout=log, stderr=log, **options)


def codename():
    with open("/etc/os-release") as f:
        for line in f:
            if line.startswith("VERSION_CODENAME="):
                return line.split("=")[1].strip().strip('"')
    return "stable"


def download():
    """All of PACKAGES and what they depend on, whatever this machine has.

    The newest version listed may be missing from a mirror; the release's own
    version is tried then.
    """
    debs = os.path.join(OUT, "packages")
    status = os.path.join(OUT, "empty-status")
    os.makedirs(os.path.join(debs, "partial"), exist_ok=True)
    with open(status, "w"):
        pass
    for extra in ([], ["-o", "APT::Default-Release=" + codename()]):
        done = run_logged(
            ["apt-get", "-qq", "-y", "-d", "-o", "Dir::State::status=" + status,
             "-o", "Dir::Cache::Archives=" + debs, "-o", "Debug::NoLocking=1",
             "-o", "APT::Sandbox::User="] + extra +
            ["install", "--no-install-recommends"] + PACKAGES)
        if done.returncode == 0:
            return debs
        say("some package could not be downloaded; trying the release's own")
    raise SystemExit("error: packages cannot be downloaded; see " + LOG)


def unpacked():
    """The folder with the contents of all packages."""
    tree = os.path.join(OUT, "packages.tree")
    stamp = os.path.join(tree, ".complete")
    wanted = " ".join(PACKAGES)
    if os.path.exists(stamp):
        with open(stamp) as f:
            if f.read() == wanted:
                return tree
    say("fetching the xl stack from Debian (log: %s)" % LOG)
    debs = download()
    subprocess.run(["rm", "-rf", tree], check=True)
    os.makedirs(tree)
    names = sorted(n for n in os.listdir(debs) if n.endswith(".deb"))
    say("unpacking %d packages" % len(names))
    for name in names:
        run_logged(["dpkg-deb", "-x", os.path.join(debs, name), tree],
                   check=True)
    subprocess.run(["rm", "-rf", debs], check=True)
    with open(stamp, "w") as f:
        f.write(wanted)
    return tree


# -- ELF: which libraries a program needs -------------------------------------

def needed(path):
    """DT_NEEDED names of a 64-bit little-endian ELF file, or nothing."""
    with open(path, "rb") as f:
        data = f.read()
    if data[:5] != b"\x7fELF\x02":
        return []
    phoff, = struct.unpack_from("<Q", data, 0x20)
    phentsize, phnum = struct.unpack_from("<HH", data, 0x36)
    loads, dynamic = [], None
    for i in range(phnum):
        kind, _, off, vaddr, _, filesz = struct.unpack_from(
            "<IIQQQQ", data, phoff + i * phentsize)
        if kind == 1:
            loads.append((vaddr, off, filesz))
        elif kind == 2:
            dynamic = (off, filesz)
    if dynamic is None:
        return []
    tags = [struct.unpack_from("<QQ", data, dynamic[0] + o)
            for o in range(0, dynamic[1], 16)]
    strtab = next(v for t, v in tags if t == 5)
    base = next(off + strtab - vaddr for vaddr, off, size in loads
                if vaddr <= strtab < vaddr + size)
    return [data[base + v:data.index(b"\0", base + v)].decode()
            for t, v in tags if t == 1]


class Tree:
    """The unpacked packages, seen as one merged /usr."""

    LIBS = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "lib64",
            "usr/lib64", "usr/lib"]

    def __init__(self, root):
        self.root = root

    def real(self, path):
        """The plain file behind path, links followed inside the tree."""
        for _ in range(8):
            full = os.path.join(self.root, path)
            if not os.path.lexists(full) and path.startswith("usr/"):
                path = path[4:]
                full = os.path.join(self.root, path)
            if not os.path.islink(full):
                break
            target = os.readlink(full)
            path = os.path.normpath(
                target.lstrip("/") if target.startswith("/")
                else os.path.join(os.path.dirname(path), target))
        if not os.path.isfile(full):
            raise SystemExit("error: no %s in Debian's packages" % path)
        return full

    def library(self, name):
        for folder in self.LIBS:
            path = os.path.join(folder, name)
            if os.path.lexists(os.path.join(self.root, path)):
                return path
        raise SystemExit("error: library %s is in no package" % name)

    def closure(self, paths):
        """paths, and every library they need: {path in the ramdisk: file}."""
        found, todo = {}, list(paths)
        while todo:
            path = todo.pop()
            # /lib and /lib64 are links to /usr/lib and /usr/lib64.
            inside = path if path.startswith("usr/") else "usr/" + path
            if inside in found:
                continue
            found[inside] = self.real(path)
            todo += [self.library(n) for n in needed(found[inside])]
        return found


# -- The archive: cpio, "newc" ------------------------------------------------

class Cpio:
    def __init__(self):
        self.parts, self.made, self.inode = [], set(), 0

    def _entry(self, path, mode, data=b"", rdev=(0, 0)):
        self.inode += 1
        name = path.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, rdev[0],
                  rdev[1], len(name), 0)
        head = b"070701" + b"".join(b"%08X" % f for f in fields) + name
        self.parts += [head, b"\0" * (-len(head) % 4), data,
                       b"\0" * (-len(data) % 4)]
        self.made.add(path)

    def folder(self, path):
        if path and path not in self.made:
            self.folder(os.path.dirname(path))
            self._entry(path, 0o040755)

    def link(self, path, target):
        self.folder(os.path.dirname(path))
        self._entry(path, 0o120777, target.encode())

    def device(self, path, major, minor):
        self.folder(os.path.dirname(path))
        self._entry(path, 0o020600, rdev=(major, minor))

    def file(self, path, source, mode=0o755):
        self.folder(os.path.dirname(path))
        if isinstance(source, str):
            with open(source, "rb") as f:
                source = f.read()
        self._entry(path, 0o100000 | mode, source)

    def write(self, path):
        self._entry("TRAILER!!!", 0)
        with open(path + ".new", "wb") as f:
            f.write(b"".join(self.parts))
        os.rename(path + ".new", path)
        say("%s: %.1f MB" % (os.path.relpath(path, os.path.dirname(BUILD)),
                             os.path.getsize(path) / 1e6))


def base(tree, init):
    cpio = Cpio()
    for folder in ("proc", "sys", "dev", "run", "tmp", "etc", "root", "usr/bin",
                   "usr/sbin", "usr/lib", "usr/lib64"):
        cpio.folder(folder)
    for name in ("bin", "sbin", "lib", "lib64"):
        cpio.link(name, "usr/" + name)
    cpio.link("var/run", "/run")
    cpio.link("var/lock", "/run/lock")
    cpio.device("dev/console", 5, 1)
    busybox = tree.real("bin/busybox")
    cpio.file("usr/bin/busybox", busybox)
    applets = subprocess.run([busybox, "--list"], stdout=subprocess.PIPE,
                             check=True).stdout.decode().split()
    for name in applets:
        if name != "busybox":
            cpio.link("usr/bin/" + name, "busybox")
    cpio.file("usr/bin/dma", os.path.join(OUT, "dma"))
    cpio.file("init", os.path.join(HERE, init))
    return cpio


def modules_of_debian():
    """{path: file} of MODULES and what they need, and the order to load."""
    root = os.path.join(OUT, "debian", "modules")
    version, = os.listdir(root)
    root = os.path.join(root, version)
    where = {}
    for folder, _, names in os.walk(root):
        for name in names:
            if name.endswith(".ko"):
                where[name[:-3].replace("-", "_")] = os.path.join(folder, name)
    order = []

    def visit(name):
        path = where.get(name.replace("-", "_"))
        if path is None or path in order:
            return
        info = subprocess.run(["modinfo", "-F", "depends", path],
                              stdout=subprocess.PIPE, check=True)
        for other in info.stdout.decode().strip().split(","):
            if other:
                visit(other)
        order.append(path)

    for name in MODULES:
        visit(name)
    return order


def dom0(tree, name, files, modules=()):
    cpio = base(tree, "dom0-init")
    for path, source in sorted(tree.closure(files).items()):
        cpio.file(path, source)
    for program in ("xl", "xenstored", "xenconsoled", "xen-init-dom0"):
        cpio.link("usr/sbin/" + program, "../../%s/bin/%s" % (XEN_LIB, program))
    cpio.file("etc/xen/xl.conf", b'autoballoon="off"\n', 0o644)
    cpio.file("etc/profile", os.path.join(HERE, "dom0-profile"), 0o644)
    for guest in ("nic.cfg", "hvm.cfg"):
        cpio.file("etc/xen/" + guest, os.path.join(HERE, "dom0-" + guest),
                  0o644)
    cpio.file("usr/bin/hyper", os.path.join(OUT, "hyper"))
    cpio.file("usr/bin/guest-run", os.path.join(HERE, "guest-run"))
    cpio.file("guest/guest.cpio", os.path.join(OUT, "guest.cpio"), 0o644)
    cpio.file("guest/vmlinux", os.path.join(OUT, "vmlinux"), 0o644)
    if files is not DOM0_FILES:
        cpio.file("guest/bzImage", os.path.join(OUT, "bzImage"), 0o644)
    for path in modules:
        cpio.file("modules/%02d-%s" % (modules.index(path),
                                       os.path.basename(path)), path, 0o644)
    cpio.write(os.path.join(OUT, name))


# What hyper.c needs of Xen's libraries, in an order that links.
XEN_LIBS = ["-lxen" + name for name in
            ("ctrl", "foreignmemory", "devicemodel", "call", "hypfs", "evtchn",
             "gnttab", "toollog", "toolcore")]


def compile_tools(tree):
    usr = os.path.join(tree.root, "usr")
    for name, words in (("dma", []), ("hyper", [
            "-L", os.path.join(usr, "lib", "x86_64-linux-gnu"), "-isystem",
            os.path.join(usr, "include")] + XEN_LIBS)):
        subprocess.run(
            ["gcc", "-std=gnu99", "-O2", "-Wall", "-Wextra", "-Werror",
             "-static", "-s", "-o", os.path.join(OUT, name),
             os.path.join(HERE, name + ".c")] + words, check=True)


def fingerprint(names):
    """Of everything that goes in, so that nothing is packed twice."""
    digest = hashlib.sha256(" ".join(names).encode())
    inputs = [os.path.join(HERE, n) for n in sorted(os.listdir(HERE))
              if n.startswith(("dom0-", "guest-")) or
              n in ("initrd.py", "dma.c", "hyper.c")]
    for path in inputs:
        with open(path, "rb") as f:
            digest.update(path.encode() + f.read())
    for name in ("vmlinux", "bzImage", "debian/vmlinux"):
        path = os.path.join(OUT, name)
        if os.path.exists(path):
            info = os.stat(path)
            digest.update(b"%d %d" % (info.st_size, info.st_mtime_ns))
    return digest.hexdigest()


def main():
    debian = "debian" in sys.argv[1:]
    os.makedirs(os.path.dirname(LOG), exist_ok=True)
    names = ["guest.cpio", "dom0.cpio", "dom0-hvm.cpio"]
    if debian:
        names.append("dom0-debian.cpio")
    stamp = os.path.join(OUT, "initrd.stamp" + "-debian" * debian)
    print_now = fingerprint(names)
    if (os.path.exists(stamp) and open(stamp).read() == print_now and
            all(os.path.exists(os.path.join(OUT, n)) for n in names)):
        return
    tree = Tree(unpacked())
    compile_tools(tree)
    base(tree, "guest-init").write(os.path.join(OUT, "guest.cpio"))
    dom0(tree, "dom0.cpio", DOM0_FILES)
    dom0(tree, "dom0-hvm.cpio", DOM0_FILES + HVM_FILES)
    if debian:
        dom0(tree, "dom0-debian.cpio", DOM0_FILES, modules_of_debian())
    with open(stamp, "w") as f:
        f.write(print_now)


main()
