"""The table of matrix.py, as text and as a page of HTML that needs nothing
else: a row for each build and scenario, a column for each tree.
"""
import html as markup
import time

STYLE = """
:root { color-scheme: light dark; --back: #fff; --text: #1b1b1b;
  --line: #d0d0d0; --head: #f2f2f2; --pass: #0a6b2d; --fail: #b00020;
  --skip: #7a5a00; }
@media (prefers-color-scheme: dark) {
  :root { --back: #161616; --text: #e6e6e6; --line: #3d3d3d; --head: #242424;
    --pass: #6fd08c; --fail: #ff8090; --skip: #e0b950; } }
body { background: var(--back); color: var(--text); margin: 1em auto;
  max-width: 70em; padding: 0 .8em; font: 16px/1.4 sans-serif; }
h1 { font-size: 1.4em; } h2 { font-size: 1.1em; margin-top: 1.6em; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9em; }
th, td { border: 1px solid var(--line); padding: .25em .5em;
  text-align: left; white-space: nowrap; }
thead th, th[scope=row] { background: var(--head); }
th[scope=row] { position: sticky; left: 0; font-weight: normal; }
.PASS { color: var(--pass); } .FAIL { color: var(--fail); font-weight: bold; }
.SKIP { color: var(--skip); }
small { opacity: .8; } li { overflow-wrap: anywhere; }
"""


def total(matrix):
    passed, failed, skipped = matrix.sums()
    return "%d passed, %d failed, %d skipped" % (passed, failed, skipped)


def cell(result):
    """(PASS, FAIL, SKIP or nothing; what else there is to say)."""
    if result is None:
        return "", ""
    steps = result.passed + result.failed + result.skipped
    if result.kind == "FAIL":
        return "FAIL", "%d of %d" % (result.failed, steps)
    if result.kind == "PASS" and result.skipped:
        return "PASS", "%d, %d skipped" % (result.passed, result.skipped)
    return result.kind, str(steps) if steps > 1 else ""


def reasons(matrix, kind):
    """{reason: where} of what failed or was skipped, the rows and trees that
    have the same one together."""
    found = {}
    for row in matrix.builds + matrix.rows:
        for tree in matrix.trees:
            result = tree.results.get(row)
            for what, step, why in result.lines if result else ():
                if what == kind:
                    where = row if step == row else "%s: %s" % (
                        row, step.split(": ", 1)[-1])
                    found.setdefault(why, {}).setdefault(
                        where, []).append(tree.name)
    return found


def heads(matrix):
    return ["%s: Xen %s, from %s; user space: %s" % (
        t.name, t.version or "of an unknown version", t.source,
        t.origin or "none yet") for t in matrix.trees]


def told(matrix):
    return "%s; %s; %s" % (time.strftime("%Y-%m-%d %H:%M:%S %Z"), matrix.state,
                           matrix.about)


# -- Text ---------------------------------------------------------------------

def text(matrix):
    rows = matrix.builds + matrix.rows
    cells = {(row, t.name): " ".join(cell(t.results.get(row))).strip() or "-"
             for row in rows for t in matrix.trees}
    first = max(len(row) for row in rows)
    wide = {t.name: max([len(t.name)] + [len(cells[row, t.name])
                                         for row in rows])
            for t in matrix.trees}

    def line(head, values):
        return "  ".join([head.ljust(first)] + [
            v.ljust(wide[t.name])
            for v, t in zip(values, matrix.trees)]).rstrip()

    out = [told(matrix)] + heads(matrix) + ["", line(
        "", [t.name for t in matrix.trees])]
    out += [line(row, [cells[row, t.name] for t in matrix.trees])
            for row in rows]
    for kind in ("FAIL", "SKIP"):
        for why, places in reasons(matrix, kind).items():
            out += ["", "%s: %s" % (kind, why)]
            out += ["    %s (%s)" % (where, ", ".join(trees))
                    for where, trees in places.items()]
    return "\n".join(out + ["", total(matrix)]) + "\n"


# -- HTML ---------------------------------------------------------------------

def tag(name, content, **attributes):
    words = "".join(' %s="%s"' % (k.rstrip("_"), markup.escape(v))
                    for k, v in attributes.items() if v)
    return "<%s%s>%s</%s>" % (name, words, content, name)


def table(matrix, title, rows):
    out = [tag("tr", tag("th", markup.escape(title)) + "".join(
        tag("th", markup.escape(t.name)) for t in matrix.trees))]
    body = []
    for row in rows:
        cells = ""
        for t in matrix.trees:
            result = t.results.get(row)
            kind, more = cell(result)
            cells += tag("td", kind + (
                " " + tag("small", markup.escape(more)) if more else "")
                if kind else "&ndash;", class_=kind,
                title="%.0f s" % result.seconds if result else "")
        body.append(tag("tr", tag("th", markup.escape(row), scope="row") +
                        cells))
    return tag("div", tag("table", tag("thead", "".join(out)) +
                          tag("tbody", "\n".join(body))), class_="wide")


def html(matrix):
    parts = [tag("h1", "Xens, builds and scenarios"),
             tag("p", markup.escape(told(matrix))),
             tag("p", tag("strong", total(matrix))),
             tag("ul", "".join(tag("li", markup.escape(h))
                               for h in heads(matrix))),
             table(matrix, "build", matrix.builds),
             tag("p", ""), table(matrix, "scenario", matrix.rows)]
    for kind, title in (("FAIL", "What failed"), ("SKIP", "What was skipped")):
        found = reasons(matrix, kind)
        if found:
            parts.append(tag("h2", title))
        for why, places in found.items():
            parts.append(tag("p", tag("span", kind, class_=kind) + " " +
                             markup.escape(why)))
            parts.append(tag("ul", "".join(
                tag("li", markup.escape("%s (%s)" % (where, ", ".join(trees))))
                for where, trees in places.items())))
    return ("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
            "<meta name=\"viewport\" content=\"width=device-width, "
            "initial-scale=1\"><title>Xens, builds and scenarios</title>"
            "<style>%s</style></head>\n<body>\n%s\n</body></html>\n" % (
                STYLE, "\n".join(parts)))
