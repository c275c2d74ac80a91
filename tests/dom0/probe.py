"""DMA by edu, judged by the bytes in the machine's memory."""
import random
import re

from machine import EDU, Failure


def pattern(n=4096):
    """Bytes that are nowhere else."""
    return random.Random().randbytes(n)


def page(m, tag, sh=None):
    """A page of a domain's RAM: (frame number as it sees it, address)."""
    unique = "%s-%08x" % (tag, random.getrandbits(32))
    out = (sh or m.sh)("dma page " + unique)
    frame = int(re.search(r"frame 0x([0-9a-f]+)", out).group(1), 16)
    unit = unique.encode() + b"."
    content = (unit * (4096 // len(unit) + 1))[:4096]
    found = m.ram.find_page(content)
    if len(found) != 1:
        raise Failure("the page %s is in memory %d times" % (tag, len(found)))
    return frame, found[0]


def get(m, addr, n=256, device=EDU, sh=None):
    (sh or m.sh)("dma get %s 0x%x %d" % (device, addr, n))


def put(m, addr, n=256, device=EDU, sh=None):
    (sh or m.sh)("dma put %s 0x%x %d" % (device, addr, n))


def load(m, good, device=EDU, sh=None, at=None):
    """Puts fresh bytes into edu, through bus address good (RAM address at)."""
    data = pattern(256)
    m.ram.write(good if at is None else at, data)
    get(m, good, 256, device, sh)
    return data


def reaches(m, addr, device=EDU, sh=None, at=None):
    """DMA both ways at a bus address works: bytes go there and come back."""
    at = addr if at is None else at
    data = load(m, addr, device, sh, at)
    m.ram.write(at, bytes(256))
    put(m, addr, 256, device, sh)
    if m.ram.read(at, 256) != data:
        raise Failure("DMA of %s at 0x%x does not reach its memory" %
                      (device, addr))


def blocked_write(m, addr, at, device=EDU, sh=None):
    """A write at bus address addr leaves the memory at `at` as it was."""
    before = pattern(256)
    m.ram.write(at, before)
    put(m, addr, 256, device, sh)
    if m.ram.read(at, 256) != before:
        raise Failure("a DMA write of %s at 0x%x got through" % (device, addr))


def blocked_read(m, addr, at, good, good_at, device=EDU, sh=None):
    """A read at addr does not bring what is there: shown at page good."""
    secret = pattern(256)
    m.ram.write(at, secret)
    get(m, addr, 256, device, sh)
    put(m, good, 256, device, sh)
    if m.ram.read(good_at, 256) == secret:
        raise Failure("a DMA read of %s at 0x%x got through" % (device, addr))
