#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Huge pages for the guests; see module_utils/lab_hugepages.py."""

DOCUMENTATION = r"""
module: lab_hugepages
short_description: Reserve huge pages for the lab
description:
  - Adds to the pages that others have reserved and never uses those; writes
    into the record how many it added, and gives back as many.
  - ansible.posix.sysctl sets vm.nr_hugepages, which is everybody's number, of
    one size and of all NUMA nodes.
attributes:
  check_mode: {support: full, description: "Tells what would be changed; whether
               there is room is seen by trying alone."}
  diff_mode: {support: full, description: "Of what the lab took, by node."}
options:
  size_kib: {description: Of a page., type: int, required: true}
  pages: {description: "That the lab needs, by node of NUMA; \"\" is any; none
          at all: give back what it took.", type: dict, required: true}
  record: {description: The lab's record., type: path, required: true}
"""

EXAMPLES = r"""
- name: Reserve two gigabytes on node 0, and one anywhere
  lab_hugepages:
    size_kib: 2048
    pages: {"0": 1024, "": 512}
    record: /var/tmp/lab/record.json
"""

RETURN = r"""
in_use: {description: "Pages given back that others use: gone when they end.",
         type: int, returned: "where pages are given back, but in check mode"}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_diff import difference
from ansible.module_utils.lab_hugepages import Foreseen, Kernel, Pages, \
    Shortage
from ansible.module_utils.lab_record import Record


def settle(pages, wanted, dry):
    """What the module says of it."""
    if wanted:
        return {"changed": pages.reserve(wanted)}
    given, left = pages.give_back()
    # Who uses them is known once they are given back.
    return {"changed": given > 0, **({} if dry else {"in_use": left})}


def main():
    module = AnsibleModule(
        argument_spec={
            "size_kib": {"type": "int", "required": True},
            "pages": {"type": "dict", "required": True},
            "record": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    size = module.params["size_kib"]
    wanted = {str(node): int(pages) for node, pages
              in module.params["pages"].items()}
    with Record(module.params["record"], dry=module.check_mode) as record, \
            Kernel(size) as kernel:
        pages = Pages(Foreseen(kernel) if module.check_mode else kernel,
                      record, size)
        before = pages.by_node()
        try:
            result = settle(pages, wanted, module.check_mode)
        except Shortage as short:
            module.fail_json(msg=f"{short}: memory is in pieces or too small; "
                             "lower domain_memory_mib, or set "
                             "domain_hugepage_kib to 0")
        module.exit_json(**result, diff=difference(
            before, pages.by_node(), f"huge pages of {pages.name}"))


if __name__ == "__main__":
    main()
