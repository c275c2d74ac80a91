#!/usr/bin/env python3
"""Runs the benchmark of tests/bench/xen_bench.h in QEMU and collects what it
says: one machine per hypervisor and kind of unit, and small ones that only
build a dom0, of several sizes of RAM.

  machines.py --stock FILE --ours FILE [--out FOLDER] [--iommu intel|amd]

Instructions are counted, not time: -icount makes the time stamp counter go
up by one with each. Everything that could differ from run to run (random
numbers, the clock, idle time, the host's speed) is fixed, and so two runs
give the same figures.
"""
import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "dom0"), HERE]
sys.dont_write_bytecode = True

import dmar                                                 # noqa: E402
import grub                                                 # noqa: E402
import ivrs                                                 # noqa: E402
import machine                                              # noqa: E402

# GiB. With less than two, stock Xen on AMD-Vi builds tables that are too small
# for its dom0, and stops.
SIZES = [2, 4, 8]
KINDS, UNITS = ("stock", "ours"), ("intel", "amd")
EVENTS = {
    "intel": ["vtd_reg_read", "vtd_reg_write", "vtd_inv_desc",
              "vtd_inv_desc_wait_sw", "vtd_inv_desc_wait_irq",
              "vtd_dmar_fault"],
    "amd": ["amdvi_mmio_read", "amdvi_mmio_write", "amdvi_command_exec",
            "amdvi_completion_wait"],
}
# QEMU 7.2 has one event for both, read and write, of AMD's registers.
COUNTED = {
    "vtd_reg_read": "registers", "vtd_reg_write": "registers",
    "vtd_inv_desc": "commands", "vtd_inv_desc_wait_sw": "waits",
    "vtd_inv_desc_wait_irq": "waits",
    "amdvi_mmio_read": "registers", "amdvi_mmio_write": "registers",
    "amdvi_command_exec": "commands", "amdvi_completion_wait": "waits",
}
MARK = re.compile(r"serial_write write addr 0x07 val 0x(b[123])")
OP = re.compile(r"bench: op (\d+) (\S+) (\S+) (\S+) dev (\d+) pages (\d+) "
                r"ticks (\d+) tables (-?\d+) rc (-?\d+)")
SUM = re.compile(r"bench: sum (\d+) (\S+) calls (\d+) pages (\d+) ticks (\d+)")
HWDOM = re.compile(r"bench: hwdom ram (\d+) tables (-?\d+) ticks (\d+)")
SUMS = {2: "before", 3: "to quarantine", 4: "create", 5: "destroy"}


def say(text):
    print("== " + text, flush=True)


def cpio_file(name, mode, data):
    """One member of a cpio archive of the kind "newc"."""
    name = name.encode() + b"\0"
    fields = (1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % f for f in fields) + name
    return (head + b"\0" * (-len(head) % 4) + data +
            b"\0" * (-len(data) % 4))


def ramdisk(out, xen):
    """dom0's, and after it an archive that puts the benchmark in the place of
    a login: of two files of a name the kernel keeps the later one."""
    with open(machine.userspace(xen).ramdisk(), "rb") as f:
        data = f.read()
    with open(os.path.join(HERE, "bench-profile"), "rb") as f:
        profile = f.read()
    path = os.path.join(out, "dom0.cpio")
    with open(path, "wb") as f:
        f.write(data + b"\0" * (-len(data) % 512))
        f.write(cpio_file("etc/profile", 0o100644, profile))
        f.write(cpio_file("TRAILER!!!", 0, b""))
    return path


# 64 MiB that are reserved for a device, where there is no RAM.
REGION, REGION_SIZE = 0x90000000, 64 << 20


def region_table(iommu):
    """DMAR or IVRS that says so."""
    if iommu == "intel":
        return dmar.Table().main_unit().region(
            "edu", REGION, REGION + REGION_SIZE - 1,
            dmar.endpoint(machine.EDU)).bytes()
    return ivrs.Table().main_unit().memory(
        "edu", ivrs.ONE, ivrs.RW, REGION, REGION_SIZE,
        ivrs.rid(machine.EDU)).bytes()


class Booted:
    """What grub.boot() wants to know of a machine."""

    def __init__(self, xen, initrd, xen_args, dom0_args):
        self.xen, self.initrd = xen, initrd
        self.xen_args, self.dom0_args = xen_args, dom0_args

    def images(self):
        return os.path.join(machine.IMAGES, "vmlinux"), self.initrd


def command(xen, iommu, initrd, megabytes, dom0, log, trace, options="",
            table=None):
    """@table: a DMAR or IVRS in place of QEMU's."""
    unit = {"intel": "intel-iommu,intremap=on,caching-mode=off",
            "amd": "amd-iommu,intremap=on"}[iommu]
    what = Booted(xen, initrd, "console=com1 com1=115200,8n1 "
                  "dom0_mem=%s,max:%s bootscrub=0 noreboot=1 conring_size=4M "
                  "%s" % (dom0, dom0, options),
                  "console=hvc0 random.trust_cpu=on loglevel=5 moat=shell")
    args = ["qemu-system-x86_64", "-M", "q35,kernel-irqchip=split",
            "-m", "%dM" % megabytes, "-accel", "tcg,thread=single",
            "-icount", "shift=0,align=off,sleep=off", "-seed", "1",
            "-rtc", "base=2024-01-01,clock=vm",
            "-cpu", "qemu64,+rdrand", "-smp", "1", "-display", "none",
            "-nodefaults", "-vga", "std", "-no-reboot", "-device", unit,
            "-serial", "file:" + log, "-serial", "null"]
    if table:
        args += grub.boot(table)(what, os.path.dirname(log))
    else:
        args += ["-kernel", xen, "-append", what.xen_args, "-initrd",
                 "%s %s,%s" % (what.images()[0],
                               what.dom0_args.replace(",", ",,"), initrd)]
    # The numbers are known to xen_bench_dev.c.
    for slot in range(4, 12):
        args += ["-device", "edu,addr=%x,dma_mask=0xffffffffffffffff" % slot]
    if trace:
        args += ["-D", trace]
        for event in EVENTS[iommu] + ["serial_write"]:
            args += ["-trace", event]
    return args


def boot(args, log, until, seconds):
    """Runs QEMU until its console says @until; gives all it said."""
    if os.path.exists(log):
        os.unlink(log)
    began, text = time.monotonic(), ""
    with open(log + ".stderr", "w+") as stderr:
        qemu = subprocess.Popen(args, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=stderr)
        try:
            while until not in text:
                ended = qemu.poll() is not None
                if os.path.exists(log):
                    with open(log, encoding="latin-1", newline="") as f:
                        f.seek(len(text))
                        text += f.read()
                if until in text:
                    break
                if ended or machine.CRASH.search(text):
                    raise SystemExit("error: the machine ended early; see " +
                                     log)
                if time.monotonic() - began > seconds:
                    raise SystemExit("error: not done in %d s; see %s" %
                                     (seconds, log))
                time.sleep(0.3)
        finally:
            if qemu.poll() is None:
                qemu.terminate()
            qemu.wait()
    return text


def counts(trace):
    """For each measured stretch, in order, and for each of the sums: what the
    unit saw meanwhile."""
    stretches, sums, now = [], [], None
    total = {}
    with open(trace) as f:
        for line in f:
            mark = MARK.search(line)
            if mark:
                if mark.group(1) == "b1":
                    now = dict.fromkeys(COUNTED.values(), 0)
                elif mark.group(1) == "b2":
                    stretches.append(now)
                    now = None
                else:
                    sums.append(total)
                    total = {}
                continue
            event = line.split(" ", 1)[0].split(":")[-1]
            name = COUNTED.get(event)
            if name:
                total[name] = total.get(name, 0) + 1
                if now is not None:
                    now[name] += 1
    return stretches, sums


def collect(text, stretches, sums):
    """The operations, the best of each; and what Xen spent when."""
    best = {}
    for m in OP.finditer(text):
        number, op, shape, api = int(m.group(1)), *m.group(2, 3, 4)
        dev, pages, ticks, tables, rc = map(int, m.group(5, 6, 7, 8, 9))
        if rc:
            raise SystemExit("error: %s %s of %d pages returned %d" %
                             (op, shape, pages, rc))
        key = (op, shape, api, dev, pages)
        if key not in best or ticks < best[key]["instructions"]:
            best[key] = dict(
                op=op, shape=shape, api=api, devices=dev, pages=pages,
                instructions=ticks, tables=tables, **stretches[number])
    spent = {}
    for m in SUM.finditer(text):
        number = int(m.group(1))
        if number in SUMS:
            spent.setdefault(SUMS[number], {})[m.group(2)] = dict(
                calls=int(m.group(3)), pages=int(m.group(4)),
                instructions=int(m.group(5)))
    for number, name in SUMS.items():
        if number <= len(sums):
            spent.setdefault(name, {})["unit"] = sums[number - 1]
    return list(best.values()), spent


def run(kind, xen, iommu, out, initrd):
    name = "%s-%s" % (kind, iommu)
    log = os.path.join(out, name + ".log")
    trace = os.path.join(out, name + ".trace")
    began = time.monotonic()
    text = boot(command(xen, iommu, initrd, 2048, "640M", log, trace), log,
                "bench: dom0 is done", 600)
    ops, spent = collect(text, *counts(trace))
    say("%s: %d operations, %.0f s" % (name, len(ops),
                                       time.monotonic() - began))
    return dict(ops=ops, spent=spent)


def region(kind, xen, iommu, out, initrd):
    """The same change of owner for a device that has 64 MiB reserved."""
    name = "%s-%s-region" % (kind, iommu)
    folder = os.path.join(out, name)        # what GRUB boots is put there
    os.makedirs(folder, exist_ok=True)
    log, trace = (os.path.join(folder, f) for f in ("log", "trace"))
    text = boot(command(xen, iommu, initrd, 2048, "640M", log, trace,
                        "bench_max=1", region_table(iommu)),
                log, "bench: end of ops", 300)
    ops, _ = collect(text, *counts(trace))
    say("%s: 64 MiB reserved" % name)
    return [dict(o, shape="64-MiB-region") for o in ops
            if o["op"] in ("assign", "de-assign")]


def dom0_sizes(kind, xen, iommu, out, initrd, sizes):
    rows = []
    for gigabytes in sizes:
        log = os.path.join(out, "%s-%s-%dG.log" % (kind, iommu, gigabytes))
        text = boot(command(xen, iommu, initrd, gigabytes << 10, "256M", log,
                            None), log, "bench: end of sums 1", 300)
        m = HWDOM.search(text)
        rows.append(dict(gib=gigabytes, pages=int(m.group(1)),
                         tables=int(m.group(2)),
                         instructions=int(m.group(3))))
    say("%s-%s: dom0 with %s GiB" % (kind, iommu, ", ".join(map(str, sizes))))
    return rows


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--stock", required=True)
    parser.add_argument("--ours", required=True)
    parser.add_argument("--iommu", choices=["intel", "amd"])
    parser.add_argument("--only", choices=["stock", "ours"])
    parser.add_argument("--out",
                        default=os.path.join(machine.BUILD, "bench"))
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    initrd = ramdisk(options.out, options.ours)
    path = os.path.join(options.out, "xen.json")
    wanted = [(kind, iommu)
              for iommu in ([options.iommu] if options.iommu else UNITS)
              for kind in ([options.only] if options.only else KINDS)]

    def one(job):
        kind, iommu = job
        xen = getattr(options, kind)
        whole = run(kind, xen, iommu, options.out, initrd)
        whole["ops"] += region(kind, xen, iommu, options.out, initrd)
        return "%s-%s" % job, dict(
            whole,
            dom0=dom0_sizes(kind, xen, iommu, options.out, initrd,
                            SIZES))

    # One processor each: figures are counted, so others do no harm.
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        results = dict(pool.map(one, wanted))
    with open(path, "w") as f:
        json.dump(results, f, indent=1, sort_keys=True)
    say("written: " + os.path.relpath(path, machine.ROOT))


if __name__ == "__main__":
    main()
