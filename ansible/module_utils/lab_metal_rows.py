# SPDX-License-Identifier: MIT
"""The doctor's rows about real machines: what library/lab_metal.py found, beside
what the inventory says."""

import re

from lab_machine import number_set
from lab_nic_driver import PROGRAMS
from lab_row import must, row

GIB = 1 << 30
RAM = ("tmpfs", "ramfs")
# Where captures of a campaign go: a trial's are some MiB.
SCRATCH_BYTES = 1 * GIB
# Each alone keeps CPUs from sleeping deeply.
AWAKE = re.compile(r"^(intel_idle\.max_cstate|processor\.max_cstate)=[01]$"
                   r"|^idle=poll$|^cpuidle\.off=1$")


def wire_rows(name, machine, found):
    """The interface, its address, its carrier and what leads to its other
    end."""
    interface, address = machine["interface"], machine["address"]
    link = found["link"]
    yield must(f"{name}: interface", interface if link else
               f"no {interface or 'experiment_interface'}",
               "the wire's", bool(link),
               f"set experiment_interface of {name} to the wire's; "
               "ip -br link lists them")
    if not link:
        return
    yield must(f"{name}: carrier", "yes" if link["carrier"] else
               "no carrier" if link["up"] else "down", "yes",
               link["carrier"], f"ip link set {interface} up" if
               not link["up"] else "see to cable, transceiver, switch port")
    if not address:
        return
    there = ", ".join(link["addresses"]) or "none"
    yield must(f"{name}: address", there, address,
               address in link["addresses"],
               f"ip address add {address}/24 dev {interface}, or set "
               f"experiment_address of {name}")
    if machine["peer"]:
        yield route_row(name, machine, found["route"])


def route_row(name, machine, route):
    told = "none" if not route else route["dev"] + (
        f" through {route['gateway']}" if route["gateway"] else "")
    return must(f"{name}: route to {machine['peer']}", told,
                machine["interface"],
                told == machine["interface"],
                f"the addresses of both ends in one subnet, and {name}'s in "
                "no other interface's")


def clock_rows(name, found):
    clock = found["clock"]
    told = f"within {clock['max_error_us'] / 1000:.1f} ms" \
        if clock["synchronised"] else "not synchronised"
    yield row(f"{name}: clock", told, "synchronised",
              "ok" if clock["synchronised"] else "note",
              "apt install chrony: logs of two machines tell nothing of each "
              "other; figures are of one clock and don't need it")
    if clock["source"]:
        yield row(f"{name}: clock source", clock["source"], "tsc",
                  "ok" if clock["source"] in ("tsc", "kvm-clock",
                                              "arch_sys_counter") else "note",
                  "reading the time is a system call and slow: see "
                  "dmesg for why the TSC is not trusted")


def quiet_rows(name, found):
    """Who else turns what arms turn, and moves interrupts."""
    programs = found["programs"]
    yield row(f"{name}: irqbalance",
              "runs" if "irqbalance" in programs else "does not run",
              "does not run",
              "note" if "irqbalance" in programs else "ok",
              "systemctl stop irqbalance: it moves the NIC's interrupts while "
              "a trial runs, and undoes the knob irq_affinity")
    others = [one for one in programs if one != "irqbalance"]
    told = ", ".join(others) or "none"
    if found["tuned"] and "tuned" in programs:
        told += f", profile {found['tuned']}"
    good = not others or (others == ["tuned"]
                          and found["tuned"] == "network-latency")
    yield row(f"{name}: TuneD and its kin", told,
              "none, or profile network-latency", "ok" if good else "note",
              "tuned-adm profile network-latency, or stop it: it turns "
              "governor, idle states and sysctls, which arms turn")
    if found["governors"]:
        yield row(f"{name}: governor", ", ".join(found["governors"]),
                  "performance",
                  "ok" if found["governors"] == ["performance"] else "note",
                  "cpupower frequency-set -g performance, or the knob "
                  "governor in the experiment's base")


def cpu_rows(name, machine, found):
    cpus, wanted = found["cpus"], machine["cpus"]
    try:
        asked = number_set(wanted)
    except ValueError:
        yield must(f"{name}: experiment_cpus", wanted, "a list as in 2-3",
                   False, f"set experiment_cpus of {name} to CPUs of "
                   + cpus["online"])
        return
    off = asked - number_set(cpus["online"])
    yield must(f"{name}: experiment_cpus", wanted or "any",
               f"of those online: {cpus['online']}", not off,
               f"set experiment_cpus of {name} to some of them")
    for what, why in (("isolated", "isolcpus"), ("nohz_full", "nohz_full")):
        # "(null)", as some kernels say, is none.
        text = cpus[what] if cpus[what] != "(null)" else ""
        good = asked and asked <= number_set(text)
        yield row(f"{name}: {why}", text or "none",
                  wanted or "CPUs of its own", "ok" if good else "note",
                  f"boot with {why}={wanted or 'CPUS'}" if wanted else
                  f"set experiment_cpus of {name}, and boot with "
                  f"{why}=CPUS: others run on the trial's CPUs")
    awake = [one for one in found["arguments"] if AWAKE.match(one)]
    yield row(f"{name}: idle states", " ".join(awake) or "all",
              "shallow ones", "ok" if awake else "note",
              "boot with intel_idle.max_cstate=1 processor.max_cstate=1: "
              "waking from a deep one takes up to 100 us")


def version_of(text):
    return [int(part) for part in re.findall(r"\d+", text)]


def program_rows(name, machine, found):
    """What the programs load; built here, where lab_build_root is false."""
    lacking = found["libraries"]
    yield must(f"{name}: libraries", "missing: " + " ".join(lacking)
               if lacking else "all", "all that the programs load",
               not lacking, "install them on it: libpcap0.8 libjansson4 "
               "zlib1g liburing2 libxdp1 libbpf1 liblwip0 libssl3 and libgsl27 "
               "(13: libgsl28) are Debian's names")
    if machine["c_library"]:
        yield must(f"{name}: C library", found["c_library"] or "unknown",
                   f"{machine['c_library']} or newer",
                   version_of(found["c_library"]) >=
                   version_of(machine["c_library"]),
                   "build on the older of the machines, or set "
                   "lab_build_root to true")


def scratch_rows(name, machine, found):
    kind, free = found["scratch"]["type"], found["scratch"]["free"]
    yield must(f"{name}: experiment_scratch",
               f"{machine['scratch']}, {kind}", "on a disk", kind not in RAM,
               "captures would take the memory of the machine that is "
               f"measured: set experiment_scratch of {name} to a folder "
               "on a disk, such as /var/lib/t2t-experiment")
    if kind not in RAM:
        yield row(f"{name}: room for captures", f"{free / GIB:.1f} GiB",
                  "1 GiB or more", "ok" if free >= SCRATCH_BYTES else "note",
                  "a trial whose capture does not fit is void")


def stamp_rows(name, machine, found):
    """Of the wiretap's machine, where it has one of its own."""
    if not machine["taps_alone"]:
        return
    told = {"all": "the NIC's", "none": "the kernel's alone",
            "ptp": "the kernel's: the NIC's are of PTP alone",
            None: "no ethtool"}[found["stamps"]]
    wanted = machine["stamps"]
    yield row(f"{name}: stamps", told, "the NIC's",
              "ok" if found["stamps"] == "all" else
              "FAIL" if wanted == "hardware" else "note",
              "the NIC, or its driver, stamps not whatever comes in: "
              "experiment_wiretap_stamps is "
              + ("auto, so the kernel's are taken" if wanted == "auto"
                 else wanted))


def for_programs_row(name, found):
    """The knob nic.driver, which gives the NIC to DPDK."""
    there, why = [], []
    modules, pages = found["modules"], found["huge_pages"]
    for module in PROGRAMS:
        lacks = [] if module in modules else ["its module"]
        if module == "vfio-pci" and not found["iommu"]:
            lacks.append("an IOMMU")
        if module != "vfio-pci" and not pages:
            lacks.append("huge pages")
        there += [] if lacks else [module]
        why += [f"{module} lacks {' and '.join(lacks)}"] if lacks else []
    return row(f"{name}: DPDK on the NIC", ", ".join(there) or "none: "
               + "; ".join(why), " or ".join(PROGRAMS),
               "ok" if there else "note", "boot with intel_iommu=on or "
               "amd_iommu=on, or sysctl vm.nr_hugepages=64: experiments with "
               "nic.driver")


def key_rows(name, key):
    """key: known, and the host as known_hosts has it; nothing where it is not
    reached by ssh(1)."""
    if not key:
        return
    yield row(f"{name}: host key", "known" if key["known"] else
              f"unknown until now: {key['host']}", "known",
              "ok" if key["known"] else "note",
              "it was taken on trust, and is checked from now on: compare "
              f"ssh-keygen -lF '{key['host']}' with ssh-keygen -lf "
              "/etc/ssh/ssh_host_ed25519_key.pub on that machine")


def machine_rows(name, machine, found, key):
    """All rows of a machine. machine: of the inventory, interface, address,
    peer, cpus, scratch, stamps, and whether it taps_alone; c_library: that
    the programs were built with, or ""."""
    return [*key_rows(name, key), *wire_rows(name, machine, found),
            *clock_rows(name, found), *quiet_rows(name, found),
            *cpu_rows(name, machine, found),
            *program_rows(name, machine, found),
            *scratch_rows(name, machine, found),
            *stamp_rows(name, machine, found),
            for_programs_row(name, found["for_programs"])]
