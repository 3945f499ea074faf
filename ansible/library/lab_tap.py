#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A guest's tap, which libvirt made: on its bridge, and quiet."""

DOCUMENTATION = r"""
module: lab_tap
short_description: Settle a tap that libvirt made
description: Sees to it that it is a port of its bridge, and that the host
  speaks no IPv6 on it, which would be packets on the wire under test.
options:
  name: {description: Of the tap., type: str, required: true}
  bridge: {description: Its bridge., type: str, required: true}
"""

import os

from ansible.module_utils.basic import AnsibleModule


def main():
    module = AnsibleModule(
        argument_spec={"name": {"type": "str", "required": True},
                       "bridge": {"type": "str", "required": True}},
        supports_check_mode=True,
    )
    name, bridge = module.params["name"], module.params["bridge"]
    changes = []
    if not os.path.exists(f"/sys/class/net/{name}"):
        if module.check_mode:
            module.exit_json(changed=True)
        module.fail_json(msg=f"tap {name}: not there; does the guest run?")
    master = f"/sys/class/net/{name}/master"
    if os.path.basename(os.path.realpath(master)) != bridge:
        changes.append(f"port of {bridge}")
        if not module.check_mode:
            module.run_command(["ip", "link", "set", "dev", name, "master",
                                bridge], check_rc=True)
    knob = f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6"
    if os.path.exists(knob):
        with open(knob, "r+", encoding="ascii") as file:
            if file.read().strip() != "1":
                changes.append("no IPv6")
                if not module.check_mode:
                    file.seek(0)
                    file.write("1")
    module.exit_json(changed=bool(changes), changes=changes)


if __name__ == "__main__":
    main()
