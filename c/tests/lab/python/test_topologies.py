# SPDX-License-Identifier: MIT
"""The plan and the doctor, on each machine of ../topologies/: worked out by
hand from the descriptions."""

import itertools
import unittest

import lab_checks
import lab_machine
import lab_plan
import topologies
from test_checks import FACTS, GUEST, SETTINGS

ROLES = ("trader", "exchange")
# machine: of trader and exchange, "vCPU emulator iothread node"; - is none
PLANS = {
    # The small cores keep the host, the big ones are the guests'.
    "big-little": ("4 6 0 -", "5 7 0 -"),
    "container": ("5 3 3 -", "3 3 3 -"),
    "cpuset-node": ("5 4 4 -", "6 4 4 -"),
    "four-nodes": ("1 3 0,32 0", "2 4 0,32 0"),
    # Node 1 has more cores, and no room for both guests.
    "gigabyte-pages": ("1 3 0 0", "2 4 0 0"),
    "hybrid": ("2 6 0,1 -", "4 8 0,1 -"),
    # An emulator is well off where somebody else may run.
    "isolated": ("2 1 0 -", "3 4 0 -"),
    # ... but not on another node than its guest.
    "isolated-socket": ("6 8 0,12 1", "7 9 0,12 1"),
    "laptop": ("1 3 0,4 -", "2 0,4 0,4 -"),
    # Four cores beside memory: the fifth is of another node.
    "memoryless": ("9 11 8 2", "10 0 8 2"),
    "offline": ("2 4 0 -", "3 5 0 -"),
    "one-core": ("1 0 0 -", "0 0 0 -"),
    "one-cpu": ("- - - -", "- - - -"),
    "one-socket": ("1 3 0 -", "2 4 0 -"),
    "two-cpus": ("1 0 0 -", "0 0 0 -"),
    "two-sockets": ("2 3 0 0", "1 0 0 1"),
}
# What the doctor notes of a machine, besides huge pages to be reserved.
NOTES = {
    "container": ["cores"], "cpuset-node": ["cores"], "laptop": ["cores"],
    "one-core": ["cores", "trader: domain_vcpupin[0]"], "one-cpu": ["cores"],
    "two-cpus": ["cores"], "two-sockets": ["cores"],
}


def guests(trader=None, exchange=None):
    auto = dict.fromkeys(("vcpupin", "emulatorpin", "iothreadpin",
                          "memory_node", "cpu_features_off"), "auto")
    return {role: {**GUEST, **auto, "role": role, "name": role,
                   "cpu_model": "auto", "accelerator": "auto",
                   "tap_lab": role, "tap_management": role + "0",
                   **(settings or {})}
            for role, settings in zip(ROLES, (trader, exchange))}


def facts(machine, **more):
    return {**FACTS, **topologies.facts(machine), **more}


def plan(machine, trader=None, exchange=None, **more):
    return lab_plan.plan(guests(trader, exchange), facts(machine, **more))


def told(domain):
    """As in PLANS."""
    return " ".join(text or "-" for text in (
        "+".join(domain["vcpupin"]), domain["emulatorpin"],
        domain["iothreadpin"], domain["memory_node"]))


def plans(machine, **asked):
    return tuple(map(told, plan(machine, **asked).values()))


def rows(machine, **asked):
    """Those that are not ok, by what they are about."""
    found = lab_checks.checks(facts(machine), plan(machine, **asked),
                              SETTINGS)
    return {row["check"]: row for row in found if row["state"] != "ok"
            and not row["check"].startswith("huge pages")}


def numbers(text):
    return lab_machine.number_list(text) if text else []


def pinned(decided):
    """(guest, knob, its CPUs) of each pin."""
    for name, domain in decided.items():
        for i, pin in enumerate(domain["vcpupin"]):
            yield name, f"vCPU {i}", numbers(pin)
        for knob in ("emulatorpin", "iothreadpin"):
            yield name, knob, numbers(domain[knob])


class Default(unittest.TestCase):
    """Where nothing is asked for."""

    maxDiff = None

    def test_each_machine_has_its_row(self):
        self.assertEqual(sorted(PLANS), topologies.names())

    def test_plans(self):
        self.assertEqual({machine: plans(machine) for machine in PLANS},
                         PLANS)

    def test_the_doctor(self):
        found = {machine: rows(machine) for machine in PLANS}
        self.assertEqual({machine: sorted(told) for machine, told
                          in found.items() if told}, NOTES)
        for row in itertools.chain(*map(dict.values, found.values())):
            self.assertEqual(row["state"], "note", row)
            self.assertTrue(row["mend"], row)


class Asked(unittest.TestCase):
    """What is asked for is kept, the rest goes round it, and what can't be
    is refused by its setting."""

    def said(self, machine, state, check, words, **asked):
        found = rows(machine, **asked)
        self.assertIn(check, found)
        row = found[check]
        self.assertEqual(row["state"], state, row)
        for word in words:
            self.assertIn(word, " ".join(row.values()))

    def test_nobody_else_is_put_where_a_vcpu_was_asked_for(self):
        self.assertEqual(plans("laptop", trader={"vcpupin": "2"}),
                         ("2 3 0,4 -", "1 0,4 0,4 -"))
        self.assertEqual(plans("laptop", trader={"vcpupin": ["4"]}),
                         ("4 3 1,5 -", "2 1,5 1,5 -"))
        self.assertEqual(plans("one-socket", exchange={"vcpupin": "0-1"}),
                         ("3 4 2 -", "0-1 5 2 -"))

    def test_nobody_else_is_put_where_an_emulator_was_asked_for(self):
        self.assertEqual(plans("laptop", exchange={"emulatorpin": "1"}),
                         ("2 0,4 0,4 -", "3 1 0,4 -"))

    def test_all_cpus_can_be_asked_for(self):
        self.assertEqual(plans("two-cpus", trader={"vcpupin": "0-1"}),
                         ("0-1 0 0 -", "1 0 0 -"))

    def test_an_arm_without_pins_moves_no_other_guest(self):
        free = {"vcpupin": [], "emulatorpin": "", "iothreadpin": ""}
        for machine in PLANS:
            self.assertEqual(plans(machine, trader=free),
                             ("- - - -", PLANS[machine][1]), machine)

    def test_what_is_pinned_stays_near_what_is_asked_for(self):
        self.assertEqual(plans("four-nodes", trader={"vcpupin": "20"}),
                         ("20 18 16,48 2", "17 19 16,48 2"))
        self.assertEqual(plans("two-sockets", trader={"memory_node": "1"}),
                         ("3 2 1 1", "0 1 1 0"))

    def test_memory_is_where_the_vcpus_are(self):
        self.assertEqual(plans("two-sockets", trader={"vcpus": 2})[0],
                         "2+1 0 0 0,1")

    def test_a_cpu_that_is_not_there(self):
        for machine, cpu in (("offline", 1), ("offline", 8),
                             ("container", 4), ("cpuset-node", 7)):
            self.said(machine, "FAIL", "trader: domain_vcpupin[0]",
                      [f"CPU {cpu}"], trader={"vcpupin": str(cpu)})

    def test_a_vcpu_that_shares_its_core(self):
        for pin in ("vcpupin", "emulatorpin", "iothreadpin"):
            self.said("laptop", "note", "trader: domain_vcpupin[0]",
                      ["exchange's domain_" + pin], trader={"vcpupin": "1"},
                      exchange={pin: "5"})

    def test_a_vcpu_on_a_slow_core(self):
        for machine, slow in (("hybrid", "14"), ("big-little", "2")):
            self.said(machine, "note", "trader: domain_vcpupin[0]",
                      [f"CPU {slow}", "slow"], trader={"vcpupin": slow})

    def test_a_real_time_vcpu_has_a_cpu_of_its_own(self):
        fifo = {"vcpu_fifo": 10}
        check = "{}: domain_vcpu_fifo"
        self.said("one-cpu", "FAIL", check.format("trader"), ["not pinned"],
                  trader=fifo)
        self.said("two-cpus", "FAIL", check.format("exchange"),
                  ["trader's domain_emulatorpin"], exchange=fifo)
        for machine in ("two-cpus", "one-core", "laptop"):
            self.assertNotIn(check.format("trader"),
                             rows(machine, trader=fifo))

    def test_a_node_without_memory(self):
        self.said("memoryless", "FAIL", "trader: domain_memory_node",
                  ["node 0", "2,6"], trader={"memory_node": "0"})
        self.said("memoryless", "note", "trader: domain_memory_node",
                  ["node 0"], trader={"vcpupin": "1"})
        self.said("two-sockets", "FAIL", "trader: domain_memory_node",
                  ["first", "0,1"], trader={"memory_node": "first"})
        self.said("two-cpus", "FAIL", "trader: domain_memory_node",
                  ["node 1"], trader={"memory_node": "1"})

    def test_a_node_that_is_far_from_the_vcpu(self):
        self.said("two-sockets", "note", "trader: domain_memory_node",
                  ["node 0"], trader={"memory_node": "1", "vcpupin": "2"})

    def test_a_node_without_enough_memory(self):
        for size in (0, 2048, 1048576):
            self.said("gigabyte-pages", "FAIL", "memory of node 1",
                      ["1024 MiB", "2048 MiB", "domain_memory_node"],
                      trader={"vcpupin": "9", "memory_mib": 2048,
                              "hugepage_kib": size})

    def test_no_node_has_enough(self):
        self.said("four-nodes", "FAIL", "memory of node 0",
                  ["domain_memory_mib"],
                  trader={"memory_mib": 40 << 10})


class Always(unittest.TestCase):
    """Whatever the machine and the number of vCPUs."""

    def each(self):
        for machine in topologies.names():
            for vcpus in itertools.product((1, 2, 3, 5), repeat=2):
                asked = [{"vcpus": count} for count in vcpus]
                yield (f"{machine}, {vcpus}", facts(machine),
                       plan(machine, *asked), vcpus)

    def test_pins_are_usable_cpus(self):
        for case, found, decided, _ in self.each():
            usable = {cpu["cpu"] for cpu in found["cpus"]}
            for name, knob, cpus in pinned(decided):
                self.assertLessEqual(set(cpus), usable, (case, name, knob))

    def test_with_enough_cores_nobody_shares_one(self):
        for case, found, decided, vcpus in self.each():
            core = {cpu["cpu"]: cpu["core"] for cpu in found["cpus"]}
            on = [(name, knob, {core[cpu] for cpu in cpus})
                  for name, knob, cpus in pinned(decided) if cpus]
            for one, other in itertools.combinations(on, 2):
                if one[2].isdisjoint(other[2]):
                    continue
                cores = len(set(core.values()))
                self.assertFalse("trader" in (one[0], other[0])
                                 and ("vCPU" in one[1] + other[1])
                                 and cores >= 1 + sum(vcpus), (case, one))
                self.assertFalse(cores >= 3 + sum(vcpus)
                                 and "iothread" not in one[1] + other[1],
                                 (case, one, other))

    def test_no_vcpu_of_the_trader_is_on_a_core_of_anybody(self):
        for case, found, decided, vcpus in self.each():
            core = {cpu["cpu"]: cpu["core"] for cpu in found["cpus"]}
            if len(set(core.values())) <= vcpus[0]:
                continue
            on = list(pinned(decided))
            own = [core[cpu] for name, knob, cpus in on for cpu in cpus
                   if name == "trader" and "vCPU" in knob]
            others = {core[cpu] for name, knob, cpus in on for cpu in cpus
                      if name != "trader" or "vCPU" not in knob}
            self.assertEqual(len(set(own)), vcpus[0], case)
            self.assertTrue(others.isdisjoint(own), case)

    def test_memory_is_on_the_nodes_of_the_vcpus(self):
        for case, found, decided, _ in self.each():
            node = {cpu["cpu"]: cpu["node"] for cpu in found["cpus"]}
            there = {int(node) for node in found["memory"]["nodes"]}
            for domain in decided.values():
                where = {node[int(pin)] for pin in domain["vcpupin"]
                         if pin.isdigit()} & there
                if len(there) > 1 and all(map(str.isdigit,
                                              domain["vcpupin"])):
                    self.assertEqual(set(numbers(domain["memory_node"])),
                                     where, case)
                if len(there) < 2:
                    self.assertEqual(domain["memory_node"], "", case)

    def test_what_nobody_is_pinned_to_is_not_isolated(self):
        for case, found, decided, _ in self.each():
            isolated = {cpu["cpu"] for cpu in found["cpus"]
                        if cpu["isolated"]}
            for domain in decided.values():
                self.assertTrue(isolated.isdisjoint(
                    numbers(domain["iothreadpin"])), case)

    def test_the_guests_that_run_move_nobody(self):
        """Their pages are the lab's, and the memory is theirs."""
        for machine, mib in itertools.product(topologies.names(),
                                              (1024, 12 << 10)):
            asked = [{"memory_mib": mib}] * 2
            decided = plan(machine, *asked)
            memory = topologies.facts(machine)["memory"]
            took, nodes = {}, {}
            for node, had in memory["nodes"].items():
                took[node] = mib // 2 * sum(
                    domain["memory_node"] in (node, "")
                    for domain in decided.values())
                huge = {**had["huge"],
                        "2048": had["huge"].get("2048", 0) + took[node]}
                nodes[node] = {**had, "available_kib": 0, "huge": huge}
            record = [{"kind": "hugepages", "size_kib": 2048, "boot": "now",
                       "took": took}]
            self.assertEqual(decided, plan(
                machine, *asked, record=record,
                memory={**memory, "nodes": nodes}), (machine, mib))
