#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A bridge of the lab: isolated, and it lets all multicast pass."""

DOCUMENTATION = r"""
module: lab_bridge
short_description: A bridge of the lab
description:
  - Makes it when it is not there, after writing it into the record; one that
    is not the record's is left alone, and an error.
  - community.general makes bridges by NetworkManager alone (nmcli), which not
    all hosts have.
attributes:
  check_mode: {support: full, description: Tells what would be changed.}
  diff_mode: {support: full, description: Of what the bridge is to have.}
options:
  name: {description: Of the bridge., type: str, required: true}
  mac: {description: By which it is known again., type: str, required: true}
  address: {description: Of the host, with prefix length., type: str,
            required: true}
  record: {description: The lab's record., type: path, required: true}
"""

EXAMPLES = r"""
- name: Bridge of the lab
  lab_bridge:
    name: t2t-lab0
    address: 192.168.77.1/24
    mac: "52:54:00:12:34:56"
    record: /var/tmp/lab/record.json
"""

RETURN = r"""
changes: {description: "What was done, a few words each.", type: list,
          elements: str, returned: success}
"""

import json
import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_diff import difference
from ansible.module_utils.lab_record import Record

SYSCTLS = "/proc/sys/net"


class Bridge:
    """What is wrong with it is mended; nothing else is touched."""

    def __init__(self, module):
        self.module = module
        self.name = module.params["name"]
        self.changes = []
        self.before, self.after = {}, {}

    def differs(self, what, found, wanted):
        """Noted for who wants to see it."""
        if found is not None:
            self.before[what] = found
        self.after[what] = wanted
        return found != wanted

    def run(self, why, *command):
        self.changes.append(why)
        if not self.module.check_mode:
            self.module.run_command(["ip", *command], check_rc=True)

    def link(self):
        code, out, _ = self.module.run_command(
            ["ip", "-json", "-details", "address", "show", "dev", self.name])
        return json.loads(out)[0] if code == 0 else None

    def make(self):
        mac, record_path = (self.module.params[k] for k in ("mac", "record"))
        link = self.link()
        with Record(record_path, dry=self.module.check_mode) as record:
            ours = record.find("bridge", self.name)
            if link and (not ours or ours["mac"] != link["address"]):
                self.module.fail_json(
                    msg=f"bridge {self.name}: in use by someone else; name "
                    "another one in the inventory")
            record.add({"kind": "bridge", "name": self.name, "mac": mac})
        if not self.differs("mac", link and link["address"], mac):
            return link
        self.run("made", "link", "add", "name", self.name, "address", mac,
                 "type", "bridge")
        return self.link() or {}

    def settle(self, link):
        data = link.get("linkinfo", {}).get("info_data", {})
        # Snooping without a querier cuts multicast off after minutes.
        if self.differs("mcast_snooping", data.get("mcast_snooping"), 0):
            self.run("snooping off", "link", "set", "dev", self.name, "type",
                     "bridge", "mcast_snooping", "0")
        # A port forwards at once: there is no loop here to look for.
        if any([self.differs("forward_delay", data.get("forward_delay"), 0),
                self.differs("stp_state", data.get("stp_state"), 0)]):
            self.run("no spanning tree", "link", "set", "dev", self.name,
                     "type", "bridge", "stp_state", "0", "forward_delay", "0")
        # Neither neighbour discovery on the wire under test nor a way out.
        for knob, wanted in ((f"ipv6/conf/{self.name}/disable_ipv6", "1"),
                             (f"ipv4/conf/{self.name}/forwarding", "0")):
            self.write(f"{SYSCTLS}/{knob}", wanted)
        address = self.module.params["address"]
        there = [f"{a['local']}/{a['prefixlen']}"
                 for a in link.get("addr_info", []) if a["family"] == "inet"]
        if self.differs("addresses", there,
                        there + [address] * (address not in there)):
            self.run(f"address {address}", "address", "add", address,
                     "dev", self.name)
        if self.differs("up", "UP" in link.get("flags", []), True):
            self.run("up", "link", "set", "dev", self.name, "up")

    def write(self, path, wanted):
        if not os.path.exists(path):  # a kernel without IPv6
            return
        with open(path, encoding="ascii") as file:
            if not self.differs(path, file.read().strip(), wanted):
                return
        self.changes.append(f"{path} {wanted}")
        if not self.module.check_mode:
            with open(path, "w", encoding="ascii") as file:
                file.write(wanted)


def main():
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "mac": {"type": "str", "required": True},
            "address": {"type": "str", "required": True},
            "record": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    bridge = Bridge(module)
    bridge.settle(bridge.make())
    # What a new one begins with was there before no more than itself.
    before = bridge.before if "mac" in bridge.before else {}
    module.exit_json(changed=bool(bridge.changes), changes=bridge.changes,
                     diff=difference(before, bridge.after, bridge.name))


if __name__ == "__main__":
    main()
