#!/bin/bash
# flask.sh TREE: adds to the policy of Xen's source what it lacks, with this
# layer or without: that dom0 may put devices into quarantine, which is
# dom_io's, and take them out, and that dom_io may have them. Where Flask
# enforces, "xl pci-assignable-add" is refused otherwise.
set -euo pipefail
cd "$1/tools/flask/policy/modules"

cat >quarantine.te <<'TEXT'
delegate_devices(dom0_t, domio_t)
allow domio_t resource_type:resource {
    use_iommu use_iommu_nointremap use_noiommu };
TEXT
grep -q '^quarantine = on' modules.conf || echo 'quarantine = on' >>modules.conf
