# SPDX-License-Identifier: MIT
"""A NIC given to a program's driver and put back, in a /sys of our own."""

import json
import os
import shutil
import tempfile
import unittest
from unittest import mock

import support  # first: it says where the others are

import lab_knob_kinds as kinds
import lab_nic_driver

NIC = "0000:01:00.0"
MAC = "52:54:00:00:00:01"
# As ip(8) shows them.
ROUTES = ["10.1.0.0/16 via 10.77.0.1 proto static metric 7",
          "224.0.0.0/4 scope link"]
NEIGHBOUR = "10.77.0.1 lladdr 52:54:00:00:00:02"


class Kernel(lab_nic_driver.NicDriver):
    """What it makes of what is written and run. fails: the command's first words
    at which it refuses; killed: after so many writes nothing more happens."""

    def __init__(self, root):
        super().__init__("lab0", self.ran, root)
        self.commands, self.fails, self.writes, self.killed = [], "", 0, None
        self.held, self.default, self.offload = "", False, "off"
        self.queues, self.qdisc = "1", "0:"
        self.native, self.name, self.missing = "e1000e", "lab0", ()
        self.links = {}
        for path in (self.pci(NIC) + "/msi_irqs/9", self.root + "/proc/irq/9",
                     self.root + "/sys/module", self.pci("0000:00:01.0"),
                     self.root + "/sys/bus/pci/drivers/e1000e",
                     self.root + "/sys/bus/pci/drivers/vfio-pci",
                     self.root + "/sys/bus/pci/drivers/uio_pci_generic",
                     self.root + "/sys/bus/pci/drivers/ahci",
                     self.root + "/sys/kernel/iommu_groups/1/devices"):
            os.makedirs(path)
        self.file(self.pci(NIC, "irq"), "10")
        self.file(self.pci(NIC, "driver_override"), "(null)")
        self.file(self.root + "/proc/irq/9/smp_affinity_list", "0-1")
        self.group(NIC)
        self.taken_by("e1000e")

    def file(self, path, value):
        with open(path, "w", encoding="utf-8") as file:
            file.write(value + "\n")

    def group(self, address):
        folder = self.root + "/sys/kernel/iommu_groups/1"
        os.symlink(self.pci(address), f"{folder}/devices/{address}")
        os.symlink(folder, self.pci(address, "iommu_group"))

    def taken_by(self, driver):
        os.symlink(self.root + "/sys/bus/pci/drivers/" + driver,
                   self.pci(NIC, "driver"))
        if driver == self.native:
            self.appear(self.name, {"address": MAC, "mtu": 1500, "up": False,
                                    "addresses": [], "flags": [],
                                    "txqlen": 1000, "routes": [],
                                    "neighbours": []})
            os.makedirs(self.pci(NIC, "net", self.name))
            os.symlink(self.pci(NIC), self.root + "/sys/class/net/"
                       + self.name + "/device")

    def appear(self, name, link):
        folder = self.root + "/sys/class/net/" + name
        os.makedirs(folder)
        self.file(folder + "/carrier", "1")
        self.file(folder + "/threaded", "0")
        self.file(folder + "/ifalias", "")
        self.links[name] = link

    def vanish(self, name):
        shutil.rmtree(self.root + "/sys/class/net/" + name)
        shutil.rmtree(self.pci(NIC, "net", name), ignore_errors=True)
        del self.links[name]

    def write(self, path, value):
        if self.killed is not None and self.writes >= self.killed:
            raise KeyboardInterrupt
        self.writes += 1
        if path.endswith("/unbind"):
            if os.path.exists(self.pci(NIC, "net")):
                for name in os.listdir(self.pci(NIC, "net")):
                    self.vanish(name)
            os.unlink(self.pci(NIC, "driver"))
        elif path.endswith("/drivers_probe"):
            with open(self.pci(NIC, "driver_override"),
                      encoding="utf-8") as file:
                driver = file.read().strip() or self.native
            if driver not in self.missing:
                self.taken_by(driver)
        else:
            self.file(path, value.strip())

    def ran(self, *words):
        self.commands.append(" ".join(words))
        if self.fails and self.commands[-1].startswith(self.fails):
            raise kinds.Missing("no")
        if words[0] == "ss":
            return self.held
        if words[:2] == ("ip", "-j"):
            return self.shows(words[2], words[-1])
        if words[0] == "modprobe":
            self.loads(words[-1].replace("-", "_"), words[1] != "-r")
        if words[:2] == ("ip", "neigh") and words[2] == "show":
            return "".join(f"{one} PERMANENT \n"
                           for one in self.links[words[-1]]["neighbours"])
        if words[:4] == ("ip", "-4", "route", "show"):
            return self.shows_routes(words[-1])
        if words[0] == "tc":
            return json.dumps([{"kind": "fq", "handle": self.qdisc}])
        if words[:2] == ("ethtool", "-l"):
            return "Pre-set maximums:\nCombined:\t8\nCurrent hardware " \
                f"settings:\nRX:\tn/a\nCombined:\t{self.queues}\n"
        if words[:2] == ("ethtool", "-L"):
            self.queues = words[-1]
        if words[:2] == ("ethtool", "-k"):
            return f"Features for lab0:\nscatter-gather: {self.offload}\n" \
                "highdma: on [fixed]\n"
        if words[:2] == ("ethtool", "-K") and "sg" in words:
            self.offload = words[words.index("sg") + 1]
        if words[0] == "ip":
            self.sets(*words[1:])
        return ""

    def loads(self, module, there):
        path = self.root + "/sys/module/" + module
        if there:
            os.makedirs(path, exist_ok=True)
        elif os.path.exists(path):
            os.rmdir(path)

    def shows_routes(self, name):
        lines = ["10.77.0.0/24 proto kernel scope link src 10.77.0.2",
                 *self.links[name]["routes"]]
        if self.default:
            lines.append("default via 10.77.0.254")
        return "".join(line + " linkdown \n" for line in lines)

    def shows(self, _what, name):
        link = self.links[name]
        return json.dumps([{
            "address": link["address"], "mtu": link["mtu"],
            "txqlen": link["txqlen"],
            "flags": [*(["UP"] if link["up"] else []), *link["flags"]],
            "addr_info": [
                {"family": "inet", "local": one.partition("/")[0],
                 "prefixlen": int(one.partition("/")[2]), "scope": "global"}
                for one in link["addresses"]]}])

    def replace(self, what, name, line):
        if line not in self.links[name][what]:
            self.links[name][what].append(line)

    def sets(self, what, verb, *words):
        if (what, verb) == ("link", "add"):
            self.appear(words[0], {"address": words[2], "mtu": int(words[4]),
                                   "up": False, "addresses": [], "flags": [],
                                   "txqlen": 500, "routes": [],
                                   "neighbours": []})
        elif (what, verb) == ("-4", "route"):
            self.replace("routes", words[-1], " ".join(words[1:-2]))
        elif (what, verb) == ("neigh", "replace"):
            self.replace("neighbours", words[-1], " ".join(words[:3]))
        elif (what, verb) == ("link", "set") and "promisc" in words:
            link = self.links[words[0]]
            link["flags"] = ["PROMISC"] if words[2] == "on" else []
            link["txqlen"] = int(words[words.index("txqueuelen") + 1])
        elif (what, verb) == ("link", "delete"):
            self.vanish(words[0])
        elif (what, verb) == ("link", "set") and words[1] == "alias":
            self.file(self.link("ifalias"), words[2])
        elif (what, verb) == ("link", "set") and words[1] == "name":
            link = self.links.pop(words[0])
            os.rename(self.root + "/sys/class/net/" + words[0],
                      self.root + "/sys/class/net/" + words[2])
            os.rename(self.pci(NIC, "net", words[0]),
                      self.pci(NIC, "net", words[2]))
            self.links[words[2]] = link
        elif (what, verb) == ("link", "set") and words[0] in self.links:
            self.links[words[0]]["up"] = words[-1] == "up"
        elif what == "addr" and words[0] not in \
                self.links[words[-1]]["addresses"]:
            self.links[words[-1]]["addresses"].append(words[0])


class NicDriver(unittest.TestCase):
    def setUp(self):
        # pylint: disable=consider-using-with
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.kernel = Kernel(os.path.realpath(kept.name))
        self.kernel.links["lab0"].update(
            up=True, addresses=["10.77.0.2/24"], flags=["PROMISC"],
            txqlen=77, routes=list(ROUTES[::-1]), neighbours=[NEIGHBOUR])
        self.kernel.offload, self.kernel.queues = "on", "4"
        self.irqs = self.kernel.root + "/proc/irq/9/smp_affinity_list"
        self.kernel.file(self.irqs, "1")

    def probed(self):
        """What a driver that has just begun makes of it."""
        self.kernel.offload, self.kernel.queues = "off", "1"
        self.kernel.file(self.irqs, "0-1")

    def as_it_was(self):
        self.assertEqual(self.kernel.driver(), "kernel")
        self.assertEqual(self.kernel.links, {"lab0": {
            "address": MAC, "mtu": 1500, "up": True,
            "addresses": ["10.77.0.2/24"], "flags": ["PROMISC"],
            "txqlen": 77, "routes": ROUTES[::-1],
            "neighbours": [NEIGHBOUR]}})
        self.assertEqual((self.kernel.offload, self.kernel.queues),
                         ("on", "4"))
        self.assertEqual(lab_nic_driver.text(self.irqs), "1")
        self.assertEqual(os.listdir(self.kernel.root + "/sys/module"), [])
        self.assertIn(lab_nic_driver.text(self.kernel.pci(
            NIC, "driver_override")), ("", "(null)"))

    def refused(self, driver, text):
        with self.assertRaises(lab_nic_driver.Refused) as caught:
            self.kernel.give(driver)
        self.assertIn(text, str(caught.exception))
        self.as_it_was()

    def test_given_and_put_back(self):
        kept = self.kernel.keep()
        for driver in lab_nic_driver.PROGRAMS:
            self.kernel.give(driver)
            self.assertEqual(self.kernel.driver(), driver)
            self.assertEqual(self.kernel.stands_in(), (NIC, "lab0.nic"))
            self.assertEqual(self.kernel.links["lab0"], {
                "address": MAC, "mtu": 1500, "up": True,
                "addresses": ["10.77.0.2/24"], "flags": [], "txqlen": 500,
                "routes": ROUTES[::-1], "neighbours": [NEIGHBOUR]})
            self.probed()
            self.kernel.put_back(json.loads(json.dumps(kept)))
            self.as_it_was()

    def test_put_back_from_wherever_it_was_killed(self):
        kept = self.kernel.keep()
        for killed in range(1, 4):
            self.kernel.writes, self.kernel.killed = 0, killed
            with self.assertRaises(KeyboardInterrupt):
                self.kernel.give("vfio-pci")
                self.kernel.write(self.kernel.root + "/enough", "")
            self.kernel.killed = None
            self.kernel.put_back(kept)
            self.as_it_was()

    def test_put_back_from_wherever_that_was_killed(self):
        kept = self.kernel.keep()
        for killed in range(1, 5):
            self.kernel.give("vfio-pci")
            self.probed()
            self.kernel.writes, self.kernel.killed = 0, killed
            with self.assertRaises(KeyboardInterrupt):
                self.kernel.put_back(kept)
                self.kernel.write(self.kernel.root + "/enough", "")
            self.kernel.killed = None
            self.kernel.put_back(kept)
            self.as_it_was()

    def test_not_from_who_drives_it(self):
        kept = self.kernel.keep()
        self.kernel.give("uio_pci_generic")
        self.probed()
        os.makedirs(self.kernel.pci(NIC, "uio/uio3"))
        os.makedirs(self.kernel.root + "/dev")
        with open(self.kernel.root + "/dev/uio3", "w", encoding="utf-8"), \
                mock.patch.object(lab_nic_driver, "HELD_S", 0.2), \
                self.assertRaises(lab_nic_driver.Refused) as caught:
            self.kernel.put_back(kept)
        self.assertIn(f"(process {os.getpid()}) still drives {NIC}",
                      str(caught.exception))
        self.assertEqual(self.kernel.driver(), "uio_pci_generic")
        self.kernel.put_back(kept)
        self.as_it_was()

    def test_what_is_another_thing_then_is_said(self):
        kept = self.kernel.keep()
        for was, text in (
                ({"channels": {"combined": "8"}}, "combined: was 8, is 4"),
                ({"routes": [["-4", "10.2.0.0/16"]]},
                 "routes: was [['-4', '10.2.0.0/16']], is [['-4'"),
                ({"txqlen": 78}, "txqlen: was 78, is 77"),
                ({"irqs": {"interrupt 0": "0"}}, "interrupt 0: was 0, is 1")):
            with self.assertRaises(lab_nic_driver.Refused) as caught:
                self.kernel.compare({**kept, **was}, self.kernel.keep())
            self.assertIn("lab0: " + text, str(caught.exception))
        for more in ({"channels": {}}, {"routes": []}, {"files": {}}):
            self.kernel.compare({**kept, **more}, self.kernel.keep())

    def test_what_ethtool_shows_in_another_way(self):
        for option, said, found in (
                ("-a", "Autonegotiate:\ton\nRX:\t\ton\nTX:\t\toff\n",
                 {"autoneg": "on"}),
                ("-a", "Autonegotiate:\toff\nRX:\t\ton\nTX:\t\toff\n",
                 {"autoneg": "off", "rx": "on", "tx": "off"}),
                ("-c", "Adaptive RX: on  TX: off\nrx-usecs:\t3\n"
                 "tx-usecs:\tn/a\n",
                 {"adaptive-rx": "on", "adaptive-tx": "off",
                  "rx-usecs": "3"})):
            with mock.patch.object(self.kernel, "run", lambda *_, s=said: s):
                self.assertEqual(self.kernel.ethtool(option), found)

    def test_one_that_others_load_stays(self):
        self.kernel.loads("vfio_pci", True)
        kept = self.kernel.keep()
        self.kernel.give("vfio-pci")
        self.probed()
        self.kernel.put_back(kept)
        self.assertEqual(os.listdir(self.kernel.root + "/sys/module"),
                         ["vfio_pci"])

    def test_what_could_not_be_put_back_is_not_given(self):
        self.kernel.qdisc = "8001:"
        self.refused("vfio-pci", "a queueing discipline of its own")
        self.kernel.qdisc = "0:"
        os.makedirs(self.kernel.link("upper_lab0.7"))
        self.refused("vfio-pci", "lab0 is in use: lab0.7 is made of it")

    def test_its_name_is_its_own_again(self):
        kept = self.kernel.keep()
        self.kernel.give("vfio-pci")
        self.kernel.name = "eth0"
        self.probed()
        self.kernel.put_back(kept)
        self.as_it_was()

    def test_how_the_machine_is_reached_is_not_touched(self):
        self.kernel.default = True
        self.refused("vfio-pci", "has the default route")
        self.kernel.default = False
        self.kernel.held = "0 0 10.77.0.2:22 10.77.0.254:40000\n"
        self.refused("vfio-pci", "a TCP connection from 10.77.0.2:22 to")

    def test_what_lacks_is_said(self):
        self.kernel.fails = "modprobe vfio-pci"
        self.refused("vfio-pci", "no module vfio-pci")
        self.kernel.fails = ""
        os.unlink(self.kernel.pci(NIC, "iommu_group"))
        self.refused("vfio-pci", "is behind no IOMMU")
        self.kernel.file(self.kernel.pci(NIC, "irq"), "0")
        self.refused("uio_pci_generic", "has no interrupt line")

    def test_a_group_is_one_programs(self):
        self.kernel.group("0000:00:01.0")
        os.symlink(self.kernel.root + "/sys/bus/pci/drivers/ahci",
                   self.kernel.pci("0000:00:01.0", "driver"))
        self.refused("vfio-pci",
                     "group with 0000:00:01.0, which ahci has")

    def test_what_it_does_not_take_goes_back(self):
        self.kernel.missing = ("vfio-pci",)
        with self.assertRaises(lab_nic_driver.Refused) as caught:
            self.kernel.give("vfio-pci")
        self.assertIn("vfio-pci does not take it", str(caught.exception))
        self.as_it_was()

    def test_one_that_is_gone_is_not_put_back(self):
        kept = self.kernel.keep()
        shutil.rmtree(self.kernel.pci(NIC))
        with self.assertRaises(lab_nic_driver.Refused) as caught:
            self.kernel.put_back(kept)
        self.assertIn("the NIC of lab0, is gone", str(caught.exception))

    def test_other_interfaces_are_no_nics(self):
        os.unlink(self.kernel.link("device"))
        with self.assertRaises(lab_nic_driver.Refused) as caught:
            self.kernel.driver()
        self.assertIn("lab0 is no NIC on the PCI bus", str(caught.exception))


class AsAKnob(unittest.TestCase):
    def test_what_is_refused_is_missing(self):
        knob = kinds.knob_of({"kind": "nic", "name": "driver"}, "nowhere0",
                             kinds.Files())
        with self.assertRaises(kinds.Missing) as caught:
            knob.read()
        self.assertIn("no interface nowhere0", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
