# SPDX-License-Identifier: MIT
"""Each knob: wanted, found, and whether they agree.

state: ok; differs; unsupported (the device or its driver has no such knob).
"""

import os
import re
import sys

# Filters find no module_utils by themselves.
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "../module_utils"))
# pylint: disable-next=wrong-import-position
from lab_machine import number_set  # noqa: E402


def row(knob, wanted, found, good):
    return {"knob": knob, "wanted": str(wanted), "found": str(found),
            "state": "ok" if good else
            "unsupported" if found is None else "differs"}


def equal(knob, wanted, found):
    return row(knob, wanted, found, str(wanted) == str(found))


def pin(knob, wanted, found):
    return row(knob, wanted, found, number_set(wanted) == number_set(found))


def machine(wanted, found):
    """q35 stands for the newest of its kind."""
    return row("machine", wanted, found,
               found == wanted or (wanted in ("q35", "pc")
                                   and found.startswith(
                                       {"q35": "pc-q35-",
                                        "pc": "pc-i440fx-"}[wanted])))


def cpu_model(domain, found):
    """QEMU may say of which version the model is."""
    wanted = domain["cpu_model"]
    if wanted == "auto":
        wanted = {"kvm": "host", "tcg": "max"}[domain["accelerator"]]
    found = found.removesuffix("-x86_64-cpu") or None
    return row("cpu_model", wanted, found, found == wanted or bool(
        re.fullmatch(re.escape(wanted) + r"-v\d+", found or "")))


def memory_rows(domain, qemu):
    size = int(domain["hugepage_kib"])
    rows = [
        equal("memory_mib", domain["memory_mib"], qemu["memory_mib"]),
        equal("page size, KiB", size or 4, qemu["page_kib"]),
        equal("memory_locked", bool(domain["memory_locked"]), qemu["locked"]),
    ]
    shared = int(domain["shared_memory_mib"])
    if shared or qemu["shared_memory_mib"]:
        rows.append(equal("shared_memory_mib", shared,
                          qemu["shared_memory_mib"]))
    if size or domain["memory_locked"]:
        rows.append(equal("pages merged by KSM", False, qemu["merged"]))
    return rows


def disk_rows(domain, qemu):
    """The first thread serves both disks."""
    wanted = "iothread1" if int(domain["iothreads"]) else "none"
    return [equal(f"thread of {name}", wanted, found)
            for name, found in sorted(qemu["disk_threads"].items())]


def kernel_rows(domain, guest, kernels):
    """None of an image of one's own, which boots what it has."""
    wanted = kernels.get(domain["kernel"], {}).get("release")
    return [equal("kernel", wanted, guest["kernel"])] if wanted else []


def boot_rows(guest):
    """None is wanted: it tells whether two trials were of one boot."""
    return [row("boot", "any", guest["boot"], True)]


def pin_rows(domain, qemu):
    rows = []
    for i, cpus in enumerate(domain["vcpupin"]):
        found = qemu["vcpupin"][i] if i < len(qemu["vcpupin"]) else None
        rows.append(pin(f"vcpupin {i}", cpus, found)
                    if found else row(f"vcpupin {i}", cpus, None, False))
    if domain["emulatorpin"]:
        rows.append(pin("emulatorpin", domain["emulatorpin"],
                        qemu["emulatorpin"]))
    if domain["iothreadpin"]:
        rows += [pin(f"iothreadpin {i + 1}", domain["iothreadpin"], cpus)
                 for i, cpus in enumerate(qemu["iothreadpin"])]
    if int(domain["vcpu_fifo"]):
        rows += [equal(f"vcpu_fifo {i}", domain["vcpu_fifo"], priority)
                 for i, priority in enumerate(qemu["vcpu_fifo"])]
    if int(domain["emulator_fifo"]):
        rows.append(equal("emulator_fifo", domain["emulator_fifo"],
                          qemu["emulator_fifo"]))
    if int(domain["iothread_fifo"]):
        rows += [equal(f"iothread_fifo {i + 1}", domain["iothread_fifo"],
                       priority)
                 for i, priority in enumerate(qemu["iothread_fifo"])]
    return rows


def kvm_rows(domain, qemu):
    """By itself a CPU of KVM's has poll-control alone."""
    return [equal(knob, domain[knob], qemu[knob])
            for knob in ("kvm_hints", "invtsc")
            if domain[knob] == "on" or qemu[knob] == "on"]


def node_rows(domain, qemu):
    """Not each node of those that are allowed need be used."""
    wanted, found = domain["memory_node"], qemu["memory_node"]
    return [row("memory_node", wanted, found, found is not None
                and number_set(found) <= number_set(wanted))] if wanted else []


def device_rows(domain, qemu):
    """hostdev's is the hardware, of which QEMU has neither."""
    if domain["nic_attachment"] == "hostdev":
        return [equal("NIC", "vfio-pci", qemu["nic_model"])]
    return [equal("nic_model", domain["nic_model"], qemu["nic_model"]),
            equal("nic_driver", domain["nic_driver"], qemu["nic_driver"]),
            equal("nic_queues, QEMU", domain["nic_queues"],
                  qemu["nic_queues"]),
            *[equal(knob, domain[knob], qemu.get(knob))
              for knob in ("nic_packed", "nic_mrg_rxbuf")
              if domain[knob] != "default"]]


def place_rows(domain, nic):
    """By where the guest finds it."""
    wanted = domain["nic_pcie"]
    return [equal("nic_pcie, guest", wanted, nic["place"])] \
        if wanted != "auto" else []


def ring_rows(domain, qemu, nic):
    rows = []
    for way in ("rx", "tx"):
        wanted = int(domain[f"nic_{way}_ring"])
        if not wanted:
            continue
        if domain["nic_model"] == "virtio" and \
                domain["nic_attachment"] != "hostdev":
            rows.append(equal(f"nic_{way}_ring, QEMU", wanted,
                              qemu[f"nic_{way}_ring"]))
        rows.append(equal(f"nic_{way}_ring, guest", wanted,
                          nic[f"{way}_ring"]))
    return rows


def offload_rows(domain, qemu, nic):
    wanted, rows = domain["nic_offloads"], []
    if wanted == "default":
        return rows
    for name, on in sorted(qemu.get("nic_offloads", {}).items()):
        found = None if on is None else "on" if on else "off"
        rows.append(equal(f"offload {name}, QEMU", wanted, found))
    for name, now in sorted(nic["offloads"].items()):
        found = now["state"]
        # What can't be switched is not the lab's doing.
        if found != wanted and now["fixed"]:
            found = None
        rows.append(equal(f"offload {name}, guest", wanted, found))
    return rows


def knobs(domain, qemu, guest, kernels=None):
    """domain: the plan; qemu: lab_readback's; guest: lab_guest's; kernels:
    those that were made, by name, of the image's manifest."""
    nic = guest["nic"]
    rows = [
        equal("accelerator", domain["accelerator"], qemu["accelerator"]),
        machine(domain["machine"], qemu["machine"]),
        cpu_model(domain, qemu["cpu_type"]),
        *kernel_rows(domain, guest, kernels or {}), *boot_rows(guest),
        equal("vcpus, QEMU", domain["vcpus"], qemu["vcpus"]),
        row("vcpus, guest", domain["vcpus"], len(number_set(guest["cpus"])),
            len(number_set(guest["cpus"])) == int(domain["vcpus"])),
        *[equal(f"cpu feature {name}", "off",
                None if on is None else "on" if on else "off")
          for name, on in sorted(qemu["cpu_features"].items())],
        equal("on_crash", domain["on_crash"], qemu["on_crash"]),
        equal("disk_transient", bool(domain["disk_transient"]),
              qemu["disk_transient"]),
        equal("console", domain["console"], guest["console"]),
        *kvm_rows(domain, qemu),
        *pin_rows(domain, qemu),
        *memory_rows(domain, qemu),
        *node_rows(domain, qemu),
        *disk_rows(domain, qemu),
        equal("iothreads", domain["iothreads"], qemu["iothreads"]),
        equal("iommu", domain["iommu"], qemu["iommu"]),
        equal("nic_attachment", domain["nic_attachment"],
              qemu["nic_attachment"]),
        *device_rows(domain, qemu),
        *place_rows(domain, nic),
        *ring_rows(domain, qemu, nic),
        *offload_rows(domain, qemu, nic),
    ]
    if int(domain["nic_queues"]) > 1:
        rows.append(equal("nic_queues, guest", domain["nic_queues"],
                          nic["queues"]))
    words = domain["kernel_arguments"].split()
    rows += [row(f"kernel argument {word}", "there",
                 "there" if word in guest["command_line"].split() else
                 "missing", word in guest["command_line"].split())
             for word in words]
    return rows


class FilterModule:
    """Ansible finds it by this name."""

    def filters(self):
        return {"lab_knobs": knobs}
