# SPDX-License-Identifier: MIT
"""The table of a domain's settings, one row each: what it may be, what it is
if nobody says, where it is set and how it is read back.

Experiments and the doctor check values by it, `python3
ansible/module_utils/experiment knobs` prints it, and lab/python holds against
it what Ansible and libvirt want in files of their own: role domain's defaults
and argument_specs, the templates, and what the readback compares.
"""

import collections

from lab_nic import MODELS
from lab_value import ANY, FLAG, LIST, number, text, wanted, words

# value: lab_value's. default: None where it is made of other variables.
# where: the part of domains/ that it stands in, or who else sets it.
# read: what it is compared with: lab_readback's "QEMU: KEY", lab_guest's
# "guest: KEY"; or, in brackets, why with nothing.
# type: Ansible's, where it does not follow from the value.
Setting = collections.namedtuple("Setting", "value default where read type",
                                 defaults=(None,))

SWITCH = words("default", "on", "off")
AUTO = words("auto", "on", "off")
PRIORITY = number(0, 99)
XML = text(r"(?s).*", "XML")
REACHED = "(by it the guest is found at all)"
PINS = "parts/pins.xml.j2"
CPU = "parts/cpu.xml.j2"
MEMORY = "parts/memory.xml.j2"
BOOT = "parts/boot.xml.j2"
DISKS = "parts/disks.xml.j2"
DEVICE = "parts/nic_device.xml.j2"
SHARED = "parts/shared_memory.xml.j2"
WAY = "parts/nic_{}.xml.j2"
NAMES = ("bridge", "macvtap", "hostdev", "vhostuser", "ovs")


def named(where, kind=None):
    """A row of what names a guest, or says where it is: no knob."""
    return Setting(ANY, None, where, REACHED, kind)


# No experiment turns these.
IDENTITY = {
    "hypervisor": named("roles/domain"),
    "role": named("parts/metadata.xml.j2"),
    "name": named("domain.xml.j2"),
    "uuid": named("domain.xml.j2"),
    "folder": named("parts/metadata.xml.j2", "path"),
    "emulator": named("domain.xml.j2", "path"),
    "bridge_lab": named(WAY.format("bridge")),
    "bridge_management": named("parts/nic_management.xml.j2"),
    "tap_lab": named(WAY.format("bridge")),
    "tap_management": named("parts/nic_management.xml.j2"),
    "mac_lab": named(WAY.format("bridge")),
    "mac_management": named("parts/nic_management.xml.j2"),
    "address_lab": named("roles/domain"),
    "address_management": named("roles/domain"),
    "shared_memory": named(SHARED),
}
KNOBS = {
    "accelerator": Setting(words("auto", "kvm", "tcg"), "auto",
                           "domain.xml.j2", "QEMU: accelerator"),
    "machine": Setting(ANY, "q35", BOOT, "QEMU: machine"),
    "vcpus": Setting(number(1, 64), 1, CPU, "QEMU: vcpus, guest: cpus"),
    "cpu_model": Setting(ANY, "auto", CPU, "QEMU: cpu_type"),
    "cpu_features_off": Setting(LIST, "auto", CPU, "QEMU: cpu_features"),
    "vcpupin": Setting(LIST, "auto", PINS, "QEMU: vcpupin"),
    "emulatorpin": Setting(ANY, "auto", PINS, "QEMU: emulatorpin"),
    "iothreadpin": Setting(ANY, "auto", PINS, "QEMU: iothreadpin"),
    "iothreads": Setting(number(0, 16), 1, CPU,
                         "QEMU: iothreads, QEMU: disk_threads"),
    "vcpu_fifo": Setting(PRIORITY, 0, PINS, "QEMU: vcpu_fifo"),
    "emulator_fifo": Setting(PRIORITY, 0, PINS, "QEMU: emulator_fifo"),
    "iothread_fifo": Setting(PRIORITY, 0, PINS, "QEMU: iothread_fifo"),
    "kvm_hints": Setting(AUTO, "auto", BOOT, "QEMU: kvm_hints"),
    "invtsc": Setting(AUTO, "auto", CPU, "QEMU: invtsc"),
    "memory_mib": Setting(number(128, 1 << 20), 1024, MEMORY,
                          "QEMU: memory_mib"),
    "hugepage_kib": Setting(words("0", "2048", "1048576"), 2048, MEMORY,
                            "QEMU: page_kib, QEMU: merged", "int"),
    "memory_node": Setting(ANY, "auto", MEMORY, "QEMU: memory_node"),
    "memory_locked": Setting(FLAG, False, MEMORY, "QEMU: locked"),
    "shared_memory_mib": Setting(words("0", "64", "128", "256", "512",
                                       "1024"), 0, SHARED,
                                 "QEMU: shared_memory_mib", "int"),
    "disk_transient": Setting(FLAG, False, DISKS, "QEMU: disk_transient"),
    "console": Setting(words("quiet", "verbose"), "quiet", "roles/guest",
                       "guest: console"),
    "on_crash": Setting(words("destroy", "restart", "preserve",
                              "coredump-destroy", "coredump-restart"),
                        "coredump-destroy", "parts/power.xml.j2",
                        "QEMU: on_crash"),
    "kernel": Setting(ANY, "stock", "roles/domain", "guest: kernel"),
    "kernel_arguments": Setting(ANY, "", "roles/domain",
                                "guest: command_line"),
    "nic_model": Setting(words(*MODELS), "virtio", DEVICE, "QEMU: nic_model"),
    "nic_attachment": Setting(words(*NAMES), "bridge", "parts/nic_lab.xml.j2",
                              "QEMU: nic_attachment"),
    "nic_source": Setting(ANY, "", WAY.format("macvtap"),
                          "(libvirt attaches to it or fails)"),
    "nic_socket": Setting(words("client", "server"), "client",
                          WAY.format("vhostuser"),
                          "(libvirt attaches to it or fails)"),
    "nic_driver": Setting(words("auto", "qemu", "vhost"), "auto", DEVICE,
                          "QEMU: nic_driver"),
    "nic_queues": Setting(number(1, 64), 1, DEVICE,
                          "QEMU: nic_queues, guest: queues"),
    "nic_rx_ring": Setting(number(0, 65536), 0, DEVICE,
                           "QEMU: nic_rx_ring, guest: rx_ring"),
    "nic_tx_ring": Setting(number(0, 65536), 0, DEVICE,
                           "QEMU: nic_tx_ring, guest: tx_ring"),
    "nic_packed": Setting(SWITCH, "default", DEVICE, "QEMU: nic_packed"),
    "nic_mrg_rxbuf": Setting(SWITCH, "default", DEVICE,
                             "QEMU: nic_mrg_rxbuf"),
    "nic_pcie": Setting(words("auto", "root-port", "root-bus", "node"),
                        "auto", "parts/nic_place.xml.j2", "guest: place"),
    "nic_offloads": Setting(SWITCH, "default", DEVICE,
                            "QEMU: nic_offloads, guest: offloads"),
    "iommu": Setting(words("none", "intel"), "none", "parts/iommu.xml.j2",
                     "QEMU: iommu"),
    "raw_devices": Setting(XML, "", "domain.xml.j2",
                           "(nobody knows here what it means)"),
    "raw_xml": Setting(XML, "", "domain.xml.j2",
                       "(nobody knows here what it means)"),
}
SETTINGS = {**IDENTITY, **KNOBS}
TYPES = {"number": "int", "flag": "bool", "list": "raw"}


def type_of(setting):
    """As Ansible calls it."""
    return setting.type or TYPES.get(setting.value[0], "str")


def choices_of(setting):
    """Of a text that is one of several; None: it is not. A model that this
    QEMU lacks is the doctor's to refuse, by name."""
    if setting.value[0] != "words" or type_of(setting) != "str" \
            or setting.value == words(*MODELS):
        return None
    return list(setting.value[1:])


def keys(setting, whose):
    """What lab_readback ("QEMU") or lab_guest ("guest") finds of it."""
    return {key for side, _, key in (
        part.partition(": ") for part in setting.read.split(", "))
            if side == whose}


def compared(setting):
    return not setting.read.startswith("(")


def out_of_range(domain):
    """(knob, found, wanted) of the numbers that can't be."""
    for knob, setting in KNOBS.items():
        kind, *limits = setting.value
        if kind == "number" and not \
                limits[0] <= int(domain[knob]) <= limits[1]:
            yield knob, domain[knob], wanted(setting.value)


def told(setting):
    """What it may be, and the rest of its row."""
    default = "" if setting.default == "" else f" ({setting.default})"
    return f"{wanted(setting.value)}{default}; {setting.where}; " \
        f"{setting.read.strip('()')}"
