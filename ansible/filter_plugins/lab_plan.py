# SPDX-License-Identifier: MIT
"""From what is wanted to what will be: every "auto" decided by the facts."""

import hashlib
import os

# A socket's path has 107 characters, of which Ansible's name for a connection
# and ssh's ending while it makes one take 28.
CONTROL_LENGTH = 79
TCG_FEATURES_OFF = ["la57"]  # `max` has 5-level paging: a slower page walk


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
        else "qemu"


def cores(cpus):
    """Lists of CPUs that share a core, those of the fullest node first, in
    the order of their numbers."""
    by_core, node_of = {}, {}
    for cpu in cpus:
        key = (cpu["node"], cpu["socket"], cpu["core"])
        by_core.setdefault(key, []).append(cpu["cpu"])
        node_of.setdefault(cpu["node"], set()).add(key)
    return [by_core[key] for key in
            sorted(by_core, key=lambda k: (-len(node_of[k[0]]), k))]


def pins(cpus, guests):
    """Each guest's share: whole cores while they last, the trader's first.
    The first core is the host's, and of whoever got none of their own.

    guests: (name, vcpus) in the order in which they choose.
    """
    free = cores(cpus)
    if len(cpus) < 2:
        return {name: {"vcpupin": [], "emulatorpin": "", "iothreadpin": ""}
                for name, _ in guests}
    if len(free) < 2:  # one core with two threads is two places
        free = [[cpu] for cpu in free[0]]
    isolated = {cpu["cpu"] for cpu in cpus if cpu.get("isolated")}
    # What nobody is pinned to runs on the host's, which must not be isolated.
    free.sort(key=lambda core: not isolated.isdisjoint(core))
    shared = ",".join(map(str, free.pop(0)))
    # Whoever spins or is woken is best off where the scheduler puts nobody.
    free.sort(key=isolated.isdisjoint)
    shares = {}
    for name, vcpus in guests:
        own = [str(free.pop(0)[0]) for _ in range(min(vcpus, len(free)))]
        # More vCPUs than cores are left: they take turns on what there is.
        own += [own[i % len(own)] if own else shared
                for i in range(vcpus - len(own))]
        shares[name] = {"vcpupin": own}
    free.sort(key=lambda core: not isolated.isdisjoint(core))
    for name, _ in guests:
        emulator = str(free.pop(0)[0]) if free else shared
        shares[name].update(emulatorpin=emulator, iothreadpin=shared)
    return shares


def plan(wanted, facts):
    """wanted: name -> settings of the role domain; the same with no auto."""
    order = sorted(wanted, key=lambda name: wanted[name]["role"] != "trader")
    shares = pins(facts["cpus"],
                  [(name, int(wanted[name]["vcpus"])) for name in order])
    decided = {}
    for name in order:
        domain = dict(wanted[name])
        domain["accelerator"] = accelerator(domain["accelerator"], facts)
        domain["nic_driver"] = nic_driver(domain, facts)
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
        # QEMU gives up root for libvirt's user, unless that one can't reach
        # the files: a clone in a home folder must work too.
        domain["runs_as"] = "+0:+0" if facts["barred"] else ""
        decided[name] = domain
    return decided


def hugepages_needed(decided):
    """Pages by their size in KiB."""
    pages = {}
    for domain in decided.values():
        size = int(domain["hugepage_kib"])
        if size:
            kib = int(domain["memory_mib"]) * 1024
            pages[str(size)] = pages.get(str(size), 0) + -(-kib // size)
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
