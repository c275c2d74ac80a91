# SPDX-License-Identifier: GPL-2.0-only
"""Checks of text whose line ends are where the columns end."""


def flat(text):
    return " ".join(text.split())


def says(t, name, result, status, *fragments, never=()):
    """Status, what is in the output, and what is not, wherever lines end."""
    out = flat(result.out)
    wrong = ["missing %r" % f for f in fragments if flat(f) not in out]
    wrong += ["there is %r" % f for f in never if flat(f) in out]
    t.check(result.status == status and not wrong, name,
            "status %d; %s; in %r" % (result.status, wrong, out[:1500]))
