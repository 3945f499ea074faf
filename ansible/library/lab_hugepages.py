#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Huge pages for the guests, on top of what the host has reserved."""

DOCUMENTATION = r"""
module: lab_hugepages
short_description: Reserve huge pages for the lab
description: Adds to the pages that are reserved already and never uses those;
  writes into the record what was there before, and goes back to that.
options:
  size_kib: {description: Of a page., type: int, required: true}
  pages: {description: "That the lab needs; 0: give back what it took.",
          type: int, required: true}
  record: {description: The lab's record., type: path, required: true}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_record import Record, boot_id


def read(path):
    with open(path, encoding="ascii") as file:
        return int(file.read())


def write(path, pages):
    with open(path, "w", encoding="ascii") as file:
        file.write(str(pages))


class Pages:
    """Those of one size."""

    def __init__(self, module):
        size = module.params["size_kib"]
        self.module = module
        self.name = f"{size} KiB"
        self.size = size
        self.path = ("/sys/kernel/mm/hugepages/"
                     f"hugepages-{size}kB/nr_hugepages")

    def reserve(self, record, entry, pages):
        """Counted from what was there before the lab."""
        now = read(self.path)
        before = entry["before"] if entry else now
        wanted = before + pages
        if entry and entry["after"] == wanted == now:
            return False
        if self.module.check_mode:
            return True
        record.add({"kind": "hugepages", "name": self.name,
                    "size_kib": self.size, "before": before, "after": wanted,
                    "boot": boot_id()})
        write(self.path, wanted)
        if read(self.path) < wanted:  # memory in pieces is put together
            write("/proc/sys/vm/compact_memory", 1)
            write(self.path, wanted)
        got = read(self.path)
        if got < wanted:
            write(self.path, now)
            if not entry:
                record.remove("hugepages", self.name)
            self.module.fail_json(
                msg=f"huge pages of {self.name}: {pages} wanted, the kernel "
                f"found room for {got - before}: memory is in pieces or too "
                "small; lower domain_memory_mib, or set domain_hugepage_kib "
                "to 0")
        return True

    def give_back(self, record, entry):
        """What others have added since stays."""
        if not entry:
            return False
        if self.module.check_mode:
            return True
        now = read(self.path)
        if now > entry["before"]:
            write(self.path, entry["before"] + max(0, now - entry["after"]))
        record.remove("hugepages", self.name)
        return True


def main():
    module = AnsibleModule(
        argument_spec={
            "size_kib": {"type": "int", "required": True},
            "pages": {"type": "int", "required": True},
            "record": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    pages = Pages(module)
    with Record(module.params["record"]) as record:
        entry = record.find("hugepages", pages.name)
        if entry and entry["boot"] != boot_id():
            # After a reboot there is nothing left of them.
            record.remove("hugepages", pages.name)
            entry = None
        if module.params["pages"]:
            changed = pages.reserve(record, entry, module.params["pages"])
        else:
            changed = pages.give_back(record, entry)
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
