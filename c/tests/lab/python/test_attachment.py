# SPDX-License-Identifier: MIT
"""ansible/module_utils/lab_attachment.py: what the NIC under test hangs on."""

import os
import tempfile
import unittest

import lab_attachment
import test_checks
from test_checks import bad, state

VF, CARD = "0000:01:10.0", "0000:01:00.0"
NICS = {VF: {"virtual": True, "mac": "1"}, CARD: {"virtual": False,
                                                  "mac": "2"}}
EXCHANGE = {**test_checks.GUEST, "role": "exchange", "name": "exchange"}


def refused(way, source="", there=None, **settings):
    """The settings that are."""
    return [check.removeprefix("trader: domain_") for check in bad(
        {"attachment": there or {}, "links": {"eth7": {}}},
        {"nic_attachment": way, "nic_source": source, **settings})]


class Rows(unittest.TestCase):
    """Of one guest, and an exchange on the host."""

    def test_what_goes(self):
        there = {"ovs_bridges": ["br"], "sockets": ["/run/s"], "nics": NICS}
        for way, source in (("bridge", ""), ("macvtap", "eth7"),
                            ("ovs", "br"), ("vhostuser", "/run/s"),
                            ("hostdev", VF)):
            self.assertEqual(refused(way, source, there), [], way)
        self.assertEqual(refused("vhostuser", "/run/none", nic_socket="server"),
                         [])
        self.assertEqual(refused("hostdev", CARD, there, mac_lab="2"), [])

    def test_what_this_host_lacks_is_refused_by_name(self):
        for way in lab_attachment.OF_XML.values():
            lacks = {"lacks": {way: "no such thing"}}
            self.assertEqual(refused(way, "x", lacks), ["nic_attachment"])

    def test_a_source_that_there_is_not(self):
        there = {"ovs_bridges": ["br"], "sockets": ["/run/s"], "nics": NICS}
        for way, source in (("bridge", "br"), ("macvtap", "eth9"),
                            ("ovs", ""), ("ovs", "br1"), ("vhostuser", "s"),
                            ("vhostuser", "/run/none"), ("hostdev", ""),
                            ("hostdev", "0000:01:10.1"), ("hostdev", CARD)):
            self.assertEqual(refused(way, source, there), ["nic_source"],
                             (way, source))

    def test_a_macvtap_on_the_bridge_does_not_reach_the_host(self):
        self.assertEqual(refused("macvtap"), ["nic_source"])
        rows = lab_attachment.rows("trader", {
            **test_checks.GUEST, "nic_attachment": "macvtap"},
            test_checks.FACTS, host_exchange=False)
        self.assertEqual(rows, [])

    def test_what_does_not_go_together(self):
        there = {"sockets": ["/run/s"], "nics": NICS}
        for way, source, knob, value in (
                ("vhostuser", "/run/s", "nic_model", "e1000"),
                ("vhostuser", "/run/s", "nic_driver", "vhost"),
                ("hostdev", VF, "nic_model", "e1000"),
                ("hostdev", VF, "nic_queues", 2),
                ("hostdev", VF, "nic_driver", "vhost")):
            self.assertEqual(refused(way, source, there, vcpus=2,
                                     **{knob: value}), [knob], (way, knob))

    def test_it_is_told_where_no_wiretap_can_listen(self):
        for way, source, states in (("hostdev", VF, ["note"]),
                                    ("bridge", "", [])):
            self.assertEqual(state("trader: wiretap", {
                "attachment": {"nics": NICS}}, {
                "nic_attachment": way, "nic_source": source}), states)


class Found(unittest.TestCase):
    """What a host has, below a root of our own."""

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = top.name

    def write(self, path, text=""):
        path = self.top + path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    def found(self, ovs=""):
        return lab_attachment.found(lambda *_: ovs, self.top)

    def test_a_host_that_has_nothing(self):
        found = self.found()
        self.assertEqual([way for way, why in found["lacks"].items() if why],
                         ["macvtap", "hostdev", "ovs"])
        self.assertEqual((found["nics"], found["sockets"]), ({}, []))

    def test_macvtap(self):
        self.write("/proc/devices", "Character devices:\n 16:246 macvtap\n")
        self.assertIn("macvtap", self.found()["lacks"]["macvtap"])
        self.write("/proc/devices", "Character devices:\n246 macvtap\n")
        self.assertIn("/dev/tapN", self.found()["lacks"]["macvtap"])
        self.write("/proc/mounts", "devtmpfs /dev devtmpfs rw 0 0\n")
        self.assertEqual(self.found()["lacks"]["macvtap"], "")
        # As a module that is not loaded yet.
        self.write("/proc/devices")
        self.write(f"/lib/modules/{os.uname().release}/modules.dep",
                   "kernel/drivers/net/macvtap.ko.xz: a.ko\n")
        self.assertEqual(self.found()["lacks"]["macvtap"], "")

    def test_hostdev(self):
        device = "/sys/bus/pci/devices/" + VF
        self.write(device + "/class", "0x020000\n")
        self.write(device + "/net/eth9/address", "1\n")
        os.symlink("../" + CARD, self.top + device + "/physfn")
        self.write(f"/sys/bus/pci/devices/{CARD}/class", "0x010000\n")
        self.write("/sys/bus/pci/devices/physfn", "")
        self.assertIn("IOMMU", self.found()["lacks"]["hostdev"])
        self.write("/sys/kernel/iommu_groups/0/x")
        self.assertIn("vfio-pci", self.found()["lacks"]["hostdev"])
        self.write("/sys/module/vfio_pci/x")
        found = self.found()
        self.assertEqual(found["lacks"]["hostdev"], "")
        self.assertEqual(list(found["nics"]), [VF])
        self.assertEqual(found["nics"][VF], {"virtual": True, "mac": "1"})

    def test_open_vswitch(self):
        found = self.found('{"data": [["br0"], ["br1"]], "headings": []}')
        self.assertEqual((found["lacks"]["ovs"], found["ovs_bridges"]),
                         ("", ["br0", "br1"]))


if __name__ == "__main__":
    unittest.main()
