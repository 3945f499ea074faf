# SPDX-License-Identifier: MIT
"""The knobs of a running machine: how each is read and written, and which there
are. A new one is a row of NIC or MACHINE; a class too if none fits."""

import collections
import functools
import glob
import json
import os
import re
import socket
import subprocess
import time

try:
    from ansible.module_utils.lab_nic_driver import PROGRAMS, NicDriver, \
        Refused
    from ansible.module_utils.lab_sysctl import PAIRS, REFUSED
    from ansible.module_utils.lab_value import FLAG, number, text, words
except ImportError:  # of a program: beside this file
    from lab_nic_driver import PROGRAMS, NicDriver, Refused
    from lab_sysctl import PAIRS, REFUSED
    from lab_value import FLAG, number, text, words


# Autonegotiation takes seconds: two to four of 1000BASE-T.
CARRIER_S = 20


class Missing(Exception):
    """This machine has no such knob, or it can't be turned that way."""


def command(*argv):
    """What it prints; Missing where it fails."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True,
                              check=False)
    except FileNotFoundError:
        raise Missing(f"no {argv[0]} here") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().split("\n")[0]
        raise Missing(f"{' '.join(argv)}: {said}")
    return done.stdout


@functools.lru_cache
def shown(*argv):
    """What a command prints that only looks, once until something is changed:
    each costs an emulated guest a tenth of a second."""
    return command(*argv)


def change(*argv):
    """By a command."""
    shown.cache_clear()
    command(*argv)


class Files:
    """Of one namespace: this one, or that of machine (a path), by
    nsenter(1)."""

    def __init__(self, machine=None):
        self.enter = ["nsenter", f"--net={machine}", "--"] if machine else []

    def read(self, path):
        if self.enter:
            return command(*self.enter, "cat", path).strip()
        try:
            with open(path, encoding="utf-8") as file:
                return file.read().strip()
        except OSError as error:
            raise Missing(f"{path}: {error.strerror}") from None

    def write(self, path, text):
        shown.cache_clear()
        if self.enter:
            command(*self.enter, "sh", "-c", 'echo "$1" >"$0"', path, text)
            return
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise Missing(f"{path} does not take {text}: "
                          f"{error.strerror}") from None


class Knob:
    """One of them. read() and write() speak the kernel's own words."""

    def __init__(self, name, interface, files):
        self.name, self.interface, self.files = name, interface, files

    def paths(self):
        raise NotImplementedError

    def all_paths(self):
        paths = self.paths()
        if not paths:
            raise Missing(f"{self.name}: this machine has none")
        return paths

    def read(self):
        """One value, or one a file where they differ."""
        values = [self.files.read(path) for path in self.all_paths()]
        return values[0] if len(set(values)) == 1 else "; ".join(values)

    def write(self, value):
        paths = self.all_paths()
        values = value.split("; ")
        values = values if len(values) == len(paths) else [value] * len(paths)
        for path, one in zip(paths, values):
            self.files.write(path, one)

    def keep(self):
        """What put_back() needs, read before it is turned."""
        return self.read()

    def put_back(self, kept):
        if self.normal(self.read()) == self.normal(kept):
            return
        self.write(kept)
        found = self.read()
        if self.normal(found) != self.normal(kept):
            raise Missing(f"{self.name}: was {kept}, is {found}")

    @staticmethod
    def normal(value):
        """Two that mean the same become the same."""
        return " ".join(str(value).split())


class Sysctl(Knob):
    """sysctl(8)."""

    OTHERS = {one: other for pair in PAIRS
              for one, other in (pair, pair[::-1])}

    def paths(self):
        if self.name in REFUSED:
            raise Missing(f"{self.name}: {REFUSED[self.name]}")
        return ["/proc/sys/" + self.name.replace(".", "/")]

    def other(self):
        """The one that this one makes 0."""
        return type(self)(self.OTHERS[self.name], self.interface, self.files)

    def keep(self):
        value = self.read()
        return f"other {self.other().read()}" \
            if value == "0" and self.name in self.OTHERS else value

    def put_back(self, kept):
        word, _, value = kept.partition("other ")
        turned, value = (self, kept) if word or not value else \
            (self.other(), value)
        super(Sysctl, turned).put_back(value)


class Choice(Knob):
    """One word in brackets among others."""

    def paths(self):
        return sorted(glob.glob(MACHINE[self.name].detail))

    def read(self):
        found = super().read()
        chosen = re.search(r"\[(\S+)\]", found)
        return chosen[1] if chosen else found


class Napi(Knob):
    """Of a device."""

    def paths(self):
        return [f"/sys/class/net/{self.interface}/{self.name}"]


class Queue(Knob):
    """Masks of CPUs, one a queue."""

    def paths(self):
        return sorted(glob.glob(
            f"/sys/class/net/{self.interface}/queues/"
            f"{NIC[self.name].detail}-*/{self.name}"))

    @staticmethod
    def normal(value):
        return "; ".join(f"{int(mask.replace(',', '') or '0', 16):x}"
                         for mask in str(value).split("; "))


class Irq(Knob):
    """All interrupts of the NIC."""

    SYS = "/sys"

    def bus(self, folder):
        return os.path.basename(os.path.realpath(folder + "/subsystem"))

    def numbers(self):
        folder = os.path.realpath(
            f"{self.SYS}/class/net/{self.interface}/device")
        if not os.path.isdir(folder):
            raise Missing(f"{self.interface} has no interrupt of its own")
        # virtio's interrupts are those of the PCI device above it; above that
        # are bridges, whose interrupts are none of the NIC's.
        if self.bus(folder) == "virtio":
            folder = os.path.dirname(folder)
        if self.bus(folder) != "pci":
            raise Missing(f"{self.interface} is on the bus "
                          f"{self.bus(folder) or 'unknown'}: which interrupts "
                          "it has is known of PCI alone")
        found = glob.glob(folder + "/msi_irqs/*")
        if found:
            return sorted((os.path.basename(path) for path in found), key=int)
        # An older NIC has one line, INTx.
        line = self.files.read(folder + "/irq")
        if line == "0":
            raise Missing(f"{self.interface} has no interrupt")
        return [line]

    def paths(self):
        return [f"/proc/irq/{number}/smp_affinity_list"
                for number in self.numbers()]

    @staticmethod
    def normal(value):
        """"0-1" and "0,1" are the same."""
        lists = []
        for text in str(value).split("; "):
            cpus = set()
            for part in text.split(","):
                first, _, last = part.partition("-")
                cpus |= set(range(int(first), int(last or first) + 1))
            lists.append(",".join(map(str, sorted(cpus))))
        return "; ".join(lists) if len(set(lists)) > 1 else lists[0]


class Nic(Knob):
    """What ethtool(8) turns. Many drivers take the link down for it, and a
    trial that begins meanwhile loses what is sent."""

    def carrier(self):
        try:
            return self.files.read(
                f"/sys/class/net/{self.interface}/carrier") == "1"
        except Missing:  # the interface is down
            return False

    def turn(self, *argv):
        was, until = self.carrier(), time.monotonic() + CARRIER_S
        change("ethtool", *argv)
        while was and not self.carrier():
            if time.monotonic() > until:
                raise Missing(f"{self.interface}: no carrier {CARRIER_S} s "
                              f"after ethtool {' '.join(argv)}")
            time.sleep(0.05)


class Offload(Nic):
    """ethtool -K."""

    def read(self):
        rows = shown("ethtool", "-k", self.interface)
        row = re.search(rf"^{NIC[self.name].detail}: (on|off)", rows, re.M)
        if not row:
            raise Missing(f"{self.interface} has no {self.name}")
        return row[1]

    def write(self, value):
        self.turn("-K", self.interface, self.name, value)


class Coalescing(Nic):
    """ethtool -C."""

    def read(self):
        rows = shown("ethtool", "-c", self.interface)
        if self.name.startswith("adaptive-"):
            word = self.name.removeprefix("adaptive-").upper()
            row = re.search(rf"^Adaptive .*\b{word}: (on|off)", rows, re.M)
        else:
            row = re.search(rf"^{self.name}:\s+(\d+)", rows, re.M)
        if not row:
            raise Missing(f"{self.interface}'s driver has no {self.name}")
        return row[1]

    def write(self, value):
        self.turn("-C", self.interface, self.name, value)


class Ring(Nic):
    """ethtool -G."""

    def read(self):
        rows = shown("ethtool", "-g", self.interface)
        row = re.search(rf"^{NIC[self.name].detail}:\s+(\d+)",
                        rows.partition("Current")[2], re.M)
        if not row:
            raise Missing(f"{self.interface}'s driver has no {self.name}")
        return row[1]

    def write(self, value):
        self.turn("-G", self.interface,
                  self.name.removesuffix("-ring"), value)


class RdmaLink(Knob):
    """Soft-RoCE on the interface: rdma-link(8). Not beside RDMA of the NIC's
    own: programs say which address, not which device. Modules that were loaded
    for it stay."""

    SYS = "/sys"
    MODULES = ("rdma_rxe", "rdma_ucm", "ib_uverbs")

    def links(self, soft=True):
        # It comes with the first module of RDMA's.
        if not os.path.exists(f"{self.SYS}/class/infiniband"):
            return []
        rows = json.loads(shown("rdma", "-j", "link", "show") or "[]")
        # Of soft devices alone sysfs says whose they are.
        return [row["ifname"] for row in rows
                if row.get("netdev") == self.interface and soft ==
                os.path.exists(
                    f"{self.SYS}/class/infiniband/{row['ifname']}/parent")]

    def read(self):
        return "rxe" if self.links() else "none"

    def write(self, value):
        if value == "none":
            for link in self.links():
                change("rdma", "link", "delete", link)
            return
        own = self.links(soft=False)
        if own:
            raise Missing(f"{self.interface} has RDMA of its own, {own[0]}: "
                          "take rdma_link away")
        for module in self.MODULES:
            change("modprobe", module)
        change("rdma", "link", "add", f"rxe_{self.interface}", "type", "rxe",
               "netdev", self.interface)


class Driver(Knob):
    """Which driver has the NIC: the kernel's, or one for programs."""

    def by(self, done, *arguments):
        shown.cache_clear()
        try:
            return done(NicDriver(self.interface, command), *arguments)
        except Refused as reason:
            raise Missing(str(reason)) from None

    def read(self):
        return self.by(NicDriver.driver)

    def write(self, value):
        self.by(NicDriver.give, value)

    def keep(self):
        return json.dumps(self.by(NicDriver.keep))

    def put_back(self, kept):
        self.by(NicDriver.put_back, json.loads(kept))


class Socket(Knob):
    """An option of a fresh socket: programs set it on their own; here it is
    only asked whether this kernel has it. option: as t2t-probe --options tells
    it; None where the program alone can read it back."""

    KIND = socket.SOCK_DGRAM

    def __init__(self, *arguments, option=None):
        super().__init__(*arguments)
        self.option, self.found = option, ""

    def read(self):
        return self.found

    def write(self, value):
        if not self.option:
            self.found = value
            return
        wanted = int({"on": 1, "off": 0}.get(value, value))
        place = self.option["level"], self.option["option"]
        with socket.socket(socket.AF_INET, self.KIND) as asked:
            try:
                asked.setsockopt(*place, wanted)
                found = asked.getsockopt(*place)
            except OSError as error:
                raise Missing(error.strerror) from None
        found = found // 2 if self.option["doubled"] else found
        self.found = value if found == wanted else str(found)


class Order(Socket):
    """Of the order connection."""

    KIND = socket.SOCK_STREAM


# turned_by: the class; value: as lab_value.py has it; detail: what the class
# has to know beside the name.
Row = collections.namedtuple("Row", "turned_by value detail", defaults=[None])
MASK = text(r"[0-9a-f,]+", "a hexadecimal mask")
CPUS = text(r"\d+(-\d+)?(,\d+(-\d+)?)*", "CPUs, as in 0,2-3")
NIC = {
    # As ethtool -K calls it, and ethtool -k.
    "rx": Row(Offload, FLAG, "rx-checksumming"),
    "tx": Row(Offload, FLAG, "tx-checksumming"),
    "sg": Row(Offload, FLAG, "scatter-gather"),
    "tso": Row(Offload, FLAG, "tcp-segmentation-offload"),
    "gso": Row(Offload, FLAG, "generic-segmentation-offload"),
    "gro": Row(Offload, FLAG, "generic-receive-offload"),
    "lro": Row(Offload, FLAG, "large-receive-offload"),
    "rxhash": Row(Offload, FLAG, "receive-hashing"),
    "adaptive-rx": Row(Coalescing, FLAG),
    "adaptive-tx": Row(Coalescing, FLAG),
    "rx-usecs": Row(Coalescing, number(0, 100000)),
    "rx-frames": Row(Coalescing, number(0, 100000)),
    "tx-usecs": Row(Coalescing, number(0, 100000)),
    "tx-frames": Row(Coalescing, number(0, 100000)),
    "rx-ring": Row(Ring, number(1, 65536), "RX"),
    "tx-ring": Row(Ring, number(1, 65536), "TX"),
    "rps_cpus": Row(Queue, MASK, "rx"),
    "xps_cpus": Row(Queue, MASK, "tx"),
    "threaded": Row(Napi, number(0, 1)),
    "napi_defer_hard_irqs": Row(Napi, number(0, 1000000)),
    "gro_flush_timeout": Row(Napi, number(0, 10**9)),
    "irq_affinity": Row(Irq, CPUS),
    "rdma_link": Row(RdmaLink, words("rxe", "none")),
    "driver": Row(Driver, words("kernel", *PROGRAMS)),
}
# The files that have the value.
MACHINE = {
    "thp": Row(Choice, words("always", "madvise", "never"),
               "/sys/kernel/mm/transparent_hugepage/enabled"),
    "thp_defrag": Row(Choice, words("always", "defer", "defer+madvise",
                                    "madvise", "never"),
                      "/sys/kernel/mm/transparent_hugepage/defrag"),
    "governor": Row(Choice, words("performance", "powersave", "schedutil",
                                  "ondemand", "conservative", "userspace"),
                    "/sys/devices/system/cpu/cpu[0-9]*/cpufreq/"
                    "scaling_governor"),
}
TABLES = {"nic": NIC, "machine": MACHINE}
# The kinds that have one class for all names.
CLASSES = {"socket": Socket, "order": Order, "sysctl": Sysctl}


def label(knob):
    return f"{knob['kind']} {knob['name']}"


def knob_of(knob, interface, files):
    """The object that turns it; Missing where the name is none."""
    kind, name = knob["kind"], knob["name"]
    if issubclass(CLASSES.get(kind, Knob), Socket):
        return CLASSES[kind](name, interface, files,
                             option=knob.get("read_back"))
    if kind in CLASSES:
        return CLASSES[kind](name, interface, files)
    row = TABLES.get(kind, {}).get(name)
    if row is None:
        raise Missing(f"{label(knob)}: no such knob is known")
    return row.turned_by(name, interface, files)
