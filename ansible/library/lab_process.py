#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""End a process that the lab's record names."""

DOCUMENTATION = r"""
module: lab_process
short_description: End a process that was left over
description: Ends it if it is still the one that was started, and strikes it
  out of the record.
options:
  made: {description: Its entry in the record., type: dict, required: true}
  record: {description: The lab's record., type: path, required: true}
"""

EXAMPLES = r"""
- name: End the process
  lab_process:
    made: {kind: process, name: /run/x, pid: 4711, started: "815", boot: ID}
    record: /var/tmp/lab/record.json
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_process import end
from ansible.module_utils.lab_record import Record


def main():
    module = AnsibleModule(argument_spec={
        "made": {"type": "dict", "required": True},
        "record": {"type": "path", "required": True},
    })
    made = module.params["made"]
    # One without it was written before there was a boot in it: not known.
    ended = end({"pid": int(made["pid"]), "started": str(made["started"]),
                 "boot": made.get("boot", "")})
    with Record(module.params["record"]) as record:
        record.remove(made["kind"], made["name"])
    module.exit_json(changed=ended)


if __name__ == "__main__":
    main()
