# SPDX-License-Identifier: MIT
"""ansible/filter_plugins/lab_plan.py: every "auto" decided by the facts."""

import unittest

import lab_plan


def topology(cores, threads=1, nodes=1):
    """As Linux numbers them: first threads first, node by node."""
    return [{"cpu": thread * cores + core, "core": core, "socket": 0,
             "node": core * nodes // cores, "isolated": False,
             "capacity": 1024}
            for thread in range(threads) for core in range(cores)]


def wanted(**settings):
    return {"role": "trader", "accelerator": "auto", "vcpus": 1,
            "cpu_model": "auto", "cpu_features_off": "auto",
            "vcpupin": "auto", "emulatorpin": "auto", "iothreadpin": "auto",
            "memory_node": "auto", "memory_mib": 1024, "hugepage_kib": 2048,
            "nic_model": "virtio", "nic_driver": "auto",
            "nic_attachment": "bridge", "nic_source": "",
            "kvm_hints": "auto", "invtsc": "auto", **settings}


def plan(cpus, trader=None, exchange=None, **facts):
    kvm = {"flag": False, "device": True, "boot": None}
    guests = {"exchange": wanted(role="exchange", **(exchange or {})),
              "trader": wanted(**(trader or {}))}
    return lab_plan.plan(guests, {"cpus": cpus, "kvm": kvm, "barred": [],
                                  "memory": {"nodes": {}}, "record": [],
                                  "boot": "now", "vhost": "there", "invtsc": True,
                                  "attachment": {"nics": {}},
                                  **facts})


def pins(cpus, **guests):
    return {name: (domain["vcpupin"], domain["emulatorpin"],
                   domain["iothreadpin"])
            for name, domain in plan(cpus, **guests).items()}


class Control(unittest.TestCase):
    """Where connections stand."""

    def test_each_lab_has_its_own_and_a_short_one(self):
        homes = ["/root", "/home/" + "a" * 51, "/home/" + "a" * 200,
                 "/home/" + "\u00e4" * 40]
        for home in homes:
            paths = {lab_plan.control(folder, home)
                     for folder in ("/lab", "/lab2", "/" + "b" * 300)}
            self.assertEqual(len(paths), 3)
            for path in paths:
                self.assertLessEqual(len(path.encode()) + 28, 107)
        self.assertTrue(lab_plan.control("/lab", "/root").startswith("/root/"))


class Pins(unittest.TestCase):
    """trader and exchange: vCPUs, emulator, iothreads."""

    def isolated(self, cpus, *numbers):
        return pins([{**cpu, "isolated": cpu["cpu"] in numbers}
                     for cpu in cpus])

    def test_isolated_cpus_are_the_guests(self):
        self.assertEqual(self.isolated(topology(6), 0, 5),
                         {"trader": (["0"], "2", "1"),
                          "exchange": (["5"], "3", "1")})
        self.assertEqual(self.isolated(topology(4), 3),
                         {"trader": (["3"], "2", "0"),
                          "exchange": (["1"], "0", "0")})

    def test_one_cpu_pins_nothing(self):
        self.assertEqual(pins(topology(1)), {"trader": ([], "", ""),
                                             "exchange": ([], "", "")})

    def test_two_cpus_give_the_trader_one(self):
        self.assertEqual(pins(topology(2)),
                         {"trader": (["1"], "0", "0"),
                          "exchange": (["0"], "0", "0")})

    def test_two_threads_of_one_core_are_two_places(self):
        self.assertEqual(pins(topology(1, threads=2)),
                         {"trader": (["1"], "0", "0"),
                          "exchange": (["0"], "0", "0")})

    def test_four_cores_with_two_threads_each(self):
        self.assertEqual(pins(topology(4, threads=2)),
                         {"trader": (["1"], "3", "0,4"),
                          "exchange": (["2"], "0,4", "0,4")})

    def test_nobody_runs_beside_a_vcpu_of_the_trader(self):
        cpus = topology(4, threads=2)
        core = {str(cpu["cpu"]): cpu["core"] for cpu in cpus}
        found = pins(cpus, trader={"vcpus": 2})
        own = {core[cpu] for cpu in found["trader"][0]}
        self.assertEqual(len(own), 2)
        others = ",".join([*found["trader"][1:], *found["exchange"][0],
                           *found["exchange"][1:]]).split(",")
        self.assertFalse(own & {core[cpu] for cpu in others})

    def test_two_nodes_keep_the_trader_on_one(self):
        cpus = topology(8, nodes=2)
        node = {str(cpu["cpu"]): cpu["node"] for cpu in cpus}
        found = pins(cpus, trader={"vcpus": 3})
        self.assertEqual(found["trader"][0], ["1", "2", "3"])
        self.assertEqual({node[cpu] for cpu in found["trader"][0]}, {0})
        self.assertEqual(found["exchange"][0], ["4"])

    def test_the_node_with_more_cores_comes_first(self):
        cpus = topology(6)
        for cpu in cpus:
            cpu["node"] = 0 if cpu["cpu"] < 2 else 1
        self.assertEqual(pins(cpus)["trader"], (["3"], "5", "2"))

    def test_more_vcpus_than_cores_take_turns(self):
        found = pins(topology(3), trader={"vcpus": 4})
        self.assertEqual(found["trader"][0], ["1", "2", "1", "2"])
        self.assertEqual(found["exchange"][0], ["0"])

    def test_some_cpus_are_not_ours(self):
        """A cgroup or taskset left us these."""
        cpus = [cpu for cpu in topology(8) if cpu["cpu"] in (3, 5, 6)]
        self.assertEqual(pins(cpus)["trader"], (["5"], "3", "3"))

    def test_what_was_asked_for_stays(self):
        found = pins(topology(4), trader={"vcpupin": [3], "emulatorpin": 2,
                                          "iothreadpin": ""})
        self.assertEqual(found["trader"], (["3"], "2", ""))

    def test_one_pin_is_for_all_vcpus(self):
        found = pins(topology(4), trader={"vcpus": 2, "vcpupin": "2-3"})
        self.assertEqual(found["trader"][0], ["2-3", "2-3"])

    def test_no_pin(self):
        for none in ("", []):
            found = pins(topology(4), trader={"vcpupin": none})
            self.assertEqual(found["trader"][0], [])


class Accelerator(unittest.TestCase):
    """kvm only where it was seen to carry a kernel."""

    def decided(self, trader=None, **kvm):
        seen = {"flag": True, "device": True, "boot": True, **kvm}
        return plan(topology(2), trader, kvm=seen)["trader"]

    def test_kvm_where_all_three_are_there(self):
        self.assertEqual(self.decided()["accelerator"], "kvm")

    def test_tcg_where_one_is_missing(self):
        for kvm in ({"flag": False}, {"device": False}, {"boot": False},
                    {"boot": None}):
            self.assertEqual(self.decided(**kvm)["accelerator"], "tcg", kvm)

    def test_who_asks_for_one_gets_it(self):
        self.assertEqual(self.decided({"accelerator": "tcg"})["accelerator"],
                         "tcg")

    def test_the_kernel_moves_packets_where_that_is_sooner(self):
        self.assertEqual(self.decided()["nic_driver"], "vhost")
        # An emulated CPU is the slower one by far.
        self.assertEqual(self.decided(boot=False)["nic_driver"], "qemu")
        self.assertEqual(self.decided({"nic_model": "e1000"})["nic_driver"],
                         "qemu")
        seen = {"flag": True, "device": True, "boot": True}
        for vhost in ("module", "absent"):
            self.assertEqual(plan(topology(2), kvm=seen, vhost=vhost)
                             ["trader"]["nic_driver"], "qemu")
        for driver in ("qemu", "vhost"):
            self.assertEqual(self.decided({"nic_driver": driver})
                             ["nic_driver"], driver)

    def test_the_kernel_moves_packets_of_links_alone(self):
        for way, driver in (("macvtap", "vhost"), ("ovs", "vhost"),
                            ("vhostuser", "qemu"), ("hostdev", "qemu")):
            self.assertEqual(self.decided({"nic_attachment": way})
                             ["nic_driver"], driver, way)

    def test_a_guest_is_told_to_be_alone_where_it_is(self):
        self.assertEqual(self.decided()["kvm_hints"], "on")
        self.assertEqual(self.decided(boot=False)["kvm_hints"], "off")
        for trader in ({"vcpupin": []}, {"vcpus": 2, "vcpupin": ["1", "1"]},
                       {"emulatorpin": "0-1"}):
            self.assertEqual(self.decided(trader)["kvm_hints"], "off", trader)
        for hints in ("on", "off"):
            self.assertEqual(self.decided({"kvm_hints": hints})["kvm_hints"],
                             hints)

    def test_an_invariant_tsc_where_kvm_passes_the_hosts_cpu_on(self):
        self.assertEqual(self.decided()["invtsc"], "on")
        self.assertEqual(self.decided(boot=False)["invtsc"], "off")
        self.assertEqual(self.decided({"cpu_model": "EPYC"})["invtsc"], "off")
        seen = {"flag": True, "device": True, "boot": True}
        self.assertEqual(plan(topology(2), kvm=seen, invtsc=False)["trader"]
                         ["invtsc"], "off")

    def test_tcg_is_without_what_costs_an_emulator_more(self):
        self.assertEqual(self.decided(boot=False)["cpu_features_off"],
                         ["la57", "erms", "smap"])
        self.assertEqual(self.decided()["cpu_features_off"], [])

    def test_a_model_of_ones_own_keeps_its_features(self):
        domain = self.decided({"cpu_model": "qemu64"}, boot=False)
        self.assertEqual(domain["cpu_features_off"], [])


class Rest(unittest.TestCase):
    """Huge pages, the user, the record."""

    def test_huge_pages_are_counted_by_size_and_rounded_up(self):
        decided = plan(topology(2), {"memory_mib": 1025},
                       {"hugepage_kib": 1048576})
        self.assertEqual(lab_plan.hugepages_needed(decided),
                         {"2048": {"": 513}, "1048576": {"": 1}})

    def test_huge_pages_are_counted_by_node(self):
        node = {"vcpupin": [], "memory_node": "1"}
        two = {"memory_node": "0,1", "memory_mib": 1026}
        for trader, exchange, pages in (
                (node, {}, {"1": 512, "": 512}), (node, node, {"1": 1024}),
                (node, two, {"0": 257, "1": 769})):
            self.assertEqual(lab_plan.hugepages_needed(
                plan(topology(2), trader, exchange)), {"2048": pages})

    def test_ordinary_memory_needs_none(self):
        decided = plan(topology(2), {"hugepage_kib": 0}, {"hugepage_kib": 0})
        self.assertEqual(lab_plan.hugepages_needed(decided), {})

    def test_root_where_the_user_of_qemu_is_barred(self):
        self.assertEqual(plan(topology(2))["trader"]["runs_as"], "")
        barred = plan(topology(2), barred=["/root"])
        self.assertEqual(barred["trader"]["runs_as"], "+0:+0")

    def test_the_record_by_kind(self):
        made = [{"kind": "file", "name": "a"}, {"kind": "bridge", "name": "b"},
                {"kind": "file", "name": "c"}]
        self.assertEqual(lab_plan.by_kind(made),
                         {"file": [made[0], made[2]], "bridge": [made[1]]})
