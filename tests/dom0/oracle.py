"""What the layer's messages look like, in one place, and checks on them."""
import re

from machine import Failure

# (XEN) moat: fault: 0000:00:04.0 (d1) write 0x00000000deadb000 blocked: WORDS
# The owner is dN, dom0 or quarantine.
FAULT = re.compile(
    r"moat: fault: (?P<device>[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])"
    r" \((?P<owner>[^)]*)\) (?P<access>\w+)(?: \w+)* 0x(?P<addr>[0-9a-f]+)"
    r" blocked: (?P<reason>.*)")
OWNER = {"quarantine": r"quarantine|dom_?io|d\[IO\]", "dom0": r"dom0|d0"}

# (XEN) moat: unit 0: domain ids 65533 free of 65536, table pages 12, ...
UNIT = re.compile(
    r"moat: unit (?P<unit>\d+): domain ids (?P<ids>\d+) free of \d+, "
    r"table pages (?P<pages>\d+), "
    r"interrupt entries (?P<entries>\d+) in use of \d+")


def expect_fault(m, since, device, owner, access, addr, seconds=5):
    """A fault message after place since of the log, right in every part."""
    owner = OWNER.get(owner, owner)

    def find():
        for f in FAULT.finditer(m.log, since):
            if (f["device"] == device and re.fullmatch(owner, f["owner"]) and
                    f["access"] == access and
                    int(f["addr"], 16) & ~0xfff == addr & ~0xfff):
                if len(re.findall(r"[A-Za-z]{3,}", f["reason"])) < 2:
                    raise Failure("the reason is not in words: " + f["reason"])
                return f
        return None

    try:
        return m.wait_for("fault", find, seconds)
    except Failure:
        m.check_alive()
        seen = [l for l in m.log[since:].split("\n")
                if "fault" in l.lower() or "DMAR" in l]
        raise Failure(
            "no fault message names %s, owner %s, %s, page 0x%x, reason; "
            "Xen said: %s" % (device, owner, access, addr & ~0xfff,
                              " | ".join(seen[-3:]) or "nothing")) from None


# (XEN) moat: DMAR offset 0x30: REASON, or a message that names the unit by
# the address of its registers.
COMPLAINT = re.compile(r"moat: (?P<text>[^\n]*)")
OFFSET = re.compile(r"offset (?:0x)?(?P<offset>[0-9a-f]+)")
# A complaint says what is not so, must be, or cannot be used. Lines that
# announce a unit or a region give offsets and addresses, too.
WRONG = re.compile(r"\b(not|no|none|cannot|must)\b")


def expect_complaint(m, table, name):
    """Xen named the record by offset (of any of its fields) or address, and
    said what is wrong in words."""
    first, last = table.extents[name]
    base = table.bases.get(name)
    for c in COMPLAINT.finditer(m.log):
        text = c["text"]
        where = OFFSET.search(text)
        named = where and first <= int(where["offset"], 16) <= last
        if base and re.search(r"\b0*%x\b" % base, text.replace("0x", " ")):
            named = True
        words = re.findall(r"[A-Za-z]{3,}", text)
        if (named and len(words) >= 4 and WRONG.search(text) and
                "fault:" not in text):
            return
    raise Failure("no message of the layer names offset 0x%x%s and a reason; "
                  "Xen said: %s" % (
                      first, " or unit 0x%x" % base if base else "",
                      " | ".join(l for l in m.log.split("\n")
                                 if re.search("moat: |DMAR:|VT-D|AMD-Vi", l)
                                 and "dom0" not in l)[-400:] or "nothing"))


def counts(m):
    """What debug key V says is in use on each unit: {unit: (i, p, e)}."""
    m.sh("xl dmesg -c >/dev/null; xl debug-keys V")
    text = m.sh("xl dmesg")
    found = {int(u["unit"]): (int(u["ids"]), int(u["pages"]),
                              int(u["entries"])) for u in UNIT.finditer(text)}
    if not found:
        raise Failure("debug key V gives no counts of units")
    return found


def unchanged(m, before):
    """The units have as much in use as counts() said before."""
    after = counts(m)
    if after != before:
        raise Failure("(ids free, pages, entries) were %s, are %s" %
                      (before, after))


def io_mappings(m, domid):
    """How many mappings debug key o shows for a domain.

    The dump has a head line for each domain ("d1 I/O page tables: 9 pages"),
    and a line for each mapping ("0x0-0x9ffff -> 0x5000000 rw"; stock Xen says
    "dfn: 00000000 mfn: 00005000").
    """
    m.sh("xl dmesg -c >/dev/null; xl debug-keys o")
    text = m.sh("xl dmesg", 60)
    count, inside, seen = 0, False, False
    for line in text.split("\n"):
        head = re.search(r"\bd(\d+|\[\w+\])\W.*\btables?\b", line)
        if head:
            inside = head.group(1) == str(domid)
            seen = seen or inside
        elif inside and re.search(
                r"0x[0-9a-f]+-0x[0-9a-f]+ -> 0x|\bdfn\b.*\bmfn\b", line):
            count += 1
    if not seen:
        raise Failure("debug key o says nothing of d%d" % domid)
    return count
