#!/bin/bash
# flask.sh TREE: adds to the policy of Xen's source what it lacks, with this
# layer or without: that dom0 may put devices into quarantine, which is
# dom_io's, and take them out, and that dom_io may have them. Where Flask
# enforces, "xl pci-assignable-add" is refused otherwise.
set -euo pipefail
tree=$(realpath "$1")
cd "$tree/tools/flask/policy/modules"

cat >quarantine.te <<'TEXT'
delegate_devices(dom0_t, domio_t)
allow domio_t resource_type:resource {
    use_iommu use_iommu_nointremap use_noiommu };
TEXT
# xenstored asks for the state of all domains, Xen's own among them; the policy
# of the Xens that have this forgets that one.
if grep -qE '^[[:blank:]]*get_domain_state$' \
        "$tree/xen/xsm/flask/policy/access_vectors"; then
    echo 'allow dom0_t domxen_t:domain2 get_domain_state;' >>quarantine.te
fi
grep -q '^quarantine = on' modules.conf || echo 'quarantine = on' >>modules.conf
