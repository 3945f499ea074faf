# SPDX-License-Identifier: MIT
"""The doctor's rows about CPUs, nodes of NUMA, and memory."""

import collections

from lab_machine import number_list, taken_pages
from lab_row import must, row


Pin = collections.namedtuple("Pin", "guest knob text cpus")


def numbers(text):
    """None where it is malformed."""
    try:
        return set(number_list(text))
    except ValueError:
        return None


def pins_of(plan):
    """Each pin that a guest has."""
    for name, domain in plan.items():
        knobs = [(f"domain_vcpupin[{i}]", cpus)
                 for i, cpus in enumerate(domain["vcpupin"])]
        knobs += [(f"domain_{knob}", domain[knob])
                  for knob in ("emulatorpin", "iothreadpin") if domain[knob]]
        for knob, cpus in knobs:
            yield Pin(name, knob, cpus, numbers(cpus))


def vcpus_of(plan, name):
    """The pins of a guest's vCPUs, but malformed ones."""
    return [pin for pin in pins_of(plan) if pin.guest == name
            and pin.knob.startswith("domain_vcpupin") and pin.cpus]


def listing(numbers):
    return ",".join(map(str, sorted(numbers)))


def cpu_rows(facts, plan):
    count = len({cpu["core"] for cpu in facts["cpus"]})
    needed = 1 + sum(int(domain["vcpus"]) + 1 for domain in plan.values())
    rows = [row("cores", count, f"{needed} or more",
                "ok" if count >= needed else "note",
                "emulators, exchange and host share cores; figures are "
                "noisier")]
    for name, domain in plan.items():
        if len(domain["vcpupin"]) > int(domain["vcpus"]):
            rows.append(must(f"{name}: domain_vcpupin",
                             f"{len(domain['vcpupin'])} pins",
                             f"at most {domain['vcpus']}, one a vCPU", False,
                             f"shorten domain_vcpupin of {name}"))
    return rows + [*usable_rows(facts, plan), *vcpu_rows(facts, plan),
                   *real_time_rows(facts, plan)]


def usable_rows(facts, plan):
    """Pins to what guests may use."""
    usable = {cpu["cpu"] for cpu in facts["cpus"]}
    for pin in pins_of(plan):
        off = pin.text if pin.cpus is None else listing(pin.cpus - usable)
        if off:
            yield must(f"{pin.guest}: {pin.knob}", f"CPU {off}",
                       f"of those online: {listing(usable)}", False,
                       f"set {pin.knob} of {pin.guest} to auto or to CPUs "
                       "online")


def others_on(plan, pin, cpus):
    """The settings that pin somebody else to one of them."""
    return [f"{other.guest}'s {other.knob}" for other in pins_of(plan)
            if other[:2] != pin[:2] and other.cpus and other.cpus & cpus]


def vcpu_rows(facts, plan):
    """What is measured has cores of its own, and fast ones."""
    core = {cpu["cpu"]: cpu["core"] for cpu in facts["cpus"]}
    capacity = {cpu["cpu"]: cpu["capacity"] for cpu in facts["cpus"]}
    fast = {cpu for cpu in core if capacity[cpu] == max(capacity.values())}
    for pin in [pin for name, domain in plan.items()
                if domain["role"] == "trader" for pin in vcpus_of(plan, name)
                if pin.cpus <= set(core)]:
        check, mine = f"{pin.guest}: {pin.knob}", {core[cpu]
                                                   for cpu in pin.cpus}
        others = others_on(plan, pin, {cpu for cpu in core
                                       if core[cpu] in mine})
        if others:
            yield row(check, f"CPU {listing(pin.cpus)} shares its core with "
                      + ", ".join(others), "a core of its own", "note",
                      "one waits for the other: pin one of them elsewhere")
        if pin.cpus - fast:
            yield row(check,
                      f"CPU {listing(pin.cpus - fast)} is a slow one",
                      f"of the fast ones: {listing(fast)}", "note",
                      f"set {pin.knob} of {pin.guest} to one of these")


def alone(plan, name):
    """Who is pinned to CPUs of the guest's vCPUs besides each of them, and
    whether all its vCPUs are pinned."""
    vcpus = vcpus_of(plan, name)
    return (sorted({other for pin in vcpus
                    for other in others_on(plan, pin, pin.cpus)}),
            len(vcpus) >= int(plan[name]["vcpus"]))


def real_time_rows(facts, plan):
    """A guest that spins would starve whoever else is put there."""
    taken = {cpu for pin in pins_of(plan) if pin.cpus
             and pin.knob.startswith("domain_vcpupin") for cpu in pin.cpus}
    for name, domain in plan.items():
        others, pinned = alone(plan, name)
        for thread in ("emulator", "iothread"):
            pin = numbers(domain[f"{thread}pin"] or "") or set()
            if int(domain[f"{thread}_fifo"]) and (not pin or pin & taken):
                yield must(f"{name}: domain_{thread}_fifo",
                           f"on CPU {listing(pin & taken)} with a vCPU"
                           if pin else "not pinned", "CPUs without a vCPU",
                           False, f"set domain_{thread}_fifo of {name} to 0, "
                           f"or domain_{thread}pin to such CPUs")
        knobs = [f"domain_{who}_fifo" for who in
                 ("vcpu", "emulator", "iothread")
                 if int(domain[f"{who}_fifo"])]
        if knobs and not facts["fifo"]:
            yield must(f"{name}: {', '.join(knobs)}",
                       "the kernel lets nobody run so here",
                       "SCHED_FIFO is permitted", False,
                       "give this control group cpu.rt_runtime_us, or set "
                       f"{' and '.join(knobs)} of {name} to 0")
        if int(domain["vcpu_fifo"]) and (others or not pinned):
            yield must(f"{name}: domain_vcpu_fifo",
                       "vCPUs are not pinned" if not pinned else
                       "vCPUs share CPUs with " + ", ".join(others),
                       "CPUs of their own", False,
                       f"set domain_vcpu_fifo of {name} to 0, or "
                       "domain_vcpupin to CPUs of its own")


def running(facts, domain):
    return facts["libvirt"]["domains"].get(domain["name"], {}).get("running")


def pages_of(domain, size):
    return -(-int(domain["memory_mib"]) * 1024 // size)


def memory_rows(facts, plan):
    rows = []
    normal_kib, huge = 0, {}
    mine = taken_pages(facts)
    for domain in plan.values():
        size = int(domain["hugepage_kib"])
        if size:
            huge[size] = huge.get(size, 0) + pages_of(domain, size)
        elif not running(facts, domain):
            normal_kib += int(domain["memory_mib"]) * 1024
    available = facts["memory"]["available_kib"]
    for size, pages in huge.items():
        pool = facts["memory"]["huge"].get(str(size))
        label = f"huge pages of {size} KiB"
        if pool is None:
            sizes = ", ".join(sorted(facts["memory"]["huge"], key=int))
            rows.append(must(label, f"sizes {sizes or 'none'}",
                             f"size {size}", False,
                             "set domain_hugepage_kib to one of these, or to "
                             "0 for ordinary memory"))
            continue
        # Those that are free are somebody's; the lab adds its own.
        there = min(sum(mine[str(size)].values()), pool["total"])
        missing = max(0, pages - there)
        normal_kib += missing * size
        rows.append(row(label, f"{there} of the lab's", f"{pages}",
                        "ok" if not missing else
                        "note" if missing * size <= available else "FAIL",
                        f"make up reserves the {missing} that are missing"
                        if missing * size <= available else
                        f"{missing * size // 1024} MiB more than the memory "
                        "that is free; lower domain_memory_mib, or set "
                        "domain_hugepage_kib to 0"))
    rows.append(must("memory", f"{available // 1024} MiB available",
                     f"{normal_kib // 1024} MiB for guests not yet running",
                     normal_kib <= available, "lower domain_memory_mib"))
    return rows + [*node_rows(facts, plan), *near_rows(facts, plan)]


def nodes_of(domain):
    """Those that its memory is bound to; None where it is malformed."""
    return numbers(domain["memory_node"]) if domain["memory_node"] else set()


def missing_kib(facts, plan, node):
    """What guests whose memory is on that node alone still need there."""
    mine, needed, total = taken_pages(facts), {}, 0
    for domain in plan.values():
        size = int(domain["hugepage_kib"])
        if nodes_of(domain) != {int(node)}:
            continue
        if size:
            needed[size] = needed.get(size, 0) + pages_of(domain, size)
        elif not running(facts, domain):
            total += int(domain["memory_mib"]) * 1024
    return total + sum(
        max(0, pages - mine[str(size)].get(node, 0)) * size
        for size, pages in needed.items())


def node_rows(facts, plan):
    """Memory on the node that it is to be on."""
    there = facts["memory"]["nodes"]
    for node in sorted({str(node) for domain in plan.values()
                        for node in nodes_of(domain) or ()} & set(there)):
        missing = missing_kib(facts, plan, node)
        if missing:
            available = there[node]["available_kib"]
            yield must(f"memory of node {node}",
                       f"{available // 1024} MiB available",
                       f"{missing // 1024} MiB for guests not yet running",
                       missing <= available,
                       "lower domain_memory_mib, or set domain_memory_node "
                       f"to another of {','.join(there)}, or to \"\" for any")


def near_rows(facts, plan):
    """Nodes that have memory, and the vCPUs beside it."""
    there = facts["memory"]["nodes"]
    node_of = {cpu["cpu"]: cpu["node"] for cpu in facts["cpus"]}
    for name, domain in plan.items():
        check, nodes = f"{name}: domain_memory_node", nodes_of(domain)
        near = {node_of[cpu] for pin in vcpus_of(plan, name)
                for cpu in pin.cpus if cpu in node_of}
        if nodes is None or {*map(str, nodes)} - set(there):
            yield must(check, f"node {domain['memory_node']}",
                       "nodes with memory: " + (",".join(there) or "none"),
                       False, f"set domain_memory_node of {name} to auto or "
                       "to one of these")
        elif len(there) > 1 and nodes and near - nodes:
            yield row(check, f"vCPUs on node {listing(near)}",
                      f"on node {listing(nodes)}, as memory is", "note",
                      f"set domain_memory_node of {name} to auto: each "
                      "access goes from node to node")
        elif near and there and not nodes and \
                not {*map(str, near)} & set(there):
            yield row(check, f"node {listing(near)} has no memory for guests",
                      "memory beside the vCPUs", "note",
                      "another node's is taken: set domain_vcpupin of "
                      f"{name} to auto, or to CPUs of node "
                      + " or ".join(there))
