# SPDX-License-Identifier: MIT
"""ansible/module_utils/lab_hugepages.py, on machines that are made up."""

import os
import random
import tempfile
import unittest

import lab_hugepages
from lab_record import Record

SIZE = 2048


class Cut(Exception):
    """The writer was killed."""


class Machine:
    """Nodes with room for some pages; as Kernel."""

    def __init__(self, *room):
        self.room = room
        self.pages = [0] * len(room)
        self.used = [0] * len(room)
        self.kill = None

    def nodes(self):
        return [str(node) for node in range(len(self.room))]

    def total(self, node):
        return self.pages[int(node)]

    def surplus(self, node):
        return max(0, self.used[int(node)] - self.pages[int(node)])

    def set(self, node, pages):
        if self.kill == "before":
            raise Cut
        node = int(node)
        self.pages[node] = min(pages, self.room[node])
        if self.kill == "after":
            raise Cut


class HugePages(unittest.TestCase):
    """Of two labs, each with its record, and of others."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def pages(self, machine, lab, work):
        with Record(os.path.join(self.folder, lab + ".json")) as record:
            return work(lab_hugepages.Pages(machine, record, SIZE))

    def up(self, machine, lab, pages):
        """pages: of any node, or node by node."""
        wanted = pages if isinstance(pages, dict) else {"": pages}
        return self.pages(machine, lab, lambda one: one.reserve(wanted))

    def down(self, machine, lab):
        return self.pages(machine, lab, lambda one: one.give_back())

    def test_two_labs_leave_the_machine_as_it_was(self):
        for order in ("ab", "ba"):
            machine = Machine(9999)
            self.up(machine, "a", 1024)
            self.up(machine, "b", 1024)
            self.assertEqual(machine.pages, [2048])
            self.down(machine, order[0])
            self.assertEqual(machine.pages, [1024])
            self.down(machine, order[1])
            self.assertEqual(machine.pages, [0])

    def test_what_somebody_added_between_stays(self):
        machine = Machine(9999)
        machine.pages[0] = 5
        self.up(machine, "a", 100)
        machine.pages[0] += 40
        self.assertFalse(self.up(machine, "a", 100))
        self.assertEqual(machine.pages, [145])
        self.down(machine, "a")
        self.assertEqual(machine.pages, [45])

    def test_what_is_in_use_goes_when_its_user_ends(self):
        machine = Machine(9999)
        machine.pages[0] = 10
        self.up(machine, "a", 100)
        machine.used[0] = 30
        self.assertEqual(self.down(machine, "a"), (100, 20))
        self.assertEqual(machine.pages, [10])

    def test_a_shortage_changes_nothing(self):
        for room in ((50,), (30, 40)):
            machine = Machine(*room)
            machine.pages[0] = 10
            with self.assertRaises(lab_hugepages.Shortage):
                self.up(machine, "a", 100)
            self.assertEqual(sum(machine.pages), 10)
            self.assertEqual(self.down(machine, "a"), (0, 0))

    def test_more_and_less(self):
        machine = Machine(9999)
        for pages in (100, 300, 50, 50):
            self.up(machine, "a", pages)
            self.assertEqual(machine.pages, [pages])

    def test_nodes_share_and_help_out(self):
        machine = Machine(1000, 1000)
        self.up(machine, "a", 101)
        self.assertEqual(sorted(machine.pages), [50, 51])
        machine = Machine(1000, 10)
        self.up(machine, "b", 100)
        self.assertEqual(machine.pages, [90, 10])

    def test_pages_are_on_the_node_that_is_asked_for(self):
        machine = Machine(1000, 1000)
        self.assertTrue(self.up(machine, "a", {"1": 300}))
        self.assertEqual(machine.pages, [0, 300])
        self.assertFalse(self.up(machine, "a", {"1": 300}))
        self.up(machine, "a", {"0": 200, "1": 100})
        self.assertEqual(machine.pages, [200, 100])
        self.up(machine, "b", {"0": 50})
        self.assertEqual(machine.pages, [250, 100])
        self.down(machine, "a")
        self.assertEqual(machine.pages, [50, 0])

    def test_pages_move_to_the_node_that_is_asked_for(self):
        machine = Machine(1000, 1000)
        machine.pages = [7, 8]
        self.up(machine, "a", 200)
        self.assertEqual(machine.pages, [107, 108])
        asked = {"1": 200}
        self.assertTrue(self.up(machine, "a", asked))
        self.assertEqual(machine.pages, [7, 208])
        self.assertFalse(self.up(machine, "a", asked))

    def test_pages_of_any_node_besides(self):
        machine = Machine(1000, 1000)
        self.up(machine, "a", {"1": 300, "": 100})
        self.assertEqual(sum(machine.pages), 400)
        self.assertLessEqual(300, machine.pages[1])
        self.up(machine, "a", {"1": 300})
        self.assertEqual(machine.pages, [0, 300])

    def test_a_shortage_on_one_node_is_named_and_changes_nothing(self):
        machine = Machine(1000, 50)
        self.up(machine, "a", 40)
        before = list(machine.pages)
        for asked in ({"1": 90}, {"0": 100, "1": 51}, {"2": 1}):
            with self.assertRaises(lab_hugepages.Shortage) as raised:
                self.up(machine, "a", asked)
            self.assertIn(f"node {max(asked)}", str(raised.exception))
            self.assertEqual(machine.pages, before)

    def test_after_a_reboot_there_is_nothing_of_ours(self):
        machine = Machine(9999)
        self.up(machine, "a", 100)
        path = os.path.join(self.folder, "a.json")
        with Record(path) as record:
            record.add({**record.find("hugepages", "2048 KiB"),
                        "boot": "before"})
        machine.pages = [64]
        self.assertEqual(self.down(machine, "a"), (0, 0))
        self.assertEqual(machine.pages, [64])

    def test_cut_off_in_the_middle(self):
        for kill in ("before", "after"):
            for work in (lambda m: self.up(m, "a", 90),
                         lambda m: self.up(m, "a", 10),
                         lambda m: self.down(m, "a")):
                machine = Machine(60, 60)
                machine.pages = [3, 4]
                self.up(machine, "a", 40)
                machine.kill = kill
                with self.assertRaises(Cut):
                    work(machine)
                machine.kill = None
                self.down(machine, "a")
                self.assertEqual(machine.pages, [3, 4], kill)

    def test_whatever_happens_only_what_others_did_remains(self):
        for seed in range(300):
            chosen = random.Random(seed)
            machine = Machine(*chosen.choice(((4000,), (900, 900),
                                              (700, 100, 800))))
            others = [chosen.randint(0, 50) for _ in machine.room]
            machine.pages = list(others)
            for _ in range(chosen.randint(1, 25)):
                self.one_step(chosen, machine, others)
                self.assertTrue(all(has >= other for has, other in
                                    zip(machine.pages, others)), seed)
            for lab in chosen.sample("abc", 3):
                self.down(machine, lab)
            self.assertEqual(machine.pages, others, seed)

    def one_step(self, chosen, machine, others):
        lab = chosen.choice("abc")
        if chosen.random() < 0.3:  # others add, and take what they added
            node = chosen.randrange(len(others))
            count = chosen.randint(-others[node], 40)
            count = min(count, machine.room[node] - machine.pages[node])
            others[node] += count
            machine.pages[node] += count
            return
        machine.kill = chosen.choice((None, None, None, "before", "after"))
        try:
            if chosen.random() < 0.6:
                self.up(machine, lab, {
                    place: chosen.randint(1, 400) for place in chosen.sample(
                        ["", *machine.nodes()], chosen.randint(1, 2))})
            else:
                self.down(machine, lab)
        except (Cut, lab_hugepages.Shortage):
            pass
        machine.kill = None
        # A killed change is found by the next verb, before others change it.
        self.pages(machine, lab, lambda one: one.write())
