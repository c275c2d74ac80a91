#!/usr/bin/env python3
"""Packs the ramdisks of dom0 and the guests: initrd.py small|debian XEN

The user space is that of the hypervisor XEN, a file (see userspace.py), and
goes into build/dom0/xl-MAJOR.MINOR:

  guest.cpio       busybox and the dma tool: for guests, PV and HVM
  dom0.cpio        the xl stack with everything PV guests need, and guest.cpio
  dom0-hvm.cpio    the same, with the device model that HVM guests need
  dom0-debian.cpio with "debian": with the modules of Debian's own kernel

Where a Debian has this Xen, everything comes from its binary packages, which
are downloaded and taken apart, not installed. Otherwise the xl stack is
built from the hypervisor's own tree; the device model is Debian's still.
"""
import hashlib
import os
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
import debian                                               # noqa: E402
from userspace import userspace                             # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build")
IMAGES = os.path.join(BUILD, "dom0")
BUSYBOX = "busybox-static"

# For built user spaces of the oldest release: it asks least of libraries.
DEVICE_MODEL = ["qemu-system-xen", "seabios", "ipxe-qemu"]
PACKAGES = ["xen-utils-%s", "xen-utils-common", "xenstore-utils",
            *DEVICE_MODEL, BUSYBOX, "libxen-dev", "libc6-dev"]

PROGRAMS = ["xl", "xenstored", "xenconsoled", "xenconsole", "xen-init-dom0",
            "libxl-save-helper", "flask-label-pci"]
PROGRAMS += ["xenstore-" + name for name in
             ("read", "write", "ls", "list", "exists", "watch")]
# The C library loads it when a thread is cancelled, which xl does.
LOADED = ["usr/lib/x86_64-linux-gnu/libgcc_s.so.1",
          "usr/lib64/ld-linux-x86-64.so.2"]
HVM_FILES = ["usr/libexec/xen-qemu-system-i386",
             "usr/share/seabios/bios-256k.bin",
             "usr/share/seabios/vgabios-stdvga.bin",
             "usr/share/qemu/linuxboot.bin", "usr/share/qemu/linuxboot_dma.bin",
             "usr/share/qemu/kvmvapic.bin", "usr/share/qemu/keymaps/en-us"]
MODULES = ["xen-privcmd", "xenfs", "xen-evtchn", "xen-gntdev", "xen-gntalloc",
           "xen-pciback"]


def say(text):
    print("== " + text, flush=True)


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
    """Folders with the contents of packages, seen as one merged /usr: what
    the first one lacks is looked for in the next."""

    LIBS = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "lib64",
            "usr/lib64", "usr/lib"]

    def __init__(self, *roots):
        self.roots = roots

    @staticmethod
    def _behind(root, path):
        """The plain file behind path, links followed inside the root."""
        for _ in range(8):
            full = os.path.join(root, path)
            if not os.path.lexists(full) and path.startswith("usr/"):
                path = path[4:]
                full = os.path.join(root, path)
            if not os.path.islink(full):
                break
            target = os.readlink(full)
            path = os.path.normpath(
                target.lstrip("/") if target.startswith("/")
                else os.path.join(os.path.dirname(path), target))
        return full if os.path.isfile(full) else None

    def real(self, path):
        for root in self.roots:
            full = self._behind(root, path)
            if full:
                return full
        raise SystemExit("error: no %s in %s" % (path, self.roots[0]))

    def library(self, name):
        for root in self.roots:
            for folder in self.LIBS:
                path = os.path.join(folder, name)
                if os.path.lexists(os.path.join(root, path)):
                    return path
        raise SystemExit("error: no library %s for %s" % (name, self.roots[0]))

    def program(self, name, series):
        """The path of one of Xen's programs: its folder's name varies."""
        for folder in ("usr/lib/xen-%s/bin" % series, "usr/lib/xen/bin",
                       "usr/sbin", "usr/bin"):
            path = os.path.join(folder, name)
            if os.path.lexists(os.path.join(self.roots[0], path)):
                return path
        raise SystemExit("error: no program %s in %s" % (name, self.roots[0]))

    def closure(self, paths, files):
        """paths, files, and every library that they need: files and what is
        given are of the kind {path in the ramdisk: file}."""
        found, todo = dict(files), list(paths)
        for path in files.values():
            todo += [self.library(n) for n in needed(path)]
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


def base(tree, space, init):
    cpio = Cpio()
    for folder in ("proc", "sys", "dev", "run", "tmp", "etc", "root", "usr/bin",
                   "usr/sbin", "usr/lib", "usr/lib64"):
        cpio.folder(folder)
    for name in ("bin", "sbin", "lib", "lib64"):
        cpio.link(name, "usr/" + name)
    cpio.link("var/run", "/run")
    cpio.link("var/lock", "/run/lock")
    cpio.device("dev/console", 5, 1)
    busybox = tree.real("usr/bin/busybox")
    cpio.file("usr/bin/busybox", busybox)
    applets = subprocess.run([busybox, "--list"], stdout=subprocess.PIPE,
                             check=True).stdout.decode().split()
    for name in applets:
        if name != "busybox":
            cpio.link("usr/bin/" + name, "busybox")
    for name in ("dma", "hyper"):
        cpio.file("usr/bin/" + name, space.path(name))
    cpio.file("init", os.path.join(HERE, init))
    return cpio


def modules_of_debian():
    """{path: file} of MODULES and what they need, and the order to load."""
    root = os.path.join(IMAGES, "debian", "modules")
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


def dom0(tree, space, name, more=None, modules=()):
    programs = [tree.program(p, space.series) for p in PROGRAMS]
    cpio = base(tree, space, "dom0-init")
    for path, source in sorted(tree.closure(
            programs + LOADED, more or {}).items()):
        cpio.file(path, source)
    for path in programs:
        if not path.startswith(("usr/bin/", "usr/sbin/")):
            cpio.link("usr/sbin/" + os.path.basename(path), "../../" + path)
    cpio.file("etc/xen/version", space.series.encode() + b"\n", 0o644)
    cpio.file("etc/xen/xl.conf", b'autoballoon="off"\n', 0o644)
    cpio.file("etc/profile", os.path.join(HERE, "dom0-profile"), 0o644)
    for guest in ("nic.cfg", "hvm.cfg"):
        cpio.file("etc/xen/" + guest, os.path.join(HERE, "dom0-" + guest),
                  0o644)
    cpio.file("usr/bin/guest-run", os.path.join(HERE, "guest-run"))
    cpio.file("guest/guest.cpio", space.path("guest.cpio"), 0o644)
    cpio.file("guest/vmlinux", os.path.join(IMAGES, "vmlinux"), 0o644)
    if more:
        cpio.file("guest/bzImage", os.path.join(IMAGES, "bzImage"), 0o644)
    for path in modules:
        cpio.file("modules/%02d-%s" % (modules.index(path),
                                       os.path.basename(path)), path, 0o644)
    cpio.write(space.path(name))


# What hyper.c needs of Xen's libraries, in an order that links.
XEN_LIBS = ["-lxen" + name for name in
            ("ctrl", "foreignmemory", "devicemodel", "call", "hypfs", "evtchn",
             "gnttab", "toollog", "toolcore")]


def compile_tools(space, words):
    """Statically, with the headers and libraries that the words name."""
    for name, libraries in (("dma", []), ("hyper", XEN_LIBS)):
        subprocess.run(
            ["gcc", "-std=gnu99", "-O2", "-Wall", "-Wextra", "-Werror",
             "-static", "-s", "-o", space.path(name),
             os.path.join(HERE, name + ".c")] + words + libraries, check=True)


# -- The whole ----------------------------------------------------------------

def device_model():
    """The folder of Debian's device model for user spaces that are built, of
    whatever version; None, said aloud, if it cannot be had."""
    root = os.path.join(IMAGES, "device-model")
    try:
        debian.unpack(debian.RELEASES[0], DEVICE_MODEL, root)
    except SystemExit as e:
        say("no device model, no HVM guests: %s" % e)
        return None
    return root


def hvm_files(tree, model, loader):
    """What an HVM guest needs: not what this machine may have of it."""
    files = {path: Tree(model).real(path) for path in HVM_FILES}
    files[loader] = tree.real(loader)
    return files


def from_debian(space, release):
    """The tree with the packages' contents, the folder of the device model
    and the path of HVM's loader, and GCC's words for the tree."""
    packages = [p % space.series if "%" in p else p for p in PACKAGES]
    root = space.path("packages")
    version = debian.unpack(release, packages, root)
    # The C library, too, is that release's, which Xen's were built for; GCC
    # would look for it beside itself first.
    libraries = root + "/usr/lib/x86_64-linux-gnu/"
    return (Tree(root), root, "usr/lib/xen-%s/boot/hvmloader" % space.series,
            ["--sysroot=" + root, "-B" + libraries, "-L" + libraries],
            "Debian's %s: %s %s" % (release, packages[0], version))


def from_source(space):
    """The same, built from the hypervisor's tree. Libraries that are not
    Xen's are this machine's, as they were for the linker."""
    lacking = "no user space of Xen %s in the lists of Debian's %s" % (
        space.series, ", ".join(debian.candidates()))
    if not space.source:
        raise SystemExit("error: %s, and no file \"source\" beside %s names a "
                         "tree to build it from" % (lacking, space.xen))
    say("%s: it is built from %s" % (lacking, space.source))
    built, packages = space.path("built"), space.path("packages")
    model = device_model()
    subprocess.run([os.path.join(HERE, "tools.sh"), space.source, built] +
                   [os.path.join(model, HVM_FILES[0])] * bool(model),
                   check=True)
    debian.unpack(debian.codename(), [BUSYBOX], packages)
    usr = os.path.join(built, "usr")
    return (Tree(*[built, packages, "/"] + [model] * bool(model)), model,
            "usr/lib/xen/boot/hvmloader",
            ["-isystem", usr + "/include", "-L", usr + "/lib/x86_64-linux-gnu"],
            "built from " + space.source)


def fingerprint(space, names):
    """Of everything that goes in, so that nothing is packed twice."""
    digest = hashlib.sha256(" ".join(
        names + [space.series]).encode())
    inputs = [os.path.join(HERE, n) for n in sorted(os.listdir(HERE))
              if n.startswith(("dom0-", "guest-")) or
              n in ("initrd.py", "debian.py", "tools.sh", "dma.c", "hyper.c")]
    for path in inputs:
        with open(path, "rb") as f:
            digest.update(path.encode() + f.read())
    for name in ("vmlinux", "bzImage", "debian/vmlinux"):
        path = os.path.join(IMAGES, name)
        if os.path.exists(path):
            info = os.stat(path)
            digest.update(b"%d %d" % (info.st_size, info.st_mtime_ns))
    return digest.hexdigest()


def main(kernel, xen):
    space = userspace(xen)
    os.makedirs(space.folder, exist_ok=True)
    names = ["guest.cpio", "dom0.cpio"]
    if kernel == "debian":
        names.append("dom0-debian.cpio")
    stamp = space.path("stamp-" + kernel)
    print_now = fingerprint(space, names)
    # A tree in work may change at any time: tools.sh looks what has.
    if (space.debian and os.path.exists(stamp) and
            open(stamp).read() == print_now and
            all(os.path.exists(space.path(n)) for n in names)):
        return
    release = debian.release_with("xen-utils-" + space.series)
    tree, model, loader, words, origin = (
        from_debian(space, release) if release else from_source(space))
    say("user space of Xen %s: %s" % (space.series, origin))
    compile_tools(space, words)
    base(tree, space, "guest-init").write(space.path("guest.cpio"))
    dom0(tree, space, "dom0.cpio")
    if model:
        dom0(tree, space, "dom0-hvm.cpio", hvm_files(tree, model, loader))
    elif space.hvm:
        os.unlink(space.path("dom0-hvm.cpio"))
    if kernel == "debian":
        dom0(tree, space, "dom0-debian.cpio", modules=modules_of_debian())
    for path, text in ((space.path("origin"), origin + "\n"),
                       (stamp, print_now)):
        with open(path, "w") as f:
            f.write(text)


main(*sys.argv[1:])
