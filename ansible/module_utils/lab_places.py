# SPDX-License-Identifier: MIT
"""Where guests run: CPUs and nodes of NUMA for who is pinned by "auto"."""

import collections

from lab_machine import number_list, taken_pages

PINS = ("vcpupin", "emulatorpin", "iothreadpin")
Core = collections.namedtuple("Core", "cpus node socket capacity isolated")


def cores(cpus):
    """What threads share."""
    threads = collections.defaultdict(list)
    for cpu in cpus:
        threads[cpu["core"]].append(cpu)
    if len(threads) == 1:  # one core with two threads is two places
        threads = {cpu["cpu"]: [cpu] for cpu in cpus}
    return [Core([cpu["cpu"] for cpu in core], core[0]["node"],
                 core[0]["socket"], core[0]["capacity"],
                 any(cpu["isolated"] for cpu in core))
            for core in threads.values()]


def asked(domain, *knobs):
    """The CPUs, or nodes, that settings name; of what is malformed none: the
    doctor refuses that."""
    found = set()
    for knob in knobs:
        value = domain[knob]
        for text in value if isinstance(value, (list, tuple)) else [value]:
            try:
                found |= set(number_list(text))
            except ValueError:
                continue
    return found


def room(facts):
    """Of each node, in KiB, whoever runs: a guest that does must not move
    by that, so neither what is free counts nor the lab's own pages."""
    taken = taken_pages(facts)
    left = {}
    for node, memory in facts["memory"]["nodes"].items():
        others = sum((pages - taken[size].get(node, 0)) * int(size)
                     for size, pages in memory["huge"].items())
        left[int(node)] = memory["total_kib"] - others
    return left


class Places:
    """Cores that nobody has yet, and room beside them."""

    def __init__(self, facts, guests):
        every = cores(facts["cpus"])
        there = set().union(*(core.cpus for core in every))
        named = set().union(*(asked(domain, *PINS[:2])
                              for domain in guests.values()))
        self.free = [core for core in every
                     if named.isdisjoint(core.cpus)] or every
        self.node_of = {cpu["cpu"]: cpu["node"] for cpu in facts["cpus"]}
        self.cores = collections.Counter(core.node for core in every)
        self.isolated = collections.Counter(core.node for core in every
                                            if core.isolated)
        self.room = room(facts)
        self.guests = guests
        self.need = {name: int(domain["memory_mib"]) * 1024
                     for name, domain in guests.items()}
        # Where the guests are, by what is asked for or by the first's choice.
        self.home = {name: self.node_of[min(cpus)] for name, cpus in
                     ((name, asked(domain, "vcpupin") & there)
                      for name, domain in guests.items()) if cpus}
        first = next(iter(guests))
        if first not in self.home:
            self.home[first] = min(self.free, key=self.merits(first)).node

    def merits(self, name):
        """What a core is chosen by for a vCPU: memory, the company of the
        guests before, a node where nobody is put by the scheduler or with
        many cores; and the same of the core itself."""
        nodes = asked(self.guests[name], "memory_node")
        needs = (self.need[name], sum(self.need.values()))
        near = next(iter(self.home.values()), None)
        near = self.home.get(name, near)

        def merit(core):
            left = self.room.get(core.node, 0 if self.room else needs[1])
            return (bool(nodes) and core.node not in nodes,
                    sum(left < need for need in needs),
                    near is not None and core.node != near,
                    -self.isolated[core.node], -self.cores[core.node],
                    core.node, not core.isolated, -core.capacity,
                    core.socket, core.cpus[0])
        return merit

    def take(self, merit):
        core = min(self.free, key=merit)
        self.free.remove(core)
        return core

    def host(self):
        """Of whoever is pinned to nothing, so it must not be isolated; the
        first one, where interrupts go."""
        home = next(iter(self.home.values()))
        core = self.take(lambda core: (core.isolated, core.node != home,
                                       core.cpus[0]))
        return ",".join(map(str, core.cpus))

    def vcpus(self, name, shared):
        """Whole cores while they last."""
        wanted, own = int(self.guests[name]["vcpus"]), []
        if not asked(self.guests[name], "vcpupin"):
            while self.free and len(own) < wanted:
                core = self.take(self.merits(name))
                self.home.setdefault(name, core.node)
                own.append(str(core.cpus[0]))
        self.home.setdefault(name, next(iter(self.home.values())))
        if self.home[name] in self.room:
            self.room[self.home[name]] -= self.need[name]
        self.need[name] = 0
        # More vCPUs than cores are left: they take turns on what there is.
        return [own[i % len(own)] if own else shared for i in range(wanted)]

    def emulator(self, name, shared):
        """Beside its guest, and rather not where the scheduler puts nobody:
        that is for who spins or is woken."""
        if not self.free or asked(self.guests[name], "emulatorpin"):
            return shared
        core = self.take(lambda core: (core.node != self.home[name],
                                       core.isolated, -core.capacity,
                                       core.socket, core.cpus[0]))
        return str(core.cpus[0])


def places(facts, guests):
    """Each guest's share, by the settings that may be auto. The host keeps a
    core, with whoever got none of their own.

    guests: name -> settings, in the order in which they choose.
    """
    if not guests or len(facts["cpus"]) < 2:
        return {name: {"vcpupin": [], "emulatorpin": "", "iothreadpin": ""}
                for name in guests}
    left = Places(facts, guests)
    shared = left.host()
    vcpus = {name: left.vcpus(name, shared) for name in guests}
    return {name: {"vcpupin": vcpus[name], "iothreadpin": shared,
                   "emulatorpin": left.emulator(name, shared)}
            for name in guests}


def memory_node(facts, pins):
    """The nodes of the vCPUs that have memory; "" is any, where there is
    nothing to choose or nobody is pinned."""
    node_of = {cpu["cpu"]: cpu["node"] for cpu in facts["cpus"]}
    there = facts["memory"]["nodes"]
    if len(there) < 2:
        return ""
    nodes = {node_of.get(cpu) for cpu in asked({"pins": pins}, "pins")}
    return ",".join(str(node) for node in sorted(nodes - {None})
                    if str(node) in there)
