# SPDX-License-Identifier: MIT
"""What ran on a machine, and what machine it is, for a result. Changes nothing.
By its shell: Python alone takes an emulated guest seconds.

- name: What ran
  lab_provenance:
    folder: /opt/t2t
    programs: [t2t-trader]

folder: of the programs. Returns provenance: the version of the first program, as
it says it; programs by name, each with path, bytes and sha256; and the host.
"""

import os
import shlex
import sys

from ansible.plugins.action import ActionBase

# Actions find no module_utils by themselves.
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "../module_utils"))
# pylint: disable-next=wrong-import-position
from lab_look import SHELL, sections  # noqa: E402

# The programs' paths are its arguments.
LOOK = SHELL + """\
for path; do
	section "bytes $path"; stat -L -c %s -- "$path" || exit
	section "sha256 $path"; sha256sum -- "$path" || exit
done
section version; "$1" --version
show hostname /proc/sys/kernel/hostname
show kernel /proc/sys/kernel/osrelease
show kernel_version /proc/sys/kernel/version
section machine; uname -m
section distribution; grep -m 1 ^PRETTY_NAME= /etc/os-release
section cpu; grep -m 1 '^model name' /proc/cpuinfo
section cpus; nproc
section memory; grep MemTotal: /proc/meminfo
show clock_source /sys/devices/system/clocksource/clocksource0/current_clocksource
show kernel_command_line /proc/cmdline
show boot /proc/sys/kernel/random/boot_id
exit 0
"""
HOST = ("hostname", "kernel", "kernel_version", "machine", "distribution",
        "cpu", "clock_source", "kernel_command_line", "boot")


def host(said):
    """said: sections of LOOK; None of what the machine does not tell."""
    told = {**said,
            "distribution": said["distribution"].partition("=")[2].strip('"'),
            "cpu": said["cpu"].partition(":")[2].strip()}
    return {**{name: told[name] or None for name in HOST},
            "cpus": int(said["cpus"]),
            "memory_bytes": int(said["memory"].split()[1]) * 1024}


class ActionModule(ActionBase):
    """Ansible finds it by this name."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _, asked = self.validate_argument_spec(argument_spec={
            "folder": {"type": "path", "required": True},
            "programs": {"type": "list", "elements": "str",
                         "required": True}})
        paths = {name: os.path.join(asked["folder"], name)
                 for name in asked["programs"]}
        done = self._low_level_execute_command(
            f"set -- {shlex.join(paths.values())}\n{LOOK}", sudoable=False)
        if done["rc"]:
            return {**result, "failed": True,
                    "msg": done["stderr"].strip()
                    or f"ended with {done['rc']}"}
        said = sections(done["stdout"])
        return {**result, "changed": False, "provenance": {
            "version": said["version"].rpartition(" ")[2],
            "programs": {name: {
                "path": path, "bytes": int(said[f"bytes {path}"]),
                "sha256": said[f"sha256 {path}"].split()[0].lstrip("\\")}
                for name, path in paths.items()},
            "host": host(said)}}
