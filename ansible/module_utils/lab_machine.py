# SPDX-License-Identifier: MIT
"""The machine below the lab, by what /sys and /proc say of it; a root in
front of them names a description's folder in their place."""

import collections
import glob
import os
import re

FASTEST = 1024  # the scale of the kernel's cpu_capacity
SLOW = FASTEST // 2  # where it says which cores are slow, not how slow


def number_list(text):
    """Of "0,2-3": 0, 2 and 3."""
    numbers = []
    for part in str(text).split(","):
        first, dash, last = part.strip().partition("-")
        last = last if dash else first
        if not (first.isdigit() and last.isdigit()
                and int(first) <= int(last)):
            raise ValueError(text)
        numbers += range(int(first), int(last) + 1)
    return numbers


def number_set(text):
    """The same as a set, which an empty text leaves empty."""
    return set(number_list(text)) if str(text) else set()


def read(path, default=""):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return default


def listed(path):
    """The numbers in one of the kernel's lists. An empty one names none, nor
    does "(null)", which some kernels say."""
    try:
        return set(number_list(read(path)))
    except ValueError:
        return set()


def allowed(root, what):
    """The Cpus or Mems that this process may use; a mask names some that
    are not there, too."""
    found = re.search(rf"^{what}_allowed_list:\s*(\S+)",
                      read(f"{root}/proc/self/status"), re.M)
    return number_set(found[1] if found else "")


def control_groups(root):
    """(where the hierarchy stands, our path in it, the file that says which
    CPUs it leaves) of versions 2 and 1."""
    for line in read(f"{root}/proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield f"{root}/sys/fs/cgroup", path, "cpuset.cpus.effective"
        elif "cpuset" in controllers.split(","):
            yield (f"{root}/sys/fs/cgroup/cpuset", path,
                   "cpuset.effective_cpus")


def cpuset(root):
    """The CPUs that our control group leaves; None where none says so. In a
    container the path may be the host's, of which only the top is seen."""
    for top, path, name in control_groups(root):
        while True:
            text = read(f"{top}{path.rstrip('/')}/{name}")
            if text:
                return set(number_list(text))
            if path in ("", "/"):
                break
            path = os.path.dirname(path)
    return None


def nodes(root):
    """Of NUMA: number -> folder."""
    return {int(re.search(r"node(\d+)$", path)[1]): path for path in
            glob.glob(f"{root}/sys/devices/system/node/node[0-9]*")}


def cpus(root=""):
    """The CPUs that guests may use, and what they share. Nobody may run on
    the isolated ones but who is put there, so our own mask lacks them; a
    control group says whether they are ours.

    core: the first thread of it; capacity: of FASTEST.
    """
    system = f"{root}/sys/devices/system/cpu"
    online = listed(f"{system}/online")
    isolated = listed(f"{system}/isolated")
    slow = listed(f"{root}/sys/devices/cpu_atom/cpus")
    ours = cpuset(root)
    ours = allowed(root, "Cpus") | (isolated if ours is None
                                    else isolated & ours)
    node_of = {cpu: number for number, folder in nodes(root).items()
               for cpu in listed(f"{folder}/cpulist")}
    found = []
    for number in sorted(ours & online):
        base = f"{system}/cpu{number}"
        found.append({
            "cpu": number,
            "isolated": number in isolated,
            "core": min(listed(f"{base}/topology/thread_siblings_list"),
                        default=number),
            "socket": int(read(f"{base}/topology/physical_package_id", "0")),
            "node": node_of.get(number, 0),
            "capacity": int(read(f"{base}/cpu_capacity",
                                 str(SLOW if number in slow else FASTEST))),
        })
    return found


def sizes(text):
    """Of a meminfo, in KiB."""
    return {name: int(kib) for name, kib in
            re.findall(r"([\w()]+):\s+(\d+) kB", text)}


def pools(folder):
    """Of huge pages, by their size in KiB: the folder of each."""
    return {re.search(r"-(\d+)kB$", path)[1]: path
            for path in glob.glob(f"{folder}/hugepages-*kB")}


def node_memory(root):
    """By node, of those that have memory and may be used: what there is,
    what could be had, and how many huge pages of each size it holds."""
    found = {}
    ours = allowed(root, "Mems")
    for number, folder in sorted(nodes(root).items()):
        info = sizes(read(f"{folder}/meminfo"))
        if not info.get("MemTotal") or number not in ours:
            continue
        found[str(number)] = {
            "total_kib": info["MemTotal"],
            # The kernel has no MemAvailable of a node: free, or cached.
            "available_kib": sum(info.get(name, 0) for name in (
                "MemFree", "Active(file)", "Inactive(file)",
                "SReclaimable")),
            "huge": {size: int(read(f"{path}/nr_hugepages", "0")) for
                     size, path in pools(f"{folder}/hugepages").items()},
        }
    return found


def memory(root=""):
    info = sizes(read(f"{root}/proc/meminfo"))
    huge = {size: {
        "total": int(read(f"{path}/nr_hugepages", "0")),
        "free": int(read(f"{path}/free_hugepages", "0"))
        - int(read(f"{path}/resv_hugepages", "0")),
    } for size, path in pools(f"{root}/sys/kernel/mm/hugepages").items()}
    return {"total_kib": info["MemTotal"],
            "available_kib": info["MemAvailable"], "huge": huge,
            "nodes": node_memory(root)}


def memory_nodes(pid, root=""):
    """The nodes that hold a process's largest mapping, a guest's memory;
    None where the kernel knows of no nodes."""
    held = []
    for line in read(f"{root}/proc/{pid}/numa_maps").splitlines():
        pages = {int(node): int(count) for node, count in
                 re.findall(r" N(\d+)=(\d+)", line)}
        size = re.search(r" kernelpagesize_kB=(\d+)", line)
        if pages and size:
            held.append((sum(pages.values()) * int(size[1]), sorted(pages)))
    return ",".join(map(str, max(held)[1])) if held else None


def taken_pages(facts):
    """The huge pages that are the lab's, by the record: size in KiB -> node
    -> pages. A reboot leaves nothing of them."""
    taken = collections.defaultdict(dict)
    for made in facts["record"]:
        if made["kind"] == "hugepages" and made["boot"] == facts["boot"]:
            taken[str(made["size_kib"])] = made["took"]
    return taken
