#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a real machine has that bears on a campaign: read, never changed."""

DOCUMENTATION = r"""
module: lab_metal
short_description: Look at a machine of the inventory metal
description:
  - Reads the interface of the wire, the route to its other end, the clock, what
    else turns interrupts and CPUs, the kernel's arguments, and the libraries
    that the programs load.
  - In one task what ansible.builtin.setup tells in seconds, and does not tell
    of route, clock, stamps, file systems and libraries.
attributes:
  check_mode: {support: full, description: Nothing is changed in any mode.}
  diff_mode: {support: none, description: There is none to show.}
options:
  interface: {description: Of the wire., type: str, required: true}
  peer: {description: "Address at the wire's other end; empty for none.",
         type: str, default: ""}
  scratch: {description: The folder of captures., type: path, required: true}
  libraries: {description: "Sonames, which are loaded to see whether they are
              there.", type: list, elements: str, default: []}
"""

EXAMPLES = r"""
- name: Look at the trader
  lab_metal:
    interface: eth1
    peer: 10.77.0.1
    scratch: /var/lib/t2t-experiment
    libraries: [libpcap.so.0.8]
"""

RETURN = r"""
metal: {description: "link, route, clock, programs, tuned, arguments, cpus,
        governors, stamps, scratch, libraries and c_library.", type: dict,
        returned: success}
"""

import ctypes
import glob
import json
import os
import re

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_machine import read
from ansible.module_utils.lab_nic_driver import PROGRAMS

# Of other programs, those that move interrupts or turn what an arm turns.
MEDDLERS = ("irqbalance", "tuned", "power-profiles-daemon", "tlp")
STA_UNSYNC, TIME_ERROR = 0x40, 5  # adjtimex(2)


class Timex(ctypes.Structure):
    """The beginning of adjtimex(2)'s struct timex; all of it is larger."""

    _fields_ = [("modes", ctypes.c_uint), ("offset", ctypes.c_long),
                ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
                ("esterror", ctypes.c_long), ("status", ctypes.c_int),
                ("rest", ctypes.c_long * 32)]


def clock():
    """Is the kernel's clock disciplined, by whomever (chrony, ntpd, timesyncd,
    phc2sys)? Errors in us, as it tells them."""
    found = Timex()
    state = ctypes.CDLL(None).adjtimex(ctypes.byref(found))
    return {"synchronised": 0 <= state < TIME_ERROR
            and not found.status & STA_UNSYNC,
            "max_error_us": found.maxerror,
            "source": read("/sys/devices/system/clocksource/clocksource0/"
                           "current_clocksource")}


def asked(run, *command):
    """What ip(8) prints as JSON; an empty list where it fails."""
    code, out, _ = run(list(command))
    try:
        return json.loads(out or "[]") if code == 0 else []
    except ValueError:
        return []


def link(run, name):
    """None where there is none."""
    found = asked(run, "ip", "-json", "address", "show", "dev", name)
    if not found or not found[0]:
        return None
    flags = found[0].get("flags", [])
    return {"up": "UP" in flags,
            "carrier": "UP" in flags and "LOWER_UP" in flags,
            "mtu": found[0].get("mtu", 0),
            "addresses": [one["local"] for one in found[0]["addr_info"]
                          if one.get("family") == "inet"]}


def route(run, peer):
    """Interface and own address by which the peer is reached; None: not at
    all."""
    if not peer:
        return None
    found = asked(run, "ip", "-json", "-4", "route", "get", peer)
    if not found:
        return None
    return {"dev": found[0].get("dev", ""),
            "gateway": found[0].get("gateway", ""),
            "source": found[0].get("prefsrc", "")}


def running():
    """Which of the meddlers run."""
    names = {read(path) for path in glob.glob("/proc/[0-9]*/comm")}
    return [name for name in MEDDLERS if name in names]


def stamps(run, name):
    """What the NIC stamps of what comes in: "all", "ptp" (of others nothing),
    "none". By ethtool(8): its capabilities and filters stand a line each.
    None: there is no ethtool."""
    code, out, _ = run(["ethtool", "-T", name])
    if code:
        return None
    _, _, filters = out.partition("Hardware Receive Filter Modes:")
    modes = re.findall(r"^\s+(\w+)", filters, re.M)
    if "hardware-receive" not in out or not set(modes) - {"none"}:
        return "none"
    return "all" if "all" in modes else "ptp"


def modules_there(names, folder=None):
    """Of these modules those that this kernel has (modules.dep(5)). Names as
    their files have them."""
    folder = folder or f"/lib/modules/{os.uname().release}"
    files = {os.path.basename(line.partition(":")[0]).partition(".ko")[0]
             for name in ("modules.dep", "modules.builtin")
             for line in read(f"{folder}/{name}").splitlines()}
    return [name for name in names if name in files]


def for_programs(name):
    """By what DPDK could drive the NIC: the modules there are for this kernel,
    is it behind an IOMMU, how many huge pages of 2 MiB are free."""
    folder = os.path.realpath(f"/sys/class/net/{name}/device")
    pages = read("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages")
    return {"modules": modules_there(PROGRAMS),
            "iommu": any(os.path.exists(path + "/iommu_group") for path in
                         (folder, os.path.dirname(folder))),
            "huge_pages": int(pages or "0")}


def file_system(path, table=None):
    """Type of what the path, or the first folder above it that there is, lies
    on: /proc/self/mountinfo, proc(5)."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    path, best = os.path.realpath(path), ("", "")
    for line in (read("/proc/self/mountinfo") if table is None
                 else table).splitlines():
        fields, _, kind = line.partition(" - ")
        point = re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)),
                       fields.split()[4])
        # The last one mounted there covers those before.
        if (path + "/").startswith(point.rstrip("/") + "/") and \
                len(point) >= len(best[0]):
            best = point, kind.split()[0]
    return best[1]


def free_bytes(path):
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def missing(libraries):
    """Those that the loader does not find, as it would for a program. One may
    be there and want symbols of that program (lwIP)."""
    found = []
    for name in libraries:
        try:
            ctypes.CDLL(name)
        except OSError as error:
            if "No such file" in str(error):
                found.append(name)
    return found


def main():
    module = AnsibleModule(argument_spec={
        "interface": {"type": "str", "required": True},
        "peer": {"type": "str", "default": ""},
        "scratch": {"type": "path", "required": True},
        "libraries": {"type": "list", "elements": "str", "default": []},
    }, supports_check_mode=True)
    asked_for = module.params
    cpus = "/sys/devices/system/cpu/"
    module.exit_json(changed=False, metal={
        "link": link(module.run_command, asked_for["interface"]),
        "route": route(module.run_command, asked_for["peer"]),
        "clock": clock(),
        "programs": running(),
        "tuned": read("/etc/tuned/active_profile"),
        "arguments": read("/proc/cmdline").split(),
        "cpus": {what: read(cpus + what)
                 for what in ("online", "isolated", "nohz_full")},
        "governors": sorted({read(path) for path in glob.glob(
            cpus + "cpu[0-9]*/cpufreq/scaling_governor")}),
        "stamps": stamps(module.run_command, asked_for["interface"]),
        "for_programs": for_programs(asked_for["interface"]),
        "scratch": {"type": file_system(asked_for["scratch"]),
                    "free": free_bytes(asked_for["scratch"])},
        "libraries": missing(asked_for["libraries"]),
        "c_library": os.confstr("CS_GNU_LIBC_VERSION") or "",
    })


if __name__ == "__main__":
    main()
