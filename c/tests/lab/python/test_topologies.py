# SPDX-License-Identifier: MIT
"""The plan, on each machine of ../topologies/: worked out by
hand from the descriptions."""

import itertools
import unittest

import lab_machine
import lab_plan
import topologies
from test_checks import FACTS, GUEST

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


class Asked(unittest.TestCase):
    """What is asked for is kept, and the rest goes round it."""

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
