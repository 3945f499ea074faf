#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Texts of a trial, as files of its folder."""

DOCUMENTATION = r"""
module: lab_texts
short_description: Make a folder and write texts into files of it
description: All in one task, where each file by itself would cost a trial
  another second. A file appears whole or not at all.
options:
  folder: {description: "Made, where it is missing.", type: path,
           required: true}
  texts: {description: "By the names of their files; what is no text is
          written as JSON.", type: dict, default: {}}
  absent: {description: Names of files that are to go., type: list,
           elements: str, default: []}
"""

import json
import os

from ansible.module_utils.basic import AnsibleModule


def text_of(value):
    # A template's text that looks like JSON comes as what it says.
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=4, sort_keys=True) + "\n"


def write(path, text):
    """True if it was another one."""
    data = text.encode()
    try:
        with open(path, "rb") as file:
            if file.read() == data:
                return False
    except FileNotFoundError:
        pass
    part = path + ".part"
    with open(part, "wb") as file:
        os.chmod(part, 0o644)
        file.write(data)
    os.rename(part, path)
    return True


def main():
    module = AnsibleModule(argument_spec={
        "folder": {"type": "path", "required": True},
        "texts": {"type": "dict", "default": {}},
        "absent": {"type": "list", "elements": "str", "default": []},
    })
    folder, changed = module.params["folder"], []
    try:
        os.makedirs(folder, mode=0o755, exist_ok=True)
        for name, value in module.params["texts"].items():
            if write(os.path.join(folder, name), text_of(value)):
                changed.append(name)
        for name in module.params["absent"]:
            try:
                os.unlink(os.path.join(folder, name))
                changed.append(name)
            except FileNotFoundError:
                pass
    except OSError as error:
        module.fail_json(msg=f"{error.filename or folder}: {error.strerror}")
    module.exit_json(changed=bool(changed), files=changed)


if __name__ == "__main__":
    main()
