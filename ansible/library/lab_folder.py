#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The lab's folder: made, tidied, removed; see module_utils/lab_folder.py."""

DOCUMENTATION = r"""
module: lab_folder
short_description: The lab's folder
description:
  - Takes a folder only when it is empty or a lab's, and removes from it only
    what has a name that labs give.
  - ansible.builtin.file would remove all that the folder holds, whoever's it
    is.
attributes:
  check_mode: {support: full, description: Tells what would be changed.}
  diff_mode: {support: full, description: Of the names of the files in it.}
options:
  path: {description: The folder., type: path, required: true}
  state: {description: "tidied: without seeds, layers and states of the domain
          that nothing uses.", choices: [present, tidied, absent], required: true}
  domain: {description: Whose are tidied., type: str, default: ""}
  keep: {description: "Those that are used, as in disk/NAME.qcow2.",
         type: list, elements: str, default: []}
  folders: {description: "Folders in one that is present, of whoever makes
            them.", type: list, elements: str, default: []}
"""

EXAMPLES = r"""
- name: Make the lab's folder
  lab_folder:
    path: /var/tmp/lab
    state: present

- name: Remove the layers of former images
  lab_folder:
    path: /var/tmp/lab
    state: tidied
    domain: trader
    keep: [disk/trader-0123456789abcdef.qcow2]
"""

RETURN = r"""
gone: {description: What was removed., type: list, elements: str,
       returned: where state is tidied}
left: {description: "What was not the lab's, and stays.", type: list,
       elements: str, returned: where state is absent}
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_diff import asked, difference
from ansible.module_utils.lab_folder import NotOurs, RECORD, fault, going, \
    make, remove, tidy


def held(path):
    """Its files, by their names in it."""
    return {os.path.relpath(os.path.join(top, name), path)
            for top, _, names in os.walk(path) for name in names}


def add(path, folders, dry):
    """Was one of them made?"""
    missing = [folder for folder in (os.path.join(path, name)
                                     for name in folders)
               if not os.path.isdir(folder)]
    for folder in [] if dry else missing:
        os.makedirs(folder)
        os.chmod(folder, 0o755)
    return bool(missing)


def settle(before, path, state, domain, keep, folders, dry):
    """(what the module says, the files that are there then)"""
    if state == "present":
        made = make(path, dry)
        return {"changed": add(path, folders, dry) or made}, before | {RECORD}
    if state == "tidied":
        gone = tidy(path, domain, keep, dry)
        return {"changed": bool(gone), "gone": gone}, before - set(gone)
    if not os.path.isdir(path):
        return {"changed": False, "left": []}, before
    after = before - {RECORD, *going(path)}
    return {"changed": True, "left": remove(path, dry)}, after


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "state": {"choices": ["present", "tidied", "absent"],
                      "required": True},
            "domain": {"type": "str", "default": ""},
            "keep": {"type": "list", "elements": "str", "default": []},
            "folders": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    path = module.params["path"]
    # What is somebody's may be large, and is refused all the same.
    seen = asked(module) and not fault(path)
    before = held(path) if seen else set()
    try:
        result, after = settle(before, **module.params, dry=module.check_mode)
    except (NotOurs, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result, diff=difference(
        *("".join(f"{name}\n" for name in sorted(names))
          for names in (before, after)), path) if seen else {})


if __name__ == "__main__":
    main()
