# SPDX-License-Identifier: MIT
"""What there is of a NIC and its interface, as it is kept before a program is
given the NIC (lab_nic_driver.py), and compared afterwards."""

import glob
import json
import os
import re

PROGRAMS = ("vfio-pci", "uio_pci_generic")
# In the order in which they can be removed; the first comes with the device.
MODULES = ("vfio_iommu_type1", "vfio_pci", "uio_pci_generic")
ADDRESS = r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]"
# As ethtool -k calls those of several, and as -K does.
FEATURES = {
    "rx-checksumming": "rx", "tx-checksumming": "tx", "scatter-gather": "sg",
    "tcp-segmentation-offload": "tso", "generic-segmentation-offload": "gso",
    "generic-receive-offload": "gro", "large-receive-offload": "lro",
    "rx-vlan-offload": "rxvlan", "tx-vlan-offload": "txvlan",
    "ntuple-filters": "ntuple", "receive-hashing": "rxhash",
    "autonegotiate": "autoneg"}
# What ethtool(8) shows, how that is set, and what we call it. Queues first: the
# other ones' settings are theirs.
ETHTOOL = (("-l", "-L", "channels"), ("-k", "-K", "features"),
           ("-g", "-G", "rings"), ("-a", "-A", "pause"),
           ("-c", "-C", "coalescing"))
# A link's flags as the kernel calls them; how ip(8) sets them, and takes them
# away.
FLAGS = {"PROMISC": ("promisc", "on", "off"),
         "ALLMULTI": ("allmulticast", "on", "off"),
         "NOARP": ("arp", "off", "on")}
# What a route says of how things are just now, and not of itself.
STATES = {"linkdown", "dead", "offload", "trap", "rt_trap"}


class Refused(Exception):
    """With the reason."""


def text(path, default=""):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError):
        return default


def base(path):
    return os.path.basename(os.path.realpath(path)) \
        if os.path.exists(path) else ""


class NicState:
    """Of one interface. run: runs a command, gives what it prints."""

    def __init__(self, interface, run, root=""):
        self.interface, self.run, self.root = interface, run, root

    # -- What is there.

    def link(self, *parts):
        return os.path.join(self.root or "/", "sys/class/net",
                            self.interface, *parts)

    def pci(self, address, *parts):
        return os.path.join(self.root or "/", "sys/bus/pci/devices", address,
                            *parts)

    def stands_in(self):
        """(address, other end) of the NIC that the interface stands in for."""
        found = re.fullmatch(rf"nic ({ADDRESS}) (\S+)",
                             text(self.link("ifalias")))
        return found.groups() if found else None

    def address(self):
        """Of the NIC, on the PCI bus."""
        if self.stands_in():
            return self.stands_in()[0]
        if not os.path.exists(self.link()):
            raise Refused(f"there is no interface {self.interface}")
        folder = os.path.realpath(self.link("device"))
        if base(folder + "/subsystem") == "virtio":
            folder = os.path.dirname(folder)
        address = os.path.basename(folder)
        if not re.fullmatch(ADDRESS, address):
            raise Refused(f"{self.interface} is no NIC on the PCI bus")
        return address

    def driver(self):
        """"kernel", or one of PROGRAMS."""
        address = self.address()
        if not self.stands_in():
            return "kernel"
        return base(self.pci(address, "driver")) or "none"

    def shown(self, *words):
        return json.loads(self.run("ip", "-j", *words) or "[]")

    def ethtool(self, option):
        """name -> value of what can be set; {} where the driver has none."""
        try:
            rows = self.run("ethtool", option, self.interface)
        except Exception:  # pylint: disable=broad-exception-caught
            return {}
        if option in ("-g", "-l"):
            rows = rows.partition("Current")[2]
        # One row has two: "Adaptive RX: on  TX: off".
        rows = re.sub(r"^Adaptive RX: (\S+)\s+TX: (\S+)$",
                      r"adaptive-rx: \1\nadaptive-tx: \2", rows, flags=re.M)
        found = {name.strip().lower().replace(" ", "-"): value for name, value
                 in re.findall(r"^([^:\n]+):\s+(on|off|\d+)$", rows, re.M)}
        # Of pause frames that are agreed upon each link has its own.
        if found.get("autonegotiate") == "on":
            found = {"autonegotiate": "on"}
        return {FEATURES.get(name, name): value
                for name, value in found.items()}

    def files(self):
        """Its settings in /sys and /proc: path -> value."""
        paths = [path for name in (
            "threaded", "napi_defer_hard_irqs", "gro_flush_timeout",
            "queues/*/rps_cpus", "queues/*/xps_cpus", "queues/*/rps_flow_cnt")
            for path in glob.glob(self.link(name))]
        paths += glob.glob(f"{self.root}/proc/sys/net/ipv[46]/*/"
                           f"{self.interface}/*")
        found = {path: text(path, None) for path in sorted(paths)}
        return {path: value for path, value in found.items()
                if value is not None}

    def addresses(self, link):
        """As ip address takes them. Those of IPv6 that the kernel makes itself
        it makes again."""
        found = []
        for one in link.get("addr_info", []):
            if one["family"] == "inet6" and (one["scope"] == "link"
                                             or one.get("dynamic")):
                continue
            peer = one.get("address")
            words = [one["local"], "peer", f"{peer}/{one['prefixlen']}"] \
                if peer else [f"{one['local']}/{one['prefixlen']}"]
            for name in ("broadcast", "scope", "label", "metric"):
                if one.get(name) not in (None, "global", self.interface):
                    words += [name, str(one[name])]
            words += [name for name in ("noprefixroute", "nodad", "home")
                      if one.get(name)]
            found.append(words)
        return found

    def lines(self, *words):
        """What ip(8) shows of the interface, as it takes it again."""
        shown = self.run("ip", *words, "dev", self.interface).splitlines()
        return [[word for word in line.split() if word not in STATES]
                for line in shown]

    def routes(self):
        """Of all tables; what needs no other one comes first. What the kernel
        makes of addresses, or routers announce, comes by itself."""
        found = [[family, *line] for family in ("-4", "-6")
                 for line in self.lines(family, "route", "show", "table",
                                        "all")
                 if not {"kernel", "ra", "redirect"}.intersection(line)]
        return sorted(found, key=lambda line: "via" in line)

    def irqs(self, address):
        """Of its interrupts, in their order, the files of their CPUs."""
        numbers = sorted(map(os.path.basename, glob.glob(
            self.pci(address, "msi_irqs/*"))), key=int)
        return [f"{self.root}/proc/irq/{number}/smp_affinity_list" for number
                in numbers or [text(self.pci(address, "irq"), "0")]]

    def modules(self):
        return [name for name in MODULES if os.path.exists(
            f"{self.root}/sys/module/{name}")]

    def keep(self):
        """All that put_back() needs."""
        address = self.address()
        link = self.shown("address", "show", "dev", self.interface)[0]
        override = text(self.pci(address, "driver_override"))
        return {
            "address": address, "driver": base(self.pci(address, "driver")),
            "override": "" if override == "(null)" else override,
            "interface": self.interface, "mac": link["address"],
            "mtu": link["mtu"], "up": "UP" in link["flags"],
            "flags": [flag for flag in FLAGS if flag in link["flags"]],
            "txqlen": link.get("txqlen", 0),
            "alias": text(self.link("ifalias")),
            "carrier": text(self.link("carrier")) == "1",
            "addresses": self.addresses(link), "routes": self.routes(),
            "neighbours": [line[:-1] for line in self.lines(
                "neigh", "show", "nud", "permanent")],
            **{name: self.ethtool(show) for show, _, name in ETHTOOL},
            "irqs": {f"interrupt {number}": text(path) for number, path
                     in enumerate(self.irqs(address))},
            "modules": self.modules(),
            "files": self.files()}

    def compare(self, kept, found):
        """All but what is not known of an interface that is down, or comes by
        itself: the carrier."""
        for name, before in kept.items():
            now = found[name]
            if name in ("carrier", "modules") or now == before:
                continue
            # More of them than before harm nobody: the kernel's own.
            if isinstance(before, dict):
                wrong = [(one, value, now.get(one)) for one, value
                         in before.items() if now.get(one) != value]
            elif isinstance(before, list):
                lost = [one for one in before if one not in now]
                wrong = [(name, lost, now)] if lost else []
            else:
                wrong = [(name, before, now)]
            for what, was, now_is in wrong:
                raise Refused(f"{self.interface}: {what}: was {was}, is "
                              f"{now_is}")
