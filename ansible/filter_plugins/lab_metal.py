# SPDX-License-Identifier: MIT
"""The doctor, about machines of the inventory metal."""

import os
import re
import shlex
import subprocess
import sys

# Filters find no module_utils by themselves.
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "../module_utils"))
# pylint: disable=wrong-import-position
from lab_metal_rows import machine_rows  # noqa: E402
from lab_row import must  # noqa: E402


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True,
                              check=False, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def host_key(variables, name, ask=output):
    """Does ssh(1), as Ansible calls it for this host, know its key? To be asked
    before it is reached. None where it is reached otherwise."""
    if variables.get("ansible_connection", "ssh") != "ssh":
        return None
    words = shlex.split(variables.get("ansible_ssh_common_args") or "")
    words += shlex.split(variables.get("ansible_ssh_extra_args") or "")
    if variables.get("ansible_port"):
        words += ["-p", str(variables["ansible_port"])]
    told = ask("ssh", "-G", *words, variables.get("ansible_host") or name)
    settings = dict(re.findall(r"^(\S+) (.*)$", told, re.M))
    host = settings.get("hostkeyalias") or settings.get("hostname", name)
    if settings.get("port", "22") != "22" and "hostkeyalias" not in settings:
        host = f"[{host}]:{settings['port']}"
    files = [os.path.expanduser(one) for which in ("user", "global")
             for one in shlex.split(settings.get(which + "knownhostsfile", ""))]
    return {"host": host, "known": any(
        ask("ssh-keygen", "-F", host, "-f", one) for one in files)}


def libraries(built):
    """The sonames that programs load, each once. built: what readelf -d says
    of them."""
    return sorted(set(re.findall(r"\(NEEDED\).*\[(.+)\]", built)))


def c_library():
    """Of this machine, by which the programs are built."""
    return os.confstr("CS_GNU_LIBC_VERSION") or ""


def same_address(machines):
    """Two ends of a wire that have one address."""
    for name, machine in machines.items():
        for other, its in machines.items():
            if name < other and machine["address"] and \
                    machine["address"] == its["address"]:
                yield must(f"{name}: experiment_address", machine["address"],
                           f"not that of {other}", False,
                           f"set experiment_address of {name} to its own")


def reason(result):
    """Of a module that did not run, in a line."""
    told = [line.strip() for key in ("msg", "module_stderr", "module_stdout")
            for line in str(result.get(key) or "").splitlines()
            if line.strip()]
    # Ansible's own words around ssh's are long; those in front are 2.19's.
    return told[0].rpartition("over ssh: ")[2].removeprefix(
        "Task failed: ") if told else "no answer"


def checks(machines, found, keys):
    """Rows of all machines, as lab_checks_report has them: machines, what the
    module lab_metal returned, and host keys, each by name."""
    rows = [*same_address(machines)]
    for name, machine in machines.items():
        if "metal" in found[name]:
            rows += machine_rows(name, machine, found[name]["metal"],
                                 keys.get(name))
        else:
            rows.append(must(f"{name}: reached", reason(found[name]), "as root",
                             False, "see ansible_host and ansible_user in its "
                             "host_vars; PASSWORD=1 asks for sudo's"))
    return rows


class FilterModule:
    """Ansible finds it by this name."""

    def filters(self):
        return {"lab_metal_checks": checks, "lab_metal_key": host_key,
                "lab_metal_libraries": libraries,
                "lab_metal_c_library": lambda _: c_library()}
