# SPDX-License-Identifier: MIT
"""ansible/library/lab_facts.py: what the hypervisor has."""

import json
import os
import tempfile
import unittest
from unittest import mock

import lab_folder
import support

support.stand_in()
facts = support.load("library/lab_facts.py")


class Kvm(unittest.TestCase):
    """One answer a boot, kept in the lab's folder."""

    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.folder = work.name + "/lab"
        self.emulator, self.kernel = work.name + "/qemu", work.name + "/kernel"
        for path in (self.emulator, self.kernel):
            with open(path, "w", encoding="ascii") as file:
                file.write("one")
            os.chmod(path, 0o755)
        lab_folder.make(self.folder)
        self.asked, self.answer, self.boot, self.inode = 0, True, "now", 7

    def boots(self, *_):
        self.asked += 1
        return self.answer

    def stat(self, path, real=os.stat):
        return mock.Mock(st_ino=self.inode) if path == "/dev/kvm" \
            else real(path)

    def ask(self, keep=True):
        exists = os.path.exists
        with mock.patch.object(facts, "boots", self.boots), \
                mock.patch.object(facts, "boot_id", lambda: self.boot), \
                mock.patch.object(facts.os, "stat", self.stat), \
                mock.patch.object(facts.os.path, "exists", lambda path:
                                  path == "/dev/kvm" or exists(path)), \
                mock.patch.object(facts, "read", lambda path, default="":
                                  "flags : vmx" if path == "/proc/cpuinfo"
                                  else self.read(path, default)):
            found = facts.kvm(self.emulator, [self.kernel], self.folder)
        if keep:  # as the role host does
            with open(self.folder + "/kvm.json", "w",
                      encoding="ascii") as file:
                json.dump(found, file)
        return found["boot"]

    read = staticmethod(facts.read)

    def test_a_slow_boot_later_changes_nothing(self):
        self.assertTrue(self.ask())
        self.answer = False
        self.assertTrue(self.ask())
        self.assertEqual(self.asked, 1)

    def test_that_it_carries_none_is_kept_too(self):
        self.answer = False
        self.assertFalse(self.ask())
        self.answer = True
        self.assertFalse(self.ask())

    def test_no_answer_is_asked_for_again(self):
        self.answer = None
        self.assertIsNone(self.ask())
        self.answer = True
        self.assertTrue(self.ask())

    def test_it_holds_for_what_was_asked(self):
        self.ask()
        for change in ("boot", "inode", "kernel", "emulator"):
            self.asked = 0
            if change in ("boot", "inode"):
                setattr(self, change, change)
            else:
                with open(getattr(self, change), "a",
                          encoding="ascii") as file:
                    file.write("other")
            self.ask()
            self.ask()
            self.assertEqual(self.asked, 1, change)

    def test_what_is_no_answer_is_not_believed(self):
        for text in ("", "[]", "{", '{"boot": true}'):
            with open(self.folder + "/kvm.json", "w",
                      encoding="ascii") as file:
                file.write(text)
            self.asked = 0
            self.assertTrue(self.ask(keep=False), text)
            self.assertEqual(self.asked, 1, text)

    def test_somebody_elses_folder_is_not_believed(self):
        self.ask()
        os.unlink(self.folder + "/record.json")
        self.answer = False
        self.assertFalse(self.ask())


class Unset(unittest.TestCase):
    """Settings of qemu.conf without which a guest does not start here."""

    def asked(self, mounts="1 0 8:1 / / rw - ext4 a rw", conf="", may=True):
        texts = {"/proc/self/mountinfo": mounts,
                 "/etc/libvirt/qemu.conf": conf}
        with mock.patch.object(facts, "read", texts.get), \
                mock.patch.object(facts, "may", lambda *_: may):
            return facts.unset()

    def test_a_machine_and_a_chroot(self):
        self.assertEqual(self.asked(), [])
        self.assertEqual(self.asked(
            mounts="1 0 8:1 / /proc rw - proc a rw"), ["namespaces"])
        self.assertEqual(self.asked(may=False), ["max_core"])
        self.assertEqual(self.asked("", "#max_core = 0\n", False),
                         ["max_core", "namespaces"])
        self.assertEqual(self.asked(
            "", "#max_core = 1\n max_core=0\nnamespaces = [ ]", False), [])

    def test_it_is_a_child_that_tries(self):
        def wrong():
            raise ValueError
        self.assertTrue(facts.may(os.getpid))
        self.assertFalse(facts.may(wrong))
