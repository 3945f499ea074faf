# SPDX-License-Identifier: MIT
"""Wait for a guest's login, settle its clock and its NIC under test and say what the
kernel made of it; by ethtool(8), which knows every driver, since no collection has a
module for it. It is read here: an emulated guest takes seconds to start Python.

- name: Settle the NIC
  lab_guest:
    mac: "52:54:00:12:34:56"
    rx_ring: 1024
    offloads: "off"

timeout: seconds until it can be logged into; 0: it can now. mac: of the NIC under
test. rx_ring, tx_ring: descriptors; 0: as it is. offloads: default, on, off.
console: quiet, verbose: what the kernel says on it from now on; empty: as it is.
Returns found: kernel, boot (its ID), command_line, cpus and console; and of the nic name, driver,
bus, place, rings, queues, offloads and state. In check mode: what would be set.
"""

import os
import re
import shlex
import sys
import time

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

# Actions find no module_utils by themselves.
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "../module_utils"))
# pylint: disable=wrong-import-position
from lab_diff import difference  # noqa: E402
from lab_look import SHELL, sections  # noqa: E402

OPTIONS = {
    "timeout": {"type": "int", "default": 0},
    "mac": {"type": "str", "required": True},
    "rx_ring": {"type": "int", "default": 0},
    "tx_ring": {"type": "int", "default": 0},
    "offloads": {"choices": ["default", "on", "off"], "default": "default"},
    "console": {"choices": ["", "quiet", "verbose"], "default": ""},
}

# ethtool's long names and how -K calls them.
OFFLOADS = {"rx-checksumming": "rx", "tx-checksumming": "tx",
            "scatter-gather": "sg", "tcp-segmentation-offload": "tso",
            "generic-segmentation-offload": "gso",
            "generic-receive-offload": "gro"}

# What a clock may be off (s): it is read in whole seconds.
CLOCK_S = 2

PRINTK = "/proc/sys/kernel/printk"
# console_loglevel: what is more urgent is printed, a panic always (printk(9),
# console_verbose()); 7 is the kernel's own.
LEVELS = {"quiet": 1, "verbose": 7}

# ethtool may not be on a user's PATH. $mac and $printk are set before it.
LOOK = SHELL + """\
PATH=$PATH:/usr/sbin:/sbin
for path in /sys/class/net/*; do
	read -r its <"$path/address" && [ "$its" = "$mac" ] && nic=${path##*/}
done 2>/dev/null
show kernel /proc/sys/kernel/osrelease
show boot /proc/sys/kernel/random/boot_id
section clock; date +%s
show command_line /proc/cmdline
show cpus /sys/devices/system/cpu/online
show printk "$printk"
section nic
[ -n "${nic:-}" ] || exit 0
printf '%s\\n' "$nic"
show up "/sys/class/net/$nic/operstate"
section device; readlink -f "/sys/class/net/$nic/device"
section driver; ethtool -i "$nic" 2>/dev/null
section rings; ethtool -g "$nic" 2>/dev/null
section queues; ethtool -l "$nic" 2>/dev/null
section offloads; ethtool -k "$nic" 2>/dev/null
exit 0
"""


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


def current(text):
    """What ethtool -g and -l say of now, by its name: numbers."""
    return {name: int(number) for name, number in re.findall(
        r"^(RX|TX|Combined):\s+(\d+)", text.partition("Current")[2], re.M)}


def offloads(text):
    """name -> its state, and whether it can be another."""
    return {name: {"state": state, "fixed": bool(fixed)}
            for name, state, fixed in re.findall(
                r"^([a-z-]+): (on|off)( \[fixed\])?", text, re.M)
            if name in OFFLOADS}


def late(clock, asked, answered):
    """By how many seconds a clock is off that was read between the two: that of
    a guest which slept is."""
    if clock < asked - CLOCK_S:
        return int(clock - asked)
    return int(max(0, clock - answered - CLOCK_S))


def report(said):
    """said: sections of LOOK."""
    rings, queues = current(said["rings"]), current(said["queues"])
    driver = dict(re.findall(r"^(\S+): (.+)$", said["driver"], re.M))
    return {
        "kernel": said["kernel"],
        "boot": said["boot"],
        "clock_late_s": said["late"],
        "command_line": said["command_line"],
        "cpus": said["cpus"],
        "console": "quiet" if int((said["printk"] or "7").split()[0]) <= 1
        else "verbose",
        "nic": {"name": said["nic"], "driver": driver.get("driver", ""),
                "bus": driver.get("bus-info", ""),
                "place": place(said["device"]),
                "rx_ring": rings.get("RX"), "tx_ring": rings.get("TX"),
                "queues": queues.get("Combined") or queues.get("RX") or None,
                "offloads": offloads(said["offloads"]), "up": said["up"]}}


def changes(found, wanted):
    """(what, before, after, the command that makes it so) of what differs."""
    nic = found["nic"]
    if found["clock_late_s"]:
        yield ("clock, s", found["clock_late_s"], 0,
               ["date", "-s", f"@{time.time():.3f}"])
    for ring in ("rx", "tx"):
        now, size = nic[ring + "_ring"], wanted[ring + "_ring"]
        if size and now is not None and now != size:
            yield (f"{ring} ring", now, size,
                   ["ethtool", "-G", nic["name"], ring, str(size)])
    for name, now in nic["offloads"].items():
        if wanted["offloads"] not in ("default", now["state"]) and \
                not now["fixed"]:
            yield (OFFLOADS[name], now["state"], wanted["offloads"],
                   ["ethtool", "-K", nic["name"], OFFLOADS[name],
                    wanted["offloads"]])
    if wanted["console"] not in ("", found["console"]):
        yield ("console", found["console"], wanted["console"],
               ["sysctl", "-q", "-w",
                f"kernel.printk={LEVELS[wanted['console']]}"])


class ActionModule(ActionBase):
    """Ansible finds it by this name."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def look(self, mac):
        asked = time.time()
        said = self._low_level_execute_command(
            f"mac={shlex.quote(mac)} printk={PRINTK}\n{LOOK}", sudoable=False)
        if said["rc"]:
            return None, said["stderr"].strip() or f"ended with {said['rc']}"
        found = sections(said["stdout"])
        found["late"] = late(int(found["clock"]), asked, time.time())
        return found, ""

    def wait(self, mac, seconds):
        """What it says as soon as it can be logged into; else why not."""
        end = time.monotonic() + seconds
        while True:
            try:
                said, why = self.look(mac)
            except AnsibleConnectionFailure as error:
                said, why = None, str(error)
            if said or time.monotonic() >= end:
                return said, why
            try:
                self._connection.reset()
            except AnsibleConnectionFailure:
                pass
            time.sleep(2)

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _, wanted = self.validate_argument_spec(argument_spec=OPTIONS)
        mac = wanted["mac"]
        said, why = self.wait(mac, wanted["timeout"])
        if not said:
            return {**result, "failed": True,
                    "msg": f"can't be logged into: {why}"}
        if not said["nic"]:
            return {**result, "failed": True,
                    "msg": f"no NIC with the address {mac}: the guest's "
                    "kernel has no driver for it"}
        made = list(changes(report(said), wanted))
        if made and not self._task.check_mode:
            # What a driver refuses is found by who compares.
            self._low_level_execute_command("\n".join(
                ["PATH=$PATH:/usr/sbin:/sbin",
                 *(shlex.join(command) for *_, command in made), "true"]))
            said, why = self.look(mac)
            if not said:
                return {**result, "failed": True, "msg": why}
        before, after = ({name: pair[when] for name, *pair, _ in made}
                         for when in (0, 1))
        return {**result, "changed": bool(made), "found": report(said),
                "diff": difference(before, after, said["nic"])}
