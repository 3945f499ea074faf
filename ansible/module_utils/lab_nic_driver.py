# SPDX-License-Identifier: MIT
"""Which driver has a NIC: the kernel's own, or one for programs, by which DPDK
drives it (vfio-pci, uio_pci_generic).

While a program's has it, one end of a veth pair stands in for its interface: it
has the name, the MAC, the addresses and the routes, so that the kernel answers
for them as ever; its alias says which NIC it stands in for, and what the other
end is called, by which the program carries the kernel's frames (c/net/pci_nic.h).
"""

import glob
import json
import os
import re
import time

PROGRAMS = ("vfio-pci", "uio_pci_generic")
APPEAR_S = 20  # until the kernel's driver has made its interface
CARRIER_S = 20
ADDRESS = r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]"
# As ethtool -k calls those of several, and as -K does.
FEATURES = {
    "rx-checksumming": "rx", "tx-checksumming": "tx", "scatter-gather": "sg",
    "tcp-segmentation-offload": "tso", "generic-segmentation-offload": "gso",
    "generic-receive-offload": "gro", "large-receive-offload": "lro",
    "rx-vlan-offload": "rxvlan", "tx-vlan-offload": "txvlan",
    "ntuple-filters": "ntuple", "receive-hashing": "rxhash"}
# What ip(8) calls the peer: 15 characters at most.
OTHER_END = ".nic"


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


class NicDriver:
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
        if option == "-g":
            rows = rows.partition("Current")[2]
        found = {name.strip().lower().replace(" ", "-"): value for name, value
                 in re.findall(r"^([^:\n]+):\s+(on|off|\d+)$", rows, re.M)}
        return {FEATURES.get(name, name): value
                for name, value in found.items()}

    def files(self):
        """Its settings in /sys and /proc: path -> value."""
        paths = [path for name in (
            "threaded", "napi_defer_hard_irqs", "gro_flush_timeout",
            "queues/*/rps_cpus", "queues/*/xps_cpus")
            for path in glob.glob(self.link(name))]
        paths += glob.glob(f"{self.root}/proc/sys/net/ipv[46]/conf/"
                           f"{self.interface}/*")
        found = {path: text(path, None) for path in sorted(paths)}
        return {path: value for path, value in found.items()
                if value is not None}

    def keep(self):
        """All that put_back() needs."""
        address = self.address()
        link = self.shown("address", "show", "dev", self.interface)[0]
        return {
            "address": address, "driver": base(self.pci(address, "driver")),
            "interface": self.interface, "mac": link["address"],
            "mtu": link["mtu"], "up": "UP" in link["flags"],
            "carrier": text(self.link("carrier")) == "1",
            "addresses": [
                [f"{one['local']}/{one['prefixlen']}"]
                + (["broadcast", one["broadcast"]] if "broadcast" in one
                   else []) for one in link.get("addr_info", [])
                if one["family"] == "inet" or one["scope"] != "link"],
            "routes": [[route["dst"]] + [word for key in (
                "gateway", "metric") if key in route for word in (
                    {"gateway": "via"}.get(key, key), str(route[key]))]
                for route in self.shown("route", "show", "dev",
                                        self.interface)
                if route.get("protocol") != "kernel"],
            "features": self.ethtool("-k"), "rings": self.ethtool("-g"),
            "coalescing": self.ethtool("-c"), "files": self.files()}

    # -- May it be given away?

    def check_unused(self, kept):
        name = self.interface
        if any(route[0] == "default" for route in kept["routes"]):
            raise Refused(f"{name} has the default route: it is how this "
                          "machine is reached")
        if os.path.exists(self.link("master")):
            raise Refused(f"{name} is in use: it is part of "
                          f"{base(self.link('master'))}")
        for address in kept["addresses"]:
            held = self.run("ss", "-Htn", "state", "established", "src",
                            address[0].partition("/")[0]).split()
            if held:
                raise Refused(f"{name} is in use: a TCP connection from "
                              f"{held[2]} to {held[3]}")

    def check_group(self, kept):
        """Of the IOMMU: all of it is the program's, or of no driver."""
        group = self.pci(kept["address"], "iommu_group")
        if not os.path.exists(group):
            raise Refused(f"{kept['address']} is behind no IOMMU, and vfio-pci "
                          "does without none here (in the lab: domain.iommu; "
                          "else uio_pci_generic)")
        for path in sorted(glob.glob(group + "/devices/*")):
            held = base(path + "/driver")
            if os.path.basename(path) != kept["address"] and \
                    held not in ("", "pcieport", *PROGRAMS):
                raise Refused(
                    f"{kept['address']} shares its IOMMU group with "
                    f"{os.path.basename(path)}, which {held} has")

    def check(self, driver, kept):
        self.check_unused(kept)
        try:
            self.run("modprobe", driver)
        except Exception as error:  # pylint: disable=broad-exception-caught
            raise Refused(f"no module {driver} for this kernel: "
                          f"{error}") from None
        if driver == "vfio-pci":
            self.check_group(kept)
        elif text(self.pci(kept["address"], "irq"), "0") == "0":
            raise Refused(f"{kept['address']} has no interrupt line, which "
                          "uio_pci_generic needs")

    # -- Given away, and put back.

    def write(self, path, value):
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(value)
        except OSError as error:
            raise Refused(f"{path} does not take '{value.strip()}': "
                          f"{error.strerror}") from None

    def bind(self, address, driver, override):
        """From whatever has it."""
        self.write(self.pci(address, "driver_override"), override)
        if base(self.pci(address, "driver")) not in ("", driver):
            self.write(self.pci(address, "driver/unbind"), address)
        if not base(self.pci(address, "driver")):
            self.write(os.path.join(self.root or "/",
                                    "sys/bus/pci/drivers_probe"), address)
        found = base(self.pci(address, "driver"))
        if found != driver:
            raise Refused(f"{address}: {driver} does not take it"
                          + (f", {found} has it" if found else ""))

    def configure(self, kept, name):
        for words in ([["addr", "replace", *one, "dev", name]
                       for one in kept["addresses"]]
                      + [["link", "set", name, "up" if kept["up"] else "down"]]
                      + [["route", "replace", *one, "dev", name]
                         for one in kept["routes"] if kept["up"]]):
            self.run("ip", *words)

    def stand_in(self, kept):
        name = self.interface
        other = name[:15 - len(OTHER_END)] + OTHER_END
        self.run("ip", "link", "add", name, "address", kept["mac"], "mtu",
                 str(kept["mtu"]), "type", "veth", "peer", "name", other,
                 "mtu", str(kept["mtu"]))
        # What leaves it goes to a wire: whole checksums, no frames to cut.
        for one in (name, other):
            self.run("ethtool", "-K", one, "tx", "off", "tso", "off", "gso",
                     "off", "gro", "off")
        self.quiet(other)
        self.write_files(kept, "/proc/")
        self.run("ip", "link", "set", other, "arp", "off", "up")
        self.run("ip", "link", "set", name, "alias",
                 f"nic {kept['address']} {other}")
        self.configure(kept, name)

    def quiet(self, name):
        """It says nothing on its own, of IPv6."""
        path = f"{self.root}/proc/sys/net/ipv6/conf/{name}/disable_ipv6"
        if os.path.exists(path):
            self.write(path, "1")

    def give(self, driver):
        if self.driver() != "kernel":
            raise Refused(f"{self.interface}: {self.driver()} has it already")
        kept = self.keep()
        self.check(driver, kept)
        try:
            self.bind(kept["address"], driver, driver)
            self.stand_in(kept)
        except Exception:
            self.put_back(kept)
            raise

    def appeared(self, kept):
        """The name that the kernel's driver has given its interface; udev may
        rename it."""
        until = time.monotonic() + APPEAR_S
        while True:
            found = glob.glob(self.pci(kept["address"], "net/*")) \
                + glob.glob(self.pci(kept["address"], "virtio*/net/*"))
            if found:
                return os.path.basename(found[0])
            if time.monotonic() > until:
                raise Refused(f"{kept['address']}: {kept['driver']} has made "
                              f"no interface within {APPEAR_S} s")
            time.sleep(0.05)

    def named(self, kept):
        self.appeared(kept)
        try:
            self.run("udevadm", "settle", "--timeout=10")
        except Exception:  # pylint: disable=broad-exception-caught
            pass  # there is none: nobody renames
        found = self.appeared(kept)
        if found != self.interface:
            self.run("ip", "link", "set", found, "down")
            self.run("ip", "link", "set", found, "name", self.interface)
        link = self.shown("link", "show", "dev", self.interface)[0]
        if link["address"] != kept["mac"]:
            self.run("ip", "link", "set", self.interface, "address",
                     kept["mac"])
        if link["mtu"] != kept["mtu"]:
            self.run("ip", "link", "set", self.interface, "mtu",
                     str(kept["mtu"]))

    def settings(self, kept):
        """What ethtool and files had set."""
        for option, turn, before in (("-k", "-K", kept["features"]),
                                     ("-g", "-G", kept["rings"]),
                                     ("-c", "-C", kept["coalescing"])):
            found = self.ethtool(option)
            wrong = [word for name, value in before.items()
                     if found.get(name, value) != value
                     for word in (name, value)]
            if wrong:
                self.run("ethtool", turn, self.interface, *wrong)
        self.write_files(kept)

    def write_files(self, kept, below="/"):
        for path, value in kept["files"].items():
            if path.startswith(self.root + below) and os.path.exists(path) \
                    and text(path) != value:
                self.write(path, value)

    def carrier(self):
        until = time.monotonic() + CARRIER_S
        while text(self.link("carrier")) != "1":
            if time.monotonic() > until:
                raise Refused(f"{self.interface}: no carrier {CARRIER_S} s "
                              "after the kernel's driver has it again")
            time.sleep(0.05)

    def put_back(self, kept):
        """From whatever half-made state."""
        if not os.path.exists(self.pci(kept["address"])):
            raise Refused(f"{kept['address']}, the NIC of {self.interface}, "
                          "is gone")
        if self.stands_in() or (os.path.exists(self.link()) and not
                                os.path.exists(self.link("device"))):
            self.run("ip", "link", "delete", self.interface)
        self.bind(kept["address"], kept["driver"], "\n")
        self.named(kept)
        self.settings(kept)
        self.configure(kept, self.interface)
        if kept["up"] and kept["carrier"]:
            self.carrier()
        found = self.keep()
        for name in ("address", "driver", "mac", "mtu", "up", "features",
                     "rings"):
            if found[name] != kept[name]:
                raise Refused(f"{self.interface}: {name}: was {kept[name]}, "
                              f"is {found[name]}")
        lost = [one for one in kept["addresses"]
                if one not in found["addresses"]]
        if lost:
            raise Refused(f"{self.interface}: address {lost[0][0]} is gone")
