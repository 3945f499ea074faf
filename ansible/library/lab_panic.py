#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A guest that panicked: that it did, and its dump in the lab's folder."""

DOCUMENTATION = r"""
module: lab_panic
short_description: Ask whether a guest panicked, and take its dump
description:
  - Asks libvirt, and takes what it wrote of the guest's memory
    (C(on_crash) of C(coredump-destroy) or C(coredump-restart)) into the lab's
    folder. Waits for a dump that is being written.
  - community.libvirt.virt tells neither the reason of a state nor of dumps.
attributes:
  check_mode: {support: full, description: Tells which dumps it would take.}
  diff_mode: {support: none, description: There is none to show.}
options:
  name: {description: Of the domain., type: str, required: true}
  folder: {description: That dumps are taken into., type: path, required: true}
  console: {description: The log of its console., type: path, default: ""}
  wait: {description: "Seconds, at most, for a dump that is being written.",
         type: int, default: 300}
  state: {description: "taken, or absent: libvirt's are removed.", type: str,
          choices: [taken, absent], default: taken}
"""

EXAMPLES = r"""
- name: Look whether it panicked
  lab_panic:
    name: trader
    folder: /var/tmp/lab/dump
    console: /var/tmp/lab/console/trader.log
"""

RETURN = r"""
panicked: {description: "Did it, since it was started or since it was last
           asked?", type: bool, returned: success}
said: {description: "The panic, as its console has it.", type: str,
       returned: success}
state: {description: "libvirt's, with its reason; empty where it knows none.",
        type: str, returned: success}
dumps: {description: "The files of its memory, the oldest first.", type: list,
        elements: str, returned: success}
"""

import os
import time

from ansible.module_utils import lab_dump
from ansible.module_utils.basic import AnsibleModule

VIRSH = ["virsh", "-q", "-c", "qemu:///system"]
TAIL = 1 << 18  # bytes of a console, more than a panic and what follows


def state(module):
    """As in "shut off (crashed)"; "" where there is no such domain."""
    code, out, _ = module.run_command(
        VIRSH + ["domstate", "--reason", module.params["name"]])
    return out.strip() if code == 0 else ""


def ended(module):
    """The state, once no dump is being written any more."""
    end = time.monotonic() + module.params["wait"]
    while True:
        now = state(module)
        if not now.startswith("crashed"):
            return now
        code, out, _ = module.run_command(
            VIRSH + ["dumpxml", module.params["name"]])
        if code != 0 or "<on_crash>preserve<" in out:
            return now
        if time.monotonic() >= end:
            return now
        time.sleep(1)


def tail(path):
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.path.getsize(path) - TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def main():
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "folder": {"type": "path", "required": True},
            "console": {"type": "path", "default": ""},
            "wait": {"type": "int", "default": 300},
            "state": {"choices": ["taken", "absent"], "default": "taken"},
        },
        supports_check_mode=True,
    )
    given, dumps = module.params, []
    absent = given["state"] == "absent"
    found = "" if absent else ended(module)
    for path, name in lab_dump.of_domain(lab_dump.read_folder(),
                                         given["name"]).items():
        target = os.path.join(given["folder"], name)
        dumps.append(path if absent else target)
        if module.check_mode:
            continue
        if absent:
            os.unlink(path)
        else:
            lab_dump.take(path, target)
    # "shut off (crashed)" is also what libvirt says of a QEMU that was killed.
    said = lab_dump.said(tail(given["console"]), this_boot=not dumps) \
        if dumps or "crashed" in found else ""
    module.exit_json(changed=bool(dumps), dumps=dumps, state=found, said=said,
                     panicked=bool(dumps or said or "panicked" in found))


if __name__ == "__main__":
    main()
