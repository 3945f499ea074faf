# SPDX-License-Identifier: MIT
"""Knobs of a running machine: read, set, read back, and put back.

A knob is {"kind": "sysctl" | "nic" | "machine", "name": ..., "value": ...}.
What is found is written into the record before anything is changed, so that a
run that was killed is put right by the next one, or by `make restore`. A knob
that is not there, or that does not become what was asked, is Missing: named
with its reason, and never taken for set.

By itself this file is a program for a trader's namespace (t2t-run's before and
after); library/lab_knob.py is the same for machines that Ansible reaches.
"""

import argparse
import glob
import json
import os
import re
import socket
import subprocess
import sys

try:
    from ansible.module_utils.lab_record import Record, boot_id, make_folder
except ImportError:  # as a program: beside this file
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from lab_record import Record, boot_id, make_folder

# How ethtool -K calls them -> how ethtool -k does.
OFFLOADS = {"rx": "rx-checksumming", "tx": "tx-checksumming",
            "sg": "scatter-gather", "tso": "tcp-segmentation-offload",
            "gso": "generic-segmentation-offload",
            "gro": "generic-receive-offload",
            "lro": "large-receive-offload",
            "rxhash": "receive-hashing"}
COALESCING = ("rx-usecs", "rx-frames", "tx-usecs", "tx-frames",
              "adaptive-rx", "adaptive-tx")
RINGS = {"rx-ring": "RX", "tx-ring": "TX"}
NAPI = ("threaded", "napi_defer_hard_irqs", "gro_flush_timeout")
QUEUES = {"rps_cpus": "rx", "xps_cpus": "tx"}
MACHINE = {
    "thp": "/sys/kernel/mm/transparent_hugepage/enabled",
    "thp_defrag": "/sys/kernel/mm/transparent_hugepage/defrag",
    "governor": "/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor",
}


ONE_WAY = "what was once set can't be put back before the next boot"
ACTION = "writing it does something, it has no value to put back"
PROGRAM = "it names a program that the kernel runs"
# Sysctls that no experiment may turn, nor try, and why.
REFUSED = {
    **dict.fromkeys((
        "kernel.modules_disabled", "kernel.kexec_load_disabled",
        "kernel.kexec_load_limit_panic", "kernel.kexec_load_limit_reboot",
        "kernel.unprivileged_bpf_disabled", "kernel.tainted",
        "kernel.printk_devkmsg"), ONE_WAY),
    **dict.fromkeys(("vm.drop_caches", "vm.compact_memory",
                     "vm.stat_refresh", "net.ipv4.tcp_fastopen_key"), ACTION),
    **dict.fromkeys(("kernel.core_pattern", "kernel.modprobe",
                     "kernel.hotplug", "kernel.poweroff_cmd"), PROGRAM),
    **dict.fromkeys(("kernel.hostname", "kernel.domainname"),
                    "it is the machine's name"),
    "kernel.ns_last_pid": "the kernel changes it with each process",
    **dict.fromkeys(("vm.nr_hugepages", "vm.nr_hugepages_mempolicy",
                     "vm.nr_overcommit_hugepages"),
                    "the lab counts the pages of its guests by it; "
                    "domain.hugepage_kib is the knob"),
    "kernel.watchdog": "it sets kernel.nmi_watchdog and "
                       "kernel.soft_watchdog, which are knobs of their own",
    "net.ipv4.ip_forward": "it sets all of an interface's settings to their "
                           "defaults",
}
# Of two such sysctls one is 0, and writing one makes the other so.
PAIRS = (("vm.dirty_bytes", "vm.dirty_ratio"),
         ("vm.dirty_background_bytes", "vm.dirty_background_ratio"),
         ("vm.overcommit_kbytes", "vm.overcommit_ratio"))


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
        return sorted(glob.glob(MACHINE[self.name]))

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
            f"{QUEUES[self.name]}-*/{self.name}"))

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


class Offload(Knob):
    """ethtool -K."""

    def read(self):
        rows = command("ethtool", "-k", self.interface)
        row = re.search(rf"^{OFFLOADS[self.name]}: (on|off)", rows, re.M)
        if not row:
            raise Missing(f"{self.interface} has no {self.name}")
        return row[1]

    def write(self, value):
        command("ethtool", "-K", self.interface, self.name, value)


class Coalescing(Knob):
    """ethtool -C."""

    def read(self):
        rows = command("ethtool", "-c", self.interface)
        if self.name.startswith("adaptive-"):
            word = self.name.removeprefix("adaptive-").upper()
            row = re.search(rf"^Adaptive .*\b{word}: (on|off)", rows, re.M)
        else:
            row = re.search(rf"^{self.name}:\s+(\d+)", rows, re.M)
        if not row:
            raise Missing(f"{self.interface}'s driver has no {self.name}")
        return row[1]

    def write(self, value):
        command("ethtool", "-C", self.interface, self.name, value)


class Ring(Knob):
    """ethtool -G."""

    def read(self):
        rows = command("ethtool", "-g", self.interface)
        row = re.search(rf"^{RINGS[self.name]}:\s+(\d+)",
                        rows.partition("Current")[2], re.M)
        if not row:
            raise Missing(f"{self.interface}'s driver has no {self.name}")
        return row[1]

    def write(self, value):
        command("ethtool", "-G", self.interface,
                self.name.removesuffix("-ring"), value)


class Socket(Knob):
    """An option of a fresh socket: programs set it on their own; here it is
    only asked whether this kernel has it."""

    KIND = socket.SOCK_DGRAM
    # Linux's own numbers, which Python does not name.
    OPTIONS = {
        "rcvlowat": (socket.SOL_SOCKET, 18), "sndlowat": (socket.SOL_SOCKET, 19),
        "busy_poll": (socket.SOL_SOCKET, 46),
        "prefer_busy_poll": (socket.SOL_SOCKET, 69),
        "incoming_cpu": (socket.SOL_SOCKET, 49),
        "priority": (socket.SOL_SOCKET, 12), "tos": (socket.IPPROTO_IP, 1),
        "nodelay": (socket.IPPROTO_TCP, 1), "quickack": (socket.IPPROTO_TCP, 12),
        "notsent_lowat": (socket.IPPROTO_TCP, 25),
        "sndbuf": (socket.SOL_SOCKET, 7),
    }

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.found = ""

    def read(self):
        return self.found

    def write(self, value):
        if self.name not in self.OPTIONS:  # the program reads it back itself
            self.found = value
            return
        number = {"on": 1, "off": 0}.get(value, value)
        with socket.socket(socket.AF_INET, self.KIND) as asked:
            try:
                asked.setsockopt(*self.OPTIONS[self.name], int(number))
                found = asked.getsockopt(*self.OPTIONS[self.name])
            except OSError as error:
                raise Missing(error.strerror) from None
        # The kernel doubles it, for what it keeps beside the bytes.
        found = found // 2 if self.name == "sndbuf" else found
        self.found = value if found == int(number) else str(found)


class Order(Socket):
    """Of the order connection."""

    KIND = socket.SOCK_STREAM


# The kinds that have one class for all names, and those of NICs by name.
KINDS = {"socket": Socket, "order": Order, "sysctl": Sysctl}
NIC = {**dict.fromkeys(OFFLOADS, Offload),
       **dict.fromkeys(COALESCING, Coalescing), **dict.fromkeys(RINGS, Ring),
       **dict.fromkeys(NAPI, Napi), **dict.fromkeys(QUEUES, Queue),
       "irq_affinity": Irq}
NAMES = {"nic": NIC, "machine": dict.fromkeys(MACHINE, Choice)}


def kind_of(knob):
    kind = KINDS.get(knob["kind"]) or \
        NAMES.get(knob["kind"], {}).get(knob["name"])
    if kind is None:
        raise Missing(f"{label(knob)}: no such knob is known")
    return kind


def label(knob):
    return f"{knob['kind']} {knob['name']}"


class Knobs:
    """Those of one machine, or of a namespace on it. machine: path of the
    machine's network namespace, where we are in another one: what that one
    lacks is the machine's."""

    def __init__(self, record, interface, machine=None):
        self.record, self.interface, self.machine = record, interface, machine
        if record:
            make_folder(os.path.dirname(record))

    def knob(self, knob, whole_machine):
        files = Files(self.machine if whole_machine else None)
        return kind_of(knob)(knob["name"], knob.get("interface",
                                                    self.interface), files)

    def scope(self, knob):
        """(knob, is it the whole machine's?): in a namespace, what is there
        and can be written ends with it and needs no record."""
        if knob["kind"] in ("socket", "order"):
            return self.knob(knob, False), False
        if not self.machine or knob["kind"] == "nic":
            return self.knob(knob, False), not self.machine
        own = self.knob(knob, False)
        if knob["name"].startswith("net."):
            try:
                own.write(own.read())
                return own, False
            except Missing:
                pass
        return self.knob(knob, True), True

    def enter(self, knob, before):
        """Before it is changed. What an earlier run found stands."""
        with Record(self.record) as record:
            if not record.find("knob", label(knob)):
                record.add({"kind": "knob", "name": label(knob),
                            "knob": dict(knob, interface=self.interface),
                            "before": before, "boot": boot_id()})

    def set_one(self, knob):
        turned, recorded = self.scope(knob)
        before = turned.read()
        wanted = str(knob["value"])
        if turned.normal(before) != turned.normal(wanted):
            if recorded:
                self.enter(knob, turned.keep())
            turned.write(wanted)
        found = turned.read()
        if turned.normal(found) != turned.normal(wanted):
            raise Missing(f"{label(knob)}: asked for {wanted}, "
                          f"the kernel made it {found}")
        return {"knob": label(knob), "wanted": wanted, "before": before,
                "found": found}

    def look(self, knobs):
        """label -> value; None where it is missing."""
        found = {}
        for knob in knobs:
            try:
                found[label(knob)] = self.scope(knob)[0].read()
            except Missing:
                found[label(knob)] = None
        return found

    def apply(self, knobs):
        """All or nothing: (set, missing)."""
        done = []
        for knob in knobs:
            try:
                done.append(self.set_one(knob))
            except Missing as reason:
                return done, [{"knob": label(knob), "reason": str(reason)}]
        # One may undo another: of some pairs of sysctls one is always 0.
        for knob, one in zip(knobs, done):
            if knob["kind"] in ("socket", "order"):
                continue
            turned = self.scope(knob)[0]
            found = turned.read()
            if turned.normal(found) != turned.normal(one["found"]):
                return done, [{"knob": one["knob"], "reason":
                               f"{one['knob']}: asked for {one['wanted']}, "
                               f"another knob made it {found}"}]
        return done, []

    def probe(self, knobs):
        """Turn them and turn them back: what can't be."""
        missing = self.apply(knobs)[1]
        self.restore()
        return missing

    def restore(self):
        """What the record names, last first: (put back, could not be)."""
        done, failed = [], []
        if not self.record or not os.path.exists(self.record):
            return done, failed
        with Record(self.record) as record:
            entries = [made for made in record.made if made["kind"] == "knob"]
        for entry in reversed(entries):
            # After a reboot the kernel has its own values again.
            if entry["boot"] == boot_id():
                try:
                    self.knob(entry["knob"], bool(self.machine)).put_back(
                        entry["before"])
                    done.append(entry["name"])
                except Missing as reason:
                    failed.append({"knob": entry["name"],
                                   "reason": str(reason)})
                    continue
            with Record(self.record) as record:
                record.remove("knob", entry["name"])
        return done, failed

# A namespace sees its own devices only in a sysfs of its own.
ENTER = "mount -t sysfs none /sys && exec \"$@\""
RIG = ("ip link add trader0 type veth peer name exchange0 && "
       "ip link set trader0 up && ip link set exchange0 up && " + ENTER)


def reenter(arguments, script, unshare, machine):
    """This program again, in a mount namespace (and a network one). In a
    chroot, where / is no mount point, unshare(1) can't make it private: whoever
    made the chroot has."""
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        private = any(line.split()[4] == "/" for line in mounts)
    os.execvp("unshare", [
        "unshare", "--mount", "--propagation",
        "private" if private else "unchanged", *unshare,
        "sh", "-c", script, "sh", sys.executable, os.path.abspath(__file__),
        *arguments, "--machine", machine])


def knobs_argument(text):
    knobs = json.loads(text)
    return knobs if isinstance(knobs, dict) else {"set": knobs, "read": []}


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("verb", choices=["apply", "probe", "restore", "dump"])
    parser.add_argument("--record", required=True)
    parser.add_argument("--interface", default="trader0")
    parser.add_argument("--knobs", type=knobs_argument,
                        default={"set": [], "read": []})
    parser.add_argument("--namespace", action="store_true",
                        help="we are in a namespace of the caller's making")
    parser.add_argument("--rig", action="store_true",
                        help="make such a namespace and its veth pair first")
    parser.add_argument("--machine", default="")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    if not options.machine and options.rig:
        # The machine's namespace is that of whoever waits for us.
        reenter(arguments, RIG, ["--net"], f"/proc/{os.getppid()}/ns/net")
    if not options.machine and options.namespace:
        reenter(arguments, ENTER, [], f"/proc/{os.getppid()}/ns/net")
    knobs = Knobs(options.record, options.interface, options.machine or None)
    result, bad = {}, []
    if options.verb == "apply":
        # A run that was killed may have left its own.
        knobs.restore()
        done, bad = knobs.apply(options.knobs["set"])
        result = {"set": done, "missing": bad,
                  "found": knobs.look(options.knobs["read"])}
        if bad:
            knobs.restore()
    elif options.verb == "probe":
        result = {"missing": knobs.probe(options.knobs["set"])}
    elif options.verb == "dump":
        result = knobs.look(options.knobs["set"])
    else:
        # As the run left them: who compares learns what moved underway.
        found = knobs.look(options.knobs["read"])
        done, bad = knobs.restore()
        result = {"restored": done, "failed": bad, "found": found}
    print(json.dumps(result, indent=2))
    for one in bad:
        print(f"{one['knob']}: {one['reason']}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
