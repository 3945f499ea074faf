# SPDX-License-Identifier: MIT
"""Which driver has a NIC: the kernel's own, or one for programs, by which DPDK
drives it (vfio-pci, uio_pci_generic).

While a program's has it, one end of a veth pair stands in for its interface: it
has the name, the MAC, the addresses and the routes, so that the kernel answers
for them as ever; its alias says which NIC it stands in for, and what the other
end is called, by which the program carries the kernel's frames (c/net/pci_nic.h).

It is put back when no program drives it any more, and what was of the interface is
compared then: what is another thing is named. What could not be put back at all is
refused before it is given away.
"""

import contextlib
import glob
import json
import os
import time

try:
    from ansible.module_utils.lab_nic_state import ETHTOOL, FLAGS, PROGRAMS, \
        NicState, Refused, base, text
except ImportError:  # of a program: beside this file
    from lab_nic_state import ETHTOOL, FLAGS, PROGRAMS, NicState, Refused, \
        base, text

HELD_S = 15  # until the program has ended that drives it
APPEAR_S = 15  # until the kernel's driver has made its interface
CARRIER_S = 20
AGAIN_S = 5  # who manages interfaces may be about to configure it, too
# What ip(8) calls the peer: 15 characters at most.
OTHER_END = ".nic"


def tries(seconds, pause=0.05):
    """Again and again for so long, and at least once."""
    until = time.monotonic() + seconds
    while True:
        yield
        if time.monotonic() > until:
            return
        time.sleep(pause)


class NicDriver(NicState):
    """Who has it."""

    # -- May it be given away?

    def check_unused(self, kept):
        name = self.interface
        if any("default" in route for route in kept["routes"]):
            raise Refused(f"{name} has the default route: it is how this "
                          "machine is reached")
        if os.path.exists(self.link("master")):
            raise Refused(f"{name} is in use: it is part of "
                          f"{base(self.link('master'))}")
        above = sorted(glob.glob(self.link("upper_*")))
        if above:
            raise Refused(f"{name} is in use: "
                          f"{os.path.basename(above[0])[len('upper_'):]} is "
                          "made of it")
        if any(one.get("handle", "0:") != "0:" for one in self.qdiscs()):
            raise Refused(f"{name} has a queueing discipline of its own, which "
                          "could not be put back")
        for address in kept["addresses"]:
            held = self.run("ss", "-Htn", "state", "established", "src",
                            address[0].partition("/")[0]).split()
            if held:
                raise Refused(f"{name} is in use: a TCP connection from "
                              f"{held[2]} to {held[3]}")

    def qdiscs(self):
        try:
            return json.loads(self.run("tc", "-j", "qdisc", "show", "dev",
                                       self.interface) or "[]")
        except Exception:  # pylint: disable=broad-exception-caught
            return []  # no tc(8), so hardly one that somebody has made

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

    # -- Who drives it?

    def nodes(self, address):
        """The files of /dev by which a program does."""
        for path in glob.glob(self.pci(address, "uio/uio*")):
            yield f"{self.root}/dev/{os.path.basename(path)}"
        for path in glob.glob(self.pci(address, "vfio-dev/vfio*")):
            yield f"{self.root}/dev/vfio/devices/{os.path.basename(path)}"
        yield f"{self.root}/dev/vfio/{base(self.pci(address, 'iommu_group'))}"

    def holder(self, address):
        """A program that does, in words; "" where none does."""
        nodes = set(self.nodes(address))
        for path in glob.glob("/proc/[0-9]*/fd/*"):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                if os.readlink(path) in nodes:
                    pid = path.split("/")[2]
                    return f"{text(f'/proc/{pid}/comm')} (process {pid})"
        return ""

    def released(self, address):
        """Taken from a program that drives it, a NIC without an IOMMU would go
        on writing into memory that is another one's by then; and vfio-pci does
        not let go of it."""
        for _ in tries(HELD_S, 0.1):
            holder = self.holder(address)
            if not holder:
                return
        raise Refused(f"{holder} still drives {address}, the NIC of "
                      f"{self.interface}: it can be put back when that has "
                      "ended")

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
                      + [["neigh", "replace", *one, "nud", "permanent", "dev",
                          name] for one in kept["neighbours"]]
                      + [[route[0], "route", "replace", *route[1:], "dev",
                          name] for route in kept["routes"]]):
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
        try:
            self.check(driver, kept)
        except Refused:
            self.unload(kept)
            raise
        try:
            self.bind(kept["address"], driver, driver)
            self.stand_in(kept)
        except Exception:
            self.put_back(kept)
            raise

    def appeared(self, kept):
        """The name that the kernel's driver has given its interface; udev may
        rename it."""
        for _ in tries(APPEAR_S):
            found = glob.glob(self.pci(kept["address"], "net/*")) \
                + glob.glob(self.pci(kept["address"], "virtio*/net/*"))
            if found:
                return os.path.basename(found[0])
        raise Refused(f"{kept['address']}: {kept['driver']} has made no "
                      f"interface within {APPEAR_S} s")

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
        """What ethtool, ip link and files had set."""
        for option, turn, name in ETHTOOL:
            found = self.ethtool(option)
            wrong = [word for name, value in kept[name].items()
                     if found.get(name, value) != value
                     for word in (name, value)]
            if wrong:
                self.run("ethtool", turn, self.interface, *wrong)
        link = self.shown("link", "show", "dev", self.interface)[0]
        words = [word for flag, (name, on, off) in FLAGS.items()
                 if (flag in link["flags"]) != (flag in kept["flags"])
                 for word in (name, on if flag in kept["flags"] else off)]
        if link.get("txqlen", 0) != kept["txqlen"]:
            words += ["txqueuelen", str(kept["txqlen"])]
        if text(self.link("ifalias")) != kept["alias"]:
            words += ["alias", kept["alias"]]
        if words:
            self.run("ip", "link", "set", self.interface, *words)
        self.write_files(kept)

    def interrupts(self, kept):
        """Where they were: they are made anew with the driver, or when the
        interface comes up."""
        for path, before in zip(self.irqs(kept["address"]),
                                kept["irqs"].values()):
            if text(path) != before:
                self.write(path, before)

    def unload(self, kept):
        """The modules that were loaded for it, unless somebody has another
        device by one."""
        for name in self.modules():
            driver = name.replace("vfio_pci", "vfio-pci")
            if name not in kept["modules"] and not glob.glob(
                    f"{self.root}/sys/bus/pci/drivers/{driver}/*:*"):
                with contextlib.suppress(Exception):
                    self.run("modprobe", "-r", name)

    def write_files(self, kept, below="/"):
        for path, value in kept["files"].items():
            if path.startswith(self.root + below) and os.path.exists(path) \
                    and text(path) != value:
                self.write(path, value)

    def carrier(self):
        for _ in tries(CARRIER_S):
            if text(self.link("carrier")) == "1":
                return
        raise Refused(f"{self.interface}: no carrier {CARRIER_S} s after the "
                      "kernel's driver has it again")

    def as_kept(self, kept):
        for _ in tries(AGAIN_S, 0.2):
            try:
                self.compare(kept, self.keep())
                return
            except Refused as reason:
                wrong = reason
        raise wrong

    def put_back(self, kept):
        """From whatever half-made state."""
        if not os.path.exists(self.pci(kept["address"])):
            raise Refused(f"{kept['address']}, the NIC of {self.interface}, "
                          "is gone")
        if base(self.pci(kept["address"], "driver")) in PROGRAMS:
            self.released(kept["address"])
        if self.stands_in() or (os.path.exists(self.link()) and not
                                os.path.exists(self.link("device"))):
            self.run("ip", "link", "delete", self.interface)
        self.bind(kept["address"], kept["driver"], kept["override"] or "\n")
        self.named(kept)
        self.settings(kept)
        self.configure(kept, self.interface)
        self.interrupts(kept)
        if kept["up"] and kept["carrier"]:
            self.carrier()
        self.unload(kept)
        self.as_kept(kept)
