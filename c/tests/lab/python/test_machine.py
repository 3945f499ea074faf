# SPDX-License-Identifier: MIT
"""ansible/module_utils/lab_machine.py: what is read of a machine."""

import os
import pathlib
import tempfile
import unittest

import lab_machine
import topologies

GIB = 1 << 20  # in KiB
# name: CPUs that guests may use, and of these the isolated ones
CPUS = {
    "big-little": ("0-7", ""),
    "container": ("3,5", "5"),
    "cpuset-node": ("4-6", ""),
    "four-nodes": ("0-63", ""),
    "gigabyte-pages": ("0-5,8-15", ""),
    "hybrid": ("0-19", ""),
    "isolated": ("0-7", "2-7"),
    "isolated-socket": ("0-23", "6-11,18-23"),
    "laptop": ("0-7", ""),
    "memoryless": ("0-31", ""),
    "offline": ("0,2-7", ""),
    "one-core": ("0-1", ""),
    "one-cpu": ("0", ""),
    "one-socket": ("0-15", ""),
    "two-cpus": ("0-1", ""),
    "two-sockets": ("0-3", ""),
}
# name: CPUs of each node, and the nodes that have memory for guests
NODES = {
    "cpuset-node": ({1: "4-6"}, "1"),
    "four-nodes": ({0: "0-7,32-39", 1: "8-15,40-47", 2: "16-23,48-55",
                    3: "24-31,56-63"}, "0-3"),
    "gigabyte-pages": ({0: "0-5", 1: "8-15"}, "0-1"),
    "isolated-socket": ({0: "0-5,12-17", 1: "6-11,18-23"}, "0-1"),
    "memoryless": ({0: "0-3", 1: "4-7", 2: "8-11", 3: "12-15", 4: "16-19",
                    5: "20-23", 6: "24-27", 7: "28-31"}, "2,6"),
    "two-sockets": ({0: "0,2", 1: "1,3"}, "0-1"),
}


def numbers(text):
    return lab_machine.number_list(text) if text else []


def cpus(name, **having):
    """Numbers of those that have these values."""
    return [cpu["cpu"] for cpu in topologies.facts(name)["cpus"]
            if all(cpu[key] == value for key, value in having.items())]


class Machine(unittest.TestCase):
    """Of each description."""

    maxDiff = None

    def test_each_description_is_small_and_has_its_rows(self):
        self.assertEqual(sorted(CPUS), topologies.names())
        for name in topologies.names():
            path = topologies.FOLDER / f"{name}.json"
            self.assertLess(path.stat().st_size, 4096, name)

    def test_cpus(self):
        for name, (usable, isolated) in CPUS.items():
            self.assertEqual(cpus(name), numbers(usable), name)
            self.assertEqual(cpus(name, isolated=True), numbers(isolated),
                             name)

    def test_nodes(self):
        for name in topologies.names():
            of_node, with_memory = NODES.get(
                name, ({0: CPUS[name][0]},
                       "" if name == "big-little" else "0"))
            for node, usable in of_node.items():
                self.assertEqual(cpus(name, node=node), numbers(usable), name)
            self.assertEqual(list(topologies.facts(name)["memory"]["nodes"]),
                             [str(node) for node in numbers(with_memory)],
                             name)

    def test_threads_of_one_core(self):
        for name, core, threads in (
                ("laptop", 1, "1,5"), ("hybrid", 2, "2-3"),
                ("hybrid", 12, "12"), ("four-nodes", 31, "31,63"),
                ("two-sockets", 1, "1"), ("offline", 7, "7"),
                ("isolated-socket", 6, "6,18")):
            self.assertEqual(cpus(name, core=core), numbers(threads), name)

    def test_sockets(self):
        for name, usable in (("two-sockets", "1,3"), ("cpuset-node", "4-6"),
                             ("memoryless", "16-31"), ("one-socket", "")):
            self.assertEqual(cpus(name, socket=1), numbers(usable), name)

    def test_slow_cores(self):
        fast = {"big-little": "4-7", "hybrid": "0-11", "laptop": "0-7"}
        for name, usable in fast.items():
            self.assertEqual(cpus(name, capacity=lab_machine.FASTEST),
                             numbers(usable), name)
        self.assertEqual(cpus("big-little", capacity=530), [0, 1, 2, 3])

    def test_memory(self):
        memory = topologies.facts("gigabyte-pages")["memory"]
        self.assertEqual(memory["available_kib"], 30 * GIB)
        self.assertEqual(memory["huge"]["1048576"], {"total": 30, "free": 2})
        self.assertEqual(memory["nodes"]["1"],
                         {"total_kib": 31.5 * GIB, "available_kib": GIB,
                          "huge": {"1048576": 30}})

    def test_nodes_of_the_largest_mapping(self):
        text = """00400000 default file=/usr/bin/qemu mapped=9 N0=9 \
kernelpagesize_kB=4
7f00 bind:1-2 file=/memfd:ram huge dirty=512 N1=500 N2=12 \
kernelpagesize_kB=2048
7f10 default anon=99999 dirty=99999 N0=99999 kernelpagesize_kB=4
7f20 default"""
        with tempfile.TemporaryDirectory() as root:
            self.assertIsNone(lab_machine.memory_nodes(7, root))
            os.makedirs(root + "/proc/7")
            pathlib.Path(root + "/proc/7/numa_maps").write_text(text, "utf-8")
            self.assertEqual(lab_machine.memory_nodes(7, root), "1,2")

    def test_lists_of_cpus(self):
        self.assertEqual(numbers("0,2-4"), [0, 2, 3, 4])
        for text in ("", "a", "1-", "-1", "1,,2", "3-1"):
            with self.assertRaises(ValueError, msg=text):
                lab_machine.number_list(text)

    def test_what_is_no_list_names_no_cpu(self):
        with tempfile.TemporaryDirectory() as root:
            path = pathlib.Path(root + "/isolated")
            self.assertEqual(lab_machine.listed(path), set())
            for text, cpus in (("", set()), ("(null)", set()),
                               ("1,3-4", {1, 3, 4})):
                path.write_text(text + "\n", "utf-8")
                self.assertEqual(lab_machine.listed(path), cpus)

    def test_this_machine(self):
        """Whatever it is, somebody runs here."""
        self.assertTrue(lab_machine.cpus())
        self.assertLess(0, lab_machine.memory()["available_kib"])
