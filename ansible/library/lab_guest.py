#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""In a guest: settle the NIC under test and say what the kernel made of it.
One module, since under TCG each one costs seconds."""

DOCUMENTATION = r"""
module: lab_guest
short_description: Settle the NIC under test and report
description:
  - Sets ring sizes and offloads where they differ, reads them back and
    reports kernel, CPUs and NIC. Says what the kernel may print on its console.
  - No collection has a module for ethtool(8).
attributes:
  check_mode: {support: full, description: Tells what would be set.}
  diff_mode: {support: full, description: "Of rings and offloads; what the
              driver made of it is in the report."}
options:
  mac: {description: Of the NIC under test., type: str, required: true}
  rx_ring: {description: "Descriptors; 0: as it is.", type: int, default: 0}
  tx_ring: {description: "Descriptors; 0: as it is.", type: int, default: 0}
  offloads: {description: Wanted., choices: [default, "on", "off"],
             default: default}
  console: {description: "What the kernel says on it from now on; empty: as it
            is.", choices: ["", quiet, verbose], default: ""}
"""

EXAMPLES = r"""
- name: Settle the NIC
  lab_guest:
    mac: "52:54:00:12:34:56"
    rx_ring: 1024
    offloads: "off"
"""

RETURN = r"""
found: {description: "Kernel, command_line, cpus and console; and of the nic name,
        driver, bus, place, rings, queues, offloads and state.", type: dict,
        returned: success}
"""

import glob
import os
import re

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_diff import difference

# ethtool's long names and how -K calls them.
OFFLOADS = {"rx-checksumming": "rx", "tx-checksumming": "tx",
            "scatter-gather": "sg", "tcp-segmentation-offload": "tso",
            "generic-segmentation-offload": "gso",
            "generic-receive-offload": "gro"}


PRINTK = "/proc/sys/kernel/printk"
# console_loglevel: what is more urgent is printed, a panic always (printk(9),
# console_verbose()); 7 is the kernel's own.
LEVELS = {"quiet": 1, "verbose": 7}


def console():
    """As what is printed there now."""
    return "quiet" if int((read(PRINTK) or "7").split()[0]) <= 1 \
        else "verbose"


def set_console(module):
    """What changes: nothing, or its state before and then."""
    now, wanted = console(), module.params["console"]
    if wanted in ("", now):
        return {}
    if not module.check_mode:
        with open(PRINTK, "w", encoding="ascii") as file:
            file.write(str(LEVELS[wanted]))
    return {"console": (now, wanted)}


def read(path, default=""):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return default


def place(path):
    """Where on PCI a device is, by its path in /sys: root-bus, root-port or
    node; None of what is not on PCI."""
    found = re.findall(r"/pci[0-9a-f]{4}:([0-9a-f]{2})|"
                       r"/[0-9a-f]{4}:([0-9a-f]{2}):[0-9a-f]{2}\.[0-7]", path)
    if not found:
        return None
    if found[0][0] != "00":  # a bus that an expander added
        return "node"
    return "root-bus" if len(found) == 2 else "root-port"


class Nic:
    """Through ethtool, which knows every driver."""

    def __init__(self, module, name):
        self.module = module
        self.name = name

    def ethtool(self, *arguments):
        code, out, _ = self.module.run_command(["ethtool", *arguments])
        return out if code == 0 else ""

    def rings(self):
        """(rx, tx); None where the driver has no such thing."""
        current = self.ethtool("-g", self.name).partition("Current")[2]
        found = dict(re.findall(r"^(RX|TX):\s+(\d+)", current, re.M))
        return [int(found[k]) if k in found else None for k in ("RX", "TX")]

    def queues(self):
        current = self.ethtool("-l", self.name).partition("Current")[2]
        found = dict(re.findall(r"^(RX|TX|Combined):\s+(\d+)", current, re.M))
        return int(found.get("Combined") or found.get("RX") or 0) or None

    def offloads(self):
        """name -> (state, fixed)"""
        rows = re.findall(r"^([a-z-]+): (on|off)( \[fixed\])?",
                          self.ethtool("-k", self.name), re.M)
        return {name: {"state": state, "fixed": bool(fixed)}
                for name, state, fixed in rows if name in OFFLOADS}

    def set_rings(self):
        """What was asked of the driver: ring -> its size before and then."""
        wanted = [self.module.params["rx_ring"], self.module.params["tx_ring"]]
        asked = {word: (now, size) for word, size, now
                 in zip(("rx", "tx"), wanted, self.rings())
                 if size and now is not None and now != size}
        for word, (_, size) in asked.items():
            if not self.module.check_mode:
                self.ethtool("-G", self.name, word, str(size))
        return asked

    def set_offloads(self):
        """The same of offloads."""
        wanted = self.module.params["offloads"]
        if wanted == "default":
            return {}
        asked = {OFFLOADS[name]: (now["state"], wanted)
                 for name, now in self.offloads().items()
                 if now["state"] != wanted and not now["fixed"]}
        for word in asked:
            if not self.module.check_mode:
                self.ethtool("-K", self.name, word, wanted)
        return asked

    def report(self):
        rx_ring, tx_ring = self.rings()
        driver = dict(re.findall(r"^(\S+): (.+)$",
                                 self.ethtool("-i", self.name), re.M))
        return {"name": self.name, "driver": driver.get("driver", ""),
                "bus": driver.get("bus-info", ""),
                "place": place(os.path.realpath(
                    f"/sys/class/net/{self.name}/device")),
                "rx_ring": rx_ring, "tx_ring": tx_ring,
                "queues": self.queues(), "offloads": self.offloads(),
                "up": read(f"/sys/class/net/{self.name}/operstate")}


def main():
    module = AnsibleModule(
        argument_spec={
            "mac": {"type": "str", "required": True},
            "rx_ring": {"type": "int", "default": 0},
            "tx_ring": {"type": "int", "default": 0},
            "offloads": {"choices": ["default", "on", "off"],
                         "default": "default"},
            "console": {"choices": ["", "quiet", "verbose"],
                        "default": ""},
        },
        supports_check_mode=True,
    )
    name = next((path.split("/")[-2] for path
                 in glob.glob("/sys/class/net/*/address")
                 if read(path) == module.params["mac"]), None)
    if name is None:
        module.fail_json(msg="no NIC with the address "
                         f"{module.params['mac']}: the guest's kernel has no "
                         "driver for it")
    nic = Nic(module, name)
    asked = {**{f"{word} ring": sizes
                for word, sizes in nic.set_rings().items()},
             **nic.set_offloads(), **set_console(module)}
    before, after = ({what: pair[i] for what, pair in asked.items()}
                     for i in (0, 1))
    module.exit_json(changed=bool(asked), diff=difference(
        before, after, name), found={
        "kernel": os.uname().release,
        "command_line": read("/proc/cmdline"),
        "cpus": read("/sys/devices/system/cpu/online"),
        "console": console(),
        "nic": nic.report(),
    })


if __name__ == "__main__":
    main()
