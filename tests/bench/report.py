#!/usr/bin/env python3
"""Prints what the benchmarks measured: one table per kind of unit, the sums
that Xen spent on its own account, dom0 by size of RAM, the goals; and draws
bench.svg. All of it from the *.json of the folder that is named, or else of
build/bench; look-ups, which know no Xen, from there.
"""
import json
import math
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BENCH = os.path.join(ROOT, "build", "bench")
OUT = sys.argv[1] if len(sys.argv) > 1 else BENCH
UNITS = [("intel", "VT-d"), ("amd", "AMD-Vi")]
LAYER = ["domain_init", "domain_destroy", "free_pgtables", "do_domctl",
         "flush", "map", "unmap", "release_devices", "ioapic_write"]


def load(name, folder=OUT):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return None
    with open(path) as f:
        return json.load(f)


def key(row):
    return (row["devices"], row["api"], row["op"], row["shape"], row["pages"])


def name(row):
    """"map+flush 4,096 contiguous"."""
    text = row["op"]
    if row["op"] in ("map", "unmap", "split", "re-join"):
        text += "+flush" if row["api"] == "flush" else ""
        text += " {:,} {}".format(row["pages"], row["shape"])
    elif row["op"] in ("interrupt", "assign", "de-assign"):
        text += " " + row["shape"]
    return text


def pair(stock, ours, what):
    return "%d/%d" % (stock[what], ours[what])


def per_page(row):
    n = row["instructions"] / row["pages"]
    return "{:,.0f}".format(n) if n >= 100 else "%.1f" % n


LINE = "%-32s %12s %12s %7s %9s %9s %13s %13s %11s %9s"


def print_ops(title, stock, ours):
    stock = {key(r): r for r in stock["ops"]}
    devices = None
    for row in ours["ops"]:
        other = stock.get(key(row))
        if not other or row["op"] == "fault" and title == "AMD-Vi":
            continue
        if row["devices"] != devices:
            devices = row["devices"]
            print("\n%s, a guest with %d device%s\n" % (
                title, devices, "" if devices == 1 else "s"))
            print(LINE % ("operation", "stock", "ours", "ratio",
                          "stock/page", "ours/page", "registers", "commands",
                          "waits", "tables"))
        print(LINE % (
            name(row), "{:,}".format(other["instructions"]),
            "{:,}".format(row["instructions"]),
            "%.1f" % (other["instructions"] / max(1, row["instructions"])),
            per_page(other), per_page(row), pair(other, row, "registers"),
            pair(other, row, "commands"), pair(other, row, "waits"),
            pair(other, row, "tables") if row["op"] == "map" else ""))


def spent(result, phase):
    """Instructions in the layer meanwhile, and what the unit saw."""
    sums = result["spent"].get(phase, {})
    return (sum(sums[e]["instructions"] for e in LAYER if e in sums),
            sums.get("unit", {}))


def print_guests(title, stock, ours):
    print("\n%s, a guest of 512 MiB with a device: what Xen spends in the "
          "layer\n" % title)
    for phase in ("create", "destroy"):
        (a, ua), (b, ub) = spent(stock, phase), spent(ours, phase)
        print(LINE % (
            phase, "{:,}".format(a), "{:,}".format(b),
            "%.1f" % (a / max(1, b)), "", "",
            *("%d/%d" % (ua.get(w, 0), ub.get(w, 0))
              for w in ("registers", "commands", "waits")), ""))


def line_of(rows):
    """Instructions = a + b * GiB, through the two largest: below 4 GiB the
    addresses count as much as the RAM."""
    first, last = rows[-2:]
    b = ((last["instructions"] - first["instructions"]) /
         (last["gib"] - first["gib"]))
    return first["instructions"] - b * first["gib"], b


def print_dom0(title, stock, ours):
    a, b = line_of(stock["dom0"]), line_of(ours["dom0"])
    print("\n%s, building dom0 (iommu_hwdom_init)\n" % title)
    rows = [("%d GiB" % s["gib"], s["instructions"], o["instructions"],
             "%d/%d" % (s["tables"], o["tables"]))
            for s, o in zip(stock["dom0"], ours["dom0"])]
    rows += [("%d GiB, by the slope" % n, a[0] + a[1] * n, b[0] + b[1] * n,
              "") for n in (1, 16, 256)]
    for what, s, o, tables in rows:
        print(LINE % (what, "{:,.0f}".format(s), "{:,.0f}".format(o),
                      "%.1f" % (s / max(1, o)), "", "", "", "", "", tables))


# -- Goals --------------------------------------------------------------------

def find(result, op, shape, api, devices, pages):
    for row in result["ops"]:
        if key(row) == (devices, api, op, shape, pages):
            return row
    return None


def verdict(good):
    return "yes" if good else "NO"


def print_goals(title, stock, ours):
    def row(op, shape, api, devices, pages):
        return (find(stock, op, shape, api, devices, pages),
                find(ours, op, shape, api, devices, pages))

    print("\n%s, goals\n" % title)

    def say(text, goal, figure, good):
        print("  %-46s %-28s %-26s %s" % (text, goal, figure, verdict(good)))

    _, o = row("map", "contiguous", "plain", 0, 262144)
    n = o["instructions"] / o["pages"]
    say("map, long runs of 4 KiB, per page", "<= 16", "%.1f" % n, n <= 16)
    _, o = row("unmap", "runs-of-256", "plain", 0, 4096)
    n = o["instructions"] / o["pages"]
    say("unmap, runs of 256, per page", "<= 12", "%.1f" % n, n <= 12)
    s, o = row("unmap", "contiguous", "flush", 1, 1)
    say("unmap and flush 1 page, with a device", "<= 1/3, 1 wait",
        "1/%.1f, %d wait, %d register" % (
            s["instructions"] / o["instructions"], o["waits"],
            o["registers"]),
        3 * o["instructions"] <= s["instructions"] and o["waits"] == 1)
    s, o = row("unmap", "contiguous", "flush", 1, 256)
    say("unmap and flush 256 pages", "<= 1/30",
        "1/%.1f" % (s["instructions"] / o["instructions"]),
        30 * o["instructions"] <= s["instructions"])
    s = [find(stock, op, "device", "plain", 0, 1)["instructions"]
         for op in ("assign", "de-assign")]
    o = [find(ours, op, "device", "plain", 0, 1)["instructions"]
         for op in ("assign", "de-assign")]
    say("assign and de-assign", "<= 1/2", "1/%.1f" % (sum(s) / sum(o)),
        2 * sum(o) <= sum(s))
    _, bare = row("assign", "device", "plain", 0, 1)
    s, o = row("assign", "64-MiB-region", "plain", 0, 1)
    # A flush more for the pages that became present, where units keep those.
    say("assign with 64 MiB reserved: flushes for it", "<= 1",
        "%d, 1/%d of stock's cost" % (
            o["waits"] - bare["waits"],
            s["instructions"] / o["instructions"]),
        o["waits"] <= bare["waits"] + 1)
    a, b = line_of(stock["dom0"]), line_of(ours["dom0"])
    s, o = a[0] + a[1] * 16, b[0] + b[1] * 16
    say("dom0 with 16 GiB", "<= 1/10", "1/%.1f" % (s / o), 10 * o <= s)
    s, o = row("map", "contiguous", "plain", 0, 262144)
    # What stood empty before is not seen: stock keeps the one table above.
    say("table pages for 1 GiB of 4 KiB pages", "<= stock, which has 1 more",
        pair(s, o, "tables"), o["tables"] <= s["tables"] + 1)


# -- The picture --------------------------------------------------------------

WIDTH, HEIGHT, LEFT, TOP = 420, 300, 60, 40
COLOURS = ["#b03030", "#e09070", "#205090", "#70a8d8", "#408040", "#a06090",
           "#908030", "#606060", "#30a0a0", "#c06000"]


def panel(x0, y0, title, xs, lines, x_name, y_name):
    """Both axes logarithmic. lines: [(name, [value for each x])]."""
    values = [v for _, ys in lines for v in ys if v]
    low = math.floor(math.log10(max(0.01, min(values))))
    high = max(low + 1, math.ceil(math.log10(max(values))))
    w, h = WIDTH - LEFT - 20, HEIGHT - TOP - 60

    def at(i, v):
        spread = math.log10(max(v, 10 ** low)) - low
        return (x0 + LEFT + w * i / max(1, len(xs) - 1),
                y0 + TOP + h - h * spread / (high - low))

    out = ['<text x="%d" y="%d" font-weight="bold">%s</text>' %
           (x0 + LEFT, y0 + 18, title),
           '<text x="%d" y="%d">%s</text>' % (x0 + LEFT, y0 + 33, y_name),
           '<text x="%d" y="%d" text-anchor="end">%s</text>' %
           (x0 + LEFT + w, y0 + TOP + h + 30, x_name)]
    for e in range(low, high + 1):
        _, y = at(0, 10 ** e)
        out.append('<path d="M%d %.1fh%d" stroke="#ddd"/>'
                   '<text x="%d" y="%.1f" text-anchor="end">%g</text>' %
                   (x0 + LEFT, y, w, x0 + LEFT - 6, y + 4, 10.0 ** e))
    for i, x in enumerate(xs):
        out.append('<text x="%.1f" y="%d" text-anchor="middle">%s</text>' %
                   (at(i, 1)[0], y0 + TOP + h + 15, "{:,}".format(x)))
    for n, (label, ys) in enumerate(lines):
        points = " ".join("%.1f,%.1f" % at(i, y)
                          for i, y in enumerate(ys) if y)
        colour = COLOURS[n % len(COLOURS)]
        out.append('<polyline points="%s" fill="none" stroke="%s" '
                   'stroke-width="2"/>' % (points, colour))
        out.append('<text x="%d" y="%d" fill="%s">%s</text>' %
                   (x0 + LEFT + 8 + w // 2 * (n % 2),
                    y0 + TOP + h + 46 + 14 * (n // 2), colour, label))
    return out


def series(result, op, api, devices, sizes):
    rows = [find(result, op, "contiguous", api, devices, n) for n in sizes]
    return [r["instructions"] / r["pages"] if r else 0 for r in rows]


def draw(results, lookups):
    sizes, parts, x = [1, 16, 256, 4096, 65536, 262144], [], 0
    for unit, title in UNITS:
        if "ours-" + unit not in results:
            continue
        stock, ours = results["stock-" + unit], results["ours-" + unit]
        parts += panel(x, 0, title + ", a guest with a device", sizes, [
            (who + " " + op + "+flush", series(r, op, "flush", 1, sizes))
            for who, r in (("stock", stock), ("ours", ours))
            for op in ("map", "unmap")], "pages",
            "instructions per page")
        x += WIDTH
    if lookups:
        field = {"ids in use": "domains"}
        for n, what in enumerate(("units", "devices", "ids in use",
                                  "interrupts")):
            rows = lookups[what]
            ops = [o for o in rows[0]["cost"] if o not in (
                "submitted", "at once", "waits")]
            parts += panel(WIDTH * (n % 2), (HEIGHT + 80) * (1 + n // 2),
                           "Look-ups: " + what,
                           [r[field.get(what, what)] for r in rows],
                           [(o.replace("_", " "),
                             [r["cost"].get(o, 0) for r in rows])
                            for o in ops], what, "instructions")
    height = (HEIGHT + 80) * (3 if lookups else 1)
    path = os.path.join(OUT, "bench.svg")
    with open(path, "w") as f:
        f.write('<svg xmlns="http:/' '/www.w3.org/2000/svg" width="%d" '
                'height="%d" font-family="sans-serif" font-size="11">'
                '<rect width="100%%" height="100%%" fill="white"/>\n%s\n'
                '</svg>\n' % (2 * WIDTH, height, "\n".join(parts)))
    return path


def bars(results):
    """The same as text: how many times cheaper, a mark for each doubling."""
    for unit, title in UNITS:
        if "ours-" + unit not in results:
            continue
        stock = {key(r): r for r in results["stock-" + unit]["ops"]}
        print("\n%s: stock against ours, a guest with a device, with flush "
              "(each # a doubling, each - a halving)\n" % title)
        for row in results["ours-" + unit]["ops"]:
            other = stock.get(key(row))
            if not other or row["devices"] != 1 or row["api"] != "flush":
                continue
            times = other["instructions"] / max(1, row["instructions"])
            n = round(math.log2(times)) if times else 0
            print("  %-32s %6.1f %s" % (name(row), times,
                                        ("#" if n > 0 else "-") * abs(n)))


def main():
    results, lookups = load("xen.json"), load("lookup.json", BENCH)
    if not results:
        raise SystemExit("error: no xen.json in %s: run make bench" % OUT)
    with open(os.path.join(OUT, "xen-moat", "version")) as f:
        print("Xen " + f.read().strip())
    print("Instructions, counted by QEMU. Registers, commands, waits, table "
          "pages: stock/ours.")
    for unit, title in UNITS:
        stock = results.get("stock-" + unit)
        ours = results.get("ours-" + unit)
        if not stock or not ours:
            continue
        print_ops(title, stock, ours)
        print_guests(title, stock, ours)
        print_dom0(title, stock, ours)
        print_goals(title, stock, ours)
    bars(results)
    print("\nplot: " + os.path.relpath(draw(results, lookups), ROOT))


if __name__ == "__main__":
    sys.exit(main())
