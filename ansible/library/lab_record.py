#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Enter into the lab's record what is about to be made, or strike it out."""

DOCUMENTATION = r"""
module: lab_record
short_description: The record of what the lab made
description:
  - Adds an entry before the thing is made, or strikes one out.
  - Tasks side by side write it, so it is locked from reading to writing, which
    no module of files does.
attributes:
  check_mode: {support: full, description: Tells what would be changed.}
  diff_mode: {support: full, description: Of the entry.}
options:
  path: {description: The record., type: path, required: true}
  state: {description: Wanted., choices: [present, absent], default: present}
  unless_there: {description: Do not enter a file that was there before us.,
                 type: bool, default: false}
  made: {description: Entry with kind and name and whatever tells that a thing
         is the one that was made., type: dict, required: true}
"""

EXAMPLES = r"""
- name: Enter the domain into the record
  lab_record:
    path: /var/tmp/lab/record.json
    made: {kind: domain, name: trader, uuid: ID}

- name: Strike it out
  lab_record:
    path: /var/tmp/lab/record.json
    state: absent
    made: {kind: domain, name: trader}
"""

RETURN = r"""
{}
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_diff import difference
from ansible.module_utils.lab_record import Record


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "state": {"choices": ["present", "absent"], "default": "present"},
            "unless_there": {"type": "bool", "default": False},
            "made": {"type": "dict", "required": True},
        },
        supports_check_mode=True,
    )
    path, made = module.params["path"], module.params["made"]
    for field in ("kind", "name"):
        if not made.get(field):
            module.fail_json(msg=f"made: no {field} in {made}")
    if not os.path.isdir(os.path.dirname(path)):
        module.exit_json(changed=False)
    with Record(path, dry=module.check_mode) as record:
        there = record.find(made["kind"], made["name"])
        if module.params["unless_there"] and not there \
                and os.path.exists(made["name"]):
            module.exit_json(changed=False)
        if module.params["state"] == "present":
            changed, after = record.add(made), made
        else:
            changed, after = record.remove(made["kind"], made["name"]), ""
        module.exit_json(changed=changed,
                         diff=difference(there or "", after, path))


if __name__ == "__main__":
    main()
