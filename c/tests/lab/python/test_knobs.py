# SPDX-License-Identifier: MIT
"""ansible/filter_plugins/lab_knobs.py: what runs against what was asked."""

import unittest

import lab_knobs
from lab_setting import SETTINGS, compared, keys

DOMAIN = {"accelerator": "tcg", "machine": "q35", "vcpus": 2,
          "cpu_model": "auto", "kernel": "rt", "on_crash": "coredump-destroy",
          "emulator_fifo": 0, "iothread_fifo": 0, "kvm_hints": "off",
          "invtsc": "off", "disk_transient": False, "console": "quiet",
          "vcpupin": ["1", "2-3"], "emulatorpin": "0,1", "iothreadpin": "0",
          "vcpu_fifo": 0, "memory_mib": 1024, "hugepage_kib": 2048,
          "shared_memory_mib": 64,
          "memory_node": "0-1", "memory_locked": False, "iothreads": 1,
          "nic_model": "virtio",
          "nic_attachment": "bridge", "nic_packed": "on",
          "nic_mrg_rxbuf": "off", "nic_pcie": "node", "iommu": "none",
          "nic_driver": "qemu", "nic_queues": 2, "nic_rx_ring": 512,
          "nic_tx_ring": 256, "nic_offloads": "off",
          "kernel_arguments": "quiet isolcpus=1"}
QEMU = {"accelerator": "tcg", "machine": "pc-q35-7.2", "vcpus": 2,
        "cpu_type": "max-x86_64-cpu", "merged": False,
        "disk_threads": {"virtio-disk0": "iothread1"},
        "vcpupin": ["1", "2,3"], "vcpu_fifo": [0, 0], "emulatorpin": "0-1",
        "iothreads": 1, "iothreadpin": ["0"], "on_crash": "coredump-destroy",
        "emulator_fifo": 0, "iothread_fifo": [0], "kvm_hints": "off",
        "invtsc": "off", "disk_transient": False, "memory_mib": 1024,
        "shared_memory_mib": 64,
        "page_kib": 2048, "memory_node": "1", "locked": False,
        "cpu_features": {"la57": False},
        "nic_attachment": "bridge", "nic_packed": "on",
        "nic_mrg_rxbuf": "off", "iommu": "none",
        "nic_model": "virtio", "nic_driver": "qemu", "nic_queues": 2,
        "nic_rx_ring": 512, "nic_tx_ring": 256,
        "nic_offloads": {"csum": False, "guest_tso4": False}}
GUEST = {"boot": "1-2", "console": "quiet", "cpus": "0-1", "kernel": "6.1-rt", "command_line": "root=/dev/vda quiet isolcpus=1",
         "nic": {"queues": 2, "place": "node", "rx_ring": 512, "tx_ring": 256,
                 "offloads": {"gro": {"state": "off", "fixed": False}}}}


def states(domain=None, qemu=None, guest=None, nic=None):
    """Of all knobs that are not ok."""
    found = {**GUEST, **(guest or {}), "nic": {**GUEST["nic"], **(nic or {})}}
    return {row["knob"]: row["state"] for row in
            lab_knobs.knobs({**DOMAIN, **(domain or {})},
                            {**QEMU, **(qemu or {})}, found,
                            {"stock": {"release": "6.1"},
                             "rt": {"release": "6.1-rt"}})
            if row["state"] != "ok"}


def all_keys(whose):
    return set().union(*(keys(row, whose) for row in SETTINGS.values()))


class Asked(dict):
    """Notes which settings somebody has looked at."""

    def __init__(self, *args):
        super().__init__(*args)
        self.names = set()

    def __getitem__(self, name):
        self.names.add(name)
        return super().__getitem__(name)

    def get(self, name, default=None):
        self.names.add(name)
        return super().get(name, default)


class Knobs(unittest.TestCase):
    """One difference at a time."""

    def test_all_as_wanted(self):
        self.assertEqual(states(), {})

    def test_what_is_compared_is_what_the_table_of_settings_says(self):
        asked = {"domain": Asked({**DOMAIN, "iothread_fifo": 1,
                                  "vcpu_fifo": 1, "emulator_fifo": 1}),
                 "QEMU": Asked(QEMU), "guest": Asked(GUEST),
                 "NIC": Asked(GUEST["nic"])}
        asked["guest"]["nic"] = asked["NIC"]
        lab_knobs.knobs(asked["domain"], asked["QEMU"], asked["guest"],
                        {"rt": {"release": "6.1-rt"}})
        self.assertEqual(asked["domain"].names, {
            name for name, row in SETTINGS.items() if compared(row)
            # By what QEMU says of each feature that is asked about.
            and name != "cpu_features_off"})
        self.assertEqual(asked["QEMU"].names, all_keys("QEMU"))
        # What boot it is nobody asks for: it is told.
        self.assertEqual(asked["guest"].names | asked["NIC"].names,
                         all_keys("guest") | {"nic", "boot"})

    def test_each_difference_is_found(self):
        for knob, qemu in (
                ("accelerator", {"accelerator": "kvm"}),
                ("machine", {"machine": "pc-i440fx-7.2"}),
                ("vcpus, QEMU", {"vcpus": 1}),
                ("vcpupin 1", {"vcpupin": ["1", "2"]}),
                ("emulatorpin", {"emulatorpin": "0-3"}),
                ("iothreadpin 1", {"iothreadpin": ["1"]}),
                ("memory_mib", {"memory_mib": 512}),
                ("page size, KiB", {"page_kib": 4}),
                ("memory_node", {"memory_node": "1,2"}),
                ("memory_locked", {"locked": True}),
                ("shared_memory_mib", {"shared_memory_mib": 128}),
                ("disk_transient", {"disk_transient": True}),
                ("kvm_hints", {"kvm_hints": "on"}),
                ("invtsc", {"invtsc": "on"}),
                ("on_crash", {"on_crash": "destroy"}),
                ("cpu feature la57", {"cpu_features": {"la57": True}}),
                ("nic_model", {"nic_model": "e1000"}),
                ("nic_packed", {"nic_packed": "off"}),
                ("iommu", {"iommu": "intel"}),
                ("nic_mrg_rxbuf", {"nic_mrg_rxbuf": "on"}),
                ("nic_attachment", {"nic_attachment": "macvtap"}),
                ("cpu_model", {"cpu_type": "qemu64-x86_64-cpu"}),
                ("pages merged by KSM", {"merged": True}),
                ("thread of virtio-disk0",
                 {"disk_threads": {"virtio-disk0": "none"}}),
                ("nic_driver", {"nic_driver": "vhost"}),
                ("nic_queues, QEMU", {"nic_queues": 1}),
                ("nic_rx_ring, QEMU", {"nic_rx_ring": 256}),
                ("offload csum, QEMU", {"nic_offloads": {"csum": True}})):
            self.assertEqual(states(qemu=qemu), {knob: "differs"})

    def test_another_kernel_is_found(self):
        self.assertEqual(states(guest={"kernel": "6.1"}),
                         {"kernel": "differs"})
        # An image of one's own boots what it has.
        self.assertEqual(states({"kernel": "own"}), {})

    def test_a_model_of_some_version(self):
        for wanted, found, state in (
                ("Skylake-Server", "Skylake-Server-v1", {}),
                ("EPYC-v2", "EPYC-v2", {}),
                ("EPYC-v2", "EPYC-v1", {"cpu_model": "differs"}),
                ("EPYC", "EPYC-Rome", {"cpu_model": "differs"})):
            self.assertEqual(states(
                {"cpu_model": wanted},
                {"cpu_type": found + "-x86_64-cpu"}), state, found)
        self.assertEqual(states({"accelerator": "kvm"}, {
            "accelerator": "kvm", "cpu_type": "host-x86_64-cpu"}), {})
        self.assertEqual(states(qemu={"cpu_type": ""}),
                         {"cpu_model": "unsupported"})

    def test_a_ring_that_qemu_clamps_is_found(self):
        found = states({"nic_tx_ring": 1024})
        self.assertEqual(found, {"nic_tx_ring, QEMU": "differs",
                                 "nic_tx_ring, guest": "differs"})

    def test_a_guest_that_differs_is_found(self):
        self.assertEqual(states(guest={"cpus": "0"}),
                         {"vcpus, guest": "differs"})
        self.assertEqual(states(guest={"command_line": "quiet"}),
                         {"kernel argument isolcpus=1": "differs"})
        self.assertEqual(states(guest={"console": "verbose"}),
                         {"console": "differs"})
        self.assertEqual(states(nic={"place": "root-port"}),
                         {"nic_pcie, guest": "differs"})
        self.assertEqual(states(nic={"queues": 1}),
                         {"nic_queues, guest": "differs"})
        on = {"gro": {"state": "on", "fixed": False}}
        self.assertEqual(states(nic={"offloads": on}),
                         {"offload gro, guest": "differs"})

    def test_what_there_is_not_is_unsupported(self):
        fixed = {"gro": {"state": "on", "fixed": True}}
        self.assertEqual(states(nic={"offloads": fixed}),
                         {"offload gro, guest": "unsupported"})
        self.assertEqual(states(nic={"rx_ring": None}),
                         {"nic_rx_ring, guest": "unsupported"})

    def test_a_kernel_without_nodes(self):
        self.assertEqual(states(qemu={"memory_node": None}),
                         {"memory_node": "unsupported"})
        self.assertEqual(states({"memory_node": ""}, {"memory_node": None}),
                         {})

    def test_a_vcpu_that_is_missing(self):
        found = states(qemu={"vcpupin": ["1"]})
        self.assertEqual(found, {"vcpupin 1": "unsupported"})

    def test_what_was_not_asked_for_is_not_compared(self):
        domain = {"vcpupin": [], "emulatorpin": "", "iothreadpin": "",
                  "nic_rx_ring": 0, "nic_tx_ring": 0,
                  "nic_offloads": "default"}
        qemu = {"vcpupin": ["0", "0"], "emulatorpin": "9", "nic_rx_ring": 1,
                "nic_offloads": {"csum": True}}
        self.assertEqual(states(domain, qemu), {})

    def test_ordinary_pages_are_of_four_kib(self):
        self.assertEqual(states({"hugepage_kib": 0}, {"page_kib": 4}), {})

    def test_priorities(self):
        self.assertEqual(states({"vcpu_fifo": 5}, {"vcpu_fifo": [5, 0]}),
                         {"vcpu_fifo 1": "differs"})
        self.assertEqual(states({"emulator_fifo": 5, "iothread_fifo": 6},
                                {"emulator_fifo": 5, "iothread_fifo": [6]}),
                         {})
        self.assertEqual(states({"emulator_fifo": 5, "iothread_fifo": 6}),
                         {"emulator_fifo": "differs",
                          "iothread_fifo 1": "differs"})

    def test_what_kvm_alone_has(self):
        self.assertEqual(states(qemu={"kvm_hints": None, "invtsc": None}), {})
        self.assertEqual(states({"kvm_hints": "on", "invtsc": "on"},
                                {"kvm_hints": "in part", "invtsc": None}),
                         {"kvm_hints": "differs", "invtsc": "unsupported"})
