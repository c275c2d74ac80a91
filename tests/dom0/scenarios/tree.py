"""What the tree says that a hypervisor was built from: the calls and hooks of
Xens differ, by backports, too, so that a version number would not do.
"""
import os

from machine import Failure


def has(m, path, text):
    """Whether the file of the machine's Xen, a path below xen/, has it."""
    path = os.path.join(os.path.dirname(m.xen), "tree", "xen", path)
    if not os.path.exists(os.path.dirname(path)):
        raise Failure("no tree of the hypervisor's: " + path)
    if not os.path.exists(path):
        return False
    with open(path, encoding="utf-8") as f:
        return text in f.read()
