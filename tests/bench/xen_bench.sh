#!/bin/bash
# Lays the benchmark's objects over a Xen tree, stock or not:
#
#   tests/bench/xen_bench.sh TREE
#
# They become drivers/bench/, and what is outside drivers/passthrough calls the
# layer through them (xen_bench_sums.c). May be run again at any time.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
xen=${1:?usage: $0 TREE}/xen
entries="hwdom_init domain_init domain_destroy free_pgtables do_domctl
    iotlb_flush iotlb_flush_all map unmap legacy_map legacy_unmap
    update_ire_from_apic"

put_line()
{
    grep -qsxF "$2" "$1" || printf '%s\n' "$2" >>"$1"
}

mkdir -p "$xen/drivers/bench"
for f in "$here"/xen_bench*.[ch]; do
    cmp -s "$f" "$xen/drivers/bench/${f##*/}" || cp "$f" "$xen/drivers/bench/"
    [ "${f%.c}" = "$f" ] ||
        put_line "$xen/drivers/bench/Makefile" "obj-y += $(basename "$f" .c).o"
done
put_line "$xen/drivers/Makefile" 'obj-y += bench/'

flags="-Dpci_release_devices=bench_pci_release_devices"
for e in $entries; do
    flags+=" -Diommu_$e=bench_iommu_$e"
done
for folder in arch/x86 arch/x86/mm arch/x86/pv arch/x86/x86_64 common; do
    put_line "$xen/$folder/Makefile" "CFLAGS-y += $flags"
done
