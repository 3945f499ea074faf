#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ansible/module_utils/lab_knob.py, where the PCI bus is a folder of ours.

The NIC is one end of a wire, in the network namespace that we run in. Taken from
the kernel's driver it lies in a namespace of its own, where a bridge carries its
frames to and from what stands in for it, as DPDK does. NIC_FOLDER has sys/, uio0
(what a program that drives it holds) and what a test waits for: while there is
hold.STEP, that step is not done, and reached.STEP says that it is about to be.
driven has who drove it when it was taken back. NIC_HERE and NIC_AWAY are the
names of the two namespaces.
"""

import os
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../../ansible/module_utils"))
sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import lab_knob
import lab_knob_kinds
import lab_nic_driver

FOLDER = os.environ["NIC_FOLDER"]
SPACE, AWAY = os.environ["NIC_HERE"], os.environ["NIC_AWAY"]
NIC = "0000:01:00.0"
KERNELS = "veth"


class Away(lab_nic_driver.NicDriver):
    """One whose driver is a link of our folder."""

    doing = "look"

    def pci(self, address, *parts):
        return os.path.join(FOLDER, "sys/bus/pci/devices", address, *parts)

    def link(self, *parts):
        # A wire's end has no device: the kernel's driver gives it one.
        return self.pci(NIC, "net") if parts == ("device",) \
            else super().link(*parts)

    def address(self):
        return NIC

    def irqs(self, address):
        return []

    def nodes(self, address):
        yield FOLDER + "/uio0"

    def step(self, name):
        name = f"{self.doing}.{name}"
        while os.path.exists(f"{FOLDER}/hold.{name}"):
            with open(f"{FOLDER}/reached.{name}", "w", encoding="ascii"):
                time.sleep(0.02)

    def give(self, driver):
        self.doing = "give"
        super().give(driver)

    def put_back(self, kept):
        self.doing = "back"
        super().put_back(kept)

    def ran(self, *words):
        return "" if words[0] in ("modprobe", "udevadm") \
            else lab_knob_kinds.command(*words)

    def stand_in(self, kept):
        self.step("stand_in")
        super().stand_in(kept)
        other = self.interface + lab_nic_driver.OTHER_END
        self.run("ip", "link", "set", other, "netns", AWAY)
        for one in (self.interface, other):
            self.run("ip", "-n", AWAY, "link", "set", one, "master", "carries",
                     "up")

    def write(self, path, value):
        name = os.path.basename(path)
        self.step(name)
        if name == "unbind":
            self.unbound()
        elif name == "drivers_probe":
            self.probed()
        elif path.startswith(FOLDER):
            with open(path, "w", encoding="utf-8") as file:
                print(value.strip() or "(null)", file=file)
        else:
            super().write(path, value)

    def unbound(self):
        if self.holder(NIC):
            with open(FOLDER + "/driven", "a", encoding="utf-8") as file:
                print(self.holder(NIC), file=file)
        if lab_nic_driver.base(self.pci(NIC, "driver")) == KERNELS:
            shutil.rmtree(self.pci(NIC, "net"))
            self.run("ip", "link", "set", self.interface, "netns", AWAY)
            # As a bridge's port it would keep what is for it.
            self.run("ip", "-n", AWAY, "link", "set", self.interface,
                     "promisc", "off", "address", "02:00:00:00:00:01")
        os.unlink(self.pci(NIC, "driver"))

    def probed(self):
        with open(self.pci(NIC, "driver_override"), encoding="utf-8") as file:
            driver = file.read().strip()
        driver = KERNELS if driver == "(null)" else driver
        os.symlink(f"{FOLDER}/sys/bus/pci/drivers/{driver}",
                   self.pci(NIC, "driver"))
        if driver != KERNELS:
            return
        # As a driver has it that has just begun.
        self.run("ip", "-n", AWAY, "link", "set", self.interface, "nomaster",
                 "down", "txqueuelen", "1000", "netns", SPACE)
        self.run("ip", "link", "set", self.interface, "alias", "")
        self.run("ethtool", "-K", self.interface, "gro", "on")
        os.makedirs(self.pci(NIC, "net", self.interface))


def away(interface, _run):
    made = Away(interface, None)
    made.run = made.ran
    return made


for name in ("driver", "give", "keep", "put_back"):
    setattr(away, name, getattr(Away, name))
lab_knob_kinds.NicDriver = away
sys.exit(lab_knob.main(sys.argv[1:]))
