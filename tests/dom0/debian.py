#!/usr/bin/env python3
"""Debian's packages of any release, whatever Debian this machine runs:

  debian.py PACKAGE COMMAND...    an apt command (apt-cache or apt-get), with
                                  the lists of the release that has PACKAGE

The lists are private ones, in build/apt/RELEASE. They are derived from the
machine's own: the same mirrors and keys, with the name of the release
replaced. The system's configuration is only read.
"""
import fcntl
import glob
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build")
LOG = os.path.join(BUILD, "logs", "apt.log")

RELEASES = ["bookworm", "trixie"]
FLOATING = ["oldoldstable", "oldstable", "stable", "testing", "unstable", "sid"]
DAY = 24 * 3600


def say(text):
    print("== " + text, file=sys.stderr, flush=True)


# -- The machine's own entries, with another release --------------------------

def renamed(suite, own, release):
    """What an entry's suite is called there, or None: not to be taken."""
    base, dash, kind = suite.partition("-")
    if base not in own or kind not in ("", "updates", "security"):
        return None
    return release + dash + kind


def one_line(text, own, release):
    """Of sources in the style of *.list, those that matter."""
    kept = []
    for line in text.splitlines():
        m = re.match(r"\s*deb\s+(\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)", line)
        suite = m and renamed(m[3], own, release)
        if suite:
            kept.append("deb %s%s %s %s\n" % (m[1] or "", m[2], suite, m[4]))
    return "".join(kept)


def deb822(text, own, release):
    """The same in the style of *.sources."""
    kept = []
    for stanza in re.split(r"\n\s*\n", text):
        suites = re.search(r"^Suites:(.*)$", stanza, re.M | re.I)
        names = [renamed(s, own, release)
                 for s in (suites[1].split() if suites else ())]
        if (not any(names) or
                re.search(r"^Enabled:\s*(no|false)", stanza, re.M | re.I) or
                not re.search(r"^Types:.*\bdeb(\s|$)", stanza, re.M | re.I)):
            continue
        stanza = stanza.replace(suites[0], "Suites: " +
                                " ".join(n for n in names if n))
        kept.append(re.sub(r"^Types:.*$", "Types: deb", stanza.strip("\n"),
                           flags=re.M | re.I) + "\n")
    return "\n".join(kept)


def codename():
    """The release that this machine runs."""
    with open("/etc/os-release") as f:
        found = re.search(r'^VERSION_CODENAME="?(\w+)', f.read(), re.M)
    return found[1] if found else RELEASES[-1]


def candidates():
    """Releases that may have what is asked for, this machine's first."""
    return list(dict.fromkeys([codename()] + RELEASES))


# -- Private lists ------------------------------------------------------------

def folder(release):
    return os.path.join(BUILD, "apt", release)


def options(release):
    """For apt-get and apt-cache: this release's lists, nothing installed."""
    where = folder(release)
    pairs = {"Dir::Etc::sourcelist": "/dev/null",
             "Dir::Etc::sourceparts": where + "/parts",
             "Dir::Etc::preferencesparts": "/dev/null",
             "Dir::Etc::preferences": "/dev/null",
             "Dir::State::lists": where + "/lists",
             "Dir::State::status": where + "/status",
             "Dir::Cache::pkgcache": where + "/pkgcache.bin",
             "Dir::Cache::srcpkgcache": "",
             "Acquire::Languages": "none", "Debug::NoLocking": "1",
             "APT::Default-Release": "", "APT::Sandbox::User": ""}
    return [w for p in pairs.items() for w in ("-o", "%s=%s" % p)]


def write_sources(release):
    """False if the machine has no entries to derive them from."""
    shell = subprocess.run(
        ["apt-config", "shell", "MAIN", "Dir::Etc::sourcelist/f", "PARTS",
         "Dir::Etc::sourceparts/d"], stdout=subprocess.PIPE, check=True)
    paths = dict(re.findall(r"(\w+)='(.*)'", shell.stdout.decode()))
    own = [codename()] + RELEASES + FLOATING
    found = False
    for path in [paths["MAIN"]] + sorted(glob.glob(paths["PARTS"] + "/*")):
        kind = {".list": one_line, ".sources": deb822}.get(
            os.path.splitext(path)[1])
        if not kind or not os.path.isfile(path):
            continue
        with open(path) as f:
            text = kind(f.read(), own, release)
        if text:
            found = True
            with open(os.path.join(folder(release), "parts",
                                   os.path.basename(path)), "w") as f:
                f.write(text)
    return found


def update(release, newer_than=DAY):
    """Reads the lists unless they are younger than that, in seconds."""
    where = folder(release)
    for name in ("parts", "lists/partial"):
        os.makedirs(os.path.join(where, name), exist_ok=True)
    os.makedirs(os.path.dirname(LOG), exist_ok=True)
    stamp = os.path.join(where, "read")
    with open(os.path.join(where, "lock"), "w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if (os.path.exists(stamp) and
                time.time() - os.path.getmtime(stamp) < newer_than):
            return
        if not write_sources(release):
            raise SystemExit("error: no entry for Debian in this machine's "
                             "apt sources to derive those of %s from" % release)
        say("reading the package lists of Debian's %s (log: %s)" %
            (release, LOG))
        with open(os.path.join(where, "status"), "w"):
            pass
        if logged(["apt-get", "-q"] + options(release) + ["update"]):
            say("some lists of %s could not be read; see %s" % (release, LOG))
            return
        with open(stamp, "w"):
            pass


def logged(command, **more):
    with open(LOG, "ab") as log:
        return subprocess.run(command, stdout=log, stderr=log,
                              **more).returncode


def versions(release, package):
    """Listed ones, the newest first."""
    done = subprocess.run(["apt-cache"] + options(release) +
                          ["madison", package], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    return list(dict.fromkeys(line.split("|")[1].strip() for line in
                              done.stdout.decode().splitlines()))


def first_with(names, has):
    """The first of the releases that has it, or None."""
    return next((name for name in names if has(name)), None)


def release_with(package):
    def has(release):
        update(release)
        return bool(versions(release, package))
    return first_with(candidates(), has)


def fetch(release, packages, debs):
    """Downloads packages and all they depend on into the folder debs.

    The newest version listed may be missing from a mirror: those of the
    release itself, without updates, are taken then.
    """
    for attempt in ("newest", "read again", "release"):
        subprocess.run(["rm", "-rf", debs], check=True)
        os.makedirs(os.path.join(debs, "partial"))
        # With "-t" the release's own versions go before those of updates.
        if logged(["apt-get", "-qq", "-y", "-d"] + options(release) +
                  ["-o", "Dir::Cache::archives=" + debs, "install",
                   "--no-install-recommends"] + packages +
                  (["-t", release] if attempt == "release" else [])) == 0:
            return
        if attempt == "newest":
            update(release, 600)
    raise SystemExit("error: packages of Debian's %s cannot be downloaded; see "
                     "%s" % (release, LOG))


def unpack(release, packages, tree):
    """Takes packages and all they depend on apart into the folder tree, and
    gives the version taken of the first one."""
    stamp = os.path.join(tree, ".complete")
    wanted = " ".join([release] + packages)
    if os.path.exists(stamp):
        with open(stamp) as f:
            was, version = f.read().split("\n")[:2]
        if was == wanted:
            return version
    say("fetching %s from Debian's %s (log: %s)" % (packages[0], release, LOG))
    update(release)
    debs = tree + ".debs"
    fetch(release, packages, debs)
    subprocess.run(["rm", "-rf", tree], check=True)
    os.makedirs(tree)
    names = sorted(n for n in os.listdir(debs) if n.endswith(".deb"))
    say("unpacking %d packages" % len(names))
    for name in names:
        if logged(["dpkg-deb", "-x", os.path.join(debs, name), tree]):
            raise SystemExit("error: %s cannot be unpacked; see %s" %
                             (name, LOG))
    version = next(n.split("_")[1].replace("%3a", ":") for n in names
                   if n.startswith(packages[0] + "_"))
    newest = versions(release, packages[0])[0]
    if version != newest:
        say("%s %s is listed but cannot be had; took %s" %
            (packages[0], newest, version))
    subprocess.run(["rm", "-rf", debs], check=True)
    with open(stamp, "w") as f:
        f.write(wanted + "\n" + version + "\n")
    return version


def main(package, tool, *words):
    release = release_with(package)
    if release is None:
        raise SystemExit("error: no %s in Debian's %s" %
                         (package, ", ".join(candidates())))
    os.execvp(tool, [tool] + options(release) + list(words))


if __name__ == "__main__":
    main(*sys.argv[1:])
