#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A machine's kernel returns market data out of the interface that it came in
by, for a run without a trader: tc-mirred(8)."""

DOCUMENTATION = r"""
module: lab_loop_back
short_description: Return market data to where it came from
description: Adds a filter to the interface, or takes it away again, with the
  queueing discipline that it hangs on if that is ours.
options:
  interface: {description: Of market data., type: str, required: true}
  group: {description: "ADDR:PORT of the market data.", type: str,
          required: true}
  folder: {description: Of the experiment; what is ours is noted there.,
           type: path, required: true}
  state: {description: Wanted., choices: [present, absent], default: present}
"""

import ipaddress
import os

from ansible.module_utils.basic import AnsibleModule

PRIORITY = "7739"  # by which the filter is known to be ours


class LoopBack:
    """Of one interface."""

    def __init__(self, module):
        self.module = module
        self.name = module.params["interface"]
        self.address, _, self.port = \
            module.params["group"].rpartition(":")
        self.note = os.path.join(module.params["folder"], "loop-back")

    def ethernet_group(self):
        """RFC 1112, 6.4: 01:00:5e and the group's lower 23 bits."""
        low = int(ipaddress.ip_address(self.address)) & 0x7fffff
        return "01:00:5e:" + ":".join(f"{low:06x}"[i:i + 2] for i in (0, 2, 4))

    def ip(self, *arguments, check=True):
        return self.module.run_command(["ip", *arguments], check_rc=check)

    def tc(self, *arguments, check=True):
        return self.module.run_command(["tc", *arguments], check_rc=check)

    def missing(self):
        """Of what the filter hangs on: that is ours to add, and to remove."""
        _, qdiscs, _ = self.tc("qdisc", "show", "dev", self.name)
        _, groups, _ = self.ip("maddr", "show", "dev", self.name)
        return [word for word, there in (
            ("clsact", "clsact" in qdiscs),
            ("maddr", f"{self.ethernet_group()} static" in groups))
                if not there]

    def make(self):
        ours = self.missing()
        # Before it is made: whatever fails then, it can be removed.
        os.makedirs(os.path.dirname(self.note), exist_ok=True)
        with open(self.note, "w", encoding="ascii") as file:
            file.write(" ".join(ours))
        if "clsact" in ours:
            self.tc("qdisc", "add", "dev", self.name, "clsact")
        # Nobody has joined: the NIC would not let the group in.
        if "maddr" in ours:
            self.ip("maddr", "add", self.ethernet_group(), "dev", self.name)
        # The market data alone: all else stays as it is. With our own source
        # address, or a bridge learns that the sender were here.
        with open(f"/sys/class/net/{self.name}/address",
                  encoding="ascii") as file:
            own = file.read().strip()
        self.tc("filter", "add", "dev", self.name, "ingress", "pref",
                PRIORITY, "protocol", "ip", "u32",
                "match", "ip", "dst", f"{self.address}/32",
                "match", "ip", "dport", self.port, "0xffff",
                "action", "skbmod", "set", "smac", own, "pipe",
                "action", "mirred", "egress", "redirect", "dev", self.name)

    def remove(self):
        """True if there was one."""
        _, out, _ = self.tc("filter", "show", "dev", self.name, "ingress",
                            check=False)
        there = f"pref {PRIORITY} " in out
        if there:
            self.tc("filter", "del", "dev", self.name, "ingress", "pref",
                    PRIORITY)
        if not os.path.exists(self.note):
            return there
        with open(self.note, encoding="ascii") as file:
            ours = file.read().split()
        if "maddr" in ours:
            self.ip("maddr", "del", self.ethernet_group(), "dev", self.name,
                    check=False)
        if "clsact" in ours:
            self.tc("qdisc", "del", "dev", self.name, "clsact", check=False)
        os.unlink(self.note)
        return True


def main():
    module = AnsibleModule(
        argument_spec={
            "interface": {"type": "str", "required": True},
            "group": {"type": "str", "required": True},
            "folder": {"type": "path", "required": True},
            "state": {"choices": ["present", "absent"], "default": "present"},
        },
    )
    loop_back = LoopBack(module)
    changed = loop_back.remove()
    if module.params["state"] == "present":
        loop_back.make()
        changed = True
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
