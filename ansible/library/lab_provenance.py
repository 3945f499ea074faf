#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What ran on a machine, and what machine it is, for a result."""

DOCUMENTATION = r"""
module: lab_provenance
short_description: Tell the programs and the machine that measure
description:
  - Sums of the programs as they lie on the machine, and what is known of it.
    Changes nothing.
  - In one task what ansible.builtin.stat and ansible.builtin.setup would tell
    in one a program, and seconds of facts.
attributes:
  check_mode: {support: full, description: Nothing is changed in any mode.}
  diff_mode: {support: none, description: There is none to show.}
options:
  folder: {description: Of the programs., type: path, required: true}
  programs: {description: Their names., type: list, elements: str,
             required: true}
"""

EXAMPLES = r"""
- name: What ran
  lab_provenance:
    folder: /opt/t2t
    programs: [t2t-trader]
"""

RETURN = r"""
provenance: {description: "The version of the first program, as it says it;
             programs by name, each with path, bytes and sha256; and the
             host.", type: dict, returned: success}
"""

import hashlib
import os

from ansible.module_utils.basic import AnsibleModule


def line(path, key=""):
    """The rest of the first line that begins with key; None of none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for text in file:
                if text.startswith(key):
                    return text[len(key):].strip().lstrip(":=").strip(' "\t')
    except OSError:
        pass
    return None


def program(path):
    with open(path, "rb") as file:
        content = file.read()
    return {"path": path, "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest()}


def host():
    name = os.uname()
    return {"hostname": name.nodename, "kernel": name.release,
            "kernel_version": name.version, "machine": name.machine,
            "distribution": line("/etc/os-release", "PRETTY_NAME="),
            "cpu": line("/proc/cpuinfo", "model name"),
            "cpus": len(os.sched_getaffinity(0)),
            "memory_bytes": os.sysconf("SC_PAGE_SIZE")
            * os.sysconf("SC_PHYS_PAGES"),
            "clock_source": line("/sys/devices/system/clocksource/"
                                 "clocksource0/current_clocksource"),
            "kernel_command_line": line("/proc/cmdline"),
            "boot": line("/proc/sys/kernel/random/boot_id")}


def main():
    module = AnsibleModule(argument_spec={
        "folder": {"type": "path", "required": True},
        "programs": {"type": "list", "elements": "str", "required": True},
    }, supports_check_mode=True)
    folder = module.params["folder"]
    try:
        programs = {name: program(os.path.join(folder, name))
                    for name in module.params["programs"]}
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}")
    _, version, _ = module.run_command(
        [os.path.join(folder, module.params["programs"][0]), "--version"])
    module.exit_json(changed=False, provenance={
        "version": version.strip().rpartition(" ")[2],
        "programs": programs, "host": host()})


if __name__ == "__main__":
    main()
