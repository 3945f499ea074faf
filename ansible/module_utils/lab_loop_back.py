# SPDX-License-Identifier: MIT
"""A machine's kernel returns market data out of the interface that it came in
by, for a run without a trader: tc-mirred(8). A program, which is brought to the
machine: `lab_loop_back.py INTERFACE ADDR:PORT FOLDER present|absent`; what is
ours to take away again is noted in the folder, with the boot that it is of: the
folder may be on a disk.
"""

import ipaddress
import os
import subprocess
import sys

from lab_record import boot_id

PRIORITY = "7739"  # by which the filter is known to be ours


def run(*argv, check):
    """Its output. Ends us with what it says where it fails and may not."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True,
                              check=False)
    except FileNotFoundError:
        sys.exit(f"{argv[0]} is not there")
    if check and done.returncode:
        sys.exit(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout


class LoopBack:
    """Of one interface."""

    def __init__(self, interface, group, folder):
        self.name = interface
        self.address, _, self.port = group.rpartition(":")
        self.note = os.path.join(folder, "loop-back")

    def ethernet_group(self):
        """RFC 1112, 6.4: 01:00:5e and the group's lower 23 bits."""
        low = int(ipaddress.ip_address(self.address)) & 0x7fffff
        return "01:00:5e:" + ":".join(f"{low:06x}"[i:i + 2] for i in (0, 2, 4))

    def ip(self, *arguments, check=True):
        return run("ip", *arguments, check=check)

    def tc(self, *arguments, check=True):
        return run("tc", *arguments, check=check)

    def missing(self):
        """Of what the filter hangs on: that is ours to add, and to remove."""
        qdiscs = self.tc("qdisc", "show", "dev", self.name)
        groups = self.ip("maddr", "show", "dev", self.name)
        return [word for word, there in (
            ("clsact", "clsact" in qdiscs),
            ("maddr", f"{self.ethernet_group()} static" in groups))
                if not there]

    def make(self):
        ours = self.missing()
        # Before it is made: whatever fails then, it can be removed.
        os.makedirs(os.path.dirname(self.note), exist_ok=True)
        with open(self.note, "w", encoding="ascii") as file:
            file.write(" ".join([boot_id(), *ours]))
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
        out = self.tc("filter", "show", "dev", self.name, "ingress",
                      check=False)
        there = f"pref {PRIORITY} " in out
        if there:
            self.tc("filter", "del", "dev", self.name, "ingress", "pref",
                    PRIORITY)
        if not os.path.exists(self.note):
            return there
        with open(self.note, encoding="ascii") as file:
            ours = file.read().split()
        # After a reboot there is nothing of ours.
        ours = ours[1:] if ours[:1] == [boot_id()] else []
        if "maddr" in ours:
            self.ip("maddr", "del", self.ethernet_group(), "dev", self.name,
                    check=False)
        if "clsact" in ours:
            self.tc("qdisc", "del", "dev", self.name, "clsact", check=False)
        os.unlink(self.note)
        return True


def main(interface, group, folder, state):
    loop_back = LoopBack(interface, group, folder)
    loop_back.remove()
    if state == "present":
        loop_back.make()


if __name__ == "__main__":
    if len(sys.argv) != 5 or sys.argv[4] not in ("present", "absent"):
        sys.exit("usage: INTERFACE ADDR:PORT FOLDER present|absent")
    main(*sys.argv[1:])
