# SPDX-License-Identifier: MIT
"""ansible/library/lab_panic.py: did a guest panic, and where is its dump?"""

import os
import tempfile
import unittest
from unittest import mock

import lab_dump
import support

support.stand_in()
panic = support.load("library/lab_panic.py")
BOOT = "[    0.000000] Linux version 6.12\r\n"
PANIC = "[   9.1] Kernel panic - not syncing: sysrq triggered crash\r\n"
RUNS = ("running (booted)", "")


class Panic(unittest.TestCase):
    """libvirt's answers, its folder and ours."""

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.libvirt, self.lab = (os.path.join(top.name, name)
                                  for name in ("libvirt", "lab"))
        for path in (self.libvirt, self.lab):
            os.mkdir(path)
        self.console = os.path.join(top.name, "console.log")
        self.write(self.console, BOOT)
        for where, name, value in (
                (lab_dump, "read_folder", lambda: self.libvirt),
                (panic.time, "sleep", lambda _: None)):
            patch = mock.patch.object(where, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    def dump(self, *names):
        for name in names:
            self.write(os.path.join(self.libvirt, name), "ELF")

    def ask(self, *answers, check=False, name="trader", **params):
        """answers: (state, definition) one after the other."""
        left = list(answers)

        def virsh(argv, **_):
            if "domstate" in argv:
                return 0, left[0][0] + "\n\n", ""
            return 0, (left.pop(0) if len(left) > 1 else left[0])[1], ""
        said = support.run(panic, check, virsh, name=name, folder=self.lab,
                           console=self.console, **params)
        said.setdefault("left", len(left))
        return said

    def test_a_guest_that_runs(self):
        self.dump("7-trader2-2026-11-29-10:11:12", "7-trader", "other")
        said = self.ask(RUNS)
        self.assertEqual((said["panicked"], said["changed"], said["dumps"]),
                         (False, False, []))
        self.assertEqual(len(os.listdir(self.libvirt)), 3)

    def test_a_dump_ends_up_with_the_lab(self):
        self.write(self.console, BOOT + PANIC)
        self.dump("7-trader-2026-11-29-10:11:12")
        wanted = [self.lab + "/trader-2026-11-29-101112.core"]
        off = ("shut off (crashed)", "")
        told = self.ask(off, check=True)
        self.assertEqual(os.listdir(self.lab), [])
        done = self.ask(off)
        for said in (told, done):
            self.assertEqual((said["panicked"], said["changed"],
                              said["dumps"], said["said"]),
                             (True, True, wanted, "sysrq triggered crash"))
        self.assertEqual(os.listdir(self.libvirt), [])
        self.assertEqual(os.stat(wanted[0]).st_mode & 0o777, 0o600)

    def test_it_waits_while_the_dump_is_written(self):
        writing = ("crashed (panicked)", "<on_crash>coredump-destroy</on_crash>")
        said = self.ask(writing, writing, ("shut off (crashed)", ""))
        self.assertEqual((said["left"], said["state"]),
                         (1, "shut off (crashed)"))
        # And not for ever.
        self.assertTrue(self.ask(writing, writing, wait=0)["panicked"])

    def test_one_that_stands_still_is_not_waited_for(self):
        said = self.ask(("crashed (panicked)",
                         "<on_crash>preserve</on_crash>"), RUNS)
        self.assertEqual((said["panicked"], said["state"]),
                         (True, "crashed (panicked)"))

    def test_a_qemu_that_was_killed_did_not_panic(self):
        off = ("shut off (crashed)", "")
        self.write(self.console, BOOT + PANIC + BOOT)
        self.assertFalse(self.ask(off)["panicked"])
        self.write(self.console, BOOT + PANIC)
        self.assertTrue(self.ask(off)["panicked"])

    def test_a_dump_of_a_guest_that_started_anew(self):
        self.write(self.console, BOOT + PANIC + BOOT)
        self.dump("7-trader-2026-11-29-10:11:12")
        said = self.ask(RUNS)
        self.assertEqual((said["panicked"], said["said"]),
                         (True, "sysrq triggered crash"))

    def test_a_long_name_is_cut_as_libvirt_does(self):
        self.dump("12-a-guest-with-a-long--2026-11-29-10:11:12")
        said = self.ask(RUNS, name="a-guest-with-a-long-name")
        self.assertEqual(said["dumps"], [
            self.lab + "/a-guest-with-a-long-name-2026-11-29-101112.core"])

    def test_teardown_leaves_none(self):
        self.dump("7-trader-2026-11-29-10:11:12", "7-other")
        self.assertTrue(self.ask(RUNS, state="absent")["changed"])
        self.assertEqual(os.listdir(self.libvirt), ["7-other"])

    def test_where_libvirt_writes_them(self):
        for text, folder in (
                ("", lab_dump.FOLDER),
                ('#auto_dump_path = "/a"', lab_dump.FOLDER),
                ('auto_dump_path = "/a"\n  auto_dump_path="/b c"', "/b c")):
            self.assertEqual(lab_dump.folder_of(text), folder)


class Lines(unittest.TestCase):
    """What a campaign keeps of it."""

    def test_who_panicked_and_where_it_is(self):
        from experiment import machines
        result = {"item": "trader", "panicked": True, "said": "Oops",
                  "dumps": ["/lab/dump/a.core"]}
        self.assertEqual(machines.panicked_of(
            [result, {"item": "exchange", "panicked": False},
             {"item": "exchange", "unreachable": True}]),
            ["trader's kernel panicked: Oops; its memory: /lab/dump/a.core"])
        self.assertIn("no dump", machines.panicked_of(
            [{**result, "dumps": []}])[0])


if __name__ == "__main__":
    unittest.main()
