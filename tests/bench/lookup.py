#!/usr/bin/env python3
"""Instructions of look-ups in the core, on machines of different size, as
callgrind counts them (tests/bench/lookup.c). Results: build/bench/lookup.json
and a table on standard output.
"""
import glob
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(ROOT, "build", "bench")

# units, devices, domains, interrupts, units with a device of the guest
SMALL = (1, 64, 1, 64, 1)
POINTS = {
    "units": [(n, 64, 1, 64, 1) for n in (1, 4, 16, 64)],
    "devices": [(1, n, 1, 64, 1) for n in (64, 512, 4096)],
    "domains": [(1, 64, n, 64, 1) for n in (1, 1024, 32752)],
    "ids in use": [(1, 64, n, 64, 1) for n in (1, 4096, 65500)],
    "interrupts": [(1, 64, 1, n, 1) for n in (64, 8192, 65535)],
    "attached": [(8, 64, 1, 64, n) for n in range(1, 9)],
    "everything": [SMALL, (64, 4096, 32752, 65535, 1)],
}
FLAT = {"units": 0, "devices": 1, "domains": 2, "ids in use": 2,
        "interrupts": 3, "attached": 4, "everything": None}


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **options)
    if done.returncode:
        raise SystemExit("error: %s\n%s" % (" ".join(command),
                                            done.stderr.decode()[-2000:]))
    return done.stdout.decode()


def build(program):
    """The core as a hypervisor has it: optimised, without vector registers;
    but for its list of vendors, which is lookup.c's."""
    core = [f for f in glob.glob(os.path.join(
        ROOT, "drivers", "passthrough", "*", "*.c"))
        if not f.endswith("/core/vendors.c")]
    lib = [f for f in glob.glob(os.path.join(ROOT, "tests", "lib", "*.c"))
           if not f.endswith("/main.c")]
    run(["gcc", "-std=gnu99", "-O2", "-gdwarf-4", "-mno-sse3", "-pthread",
         "-fno-strict-aliasing", "-I" + os.path.join(ROOT, "tests", "lib"),
         "-I" + os.path.join(ROOT, "include"),
         "-I" + os.path.join(ROOT, "drivers", "passthrough"), "-o", program,
         os.path.join(HERE, "lookup.c")] + core + lib)


def measure(program, point):
    out = os.path.join(OUT, "lookup.callgrind")
    text = run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out,
                "--collect-atstart=no", "--toggle-collect=bench_*", program] +
               [str(n) for n in point])
    costs = {}
    for line in run(["callgrind_annotate", "--inclusive=yes",
                     "--threshold=100", out]).splitlines():
        m = re.match(r"\s*([\d,]+) \([^)]*\)\s+\S*:bench_(\w+)", line)
        if m:
            costs[m.group(2)] = int(m.group(1).replace(",", ""))
    m = re.search(r"(\d+) submitted, (\d+) at once, (\d+) waits", text)
    if not costs or not m:
        raise SystemExit("error: callgrind says nothing of bench_*")
    costs["submitted"], costs["at once"], costs["waits"] = map(int, m.groups())
    return costs


def main():
    os.makedirs(OUT, exist_ok=True)
    program = os.path.join(OUT, "lookup")
    build(program)
    seen, result = {}, {}
    for name, points in POINTS.items():
        rows = []
        for point in points:
            if point not in seen:
                seen[point] = measure(program, point)
            rows.append(dict(units=point[0], devices=point[1],
                             domains=point[2], interrupts=point[3],
                             attached=point[4], cost=seen[point]))
        result[name] = rows
        show(name, rows)
    with open(os.path.join(OUT, "lookup.json"), "w") as f:
        json.dump(result, f, indent=1, sort_keys=True)


def show(name, rows):
    key = FLAT[name]
    values = [("units", "devices", "domains", "interrupts", "attached")]
    heads = [str([r[k] for k in values[0]][key]) if key is not None else
             ("small" if r is rows[0] else "large") for r in rows]
    print("%-20s %s" % (name, " ".join("%8s" % h for h in heads)))
    for op in rows[0]["cost"]:
        figures = [r["cost"].get(op, 0) for r in rows]
        print("  %-18s %s" % (op.replace("_", " "),
                              " ".join("%8d" % n for n in figures)))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
