#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A guest's seed for cloud-init: its files, and the image that packs them."""

DOCUMENTATION = r"""
module: lab_seed
short_description: What cloud-init finds in a guest
description:
  - Writes the files of a seed and packs them by cloud-localds, in one go, where
    a task for each file would take seconds.
  - An image is put in place whole, and one that is there is left as it is, since
    its name tells what is in it.
attributes:
  check_mode: {support: full, description: Tells what would be changed.}
  diff_mode: {support: full, description: Of the files.}
options:
  path: {description: The image; its files lie in a folder beside it.,
         type: path, required: true}
  files: {description: The folder of the files., type: path, required: true}
  user_data: {description: Its text., type: str, required: true}
  network_config: {description: Its text., type: str, required: true}
  meta_data: {description: Its text., type: str, required: true}
"""

EXAMPLES = r"""
- name: Make the trader's seed
  lab_seed:
    path: /var/tmp/lab/seed/trader-0123456789abcdef.img
    files: /var/tmp/lab/seed/trader
    user_data: "#cloud-config\n"
    network_config: "version: 2\n"
    meta_data: "instance-id: 0123456789abcdef\n"
"""

RETURN = r"""
{}
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_diff import difference

NAMES = ("user-data", "network-config", "meta-data")


def text_of(path):
    """What the file holds; None: there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def write(folder, texts):
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o755)
    for name, text in texts.items():
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o644)


def pack(module, path, folder):
    """Whole, or not there."""
    part = path.removesuffix(".img") + ".part"
    module.run_command(
        ["cloud-localds", "--network-config", "network-config", part,
         "user-data", "meta-data"], cwd=folder, check_rc=True)
    os.rename(part, path)


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "files": {"type": "path", "required": True},
            **{name.replace("-", "_"): {"type": "str", "required": True}
               for name in NAMES},
        },
        supports_check_mode=True,
    )
    path, folder = module.params["path"], module.params["files"]
    wanted = {name: module.params[name.replace("-", "_")] for name in NAMES}
    there = {name: text_of(os.path.join(folder, name)) for name in NAMES}
    packed = os.path.exists(path)
    try:
        if not module.check_mode and there != wanted:
            write(folder, wanted)
        if not module.check_mode and not packed:
            pack(module, path, folder)
    except OSError as error:
        module.fail_json(msg=f"{path}: {error}")
    module.exit_json(
        changed=not packed or there != wanted,
        diff=[difference(there[name] or "", wanted[name],
                         os.path.join(folder, name)) for name in NAMES])


if __name__ == "__main__":
    main()
