# SPDX-License-Identifier: MIT
"""ansible/action_plugins/lab_guest.py, by a real shell and an ethtool that
answers as it is told."""

import os
import subprocess
import tempfile
import time
import types
import unittest
from unittest import mock

import support

lab_guest = support.action("lab_guest")

ETHTOOL = """#!/bin/sh
echo "$*" >>"$ASKED"
case $1 in
-g) printf 'Pre-set maximums:\\nRX:\\t1024\\nCurrent hardware settings:\\n'
    printf 'RX:\\t256\\nTX:\\t256\\n' ;;
-k) printf 'generic-receive-offload: on\\nscatter-gather: on [fixed]\\n'
    printf 'rx-vlan-filter: on\\n' ;;
-i) printf 'driver: virtio_net\\nbus-info: 0000:01:00.0\\n' ;;
-l) printf 'Pre-set maximums:\\nCombined:\\t4\\n'
    printf 'Current hardware settings:\\nRX:\\tn/a\\nCombined:\\t2\\n' ;;
esac
"""


class Connection:
    """Refuses the first logins."""

    refused = 0
    anew = 0

    def reset(self):
        self.anew += 1


class Guest(unittest.TestCase):
    """This machine for one, and its loopback interface for a NIC."""

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.asked = os.path.join(top.name, "asked")
        self.printk = os.path.join(top.name, "printk")
        for name, content in (("ethtool", ETHTOOL),
                              ("sysctl", ETHTOOL), ("asked", ""),
                              ("printk", "7 4 1 7\n")):
            path = os.path.join(top.name, name)
            with open(path, "w", encoding="ascii") as file:
                file.write(content)
            os.chmod(path, 0o755)
        self.environment = {"ASKED": self.asked,
                            "PATH": f"{top.name}:{os.environ['PATH']}"}
        patch = mock.patch.object(lab_guest, "PRINTK", self.printk)
        patch.start()
        self.addCleanup(patch.stop)
        with open("/sys/class/net/lo/address", encoding="ascii") as file:
            self.mac = file.read().strip()
        self.connection = Connection()
        self.as_user = []

    def shell(self, command, sudoable=True):
        if self.connection.refused:
            self.connection.refused -= 1
            raise support.ConnectionFailure("Connection refused")
        self.as_user.append(not sudoable)
        done = subprocess.run(["sh", "-c", command], capture_output=True,
                              text=True, env=self.environment, check=False)
        return {"rc": done.returncode, "stdout": done.stdout,
                "stderr": done.stderr}

    # pylint: disable=protected-access
    def run_it(self, check=False, **arguments):
        made = object.__new__(lab_guest.ActionModule)
        made._task = types.SimpleNamespace(
            args={"mac": self.mac, **arguments}, check_mode=check)
        made._connection = self.connection
        made._low_level_execute_command = self.shell
        with mock.patch.object(lab_guest.time, "sleep", lambda _: None):
            return made.run({}, {})

    def told(self):
        """What ethtool and sysctl were asked for that changes something."""
        with open(self.asked, encoding="ascii") as file:
            return [line.strip() for line in file
                    if line[1] in "GKq"]

    def test_what_it_is_and_has(self):
        said = self.run_it()
        self.assertFalse(said["changed"])
        found = said["found"]
        self.assertEqual(found["nic"], {
            "name": "lo", "driver": "virtio_net", "bus": "0000:01:00.0",
            "place": None, "rx_ring": 256, "tx_ring": 256, "queues": 2,
            "offloads": {
                "generic-receive-offload": {"state": "on", "fixed": False},
                "scatter-gather": {"state": "on", "fixed": True}},
            "up": "unknown"})
        self.assertEqual(found["kernel"], os.uname().release)
        with open("/proc/cmdline", encoding="ascii") as file:
            self.assertEqual(found["command_line"], file.read().strip())
        self.assertEqual(found["console"], "verbose")
        # Nothing of it is root's alone, and to become root costs seconds.
        self.assertEqual(self.as_user, [True])

    def test_what_differs_is_set(self):
        said = self.run_it(rx_ring=512, tx_ring=256, offloads="off",
                           console="quiet")
        self.assertTrue(said["changed"])
        self.assertEqual(self.told(), ["-G lo rx 512", "-K lo gro off",
                                       "-q -w kernel.printk=1"])
        self.assertEqual(self.as_user, [True, False, True])
        self.assertIn('"rx ring": 256', said["diff"]["before"])
        self.assertIn('"rx ring": 512', said["diff"]["after"])

    def test_the_clock_of_a_guest_that_slept_is_set(self):
        now = time.time() + 100
        with mock.patch.object(lab_guest.time, "time", lambda: now):
            said = self.run_it(check=True)
        self.assertTrue(said["changed"])
        self.assertIn('"clock, s": -', said["diff"]["before"])
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            self.assertEqual(said["found"]["boot"], file.read().strip())
        for clock, asked, answered, late in (
                (98, 100, 101, 0), (97, 100, 101, -3), (103, 100, 101, 0),
                (104, 100, 101, 1)):
            self.assertEqual(lab_guest.late(clock, asked, answered), late)

    def test_in_check_mode_nothing_is_set(self):
        said = self.run_it(check=True, rx_ring=512, console="quiet")
        self.assertTrue(said["changed"])
        self.assertEqual((self.told(), self.as_user), ([], [True]))

    def test_the_console_is_as_it_was_asked_for(self):
        with open(self.printk, "w", encoding="ascii") as file:
            file.write("1 4 1 7\n")
        said = self.run_it(console="quiet")
        self.assertEqual((said["changed"], said["found"]["console"]),
                         (False, "quiet"))

    def test_a_guest_that_still_boots(self):
        self.connection.refused = 3
        said = self.run_it(timeout=60)
        self.assertIn("found", said)
        self.assertEqual(self.connection.anew, 3)

    def test_a_guest_that_never_comes_up(self):
        self.connection.refused = 1
        said = self.run_it()
        self.assertEqual((said["failed"], said["msg"]),
                         (True, "can't be logged into: Connection refused"))

    def test_a_nic_without_a_driver(self):
        said = self.run_it(mac="52:54:00:00:00:01")
        self.assertTrue(said["failed"])
        self.assertIn("no NIC with the address 52:54:00:00:00:01",
                      said["msg"])

    def test_a_nic_is_placed_by_its_path(self):
        top = "/sys/devices/pci0000:"
        for path, place in (
                (top + "00/0000:00:10.0/virtio2", "root-bus"),
                (top + "00/0000:00:02.0/0000:01:00.0/virtio2", "root-port"),
                (top + "80/0000:80:00.0/0000:81:00.0", "node"),
                ("/sys/devices/virtual/net/lo/device", None)):
            self.assertEqual(lab_guest.place(path), place)


if __name__ == "__main__":
    unittest.main()
