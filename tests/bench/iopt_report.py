#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Make a table and JSON of what iopt_bench measured (see iopt.sh).

Usage: iopt_report.py DIRECTORY COMPILER...
"""
import glob
import json
import re
import subprocess
import sys

# Operation, what it does, what its figures are per.
OPERATIONS = [
    ("store", "plain loop of stores, same memory", "page"),
    ("map", "tables there; calls of so many pages", "page"),
    ("remap", "other pages there", "page"),
    ("map-new", "tables made as well", "page"),
    ("map-wb", "tables there; unit does not snoop", "page"),
    ("map-new-wb", "tables made; unit does not snoop", "page"),
    ("map-256", "by calls of 256 pages", "page"),
    ("map-each", "page by page", "page"),
    ("map-each-join", "page by page, re-joined to 2 MiB", "page"),
    ("map-scattered", "page by page, each in another table", "page"),
    ("map-super", "largest leaves", "page"),
    ("unmap", "calls of so many; whole tables at once", "page"),
    ("unmap-wb", "the same; unit does not snoop", "page"),
    ("unmap-256", "by calls of 256 pages", "page"),
    ("unmap-each", "page by page", "page"),
    ("unmap-scattered", "page by page, each in another table", "page"),
    ("unmap-super", "largest leaves", "page"),
    ("split", "2 MiB split, one page unmapped", "split"),
    ("join", "that page mapped, re-joined", "join"),
]


def callgrind(pattern):
    """Instructions by name of the dump."""
    found = {}
    for name in glob.glob(pattern):
        with open(name, encoding="ascii") as f:
            text = f.read()
        label = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.M)
        total = re.search(r"^totals: (\d+)$", text, re.M)
        if label and total:
            found[label.group(1)] = int(total.group(1))
    return found


def loop(rows, name, pages, units):
    """Which row holds what the loop around the calls costs."""
    if name.endswith("-scattered"):
        return "nothing-scattered", pages
    if "-each" in name:
        return "nothing-each", pages
    if units == rows["nothing", pages][0]:      # as many short runs
        return "nothing", pages
    return "nothing", 262144


def read(directory, compiler, fmt):
    """Results of one format, each less what its loop costs."""
    rows, source = {}, "the processor's counter"
    base = f"{directory}/{compiler}/{fmt}"
    with open(f"{base}.txt", encoding="ascii") as f:
        for line in f:
            name, pages, units, ns, instructions = line.split()
            rows[name, int(pages)] = [int(units), int(ns), instructions]
    if any(r[2] == "-" for r in rows.values()):
        source = "callgrind"
        found = callgrind(f"{base}.callgrind.*")
        for (name, pages), row in rows.items():
            row[2] = found[f"{name} {pages}"]
    out = []
    for (name, pages), (units, ns, instructions) in rows.items():
        if name.startswith("nothing"):
            continue
        _, less_ns, less = rows[loop(rows, name, pages, units)]
        out.append({
            "compiler": compiler, "format": fmt, "operation": name,
            "pages": pages, "ns": max(0, ns - less_ns) / units,
            "instructions": (int(instructions) - int(less)) / units,
        })
    return out, source


def table(rows, title):
    """Print instructions and nanoseconds per unit."""
    sizes = sorted({r["pages"] for r in rows})
    cells = {(r["operation"], r["pages"]): r for r in rows}
    print(f"\n{title}")
    print(f"{'':16}" + "".join(f"{n:>18,}" for n in sizes))
    for name, what, _ in OPERATIONS:
        line = f"{name:16}"
        for n in sizes:
            r = cells.get((name, n))
            line += (f"{r['instructions']:10.2f}{r['ns']:8.2f}" if r
                     else f"{'':18}")
        print(f"{line}  {what}")


def main():
    directory, *compilers = sys.argv[1:]
    unit = {name: what for name, _, what in OPERATIONS}
    everything, versions, source = [], {}, None
    print("The page-table engine alone: instructions and nanoseconds, each "
          "per page (split, join: each).\nColumns: pages of one call (up to "
          "256: many such calls), or in all where calls are smaller.")
    for compiler in compilers:
        versions[compiler] = subprocess.run(
            [compiler, "--version"], check=True, text=True,
            stdout=subprocess.PIPE).stdout.splitlines()[0]
        for fmt in "vtd", "amd":
            rows, source = read(directory, compiler, fmt)
            table(rows, f"{fmt}, {versions[compiler]}; instructions counted "
                  f"by {source}")
            everything += rows
    for r in everything:
        r["per"] = unit[r["operation"]]
    with open(f"{directory}/iopt.json", "w", encoding="ascii") as f:
        json.dump({"compilers": versions, "instructions": source,
                   "results": everything}, f, indent=1)
        f.write("\n")


main()
