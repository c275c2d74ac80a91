#!/bin/bash
# Lays this layer over a copy of a Xen source tree (from 4.17 on), in the
# place of Xen's own x86 IOMMU drivers:
#
#   xen/overlay.sh TREE           TREE/xen/drivers/passthrough must exist
#
# What stays of Xen's: Kconfig, arm/, device_tree.c (not built on x86), msi.c
# (what Xen keeps of a device's MSIs) and the delivery of guests' interrupts
# (x86/hvm.c, vtd/x86/hvm.c). Nothing outside drivers/passthrough is touched.
# May be run again at any time; a file is written only when its contents
# change, so that the next build compiles no more than it has to.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
tree=${1:?usage: $0 TREE}
dst=$tree/xen/drivers/passthrough
ours=$ROOT/drivers/passthrough

[ -f "$dst/msi.c" ] && [ -f "$dst/x86/hvm.c" ] || {
    echo "$0: $dst is not Xen's drivers/passthrough" >&2
    exit 1
}

# put FROM TO: copies a file that is missing or different.
put()
{
    cmp -s "$1" "$2" || cp -p "$1" "$2"
}

# put_text TO, contents on standard input
put_text()
{
    local text

    text=$(cat)
    [ -f "$1" ] && [ "$text" = "$(cat "$1")" ] || printf '%s\n' "$text" >"$1"
}

# Sources of @dst/$1 that @2 (a list of names) does not have go away.
drop_others()
{
    local f

    for f in "$dst/$1"/*.[ch]; do
        [ -e "$f" ] || continue
        case " $2 " in
        *" ${f##*/} "*) ;;
        *) rm -f "$f" "${f%.c}.o" ;;
        esac
    done
}

# lay FROM TO: copies all of a folder's sources, and makes its Makefile.
lay()
{
    local f names=

    mkdir -p "$dst/$2"
    for f in "$1"/*.[ch]; do
        [ -e "$f" ] || continue
        put "$f" "$dst/$2/${f##*/}"
        names+=" ${f##*/}"
    done
    drop_others "$2" "$names"
    {
        echo "# Made by xen/overlay.sh."
        [ "$2" != vtd ] || [ ! -f "$dst/vtd/x86/hvm.c" ] ||
            echo 'obj-$(CONFIG_HVM) += x86/'
        for f in $names; do
            [ "${f%.c}" = "$f" ] || echo "obj-y += ${f%.c}.o"
        done
        # Spelt out in every folder: Rules.mk starts with an empty one.
        for f in . ./include ./port; do
            echo "CFLAGS-y += -I\$(srctree)/drivers/passthrough${f#.}"
        done
    } | put_text "$dst/$2/Makefile"
}

facts=$("$ROOT/xen/probe.py" "$tree")

rm -f "$dst"/{iommu,pci,ats}.[cho] "$dst"/x86/iommu.[co] \
    "$dst"/vtd/x86/{vtd,ats}.[co]

mkdir -p "$dst/include/moat"
for f in "$ROOT"/include/moat/*.h; do
    put "$f" "$dst/include/moat/${f##*/}"
done

# A vendor's driver is built when the core's list of vendors names it.
folders="core pt queue fw vtd"
if grep -q '&amdvi_vendor' "$ours/core/vendors.c"; then
    folders+=" amd"
else
    rm -rf "${dst:?}/amd"
fi
for f in $folders; do
    lay "$ours/$f" "$f"
done
lay "$ROOT/xen" port
put_text "$dst/include/xen_has.h" <<<"$facts"

# Gone in 4.18: x86/hvm.c has its contents.
[ ! -f "$dst/vtd/x86/hvm.c" ] ||
    echo 'obj-$(CONFIG_HVM) += hvm.o' | put_text "$dst/vtd/x86/Makefile"
echo 'obj-$(CONFIG_HVM) += hvm.o' | put_text "$dst/x86/Makefile"
put_text "$dst/Makefile" <<END
# Made by xen/overlay.sh.
obj-\$(CONFIG_X86) += $(printf '%s/ ' $folders)port/
ifeq (\$(CONFIG_X86),y)
obj-\$(CONFIG_HVM) += x86/
endif
obj-\$(CONFIG_HAS_PCI_MSI) += msi.o
END
