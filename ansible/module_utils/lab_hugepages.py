# SPDX-License-Identifier: MIT
"""Huge pages for the guests, on top of what the host has reserved.

All who reserve pages share one number a size and NUMA node, so nobody can set
it: what the lab took is added, and taken off again, whatever others add or
take meanwhile. The record says how much that is, and before each change what
is about to change, so that one that was cut off can be told from one that was
made.
"""

import copy
import fcntl
import glob
import os
import re

try:
    from ansible.module_utils.lab_record import boot_id
except ImportError:  # in tests: beside this file
    from lab_record import boot_id

MACHINE = "/sys/kernel/mm/hugepages"
NODES = "/sys/devices/system/node"


class Shortage(Exception):
    """The kernel found no room for so many."""


class Kernel:
    """The pages of one size that this machine has, node by node."""

    def __init__(self, size_kib):
        self.size = f"hugepages-{size_kib}kB"
        found = glob.glob(f"{NODES}/node[0-9]*/hugepages/{self.size}")
        self.folders = {re.search(r"/node(\d+)/", path)[1]: path
                        for path in sorted(found)} or \
            {"0": f"{MACHINE}/{self.size}"}

    def __enter__(self):
        """Two labs that read and write do so one after the other."""
        self.lock = os.open(MACHINE, os.O_RDONLY)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_):
        os.close(self.lock)

    @staticmethod
    def number(path):
        with open(path, encoding="ascii") as file:
            return int(file.read())

    def nodes(self):
        return list(self.folders)

    def total(self, node):
        """Without those that go as soon as who uses them ends."""
        return self.number(f"{self.folders[node]}/nr_hugepages") - \
            self.surplus(node)

    def surplus(self, node):
        return self.number(f"{self.folders[node]}/surplus_hugepages")

    def set(self, node, pages):
        """As many as there is room for."""
        path = f"{self.folders[node]}/nr_hugepages"
        self.write(path, pages)
        if self.total(node) < pages:  # memory in pieces is put together
            self.write("/proc/sys/vm/compact_memory", 1)
            self.write(path, pages)

    @staticmethod
    def write(path, number):
        with open(path, "w", encoding="ascii") as file:
            file.write(str(number))


class Foreseen:
    """A kernel's pages as they would be, were there room for all of them."""

    def __init__(self, kernel):
        self.nodes, self.surplus = kernel.nodes, kernel.surplus
        self.pages = {node: kernel.total(node) for node in kernel.nodes()}

    def total(self, node):
        return self.pages[node]

    def set(self, node, pages):
        self.pages[node] = pages


class Pages:
    """What one lab took of them."""

    def __init__(self, kernel, record, size_kib):
        self.kernel, self.record = kernel, record
        self.name = f"{size_kib} KiB"
        entry = record.find("hugepages", self.name)
        if entry and entry["boot"] != boot_id():
            entry = None  # a reboot left nothing of them
        # A copy: the record tells by its own whether there is news to write.
        self.entry = copy.deepcopy(entry) or {"kind": "hugepages", "name": self.name,
                               "size_kib": size_kib, "boot": boot_id(),
                               "took": {}}
        self.settle()

    def took(self, node):
        return self.entry["took"].get(node, 0)

    def all(self):
        return sum(self.entry["took"].values())

    def by_node(self):
        """Where it took some."""
        return {f"node {node}": count for node, count
                in self.entry["took"].items() if count}

    def settle(self):
        """Count what a change that was begun has done."""
        turning = self.entry.pop("turning", None)
        if not turning:
            return
        node, first, last = (turning[k] for k in ("node", "from", "to"))
        now = self.kernel.total(node)
        reached = max(min(now, max(first, last)), min(first, last))
        self.entry["took"][node] = self.took(node) + reached - first

    def turn(self, node, pages):
        """So many more, or less."""
        first = self.kernel.total(node)
        self.entry["turning"] = {"node": node, "from": first,
                                 "to": first + pages}
        self.write()
        self.kernel.set(node, first + pages)
        self.settle()
        self.write()

    def write(self):
        self.record.add(copy.deepcopy(self.entry))

    def lacking(self, pages):
        """The nodes that hold fewer of ours than they should."""
        return [node for node, count in pages.items()
                if node and self.took(node) < count]

    def reserve(self, pages):
        """pages: by node; "" is any. True if that changes anything."""
        nodes, total = self.kernel.nodes(), sum(pages.values())
        for node in nodes:
            there = min(self.took(node), self.kernel.total(node))
            self.entry["took"][node] = there
        before = dict(self.entry["took"])
        for node in set(self.lacking(pages)) & set(nodes):
            self.turn(node, pages[node] - self.took(node))
        if not self.lacking(pages):
            self.spread(total)
        short = self.shortage(pages)
        if short:
            for node in nodes:
                if self.took(node) > before[node]:
                    self.turn(node, before[node] - self.took(node))
            if not self.all():
                self.record.remove("hugepages", self.name)
            raise Shortage(f"huge pages of {self.name}: {short}")
        self.shed(self.all() - total, pages)
        return self.entry["took"] != before

    def shortage(self, pages):
        """What was wanted and what the kernel had; "" where it is enough."""
        for node in self.lacking(pages):
            return (f"{pages[node]} wanted on node {node}, the kernel found "
                    f"room for {self.took(node)} there")
        if self.all() < sum(pages.values()):
            return (f"{sum(pages.values())} wanted, the kernel found room "
                    f"for {self.all()}")
        return ""

    def spread(self, pages):
        """Evenly; then wherever there is room."""
        nodes = self.kernel.nodes()
        for left in range(len(nodes), 0, -1):
            missing = pages - self.all()
            if missing > 0:
                self.turn(nodes[left - 1], -(-missing // left))
        for node in nodes:
            if len(nodes) > 1 and self.all() < pages:
                self.turn(node, pages - self.all())

    def shed(self, pages, least=None):
        """least: pages by node that stay. Those in use stay with who uses
        them, as surplus pages, and go when that ends:
        Documentation/admin-guide/mm/hugetlbpage.rst."""
        for node in self.kernel.nodes():
            some = min(pages, self.took(node) - (least or {}).get(node, 0))
            if some > 0:
                self.turn(node, -some)
                pages -= some

    def give_back(self):
        """(given, of these still in use)."""
        nodes = self.kernel.nodes()
        given = self.all()
        before = sum(map(self.kernel.surplus, nodes))
        self.shed(given)
        self.record.remove("hugepages", self.name)
        return given, sum(map(self.kernel.surplus, nodes)) - before
