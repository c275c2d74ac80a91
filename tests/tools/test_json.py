# SPDX-License-Identifier: GPL-2.0-only
"""JSON, and tables made from it."""
import copy
import json
import os

import tables

# Damage to what --compile makes right: such a table does not come back.
HEADERS = {"short-header", "length-tiny", "length-beyond", "length-cut",
           "length-zero", "checksum", "bytes-behind", "ivrs-short",
           "ivrs-tiny", "ivrs-beyond", "ivrs-checksum"}


def read(t, path):
    return json.loads(t.run("--json", path).out)


def round_trip(t, name, folder, some):
    wrong = []
    for table_name, table in sorted(some.items()):
        path = os.path.join(t.folder, folder, table_name + ".dat")
        text = t.run("--json", path).out_bytes
        r = t.run("--compile", "-", stdin=text)
        if r.status or r.out_bytes != table:
            wrong.append("%s: %s" % (table_name, r.err or "other bytes"))
    t.check_all("%s: %d come back from JSON byte for byte" %
                (name, len(some)), wrong)


def header_made_right(t, own):
    """Wrong lengths and checksums do not come back, they are right then."""
    for name, base in (("checksum", "dmar-laptop"),
                       ("ivrs-checksum", "ivrs-desktop"),
                       ("length-beyond", "dmar-laptop")):
        path = os.path.join(t.folder, "own", name + ".dat")
        r = t.run("-c", "-", stdin=t.run("-j", path).out_bytes)
        t.check(not r.status and r.out_bytes == own[base],
                "--compile makes it right: %s" % name, repr(r))


def shape(t, own):
    path = os.path.join(t.folder, "own", "dmar-laptop.dat")
    top = read(t, path)
    table = top["tables"][0]
    record = table["records"][2]
    t.check((top["format"], top["version"], top["status"]) ==
            ("iommu-tables", 1, 0), "JSON: the outermost keys", repr(top))
    t.check(table["signature"] == "DMAR" and table["length"] == 238 and
            table["source"] == path and table["host_address_width"] == 38 and
            table["flags"] == {"intr_remap": True, "x2apic_opt_out": False,
                               "dma_ctrl_platform_opt_in": True} and
            {f["severity"] for f in table["findings"]} <= {"info"},
            "JSON: a table", repr(table)[:400])
    t.check({k: v for k, v in record.items() if k != "scopes"} ==
            {"type": "RMRR", "offset": 0x78, "length": 40, "used": "yes",
             "segment": "0x0000", "base": "0x8a785000",
             "limit": "0x8a7a4fff"} and
            [s["path"] for s in record["scopes"]] == [[[20, 0]], [[29, 0]]],
            "JSON: a record", repr(record))
    bad = read(t, os.path.join(t.folder, "own", "rmrr-reversed.dat"))
    record = bad["tables"][0]["records"][2]
    finding = [f for f in bad["tables"][0]["findings"]
               if f["offset"] == 0x88 and f["severity"] == "error"]
    t.check(bad["status"] == 1 and record["used"] == "no" and
            record["problem"]["offset"] == 0x88 and
            record["problem"]["value"] == "0xfff" and len(finding) == 1 and
            finding[0]["log"].startswith("DMAR offset 0x88: "),
            "JSON: a damaged record, and the finding", repr(bad)[:600])
    two = read(t, os.path.join(t.folder, "own", "ivrs-desktop.dat"))
    entry = two["tables"][0]["records"][0]["entries"][1]
    t.check(entry["used"] == "with its start" and
            entry["device_id"] == "ff:1f.6", "JSON: an entry", repr(entry))


def documented(t, own, real):
    """Every key that is written stands in JSON.md."""
    import harness
    with open(os.path.join(harness.ROOT, "tools", "iommu-tables",
                           "JSON.md"), encoding="ascii") as f:
        text = f.read()
    keys = set()

    def walk(j):
        if isinstance(j, dict):
            keys.update(j)
            for v in j.values():
                walk(v)
        elif isinstance(j, list):
            for v in j:
                walk(v)

    for name in sorted(own):
        walk(read(t, os.path.join(t.folder, "own", name + ".dat")))
    t.check(len(keys) > 60, "JSON: keys are seen", "%d" % len(keys))
    t.check_all("JSON.md has every key",
                sorted(k for k in keys
                       if "`%s`" % k not in text and '"%s"' % k not in text))


# Where each bit field stands by the specifications: table, path to the field
# in its JSON, offset of its lowest byte, {key: (lowest bit, bits)}.
IVHD_FLAGS = {"ht_tun_en": (0, 1), "pass_pw": (1, 1), "res_pass_pw": (2, 1),
              "isoc": (3, 1), "iotlb_sup": (4, 1), "coherent": (5, 1)}
DTE = {"init_pass": (0, 1), "eint_pass": (1, 1), "nmi_pass": (2, 1),
       "sys_mgt": (4, 2), "lint0_pass": (6, 1), "lint1_pass": (7, 1)}
COUNTERS = {"pn_counters": (13, 4), "pn_banks": (17, 6),
            "msi_num_ppr": (23, 5)}
BITS = [
    ("dmar-soc", ["flags"], 0x25,
     {"intr_remap": (0, 1), "x2apic_opt_out": (1, 1),
      "dma_ctrl_platform_opt_in": (2, 1)}),
    ("dmar-soc", ["records", 0, "flags"], 0x34, {"include_pci_all": (0, 1)}),
    ("dmar-soc", ["records", 0, "size"], 0x35,
     {"register_pages_log2": (0, 4)}),
    ("dmar-soc", ["records", 1, "flags"], 0x4c, {"atc_required": (0, 1)}),
    ("dmar-server", ["records", 5, "flags"], 0xe8, {"all_ports": (0, 1)}),
    ("dmar-soc", ["records", 2, "scopes", 0, "flags"], 0x6a,
     {"nested_not_allowed": (0, 1), "pwsnp_not_allowed": (1, 1),
      "pgsnp_not_allowed": (2, 1), "atc_hardened": (3, 1),
      "atc_required": (4, 1)}),
    ("ivrs-entries", ["ivinfo"], 0x24,
     {"efr_sup": (0, 1), "dma_remap_sup": (1, 1), "gva_size": (5, 3),
      "pa_size": (8, 7), "va_size": (15, 7), "ht_ats_resv": (22, 1)}),
    ("ivrs-entries", ["records", 0, "flags"], 0x31,
     dict(IVHD_FLAGS, pref_sup=(6, 1), ppr_sup=(7, 1))),
    ("ivrs-entries", ["records", 1, "flags"], 0x99, IVHD_FLAGS),
    ("ivrs-entries", ["records", 0, "info"], 0x42,
     {"msi_num": (0, 5), "unit_id": (8, 5)}),
    ("ivrs-entries", ["records", 0, "features"], 0x44,
     dict(COUNTERS, xt_sup=(0, 1), nx_sup=(1, 1), gt_sup=(2, 1),
          glx_sup=(3, 2), ia_sup=(5, 1), ga_sup=(6, 1), he_sup=(7, 1),
          pas_max=(8, 5), gats=(28, 2), hats=(30, 2))),
    ("ivrs-entries", ["records", 1, "attributes"], 0xac, COUNTERS),
    ("ivrs-entries", ["records", 0, "entries", 1, "dte_setting"], 0x4f, DTE),
    ("ivrs-entries", ["records", 0, "entries", 8, "extended_dte_setting"],
     0x78, {"ats_disabled": (31, 1)}),
    ("ivrs-mobile", ["records", 0, "entries", 4, "dte_setting"], 0x73, DTE),
    ("ivrs-desktop", ["records", 2, "flags"], 0xd1,
     {"unity": (0, 1), "ir": (1, 1), "iw": (2, 1),
      "exclusion_range": (3, 1)}),
]


def bits(t, own):
    """Each bit field alone, from JSON to its place in the table and back."""
    wrong = []
    for name, path, offset, fields in BITS:
        doc = read(t, os.path.join(t.folder, "own", name + ".dat"))
        width = max(low + n for low, n in fields.values()) + 7 >> 3
        for key, (low, n) in fields.items():
            value = True if n == 1 else (1 << n) - 1
            edited = change(doc, ["tables", 0] + path, {key: value})
            table = t.run("-c", "-",
                          stdin=json.dumps(edited).encode()).out_bytes
            said = read(t, t.file("bits.dat", table))["tables"][0]
            for step in path:
                said = said[step]
            there = int.from_bytes(table[offset:offset + width], "little")
            if (there != ((1 << n) - 1) << low or
                    {k: v for k, v in said.items() if v} != {key: value} or
                    set(said) != set(fields)):
                wrong.append("%s %s %s: %#x, %r" % (name, path, key, there,
                                                   said))
    t.check_all("every bit is where the specifications have it", wrong)


def change(doc, path, value):
    doc = copy.deepcopy(doc)
    at = doc
    for step in path[:-1]:
        at = at[step]
    if value is KeyError:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return doc


def edits(t, own):
    """JSON changed by hand: what comes of it, or the complaint."""
    doc = read(t, os.path.join(t.folder, "own", "dmar-laptop.dat"))
    first = ["tables", 0]
    rmrr = first + ["records", 2]
    scope = rmrr + ["scopes", 0]
    r = t.run("-c", "-", stdin=json.dumps(
        change(doc, rmrr + ["scopes"], doc["tables"][0]["records"][2]
               ["scopes"][:1])).encode())
    path = t.file("edited.dat", r.out_bytes)
    t.check(len(r.out_bytes) == 230 and t.run(path).status == 0,
            "--compile: a scope less, lengths and checksum right", repr(r))
    r = t.run("-c", "-", stdin=json.dumps(
        change(doc, rmrr + ["limit"], 0x8a786fff)).encode())
    t.check(r.out_bytes[0x88:0x90].hex() == "ff6f788a00000000",
            "--compile: a number where a string is usual", repr(r))
    for what, path, value, place in (
            ("missing", rmrr + ["base"], KeyError,
             "tables[0].records[2].base: is missing"),
            ("unknown key", rmrr + ["bsae"], 1,
             "tables[0].records[2].bsae: there is no such key here"),
            ("negative", rmrr + ["base"], -1,
             "tables[0].records[2].base: must be a number"),
            ("too large", scope + ["start_bus"], "0x100",
             "tables[0].records[2].scopes[0].start_bus: must be a number "
             "from 0 to 0xff"),
            ("too many digits", rmrr + ["base"], "0x12345678123456781",
             "base: must be a number"),
            ("no digits", rmrr + ["base"], "0x", "base: must be a number"),
            ("a sign", rmrr + ["base"], "0x-1", "base: must be a number"),
            ("path", scope + ["path"], [[1]], "path: step 0 must be"),
            ("path too large", scope + ["path"], [[1, 256]],
             "path: step 0 must be"),
            ("path too long", scope + ["path"], [[1, 1]] * 130,
             "scopes[0]: has 266 bytes, more than its length field"),
            ("flag", first + ["flags", "intr_remap"], 1,
             "tables[0].flags.intr_remap: must be true or false"),
            ("flag unknown", first + ["flags", "intr_rmap"], True,
             "tables[0].flags.intr_rmap: there is no such key"),
            ("named bit as reserved", first + ["flags", "reserved"], "0x1",
             "flags.reserved: must be bits that have no name"),
            ("text too long", first + ["oem_id"], "1234567",
             "oem_id: must have 6 characters at most, not 7"),
            ("text not ASCII", first + ["oem_id"], "\u00e9",
             "oem_id: must be printable ASCII"),
            ("hex odd", first + ["oem_id"], "hex:1", "oem_id: "),
            ("reserved odd", first + ["reserved"], "00", "must be 10 bytes"),
            ("type", rmrr + ["type"], "RMRM", "records[2].type: must be a"),
            ("type too large", rmrr + ["type"], 65536, "records[2].type"),
            ("signature", first + ["signature"], "FACP",
             "tables[0].signature: must be DMAR or IVRS"),
            ("records", first + ["records"], {}, "records: must be a list"),
            ("record", rmrr, 5, "tables[0].records[2]: must be an object"),
            ("table", first, [], "tables[0]: must be an object"),
            ("version", ["version"], 2, "version: must be 1"),
            ("tail", rmrr + ["tail"], "0", "tail: must be a string of"),
            ("padding", first + ["records", 4, "padding"], -1,
             "padding: must be a number")):
        r = t.run("-c", "-", stdin=json.dumps(
            change(doc, path, value)).encode())
        t.says("--compile complains: %s" % what, r, 2,
               err=["iommu-tables: -: ", place])
        t.check(not r.out_bytes, "--compile writes nothing: %s" % what)


def ivrs_edits(t, own):
    doc = read(t, os.path.join(t.folder, "own", "ivrs-mobile.dat"))
    entry = ["tables", 0, "records", 0, "entries"]
    for what, path, value, place in (
            ("entry size", entry + [7, "tail"], "01020304",
             "entries[7]: an entry of type 05h has 4 bytes, not 5"),
            ("uid", entry + [6, "uid"], "0x1", "uid: must be a string with"),
            ("uid long", entry + [4, "uid"], "x" * 256,
             "entries[4]: has 256 bytes, more than its length field"),
            ("id", entry + [0, "device_id"], "00:20.0",
             "entries[0].device_id: must be a device id"),
            ("id", entry + [0, "device_id"], "0:1.0", "device id"),
            ("entry type", entry + [0, "type"], 256, "entries[0].type")):
        r = t.run("-c", "-", stdin=json.dumps(
            change(doc, path, value)).encode())
        t.says("--compile complains: %s" % what, r, 2, err=[place])


def not_json(t, own):
    r = t.run("--compile", t.file("no.json", '{ "tables": [ }'))
    t.says("--compile: not JSON", r, 2, err=["no.json: line 1, column"])
    r = t.run("--compile", t.file("two.json", '{"tables":[],"tables":[]}'))
    t.says("--compile: a key twice", r, 2, err=["duplicate"])
    r = t.run("--compile", t.file("list.json", "[]"))
    t.says("--compile: not an object", r, 2, err=["must be an object"])
    r = t.run("--compile", t.file("none.json", "{}"))
    t.says("--compile: no table", r, 2, err=["there is no table number 0"])
    r = t.run("--compile", os.path.join(t.folder, "absent.json"))
    t.says("--compile: no file", r, 2, err=["No such file"])
    both = [os.path.join(t.folder, "own", n + ".dat")
            for n in ("dmar-laptop", "ivrs-desktop")]
    text = t.run("-j", *both).out_bytes
    r = t.run("-c", "--table=1", "-", stdin=text)
    t.check(r.out_bytes == own["ivrs-desktop"], "--table=1", repr(r))
    r = t.run("-c", "--table=2", "-", stdin=text)
    t.says("--table=2 of two", r, 2, err=["there is no table number 2"])


def run(t, own, real):
    shape(t, own)
    documented(t, own, real)
    mine = {n: b for n, b in own.items() if n not in HEADERS}
    round_trip(t, "own tables", "own", mine)
    if real:
        round_trip(t, "real tables", "real", real)
    header_made_right(t, own)
    bits(t, own)
    edits(t, own)
    ivrs_edits(t, own)
    not_json(t, own)
