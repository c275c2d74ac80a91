#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What is the Xen in TREE like, as far as this layer is concerned?

    xen/probe.py TREE           prints xen_has.h: a line "#define XEN_HAS_X n"
                                for each fact that differs between Xens

Stable branches are changed too, so that no version number would do. Each fact
is looked for in the tree, and has to be one of those known; so has whatever
else this layer takes from Xen's headers (xen/interface.txt). And what the
rest of Xen calls in the files that this layer replaces must be here. A tree
that answers otherwise is refused with a message that names the fact: it would
not compile, or worse, it would.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PASSTHROUGH = os.path.join("drivers", "passthrough")
# Of drivers/passthrough, what stays Xen's (overlay.sh).
KEPT = re.compile(r"^(arm/|riscv/|device_tree\.c|msi\.c|x86/hvm\.c|"
                  r"vtd/x86/hvm\.c)")


class Unknown(Exception):
    """The tree is none that this layer knows."""


class Tree:
    """The sources of a Xen, without their comments."""

    def __init__(self, root):
        self.root, self.texts = os.path.join(root, "xen"), {}

    def text(self, path):
        """Contents of a file below xen/; empty where there is none."""
        if path not in self.texts:
            full = os.path.join(self.root, path)
            text = ""
            if os.path.exists(full):
                with open(full, encoding="utf-8", errors="replace") as f:
                    text = f.read()
            text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)
            self.texts[path] = text.replace("\\\n", " ")
        return self.texts[path]

    def parameters(self, path, name):
        """The parameters, as written, of a function that a header declares,
        or of a macro; None: there is neither."""
        text = self.text(path)
        for at in re.finditer(r"\b%s\s*\(" % re.escape(name), text):
            end = self._closing(text, at.end())
            before = text[text.rfind("\n", 0, at.start()) + 1:at.start()]
            after = text[end + 1:end + 40].lstrip()
            if re.search(r"#\s*define\s+$", before):
                break
            # Not a call: those stand in an expression or end with more.
            if re.search(r"[\w*]\s*$", before + " ") and \
               not re.search(r"\breturn\s*$|[=(,!&|]", before) and \
               re.match(r"[;{]|__|\(", after) and \
               (before.strip() or re.search(
                   r"[\w*)]\s*$", text[:at.start()].rstrip("\n"))):
                break
        else:
            return None
        inside = text[at.end():end].strip()
        if inside in ("", "void"):
            return []
        parts, depth, start = [], 0, 0
        for i, c in enumerate(inside + ","):
            depth += c in "([{"
            depth -= c in ")]}"
            if c == "," and not depth:
                parts.append(" ".join(inside[start:i].split()))
                start = i + 1
        return parts

    @staticmethod
    def _closing(text, at):
        depth = 1
        while depth and at < len(text):
            depth += (text[at] == "(") - (text[at] == ")")
            at += 1
        return at - 1

    def members(self, path, struct):
        """The words in the definition of a struct; None: it is not there."""
        text = self.text(path)
        at = re.search(r"\bstruct\s+%s\s*\{" % struct, text)
        if not at:
            return None
        end, depth = at.end(), 1
        while depth and end < len(text):
            depth += (text[end] == "{") - (text[end] == "}")
            end += 1
        return set(re.findall(r"\w+", text[at.end():end]))


# ---- Facts that differ ------------------------------------------------------

def count(tree, path, name, known):
    """A fact that the number of parameters tells: {number: value}."""
    found = tree.parameters(path, name)
    if found is None:
        raise Unknown("%s() is not declared in %s" % (name, path))
    if len(found) not in known:
        raise Unknown("%s() in %s has %d parameters (%s)" % (
            name, path, len(found), ", ".join(found)))
    return known[len(found)]


def one_of(tree, path, *names):
    """Which of these functions or macros the header has: the first is 0."""
    found = [i for i, n in enumerate(names)
             if tree.parameters(path, n) is not None]
    if len(found) != 1:
        raise Unknown("%s has %s of %s()" % (
            path, "none" if not found else "more than one",
            "(), ".join(names)))
    return found[0]


def there(tree, path, name, anchor):
    """Whether a function is declared; the anchor is in every known header."""
    if tree.parameters(path, anchor) is None:
        raise Unknown("%s() is not declared in %s" % (anchor, path))
    return int(tree.parameters(path, name) is not None)


def member(tree, path, struct, name, other):
    """Whether a struct has a member; one that has not has another."""
    found = tree.members(path, struct)
    if found is None or not {name, other} & found:
        raise Unknown("struct %s in %s has neither %s nor %s" % (
            struct, path, name, other))
    return int(name in found)


def first_type(tree, path, name, types):
    """A fact that the type of the first parameter tells: {type: value}."""
    found = tree.parameters(path, name)
    for wanted, value in types.items():
        if found and re.match(wanted, found[0]):
            return value
    raise Unknown("%s() in %s takes (%s)" % (name, path, ", ".join(
        found or ["nothing"])))


PCI, SCHED, IOMMU = ("include/xen/pci.h", "include/xen/sched.h",
                     "include/xen/iommu.h")
SPIN, VPCI, IO = ("include/xen/spinlock.h", "include/xen/vpci.h",
                  "arch/x86/include/asm/hvm/io.h")
SETUP, XSM = "arch/x86/include/asm/setup.h", "include/xsm/xsm.h"


def xsm(tree, name):
    """Staging makes the hooks by macros, one to a line of another file."""
    return tree.parameters(XSM, name) is not None or bool(re.search(
        r"\bXSM_HOOK\w*\s*\(\s*\w+\s*,\s*%s\b" % name[4:],
        tree.text("include/xsm/hooks.h")))


def xsm_assign(tree):
    if xsm(tree, "xsm_assign_device"):
        return 1
    # XSA-492: Flask's part is reached through xsm_domctl().
    if not re.search(r"return[^;]*\bflask_assign_device\s*\(",
                     tree.text("xsm/flask/hooks.c")):
        raise Unknown("nothing asks for permission to assign a device: no "
                      "xsm_assign_device(), and not in flask_domctl()")
    return 0


def xsm_group_priv(tree):
    if not xsm(tree, "xsm_get_device_group"):
        raise Unknown("there is no xsm_get_device_group()")
    at = re.search(r"\bxsm_get_device_group\s*\(.*?XSM_ASSERT_ACTION\s*"
                   r"\(\s*(\w+)", tree.text("include/xsm/dummy.h"), re.S)
    if not at or at.group(1) not in ("XSM_HOOK", "XSM_PRIV"):
        raise Unknown("xsm_get_device_group() is for neither XSM_HOOK nor "
                      "XSM_PRIV")
    return int(at.group(1) == "XSM_PRIV")


def extcap(tree, *wanted):
    """Of pci_find_ext_capability(): place, pci_sbdf_t or device."""
    return int(first_type(tree, PCI, "pci_find_ext_capability", {
        r"int\b|u16\b|uint16_t": "place", r"pci_sbdf_t": "sbdf",
        r"const struct pci_dev \*|struct pci_dev \*": "pdev"}) in wanted)


def shut(tree):
    # The inline that newer Xens have in its place is checked, too.
    return int("is_shutting_down" in (tree.members(SCHED, "domain") or ()) or
               not there(tree, SCHED, "domain_shutting_down",
                         "is_hardware_domain"))


def irq_regs(tree):
    at = re.search(r"struct\s+irqaction\s*\{[^}]*?\(\s*\*\s*handler\s*\)\s*"
                   r"\(([^)]*)\)", tree.text("include/xen/irq.h"))
    n = at.group(1).count(",") + 1 if at else 0
    if n not in (2, 3):
        raise Unknown("the handler in struct irqaction has %d parameters" % n)
    return n - 2


def mmcfg(which):
    return lambda t: int(one_of(
        t, IO, "vpci_is_mmcfg_address", "vpci_subtract_mmcfg",
        "vpci_mmcfg_deny_access") == which)


FACTS = [
    ("RSPIN", lambda t: one_of(t, SPIN, "_spin_lock_recursive",
                               "_rspin_lock")),
    ("PCI_LOCK", lambda t: member(t, SCHED, "domain", "pci_lock",
                                  "pdev_list")),
    ("VPCI_ASSIGN", lambda t: one_of(t, VPCI, "vpci_add_handlers",
                                     "vpci_assign_device")),
    ("VF_LIST", lambda t: member(t, PCI, "pci_dev", "vf_list", "vf_rlen")),
    ("EXT_CFG", lambda t: member(t, PCI, "pci_dev", "ext_cfg", "broken")),
    ("CAP_SBDF", lambda t: count(t, PCI, "pci_find_cap_offset",
                                 {5: 0, 2: 1})),
    ("EXTCAP_SBDF", lambda t: extcap(t, "sbdf", "pdev")),
    ("EXTCAP_PDEV", lambda t: extcap(t, "pdev")),
    ("DETECT_SBDF", lambda t: count(t, PCI, "pci_device_detect",
                                    {4: 0, 1: 1})),
    ("SEGMENTS_INIT", lambda t: there(t, PCI, "pci_segments_init",
                                      "pci_add_segment")),
    ("SEG_ITERATE", lambda t: there(t, PCI, "pci_segment_iterate",
                                    "pci_add_segment")),
    ("PCI_ITERATE", lambda t: there(t, PCI, "pci_iterate_devices",
                                    "pci_add_segment")),
    ("PCI_TRYLOCK", lambda t: there(t, PCI, "pcidevs_trylock_unsafe",
                                    "pcidevs_unlock")),
    ("LOCK_UNSAFE", lambda t: there(t, PCI, "pcidevs_lock_unsafe",
                                    "pcidevs_unlock")),
    ("QUIESCE", lambda t: there(t, IOMMU, "iommu_quiesce",
                                "iommu_crash_shutdown")),
    ("EXTRA_NAME", lambda t: count(
        t, IOMMU, "iommu_add_extra_reserved_device_memory", {3: 0, 4: 1})),
    ("MSI_CHANGED", lambda t: int(bool(re.search(
        r"iommu_update_ire_from_msi\s*\([^;]*;\s*if\s*\(\s*rc\s*<\s*0\s*\|\|",
        t.text("arch/x86/msi.c"))))),
    ("XSM_ASSIGN", xsm_assign),
    ("XSM_GROUP_PRIV", xsm_group_priv),
    ("XEN_RANGES", lambda t: one_of(t, SETUP, "xen_in_range",
                                    "remove_xen_ranges")),
    ("MMCFG_SUBTRACT", mmcfg(1)),
    ("MMCFG_DENY", mmcfg(2)),
    ("PI_UPDATE_IRTE", lambda t: there(
        t, "arch/x86/include/asm/iommu.h", "pi_update_irte",
        "iommu_free_pgtables")),
    ("PIN_EOI", lambda t: int("io_apic_pin_eoi" in
                              t.text("arch/x86/io_apic.c"))),
    ("IRQ_REGS", irq_regs),
    ("RDMSR_PTR", lambda t: int(first_type(
        t, "arch/x86/include/asm/msr.h", "rdmsr_safe",
        {r"msr$": "macro", r"unsigned int|uint32_t": "function"}) ==
        "function")),
    ("DOM_SHUT", shut),
    ("VENDOR_CONFIG", lambda t: int("config INTEL_IOMMU" in t.text(
        PASSTHROUGH + "/Kconfig"))),
]


# ---- The rest of what this layer takes --------------------------------------

HEADERS = ["include/xen", "include/xsm", "include/acpi",
           "arch/x86/include/asm"]


def declarations(tree):
    """{name: headers that may declare it}."""
    found = {}
    for top in HEADERS:
        for folder, names, files in os.walk(os.path.join(tree.root, top)):
            names.sort()
            for f in sorted(files):
                path = os.path.relpath(os.path.join(folder, f), tree.root)
                if f.endswith(".h"):
                    for name in set(re.findall(r"\b(\w+)\s*\(",
                                               tree.text(path))):
                        found.setdefault(name, []).append(path)
    return found


def check_interface(tree):
    """All that interface.txt lists, wherever Xen declares it."""
    where = declarations(tree)
    with open(os.path.join(HERE, "interface.txt")) as f:
        lines = [line.split("#")[0].split() for line in f]
    for words in filter(None, lines):
        if words[0] == "struct":
            found = tree.members(words[1], words[2])
            if found is None:
                raise Unknown("struct %s is not in %s" % (words[2], words[1]))
            for m in words[3:]:
                if m not in found:
                    raise Unknown("struct %s in %s has no %s" % (
                        words[2], words[1], m))
            continue
        for name, numbers in (word.split("/") for word in words):
            known = {int(n): None for n in numbers.split("|")}
            for path in where.get(name, []):
                if tree.parameters(path, name) is not None:
                    count(tree, path, name, known)
                    break
            else:
                raise Unknown("no header declares %s()" % name)


def sources(tree):
    """Files of Xen's that are built on x86, but for those replaced."""
    for folder, names, files in os.walk(tree.root):
        rel = os.path.relpath(folder, tree.root)
        names[:] = sorted(n for n in names if rel != "arch" or n == "x86")
        for name in sorted(files):
            path = os.path.normpath(os.path.join(rel, name))
            if path.endswith((".c", ".h", ".S")) and \
               not path.startswith(PASSTHROUGH + os.sep):
                yield path


def replaced(tree):
    base = os.path.join(tree.root, PASSTHROUGH)
    for folder, _, files in os.walk(base):
        for name in files:
            rel = os.path.relpath(os.path.join(folder, name), base)
            if name.endswith(".c") and not KEPT.match(rel):
                yield os.path.join(PASSTHROUGH, rel)


def ours():
    text = ""
    for folder, _, files in os.walk(HERE):
        for name in sorted(files):
            if name.endswith(".c"):
                with open(os.path.join(folder, name)) as f:
                    text += f.read()
    return text


def check_wanted(tree):
    """What the rest of Xen calls in the replaced files must be ours, too. Not
    to be seen once they have been replaced: then this has been done."""
    if os.path.isdir(os.path.join(tree.root, PASSTHROUGH, "port")):
        return
    defined = {}
    for path in replaced(tree):
        for name in re.findall(r"(?m)^(?!static\b|#|\s)[^\n;=(]*?\b(\w+)\s*\("
                               r"[^;{]*\{", tree.text(path)):
            defined[name] = path
    have = set(re.findall(r"\w+", ours()))
    missing = set(defined) - have
    word = re.compile(r"\b(\w+)\s*\(")
    for path in sources(tree):
        for name in missing & set(word.findall(tree.text(path))):
            # Declared, or called? Headers do both.
            if path.endswith(".h") and not re.search(
                    r"[=(!&|]\s*%s\s*\(|\breturn\s+%s\s*\(" % (name, name),
                    tree.text(path)):
                continue
            raise Unknown("%s calls %s() of %s, which is not here" % (
                path, name, defined[name]))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: %s TREE" % sys.argv[0])
    tree, facts = Tree(sys.argv[1]), []
    try:
        for name, ask in FACTS:
            facts.append("#define XEN_HAS_%-16s %d" % (name, ask(tree)))
        check_interface(tree)
        check_wanted(tree)
    except Unknown as e:
        sys.exit("error: this Xen is not one that the layer knows: %s" % e)
    print("/* Made by xen/probe.py. */\n#ifndef MOAT_XEN_HAS_H\n"
          "#define MOAT_XEN_HAS_H\n%s\n#endif" % "\n".join(facts))


if __name__ == "__main__":
    main()
