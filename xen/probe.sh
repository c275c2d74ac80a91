#!/bin/bash
# Says, as C, what the Xen in TREE has: each line is one question put to a
# header. Backports to stable branches change the interface, so that a version
# number would not do (4.17.7 dropped a hook that 4.17.6 has).
#
#   xen/probe.sh TREE
set -euo pipefail
x=${1:?usage: $0 TREE}/xen

# has NAME FILE TEXT...: TEXT (fixed) is in FILE. A file that is not there: no.
has()
{
    local v=0

    if grep -qF -- "$3" "$x/$2" 2>/dev/null; then v=1; fi
    printf '#define XEN_HAS_%-20s %d\n' "$1" $v
}

echo '/* Made by xen/probe.sh. */'
echo '#ifndef MOAT_XEN_HAS_H'
echo '#define MOAT_XEN_HAS_H'
has RSPIN           include/xen/spinlock.h      '_rspin_lock('
has PCI_LOCK        include/xen/sched.h         'pci_lock;'
has VPCI_ASSIGN     include/xen/vpci.h          'vpci_assign_device('
has VF_LIST         include/xen/pci.h           'vf_list;'
has CAP_SBDF        include/xen/pci.h           'pci_find_cap_offset(pci_sbdf_t'
has EXTCAP_SBDF     include/xen/pci.h           'pci_find_ext_capability(pci_sbdf_t'
has EXTCAP_PDEV     include/xen/pci.h           'pci_find_ext_capability(const struct pci_dev'
has EXT_CFG         include/xen/pci.h           'ext_cfg;'
has SEG_ITERATE     include/xen/pci.h           'pci_segment_iterate('
has MSI_CHANGED     include/xen/iommu.h         'msi_msg must be propagated to the hardware'
has RDMSR_PTR       arch/x86/include/asm/msr.h  'int rdmsr_safe('
has DETECT_SBDF     include/xen/pci.h           'pci_device_detect(pci_sbdf_t'
has SEGMENTS_INIT   include/xen/pci.h           'pci_segments_init('
has PCI_ITERATE     include/xen/pci.h           'pci_iterate_devices('
has PCI_TRYLOCK     include/xen/pci.h           'pcidevs_trylock_unsafe('
has XSM_ASSIGN      include/xsm/xsm.h           'xsm_assign_device('
has QUIESCE         include/xen/iommu.h         'iommu_quiesce('
has EXTRA_NAME      include/xen/iommu.h         'const char *name);'
has FLUSHF_BOOL_T   include/xen/iommu.h         'bool_t'
has XEN_RANGES      arch/x86/include/asm/setup.h 'remove_xen_ranges('
has MMCFG_ADDRESS   arch/x86/include/asm/hvm/io.h 'vpci_is_mmcfg_address('
has MMCFG_SUBTRACT  arch/x86/include/asm/hvm/io.h 'vpci_subtract_mmcfg('
has MMCFG_DENY      arch/x86/include/asm/hvm/io.h 'vpci_mmcfg_deny_access('
has PI_UPDATE_IRTE  arch/x86/include/asm/iommu.h 'pi_update_irte('
has IRQ_REGS        include/xen/irq.h           'struct cpu_user_regs *regs)'
has DOM_SHUT        include/xen/sched.h         'is_shutting_down'
# The default action of a hook, which its caller must name.
v=XSM_HOOK
! grep -A4 'xsm_get_device_group' "$x/include/xsm/dummy.h" | grep -q XSM_PRIV ||
    v=XSM_PRIV
echo "#define XEN_XSM_GROUP $v"
echo '#endif'
