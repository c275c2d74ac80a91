#!/usr/bin/env python3
"""Where the instructions of one operation of the benchmark go, by function.

  profile.py [--xen FOLDER] [--iommu intel|amd] [--devices N] [--trace]
             OP SHAPE PAGES plain|flush

Steps through it in gdb, one instruction at a time, in the machine that
machines.py boots: for instance "unmap table-there 1 flush". FOLDER is what
xen/build.sh made (build/bench/xen-moat). The operation is taken the third
time, when all is warm. --trace prints each function as it is entered or gone
on with, and how many instructions it has until it is left.
"""
import argparse
import bisect
import collections
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

# gdb's side. The names in capitals are put in by main().
STEPPER = r"""
import gdb
gdb.execute("set pagination off")
gdb.execute("set confirm off")
gdb.execute("target remote SOCKET")
gdb.execute("hbreak *bench_begin")

def text(register):
    at = int(gdb.parse_and_eval("$" + register)) & (1 << 64) - 1
    data = bytes(gdb.selected_inferior().read_memory(at, 32))
    return data.split(b"\0")[0].decode()

def number(expression):
    return int(gdb.parse_and_eval(expression))

def wanted():
    return (text("rdi") == OP and text("rsi") == SHAPE and
            number("$rdx") == PAGES and
            number("*(unsigned int *)&bench_devices") == DEVICES and
            number("*(unsigned char *)&with_flush") == FLUSH)

left = 3
while left:
    gdb.execute("continue", to_string=True)
    left -= wanted()
end = number("(unsigned long)&bench_end")
gdb.execute("delete")
gdb.execute("hbreak *%#x" % number("*(unsigned long *)$rsp"))
gdb.execute("continue", to_string=True)
seen = []
while True:
    at = number("$rip") & (1 << 64) - 1
    if at == end:
        break
    seen.append(at)
    gdb.execute("stepi", to_string=True)
with open("RESULT", "w") as f:
    f.writelines("%x\n" % a for a in seen)
gdb.execute("kill")
"""


def symbols(path):
    """Addresses in order, and the functions that begin there."""
    rows = []
    for line in subprocess.run(["nm", "-n", path], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.splitlines():
        address, kind, name = line.split()
        if kind in "tT":
            rows.append((int(address, 16), name.split("#")[-1]))
    return [r[0] for r in rows], [r[1] for r in rows]


def step(options, machines):
    """The addresses of all instructions of the operation, in order."""
    with tempfile.TemporaryDirectory() as folder:
        initrd = machines.ramdisk(folder)
        socket = os.path.join(folder, "gdb")
        args = machines.command(os.path.join(options.xen, "xen"),
                                options.iommu, initrd, 2048, "640M",
                                os.path.join(folder, "log"), None,
                                "bench_max=%d %s" % (options.pages,
                                                     options.xen_args))
        args += ["-gdb", "unix:path=%s,server=on,wait=off" % socket, "-S"]
        qemu = subprocess.Popen(args, stdin=subprocess.DEVNULL)
        try:
            script = STEPPER
            for name, value in [
                    ("SOCKET", socket), ("RESULT", folder + "/result"),
                    ("OP", repr(options.op)), ("SHAPE", repr(options.shape)),
                    ("PAGES", str(options.pages)),
                    ("DEVICES", str(options.devices)),
                    ("FLUSH", str(int(options.api == "flush")))]:
                script = script.replace(name, value)
            path = os.path.join(folder, "stepper.py")
            with open(path, "w") as f:
                f.write(script)
            while not os.path.exists(socket):
                if qemu.poll() is not None:
                    raise SystemExit("error: QEMU ended early")
            subprocess.run(["gdb", "-q", "-batch", "-x", path,
                            os.path.join(options.xen, "xen-syms")],
                           check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL)
            with open(folder + "/result") as f:
                return [int(line, 16) for line in f]
        finally:
            if qemu.poll() is None:
                qemu.terminate()
            qemu.wait()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("op")
    parser.add_argument("shape")
    parser.add_argument("pages", type=int)
    parser.add_argument("api", choices=["plain", "flush"])
    parser.add_argument("--xen", default=os.path.join(
        HERE, "..", "..", "build", "bench", "xen-moat"))
    parser.add_argument("--iommu", choices=["intel", "amd"], default="intel")
    parser.add_argument("--devices", type=int, default=1)
    parser.add_argument("--xen-args", default="",
                        help="more words for Xen's command line")
    parser.add_argument("--trace", action="store_true")
    options = parser.parse_args()
    if not shutil.which("gdb"):
        parser.error("gdb is needed: apt install gdb")
    if not os.path.exists(os.path.join(options.xen, "xen-syms")):
        parser.error("no xen-syms in %s: make bench builds it" % options.xen)

    sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "dom0")]
    sys.dont_write_bytecode = True
    import machines

    starts, names = symbols(os.path.join(options.xen, "xen-syms"))
    counts, calls = collections.Counter(), collections.Counter()
    run, before = 0, None
    for address in step(options, machines):
        i = bisect.bisect_right(starts, address) - 1
        if address == starts[i]:
            calls[names[i]] += 1
        if options.trace and names[i] != before and before:
            print("%6d  %s" % (run, before))
            run = 0
        run += 1
        before = names[i]
        counts[before] += 1
    if options.trace:
        print("%6d  %s\n" % (run, before))
    for name, n in counts.most_common():
        print("%7d  %4d x  %s" % (n, calls[name], name))
    print("%7d  in all" % sum(counts.values()))


if __name__ == "__main__":
    main()
