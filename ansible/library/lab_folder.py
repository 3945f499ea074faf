#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The lab's folder: made, tidied, removed; see module_utils/lab_folder.py."""

DOCUMENTATION = r"""
module: lab_folder
short_description: The lab's folder
description: Takes a folder only when it is empty or a lab's, and removes from
  it only what has a name that labs give.
options:
  path: {description: The folder., type: path, required: true}
  state: {description: "tidied: without seeds and layers of the domain that
          nothing uses.", choices: [present, tidied, absent], required: true}
  domain: {description: Whose are tidied., type: str, default: ""}
  keep: {description: "Those that are used, as in disk/NAME.qcow2.",
         type: list, elements: str, default: []}
"""

EXAMPLES = r"""
- name: Make the lab's folder
  lab_folder:
    path: /var/tmp/lab
    state: present
"""

RETURN = r"""
left: {description: "absent: what was not the lab's, and stays.", type: list,
       returned: absent}
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_folder import NotOurs, make, remove, tidy


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "state": {"choices": ["present", "tidied", "absent"],
                      "required": True},
            "domain": {"type": "str", "default": ""},
            "keep": {"type": "list", "elements": "str", "default": []},
        },
    )
    path, state = module.params["path"], module.params["state"]
    try:
        if state == "present":
            module.exit_json(changed=make(path))
        if state == "tidied":
            gone = tidy(path, module.params["domain"], module.params["keep"])
            module.exit_json(changed=bool(gone), gone=gone)
        there = os.path.isdir(path)
        module.exit_json(changed=there, left=remove(path) if there else [])
    except (NotOurs, OSError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
