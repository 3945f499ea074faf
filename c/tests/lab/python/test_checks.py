# SPDX-License-Identifier: MIT
"""ansible/filter_plugins/lab_checks.py: the doctor's rows."""

import copy
import unittest

import lab_checks

GIB = 1 << 30
BRIDGE = {"kind": "bridge", "name": "b0", "mac": "52:54:00:00:00:01"}
FACTS = {
    "attachment": {"lacks": dict.fromkeys(
        ("bridge", "vhostuser", "macvtap", "hostdev", "ovs"), ""),
                   "ovs_bridges": [], "nics": {}, "sockets": []},
    "root": True, "fifo": True, "invtsc": True, "systemd": False, "tun": True, "vhost": "there",
    "kvm": {"flag": True, "device": True, "boot": True},
    "cpus": [{"cpu": cpu, "core": cpu, "capacity": 1024, "node": 0}
             for cpu in range(8)],
    "memory": {"available_kib": 8 << 20, "nodes": {},
               "huge": {"2048": {"total": 0, "free": 0}}},
    "emulator": {"there": True, "version": "7.2.22", "machines": ["q35"],
                 "devices": ["virtio-net-pci", "e1000"]},
    "libvirt": {"there": True, "daemon": True, "answers": True,
                "version": "9.0.0", "unset": [],
                "domains": {}},
    "links": {}, "routes": [], "record": [],
    "filter": {},
    "apparmor": False, "apparmor_libvirt": False,
    "qemu_user": "qemu", "barred": [], "disk_free": 100 * GIB,
    "dump_free": 100 * GIB, "dump_folder": "/dump",
    "folder_writable": True, "folder_fault": "", "boot": "now",
}
GUEST = {
    "name": "trader", "role": "trader", "accelerator": "kvm", "vcpus": 1,
    "vcpupin": ["1"], "emulatorpin": "2", "iothreadpin": "0", "iothreads": 1,
    "on_crash": "coredump-destroy", "vcpu_fifo": 0, "emulator_fifo": 0, "iothread_fifo": 0,
    "kvm_hints": "off", "invtsc": "off", "memory_node": "",
    "memory_mib": 1024, "shared_memory_mib": 0, "hugepage_kib": 2048,
    "nic_model": "virtio",
    "nic_packed": "default", "nic_mrg_rxbuf": "default", "nic_pcie": "auto", "iommu": "none",
    "nic_attachment": "bridge", "nic_source": "", "nic_socket": "client",
    "mac_lab": "52:54:00:00:00:09",
    "nic_driver": "qemu", "nic_queues": 1, "nic_rx_ring": 0,
    "nic_tx_ring": 0, "kernel": "stock", "machine": "q35",
    "emulator": "qemu", "tap_lab": "trader-lab",
    "tap_management": "trader-mgmt", "raw_devices": "", "raw_xml": "",
}
SETTINGS = {"folder": "/lab", "images": "/images", "image": True,
            "kernels": ["stock"], "strict": True,
            "bridges": [{"name": "b0", "subnet": "10.77.0.0/24",
                          "knob": "lab_subnet"}]}


def route(to, dev="eth0"):
    return {"to": to, "dev": dev, "connected": True, "by": "",
            "within": "0.0.0.0/0"}


def merged(base, changes):
    whole = copy.deepcopy(base)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(whole.get(key), dict):
            whole[key] = merged(whole[key], value)
        else:
            whole[key] = value
    return whole


def rows(facts=None, guest=None, settings=None):
    return lab_checks.checks(
        merged(FACTS, facts or {}),
        {"trader": {**GUEST, **(guest or {})}},
        {**SETTINGS, **(settings or {})})


def bad(*arguments, state="FAIL", **keywords):
    return [row["check"] for row in rows(*arguments, **keywords)
            if row["state"] == state]


def state(check, *arguments, **keywords):
    return [row["state"] for row in rows(*arguments, **keywords)
            if row["check"] == check]


class Checks(unittest.TestCase):
    """One thing amiss at a time."""

    def test_a_good_machine(self):
        self.assertEqual(bad(), [])
        self.assertEqual(bad(state="note"),
                         ["huge pages of 2048 KiB"])

    def test_what_the_machine_lacks(self):
        for check, facts in (
                ("privileges", {"root": False}),
                ("/dev/net/tun", {"tun": False}),
                ("QEMU", {"emulator": {"version": "4.2.0"}}),
                ("libvirt", {"libvirt": {"there": False}}),
                ("disk", {"disk_free": GIB // 2}),
                ("the lab's folder", {"folder_writable": False}),
                ("the lab's folder", {"folder_fault": "neither empty nor"}),
                ("AppArmor", {"apparmor": True}),
                ("packet filter on b0",
                 {"filter": {"b0": {"input": ["iptables INPUT"]}}}),
                ("bridge b0", {"routes": [route("10.77.0.128/25")]}),
                ("bridge b0", {"links": {"b0": {"mac": "1", "snooping": 0}}}),
                ("trader: tap trader-lab", {"links": {"trader-lab": {}}})):
            self.assertEqual(bad(facts), [check])

    def test_every_failure_says_what_mends_it(self):
        facts = {"root": False, "tun": False, "apparmor": True,
                 "disk_free": 0, "folder_writable": False,
                 "memory": {"available_kib": 0}, "vhost": "absent"}
        guest = {"nic_model": "no", "machine": "no", "kernel": "no",
                 "vcpupin": ["99", "99"], "nic_driver": "vhost",
                 "tap_lab": "t" * 16}
        failures = [row for row in rows(facts, guest, {"image": False})
                    if row["state"] == "FAIL"]
        self.assertGreater(len(failures), 12)
        for row in failures:
            self.assertTrue(row["mend"], row)

    def test_a_libvirt_that_up_can_not_start(self):
        """As Fedora has it: a daemon a driver, by sockets of systemd's."""
        apart = {"libvirt": {"daemon": False}}
        self.assertEqual(state("libvirt", apart), ["ok"])
        apart["libvirt"]["answers"] = False
        self.assertEqual(state("libvirt", apart), ["FAIL"])
        apart["libvirt"]["daemon"] = True
        self.assertEqual(state("libvirt", apart), ["note"])

    def test_a_libvirt_whose_guests_could_not_start(self):
        """Where systemd starts it, what we are limited to is nothing to it."""
        for name, check in (("max_core", "libvirt: core files"),
                            ("namespaces", "libvirt: /")):
            lacks = {"libvirt": {"answers": False, "unset": [name]}}
            self.assertEqual(bad(lacks), [check])
            self.assertEqual(bad(dict(lacks, systemd=True)), [])
            self.assertIn(f"{name} = ", next(
                row["mend"] for row in rows(lacks) if row["check"] == check))

    def test_a_filter_hinders_whose_packets_it_drops(self):
        dropped = {"b0": {"forward": ["nft inet a b"], "input": []}}
        self.assertEqual(bad({"filter": dropped}), [])
        self.assertEqual(bad({"filter": dropped}, {"role": "exchange"}),
                         ["packet filter on b0"])
        for where, mend in (
                ("iptables FORWARD",
                 "iptables -I FORWARD -i b0 -o b0 -j ACCEPT"),
                ("iptables INPUT", "iptables -I INPUT -i b0 -j ACCEPT"),
                ("nft bridge a b",
                 "nft insert rule bridge a b ibrname b0 accept"),
                ("nft inet firewalld filter_FORWARD",
                 "firewall-cmd --zone=trusted --add-interface=b0")):
            self.assertEqual(lab_checks.pass_by(where, "b0"), mend)

    def test_without_qemu_it_is_told_and_not_looked_into(self):
        facts = {"emulator": {"there": False, "version": "", "devices": [],
                              "machines": []}}
        self.assertEqual(bad(facts), ["QEMU"])

    def test_kvm_that_is_forced_and_not_there(self):
        kvm = {"kvm": {"flag": False}}
        self.assertEqual(state("KVM", kvm), ["FAIL"])
        self.assertEqual(state("KVM", kvm, {"accelerator": "tcg"}), ["note"])

    def test_vhost_hinders_only_who_wants_it(self):
        for vhost in ("absent", "module"):
            self.assertEqual(state("vhost-net", {"vhost": vhost}), ["note"])
            self.assertEqual(state("vhost-net", {"vhost": vhost},
                                   {"nic_driver": "vhost"}), ["FAIL"])

    def test_an_image_is_a_must_for_up_alone(self):
        self.assertEqual(state("image", settings={"image": False}), ["FAIL"])
        self.assertEqual(state("image", settings={"image": False,
                                                  "strict": False}), ["note"])

    def test_numbers_that_nobody_takes(self):
        for knob, value in (("vcpus", 0), ("memory_mib", 0),
                            ("iothreads", -1), ("nic_queues", 0),
                            ("nic_rx_ring", 300), ("nic_tx_ring", 2048),
                            ("nic_rx_ring", -1)):
            self.assertIn(f"trader: domain_{knob}",
                          bad(guest={knob: value}), (knob, value))

    def test_what_kvm_alone_has_is_refused_without_it(self):
        for knob in ("kvm_hints", "invtsc"):
            self.assertEqual(bad(guest={knob: "on"}), [])
            self.assertEqual(bad(guest={knob: "on", "accelerator": "tcg"}),
                             [f"trader: domain_{knob}"])
        self.assertEqual(bad({"invtsc": False}, {"invtsc": "on"}),
                         ["trader: domain_invtsc"])

    def test_a_dump_that_would_find_no_room(self):
        for crash, states in (("coredump-destroy", ["note"]),
                              ("preserve", ["ok"])):
            self.assertEqual(state("room for a dump",
                                   {"dump_free": GIB // 2},
                                   {"on_crash": crash}), states)

    def test_what_other_boards_and_models_have_not(self):
        old = {"emulator": {"machines": ["q35", "pc"]}}
        self.assertEqual(bad(old, {"nic_pcie": "node"}), [])
        self.assertEqual(bad(old, {"nic_pcie": "node", "machine": "pc"}),
                         ["trader: domain_nic_pcie"])
        self.assertEqual(bad({}, {"iommu": "intel"}), ["trader: domain_iommu"])
        old["emulator"]["devices"] = ["virtio-net-pci", "intel-iommu"]
        self.assertEqual(bad(old, {"iommu": "intel"}), [])
        self.assertEqual(bad(old, {"iommu": "intel", "machine": "pc"}),
                         ["trader: domain_iommu"])
        for knob in ("nic_packed", "nic_mrg_rxbuf"):
            self.assertEqual(bad(guest={knob: "on"}), [])
            self.assertEqual(bad(guest={knob: "on", "nic_model": "e1000"}),
                             [f"trader: domain_{knob}"])

    def test_real_time_only_where_it_starves_nobody(self):
        for knob, pin in (("emulator_fifo", "emulatorpin"),
                          ("iothread_fifo", "iothreadpin")):
            self.assertEqual(bad(guest={knob: 1}), [])
            for cpus in ("", "1"):
                self.assertIn(f"trader: domain_{knob}",
                              bad(guest={knob: 1, pin: cpus}), cpus)
            self.assertEqual(bad({"fifo": False}, {knob: 1}),
                             [f"trader: domain_{knob}"])
        self.assertEqual(bad({"fifo": False}), [])

    def test_raw_xml_is_refused_by_its_variable_where_it_is_malformed(self):
        good = ("", "\n", "<a/>", "<qemu:commandline><qemu:arg value='x'/>"
                "</qemu:commandline>\n<b>text</b>")
        for knob in ("raw_xml", "raw_devices"):
            for text in good:
                self.assertEqual(bad(guest={knob: text}), [], text)
            for text in ("<a>", "</a>", "<a/", "<a b=c/>", "<unknown:a/>",
                         "</domain><domain>", "</devices><devices>",
                         "<a/> words", "words", "&none;"):
                self.assertEqual(bad(guest={knob: text}),
                                 [f"trader: domain_{knob}"], text)
        found = [row for row in rows(guest={"raw_xml": "<a>\n<b>\n</a>"})
                 if row["state"] == "FAIL"][0]["found"]
        self.assertEqual(found, "line 3: mismatched tag")


class Ours(unittest.TestCase):
    """What the record names does not hinder."""

    def test_a_bridge_of_ours_and_its_subnet(self):
        link = {"links": {"b0": {"mac": BRIDGE["mac"], "snooping": 0}},
                "routes": [route("10.77.0.0/24", dev="b0")],
                "record": [BRIDGE]}
        self.assertEqual(bad(link), [])

    def test_a_bridge_with_our_name_and_another_mac(self):
        link = {"links": {"b0": {"mac": "52:54:00:00:00:02", "snooping": 0}},
                "record": [BRIDGE]}
        self.assertEqual(bad(link), ["bridge b0"])

    def test_snooping_that_came_back(self):
        link = {"links": {"b0": {"mac": BRIDGE["mac"], "snooping": 1}},
                "record": [BRIDGE]}
        self.assertEqual(bad(link), ["b0: snooping"])

    def test_domains(self):
        there = {"libvirt": {"domains": {"trader": {
            "uuid": "u", "folder": "", "running": False}}}}
        self.assertEqual(bad(there), ["domain trader"])
        there["record"] = [{"kind": "domain", "name": "trader", "uuid": "u"}]
        self.assertEqual(bad(there), [])

    def test_huge_pages_of_ours_count_as_there(self):
        made = {"kind": "hugepages", "name": "2048 KiB", "size_kib": 2048,
                "took": {"0": 500, "1": 12}, "boot": "now"}
        facts = {"record": [made], "memory": {
            "available_kib": 1 << 20, "huge": {"2048": {"total": 515}}}}
        self.assertEqual(state("huge pages of 2048 KiB", facts), ["ok"])
        made["took"]["1"] = 11
        self.assertEqual(state("huge pages of 2048 KiB", facts), ["note"])

    def test_a_subnet_that_is_none_is_named_by_its_setting(self):
        for text in ("10.99.0.0/24", "10.99", "fd00::", "", "10.99.0.", "x"):
            bridge = {"name": "b0", "subnet": text + ".0/24",
                      "knob": "lab_subnet"}
            self.assertEqual(bad(settings={"bridges": [bridge]}),
                             ["lab_subnet"], text)

    def test_huge_pages_of_before_a_reboot_are_gone(self):
        made = {"kind": "hugepages", "name": "2048 KiB", "size_kib": 2048,
                "took": {"0": 512}, "boot": "before"}
        facts = {"record": [made], "memory": {"huge": {"2048": {"total": 512}}}}
        self.assertEqual(state("huge pages of 2048 KiB", facts), ["note"])

    def test_huge_pages_of_others_are_not_counted(self):
        facts = {"memory": {"huge": {"2048": {"total": 900, "free": 900}}}}
        self.assertEqual(state("huge pages of 2048 KiB", facts), ["note"])

    def test_huge_pages_come_out_of_free_memory(self):
        short = {"memory": {"available_kib": 1 << 19}}
        self.assertEqual(bad(short), ["huge pages of 2048 KiB", "memory"])
        small = {"memory_mib": 512}
        self.assertEqual(bad(short, small), [])

    def test_a_guest_that_runs_needs_no_more_memory(self):
        facts = {"memory": {"available_kib": 1 << 10}, "libvirt": {"domains": {
            "trader": {"uuid": "u", "folder": "", "running": True}}},
                 "record": [{"kind": "domain", "name": "trader",
                             "uuid": "u"}]}
        self.assertEqual(bad(facts, {"hugepage_kib": 0}), [])
