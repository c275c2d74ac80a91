#!/usr/bin/env python3
"""Boots Xen and dom0 in QEMU and plays scenarios.

  run.py run              the PV scenario ("make run")
  run.py test             the scenarios of one kind of unit, two machines at a
                          time ("make test-xen", "make test-xen IOMMU=amd")
  run.py shell            a dom0 shell on this terminal ("make shell")
  run.py compare-unity    reserved memory with stock Xen and with this layer
                          ("make compare-unity")

Options: --xen FILE (default build/xen/xen; its variants are beside it, in
folders whose names go on with -nohvm, -debug, -xsm), --kernel small|debian,
--iommu intel|intel-nocm|amd, --only NAME[,NAME...], --list,
--stock FILE (default build/xen-stock/xen),
--xen-args "MORE WORDS FOR XEN'S COMMAND LINE"
"""
import argparse
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "scenarios")]
sys.dont_write_bytecode = True

import machine                                              # noqa: E402
from harness import Report, run_all                         # noqa: E402
import builds                                               # noqa: E402
import compare                                              # noqa: E402
import dom0pvh                                              # noqa: E402
import firmware                                             # noqa: E402
import firmware_amd                                         # noqa: E402
import guests                                               # noqa: E402
import hvm                                                  # noqa: E402
import intx                                                 # noqa: E402
import kills                                                # noqa: E402
import permission                                           # noqa: E402
import pv                                                   # noqa: E402
import pvh                                                  # noqa: E402
import qubes                                                # noqa: E402
import regions                                              # noqa: E402
import sharing                                              # noqa: E402
import shutdown                                             # noqa: E402
import sriov                                                # noqa: E402
import topology                                             # noqa: E402
import unity                                                # noqa: E402

# The longest first, so that the last ones even out.
INTEL = [kills.kills, qubes.qubes, hvm.hvm, topology.topology, sharing.shared,
         guests.rounds, topology.virtual, pv.debian, pv.pv, guests.two,
         permission.intel, permission.flask, sriov.sriov, pvh.pvh,
         pvh.region, shutdown.restart,
         regions.table, regions.option, firmware.records, firmware.units
         ] + builds.intel + intx.intel + [dom0pvh.pvh, guests.none
                                          ] + firmware.off + [firmware.force]
AMD = [kills.amd, qubes.amd, hvm.amd, topology.amd, sharing.amd,
       guests.amd_rounds, topology.amd_virtual, pv.amd, unity.unity,
       permission.amd, shutdown.amd, sriov.amd, pvh.amd,
       pvh.amd_region,
       regions.ivmd, firmware_amd.records, firmware_amd.units
       ] + builds.amd + intx.amd + [
           dom0pvh.amd, firmware_amd.ioapic_unnamed,
           firmware_amd.ioapic_given
                         ] + firmware_amd.off + [firmware_amd.ioapic_force]
ALL = INTEL + AMD


def use(xen):
    """What belongs to one hypervisor only: logs of two do not mix."""
    out = os.path.dirname(os.path.abspath(xen))
    default = os.path.join(machine.BUILD, "xen")
    machine.FOLDER = "" if out == default else os.path.basename(out)


def only(scenarios, names):
    """Of scenarios those with these names, "a,b"; all without. Names that
    are none are a mistake, not an empty run."""
    wanted = names.split(",") if names else []
    unknown = set(wanted) - {s.name for s in ALL}
    if unknown:
        raise SystemExit("error: there is no scenario " + ", ".join(
            sorted(unknown)) + "; run.py test --list names them")
    return [s for s in scenarios if not wanted or s.name in wanted]


def shell(options):
    m = machine.Machine("shell", options.xen, options.kernel, hvm=True,
                        iommu=options.iommu, dom0_args="moat=shell")
    m.prepare()
    os.execvp("qemu-system-x86_64", m.command(
        ["-chardev", "stdio,id=com1,mux=on,signal=off,logfile=" + m.log_path,
         "-serial", "chardev:com1"]))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("what",
                        choices=["run", "test", "shell", "compare-unity"])
    parser.add_argument("--xen",
                        default=os.path.join(machine.BUILD, "xen", "xen"))
    parser.add_argument("--stock", default=os.path.join(
        machine.BUILD, "xen-stock", "xen"))
    parser.add_argument("--kernel", default="small",
                        choices=["small", "debian"])
    parser.add_argument("--iommu", default="intel",
                        choices=["intel", "intel-nocm", "amd"])
    parser.add_argument("--only")
    parser.add_argument("--xen-args", default="")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        for s in ALL:
            print("%-12s %d steps" % (s.name, len(s.steps)))
        return 0
    if not os.path.exists(options.xen):
        parser.error("no hypervisor at " + options.xen)
    use(options.xen)
    if options.what == "shell":
        return shell(options)
    machine.EXTRA_XEN_ARGS = options.xen_args
    report, began = Report(), time.monotonic()
    if options.what == "compare-unity":
        compare.compare(options.stock, options.xen, report)
        return report.total()
    if options.what == "run":
        chosen, width = [pv.pv], 1
        more = {"kernel": options.kernel, "iommu": options.iommu}
    else:
        chosen, width, more = AMD if options.iommu == "amd" else INTEL, 2, {}
    if options.only:
        chosen = only(ALL, options.only)
    run_all([lambda s=s: s.run(report, options.xen, **more) for s in chosen],
            report, width)
    report.note("%.0f s in all" % (time.monotonic() - began))
    return report.total()


if __name__ == "__main__":
    sys.exit(main())
