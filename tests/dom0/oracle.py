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


def counts(m):
    """What debug key V says is in use on each unit: {unit: (i, p, e)}."""
    m.sh("xl dmesg -c >/dev/null; xl debug-keys V")
    text = m.sh("xl dmesg")
    found = {int(u["unit"]): (int(u["ids"]), int(u["pages"]),
                              int(u["entries"])) for u in UNIT.finditer(text)}
    if not found:
        raise Failure("debug key V gives no counts of units")
    return found


def io_page_table_lines(m, domid):
    """How many mappings debug key o prints for a domain."""
    m.sh("xl dmesg -c >/dev/null; xl debug-keys o")
    text = m.sh("xl dmesg", 60)
    part = re.split(r"(?:d|[Dd]omain ?)%d\b[^\n]*(?:table|IOMMU)" % domid,
                    text, maxsplit=1)
    if len(part) < 2:
        raise Failure("debug key o says nothing of domain %d" % domid)
    lines = 0
    for line in part[1].split("\n")[1:]:
        if re.search(r"(?:d|[Dd]omain ?)\d+\b[^\n]*(?:table|IOMMU)", line):
            break
        if re.search(r"(dfn|gfn|iova|address)\S* *[:=]? *(0x)?[0-9a-f]+", line):
            lines += 1
    return lines
