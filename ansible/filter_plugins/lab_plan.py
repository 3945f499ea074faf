# SPDX-License-Identifier: MIT
"""From what is wanted to what will be: every "auto" decided by the facts."""

import hashlib
import os
import sys

# Filters find no module_utils by themselves.
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "../module_utils"))
# pylint: disable=wrong-import-position
from lab_attachment import WITH_LINK  # noqa: E402
from lab_machine import number_list  # noqa: E402
from lab_machine_rows import alone  # noqa: E402
from lab_places import memory_node, places  # noqa: E402

# A socket's path has 107 characters, of which Ansible's name for a connection
# and ssh's ending while it makes one take 28.
CONTROL_LENGTH = 79
# Of `max`, what costs an emulator more than it brings: 5-level paging, a step more
# at each page walk; REP MOVSB for all of a page, which is one byte at a time; and
# a lock of user memory, which ends a translated block at each copy.
TCG_FEATURES_OFF = ["la57", "erms", "smap"]


def accelerator(wanted, facts):
    """kvm only where it was seen to carry a kernel."""
    kvm = facts["kvm"]
    if wanted != "auto":
        return wanted
    return "kvm" if kvm["flag"] and kvm["device"] and kvm["boot"] else "tcg"


def nic_driver(domain, facts):
    """vhost for a guest that KVM carries: QEMU's way is one more wake-up a
    packet."""
    if domain["nic_driver"] != "auto":
        return domain["nic_driver"]
    return "vhost" if (domain["accelerator"], domain["nic_model"],
                       facts["vhost"]) == ("kvm", "virtio", "there") \
        and domain["nic_attachment"] in WITH_LINK else "qemu"


def invtsc(domain, facts):
    """Another model than the host's is one for guests that move."""
    if domain["invtsc"] != "auto":
        return domain["invtsc"]
    return "on" if (domain["accelerator"], domain["cpu_model"]) == (
        "kvm", "auto") and facts["invtsc"] else "off"


def kvm_hints(plan_, name):
    """A guest that believes to be alone, and is not, spins in vain."""
    if plan_[name]["kvm_hints"] != "auto":
        return plan_[name]["kvm_hints"]
    others, pinned = alone(plan_, name)
    return "on" if plan_[name]["accelerator"] == "kvm" and pinned \
        and not others else "off"


def plan(wanted, facts):
    """wanted: name -> settings of the role domain; the same with no auto."""
    order = sorted(wanted, key=lambda name: wanted[name]["role"] != "trader")
    shares = places(facts, {name: wanted[name] for name in order})
    decided = {}
    for name in order:
        domain = dict(wanted[name])
        domain["accelerator"] = accelerator(domain["accelerator"], facts)
        domain["nic_driver"] = nic_driver(domain, facts)
        domain["invtsc"] = invtsc(domain, facts)
        domain["nic_virtual_function"] = facts["attachment"]["nics"].get(
            domain["nic_source"], {}).get("virtual", True)
        if domain["cpu_features_off"] == "auto":
            tcg = domain["accelerator"] == "tcg"
            domain["cpu_features_off"] = (TCG_FEATURES_OFF if tcg and
                                          domain["cpu_model"] == "auto" else [])
        for knob, share in shares[name].items():
            if domain[knob] == "auto":
                domain[knob] = share
        if not isinstance(domain["vcpupin"], (list, tuple)):
            one = str(domain["vcpupin"])
            domain["vcpupin"] = [one] * int(domain["vcpus"]) if one else []
        domain["vcpupin"] = [str(cpus) for cpus in domain["vcpupin"]]
        domain["emulatorpin"] = str(domain["emulatorpin"])
        domain["iothreadpin"] = str(domain["iothreadpin"])
        if domain["memory_node"] == "auto":
            domain["memory_node"] = memory_node(facts, domain["vcpupin"])
        domain["memory_node"] = str(domain["memory_node"])
        # QEMU gives up root for libvirt's user, unless that one can't reach
        # the files: a clone in a home folder must work too.
        domain["runs_as"] = "+0:+0" if facts["barred"] else ""
        decided[name] = domain
    for name, domain in decided.items():
        domain["kvm_hints"] = kvm_hints(decided, name)
    return decided


def hugepages_needed(decided):
    """Pages by their size in KiB, and by node; "" is any."""
    pages = {}
    for domain in decided.values():
        size = int(domain["hugepage_kib"])
        if not size:
            continue
        needed = -(-int(domain["memory_mib"]) * 1024 // size)
        bound = domain["memory_node"]
        nodes = list(map(str, number_list(bound))) if bound else [""]
        of_size = pages.setdefault(str(size), {})
        for node in nodes:
            of_size[node] = of_size.get(node, 0) + -(-needed // len(nodes))
    return pages


def control(folder, home):
    """Where the connections of the lab in that folder stand."""
    lab = hashlib.sha256(folder.encode()).hexdigest()[:8]
    path = f"{home}/.ansible/t2t-{lab}"
    if len(path.encode()) <= CONTROL_LENGTH:
        return path
    return f"/tmp/t2t-{os.getuid()}-{lab}"


def by_kind(made):
    """The record's entries."""
    kinds = {}
    for entry in made:
        kinds.setdefault(entry["kind"], []).append(entry)
    return kinds


class FilterModule:
    """Ansible finds it by this name."""

    def filters(self):
        return {"lab_plan": plan, "lab_hugepages_needed": hugepages_needed,
                "lab_by_kind": by_kind, "lab_control": control}
