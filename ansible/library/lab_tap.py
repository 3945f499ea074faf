#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A guest's tap, which libvirt made: on its bridge, and quiet."""

DOCUMENTATION = r"""
module: lab_tap
short_description: Settle a tap that libvirt made
description:
  - Sees to it that it is a port of its bridge, and that the host speaks no
    IPv6 on it, which would be packets on the wire under test. Of a macvtap,
    that it takes multicast of all groups.
  - ansible.posix.sysctl would keep the setting in a file of /etc, longer than
    there is a tap.
attributes:
  check_mode: {support: full, description: "Tells what would be changed, also
               where libvirt has yet to make the tap."}
  diff_mode: {support: full, description: Of the bridge and the setting.}
options:
  name: {description: Of the tap., type: str, required: true}
  bridge: {description: "Its bridge; empty: libvirt sees to that.", type: str,
           default: ""}
  all_multicast: {description: It takes that of all groups., type: bool,
                  default: false}
"""

EXAMPLES = r"""
- name: No IPv6 of the host's on the tap
  lab_tap:
    name: trader-lab
    bridge: t2t-lab0
"""

RETURN = r"""
changes: {description: "What was done, a few words each.", type: list,
          elements: str, returned: success}
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_diff import difference

LINKS = "/sys/class/net"
SYSCTLS = "/proc/sys/net"
ALL_MULTICAST = 0x200  # IFF_ALLMULTI, netdevice(7)


def main():
    module = AnsibleModule(
        argument_spec={"name": {"type": "str", "required": True},
                       "bridge": {"type": "str", "default": ""},
                       "all_multicast": {"type": "bool", "default": False}},
        supports_check_mode=True,
    )
    name, bridge = module.params["name"], module.params["bridge"]
    before, after, changes = {}, {"bridge": bridge} if bridge else {}, []
    if not os.path.exists(f"{LINKS}/{name}"):
        if module.check_mode:  # libvirt has yet to make it
            module.exit_json(changed=True, changes=[f"port of {bridge or 'its link'}"],
                             diff=difference(before, after, name))
        module.fail_json(msg=f"tap {name}: not there; does the guest run?")
    master = f"{LINKS}/{name}/master"
    if bridge and os.path.exists(master):
        before["bridge"] = os.path.basename(os.path.realpath(master))
    if bridge and before.get("bridge") != bridge:
        changes.append(f"port of {bridge}")
        if not module.check_mode:
            module.run_command(["ip", "link", "set", "dev", name, "master",
                                bridge], check_rc=True)
    if module.params["all_multicast"]:
        with open(f"{LINKS}/{name}/flags", encoding="ascii") as file:
            before["all_multicast"] = bool(int(file.read(), 16) & ALL_MULTICAST)
        after["all_multicast"] = True
        if not before["all_multicast"]:
            changes.append("multicast of all groups")
            if not module.check_mode:
                module.run_command(["ip", "link", "set", "dev", name,
                                    "allmulticast", "on"], check_rc=True)
    knob = f"{SYSCTLS}/ipv6/conf/{name}/disable_ipv6"
    if os.path.exists(knob):
        with open(knob, encoding="ascii") as file:
            before["disable_ipv6"] = file.read().strip()
        after["disable_ipv6"] = "1"
        if before["disable_ipv6"] != "1":
            changes.append("no IPv6")
            if not module.check_mode:
                with open(knob, "w", encoding="ascii") as file:
                    file.write("1")
    module.exit_json(changed=bool(changes), changes=changes,
                     diff=difference(before, after, name))


if __name__ == "__main__":
    main()
